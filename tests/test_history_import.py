"""History of an older system taken over: reported on first, loaded whole by a second person, or not at all (SERV-04)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from io import BytesIO
from itertools import count

import pytest
from faults.killing import COMMIT, STATEMENT, dies_at
from history_files import (
    EMPLOYER,
    as_csv,
    as_xlsx,
    contribution_row,
    exit_row,
    grant_row,
    number_of,
    payment_row,
    person_row,
    signed_in,
    staffed,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from offices import FixedClock, settings_for
from openpyxl import load_workbook
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases import history_import as history
from engine.cases import import_sweep
from engine.cases.import_cells import Cells, Ground
from engine.cases.import_faults import FAULTS
from engine.cases.import_kinds import KINDS
from engine.cases.import_rules import said
from engine.cases.import_sweep import import_due
from engine.cases.import_tables import ImportEntry, ImportFault, ImportFile
from engine.cases.import_views import FileView
from engine.cases.office import Office, open_office
from engine.cases.uploads import Upload
from engine.law.identity import IdNumber, id_number
from engine.law.month import GrantFacts, month_due
from engine.money.payment_tables import PaymentOrder
from engine.people import Person, ensure_employer, ensure_person, id_number_of
from engine.registers.business import EmployerRecord
from engine.registers.history_tables import (
    ImportedContribution,
    ImportedExit,
    ImportedGrant,
    ImportedPayment,
)
from engine.registers.many_people import ensure_people
from engine.registers.population import PopulationRecord
from engine.store.audit import AuditEvent
from engine.store.db import Base
from engine.values import Actor, Money, Month, Refusal, RegionCode

pytestmark = pytest.mark.req("SERV-04")

#: people of one test are nobody else's
_PEOPLE = count(1)


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office on 3 November 2025 that knows one employer."""
    clock = FixedClock("2025-11-03T09:00+08:00")
    opened = open_office(settings_for(database_url, tmp_path_factory.mktemp("office")), clock=clock)
    staffed(opened)
    with opened.store.transaction() as session:
        employer = EmployerRecord(
            credit_code=EMPLOYER,
            name="示例厂",
            region=RegionCode("371502"),
            kind="企业",
            account="1",
            bank="x",
        )
        ensure_employer(session, employer, now=clock())
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def two(office: Office) -> tuple[Actor, Actor]:
    """Two data stewards."""
    return signed_in(office, "fengshuju"), signed_in(office, "lvshuju2")


def some(how_many: int) -> list[int]:
    """Numbers of people whom no other test knows."""
    return [next(_PEOPLE) for _ in range(how_many)]


def known(office: Office, how_many: int) -> list[int]:
    """As some, and they are on file."""
    people = some(how_many)
    with office.store.transaction() as session:
        ensure_people(session, office.vault, [_record(each) for each in people], now=office.clock())
    return people


def run(office: Office) -> None:
    """Everything that is due."""
    while import_due(office):
        pass


def seen(office: Office, actor: Actor, import_id: int) -> FileView:
    """The file as its page shows it."""
    view = history.import_view(office, actor, import_id)
    assert not isinstance(view, Refusal), view.text
    return view


def checked(office: Office, actor: Actor, kind: str, content: bytes, name: str = "old.csv") -> FileView:
    """The file uploaded and checked."""
    taken = history.upload(office, actor, kind, Upload(name=name, content=content))
    assert not isinstance(taken, Refusal), taken.text
    run(office)
    return seen(office, actor, taken.import_id)


def loaded(office: Office, actor: Actor, import_id: int) -> FileView:
    """The file loaded, where it can be."""
    done = history.load(office, actor, import_id)
    assert not isinstance(done, Refusal), done.text
    run(office)
    return seen(office, actor, import_id)


def taken_over(
    office: Office, two: tuple[Actor, Actor], kind: str, rows: Sequence[Sequence[str]]
) -> FileView:
    """The rows uploaded by one and loaded by the other."""
    view = checked(office, two[0], kind, as_csv(kind, rows))
    assert not view.error_rows, [(group.code, group.rows) for group in view.report]
    view = loaded(office, two[1], view.import_id)
    assert view.status == "loaded", view.why
    return view


def faults(view: FileView) -> Counter[str]:
    """How many rows have which fault, errors and warnings."""
    found: Counter[str] = Counter()
    for group in view.report:
        found[group.code] += group.rows
    return found


def rows_of(office: Office, table: type[Base], import_id: int) -> int:
    """How many rows of a table of history came in with the file."""
    with office.store.reading() as session:
        column = table.__table__.columns["file_id"]
        return session.scalar(select(func.count()).select_from(table).where(column == import_id)) or 0


