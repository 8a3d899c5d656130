"""The tables of certificate rosters: which skill certificates were issued to whom, as the register's office sent them.

Unlike other rosters these add up: a certificate that was told once stays told. The holder stands here by blind index,
with the number encrypted beside it, because whoever is found has to be written to. No behaviour: see ``certificates``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import SealedTable, register
from engine.store.db import Base
from engine.store.guards import insert_only, keep_rows


class CertificateRoster(Base):
    """One file of certificates as it was taken in; insert-only."""

    __tablename__ = "certificate_roster"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region: Mapped[str] = mapped_column(String(6))
    #: the day that it describes
    as_of: Mapped[date]
    #: SHA-256 of the file: the same roster is taken once
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    line_count: Mapped[int]
    #: certificates that no roster before it had told
    new_count: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[str] = mapped_column(String(40))
    taken_at: Mapped[datetime]


class KnownCertificate(Base):
    """One certificate; rows are kept, a later roster may tell it more truly."""

    __tablename__ = "skill_certificate"
    __table_args__ = (
        CheckConstraint(
            "level IN ('junior', 'intermediate', 'senior', 'technician', 'senior_technician')", name="level"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: as printed on it
    number: Mapped[str] = mapped_column(String(40), unique=True)
    #: keyed blind index of the holder's identity number
    person_index: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    #: the identity number, encrypted, bound to ``person_index``
    id_number_cipher: Mapped[bytes] = mapped_column(LargeBinary)
    occupation: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(String(20))
    issued_on: Mapped[date]
    issuer: Mapped[str] = mapped_column(Text)
    #: of an occupation in urgent need (急需紧缺)
    urgent: Mapped[bool]
    #: a training subsidy was paid for it
    trained: Mapped[bool]
    #: which office paid the skill subsidy; empty for none
    paid_by: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: the roster that told it last
    roster_id: Mapped[int] = mapped_column(ForeignKey("certificate_roster.id"))


SEALED_CERTIFICATES = register(
    SealedTable(
        table="certificate_roster",
        key="id",
        columns=(
            "id",
            "region",
            "as_of",
            "digest",
            "line_count",
            "new_count",
            "source",
            "taken_by",
            "taken_at",
        ),
    )
)

TRIGGERS: tuple[str, ...] = (*insert_only("certificate_roster"), *keep_rows("skill_certificate"))
