"""The history of one case read back: what happened, and which completed steps still stand.

Called by the ways back and, for the controls of an operation, by the cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.workflow.standing import with_completion, without
from engine.workflow.tables import WorkflowHistory

#: kinds of history that are a way back
WENT_BACK = ("returned", "recalled")


@dataclass(frozen=True, slots=True)
class Done:
    """A completed step of the case."""

    element_id: str
    row: WorkflowHistory
    #: the completions of the same step right before it: the others who voted
    others: tuple[WorkflowHistory, ...] = ()


def history_of(session: Session, case_id: int) -> Sequence[WorkflowHistory]:
    """What happened in the case, oldest first."""
    query = select(WorkflowHistory).where(WorkflowHistory.case_id == case_id).order_by(WorkflowHistory.id)
    return session.scalars(query).all()


def standing_of(history: Iterable[WorkflowHistory]) -> tuple[Done, ...]:
    """The completed steps that still stand, in order; `history` is the whole of one case, oldest first."""
    done: tuple[Done, ...] = ()
    for row in history:
        if row.kind == "completed":
            last = done[-1] if done and done[-1].element_id == row.element_id else None
            others = (*last.others, last.row) if last else ()
            done = with_completion(done, Done(row.element_id, row, others))
        elif row.kind in WENT_BACK:
            done = without(done, row.element_id, orjson.loads(row.outcome)["voids"])
    return done
