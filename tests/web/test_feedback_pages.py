"""Pages of ratings and complaints without a script: a link, a kiosk, one's own, staff, everybody's."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from visitors import Visitor, claimant, granted, staff

from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle
from engine.feedback import ratings
from engine.feedback.tables import RatingInvitation, ServiceRating
from engine.people import Person, phone_of
from engine.registers.cast import PEOPLE


@pytest.fixture(scope="module")
def people(seeded: Office) -> dict[str, Visitor]:
    """People whose claims were granted, made once."""
    return {}


def invited(app: Flask, office: Office, people: dict[str, Visitor], key: str) -> tuple[Visitor, int]:
    """The person, and the number of the invitation to rate their claim."""
    if key not in people:
        people[key], _case = granted(app, key)
        sweep_until_idle(office)
    with office.store.reading() as session:
        number = session.scalars(select(RatingInvitation.id).order_by(RatingInvitation.id.desc())).first()
    assert number is not None
    return people[key], number


@pytest.mark.req("SERV-02")
def test_a_person_rates_on_their_own_page_and_staff_make_a_bad_rating_good(
    app: Flask, office: Office, people: dict[str, Visitor]
) -> None:
    person, number = invited(app, office, people, "li")
    assert 'href="/my/ratings"' in person.get("/my").text
    assert "等您评价" in person.get("/my/ratings").text
    unsaid = person.post(f"/my/ratings/{number}", words="等了很久")
    assert unsaid.status_code == 422 and "请选择一项评价" in unsaid.text and "等了很久" in unsaid.text

    page = person.follow(
        person.post(f"/my/ratings/{number}", score="2", grounds="slow", words="等了很久")
    ).text

    assert "很抱歉没有让您满意" in page and "已经评价的" in page
    sweep_until_idle(office)
    handler = staff(app, "control")
    listed = handler.get("/ratings/bad").text
    found = re.search(r'href="/ratings/bad/(\d+)"', listed)
    assert found and "办得太慢：等了很久" in listed
    one = handler.get(f"/ratings/bad/{found[1]}").text
    with office.store.reading() as session:
        li = session.scalars(select(Person.id).where(Person.name == PEOPLE["li"].name)).one()
        # given in the claim, unless another test had the office correct it
        phone = phone_of(session, office.vault, li) or "13800138000"
    assert "查看电话" in one and phone not in one
    assert phone in handler.post(f"/ratings/bad/{found[1]}/phone").text
    # who reviewed the claim sees nothing of it, and the head of the office, who approved it, neither
    assert staff(app, "review").get(f"/ratings/bad/{found[1]}").status_code == 403
    assert staff(app, "approve").get(f"/ratings/bad/{found[1]}").status_code == 403
    assert f"/ratings/bad/{found[1]}" not in staff(app, "approve").get("/ratings/bad").text
    figures = handler.get("/ratings").text
    assert 'class="shares"' in figures and "失业保险金申领" in figures
    assert handler.get("/ratings/export.xlsx?table=by_matter").data[:2] == b"PK"


@pytest.mark.req("SERV-02")
def test_a_link_and_a_kiosk_need_no_sign_in_and_turn_staff_away(
    app: Flask, office: Office, people: dict[str, Visitor]
) -> None:
    _, number = invited(app, office, people, "")
    token = ratings.token_of(office.vault, number)
    nobody = Visitor(app)
    assert staff(app, "intake").get(f"/rate/{token}").status_code == 403
    assert nobody.get(f"/rate/{token}x").status_code == 404
    assert "失业保险金申领" in nobody.get(f"/rate/{token}").text

    code = ratings.code_of(office.vault, number)
    typed = nobody.post("/kiosk", code=code[:-1], key=code[-1]).text
    assert f'value="{code}"' in typed
    assert nobody.post("/kiosk", code="123456789").status_code == 403
    big = nobody.post("/kiosk", code=code)
    assert big.location == f"/kiosk/{token}"
    assert "哪里没有做好" in nobody.get(f"/kiosk/{token}?score=1").text
    done = nobody.post(f"/kiosk/{token}", score="5")

    assert "谢谢您的评价" in nobody.follow(done).text
    assert nobody.get(f"/rate/{token}").status_code == 409
    with office.store.reading() as session:
        rating = session.scalars(select(ServiceRating).where(ServiceRating.invitation_id == number)).one()
    assert (rating.score, rating.channel, rating.status) == (5, "kiosk", "none")


@pytest.mark.req("SERV-03")
def test_a_complaint_without_a_name_is_answered_under_its_code(app: Flask) -> None:
    nobody = Visitor(app)
    wrong = nobody.post("/complain", text="短")
    assert wrong.status_code == 422 and 'id="kind-error"' in wrong.text and 'id="text-error"' in wrong.text

    page = nobody.follow(nobody.post("/complain", kind="attitude", text="窗口让我第二天再来")).text

    code = re.search(r"([2-9A-Z]{4}(?:-[2-9A-Z]{4}){3})", page)
    assert code
    assert nobody.get("/complain/taken").status_code == 303, "shown once"
    seen = nobody.post("/complain/look-up", code=code[1]).text
    assert "窗口让我第二天再来" in seen and "待受理" in seen
    assert nobody.post("/complain/look-up", code="AAAA-BBBB-CCCC-DDDD").status_code == 404
    listed = staff(app, "control").get("/complaints").text
    one = re.search(r'href="/complaints/(\d+)"', listed)
    assert one and "匿名" in staff(app, "control").get(f"/complaints/{one[1]}").text


@pytest.mark.req("SERV-03")
def test_a_person_complains_signed_in_and_a_clerk_at_the_counter(app: Flask) -> None:
    person = claimant(app, "qin")
    assert person.get("/complain").location == "/my/complaints/new"
    person.follow(person.post("/my/complaints", kind="delay", text="等了两个小时没有叫号"))
    assert "等了两个小时没有叫号" in person.get("/my/complaints").text
    clerk = staff(app, "intake")
    assert "怎样收到的" in clerk.get("/complaints/new").text

    done = clerk.post("/complaints", kind="other", text="希望延长窗口时间", channel="phone", name="王小明")

    assert "查询码" in clerk.follow(done).text
    assert "希望延长窗口时间" not in clerk.get("/complaints").text, "intake enters, others handle"
    assert staff(app, "cashier").get("/complaints").status_code == 403
    assert staff(app, "cashier").get("/ratings").status_code == 403


@pytest.mark.req("SERV-02")
def test_everybody_reads_how_the_service_is_rated_once_there_are_enough(app: Flask) -> None:
    page = Visitor(app).get("/public/ratings").text

    assert "还不到 5 份" in page
    assert Visitor(app).get("/").text.count("/complain") >= 2


@pytest.mark.req("SERV-02", "SERV-03")
def test_the_pages_speak_english(app: Flask) -> None:
    nobody = Visitor(app)
    nobody.get("/language/en")
    assert "Which office" in nobody.get("/complain").text
    assert "Number keys" in nobody.get("/kiosk").text
    assert "How the service is rated" in nobody.get("/public/ratings").text
