"""What is shown of recoveries: the open sums by age, the list, and one with its months, plan and payments. Reads only.

For whoever sees money, in their own region and below. A look at one person's recovery leaves its trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from engine.benefits.recovery import MODE_NAMES, STATUS_NAMES
from engine.benefits.recovery_plan import Balance, balance_of, overpaid_months, plan_on_record
from engine.benefits.recovery_tables import Overpayment, Repayment, WriteOff
from engine.benefits.write_offs import RULE_NAMES
from engine.cases.office import Office
from engine.cases.rows import actor_names, subject_labels
from engine.cases.sight import MONEY_DUTIES
from engine.duties import covers
from engine.money.ledger_tables import PaymentPurpose
from engine.oversight.grounds import GROUNDS
from engine.people import record_look
from engine.values import CHINA, Actor, CaseId, Money, Reason, Refusal, reach
from engine.workflow.tables import WorkflowCase

#: last day of each age since the decision, in days; a picture, no rule
_AGES = (30, 90, 180, 365)
_LISTED = 200
WAY_NAMES = {"bank": "银行到账", "offset": "待遇抵扣"}
#: rules under which a rest may be given up
WRITE_OFF_RULES: Mapping[str, str] = dict(RULE_NAMES.items())
WRITE_OFF_NAMES = {"proposed": "待审定", "approved": "已核销", "refused": "未批准"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """What is open of one age since the decision."""

    #: inclusive, in days
    first: int
    #: inclusive; None for the oldest
    last: int | None
    count: int
    open: str
    #: of all that is open, 0 to 100
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRow:
    """One recovery in the list."""

    overpayment_id: int
    case_id: CaseId
    case_key: str
    #: name with masked number
    person: str
    ground_name: str
    event_day: date
    amount: str
    open: str
    mode_name: str
    status: str
    status_name: str
    #: the earliest part that is not covered
    next_due: date | None
    #: behind its plan today
    behind: str
    broken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryList:
    """The recoveries of a region, those that are not closed first."""

    ages: tuple[Age, ...]
    open: str
    rows: tuple[RecoveryRow, ...]
    #: all of the region, not only those shown
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """One order that was not due."""

    month: str
    purpose: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One part of the plan."""

    number: int
    due_on: date
    amount: str
    #: covered, late, coming
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentLine:
    """Money that came back."""

    day: date
    amount: str
    way_name: str
    reference: str
    entry_id: int
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffLine:
    """A proposal to give up the rest, and what became of it."""

    write_off_id: int
    rule_name: str
    amount: str
    evidence: str
    proposed_by: str
    status: str
    status_name: str
    judged_by: str
    judged_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryView:
    """One recovery with all that belongs to it."""

    row: RecoveryRow
    back: str
    written_off: str
    intentional: bool | None
    fraud: bool | None
    reviewed_by: str
    decided_by: str
    decided_at: datetime | None
    months: tuple[MonthLine, ...]
    plan: tuple[PlanLine, ...]
    repayments: tuple[RepaymentLine, ...]
    write_offs: tuple[WriteOffLine, ...]
    #: what the actor may do: repay, propose, judge
    may: frozenset[str]


def recoveries(office: Office, actor: Actor) -> RecoveryList | Refusal:
    """The recoveries of the actor's region with the open sums by age; for business, finance, control, supervision."""
    if not actor.duties & MONEY_DUTIES:
        return Refusal(reasons=(_not_seen(actor),))
    with office.store.reading() as session:
        mine = Overpayment.region_code.startswith(reach(actor.region))
        closed = Overpayment.status.in_(("settled", "written_off", "dropped"))
        found = session.scalars(
            select(Overpayment).where(mine).order_by(closed, Overpayment.id.desc()).limit(_LISTED)
        ).all()
        total = session.scalar(select(func.count()).select_from(Overpayment).where(mine)) or 0
        ages = _ages(session, mine, office.today)
        subjects = subject_labels(session, office, {f"person:{each.person_id}" for each in found})
        keys = _case_keys(session, [each.case_id for each in found])
        rows = tuple(_row(session, each, subjects, keys, office.today) for each in found)
    return RecoveryList(
        ages=ages, open=Money.total(Money.yuan(age.open) for age in ages).text, rows=rows, total=total
    )


