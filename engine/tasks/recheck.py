"""Operations of ``processes/recheck.bpmn``, in drawn order."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import select

from engine.benefits.tables import BenefitGrant
from engine.duties import hands_on, own_case
from engine.money.payment_tables import PaymentOrder
from engine.oversight.incidents import grade
from engine.oversight.incidents import raise_incident as draft_incident
from engine.oversight.risk import judge_flag
from engine.oversight.risk_tables import RiskFlag
from engine.oversight.sampling import judge_item
from engine.oversight.sampling_tables import SampleItem
from engine.tasks.catalogue import operation, refuse
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.values import Money, Reason, RefusedError

_SOURCE = "鲁人社函〔2020〕10号（八）；经办与稽核分离"


@operation("close_recheck", title="记为无误")
def close_recheck(desk: Desk, *, recheck_source: str, item_id: int, recheck_note: str) -> dict[str, Any]:
    """The item is right, the flag is explained."""
    _judge(desk, recheck_source, item_id, verdict="right", note=recheck_note)
    return {}


@operation("raise_fund_incident", title="起草基金要情", provides=("incident_id",))
def raise_fund_incident(
    desk: Desk,
    *,
    recheck_source: str,
    item_id: int,
    recheck_about: str,
    recheck_note: str,
    involved_yuan: int = 0,
    filed: bool = False,
) -> dict[str, Any]:
    """The item is wrong, and a fund incident is drafted; a leader signs and reports it (CTRL-05)."""
    _judge(desk, recheck_source, item_id, verdict="wrong", note=recheck_note)
    amount = Money.yuan(involved_yuan or 0)
    graded = grade(desk.today, amount, filed=bool(filed), grave=False, book=desk.book, calendar=desk.calendar)
    made = draft_incident(
        desk.session,
        graded,
        region=desk.case.region,
        found_on=desk.today,
        title=f"复查发现：{recheck_about}"[:120],
        account=recheck_note,
        amount=amount,
        filed=bool(filed),
        case_id=desk.case.id,
        actor=desk.actor,
        now=desk.now,
    )
    return {"incident_id": made.id}


@operation("ask_correction", title="要求更正")
def ask_correction(
    desk: Desk,
    *,
    recheck_source: str,
    item_id: int,
    recheck_about: str,
    recheck_why: str,
    recheck_note: str,
) -> dict[str, Any]:
    """The item is wrong; the office there is told to ask for a data change (CTRL-01)."""
    _judge(desk, recheck_source, item_id, verdict="wrong", note=recheck_note)
    send_letter(
        desk,
        "recheck-correction",
        recheck_about=recheck_about,
        recheck_why=recheck_why,
        recheck_note=recheck_note,
    )
    return {}


def _judge(desk: Desk, source: str, item_id: int, *, verdict: Literal["right", "wrong"], note: str) -> None:
    """The verdict on record; refused for whoever had a hand in what is re-checked, or is the person."""
    session = desk.session
    if source == "sample":
        item = session.get(SampleItem, item_id)
        if item is None:
            raise refuse("no_such_item", "没有这一抽检项", source=_SOURCE, text_en="No such item.")
        _require_apart(desk, item.of_case_id or _case_of_order(desk, item.order_id), item.subject)
        judge_item(session, item_id, verdict=verdict, note=note, actor=desk.actor, now=desk.now)
    elif source == "flag":
        flag = session.get(RiskFlag, item_id)
        if flag is None:
            raise refuse("no_such_flag", "没有这条疑点", source=_SOURCE, text_en="No such flag.")
        _require_apart(desk, _case_of_grant(desk, flag.grant_id), f"person:{flag.person_id}")
        judged: Literal["accepted", "dismissed"] = "dismissed" if verdict == "right" else "accepted"
        judge_flag(session, item_id, verdict=judged, why=note, actor=desk.actor, now=desk.now)


def _require_apart(desk: Desk, case_id: int | None, subject: str) -> None:
    own = own_case(desk.session, desk.duties, desk.actor.key, subject)
    if own:
        raise RefusedError(*own)
    if case_id is not None and hands_on(desk.session, case_id, (desk.actor.key,)):
        raise RefusedError(
            Reason(
                code="own_work",
                text="经办过该案件的人不得复查",
                text_en="Nobody re-checks what they had a hand in.",
                source=_SOURCE,
            )
        )


def _case_of_order(desk: Desk, order_id: int | None) -> int | None:
    return desk.session.scalar(select(PaymentOrder.case_id).where(PaymentOrder.id == order_id))


def _case_of_grant(desk: Desk, grant_id: int) -> int | None:
    return desk.session.scalar(select(BenefitGrant.case_id).where(BenefitGrant.id == grant_id))
