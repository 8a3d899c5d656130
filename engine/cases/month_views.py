"""What a month run looks like: how far it is, what it decided, and each grant's decision with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.benefits.death import unclaimed
from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.views import Page
from engine.disbursement.month_run import run_key
from engine.disbursement.tables import MonthDecision, MonthPart, MonthRate, MonthRun
from engine.law.month import REASONS
from engine.money.payment_tables import PaymentChunk, PaymentOrder
from engine.oversight.hit_tables import MatchHit
from engine.people import Person, id_number_of, region_name
from engine.store.crypto import mask_id
from engine.store.parts import troubles
from engine.values import Money, Month, Reason, reach

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "pay": ("应发", "To pay"),
    "hold": ("暂缓", "Held"),
    "end": ("期满", "Used up"),
}
PARTS: Mapping[str, tuple[str, str]] = {
    "match": ("比对名册", "Matching"),
    "decide": ("核发待遇", "Deciding"),
    "premium": ("代缴医保", "Medical premium"),
    "batch": ("编制批次", "Batches"),
}
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """How many grants were decided so, and what they cost."""

    outcome: str
    outcome_name: str
    outcome_name_en: str
    reason: str
    text: str
    text_en: str
    count: int
    months: int
    #: yuan with two decimals
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionCount:
    """What a region is paid in the run."""

    region: str
    name: str
    pay: int
    hold: int
    #: yuan with two decimals
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCount:
    """How far one kind of part is."""

    kind: str
    name: str
    name_en: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRunView:
    """A month run."""

    run_id: int
    month: str
    round: int
    region: str
    region_name: str
    #: running, done
    status: str
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    done: int
    total: int
    parts: tuple[PartCount, ...]
    #: what went wrong in parts that wait to be tried again
    troubles: tuple[str, ...]
    #: figures of law or payees that were not on file, and what was therefore not ordered
    gaps: tuple[Reason, ...]
    reasons: tuple[ReasonCount, ...] = ()
    regions: tuple[RegionCount, ...] = ()
    #: everything that was ordered, yuan with two decimals
    paid: str = "0.00"
    #: parts done, of a hundred; 100 only when all are
    percent: int = 0
    #: deaths in the region whose family has not been granted anything yet
    deaths_unclaimed: int = 0
    #: why a price subsidy was paid, or not, of the months whose index came since the month before
    price_reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """What a run decided for one grant."""

    grant_id: int
    person: str
    id_number: str
    region_name: str
    outcome: str
    reason: str
    text: str
    text_en: str
    first_due: str
    last_due: str
    #: yuan with two decimals, as the next two
    benefit: str
    #: difference to a standard that was raised later
    adjustment: str
    subsidy: str
    case_id: int | None
    #: why: the law's reasons for the amount, or the evidence that holds it
    reasons: tuple[Reason, ...]


def run_record(session: Session, run: MonthRun, *, whole: bool) -> MonthRunView:
    """The run as it stands; with what it decided where the whole is wanted."""
    parts = session.execute(
        select(MonthPart.kind, func.count(), func.count().filter(MonthPart.status == "done"))
        .where(MonthPart.run_id == run.id)
        .group_by(MonthPart.kind)
        .order_by(func.min(MonthPart.number))
    ).all()
    done, total = sum(done for _, _, done in parts), sum(total for _, total, _ in parts)
    regions = _regions(session, run) if whole else ()
    return MonthRunView(
        run_id=run.id,
        month=run.month,
        round=run.round,
        region=run.region,
        region_name=region_name(session, run.region),
        status=run.status,
        started_by=name_of(session, run.started_by),
        started_at=run.started_at,
        finished_at=run.finished_at,
        done=done,
        total=total,
        parts=tuple(
            PartCount(kind=kind, name=PARTS[kind][0], name_en=PARTS[kind][1], done=done, total=total)
            for kind, total, done in parts
        ),
        troubles=troubles(session, MonthPart, run.id),
        gaps=tuple(Reason(**gap) for gap in orjson.loads(run.gaps)),
        reasons=_reasons(session, run) if whole else (),
        regions=regions,
        paid=Money.total(Money.yuan(row.total) for row in regions).text,
        percent=100 * done // total if total else 100,
        deaths_unclaimed=unclaimed(session, reach(run.region)) if whole else 0,
        price_reasons=_price_reasons(session, run) if whole else (),
    )


def decision_rows(
    session: Session, office: Office, run: MonthRun, *, outcome: str, reason: str, region: str, cursor: str
) -> Page[DecisionRow]:
    """One page of the decisions, in the order of the grants; ``cursor`` is the grant after which it begins."""
    chosen = _chosen(run, outcome=outcome, reason=reason, region=region)
    total = int(session.scalar(select(func.count()).select_from(chosen.subquery())) or 0)
    after = int(cursor) if cursor.isdigit() else 0
    found = session.execute(
        chosen.add_columns(BenefitGrant, Person)
        .join(BenefitGrant, BenefitGrant.id == MonthDecision.grant_id)
        .join(Person, Person.id == BenefitGrant.person_id)
        .where(MonthDecision.grant_id > after)
        .order_by(MonthDecision.grant_id)
        .limit(_PAGE + 1)
    ).all()
    rows = tuple(_row(session, office, decision, grant, person) for decision, grant, person in found[:_PAGE])
    more = str(rows[-1].grant_id) if len(found) > _PAGE else ""
    return Page(rows=rows, total=total, next_cursor=more)


def _chosen(run: MonthRun, *, outcome: str, reason: str, region: str) -> Select[MonthDecision]:
    query = select(MonthDecision).where(MonthDecision.run_id == run.id)
    if outcome:
        query = query.where(MonthDecision.outcome == outcome)
    if reason:
        query = query.where(MonthDecision.reason == reason)
    return query.where(MonthDecision.region.startswith(reach(region))) if region else query


def _row(
    session: Session, office: Office, decision: MonthDecision, grant: BenefitGrant, person: Person
) -> DecisionRow:
    text, text_en = REASONS[decision.reason]
    return DecisionRow(
        grant_id=grant.id,
        person=person.name,
        id_number=mask_id(id_number_of(office.vault, person)),
        region_name=region_name(session, decision.region),
        outcome=decision.outcome,
        reason=decision.reason,
        text=text,
        text_en=text_en,
        first_due=decision.first_due or "",
        last_due=decision.last_due or "",
        benefit=Money(decision.benefit_fen).text,
        adjustment=Money(decision.adjustment_fen).text,
        subsidy=Money(decision.subsidy_fen).text,
        case_id=grant.case_id,
        reasons=_why(session, decision, grant),
    )


def _why(session: Session, decision: MonthDecision, grant: BenefitGrant) -> tuple[Reason, ...]:
    if decision.reason == "hit":
        hits = select(MatchHit).where(MatchHit.grant_id == grant.id, MatchHit.status == "open")
        return tuple(
            Reason(
                code=f"hit_{hit.ground}",
                text=f"比对命中 {hit.ground}：{hit.detail}"
                + (f"（{hit.event_day}）" if hit.event_day else ""),
                text_en=f"Hit {hit.ground}",
                source="社会保险经办条例第二十六条",
            )
            for hit in session.scalars(hits.order_by(MatchHit.id))
        )
    place = (decision.run_id, decision.region, grant.household_region)
    known = []
    if decision.last_due is not None and (rate := session.get(MonthRate, (*place, decision.last_due))):
        known = [Reason(**each) for each in orjson.loads(rate.reasons)]
    usual = (each for each in known if each.code != "policy_gap" and not each.code.startswith("price_"))
    return (*usual, *_why_subsidised(session, decision, place))


def _why_subsidised(
    session: Session, decision: MonthDecision, place: tuple[int, str, str]
) -> Iterator[Reason]:
    """The law's reasons for each month whose price subsidy the decision ordered, or for none in its own month."""
    run = session.get_one(MonthRun, decision.run_id)
    months = session.scalars(
        select(PaymentOrder.month)
        .join(PaymentChunk, PaymentChunk.id == PaymentOrder.chunk_id)
        .where(
            PaymentChunk.key == f"{run_key(run)}:{decision.part}",
            PaymentOrder.key.startswith(f"subsidy:{decision.grant_id}:"),
        )
        .order_by(PaymentOrder.month)
    ).all()
    for month in months or [decision.last_due]:
        rate = session.get(MonthRate, (*place, month)) if month else None
        for each in orjson.loads(rate.reasons) if rate else ():
            if each["code"].startswith("price_"):
                yield _of_month(str(month), each)


