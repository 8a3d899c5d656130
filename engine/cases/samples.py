"""Sampling and re-checking: draws by a seed on record, a case for every item, and for a flag that needs one (CTRL-04)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.risk_room import at_door, month_typed, says
from engine.cases.staff import name_of
from engine.cases.start import next_case, start_case
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.law.policy import Parameter, PolicyGap
from engine.money.ledger_tables import PaymentPurpose
from engine.money.payment_tables import PaymentOrder
from engine.oversight import sampling
from engine.oversight.risk import written_of
from engine.oversight.risk_tables import RiskFlag, RiskRule
from engine.oversight.sampling_tables import SampleDraw, SampleItem
from engine.people import Region
from engine.store.crypto import mask_name
from engine.values import SYSTEM, Actor, CaseId, Reason, Refusal, RefusedError, reach

_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawView:
    """One draw and how far it is re-checked."""

    draw_id: int
    kind: str
    #: the process or the purpose, in words
    of_name: str
    region: str
    region_name: str
    month: str
    share: str
    reasons: tuple[Reason, ...]
    seed: str
    population: int
    drawn: int
    high_risk: int
    open: int
    right: int
    wrong: int
    drawn_by: str
    drawn_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One item of a draw."""

    number: int
    about: str
    stratum: str
    high_risk: bool
    status: str
    status_name: str
    case_id: int | None
    judged_by: str
    judged_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDesk:
    """The page of samples."""

    draws: tuple[DrawView, ...]
    #: what can be drawn from: kind, id, Chinese name
    choices: tuple[tuple[str, str, str], ...]
    may_draw: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawPage:
    """One draw with its items."""

    draw: DrawView
    items: tuple[ItemRow, ...]
    #: what the seed draws today; None until somebody asked
    again: tuple[str, ...] | None
    #: keys of the items on record, to compare with
    kept: tuple[str, ...]


def sample_desk(office: Office, actor: Actor) -> SampleDesk | Refusal:
    """The draws of the actor's region, newest first."""

    def work(session: Session) -> SampleDesk:
        duty = at_door(session, office, actor)
        rows = session.scalars(
            select(SampleDraw)
            .where(SampleDraw.region.startswith(reach(actor.region)))
            .order_by(SampleDraw.id.desc())
            .limit(_PAGE)
        ).all()
        choices = tuple((kind, of, name) for (kind, of), name in _names(session).items())
        return SampleDesk(
            draws=tuple(_draw_view(session, each) for each in rows),
            choices=choices,
            may_draw=duty == "control",
        )

    return attempt(office, actor, work, subject="samples", stream="samples")


def draw_page(office: Office, actor: Actor, draw_id: int, *, again: bool = False) -> DrawPage | Refusal:
    """One draw; with ``again``, drawn anew from its seed beside what was drawn then."""

    def work(session: Session) -> DrawPage:
        made = session.get(SampleDraw, draw_id)
        if made is None:
            raise RefusedError(Reason(code="no_such_draw", text="没有这次抽检", text_en="No such draw."))
        at_door(session, office, actor, region=made.region)
        items = session.scalars(
            select(SampleItem).where(SampleItem.draw_id == draw_id).order_by(SampleItem.number).limit(500)
        ).all()
        return DrawPage(
            draw=_draw_view(session, made),
            items=tuple(_item_row(session, each) for each in items),
            again=sampling.drawn_again(session, made) if again else None,
            kept=_kept(session, draw_id),
        )

    return attempt(office, actor, work, subject=f"sample_draw:{draw_id}", stream="samples")


def draw_sample(
    office: Office, actor: Actor, *, what: str, month: str, region: str = "", seed: str = ""
) -> Done | Refusal:
    """A draw of ``process:claim`` or ``month:benefit`` in a month; the seed is made up here and stands on record."""
    where = region or actor.region
    kind, _, of = what.partition(":")

    def work(session: Session) -> Done:
        at_door(session, office, actor, "control", region=where)
        if (kind, of) not in _names(session):
            raise RefusedError(
                Reason(code="no_such_choice", text="请选择抽检范围", text_en="Choose what to draw from.")
            )
        made = sampling.draw(
            session,
            kind="process" if kind == "process" else "month",
            of=of,
            region=where,
            month=month_typed(month),
            rate=_figure(office, "control.sample_ratio", where),
            large=_figure(office, "control.collective_review_over", where).money,
            seed=seed or secrets.token_hex(16),
            actor=actor,
            now=office.clock(),
        )
        return Done(
            message=f"从 {made.population} 件中抽出 {made.drawn} 件，其中高风险 {made.high_risk} 件，逐件立案复查"
        )

    return attempt(office, actor, work, subject=f"office:{where}", stream="samples")


