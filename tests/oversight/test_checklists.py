"""The checklist of Shandong 2020 laid over Liaocheng: 96 cells, none missing; what is late, and what follows (RECT-01 … 04)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time

import pytest
from builders import PASSWORD, Case, refused
from many_tasks import a_post
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from engine.cases import checklists, inbox, staff
from engine.cases.checklist_files import issue_shipped, shipped_checklists
from engine.cases.checklist_views import ChecklistView
from engine.cases.escalations import escalation_due, papers_of, print_escalation
from engine.cases.item_cases import open_item_cases
from engine.cases.office import Office
from engine.cases.print_views import Paper
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.oversight import rectification
from engine.oversight.rectification import Topic, missing_cells
from engine.oversight.rectification_tables import (
    Checklist,
    ChecklistTopic,
    Escalation,
    EscalationPaper,
    RectificationItem,
)
from engine.tasks.letters import render
from engine.values import CHINA, SYSTEM, Actor

RECEIVED = date(2020, 4, 2)
CITY, ZONE = "371500", "371571"
_actors: dict[str, Actor] = {}
#: a database that takes no paper to one county
_REFUSES = """
CREATE OR REPLACE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.region_code = '371524' THEN RAISE EXCEPTION '印章未到'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refuses BEFORE INSERT ON escalation_paper FOR EACH ROW EXECUTE FUNCTION refuses()
"""


def who(office: Office, login: str) -> Actor:
    """The member of the demo's staff."""
    if login not in _actors:
        found = staff.sign_in(office, login=login, password=PASSWORD)
        assert isinstance(found, Actor), found
        _actors[login] = found
    return _actors[login]


def put_clock(office: Office, day: date) -> None:
    office.clock.now = datetime.combine(day, time(9), tzinfo=CHINA)  # type: ignore[attr-defined]


def issued(office: Office, *, received_on: date = RECEIVED, region: str = CITY) -> ChecklistView:
    """The shipped checklist, the only one that is open."""
    put_clock(office, received_on)
    with office.store.transaction() as session:
        session.execute(text("UPDATE checklist SET status = 'closed' WHERE status = 'open'"))
    view = issue_shipped(
        office, who(office, "handudao"), "shandong-2020", received_on=received_on, region=region
    )
    assert isinstance(view, ChecklistView), view
    return view


def items_of(office: Office, view: ChecklistView) -> list[RectificationItem]:
    with office.store.reading() as session:
        query = select(RectificationItem).where(RectificationItem.checklist_id == view.checklist_id)
        return list(session.scalars(query.order_by(RectificationItem.id)))


@pytest.mark.req("RECT-01")
def test_the_shipped_checklist_is_laid_over_all_twelve_units_and_no_cell_is_missing(
    liaocheng: Office,
) -> None:
    view = issued(liaocheng)

    assert (view.unit_count, len(view.topics), view.expected, view.present) == (12, 8, 96, 96)
    assert view.missing == ()
    items = items_of(liaocheng, view)
    assert len({(item.topic_id, item.region_code) for item in items}) == 96
    assert {item.city for item in items} == {CITY}
    assert {item.status for item in items} == {"unchecked"}
    assert view.standings == {"overdue_on_receipt": 96}


@pytest.mark.req("RECT-02", "RECT-04")
def test_the_two_days_that_had_passed_on_receipt_are_shown_so_and_a_new_limit_counts_from_receipt(
    liaocheng: Office,
) -> None:
    view = issued(liaocheng)

    passed = [(each.title, each.due, each.counted_on) for each in view.dates if each.passed_on_receipt]

    assert passed == [
        ("查摆并报送整改方案", date(2020, 3, 30), date(2020, 4, 17)),
        ("所有统筹地区实现失业保险金网上申领", date(2020, 3, 31), None),
    ]
    assert [each.due for each in view.dates] == [
        date(2020, 3, 30), date(2020, 3, 31), date(2020, 5, 31), date(2020, 6, 30), date(2020, 12, 31),
    ]  # fmt: skip
    # five working days for the check, ten for the plan: 4 to 6 April are days off
    assert {(item.self_check_due, item.plan_due) for item in items_of(liaocheng, view)} == {
        (date(2020, 4, 10), date(2020, 4, 17))
    }
    escalation_due(liaocheng, 10_000)
    assert papers_of(liaocheng, who(liaocheng, "handudao"), checklist_id=view.checklist_id) == (), (
        "nobody is named on the day of receipt"
    )


@pytest.mark.req("RECT-04")
def test_a_checklist_received_in_time_keeps_the_days_of_the_notice(liaocheng: Office) -> None:
    view = issued(liaocheng, received_on=date(2020, 3, 23))

    assert not any(each.passed_on_receipt for each in view.dates)
    assert view.standings == {"on_time": 96}
    assert {item.plan_due for item in items_of(liaocheng, view)} == {date(2020, 3, 30)}


