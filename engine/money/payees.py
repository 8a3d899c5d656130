"""Offices that the fund pays regularly, from ``processes/payees.yaml``: the medical insurance centre of a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.law.policy import region_chain
from engine.store.declaration import Entry, read_declaration


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficePayee:
    """Whom a purpose is paid to in a region, and where."""

    purpose: str
    region: str
    name: str
    name_en: str
    account: str
    account_name: str
    #: who told us the account
    source: str
    #: False: pays in a trial only
    verified: bool


@dataclass(frozen=True, slots=True)
class PayeeBook:
    """All office payees by purpose and region."""

    payees: Mapping[tuple[str, str], OfficePayee]

    @classmethod
    def load(cls, directory: Path) -> PayeeBook:
        """The book in ``payees.yaml``; DeclarationError names file, line and field."""
        top = read_declaration(directory / "payees.yaml")
        top.only("payees")
        found: dict[tuple[str, str], OfficePayee] = {}
        for entry in top.entries("payees"):
            payee = _payee(entry)
            if (payee.purpose, payee.region) in found:
                raise entry.error(f"{payee.purpose} 在 {payee.region} 写了两次", field="region")
            found[payee.purpose, payee.region] = payee
        return cls(found)

    def find(self, purpose: str, region: str) -> OfficePayee | None:
        """The payee of the most specific region around the one asked for; None where there is none."""
        for wider in region_chain(region):
            if (purpose, wider) in self.payees:
                return self.payees[purpose, wider]
        return None


def _payee(entry: Entry) -> OfficePayee:
    entry.only("purpose", "region", "name", "name_en", "account", "account_name", "source", "verified")
    return OfficePayee(
        purpose=entry.text("purpose"),
        region=entry.text("region"),
        name=entry.text("name"),
        name_en=entry.text("name_en"),
        account=entry.text("account"),
        account_name=entry.text("account_name"),
        source=entry.text("source"),
        verified=entry.flag("verified", default=False),
    )
