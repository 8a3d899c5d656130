"""Citizen numbers, unified social credit codes and bank cards: parsed, not merely matched.

Obsolete region codes are never refused: a number outlives the district that issued it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from engine.values import Reason, Refusal

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID_SOURCE = "GB 11643-1999《公民身份号码》"

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_CREDIT_SOURCE = "GB 32100-2015《法人和其他组织统一社会信用代码编码规则》"
_ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_SOURCE = "GB 11714《全国组织机构代码编制规则》"

_EMPLOYER_KINDS = {
    "91": "企业",
    "92": "个体工商户",
    "12": "事业单位",
    "11": "机关",
    "51": "社会团体",
    "52": "民办非企业单位",
    "53": "基金会",
    "31": "律师事务所",
}
#: kinds that a refund treats like a small or medium firm
_SOCIAL_KINDS = frozenset({"51", "52", "53", "31", "92"})

_EARLIEST_BIRTH = date(1860, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdNumber:
    """A valid citizen number of 18 characters."""

    #: as written in records: digits, the check character upper case
    normalised: str
    birth: date
    sex: Literal["male", "female"]
    #: the issuing district; may be a code no longer in use
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditCode:
    """A valid unified social credit code."""

    normalised: str
    #: Chinese name of the kind the first two characters stand for; empty when not listed
    kind: str
    #: registration district
    region: str
    organisation_code: str
    #: whether a refund treats this kind like a small or medium firm
    is_social_kind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCard:
    """A card or account number; warnings do not refuse it."""

    normalised: str
    warnings: tuple[Reason, ...]


def id_number(value: str) -> IdNumber | Refusal:
    """The citizen number; refused for a wrong length, character, date or check character.

    Source: GB 11643-1999. Lower-case x, full-width digits and surrounding blanks are accepted. A 15-digit number is history
    and refused. A birth date in the future is not judged here: the function knows no clock.
    """
    text = _plain(value)
    if re.fullmatch(r"[0-9]{15}", text):
        return _refused(
            "id_number_old", "15位身份证号码已停用，请使用18位号码", "15-digit number", _ID_SOURCE
        )
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        return _refused(
            "id_number_form", "身份证号码须是17位数字加1位校验码", "18 characters needed", _ID_SOURCE
        )
    birth = _birth(text[6:14])
    if birth is None:
        return _refused("id_number_date", "身份证号码中的出生日期不存在", "Impossible date", _ID_SOURCE)
    if id_check(text[:17]) != text[17]:
        return _refused(
            "id_number_check", "身份证号码校验码不对，请核对有无错位", "Check character", _ID_SOURCE
        )
    sex: Literal["male", "female"] = "male" if int(text[16]) % 2 else "female"
    return IdNumber(normalised=text, birth=birth, sex=sex, region=text[:6])


def id_check(first_17: str) -> str:
    """The check character for 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11]


def credit_code(value: str) -> CreditCode | Refusal:
    """The unified social credit code; refused for a wrong form or either of its two check characters.

    Source: GB 32100-2015 and, for characters 9 to 17, GB 11714.
    """
    text = _plain(value)
    if len(text) != 18 or any(character not in _CREDIT_ALPHABET for character in text):
        return _refused(
            "credit_code_form",
            "统一社会信用代码须是18位数字或大写字母（不含 I、O、S、V、Z）",
            "18 characters, no I O S V Z",
            _CREDIT_SOURCE,
        )
    if organisation_check(text[8:16]) != text[16]:
        return _refused(
            "credit_code_organisation",
            "主体标识码（第9至17位）校验不对",
            "Organisation code",
            _ORGANISATION_SOURCE,
        )
    if credit_check(text[:17]) != text[17]:
        return _refused("credit_code_check", "统一社会信用代码校验码不对", "Check character", _CREDIT_SOURCE)
    return CreditCode(
        normalised=text,
        kind=_EMPLOYER_KINDS.get(text[:2], ""),
        region=text[2:8],
        organisation_code=text[8:17],
        is_social_kind=text[:2] in _SOCIAL_KINDS,
    )


def credit_check(first_17: str) -> str:
    """The check character for the first 17 of a credit code."""
    total = sum(
        _CREDIT_ALPHABET.index(character) * weight
        for character, weight in zip(first_17, _CREDIT_WEIGHTS, strict=True)
    )
    return _CREDIT_ALPHABET[(31 - total % 31) % 31]


def organisation_check(first_8: str) -> str:
    """The check character for the first 8 of an organisation code."""
    total = sum(
        _ORGANISATION_ALPHABET.index(character) * weight
        for character, weight in zip(first_8, _ORGANISATION_WEIGHTS, strict=True)
    )
    remainder = 11 - total % 11
    return {10: "X", 11: "0"}.get(remainder, str(remainder))


def bank_card(value: str) -> BankCard | Refusal:
    """The card number; refused only when it is no number, warned of when it is not 16 to 19 digits or fails Luhn.

    Passbooks and public accounts need not satisfy Luhn, so a failure warns (this system's own choice).
    """
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", value))
    if not re.fullmatch(r"[0-9]{6,32}", text):
        return _refused("bank_card_form", "银行账号须全是数字", "Digits only", "")
    warnings: list[Reason] = []
    if not 16 <= len(text) <= 19:
        warnings.append(_warning("bank_card_length", f"银行卡号一般为16至19位，此号{len(text)}位，请核对"))
    if not _luhn(text):
        warnings.append(
            _warning("bank_card_luhn", "银行卡号校验位不符，请与本人核对；存折和对公账户可以不符")
        )
    return BankCard(normalised=text, warnings=tuple(warnings))


def _plain(value: str) -> str:
    return unicodedata.normalize("NFKC", value).strip().upper()


def _birth(digits: str) -> date | None:
    try:
        birth = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return birth if birth >= _EARLIEST_BIRTH else None


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 if i % 2 else 1) for i, digit in enumerate(reversed(digits)))
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def _refused(code: str, text: str, text_en: str, source: str) -> Refusal:
    return Refusal(reasons=(Reason(code=code, text=text, text_en=text_en, source=source),))


def _warning(code: str, text: str) -> Reason:
    return Reason(code=code, text=text, text_en="Please check the account number", verified=False)
