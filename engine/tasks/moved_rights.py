"""What transfers and benefits did to a person's months: every reckoning of months asks here, none the register alone.

The register says what was paid where. What an office has sent off is gone there from that instant; what another sent
counts here once it is credited, never before, so no month counts at two places. A benefit uses up what it was reckoned
from. Not a rule of law: ``engine.law`` judges the months that come out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.law.transfer import pool_of
from engine.people import Person
from engine.registers.contributions import ContributionHistory
from engine.tasks.tables import RightsTransfer
from engine.values import Month

#: statuses in which months have left the sending place
GONE = ("moved", "in_transit", "settled")
#: statuses in which they count at the receiving place
ARRIVED = ("credited", "in_transit", "settled")
#: a grant that goes on with what an earlier one left uses no contributions up (社会保险法第四十六条)
_REMAINDER = "carried_remainder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What counts for one person at one place of insurance. Unit: whole months."""

    #: paid by employer and worker, or moved here, since the last benefit
    paid: int
    #: count as paid (视同缴费)
    deemed: int
    #: False: the deemed months rest on no shared record and need evidence
    deemed_proven: bool
    #: benefit months granted earlier and not drawn
    carried: int
    #: the transfers that were reckoned in; a benefit uses them up
    moved: tuple[int, ...]

    @property
    def counting(self) -> int:
        """Paid months with the deemed ones that are proven."""
        return self.paid + (self.deemed if self.deemed_proven else 0)

    @property
    def any(self) -> bool:
        """Whether there is anything to move or to claim on."""
        return bool(self.counting or self.carried)


def rights_at(session: Session, history: ContributionHistory, *, person_id: int, region: str) -> Rights:
    """What counts for the person in the pool of the region, after every transfer and benefit that is on record."""
    pool = pool_of(region)
    grants = [each for each in _grants(session, person_id) if pool_of(each.region_code) == pool]
    paid, deemed, carried = _own(history, pool, grants)
    proven = history.deemed_proven
    known = _moves(session, person_id)
    moves = [each for each in known if _pool_of_end(each) == pool]
    come = [each for each in moves if each.side == "in"]
    # the record of the sending end is another office's; that its months came says that they left
    far = [each for each in known if each.side == "in" and each.peer and pool_of(each.from_region) == pool]
    gone = sum(each.months_paid for each in moves if each.side == "out" and each.paid_used_by is None)
    gone += sum(each.months_paid for each in far)
    paid += sum(each.months_paid for each in come if each.paid_used_by is None)
    # what left took the proven deemed months with it
    from_deemed = min(deemed, gone) if proven else 0
    carried += sum(_sign(each) * each.carried_months for each in moves if each.carried_used_by is None)
    carried -= sum(each.carried_months for each in far)
    return Rights(
        paid=max(0, paid - (gone - from_deemed)),
        deemed=deemed - from_deemed,
        deemed_proven=proven,
        carried=max(0, carried),
        moved=tuple(each.id for each in moves if None in (each.paid_used_by, each.carried_used_by)),
    )


def place_of(session: Session, history: ContributionHistory, *, person_id: int) -> str:
    """Where the person's rights are: the last place of insurance, or where they were moved; "" when nobody knows."""
    place = str(history.region)
    if place and rights_at(session, history, person_id=person_id, region=place).any:
        return place
    for each in _moves(session, person_id):
        if not place or pool_of(each.from_region) == pool_of(place):
            place = each.to_region
    return place


def on_the_way(session: Session, *, person_id: int) -> RightsTransfer | None:
    """The transfer whose months have left one place here and are not credited at the other one yet; None as a rule."""
    moves = _moves(session, person_id)
    credited = {each.transfer_number for each in moves if each.side == "in"}
    waiting = [
        each
        for each in moves
        if each.side == "out" and not each.peer and each.transfer_number not in credited
    ]
    return waiting[-1] if waiting else None


def hold(session: Session, person_id: int) -> None:
    """Nobody else moves or uses up the person's months until this transaction ends."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())


def use_up(session: Session, grant: BenefitGrant, moved: Iterable[int]) -> None:
    """The transfers that the grant was reckoned from give no further benefit; its contributions stay where it only goes on."""
    rows = RightsTransfer.id.in_(tuple(moved))
    statement = update(RightsTransfer).where(rows, RightsTransfer.person_id == grant.person_id)
    session.execute(
        statement.where(RightsTransfer.carried_used_by.is_(None)).values(carried_used_by=grant.id)
    )
    if _uses_contributions(grant):
        session.execute(statement.where(RightsTransfer.paid_used_by.is_(None)).values(paid_used_by=grant.id))


def _own(history: ContributionHistory, pool: str, grants: list[BenefitGrant]) -> tuple[int, int, int]:
    """Paid, deemed and carried months that lie in the pool by the register and by our own grants there.

    The register may learn late of a benefit granted here: what it was reckoned from does not count again meanwhile.
    """
    paid, deemed, carried, last = _registered(history, pool)
    using = next((each for each in reversed(grants) if _uses_contributions(each)), None)
    if using is not None:
        paid, deemed = min(paid, _months_between(using, last)), 0
    if grants:
        newest = grants[-1]
        carried = newest.months - newest.months_paid if newest.status == "stopped" else 0
    return paid, deemed, carried


def _registered(history: ContributionHistory, pool: str) -> tuple[int, int, int, Month | None]:
    if history.region and pool_of(history.region) == pool:
        return history.months_paid, history.deemed_months, history.carried_months, history.last_month
    earlier = [each for each in history.earlier if pool_of(each.region) == pool]
    last = max((each.last_month for each in earlier), default=None)
    return sum(each.months_paid for each in earlier), 0, 0, last


def _months_between(grant: BenefitGrant, last: Month | None) -> int:
    """How many months can have been paid after the grant was applied for."""
    if last is None:
        return 0
    return max(0, Month.of(grant.applied_on).until(last))


def _uses_contributions(grant: BenefitGrant) -> bool:
    reasons = orjson.loads(grant.determination or "{}").get("reasons", ())
    return all(reason.get("code") != _REMAINDER for reason in reasons)


def _grants(session: Session, person_id: int) -> list[BenefitGrant]:
    query = select(BenefitGrant).where(BenefitGrant.person_id == person_id).order_by(BenefitGrant.id)
    return list(session.scalars(query))


def _moves(session: Session, person_id: int) -> list[RightsTransfer]:
    """The ends of the person's transfers at which months have moved, in order."""
    query = (
        select(RightsTransfer)
        .where(
            RightsTransfer.person_id == person_id,
            ((RightsTransfer.side == "out") & RightsTransfer.status.in_(GONE))
            | ((RightsTransfer.side == "in") & RightsTransfer.status.in_(ARRIVED)),
        )
        .order_by(RightsTransfer.id)
    )
    return list(session.scalars(query))


def _pool_of_end(transfer: RightsTransfer) -> str:
    return pool_of(transfer.to_region if transfer.side == "in" else transfer.from_region)


def _sign(transfer: RightsTransfer) -> Literal[1, -1]:
    return 1 if transfer.side == "in" else -1
