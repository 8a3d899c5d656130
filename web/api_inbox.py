"""The API of the lists: tasks, cases, counts, kept views, stock phrases."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from marshmallow import Schema

from engine.cases import case_lists, inbox_choices, inbox_lists, inbox_views, phrases, telling
from engine.cases.inbox_choices import InboxChoices
from engine.cases.inbox_filters import InboxFilter, read_filter, whom
from engine.cases.inbox_views import InboxView
from engine.cases.office import Office
from engine.cases.phrases import Phrase
from engine.cases.views import CaseRow, InboxList, TaskRow
from engine.values import Actor
from engine.workflow.forms import FormErrors
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of, field_of, page_of, rows_of
from web.inbox import LISTS

inbox = Room("inbox", chinese="清单", english="lists")


def _counts() -> type[Schema]:
    return Schema.from_dict({name: field_of(int, name) for name in LISTS}, name="InboxCounts")


def _filters() -> type[Schema]:
    return Schema.from_dict({name: field_of(str, name) for name in ("search", "who", "name")}, name="Found")


@reads(inbox, "/inbox", chinese="任务清单", asks=schemas.TaskFilters, answer=page_of(TaskRow))
def tasks(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """One page of a list of tasks, with filters; the next one by its cursor."""
    filters = read_filter(asked)
    if filters.mistakes:
        return _mistaken(filters)
    return inbox_lists.inbox(office, actor, asked["list"], filters, cursor=asked["cursor"])


@reads(
    inbox, "/inbox/cases", chinese="案件清单", asks=schemas.CaseFilters, answer=page_of(CaseRow), who=STAFF
)
def cases(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """One page of the cases that one started, or that were copied to one."""
    filters = read_filter(asked)
    if filters.mistakes:
        return _mistaken(filters)
    return case_lists.case_list(office, actor, asked["list"], filters, cursor=asked["cursor"])


@reads(inbox, "/inbox/counts", chinese="各清单件数", answer=_counts(), who=STAFF)
def counts(office: Office, actor: Actor) -> object:
    """How many rows each list has; asked for again and again, with If-None-Match."""
    return inbox_lists.counts(office, actor)


@reads(inbox, "/inbox/choices/<any(todo, claimable, done, overdue, below, delegated, started, copied):list>",
       chinese="可用的筛选条件", answer=answer_of(InboxChoices), who=STAFF)  # fmt: skip
def choices(office: Office, actor: Actor, list: InboxList) -> object:
    """What a list can be narrowed to."""
    return inbox_choices.choices(office, actor, list)


@writes(
    inbox, "/inbox/find", chinese="查找当事人", asks=schemas.Typed, answer=_filters(), done=dict, who=STAFF
)
def find(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """The filters for what was typed; a number of a person never stands in an address."""
    return {"search": "", "who": "", "name": "", **whom(office, actor, asked["search"])}


@reads(inbox, "/inbox/views", chinese="视图", answer=rows_of(InboxView), who=STAFF)
def views(office: Office, actor: Actor) -> object:
    """Lists kept under names, one's own and shared ones."""
    return inbox_views.views(office, actor)


@writes(inbox, "/inbox/views", chinese="保存视图", asks=schemas.KeptView, who=STAFF)
def keep_view(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Keep a list with its filters under a name."""
    return inbox_views.keep_view(
        office, actor, name=asked["name"], which=asked["list"], asked=asked["filters"], share=asked["share"]
    )


@writes(inbox, f"/inbox/views/<{NUMBER}:view_id>", method="DELETE", chinese="删除视图", who=STAFF)
def drop_view(office: Office, actor: Actor, view_id: int) -> object:
    """Drop a view of one's own."""
    return inbox_views.drop_view(office, actor, view_id)


@writes(inbox, f"/inbox/copies/<{NUMBER}:case_id>/read", chinese="抄送已阅", who=STAFF)
def read_copy(office: Office, actor: Actor, case_id: int) -> object:
    """Put a copy away as read."""
    return telling.mark_read(office, actor, case_id)


@reads(inbox, "/phrases", chinese="常用语", answer=rows_of(Phrase), who=STAFF)
def stock_phrases(office: Office, actor: Actor) -> object:
    """Opinions kept ready."""
    return phrases.phrases(office, actor)


@writes(inbox, "/phrases", chinese="添加常用语", asks=schemas.Words, who=STAFF)
def keep_phrase(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Keep an opinion ready, for oneself or for everybody."""
    return phrases.keep_phrase(office, actor, asked["words"], for_all=asked["for_all"])


@writes(inbox, f"/phrases/<{NUMBER}:phrase_id>", method="DELETE", chinese="删除常用语", who=STAFF)
def drop_phrase(office: Office, actor: Actor, phrase_id: int) -> object:
    """Keep it no longer."""
    return phrases.drop_phrase(office, actor, phrase_id)


def _mistaken(filters: InboxFilter) -> FormErrors:
    return FormErrors(errors={key: _(sentence) for key, sentence in filters.mistakes})
