"""Trying drawings out without JavaScript: samples, a case of one's own step by step, tests of a change, replays."""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import text
from visitors import PASSWORD, Visitor, claimed, granted, staff
from werkzeug.test import TestResponse

from engine.cases import studio_try as cases
from engine.cases.office import Office
from engine.cases.rehearse import run_tests
from engine.cases.sweep import sweep_until_idle
from engine.cases.tried import tokens
from engine.store.db import Base
from engine.values import Actor, Refusal
from engine.workflow.rehearsal import Do
from web.try_scripts import followed, packed, unpacked

SECOND_REVIEW = ('second_review_needed" default="one_review_enough"', 'second_review_needed"')
TESTS = "claim.tests.yaml"
MAIN_ROAD = "合同期满、材料齐全，一路办到核定发放"
ANALYST = Actor(kind="staff", id=0, name="分析", duties=frozenset({"analyst"}))


@pytest.fixture
def analyst(app: Flask) -> Visitor:
    """An analyst."""
    visitor = Visitor(app)
    assert visitor.post("/sign-in", login="chuliucheng", password=PASSWORD).status_code == 303
    return visitor


@pytest.fixture
def change(analyst: Visitor) -> Iterator[str]:
    """The address of a new change; given up afterwards."""
    opened = analyst.post("/studio/changes", title="试一试", note="")
    yield opened.location
    analyst.post(f"{opened.location}/withdraw", why="测试完毕")


@pytest.mark.req("FLOW-02")
def test_a_sample_is_played_and_tells_who_would_get_what_until_when_and_what_is_sent(
    office: Office, analyst: Visitor
) -> None:
    before = _rows(office)

    page = _text(analyst.get(_sample("/studio/processes/claim/try")))

    assert "与案例的预期一致" in page
    assert re.search(r"复核岗：.*赵复和.*办理：", page), "who would get it, by duty and name"
    assert re.search(r"审批 .*2025-11-05 23:59", page), "until when"
    assert "失业保险金核定告知书" in page
    assert "没有令牌：已到终点" in page
    assert _rows(office) == before, "nothing remains"


def test_the_tokens_are_told_for_every_step_without_a_script(analyst: Visitor) -> None:
    where = "/studio/processes/claim/try"

    third = analyst.get(_sample(where, at=3)).text
    first = analyst.get(_sample(where, at=-7)).text

    assert "令牌在：受理审核" in _where(third)
    assert "边上等着：" in _where(third)
    assert "at=4#picture" in third
    assert "at=2#picture" in third
    assert "第 1 步，共 13 步" in first


def test_a_sample_that_comes_otherwise_than_expected_says_so(analyst: Visitor, change: str) -> None:
    _upload(analyst, change, _skewed(analyst), "claim.bpmn")

    page = analyst.get(_sample(f"{change}/try")).text

    assert "走到这里走不下去了" in page
    assert "环节“approve_claim”不在待办；此时待办：second_review_claim" in page
    assert "二次复核" in page


