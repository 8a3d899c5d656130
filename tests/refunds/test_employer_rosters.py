"""Rosters of employers: read whole or refused with every faulty line, by a data steward, and kept as they came (REFUND-01)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from offices import FixedClock, settings_for, staffed
from sqlalchemy import text

from engine.cases.employer_rosters import (
    EmployerRosterView,
    employer_rosters,
    employer_template,
    take_employer_roster,
)
from engine.cases.office import Office, open_office
from engine.cases.screening import drive, screening_of, start_screening
from engine.cases.screening_views import ScreeningView
from engine.cases.views import Done
from engine.duties import sign_in
from engine.refunds.roster_files import LIST_COLUMNS, YEAR_COLUMNS, read_list
from engine.refunds.rosters import REQUIRED
from engine.registers.numbers import credit_code_for
from engine.registers.roster_lines import RosterFileError
from engine.values import SYSTEM, Actor, Refusal

pytestmark = [pytest.mark.slow, pytest.mark.req("REFUND-01")]

CODE = credit_code_for(prefix="91", region="371502", organisation="T0000000")
HEAD = ",".join(LIST_COLUMNS) + "\n"
DAY = date(2025, 3, 31)
PASSWORD = "staffed-offices-2025"


@pytest.fixture(scope="module")
def staff(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with staff and one registered employer."""
    office = open_office(
        settings_for(database_url, tmp_path_factory.mktemp("staff")),
        clock=FixedClock("2025-12-20T09:00+08:00"),
    )
    staffed(office, day=date(2025, 12, 20), password=PASSWORD)
    with office.store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO employer (credit_code, name, region_code, created_at) VALUES (:code, '单位', '371502', now())"
            ),
            {"code": CODE},
        )
    yield office
    office.close()


def holder(office: Office, duty: str) -> Actor:
    from engine.duties import DEMO_STAFF

    one = next(each for each in DEMO_STAFF if each.duty == duty and each.region == "371500")
    with office.store.transaction() as session:
        actor = sign_in(session, login=one.login, password=PASSWORD, now=office.clock())
    assert isinstance(actor, Actor), actor
    return actor


def a_year(**changes: str) -> bytes:
    """A file of one employer's year of 30 people at 300 yuan a month."""
    row = dict.fromkeys(YEAR_COLUMNS, "")
    row |= {
        "统一社会信用代码": CODE,
        "统筹区": "371502",
        "单位类型": "企业",
        "企业规模": "小型",
        "行业门类": "C",
    }
    row |= {"以前年度足额缴费月数": "24", "上年末参保人数": "30", "裁减人数": "0"}
    row |= {f"{month}月参保人数": "30" for month in range(1, 13)}
    row |= {f"{month}月{what}": "300.00" for month in range(1, 13) for what in ("应缴", "实缴")}
    row |= changes
    return (",".join(YEAR_COLUMNS) + "\n" + ",".join(row.values()) + "\n").encode("gb18030")


def take(office: Office, actor: Actor, file: bytes, kind: str, **more: object) -> Done | Refusal:
    given = {"region": "371500", "as_of": str(DAY), "source": "税务局", **more}
    return take_employer_roster(office, actor, file, kind=kind, **given)  # type: ignore[arg-type]


def test_what_a_steward_takes_in_is_screened(staff: Office):
    steward = holder(staff, "data_steward")
    assert isinstance(take(staff, steward, a_year(), "contributions", year=2024), Done)
    for kind in REQUIRED:  # five lists that name nobody: the same bytes, and five lists
        assert isinstance(take(staff, steward, employer_template(kind), kind), Done), kind
    assert isinstance(take(staff, steward, employer_template("zombie"), "zombie"), Done)

    run = start_screening(staff, SYSTEM, year=2025, region="371500")

    assert isinstance(run, ScreeningView), run.text
    drive(staff, run.run_id, say=lambda _done, _total: None)
    assert [(row.outcome, row.count, row.total) for row in screening_of(staff, run.run_id).outcomes] == [
        ("eligible", 1, "2160.00")
    ]
    kept = employer_rosters(staff, steward)
    assert not isinstance(kept, Refusal)
    assert sorted(each.kind for each in kept) == sorted(("contributions", *REQUIRED))
    assert all(isinstance(each, EmployerRosterView) and each.status == "current" for each in kept)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"统筹区": "370102"}, "统筹区"),
        ({"单位类型": "公司"}, "单位类型"),
        ({"企业规模": "巨型"}, "企业规模"),
        ({"行业门类": "AB"}, "行业门类"),
        ({"3月参保人数": "-1"}, "参保人数"),
        ({"3月参保人数": "٣"}, "参保人数"),
        ({"3月实缴": "300.001"}, "实缴"),
        ({"其中派遣人员实缴": "3600.01"}, "其中数大于总数"),
        ({"统一社会信用代码": "91371502X"}, "信用代码"),
        (
            {"统一社会信用代码": credit_code_for(prefix="91", region="371502", organisation="T0000009")},
            "没有登记单位",
        ),
    ],
)
def test_a_faulty_year_is_refused_whole_with_its_line(staff: Office, changes: dict[str, str], told: str):
    refused = take(staff, holder(staff, "data_steward"), a_year(**changes), "contributions", year=2024)

    assert isinstance(refused, Refusal)
    assert refused.reasons[0].text.startswith("第2行")
    assert told in refused.text


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"year": 2025}, "year_unknown"),
        ({"year": 2024, "source": " "}, "source_missing"),
        ({"year": 2024, "as_of": "2025-12-21"}, "day_unreadable"),
        ({"year": 2024, "region": "999999"}, None),
    ],
)
def test_a_roster_says_of_whom_when_and_from_where(staff: Office, more: dict[str, object], code: str | None):
    refused = take(staff, holder(staff, "data_steward"), a_year(), "contributions", **more)

    assert isinstance(refused, Refusal)
    assert code is None or refused.reasons[0].code == code


def test_only_a_data_steward_takes_a_roster_in(staff: Office):
    assert isinstance(take(staff, holder(staff, "intake"), HEAD.encode(), "zombie"), Refusal)


def test_a_list_is_read_with_every_faulty_line():
    good = f"{HEAD}{CODE},2025-01-02,12.30,欠费\n".encode("gb18030")
    assert read_list(good, "arrears", until=DAY) == ((CODE, date(2025, 1, 2), 1230, "欠费"),)
    bad = f"{HEAD}X,,,\n{CODE},明天,,\n\n{CODE},2025-04-01,,\n{CODE},,5.00,\n{CODE},,\n"

    with pytest.raises(RosterFileError) as wrong:
        read_list(bad.encode(), "zombie", until=DAY)

    assert [fault.line for fault in wrong.value.faults] == [2, 3, 5, 6, 7]
    for text_ in (HEAD[1:].encode(), b"\xff\xff\xff"):
        with pytest.raises(RosterFileError):
            read_list(text_, "zombie", until=DAY)
