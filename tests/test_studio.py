"""The studio: a diagram is changed by one analyst, published by another, rolled back, and nothing typed is lost."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders import PASSWORD, actor
from offices import FixedClock, OwnDatabase, settings_for
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import IntegrityError

from engine.cases import library as shelf
from engine.cases import setup, staff, studio
from engine.cases.library_checks import CheckReport
from engine.cases.library_tables import LibraryFile
from engine.cases.office import Office, open_office
from engine.cases.rehearsal_runs import RunView, run_view
from engine.cases.studio_views import ChangeView, LibraryView
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.store.audit import AuditEvent
from engine.values import Actor, Refusal
from engine.workflow.tables import ProcessVersion

FORM = "forms/claim-review.form"
DIAGRAM = "claim.bpmn"
TESTS = "rectification.tests.yaml"
PROCESSES = Path(__file__).parents[1] / "processes"
MORNING = "2025-11-03T09:00+08:00"


@pytest.fixture(scope="module")
def untested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped files without the analysts' tests, whose playing would take most of the time here."""
    copied = tmp_path_factory.mktemp("shipped") / "processes"
    shutil.copytree(PROCESSES, copied, ignore=shutil.ignore_patterns("*.tests.yaml"))
    return copied


@pytest.fixture(scope="module")
def ready(
    server: str, template: str, untested: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a database of an office set up, with its demo staff and a third analyst; nobody connects to it."""
    with OwnDatabase(server, template) as url:
        made = open_office(
            replace(settings_for(url, tmp_path_factory.mktemp("ready")), processes_dir=untested),
            clock=FixedClock(MORNING),
        )
        setup.set_up(made)
        setup.seed(made, people=0, employers=0, seed=7, day=made.today, password=PASSWORD)
        by = actor(made, "chenguanli")
        for outcome in (
            staff.add_staff(made, by, login="jiangfenxi", name="江芬熙", region="371500", password=PASSWORD),
            staff.assign_post(made, by, login="jiangfenxi", duty="analyst", region="371500"),
        ):
            assert isinstance(outcome, Done), outcome
        made.close()
        yield str(make_url(url).database)


@pytest.fixture
def office(server: str, ready: str, untested: Path, tmp_path: Path, clock: FixedClock) -> Iterator[Office]:
    """An office of this one test."""
    with OwnDatabase(server, ready) as url:
        opened = open_office(replace(settings_for(url, tmp_path), processes_dir=untested), clock=clock)
        yield opened
        opened.close()


@pytest.fixture
def author(office: Office) -> Actor:
    """The analyst who changes."""
    return actor(office, "chuliucheng")


@pytest.fixture
def second(office: Office) -> Actor:
    """The analyst who publishes."""
    return actor(office, "weiliucheng2")


@pytest.fixture
def third(office: Office) -> Actor:
    """Another analyst who may publish."""
    found = staff.sign_in(office, login="jiangfenxi", password=PASSWORD)
    assert isinstance(found, Actor)
    return found


def codes(outcome: object) -> tuple[str, ...]:
    """The codes of the refusal; AssertionError if it was none."""
    assert isinstance(outcome, Refusal), outcome
    return tuple(reason.code for reason in outcome.reasons)


def opened(office: Office, author: Actor, title: str = "复核岗改名") -> int:
    """A new change."""
    change = studio.open_change(office, author, title)
    assert isinstance(change, ChangeView), change
    return change.change_id


def published_text(office: Office, name: str) -> bytes:
    """The published file."""
    with office.store.reading() as session:
        return shelf.library_files(session)[name]


def saved(office: Office, who: Actor, change_id: int, name: str, content: bytes) -> CheckReport:
    """The report on the saved file."""
    report = studio.save_file(office, who, change_id, name, content)
    assert isinstance(report, CheckReport), report
    return report


def renamed(office: Office, name: str = "复核（改）") -> bytes:
    """The claim diagram with the review step named otherwise."""
    drawn = published_text(office, DIAGRAM)
    changed = drawn.replace('name="复核"'.encode(), f'name="{name}"'.encode())
    assert changed != drawn
    return changed


def submitted(office: Office, author: Actor, content: bytes, name: str = DIAGRAM) -> int:
    """A change of one file that waits for a second person."""
    change_id = opened(office, author)
    saved(office, author, change_id, name, content)
    outcome = rehearsed(office, author, change_id)
    assert outcome.status == "submitted", run_view(office, author, change_id)
    return change_id


def rehearsed(office: Office, author: Actor, change_id: int) -> ChangeView:
    """The change after it was handed in and its tests were played."""
    outcome = studio.submit_change(office, author, change_id)
    assert isinstance(outcome, ChangeView), outcome
    sweep_until_idle(office)
    found = studio.view_change(office, author, change_id)
    assert isinstance(found, ChangeView)
    return found


def numbers(office: Office) -> dict[str, int]:
    """The newest version of every process."""
    with office.store.reading() as session:
        rows = session.execute(
            select(ProcessVersion.process_id, func.max(ProcessVersion.number)).group_by(
                ProcessVersion.process_id
            )
        )
        return {process: number for process, number in rows}  # noqa: C416


@pytest.mark.req("FLOW-02", "CTRL-01")
def test_an_analyst_changes_a_second_one_publishes_and_only_what_it_touches_gets_a_version(
    office: Office, author: Actor, second: Actor
) -> None:
    before = numbers(office)
    change_id = submitted(office, author, renamed(office))

    outcome = studio.publish_change(office, second, change_id)

    assert isinstance(outcome, ChangeView), outcome
    assert (outcome.status, outcome.decided_by) == ("published", "卫柳澄")
    after = numbers(office)
    assert {process for process in after if after[process] != before[process]} == {"claim"}
    with office.store.reading() as session:
        version = office.runner.versions.latest(session, "claim")
        assert version.blueprint.elements["review_claim"].name == "复核（改）"
        row = session.get_one(ProcessVersion, version.id)
        assert (row.author, row.published_by) == (author.key, second.key)
        trail = session.scalars(
            select(AuditEvent.action).where(AuditEvent.stream == "diagrams").order_by(AuditEvent.seq.desc())
        ).all()
        assert trail[:4] == [
            "DIAGRAM_PUBLISHED",
            "LIBRARY_CHANGE_SUBMITTED",
            "LIBRARY_REHEARSAL_STARTED",
            "LIBRARY_CHANGE_OPENED",
        ]


@pytest.mark.req("MONEY-02", "CTRL-01")
def test_whoever_had_a_hand_in_a_change_does_not_publish_it(
    office: Office, author: Actor, second: Actor, third: Actor
) -> None:
    change_id = opened(office, author)
    saved(office, author, change_id, DIAGRAM, renamed(office))
    saved(office, second, change_id, FORM, published_text(office, FORM) + b"\n")
    assert isinstance(studio.drop_file(office, second, change_id, FORM), Done)
    assert isinstance(studio.submit_change(office, author, change_id), ChangeView)

    for who in (author, second):
        refused = studio.publish_change(office, who, change_id)
        assert codes(refused) == ("four_eyes",)
        assert "四眼" in refused.text and refused.reasons[0].source
    # past the use-case the database says no too
    with pytest.raises(IntegrityError, match="第二人"), office.store.transaction() as session:
        session.execute(
            text("UPDATE change SET status = 'published', decided_by = :who"), {"who": second.key}
        )
    assert isinstance(studio.publish_change(office, third, change_id), ChangeView)


def test_of_two_second_persons_at_once_one_publishes(
    office: Office, author: Actor, second: Actor, third: Actor
) -> None:
    change_id = submitted(office, author, renamed(office))
    before = numbers(office)["claim"]
    outcomes: list[object] = []
    gate = threading.Barrier(2)

    def publish(who: Actor) -> None:
        gate.wait()
        outcomes.append(studio.publish_change(office, who, change_id))

    rivals = [threading.Thread(target=publish, args=(who,)) for who in (second, third)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ChangeView", "Refusal"]
    assert codes(next(each for each in outcomes if isinstance(each, Refusal))) == ("change_status",)
    assert numbers(office)["claim"] == before + 1


def test_two_who_save_the_same_file_do_not_write_over_each_other(
    office: Office, author: Actor, second: Actor
) -> None:
    change_id = opened(office, author)
    first = renamed(office, "甲")
    base = shelf.digest_of(published_text(office, DIAGRAM))
    assert isinstance(studio.save_file(office, author, change_id, DIAGRAM, first, seen=base), CheckReport)

    for seen in (base, None):
        outcome = studio.save_file(office, second, change_id, DIAGRAM, renamed(office, "乙"), seen=seen)
        assert codes(outcome) == ("saved_meanwhile",)
        assert "褚流程" in outcome.text
    merged = studio.save_file(
        office, second, change_id, DIAGRAM, renamed(office, "丙"), seen=shelf.digest_of(first)
    )

    assert isinstance(merged, CheckReport)


def test_a_faulty_draft_is_kept_and_said_but_not_submitted(office: Office, author: Actor) -> None:
    change_id = opened(office, author)
    broken = published_text(office, DIAGRAM).replace(b'"review_claim"', b'"review_gone"', 1)

    report = saved(office, author, change_id, DIAGRAM, broken)

    assert not report.ok
    kept = studio.file_of(office, author, DIAGRAM, change_id=change_id)
    assert not isinstance(kept, Refusal) and kept.content == broken
    refused = studio.submit_change(office, author, change_id)
    assert isinstance(refused, Refusal)
    assert "claim.bpmn 第" in refused.text


def test_a_form_change_makes_versions_of_the_processes_that_show_it_and_checks_them(
    office: Office, author: Actor, second: Actor
) -> None:
    before = numbers(office)
    without_opinion = published_text(office, FORM).replace(b"review_opinion", b"other_opinion")
    change_id = opened(office, author)

    report = saved(office, author, change_id, FORM, without_opinion)

    assert {each.name for each in report.files} == {DIAGRAM, FORM}
    assert "claim" in report.processes
    assert any("review_opinion" in problem.message for each in report.files for problem in each.problems)
    relabelled = published_text(office, FORM).replace("复核".encode(), "再核".encode())
    assert saved(office, author, change_id, FORM, relabelled).ok
    assert isinstance(studio.submit_change(office, author, change_id), ChangeView)
    assert isinstance(studio.publish_change(office, second, change_id), ChangeView)
    after = numbers(office)
    assert {process for process in after if after[process] != before[process]} == {"claim"}
    with office.store.reading() as session:
        assert "再核" in str(office.runner.versions.latest(session, "claim").forms["claim-review"])


def test_what_was_published_meanwhile_stands_in_the_way_until_it_was_looked_at(
    office: Office, author: Actor, second: Actor, third: Actor
) -> None:
    slow = submitted(office, author, renamed(office, "慢"))
    fast = submitted(office, third, renamed(office, "快"))
    assert isinstance(studio.publish_change(office, second, fast), ChangeView)

    refused = studio.publish_change(office, second, slow)

    assert codes(refused) == ("base_moved",)
    assert "claim.bpmn" in refused.text and "第2版" in refused.text
    assert isinstance(studio.reopen_change(office, author, slow), ChangeView)
    assert isinstance(studio.rebase_file(office, author, slow, DIAGRAM), Done)
    assert isinstance(studio.submit_change(office, author, slow), ChangeView)
    assert isinstance(studio.publish_change(office, second, slow), ChangeView)


@pytest.mark.req("FLOW-02")
def test_a_process_goes_back_to_an_older_version_under_a_new_number(
    office: Office, author: Actor, second: Actor
) -> None:
    old = published_text(office, DIAGRAM)
    assert isinstance(
        studio.publish_change(office, second, submitted(office, author, renamed(office))), ChangeView
    )

    back = studio.roll_back(office, author, "claim", 1, why="改名后信函对不上")

    assert isinstance(back, ChangeView), back
    assert (back.kind, back.status) == ("rollback", "submitted")
    assert codes(studio.publish_change(office, author, back.change_id)) == ("four_eyes",)
    assert isinstance(studio.publish_change(office, second, back.change_id), ChangeView)
    assert published_text(office, DIAGRAM) == old
    versions = studio.versions_of(office, author, "claim")
    assert not isinstance(versions, Refusal)
    assert [each.number for each in versions] == [3, 2, 1]
    assert versions[0].digest == versions[2].digest != versions[1].digest
    assert codes(studio.roll_back(office, author, "claim", 3, why="再来")) == ("nothing_changed",)
    assert codes(studio.roll_back(office, author, "claim", 9, why="再来")) == ("no_version",)


def test_a_change_goes_back_with_a_reason_and_comes_again(
    office: Office, author: Actor, second: Actor
) -> None:
    change_id = submitted(office, author, renamed(office))

    assert codes(studio.reject_change(office, second, change_id, why=" ")) == ("why_missing",)
    assert isinstance(studio.reject_change(office, second, change_id, why="名称不规范"), Done)
    assert codes(studio.save_file(office, author, change_id, FORM, b"{}")) == ("change_status",)
    assert codes(studio.reopen_change(office, second, change_id)) == ("not_yours",)
    assert isinstance(studio.reopen_change(office, author, change_id), ChangeView)
    assert isinstance(studio.withdraw_change(office, author, change_id), Done)
    assert codes(studio.submit_change(office, author, change_id)) == ("change_status",)


def test_the_shipped_files_follow_the_disk_until_an_analyst_publishes_over_them(
    office: Office, author: Actor, second: Actor
) -> None:
    def ship(content: bytes) -> tuple[str, ...]:
        with office.store.transaction() as session:
            return shelf.ship(session, {DIAGRAM: content}, now=office.clock())

    first = published_text(office, DIAGRAM)
    shipped_again = renamed(office, "二")
    assert ship(first) == ()
    assert ship(shipped_again) == (DIAGRAM,)
    mine = first.replace('name="复核"'.encode(), 'name="三"'.encode())
    assert isinstance(studio.publish_change(office, second, submitted(office, author, mine)), ChangeView)

    assert ship(shipped_again.replace("二".encode(), "四".encode())) == ()
    setup.set_up(office)

    assert published_text(office, DIAGRAM) == mine
    before = numbers(office)
    setup.set_up(office)
    assert numbers(office) == before


def test_only_analysts_change_and_only_the_concerned_look(office: Office) -> None:
    clerk, control = actor(office, "wangshouli"), actor(office, "zhengneikong")

    assert codes(studio.open_change(office, clerk, "改")) == ("no_post",)
    assert codes(studio.library(office, clerk)) == ("not_analyst",)
    assert codes(studio.open_change(office, control, "改")) == ("no_post",)
    seen = studio.library(office, control)
    assert isinstance(seen, LibraryView)
    assert {row.name for row in seen.files} >= {DIAGRAM, FORM, "decisions/claim-route.dmn"}


BOMB = b'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<definitions/>'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (DIAGRAM, b"<a>" + b" " * 50_000_000, "文件太大"),
        ("forms/big.form", b"[" * 50_000_000, "文件太大"),
        ("../claim.bpmn", b"<a/>", "文件名"),
        ("forms/中文.form", b"{}", "文件名"),
        (DIAGRAM, BOMB, "第2行"),
        (DIAGRAM, b"<a>" * 2000 + b"</a>" * 2000, "第1行"),
        ("forms/deep.form", b"[" * 400_000, "嵌套过深"),
        ("decisions/odd.dmn", b"\xff\xff\x00<definitions", "第1行"),
        ("decisions/odd.dmn", b"", "第1行"),
    ],
)
def test_hostile_files_are_refused_quickly_with_a_sentence(
    office: Office, author: Actor, name: str, content: bytes, said: str
) -> None:

    change_id = opened(office, author)

    outcome = studio.save_file(office, author, change_id, name, content)

    if isinstance(outcome, CheckReport):
        assert not outcome.ok
        lines = [f"第{problem.line}行：{problem.message}" for _, problem in outcome.errors]
        assert any(said in line for line in lines), lines
        assert codes(studio.submit_change(office, author, change_id))
    else:
        assert said in outcome.text


def test_the_library_keeps_every_version(office: Office) -> None:
    for statement in (
        "UPDATE library_file SET author = 'x'",
        "DELETE FROM library_file",
        "DELETE FROM change",
    ):
        if "change" in statement:
            studio.open_change(office, actor(office, "chuliucheng"), "试")
        with pytest.raises(IntegrityError), office.store.transaction() as session:
            session.execute(text(statement))
    with office.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(LibraryFile))


@pytest.mark.req("CLAIM-05")
@pytest.mark.parametrize(
    ("name", "old", "new", "element"),
    [
        (DIAGRAM, 'name="复核"', 'name="复核离职证明"', "review_claim"),
        (FORM, '"label": "', '"label": "请上传失业证 ', ""),
        ("decisions/claim-route.dmn", '请本人补充说明"', '请本人提交档案"', "rule-3-z"),
    ],
)
def test_nothing_that_asks_what_nobody_may_be_asked_is_published(
    office: Office, author: Actor, name: str, old: str, new: str, element: str
) -> None:
    drawn = published_text(office, name).decode()
    assert old in drawn
    change_id = opened(office, author)

    report = saved(office, author, change_id, name, drawn.replace(old, new, 1).encode())

    # the publisher tells it of the element, and once more of the guide in which it would stand: one check, two readers
    found = [problem for _, problem in report.errors if problem.code == "forbidden_demand"]
    assert found and all("不得要求（《" in each.message for each in found)
    assert any(element in each.element and each.line > 1 for each in found)
    assert "forbidden_demand" in codes(studio.submit_change(office, author, change_id))
    denied = drawn.replace(old, new.replace("复核离职证明", "无需离职证明").replace("请", "无需"), 1)
    assert saved(office, author, change_id, name, denied.encode()).ok


@pytest.mark.req("CLAIM-05")
def test_an_office_with_a_letter_that_asks_what_nobody_may_be_asked_is_not_set_up(
    office: Office, tmp_path: Path
) -> None:
    processes = tmp_path / "processes"
    shutil.copytree(office.settings.processes_dir, processes)
    (processes / "letters" / "reminder.md").write_text("# 催办\n\n请携带失业登记证明到窗口办理。\n", "utf-8")
    other = replace(office, settings=replace(office.settings, processes_dir=processes))

    with pytest.raises(setup.FaultyDiagramError, match=r"reminder.md 不能使用：第3行.*失业登记证明"):
        setup.set_up(other)


def test_a_time_limit_is_one_that_the_policy_knows_and_that_counts_working_days(
    office: Office, author: Actor
) -> None:
    drawn = published_text(office, DIAGRAM).decode()
    change_id = opened(office, author)
    wrong = drawn.replace("limit(&quot;intake&quot;)", "limit(&quot;intakes&quot;)", 1)
    plain = drawn.replace("${limit(&quot;intake&quot;)}", "P5D", 1)
    assert drawn not in (wrong, plain)

    unknown = saved(office, author, change_id, DIAGRAM, wrong.encode())
    calendar = saved(office, author, change_id, DIAGRAM, plain.encode())

    ((_, problem),) = unknown.errors
    assert (problem.code, problem.element) == ("unknown_limit", "check_intake")
    assert "是不是“intake”" in problem.message
    assert calendar.ok
    ((warned, *_),) = [each.problems for each in calendar.files]
    assert (warned.code, warned.element) == ("calendar_days", "check_intake")


def test_a_file_of_another_tool_is_opened_and_refused_only_for_what_would_run_otherwise(
    office: Office, author: Actor, second: Actor
) -> None:
    drawn = published_text(office, DIAGRAM).decode()
    change_id = opened(office, author)
    harmless = drawn.replace('<bpmn:userTask id="', '<bpmn:userTask camunda:asyncBefore="true" id="', 1)
    otherwise = drawn.replace('<bpmn:userTask id="', '<bpmn:userTask startQuantity="2" id="', 1)

    report = saved(office, author, change_id, DIAGRAM, harmless.encode())

    assert report.ok
    assert [note.what for note in report.files[0].notes] == ["Camunda asyncBefore"]
    assert [
        problem.code for _, problem in saved(office, author, change_id, DIAGRAM, otherwise.encode()).errors
    ] == ["foreign_behaviour"]
    saved(office, author, change_id, DIAGRAM, harmless.encode())
    assert isinstance(studio.submit_change(office, author, change_id), ChangeView)
    done = studio.publish_change(office, second, change_id)
    assert isinstance(done, ChangeView) and done.report is not None
    assert done.report.files[0].notes == report.files[0].notes
    assert published_text(office, DIAGRAM) == harmless.encode()


def test_a_change_that_makes_an_analysts_test_fail_is_not_submitted(
    office: Office, author: Actor, second: Actor
) -> None:
    tests_only = opened(office, author, "加案例")
    broken = saved(office, author, tests_only, TESTS, b"- name: x\n  steps: 3\n")
    assert [problem.code for _, problem in broken.errors] == ["bad_tests"]
    saved(office, author, tests_only, TESTS, one_case())
    assert rehearsed(office, author, tests_only).status == "submitted"
    assert isinstance(studio.publish_change(office, second, tests_only), ChangeView)
    drawn = published_text(office, "rectification.bpmn")
    change_id = opened(office, author)

    report = saved(office, author, change_id, "rectification.bpmn", other_ends(drawn))

    assert report.ok, report.errors
    assert rehearsed(office, author, change_id).status == "open"
    run = run_view(office, author, change_id)
    assert isinstance(run, RunView) and (run.status, run.submits) == ("failed", True)
    (case,) = run.reports
    assert (case.file, case.status) == (TESTS, "failed") and "应当结束于" in case.difference
    saved(office, author, change_id, "rectification.bpmn", drawn + b"\n")
    assert rehearsed(office, author, change_id).status == "submitted"


def test_tests_published_after_a_change_was_submitted_are_played_before_it_is_published(
    office: Office, author: Actor, second: Actor, clock: FixedClock
) -> None:
    drawn = published_text(office, "rectification.bpmn")
    waiting = submitted(office, author, other_ends(drawn), "rectification.bpmn")
    clock.forward(minutes=5)
    assert isinstance(
        studio.publish_change(office, second, submitted(office, author, one_case(), TESTS)), ChangeView
    )

    first = studio.publish_change(office, second, waiting)

    assert codes(first) == ("rehearsing",)
    sweep_until_idle(office)
    refused = studio.publish_change(office, second, waiting)
    assert codes(refused) == ("rehearsal_failed",)
    assert isinstance(refused, Refusal) and "rectification.tests.yaml:" in refused.text


def one_case() -> bytes:
    """The first of the shipped cases of a rectification."""
    cases = (PROCESSES / TESTS).read_bytes()
    return cases[: cases.index(b"- name:", cases.index(b"- name:") + 1)]


def other_ends(drawn: bytes) -> bytes:
    """The diagram with every end event under another id."""
    ends = b"|".join(re.findall(rb'endEvent id="(\w+)"', drawn))
    place = rb'(endEvent id="|targetRef="|bpmnElement="|flowNodeRef>)'
    return re.sub(place + rb"(" + ends + rb')(?=["<])', rb"\1\2_anew", drawn)
