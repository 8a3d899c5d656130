"""The month run as people start and follow it, and as the sweep carries it out (CLAIM-08, CLAIM-10, MONEY-04).

A part is one transaction; one that batches takes one for each batch. Parts that fail are kept as trouble on the run
and tried again; nothing of a failed try is kept. What leaves the office still needs the three signatures of
``payment-run.bpmn``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.month_accounts import ask_accounts
from engine.cases.month_letters import write_letters
from engine.cases.month_views import DecisionRow, MonthRunView, decision_rows, run_record
from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.part_work import PartWork
from engine.cases.risk_room import screen
from engine.cases.sight import MONEY_DUTIES
from engine.cases.start import next_case, start_case
from engine.cases.steps import attempt
from engine.cases.views import Page
from engine.disbursement.month_run import (
    LOOKS_BACK,
    do_part,
    finish_run,
    next_part,
    start_run,
)
from engine.disbursement.premium import order_premium
from engine.disbursement.tables import MonthPart, MonthRate, MonthRun
from engine.duties import covers
from engine.money.payees import PayeeBook
from engine.money.payments import PaymentBatch, PaymentOrder
from engine.people import Region
from engine.store.parts import mark_done, mark_further
from engine.store.sight import beyond
from engine.values import SYSTEM, Actor, Month, Reason, Refusal, RefusedError, reach


def start_month_run(office: Office, actor: Actor, *, month: str, region: str = "") -> MonthRunView | Refusal:
    """The run of that month over the region and all below it: the one that is going on, or a new round.

    Refused for a month that has not begun or is long past, and in production where a standard awaits the bureau's confirmation.
    """
    where = region or actor.region or office.settings.region

    def work(session: Session) -> MonthRunView:
        if session.get(Region, where) is None:
            raise RefusedError(
                Reason(code="unknown_region", text=f"没有地区 {where}", text_en=f"No region {where}.")
            )
        require_duty(session, office, actor, "intake", where)
        with beyond(
            session, "a month run is parted over whole regions in sets, after the duty there was shown"
        ):
            run = start_run(
                session,
                region=where,
                month=_month(office, month),
                day=office.today,
                book=office.book,
                actor=actor,
                now=office.clock(),
            )
            _refuse_unconfirmed(session, office, run)
            return run_record(session, run, whole=True)

    return attempt(office, actor, work, subject=f"office:{where}")


def run_view(office: Office, actor: Actor, run_id: int, *, whole: bool = True) -> MonthRunView | Refusal:
    """One run with what it decided; not the whole: only how far it is, which costs nothing however many it pays."""
    with office.store.reading() as session:
        run = _seen(session, actor, run_id)
        return run if isinstance(run, Refusal) else run_record(session, run, whole=whole)


def runs(office: Office, actor: Actor) -> tuple[MonthRunView, ...] | Refusal:
    """The latest runs of the actor's region."""
    if not actor.duties & MONEY_DUTIES:
        return _not_seen(actor)
    with office.store.reading() as session:
        latest = session.scalars(select(MonthRun).order_by(MonthRun.id.desc()).limit(50)).all()
        return tuple(
            run_record(session, run, whole=False) for run in latest if covers(actor.region, run.region)
        )


def decisions(
    office: Office,
    actor: Actor,
    run_id: int,
    *,
    outcome: str = "",
    reason: str = "",
    region: str = "",
    cursor: str = "",
) -> Page[DecisionRow] | Refusal:
    """The decisions of a run, a page at a time, identity numbers masked."""
    with office.store.reading() as session:
        run = _seen(session, actor, run_id)
        if isinstance(run, Refusal):
            return run
        return decision_rows(
            session, office, run, outcome=outcome, reason=reason, region=region, cursor=cursor
        )


def month_run_due(office: Office, limit: int) -> int:
    """How many parts of running runs were carried out, at most so many; one that fails stays, with its cause."""
    return _WORK.due(office, limit)


def screen_due(office: Office) -> int:
    """How many finished runs the risk rules were put to, before their batches are signed."""
    with office.store.reading() as session:
        waiting = session.scalars(
            select(MonthRun)
            .where(MonthRun.status == "done", MonthRun.screened_at.is_(None))
            .order_by(MonthRun.id)
        ).all()
    for run in waiting:
        screen(office, SYSTEM, month=run.month, region=run.region)
        with office.store.transaction() as session:
            session.get_one(MonthRun, run.id).screened_at = office.clock()
    return len(waiting)


def drive(office: Office, run_id: int, *, say: Callable[[int, int], object]) -> None:
    """Carries the run out here and now, telling how many of its parts are done; raises what a part raises."""
    _WORK.drive(office, run_id, say=say)


def run_record_of(office: Office, run_id: int) -> MonthRunView:
    """The run as it stands, for whoever sits at the machine itself."""
    with office.store.reading() as session:
        return run_record(session, session.get_one(MonthRun, run_id), whole=True)


def do_next(office: Office, run_id: int) -> bool:
    """Whether a part of the run was carried out, or the next batch of one, in a transaction of its own."""
    with office.store.transaction() as session:
        run = session.get_one(MonthRun, run_id)
        part = next_part(session, run_id, now=office.clock())
        if part is None:
            finish_run(session, run, actor=SYSTEM, now=office.clock())
            return False
        _carry_out(office, session, run, part)
        finish_run(session, run, actor=SYSTEM, now=office.clock())
        return True


