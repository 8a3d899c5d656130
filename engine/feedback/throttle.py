"""How often a form that nobody signs in for is sent from one place: counted in the database, for all processes alike."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from engine.feedback.tables import PublicFormUse
from engine.store.crypto import Vault
from engine.values import Reason, RefusedError

_HOUR, _KEPT = timedelta(hours=1), timedelta(days=1)


def count_use(session: Session, vault: Vault, *, form: str, visitor: str, most: int, now: datetime) -> None:
    """One more use of the form from that address; RefusedError where there were so many within the last hour.

    The address is kept as a blind index for a day and nowhere else.
    """
    index = vault.index(f"visitor {visitor}")
    session.execute(delete(PublicFormUse).where(PublicFormUse.at < now - _KEPT))
    used = session.scalar(
        select(func.count())
        .select_from(PublicFormUse)
        .where(PublicFormUse.form == form, PublicFormUse.visitor == index, PublicFormUse.at > now - _HOUR)
    )
    if (used or 0) >= most:
        raise RefusedError(
            Reason(
                code="too_often",
                text="提交过于频繁，请一小时后再试，或到窗口办理",
                text_en="Too many at once. Please try again in an hour, or come to the counter.",
            )
        )
    session.add(PublicFormUse(form=form, visitor=index, at=now))
