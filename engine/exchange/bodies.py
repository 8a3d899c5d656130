"""What each kind of message says: the agreement between offices, which no diagram can widen.

A receiver hands a case these fields and no others, so that a peer cannot fill in what only this office decides.
Offices may run different versions of their diagrams; what travels between them changes only here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from engine.store.canonical import Plain

#: which end of a transfer sends it: ``in`` where the rights go to, ``out`` where they come from, ``both``
End = Literal["in", "out", "both"]

STATEMENT = "statement"
#: names of case data that mean something in one office only, or stand on the envelope
STAYS = frozenset({"person_id", "transfer_number", "region", "subject", "case_key", "case_id"})
_FEN_MAX = 10**13
_MONTHS_MAX = 1200
_SHORT, _LONG = 60, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a body."""

    check: Callable[[object], bool]
    #: what it should be, Chinese
    wanted: str
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of message."""

    name: str
    name_en: str
    end: End
    fields: Mapping[str, Field]
    #: it begins a case at the other end
    begins: bool = False

    @property
    def region_of_receiver(self) -> str:
        """Which field of a beginning message names the region of the office that it is for."""
        return "from_region" if self.end == "in" else "to_region"

    @property
    def region_of_sender(self) -> str:
        """Which field of a beginning message names the region that its sender speaks for."""
        return "to_region" if self.end == "in" else "from_region"


def _text(most: int) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        return isinstance(value, str) and len(value) <= most and (value.isprintable() or _lines(value))

    return check


def _lines(value: str) -> bool:
    return all(sign in "\n\t" or sign.isprintable() for sign in value)


def _count(most: int) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most

    return check


def _is_region(value: object) -> bool:
    return isinstance(value, str) and len(value) == 6 and value.isascii() and value.isdigit()


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_person(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"id_number", "name"}
        and all(
            isinstance(each, str) and 0 < len(each) <= _SHORT and each.isprintable()
            for each in value.values()
        )
    )


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _optional(field: Field) -> Field:
    return Field(check=field.check, wanted=field.wanted, required=False)


_PERSON = Field(check=_is_person, wanted="公民身份号码和姓名")
_REGION = Field(check=_is_region, wanted="6位地区代码")
_MONTHS = Field(check=_count(_MONTHS_MAX), wanted="0至1200的月数")
_FEN = Field(check=_count(_FEN_MAX), wanted="以分计的非负整数")
_FLAG = Field(check=_is_flag, wanted="是或否")
_DAY = Field(check=_is_day, wanted="日期，年-月-日")
_WORD = Field(check=_text(_SHORT), wanted=f"{_SHORT}字以内的文字")
_REASON = Field(check=_text(_LONG), wanted=f"{_LONG}字以内的文字")

_WHO_WHERE = {"person": _PERSON, "from_region": _REGION, "to_region": _REGION}

KINDS: Mapping[str, Kind] = {
    "transfer_application": Kind(
        name="转迁申请",
        name_en="Application for a transfer",
        end="out",
        begins=True,
        fields={**_WHO_WHERE, "employed": _optional(_FLAG), "applied_on": _optional(_DAY)},
    ),
    "contact_letter": Kind(
        name="联系函",
        name_en="Contact letter",
        end="in",
        begins=True,
        fields={**_WHO_WHERE, "employed": _optional(_FLAG), "applied_on": _optional(_DAY)},
    ),
    "transfer_info": Kind(
        name="转出信息表",
        name_en="Information sheet",
        end="out",
        fields={
            "months_paid": _MONTHS,
            "months_left": _MONTHS,
            "carried_months": _optional(_MONTHS),
            "fee_fen": _FEN,
            "relation_only": _optional(_FLAG),
            "fee_basis": _optional(_REASON),
        },
    ),
    "transfer_refused": Kind(name="拒绝函", name_en="Refusal", end="out", fields={"refusal_reason": _REASON}),
    "transfer_money": Kind(
        name="资金已付通知",
        name_en="Notice of payment",
        end="out",
        fields={"fee_fen": _FEN, "paid_on": _optional(_DAY), "bank_reference": _optional(_WORD)},
    ),
    "transfer_receipt": Kind(
        name="回执",
        name_en="Receipt",
        end="in",
        fields={"arrived_fen": _optional(_FEN), "arrived_on": _optional(_DAY), "fee_fen": _optional(_FEN)},
    ),
    "transfer_withdrawn": Kind(
        name="撤回函",
        name_en="Withdrawal",
        end="both",
        fields={"withdrawal_reason": _optional(_REASON)},
    ),
}
#: all kinds in Chinese, statements too
KIND_NAMES: Mapping[str, str] = {**{key: kind.name for key, kind in KINDS.items()}, STATEMENT: "对账单"}


def faults_of(kind: str, body: Mapping[str, Plain]) -> tuple[str, ...]:
    """What is wrong with the body of a message about a transfer, a sentence each; quotes nothing of it."""
    known = KINDS.get(kind)
    if known is None:
        return ("没有约定这种信件",)
    missing = [
        f"缺少 {name}" for name, field in known.fields.items() if field.required and body.get(name) is None
    ]
    wrong = [
        f"{name} 应当是{field.wanted}"
        for name, field in known.fields.items()
        if body.get(name) is not None and not field.check(body[name])
    ]
    more = len(body.keys() - known.fields.keys())
    found = (*missing, *wrong, *((f"有{more}项没有约定的内容",) if more else ()))
    return found or _contrary(body)


def _contrary(body: Mapping[str, Plain]) -> tuple[str, ...]:
    """What two fields, each of them right, say against one another."""
    relation_only = body.get("relation_only")
    if relation_only is not None and relation_only != (not body.get("fee_fen")):
        return ("relation_only 与 fee_fen 不一致",)
    return ()