@pytest.mark.req("FLOW-02")
def test_an_analyst_walks_a_case_through_forms_time_and_refusals_and_keeps_it_as_a_test(
    office: Office, analyst: Visitor, change: str
) -> None:
    tests = analyst.get(f"/studio/files/{TESTS}").data
    begun = _begin(
        analyst,
        change,
        player="person:li",
        day="2025-11-03",
        **{"fact-1": "months_paid", "fact-1-value": "30"},
    )
    page = analyst.follow(begun).text
    assert "核对并确认申请表" in page
    assert ">30<" in page, "the form shows what the registers would say"

    wrong = _do(analyst, change, page, "confirm_form", phone="1")
    assert wrong.status_code == 422
    assert "处需要更正" in wrong.text
    assert 'value="1"' in wrong.text, "what was typed stays"
    answers = {"answer": "confirm", "phone": "13800138000", "wants_work": "true", "commitment": "true"}
    page = analyst.follow(_do(analyst, change, page, "confirm_form", **answers)).text
    page = analyst.follow(_go(analyst, change, page, **{"try-act": "wait", "try-wait": "workdays:1"})).text
    assert "2025-11-04 09:00" in page
    page = analyst.follow(_do(analyst, change, page, "check_intake", intake_opinion="pass")).text
    page = analyst.follow(
        _do(analyst, change, page, "review_claim", review_opinion="agree", **{"try-by": "=check_intake"})
    ).text
    assert "“复核”被拒绝" in page

    kept = analyst.post(f"{change}/try/keep", **{"try-script": _script(page), "name": "受理人想复核"})
    after = analyst.get(f"{change}/download/{TESTS}").data
    again = analyst.post(f"{change}/try/keep", **{"try-script": _script(page), "name": "受理人想复核"})

    assert "与案例的预期一致" in analyst.follow(kept).text
    assert after.startswith(tests), "all that stood there stays as it was"
    assert "refused: " in after[len(tests) :].decode()
    assert again.status_code == 403
    assert "已有案例「受理人想复核」" in again.text
    files = {**_library(office), TESTS: after}
    reports = {each.name: each for each in run_tests(office, files, only=TESTS)}
    assert reports["受理人想复核"].passed, reports["受理人想复核"].text


def test_a_case_that_gets_stuck_is_not_kept_but_goes_on_from_there(analyst: Visitor, change: str) -> None:
    _upload(analyst, change, _skewed(analyst), "claim.bpmn")
    page = analyst.get(_sample(f"{change}/try")).text
    stuck = re.search(r'href="[^"]*script=([\w-]+)#now"><small>退回到第 4 项', page)
    assert stuck, page

    whole = followed(unpacked(stuck[1]), Do(element="no_such", fields={}, by="", refused="", line=0))
    kept = analyst.post(f"{change}/try/keep", **{"try-script": packed(whole), "name": "走不到底"})
    second = {"second_opinion": "agree", "second_note": "已核实"}
    page = analyst.follow(_do(analyst, change, page, "second_review_claim", **second)).text

    assert kept.status_code == 403
    assert "走不到底的案例不能存为测试" in kept.text
    assert "走不到底" not in analyst.get(f"{change}/download/{TESTS}").text
    assert "令牌在：审批" in _where(page), "the step that got stuck is left out"


def test_a_message_arrives_and_ends_the_case(analyst: Visitor, change: str) -> None:
    page = analyst.follow(_begin(analyst, change, player="person:li", day="2025-11-03")).text

    withdrawn = _go(
        analyst,
        change,
        page,
        **{"try-act": "message", "try-message": _awaited(page), "payload.withdraw_reason": "找到工作"},
    )

    assert "没有待办：案件已结束于" in analyst.follow(withdrawn).text


@pytest.mark.parametrize(
    "word",
    [
        "x", "!!!", base64.urlsafe_b64encode(b"no").decode(),
        base64.urlsafe_b64encode(zlib.compress(b"- name: a\n")).decode(),
        base64.urlsafe_b64encode(zlib.compress(b"- name: a\n" + b" " * 50_000_000)).decode(),
    ],
)  # fmt: skip
def test_a_script_that_no_page_of_ours_made_is_no_script(analyst: Visitor, word: str) -> None:
    page = analyst.get(f"/studio/processes/claim/try?script={word}")
    sent = analyst.post("/studio/processes/claim/try/on", **{"try-script": word, "try-act": "wait"})

    assert page.status_code == 200
    assert MAIN_ROAD in page.text, "what to begin with"
    assert sent.status_code == 303


@pytest.mark.parametrize("day", ["", "x", "0001-01-01", "9999-12-31"])
def test_a_day_of_another_age_is_not_taken_and_the_case_stays_where_it_was(
    analyst: Visitor, change: str, day: str
) -> None:
    begun = analyst.follow(_begin(analyst, change, player="person:li", day=day)).text
    page = analyst.follow(_begin(analyst, change, player="person:li", day="2025-11-03")).text

    gone = _go(analyst, change, page, **{"try-act": "wait", "try-wait": "until:", "try-day": day})
    after = analyst.follow(gone).text if day not in ("", "x") else gone.text

    assert "没有发起" in begun
    if day in ("", "x"):
        assert gone.status_code == 200
    else:
        assert "这一步没有加上" in after
    assert "核对并确认申请表" in after


