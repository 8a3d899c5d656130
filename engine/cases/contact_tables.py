"""The one table of contacts: where somebody wants to be told that something new stands on their own page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base


class ContactPoint(Base):
    """A telephone or mailbox that its owner gave, signed in; nobody else writes or reads it."""

    __tablename__ = "contact_point"
    __table_args__ = (CheckConstraint("channel IN ('sms', 'mail')", name="known_channel"),)

    #: ``person:3`` or ``employer:4``
    owner: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    #: bound to owner and channel
    address_cipher: Mapped[bytes] = mapped_column(LargeBinary)
    given_at: Mapped[datetime]
