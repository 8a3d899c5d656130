"""A query that forgets its filter shows nothing that is not the asker's: row security by region and duty (CTRL-07).

One office with several regions, in which the demo's whole story was told; every restricted table is read with a bare
``SELECT *`` in the name of everybody of the demo staff, of insured persons, of employers, and of nobody.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import psycopg
import pytest
from offices import OwnDatabase, settings_for
from paid_grants import a_grant, put
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from engine import demo
from engine.cases import staff
from engine.cases.claims import submit_claim
from engine.cases.office import Office, open_office
from engine.cases.publishing import running_cases
from engine.cases.row_security import OFFICE_ONLY, OPEN, SEEN
from engine.cases.sight import MONEY_DUTIES, acting_as, sight_of
from engine.cases.steps import attempt
from engine.config import ROOT
from engine.duties import DEMO_STAFF, StaffMember
from engine.migrations import RightsMissingError, upgrade
from engine.migrations.models import metadata
from engine.registers.cast import PEOPLE
from engine.store.sight import NOBODY, Sight, SightedSession, beyond, current, seen_as
from engine.values import Actor, Refusal, StaffId, reach

pytestmark = pytest.mark.req("CTRL-07")

#: of the month run: people in the county, in the neighbouring city and in the capital, each paid and each in doubt
ELSEWHERE = ("371502", "371525", "371400", "370100")
#: who keeps posts or draws diagrams sees cases by number and state, and nothing that they hold about people
NOT_OF_PEOPLE = {"administrator", "analyst"}

_CASE = "JOIN workflow_case c ON c.id = t.case_id"
#: table → where its rows belong, told another way than the policies tell it: what joins it, the region, its case
HOME: dict[str, tuple[str, str, str]] = {
    "workflow_case": ("", "t.region_code", "t.id"),
    "workflow_task": ("", "t.region_code", "t.case_id"),
    "workflow_history": (_CASE, "c.region_code", "c.id"),
    "workflow_timer": (_CASE, "c.region_code", "c.id"),
    "workflow_subscription": (_CASE, "c.region_code", "c.id"),
    # one that no case wrote goes to an office
    "letter": (f"LEFT {_CASE}", "COALESCE(c.region_code, split_part(t.recipient, ':', 2))", "c.id"),
    "attachment": (_CASE, "c.region_code", "c.id"),
    "claim": ("", "t.region_code", "t.case_id"),
    "benefit_grant": ("", "t.region_code", "t.case_id"),
    "unemployment_registration": (_CASE, "c.region_code", "c.id"),
    "retention_refund": ("", "t.region", "t.case_id"),
    "rectification_item": ("", "t.region_code", "t.case_id"),
    "match_hit": ("", "t.region_code", "t.case_id"),
    "payment_order": ("", "t.region", "t.case_id"),
    "payment_line": ("JOIN payment_order o ON o.id = t.order_id", "o.region", "o.case_id"),
    "journal_entry": ("", "t.region", "t.case_id"),
    "posting": ("JOIN journal_entry j ON j.id = t.entry_id", "j.region", "j.case_id"),
    "bank_receipt": ("JOIN payment_batch b ON b.id = t.batch_id", "b.region", "NULL::integer"),
}
#: what a case holds about people
CONTENT = {
    "workflow_history", "letter", "attachment", "claim", "benefit_grant", "unemployment_registration", "match_hit",
}  # fmt: skip
MONEY = {"payment_order", "payment_line", "bank_receipt"}
BOOKS = {"journal_entry", "posting"}
PERSONAL = re.compile(r"person_id|person_index|region(_code)?|payee_id|employer_id|case_id|order_id|grant_id")


@pytest.fixture(scope="module")
def office(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The office in which the demo was told, with people who are paid in other regions."""
    with OwnDatabase(server, template) as url:
        settings = settings_for(url, tmp_path_factory.mktemp("office"))
        assert demo.tell(settings, say=lambda _line: None) == 0
        opened = open_office(settings)
        with opened.store.transaction() as session:
            for number, region in enumerate(ELSEWHERE):
                put(session, opened, a_grant(region=region, in_doubt=True), 500 + number)
        with opened.store.reading() as session:
            day = session.scalar(text("SELECT max(at) FROM workflow_history"))
        opened.clock = lambda: day
        # everything that the demo tells comes to its end: one case goes on
        waiting = PEOPLE["wu"]
        claimant = staff.sign_in_person(opened, id_number=waiting.id_number, name=waiting.name)
        assert isinstance(claimant, Actor)
        assert not isinstance(submit_claim(opened, claimant, channel="web"), Refusal)
        yield opened
        opened.close()