@pytest.mark.parametrize("duty", ["control", "administrator", "review", "cashier"])
def test_only_analysts_try_out_keep_or_replay(app: Flask, change: str, duty: str) -> None:
    other = staff(app, duty)

    answers = [
        other.get(f"{change}/try"),
        other.get(_sample("/studio/processes/claim/try")),
        other.get(f"{change}/replay"),
        other.post(f"{change}/replay", process="claim", n="10"),
        other.post(f"{change}/tests"),
        other.post(f"{change}/try/keep", **{"try-script": _word(), "name": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 6


def test_nobody_tries_what_cannot_be_read_and_the_page_names_the_file(analyst: Visitor, change: str) -> None:
    _upload(analyst, change, b"<nothing/>", "claim.bpmn")

    page = analyst.get(f"{change}/try")

    assert page.status_code == 403
    assert "claim.bpmn：" in page.text
    assert "claim.bpmn：" in analyst.get(f"{change}/tests").text


@pytest.mark.req("FLOW-03")
def test_the_tests_page_shows_how_far_a_run_is_and_why_each_case_failed(
    office: Office, analyst: Visitor, change: str
) -> None:
    _upload(analyst, change, _skewed(analyst), "claim.bpmn")

    begun = analyst.follow(analyst.post(f"{change}/tests")).text
    part = analyst.get(f"{change}/tests", **{"HX-Request": "true"})
    sweep_until_idle(office)
    done = analyst.get(f"{change}/tests").text
    last = analyst.get(f"{change}/tests", **{"HX-Request": "true"})

    assert "等待演练" in begun
    assert 'http-equiv="refresh"' in begun, "goes on without a script"
    assert 'hx-trigger="every 2s"' in part.text
    assert "<main" not in part.text
    assert "演练未通过" in done
    assert "环节“approve_claim”不在待办；此时待办：second_review_claim" in unescape(done)
    assert f'href="{change}/tests/{TESTS}#line-33"' in done
    assert 'id="line-33">- name: 合同期满' in analyst.get(f"{change}/tests/{TESTS}").text
    assert f"{change}/try?file={TESTS}&amp;case=" in done
    assert last.headers["HX-Refresh"] == "true", "the page comes anew when all are played"
    assert "看每个案例的结果" in analyst.get(change).text
    assert analyst.get(f"{change}/tests/claim.bpmn").status_code == 404


@pytest.mark.req("FLOW-05")
def test_past_cases_are_replayed_in_parts_and_those_that_would_differ_are_named(
    app: Flask, analyst: Visitor, change: str
) -> None:
    person, case = granted(app, "qin")
    key, withdrawn = _key(person, case), []
    for _each in range(11):
        person, number, _task = claimed(app)
        person.post(f"/cases/{number}/withdraw", why="不办了")
        withdrawn.append(_key(person, number))
    _upload(analyst, change, _skewed(analyst), "claim.bpmn")

    first = analyst.post(f"{change}/replay", process="claim", n="500")
    paused = analyst.post(f"{change}/replay", before=_before(first.text), pause="yes")
    page, parts = paused.text, 1
    while 'name="before"' in page:
        page, parts = analyst.post(f"{change}/replay", before=_before(page)).text, parts + 1

    assert "已重放 10 件，共" in first.text
    assert "已暂停" in paused.text
    assert parts >= 2
    row = re.search(rf'<tr role="row">(?:(?!</tr>).)*{key}</td>(?:(?!</tr>).)*</tr>', page, re.DOTALL)
    assert row, page
    assert "会不同" in row[0]
    assert "二次复核" in row[0]
    assert f"/cases/{case}" not in page, "no link to a file that is not open to the analyst"
    assert analyst.get(f"/cases/{case}").status_code == 403
    assert not [each for each in withdrawn if each in page], "goes the same way"


@pytest.mark.parametrize("word", ["x", "", base64.b64encode(zlib.compress(b'["claim"]')).decode()])
def test_a_replay_that_no_page_of_ours_carried_begins_anew(analyst: Visitor, change: str, word: str) -> None:
    assert analyst.post(f"{change}/replay", before=word, process="claim", n="10").status_code == 200
    assert analyst.post(f"{change}/replay", before=word, process="no_such").status_code == 404


def test_every_picture_of_a_sample_has_its_tokens_where_the_case_stood(office: Office) -> None:
    files = _library(office)
    shelf = cases.try_shelf(office, ANALYST)
    assert not isinstance(shelf, Refusal)
    for sample in shelf.of("claim"):
        tried = cases.try_out(office, ANALYST, files, sample.script)
        assert not isinstance(tried, Refusal)
        steps = tried.rehearsed.steps
        found = tokens(steps)

        assert len(found) == len(steps)
        assert found[-1] == steps[-1].waiting
        for step, stand in zip(steps, found, strict=True):
            assert step.element in stand or stand == step.waiting, (sample.script.name, step.element)
        for step, stand, after in zip(steps, found, steps[1:], strict=False):
            if after.kind == "operation":
                assert step.element in stand, "a token is on its way through what goes on by itself"
            if after.kind == "completed":
                assert stand == step.waiting, "whatever a person does begins where the case rested"
                assert after.element in stand


def _sample(path: str, **more: int) -> str:
    return f"{path}?{urlencode({'file': TESTS, 'case': MAIN_ROAD, **more})}"


def _rows(office: Office) -> dict[str, int]:
    with office.store.reading() as session:
        return {
            name: session.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
            for name in Base.metadata.tables
        }


def _library(office: Office) -> dict[str, bytes]:
    shelf = cases.try_shelf(office, ANALYST)
    assert not isinstance(shelf, Refusal)
    return dict(shelf.files)


def _skewed(visitor: Visitor) -> bytes:
    """The claim diagram that asks for a second review just where none is needed."""
    drawn = visitor.get("/studio/files/claim.bpmn").data.decode()
    found = drawn.replace(*SECOND_REVIEW).replace("${second_review == true}", "${second_review == false}")
    assert found != drawn
    return found.encode()


def _upload(visitor: Visitor, change: str, content: bytes, name: str) -> TestResponse:
    data = {"csrf_token": visitor.token(), "file": (io.BytesIO(content), name)}
    return visitor.client.post(f"{change}/files", data=data)


def _begin(visitor: Visitor, change: str, **fields: str) -> TestResponse:
    return visitor.client.get(f"{change}/try/begin", query_string={"process": "claim", **fields})


def _go(visitor: Visitor, change: str, page: str, **fields: str) -> TestResponse:
    return visitor.post(f"{change}/try/on", **{"try-script": _script(page), **fields})


def _do(visitor: Visitor, change: str, page: str, element: str, **fields: str) -> TestResponse:
    return _go(visitor, change, page, **{"try-element": element, **fields})


def _script(page: str) -> str:
    return _value(page, "try-script")


def _before(page: str) -> str:
    return _value(page, "before")


def _awaited(page: str) -> str:
    return _value(page, "try-message")


def _value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return unescape(found[1])


def _word() -> str:
    return base64.urlsafe_b64encode(
        zlib.compress(b"- {name: a, process: claim, person: li, day: 2025-11-03}")
    ).decode()


def _key(person: Visitor, case: str) -> str:
    found = re.search(r"SL-\d{4}-\d+", person.get(f"/cases/{case}").text)
    assert found
    return found[0]


def _text(answer: TestResponse) -> str:
    """What a person reads of the page, on one line."""
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def _where(page: str) -> str:
    found = re.search(r"<p class=\"try-where\"[^>]*>(.*?)</p>", page, re.DOTALL)
    assert found, page
    return re.sub(r"<[^>]+>", "", found[1])
