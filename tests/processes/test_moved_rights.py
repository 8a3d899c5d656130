"""No month counts twice and none is lost, whatever transfers and claims one person goes through, in whatever order.

A life is drawn from a seed: work here and there, transfers asked for, refused, sent and credited late, claims filed,
withdrawn and granted, benefit stopped half way. After each event every place is asked what counts there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import orjson
import pytest
from builders import CAST_DAY, a_transfer, actor, register_says
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases import claims
from engine.cases.office import Office
from engine.cases.steps import around
from engine.registers.cast import PEOPLE
from engine.registers.contributions import ContributionHistory, EarlierPlace
from engine.registers.province import Province
from engine.tasks.desk import Desk
from engine.tasks.moved_rights import Rights, place_of, rights_at, use_up
from engine.tasks.tables import Claim, RightsTransfer
from engine.tasks.transfer import credit_months
from engine.tasks.transfer_out import compute_transfer_fee, move_rights
from engine.values import SYSTEM, CaseId, CaseRef, Month, RefusedError, RegionCode

PLACES = ("371502", "371402", "370102")
LIVES, EVENTS = 80, 40


@dataclass(slots=True, kw_only=True)
class Life:
    """One person: what is true, what the register says, and what the office did."""

    office: Office
    person: int
    case: int
    random: Random
    #: whether the register hears of a benefit at once; else with the next contribution at that place
    prompt: bool
    month: Month = field(default_factory=lambda: Month(2010, 1))
    #: months that the register has, and the last of them, by place
    paid: dict[str, int] = field(default_factory=dict)
    last: dict[str, Month] = field(default_factory=dict)
    #: places at which a benefit was granted that the register has not heard of
    unheard: set[str] = field(default_factory=set)
    claim: tuple[int, str, Rights] | None = None
    count: int = 0
    paid_in: int = 0
    used: int = 0
    #: benefit months that were granted and are neither drawn nor part of a later grant
    undrawn: int = 0

    def history(self) -> ContributionHistory:
        """What the register says today."""
        here = max(self.last, key=lambda place: self.last[place], default="")
        earlier = tuple(
            EarlierPlace(region=RegionCode(place), months_paid=months, last_month=self.last[place])
            for place, months in self.paid.items()
            if place != here
        )
        return ContributionHistory(
            months_paid=self.paid.get(here, 0),
            deemed_months=0,
            deemed_proven=True,
            carried_months=0,
            last_employer_code="",
            last_month=self.last.get(here),
            current=False,
            region=RegionCode(here),
            earlier=earlier,
        )

    def desk(self, session: Session, place: str) -> Desk:
        """A desk at that place, which asks the register as it is now."""
        case = CaseRef(
            id=CaseId(self.case),
            key="ZR-2025-1",
            process_id="transfer_out",
            region=RegionCode(place),
            subject=f"person:{self.person}",
        )
        return around(self.office, session, SYSTEM)(case).desk

    def rights(self, session: Session, place: str) -> Rights:
        """What counts there."""
        return rights_at(session, self.history(), person_id=self.person, region=place)

    # ---- events; each says whether it happened

    def work(self, session: Session) -> bool:
        """Some months of contributions at a place."""
        if self.claim or self.drawing(session):
            return False
        place, months = self.random.choice(PLACES), self.random.randint(1, 30)
        if place in self.unheard:
            self.unheard.discard(place)
            self.paid[place] = 0
        self.month = self.month.plus(months)
        self.paid[place] = self.paid.get(place, 0) + months
        self.last[place] = self.month
        self.paid_in += months
        register_says(self.office, "qin", contributions=self.history())
        return True

    def ask(self, session: Session) -> bool:
        """A transfer that the sending office reckons."""
        full = [place for place in PLACES if self.rights(session, place).any]
        source = self.random.choice(full or PLACES)
        to = self.random.choice([place for place in PLACES if place != source])
        self.count += 1
        number = f"ZY-{self.count}"
        session.add(
            RightsTransfer(
                transfer_number=number, side="in", case_id=self.case, person_id=self.person,
                from_region=source, to_region=to,
            )
        )  # fmt: skip
        session.flush()
        compute_transfer_fee(
            self.desk(session, source),
            person_id=self.person,
            from_region=source,
            to_region=to,
            transfer_number=number,
            employed=True,
        )
        return True

    def send(self, session: Session) -> bool:
        """The months leave the sending place, if the office lets them."""
        out = self.one_of(session, "out", "open")
        if out is None:
            return False
        try:
            move_rights(
                self.desk(session, out.from_region),
                person_id=self.person,
                from_region=out.from_region,
                transfer_number=out.transfer_number,
                fee_reasons=[],
            )
        except RefusedError as no:
            if no.refusal.reasons[0].code == "rights_changed":
                compute_transfer_fee(
                    self.desk(session, out.from_region),
                    person_id=self.person,
                    from_region=out.from_region,
                    to_region=out.to_region,
                    transfer_number=out.transfer_number,
                    employed=True,
                )
            return False
        return True

    def arrive(self, session: Session) -> bool:
        """What was sent is credited at the receiving place."""
        out = self.one_of(session, "out", "moved")
        if out is None:
            return False
        credit_months(
            self.desk(session, out.to_region),
            person_id=self.person,
            transfer_number=out.transfer_number,
            months_paid=out.months_paid,
            months_left=out.months_left,
            carried_months=out.carried_months,
            fee_fen=0,
        )
        out.status = "settled"
        return True

    def decline(self, session: Session) -> bool:
        """The sending office refuses one."""
        out = self.one_of(session, "out", "open")
        if out is None:
            return False
        out.status = "refused"
        return True

    def file(self, session: Session) -> bool:
        """A claim at a place where something counts, with the facts of that day."""
        full = [place for place in PLACES if self.rights(session, place).any]
        if self.claim or self.drawing(session) or not full:
            return False
        place = self.random.choice(full)
        found = self.rights(session, place)
        self.month = self.month.plus(1)
        self.count += 1
        session.add(
            Claim(
                case_id=self.count, person_id=self.person, region_code=place, applied_on=self.month.first_day,
                channel="web",
            )
        )  # fmt: skip
        self.claim = (self.count, place, found)
        return True

    def give_up(self, session: Session) -> bool:
        """The claim is withdrawn."""
        if self.claim is None:
            return False
        session.get_one(Claim, self.claim[0]).status = "withdrawn"
        self.claim = None
        return True

    def grant(self, session: Session) -> bool:
        """The claim is granted by what was gathered when it was filed."""
        if self.claim is None:
            return False
        number, place, found = self.claim
        using = found.counting >= 12
        months = min(24, (min(24, found.counting // 12 * 3) if using else 0) + found.carried)
        session.get_one(Claim, number).status = "granted" if months else "refused"
        self.claim = None
        if not months:
            return True
        code = "benefit_months" if using else "carried_remainder"
        made = BenefitGrant(
            origin="import", person_id=self.person, region_code=place, applied_on=self.month.first_day,
            granted_on=self.month.first_day, first_month=str(self.month.plus(1)), months=months, monthly_fen=1,
            determination=orjson.dumps({"reasons": [{"code": code}]}).decode(),
        )  # fmt: skip
        session.add(made)
        session.flush()
        use_up(session, made, found.moved)
        self.undrawn -= found.carried
        if using:
            self.used += found.counting
            if place in self.last and self.prompt:
                self.paid[place] = 0
            elif place in self.last:
                self.unheard.add(place)
            register_says(self.office, "qin", contributions=self.history())
        return True

    def stop(self, session: Session) -> bool:
        """Benefit ends after some months: re-employed, or used up."""
        drawn = self.drawing(session)
        if drawn is None:
            return False
        drawn.months_paid = self.random.randint(0, drawn.months)
        self.month = self.month.plus(drawn.months_paid)
        if drawn.months_paid == drawn.months:
            drawn.status = "used_up"
        else:
            drawn.ended_ground, drawn.ended_on, drawn.status = "ST1", self.month.first_day, "stopped"
            self.undrawn += drawn.months - drawn.months_paid
        return True

    # ---- looking

    def drawing(self, session: Session) -> BenefitGrant | None:
        """The grant that is being drawn."""
        query = select(BenefitGrant).where(
            BenefitGrant.person_id == self.person, BenefitGrant.status == "active"
        )
        return session.scalars(query).one_or_none()

    def one_of(self, session: Session, side: str, status: str) -> RightsTransfer | None:
        """One of the transfers in that status."""
        query = select(RightsTransfer).where(RightsTransfer.side == side, RightsTransfer.status == status)
        found = session.scalars(
            query.where(RightsTransfer.case_id == self.case).order_by(RightsTransfer.id)
        ).all()
        mine = [each for each in found if each.transfer_number.removeprefix("ZY-").isdigit()]
        return self.random.choice(mine) if mine else None

    def counted(self, session: Session) -> tuple[int, int]:
        """Contribution and benefit months over all places, with what is between two of them."""
        found = [self.rights(session, place) for place in PLACES]
        flying = session.execute(
            select(func.coalesce(func.sum(RightsTransfer.months_paid), 0),
                   func.coalesce(func.sum(RightsTransfer.carried_months), 0))
            .where(RightsTransfer.side == "out", RightsTransfer.status == "moved")
        ).one()  # fmt: skip
        return sum(each.counting for each in found) + flying[0], sum(each.carried for each in found) + flying[
            1
        ]


def begun(office: Office, seed: int) -> Life:
    """A life before anything has happened; its records hang on one real case."""
    register_says(office, "qin", contributions=_nothing())
    case = a_transfer(office, "qin")
    return Life(
        office=office, person=actor(office, "qin").id, case=case.id, random=Random(seed), prompt=seed % 2 == 0
    )


def _nothing() -> ContributionHistory:
    province = Province.generate(seed=1, people=0, employers=0, day=CAST_DAY)
    known = province.residents[PEOPLE["qin"].id_number].contributions
    return replace(known, months_paid=0, last_month=None, region=RegionCode(""))


@pytest.mark.req("TRANS-01", "TRANS-02", "TRANS-04")
def test_no_month_counts_twice_and_none_is_lost_in_any_life(
    office: Office, afresh: Callable[[], None]
) -> None:
    happened: dict[str, int] = {}
    for seed in range(LIVES):
        life = begun(office, seed)
        told = [f"seed {seed}"]
        for _ in range(EVENTS):
            event = life.random.choice(
                (life.work, life.work, life.ask, life.send, life.send, life.send, life.arrive, life.arrive, life.file, life.file,
                 life.grant, life.grant, life.stop, life.give_up, life.decline)
            )  # fmt: skip
            with office.store.transaction() as session:
                if not event(session):
                    continue
                session.flush()
                told.append(f"{event.__name__} {life.month}")
                happened[event.__name__] = happened.get(event.__name__, 0) + 1
                months, carried = life.counted(session)
                assert months + life.used == life.paid_in, told
                assert carried == life.undrawn, told
        afresh()
    assert min(happened[name] for name in ("work", "send", "arrive", "grant", "stop")) >= 20, happened


@pytest.mark.req("TRANS-01")
def test_after_a_transfer_the_claim_is_decided_at_the_receiving_place_with_the_months_that_came(
    office: Office,
) -> None:
    life = begun(office, 0)
    with office.store.transaction() as session:
        life.paid, life.last = {"371502": 40}, {"371502": Month(2025, 10)}
        register_says(office, "qin", contributions=life.history())
        _moved(life, session, "371502", "371402")
        assert life.rights(session, "371502").any is False
        assert life.rights(session, "371402").paid == 40
        assert place_of(session, life.history(), person_id=life.person) == "371402"


@pytest.mark.req("TRANS-01", "TRANS-02")
def test_proven_deemed_months_move_with_the_paid_ones_and_only_what_is_paid_since_counts_at_home(
    office: Office,
) -> None:
    life = begun(office, 0)
    before = replace(
        _nothing(), months_paid=48, deemed_months=24, last_month=Month(2025, 5), region=RegionCode("371502")
    )
    with office.store.transaction() as session:
        register_says(office, "qin", contributions=before)
        _moved(life, session, "371502", "371402")
        since = replace(before, months_paid=51, last_month=Month(2025, 8))
        home = rights_at(session, since, person_id=life.person, region="371502")
        there = rights_at(session, since, person_id=life.person, region="371402")

    assert (there.paid, there.deemed) == (72, 0)
    assert (home.paid, home.deemed, home.counting) == (3, 0, 3)


@pytest.mark.req("TRANS-01", "TRANS-03")
def test_months_that_came_from_another_database_are_not_looked_for_there_again(office: Office) -> None:
    life = begun(office, 0)
    told = replace(_nothing(), months_paid=40, last_month=Month(2025, 10), region=RegionCode("500103"))
    with office.store.transaction() as session:
        session.add(
            RightsTransfer(
                transfer_number="ZY-9", side="in", case_id=life.case, person_id=life.person, peer="500000",
                from_region="500103", to_region="371402", months_paid=40, status="credited",
            )
        )  # fmt: skip
        session.flush()

        assert place_of(session, told, person_id=life.person) == "371402"
        assert rights_at(session, told, person_id=life.person, region="371402").paid == 40
        assert not rights_at(session, told, person_id=life.person, region="500103").any


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_while_rights_are_between_two_places_no_claim_is_decided_on_nothing(office: Office) -> None:
    life = begun(office, 0)
    with office.store.transaction() as session:
        life.paid, life.last = {"371502": 40}, {"371502": Month(2025, 10)}
        register_says(office, "qin", contributions=life.history())
        _moved(life, session, "371502", "371402", credited=False)

    no = claims.submit_claim(office, actor(office, "qin"))

    assert [each.code for each in _reasons(no)] == ["rights_on_the_way"]


def _reasons(outcome: Any) -> Any:
    return outcome.reasons


def _moved(life: Life, session: Session, source: str, to: str, *, credited: bool = True) -> None:
    life.random = Random(1)
    life.count += 1
    number = f"ZY-{life.count}"
    for side in ("out", "in"):
        session.add(
            RightsTransfer(
                transfer_number=number, side=side, case_id=life.case, person_id=life.person,
                from_region=source, to_region=to,
            )
        )  # fmt: skip
    session.flush()
    compute_transfer_fee(
        life.desk(session, source), person_id=life.person, from_region=source, to_region=to,
        transfer_number=number, employed=True,
    )  # fmt: skip
    assert life.send(session)
    if credited:
        assert life.arrive(session)