def member(office: Office, login: str) -> Actor:
    with office.store.reading() as session:
        number = session.query(StaffMember.id).filter_by(login=login).scalar()
    known = staff.actor_of(office, StaffId(number))
    assert known is not None
    return known


def bare(office: Office, sight: Sight | None, table: str) -> set[tuple[object, ...]]:
    """The keys of everything that a bare SELECT shows in that name."""
    keys = ", ".join(column.name for column in metadata().tables[table].primary_key.columns)
    with seen_as(sight), office.store.reading() as session:
        everything = session.execute(text(f"SELECT * FROM {table}")).mappings().all()
        return {tuple(row[key] for key in keys.split(", ")) for row in everything}


def at_home(office: Office, table: str) -> dict[tuple[object, ...], tuple[str, int | None]]:
    """Every row's region and case, as the office itself knows them."""
    join, region, case = HOME[table]
    keys = ", ".join(f"t.{column.name}" for column in metadata().tables[table].primary_key.columns)
    with office.store.reading() as session:
        rows = session.execute(text(f"SELECT {region}, {case}, {keys} FROM {table} t {join}")).all()
    return {tuple(row[2:]): (row[0], row[1]) for row in rows}


def hands(office: Office, actor: Actor) -> set[int]:
    with office.store.reading() as session:
        return set(
            session.scalars(
                text(
                    "SELECT case_id FROM workflow_history WHERE actor = :key OR on_behalf_of = :key "
                    "UNION SELECT case_id FROM workflow_task WHERE assignee = :key OR completed_by = :key"
                ),
                {"key": actor.key},
            )
        )


def published(office: Office) -> list[int]:
    with office.store.reading() as session:
        return list(session.scalars(text("SELECT id FROM letter WHERE recipient = 'public:0'")))


@pytest.mark.parametrize("table", HOME)
@pytest.mark.parametrize("who", DEMO_STAFF, ids=lambda each: each.login)
def test_staff_see_their_regions_and_cases_alone(office: Office, who: object, table: str) -> None:
    login, duty, scope = who.login, who.duty, reach(who.region)  # type: ignore[attr-defined]
    actor = member(office, login)
    every, mine = at_home(office, table), hands(office, actor)
    public = {(number,) for number in published(office)} if table == "letter" else set()
    inside = {key for key, (region, _) in every.items() if region.startswith(scope)}
    of_mine = {key for key, (_, case) in every.items() if case in mine}
    if (
        (table in CONTENT and duty in NOT_OF_PEOPLE)
        or (table in MONEY and duty not in MONEY_DUTIES)
        or (table in BOOKS and duty not in MONEY_DUTIES | {"provincial"})
    ):
        inside = of_mine = set()

    seen = bare(office, sight_of(office, actor), table)

    assert seen - inside - of_mine - public == set(), "rows of other regions"
    assert inside - seen == set(), "rows of the own regions are missing"


def test_what_was_told_reaches_other_regions(office: Office) -> None:
    """Or the test before it would prove nothing: there is something to hide from each."""
    for table in HOME:
        regions = {region for region, _ in at_home(office, table).values()}
        assert regions or table in {"attachment", "workflow_timer", "workflow_subscription"}, table
    for table in ("workflow_case", "benefit_grant", "match_hit", "workflow_history"):
        regions = {region[:4] for region, _ in at_home(office, table).values()}
        assert len(regions) > 1, table


@pytest.mark.parametrize("who", DEMO_STAFF, ids=lambda each: each.login)
def test_people_are_seen_by_region_or_by_a_case(office: Office, who: object) -> None:
    login, duty, scope = who.login, who.duty, reach(who.region)  # type: ignore[attr-defined]
    actor = member(office, login)
    with office.store.reading() as session:
        regions = dict(session.execute(text("SELECT id, region_code FROM person")).all())
        cases = session.execute(text("SELECT id, region_code, subject FROM workflow_case")).all()
    mine = hands(office, actor)
    inside = {number for number, region in regions.items() if region.startswith(scope)}
    by_case = {
        int(subject.partition(":")[2])
        for case, region, subject in cases
        if subject.startswith("person:") and (region.startswith(scope) or case in mine)
    }

    seen = {number for (number,) in bare(office, sight_of(office, actor), "person")}

    assert seen == (set() if duty in NOT_OF_PEOPLE else inside | by_case)
    assert duty in NOT_OF_PEOPLE or scope == "37" or set(regions) - seen


