"""Risk rules and flags for the internal controller: read, write, try, put in force, screen, judge (CTRL-04)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.risk_views import (
    FactView,
    FlagRow,
    RoundView,
    RuleBook,
    RuleKept,
    RuleView,
    Tried,
    TriedExample,
)
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.law.policy import PolicyGap
from engine.law.time_limits import pay_day
from engine.oversight import risk, risk_versions
from engine.oversight.risk import Scope, Trial
from engine.oversight.risk_facts import FACTS
from engine.oversight.risk_rules import LEVEL_NAMES, Faults, WrittenRule, faults_of, read_rules
from engine.oversight.risk_tables import RiskFlag, RiskRound, RiskRule
from engine.people import Person, Region
from engine.store.crypto import mask_name
from engine.store.sight import beyond
from engine.values import SYSTEM, Actor, Month, Reason, Refusal, RefusedError, reach

#: who works in the control room; the fund supervisor stands outside the agency and may be the second
ROOM = ("control", "fund_supervisor")
_PAGE = 50


def rule_book(office: Office, actor: Actor) -> RuleBook | Refusal:
    """The rules of the office; those that the system ships are taken in at the first look."""

    def work(session: Session) -> RuleBook:
        duty = at_door(session, office, actor)
        ship(session, office)
        rules = session.scalars(select(RiskRule).order_by(RiskRule.rule, RiskRule.version.desc())).all()
        counts = _counts(session, actor.region)
        last = session.scalars(
            select(RiskRound).where(RiskRound.region == actor.region).order_by(RiskRound.id.desc()).limit(1)
        ).first()
        return RuleBook(
            rules=tuple(_rule_view(session, actor, rule, counts) for rule in rules),
            facts=fact_views(),
            figures=_figures(office, actor.region),
            last=_round(last) if last else None,
            may_write=duty == "control",
        )

    return attempt(office, actor, work, subject="risk-rules", stream="risk-rules")


def rule_view(office: Office, actor: Actor, rule_id: int) -> RuleView | Refusal:
    """One version."""

    def work(session: Session) -> RuleView:
        at_door(session, office, actor)
        return _rule_view(session, actor, _rule(session, rule_id), _counts(session, actor.region))

    return attempt(office, actor, work, subject=f"risk_rule:{rule_id}", stream="risk-rules")


def fact_views() -> tuple[FactView, ...]:
    """What rules may speak of."""
    return tuple(
        FactView(name=fact.name, chinese=fact.chinese, english=fact.english, kind=fact.kind)
        for fact in FACTS.values()
    )


def write_rule(office: Office, actor: Actor, written: WrittenRule) -> RuleKept | Faults | Refusal:
    """The draft kept, with its number; or what is wrong with it, by field."""

    def work(session: Session) -> RuleKept | Faults:
        at_door(session, office, actor, "control")
        faults = faults_of(written, office.book)
        if faults.by_field:
            return faults
        ship(session, office)
        kept = risk_versions.write_version(session, written, actor=actor, now=office.clock())
        return RuleKept(rule_id=kept.id, message=f"已保存为草稿：{kept.rule} 第 {kept.version} 版")

    return attempt(office, actor, work, subject=f"risk_rule:{written.rule}", stream="risk-rules")


def try_rule(office: Office, actor: Actor, written: WrittenRule) -> Tried | Faults | Refusal:
    """What the rule would flag over everybody ever paid here; nothing is kept."""

    def work(session: Session) -> Tried | Faults:
        at_door(session, office, actor)
        faults = faults_of(written, office.book)
        if faults.by_field:
            return faults
        return _tried(session, written, _try(session, office, actor, written))

    return attempt(office, actor, work, subject=f"risk_rule:{written.rule}", stream="risk-rules")


def try_version(office: Office, actor: Actor, rule_id: int) -> Tried | Refusal:
    """The trial of a kept draft: what it came to is noted on it, so that somebody else can put it in force."""

    def work(session: Session) -> Tried:
        at_door(session, office, actor, "control")
        rule = _rule(session, rule_id)
        written = risk.written_of(rule)
        found = _try(session, office, actor, written)
        risk_versions.note_trial(session, rule, found, now=office.clock())
        return _tried(session, written, found)

    return attempt(office, actor, work, subject=f"risk_rule:{rule_id}", stream="risk-rules")


def approve_rule(office: Office, actor: Actor, rule_id: int) -> Done | Refusal:
    """The version in force, by somebody else than who wrote it."""

    def work(session: Session) -> Done:
        at_door(session, office, actor)
        _rule(session, rule_id)
        rule = risk_versions.put_live(session, rule_id, actor=actor, now=office.clock())
        return Done(message=f"规则“{rule.name}”第{rule.version}版已生效")

    return attempt(office, actor, work, subject=f"risk_rule:{rule_id}", stream="risk-rules")


def retire_rule(office: Office, actor: Actor, rule_id: int, *, why: str) -> Done | Refusal:
    """The version out of force."""

    def work(session: Session) -> Done:
        at_door(session, office, actor, "control")
        _rule(session, rule_id)
        rule = risk_versions.retire(session, rule_id, why=why, actor=actor, now=office.clock())
        return Done(message=f"规则“{rule.name}”第{rule.version}版已停用")

    return attempt(office, actor, work, subject=f"risk_rule:{rule_id}", stream="risk-rules")


def screen(office: Office, actor: Actor, *, month: str = "", region: str = "") -> Done | Refusal:
    """Every live rule put to everybody who is paid in the region, before the month is paid."""
    where = region or actor.region or office.settings.region

    def work(session: Session) -> Done:
        if actor != SYSTEM:
            at_door(session, office, actor, "control", region=where)
        ship(session, office)
        scope = _scope(office, where, _month(office, where, month))
        with beyond(session, "risk rules compare everybody who is paid with facts of every region, in sets"):
            made = risk.flag(
                session,
                scope,
                rules=risk_versions.live_rules(session),
                actor=actor,
                now=office.clock(),
            )
        gaps = orjson.loads(made.outcome).get("gaps", [])
        missing = f"；{len(gaps)} 条规则缺少参数，没有筛查：{'；'.join(gaps)}" if gaps else ""
        return Done(message=f"筛查 {made.payees} 名在领人员，{made.flagged} 人有新的疑点{missing}")

    return attempt(office, actor, work, subject=f"office:{where}", stream=f"risk:{where}")


def flags(
    office: Office, actor: Actor, *, status: str = "open", rule: str = "", after: int = 0
) -> tuple[FlagRow, ...] | Refusal:
    """Flags of the actor's region, newest first, a page of fifty before the number ``after``."""

    def work(session: Session) -> tuple[FlagRow, ...]:
        at_door(session, office, actor)
        query = (
            select(RiskFlag, RiskRule, Person.name, Region.name)
            .join(RiskRule, RiskRule.id == RiskFlag.rule_id)
            .join(Person, Person.id == RiskFlag.person_id)
            .outerjoin(Region, Region.code == RiskFlag.region_code)
            .where(RiskFlag.region_code.startswith(reach(actor.region)))
            .order_by(RiskFlag.id.desc())
            .limit(_PAGE)
        )
        query = query.where(RiskFlag.status == status) if status in risk.STATUS_NAMES else query
        query = query.where(RiskFlag.rule == rule) if rule else query
        query = query.where(RiskFlag.id < after) if after else query
        return tuple(_flag_row(session, *row) for row in session.execute(query))

    return attempt(office, actor, work, subject="risk-flags", stream="risk-rules")


