"""Card accounts as the register told them, kept so that a whole month can be paid without asking one by one.

A changed account keeps when it changed and what it was before: the risk rules look at both.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from engine.registers.accounts import CardAccount as ToldAccount
from engine.registers.roster_tables import CardAccount
from engine.store.crypto import Vault, account_place, normalised


def keep_account(
    session: Session, vault: Vault, told: ToldAccount, *, person_index: bytes, day: date
) -> CardAccount:
    """The person's account as the register told it on the day; told again unchanged, only the day moves.

    Bound to its own index, so that whoever pays copies it from here.
    """
    index = vault.index(told.number)
    kept = session.get(CardAccount, person_index, with_for_update=True)
    if kept is None:
        kept = CardAccount(person_index=person_index, account_index=b"", changed_on=None, previous_index=None)
        session.add(kept)
    if kept.account_index != index:
        if kept.account_index:
            kept.previous_index, kept.changed_on = kept.account_index, day
        kept.account = vault.encrypt(normalised(told.number), bound_to=account_place(index))
        kept.account_index = index
    kept.holder_name = told.holder_name
    kept.holder_index = vault.index(told.holder_id_number)
    kept.bank, kept.activated, kept.as_of = told.bank, told.activated, day
    session.flush()
    return kept
