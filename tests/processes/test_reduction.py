"""Reduction reports: who may report whom, what counts, who is told, how a reason is put right (SERV-03, SERV-04)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest
from builders import (
    a_reduction,
    actor,
    an_exit_objection,
    opened,
    reduction_of,
    refused,
    register_says,
    report,
    report_row,
)
from paths import every_path
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from engine.cases import claims
from engine.cases.data_changes import ask_change, ask_correction, decide_change
from engine.cases.exit_objections import answer_exit_objection, object_to_reason
from engine.cases.office import Office
from engine.cases.reduction_lists import (
    employer_reductions,
    my_reductions,
    reduction_list,
    report_view,
)
from engine.cases.reduction_sheets import SheetTaken, report_sheet, template
from engine.cases.reduction_views import ReductionList, ReductionView
from engine.cases.reductions import note_notice_given, receive_notice
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done, FieldFaults, Page
from engine.oversight.change_tables import DataChange
from engine.people import Person
from engine.registers.cast import PEOPLE
from engine.registers.reduction_tables import ReductionCorrection
from engine.registers.reductions import latest_exit
from engine.store.audit import AuditEvent
from engine.values import Refusal

SUN = PEOPLE["sun"]


def exit_told(office: Office) -> tuple[str, str]:
    """Reason and day of sun's leaving, as a claim reads them."""
    with office.store.reading() as session:
        person_id = session.scalars(select(Person.id).where(Person.name == SUN.name)).one()
        found = latest_exit(session, office.registers.employers, person_id=person_id, id_number=SUN.id_number)
    assert found is not None
    return (found.reason, found.day.isoformat())


def passed_on(office: Office, agency: str) -> list[dict[str, object]]:
    """What was handed to the agency, by revision."""
    folder = office.settings.data_dir / "agencies" / agency / "out"
    found = [orjson.loads(path.read_bytes()) for path in folder.glob("*.json")]
    return sorted(found, key=lambda each: int(each["revision"]))


def request_of(office: Office) -> DataChange:
    """The latest correction that was asked for."""
    with office.store.reading() as session:
        found: DataChange = session.scalars(select(DataChange).order_by(DataChange.id.desc()).limit(1)).one()
        return found


def wrong(outcome: object) -> set[str]:
    """The fields that were wrong."""
    assert isinstance(outcome, FieldFaults), outcome
    return set(outcome.faults)


# ---- the paths


@pytest.mark.req("SERV-03", "SERV-04")
@pytest.mark.parametrize(
    ("reason", "ends"), [("I07", {"employee_told"}), ("I99", {"employee_told", "reduction_returned"})]
)
def test_every_path_records_and_tells_or_returns(
    office: Office, afresh: Callable[[], None], reason: str, ends: set[str]
) -> None:
    found = set()
    for case, path in every_path(lambda: a_reduction(office, reason=reason), detours=1, afresh=afresh):
        found.add(case.ended_in)
        counted = case.ended_in == "employee_told"
        assert report_row(case).status == ("counted" if counted else "returned"), str(path)
        assert case.letters() == (
            ["claim-notice-employer", "claim-notice"] if counted else ["reduction-returned"]
        )

    assert found == ends


@pytest.mark.req("SERV-03")
def test_every_path_of_an_objection_answers_the_worker_and_tells_the_employer(
    office: Office, afresh: Callable[[], None]
) -> None:
    ends = set()
    begin = lambda: an_exit_objection(office, answered=False)  # noqa: E731
    for case, path in every_path(begin, detours=1, afresh=afresh):
        ends.add(case.ended_in)
        changed = case.ended_in == "exit_reason_corrected"
        assert report_row(reduction_of(case)).reason == ("I07" if changed else "V01"), str(path)
        assert case.letters().count("objection-reply") == 1, str(path)
        assert ("reduction-corrected" in case.letters()) == changed, str(path)

    assert ends == {"exit_reason_corrected", "exit_reason_kept"}


# ---- who may report whom


@pytest.mark.req("SERV-04")
@pytest.mark.parametrize("by", ["dongchang", "fenghuang"])
def test_an_employer_cannot_report_whom_it_does_not_insure(office: Office, by: str) -> None:
    outcome = report(office, by=by)

    assert wrong(outcome) == {"id_number"}
    assert isinstance(outcome, FieldFaults) and outcome.faults["id_number"].code == "not_your_employee"
    with office.store.reading() as session:
        told = session.scalars(select(AuditEvent.action).where(AuditEvent.stream == "reductions")).all()
    assert told, "an attempt leaves a trace"


