"""The door to payments: order, batch, release, receipt. Other rooms import from here.

Behind it: ``orders`` (what is owed), ``batches`` (who answers for what goes out), ``receipts`` (what the
bank says), ``payment_tables`` (what the database itself holds to).
"""

from __future__ import annotations

from engine.money.batches import (
    BANK_FILE,
    certify,
    close_batch,
    dissolve_batch,
    lines_of,
    open_bank_file,
    prepare_batch,
    record_sample,
    release,
)
from engine.money.orders import PayeeKind, PaymentError, cancel, free, hold, order_payment, requeue_line
from engine.money.payment_guards import TRIGGERS
from engine.money.payment_tables import (
    AccountCorrection,
    BankReceipt,
    PaymentBatch,
    PaymentLine,
    PaymentOrder,
)
from engine.money.receipts import Difference, ReceiptOutcome, open_differences, take_receipt

__all__ = [
    "BANK_FILE",
    "TRIGGERS",
    "AccountCorrection",
    "BankReceipt",
    "Difference",
    "PayeeKind",
    "PaymentBatch",
    "PaymentError",
    "PaymentLine",
    "PaymentOrder",
    "ReceiptOutcome",
    "cancel",
    "certify",
    "close_batch",
    "dissolve_batch",
    "free",
    "hold",
    "lines_of",
    "open_bank_file",
    "open_differences",
    "order_payment",
    "prepare_batch",
    "record_sample",
    "release",
    "requeue_line",
    "take_receipt",
]
