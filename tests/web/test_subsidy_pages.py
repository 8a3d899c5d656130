"""Pages of the subsidies: price indices kept by two people, a holder's certificates, an application at the counter; no script."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask import Flask
from visitors import PASSWORD, Visitor, claimant, staff

from engine.cases.office import Office
from engine.registers.cast import PEOPLE

INDEX = {
    "region": "371500",
    "month": "2025-09",
    "cpi": "3.6",
    "food": "1.0",
    "low_income": "4.2",
    "living_allowance": "700.00",
    "published_on": "2025-10-20",
    "source": "省统计局 2025年9月月报",
}


def steward(app: Flask, login: str = "fengshuju") -> Visitor:
    visitor = Visitor(app)
    visitor.post("/sign-in", login=login, password=PASSWORD)
    return visitor


@pytest.mark.req("REFUND-06")
def test_an_index_is_entered_by_one_and_confirmed_by_another(app: Flask) -> None:
    first, second = steward(app), steward(app, "lvshuju2")
    assert first.post("/prices", **INDEX).location == "/prices"
    page = first.get("/prices").text
    assert "29.40" in page and "待复核" in page
    number = re.search(r"/prices/(\d+)/reject", page)
    assert number and f"/prices/{number[1]}/confirm" not in page
    assert first.post(f"/prices/{number[1]}/confirm").status_code == 403

    assert second.post(f"/prices/{number[1]}/confirm").location == "/prices"

    page = second.get("/prices").text
    assert "已采用" in page and "<svg" in page and 'class="level-1"' in page
    again = first.post("/prices", **INDEX)
    assert again.status_code == 403 and "本系统不自动办理" in again.text


@pytest.mark.req("REFUND-06")
def test_every_field_that_cannot_be_meant_is_told_at_once(app: Flask) -> None:
    wrong = {
        **INDEX,
        "month": "九月",
        "cpi": "很高",
        "living_allowance": "七百",
        "published_on": "2027-01-01",
    }

    answer = steward(app).post("/prices", **wrong)

    assert answer.status_code == 422
    for said in ("月份应写成", "居民消费价格同比应写成", "低保标准应写成", "公布日期应写成"):
        assert said in answer.text
    assert 'value="很高"' in answer.text


@pytest.mark.req("REFUND-06")
def test_a_file_of_indices_is_taken_whole_or_not_at_all(app: Flask) -> None:
    visitor = steward(app)
    head = visitor.get("/prices/template.csv").text.strip()
    good, bad = "371500,2025-07,1.0,1.0,1.0,700.00,2025-08-09", "371500,2025-06,x,1.0,1.0,700.00,2025-07-09"

    def sent(*lines: str):
        file = (BytesIO("\n".join((head, *lines)).encode()), "prices.csv")
        fields = {"csrf_token": visitor.token(), "source": "省统计局", "indices": file}
        return visitor.client.post("/prices/file", data=fields, content_type="multipart/form-data")

    refused = sent(good, bad)
    assert refused.status_code == 422, refused.text
    assert "第3行" in refused.text, refused.text
    assert "2025-07" not in visitor.get("/prices").text
    assert sent(good).location == "/prices"
    assert "2025-07" in visitor.get("/prices").text


@pytest.mark.req("REFUND-06", "CLAIM-11")
def test_a_holder_sees_own_certificates_and_applies_with_a_click(app: Flask) -> None:
    person = claimant(app, "sun")
    assert 'href="/my/skills"' in person.get("/my").text
    page = person.get("/my/skills").text
    number = re.search(r'name="certificate_number" value="(\w+)"', page)
    assert number and "补贴 1500.00 元" in page

    done = person.post("/my/skills", certificate_number=number[1])

    assert done.location == "/my/skills"
    assert "申请已受理" in person.follow(done).text
    again = person.post("/my/skills", certificate_number=number[1])
    assert again.status_code == 409 and "正在办理" in again.text


@pytest.mark.req("REFUND-06")
def test_a_number_that_is_not_the_holders_is_said_at_the_field(app: Flask) -> None:
    answer = claimant(app, "wu").post("/my/skills", certificate_number="S0000371502004002")

    assert answer.status_code == 422
    assert 'id="certificate_number-error"' in answer.text


@pytest.mark.req("REFUND-06", "MONEY-01")
def test_at_the_counter_nothing_but_the_number_is_asked(app: Flask, office: Office) -> None:
    clerk = staff(app, "intake")
    page = clerk.get("/skill-subsidies/new").text
    assert "不收证书复印件" in page and 'type="file"' not in page
    held = office.registers.skills.certificates(PEOPLE["li"].id_number)[0]

    done = clerk.post(
        "/skill-subsidies",
        certificate_number=held.number,
        holder_number=PEOPLE["li"].id_number,
        holder_name=PEOPLE["li"].name,
    )

    assert done.location == "/skill-subsidies"
    listed = clerk.follow(done).text
    assert held.number in listed and PEOPLE["li"].id_number not in listed


@pytest.mark.req("REFUND-06", "CTRL-07")
def test_others_are_kept_out(app: Flask) -> None:
    for duty, status in (("cashier", 403), ("administrator", 403), ("review", 200), ("control", 200)):
        assert staff(app, duty).get("/skill-subsidies").status_code == status, duty
    for duty, status in (("administrator", 403), ("rectifier", 403), ("accountant", 200)):
        assert staff(app, duty).get("/prices").status_code == status, duty
    assert staff(app, "intake").post("/prices", **INDEX).status_code == 403
    assert staff(app, "review").post("/skill-subsidies/rosters", source="x").status_code == 403
    person = claimant(app, "qin")
    for path in ("/prices", "/skill-subsidies", "/skill-subsidies/new"):
        assert person.get(path).status_code == 303, path


@pytest.mark.req("CLAIM-11")
def test_the_pages_speak_english(app: Flask) -> None:
    visitor = steward(app)
    visitor.get("/language/en")
    assert "Rise over a year" in visitor.get("/prices").text or "Price subsidy" in visitor.get("/prices").text
    assert "Take in a certificate roster" in visitor.get("/skill-subsidies").text
    visitor.get("/language/zh")