@pytest.mark.parametrize("table", sorted(SEEN))
def test_nobody_sees_nothing(office: Office, table: str) -> None:
    for eyes in (NOBODY, Sight(actor="person:0"), Sight(actor="employer:0")):
        if table in OFFICE_ONLY:
            with pytest.raises(ProgrammingError, match="permission denied"):
                bare(office, eyes, table)
        else:
            seen = bare(office, eyes, table)
            public = (
                {(number,) for number in published(office)} if table == "letter" and eyes.actor else set()
            )
            assert seen == public, table


@pytest.mark.parametrize("table", sorted(SEEN))
def test_without_any_setting_a_role_sees_nothing(office: Office, table: str) -> None:
    """As it would be if a setting were lost on the way: no setting, no rows."""
    with office.store.engine.connect() as connection:
        connection.execute(text("SELECT set_config('role', office_role('reads'), true)"))
        if table in OFFICE_ONLY:
            with pytest.raises(ProgrammingError, match="permission denied"):
                connection.execute(text(f"SELECT * FROM {table}"))
        else:
            assert connection.execute(text(f"SELECT * FROM {table}")).all() == []


def test_a_person_sees_themselves(office: Office) -> None:
    with office.store.reading() as session:
        claimants = session.execute(
            text("SELECT person_id, case_id FROM claim WHERE status = 'granted'")
        ).all()
    assert claimants
    for person_id, case_id in claimants:
        eyes = sight_of(office, Actor(kind="person", id=person_id, name=""))
        assert bare(office, eyes, "person") == {(person_id,)}
        assert (case_id,) in bare(office, eyes, "workflow_case")
        for table, column in (
            ("claim", "person_id"),
            ("benefit_grant", "person_id"),
            ("payment_order", "payee_id"),
        ):
            with seen_as(eyes), office.store.reading() as session:
                owners = set(session.scalars(text(f"SELECT {column} FROM {table}")))
            assert owners == {person_id}, table
        with seen_as(eyes), office.store.reading() as session:
            recipients = set(session.scalars(text("SELECT recipient FROM letter")))
            subjects = set(session.scalars(text("SELECT subject FROM workflow_case")))
        assert recipients <= {f"person:{person_id}", "public:0"}
        assert subjects == {f"person:{person_id}"}
        for table in (
            "match_hit",
            "bank_receipt",
            "journal_entry",
            "audit_event",
            "month_run",
            "data_change",
        ):
            assert bare(office, eyes, table) == set(), table


def test_an_employer_sees_its_own(office: Office) -> None:
    with office.store.reading() as session:
        refunds = session.execute(text("SELECT employer_id, case_id FROM retention_refund")).all()
    assert refunds
    for employer_id, case_id in refunds:
        eyes = sight_of(office, Actor(kind="employer", id=employer_id, name=""))
        assert bare(office, eyes, "employer") == {(employer_id,)}
        assert (case_id,) in bare(office, eyes, "workflow_case")
        assert bare(office, eyes, "person") == set()


def test_a_reading_session_writes_nothing(office: Office) -> None:
    eyes = sight_of(office, member(office, "wangshouli"))
    for statement in (
        "UPDATE person SET name = name",
        "DELETE FROM letter",
        "INSERT INTO region (code, name, english, level) VALUES ('000001', '', '', 'county')",
        "TRUNCATE open_task_delta",
        "CREATE TABLE mine (a int)",
    ):
        with (
            seen_as(eyes),
            office.store.reading() as session,
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            session.execute(text(statement))


def test_an_act_writes_what_it_sees_and_no_more(office: Office) -> None:
    eyes = sight_of(office, member(office, "shenxian"))
    with seen_as(eyes), office.store.transaction() as session:
        # a forgotten WHERE reaches the own county alone
        changed = session.scalars(text("UPDATE person SET phone_cipher = NULL RETURNING region_code")).all()
        assert changed
        assert {region[:6] for region in changed} == {"371525"}
        session.rollback()
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        seen_as(eyes),
        office.store.transaction() as session,
    ):
        session.execute(text("UPDATE person SET region_code = '371400' WHERE region_code = '371525'"))
    with pytest.raises(DBAPIError), seen_as(eyes), office.store.transaction() as session:
        session.execute(text("TRUNCATE open_task_delta"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workflow_history SET actor = actor",
        "DELETE FROM workflow_history",
        "DELETE FROM person",
        "UPDATE letter SET text = ''",
        "UPDATE benefit_grant SET monthly_fen = monthly_fen + 1",
        "DELETE FROM payment_order",
    ],
)
def test_the_guards_hold_under_the_role(office: Office, statement: str) -> None:
    eyes = sight_of(office, member(office, "wangshouli"))
    with pytest.raises(IntegrityError), seen_as(eyes), office.store.transaction() as session:
        session.execute(text(statement))


