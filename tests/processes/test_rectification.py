"""Every path of ``rectification.bpmn``: self-check, plan, work, verification; the item always stands where its case is.

What comes by the working day (reminders, circulars, notices) is in ``tests/oversight/test_escalation.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time

import pytest
from builders import Case, a_finding, actor, opened, refused
from paths import assert_nothing_left, every_path
from sqlalchemy import select
from walked import Walked

from engine.cases import checklists, item_cases, pausing, sending_back
from engine.cases.checklist_views import ChecklistView
from engine.cases.office import Office
from engine.cases.views import Done
from engine.oversight.rectification import STANDS_AT, Cell, NewChecklist, Topic
from engine.oversight.rectification_tables import ItemCase, RectificationItem


def on_record(office: Office, case: Case) -> RectificationItem:
    """The item that the case is or was about."""
    with office.store.reading() as session:
        about = select(RectificationItem).join(ItemCase).where(ItemCase.case_id == case.id)
        return session.scalars(about).one()


def a_cell(office: Office) -> Case:
    """A topic that Liaocheng looks into itself first."""
    return a_finding(office, self_check_due="2025-11-07")


def a_task_of_a_plan(office: Office) -> Case:
    """A task of a work plan that Liaocheng leads."""
    plan = NewChecklist(
        kind="plan",
        title="工作分工",
        source="渝人社发〔2019〕169号",
        issued_on=date(2025, 11, 3),
        received_on=date(2025, 11, 3),
        region="371500",
        topics=(Topic(code="1", title="梳理申领流程", group_title="精简申领程序和材料"),),
        units=("371500",),
    )
    cells = [Cell(topic="1", region="371500", lead_unit="市就业局", done_due=date(2025, 12, 5))]
    view = checklists.issue_plan(office, actor(office, "handudao"), plan, cells)
    assert isinstance(view, ChecklistView), view
    assert item_cases.open_item_cases(office) == 1
    with office.store.reading() as session:
        number = session.scalars(select(ItemCase.case_id).order_by(ItemCase.case_id.desc())).first()
    assert number is not None
    return Case(office=office, id=number)


@pytest.mark.req("RECT-01", "RECT-02", "RECT-04", "MONEY-02")
@pytest.mark.parametrize("begin", [a_finding, a_cell, a_task_of_a_plan], ids=["problem", "cell", "task"])
def test_every_path_ends_signed_or_verified_by_somebody_else(
    office: Office, afresh: Callable[[], None], begin: Callable[[Office], Case]
) -> None:
    for case, path in every_path(lambda: begin(office), detours=1, afresh=afresh):
        item, hands = on_record(office, case), case.hands()
        if case.ended_in == "no_problem_signed":
            assert (item.status, item.statement_by) == ("no_problem", hands["self_check"]), str(path)
        else:
            assert (case.ended_in, item.status) == ("item_closed", "done"), str(path)
            assert hands["verify_done"] not in {hands.get("accept_plan"), hands["report_done"]}
        assert_nothing_left(office)


@pytest.mark.req("RECT-03")
def test_an_item_stands_where_its_case_waits_also_when_it_is_sent_back_or_taken_back(office: Office) -> None:
    case = a_cell(office)
    for step in ("self_check", "submit_plan", "accept_plan", "report_done", "verify_done"):
        case.goes_on(until=step)
        assert on_record(office, case).status == STANDS_AT[step]

    sent = sending_back.send_back(
        office, actor(office, "yangheyan"), case.task_id("verify_done"), to="submit_plan", why="方案写错"
    )

    assert isinstance(sent, Done), sent
    assert case.open_steps() == ["submit_plan"]
    assert on_record(office, case).status == "planning"

    task = case.task_id("submit_plan")
    case.answers("submit_plan")
    assert on_record(office, case).status == "planned"
    taken = sending_back.recall(office, actor(office, "jiangzhenggai"), task, why="漏写一项")
    assert isinstance(taken, Done), taken
    assert on_record(office, case).status == "planning"
    assert case.goes_on().ended_in == "item_closed"


@pytest.mark.req("RECT-02")
def test_a_returned_plan_is_due_again_on_the_new_day(office: Office) -> None:
    finding = a_finding(office).answers("submit_plan")

    finding.answers("accept_plan", plan_opinion="return", plan_note="措施不具体", plan_due="2025-11-17")

    item = on_record(office, finding)
    assert finding.open_steps() == ["submit_plan"]
    assert (item.plan_due, item.returned) == (date(2025, 11, 17), 1)
    assert (item.sent_back_on, item.sent_back_why) == (date(2025, 11, 3), "措施不具体")
    finding.answers("submit_plan")
    assert on_record(office, finding).sent_back_on is None


@pytest.mark.req("RECT-04")
def test_a_day_that_has_passed_is_refused_so_that_nobody_is_late_the_moment_they_are_told(
    office: Office,
) -> None:
    finding = a_finding(office).answers("submit_plan")
    fields = {"plan_opinion": "return", "plan_note": "措施不具体", "plan_due": "2025-10-31"}

    assert refused(finding.tries("handudao", "accept_plan", **fields)) == ("day_past",)

    assert on_record(office, finding).status == "planned"


@pytest.mark.req("RECT-04")
def test_work_that_was_not_put_right_is_reopened_with_a_new_day(office: Office) -> None:
    finding = a_finding(office).goes_on(until="verify_done")

    finding.answers("verify_done", verify_opinion="reopen", verify_note="仍有手工报盘", done_due="2025-12-31")

    item = on_record(office, finding)
    assert finding.open_steps() == ["report_done"]
    assert (item.status, item.done_due, item.returned) == ("doing", date(2025, 12, 31), 1)
    assert finding.goes_on().ended_in == "item_closed"


@pytest.mark.req("RECT-04")
def test_a_settled_item_found_untrue_has_a_new_case_and_keeps_the_old_one(office: Office) -> None:
    signed = a_cell(office).answers("self_check", check_result="no_problem", check_statement="逐户核对无误")
    item = on_record(office, signed)
    province, days = (
        actor(office, "handudao"),
        {"plan_due": date(2025, 11, 20), "done_due": date(2025, 12, 5)},
    )

    assert refused(item_cases.reopen_item(office, province, item.id, why=" ", **days))
    late = {**days, "plan_due": date(2025, 10, 1)}
    assert refused(item_cases.reopen_item(office, province, item.id, why="抽查不实", **late)) == (
        "plan_due_past",
    )
    again = opened(office, item_cases.reopen_item(office, province, item.id, why="抽查发现漏保两户", **days))
    running = item_cases.reopen_item(office, province, item.id, why="再来一次", **days)

    assert refused(running) == ("item_not_settled",)
    assert again.open_steps() == ["submit_plan"]
    kept = on_record(office, again)
    assert (kept.id, kept.case_id, kept.reopened) == (item.id, again.id, 1)
    assert on_record(office, signed).id == item.id
    assert again.goes_on().ended_in == "item_closed"


@pytest.mark.req("RECT-04", "MONEY-02")
@pytest.mark.parametrize("who", ["handudao", "jiangzhenggai", "wangshouli"])
def test_an_item_is_verified_by_nobody_who_had_a_part_in_it(office: Office, who: str) -> None:
    finding = a_finding(office).goes_on(until="verify_done")

    fields = {"verify_opinion": "done", "verify_note": "看过了", "done_due": "2025-12-05"}
    assert refused(finding.tries(who, "verify_done", **fields))
    assert on_record(office, finding).status == "verifying"


@pytest.mark.req("RECT-02")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"topic": "  "}, "topic_missing"),
        ({"done_due": date(2025, 11, 5)}, "dates_reversed"),
        ({"plan_due": date(2025, 10, 31)}, "plan_due_past"),
        ({"region": "371599"}, "unknown_region"),
    ],
)
def test_an_item_needs_a_topic_a_known_unit_and_days_in_order(
    office: Office, changed: dict[str, object], code: str
) -> None:
    asked: dict[str, object] = {
        "topic": "稳岗返还",
        "region": "371500",
        "plan_due": date(2025, 11, 10),
        "done_due": date(2025, 12, 5),
        **changed,
    }

    outcome = checklists.issue_item(office, actor(office, "handudao"), **asked)  # type: ignore[arg-type]

    assert refused(outcome) == (code,)


@pytest.mark.req("RECT-02")
def test_only_the_provincial_office_issues_an_item(office: Office) -> None:
    outcome = checklists.issue_item(
        office,
        actor(office, "jiangzhenggai"),
        topic="稳岗返还",
        region="371500",
        plan_due=date(2025, 11, 10),
        done_due=date(2025, 12, 5),
    )

    assert refused(outcome)


@pytest.mark.req("RECT-04")
def test_a_paused_case_gives_its_item_the_working_days_back(office: Office) -> None:
    finding = a_finding(office)
    province, why = actor(office, "handudao"), {"why": "等待省厅解释", "source": "鲁人社函〔2020〕10号（十）"}
    held = pausing.pause_case(office, province, finding.id, **why)
    assert isinstance(held, Done), held

    finding.wait_until("2025-11-06")
    again = pausing.resume_case(office, province, finding.id)

    assert isinstance(again, Done), again
    item = on_record(office, finding)
    # three working days of pause: 10 November is a Monday
    assert (item.plan_due, item.done_due) == (date(2025, 11, 13), date(2025, 12, 10))


@pytest.mark.req("RECT-04")
def test_no_unit_holds_its_own_case_still_or_sends_it_back_to_escape_a_deadline(office: Office) -> None:
    finding = a_finding(office)
    unit, why = actor(office, "jiangzhenggai"), {"why": "等待解释", "source": "鲁人社函〔2020〕10号（十）"}

    assert refused(pausing.pause_case(office, unit, finding.id, **why))
    finding.goes_on(until="report_done")
    sent = sending_back.send_back(
        office, unit, finding.task_id("report_done"), to="submit_plan", why="再想想"
    )

    assert refused(sent) == ("send_back_no",)
    assert on_record(office, finding).status == "doing"


@pytest.mark.req("RECT-04")
def test_a_case_sent_back_after_its_deadline_counts_it_from_today(office: Office) -> None:
    case = a_cell(office).goes_on(until="accept_plan").wait_until("2025-11-12", at=time(9))

    sent = sending_back.send_back(
        office, actor(office, "handudao"), case.task_id("accept_plan"), to="self_check", why="查摆不全"
    )

    assert isinstance(sent, Done), sent
    item = on_record(office, case)
    # due on 7 November; five working days from the 12th, and the plan no earlier
    assert (item.status, item.self_check_due, item.plan_due) == (
        "unchecked",
        date(2025, 11, 19),
        date(2025, 11, 26),
    )


@pytest.mark.req("FLOW-01")
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "rectification", request, least=14)
