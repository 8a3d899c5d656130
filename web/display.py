"""How values are written on a page: local time, lights, marks. No rule lives here."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from flask_babel import gettext as _
from markupsafe import Markup

from engine.cases.views import Light, TaskRow
from engine.values import CHINA, Actor
from web.language import chosen
from web.letters import letter
from web.session import office

#: each light has a sign beside its colour, for whoever cannot tell the colours apart
_SIGNS: dict[Light, str] = {"overdue": "▲", "soon": "◆", "calm": "●", "none": "○"}


#: duties to which the menu offers a page
_PAYMENTS = frozenset({"intake", "review", "approve", "accountant", "cashier", "control", "fund_supervisor"})
_INCIDENTS = frozenset({"control", "analyst", "administrator"})
_STAFF = frozenset({"control", "administrator"})


def local_time(at: datetime | None) -> Markup:
    """The instant in China as ``2025-11-03 09:05``; a dash for none."""
    return _time(at, "%Y-%m-%d %H:%M")


def local_day(at: datetime | None) -> Markup:
    """The day in China as ``2025-11-03``; a dash for none."""
    return _time(at, "%Y-%m-%d")


def _time(at: datetime | None, pattern: str) -> Markup:
    if at is None:
        return Markup('<span class="text-secondary">—</span>')
    return Markup('<time datetime="{}">{}</time>').format(
        at.isoformat(), at.astimezone(CHINA).strftime(pattern)
    )


def light(row: TaskRow) -> Markup:
    """The deadline of a task as colour, sign and words."""
    shape = Markup('<span class="light light-{}"><span aria-hidden="true">{}</span> {}</span>')
    sign = "✓" if row.status == "completed" else _SIGNS[row.light]
    return shape.format(row.light, sign, deadline_words(row))


def deadline_words(row: TaskRow) -> str:
    """How long is left, in working days: ``还剩 2 个工作日``."""
    days = row.workdays_left
    if row.status != "ready":
        words = _("已办结") if row.status == "completed" else _("已取消")
    elif days is None:
        words = _("无时限")
    elif row.light == "overdue":
        words = _("已超期 %(days)s 个工作日", days=-days) if days < 0 else _("今日已到期")
    else:
        words = _("还剩 %(days)s 个工作日", days=days) if days else _("今日到期")
    return str(words)


def menu(actor: Actor) -> list[tuple[str, str]]:
    """The pages that are of use to the actor, address and words; the use-cases refuse the others anyway."""
    if actor.kind == "person":
        return [("/my", _("我的申领"))]
    if actor.kind == "employer":
        return [("/employer", _("单位事项"))]
    wanted = (
        ("/inbox", _("待办"), actor.duties),
        ("/payments", _("支付批次"), _PAYMENTS),
        ("/incidents", _("异常"), _INCIDENTS),
        ("/findings/new", _("下达整改"), frozenset({"provincial"})),
        ("/staff", _("人员岗位"), _STAFF),
    )
    return [(href, words) for href, words, duties in wanted if duties & actor.duties]


def duty_names(actor: Actor) -> str:
    """The duties that the actor holds today, in the reader's language."""
    duties = [office().duties.duty(duty) for duty in sorted(actor.duties)]
    return (
        "、".join(duty.lane for duty in duties) if chosen() == "zh" else ", ".join(d.english for d in duties)
    )


def use_display(app: Flask) -> None:
    """Give templates the filters."""
    app.jinja_env.globals.update(duty_names=duty_names, menu=menu)
    app.jinja_env.filters.update(
        letter=letter, time=local_time, day=local_day, light=light, deadline_words=deadline_words
    )