def at_door(session: Session, office: Office, actor: Actor, *duties: str, region: str = "") -> str:
    """The duty with which the actor is in the control room; RefusedError for everybody else."""
    wanted = duties or ROOM
    where = region or actor.region
    held = next((duty for duty in wanted if duty in actor.duties), wanted[0])
    no = check_may(session, office.duties, actor, held, where, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)
    return held


def month_typed(typed: str) -> Month:
    """The month as it was typed; RefusedError for any other text."""
    try:
        return Month.parse(typed)
    except ValueError as cause:
        raise RefusedError(
            Reason(code="month_form", text="月份写法如 2025-12", text_en="A month is written 2025-12.")
        ) from cause


def ship(session: Session, office: Office) -> None:
    """What ``processes/risk-rules.yaml`` has and the office does not yet."""
    rules = read_rules(office.settings.processes_dir / "risk-rules.yaml", office.book)
    risk_versions.ship_rules(session, rules, now=office.clock())


def says(written: WrittenRule, facts: Mapping[str, Any]) -> str:
    """The sentence of a flag, facts filled in."""
    text = written.says
    for name, value in facts.items():
        shown = "是" if value is True else "否" if value is False else "不详" if value is None else str(value)
        text = text.replace(f"{{{name}}}", shown)
    return text