@pytest.mark.req("RECT-01")
@pytest.mark.parametrize("left_out", ["DELETE", "unit"])
def test_a_checklist_with_a_cell_left_out_cannot_be_issued(
    liaocheng: Office, left_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay = rectification._lay

    def one_too_few(session, checklist_id, topic: ChecklistTopic, dues, *, problem) -> None:  # type: ignore[no-untyped-def]
        lay(session, checklist_id, topic, dues, problem=problem)
        if topic.position == 3:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            which = "LIMIT 1" if left_out == "DELETE" else "AND region_code = '371571'"
            session.execute(
                text(
                    "DELETE FROM rectification_item WHERE id IN (SELECT id FROM rectification_item"
                    f" WHERE checklist_id = {checklist_id} AND topic_id = {topic.id} {which})"
                )
            )
            session.execute(text("SET LOCAL session_replication_role = origin"))

    monkeypatch.setattr(rectification, "_lay", one_too_few)

    outcome = issue_shipped(liaocheng, SYSTEM, "shandong-2020", received_on=RECEIVED, region=CITY)

    assert refused(outcome) == ("database_checklist_whole",)


@pytest.mark.req("RECT-01")
def test_no_cell_can_be_taken_out_or_added_once_a_checklist_is_issued(liaocheng: Office) -> None:
    view = issued(liaocheng)

    for statement in (
        f"DELETE FROM rectification_item WHERE checklist_id = {view.checklist_id}",
        f"UPDATE rectification_item SET region_code = '371502' WHERE checklist_id = {view.checklist_id}",
        f"INSERT INTO checklist_unit VALUES ({view.checklist_id}, '371400')",
        f"INSERT INTO checklist_topic (checklist_id, position, code, title) VALUES ({view.checklist_id}, 9, 'x', 'x')",
        f"UPDATE checklist SET cells = 95 WHERE id = {view.checklist_id}",
        "DELETE FROM escalation",
    ):
        with pytest.raises(IntegrityError), liaocheng.store.transaction() as session:
            session.execute(text(statement))
    with liaocheng.store.reading() as session:
        assert missing_cells(session, session.get_one(Checklist, view.checklist_id)) == ()


@pytest.mark.req("RECT-01")
def test_what_is_to_be_issued_is_refused_with_everything_that_is_wrong(liaocheng: Office) -> None:
    put_clock(liaocheng, RECEIVED)

    def issue(actor: str = "handudao", **changed: object) -> object:
        asked: dict[str, object] = {
            "title": "梳理查摆",
            "source": "鲁人社函〔2020〕10号",
            "topics": [Topic(code="a", title="参保范围")],
            "received_on": RECEIVED,
            "self_check_due": date(2020, 4, 10),
            "plan_due": date(2020, 4, 20),
            "region": CITY,
        }
        return checklists.issue_checklist(liaocheng, who(liaocheng, actor), **{**asked, **changed})  # type: ignore[arg-type]

    assert refused(issue(title=" ", topics=[])) == ("title_missing", "topic_missing")
    assert refused(issue(topics=[Topic(code="a", title="甲"), Topic(code="a", title="乙")])) == (
        "topic_twice",
    )
    assert refused(issue(plan_due=date(2020, 4, 9))) == ("dates_reversed",)
    assert refused(issue(units=["371400"])) == ("unit_outside",)
    assert refused(issue(units=["371502", "371502"])) == ("unit_outside",)
    assert refused(issue(received_on=date(2032, 1, 5))) == ("calendar_gap",)
    assert refused(issue(actor="jiangzhenggai"))
    assert isinstance(issue(units=["371502", ZONE]), ChecklistView)


@pytest.mark.req("RECT-03")
def test_each_level_sees_its_own_items_and_strangers_see_nothing(liaocheng: Office) -> None:
    view = issued(liaocheng)
    county = a_post(liaocheng, "rectifier", "371525")
    other_city = a_post(liaocheng, "rectifier", "371400")

    own = checklists.checklist_view(liaocheng, county, view.checklist_id)
    assert isinstance(own, ChecklistView)
    assert sum(own.standings.values()) == 8
    assert (own.expected, own.present) == (96, 96)
    assert refused(checklists.checklist_view(liaocheng, other_city, view.checklist_id))
    assert refused(checklists.checklist_view(liaocheng, who(liaocheng, "wuchuna"), view.checklist_id))
    listed = checklists.checklists(liaocheng, county)
    assert isinstance(listed, tuple)
    assert view.checklist_id in {each.checklist_id for each in listed}
    assert checklists.checklists(liaocheng, other_city) == ()


@pytest.mark.req("RECT-04")
def test_what_nobody_does_goes_through_every_stage_on_its_working_day_and_each_once(
    liaocheng: Office,
) -> None:
    view = issued(liaocheng)
    seen: list[tuple[date, str, int]] = []

    day = date(2020, 4, 2)
    while day < date(2020, 6, 1):
        put_clock(liaocheng, day)
        escalation_due(liaocheng, 10_000)
        assert escalation_due(liaocheng, 10_000) == 0
        day = date.fromordinal(day.toordinal() + 1)
    with liaocheng.store.reading() as session:
        papers = session.scalars(
            select(EscalationPaper).where(EscalationPaper.checklist_id == view.checklist_id)
        ).all()
        lines = session.scalars(
            select(Escalation).join(EscalationPaper, EscalationPaper.id == Escalation.paper_id)
            .where(EscalationPaper.checklist_id == view.checklist_id)
        ).all()  # fmt: skip
    for day, stage in sorted({(paper.issued_on, paper.stage) for paper in papers}):
        that_day = [p for p in papers if (p.issued_on, p.stage) == (day, stage)]
        seen.append((day, stage, len(that_day)))

    # due on Friday 10 April, counted from receipt; 1 to 5 May are days off, 26 April and 9 May are worked
    assert seen == [
        (date(2020, 4, 8), "reminder", 12),
        (date(2020, 4, 13), "circular", 1),
        (date(2020, 4, 24), "government", 12),
        (date(2020, 5, 11), "referral", 12),
    ]
    assert len(lines) == 4 * 96
    assert {item.circulars for item in items_of(liaocheng, view)} == {1}


@pytest.mark.req("RECT-04")
def test_after_a_standstill_the_stages_come_one_a_day_and_a_reminder_of_what_is_late_no_more(
    liaocheng: Office,
) -> None:
    view = issued(liaocheng)

    for day in (date(2020, 5, 18), date(2020, 5, 19), date(2020, 5, 20), date(2020, 5, 21)):
        put_clock(liaocheng, day)
        escalation_due(liaocheng, 10_000)

    with liaocheng.store.reading() as session:
        papers = session.scalars(
            select(EscalationPaper).where(EscalationPaper.checklist_id == view.checklist_id)
        ).all()
    assert sorted({(paper.issued_on, paper.stage) for paper in papers}) == [
        (date(2020, 5, 18), "circular"),
        (date(2020, 5, 19), "government"),
        (date(2020, 5, 20), "referral"),
    ]


@pytest.mark.req("RECT-04")
def test_a_paper_that_cannot_be_written_holds_up_no_other_and_says_why_until_it_is(liaocheng: Office) -> None:
    view = issued(liaocheng)
    with liaocheng.store.transaction() as session:
        session.execute(text(_REFUSES))
    put_clock(liaocheng, date(2020, 4, 8))

    escalation_due(liaocheng, 10_000)

    with liaocheng.store.transaction() as session:
        troubled = session.get_one(Checklist, view.checklist_id)
        assert ("印章未到" in troubled.trouble, troubled.escalated_on) == (True, None)
        session.execute(text("DROP TRIGGER refuses ON escalation_paper"))
    assert escalation_due(liaocheng, 10_000) == 0, "not tried again at once"
    liaocheng.clock.forward(minutes=11)  # type: ignore[attr-defined]
    assert escalation_due(liaocheng, 10_000) == 1
    with liaocheng.store.reading() as session:
        mended = session.get_one(Checklist, view.checklist_id)
        assert (mended.trouble, mended.escalated_on) == ("", date(2020, 4, 8))
    assert {item.reminders for item in items_of(liaocheng, view)} == {1}


@pytest.mark.req("RECT-02", "RECT-03", "RECT-04")
def test_liaocheng_a_plan_is_returned_a_circular_produced_and_the_checklist_closed_when_all_is_settled(
    liaocheng: Office,
) -> None:
    view = issued(liaocheng)
    assert open_item_cases(liaocheng, limit=1000) == 96
    items = {(item.region_code, item.topic_id): item for item in items_of(liaocheng, view)}
    topics = {topic.code: topic.topic_id for topic in view.topics}
    worked = items["371502", topics["three-cancellations"]]
    forgotten = items[ZONE, topics["price-subsidy"]]
    for item in items.values():
        if item.id in (worked.id, forgotten.id):
            continue
        _does(liaocheng, item, "self_check", check_result="no_problem", check_statement="逐条对照，没有问题")
    _does(
        liaocheng,
        worked,
        "self_check",
        check_result="problem",
        problem_kind="half_done",
        problem="仍有手工报盘",
    )
    plan = {
        "problem_kind": "half_done",
        "problem": "仍有手工报盘",
        "measures": "全部停用",
        "responsible": "李主任",
    }
    _does(liaocheng, worked, "submit_plan", **plan, done_due="2020-05-29")
    _does(
        liaocheng, worked, "accept_plan", plan_opinion="return", plan_note="没有时间表", plan_due="2020-04-20"
    )

    standing = checklists.checklist_view(liaocheng, who(liaocheng, "handudao"), view.checklist_id)
    assert isinstance(standing, ChecklistView)
    assert standing.standings == {"no_problem": 94, "overdue_on_receipt": 2}
    assert standing.returned == 1
    closing = checklists.close_checklist(liaocheng, who(liaocheng, "handudao"), view.checklist_id)
    assert refused(closing) == ("items_open",)

    put_clock(liaocheng, date(2020, 4, 13))
    sweep_until_idle(liaocheng)
    papers = papers_of(
        liaocheng, who(liaocheng, "handudao"), checklist_id=view.checklist_id, item_id=forgotten.id
    )
    assert isinstance(papers, tuple)
    assert [(paper.stage, paper.region) for paper in papers] == [("circular", CITY)]
    circular = print_escalation(liaocheng, who(liaocheng, "handudao"), papers[0].paper_id, shape="pdf")
    assert isinstance(circular, Paper)
    assert "聊城经济技术开发区" in circular.text and "价格临时补贴" in circular.text
    assert "未按时查摆" in circular.text and "已逾期 1 个工作日" in circular.text
    assert "东昌府区" not in circular.text, "a returned plan with a new day is not late"
    county = a_post(liaocheng, "rectifier", "371522")
    named = papers_of(liaocheng, county, checklist_id=view.checklist_id)
    assert isinstance(named, tuple) and len(named) == 1, "a circular is for every unit of its city"

    _does(liaocheng, forgotten, "self_check", check_result="no_problem", check_statement="补查，没有问题")
    _does(liaocheng, worked, "submit_plan", **plan, done_due="2020-05-29")
    _does(liaocheng, worked, "accept_plan", plan_opinion="accept", plan_due="2020-04-20")
    _does(
        liaocheng, worked, "report_done", report_kind="finished", evidence="已全部停用", done_on="2020-04-13"
    )
    _does(liaocheng, worked, "verify_done", verify_opinion="done", verify_note="属实", done_due="2020-05-29")
    done = checklists.close_checklist(liaocheng, who(liaocheng, "handudao"), view.checklist_id)

    assert isinstance(done, Done), done
    assert refused(checklists.close_checklist(liaocheng, who(liaocheng, "handudao"), view.checklist_id)) == (
        "checklist_closed",
    )


@pytest.mark.req("RECT-04")
@pytest.mark.parametrize("stage", ["reminder", "circular", "government", "referral"])
@pytest.mark.parametrize("language", ["", ".en"])
def test_every_paper_can_be_written_in_both_languages(liaocheng: Office, stage: str, language: str) -> None:
    item = {"unit": "莘县", "topic": "市级统筹", "what": "查摆", "due": "2020-04-10", "days_late": 1}
    facts: Mapping[str, object] = {
        "case_key": "QD-2020-001-通报-1", "today": RECEIVED, "checklist": "梳理查摆", "source": "鲁人社函〔2020〕10号",
        "issuer": "聊城市", "addressee": "莘县", "government": "莘县人民政府", "items": [item], "item_count": 1, "unit_count": 1,
    }  # fmt: skip

    title, body = render(liaocheng.letters_dir, f"rectification-{stage}{language}", facts)

    assert title and "市级统筹" in body and "2020-04-10" in body


def test_the_shipped_file_says_what_the_notice_says(liaocheng: Office) -> None:
    (shipped,) = shipped_checklists(liaocheng)

    assert (shipped.name, shipped.issued_on, shipped.plan_due) == (
        "shandong-2020",
        date(2020, 3, 20),
        date(2020, 3, 30),
    )
    assert [topic.title for topic in shipped.topics] == [
        "参保范围", "市级统筹", "个人缴费记录建立", "失业保险关系转迁", "三个全面取消", "稳岗返还", "技术技能提升补贴",
        "价格临时补贴",
    ]  # fmt: skip


def _does(office: Office, item: RectificationItem, step: str, **fields: str) -> None:
    with office.store.reading() as session:
        case_id = session.get_one(RectificationItem, item.id).case_id
    assert case_id is not None
    login = {"accept_plan": "handudao", "verify_done": "yangheyan"}.get(step, "jiangzhenggai")
    task = Case(office=office, id=case_id).task_id(step)
    outcome = inbox.complete_task(office, who(office, login), task, fields)
    assert isinstance(outcome, Done), (step, outcome)
