"""After the death of somebody on benefit: who applied, which grant it is about, and what goes to the family, once.

A month of the dead is owed once: what waits for their own account is cancelled in the same breath as it is ordered
for the family, under a key made of the old one. What the bank still has is left until it answers. Who may decide
is the caller's business. Called by operations and use-cases, inside their transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from engine.benefits.death_tables import DeathGrant
from engine.benefits.grants import PaidMonth, cancel_waiting, months_of
from engine.benefits.tables import BenefitGrant
from engine.law.death import DeathFacts, OtherFund, UndrawnMonth
from engine.money import payments
from engine.people import Person
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault, account_place
from engine.values import Actor, Money, Month

#: near relatives (民法典第一千零四十五条), as they are declared
RELATIONS = {
    "spouse": ("配偶", "spouse"),
    "child": ("子女", "child"),
    "parent": ("父母", "parent"),
    "sibling": ("兄弟姐妹", "brother or sister"),
    "grandparent": ("祖父母、外祖父母", "grandparent"),
    "grandchild": ("孙子女、外孙子女", "grandchild"),
}
#: under which purpose the family is paid what the dead was owed
_FAMILY = {"benefit": "family_benefit", "subsidy": "family_subsidy"}
_AT_BANK = ("batched", "sent")
_WAITS = ("ordered", "held", "returned")
DEATH = "ST9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """The relative to whom everything goes, with their own account."""

    person_id: int
    name: str
    #: in full, for an order
    account: str
    account_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyMonths:
    """What was ordered now of the months of the dead, and what the bank has not answered for."""

    #: month and amount, benefit and subsidy together
    ordered: tuple[tuple[Month, Money], ...]
    at_bank: int


def latest_grant(session: Session, person_id: int) -> BenefitGrant | None:
    """The person's latest benefit; None where they never had any here."""
    query = select(BenefitGrant).where(BenefitGrant.person_id == person_id).order_by(BenefitGrant.id.desc())
    return session.scalars(query.limit(1)).first()


def facts_of(grant: BenefitGrant, *, died_on: date, other_fund: OtherFund) -> DeathFacts:
    """The grant as the law asks for it."""
    return DeathFacts(
        region=grant.region_code,
        household_region=grant.household_region or None,
        applied_on=grant.applied_on,
        monthly=Money(grant.monthly_fen),
        first_month=Month.parse(grant.first_month),
        months=grant.months,
        paid_through=Month.parse(grant.paid_through) if grant.paid_through else None,
        extended_through=Month.parse(grant.extended_through) if grant.extended_through else None,
        ended_ground=grant.ended_ground,
        ended_on=grant.ended_on,
        died_on=died_on,
        other_fund=other_fund,
    )


def application(session: Session, case_id: int) -> DeathGrant:
    """The application of the case, locked."""
    return session.get_one(DeathGrant, case_id, with_for_update=True, populate_existing=True)


def granted_for(session: Session, person_id: int) -> DeathGrant | None:
    """The application that was granted after that death; None while none was."""
    query = select(DeathGrant).where(DeathGrant.person_id == person_id, DeathGrant.status == "granted")
    return session.scalars(query).one_or_none()


def others_open(session: Session, row: DeathGrant) -> Sequence[date]:
    """The days on which other relatives applied and wait for a decision; nothing of who they are."""
    query = select(DeathGrant.applied_on).where(
        DeathGrant.person_id == row.person_id, DeathGrant.status == "open", DeathGrant.case_id != row.case_id
    )
    return session.scalars(query.order_by(DeathGrant.case_id)).all()


def unclaimed(session: Session, scope: str) -> int:
    """How many deaths in the regions that begin so have no death grant yet."""
    query = select(func.count()).select_from(BenefitGrant)
    return int(session.scalar(query.where(BenefitGrant.region_code.startswith(scope), is_unclaimed())) or 0)


def is_unclaimed() -> ColumnElement[bool]:
    """Whether a benefit ended by death and the family was granted nothing yet."""
    granted = exists().where(DeathGrant.grant_id == BenefitGrant.id, DeathGrant.status == "granted")
    return and_(BenefitGrant.ended_ground == DEATH, ~granted)


def payee_of(session: Session, vault: Vault, row: DeathGrant) -> Payee:
    """The applicant with the account that they gave."""
    person = session.get_one(Person, row.applicant_id)
    account = vault.decrypt(row.account, bound_to=account_place(row.account_index))
    return Payee(person_id=person.id, name=person.name, account=account, account_name=row.account_name)


