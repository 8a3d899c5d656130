"""The facts that risk rules may speak of: each a column over one row per grant that is paid (CTRL-04).

A fact says what is stored and judges nothing; thresholds stand in the rules, their numbers in the policy. What a
fact needs beyond grant and person is a left join of its own with one row for each, so a rule costs what it asks.
Nothing known counts as nothing wrong: without a roster nobody is unknown to it. Read by ``risk``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from engine.oversight import risk_sources as sources
from engine.oversight.risk_sources import CARD, GRANT, LAST_PAY_DAY, PAY_DAY, PERSON

Kind = Literal["number", "flag", "text", "day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is known of a grant and the person who is paid."""

    name: str
    chinese: str
    english: str
    kind: Kind
    column: ColumnElement[Any]
    #: what has to be joined, names of ``JOINS`` in order
    needs: tuple[str, ...] = ()
    #: what makes it the same fact again on another day; None: its value
    evidence: ColumnElement[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """One left join with at most one row for each grant."""

    target: FromClause
    on: ColumnElement[bool]


_SHARED, _NAMED, _ELSEWHERE = sources.shared_accounts(), sources.other_names(), sources.paid_elsewhere()
_DEATHS, _HITS, _STAFF = sources.months_after_death(), sources.hits_by_grant(), sources.staff_paid()
_CASE, _OVER, _EXITS = sources.case_of_grant(), sources.over_standard(), sources.exits_together()
_PEOPLE = sources.known_people()

JOINS: Mapping[str, Join] = {
    "card": Join(target=CARD, on=CARD.c.person_index == PERSON.c.id_number_index),
    "shared": Join(target=_SHARED, on=_SHARED.c.person_id == GRANT.c.person_id),
    "named": Join(target=_NAMED, on=_NAMED.c.person_id == GRANT.c.person_id),
    "elsewhere": Join(target=_ELSEWHERE, on=_ELSEWHERE.c.person_id == GRANT.c.person_id),
    "deaths": Join(target=_DEATHS, on=_DEATHS.c.person_id == GRANT.c.person_id),
    "hits": Join(target=_HITS, on=_HITS.c.grant_id == GRANT.c.id),
    "staff": Join(target=_STAFF, on=_STAFF.c.person_id == GRANT.c.person_id),
    "case": Join(target=_CASE, on=_CASE.c.id == GRANT.c.case_id),
    "over": Join(target=_OVER, on=_OVER.c.grant_id == GRANT.c.id),
    "people": Join(target=_PEOPLE, on=_PEOPLE.c.person_index == PERSON.c.id_number_index),
    "exits": Join(target=_EXITS, on=_EXITS.c.case_id == GRANT.c.case_id),
}


def _known() -> ColumnElement[bool]:
    """Known to the population, or nobody has told who lives there."""
    rosters = sources.population_rosters()
    told = exists(select(rosters.c.id).where(GRANT.c.region_code.like(rosters.c.begins.concat("%"))))
    return or_(_PEOPLE.c.person_index.is_not(None), ~told)


def _number(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(column, 0)


def _flag(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(column, false())


def _days_backdated() -> ColumnElement[Any]:
    first_day = func.to_date(GRANT.c.first_month, "YYYY-MM")
    return func.greatest(GRANT.c.granted_on - first_day, 0)


FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact(
            name="account_shared_by",
            chinese="同一账户的其他领取人数",
            english="other payees paid to the same account",
            kind="number",
            needs=("shared",),
            column=_number(_SHARED.c.others),
            evidence=func.concat(_SHARED.c.account, "/", _SHARED.c.others),
        ),
        Fact(
            name="holder_is_claimant",
            chinese="账户持有人是本人",
            english="the holder of the account is the claimant",
            kind="flag",
            needs=("card",),
            column=func.coalesce(CARD.c.holder_index == PERSON.c.id_number_index, true()),
            evidence=func.encode(CARD.c.holder_index, "hex"),
        ),
        Fact(
            name="paid_to_other_name",
            chinese="付给户名不同的账户",
            english="paid to an account in another name",
            kind="flag",
            needs=("named",),
            column=_flag(_NAMED.c.other),
            evidence=_NAMED.c.name,
        ),
        Fact(
            name="days_since_account_change",
            chinese="账户变更距发放日天数",
            english="days from the change of account to the next pay day",
            kind="number",
            needs=("card",),
            column=PAY_DAY - CARD.c.changed_on,
            evidence=cast(CARD.c.changed_on, Text),
        ),
        Fact(
            name="account_changed_before_pay_day",
            chinese="上次发放后变更过账户",
            english="account changed since the last pay day",
            kind="flag",
            needs=("card",),
            column=_flag(and_(CARD.c.changed_on > LAST_PAY_DAY, CARD.c.changed_on <= PAY_DAY)),
            evidence=cast(CARD.c.changed_on, Text),
        ),
        Fact(
            name="days_backdated",
            chinese="核定日晚于首月的天数",
            english="days from the first benefit month to the decision",
            kind="number",
            column=_days_backdated(),
        ),
        Fact(
            name="days_applied_before_case",
            chinese="申请日早于立案的天数",
            english="days by which the application is dated before its case",
            kind="number",
            needs=("case",),
            column=func.greatest(_number(_CASE.c.opened_on - GRANT.c.applied_on), 0),
        ),
        Fact(
            name="exits_after_exactly_a_year_from_employer",
            chinese="同单位同月缴满最低月数即离职的人数",
            english="leavers of the same employer in the same month with just the minimum of months",
            kind="number",
            needs=("exits",),
            column=_number(_EXITS.c.leavers),
            evidence=func.concat(_EXITS.c.employer, "/", _EXITS.c.month),
        ),
        Fact(
            name="hits_cleared_by_hand",
            chinese="人工排除的比对命中数",
            english="match hits cleared by hand",
            kind="number",
            needs=("hits",),
            column=_number(_HITS.c.by_hand),
            evidence=cast(_HITS.c.last_by_hand, Text),
        ),
        Fact(
            name="hits_cleared_outside_case",
            chinese="未经核实案件排除的命中数",
            english="match hits cleared outside any case",
            kind="number",
            needs=("hits",),
            column=_number(_HITS.c.outside_case),
            evidence=cast(_HITS.c.last_outside_case, Text),
        ),
        Fact(
            name="hits_open",
            chinese="待核实的比对命中数",
            english="match hits that are open",
            kind="number",
            needs=("hits",),
            column=_number(_HITS.c.open),
        ),
        Fact(
            name="known_to_population",
            chinese="人口库有此人",
            english="the population roster knows the person",
            kind="flag",
            needs=("people",),
            column=_known(),
        ),
        Fact(
            name="months_paid_after_death",
            chinese="死亡次月后仍核发的月数",
            english="months ordered after the month of death",
            kind="number",
            needs=("deaths",),
            column=_number(_DEATHS.c.months),
            evidence=cast(_DEATHS.c.last_month, Text),
        ),
        Fact(
            name="staff_account",
            chinese="本人或账户属于经办人员",
            english="the payee or the account belongs to a member of staff",
            kind="flag",
            needs=("staff",),
            column=_flag(_STAFF.c.person_id.is_not(None)),
            evidence=_STAFF.c.account,
        ),
        Fact(
            name="other_active_elsewhere",
            chinese="同账户或同名同生日在他地领取",
            english="same account, or same name and birth, paid in another region",
            kind="flag",
            needs=("elsewhere",),
            column=_flag(_ELSEWHERE.c.person_id.is_not(None)),
            evidence=_ELSEWHERE.c.why,
        ),
        Fact(
            name="fen_over_standard",
            chinese="一个月超过标准的金额（分）",
            english="fen ordered for a month above its standard",
            kind="number",
            needs=("over",),
            column=_number(_OVER.c.fen),
            evidence=func.concat(_OVER.c.month, "/", _OVER.c.fen),
        ),
        Fact(
            name="amount_differs_from_standard",
            chinese="金额超过标准",
            english="an amount above the standard",
            kind="flag",
            needs=("over",),
            column=_number(_OVER.c.fen) > 0,
            evidence=func.concat(_OVER.c.month, "/", _OVER.c.fen),
        ),
        Fact(
            name="months_left",
            chinese="剩余月数",
            english="months left",
            kind="number",
            column=GRANT.c.months - GRANT.c.months_paid,
            evidence=literal("", Text),
        ),
        Fact(
            name="taken_over",
            chinese="从旧系统转入",
            english="taken over from an older system",
            kind="flag",
            column=GRANT.c.origin == "import",
        ),
        Fact(
            name="age",
            chinese="年龄",
            english="age",
            kind="number",
            column=cast(func.date_part("year", func.age(PAY_DAY, PERSON.c.birth)), Integer),
            evidence=literal("", Text),
        ),
    )
}
