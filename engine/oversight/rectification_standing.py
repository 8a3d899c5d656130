"""Which deadline of an item runs, and how the item stands on a day: one SQL expression, for wall, lists and escalation.

Pure expressions; the days they compare with are the caller's to reckon (``engine.law.rectification``).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Date, String, and_, case, cast, literal, null

from engine.oversight.rectification_tables import RectificationItem as Item

#: how an item stands on a day, worst first; the Chinese names
STANDINGS = {
    "late": "逾期",
    "overdue_on_receipt": "收到时已过限",
    "due_soon": "临期",
    "on_time": "在办",
    "with_office": "待受理、核验",
    "no_problem": "无问题",
    "done": "销号",
}


def running_due_kind() -> ColumnElement[str]:
    """Which deadline of the item runs now: self_check, plan, done; '' while it is the office's turn, or settled."""
    return case(
        (Item.status == "unchecked", literal("self_check", String)),
        (Item.status == "planning", literal("plan", String)),
        (Item.status == "doing", literal("done", String)),
        else_=literal("", String),
    )


def running_due() -> ColumnElement[date | None]:
    """The last day of the deadline that runs now; NULL where none does."""
    return case(
        (Item.status == "unchecked", Item.self_check_due),
        (Item.status == "planning", Item.plan_due),
        (Item.status == "doing", Item.done_due),
        else_=cast(null(), Date),
    )


def standing(day: date, soon_until: date) -> ColumnElement[str]:
    """How the item stands on that day: a word of ``STANDINGS``.

    ``soon_until`` is the last day that counts as near (``rectification.soon_until``). ``overdue_on_receipt``: the
    notice's first deadline had passed when the unit received it, and the one counted from receipt has not.
    """
    due = running_due()
    return case(
        (Item.status == "done", literal("done", String)),
        (Item.status == "no_problem", literal("no_problem", String)),
        (Item.status.in_(("planned", "verifying")), literal("with_office", String)),
        (due < day, literal("late", String)),
        (
            and_(Item.overdue_on_receipt, Item.status.in_(("unchecked", "planning")), Item.reopened == 0),
            literal("overdue_on_receipt", String),
        ),
        (due <= soon_until, literal("due_soon", String)),
        else_=literal("on_time", String),
    )


def is_returned() -> ColumnElement[bool]:
    """A plan or a result came back and has not been handed in again."""
    return Item.sent_back_on.is_not(None)
