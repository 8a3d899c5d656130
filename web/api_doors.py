"""How every operation of the API is let in, carried out and answered: said once, for all rooms.

``reads`` and ``writes`` make an operation of a function ``(office, actor, asked…, address…) -> record or Refusal``.
The use-case decides who may; the door only asks for somebody signed in, of a kind that has pages for it.
"""

# mypy: disable-error-code="untyped-decorator,no-any-unimported"
# flask-smorest carries no types; its decorators keep the views' own signatures
from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import IO, Any, ClassVar

import orjson
from flask import Request, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict

from engine.cases.answers import Answer, AnsweredError, Asked, KeyReusedError, UnderWayError, around
from engine.cases.office import Office
from engine.cases.views import Done, FieldFaults
from engine.values import Actor, ActorKind, Refusal
from engine.workflow.forms import FormErrors
from web import session
from web.api_problems import NOT_FOR_YOU, ProblemDetails, faulty, unknown
from web.api_records import answer_of, plain
from web.api_words import WORDS, said
from web.errors import problem, refusal_problem
from web.files import handed_out

Act = Callable[..., Any]

STAFF: tuple[ActorKind, ...] = ("staff",)
EVERYBODY: tuple[ActorKind, ...] = ("staff", "person", "employer")
#: the largest request that holds no file
JSON_BYTES_MAX = 256 * 1024
#: numbers of the database's rows
NUMBER = "int(max=2147483647)"
#: the answer says that the act was done before
REPLAYED = "Idempotency-Replayed"

_OPEN = (400, 404, 405, 422, 503)
_READ = (400, 401, 403, 404, 405, 409, 422, 503)
_WRITE = (400, 401, 403, 404, 405, 409, 413, 422, 503)


class _Parser(FlaskParser):
    """Reads the fields and files of one form together."""

    __location_map__ = {  # noqa: RUF012 - as the library declares it
        **FlaskParser.__location_map__,
        "multipart": "load_multipart",
    }

    def load_multipart(self, req: Request, schema: Schema) -> MultiDictProxy:
        """What was sent as multipart/form-data."""
        return MultiDictProxy(MultiDict([*req.form.items(multi=True), *req.files.items(multi=True)]), schema)


class Room(Blueprint):  # type: ignore[misc]  # flask-smorest carries no types
    """The operations of one room of the office."""

    ARGUMENTS_PARSER = _Parser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING: ClassVar = {
        **Blueprint.DEFAULT_LOCATION_CONTENT_TYPE_MAPPING,
        "multipart": "multipart/form-data",
    }

    def __init__(self, name: str, *, chinese: str, english: str) -> None:
        super().__init__(f"api_{name}", __name__, url_prefix="/api/v1", description=f"{chinese} / {english}")


class _Key(Schema):
    """Headers of a write."""

    class Meta:
        unknown = EXCLUDE

    key = fields.String(
        data_key="Idempotency-Key",
        load_default="",
        validate=validate.Regexp(re.compile(r"[!-~]{1,80}\Z")),
        metadata={
            "description": "同一个键和同一个请求只办一次，再来时回复原答复 / one act for one key: the same request "
            "again gets the same answer; any 1–80 visible ASCII characters",
            "example": "6f1c2a9e-5d1b-4a5e-9a55-0d7c5a1b2c3d",
        },
    )
    token = fields.String(
        data_key="X-CSRFToken",
        load_default="",
        metadata={
            "description": "会话的令牌 / token of the session, from GET /api/v1/session",
            "example": "",
        },
    )


