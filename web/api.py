"""The HTTP API: the same use-cases and checks as the pages, described at ``/api/v1/openapi.json`` and ``/api/docs``.

Sign in at ``/api/v1/session``; it sets the same cookie as the pages and returns the CSRF token that every
change must carry as ``X-CSRFToken``. A refusal is problem+json with its reasons.
"""

# mypy: disable-error-code="untyped-decorator"
# flask-smorest carries no types; its decorators keep the views' own signatures
from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from flask_smorest import Api
from flask_wtf.csrf import CSRFProtect, generate_csrf
from marshmallow import Schema

from engine.cases import staff
from engine.values import Actor, Refusal
from web import api_schemas as schemas
from web import session
from web.api_books import book_room
from web.api_cases import cases
from web.api_control import control_room
from web.api_control_records import record_room
from web.api_docs import api_docs
from web.api_doors import Room, limit_body, with_problem
from web.api_feedback import feedback
from web.api_guides import guide_room
from web.api_hand_entries import hand_room
from web.api_imports import import_room
from web.api_inbox import inbox
from web.api_office import office_room
from web.api_oversight import oversight
from web.api_own import own_room
from web.api_prices import price_room
from web.api_problems import ProblemDetails, unknown
from web.api_reconciling import reconciling_room
from web.api_recoveries import recovery_room
from web.api_rectification import rectification_room
from web.api_reductions import reduction_room
from web.api_refunds import refund_room
from web.api_rosters import roster_room
from web.api_studio import studio
from web.api_tasks import tasks
from web.api_transfers import transfer_room
from web.api_trials import trial_room
from web.api_work_plans import plan_room
from web.errors import refusal_problem
from web.session import office

SignIn = Callable[[Mapping[str, str]], ResponseReturnValue]

entrance = Room("entrance", chinese="登录", english="signing in")

ROOMS = (
    entrance, inbox, tasks, cases, office_room, oversight, transfer_room, refund_room, trial_room, reduction_room, feedback, studio, guide_room,
    book_room, hand_room, reconciling_room, roster_room, price_room, import_room, recovery_room, control_room, record_room,
    rectification_room, plan_room, own_room,
)  # fmt: skip

DESCRIPTION = """先 POST /api/v1/session 登录；改动请求须带请求头 X-CSRFToken，宜带 Idempotency-Key。
拒绝以 problem+json 返回，含理由与依据；语言按 Accept-Language（zh、en）。

Sign in with POST /api/v1/session; every change carries the header X-CSRFToken, and should carry an
Idempotency-Key. A refusal is problem+json with reasons and sources, in the language of Accept-Language (zh, en)."""


def _door(path: str, asks: type[Schema], chinese: str) -> Callable[[SignIn], SignIn]:
    """An operation by which somebody signs in; before there is anybody who could hold a key."""

    def decorate(view: SignIn) -> SignIn:
        english = (view.__doc__ or "").strip()
        described = entrance.response(200, schemas.SignedIn)(entrance.arguments(asks)(view))
        for status in (400, 403, 413, 422):
            described = with_problem(entrance, described, status)
        routed: SignIn = entrance.post(path)(entrance.doc(summary=f"{chinese} / {english}")(described))
        return routed

    return decorate


@_door("/session", schemas.SignIn, "工作人员登录")
def sign_in(asked: Mapping[str, str]) -> ResponseReturnValue:
    """Sign a member of staff in."""
    return _begun(staff.sign_in(office(), login=asked["login"], password=asked["password"]))


@_door("/session/person", schemas.SignInPerson, "个人登录（试运行）")
def sign_in_person(asked: Mapping[str, str]) -> ResponseReturnValue:
    """Sign a person in; for the trial only."""
    return _begun(staff.sign_in_person(office(), id_number=asked["id_number"], name=asked["name"]))


@_door("/session/employer", schemas.SignInEmployer, "单位登录（试运行）")
def sign_in_employer(asked: Mapping[str, str]) -> ResponseReturnValue:
    """Sign an employer in; for the trial only."""
    return _begun(staff.sign_in_employer(office(), credit_code=asked["credit_code"]))


@entrance.get("/session")
@entrance.response(200, schemas.SignedIn)
@functools.partial(with_problem, entrance, status=401)
@entrance.doc(summary="当前登录者 / Who is signed in, and the CSRF token.")
def who() -> ResponseReturnValue:
    """Who is signed in, and the CSRF token of the session."""
    actor = session.actor_or_none()
    return _signed_in(actor) if actor else unknown()


@entrance.delete("/session")
@entrance.response(204)
@functools.partial(with_problem, entrance, status=400)
@entrance.doc(summary="退出 / Forget who is signed in.")
def sign_out() -> ResponseReturnValue:
    """Forget who is signed in."""
    session.end()
    return "", 204


class _Described(Api):  # type: ignore[misc]  # flask-smorest carries no types
    """The description, in which every status that can come is named."""

    ERROR_SCHEMA = ProblemDetails
    DEFAULT_ERROR_RESPONSE_NAME = None


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
    for room in ROOMS:
        described.register_blueprint(room)
    # nothing here is counted in pages by the library
    described.spec.components.schemas.pop("PaginationMetadata", None)
    app.extensions["changling_api"] = described
    app.register_blueprint(api_docs)
    # first of all: looking for the token of a change opens the body
    app.before_request_funcs.setdefault(None, []).insert(0, limit_body)
    # signing in happens before there is a token; a JSON body cannot be posted by a foreign page's form
    for door in ("sign_in", "sign_in_person", "sign_in_employer"):
        csrf.exempt(f"web.api.{door}")


def _begun(found: Actor | Refusal) -> ResponseReturnValue:
    if isinstance(found, Refusal):
        return refusal_problem(found)
    session.begin(found)
    return _signed_in(found)


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
