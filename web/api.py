"""The HTTP API: the same use-cases and checks as the pages, described at ``/api/v1/openapi.json``.

Sign in at ``/api/v1/session``; it sets the same cookie as the pages and returns the CSRF token that every
change must carry as ``X-CSRFToken``. A refusal is problem+json with its reasons.
"""

# mypy: disable-error-code="untyped-decorator"
# flask-smorest carries no types; its decorators keep the views' own signatures
from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_smorest import Api, Blueprint
from flask_wtf.csrf import CSRFProtect, generate_csrf

from engine.cases import claims, files, inbox, inbox_lists, others, payments, staff
from engine.cases.inbox_filters import read_filter
from engine.cases.views import Done, TaskList
from engine.values import Actor, CaseId, Refusal, TaskId
from engine.workflow.forms import FormErrors
from web import api_schemas as schemas
from web import session
from web.errors import problem, status_of
from web.session import office

api = Blueprint(
    "api", __name__, url_prefix="/api/v1", description="失业保险经办 / unemployment insurance office"
)

DESCRIPTION = """先 POST /api/v1/session 登录；改动请求须带请求头 X-CSRFToken。拒绝以 problem+json 返回，含理由与依据。

Sign in with POST /api/v1/session; every change carries the header X-CSRFToken. A refusal is
problem+json with reasons and sources."""


@api.post("/session")
@api.arguments(schemas.SignIn)
@api.response(200, schemas.SignedIn)
@api.alt_response(403, schema=schemas.Problem)
def sign_in(asked: Mapping[str, str]) -> ResponseReturnValue:
    """Sign a member of staff in."""
    found = staff.sign_in(office(), login=asked["login"], password=asked["password"])
    if isinstance(found, Refusal):
        return _refused(found)
    session.begin(found)
    return _signed_in(found)


@api.get("/session")
@api.response(200, schemas.SignedIn)
@api.alt_response(401, schema=schemas.Problem)
def who() -> ResponseReturnValue:
    """Who is signed in, and the CSRF token of the session."""
    actor = session.actor_or_none()
    return _signed_in(actor) if actor else _unknown()


@api.delete("/session")
@api.response(204)
def sign_out() -> ResponseReturnValue:
    """Forget who is signed in."""
    session.end()
    return "", 204


@api.get("/inbox")
@api.arguments(schemas.InboxQuery, location="query")
@api.response(200, schemas.TaskPage)
@api.alt_response(401, schema=schemas.Problem)
def inbox_list(asked: Mapping[str, str]) -> ResponseReturnValue:
    """One page of a list of the inbox."""
    actor = session.actor_or_none()
    if actor is None:
        return _unknown()
    which: TaskList = asked["list"]  # type: ignore[assignment]  # the schema allows the three words only
    filters = read_filter({"search": asked["search"]})
    page = inbox_lists.inbox(office(), actor, which, filters, cursor=asked["cursor"])
    return jsonify(schemas.TaskPage().dump(page))


@api.get("/tasks/<task_id>")
@api.response(200, schemas.Task)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
@api.alt_response(404, schema=schemas.Problem)
def task(task_id: str) -> ResponseReturnValue:
    """A task with its form's fields, facts and reasons."""
    actor = session.actor_or_none()
    if actor is None:
        return _unknown()
    view = inbox.task_view(office(), actor, TaskId(task_id))
    return (
        _refused(view) if isinstance(view, Refusal) else jsonify(schemas.Task().dump(schemas.of_task(view)))
    )


@api.post("/tasks/<task_id>/claim")
@api.response(200, schemas.DoneAnswer)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
@api.alt_response(409, schema=schemas.Problem)
def claim_task(task_id: str) -> ResponseReturnValue:
    """Take a task."""
    actor = session.actor_or_none()
    return _answer(inbox.claim_task(office(), actor, TaskId(task_id))) if actor else _unknown()


@api.post("/tasks/<task_id>/release")
@api.response(200, schemas.DoneAnswer)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
def release_task(task_id: str) -> ResponseReturnValue:
    """Give a task back to everybody of the duty."""
    actor = session.actor_or_none()
    return _answer(inbox.release_task(office(), actor, TaskId(task_id))) if actor else _unknown()


@api.put("/tasks/<task_id>/draft")
@api.arguments(schemas.Completion)
@api.response(200, schemas.DoneAnswer)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
def save_draft(asked: Mapping[str, Mapping[str, str | list[str]]], task_id: str) -> ResponseReturnValue:
    """Keep answers that are not complete yet."""
    actor = session.actor_or_none()
    return (
        _answer(inbox.save_draft(office(), actor, TaskId(task_id), asked["fields"])) if actor else _unknown()
    )