@pytest.mark.req("SERV-04")
def test_a_wrong_name_and_somebody_elses_worker_are_told_the_same_sentence(office: Office) -> None:
    texts = [
        each.faults["id_number"].text
        for each in (report(office, name="孙立夜"), report(office, "li"))
        if isinstance(each, FieldFaults)
    ]

    assert len(texts) == 2 and len(set(texts)) == 1


@pytest.mark.req("SERV-04")
def test_a_bare_resignation_is_no_reason_and_a_day_to_come_is_no_exit(office: Office) -> None:
    assert wrong(report(office, reason="辞职")) == {"reason"}
    assert wrong(report(office, exit_day="2025-11-04")) == {"exit_day"}
    assert wrong(report(office, id_number="37150219850409001X", notice_given_on="soon")) >= {
        "notice_given_on"
    }


@pytest.mark.req("SERV-04")
def test_nobody_but_an_employer_reports_and_one_leaving_is_reported_once(office: Office) -> None:
    a_reduction(office)

    again, other_day = report(office), report(office, exit_day="2025-10-30")

    assert wrong(again) == wrong(other_day) == {"id_number"}
    assert isinstance(again, FieldFaults) and again.faults["id_number"].code == "reported_before"
    for who in ("wangshouli", "sun"):
        with pytest.raises(AssertionError):
            opened(office, report(office, by=who))


@pytest.mark.req("SERV-04")
def test_a_late_report_is_taken_marked_and_never_held_against_the_worker(office: Office) -> None:
    # contributions went on until October, and the employer reports in November that the worker left in August
    case = a_reduction(office, exit_day="2025-08-31")

    row = report_row(case)
    assert (row.status, row.due_on.isoformat(), row.reported_on > row.due_on) == (
        "counted",
        "2025-09-15",
        True,
    )
    claim = opened(office, claims.submit_claim(office, actor(office, "sun")), subject="sun")
    facts = claim.data()
    assert (facts["exit_reason"], facts["exit_day"]) == ("I07", "2025-08-31")
    assert facts["has_current_contribution"] is False


@pytest.mark.req("SERV-04")
def test_who_was_taken_on_again_after_the_report_is_in_work(office: Office) -> None:
    a_reduction(office)
    history = office.registers.contributions.history(SUN.id_number)
    # the register hears of a month that was paid after the report
    register_says(office, "sun", contributions=replace(history, last_month=history.last_month.plus(2)))  # type: ignore[union-attr]

    claim = opened(office, claims.submit_claim(office, actor(office, "sun")), subject="sun")

    assert claim.data()["has_current_contribution"] is True


@pytest.mark.req("SERV-04")
def test_a_special_reason_counts_only_once_a_second_person_agreed(office: Office) -> None:
    before = office.registers.employers.exit_report(SUN.id_number)
    case = a_reduction(office, reason="U99")

    assert before is not None and exit_told(office) == (before.reason, before.day.isoformat())
    assert case.open_steps() == ["review_reduction"]
    case.goes_on()

    assert exit_told(office) == ("U99", "2025-10-31")
    assert report_row(case).status == "counted"


@pytest.mark.req("SERV-04")
def test_what_was_returned_is_reported_anew(office: Office) -> None:
    case = a_reduction(office, reason="I99")
    case.answers("review_reduction", review_opinion="return", review_note="没有可适用的条款")

    again = a_reduction(office, reason="I06")

    assert report_row(again).status == "counted"
    assert exit_told(office) == ("I06", "2025-10-31")


@pytest.mark.req("SERV-04")
def test_both_agencies_are_handed_the_same_record_with_a_receipt(office: Office) -> None:
    case = a_reduction(office)
    sweep_until_idle(office)

    (insurance,), (employment,) = passed_on(office, "insurance"), passed_on(office, "employment")
    assert {**insurance, "key": ""} == {**employment, "key": ""}
    assert (employment["id_number"], employment["reason"]) == (SUN.id_number, "I07")
    view = report_view(office, actor(office, "wangshouli"), report_row(case).id)
    assert isinstance(view, ReductionView)
    assert [each.sent_at is not None and bool(each.receipt) for each in view.deliveries] == [True] * 4


# ---- the notice


