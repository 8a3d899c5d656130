"""Putting risk rules to everybody who is paid: flags with their facts, and trial runs that keep nothing (CTRL-04).

One statement for each rule over a whole region; nothing is looped over by row. A flag is a lead, not a finding: it
is judged by people. The tables are ``risk_tables``, what may be asked ``risk_facts``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from typing import cast as cast_type

import orjson
from sqlalchemy import ColumnElement, Select, Table, Text, cast, func, literal, select
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.law.calendar import WorkCalendar
from engine.law.policy import NATIONAL, PolicyBook, PolicyGap
from engine.law.time_limits import pay_day
from engine.oversight.risk_expressions import Condition, compile_condition
from engine.oversight.risk_facts import FACTS, JOINS
from engine.oversight.risk_rules import WrittenRule, figures_of, told_facts
from engine.oversight.risk_sources import GRANT, PERSON, gather, is_paid
from engine.oversight.risk_tables import RiskFlag, RiskRound, RiskRule
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Month, Reason, Refusal, RefusedError, reach

Verdict = Literal["accepted", "dismissed"]
STATUS_NAMES: Mapping[str, str] = {"open": "待查", "accepted": "属实", "dismissed": "排除"}
_FLAGS = cast_type(Table, RiskFlag.__table__)
#: how many of those whom a trial would flag are shown
EXAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom the rules are put to, and the days that they count by."""

    region: str
    month: Month
    day: date
    book: PolicyBook
    #: values of the bind parameters of ``risk_sources``
    binds: Mapping[str, object]
    #: everybody who was ever paid, for a trial over history
    history: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One payee whom a trial would flag."""

    grant_id: int
    person_id: int
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a rule would flag today; nothing of it is kept."""

    payees: int
    flagged: int
    examples: tuple[Example, ...]

    @property
    def share(self) -> float:
        """Flagged of all payees, 0 to 1; zero where nobody is paid."""
        return self.flagged / self.payees if self.payees else 0.0


def scope_of(
    *,
    region: str,
    month: Month,
    day: date,
    book: PolicyBook,
    calendar: WorkCalendar,
    history: bool = False,
) -> Scope:
    """The region with all below it, before the pay day of the month; RefusedError where a figure or a year is missing."""
    now, before = (
        pay_day(each, region=region, book=book, calendar=calendar) for each in (month, month.plus(-1))
    )
    if isinstance(now, Refusal) or isinstance(before, Refusal):
        no = now if isinstance(now, Refusal) else before
        assert isinstance(no, Refusal)  # noqa: S101 - one of the two is
        raise RefusedError(*no.reasons)
    try:
        months = book.at("control.risk_months", region, day).count
        minimum = book.at("eligibility.min_months", NATIONAL, day).count
    except PolicyGap as gap:
        raise RefusedError(gap.reason) from gap
    since = "0000-00" if history else str(month.plus(-months))
    binds = {
        "pay_day": now.day,
        "last_pay_day": before.day,
        "since_month": since,
        "minimum_months": minimum,
    }
    return Scope(region=region, month=month, day=day, book=book, binds=binds, history=history)


def flag(
    session: Session, scope: Scope, *, rules: Sequence[RiskRule], actor: Actor, now: datetime
) -> RiskRound:
    """The round in which every rule was put once, with its new flags; the same facts are not flagged twice.

    A rule whose figures are not on file for a region is left out, and the round says so.
    """
    made = RiskRound(
        region=scope.region,
        month=str(scope.month),
        payees=count_payees(session, scope),
        flagged=0,
        outcome="{}",
        run_by=actor.key,
        run_at=now,
    )
    session.add(made)
    session.flush()
    gather(session, scope.binds)
    gaps: list[str] = []
    for rule in rules:
        try:
            _put(session, scope, rule, made, now=now)
        except PolicyGap as gap:
            gaps.append(f"{rule.name}：{gap.reason.text}")
    fresh = select(RiskFlag.rule, func.count()).where(RiskFlag.round_id == made.id).group_by(RiskFlag.rule)
    found: dict[str, object] = dict(session.execute(fresh.order_by(RiskFlag.rule)).all())
    made.outcome = orjson.dumps({**found, "gaps": gaps} if gaps else found).decode()
    people = select(func.count(RiskFlag.person_id.distinct())).where(RiskFlag.round_id == made.id)
    made.flagged = session.execute(people).scalar_one()
    session.flush()
    append(
        session,
        stream=f"risk:{scope.region}",
        action=Action.RISKS_FLAGGED,
        actor=actor,
        subject=f"risk_round:{made.id}",
        after={"month": made.month, "payees": made.payees, "flagged": made.flagged, "by_rule": made.outcome},
        now=now,
    )
    return made


def trial(session: Session, scope: Scope, written: WrittenRule) -> Trial:
    """How many the rule would flag, of how many, with examples; RuleError or PolicyGap where it cannot be put."""
    condition = compile_condition(written.condition, figures_of(scope.book))
    gather(session, scope.binds)
    hit = _hits(session, scope, written, condition)
    flagged = session.execute(
        select(func.count()).select_from(hit.with_only_columns(GRANT.c.id).subquery()), scope.binds
    ).scalar_one()
    rows = session.execute(hit.order_by(GRANT.c.id).limit(EXAMPLES), scope.binds)
    examples = tuple(
        Example(grant_id=row.grant_id, person_id=row.person_id, facts=orjson.loads(row.facts)) for row in rows
    )
    return Trial(payees=count_payees(session, scope), flagged=flagged, examples=examples)


