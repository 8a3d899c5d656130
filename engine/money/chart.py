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
class Chart:
    """The accounts and purposes of the fund."""

    accounts: tuple[AccountLine, ...]
    purposes: tuple[PurposeLine, ...]
    source: str
    #: False until the finance office has compared it with the unified chart
    verified: bool

    @classmethod
    def load(cls, processes_dir: Path) -> Chart:
        """The chart in the directory; DeclarationError with file and line for whatever cannot be used."""
        root = read_declaration(processes_dir / FILE)
        root.only("source", "verified", "accounts", "purposes")
        accounts: dict[str, AccountLine] = {}
        for entry in root.entries("accounts"):
            line = _account(entry)
            if line.code in accounts:
                raise entry.error(f"科目 {line.code} 写了两次", field="code")
            accounts[line.code] = line
        purposes = tuple(_purpose(entry, accounts) for entry in root.entries("purposes"))
        return cls(
            accounts=tuple(accounts.values()),
            purposes=purposes,
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
    for field, kind in (("expense", "expense"), ("payable", "liability")):
        code = entry.text(field)
        if code not in accounts or accounts[code].kind != kind:
            raise entry.error(f"「{field}」应当是类别为 {kind} 的科目，{code} 不是", field=field)
    return PurposeLine(
        purpose=entry.text("purpose"),
        name=entry.text("name"),
        name_en=entry.text("name_en"),
        expense=entry.text("expense"),
        payable=entry.text("payable"),
    )