_WORK = PartWork(
    parts=MonthPart,
    running=select(MonthRun.id).where(MonthRun.status == "running").order_by(MonthRun.id),
    next_part=next_part,
    do_next=do_next,
)


def _carry_out(office: Office, session: Session, run: MonthRun, part: MonthPart) -> None:
    now = office.clock()
    if part.kind == "decide":
        ask_accounts(session, office, part)
    if part.kind in ("match", "decide"):
        do_part(session, run, part, book=office.book, actor=SYSTEM, now=now)
        if part.kind == "decide":
            write_letters(session, office, run, part)
        return
    if part.kind == "premium":
        dealt = order_premium(
            session,
            office.vault,
            run,
            part,
            payees=PayeeBook.load(office.settings.processes_dir),
            production=office.settings.production,
            actor=SYSTEM,
            now=now,
        )
        mark_done(session, part, dealt=dealt, now=now)
        return
    dealt, more = _start_batch(office, session, run, part)
    if more:
        mark_further(session, part, dealt=dealt)
    else:
        mark_done(session, part, dealt=dealt, now=now)


def _start_batch(office: Office, session: Session, run: MonthRun, part: MonthPart) -> tuple[int, bool]:
    """How many payment runs of the region were opened with this one, and whether another may be needed after it.

    One in a transaction: what is held in memory and locked is one batch, however many payees the region has.
    """
    waiting = (
        select(PaymentOrder.id)
        .where(PaymentOrder.status == "ordered", PaymentOrder.region.startswith(reach(part.region)))
        .limit(1)
    )
    if session.scalar(waiting) is None:
        return part.dealt, False
    opened = part.dealt + 1
    case = next_case(session, office, "payment_run", region=part.region, subject=f"office:{part.region}")
    # named after the run, not after a sequence: a resumed run sends the very files that an undisturbed one sends
    named = replace(case, key=f"FF-{run.month}-{part.region}-{run.round}-{opened:02d}")
    start_case(office, session, SYSTEM, named, {"region": part.region, "month": run.month})
    made = session.scalar(select(PaymentBatch.id).where(PaymentBatch.number == f"PB-{named.key}"))
    # none was made: what waits is being taken by somebody else, or has just been held; it is not for this run
    return opened, made is not None and session.scalar(waiting) is not None


def _seen(session: Session, actor: Actor, run_id: int) -> MonthRun | Refusal:
    if not actor.duties & MONEY_DUTIES:
        return _not_seen(actor)
    run = session.get(MonthRun, run_id)
    if run is None or not covers(actor.region, run.region):
        return Refusal(
            reasons=(
                Reason(
                    code="no_such_run", text="没有这次按月发放，或不在您的地区", text_en="No such month run."
                ),
            )
        )
    return run


def _not_seen(actor: Actor) -> Refusal:
    return Refusal(
        reasons=(
            Reason(
                code="not_money_duty",
                text="您的岗位不能查看按月发放",
                text_en="Your duty does not see month runs.",
                source="社会保险经办条例第四十九条（保密）",
                fact=actor.name or actor.key,
            ),
        )
    )


def _month(office: Office, text: str) -> Month:
    try:
        month = Month.parse(text)
    except ValueError as wrong:
        raise RefusedError(
            Reason(code="month_unreadable", text=str(wrong), text_en="Write the month as 2026-11.")
        ) from wrong
    if month < Month.of(office.today).plus(-LOOKS_BACK):
        raise RefusedError(
            Reason(
                code="month_long_past",
                text=f"{month} 已过去很久：以前月份欠发的，随当月按月发放一并补发",
                text_en=f"{month} is long past: what is owed of it is paid by the run of this month.",
                source="失业保险条例第十六条（按月发放）",
            )
        )
    if month > Month.of(office.today):
        raise RefusedError(
            Reason(
                code="month_ahead",
                text=f"{month} 还没有开始，不能提前发放",
                text_en=f"{month} has not begun.",
                source="失业保险条例第十六条（按月发放）",
            )
        )
    return month


def _refuse_unconfirmed(session: Session, office: Office, run: MonthRun) -> None:
    """In production nothing is paid on a figure that the bureau has not confirmed."""
    if not office.settings.production:
        return
    of_run = select(MonthRate.reasons).where(MonthRate.run_id == run.id)
    rates = session.scalars(of_run.where(MonthRate.month == run.month))
    # the subsidy is that of an earlier month in most cases
    priced = session.scalars(of_run.where(MonthRate.subsidy_fen > 0).distinct())
    waiting = sorted({*_unconfirmed(rates), *_unconfirmed(priced, of="price_")})
    if waiting:
        raise RefusedError(
            Reason(
                code="unverified_parameter",
                text=f"用到尚未确认的参数，生产模式下不得支付：{'、'.join(waiting)}",
                text_en="Figures that await the bureau's confirmation pay nothing in production.",
                source="未确认的参数须由主管部门签认（processes/policy）",
            )
        )


def _unconfirmed(rates: Iterable[str], *, of: str = "") -> set[str]:
    """Figures that wait for the bureau in reasons whose code begins so."""
    return {
        reason["parameter"]
        for text in rates
        for reason in orjson.loads(text)
        if not reason["verified"] and reason["code"] != "policy_gap" and reason["code"].startswith(of)
    }
