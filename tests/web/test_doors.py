"""Who gets in, for how long, and what a browser is told not to do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from visitors import PASSWORD, STAFF, StandingClock, Visitor, claimant, staff

from engine.cases.office import Office


def test_a_form_without_its_token_is_refused_in_plain_words(app: Flask) -> None:
    visitor = Visitor(app)

    answer = visitor.client.post("/sign-in", data={"login": STAFF["intake"], "password": PASSWORD})

    assert answer.status_code == 400
    assert "请求不完整" in answer.text
    assert "Traceback" not in answer.text


def test_a_token_of_another_session_does_not_count(app: Flask) -> None:
    stranger = Visitor(app).token()
    visitor = staff(app, "intake")

    answer = visitor.client.post("/payments/run", data={"month": "2025-11", "csrf_token": stranger})

    assert answer.status_code == 400


def test_signing_in_gives_a_new_session_and_keeps_the_language(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/language/en")
    with visitor.client.session_transaction() as before:
        before["id"], before["planted"] = "known-to-an-attacker", "yes"

    visitor.post("/sign-in", login=STAFF["intake"], password=PASSWORD)

    with visitor.client.session_transaction() as after:
        assert after["id"] != "known-to-an-attacker"
        assert "planted" not in after
        assert after["language"] == "en"


def test_a_session_ends_after_the_quiet_minutes(app: Flask, office: Office) -> None:
    visitor = staff(app, "intake")
    clock = office.clock
    assert isinstance(clock, StandingClock)

    clock.now += timedelta(minutes=office.settings.session_minutes - 1)
    assert visitor.get("/inbox").status_code == 200, "each request gives the whole time again"
    clock.now += timedelta(minutes=office.settings.session_minutes - 1)
    assert visitor.get("/inbox").status_code == 200
    clock.now += timedelta(minutes=office.settings.session_minutes + 1)

    assert visitor.get("/inbox").location == "/sign-in?next=/inbox"
    assert "太久没有操作" in visitor.get("/sign-in").text


def test_a_forged_cookie_is_nobody(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.client.set_cookie("changling_session", "eyJ3aG8iOiJzdGFmZjoxIn0.aaaaaa.bbbbbbbbbbbbbbbbbbbb")

    assert visitor.get("/inbox").status_code == 303


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/a\nb"])
def test_nobody_is_led_to_another_site(app: Flask, target: str) -> None:
    visitor = Visitor(app)

    answer = visitor.post("/sign-in", login=STAFF["intake"], password=PASSWORD, next=target)

    assert answer.location == "/inbox"


def test_a_wrong_password_says_so_and_a_sixth_try_is_locked(app: Flask) -> None:
    visitor = Visitor(app)

    tries = [visitor.post("/sign-in", login="shenxian", password="wrong-wrong") for _ in range(5)]
    right = visitor.post("/sign-in", login="shenxian", password=PASSWORD)

    assert [answer.status_code for answer in tries] == [403] * 5
    assert right.status_code == 403
    assert "锁定" in right.text


def test_signing_out_ends_it(app: Flask) -> None:
    visitor = staff(app, "review")

    visitor.post("/sign-out")

    assert visitor.get("/inbox").status_code == 303


def test_staff_pages_are_not_for_claimants_nor_theirs_for_staff(app: Flask) -> None:
    person, member = claimant(app), staff(app, "intake")

    assert all(
        person.get(path).status_code == 303 for path in ("/inbox", "/payments", "/incidents", "/staff")
    )
    assert all(member.get(path).status_code == 303 for path in ("/my", "/employer"))


def test_every_page_tells_the_browser_what_it_may_not_do(app: Flask) -> None:
    headers = staff(app, "intake").get("/inbox").headers

    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in headers["Set-Cookie"]
    assert "SameSite=Lax" in headers["Set-Cookie"]


def test_errors_are_pages_in_plain_words(app: Flask) -> None:
    missing = Visitor(app).get("/no/such/page")

    assert missing.status_code == 404
    assert "没有找到" in missing.text
    assert "回首页" in missing.text


def test_a_defect_shows_no_traceback(own_app: Flask) -> None:
    visitor = staff(own_app, "intake")
    own_app.view_functions["inbox.show"] = lambda: 1 / 0  # type: ignore[assignment]

    answer = visitor.get("/inbox")

    assert answer.status_code == 500
    assert "系统出了问题" in answer.text
    assert "ZeroDivisionError" not in answer.text


@pytest.mark.parametrize("path", ["/cases/99999999999999", "/calendar/99999999999999"])
def test_a_number_that_no_row_has_is_not_found(app: Flask, path: str) -> None:
    """The database is not asked for what it cannot hold, and its words are not shown."""
    answer = staff(app, "intake").get(path)

    assert answer.status_code == 404
    assert "integer" not in answer.text
