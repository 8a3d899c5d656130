"""Suspicion lists: taken whole or not at all, every line found out by one and confirmed by another, answered in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from builders import MAIN_ROAD, Case, a_list, a_suspicion_line, actor, refused
from openpyxl import Workbook, load_workbook
from paths import every_path
from sqlalchemy import func, select

from engine.cases import suspicion_lists
from engine.cases.hit_openers import paid_for_rehearsal
from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle
from engine.oversight.hit_tables import MatchHit
from engine.oversight.list_tables import SuspicionLine, SuspicionList
from engine.registers.cast import PEOPLE
from engine.store.audit import AuditEvent
from engine.values import Refusal

LI, BO = PEOPLE["li"].id_number, PEOPLE["bo"].id_number
HEAD = "证件号码,姓名,疑点情形\n"


def taken(office: Office, content: bytes, who: str = "zhengneikong", **changed: object) -> object:
    """What came of handing the file in."""
    asked = {"sender": "province", "number": "疑点1号", "answer_due": date(2025, 11, 20), **changed}
    return suspicion_lists.take_list(office, actor(office, who), content, **asked)  # type: ignore[arg-type]


def workbook(*rows: tuple[str, ...]) -> bytes:
    """The rows as Excel."""
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def draws(office: Office, person: str) -> None:
    """The person draws benefit from now on."""
    with office.store.transaction() as session:
        paid_for_rehearsal(session, office, actor(office, person).id)


def line_of(case: Case) -> SuspicionLine:
    """The line of the case."""
    with case.office.store.reading() as session:
        return session.scalars(select(SuspicionLine).where(SuspicionLine.case_id == case.id)).one()


@pytest.mark.req("CTRL-03")
@pytest.mark.parametrize(
    "content",
    [
        (HEAD + f"{LI},李国强,领取期间缴费\n").encode("gb18030"),
        ("\ufeff" + HEAD + f"{LI},李国强,领取期间缴费\n").encode(),
        workbook(("疑点情形", "证件号码"), ("领取期间缴费", LI)),
    ],
    ids=["gb18030", "utf-8", "xlsx"],
)
def test_a_list_is_taken_from_csv_and_excel_once(office: Office, content: bytes) -> None:
    first, again = taken(office, content), taken(office, content, number="另一个文号")

    assert isinstance(first, suspicion_lists.ListTaken)
    assert isinstance(again, suspicion_lists.ListTaken)
    assert (first.list_id, first.again, again.again) == (again.list_id, False, True)
    with office.store.reading() as session:
        line = session.scalars(select(SuspicionLine)).one()
    assert line.claim_text == "领取期间缴费"
    assert line.person_index == office.vault.index(LI)
    assert LI not in line.person_label


@pytest.mark.req("CTRL-03")
def test_with_a_fault_in_any_line_nothing_is_taken_and_each_fault_has_its_line(office: Office) -> None:
    rows = f"{LI},李,领取期间缴费\n123,某,领取期间缴费\n{BO},柏,\n{LI},李,领取期间缴费\n"

    outcome = taken(office, (HEAD + rows).encode(), number="")

    assert isinstance(outcome, Refusal)
    said = [reason.text for reason in outcome.reasons]
    assert said[0].startswith("请填写名单文号")
    assert [text[:3] for text in said[1:]] == ["第3行", "第4行", "第5行"]
    assert "与第2行重复" in said[3]
    with office.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(SuspicionList)) == 0


@pytest.mark.req("CTRL-03")
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_wrong"),
        (b"\x00\x01binary", "file_wrong"),
        (b"PK\x03\x04 no workbook", "file_wrong"),
        ("姓名,疑点情形\n某,缴费\n".encode(), "file_wrong"),
        (HEAD.encode(), "file_wrong"),
        (b"\xff\xfe\xff", "file_wrong"),
        (f'{HEAD}"{LI}'.encode(), "file_wrong"),
        (workbook(("证件号码", "疑点情形"), (LI, "=1+1")), "file_wrong"),
    ],
)
def test_what_is_no_list_is_refused_in_a_sentence(office: Office, content: bytes, code: str) -> None:
    assert refused(taken(office, content)) == (code,)


@pytest.mark.req("CTRL-03", "CTRL-07")
def test_only_internal_control_of_the_region_takes_and_sees_lists(office: Office) -> None:
    content = (HEAD + f"{LI},,领取期间缴费\n").encode()
    assert refused(taken(office, content, who="wangshouli")) == ("no_post",)

    list_id = a_list(office, (LI, "领取期间缴费"))

    assert refused(suspicion_lists.lists(office, actor(office, "wangshouli"))) == ("no_lists",)
    seen = suspicion_lists.list_view(office, actor(office, "zhaofuhe"), list_id)
    assert refused(seen) == ("no_such_list",)


@pytest.mark.req("CTRL-03", "CTRL-02")
def test_every_path_answers_the_line_once_by_two_people(office: Office, afresh: Callable[[], None]) -> None:
    found = set()
    for case, path in every_path(lambda: a_suspicion_line(office), detours=1, afresh=afresh):
        assert line_of(case).finding, str(path)
        found.add(line_of(case).finding)
        assert case.hands()["record_finding"] != case.hands()["confirm_finding"]
        assert line_of(case).hit_id is None, "nobody draws benefit: there is nothing to stop"

    assert found == {"true", "false", "not_ours", "settled"}


@pytest.mark.req("CTRL-03", "CTRL-02")
def test_a_finding_that_is_true_of_a_running_grant_leads_to_a_stop_case(office: Office) -> None:
    draws(office, "li")
    line = a_suspicion_line(office)
    line.goes_on().sweep()

    assert line.ended_in == "line_answered"
    with office.store.reading() as session:
        hit = session.scalars(select(MatchHit)).one()
    assert (hit.origin, hit.ground, hit.event_day, hit.status) == ("list", "ST1", date(2025, 11, 2), "open")
    assert line_of(line).hit_id == hit.id
    stop = Case(office=office, id=hit.case_id or 0, subject="li")
    assert stop.open_steps() == ["answer_notice"]
    assert "鲁社险〔2025〕疑点3号 第2行：领取期间有单位缴费" in stop.letter("stop-notice")


@pytest.mark.req("CTRL-03", "MONEY-02")
def test_who_found_out_does_not_confirm(office: Office) -> None:
    line = a_suspicion_line(office).answers("record_finding")

    outcome = line.tries("zhengneikong", "confirm_finding", **MAIN_ROAD["confirm_finding"][1])

    assert refused(outcome) == ("different_person",)
    assert line_of(line).finding == ""


@pytest.mark.req("CTRL-03", "CLAIM-12")
def test_a_list_shows_how_far_it_is_and_is_not_answered_before_its_last_line(office: Office) -> None:
    list_id = a_list(office, (LI, "领取期间缴费"), (BO, "已领养老金"), due="2025-11-03")
    a_list(office, (LI, "死亡"), due="2025-10-20", number="迟到的名单")
    sweep_until_idle(office)
    control = actor(office, "zhengneikong")

    late, due = suspicion_lists.lists(office, control)  # type: ignore[misc]
    assert (late.light, late.late_on_receipt, due.light, due.lines, due.answered) == (
        "overdue",
        True,
        "soon",
        2,
        0,
    )
    assert refused(suspicion_lists.answer_file(office, control, list_id)) == ("lines_unanswered",)

    with office.store.reading() as session:
        cases = session.scalars(
            select(SuspicionLine.case_id)
            .where(SuspicionLine.list_id == list_id)
            .order_by(SuspicionLine.line_no)
        ).all()
    seen = suspicion_lists.list_view(office, control, list_id)
    assert not isinstance(seen, Refusal)
    assert [row.case_id for row in seen.page.rows] == list(cases)
    first, second = (Case(office=office, id=case_id or 0) for case_id in cases)
    first.goes_on()
    half = suspicion_lists.answer_file(office, control, list_id, partial=True)
    second.answers("record_finding", finding="false", finding_ground="none", finding_note="同名同姓").answers(
        "confirm_finding"
    )
    whole = suspicion_lists.answer_file(office, control, list_id)

    assert [[row[0], row[3]] for row in _rows(half)] == [["2", "属实"], ["3", "尚未核查完毕"]]
    assert [[row[0], row[3], row[4]] for row in _rows(whole)] == [
        ["2", "属实", "参保记录显示由新单位缴费"],
        ["3", "不属实", "同名同姓"],
    ]
    with office.store.reading() as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "SUSPICION_LIST_ANSWERED")).all()
    assert len(told) == 2


def _rows(file: object) -> list[list[str]]:
    assert not isinstance(file, Refusal), file
    sheet = load_workbook(file).worksheets[0]  # type: ignore[arg-type]
    return [[str(cell.value or "") for cell in row] for row in sheet.iter_rows(min_row=2)]
