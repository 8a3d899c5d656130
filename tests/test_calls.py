"""Calls between files: what is called is part of the caller's version, and running cases stay on what they began with."""
# ruff: noqa: F401, F811 - fixtures come from where the studio is tested

from __future__ import annotations

from itertools import pairwise

import pytest
from builders import Case
from test_studio import (
    author,
    codes,
    numbers,
    office,
    opened,
    published_text,
    ready,
    rehearsed,
    saved,
    second,
    third,
    untested,
)

from engine.cases import library as shelf
from engine.cases import studio
from engine.cases.library_checks import CheckReport
from engine.cases.office import Office
from engine.cases.openers import open_case
from engine.cases.rehearsal_runs import run_view
from engine.cases.rehearse import Rehearsed, rehearse
from engine.cases.studio_views import ChangeView, VersionComparison
from engine.cases.views import Done
from engine.values import SYSTEM, Actor, Refusal
from engine.workflow.rehearsal import read_tests
from engine.workflow.vocabulary import BPMN, CAMUNDA

CALLER, CALLED = "outer.bpmn", "inner.bpmn"
OWN_FORM = "forms/inner-note.form"


def caller(calls: str = "inner", own: str = "outer") -> bytes:
    """A process that does nothing but call another one."""
    steps = f'<callActivity id="{own}_call" name="经办" calledElement="{calls}"/><endEvent id="{own}_end"/>'
    return drawn(own, steps, f"{own}_call")


def called(name: str = "核对材料", form: str = "inner-note") -> bytes:
    """A process with one task of the intake duty."""
    task = f'<userTask id="look" name="{name}" camunda:candidateGroups="intake" camunda:formKey="{form}"/>'
    return drawn("inner", task + '<endEvent id="inner_end"/>', "look")


def drawn(own: str, steps: str, *between: str) -> bytes:
    """A file with that process: from its start through the steps to its end."""
    way = (f"{own}_start", *between, f"{own}_end")
    flows = "".join(
        f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>'
        for source, target in pairwise(way)
    )
    body = f'<startEvent id="{own}_start"/>{steps}{flows}'
    return (
        f'<definitions xmlns="{BPMN}" xmlns:camunda="{CAMUNDA}">'
        f'<process id="{own}" name="{own}" isExecutable="true">{body}</process></definitions>'
    ).encode()


def form(label: str = "说明") -> bytes:
    """The form of the called task."""
    return (
        '{"schemaVersion": 16, "type": "default", "id": "inner-note", "title": "核对", "components": '
        f'[{{"type": "textfield", "id": "inner_note", "key": "inner_note", "label": "{label}"}}]}}'
    ).encode()


def published(office: Office, by: Actor, second: Actor, files: dict[str, bytes | None]) -> int:
    """The change that brought the files; None takes one out."""
    change_id = opened(office, by, "两张图")
    for name, content in files.items():
        if content is None:
            assert isinstance(studio.delete_file(office, by, change_id, name), CheckReport)
        else:
            saved(office, by, change_id, name, content)
    assert rehearsed(office, by, change_id).status == "submitted", run_view(office, by, change_id)
    outcome = studio.publish_change(office, second, change_id)
    assert isinstance(outcome, ChangeView), outcome
    return change_id


@pytest.fixture
def both(office: Office, author: Actor, second: Actor) -> Office:
    """An office where one file calls the other."""
    published(office, author, second, {CALLER: caller(), CALLED: called(), OWN_FORM: form()})
    return office


def case_of(office: Office, process: str = "outer") -> Case:
    """A new case of the process."""
    done = open_case(office, SYSTEM, process, {})
    assert isinstance(done, Done) and done.case_id is not None, done
    return Case(office=office, id=done.case_id)


def waiting(case: Case) -> list[str]:
    """The names of the tasks that wait."""
    return [task.name for task in case.tasks() if task.status == "ready"]


@pytest.mark.req("FLOW-02")
def test_a_called_file_is_part_of_the_callers_version_and_running_cases_keep_it(
    both: Office,
    author: Actor,
    second: Actor,
) -> None:
    before, first = numbers(both), case_of(both)
    assert waiting(first) == ["核对材料"]

    published(both, author, second, {CALLED: called("核对原件")})

    after, newer = numbers(both), case_of(both)
    assert {own for own in after if after[own] != before.get(own)} == {"inner", "outer"}
    assert (waiting(first), waiting(newer)) == (["核对材料"], ["核对原件"])
    for case in (first, newer):
        case.does("wangshouli", "look", inner_note="已核对")
        assert (case.status, case.ended_in) == ("completed", "outer_end")
    compared = studio.compare_versions(both, author, "outer", 1, 2)
    assert isinstance(compared, VersionComparison)
    assert compared.diagram.same
    ((name, changes),) = [(each.name, each.changes) for each in compared.files]
    assert (name, [(change.before, change.after) for change in changes]) == (
        CALLED,
        [("核对材料", "核对原件")],
    )


