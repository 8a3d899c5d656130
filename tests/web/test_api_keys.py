"""One act for one key: asked twice, at once, or after the program died, a write is done once and answered alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from test_api import signed_in
from visitors import ANSWERS, PASSWORD, confirmed, open_task, staff
from werkzeug.test import TestResponse

from engine.cases import answers, inbox
from engine.cases.answer_tables import KeptAnswer
from engine.cases.office import Office
from engine.store.actions import Action
from engine.store.audit import AuditEvent


class KilledError(BaseException):
    """The program ends here, as by a signal: nothing after it runs."""


def a_task(app: Flask) -> tuple[FlaskClient, dict[str, str], str, str]:
    """A clerk, their headers, a case that waits for them and its task."""
    _person, case = confirmed(app)
    task = open_task(staff(app, "intake"), case)
    client, headers = signed_in(app, "intake")
    return client, headers, case, task


def keyed(headers: dict[str, str], key: str) -> dict[str, str]:
    """The headers of a change with a key."""
    return {**headers, "Idempotency-Key": key}


def acts(office: Office, case: str, action: Action) -> int:
    """How often the trail of the case tells of the action."""
    with office.store.reading() as session:
        query = select(func.count()).where(AuditEvent.stream == f"case:{case}", AuditEvent.action == action)
        return session.scalar(query) or 0


def claim(client: FlaskClient, headers: dict[str, str], task: str, key: str) -> TestResponse:
    """The task claimed under the key."""
    return client.post(f"/api/v1/tasks/{task}/claim", headers=keyed(headers, key))


@pytest.mark.req("FLOW-10")
def test_the_same_key_gets_the_same_answer_and_acts_once(app: Flask, office: Office) -> None:
    client, headers, case, task = a_task(app)
    body = {"fields": ANSWERS["check_intake"]}
    path = f"/api/v1/tasks/{task}/complete"
    client.post(f"/api/v1/tasks/{task}/claim", headers=headers)

    first = client.post(path, headers=keyed(headers, f"done-{task}"), json=body)
    again = client.post(path, headers=keyed(headers, f"done-{task}"), json=body)
    keyless = client.post(path, headers=headers, json=body)

    assert (first.status_code, again.status_code, keyless.status_code) == (200, 200, 409)
    assert first.data == again.data
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert acts(office, case, Action.TASK_COMPLETED) == 2  # the person's, and the clerk's


@pytest.mark.req("FLOW-10")
def test_another_request_under_a_key_is_refused(app: Flask) -> None:
    client, headers, _case, task = a_task(app)

    done = claim(client, headers, task, f"k-{task}")
    other = client.post(f"/api/v1/tasks/{task}/release", headers=keyed(headers, f"k-{task}"))
    shapeless = claim(client, headers, task, "with space")

    assert (done.status_code, other.status_code, shapeless.status_code) == (200, 422, 422)
    assert other.mimetype == "application/problem+json"
    assert "Idempotency-Key" in shapeless.json["fields"]


def test_a_key_is_its_callers_own(app: Flask) -> None:
    client, headers, _case, task = a_task(app)
    stranger, theirs = signed_in(app, "cashier")

    claim(client, headers, task, f"k-{task}")
    answer = claim(stranger, theirs, task, f"k-{task}")

    assert answer.status_code in (403, 409)
    assert "Idempotency-Replayed" not in answer.headers


def test_what_was_refused_may_be_asked_again_under_its_key(app: Flask) -> None:
    client, headers, _case, task = a_task(app)
    path, key = f"/api/v1/tasks/{task}/complete", keyed(headers, f"k-{task}")
    client.post(f"/api/v1/tasks/{task}/claim", headers=headers)
    body = {"fields": ANSWERS["check_intake"]}

    wrong = client.post(path, headers=key, json={"fields": {}})
    right = client.post(path, headers=keyed(headers, f"k-{task}"), json=body)

    assert (wrong.status_code, right.status_code) == (422, 200)


@pytest.mark.req("FLOW-10")
def test_two_at_once_under_one_key_act_once(app: Flask, office: Office) -> None:
    client, headers, case, task = a_task(app)
    rival, theirs = signed_in(app, "intake")
    meet = threading.Barrier(2)
    given: list[TestResponse] = []

    def ask(who: FlaskClient, own: dict[str, str]) -> None:
        meet.wait()
        given.append(claim(who, own, task, f"k-{task}"))

    both = [threading.Thread(target=ask, args=each) for each in ((client, headers), (rival, theirs))]
    for each in both:
        each.start()
    for each in both:
        each.join()

    assert {answer.status_code for answer in given} <= {200, 409}
    assert len({answer.data for answer in given if answer.status_code == 200}) == 1
    assert acts(office, case, Action.TASK_CLAIMED) == 1
    assert claim(client, headers, task, f"k-{task}").headers["Idempotency-Replayed"] == "true"


@pytest.mark.req("FLOW-10")
def test_a_key_under_way_is_a_conflict(app: Flask, office: Office) -> None:
    client, headers, case, task = a_task(app)
    rival, theirs = signed_in(app, "intake")
    inside, go_on = threading.Event(), threading.Event()

    with stopped_in_the_act(inside, go_on):
        slow = threading.Thread(target=lambda: claim(client, headers, task, f"k-{task}"))
        slow.start()
        assert inside.wait(30)
        meanwhile = claim(rival, theirs, task, f"k-{task}")
        go_on.set()
        slow.join()

    assert meanwhile.status_code == 409
    assert meanwhile.json["detail"].startswith("同一个请求正在办理")
    assert claim(rival, theirs, task, f"k-{task}").status_code == 200
    assert acts(office, case, Action.TASK_CLAIMED) == 1


@pytest.mark.req("FLOW-10")
@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_program_that_dies_leaves_act_and_answer_or_neither(
    app: Flask, office: Office, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    client, headers, case, task = a_task(app)

    with monkeypatch.context() as patched:
        if moment == "before the commit":
            patched.setattr(answers, "_keep", killed_once_answered(answers._keep))
        else:
            patched.setattr("web.api_doors._answered", killed)
        with pytest.raises(KilledError):
            claim(client, headers, task, f"k-{task}")

    with office.store.reading() as session:
        kept = session.scalar(
            select(func.count()).where(KeptAnswer.key == f"k-{task}").select_from(KeptAnswer)
        )
    assert kept == acts(office, case, Action.TASK_CLAIMED) == (0 if moment == "before the commit" else 1)
    again = claim(client, headers, task, f"k-{task}")
    assert again.status_code == 200
    assert ("Idempotency-Replayed" in again.headers) == (moment == "after the commit")
    assert acts(office, case, Action.TASK_CLAIMED) == 1


@pytest.mark.req("FLOW-10")
def test_many_at_once_have_one_answer_under_a_key(app: Flask) -> None:
    client, headers, _case, task = a_task(app)
    body = {"task_ids": [task, "nothing"]}

    first = client.post("/api/v1/bulk/claim", headers=keyed(headers, f"b-{task}"), json=body)
    again = client.post("/api/v1/bulk/claim", headers=keyed(headers, f"b-{task}"), json=body)

    assert [row["done"] for row in first.json["rows"]] == [True, False]
    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"


def killed(*_: object, **__: object) -> object:
    """Ends the program."""
    raise KilledError


def killed_once_answered(keep: Callable[..., None]) -> Callable[..., None]:
    """Ends the program when act, event and answer are all written and nothing is committed."""

    def instead(session: Session, *args: object, **more: object) -> None:
        keep(session, *args, **more)
        session.flush()
        raise KilledError

    return instead


@contextmanager
def stopped_in_the_act(inside: threading.Event, go_on: threading.Event) -> Iterator[None]:
    """The first to claim a task stops in the middle of the transaction until told."""
    ready = inbox.ready_to

    def slowly(*args: object) -> object:
        found = ready(*args)  # type: ignore[arg-type]
        if not inside.is_set():
            inside.set()
            go_on.wait(30)
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(inbox, "ready_to", slowly)
        yield


@pytest.mark.req("FLOW-10")
def test_an_analyst_changes_the_library_once_under_a_key(app: Flask) -> None:
    client = app.test_client()
    answer = client.post("/api/v1/session", json={"login": "chuliucheng", "password": PASSWORD})
    headers = {"X-CSRFToken": (answer.json or {})["csrf_token"]}
    title = {"title": "经接口改文书"}

    first = client.post("/api/v1/studio/changes", headers=keyed(headers, "change-1"), json=title)
    again = client.post("/api/v1/studio/changes", headers=keyed(headers, "change-1"), json=title)
    change = f"/api/v1/studio/changes/{(first.json or {})['change_id']}"
    saved = [
        client.put(
            f"{change}/files/letters/api-words.md",
            headers=keyed(headers, "file-1"),
            data={"file": (BytesIO("# 告知\n".encode()), "x.md")},
        )
        for _ in range(2)
    ]
    seen = (client.get(change).json or {})["files"]
    gone = client.post(f"{change}/withdrawal", headers=keyed(headers, "gone-1"), json={"why": "试过了"})

    assert (first.status_code, again.status_code, first.data) == (201, 201, again.data)
    assert [each.status_code for each in saved] == [200, 200], saved[0].text
    assert saved[1].headers["Idempotency-Replayed"] == "true"
    assert [each["name"] for each in seen] == ["letters/api-words.md"]
    assert gone.status_code == 200
