"""The month run: who is due how much, who is held, who goes on and who is used up, for a region in sets (CLAIM-08, CLAIM-10).

A run is a list of parts, each one transaction: whatever kills it, the next one goes on with the first part
that is not done, and the result is the same. The same region and month is the same run until it is done;
a later round of the month pays what was cleared since. Called by use-cases; commits nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import String, bindparam, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.disbursement import decide
from engine.disbursement.prices import published
from engine.disbursement.tables import MonthPart, MonthRate, MonthRun
from engine.law.month import extended_to, rate_of
from engine.law.policy import PolicyBook
from engine.money.bulk import ROW_COLUMNS, order_many
from engine.oversight.matching import match
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.parts import any_waits, first_waiting, mark_done
from engine.values import Actor, Money, Month, Reason, reach

#: grants decided in one transaction
GRANTS_PER_PART = 10_000
#: how many months before its own a run looks at for standards that were raised since
LOOKS_BACK = 24
#: what comes of a figure that is not on file, by the topic of its key
_GAPS = {
    "medical": (
        "没有登记代缴医疗保险费的基数或费率，没有生成代缴支付单",
        "No base or rate of the medical premium is on file: no premium was ordered",
    ),
    "price": (
        "价格指数或低保标准登记不全，没有核发价格临时补贴",
        "Index or living allowance is missing: no price subsidy was decided",
    ),
    "benefit": (
        "没有有效的失业保险金标准，有关人员暂缓发放",
        "No standard of the benefit is in force: those concerned are held",
    ),
}
#: where nothing was raised and no subsidy is known
_NEVER = "9999-99"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDone:
    """What a part did."""

    dealt: int
    pay: int = 0
    hold: int = 0
    end: int = 0
    total_fen: int = 0


def run_key(run: MonthRun) -> str:
    """What the run is known by in keys: no number of a row, which a killed transaction would skip."""
    return f"month-run:{run.region}:{run.month}:{run.round}"


def start_run(
    session: Session, *, region: str, month: Month, day: date, book: PolicyBook, actor: Actor, now: datetime
) -> MonthRun:
    """The run of the region and month that is not done yet, or a new round of it with its rates and parts."""
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"month-run {region} {month}", 0)))
    )
    rounds = session.scalars(
        select(MonthRun)
        .where(MonthRun.region == region, MonthRun.month == str(month))
        .order_by(MonthRun.round)
    ).all()
    if rounds and rounds[-1].status == "running":
        return rounds[-1]
    run = MonthRun(
        region=region,
        month=str(month),
        round=len(rounds) + 1,
        day=day,
        status="running",
        started_by=actor.key,
        started_at=now,
    )
    session.add(run)
    session.flush()
    run.gaps = orjson.dumps(_write_rates(session, run, book)).decode()
    _write_parts(session, run)
    append(
        session,
        stream=f"month-run:{region}",
        action=Action.MONTH_RUN_STARTED,
        actor=actor,
        subject=f"month_run:{run.id}",
        after={"month": run.month, "round": run.round},
        now=now,
    )
    return run


def next_part(session: Session, run_id: int, *, now: datetime) -> MonthPart | None:
    """The first part that is not done, locked for this transaction.

    Parts that decide may be done side by side; others wait until all before them are done. None when nothing is
    left, or when what is left is being done by others.
    """
    part = first_waiting(session, MonthPart, run_id, now=now)
    if part is None or (part.kind == "decide" and _nothing_waits(session, part, "match")):
        return part
    earlier = (
        select(func.count())
        .select_from(MonthPart)
        .where(MonthPart.run_id == run_id, MonthPart.number < part.number, MonthPart.status == "waiting")
    )
    return None if session.scalar(earlier) else part


def do_part(
    session: Session, run: MonthRun, part: MonthPart, *, book: PolicyBook, actor: Actor, now: datetime
) -> PartDone:
    """A matching or deciding part, carried out and marked done; the caller commits."""
    if part.kind == "match":
        found = match(session, key=run_key(run), region=run.region, actor=actor, now=now)
        done = PartDone(dealt=found.payees)
    else:
        done = _decide(session, run, part, book=book, actor=actor, now=now)
    mark_done(session, part, dealt=done.dealt, now=now)
    return done


def finish_run(session: Session, run: MonthRun, *, actor: Actor, now: datetime) -> bool:
    """Whether the run is done now: no part of it waits any more."""
    if run.status == "done" or any_waits(session, MonthPart, run.id):
        return run.status == "done"
    run.status, run.finished_at = "done", now
    session.flush()
    append(
        session,
        stream=f"month-run:{run.region}",
        action=Action.MONTH_RUN_FINISHED,
        actor=actor,
        subject=f"month_run:{run.id}",
        after={"month": run.month, "round": run.round},
        now=now,
    )
    return True


def _decide(
    session: Session, run: MonthRun, part: MonthPart, *, book: PolicyBook, actor: Actor, now: datetime
) -> PartDone:
    """Decisions, orders and the new state of ten thousand grants, or of none of them."""
    given = _given(run, part)
    given["look_from"] = _look_from(session, run, part.region)
    session.execute(text(decide.LOCK), given)
    _ask_extensions(session, given, book)
    _write_follows(session, part.region, book)
    for statement in decide.IN_ORDER:
        session.execute(text(statement), given)
    rows = (
        text(decide.ORDERS)
        .bindparams(
            bindparam("run", run.id), bindparam("part", part.number), bindparam("region", part.region, String)
        )
        .columns(*(literal_column(name) for name in ROW_COLUMNS))
    )
    ordered = order_many(
        session, key=f"{run_key(run)}:{part.number}", region=part.region, rows=rows, actor=actor, now=now
    )
    session.execute(text(decide.MOVE), given)
    session.execute(text(decide.REMEMBER))
    count, pay, hold, end, total = session.execute(text(decide.COUNTS), given).one()
    if ordered.total.fen != int(total):
        raise MonthRunError(
            f"{part.region} 第 {part.number} 部分：决定应发 {Money(int(total)).text} 元，"
            f"支付单只有 {ordered.total.text} 元；本部分没有保存，请查同名支付单"
        )
    done = PartDone(dealt=int(count), pay=int(pay), hold=int(hold), end=int(end), total_fen=ordered.total.fen)
    _note(session, run, part, done, actor=actor, now=now)
    return done


class MonthRunError(Exception):
    """按月发放的决定与支付单对不上；没有保存任何一笔。"""

    retryable = False


def _given(run: MonthRun, part: MonthPart) -> dict[str, Any]:
    return {
        "run": run.id,
        "part": part.number,
        "region": part.region,
        "first": part.first_grant,
        "last": part.last_grant,
        "run_no": _number(Month.parse(run.month)),
    }


def _number(month: Month) -> int:
    """The month as the statements of ``decide`` count it."""
    return month.year * 12 + month.month - 1


def _ask_extensions(session: Session, given: dict[str, Any], book: PolicyBook) -> None:
    """What the law says of every grant whose period ends: an extension, an end, or that something must be asked."""
    session.execute(text(decide.EXTENSIONS))
    found = []
    for grant_id, first_month, months, region, cls, birth in session.execute(text(decide.EXPIRING), given):
        last = Month.parse(first_month).plus(months - 1)
        through, verdict = extended_to(last, birth=birth, cls=cls, region=region, book=book)
        found.append({"id": grant_id, "through": _number(through) if through else None, "verdict": verdict})
    if found:
        session.execute(text("INSERT INTO part_extension VALUES (:id, :through, :verdict)"), found)


def _write_follows(session: Session, region: str, book: PolicyBook) -> None:
    """Since when, and until when, a claim of the region is reached by later standards."""
    session.execute(
        text("CREATE TEMP TABLE run_follows (first date, last date, reaches bool) ON COMMIT DROP")
    )
    spans = [
        {"first": first, "last": last or date.max, "reaches": figure.flag}
        for first, last, figure in book.spans("benefit.adjust_running_claims", region)
    ]
    if spans:
        session.execute(text("INSERT INTO run_follows VALUES (:first, :last, :reaches)"), spans)


def _write_rates(session: Session, run: MonthRun, book: PolicyBook) -> list[dict[str, str | bool]]:
    """What the law gives for every place and month that the run may pay; the gaps met, each once."""
    month = Month.parse(run.month)
    within = {"within": f"{reach(run.region)}%"}
    earliest = session.scalar(text(decide.EARLIEST), within)
    looks_back = max(LOOKS_BACK, Month.parse(earliest).until(month) if earliest else 0)
    gaps: dict[str, set[str]] = {}
    prices = published(session, by=run.day)
    rows = []
    for region, household in session.execute(text(decide.PLACES), within):
        for back in range(looks_back, -1, -1):
            asked = month.plus(-back)
            rate = rate_of(
                region=region, household_region=household or None, month=asked, book=book, prices=prices
            )
            if not back:
                for missing in (r.parameter for r in rate.reasons if r.code == "policy_gap"):
                    gaps.setdefault(missing.partition(".")[0], set()).add(region)
            rows.append(
                {
                    "run_id": run.id,
                    "region": region,
                    "household_region": household,
                    "month": str(asked),
                    "benefit_fen": rate.benefit.fen if rate.benefit else None,
                    "medical_fen": rate.medical.fen if rate.medical else None,
                    "subsidy_fen": rate.subsidy.fen if rate.subsidy else None,
                    "reasons": orjson.dumps([reason.plain() for reason in rate.reasons]).decode(),
                }
            )
    if rows:
        session.execute(insert(MonthRate), rows)
    return [_gap(topic, month, regions).plain() for topic, regions in gaps.items()]


def _gap(topic: str, month: Month, regions: set[str]) -> Reason:
    """What was not on file in how many places, and what comes of it."""
    text, text_en = _GAPS.get(topic, _GAPS["benefit"])
    return Reason(
        code="policy_gap",
        text=f"{text}（{month}，{len(regions)} 个地区）",
        text_en=f"{text_en} ({month}, {len(regions)} regions)",
        parameter=topic,
        fact="、".join(sorted(regions)),
        verified=False,
    )


def _write_parts(session: Session, run: MonthRun) -> None:
    within = f"{reach(run.region)}%"
    look_from = _look_from(session, run, within)
    session.execute(text("DROP TABLE run_raise"))
    pieces = session.execute(
        text(decide.PARTS), {"within": within, "size": GRANTS_PER_PART, "look_from": look_from}
    ).all()
    regions = list(dict.fromkeys(region for region, *_ in pieces))
    parts: list[dict[str, Any]] = [{"kind": "match", "region": run.region, "first": None, "last": None}]
    parts += [
        {"kind": "decide", "region": region, "first": first, "last": last}
        for region, first, last, _ in pieces
    ]
    parts += [{"kind": "premium", "region": region, "first": None, "last": None} for region in regions]
    parts += [{"kind": "batch", "region": region, "first": None, "last": None} for region in regions]
    session.add_all(
        MonthPart(
            run_id=run.id,
            number=number,
            kind=part["kind"],
            region=part["region"],
            first_grant=part["first"],
            last_grant=part["last"],
            status="waiting",
        )
        for number, part in enumerate(parts, start=1)
    )
    session.flush()


def _look_from(session: Session, run: MonthRun, within: str) -> str:
    """The first month that may have got more since it was paid: by a raise, or by an index that came later."""
    given = {"run": run.id, "within": within}
    session.execute(text(decide.RAISES), given)
    raised = session.scalar(text(decide.RAISED_FROM)) or _NEVER
    priced = session.scalar(text(decide.PRICED_FROM), given) or _NEVER
    return min(raised, priced)


def _nothing_waits(session: Session, part: MonthPart, kind: str) -> bool:
    left = select(func.count()).where(
        MonthPart.run_id == part.run_id, MonthPart.kind == kind, MonthPart.status == "waiting"
    )
    return not session.scalar(left)


def _note(
    session: Session, run: MonthRun, part: MonthPart, done: PartDone, *, actor: Actor, now: datetime
) -> None:
    append(
        session,
        stream=f"month-run:{part.region}",
        action=Action.GRANTS_DECIDED,
        actor=actor,
        subject=f"month_run:{run.id}",
        after={
            "part": part.number,
            "grants": [part.first_grant, part.last_grant],
            "pay": done.pay,
            "hold": done.hold,
            "end": done.end,
            "total": Money(done.total_fen).text,
        },
        now=now,
    )