def test_the_form_of_a_called_file_makes_a_version_of_the_caller(
    both: Office,
    author: Actor,
    second: Actor,
) -> None:
    before = numbers(both)

    published(both, author, second, {OWN_FORM: form("核对说明")})

    after = numbers(both)
    assert {own for own in after if after[own] != before.get(own)} == {"inner", "outer"}


def test_going_back_brings_the_called_file_back_too(both: Office, author: Actor, second: Actor) -> None:
    published(both, author, second, {CALLED: called("核对原件")})

    back = studio.roll_back(both, author, "outer", 1, why="材料可以是复印件")

    assert isinstance(back, ChangeView), back
    assert [each.name for each in back.files] == [CALLED]
    assert isinstance(studio.publish_change(both, second, back.change_id), ChangeView)
    assert waiting(case_of(both)) == ["核对材料"]


def test_what_is_still_called_or_shown_cannot_be_deleted(both: Office, author: Actor, second: Actor) -> None:
    change_id = opened(both, author)

    for name, code, where in ((CALLED, "unknown_process", CALLER), (OWN_FORM, "unknown_form", CALLED)):
        report = studio.delete_file(both, author, change_id, name)
        assert isinstance(report, CheckReport)
        assert (where, code) in {(file, problem.code) for file, problem in report.errors}
        assert code in codes(studio.submit_change(both, author, change_id))
        assert isinstance(studio.drop_file(both, author, change_id, name), Done)
    assert published_text(both, CALLED) == called()

    published(
        both,
        author,
        second,
        {CALLER: drawn("outer", '<endEvent id="outer_end"/>'), CALLED: None, OWN_FORM: None},
    )

    left = studio.library(both, author)
    assert not isinstance(left, Refusal)
    assert not {CALLED, OWN_FORM} & {row.name for row in left.files}
    assert isinstance(studio.file_of(both, author, CALLED), Refusal)
    published(both, author, second, {CALLED: called(form="claim-review"), CALLER: caller()})
    assert waiting(case_of(both)) == ["核对材料"], "a deleted file may come again"


def test_a_process_that_runs_or_can_be_opened_is_not_deleted(both: Office, author: Actor) -> None:
    case = case_of(both)
    change_id = opened(both, author)

    assert codes(studio.delete_file(both, author, change_id, CALLER)) == ("process_in_use",)
    assert codes(studio.delete_file(both, author, change_id, "claim.bpmn")) == ("process_in_use",)
    assert codes(studio.delete_file(both, author, change_id, "transfer.bpmn")) == ("process_in_use",)
    assert codes(studio.delete_file(both, author, change_id, "forms/none.form")) == ("no_file",)
    case.does("wangshouli", "look", inner_note="已核对")
    assert isinstance(studio.delete_file(both, author, change_id, CALLER), CheckReport)


def test_calls_in_a_circle_are_refused_at_each_call(both: Office, author: Actor) -> None:
    change_id = opened(both, author)

    report = saved(both, author, change_id, CALLED, caller("outer", own="inner"))

    found = {(name, problem.element) for name, problem in report.errors if problem.code == "call_circle"}
    assert found == {(CALLED, "inner_call"), (CALLER, "outer_call")}
    assert "call_circle" in codes(studio.submit_change(both, author, change_id))


def test_the_callers_controls_and_ways_are_judged_with_what_is_called(both: Office, author: Actor) -> None:
    change_id = opened(both, author)
    choice = '<exclusiveGateway id="way" default="way_join"/><parallelGateway id="join"/><endEvent id="inner_end"/>'
    other = '<sequenceFlow id="other" sourceRef="way" targetRef="join"><conditionExpression>${today() == "2025-11-03"}</conditionExpression></sequenceFlow>'
    lost = drawn("inner", choice + other, "way", "join")

    report = saved(both, author, change_id, CALLED, lost)

    found = {(name, problem.code) for name, problem in report.errors if problem.path}
    assert found == {(CALLER, "deadlock"), (CALLED, "deadlock")}


def test_a_rehearsal_follows_a_call_into_a_draft(both: Office, author: Actor) -> None:
    tests = b"- name: x\n  process: outer\n  day: 2025-11-03\n  steps:\n    - do: look\n      with: {inner_note: ok}\n"
    with both.store.reading() as session:
        files = {**shelf.library_files(session), CALLED: called("核对原件")}

    outcome = rehearse(both, author, files, read_tests(tests)[0])

    assert isinstance(outcome, Rehearsed), outcome
    assert (outcome.problems, outcome.ended_in) == ((), "outer_end")
    assert "核对原件" in [step.name for step in outcome.steps]