def _price_reasons(session: Session, run: MonthRun) -> tuple[Reason, ...]:
    """What the law made of the index of the run's month and of the one before, each once for all regions."""
    before = str(Month.parse(run.month).plus(-1))
    rates = session.execute(
        select(MonthRate.month, MonthRate.reasons)
        .where(
            MonthRate.run_id == run.id,
            MonthRate.month.in_((before, run.month)),
            MonthRate.subsidy_fen.is_not(None),
        )
        .distinct()
        .order_by(MonthRate.month)
    )
    found = {}
    for month, reasons in rates:
        for each in orjson.loads(reasons):
            if each["code"].startswith("price_"):
                found[month, each["text"], each["fact"]] = _of_month(month, each)
    return tuple(found.values())


def _of_month(month: str, reason: Mapping[str, Any]) -> Reason:
    """The reason with the month that it speaks of."""
    words = {"text": f"{month} {reason['text']}", "text_en": f"{month}: {reason['text_en']}"}
    return Reason(**{**reason, **words})


def _reasons(session: Session, run: MonthRun) -> tuple[ReasonCount, ...]:
    money = MonthDecision.benefit_fen + MonthDecision.adjustment_fen + MonthDecision.subsidy_fen
    rows = session.execute(
        select(
            MonthDecision.outcome,
            MonthDecision.reason,
            func.count(),
            func.sum(MonthDecision.months),
            func.sum(money),
        )
        .where(MonthDecision.run_id == run.id)
        .group_by(MonthDecision.outcome, MonthDecision.reason)
    )
    order = list(OUTCOMES)
    counted = [
        ReasonCount(
            outcome=outcome,
            outcome_name=OUTCOMES[outcome][0],
            outcome_name_en=OUTCOMES[outcome][1],
            reason=reason,
            text=REASONS[reason][0],
            text_en=REASONS[reason][1],
            count=count,
            months=int(months),
            total=Money(int(fen)).text,
        )
        for outcome, reason, count, months, fen in rows
    ]
    return tuple(sorted(counted, key=lambda row: (order.index(row.outcome), -row.count)))


def _regions(session: Session, run: MonthRun) -> tuple[RegionCount, ...]:
    money = MonthDecision.benefit_fen + MonthDecision.adjustment_fen + MonthDecision.subsidy_fen
    rows = session.execute(
        select(
            MonthDecision.region,
            func.count().filter(MonthDecision.outcome == "pay"),
            func.count().filter(MonthDecision.outcome == "hold"),
            func.sum(money),
        )
        .where(MonthDecision.run_id == run.id)
        .group_by(MonthDecision.region)
        .order_by(MonthDecision.region)
    ).all()
    return tuple(
        RegionCount(
            region=region, name=region_name(session, region), pay=pay, hold=hold, total=Money(int(fen)).text
        )
        for region, pay, hold, fen in rows
    )
