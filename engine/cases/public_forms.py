"""Forms that nobody signs in for are counted, in a transaction of their own: a refused use counts, too."""

from __future__ import annotations

from engine.cases.office import Office
from engine.feedback.throttle import count_use
from engine.store.sight import seen_as
from engine.values import Refusal, RefusedError

#: many people use one kiosk within an hour
_KIOSK = 12


def too_often(office: Office, form: str, visitor: str) -> Refusal | None:
    """The use counted; the refusal where there were too many from that address within the hour."""
    most = office.settings.public_forms_an_hour * (_KIOSK if form == "kiosk" else 1)
    try:
        # nobody is signed in at these doors: the count is the office's own
        with seen_as(None), office.store.transaction() as session:
            count_use(session, office.vault, form=form, visitor=visitor, most=most, now=office.clock())
    except RefusedError as no:
        return no.refusal
    return None