def recheck_flag(office: Office, actor: Actor, flag_id: int) -> Done | Refusal:
    """The re-check of a flag, opened; the flag is judged in it. The same flag has one."""

    def work(session: Session) -> Done:
        flag = session.get(RiskFlag, flag_id, with_for_update=True)
        if flag is None:
            raise RefusedError(Reason(code="no_such_flag", text="没有这条疑点", text_en="No such flag."))
        at_door(session, office, actor, "control", region=flag.region_code)
        if flag.case_id is not None or flag.status != "open":
            raise RefusedError(
                Reason(code="too_late", text="该疑点已在复查或已认定", text_en="It is re-checked already.")
            )
        rule = session.get_one(RiskRule, flag.rule_id)
        data = {
            "recheck_source": "flag",
            "item_id": flag.id,
            "recheck_about": f"{mask_name(name_of(session, f'person:{flag.person_id}'))}（待遇 {flag.grant_id}）",
            "recheck_why": f"{rule.name}：{says(written_of(rule), orjson.loads(flag.facts))}",
            "of_case_key": _case_key(session, flag.grant_id),
        }
        flag.case_id = _opened(session, office, actor, flag.region_code, data)
        session.flush()
        return Done(message="复查已立案", case_id=CaseId(flag.case_id))

    return attempt(office, actor, work, subject=f"risk_flag:{flag_id}", stream="samples")


def open_rechecks(office: Office, limit: int = 50) -> int:
    """How many items got their case; swept, a few at a time, each piece a transaction."""
    with office.store.transaction() as session:
        waiting = session.scalars(
            select(SampleItem)
            .where(SampleItem.status == "open", SampleItem.case_id.is_(None))
            .order_by(SampleItem.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for item in waiting:
            data = {
                "recheck_source": "sample",
                "item_id": item.id,
                "recheck_about": _about(session, item),
                "recheck_why": "高风险，必查" if item.high_risk else f"抽检：{item.stratum}",
                "of_case_key": _key_of(session, item),
            }
            item.case_id = _opened(session, office, SYSTEM, item.region_code, data)
        return len(waiting)


def _kept(session: Session, draw_id: int) -> tuple[str, ...]:
    """Every item on record as the seed knows it, in order of key."""
    query = select(SampleItem.of_case_id, SampleItem.order_id).where(SampleItem.draw_id == draw_id)
    keys = (f"case:{case}" if case else f"order:{order}" for case, order in session.execute(query))
    return tuple(sorted(keys))


def _opened(session: Session, office: Office, actor: Actor, region: str, data: dict[str, object]) -> int:
    case = next_case(session, office, "recheck", region=region, subject=f"office:{region}")
    start_case(office, session, actor, case, data)
    return int(case.id)


def _names(session: Session) -> dict[tuple[str, str], str]:
    """What can be drawn from: processes that decide about somebody, and purposes of payments."""
    shown = {
        "claim": "失业保险金申领", "transfer_in": "关系转入", "transfer_out": "关系转出", "stable_jobs": "稳岗返还",
        "refund_settlement": "稳岗返还清算", "stop": "停发核实", "recovery": "追回",
    }  # fmt: skip
    processes = {("process", each): f"办结案件：{name}" for each, name in shown.items()}
    uses = session.execute(select(PaymentPurpose.purpose, PaymentPurpose.name)).all()
    return processes | {("month", purpose): f"当月支付：{name}" for purpose, name in uses}


def _about(session: Session, item: SampleItem) -> str:
    who = mask_name(name_of(session, item.subject))
    if item.order_id is None:
        return f"{who} {_key_of(session, item)}"
    order = session.get_one(PaymentOrder, item.order_id)
    return f"{who} {order.month or ''} {order.amount_fen / 100:.2f} 元"


def _key_of(session: Session, item: SampleItem) -> str:
    case_id = item.of_case_id
    if item.order_id is not None:
        case_id = session.get_one(PaymentOrder, item.order_id).case_id
    found = session.scalar(text("SELECT case_key FROM workflow_case WHERE id = :id"), {"id": case_id})
    return str(found or "")


def _case_key(session: Session, grant_id: int) -> str:
    found = session.scalar(
        text(
            "SELECT c.case_key FROM benefit_grant g JOIN workflow_case c ON c.id = g.case_id WHERE g.id = :id"
        ),
        {"id": grant_id},
    )
    return str(found or "")


def _draw_view(session: Session, made: SampleDraw) -> DrawView:
    counts: dict[str, int] = dict(
        session.execute(
            select(SampleItem.status, func.count())
            .where(SampleItem.draw_id == made.id)
            .group_by(SampleItem.status)
        ).all()
    )
    region = session.get(Region, made.region)
    return DrawView(
        draw_id=made.id,
        kind=made.kind,
        of_name=_names(session).get((made.kind, made.of), made.of),
        region=made.region,
        region_name=region.name if region else made.region,
        month=made.month,
        share=f"{made.rate:.0%}",
        reasons=(Reason(**orjson.loads(made.reasons)[0]),),
        seed=made.seed,
        population=made.population,
        drawn=made.drawn,
        high_risk=made.high_risk,
        open=counts.get("open", 0),
        right=counts.get("right", 0),
        wrong=counts.get("wrong", 0),
        drawn_by=name_of(session, made.drawn_by),
        drawn_at=made.drawn_at,
    )


def _item_row(session: Session, item: SampleItem) -> ItemRow:
    return ItemRow(
        number=item.number,
        about=_about(session, item),
        stratum=item.stratum,
        high_risk=item.high_risk,
        status=item.status,
        status_name=sampling.STATUS_NAMES[item.status],
        case_id=item.case_id,
        judged_by=name_of(session, item.judged_by) if item.judged_by else "",
        judged_at=item.judged_at,
        note=item.note,
    )


def _figure(office: Office, key: str, region: str) -> Parameter:
    try:
        return office.book.at(key, region, office.today)
    except PolicyGap as gap:
        raise RefusedError(gap.reason) from gap
