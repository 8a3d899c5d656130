"""Pages for what went wrong, in plain words, never a traceback; the API gets the same as problem+json."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from engine.values import Reason, Refusal
from web.language import LANGUAGES, chosen

log = logging.getLogger(__name__)

#: what each status says: a title, and what to do next
_SENTENCES = {
    400: (lazy_gettext("请求不完整"), lazy_gettext("页面可能已过期。请返回上一页，刷新后再试一次。")),
    401: (lazy_gettext("请先登录"), lazy_gettext("登录后再试一次。")),
    403: (lazy_gettext("不能这样办理"), lazy_gettext("如认为有误，请联系系统管理员核对岗位。")),
    404: (lazy_gettext("没有找到"), lazy_gettext("请检查地址，或从首页重新进入。")),
    405: (lazy_gettext("请求不完整"), lazy_gettext("请从页面上的按钮操作。")),
    409: (lazy_gettext("情况已经变化"), lazy_gettext("别人刚刚办理了同一件事。请刷新后再看。")),
    422: (lazy_gettext("填写有误"), lazy_gettext("请更正后再试一次。")),
    413: (
        lazy_gettext("文件太大"),
        lazy_gettext("请上传 8 MB 以内的文件。更大的名册请系统管理员用 changling take-roster 收入。"),
    ),
    500: (
        lazy_gettext("系统出了问题"),
        lazy_gettext("操作没有保存，问题已记录。请稍后再试，仍不行请联系系统管理员。"),
    ),
    503: (lazy_gettext("暂时办不了"), lazy_gettext("操作没有保存。请稍后再试。")),
}

#: refusals that say that somebody was faster; any other that is not about a missing thing is a 403
_CHANGED = frozenset(
    {
        "claimed_by_other",
        "task_closed",
        "too_late",
        "claim_open",
        "saved_meanwhile",
        "base_moved",
        "rated_before",
        "reported_before",
        "objection_open",
    }
)
_MISSING = frozenset({"no_change", "no_file", "no_version"})
_NOT_NOW = frozenset({"busy", "pdf_not_available", "step_failed"})


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a lawful no."""
    codes = {reason.code for reason in refusal.reasons}
    if codes & _MISSING or any(code.startswith("no_such_") for code in codes):
        return 404
    if codes & _NOT_NOW:
        return 503
    return 409 if codes & _CHANGED else 403


def refused(refusal: Refusal) -> ResponseReturnValue:
    """The page that shows a lawful no with its rules and sources."""
    return trouble(status_of(refusal), reasons=refusal.reasons)


def refusal_problem(refusal: Refusal) -> Response:
    """A lawful no for programs: problem+json in the caller's language, with its reasons and sources."""
    detail = refusal.text if chosen() == "zh" else "; ".join(r.text_en or r.text for r in refusal.reasons)
    return problem(status_of(refusal), title=_("不能这样办理"), detail=detail, reasons=refusal.reasons)


def trouble(
    status: int, *, reasons: tuple[Reason, ...] = (), fields: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    """The page, or for the API and for scripts the problem, that says what happened and what to do next."""
    title, advice = _SENTENCES.get(status, (HTTPStatus(status).phrase, _("请返回上一页再试。")))
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        return problem(status, title=str(title), detail=str(advice), reasons=reasons, fields=fields)
    page = render_template("error.html", status=status, title=title, advice=advice, reasons=reasons)
    return page, status


def problem(
    status: int,
    *,
    title: str,
    detail: str,
    reasons: tuple[Reason, ...] = (),
    fields: Mapping[str, str] | None = None,
) -> Response:
    """An API error as RFC 9457 problem+json, with the reasons of a refusal or the messages by field."""
    response = jsonify(
        type="about:blank",
        title=title,
        status=status,
        detail=detail,
        reasons=[reason.plain() for reason in reasons],
        fields=dict(fields or {}),
    )
    response.status_code = status
    response.mimetype = "application/problem+json"
    response.headers["Content-Language"] = LANGUAGES[chosen()]
    response.vary.add("Accept-Language")
    return response


def use_errors(app: Flask) -> None:
    """Answer every error with a page in plain words."""
    # a text that a page without a script sends may be as long as a file: one limit, one sentence
    app.config["MAX_FORM_MEMORY_SIZE"] = app.config["MAX_CONTENT_LENGTH"]

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error.get_response()
        answer = make_response(trouble(error.code, fields=_by_field(error)))
        if error.code == 405:
            answer.allow.update(getattr(error, "valid_methods", None) or ())
        return answer

    @app.errorhandler(OperationalError)
    def database(error: OperationalError) -> ResponseReturnValue:
        log.error("database does not answer: %s", error.orig)
        return trouble(503)

    @app.errorhandler(Exception)
    def defect(error: Exception) -> ResponseReturnValue:
        log.exception("%s %s failed", request.method, request.path, exc_info=error)
        return trouble(500)


def _by_field(error: HTTPException) -> dict[str, str]:
    """What is wrong with each field of a request, as the API library found it; empty for other errors."""
    places: Mapping[str, object] = getattr(error, "data", {}).get("messages", {})
    return {
        str(field): json.dumps(messages, ensure_ascii=False)
        for fields in places.values()
        if isinstance(fields, Mapping)
        for field, messages in fields.items()
    }
