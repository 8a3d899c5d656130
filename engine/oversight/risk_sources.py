"""What the facts of risk rules are read from: sets over all payees, each with one row per person or grant.

Tables of rooms above this one are named by SQL, as columns that are read and nothing more. Used by ``risk_facts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    String,
    Subquery,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    table,
    text,
    union,
)
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.duties.tables import StaffMember
from engine.money.payment_tables import PaymentOrder
from engine.oversight.hit_tables import MatchHit
from engine.people import Person
from engine.registers.roster_tables import CardAccount, Roster, RosterLine

GRANT, PERSON, CARD = BenefitGrant.__table__, Person.__table__, CardAccount.__table__
#: the day on which the month is paid, and the one before
PAY_DAY = bindparam("pay_day", type_=Date())
LAST_PAY_DAY = bindparam("last_pay_day", type_=Date())
#: first month of which orders are looked at
SINCE = bindparam("since_month", type_=String())
#: the least months of contribution that the law asks for
MINIMUM = bindparam("minimum_months", type_=Integer())

_CASES = table("workflow_case", column("id"), column("started_at"))
_HISTORY = table(
    "workflow_history", column("case_id"), column("element_id"), column("kind"), column("outcome")
)
_RATES = table(
    "month_rate",
    column("run_id"),
    column("region"),
    column("household_region"),
    column("month"),
    column("benefit_fen"),
)


def is_paid() -> ColumnElement[bool]:
    """Paid now, or within the months that are looked at."""
    return or_(GRANT.c.status == "active", GRANT.c.paid_through >= SINCE)


#: orders of benefit of the months that are looked at, whatever became of them but cancelled
RECENT = table(
    "risk_order",
    column("payee_id"),
    column("of_grant"),
    column("account_index"),
    column("account_name"),
    column("payee_name"),
    column("month"),
    column("amount_fen"),
)
#: payee and account, each pair once: where the next payment goes, and where the last ones went
PAID_TO = table("risk_account", column("person_id"), column("account_index"))


def gather(session: Session, binds: Mapping[str, object]) -> None:
    """Set apart what several facts read, once for all rules of a transaction; gone with it."""
    session.execute(text("SET LOCAL work_mem = '96MB'"))
    session.execute(text("DROP TABLE IF EXISTS pg_temp.risk_order, pg_temp.risk_account"))
    for name, query in (("risk_order", _recent()), ("risk_account", _accounts())):
        made = query.params(**binds).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        # the values are days, a month and a number of our own making
        session.execute(text(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {made}".replace(":", "\\:")))
        session.execute(text(f"ANALYZE {name}"))


def _recent() -> Select[tuple[Any, ...]]:
    order = PaymentOrder.__table__
    number = func.split_part(order.c.key, ":", 2)
    return select(
        order.c.payee_id,
        # the number of the grant stands in the key: benefit:17:2025-11
        sql_case((number.regexp_match("^[0-9]{1,9}$"), cast(number, Integer))).label("of_grant"),
        order.c.account_index,
        order.c.account_name,
        order.c.payee_name,
        order.c.month,
        order.c.amount_fen,
    ).where(
        order.c.payee_kind == "person",
        order.c.purpose == "benefit",
        order.c.status != "cancelled",
        order.c.month >= SINCE,
    )


def _accounts() -> CompoundSelect[tuple[Any, ...]]:
    cards = (
        select(GRANT.c.person_id, CARD.c.account_index)
        .join(PERSON, PERSON.c.id == GRANT.c.person_id)
        .join(CARD, CARD.c.person_index == PERSON.c.id_number_index)
        .where(GRANT.c.status == "active")
    )
    return union(cards, select(RECENT.c.payee_id, RECENT.c.account_index))


def shared_accounts() -> Subquery:
    """Payees whose account is somebody else's too: how many others."""
    crowd = (
        select(PAID_TO.c.account_index, func.count().label("people"))
        .group_by(PAID_TO.c.account_index)
        .having(func.count() > 1)
        .subquery("crowd")
    )
    return (
        select(
            PAID_TO.c.person_id,
            (func.max(crowd.c.people) - 1).label("others"),
            func.min(func.encode(PAID_TO.c.account_index, "hex")).label("account"),
        )
        .join(crowd, crowd.c.account_index == PAID_TO.c.account_index)
        .group_by(PAID_TO.c.person_id)
        .subquery("shared")
    )


