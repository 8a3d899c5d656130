"""Guides for everybody: no sign-in, both languages, the same for programs; a page asks nothing that is forbidden."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from visitors import Visitor

from engine.cases.office import Office
from engine.law.catalogues import find_demands

MATTERS = ("claim", "transfer", "stable-jobs", "death-grant")


def visible(page: str) -> str:
    """The text of a page, a line for each element; without what nobody is asked for, which is a list of exactly that."""
    page = re.sub(r'(?s)<ul class="guide-not">.*?</ul>|<script.*?</script>|<head>.*?</head>', "", page)
    return unescape(re.sub(r"<[^>]+>", "\n", page))


@pytest.mark.req("SERV-01", "CLAIM-05")
@pytest.mark.parametrize("matter", MATTERS)
def test_nobody_signs_in_for_a_guide_and_its_page_demands_nothing_forbidden(
    app: Flask, office: Office, matter: str
) -> None:
    for language in ("zh", "en"):
        reader = Visitor(app)
        reader.get(f"/language/{language}")
        for path in (f"/guides/{matter}", f"/guides/{matter}/print", f"/guides/{matter}/diagram"):
            answer = reader.get(path)

            assert answer.status_code == 200, path
            assert find_demands(visible(answer.text), office.book.forbidden_demands) == (), path
            assert " style=" not in answer.text


@pytest.mark.req("SERV-01")
def test_the_picture_and_the_list_say_the_same(app: Flask) -> None:
    page = Visitor(app).get("/guides/claim").text
    wide, narrow = re.findall(r'(?s)<svg class="guide-chart.*?</svg>', page)
    steps = page[page.index('<ol class="guide-steps">') : page.index('id="where"')]

    for name in (
        "提出申领",
        "核对并确认申请表",
        "受理审核",
        "复核",
        "审批",
        "已核定发放",
        "不予核定",
        "补充视同缴费说明",
    ):
        assert all(name in re.sub(r"</text><text[^>]*>", "", part) for part in (wide, narrow, steps)), name
    assert 'role="img" aria-label="失业保险金申领的流程图' in page


@pytest.mark.req("SERV-01")
def test_guides_are_found_by_their_words_and_from_every_page(app: Flask) -> None:
    reader = Visitor(app)
    welcome = reader.get("/").text
    held = reader.get("/guides?q=社会保障卡 遗属").text
    nothing = reader.get("/guides?q=没有这样的词")

    assert all(f'href="/guides/{matter}"' in welcome for matter in MATTERS)
    assert '<a href="/guides">' in reader.get("/sign-in").text, "in the foot of every page"
    assert re.findall(r'<h2><a href="/guides/([a-z-]+)"', held) == ["death-grant"]
    assert nothing.status_code == 200 and "没有找到" in nothing.text
    assert reader.get("/guides/none").status_code == 404


@pytest.mark.req("SERV-01", "FLOW-10")
def test_programs_get_the_same_guide(app: Flask) -> None:
    client = app.test_client()
    listed = client.get("/api/v1/guides", query_string={"q": "遗属"}).json
    found = client.get("/api/v1/guides/claim", query_string={"region": "371502"})

    assert [row["matter"] for row in listed["rows"]] == ["death-grant"]
    assert found.json["region_name"] == {"zh": "东昌府区", "en": "Dongchangfu"}
    assert found.json["body"]["whole_limit"]["count"] == 10
    assert (
        client.get("/api/v1/guides/claim", headers={"If-None-Match": found.headers["ETag"]}).status_code
        == 200
    )
    again = client.get("/api/v1/guides/claim?region=371502", headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/api/v1/guides/none").status_code == 404
