"""The chart of accounts as data: ``processes/chart-of-accounts.yaml``, read and checked.

Pure; the books take it over by ``ledger.sync_accounts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.store.declaration import Entry, read_declaration

FILE = "chart-of-accounts.yaml"

AccountKind = Literal["asset", "liability", "equity", "income", "expense"]
_KINDS: dict[str, AccountKind] = {
    "asset": "asset",
    "liability": "liability",
    "equity": "equity",
    "income": "income",
    "expense": "expense",
}

#: what a voucher by hand may move: never what the fund owes or spends, or it could hide a payment
_HAND_KINDS: tuple[AccountKind, ...] = ("asset", "income", "equity")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """One account."""

    code: str
    name: str
    name_en: str
    kind: AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeLine:
    """One purpose of payments: ordering debits the expense and credits the payable account."""

    purpose: str
    name: str
    name_en: str
    expense: str
    payable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandKind:
    """One kind of fact that an accountant enters from a paper, and the two accounts that it moves."""

    kind: str
    name: str
    name_en: str
    debit: str
    credit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The accounts and purposes of the fund."""

    accounts: tuple[AccountLine, ...]
    purposes: tuple[PurposeLine, ...]
    by_hand: tuple[HandKind, ...]
    #: the account of the fund's balance, to which income and expenditure go at the end of the year
    carried_to: str
    source: str
    #: False until the finance office has compared it with the unified chart
    verified: bool

    @classmethod
    def load(cls, processes_dir: Path) -> Chart:
        """The chart in the directory; DeclarationError with file and line for whatever cannot be used."""
        root = read_declaration(processes_dir / FILE)
        root.only("source", "verified", "carried_to", "accounts", "purposes", "by_hand")
        accounts: dict[str, AccountLine] = {}
        for entry in root.entries("accounts"):
            line = _account(entry)
            if line.code in accounts:
                raise entry.error(f"科目 {line.code} 写了两次", field="code")
            accounts[line.code] = line
        purposes = tuple(_purpose(entry, accounts) for entry in root.entries("purposes"))
        by_hand: dict[str, HandKind] = {}
        for entry in root.entries("by_hand"):
            kind = _by_hand(entry, accounts)
            if kind.kind in by_hand:
                raise entry.error(f"手工凭证的业务 {kind.kind} 写了两次", field="kind")
            by_hand[kind.kind] = kind
        return cls(
            accounts=tuple(accounts.values()),
            purposes=purposes,
            by_hand=tuple(by_hand.values()),
            carried_to=_of_kind(root, "carried_to", accounts, ("equity",)),
            source=root.text("source"),
            verified=root.flag("verified", default=False),
        )


def _account(entry: Entry) -> AccountLine:
    entry.only("code", "name", "name_en", "kind")
    kind = entry.text("kind")
    if kind not in _KINDS:
        raise entry.error(f"科目类别「{kind}」不认识，可用：{'、'.join(_KINDS)}", field="kind")
    return AccountLine(
        code=entry.text("code"), name=entry.text("name"), name_en=entry.text("name_en"), kind=_KINDS[kind]
    )


def _purpose(entry: Entry, accounts: dict[str, AccountLine]) -> PurposeLine:
    entry.only("purpose", "name", "name_en", "expense", "payable")
    return PurposeLine(
        purpose=entry.text("purpose"),
        name=entry.text("name"),
        name_en=entry.text("name_en"),
        expense=_of_kind(entry, "expense", accounts, ("expense",)),
        payable=_of_kind(entry, "payable", accounts, ("liability",)),
    )


def _by_hand(entry: Entry, accounts: dict[str, AccountLine]) -> HandKind:
    entry.only("kind", "name", "name_en", "debit", "credit")
    return HandKind(
        kind=entry.text("kind"),
        name=entry.text("name"),
        name_en=entry.text("name_en"),
        debit=_of_kind(entry, "debit", accounts, _HAND_KINDS),
        credit=_of_kind(entry, "credit", accounts, _HAND_KINDS),
    )


def _of_kind(
    entry: Entry, field: str, accounts: dict[str, AccountLine], kinds: tuple[AccountKind, ...]
) -> str:
    code = entry.text(field)
    if code not in accounts or accounts[code].kind not in kinds:
        raise entry.error(f"「{field}」应当是类别为 {' 或 '.join(kinds)} 的科目，{code} 不是", field=field)
    return code