def reads(
    room: Room,
    path: str,
    *,
    chinese: str,
    answer: type[Schema] | None,
    asks: type[Schema] | None = None,
    who: tuple[ActorKind, ...] = EVERYBODY,
) -> Callable[[Act], Act]:
    """A GET; its answer carries an ETag, and 304 says that nothing has changed. No `answer`: the act gives a file."""

    def decorate(act: Act) -> Act:
        @functools.wraps(act)
        def view(*asked: Any, **address: Any) -> ResponseReturnValue:
            given = _answered(act(session.office(), session.actor(), *asked, **address), 200)
            if given.status_code != 200 or given.is_streamed:
                return given
            given.add_etag()
            return given.make_conditional(request)

        door: Act = room.arguments(asks, location="query")(view) if asks is not None else view
        door = _documented(room, _guarded(door, who), answer, status=200, problems=_READ)
        door = room.alt_response(304, description="没有变化 / Nothing has changed.")(door)
        return _routed(room, path, "GET", chinese, act, door)

    return decorate


def opens(
    room: Room,
    path: str,
    *,
    chinese: str,
    answer: type[Schema],
    asks: type[Schema] | None = None,
) -> Callable[[Act], Act]:
    """A GET for everybody, signed in or not: the act is ``(office, asked…, address…)`` and is told of nobody."""

    def decorate(act: Act) -> Act:
        @functools.wraps(act)
        def view(*asked: Any, **address: Any) -> ResponseReturnValue:
            given = _answered(act(session.office(), *asked, **address), 200)
            if given.status_code == 200:
                given.add_etag()
            return given.make_conditional(request)

        door: Act = room.arguments(asks, location="query")(view) if asks is not None else view
        door = _documented(room, door, answer, status=200, problems=_OPEN)
        door = room.alt_response(304, description="没有变化 / Nothing has changed.")(door)
        return _routed(room, path, "GET", chinese, act, door, public=True)

    return decorate


def writes(
    room: Room,
    path: str,
    *,
    chinese: str,
    method: str = "POST",
    done: type = Done,
    answer: type[Schema] | None = None,
    asks: type[Schema] | None = None,
    uploads: type[Schema] | None = None,
    who: tuple[ActorKind, ...] = EVERYBODY,
    status: int = 200,
    parts: bool = False,
) -> Callable[[Act], Act]:
    """A change. ``done`` is what the use-case returns when it did it; ``parts``: it is several transactions."""

    def decorate(act: Act) -> Act:
        @functools.wraps(act)
        def view(*asked: Any, **address: Any) -> ResponseReturnValue:
            *body, headers = asked
            caller = session.actor()
            key = _asked(caller, headers["key"], done=done, status=status)

            def carry_out(office: Office) -> Any:
                return act(office, caller, *body, **address)

            return _carried_out(carry_out, key, parts=parts, status=status)

        # the last decorator put on comes first among the arguments
        door: Act = room.arguments(_Key, location="headers")(view)
        if uploads is not None:
            door = room.arguments(uploads, location="multipart")(door)
        if asks is not None:
            door = room.arguments(asks)(door)
        door = _documented(
            room, _guarded(door, who), answer or answer_of(done), status=status, problems=_WRITE
        )
        return _routed(room, path, method, chinese, act, door)

    return decorate


def replayed(answer: Answer) -> Response:
    """What was answered before, word for word."""
    response = Response(answer.body, status=answer.status, mimetype="application/json")
    response.headers[REPLAYED] = "true"
    return response


def file_out(file: IO[bytes] | Refusal, name: str) -> Response | Refusal:
    """The file to be saved under that name; or why there is none."""
    if isinstance(file, Refusal):
        return file
    with file:
        return handed_out(file.read(), media_type="application/octet-stream", name=name)


def with_problem(room: Room, view: Act, status: int) -> Act:
    """The view, described with a problem of that status."""
    described: Act = room.alt_response(
        status, schema=ProblemDetails, content_type="application/problem+json", success=False
    )(view)
    return described


def limit_body() -> None:
    """A request without a file is small; before any of it is read."""
    if request.mimetype == "application/json" and not request.path.startswith("/api/v1/studio/"):
        request.max_content_length = JSON_BYTES_MAX


