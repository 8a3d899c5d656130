"""Operations of ``processes/suspicion.bpmn``: a line of a suspicion list is answered."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.oversight import lists
from engine.oversight.grounds import barred
from engine.tasks.catalogue import operation
from engine.tasks.desk import Desk
from engine.values import RefusedError

#: what the form says where the finding has to do with no ground
_NONE = "none"


@operation("answer_line", title="登记核查结论", provides=("hit_id",))
def answer_line(
    desk: Desk,
    *,
    line_id: int,
    finding: str,
    finding_note: str,
    finding_ground: str = _NONE,
    finding_day: str | None = None,
) -> dict[str, Any]:
    """The finding on record, confirmed by a second person; true of a running grant, it becomes a hit with its case."""
    ground = "" if finding_ground == _NONE else finding_ground
    if ground and (reason := barred(ground)) is not None:
        raise RefusedError(reason)
    line = lists.answer_line(
        desk.session,
        line_id,
        finding=finding,
        note=finding_note,
        ground=ground,
        event_day=date.fromisoformat(finding_day) if finding_day else None,
        actor=desk.actor,
        now=desk.now,
    )
    return {"hit_id": line.hit_id}
