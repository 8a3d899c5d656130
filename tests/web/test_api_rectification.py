"""The API of rectification: checklists issued, items pressed and taken up again, plans judged with faults by cell."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest
from flask import Flask
from test_api import signed_in
from visitors import PASSWORD, STAFF

from engine.cases import wall
from engine.cases.office import Office
from engine.cases.staff import sign_in
from engine.values import Refusal


@pytest.mark.req("FLOW-10", "RECT-01")
def test_a_checklist_is_issued_and_its_wall_and_items_are_read(app: Flask, office: Office) -> None:
    province, headers = signed_in(app, "provincial")
    path = "/api/v1/rectification"
    names = [each["name"] for each in province.get(f"{path}/shipped").json["rows"]]
    wish = {"name": "shandong-2020", "received_on": "2020-04-02", "region": "371500"}

    assert "shandong-2020" in names
    clerk, theirs = signed_in(app, "rectifier")
    assert clerk.post(path, headers=theirs, json=wish).status_code == 403
    issued = province.post(path, headers=headers, json=wish)
    assert issued.status_code == 201, issued.text
    number = issued.json["checklist_id"]
    seen = province.get(f"{path}/{number}?region=371500").json
    assert (seen["missing"], seen["expected"] == seen["present"]) == ([], True)
    provincial = sign_in(office, login=STAFF["provincial"], password=PASSWORD)
    assert not isinstance(provincial, Refusal)
    page = wall.wall(office, provincial, number, region="371500")
    assert not isinstance(page, Refusal) and page.present == seen["present"]
    assert number in {each["checklist_id"] for each in province.get(path).json["rows"]}
    assert province.get(f"{path}/{number}/trend?region=371500").json["weeks"]
    assert province.get(f"{path}/{number}/workbook?region=371500").data[:2] == b"PK"
    assert province.get(f"{path}/{number}/items/workbook?region=371500&topic=1").data[:2] == b"PK"
    assert province.get(f"{path}/{number}/papers").json["rows"] == []
    first = province.get(f"{path}/{number}/items?region=371500").json["page"]["rows"][0]

    early = province.post(f"{path}/{number}/closing", headers=headers)
    assert early.status_code == 403 and early.json["reasons"][0]["text_en"]
    item = f"{path}/items/{first['item_id']}"
    assert clerk.post(f"{item}/supervision", headers=theirs, json={"why": "催"}).status_code == 403
    pressed = province.post(f"{item}/supervision", headers=headers, json={"why": "逾期未报"})
    assert pressed.status_code == 200, pressed.text
    told = province.get(item).json
    assert told["supervised_why"] == "逾期未报"
    again = province.post(
        f"{item}/reopening",
        headers=headers,
        json={"why": "不实", "plan_due": "2025-11-20", "done_due": "2025-12-31"},
    )
    assert again.status_code == 403 and again.json["reasons"][0]["text"], "it is not settled"


@pytest.mark.req("FLOW-10", "RECT-05")
def test_a_plan_is_judged_by_cell_and_taken_whole_or_not_at_all(app: Flask) -> None:
    province, headers = signed_in(app, "provincial")
    path = "/api/v1/work-plans"
    table = province.get(f"{path}/example").data
    book = openpyxl.load_workbook(BytesIO(table))
    assert book.active is not None
    for row in book.active.iter_rows():
        for cell in row:
            if cell.value in (1, "1"):
                cell.value = "一"
    spoilt = BytesIO()
    book.save(spoilt)

    def said(content: bytes, **more: str) -> dict[str, object]:
        return {
            "title": "失业保险工作计划（接口）", "source": "渝人社发〔2019〕169号", "region": "371500",
            "issued_on": "2025-11-03", "target": "2026-12-31", **more, "file": (BytesIO(content), "p.xlsx"),
        }  # fmt: skip

    report = province.post(f"{path}/checks", headers=headers, data=said(table))
    wrong = province.post(
        path, headers={**headers, "Accept-Language": "en"}, data=said(spoilt.getvalue(), warnings_read="true")
    )
    taken = province.post(path, headers=headers, data=said(table, warnings_read="true"))
    again = province.post(path, headers=headers, data=said(table, warnings_read="true"))

    assert report.status_code == 200, report.text
    assert (len(report.json["rows"]), report.json["items"]) == (18, report.json["items"])
    assert wrong.status_code == 422 and wrong.json["fields"], wrong.text
    assert taken.status_code == 201, taken.text
    assert (taken.json["again"], again.json["again"]) == (False, True)
    listed = province.get(path).json["rows"]
    assert taken.json["plan"]["checklist_id"] in {each["checklist_id"] for each in listed}
    clerk, theirs = signed_in(app, "rectifier")
    assert clerk.post(path, headers=theirs, data=said(table)).status_code == 403
