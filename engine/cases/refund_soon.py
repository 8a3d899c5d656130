"""Which refunds are lost or recovered within days unless their employer acts: said once, for the board and for lists."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_

from engine.refunds.campaign_tables import RetentionRefund

#: calendar days; of our own design, a page only
SOON_DAYS = 7


def due_soon(what: str, today: date) -> ColumnElement[bool]:
    """The refunds that must be confirmed (``confirm``) or whose commitment is due (``commit``) by then, late ones too."""
    until, statuses = (
        (RetentionRefund.confirm_until, ("pushed", "objected"))
        if what == "confirm"
        else (RetentionRefund.commitment_until, ("prepaid",))
    )
    return and_(RetentionRefund.status.in_(statuses), until <= today + timedelta(days=SOON_DAYS))
