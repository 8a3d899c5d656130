"""Accounts of payees as orders, corrections and lines keep them: encrypted, indexed, with their holder.

An account is bound to the index that stands beside it, so that it can be copied from the card register to an
order and on to a line without being opened. Opened only for the bank file and for masking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.money.bank_rows import ACCOUNT, BankFileError, fields, filled, matching
from engine.money.payment_tables import AccountCorrection, PaymentOrder
from engine.store.crypto import Vault, VaultError, account_place, normalised
from engine.values import Reason, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class PayTo:
    """An account as it is stored: encrypted, indexed, with its holder."""

    account: bytes
    account_index: bytes
    account_name: str


class HasAccount(Protocol):
    """A row that holds an encrypted account with its index: an order, a correction, a line of a batch."""

    @property
    def account(self) -> bytes:
        """Encrypted."""
        ...

    @property
    def account_index(self) -> bytes:
        """Its keyed blind index."""
        ...


def new_account(vault: Vault, *, account: str, account_name: str) -> PayTo:
    """The account as it is stored; refused when it cannot be written to a bank file."""
    plain = normalised(account)
    index = vault.index(plain)
    try:
        matching(ACCOUNT, plain, "账号", 1)
        fields(1, filled(account_name, "户名", 1))
    except BankFileError as wrong:
        text = f"收款账户不能用于银行文件：{wrong.message}"
        reason = Reason(
            code="account_unusable", text=text, text_en="The account cannot be written to a bank file."
        )
        raise RefusedError(reason) from wrong
    return PayTo(
        account=vault.encrypt(plain, bound_to=account_place(index)),
        account_index=index,
        account_name=account_name,
    )


def pay_to_now(order: PaymentOrder, correction: AccountCorrection | None) -> PayTo:
    """The account that counts for the order today: its latest correction, or its own."""
    source = correction or order
    return PayTo(account=source.account, account_index=source.account_index, account_name=source.account_name)


def open_account(vault: Vault, pay_to: HasAccount, *, order_key: str) -> str:
    """The account number in full, for the bank file and for masking; VaultError where it was tampered with.

    Accounts of orders made before accounts could be copied are bound to their order.
    """
    try:
        return vault.decrypt(pay_to.account, bound_to=account_place(pay_to.account_index))
    except VaultError:
        return vault.decrypt(pay_to.account, bound_to=f"payment_order:{order_key}")
