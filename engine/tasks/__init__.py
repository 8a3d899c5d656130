"""Operations that diagrams may call, one module per diagram, in drawn order."""

from engine.tasks import (
    claim,
    claim_decided,
    death_grant,
    listing,
    payment_run,
    recheck,
    reconcile,
    recovery,
    rectification,
    refund_settlement,
    stable_jobs,
    stop,
    suspicion,
    transfer,
    transfer_money,
    transfer_out,
)
from engine.tasks.catalogue import CATALOGUE

__all__ = [
    "CATALOGUE",
    "claim",
    "claim_decided",
    "death_grant",
    "listing",
    "payment_run",
    "recheck",
    "reconcile",
    "recovery",
    "rectification",
    "refund_settlement",
    "stable_jobs",
    "stop",
    "suspicion",
    "transfer",
    "transfer_money",
    "transfer_out",
]