def other_names() -> Subquery:
    """Payees with an order to an account in another name than theirs."""
    return (
        select(
            RECENT.c.payee_id.label("person_id"),
            literal(True).label("other"),
            func.min(RECENT.c.account_name).label("name"),
        )
        .where(RECENT.c.account_name != RECENT.c.payee_name)
        .group_by(RECENT.c.payee_id)
        .subquery("named")
    )


def paid_elsewhere() -> Subquery:
    """Payees with the account, or the name and birth, of somebody who is paid in another region."""
    grant, person = GRANT.alias("paid_grant"), PERSON.alias("paid_person")
    payees = (
        select(grant.c.person_id, grant.c.region_code, person.c.name, person.c.birth)
        .join(person, person.c.id == grant.c.person_id)
        .where(or_(grant.c.status == "active", grant.c.paid_through >= SINCE))
        .cte("payee_place")
    )
    namesakes = (
        select(payees.c.name, payees.c.birth)
        .group_by(payees.c.name, payees.c.birth)
        .having(func.min(payees.c.region_code) != func.max(payees.c.region_code))
        .subquery("namesake")
    )
    by_name = select(payees.c.person_id, literal("name").label("why")).join(
        namesakes, (namesakes.c.name == payees.c.name) & (namesakes.c.birth == payees.c.birth)
    )
    spread = (
        select(PAID_TO.c.account_index)
        .join(payees, payees.c.person_id == PAID_TO.c.person_id)
        .group_by(PAID_TO.c.account_index)
        .having(func.min(payees.c.region_code) != func.max(payees.c.region_code))
        .subquery("spread")
    )
    by_account = select(PAID_TO.c.person_id, func.encode(PAID_TO.c.account_index, "hex").label("why")).join(
        spread, spread.c.account_index == PAID_TO.c.account_index
    )
    both = union(by_name, by_account).subquery("both")
    return (
        select(both.c.person_id, func.min(both.c.why).label("why"))
        .group_by(both.c.person_id)
        .subquery("elsewhere")
    )


def months_after_death() -> Subquery:
    """The dead of whom a roster or a stop tells, and the months ordered after the month of death."""
    person = PERSON.alias("dead_person")
    by_roster = (
        select(person.c.id.label("person_id"), RosterLine.event_day.label("day"))
        .join(RosterLine, RosterLine.person_index == person.c.id_number_index)
        .join(Roster, Roster.id == RosterLine.roster_id)
        .where(Roster.status == "current", RosterLine.ground == "ST9", RosterLine.event_day.is_not(None))
    )
    stopped = GRANT.alias("stopped_grant")
    by_stop = select(stopped.c.person_id, stopped.c.ended_on).where(stopped.c.ended_ground == "ST9")
    told = union(by_roster, by_stop).subquery("told")
    dead = (
        select(told.c.person_id, func.min(told.c.day).label("day"))
        .group_by(told.c.person_id)
        .subquery("dead")
    )
    return (
        select(
            dead.c.person_id,
            func.count(RECENT.c.month.distinct()).label("months"),
            func.max(RECENT.c.month).label("last_month"),
        )
        .join(RECENT, RECENT.c.payee_id == dead.c.person_id)
        .where(RECENT.c.month > func.to_char(dead.c.day, "YYYY-MM"))
        .group_by(dead.c.person_id)
        .subquery("deaths")
    )


def hits_by_grant() -> Subquery:
    """How many hits each grant has, and how they were settled."""
    cleared = (MatchHit.status == "cleared") & MatchHit.settled_by.startswith("staff:")
    outside = cleared & MatchHit.case_id.is_(None)
    return (
        select(
            MatchHit.grant_id,
            func.count().filter(MatchHit.status == "open").label("open"),
            func.count().filter(cleared).label("by_hand"),
            func.max(MatchHit.id).filter(cleared).label("last_by_hand"),
            func.count().filter(outside).label("outside_case"),
            func.max(MatchHit.id).filter(outside).label("last_outside_case"),
        )
        .group_by(MatchHit.grant_id)
        .subquery("hits")
    )