@pytest.mark.req("SERV-03")
def test_the_notice_goes_to_both_and_both_confirm_it_once(office: Office) -> None:
    case = a_reduction(office)
    report_id = report_row(case).id
    employer, worker = actor(office, "guangyue"), actor(office, "sun")

    assert case.recipients("claim-notice") == [worker.key]
    assert case.recipients("claim-notice-employer") == [employer.key]
    assert "单位提出、协商一致解除" in case.letter("claim-notice")
    assert isinstance(note_notice_given(office, employer, report_id, day="2025-11-01"), Done)
    assert refused(note_notice_given(office, employer, report_id, day="2025-11-02")) == ("said_before",)
    assert isinstance(receive_notice(office, worker, report_id), Done)

    row = report_row(case)
    assert row.notice_given_on is not None and row.notice_given_on.isoformat() == "2025-11-01"
    assert row.notice_received_at is not None


@pytest.mark.req("SERV-03", "CTRL-07")
def test_each_sees_their_own_reports_and_nobody_elses(office: Office) -> None:
    report_id = report_row(a_reduction(office)).id

    for stranger in ("dongchang", "li", "youshouli", "chenguanli"):
        assert refused(report_view(office, actor(office, stranger), report_id)) == ("no_such_report",), (
            stranger
        )
    mine, own = (
        my_reductions(office, actor(office, "sun")),
        employer_reductions(office, actor(office, "guangyue")),
    )
    assert not isinstance(mine, Refusal) and [each.row.reason for each in mine] == ["I07"]
    assert isinstance(own, Page) and own.rows[0].employee == SUN.name
    for other in ("dongchang", "fenghuang"):
        theirs = employer_reductions(office, actor(office, other))
        assert isinstance(theirs, Page) and theirs.rows == ()
    for who, do in (
        ("li", receive_notice),
        ("guangyue", receive_notice),
    ):
        assert refused(do(office, actor(office, who), report_id)) == ("no_such_report",)
    assert refused(note_notice_given(office, actor(office, "dongchang"), report_id, day="2025-11-01")) == (
        "no_such_report",
    )


@pytest.mark.req("SERV-04")
def test_the_agency_lists_what_is_late_waits_and_was_corrected_in_its_regions(office: Office) -> None:
    a_reduction(office, reason="I99", exit_day="2025-10-01")

    found = reduction_list(office, actor(office, "zhaofuhe"), which="late")

    assert isinstance(found, ReductionList)
    assert [each.late for each in found.page.rows] == [True]
    assert {**found.counts} == {
        "all": 1, "waiting": 1, "late": 1, "objected": 0, "corrected": 0, "undelivered": 0,
    }  # fmt: skip
    elsewhere = reduction_list(office, actor(office, "youshouli"))
    assert isinstance(elsewhere, ReductionList) and elsewhere.page.rows == ()
    assert refused(reduction_list(office, actor(office, "chenguanli"))) == ("no_post",)


# ---- corrections


@pytest.mark.req("SERV-04", "CTRL-01")
def test_an_employer_asks_for_a_correction_and_another_of_the_agency_decides(office: Office) -> None:
    case = a_reduction(office, reason="V01")
    report_id = report_row(case).id
    employer = actor(office, "guangyue")

    asked = ask_correction(
        office,
        employer,
        report_id,
        field="reduction_reason",
        value="I07",
        reason="经办人误选",
        evidence="协议书",
    )
    assert isinstance(asked, Done)
    assert exit_told(office)[0] == "V01", "asked for is not done"
    change = request_of(office)
    assert (change.before, change.after) == ("V01 劳动者主动辞职", "I07 用人单位提出、协商一致解除")
    refused(decide_change(office, employer, change.id, agree=True, why="同意"))
    refused(decide_change(office, actor(office, "wangshouli"), change.id, agree=True, why="同意"))
    assert isinstance(
        decide_change(office, actor(office, "sunshenpi"), change.id, agree=True, why="属实"), Done
    )

    assert exit_told(office)[0] == "I07"
    assert case.recipients("reduction-corrected") == [employer.key, actor(office, "sun").key]
    sweep_until_idle(office)
    assert [each["reason"] for each in passed_on(office, "employment")][-1] == "I07"
    with office.store.reading() as session:
        made = session.scalars(select(ReductionCorrection)).one()
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "REDUCTION_CORRECTED")).one()
    assert (made.before, made.after, made.asked_by) == ("V01", "I07", employer.key)
    assert ("V01" in told.before, "I07" in told.after) == (True, True)