def _month(office: Office, region: str, typed: str) -> Month:
    """The month typed, or the next whose pay day is not past."""
    if typed:
        return month_typed(typed)
    month = Month.of(office.today)
    day = pay_day(month, region=region, book=office.book, calendar=office.calendar)
    return month.plus(1) if not isinstance(day, Refusal) and day.day < office.today else month


def _scope(office: Office, region: str, month: Month, *, history: bool = False) -> Scope:
    return risk.scope_of(
        region=region,
        month=month,
        day=office.today,
        book=office.book,
        calendar=office.calendar,
        history=history,
    )


def _try(session: Session, office: Office, actor: Actor, written: WrittenRule) -> Trial:
    scope = _scope(office, actor.region, _month(office, actor.region, ""), history=True)
    try:
        with beyond(
            session, "the trial of a risk rule compares as the rule will: people and cards of every region"
        ):
            return risk.trial(session, scope, written)
    except PolicyGap as gap:
        raise RefusedError(gap.reason) from gap


def _tried(session: Session, written: WrittenRule, found: Trial) -> Tried:
    ids = [example.person_id for example in found.examples]
    names = dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())
    examples = tuple(
        TriedExample(
            grant_id=each.grant_id, name=mask_name(names[each.person_id]), says=says(written, each.facts)
        )
        for each in found.examples
    )
    return Tried(payees=found.payees, flagged=found.flagged, share=found.share, examples=examples)


def _round(last: RiskRound) -> RoundView:
    return RoundView(
        region=last.region, month=last.month, payees=last.payees, flagged=last.flagged, run_at=last.run_at
    )


def _rule(session: Session, rule_id: int) -> RiskRule:
    rule = session.get(RiskRule, rule_id)
    if rule is None:
        raise RefusedError(Reason(code="no_such_rule", text="没有这条规则", text_en="No such rule."))
    return rule


def _counts(session: Session, region: str) -> Mapping[int, tuple[int, int]]:
    query = (
        select(RiskFlag.rule_id, func.count().filter(RiskFlag.status == "open"), func.count())
        .where(RiskFlag.region_code.startswith(reach(region)))
        .group_by(RiskFlag.rule_id)
    )
    return {rule_id: (waiting, found) for rule_id, waiting, found in session.execute(query)}


def _rule_view(
    session: Session, actor: Actor, rule: RiskRule, counts: Mapping[int, tuple[int, int]]
) -> RuleView:
    waiting, found = counts.get(rule.id, (0, 0))
    return RuleView(
        id=rule.id,
        written=risk.written_of(rule),
        version=rule.version,
        level_name=LEVEL_NAMES[rule.level],
        status=rule.status,
        status_name=risk_versions.STATUS_NAMES[rule.status],
        written_by=name_of(session, rule.written_by),
        written_at=rule.written_at,
        tried_at=rule.tried_at,
        tried_flagged=rule.tried_flagged,
        tried_payees=rule.tried_payees,
        approved_by=name_of(session, rule.approved_by or ""),
        open=waiting,
        flags=found,
        may_approve=rule.status == "trial" and rule.written_by != actor.key,
    )


def _flag_row(session: Session, flag: RiskFlag, rule: RiskRule, person: str, region: str | None) -> FlagRow:
    return FlagRow(
        flag_id=flag.id,
        rule=flag.rule,
        rule_name=rule.name,
        level=flag.level,
        level_name=LEVEL_NAMES[flag.level],
        name=mask_name(person),
        person_id=flag.person_id,
        grant_id=flag.grant_id,
        region=flag.region_code,
        region_name=region or flag.region_code,
        says=says(risk.written_of(rule), orjson.loads(flag.facts)),
        found_at=flag.found_at,
        status=flag.status,
        status_name=risk.STATUS_NAMES[flag.status],
        case_id=flag.case_id,
        judged_by=name_of(session, flag.judged_by or ""),
        judged_why=flag.judged_why,
    )


def _figures(office: Office, region: str) -> tuple[tuple[str, str, str], ...]:
    """Figures of control in force today: key, title, value."""
    keys = dict.fromkeys(each.key for each in office.book.parameters() if each.key.startswith("control."))
    found = [(key, office.book.find(key, region, office.today)) for key in keys]
    return tuple((key, each.title, each.label.rpartition("=")[2]) for key, each in found if each is not None)
