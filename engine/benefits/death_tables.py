"""The table of applications for death benefits, and what PostgreSQL holds them to. No behaviour: see ``death``."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows, set_once


class DeathGrant(Base):
    """One relative's application after the death of somebody on benefit; at most one of a death is granted."""

    __tablename__ = "death_grant"
    __table_args__ = (
        Index(
            "uq_death_grant_granted", "person_id", unique=True, postgresql_where=text("status = 'granted'")
        ),
        Index(
            "uq_death_grant_open",
            "person_id",
            "applicant_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        CheckConstraint("status IN ('open', 'granted', 'refused', 'withdrawn')", name="status"),
        CheckConstraint("other_fund IN ('none', 'pension', 'injury')", name="other_fund"),
        CheckConstraint("person_id <> applicant_id", name="applicant_is_another"),
        CheckConstraint("(status = 'granted') = (funeral_fen IS NOT NULL)", name="funeral_of_grant"),
        CheckConstraint("(status = 'granted') = (dependants_fen IS NOT NULL)", name="dependants_of_grant"),
        CheckConstraint("(status = 'granted') = (died_on IS NOT NULL)", name="day_of_grant"),
        CheckConstraint("funeral_fen >= 0 AND dependants_fen >= 0", name="amounts"),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    #: who died
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    #: the benefit that they drew
    grant_id: Mapped[int] = mapped_column(ForeignKey("benefit_grant.id"), index=True)
    applicant_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    region_code: Mapped[str] = mapped_column(String(12))
    #: word of ``death.RELATIONS``, as the applicant declared it
    relation: Mapped[str] = mapped_column(String(12))
    #: none, pension, injury: where the family draws the funeral grant instead
    other_fund: Mapped[str] = mapped_column(String(10))
    applied_on: Mapped[date]
    #: web, counter
    channel: Mapped[str] = mapped_column(String(12))
    #: the applicant, or whoever typed it at the counter: actor key
    entered_by: Mapped[str] = mapped_column(String(40))
    #: the applicant's own account, encrypted, bound to ``account_index``
    account: Mapped[bytes] = mapped_column(LargeBinary)
    account_index: Mapped[bytes] = mapped_column(LargeBinary)
    #: the holder: always the applicant
    account_name: Mapped[str] = mapped_column(Text)
    #: open, granted, refused, withdrawn
    status: Mapped[str] = mapped_column(String(12), default="open")
    died_on: Mapped[date | None]
    funeral_fen: Mapped[int | None] = mapped_column(BigInteger)
    dependants_fen: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None]


TRIGGERS: tuple[str, ...] = (
    *keep_rows("death_grant"),
    *frozen_columns(
        "death_grant",
        "case_id",
        "person_id",
        "grant_id",
        "applicant_id",
        "region_code",
        "relation",
        "other_fund",
        "applied_on",
        "channel",
        "entered_by",
        "account",
        "account_index",
        "account_name",
    ),
    *set_once("death_grant", "died_on", "funeral_fen", "dependants_fen", "decided_at"),
    *allowed_transitions(
        "death_grant", "status", (("open", "granted"), ("open", "refused"), ("open", "withdrawn"))
    ),
)