@api.post("/tasks/<task_id>/complete")
@api.arguments(schemas.Completion)
@api.response(200, schemas.DoneAnswer)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
@api.alt_response(422, schema=schemas.Problem)
def complete_task(asked: Mapping[str, Mapping[str, str | list[str]]], task_id: str) -> ResponseReturnValue:
    """Hand a task in; the fields are those of its form, written as on the page."""
    actor = session.actor_or_none()
    if actor is None:
        return _unknown()
    outcome = inbox.complete_task(office(), actor, TaskId(task_id), asked["fields"])
    return _wrong_fields(outcome) if isinstance(outcome, FormErrors) else _answer(outcome)


@api.get("/cases/<int:case_id>")
@api.response(200, schemas.Case)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
@api.alt_response(404, schema=schemas.Problem)
def case(case_id: int) -> ResponseReturnValue:
    """A case file: status, steps, facts, reasons, payments."""
    actor = session.actor_or_none()
    if actor is None:
        return _unknown()
    view = files.case_view(office(), actor, CaseId(case_id))
    return _refused(view) if isinstance(view, Refusal) else jsonify(schemas.Case().dump(view))


@api.post("/cases/<int:case_id>/withdrawal")
@api.arguments(schemas.Withdrawal)
@api.response(200, schemas.DoneAnswer)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
@api.alt_response(409, schema=schemas.Problem)
def withdraw_claim(asked: Mapping[str, str], case_id: int) -> ResponseReturnValue:
    """Take a claim of one's own back."""
    actor = session.actor_or_none()
    if actor is None:
        return _unknown()
    return _answer(claims.withdraw_claim(office(), actor, CaseId(case_id), why=asked["why"]))


@api.get("/payments/<number>")
@api.response(200, schemas.Batch)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
@api.alt_response(404, schema=schemas.Problem)
def batch(number: str) -> ResponseReturnValue:
    """A payment batch with its lines and signatures."""
    actor = session.actor_or_none()
    if actor is None:
        return _unknown()
    view = payments.batch_view(office(), actor, number)
    return _refused(view) if isinstance(view, Refusal) else jsonify(schemas.Batch().dump(view))


@api.post("/payments")
@api.arguments(schemas.PaymentRun)
@api.response(201, schemas.DoneAnswer)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
def start_payment_run(asked: Mapping[str, str]) -> ResponseReturnValue:
    """Start the payment run of a month."""
    actor = session.actor_or_none()
    if actor is None:
        return _unknown()
    return _answer(others.start_payment_run(office(), actor, month=asked["month"]), status=201)


@api.post("/claims")
@api.response(201, schemas.DoneAnswer)
@api.alt_response(401, schema=schemas.Problem)
@api.alt_response(403, schema=schemas.Problem)
def submit_claim() -> ResponseReturnValue:
    """File a claim for the person who is signed in."""
    actor = session.actor_or_none()
    return _answer(claims.submit_claim(office(), actor), status=201) if actor else _unknown()


class _Described(Api):  # type: ignore[misc]  # flask-smorest carries no types
    """The description, in which an error is a problem."""

    ERROR_SCHEMA = schemas.Problem


def use_api(app: Flask, csrf: CSRFProtect) -> None:
    """Serve the API and its description."""
    app.config.update(
        API_TITLE="畅领 changling",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={"info": {"description": DESCRIPTION}},
    )
    described = _Described(app)
    described.spec.components.security_scheme(
        "session", {"type": "apiKey", "in": "cookie", "name": "changling_session"}
    )
    described.register_blueprint(api)
    # signing in happens before there is a token; a JSON body cannot be posted by a foreign page's form
    csrf.exempt("web.api.sign_in")


def _signed_in(actor: Actor) -> ResponseReturnValue:
    dumped = schemas.SignedIn().dump(
        {
            "kind": actor.kind,
            "name": actor.name,
            "duties": sorted(actor.duties),
            "csrf_token": generate_csrf(),
        }
    )
    return jsonify(dumped)


def _answer(outcome: Done | Refusal, *, status: int = 200) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _refused(outcome)
    return jsonify(schemas.DoneAnswer().dump(outcome)), status


def _refused(refusal: Refusal) -> ResponseReturnValue:
    return problem(status_of(refusal), title=_("不能这样办理"), detail=refusal.text, reasons=refusal.reasons)


def _unknown() -> ResponseReturnValue:
    return problem(401, title=_("请先登录"), detail="POST /api/v1/session")


def _wrong_fields(errors: FormErrors) -> ResponseReturnValue:
    return problem(422, title=_("填写有误"), detail=_("请更正所列字段"), fields=errors.errors)