def recovery_view(office: Office, actor: Actor, overpayment_id: int) -> RecoveryView | Refusal:
    """One recovery; the look is recorded."""
    if not actor.duties & MONEY_DUTIES:
        return Refusal(reasons=(_not_seen(actor),))
    with office.store.transaction() as session:
        record = session.get(Overpayment, overpayment_id)
        if record is None or not covers(actor.region, record.region_code):
            no = Reason(
                code="no_such_recovery",
                text="没有这笔追回，或不在您的地区",
                text_en="No such recovery in your region.",
            )
            return Refusal(reasons=(no,))
        subject = f"person:{record.person_id}"
        record_look(session, actor=actor, subject=subject, why="查看多领待遇追回", now=office.clock())
        return _view(session, office, actor, record)


def _ages(session: Session, mine: ColumnElement[bool], today: date) -> tuple[Age, ...]:
    """One question for a whole region: what is open of decided recoveries, by days since the decision."""
    begins = (0, *(last + 1 for last in _AGES))
    sums = session.execute(_by_age(mine, today)).all()
    found = {int(at): (int(count), int(fen)) for at, count, fen in sums}
    whole = sum(fen for _, fen in found.values())
    return tuple(
        Age(
            first=first,
            last=_AGES[at] if at < len(_AGES) else None,
            count=found.get(at, (0, 0))[0],
            open=Money(found.get(at, (0, 0))[1]).text,
            percent=round(100 * found.get(at, (0, 0))[1] / whole) if whole else 0,
        )
        for at, first in enumerate(begins)
    )


def _by_age(mine: ColumnElement[bool], today: date) -> Select[int, int, int]:
    back = (
        select(Repayment.overpayment_id, func.sum(Repayment.amount_fen).label("fen"))
        .group_by(Repayment.overpayment_id)
        .subquery()
    )
    ended = datetime.combine(today + timedelta(days=1), datetime.min.time(), tzinfo=CHINA)
    steps = [
        (Overpayment.decided_at >= ended - timedelta(days=last + 1), at) for at, last in enumerate(_AGES)
    ]
    age = case(*steps, else_=len(_AGES)).label("age")
    return (
        select(age, func.count(), func.sum(Overpayment.amount_fen - func.coalesce(back.c.fen, 0)))
        .outerjoin(back, back.c.overpayment_id == Overpayment.id)
        .where(mine, Overpayment.status.in_(("decided", "paying")))
        .group_by(age)
    )


def _row(
    session: Session,
    record: Overpayment,
    subjects: Mapping[str, str],
    keys: Mapping[int, str],
    today: date,
) -> RecoveryRow:
    balance = balance_of(session, record, today)
    live = record.status in ("decided", "paying")
    known = GROUNDS.get(record.ground)
    return RecoveryRow(
        overpayment_id=record.id,
        case_id=CaseId(record.case_id),
        case_key=keys.get(record.case_id, ""),
        person=subjects.get(f"person:{record.person_id}", ""),
        ground_name=known.name if known else record.ground,
        event_day=record.event_day,
        amount=balance.amount.text,
        open=balance.open.text if live else "0.00",
        mode_name=MODE_NAMES.get(record.mode or "", ""),
        status=record.status,
        status_name=STATUS_NAMES[record.status],
        next_due=balance.next_due if live else None,
        behind=balance.behind.text if live and balance.behind.fen else "",
        broken=record.broken_at is not None and live,
    )


