"""Operations that diagrams may call, one module per diagram, in drawn order."""

from engine.tasks import claim, payment_run, rectification, stable_jobs, transfer
from engine.tasks.catalogue import CATALOGUE

__all__ = ["CATALOGUE", "claim", "payment_run", "rectification", "stable_jobs", "transfer"]
