"""Languages, letters, conditions and the front-end files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from visitors import Visitor, claimed, staff

from engine.workflow.expressions import compile_expression
from web.conditions import tree_of
from web.letters import letter

WEB = Path(__file__).parents[2] / "web"


def test_every_sentence_of_the_pages_has_its_english(app: Flask) -> None:
    with (WEB / "translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        known = {message.id for message in read_po(file, locale="en") if message.string}

    method_map = [("**.py", "python"), ("**.html", "jinja2")]
    keywords = {"_": None, "gettext": None, "lazy_gettext": None}
    used = {
        message
        for _file, _line, message, _comments, _context in extract_from_dir(
            str(WEB), method_map, keywords=keywords, options_map={"**.html": {"trim_blocks": "true"}}
        )
    }

    assert used - known == set()


def test_an_english_page_says_so_and_marks_what_is_chinese(app: Flask) -> None:
    person, _case, task = claimed(app)
    person.get("/language/en")

    page = person.get(f"/tasks/{task}").text

    assert '<html lang="en"' in page
    assert "Are the facts right?" in page, "the form speaks English too"
    assert '<span lang="zh-CN">' in page
    assert person.get("/language/xx?next=//evil.example").location == "/"


def test_chinese_is_the_language_without_a_choice(app: Flask) -> None:
    assert '<html lang="zh-CN"' in Visitor(app).get("/").text


def test_a_letter_is_set_with_headings_and_lists() -> None:
    page = letter("您好：\n\n## 依据\n- 一\n- **二**\n\n1. 甲\n2. 乙")

    assert page == (
        "<p>您好：</p>\n<h3>依据</h3>\n<ul><li>一</li><li><strong>二</strong></li></ul>\n<ol><li>甲</li><li>乙</li></ol>"
    )


@given(st.text(alphabet="<>&\"'*#-1. \nax[]()`"))
def test_no_letter_can_write_a_tag(text: str) -> None:
    bare = str(letter(text))

    for tag in ("p", "h3", "ul", "ol", "li", "strong"):
        bare = bare.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    assert "<" not in bare.replace("<br>", "")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('=answer != "object"', ["!=", ["name", "answer"], ["value", "object"]]),
        ("=not a", ["not", ["name", "a"]]),
        (
            '=a = "x" and b != null',
            ["and", ["==", ["name", "a"], ["value", "x"]], ["!=", ["name", "b"], ["value", None]]],
        ),
        ("=len(a) > 2", None),
        ("=a + 1 > 2", None),
    ],
)
def test_a_condition_becomes_a_tree_that_the_browser_can_walk(text: str, tree: object) -> None:
    assert tree_of(compile_expression(text).tree) == tree


def test_front_end_files_are_kept_for_a_year_and_sent_compressed(app: Flask) -> None:
    page = Visitor(app).get("/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    client = app.test_client()

    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    plain = client.get(address)

    assert "/static/vendor/tabler." in address
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.mimetype == "text/css"
    assert gzip.decompress(packed.data) == plain.data
    assert "max-age=31536000" in plain.headers["Cache-Control"]
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/vendor/nothing.js").status_code == 404


@pytest.mark.req("FLOW-08")
def test_machines_learn_whether_it_is_alive_ready_and_busy(app: Flask) -> None:
    client = app.test_client()
    staff(app, "intake").get("/inbox")

    numbers = client.get("/metrics").text

    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json["status"] == "ready"
    assert 'changling_waiting{what="tasks_open"}' in numbers
    assert 'changling_requests_total{endpoint="inbox.show",method="GET",status="200"}' in numbers


def test_a_refusal_speaks_english_to_who_reads_english(app: Flask) -> None:
    administrator = staff(app, "administrator")
    administrator.get("/language/en")

    page = administrator.post("/staff/posts", login="wangshouli", duty="cashier", region="371500").text

    assert "Nobody holds a business duty and a finance duty." in page
    assert '<span lang="zh-CN">鲁人社函〔2020〕10号' in page, "the source has its Chinese name only"
