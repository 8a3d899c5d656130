"""Subsidies for skill certificates: facts of a holder as the law wants them, applications, and the one order (REFUND-06).

Called by operations and use-cases, inside their transaction. What the law says of the facts: ``engine.law.skills``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.skill_tables import SkillSubsidyCase
from engine.benefits.tables import BenefitGrant
from engine.law.skills import EarlierSubsidy, SkillFacts
from engine.money import payments
from engine.money.payments import PaymentOrder
from engine.people import Person
from engine.registers.contributions import ContributionHistory
from engine.registers.skills import SkillCertificate
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault, normalised
from engine.values import Actor, Money

PURPOSE = "skill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What the office and the contribution register know of the holder now."""

    history: ContributionHistory
    #: the region that pays their benefit; empty while they draw none
    drawing_in: str
    earlier: tuple[EarlierSubsidy, ...]

    @property
    def region(self) -> str:
        """Where they are insured, or draw benefit: the office that pays."""
        return self.history.region if self.history.current else self.drawing_in or self.history.region


def holder_of(
    session: Session, person_id: int | None, history: ContributionHistory, *, pending: bool = False
) -> Holder:
    """The holder; somebody whom the office does not know yet draws nothing and was paid nothing.

    ``pending``: what is being dealt with counts as if it were granted: nobody is offered what the other would bar.
    """
    if person_id is None:
        return Holder(history=history, drawing_in="", earlier=())
    drawing = session.scalar(
        select(BenefitGrant.region_code).where(
            BenefitGrant.person_id == person_id, BenefitGrant.status == "active"
        )
    )
    counted = ("ordered", "open") if pending else ("ordered",)
    earlier = session.scalars(
        select(SkillSubsidyCase)
        .where(SkillSubsidyCase.person_id == person_id, SkillSubsidyCase.status.in_(counted))
        .order_by(SkillSubsidyCase.case_id)
    )
    return Holder(
        history=history,
        drawing_in=drawing or "",
        earlier=tuple(
            EarlierSubsidy(
                occupation=each.occupation, level=each.level, year=each.applied_on.year, urgent=each.urgent
            )
            for each in earlier
        ),
    )


def facts_of(
    certificate: SkillCertificate, holder: Holder, *, region: str, applied_on: date, paid_by: str
) -> SkillFacts:
    """The certificate and its holder as the law wants them; ``paid_by``: who paid it before, as this office knows."""
    return SkillFacts(
        region=region,
        occupation=certificate.occupation,
        level=certificate.level,
        issued_on=certificate.issued_on,
        applied_on=applied_on,
        months_paid=holder.history.months_paid,
        insured=holder.history.current,
        drawing=bool(holder.drawing_in),
        urgent=certificate.urgent,
        trained=certificate.trained,
        paid_by=certificate.paid_by or paid_by,
        earlier=holder.earlier,
    )


def paid_here(session: Session, number: str) -> str:
    """Where in this office's reach the certificate was paid; empty for nowhere."""
    ordered = select(SkillSubsidyCase.region_code).where(
        SkillSubsidyCase.certificate_number == normalised(number), SkillSubsidyCase.status == "ordered"
    )
    return session.scalar(ordered) or ""


def open_case_of(session: Session, number: str) -> int | None:
    """The case in which the certificate is being dealt with."""
    return session.scalar(
        select(SkillSubsidyCase.case_id).where(
            SkillSubsidyCase.certificate_number == normalised(number), SkillSubsidyCase.status == "open"
        )
    )


def application(session: Session, case_id: int) -> SkillSubsidyCase:
    """The application that the case is about."""
    return session.get_one(SkillSubsidyCase, case_id, with_for_update=True, populate_existing=True)


def lock_holder(session: Session, person_id: int) -> Person:
    """The holder, locked: of two certificates of one person that are approved at a time, one waits and then counts the other."""
    return session.get_one(Person, person_id, with_for_update=True, populate_existing=True)


def order(
    session: Session,
    vault: Vault,
    row: SkillSubsidyCase,
    *,
    payee_name: str,
    account: str,
    account_name: str,
    amount: Money,
    reason: str,
    actor: Actor,
    now: datetime,
) -> PaymentOrder:
    """The one payment order of the certificate, for ever: whatever is retried or asked elsewhere finds the same key."""
    if row.status == "open":
        row.amount_fen = amount.fen
        _close(session, row, "ordered", Action.SKILL_SUBSIDY_ORDERED, reason=reason, actor=actor, now=now)
    return payments.order_payment(
        session,
        vault,
        key=f"skill:{row.certificate_number}",
        payee_kind="person",
        payee_id=row.person_id,
        payee_name=payee_name,
        account=account,
        account_name=account_name,
        amount=amount,
        purpose=PURPOSE,
        month=None,
        region=row.region_code,
        case_id=row.case_id,
        actor=actor,
        now=now,
    )


def close(
    session: Session,
    row: SkillSubsidyCase,
    status: Literal["refused", "lapsed"],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """The application, ended without money; one that was decided before stays as it is."""
    action = Action.SKILL_SUBSIDY_REFUSED if status == "refused" else Action.SKILL_SUBSIDY_LAPSED
    if row.status == "open":
        _close(session, row, status, action, reason=reason, actor=actor, now=now)


def _close(
    session: Session,
    row: SkillSubsidyCase,
    status: str,
    action: Action,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    row.status, row.decided_at = status, now
    session.flush()
    append(
        session,
        stream=f"case:{row.case_id}",
        action=action,
        actor=actor,
        subject=f"person:{row.person_id}",
        after={
            "certificate": row.certificate_number,
            "occupation": row.occupation,
            "level": row.level,
            "amount_fen": row.amount_fen,
        },
        reason=reason,
        now=now,
    )