def _record(person: int) -> PopulationRecord:
    number = id_number(number_of(person))
    assert isinstance(number, IdNumber)
    return PopulationRecord(
        id_number=number.normalised,
        name=f"历史{person}",
        birth=number.birth,
        sex=number.sex,
        household_region=RegionCode("371502"),
        deceased_on=None,
        emigrated_on=None,
        serving_since=None,
    )


# ------------------------------------------------------------------------------------------------ reading and loading


def test_people_of_a_gb18030_file_are_on_file_when_a_second_person_has_loaded_it(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    people = some(3)
    rows = [
        person_row(each, name=name) for each, name in zip(people, ("张三丰", "李𠮷", "王 五"), strict=True)
    ]

    view = taken_over(office, two, "persons", rows)

    with office.store.reading() as session:
        kept = session.scalars(
            select(Person).where(
                Person.id_number_index.in_([office.vault.index(number_of(p)) for p in people])
            )
        ).all()
        assert {(person.name, id_number_of(office.vault, person)) for person in kept} == {
            ("张三丰", number_of(people[0])), ("李𠮷", number_of(people[1])), ("王 五", number_of(people[2])),
        }  # fmt: skip
        trail = session.scalars(
            select(AuditEvent).where(AuditEvent.stream == f"import:{view.import_id}").order_by(AuditEvent.seq)
        ).all()
    assert [(event.action, event.actor) for event in trail] == [
        ("IMPORT_TAKEN", two[0].key),
        ("IMPORT_CHECKED", "system:0"),
        ("IMPORT_APPROVED", two[1].key),
        ("IMPORT_LOADED", two[1].key),
    ]


def test_who_is_on_file_already_stays_as_they_are(office: Office, two: tuple[Actor, Actor]) -> None:
    (known_one,), (new_one,) = known(office, 1), some(1)
    with office.store.transaction() as session:
        person = session.scalars(
            select(Person).where(Person.id_number_index == office.vault.index(number_of(known_one)))
        ).one()
        # as the population register may have it: another day than the number says
        person.birth, person.region_code = date(1975, 2, 2), "371525"
    content = as_csv("persons", [person_row(known_one), person_row(new_one)])

    view = checked(office, two[0], "persons", content)
    before = _people(office)
    loaded(office, two[1], view.import_id)

    with office.store.reading() as session:
        kept = session.get_one(Person, person.id)
    assert faults(view) == {"known_already": 1}
    assert (kept.birth, kept.region_code, _people(office)) == (date(1975, 2, 2), "371525", before + 1)


def test_a_workbook_is_read_with_its_days_and_figures_as_excel_keeps_them(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    (person,) = known(office, 1)
    row: list[object] = list(contribution_row(person))
    row[3:7] = [datetime(2019, 3, 1), "2019年12月", 9, 4242.5]
    view = checked(office, two[0], "contributions", as_xlsx("contributions", [row]), "old.xlsx")

    assert faults(view) == {"months_gap": 1}
    assert loaded(office, two[1], view.import_id).status == "loaded"
    with office.store.reading() as session:
        kept = session.scalars(
            select(ImportedContribution).where(ImportedContribution.file_id == view.import_id)
        ).one()
    assert (kept.first_month, kept.last_month, kept.months, kept.base_fen) == (
        "2019-03",
        "2019-12",
        9,
        424250,
    )


def test_a_grant_is_taken_over_with_how_far_it_was_paid_and_its_payments_order_nothing(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    (person,) = known(office, 1)
    grants = taken_over(office, two, "grants", [grant_row(person)])

    months = ("2025-07", "2025-08", "2025-09", "2025-10")
    payments = taken_over(office, two, "payments", [payment_row(person, month) for month in months])

    with office.store.reading() as session:
        link = session.scalars(select(ImportedGrant).where(ImportedGrant.file_id == grants.import_id)).one()
        grant = session.get_one(BenefitGrant, link.grant_id)
        assert session.scalar(select(func.count()).select_from(PaymentOrder)) == 0
    assert (grant.origin, grant.case_id, grant.status) == ("import", None, "active")
    assert (grant.first_month, grant.months, grant.months_paid, grant.paid_through) == (
        "2025-07",
        12,
        4,
        "2025-10",
    )
    assert (grant.monthly_fen, grant.region_code, grant.retirement_class) == (
        163800, "371502", grant_row(person)[5],
    )  # fmt: skip
    assert rows_of(office, ImportedPayment, payments.import_id) == 4


def test_an_exit_reason_is_kept_for_the_register(office: Office, two: tuple[Actor, Actor]) -> None:
    first, second = known(office, 2)
    view = checked(
        office, two[0], "exits", as_csv("exits", [exit_row(first), exit_row(second, reason="X99")])
    )
    assert faults(view) == {"reason_unknown": 1}

    view = taken_over(office, two, "exits", [exit_row(first, reason="I07")])

    with office.store.reading() as session:
        kept = session.scalars(select(ImportedExit).where(ImportedExit.file_id == view.import_id)).one()
    assert (kept.employer_code, kept.day, kept.reason) == (EMPLOYER, date(2025, 9, 30), "I07")


def test_the_template_comes_back_empty_for_as_long_as_nobody_fills_it(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    sheet = history.template("grants")
    assert not isinstance(sheet, Refusal)
    view = checked(office, two[0], "grants", sheet.read(), "template.xlsx")

    assert (view.status, view.why, view.can) == ("refused", "文件里没有一行数据", {"recheck"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "空文件"),
        ("身份证号码,姓名\n1,2\n".encode(), "参保地区代码"),
        (number_of(7).encode() + ",张三,371502".encode(), "缺少“身份证号码”"),
        ("身份证号码,姓名,参保地区代码\n\"1,张".encode(), "引号"),
        (b"\x00\x01\x02", "xlsx"),
        (b"PK\x03\x04broken", "xlsx"),
        ("身份证号码,姓名,参保地区代码".encode("utf-16"), "xlsx"),
        (as_xlsx("persons", [["=1+1", "张三", "371502"]]), "公式"),
        (b"\xff\xff\xff", "编码"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_refused_at_once_and_its_content_is_not_told(
    office: Office, two: tuple[Actor, Actor], content: bytes, said: str
) -> None:
    no = history.upload(office, two[0], "persons", Upload(name="x.csv", content=content))

    assert isinstance(no, Refusal)
    assert said in no.text
    assert number_of(7) not in no.text
    assert "张三" not in no.text


# ------------------------------------------------------------------------------------------------------- two people


def test_nobody_loads_what_they_uploaded_and_the_database_says_so_too(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    view = checked(office, two[0], "persons", as_csv("persons", [person_row(each) for each in some(1)]))

    no = history.load(office, two[0], view.import_id)

    assert isinstance(no, Refusal)
    assert no.reasons[0].code == "four_eyes"
    by_force = update(ImportFile).where(ImportFile.id == view.import_id)
    with pytest.raises(IntegrityError, match="four_eyes"), office.store.transaction() as session:
        session.execute(by_force.values(status="loading", loaded_by=two[0].key))
    with pytest.raises(IntegrityError, match="loaded_by"), office.store.transaction() as session:
        session.execute(by_force.values(status="loading"))


def test_rows_of_history_come_in_with_the_whole_of_their_file_or_not_at_all(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    """The database holds everybody to it, also a program of ours that forgot a row."""
    people = known(office, 2)
    view = checked(office, two[0], "exits", as_csv("exits", [exit_row(each) for each in people]))
    one = text("INSERT INTO imported_exit (file_id, row_no, person_id, employer_code, day, reason)"
               " SELECT :file, 2, max(id), :employer, '2025-09-30', 'I01' FROM person")  # fmt: skip
    given = {"file": view.import_id, "employer": EMPLOYER}
    with pytest.raises(IntegrityError, match="整份文件"), office.store.transaction() as session:
        session.execute(one, given)
    with pytest.raises(IntegrityError, match="只装入 1 行"), office.store.transaction() as session:
        file = session.get_one(ImportFile, view.import_id)
        file.status, file.loaded_by = "loading", two[1].key
        session.flush()
        session.execute(one, given)
        file.status = "loaded"
        session.flush()
    assert rows_of(office, ImportedExit, view.import_id) == 0

    loaded(office, two[1], view.import_id)

    with pytest.raises(IntegrityError, match="不能"), office.store.transaction() as session:
        session.execute(text("DELETE FROM imported_exit"))


def test_only_data_stewards_see_or_take_files(office: Office, two: tuple[Actor, Actor]) -> None:
    view = checked(office, two[0], "persons", as_csv("persons", [person_row(each) for each in some(1)]))
    clerk = signed_in(office, "wangshouli")

    answers = (
        history.imports(office, clerk),
        history.import_view(office, clerk, view.import_id),
        history.fix_list(office, clerk, view.import_id),
        history.upload(office, clerk, "persons", Upload(name="x.csv", content=as_csv("persons", []))),
        history.load(office, clerk, view.import_id),
        history.recheck(office, clerk, view.import_id),
        history.split_clean(office, clerk, view.import_id),
    )

    assert [answer.reasons[0].code for answer in answers if isinstance(answer, Refusal)] == ["no_post"] * 7


def test_the_same_file_is_loaded_once(office: Office, two: tuple[Actor, Actor]) -> None:
    people = known(office, 2)
    content = as_csv("contributions", [contribution_row(each) for each in people])
    view = checked(office, two[0], "contributions", content)
    loaded(office, two[1], view.import_id)

    again = history.upload(office, two[1], "contributions", Upload(name="other.csv", content=content))
    run(office)

    assert not isinstance(again, Refusal)
    assert again.import_id == view.import_id
    assert isinstance(history.load(office, two[1], view.import_id), Refusal)
    assert rows_of(office, ImportedContribution, view.import_id) == 2
    # the same rows in another file are told as what they are
    other = as_csv("contributions", [contribution_row(each) for each in people], encoding="utf-8-sig")
    assert faults(checked(office, two[0], "contributions", other)) == {"loaded_before": 2}


# --------------------------------------------------------------------------------------------- nothing half-loaded


def test_what_came_about_since_the_check_keeps_the_whole_file_out(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    """Two files with the same people's grants, both clean when they were checked: the second is not loaded."""
    people = known(office, 3)
    views = [
        checked(office, two[0], "grants", as_csv("grants", [grant_row(each, reference=f"{name}{each}") for each in chosen]))
        for name, chosen in (("A", people[:1]), ("B", people))
    ]  # fmt: skip
    assert [view.error_rows for view in views] == [0, 0]

    first, second = (loaded(office, two[1], view.import_id) for view in views)

    assert first.status == "loaded"
    assert (second.status, second.error_rows, faults(second)["loaded_before"]) == ("checked", 1, 1)
    assert "一行也没有装载" in second.why
    assert rows_of(office, ImportedGrant, second.import_id) == 0
    # put right by leaving that row out
    child = history.split_clean(office, two[0], second.import_id)
    assert not isinstance(child, Refusal), child.text
    run(office)
    assert loaded(office, two[1], child.import_id).status == "loaded"
    assert rows_of(office, ImportedGrant, child.import_id) == 2


def test_what_the_database_does_not_take_rolls_the_whole_file_back(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    """A row that slipped past every check, as a defect of ours would let it."""
    people = known(office, 3)
    view = checked(
        office, two[0], "contributions", as_csv("contributions", [contribution_row(each) for each in people])
    )
    with office.store.transaction() as session:
        session.execute(
            update(ImportEntry)
            .where(ImportEntry.file_id == view.import_id, ImportEntry.row_no == 4)
            .values(months=0)
        )

    view = loaded(office, two[1], view.import_id)

    assert (view.status, view.loaded_by) == ("checked", "")
    assert "ck_imported_contribution_amounts" in view.why
    assert rows_of(office, ImportedContribution, view.import_id) == 0


def test_a_killed_check_goes_on_and_a_killed_load_has_loaded_nothing(
    office: Office, two: tuple[Actor, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at every commit of reading and checking, and at every statement of loading."""
    monkeypatch.setattr(import_sweep, "CHUNK", 3)
    point = 0
    alive = False
    while not alive:
        point += 1
        people = known(office, 7)
        rows = [contribution_row(each) for each in people]
        rows[4][6] = "-1"
        content = as_csv("contributions", rows)
        taken = history.upload(office, two[0], "contributions", Upload(name="k.csv", content=content))
        assert not isinstance(taken, Refusal)
        alive = not dies_at(point, lambda: run(office), engine=office.store.engine, kinds=(COMMIT,))
        run(office)
        view = seen(office, two[0], taken.import_id)
        assert (view.status, view.checked_rows, faults(view)) == ("checked", 7, {"amount": 1}), point
    assert point > 5

    view = checked(office, two[0], "persons", as_csv("persons", [person_row(each) for each in some(5)]))
    assert not isinstance(history.load(office, two[1], view.import_id), Refusal)
    before = _people(office)
    point = 1
    while dies_at(point, lambda: run(office), engine=office.store.engine, kinds=(STATEMENT, COMMIT)):
        point += 1
        whole = seen(office, two[0], view.import_id).status == "loaded"
        assert _people(office) == before + (5 if whole else 0), point
    assert (_people(office), seen(office, two[0], view.import_id).status) == (before + 5, "loaded")
    assert point > 8


def test_two_sweeps_never_do_the_same_piece(office: Office, two: tuple[Actor, Actor]) -> None:
    taken = history.upload(
        office, two[0], "persons", Upload(name="x.csv", content=as_csv("persons", [person_row(*some(1))]))
    )
    assert not isinstance(taken, Refusal)

    with office.store.transaction() as other:
        other.get_one(ImportFile, taken.import_id, with_for_update=True)
        assert import_due(office) == 0

    run(office)
    assert seen(office, two[0], taken.import_id).status == "checked"


def _people(office: Office) -> int:
    with office.store.reading() as session:
        return session.scalar(select(func.count()).select_from(Person)) or 0


# ------------------------------------------------------------------------------------------------- what is found


Change = Callable[[list[str]], None]


def _cell(place: int, value: str) -> Change:
    def change(row: list[str]) -> None:
        row[place] = value

    return change


def _wrong_check(row: list[str]) -> None:
    # never a zero: a number that ends in three is taken for one that Excel has rounded
    row[0] = row[0][:17] + ("1" if row[0][17] != "1" else "2")


def _of_15_digits(row: list[str]) -> None:
    row[0] = row[0][:6] + row[0][8:17]


def _other_sex(row: list[str]) -> None:
    row[4] = "女" if int(row[0][16]) % 2 else "男"


#: a fault that is planted, and the faults that are to be found for it; a row "again" is the one before it once more
PLANTED: dict[str, dict[str, tuple[Change, tuple[str, ...]]]] = {
    "persons": {
        "clean": (_cell(1, "张三"), ()),
        "old number": (_of_15_digits, ("id_number_upgraded",)),
        "check": (_wrong_check, ("id_number_check",)),
        "form": (_cell(0, "12345"), ("id_number_form",)),
        "date": (_cell(0, "371502199902300014"), ("id_number_date",)),
        "rounded": (_cell(0, "371502199003071000"), ("id_number_rounded",)),
        "no name": (_cell(1, ""), ("required",)),
        "long name": (_cell(1, "长" * 61), ("text_long",)),
        "no region": (_cell(2, "999999"), ("region_unknown",)),
        "other region": (_cell(2, "500101"), ("region_outside",)),
        "birth": (_cell(3, "1990-01-01"), ("birth_differs",)),
        "day": (_cell(3, "1990-13-01"), ("day",)),
        "sex": (_other_sex, ("sex_differs",)),
        "word": (_cell(4, "M"), ("word",)),
        "extra": (lambda row: row.append("x"), ("cells_extra",)),
        "again": (_cell(1, "张三"), ("duplicate_row",)),
    },
    "contributions": {
        "clean": (_cell(1, ""), ()),
        "stranger": (lambda row: row.__setitem__(0, number_of(900_000 + next(_PEOPLE))), ("person_unknown",)),
        "other name": (_cell(1, "别人"), ("name_conflict",)),
        "employer": (_cell(2, EMPLOYER[:-1] + "?"), ("employer_code",)),
        "unknown employer": (_cell(2, "91370000000000001A"), ("employer_code",)),
        "month": (_cell(3, "2019-13"), ("month",)),
        "future": (_cell(4, "2025-12"), ("future",)),
        "backwards": (_cell(4, "2019-02"), ("range_backwards",)),
        "too many": (_cell(5, "71"), ("months_exceed_range",)),
        "gap": (_cell(5, "60"), ("months_gap",)),
        "not a number": (_cell(5, "6o"), ("count",)),
        "amount": (_cell(6, "4242.005"), ("amount",)),
        "nothing": (_cell(6, "0"), ("amount",)),
        "thousands": (_cell(6, "4,242.00"), ()),
        "again": (_cell(1, ""), ("duplicate_row",)),
    },
    "grants": {
        "clean": (_cell(1, ""), ()),
        "no class": (_cell(5, ""), ("class_missing",)),
        "over cap": (_cell(9, "25"), ("over_cap",)),
        "standard": (_cell(12, "1638.01"), ("standard_differs",)),
        "old standard": (_cell(6, "1998-07-07"), ("standard_unknown", "first_month_differs")),
        "granted before": (_cell(7, "2025-07-06"), ("range_backwards",)),
        "first month": (_cell(6, "2025-06-30"), ("first_month_differs",)),
        "paid over granted": (_cell(9, "3"), ("paid_over_granted",)),
        "all paid": (_cell(9, "4"), ("all_paid",)),
        "not through": (_cell(11, ""), ("paid_through_missing", "arrears")),
        "more than lie between": (_cell(11, "2025-09"), ("months_exceed_range", "arrears")),
        "gap": (_cell(10, "3"), ("gap_while_running",)),
        "used up": (_cell(13, "领完"), ("standing_differs",)),
        "stopped without ground": (_cell(13, "已停"), ("standing_differs",)),
        "household": (_cell(4, "37150"), ("region_unknown",)),
        "again": (_cell(1, ""), ("duplicate_row",)),
    },
}  # fmt: skip
ROW = {"persons": person_row, "contributions": contribution_row, "grants": grant_row}
LOADED: dict[str, type[Base]] = {"contributions": ImportedContribution, "grants": ImportedGrant}


@pytest.mark.parametrize("kind", PLANTED)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_report_counts_what_was_planted_and_the_clean_rows_are_what_is_loaded(
    office: Office, two: tuple[Actor, Actor], kind: str, data: st.DataObject
) -> None:
    plan = data.draw(st.lists(st.sampled_from(sorted(PLANTED[kind])), min_size=1, max_size=14))
    people = some(len(plan)) if kind == "persons" else known(office, len(plan))
    rows: list[list[str]] = []
    expected: Counter[str] = Counter()
    clean = 0
    stands = False
    for person, planted in zip(people, plan, strict=True):
        again = planted == "again" and stands
        row = list(rows[-1]) if again else ROW[kind](person)
        change, codes = PLANTED[kind]["clean" if planted == "again" and not again else planted]
        change(row)
        rows.append(row)
        expected.update(codes)
        severities = {FAULTS[code].severity for code in codes}
        # only a row that says the same may be repeated: the next one repeats nothing that was changed
        stands = planted == "clean" or (planted == "again" and not again)
        clean += "error" not in severities
    before = _people(office)

    view = checked(office, two[0], kind, as_csv(kind, rows))

    assert faults(view) == expected
    assert (view.rows, view.clean_rows) == (len(rows), clean)
    if view.error_rows:
        no = history.load(office, two[1], view.import_id)
        assert isinstance(no, Refusal)
        assert no.reasons[0].code == "faulty_rows"
        assert _people(office) == before
        if not clean:
            return
        child = history.split_clean(office, two[0], view.import_id)
        assert not isinstance(child, Refusal), child.text
        run(office)
        assert rows_of(office, LOADED.get(kind, ImportFault), view.import_id) == (
            0 if kind in LOADED else len(rows) - clean + expected["id_number_upgraded"]
        )
        view = seen(office, two[0], child.import_id)
    assert loaded(office, two[1], view.import_id).status == "loaded"
    got = rows_of(office, LOADED[kind], view.import_id) if kind in LOADED else _people(office) - before
    assert got == clean


def test_payments_are_held_against_their_grants(office: Office, two: tuple[Actor, Actor]) -> None:
    ended = {"standing": "已停", "ended_ground": "ST1", "ended_on": "2025-10-15"}
    first, second, gapped = known(office, 3)
    taken_over(
        office,
        two,
        "grants",
        [grant_row(first), grant_row(second), grant_row(gapped, months_paid="2", **ended)],
    )
    rows = {
        "": payment_row(first, "2025-07"),
        "duplicate_row": payment_row(first, "2025-07"),
        "above_standard": payment_row(first, "2025-08", amount="1638.01"),
        "grant_unknown": payment_row(first, "2025-09", reference="NONE"),
        "grant_of_other": payment_row(first, "2025-09", reference=f"OLD-{second}"),
        "outside_grant": payment_row(first, "2025-06"),
        "not_counted": payment_row(first, "2025-11", paid_on="2025-11-02"),
        "paid_before_month": payment_row(first, "2025-10", paid_on="2025-09-30"),
        "person_unknown": payment_row(some(1)[0], "2025-09", reference=f"OLD-{first}"),
    }
    # three months paid, where the grant says two
    more = [payment_row(gapped, month) for month in ("2025-07", "2025-08", "2025-10")]

    view = checked(office, two[0], "payments", as_csv("payments", [*rows.values(), *more]))

    assert faults(view) == {**{code: 1 for code in rows if code}, "more_than_paid": 1}
    child = history.split_clean(office, two[0], view.import_id)
    assert not isinstance(child, Refusal), child.text
    run(office)
    loaded(office, two[1], child.import_id)
    assert rows_of(office, ImportedPayment, child.import_id) == 4
    # what is on file counts in the next file too
    late = checked(
        office,
        two[0],
        "payments",
        as_csv("payments", [payment_row(gapped, "2025-09"), payment_row(first, "2025-08")]),
    )
    assert faults(late) == {"more_than_paid": 1, "above_standard": 1}


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"standing": "已停", "ended_ground": "ST1", "ended_on": "2025-10-15"}, set()),
        # November would be paid by the next run, though nobody has looked at it
        ({"standing": "已停", "ended_ground": "ST1", "ended_on": "2025-11-02"}, {"unpaid_before_stop"}),
        ({"standing": "已停", "ended_ground": "9", "ended_on": "2025-10-15"}, {"ground"}),
        ({"ended_ground": "ST1", "ended_on": "2025-10-15"}, {"standing_differs"}),
        ({"months_paid": "0", "paid_through": ""}, {"arrears"}),
        ({"months_paid": "3"}, {"gap_while_running"}),
        ({"months": "3", "months_paid": "3", "standing": "领完"}, {"paid_beyond"}),
    ],
)
def test_a_grant_that_the_month_run_would_pay_wrongly_is_told(
    office: Office, two: tuple[Actor, Actor], other: dict[str, str], found: set[str]
) -> None:
    (person,) = known(office, 1)

    view = checked(office, two[0], "grants", as_csv("grants", [grant_row(person, **other)]))

    assert set(faults(view)) == found


def test_months_of_one_employer_do_not_overlap_in_the_file_nor_with_what_is_on_file(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    (person,) = known(office, 1)
    spans = [("2019-01", "2019-06"), ("2019-07", "2019-12"), ("2019-12", "2020-03"), ("2021-01", "2021-01")]
    rows = [contribution_row(person, first_month=first, last_month=last) for first, last in spans]
    assert faults(checked(office, two[0], "contributions", as_csv("contributions", rows))) == {"overlap": 1}
    taken_over(office, two, "contributions", [rows[0], rows[3]])

    view = checked(
        office,
        two[0],
        "contributions",
        as_csv("contributions", [rows[1], [*rows[3][:3], "2020-12", "2021-02", *rows[3][5:]]]),
    )

    assert faults(view) == {"overlap": 1}


def test_the_list_of_faults_is_put_right_and_uploaded_by_itself(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    good, bad = some(2)
    wrong = person_row(bad, region="999999")
    view = checked(office, two[0], "persons", as_csv("persons", [person_row(good), wrong]))
    assert (view.can, view.report[0].examples[0].row_no) == ({"recheck", "split", "fixes"}, 3)

    sheet = history.fix_list(office, two[0], view.import_id)

    assert not isinstance(sheet, Refusal)
    book = load_workbook(BytesIO(sheet.read()))
    (heading, row) = list(book.worksheets[0].iter_rows(values_only=True))
    assert row[0] == number_of(bad)
    assert "第3行；参保地区代码：没有这个地区代码" in str(row[-1])
    book.worksheets[0].cell(2, 3).value = "371502"
    kept = BytesIO()
    book.save(kept)
    again = checked(office, two[0], "persons", kept.getvalue(), "fixed.xlsx")
    assert (again.rows, again.error_rows, heading[0]) == (1, 0, "身份证号码")
    with office.store.reading() as session:
        trail = session.scalars(
            select(AuditEvent.action).where(AuditEvent.stream == f"import:{view.import_id}")
        ).all()
    assert trail[-1] == "IMPORT_FAULTS_EXPORTED"


def test_no_number_and_no_name_stands_readable_in_what_is_kept_or_shown(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    (person,) = known(office, 1)
    number = number_of(person)
    wrong = number[:17] + ("0" if number[17] != "0" else "1")
    rows = [
        contribution_row(person, name="欧阳不见", base="-5", employer_code=number),
        contribution_row(person, name="欧阳不见" * 20, id_number=wrong),
    ]
    view = checked(office, two[0], "contributions", as_csv("contributions", rows))

    shown = [example.value for group in view.report for example in group.examples]
    with office.store.reading() as session:
        kept = [
            str(line)
            for table in ("import_row", "import_entry", "import_fault", "audit_event")
            for line in session.execute(text(f"SELECT t::text FROM {table} t")).scalars()
        ]
    assert faults(view) == {"amount": 1, "employer_code": 1, "id_number_check": 1, "text_long": 1}
    assert not [line for line in (*shown, *kept) if number[:17] in line or "欧阳不见" in line]


def test_a_number_of_the_older_system_stands_for_one_grant(office: Office, two: tuple[Actor, Actor]) -> None:
    first, second, third = known(office, 3)
    rows = [grant_row(first, reference="SAME-1"), grant_row(second, reference="SAME-1")]
    assert faults(checked(office, two[0], "grants", as_csv("grants", rows))) == {"duplicate_row": 1}
    taken_over(office, two, "grants", rows[:1])

    later = [
        grant_row(third, reference="SAME-1"),
        grant_row(first, applied_on="2025-08-04", first_month="2025-08", months_paid="3"),
    ]
    view = checked(office, two[0], "grants", as_csv("grants", later))

    assert faults(view) == {"loaded_before": 1, "second_active": 1}


def test_a_file_is_checked_anew_once_what_it_lacked_is_there(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    (person,) = some(1)
    content = as_csv("contributions", [contribution_row(person)])
    view = checked(office, two[0], "contributions", content)
    assert faults(view) == {"person_unknown": 1}
    taken_over(office, two, "persons", [person_row(person)])

    again = history.recheck(office, two[0], view.import_id)
    assert not isinstance(again, Refusal)
    run(office)

    assert faults(seen(office, two[0], view.import_id)) == {}
    # somebody else's name beside the number of a person on file
    renamed = checked(office, two[0], "persons", as_csv("persons", [person_row(person, name="别人")]))
    assert faults(renamed) == {"name_conflict": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_the_worked_line_of_every_template_has_nothing_wrong(office: Office, kind: str) -> None:
    known_kind = KINDS[kind]
    ground = Ground(
        kind=known_kind, book=office.book, today=date(2026, 11, 29), regions=frozenset({"371502"}), reach="37"
    )
    texts = dict(zip(known_kind.by_key, known_kind.example, strict=True))
    cells = Cells(ground=ground, texts=texts)

    said(cells)

    assert cells.faults == []


def test_many_people_come_out_as_one_by_one(office: Office) -> None:
    """The definition is ``ensure_person``; the bulk way gives the same rows, twice or over what was there."""
    people = some(6)
    records = [_record(each) for each in people]
    with office.store.transaction() as session:
        for record in records[:2]:
            ensure_person(session, office.vault, record, now=office.clock(), region="371525")
        session.flush()
        one_by_one = session.begin_nested()
        for record in records:
            ensure_person(session, office.vault, record, now=office.clock())
        expected = _stored(session, office, people)
        one_by_one.rollback()
        session.expire_all()
        for _ in range(2):
            ensure_people(session, office.vault, [*records, records[0]], now=office.clock())
        assert _stored(session, office, people) == expected


def _stored(session: Session, office: Office, people: Sequence[int]) -> set[tuple[object, ...]]:
    wanted = [office.vault.index(number_of(each)) for each in people]
    rows = session.scalars(
        select(Person).where(Person.id_number_index.in_(wanted)),
        execution_options={"populate_existing": True},
    )
    return {
        (id_number_of(office.vault, row), row.name, row.birth, row.sex, row.region_code, row.created_at)
        for row in rows
    }


def test_the_month_run_goes_on_where_the_older_system_stopped(
    office: Office, two: tuple[Actor, Actor]
) -> None:
    """What ``month_due`` owes each kind of imported grant in November: never a month twice, never one lost."""
    ended = {"standing": "已停", "ended_ground": "ST1", "ended_on": "2025-10-15"}
    used_up = {"months": "4", "standing": "领完"}
    rows = {
        ("2025-11",): {},
        (): ended,
        ("none",): used_up,
        ("2025-07", "2025-08", "2025-09", "2025-10", "2025-11"): {"months_paid": "0", "paid_through": ""},
    }
    people = known(office, len(rows))
    view = taken_over(
        office,
        two,
        "grants",
        [grant_row(person, **other) for person, other in zip(people, rows.values(), strict=True)],
    )

    with office.store.reading() as session:
        grants = session.scalars(
            select(BenefitGrant)
            .join(ImportedGrant, ImportedGrant.grant_id == BenefitGrant.id)
            .where(ImportedGrant.file_id == view.import_id)
            .order_by(ImportedGrant.row_no)
        ).all()
    due = [month_due(_facts(grant), Month(2025, 11), office.book) for grant in grants]
    assert [tuple(str(month) for month, _ in each.months) for each in due] == [
        tuple(month for month in months if month != "none") for months in rows
    ]
    assert faults(view) == {"arrears": 1}


def _facts(grant: BenefitGrant) -> GrantFacts:
    return GrantFacts(
        region=grant.region_code,
        household_region=grant.household_region or None,
        birth=date(1990, 1, 1),
        retirement_class="M60",
        applied_on=grant.applied_on,
        monthly=Money(grant.monthly_fen),
        first_month=Month.parse(grant.first_month),
        months=grant.months,
        paid_through=Month.parse(grant.paid_through) if grant.paid_through else None,
        extended_through=None,
        stopped_on=grant.ended_on,
        used_up=grant.status == "used_up",
        in_doubt=False,
        account="good",
    )