@pytest.mark.req("CTRL-01")
def test_nobody_of_the_agency_approves_a_correction_they_asked_for(office: Office) -> None:
    case = a_reduction(office, reason="V01")
    clerk = actor(office, "wangshouli")

    asked = ask_change(
        office, clerk, field="reduction_exit_day", number=case.key, value="2025-10-30", reason="日期误填",
        evidence="考勤记录",
    )  # fmt: skip

    assert isinstance(asked, Done), asked
    refused(decide_change(office, clerk, request_of(office).id, agree=True, why="同意"))
    decide_change(office, actor(office, "sunshenpi"), request_of(office).id, agree=True, why="属实")
    assert exit_told(office) == ("V01", "2025-10-30")


@pytest.mark.req("CTRL-01", "CTRL-07")
def test_another_employer_corrects_nothing_and_no_row_changes_without_its_correction(office: Office) -> None:
    report_id = report_row(a_reduction(office, reason="V01")).id
    words = {"field": "reduction_reason", "value": "I07", "reason": "误选", "evidence": "协议书"}

    assert refused(ask_correction(office, actor(office, "dongchang"), report_id, **words)) == (
        "no_such_report",
    )
    assert refused(
        ask_correction(office, actor(office, "guangyue"), report_id, **{**words, "field": "employer_name"})
    ) == ("no_such_field",)
    with pytest.raises(IntegrityError, match="更正"), office.store.transaction() as session:
        session.execute(text("UPDATE reduction_report SET reason = 'I07'"))


# ---- objections


@pytest.mark.req("SERV-03", "CLAIM-03")
def test_an_objection_is_put_right_by_two_and_the_register_answers_the_new_reason(office: Office) -> None:
    case = an_exit_objection(office)
    case.answers("answer_exit_objection")

    assert exit_told(office)[0] == "V01"
    assert refused(case.tries("wangshouli", "approve_exit_correction", approval="approve"))
    case.goes_on()

    assert case.ended_in == "exit_reason_corrected"
    assert exit_told(office)[0] == "I07"
    assert "属实，已更正" in case.letter("objection-reply") and "申领表" not in case.letter("objection-reply")
    (mine,) = my_reductions(office, actor(office, "sun"))  # type: ignore[misc]
    assert [(each.before[0], each.after[0]) for each in mine.corrections] == [
        ("劳动者主动辞职", "用人单位提出、协商一致解除")
    ]
    assert mine.objections[0].status == "upheld"


@pytest.mark.req("SERV-03")
def test_a_silent_employer_does_not_stop_the_objection_and_answers_no_more(office: Office) -> None:
    case = an_exit_objection(office, answered=False)
    assert case.timers() == {"await_employer": "2025-11-05 23:59:59"}
    report_id = report_row(reduction_of(case)).id

    case.wait_until("2025-11-06")

    assert case.open_steps() == ["answer_exit_objection"]
    late = answer_exit_objection(office, actor(office, "guangyue"), report_id, agrees=True, statement="同意")
    assert refused(late) == ("not_waiting",)
    case.answers("answer_exit_objection", objection_accepted="no", objection_reply="查到辞职信，申报属实")
    assert case.ended_in == "exit_reason_kept"


@pytest.mark.req("SERV-03")
def test_only_the_worker_objects_once_at_a_time_and_only_the_reporter_answers(office: Office) -> None:
    case = an_exit_objection(office, answered=False)
    report_id = report_row(reduction_of(case)).id

    again = object_to_reason(office, actor(office, "sun"), report_id, statement="我没有辞职")
    assert refused(again) == ("objection_open",)
    assert refused(object_to_reason(office, actor(office, "li"), report_id, statement="不是")) == (
        "no_such_report",
    )
    other = answer_exit_objection(
        office, actor(office, "dongchang"), report_id, agrees=True, statement="同意"
    )
    assert refused(other) == ("no_such_report",)


# ---- a sheet of many


@pytest.mark.req("SERV-04")
def test_a_sheet_takes_what_is_right_and_tells_each_faulty_line(office: Office) -> None:
    li = PEOPLE["li"]
    lines = (
        f"{SUN.id_number},{SUN.name},2025-10-31,I07,2025-11-01\r\n"
        f"{li.id_number},{li.name},2025-10-31,I07,\r\n"
        f"{SUN.id_number},{SUN.name},2025-10-31,辞职,\r\n"
    )

    told = report_sheet(office, actor(office, "guangyue"), template() + lines.encode())

    assert isinstance(told, SheetTaken)
    assert [(each.line, bool(each.case_key), [f.code for f in each.faults]) for each in told.lines] == [
        (2, True, []),
        (3, False, ["not_your_employee"]),
        (4, False, ["reason_missing"]),
    ]
    assert refused(report_sheet(office, actor(office, "guangyue"), b"a,b\r\n")) == ("sheet_head",)
