"""Sampling (抽检): a share of every stratum by a seed that stands on record, all of high risk, judged by others (CTRL-04).

Anybody can draw again: within a stratum items come in the order of SHA-256 over ``seed:key``, and the first of them
are taken. Who may draw is the caller's business; that nobody judges their own work, the database sees to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.law.policy import Parameter
from engine.oversight.sampling_tables import SampleDraw, SampleItem
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import CHINA, Actor, Money, Month, Reason, RefusedError, reach

Kind = Literal["process", "month"]
Verdict = Literal["right", "wrong"]
STATUS_NAMES = {"open": "待复查", "right": "无误", "wrong": "有误"}
STRATA = ("地区", "金额", "经办人")
SOURCE = "鲁人社函〔2020〕10号（八）"

# cases that ended in the month, and who decided them last
_CASES = """
SELECT c.id AS of_case_id, NULL::bigint AS order_id, c.subject, c.region_code, 'case:' || c.id AS key,
       CASE WHEN COALESCE(g.monthly_fen * g.months, 0) > :large THEN :above ELSE :below END AS amount,
       COALESCE((SELECT h.actor FROM workflow_history h WHERE h.case_id = c.id AND h.kind = 'completed'
                  AND starts_with(h.actor, 'staff:') ORDER BY h.id DESC LIMIT 1), '') AS handler
  FROM workflow_case c LEFT JOIN benefit_grant g ON g.case_id = c.id
 WHERE c.process_id = :of AND c.status = 'completed' AND c.ended_at >= :first AND c.ended_at < :after
   AND c.region_code LIKE :within"""
# what was ordered for the month, and who ordered it
_ORDERS = """
SELECT NULL::integer AS of_case_id, o.id AS order_id, o.payee_kind || ':' || o.payee_id AS subject,
       o.region AS region_code, 'order:' || o.id AS key,
       CASE WHEN o.amount_fen > :large THEN :above ELSE :below END AS amount, o.created_by AS handler
  FROM payment_order o
 WHERE o.purpose = :of AND o.month = :month AND o.status <> 'cancelled' AND o.region LIKE :within"""
_DRAW = """
WITH pool AS ({pool}),
risky AS (SELECT DISTINCT 'person:' || person_id AS subject FROM risk_flag WHERE level = 'high' AND status <> 'dismissed'),
ranked AS (
  SELECT p.*, r.subject IS NOT NULL AS high_risk,
         row_number() OVER (PARTITION BY p.region_code, p.amount, p.handler
           ORDER BY sha256(convert_to(:seed || ':' || p.key, 'UTF8'))) AS place,
         count(*) OVER (PARTITION BY p.region_code, p.amount, p.handler) AS many
    FROM pool p LEFT JOIN risky r ON r.subject = p.subject),
taken AS (SELECT * FROM ranked WHERE high_risk OR place <= ceil(many * CAST(:rate AS numeric)))
"""
# fixed texts, put together
_COUNT = _DRAW + "SELECT (SELECT count(*) FROM pool), count(*), count(*) FILTER (WHERE high_risk) FROM taken"  # noqa: S608
_KEYS = _DRAW + 'SELECT key FROM taken ORDER BY key COLLATE "C"'  # noqa: S608
_KEEP = (
    _DRAW
    + """INSERT INTO sample_item (draw_id, number, of_case_id, order_id, subject, region_code, stratum, high_risk, status, note)
