"""The pages on which history is taken over: uploaded by one, read in a report, loaded by another (SERV-04)."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from history_files import as_csv, number_of, person_row
from visitors import PASSWORD, Visitor

from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle

pytestmark = pytest.mark.req("SERV-04")


def test_a_file_is_uploaded_by_one_and_loaded_by_another(app: Flask, office: Office) -> None:
    first, second = _steward(app, "fengshuju"), _steward(app, "lvshuju2")
    wrong = person_row(777_001, region="999999")
    content = as_csv("persons", [person_row(777_000), wrong])

    sent = _upload(first, content)
    here = str(sent.location)
    waiting = first.get(here).text
    sweep_until_idle(office)
    report = first.get(here).text

    assert sent.status_code == 303
    assert "正在读取文件" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "没有这个地区代码" in report
    assert 'hx-trigger="every 2s"' not in report
    assert number_of(777_001) not in report
    assert number_of(777_001).encode() not in first.get("/imports").data
    sheet = first.get(f"{here}/faults.xlsx")
    assert (sheet.status_code, sheet.data[:2]) == (200, b"PK")
    # the clean row goes on by itself; who uploaded it does not load it
    child = str(first.post(f"{here}/split").location)
    sweep_until_idle(office)
    assert "四眼" not in first.get(child).text
    assert "装载 1 行" not in first.get(child).text
    assert first.post(f"{child}/load").status_code == 403
    assert "装载 1 行" in second.get(child).text
    assert second.post(f"{child}/load").status_code == 303
    sweep_until_idle(office)
    assert "1 行已全部装载" in second.get(child).text


def test_a_file_that_cannot_be_read_is_refused_on_the_form_with_the_kind_still_chosen(app: Flask) -> None:
    steward = _steward(app, "fengshuju")

    page = _upload(steward, b"\x00\x00", kind="grants")

    assert page.status_code == 403
    assert "请上传 .csv 或 .xlsx 文件" in page.text
    assert '<option value="grants" selected>' in page.text


def test_a_file_may_be_longer_than_a_paper(app: Flask) -> None:
    steward = _steward(app, "fengshuju")

    page = _upload(steward, b"a,b\n" * 2_500_000)

    assert page.status_code == 403
    assert "表头" in page.text


def test_a_file_that_is_too_long_is_told_on_the_form(app: Flask) -> None:
    page = _upload(_steward(app, "fengshuju"), b"a,b\n" * 11_000_000)

    assert page.status_code == 413
    assert "文件超过 40 MB" in page.text


def test_a_clerk_finds_no_imports(app: Flask) -> None:
    clerk = _steward(app, "wangshouli")

    assert clerk.get("/imports").status_code == 403
    assert "/imports" not in clerk.get("/inbox").text


@pytest.mark.parametrize("kind", ["persons", "contributions", "grants", "payments", "exits"])
def test_every_kind_has_a_template(app: Flask, kind: str) -> None:
    steward = _steward(app, "fengshuju")

    assert steward.get(f"/imports/template-{kind}.xlsx").data.startswith(b"PK")
    assert steward.get("/imports/template-nothing.xlsx").status_code == 404


def _steward(app: Flask, login: str) -> Visitor:
    visitor = Visitor(app)
    visitor.post("/sign-in", login=login, password=PASSWORD)
    return visitor


def _upload(visitor: Visitor, content: bytes, *, kind: str = "persons"):  # type: ignore[no-untyped-def]
    fields = {"kind": kind, "csrf_token": visitor.token(), "file": (BytesIO(content), "old.csv")}
    return visitor.client.post("/imports", data=fields, content_type="multipart/form-data")
