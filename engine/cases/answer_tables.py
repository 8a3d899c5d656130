"""Table of answers given to writes of the API, by the caller's key: the same request again gets the same answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base


class KeptAnswer(Base):
    """What was answered to a write that carried an ``Idempotency-Key``."""

    __tablename__ = "kept_answer"

    #: actor key
    caller: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    #: SHA-256 over method, path and body, hex: another request under the same key is refused
    request: Mapped[str] = mapped_column(String(64))
    #: none while the first one is under way
    status: Mapped[int | None]
    body: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