def _view(session: Session, office: Office, actor: Actor, record: Overpayment) -> RecoveryView:
    balance = balance_of(session, record, office.today)
    subjects = subject_labels(session, office, {f"person:{record.person_id}"})
    repaid = session.scalars(
        select(Repayment).where(Repayment.overpayment_id == record.id).order_by(Repayment.id)
    ).all()
    given_up = session.scalars(
        select(WriteOff).where(WriteOff.overpayment_id == record.id).order_by(WriteOff.id)
    ).all()
    hands = {each.recorded_by for each in repaid} | {record.reviewed_by or "", record.decided_by or ""}
    for each in given_up:
        hands |= {each.proposed_by, each.judged_by or ""}
    names = actor_names(session, hands - {""})
    return RecoveryView(
        row=_row(session, record, subjects, _case_keys(session, [record.case_id]), office.today),
        back=balance.back.text,
        written_off=balance.written_off.text if balance.written_off.fen else "",
        intentional=record.intentional,
        fraud=record.fraud,
        reviewed_by=names.get(record.reviewed_by or "", ""),
        decided_by=names.get(record.decided_by or "", ""),
        decided_at=record.decided_at,
        months=_months(session, record),
        plan=_plan(session, record, balance, office.today),
        repayments=tuple(_repayment(each, names) for each in repaid),
        write_offs=tuple(_write_off(each, names) for each in given_up),
        may=_may(actor, record),
    )


def _months(session: Session, record: Overpayment) -> tuple[MonthLine, ...]:
    uses = {use.purpose: use.name for use in session.scalars(select(PaymentPurpose))}
    return tuple(
        MonthLine(month=each.month, purpose=uses[each.purpose], amount=Money(each.amount_fen).text)
        for each in overpaid_months(session, record.id)
    )


def _plan(session: Session, record: Overpayment, balance: Balance, today: date) -> tuple[PlanLine, ...]:
    lines, wanted = [], 0
    for part in plan_on_record(session, record.id):
        wanted += part.amount_fen
        covered = wanted <= balance.back.fen + balance.written_off.fen
        state = "covered" if covered else "late" if part.due_on < today else "coming"
        lines.append(
            PlanLine(number=part.number, due_on=part.due_on, amount=Money(part.amount_fen).text, state=state)
        )
    return tuple(lines)


def _repayment(each: Repayment, names: Mapping[str, str]) -> RepaymentLine:
    return RepaymentLine(
        day=each.day,
        amount=Money(each.amount_fen).text,
        way_name=WAY_NAMES[each.way],
        reference=each.reference,
        entry_id=each.entry_id,
        recorded_by=names.get(each.recorded_by, each.recorded_by),
    )


def _write_off(each: WriteOff, names: Mapping[str, str]) -> WriteOffLine:
    return WriteOffLine(
        write_off_id=each.id,
        rule_name=WRITE_OFF_RULES[each.rule],
        amount=Money(each.amount_fen).text,
        evidence=each.evidence,
        proposed_by=names.get(each.proposed_by, each.proposed_by),
        status=each.status,
        status_name=WRITE_OFF_NAMES[each.status],
        judged_by=names.get(each.judged_by or "", ""),
        judged_why=each.judged_why,
    )


def _may(actor: Actor, record: Overpayment) -> frozenset[str]:
    """What a page offers; the use-cases judge anew."""
    if record.status not in ("decided", "paying"):
        return frozenset()
    offered = {"accountant": "repay", "intake": "propose", "approve": "judge"}
    return frozenset(what for duty, what in offered.items() if duty in actor.duties)


def _case_keys(session: Session, ids: list[int]) -> dict[int, str]:
    rows = session.execute(select(WorkflowCase.id, WorkflowCase.case_key).where(WorkflowCase.id.in_(ids)))
    return {int(case_id): str(key) for case_id, key in rows}


def _not_seen(actor: Actor) -> Reason:
    return Reason(
        code="not_money_duty",
        text="您的岗位不能查看追回",
        text_en="Your duty does not see recoveries.",
        source="社会保险经办条例第四十九条（保密）",
        fact=actor.name or actor.key,
    )
