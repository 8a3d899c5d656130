"""What the API is asked, as marshmallow schemas; its answers are described in ``api_records``."""

from __future__ import annotations

from typing import Any, get_args

from flask_smorest.fields import Upload
from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.datastructures import FileStorage

from engine.cases.bulk import ROWS_MAX
from engine.cases.case_file import TABS
from engine.cases.inbox_filters import SIZES
from engine.cases.views import CaseList, TaskList
from web.api_words import WORDS, said

#: answers of a form, as on the page
Answers = dict[str, str | list[str]]


class Text(fields.String):
    """Text that can be written down: no signs that a database or a page cannot hold."""

    def __init__(self, name: str, *, longest: int = 200, required: bool = True, default: str = "") -> None:
        given: dict[str, Any] = {"required": True} if required else {"load_default": default}
        _chinese, _english, example = WORDS[name]
        super().__init__(
            validate=validate.Length(min=1 if required else None, max=longest),
            metadata={"description": said(name), "example": example or WORDS[name][0]},
            **given,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return writable(str(super()._deserialize(value, attr, data, **kwargs)))


class _Answers(fields.Dict):
    """The answers of a form: each a text, or a list of texts."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Answers:
        found: dict[str, Any] = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        for key, given in found.items():
            for each in (key, *(given if isinstance(given, list) else (given,))):
                if not isinstance(each, str):
                    raise ValidationError("每项填文字或文字的列表 / a text or a list of texts")
                writable(each)
        return found


def writable(text: str) -> str:
    """The text; ValidationError where it holds what cannot be written down."""
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValidationError("含有无法保存的字符 / holds signs that cannot be kept")
    return text


def number(name: str, *, largest: int = 2147483647) -> fields.Integer:
    """A number of a row, or the like."""
    return fields.Integer(
        required=True,
        validate=validate.Range(min=1, max=largest),
        metadata={"description": said(name), "example": int(WORDS[name][2] or 1)},
    )


def day(name: str) -> fields.Date:
    """A day."""
    return fields.Date(required=True, metadata={"description": said(name), "example": "2025-11-10"})


def choice(name: str, *allowed: str, default: str | None = None) -> fields.String:
    """One of some words."""
    given: dict[str, Any] = {"required": True} if default is None else {"load_default": default}
    return fields.String(
        validate=validate.OneOf(allowed),
        metadata={"description": said(name), "example": allowed[0]},
        **given,
    )


def yes(name: str) -> fields.Boolean:
    """A yes; no where nothing is said."""
    return fields.Boolean(
        load_default=False, truthy={True, "true"}, falsy={False, "false"}, metadata={"description": said(name), "example": True}
    )  # fmt: skip


def verdict(name: str) -> fields.Boolean:
    """A yes or a no; one of them must be said."""
    return fields.Boolean(
        required=True, truthy={True, "true"}, falsy={False, "false"}, metadata={"description": said(name), "example": True}
    )  # fmt: skip


class SignIn(Schema):
    """Login and password of a member of staff."""

    login = Text("login", longest=60)
    password = Text("password")


class SignInPerson(Schema):
    """Identity number and name of a person; for the trial only."""

    id_number = Text("id_number", longest=40)
    name = Text("name", longest=100)


class SignInEmployer(Schema):
    """Credit code of an employer; for the trial only."""

    credit_code = Text("credit_code", longest=40)


class SignedIn(Schema):
    """Who is signed in."""

    kind = fields.String(metadata={"description": said("kind"), "example": "staff"})
    name = fields.String(metadata={"description": said("name"), "example": "王受理"})
    duties = fields.List(fields.String(), metadata={"description": said("duties"), "example": ["intake"]})
    csrf_token = fields.String(metadata={"description": said("csrf_token"), "example": "IjQ2…"})


class Filters(Schema):
    """Filters of a list, as in the address of the page."""

    cursor = Text("cursor", longest=400, required=False)
    search = Text("search", longest=100, required=False)
    process = Text("process", longest=100, required=False)
    element = Text("element", longest=100, required=False)
    region = Text("region", longest=6, required=False)
    light = Text("light", longest=10, required=False)
    due_from = Text("due_from", longest=10, required=False)
    due_until = Text("due_until", longest=10, required=False)
    who = Text("who", longest=30, required=False)
    name = Text("name", longest=100, required=False)
    assignee = Text("assignee", longest=100, required=False)
    amount_from = Text("amount_from", longest=20, required=False)
    amount_until = Text("amount_until", longest=20, required=False)
    month = Text("month", longest=7, required=False)
    sort = Text("sort", longest=10, required=False)
    order = Text("order", longest=4, required=False)
    size = choice("size", *map(str, SIZES), default=str(SIZES[0]))


class TaskFilters(Filters):
    """Which list of tasks, and where in it."""

    list_ = choice("list", *get_args(TaskList), default="todo")
    list_.data_key = list_.attribute = "list"


class CaseFilters(Filters):
    """Which list of cases, and where in it."""

    list_ = choice("list", *get_args(CaseList), default="started")
    list_.data_key = list_.attribute = "list"


class KeptView(Schema):
    """A list with its filters, kept under a name."""

    name = Text("name", longest=60)
    list_ = choice("list", *get_args(TaskList), *get_args(CaseList), default="todo")
    list_.data_key = list_.attribute = "list"
    filters = fields.Dict(
        keys=fields.String(validate=validate.Length(max=20)),
        values=fields.String(validate=[validate.Length(max=100), writable]),
        load_default=dict,
        metadata={"description": said("query"), "example": {"light": "overdue"}},
    )
    share = Text("share", longest=6, required=False)


class Completion(Schema):
    """The answers of a form, written as on the page."""

    fields_ = _Answers(
        keys=fields.String(),
        values=fields.Raw(),
        required=True,
        data_key="fields",
        attribute="fields",
        metadata={"description": said("fields"), "example": {"intake_opinion": "pass"}},
    )


class Why(Schema):
    """Why."""

    why = Text("why", required=True)


class Decision(Schema):
    """Yes or no, and why."""

    approve = verdict("approve")
    why = Text("why", longest=500, required=False)


class Remark(Schema):
    """What one wants to say with it."""

    note = Text("note", required=False)


class SendBack(Schema):
    """Back to which step, and why."""

    to = Text("to", longest=100)
    why = Text("why")
    resume = yes("resume")


class HandOver(Schema):
    """To whom, and why."""

    to = Text("to", longest=60)
    why = Text("why")


class AddSigner(Schema):
    """Who is to sign, when, and why."""

    signer = Text("signer", longest=60)
    place = choice("place", "before", "after")
    why = Text("why")


class Opinion(Schema):
    """An opinion on somebody else's task."""

    opinion = choice("opinion", "agree", "disagree")
    note = Text("note", required=False)


class Search(Schema):
    """Part of a name or login."""

    search = Text("search", longest=60, required=False)
    to_sign = yes("to_sign")


class Typed(Schema):
    """Case number, identity number, credit code or name."""

    search = Text("search", longest=100)


class Copy(Schema):
    """To whom a case is copied."""

    readers = fields.List(
        Text("login", longest=60),
        required=True,
        validate=validate.Length(min=1, max=50),
        metadata={"description": said("readers"), "example": ["zhaofuhe"]},
    )
    note = Text("note", required=False)


class Pause(Schema):
    """Why a case is paused, and on which provision."""

    why = Text("why")
    source = Text("source")


def _tasks() -> fields.List[Any]:
    return fields.List(
        Text("task_id", longest=64),
        required=True,
        validate=validate.Length(min=1, max=ROWS_MAX),
        metadata={"description": said("task_ids")},
    )


class Tasks(Schema):
    """Some tasks."""

    task_ids = _tasks()


class TasksTo(HandOver):
    """Some tasks, to whom, and why."""

    task_ids = _tasks()


class TasksCompletion(Completion):
    """Some tasks, and the answers that they all get."""

    task_ids = _tasks()


class Agency(Schema):
    """Who stands in for whom."""

    principal = Text("principal", longest=60)
    substitute = Text("substitute", longest=60)
    duty = Text("duty", longest=40)
    region = Text("region", longest=6)
    first_day = day("first_day")
    last_day = day("last_day")
    why = Text("why")


class Leaver(HandOver):
    """Whose open work goes to whom."""

    leaver = Text("leaver", longest=60)


class Post(Schema):
    """A post for a member of staff."""

    login = Text("login", longest=60)
    duty = Text("duty", longest=40)
    region = Text("region", longest=6)


class Words(Schema):
    """A stock phrase."""

    words = Text("words")
    for_all = yes("for_all")


class TabQuery(Schema):
    """Which tab of the file."""

    tab = choice("tab", *TABS, default="path")


class PaymentRun(Schema):
    """Which month is paid."""

    month = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9]{4}-(0[1-9]|1[0-2])\Z"),
        metadata={"description": said("month"), "example": "2025-11"},
    )


class File(Schema):
    """A file alone."""

    file = Upload(required=True, metadata={"description": said("file")})


class Paper(File):
    """A paper, and what is said of it."""

    title = Text("title", required=False)
    volunteered = yes("volunteered")
    element = Text("element", longest=100, required=False)


class Transfer(Schema):
    """From where to where rights are moved."""

    from_region = Text("from_region", longest=6)
    to_region = Text("to_region", longest=6)


class Finding(Schema):
    """A finding for a region."""

    topic = Text("topic")
    region = Text("region", longest=6)
    plan_due = day("plan_due")
    done_due = day("done_due")


class Year(Schema):
    """A year of the working calendar as typed."""

    source = Text("source", longest=500)
    holidays = Text("holidays", longest=8000, required=False)
    workdays = Text("workdays", longest=8000, required=False)


def content_of(file: object) -> bytes:
    """What is in an uploaded file; nothing for what is none."""
    return file.read() if isinstance(file, FileStorage) else b""


class GuideSearch(Schema):
    """Which guides."""

    q = Text("q", required=False)


class GuideQuery(Schema):
    """For which region; the office's own where none is named."""

    region = Text("region", required=False, longest=6)