def test_a_step_is_narrowed_again_after_each_way_out(office: Office) -> None:
    eyes = sight_of(office, member(office, "shenxian"))
    with office.store.reading() as session:
        total = session.scalar(text("SELECT count(*) FROM person"))

    def people(session: Session) -> int:
        return session.scalar(text("SELECT count(*) FROM person")) or 0

    with seen_as(eyes), office.store.transaction() as session:
        few = people(session)
        with beyond(session, "for the test"):
            assert people(session) == total
            with beyond(session, "within another"):
                assert people(session) == total
            assert people(session) == total
        assert people(session) == few < total
        with pytest.raises(ZeroDivisionError), beyond(session, "which fails"):
            raise ZeroDivisionError
        assert people(session) == few
        with (
            pytest.raises(ProgrammingError),
            session.begin_nested(),
            beyond(session, "refused by the database"),
        ):
            session.execute(text("SELECT nothing_of_that_name"))
        assert people(session) == few
    with seen_as(eyes), SightedSession(office.store.engine) as session:
        session.look("acts")
        session.rollback()
        assert people(session) == few, "after a rollback"
        session.commit()
        assert people(session) == few, "after a commit"
    with office.store.engine.connect() as connection:
        assert connection.scalar(text("SELECT current_user = session_user"))
        assert not connection.scalar(text("SELECT current_setting('changling.actor', true)"))


def test_a_way_out_says_why(office: Office) -> None:
    with (
        office.store.reading() as session,
        pytest.raises(ValueError, match="reason"),
        beyond(session, ""),
    ):
        pass


def test_an_act_has_the_eyes_of_its_actor(office: Office) -> None:
    clerk = member(office, "shenxian")

    def work(session: Session) -> tuple[str, set[str]]:
        return str(session.scalar(text("SELECT current_user"))), set(
            session.scalars(text("SELECT DISTINCT left(region_code, 6) FROM person"))
        )

    outcome = attempt(office, clerk, work, subject="test")

    assert not isinstance(outcome, Refusal)
    assert outcome[0].endswith("_acts")
    assert outcome[1] == {"371525"}
    assert current() is None
    assert acting_as(office, clerk) == sight_of(office, clerk)


def test_a_version_is_in_use_wherever_its_cases_run(office: Office) -> None:
    """Or an analyst of one region might delete the diagram of a case in another."""
    with office.store.reading() as session:
        process = session.scalar(
            text("SELECT process_id FROM workflow_case WHERE status = 'running' LIMIT 1")
        )
        running = running_cases(session, str(process))
    with seen_as(Sight(actor="staff:0", reach=("99",))), office.store.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM workflow_case")) == 0

        assert running_cases(session, str(process)) == running != {}


def test_every_table_is_declared() -> None:
    """A new table that nobody thought about is neither readable nor forgotten."""
    tables = set(metadata().tables)
    assert tables - set(SEEN) - OPEN == set(), "say in engine/cases/row_security.py who sees the rows"
    assert (set(SEEN) | OPEN) - tables == set()
    assert set(SEEN) & OPEN == set()


#: open tables with a column that could be somebody's: why it is not
KNOWN_OPEN = {
    "staff_member": "names of staff stand beside what they did", "post": "who holds which duty is public",
    "agency": "who stands in for whom is public", "calendar_day": "no region of a person",
    "price_index": "published figures of a region", "refund_notice_list": "published", "refund_notice_line": "published",
}  # fmt: skip


def test_no_open_table_is_about_somebody() -> None:
    suspect = {
        name
        for name, table in metadata().tables.items()
        if name in OPEN and any(PERSONAL.fullmatch(column.name) for column in table.columns)
    }
    assert suspect - set(KNOWN_OPEN) == set(), "a table with a person or region needs a policy"


