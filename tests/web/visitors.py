"""People at a browser, for page tests: they sign in, read, and press buttons, with no JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.registers.cast import PEOPLE
from engine.registers.province import Province

PASSWORD = "a-password-of-tests"

#: the province that the office is seeded with
PROVINCE = {"seed": 1, "people": 900, "employers": 4, "day": date(2025, 11, 3)}
#: residents of Liaocheng whose contract ended and who have no new job, each handed out once
_residents = (
    file.population
    for file in Province.generate(**PROVINCE).residents.values()  # type: ignore[arg-type]
    if file.exit
    and file.exit.reason == "I01"
    and not file.contributions.current
    and file.contributions.region.startswith("3715")
    and file.population.name not in {person.name for person in PEOPLE.values()}
)

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

#: who holds which duty in the seeded office
STAFF = {
    "intake": "wangshouli",
    "review": "zhaofuhe",
    "approve": "sunshenpi",
    "accountant": "zhoukuaiji",
    "cashier": "wuchuna",
    "control": "zhengneikong",
    "administrator": "chenguanli",
    "provincial": "handudao",
    "rectifier": "jiangzhenggai",
    "elsewhere": "youshouli",
}

ANSWERS = {
    "confirm_form": {
        "answer": "confirm",
        "phone": "13800138000",
        "wants_work": "true",
        "commitment": "true",
    },
    "check_intake": {"intake_opinion": "pass"},
    "review_claim": {"review_opinion": "agree"},
    "approve_claim": {"approval": "approve"},
}


class StandingClock:
    """Monday 3 November 2025, nine in the morning in China, until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2025, 11, 3, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Visitor:
    """Somebody at a browser."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        """The page at the path."""
        return self.client.get(path, headers=headers)

    def token(self) -> str:
        """The CSRF token of the session, taken from a page as a browser would."""
        for path in ("/inbox", "/my", "/employer", "/sign-in"):
            found = _TOKEN.search(self.client.get(path).text)
            if found:
                return unescape(found[1])
        raise AssertionError("no page has a token")

    def post(self, path: str, **fields: str) -> TestResponse:
        """The answer to a form sent from one of our pages."""
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def follow(self, response: TestResponse) -> TestResponse:
        """The page that a 303 leads to."""
        assert response.status_code == 303, response.text
        return self.get(response.location)


def staff(app: Flask, duty: str) -> Visitor:
    """The member of staff with the duty, signed in."""
    visitor = Visitor(app)
    response = visitor.post("/sign-in", login=STAFF[duty], password=PASSWORD)
    assert response.status_code == 303, response.text
    return visitor


def program(app: Flask, login: str) -> tuple[FlaskClient, dict[str, str]]:
    """A program signed in at the API as the member of staff of that login, and the header that its changes need."""
    client = app.test_client()
    answer = client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client, {"X-CSRFToken": answer.json["csrf_token"]}


def claimant(app: Flask, key: str = "") -> Visitor:
    """A person of the cast, or somebody whom no other test knows, signed in."""
    person = PEOPLE[key] if key else next(_residents)
    visitor = Visitor(app)
    response = visitor.post("/apply", id_number=person.id_number, name=person.name)
    assert response.status_code == 303, response.text
    return visitor


def claimed(app: Flask, key: str = "") -> tuple[Visitor, str, str]:
    """The claimant, the number of a new claim's case and the id of its confirmation task."""
    visitor = claimant(app, key)
    page = visitor.follow(visitor.post("/my/claims"))
    task = re.search(r'href="/tasks/(\w+)"', page.text)
    case = re.search(r'href="/cases/(\d+)"', page.text)
    assert task and case, page.text
    return visitor, case[1], task[1]


def confirmed(app: Flask, key: str = "", **answers: str) -> tuple[Visitor, str]:
    """The claimant and the case number of a claim that waits for intake."""
    visitor, case, task = claimed(app, key)
    visitor.follow(visitor.post(f"/tasks/{task}", **{**ANSWERS["confirm_form"], **answers}))
    return visitor, case


def open_task(visitor: Visitor, case: str) -> str:
    """The id of the open task on the case page, as its link has it."""
    page = visitor.get(f"/cases/{case}").text
    found = re.search(r'href="/tasks/(\w+)"', page)
    assert found, f"case {case} shows no open task: {page}"
    return found[1]


def granted(app: Flask, key: str = "") -> tuple[Visitor, str]:
    """A claimant and the case number of a claim checked, reviewed and approved, page by page."""
    person, case = confirmed(app, key)
    for duty, step in (("intake", "check_intake"), ("review", "review_claim"), ("approve", "approve_claim")):
        member = staff(app, duty)
        task = open_task(member, case)
        member.follow(member.post(f"/tasks/{task}/claim"))
        member.follow(member.post(f"/tasks/{task}", **ANSWERS[step]))
    return person, case
