"""Operations of ``processes/reconcile.bpmn``: one case for each difference of a reconciliation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text

from engine.duties import reload_actor
from engine.money import reconciling
from engine.tasks.catalogue import operation, refuse
from engine.tasks.desk import Desk

_SOURCE = "鲁人社函〔2020〕10号（八）：每月至少对账一次，业务、财务相互制衡"
#: as the form says them
_CAUSES = {"timing": "未达账项", "theirs": "对方差错", "ours": "本方记账差错", "other": "其他"}


@operation("settle_difference", title="对账差异销号")
def settle_difference(
    desk: Desk, *, difference_id: int, difference_cause: str, difference_explanation: str
) -> dict[str, Any]:
    """The difference is settled with both names: the accountant who explained it last, and who confirmed that.

    The database refuses twice the same person.
    """
    checked_by, checked_at = desk.controls["difference_check"]
    kind, _, number = checked_by.partition(":")
    checker = reload_actor(desk.session, int(number), desk.today) if kind == "staff" else None
    if checker is None:
        raise refuse("signer_gone", "核实人已不在岗，须重新核实", source=_SOURCE)
    explained_by, explained_at = _explained(desk)
    reconciling.settle_difference(
        desk.session,
        difference_id,
        explanation=f"{_CAUSES.get(difference_cause, difference_cause)}：{difference_explanation}",
        explained_by=explained_by,
        explained_at=explained_at,
        actor=checker,
        now=checked_at,
    )
    return {}


def _explained(desk: Desk) -> tuple[str, datetime]:
    """Which accountant did the last step of the case, and when."""
    found = desk.session.execute(
        # by SQL, because the history is another room's table
        text(
            """SELECT actor, at FROM workflow_history
                WHERE case_id = :case AND kind = 'completed' AND duty = 'accountant' ORDER BY id DESC LIMIT 1"""
        ),
        {"case": desk.case.id},
    ).first()
    if found is None:
        raise refuse("explanation_missing", "没有会计岗的说明，不能销号", source=_SOURCE)
    return str(found.actor), found.at