def order_grants(
    session: Session, vault: Vault, row: DeathGrant, payee: Payee, *, actor: Actor, now: datetime
) -> None:
    """Funeral and dependants' grant, ordered; the key is the death, so that nobody orders them twice."""
    for purpose, fen in (("funeral", row.funeral_fen), ("dependants", row.dependants_fen)):
        if fen:
            _order(
                session, vault, row, payee, key=f"death:{row.person_id}:{purpose}", purpose=purpose,
                month=None, amount=Money(fen), actor=actor, now=now,
            )  # fmt: skip


def order_months(
    session: Session,
    vault: Vault,
    row: DeathGrant,
    payee: Payee,
    *,
    last_due: Month,
    undrawn: Iterable[UndrawnMonth] = (),
    actor: Actor,
    now: datetime,
) -> FamilyMonths:
    """What the dead was owed until ``last_due``, to the family: what waited for their account, and what nobody ordered.

    Asked again it orders what has come back from the bank meanwhile, and nothing twice. Locks the grant.
    """
    grant = session.get_one(BenefitGrant, row.grant_id, with_for_update=True, populate_existing=True)
    own = [paid for paid in months_of(session, grant) if paid.month <= last_due]
    waiting = [paid for paid in own if paid.status in _WAITS]
    why = f"本人死亡，改由遗属领取（办件 {row.case_id}）"
    cancel_waiting(session, waiting, reason=why, actor=actor, now=now)
    due = [(paid.key, paid.purpose, paid.month, paid.amount) for paid in waiting]
    due += _never_ordered(grant, undrawn)
    for key, purpose, month, amount in due:
        _order(
            session, vault, row, payee, key=f"family:{key}", purpose=_FAMILY[purpose], month=month,
            amount=amount, actor=actor, now=now,
        )  # fmt: skip
    _is_ordered(grant, last_due)
    session.flush()
    by_month: dict[Month, Money] = {}
    for _key, _purpose, month, amount in due:
        by_month[month] = by_month.get(month, Money(0)) + amount
    return FamilyMonths(ordered=tuple(sorted(by_month.items())), at_bank=_at_bank(own))


def waiting_months(session: Session, grant: BenefitGrant, last_due: Month) -> tuple[PaidMonth, ...]:
    """What is ordered for the dead until ``last_due`` and not paid: still with the office, or with the bank."""
    return tuple(
        paid for paid in months_of(session, grant) if paid.month <= last_due and paid.status != "paid"
    )


def close(
    session: Session,
    row: DeathGrant,
    status: Literal["granted", "refused", "withdrawn"],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """The application, decided, with its word in the trail; one that was decided before stays as it is."""
    if row.status != "open":
        return
    row.status, row.decided_at = status, now
    session.flush()
    action = {
        "granted": Action.DEATH_GRANTED,
        "refused": Action.DEATH_GRANT_REFUSED,
        "withdrawn": Action.DEATH_GRANT_WITHDRAWN,
    }[status]
    append(
        session,
        stream=f"case:{row.case_id}",
        action=action,
        actor=actor,
        subject=f"person:{row.person_id}",
        after={
            "applicant": f"person:{row.applicant_id}",
            "died_on": str(row.died_on) if row.died_on else None,
            "funeral_fen": row.funeral_fen,
            "dependants_fen": row.dependants_fen,
        },
        reason=reason,
        now=now,
    )


def _never_ordered(
    grant: BenefitGrant, undrawn: Iterable[UndrawnMonth]
) -> list[tuple[str, str, Month, Money]]:
    found = []
    for each in undrawn:
        found.append((f"benefit:{grant.id}:{each.month}", "benefit", each.month, each.benefit))
        if each.subsidy.fen:
            found.append((f"subsidy:{grant.id}:{each.month}", "subsidy", each.month, each.subsidy))
    return found


def _is_ordered(grant: BenefitGrant, last_due: Month) -> None:
    """The month run looks no further than this: everything until the death is ordered now."""
    first = Month.parse(grant.first_month)
    if last_due < first or (grant.paid_through and Month.parse(grant.paid_through) >= last_due):
        return
    grant.paid_through = str(last_due)
    grant.months_paid = min(grant.months, first.until(last_due) + 1)


def _at_bank(own: Iterable[PaidMonth]) -> int:
    return len({paid.month for paid in own if paid.status in _AT_BANK})


def _order(
    session: Session,
    vault: Vault,
    row: DeathGrant,
    payee: Payee,
    *,
    key: str,
    purpose: str,
    month: Month | None,
    amount: Money,
    actor: Actor,
    now: datetime,
) -> None:
    payments.order_payment(
        session,
        vault,
        key=key,
        payee_kind="person",
        payee_id=payee.person_id,
        payee_name=payee.name,
        account=payee.account,
        account_name=payee.account_name,
        amount=amount,
        purpose=purpose,
        month=month,
        region=row.region_code,
        case_id=row.case_id,
        actor=actor,
        now=now,
    )
