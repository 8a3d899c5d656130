"""Pages of the death grant: a relative on the web, a clerk at the counter, letters to the family, all without a script."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from visitors import Visitor, claimant, staff

from engine.benefits.grants import stop_grant
from engine.benefits.tables import BenefitGrant
from engine.cases.hit_openers import paid_for_rehearsal
from engine.cases.office import Office
from engine.cases.staff import sign_in_person
from engine.registers.cast import PEOPLE
from engine.values import SYSTEM, Actor

DEAD = PEOPLE["zheng"]
TYPED = {
    "deceased_number": DEAD.id_number,
    "deceased_name": DEAD.name,
    "relation": "child",
    "other_fund": "none",
    "commitment": "true",
}


@pytest.fixture(autouse=True)
def dead(office: Office) -> None:
    """Somebody of the cast drew benefit and died; made once."""
    who = sign_in_person(office, id_number=DEAD.id_number, name=DEAD.name)
    assert isinstance(who, Actor)
    with office.store.transaction() as session:
        if session.scalar(select(BenefitGrant.id).where(BenefitGrant.person_id == who.id)) is None:
            grant = paid_for_rehearsal(session, office, who.id)
            stop_grant(
                session, grant.id, ground="ST9", event_day=date(2025, 10, 20), reason="人口库", actor=SYSTEM,
                now=office.clock(),
            )  # fmt: skip


def in_english(visitor: Visitor) -> Visitor:
    """The visitor, reading English from now on."""
    visitor.get("/language/en")
    return visitor


@pytest.mark.req("CLAIM-11")
def test_a_relative_applies_on_the_web_and_follows_the_case(app: Flask) -> None:
    person = claimant(app, "li")
    assert 'href="/my/death-grants/new"' in person.get("/my").text
    page = person.get("/my/death-grants/new").text
    assert "不要死亡证明和关系证明" in page and "applicant_number" not in page

    case = person.follow(person.post("/my/death-grants", **TYPED)).text

    assert "丧葬补助金和抚恤金" in case and "申请已受理" in case
    assert "撤回申请" in case
    again = person.post("/my/death-grants", **TYPED)
    assert again.status_code == 409 and "已有一件正在办理的申请" in again.text


@pytest.mark.req("CLAIM-05")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_wrong_is_said_at_its_field_in_the_readers_language_and_what_was_typed_stays(
    app: Flask, language: str
) -> None:
    clerk = staff(app, "intake")
    clerk.get(f"/language/{language}")

    answer = clerk.post("/death-grants", deceased_name="某某", deceased_number="37150219640301001X")

    assert answer.status_code == 422
    for field in ("deceased_number", "applicant_number", "relation", "other_fund", "commitment"):
        assert f'id="{field}-error"' in answer.text, field
    assert 'value="某某"' in answer.text
    said = re.search(r'id="relation-error">(.*?)</p>', answer.text, re.DOTALL)
    assert said and ("Say how you are related." in said[1]) == (language == "en")
    clerk.get("/language/zh")


@pytest.mark.req("MONEY-01")
def test_a_clerk_enters_it_at_the_counter_and_hands_over_the_letters(app: Flask) -> None:
    clerk = staff(app, "intake")
    applicant = PEOPLE["lin"]
    typed = {**TYPED, "applicant_number": applicant.id_number, "applicant_name": applicant.name}

    done = clerk.post("/death-grants", **typed)

    assert done.location == "/death-grants"
    page = clerk.follow(done).text
    assert DEAD.name in page and DEAD.id_number not in page
    assert "2025-10-20" in page and re.search(r"SZ-2025-\d{6}", page)
    assert clerk.get("/death-grants/letters/999999").status_code == 404


@pytest.mark.req("MONEY-01", "CTRL-07")
def test_others_are_kept_out(app: Flask) -> None:
    for duty, status in (("cashier", 403), ("administrator", 403), ("review", 200), ("control", 200)):
        assert staff(app, duty).get("/death-grants").status_code == status, duty
    typed = {**TYPED, "applicant_number": PEOPLE["qin"].id_number, "applicant_name": PEOPLE["qin"].name}
    assert staff(app, "review").post("/death-grants", **typed).status_code == 403
    person = claimant(app, "qin")
    for path in ("/death-grants", "/death-grants/new", "/death-grants/letters/1"):
        assert person.get(path).status_code == 303, path
    assert Visitor(app).get("/my/death-grants/new").status_code == 303


@pytest.mark.req("CLAIM-11")
def test_the_pages_speak_english(app: Flask) -> None:
    clerk = in_english(staff(app, "intake"))
    assert "Death grants" in clerk.get("/death-grants").text
    form = clerk.get("/death-grants/new").text
    assert "brother or sister" in form and "from unemployment insurance" in form
    clerk.get("/language/zh")