def test_every_restricted_table_has_its_policy_in_the_database(office: Office) -> None:
    with office.store.reading() as session:
        secured = set(
            session.scalars(
                text(
                    "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
                )
            )
        )
        policies = set(session.scalars(text("SELECT tablename FROM pg_policies WHERE schemaname = 'public'")))
        granted = set(
            session.scalars(
                text(
                    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
                    "AND has_table_privilege(office_role('reads'), oid, 'SELECT')"
                )
            )
        )
        plans = session.scalars(
            text(
                "SELECT p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
                "WHERE NOT t.tgisinternal AND NOT t.tginitdeferred AND NOT p.prosecdef AND p.prosrc ~ :restricted"
            ),
            {"restricted": rf"\m({'|'.join(SEEN)})\M"},
        ).all()
    assert secured == set(SEEN)
    assert policies == set(SEEN) - set(OFFICE_ONLY)
    assert granted == (set(SEEN) | set(OPEN)) - set(OFFICE_ONLY)
    # a guard that looks at restricted tables must see them whole, whoever writes
    assert set(plans) == set(), "SECURITY DEFINER is missing"


def test_ways_out_are_few_and_listed() -> None:
    listed = (ROOT / "docs" / "decisions" / "0011-row-security.md").read_text()
    ways = re.compile(
        r"\bbeyond\(\s*(?:\w+\.)?(?:session|\")|\bseen_as\(None\)|@as_office\(\w+\)|SightedSession\("
    )
    found = []
    for path in sorted((*(ROOT / "engine").rglob("*.py"), *(ROOT / "web").rglob("*.py"))):
        if path.name == "sight.py":
            continue
        each = ways.findall(path.read_text())
        if path.name == "db.py":
            # the two doors themselves, through which everybody goes with their own eyes
            assert each.count("SightedSession(") == 2
            each = [way for way in each if way != "SightedSession("]
        # the nine steps of the runner are one way out, with one reason
        steps = {way for way in each if way.startswith("@")}
        found += [path.name] * (len(steps) + len([way for way in each if not way.startswith("@")]))
    assert [name for name in found if f"{name}`" not in listed] == [], "list the way out, with its reason"
    assert 9 < len(found) <= 70, "so many ways out are none any more"


def test_roles_are_made_once_by_whoever_comes_first(empty_database: Callable[[], str]) -> None:
    urls = [empty_database() for _ in range(3)]
    migrate = [
        sys.executable,
        "-c",
        "import sys; from engine.migrations import upgrade; upgrade(sys.argv[1])",
    ]

    running = [subprocess.Popen([*migrate, url]) for url in urls]

    assert [each.wait() for each in running] == [0, 0, 0]
    engine = create_engine(urls[0], poolclass=NullPool)
    with engine.connect() as connection:
        roles = connection.execute(
            text("SELECT rolname, rolcanlogin OR rolsuper OR rolbypassrls FROM pg_roles WHERE rolname IN "
                 "(office_role('reads'), office_role('acts'))")
        ).all()  # fmt: skip
    assert len(roles) == 2
    assert not any(strong for _, strong in roles)


def test_who_may_not_create_roles_is_told_what_to_ask_for(
    server: str, empty_database: Callable[[], str]
) -> None:
    """The owner of a database without the right to make roles; then an administrator makes them, and it goes."""
    url, weak = make_url(empty_database()), f"h_weak_{os.getpid()}"
    admin = psycopg.connect(server.replace("+psycopg", ""), autocommit=True)
    roles = [f"changling_{weak}_{word}" for word in ("reads", "acts")]
    try:
        admin.execute(f"CREATE ROLE {weak} LOGIN PASSWORD 'weak'")
        admin.execute(f"ALTER DATABASE {url.database} OWNER TO {weak}")
        own = url.set(username=weak, password="weak").render_as_string(hide_password=False)

        with pytest.raises(
            RightsMissingError, match=r"不能创建角色 changling_.*CREATE ROLE .* NOLOGIN; GRANT "
        ):
            upgrade(own)
        for role in roles:
            admin.execute(f"CREATE ROLE {role} NOLOGIN")
            admin.execute(f"GRANT {role} TO {weak}")
        revision = upgrade(own)

        assert revision == upgrade(own)
    finally:
        admin.execute(f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")
        for role in (*roles, weak):
            admin.execute(f"DROP ROLE IF EXISTS {role}")
        admin.close()
