"""Supervision of one item (督办): the office that issued it presses its unit by letter, with the reason on record (RECT-05)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.checklist_views import in_sight, not_seen
from engine.cases.hands import refuse_empty
from engine.cases.item_cases import ISSUES
from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.rows import region_names
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.oversight.rectification_tables import STATUSES, Checklist, ChecklistTopic, RectificationItem
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.letters import render
from engine.tasks.tables import Letter
from engine.values import Actor, Reason, Refusal, RefusedError

#: the kind of its letter
LETTER = "rectification-supervision"
_SETTLED = ("no_problem", "done")
_SOURCE = "渝人社发〔2019〕169号 四（二）"
_WHY_MAX = 500


def supervise(office: Office, actor: Actor, item_id: int, *, why: str) -> Done | Refusal:
    """The unit gets a letter that says why; once a day for one item, however often it is asked for.

    Refused: a duty that supervises nothing there, an item that is settled, no reason.
    """

    def work(session: Session) -> Done:
        item = session.scalar(
            select(RectificationItem)
            .where(RectificationItem.id == item_id, in_sight(actor))
            .with_for_update()
        )
        if item is None:
            raise RefusedError(not_seen())
        require_duty(session, office, actor, ISSUES, item.region_code)
        reason = refuse_empty(why, "督办的理由")[:_WHY_MAX]
        checklist = session.get_one(Checklist, item.checklist_id)
        wrong = _not_now(office, item, checklist)
        if wrong:
            raise RefusedError(*wrong)
        item.supervised, item.supervised_on, item.supervised_why = item.supervised + 1, office.today, reason
        letter = _letter(session, office, checklist, item, reason)
        append(
            session,
            stream=f"case:{item.case_id}" if item.case_id else f"checklist:{checklist.id}",
            action=Action.ITEM_SUPERVISED,
            actor=actor,
            subject=f"rectification_item:{item.id}",
            after={"supervised": item.supervised, "letter": letter.key},
            reason=reason,
            now=office.clock(),
        )
        return Done(message="已督办，督办通知已发出")

    return attempt(office, actor, work, subject=f"rectification_item:{item_id}")


def why_not(
    session: Session, office: Office, actor: Actor, item: RectificationItem, checklist: Checklist
) -> Mapping[str, tuple[Reason, ...]]:
    """Why the actor may not supervise or reopen the item now; an act that they may is left out."""
    no = check_may(session, office.duties, actor, ISSUES, item.region_code, office.today)
    if no is not None:
        return {"supervise": no.reasons, "reopen": no.reasons}
    settled = item.status in _SETTLED
    found: dict[str, tuple[Reason, ...]] = {}
    if wrong := _not_now(office, item, checklist):
        found["supervise"] = wrong
    if not settled or checklist.status != "open":
        found["reopen"] = (
            _reason(
                "item_not_settled",
                "只有已承诺无问题或已销号的事项可以重新打开",
                "Only a settled item is reopened.",
            ),
        )
    return found


def _not_now(office: Office, item: RectificationItem, checklist: Checklist) -> tuple[Reason, ...]:
    if item.status in _SETTLED or checklist.status != "open":
        return (_reason("item_settled", f"此项已{STATUSES[item.status]}，无需督办", "The item is settled."),)
    if item.supervised_on == office.today:
        return (_reason("supervised_today", "今天已经督办过此项", "The item was supervised today already."),)
    return ()


def _letter(
    session: Session, office: Office, checklist: Checklist, item: RectificationItem, why: str
) -> Letter:
    key = f"{checklist.number}/督办/{item.id}/{office.today.isoformat()}"
    names = region_names(session, {item.region_code, checklist.region})
    due = {"unchecked": item.self_check_due, "planning": item.plan_due, "doing": item.done_due}.get(
        item.status
    )
    facts = {
        "case_key": checklist.number,
        "today": office.today,
        "checklist": checklist.title,
        "source": checklist.source,
        "issuer": names[checklist.region],
        "addressee": names[item.region_code] + (f"（{item.lead_unit}）" if item.lead_unit else ""),
        "topic": session.get_one(ChecklistTopic, item.topic_id).title,
        "status": STATUSES[item.status],
        "due": due.isoformat() if due else "",
        "why": why,
    }
    title, text = render(office.letters_dir, LETTER, facts, own=office.wording(session, LETTER))
    letter = Letter(
        key=key,
        case_id=item.case_id,
        kind=LETTER,
        recipient=f"office:{item.region_code}",
        title=title,
        text=text,
        created_at=office.clock(),
    )
    session.add(letter)
    session.flush()
    payload = {"letter_id": letter.id, "recipient": letter.recipient, "title": title}
    outbox.put(session, kind="letter", key=key, payload=payload, now=office.clock(), case_id=item.case_id)
    return letter


def _reason(code: str, text: str, english: str) -> Reason:
    return Reason(code=code, text=text, text_en=english, source=_SOURCE)
