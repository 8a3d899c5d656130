"""POST /exchange/messages: where other offices hand in their letters. No session, no form: the signature decides.

Always answers JSON: a signed receipt, or a problem that says why the letter was not taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from engine.cases import correspondence
from web.session import office

exchange_door = Blueprint("exchange_door", __name__)

#: the largest letter; one byte more shows that it is larger
_BYTES_MAX = correspondence.BYTES_MAX
_STATUS: Mapping[str, int] = {
    "acked": 200,
    "malformed": 400,
    "unknown_sender": 403,
    "bad_signature": 403,
    "not_for_us": 403,
    "too_large": 413,
    "busy": 503,
}


@exchange_door.post("/exchange/messages")
def take() -> ResponseReturnValue:
    """Keep the letter and answer for it."""
    request.max_content_length = _BYTES_MAX + 1
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raw = bytes(_BYTES_MAX + 1)
    given = correspondence.answer(office(), raw)
    response = Response(given.body, status=_STATUS[given.code], mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
