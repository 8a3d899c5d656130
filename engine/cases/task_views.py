"""What a task page shows of the people around a task: what may be done, who signs, who pressed for it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from engine.cases.desk_tables import TaskUrge
from engine.cases.hands import AtTask
from engine.cases.staff import name_of
from engine.cases.task_rules import RULES, refused
from engine.cases.views import SignerView, UrgeView
from engine.duties import StaffMember
from engine.values import Reason

#: actions that say nothing to whoever they do not concern: their refusal is not shown
_ONLY_WHERE_MEANT = {"give_back", "sign", "take_back", "remove_signer", "release", "urge"}


def what_may(at: AtTask) -> tuple[frozenset[str], Mapping[str, tuple[Reason, ...]]]:
    """The actions that the actor may do now, and the reasons against the others that concern them."""
    if at.task.status != "ready":
        return frozenset({"recall"} if at.task.completed_by in at.names else ()), {}
    answers = {action: refused(at, action) for action in RULES}
    meant = {action for action, reasons in answers.items() if not reasons} - _beside_the_point(at)
    told = {
        action: reasons
        for action, reasons in answers.items()
        if reasons and action not in _ONLY_WHERE_MEANT and (at.actor.kind == "staff" or action == "complete")
    }
    return frozenset(meant), told


def signer_views(at: AtTask) -> tuple[SignerView, ...]:
    """Everybody who was asked for an opinion, in the order of asking."""
    numbers = {each.signer: int(each.signer.removeprefix("staff:")) for each in at.signers}
    found = select(StaffMember.id, StaffMember.login, StaffMember.name).where(
        StaffMember.id.in_(numbers.values())
    )
    known = {row.id: row for row in at.session.execute(found)}
    return tuple(
        SignerView(
            login=known[numbers[each.signer]].login,
            name=known[numbers[each.signer]].name,
            place=each.place,  # type: ignore[arg-type]
            asked_by=name_of(at.session, each.asked_by),
            asked_at=each.asked_at,
            why=each.why,
            opinion=each.opinion,  # type: ignore[arg-type]
            note=each.note,
            signed_at=each.signed_at,
        )
        for each in at.signers
    )


def urge_views(at: AtTask) -> tuple[UrgeView, ...]:
    """Who pressed for the task, the latest first."""
    found = at.session.scalars(
        select(TaskUrge).where(TaskUrge.task_id == at.task.id).order_by(TaskUrge.id.desc())
    )
    return tuple(
        UrgeView(by=name_of(at.session, each.urged_by), note=each.note, at=each.at) for each in found
    )


def _beside_the_point(at: AtTask) -> set[str]:
    """What is allowed and changes nothing: claiming what one has, taking away signers where there is none to take."""
    idle = {"claim"} if at.task.assignee else {"release"}
    if not any(each.signed_at is None for each in at.signers):
        idle.add("remove_signer")
    return idle