def _carried_out(
    carry_out: Callable[[Office], Any], key: Asked | None, *, parts: bool, status: int
) -> ResponseReturnValue:
    try:
        outcome = _under(key, carry_out, parts=parts)
    except AnsweredError as before:
        return replayed(before.answer)
    except KeyReusedError:
        return problem(
            422, title=_("填写有误"), detail=_("这个 Idempotency-Key 已用于另一个请求，请换一个键。")
        )
    except UnderWayError:
        return problem(409, title=_("情况已经变化"), detail=_("同一个请求正在办理，请稍后用同一个键再问。"))
    return _answered(outcome, status)


def _under(key: Asked | None, carry_out: Callable[[Office], Any], *, parts: bool) -> Any:
    office = session.office()
    if key is None:
        return carry_out(office)
    if not parts:
        return carry_out(replace(office, asked=key))
    with around(office.store, key, now=office.clock()) as keep:
        outcome = carry_out(office)
        if isinstance(outcome, key.done):
            keep(outcome)
    return outcome


def _answered(outcome: object, status: int) -> Response:
    if isinstance(outcome, Response):
        return outcome
    if isinstance(outcome, Refusal):
        return refusal_problem(outcome)
    if isinstance(outcome, FormErrors):
        return problem(422, title=_("填写有误"), detail=_("请更正所列字段"), fields=outcome.errors)
    if isinstance(outcome, FieldFaults):
        return faulty(outcome.faults)
    return _json(outcome, status)


def _guarded(view: Act, who: tuple[ActorKind, ...]) -> Act:
    """The view for these kinds of visitor only; asked before anything that they sent is read."""

    @functools.wraps(view)
    def guarded(**address: Any) -> ResponseReturnValue:
        actor = session.actor_or_none()
        if actor is None:
            return unknown()
        if actor.kind not in who:
            return refusal_problem(Refusal(reasons=(NOT_FOR_YOU,)))
        if any(isinstance(part, str) and not part.isprintable() for part in address.values()):
            return problem(404, title=_("没有找到"), detail=_("请检查地址，或从首页重新进入。"))
        given: ResponseReturnValue = view(**address)
        return given

    return guarded


def _asked(actor: Actor, key: str, *, done: type, status: int) -> Asked | None:
    if not key:
        return None
    return Asked(
        caller=actor.key,
        key=key,
        request=_digest(),
        done=done,
        write=lambda outcome: Answer(status=status, body=_written(outcome)),
    )


def _digest() -> str:
    """SHA-256 over method, address and body; of files their content, since boundaries differ from sending to sending."""
    parts = [request.method.encode(), request.full_path.encode()]
    if request.mimetype == "multipart/form-data":
        parts += [f"{name}={value}".encode() for name, value in sorted(request.form.items(multi=True))]
        for name, file in sorted(request.files.items(multi=True)):
            parts += [f"{name}={file.filename}".encode(), file.read()]
            file.seek(0)
    else:
        parts.append(request.get_data())
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def _json(outcome: object, status: int) -> Response:
    return Response(_written(outcome), status=status, mimetype="application/json")


def _written(outcome: object) -> str:
    given = plain(outcome)
    return orjson.dumps({"rows": given} if isinstance(given, list) else given).decode()


def _documented(
    room: Room, view: Act, answer: type[Schema] | None, *, status: int, problems: tuple[int, ...]
) -> Act:
    if answer is None:
        binary = {"type": "string", "format": "binary"}
        view = room.response(
            status, schema=binary, content_type="application/octet-stream", description="文件 / A file."
        )(view)
    else:
        view = room.response(status, answer, description="已办 / Done.")(view)
    for each in problems:
        view = with_problem(room, view, each)
    return view


def _routed(
    room: Room, path: str, method: str, chinese: str, act: Act, view: Act, *, public: bool = False
) -> Act:
    english = (act.__doc__ or "").strip().splitlines()[0]
    view = room.doc(summary=f"{chinese} / {english}", security=[] if public else [{"session": []}])(view)
    names = re.findall(r"<(?:[^:<>]+:)?(\w+)>", path)
    room.route(path, methods=[method], parameters=[_address(name) for name in names])(view)
    return act


def _address(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "description": said(name), "example": WORDS[name][2] or "1"}
