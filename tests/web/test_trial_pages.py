"""The pages on which a figure is tried before it is published (REFUND-01)."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from insured_employers import CITY, facts, send
from visitors import PASSWORD, Visitor, program

from engine.cases.office import Office
from engine.cases.screening import drive, start_screening
from engine.cases.screening_views import ScreeningView
from engine.cases.sweep import sweep_until_idle
from engine.values import SYSTEM

pytestmark = pytest.mark.req("REFUND-01")


def test_a_steward_changes_a_figure_on_the_page_and_reads_who_gains_and_what_it_costs(
    app: Flask, office: Office
) -> None:
    send(office, [facts(), facts(claimants=7)], year=2024)
    run = start_screening(office, SYSTEM, year=2025, region=CITY)
    assert isinstance(run, ScreeningView), run.text
    drive(office, run.run_id, say=lambda _done, _total: None)
    steward, clerk = _staff(app, "fengshuju"), _staff(app, "wangshouli")
    form = {"run": str(run.run_id), "year": "2025", "name": "放宽", "refund.layoff_ratio_small": "25"}

    wrong = steward.post("/refunds/trials", **{**form, "refund.ratio.sme": "六成"})
    sent = steward.post("/refunds/trials", **form)
    here = str(sent.location)
    waiting = steward.get(here).text
    sweep_until_idle(office)
    result = steward.get(here).text

    assert wrong.status_code == 403
    assert "“六成”不能试算" in wrong.text
    assert 'value="六成"' in wrong.text
    assert sent.status_code == 303
    assert 'hx-trigger="every 2s"' in waiting
    assert "+7,200.00" in result
    assert re.search(r'effect=gain">1</a>', result)
    listed = clerk.get(f"{here}/employers?effect=gain").text
    assert "单位1" in listed
    assert "裁员率不高于上限" in listed
    assert "单位1" not in clerk.get(f"{here}/employers?effect=lose").text
    sheet = clerk.get(f"{here}/employers.xlsx")
    assert (sheet.status_code, sheet.data[:2]) == (200, b"PK")
    assert clerk.post("/refunds/trials", **form).status_code == 403
    assert _staff(app, "chuliucheng").get(here).status_code == 403


@pytest.mark.req("FLOW-10")
def test_a_program_tries_the_same_figures_and_reads_the_same_result(app: Flask, office: Office) -> None:
    steward, headers = program(app, "fengshuju")
    clerk, theirs = program(app, "wangshouli")
    [base] = [
        each for each in steward.get("/api/v1/refund-trials/bases").json["rows"] if each["year"] == 2025
    ]
    asked = {"run_id": base["run_id"], "year": 2025, "figures": {"refund.layoff_ratio_small": "25"}}

    wrong = steward.post("/api/v1/refund-trials", json={**asked, "figures": {"refund.ratio.sme": "六成"}}, headers=headers)  # fmt: skip
    unknown = steward.post("/api/v1/refund-trials", json={**asked, "figures": {"x": "1"}}, headers=headers)
    made = steward.post("/api/v1/refund-trials", json=asked, headers=headers)
    sweep_until_idle(office)
    here = f"/api/v1/refund-trials/{made.json['trial_id']}"

    assert (wrong.status_code, unknown.status_code) == (403, 422)
    assert "“六成”不能试算" in wrong.json["reasons"][0]["text"]
    assert made.status_code == 201
    assert steward.get(here).json["whole"]["gain_fen"] == 720_000
    [row] = clerk.get(f"{here}/employers?effect=gain").json["rows"]
    assert (row["name"], row["delta"], row["fails_no_more"]) == ("单位1", "+7200.00", ["layoff"])
    assert clerk.get(f"{here}/workbook").data[:2] == b"PK"
    assert clerk.post("/api/v1/refund-trials", json=asked, headers=theirs).status_code == 403


def _staff(app: Flask, login: str) -> Visitor:
    visitor = Visitor(app)
    visitor.post("/sign-in", login=login, password=PASSWORD)
    return visitor
