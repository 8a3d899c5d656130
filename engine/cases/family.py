"""Letters to the family of somebody who died (``family:12``): who may read them.

Nobody signs in as a family. A relative reads them with their own application for the death grant, once intake has
accepted it; staff who may see that case read them there, and intake prints them at the counter (``death_grants``).
"""

from __future__ import annotations

import orjson
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from engine.benefits.death_tables import DeathGrant
from engine.oversight.hit_tables import MatchHit
from engine.tasks.tables import Letter
from engine.values import Actor
from engine.workflow.tables import WorkflowHistory

#: the step at which intake accepts a relative
_ACCEPTED_AT = "check_application"


def family_of(person_id: int) -> str:
    """To whom a letter to the family of that person is addressed."""
    return f"family:{person_id}"


def letters_to_family(session: Session, actor: Actor, case_id: int) -> ColumnElement[bool] | None:
    """Which letters the application of a relative lays open to the actor; None where it is no such case, or not yet."""
    row = session.get(DeathGrant, case_id)
    if row is None or (actor.kind != "staff" and not _accepted(session, case_id)):
        return None
    return written_to_family(row.person_id)


def written_to_family(person_id: int) -> ColumnElement[bool]:
    """The letters to the family of that person, found by the cases in which a hit against them was judged."""
    cases = select(MatchHit.case_id).where(MatchHit.person_id == person_id)
    return and_(Letter.case_id.in_(cases), Letter.recipient == family_of(person_id))


def _accepted(session: Session, case_id: int) -> bool:
    """Whether intake last accepted the relative: anybody may call themselves one."""
    outcome = session.scalars(
        select(WorkflowHistory.outcome)
        .where(
            WorkflowHistory.case_id == case_id,
            WorkflowHistory.element_id == _ACCEPTED_AT,
            WorkflowHistory.kind == "completed",
        )
        .order_by(WorkflowHistory.id.desc())
        .limit(1)
    ).first()
    return outcome is not None and orjson.loads(outcome).get("intake_opinion") == "accept"
