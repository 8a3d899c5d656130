"""The studio without JavaScript: open a change, upload, correct, submit, publish by a second person, go back."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from visitors import PASSWORD, Visitor, staff
from werkzeug.test import TestResponse

from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle

FORM = "forms/claim-review.form"
DIAGRAM = "claim.bpmn"


@pytest.fixture
def author(app: Flask) -> Visitor:
    """An analyst."""
    return _analyst(app, "chuliucheng")


@pytest.fixture
def second(app: Flask) -> Visitor:
    """Another analyst."""
    return _analyst(app, "weiliucheng2")


@pytest.fixture
def change(author: Visitor) -> Iterator[str]:
    """The address of a new change; given up afterwards."""
    opened = author.post("/studio/changes", title="复核说明改写", note="看不懂")
    assert opened.status_code == 303, opened.text
    yield opened.location
    author.post(f"{opened.location}/withdraw", why="测试完毕")


@pytest.mark.req("FLOW-02")
def test_a_file_is_downloaded_changed_uploaded_and_published_by_a_second_person(
    office: Office, author: Visitor, second: Visitor, change: str
) -> None:
    form = author.get(f"/studio/files/{FORM}").data
    changed = form.replace("退回时写明问题所在。".encode(), "退回时写明哪里不对。".encode())

    page = author.follow(_upload(author, change, changed, "claim-review.form"))
    assert FORM in page.text
    assert "没有错误，可以提交和发布" in page.text
    assert "演练中，通过即提交" in author.follow(author.post(f"{change}/submit")).text
    sweep_until_idle(office)
    assert "待发布" in author.get(change).text
    own = author.post(f"{change}/publish")
    published = second.follow(second.post(f"{change}/publish"))

    assert own.status_code == 403, "four eyes"
    assert "已发布" in published.text
    assert author.get(f"/studio/files/{FORM}").data == changed
    assert "第 2 版" in author.get("/studio/processes/claim").text


@pytest.mark.req("FLOW-02")
def test_an_older_version_is_brought_back_with_a_reason_by_two_people(
    office: Office, author: Visitor, second: Visitor, change: str
) -> None:
    before = author.get(f"/studio/files/{DIAGRAM}").data
    _upload(author, change, before.replace("提出申领".encode(), "申请失业保险金".encode(), 1), DIAGRAM)
    author.post(f"{change}/submit")
    sweep_until_idle(office)
    second.post(f"{change}/publish")
    assert author.get(f"/studio/files/{DIAGRAM}").data != before
    newest = _newest(author)
    compared = author.get(f"/studio/processes/claim/compare?old={newest}&new={newest - 1}").text
    assert "申请失业保险金" in compared
    assert "名称" in compared
    assert author.get("/studio/processes/claim/compare?old=x&new=99").status_code == 404

    nameless = author.post("/studio/processes/claim/roll-back", number=str(newest - 1), why=" ")
    asked = author.post("/studio/processes/claim/roll-back", number=str(newest - 1), why="新名称不妥")
    second.post(f"{asked.location}/publish")

    assert nameless.status_code == 403
    assert "请写明原因" in nameless.text
    assert author.get(f"/studio/files/{DIAGRAM}").data == before
    assert _newest(author) == newest + 1


@pytest.mark.req("FLOW-03")
def test_a_fault_is_kept_as_a_draft_named_with_its_element_and_line_and_not_submitted(
    author: Visitor, change: str
) -> None:
    broken = author.get(f"/studio/files/{DIAGRAM}").data.replace(
        b'camunda:topic="gather_claim_facts"', b'camunda:topic="no_such_operation"'
    )
    _upload(author, change, broken, DIAGRAM)

    page = author.get(change).text
    refused = author.post(f"{change}/submit")

    assert f'href="{change}/files/{DIAGRAM}#gather_facts"' in page
    assert "no_such_operation" in page
    assert refused.status_code == 403
    assert author.get(f"{change}/download/{DIAGRAM}").data == broken


def test_the_text_of_a_file_is_changed_without_a_script_and_keeps_its_line_ends(
    author: Visitor, change: str
) -> None:
    text = author.get(f"/studio/files/{FORM}").data.decode()

    saved = author.post(f"{change}/files/{FORM}", content=text.replace("\n", "\r\n").replace("复核", "复查"))

    assert saved.status_code == 303
    assert author.get(f"{change}/download/{FORM}").data.decode() == text.replace("复核", "复查")


def test_whoever_saves_over_what_they_have_not_seen_keeps_what_they_typed(
    author: Visitor, second: Visitor, change: str
) -> None:
    seen = _seen(author, f"{change}/files/{FORM}")
    text = author.get(f"/studio/files/{FORM}").data.decode()
    second.post(f"{change}/files/{FORM}", content=text + " ", seen=seen)

    page = author.post(f"{change}/files/{FORM}", content=text.replace("复核", "复查"), seen=seen)
    again = author.post(f"{change}/files/{FORM}", content=text, seen=_value(page.text))

    assert page.status_code == again.status_code == 409
    assert "卫柳澄" in page.text
    assert "复查" in page.text


@pytest.mark.req("FLOW-03")
def test_what_is_not_saved_is_checked_and_the_draft_stays(author: Visitor, change: str) -> None:
    answer = _send(author, f"{change}/check/{DIAGRAM}", b"<definitions")

    assert answer.status_code == 200
    problems = answer.json["files"][0]["problems"]
    assert problems[0]["severity"] == "error"
    assert problems[0]["line"] == 1
    assert "还没有文件" in author.get(change).text


def test_a_script_that_saves_hears_of_problems_and_of_the_new_digest(author: Visitor, change: str) -> None:
    form = author.get(f"/studio/files/{FORM}").data

    saved = _send(author, f"{change}/files/{FORM}", form.replace("复核意见".encode(), "意见".encode()))
    stale = _send(author, f"{change}/files/{FORM}", form, seen="0" * 64)

    assert saved.json["ok"] is True
    assert saved.json["digest"] == _seen(author, f"{change}/files/{FORM}")
    assert stale.status_code == 409
    assert "改过" in stale.json["detail"]


def test_templates_offer_what_the_office_knows(author: Visitor, change: str) -> None:
    found = {each["id"]: each for each in author.get(f"{change}/templates.json").json}

    operation = found["changling.operation.determine_entitlement"]
    person = {each["label"]: each for each in found["changling.person"]["properties"]}
    control = found["changling.control.business_review"]["properties"]
    assert {"type": "Hidden", "value": "determine_entitlement", "binding": {"type": "property", "name": "camunda:topic"}} in operation["properties"]  # fmt: skip
    assert {"name": "claim-review", "value": "claim-review"} in person["表单"]["choices"]
    assert any(choice["value"] == '${limit("review")}' for choice in person["办理时限"]["choices"])
    assert "review" in {choice["value"] for choice in person["岗位"]["choices"]}
    assert any(each["value"] == "business_review" for each in control if "value" in each)


def test_the_preview_is_drawn_as_the_inbox_draws_it(author: Visitor, change: str) -> None:
    form = author.get(f"/studio/files/{FORM}").data

    shown = _send(author, f"{change}/preview/{FORM}", form)
    wrong = _send(
        author,
        f"{change}/preview/{FORM}",
        b'{"schemaVersion": 16, "type": "default", "id": "x", "components": [{"type": "iframe", "id": "F"}]}',
    )

    assert 'name="review_opinion"' in shown.text
    assert wrong.status_code == 422
    assert "iframe" in wrong.text


@pytest.mark.parametrize("name", ["new-matter.bpmn", "forms/new-matter.form", "decisions/new-matter.dmn"])
def test_a_new_file_begins_without_errors_of_its_own(author: Visitor, change: str, name: str) -> None:
    author.follow(author.post(f"{change}/files", name=name, title="新事项 <甲>"))

    page = author.get(f"{change}/files/{name}")

    assert page.status_code == 200
    assert "problem-error" not in page.text
    assert "新事项" in page.text


@pytest.mark.parametrize(
    ("name", "status"), [("../etc/passwd", 403), ("forms/X Y.form", 403), ("", 403), ("x.exe", 403)]
)
def test_a_name_that_the_library_does_not_take_is_refused_in_words(
    author: Visitor, change: str, name: str, status: int
) -> None:
    page = author.post(f"{change}/files", name=name)

    assert page.status_code == status
    assert "文件名" in page.text


def test_only_analysts_change_and_only_some_look(app: Flask, change: str) -> None:
    control, intake = staff(app, "control"), staff(app, "intake")

    assert control.get(change).status_code == 200
    assert "存入变更单" not in control.get(change).text
    assert control.post("/studio/changes", title="试").status_code == 403
    assert intake.get("/studio").status_code == 403
    assert "/studio" not in intake.get("/inbox").text
    assert Visitor(app).get("/studio").location.startswith("/sign-in")


def test_what_is_not_there_is_a_page_that_says_so(author: Visitor, change: str) -> None:
    for path in ("/studio/changes/999999", "/studio/processes/none", f"{change}/files/none.bpmn"):
        assert author.get(path).status_code == 404, path


def test_scripts_stay_strict_on_the_editors_page(author: Visitor, change: str) -> None:
    editor = author.get(f"{change}/files/{DIAGRAM}").headers["Content-Security-Policy"]
    library = author.get("/studio").headers["Content-Security-Policy"]

    assert "script-src 'self';" in editor
    assert "'unsafe-inline'" not in library
    assert editor.replace(" 'unsafe-inline'", "") == library


def _analyst(app: Flask, login: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.post("/sign-in", login=login, password=PASSWORD).status_code == 303
    return visitor


def _upload(visitor: Visitor, change: str, content: bytes, file_name: str) -> TestResponse:
    data = {"csrf_token": visitor.token(), "file": (io.BytesIO(content), file_name)}
    return visitor.client.post(f"{change}/files", data=data)


def _send(visitor: Visitor, path: str, content: bytes, **fields: str) -> TestResponse:
    data = {"csrf_token": visitor.token(), "file": (io.BytesIO(content), "file"), **fields}
    return visitor.client.post(path, data=data, headers={"Accept": "application/json"})


def _seen(visitor: Visitor, path: str) -> str:
    return _value(visitor.get(path).text)


def _value(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found, page
    return found[1]


def _newest(visitor: Visitor) -> int:
    numbers = re.findall(r"第 (\d+) 版", visitor.get("/studio/processes/claim").text)
    return max(int(number) for number in numbers)


def test_a_published_file_is_taken_out_by_a_change_or_said_to_be_in_use(author: Visitor, change: str) -> None:
    page = author.follow(author.post(f"{change}/delete", name=FORM))
    letter = author.get(f"{change}/files/letters/grant-notice.md")

    assert f"<del>{FORM}</del>" in page.text
    assert "claim-review" in page.text and "改好才能提交" in page.text
    assert author.get(f"{change}/files/{FORM}").status_code in (403, 404)
    assert "失业保险金核定告知书" in letter.text
    refused = author.post(f"{change}/delete", name=DIAGRAM)
    assert "不能删除" in refused.text
