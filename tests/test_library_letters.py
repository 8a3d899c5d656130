"""Letters of the library: changed as text by an analyst, checked, published by a second one, sent from then on."""
# ruff: noqa: F401, F811 - fixtures come from where the studio is tested

from __future__ import annotations

import pytest
from builders import a_claim, a_granted_claim
from test_studio import (
    author,
    codes,
    numbers,
    office,
    opened,
    published_text,
    ready,
    saved,
    second,
    submitted,
    third,
    untested,
)

from engine.cases import library as shelf
from engine.cases import studio
from engine.cases.library_checks import CheckReport
from engine.cases.office import Office
from engine.cases.rehearse import rehearse
from engine.cases.stage import draft_of, stage
from engine.cases.studio_views import ChangeView
from engine.values import Actor

LETTER = "letters/grant-notice.md"


@pytest.mark.req("FLOW-02")
def test_a_published_letter_is_sent_from_then_on_by_running_cases_too(
    office: Office, author: Actor, second: Actor
) -> None:
    before = numbers(office)
    running = a_claim(office, "li", at="approve_claim")
    sent = a_granted_claim(office, "lin").letter("grant-notice")
    worded = published_text(office, LETTER).replace("请记住您的承诺".encode(), "您承诺过的事".encode())

    change_id = submitted(office, author, worded, LETTER)
    assert isinstance(studio.publish_change(office, second, change_id), ChangeView)

    assert "您承诺过的事" in running.goes_on().letter("grant-notice")
    assert "请记住您的承诺" in sent
    assert numbers(office) == before, "a letter is no part of a version"


@pytest.mark.parametrize(
    ("name", "more", "code", "said"),
    [
        (LETTER, "{{ month }}", "unknown_fact", "没有“month”这项内容，可用："),
        (LETTER, "{{ months * 2 }}", "bad_letter", "不能调用或计算"),
        (LETTER, "{{ determination.__class__ }}", "bad_letter", "不能调用或计算"),
        (LETTER, "请携带失业登记证明", "forbidden_demand", "不得要求"),
        ("letters/none-such.md", "# 一", "unknown_letter", "没有环节会发出"),
    ],
)
def test_a_letter_that_cannot_be_sent_is_refused_with_its_line(
    office: Office, author: Actor, name: str, more: str, code: str, said: str
) -> None:
    with office.store.reading() as session:
        own = shelf.library_files(session).get(name, b"")
    change_id = opened(office, author)

    report = saved(office, author, change_id, name, own + more.encode())

    (_, problem), *_ = report.errors
    assert problem.code == code and said in problem.message
    assert problem.line == own.count(b"\n") + 1
    assert code in codes(studio.submit_change(office, author, change_id))


def test_a_rehearsal_writes_the_letter_of_the_draft(office: Office) -> None:
    with office.store.reading() as session:
        files = {**shelf.library_files(session), LETTER: b"# Draft"}
    draft = draft_of(office.runner.versions.names, files)

    with stage(office, draft, registers=None, at=office.clock()) as played, played.store.reading() as session:
        assert played.wording(session, "grant-notice") == "# Draft"
    with office.store.reading() as session:
        assert office.wording(session, "grant-notice") != "# Draft"
        assert office.wording(session, "none-such") is None


def test_a_letter_that_was_taken_out_is_sent_as_it_was_shipped(
    office: Office, author: Actor, second: Actor
) -> None:
    change_id = opened(office, author)
    assert isinstance(studio.delete_file(office, author, change_id, LETTER), CheckReport)
    assert isinstance(studio.submit_change(office, author, change_id), ChangeView)
    assert isinstance(studio.publish_change(office, second, change_id), ChangeView)

    assert "请记住您的承诺" in a_granted_claim(office).letter("grant-notice")
