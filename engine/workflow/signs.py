"""Signs that deceive the eye: those that cannot be seen, those that turn the writing round, and letters of other
scripts that look like ours. Called by whoever judges or reads what people write. Pure.
"""

from __future__ import annotations

import re
import unicodedata

#: no width, or direction of writing; a tag or a private sign can hide as well
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def hidden_sign(text: str) -> str:
    """The first sign of the text that cannot be seen, as its code point; empty for none."""
    found = _HIDDEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def strange_letter(word: str) -> str:
    """The first letter of a name that is neither Latin nor Chinese, with its code point; empty for none.

    Names are compared by machines and read by people: the Cyrillic о of a name would look like the Latin one.
    """
    if word.isascii():
        return ""
    found = next((sign for sign in unicodedata.normalize("NFKC", word) if not _is_plain(sign)), "")
    return f"{found}（U+{ord(found):04X}）" if found else ""


def _is_plain(sign: str) -> bool:
    if sign <= "\u017f" or not (sign.isalpha() or unicodedata.category(sign) == "Mn"):
        return True
    return unicodedata.name(sign, "").startswith("CJK UNIFIED IDEOGRAPH")