def count_payees(session: Session, scope: Scope) -> int:
    """How many grants the rules are put to."""
    asked = select(func.count()).select_from(GRANT).where(*_whom(scope))
    return int(session.execute(asked, scope.binds).scalar_one())


def judge_flag(
    session: Session, flag_id: int, *, verdict: Verdict, why: str, actor: Actor, now: datetime
) -> RiskFlag:
    """The flag, accepted or dismissed; judged the same way again it stays, the other way it is refused."""
    found = session.get_one(RiskFlag, flag_id, with_for_update=True, populate_existing=True)
    if found.status == verdict:
        return found
    if found.status != "open":
        raise RefusedError(
            Reason(
                code="flag_judged",
                text=f"该疑点已认定为“{STATUS_NAMES[found.status]}”，不能再改",
                text_en=f"The flag is {found.status} already.",
                source="鲁人社函〔2020〕10号（八）",
            )
        )
    if not why.strip():
        raise RefusedError(
            Reason(
                code="why_missing",
                text="请写明认定理由",
                text_en="Say why.",
                source="鲁人社函〔2020〕10号（八）",
            )
        )
    found.status, found.judged_by, found.judged_at, found.judged_why = verdict, actor.key, now, why.strip()
    session.flush()
    append(
        session,
        stream=f"risk:{found.region_code}",
        action=Action.RISK_JUDGED,
        actor=actor,
        subject=f"risk_flag:{found.id}",
        before={"status": "open"},
        after={"status": verdict, "rule": found.rule, "grant_id": found.grant_id},
        reason=why.strip(),
        now=now,
    )
    return found


def written_of(rule: RiskRule) -> WrittenRule:
    """A kept version as it was written."""
    return WrittenRule(
        rule=rule.rule,
        name=rule.name,
        english=rule.english,
        level=rule.level,
        condition=rule.condition,
        says=rule.says,
        source=rule.source,
        verified=rule.verified,
    )


def _put(session: Session, scope: Scope, rule: RiskRule, made: RiskRound, *, now: datetime) -> None:
    """Its flags, all in one statement."""
    written = written_of(rule)
    condition = compile_condition(written.condition, figures_of(scope.book))
    hit = _hits(session, scope, written, condition).subquery()
    rows = select(
        literal(made.id),
        literal(rule.id),
        literal(rule.rule),
        literal(rule.level),
        hit.c.grant_id,
        hit.c.person_id,
        hit.c.region_code,
        hit.c.facts,
        hit.c.evidence,
        literal(now, RiskFlag.__table__.c.found_at.type),
        literal("open"),
    ).params(**scope.binds)
    names = (
        "round_id", "rule_id", "rule", "level", "grant_id", "person_id", "region_code", "facts", "evidence",
        "found_at", "status",
    )  # fmt: skip
    session.execute(insert(_FLAGS).from_select(names, rows).on_conflict_do_nothing())


def _hits(
    session: Session, scope: Scope, written: WrittenRule, condition: Condition
) -> Select[tuple[Any, ...]]:
    """Grants of the scope for which the condition holds, with the facts that are told and their evidence."""
    told = told_facts(written, condition)
    figures = _figures(session, scope, condition.figures)
    joins = dict.fromkeys(need for name in told for need in FACTS[name].needs)
    source: Any = GRANT.join(PERSON, PERSON.c.id == GRANT.c.person_id)
    for name in joins:
        source = source.outerjoin(JOINS[name].target, JOINS[name].on)
    pairs = [part for name in told for part in (literal(name), FACTS[name].column)]
    evidence = [_evidence(name) for name in condition.facts]
    seen = func.concat_ws("|", literal(written.rule), *evidence)
    return (
        select(
            GRANT.c.id.label("grant_id"),
            GRANT.c.person_id,
            GRANT.c.region_code,
            cast(func.jsonb_build_object(*pairs), Text).label("facts"),
            func.encode(func.sha256(func.convert_to(seen, "UTF8")), "hex").label("evidence"),
        )
        .select_from(source)
        .where(*_whom(scope), condition.sql(figures.__getitem__))
    )


def _evidence(name: str) -> ColumnElement[Any]:
    fact = FACTS[name]
    return func.concat(name, "=", fact.column if fact.evidence is None else fact.evidence)


def _whom(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    below = GRANT.c.region_code.startswith(reach(scope.region))
    return (below,) if scope.history else (below, is_paid())


def _figures(session: Session, scope: Scope, keys: Sequence[str]) -> dict[str, ColumnElement[Any]]:
    """Each figure as SQL: a value, or one for each region where they differ. PolicyGap where one has none."""
    if not keys:
        return {}
    codes = session.scalars(select(GRANT.c.region_code).where(*_whom(scope)).distinct(), scope.binds).all()
    found: dict[str, ColumnElement[Any]] = {}
    for key in keys:
        values = {code: _plain(scope, key, code) for code in codes or (scope.region,)}
        alike = set(values.values())
        found[key] = literal(alike.pop()) if len(alike) == 1 else sql_case(values, value=GRANT.c.region_code)
    return found


def _plain(scope: Scope, key: str, region: str) -> Any:
    value = scope.book.at(key, region, scope.day).value
    if isinstance(value, Money):
        return value.fen
    return str(value) if isinstance(value, Month) else value
