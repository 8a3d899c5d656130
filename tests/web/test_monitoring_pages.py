"""The pages of monitoring and operations, without JavaScript: figures, the heat map, workbooks, and who is let in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from lxml import etree
from visitors import confirmed, staff

from engine.cases.office import Office


@pytest.mark.req("FLOW-09")
def test_the_heat_map_shows_each_wait_as_colour_and_figure_and_in_a_table(app: Flask) -> None:
    confirmed(app)

    page = staff(app, "approve").get("/monitoring?process=claim").text

    drawn = etree.fromstring(re.search(r'<svg class="heat-map".*?</svg>', page, re.DOTALL)[0])  # type: ignore[index]
    space = "{http://www.w3.org/2000/svg}"
    figures = [node.text for node in drawn.iter(f"{space}text") if "heat-figure" in node.get("class", "")]
    assert figures
    assert all(re.fullmatch(r"\d+\.\d 天", figure) for figure in figures)
    assert sum("heat-" in node.get("class", "") for node in drawn.iter(f"{space}rect")) == len(figures)
    assert "受理审核" in page
    assert " style=" not in page, "the content policy forbids styles in the page"


@pytest.mark.req("FLOW-09", "CTRL-01")
def test_monitoring_is_for_those_whose_duties_see_figures(app: Flask) -> None:
    assert staff(app, "administrator").get("/monitoring").status_code == 403
    clerk = staff(app, "intake")
    assert clerk.get("/monitoring").status_code == 200
    assert clerk.get("/monitoring/breaches").status_code == 403
    assert clerk.get("/operations").status_code == 403
    assert staff(app, "administrator").get("/operations").status_code == 200


@pytest.mark.req("FLOW-09")
@pytest.mark.parametrize("table", ["processes", "regions", "weeks", "steps", "people", "breaches"])
def test_every_table_goes_to_excel(app: Flask, table: str) -> None:
    answer = staff(app, "approve").get(f"/monitoring/export.xlsx?process=claim&table={table}")

    assert answer.status_code == 200
    assert answer.data.startswith(b"PK")


@pytest.mark.req("FLOW-09")
@pytest.mark.parametrize(
    "asked",
    [
        "first=x&last=y&version=z&region=q&process=nothing",
        "first=0001-01-01&last=9999-12-31&region=37%25",
        "first=2025-11-03&last=2020-01-01&version=99999999999",
        "kind=nothing&cursor=-1&element=%00&month=2025-13&duty='",
        "region=%00",
    ],
)
def test_whatever_stands_in_the_address_gives_a_page(app: Flask, asked: str) -> None:
    visitor = staff(app, "approve")
    for path in ("/monitoring", "/monitoring/cases", "/monitoring/breaches"):
        assert visitor.get(f"{path}?{asked}").status_code in {200, 400}, path


@pytest.mark.req("FLOW-08")
def test_an_office_without_this_years_calendar_or_its_broker_is_not_ready(app: Flask, office: Office) -> None:
    client = app.test_client()
    assert client.get("/readyz").status_code == 200

    office.clock.now = datetime(2030, 1, 7, tzinfo=UTC)  # type: ignore[attr-defined]
    assert client.get("/readyz").json["reason"] == "no working calendar for 2030"
    office.clock.now = datetime(2025, 11, 3, tzinfo=UTC)  # type: ignore[attr-defined]

    before = office.settings
    # nobody listens on the port of nobody
    office.settings = replace(before, broker_url="redis://127.0.0.1:1/0")
    try:
        assert client.get("/readyz").json["reason"] == "broker does not answer"
    finally:
        office.settings = before


@pytest.mark.req("FLOW-08", "CTRL-07")
def test_a_page_about_a_fault_says_nothing_of_what_failed(own_app: Flask) -> None:
    secret = "李建国 370882199003070018"

    @own_app.get("/fault-of-a-test")
    def fault() -> str:
        raise ValueError(secret)

    answer = staff(own_app, "approve").get("/fault-of-a-test")

    assert answer.status_code == 500
    assert not any(part in answer.text for part in secret.split())


@pytest.mark.req("FLOW-08")
def test_incidents_are_chosen_and_tried_again_with_a_result_for_each(app: Flask) -> None:
    answer = staff(app, "control").post("/incidents/retry", incident="999999")

    assert answer.status_code == 200
    assert "重试结果" in answer.text
    assert "此异常已处理或不存在" in answer.text
