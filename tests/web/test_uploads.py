"""Files that are too large for the office are refused in words, whichever way they come; large ones are taken."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from visitors import PASSWORD, Visitor
from werkzeug.test import TestResponse

DIAGRAM = "claim.bpmn"


@pytest.fixture
def author(app: Flask) -> Visitor:
    """An analyst."""
    visitor = Visitor(app)
    assert visitor.post("/sign-in", login="chuliucheng", password=PASSWORD).status_code == 303
    return visitor


@pytest.fixture
def change(author: Visitor) -> Iterator[str]:
    """The address of a new change; given up afterwards."""
    opened = author.post("/studio/changes", title="大文件", note="")
    assert opened.status_code == 303, opened.text
    yield opened.location
    author.post(f"{opened.location}/withdraw", why="测试完毕")


def test_a_large_diagram_may_be_typed_as_well_as_uploaded(author: Visitor, change: str) -> None:
    """A form field may be as long as a file: the page without a script sends the text."""
    text = author.get(f"/studio/files/{DIAGRAM}").text
    large = text.replace("</definitions>", f"<!--{' ' * 700_000}--></definitions>").replace(
        "</bpmn:definitions>", f"<!--{' ' * 700_000}--></bpmn:definitions>"
    )
    assert len(large) > 700_000

    for answer in (
        author.client.post(
            f"{change}/files/{DIAGRAM}", data={"csrf_token": author.token(), "content": large}
        ),
        _uploaded(author, f"{change}/files/{DIAGRAM}", large.encode(), typed=True),
    ):
        assert answer.status_code == 303, answer.text


@pytest.mark.parametrize("size", [6_000_000, 9_000_000, 50_000_000])
@pytest.mark.parametrize("typed", [False, True])
def test_a_file_that_is_too_large_is_refused_in_words(
    author: Visitor, change: str, size: int, typed: bool
) -> None:
    path = f"{change}/files/{DIAGRAM}" if typed else f"{change}/files"

    page = _uploaded(author, path, b" " * size, typed=typed)

    assert page.status_code in (403, 413)
    assert "文件太大" in page.text
    assert "MB" in page.text


def test_the_script_of_the_editor_gets_the_same_as_json(author: Visitor, change: str) -> None:
    answer = author.client.post(
        f"{change}/check/{DIAGRAM}",
        data={"file": (io.BytesIO(b" " * 50_000_000), "file")},
        headers={"Accept": "application/json", "X-CSRFToken": author.token()},
    )

    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"
    assert answer.json["title"] == "文件太大"


def _uploaded(visitor: Visitor, path: str, content: bytes, *, typed: bool) -> TestResponse:
    token = visitor.token()
    if typed:
        body = {"csrf_token": token, "content": content.decode()}
        return visitor.client.post(path, data=body, content_type="multipart/form-data")
    return visitor.client.post(path, data={"csrf_token": token, "file": (io.BytesIO(content), DIAGRAM)})
