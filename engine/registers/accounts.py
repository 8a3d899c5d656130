"""The card accounts: the bank account of a social security card, to which benefit is paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAccount:
    """A card's bank account."""

    #: 19 digits
    number: str
    holder_name: str
    #: may differ from the person who shows the card: then nothing is paid to it
    holder_id_number: str
    bank: str
    #: False: the bank side was never activated, and a payment would come back
    activated: bool


class CardAccountRegister(Protocol):
    """Kept by the card centre with the banks."""

    def account(self, id_number: str) -> CardAccount | None:
        """The account behind the person's card; none without a card. Raises RegisterDown."""
        ...