SELECT :draw, row_number() OVER (ORDER BY t.region_code, t.amount, t.handler, t.place), t.of_case_id, t.order_id, t.subject,
       t.region_code, left(t.region_code || ' · ' || t.amount || ' · ' || COALESCE(s.name, t.handler), 120), t.high_risk, 'open', ''
  FROM taken t LEFT JOIN staff_member s ON t.handler = 'staff:' || s.id"""
)


def draw(
    session: Session,
    *,
    kind: Kind,
    of: str,
    region: str,
    month: Month,
    rate: Parameter,
    large: Money,
    seed: str,
    actor: Actor,
    now: datetime,
) -> SampleDraw:
    """The draw with its items; refused where the same was drawn before, or there is nothing to draw from.

    Of every stratum at least one item is taken. ``large``: from above this amount on, a stratum of its own.
    """
    same = select(SampleDraw.id).where(
        SampleDraw.kind == kind,
        SampleDraw.of == of,
        SampleDraw.region == region,
        SampleDraw.month == str(month),
    )
    if session.scalar(same) is not None:
        raise _no(
            "drawn_before", "该范围当月已经抽过，不能重抽", "It was drawn before and is not drawn again."
        )
    given = _given(of=of, region=region, month=month, seed=seed, rate=str(rate.decimal), large=large)
    pool, drawn, risky = session.execute(text(_of(kind, _COUNT)), given).one()
    if not pool:
        raise _no("nothing_to_draw", "该范围当月没有可抽的事项", "There is nothing to draw from.")
    made = SampleDraw(
        kind=kind,
        of=of,
        region=region,
        month=str(month),
        rate=rate.decimal,
        reasons=orjson.dumps([_share(rate).plain(), {"large_fen": large.fen}]).decode(),
        strata=orjson.dumps(STRATA).decode(),
        seed=seed,
        population=pool,
        drawn=drawn,
        high_risk=risky,
        drawn_by=actor.key,
        drawn_at=now,
    )
    session.add(made)
    session.flush()
    session.execute(text(_of(kind, _KEEP)), {**given, "draw": made.id})
    told = ("kind", "of", "month", "seed", "population", "drawn", "high_risk")
    append(
        session,
        stream=f"samples:{region}",
        action=Action.SAMPLE_DRAWN,
        actor=actor,
        subject=f"sample_draw:{made.id}",
        after={"rate": str(rate.decimal), **{name: getattr(made, name) for name in told}},
        now=now,
    )
    return made


def _share(rate: Parameter) -> Reason:
    return Reason(
        code="sample_ratio",
        text=f"各层抽 {rate.decimal:.0%}，每层至少一件；高风险的全部复查",
        text_en=f"{rate.decimal:.0%} of every stratum, one at least; everything of high risk.",
        parameter=rate.label,
        source=rate.source,
        verified=rate.verified,
    )


def drawn_again(session: Session, made: SampleDraw) -> tuple[str, ...]:
    """The keys (``case:17``, ``order:3``) that the seed on record draws from what there is today, in order of key."""
    large = Money(orjson.loads(made.reasons)[1]["large_fen"])
    given = _given(
        of=made.of,
        region=made.region,
        month=Month.parse(made.month),
        seed=made.seed,
        rate=str(made.rate),
        large=large,
    )
    kind: Kind = "process" if made.kind == "process" else "month"
    return tuple(session.scalars(text(_of(kind, _KEYS)), given))


def judge_item(
    session: Session, item_id: int, *, verdict: Verdict, note: str, actor: Actor, now: datetime
) -> SampleItem:
    """The item, judged once; refused the other way, and by the database for whoever had a hand in it."""
    item = session.get_one(SampleItem, item_id, with_for_update=True, populate_existing=True)
    if item.status == verdict:
        return item
    if item.status != "open":
        raise _no("item_judged", f"该项已判为“{STATUS_NAMES[item.status]}”", "The item is judged already.")
    item.status, item.judged_by, item.judged_at, item.note = verdict, actor.key, now, note.strip()
    session.flush()
    append(
        session,
        stream=f"samples:{item.region_code}",
        action=Action.SAMPLE_JUDGED,
        actor=actor,
        subject=f"sample_item:{item.id}",
        before={"status": "open"},
        after={"status": verdict},
        reason=note.strip(),
        now=now,
    )
    return item


def _of(kind: Kind, statement: str) -> str:
    return statement.replace("{pool}", _CASES if kind == "process" else _ORDERS)


def _given(*, of: str, region: str, month: Month, seed: str, rate: str, large: Money) -> dict[str, object]:
    return {
        "of": of,
        "month": str(month),
        "within": f"{reach(region)}%",
        "seed": seed,
        "rate": rate,
        "large": large.fen,
        "above": f"超过{large.text}元",
        "below": f"{large.text}元及以下",
        "first": datetime.combine(month.first_day, datetime.min.time(), tzinfo=CHINA),
        "after": datetime.combine(month.plus(1).first_day, datetime.min.time(), tzinfo=CHINA),
    }


def _no(code: str, text_: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=text_, text_en=text_en, source=SOURCE))