def staff_paid() -> Subquery:
    """Payees who are staff themselves, and those who are paid to the card account of a member of staff."""
    person, card = PERSON.alias("staff_person"), CARD.alias("staff_card")
    indexes = select(StaffMember.id_number_index).where(StaffMember.id_number_index.is_not(None))
    accounts = select(card.c.account_index).where(card.c.person_index.in_(indexes))
    held = select(card.c.account_index).where(card.c.holder_index.in_(indexes))
    own = select(person.c.id.label("person_id"), literal("self").label("account")).where(
        person.c.id_number_index.in_(indexes)
    )
    to_them = select(PAID_TO.c.person_id, func.encode(PAID_TO.c.account_index, "hex")).where(
        PAID_TO.c.account_index.in_(union(accounts, held))
    )
    both = union(own, to_them).subquery("of_staff")
    return (
        select(both.c.person_id, func.min(both.c.account).label("account"))
        .group_by(both.c.person_id)
        .subquery("staff")
    )


def case_of_grant() -> Subquery:
    """The day in China on which the case of a grant was opened."""
    opened = cast(func.timezone("Asia/Shanghai", _CASES.c.started_at), Date)
    return select(_CASES.c.id, opened.label("opened_on")).subquery("case_of_grant")


def over_standard() -> Subquery:
    """For each grant the month that was ordered furthest above what the law gives."""
    rate = (
        select(_RATES.c.region, _RATES.c.household_region, _RATES.c.month, _RATES.c.benefit_fen)
        .ext(distinct_on(_RATES.c.region, _RATES.c.household_region, _RATES.c.month))
        .order_by(_RATES.c.region, _RATES.c.household_region, _RATES.c.month, _RATES.c.run_id.desc())
        .subquery("rate")
    )
    # another grant of the same person has its own number in its keys
    ordered = (
        select(RECENT.c.of_grant.label("id"), RECENT.c.month, func.sum(RECENT.c.amount_fen).label("fen"))
        .group_by(RECENT.c.of_grant, RECENT.c.month)
        .subquery("ordered")
    )
    own = GRANT.alias("own")
    # a claim that a later standard does not reach keeps its own; NULL is passed over
    over = ordered.c.fen - func.greatest(rate.c.benefit_fen, own.c.monthly_fen)
    return (
        select(ordered.c.id.label("grant_id"), over.label("fen"), ordered.c.month)
        .join(own, own.c.id == ordered.c.id)
        .outerjoin(
            rate,
            (rate.c.region == own.c.region_code)
            & (rate.c.household_region == own.c.household_region)
            & (rate.c.month == ordered.c.month),
        )
        .where(over > 0)
        .ext(distinct_on(ordered.c.id))
        .order_by(ordered.c.id, over.desc())
        .subquery("over")
    )


def exits_together() -> Subquery:
    """Claims whose facts tell of leaving with just the months that are needed, and how many left so together."""
    told = cast(_HISTORY.c.outcome, JSONB)
    claims = (
        select(
            _HISTORY.c.case_id,
            told["prefilled"]["employer_name"].astext.label("employer"),
            func.left(told["exit_day"].astext, 7).label("month"),
            cast(told["months_paid"].astext, Integer).label("months"),
        )
        .where(_HISTORY.c.kind == "operation", _HISTORY.c.element_id == "gather_claim_facts")
        .distinct()
        .cte("claim_fact")
    )
    just = claims.c.months.between(MINIMUM, MINIMUM + 1)
    crowd = (
        select(claims.c.employer, claims.c.month, func.count(claims.c.case_id.distinct()).label("leavers"))
        .where(just, claims.c.employer != "")
        .group_by(claims.c.employer, claims.c.month)
        .subquery("leaving")
    )
    return (
        select(
            claims.c.case_id,
            func.max(crowd.c.leavers).label("leavers"),
            func.min(crowd.c.employer).label("employer"),
            func.min(crowd.c.month).label("month"),
        )
        .join(crowd, (crowd.c.employer == claims.c.employer) & (crowd.c.month == claims.c.month))
        .where(just)
        .group_by(claims.c.case_id)
        .subquery("exits")
    )


def population_rosters() -> Subquery:
    """The current rosters of the population, and what the codes of their regions begin with."""
    begins = func.regexp_replace(Roster.region, "(00)+$", "", type_=Text)
    return (
        select(Roster.id, begins.label("begins"))
        .where(Roster.kind == "population", Roster.status == "current")
        .subquery("population")
    )


def known_people() -> Subquery:
    """Everybody who stands in a current roster of the population, each once."""
    # a join and no IN: a set of this size would be searched anew for each payee
    return (
        select(RosterLine.person_index)
        .join(Roster, Roster.id == RosterLine.roster_id)
        .where(Roster.kind == "population", Roster.status == "current")
        .group_by(RosterLine.person_index)
        .subquery("known")
    )
