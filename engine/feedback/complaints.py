"""Complaints (投诉): how one is kept, found by its code, answered, objected to once and closed (SERV-03).

Works inside the caller's transaction; who may do what is the caller's to settle.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.feedback.tables import Complaint
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault
from engine.values import CHINA, Actor, CaseRef, Reason, RefusedError

#: what a complaint may be about, in Chinese and English
KINDS: Mapping[str, tuple[str, str]] = {
    "attitude": ("服务态度", "how I was treated"),
    "delay": ("办事拖延", "delay"),
    "papers": ("违规要材料", "papers that may not be asked for"),
    "money": ("待遇发放", "payment of benefits"),
    "conduct": ("违规违纪", "misconduct"),
    "other": ("其他", "something else"),
}
CHANNELS: Mapping[str, tuple[str, str]] = {
    "web": ("网上", "web"),
    "counter": ("窗口", "counter"),
    "phone": ("电话", "telephone"),
    "letter": ("来信", "letter"),
}
STATUS_NAMES: Mapping[str, str] = {
    "received": "待受理",
    "accepted": "办理中",
    "passed_on": "已转交",
    "answered": "已答复",
    "objected": "复核中",
    "closed": "已办结",
}
FINDINGS: Mapping[str, str] = {"justified": "属实", "partly": "部分属实", "unfounded": "不属实"}
REVIEWS: Mapping[str, str] = {"upheld": "维持原答复", "changed": "变更原答复"}
TEXT_MAX = 2000
TEXT_MIN = 5
SOURCE = "渝人社发〔2019〕169号三（五）3；社会保险法第八十二条"
#: signs that nobody takes for one another; sixteen of them are 79 bits
_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a complaint says, as it came."""

    kind: str
    text: str
    about_staff: str = ""
    #: empty for an anonymous one, and for whoever is signed in
    name: str = ""
    #: telephone or address
    reach: str = ""
    channel: str = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Who complained by name, and how to reach them."""

    name: str
    reach: str


def take(
    session: Session,
    vault: Vault,
    told: Told,
    *,
    case: CaseRef,
    of_case_id: int | None,
    complainant: str,
    actor: Actor,
    now: datetime,
) -> tuple[Complaint, str]:
    """The complaint on record, and the code by which whoever has it reads the answer; the code is kept nowhere."""
    code = "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4))
    index = vault.index(code)
    named = {"name": told.name.strip(), "reach": told.reach.strip()}
    contact = (
        vault.encrypt(orjson.dumps(named).decode(), bound_to=_place(index)) if any(named.values()) else None
    )
    complaint = Complaint(
        case_id=case.id,
        case_key=case.key,
        region_code=case.region,
        kind=told.kind,
        text=told.text.strip(),
        of_case_id=of_case_id,
        about_staff=told.about_staff.strip(),
        complainant=complainant,
        contact=contact,
        channel=told.channel,
        entered_by="" if actor.kind == "system" else actor.key,
        code_index=index,
        received_at=now,
        received_on=now.astimezone(CHINA).date(),
    )
    session.add(complaint)
    session.flush()
    _note(session, complaint, Action.COMPLAINT_RECEIVED, actor, now, kind=told.kind, channel=told.channel)
    return complaint, code


def contact_of(vault: Vault, complaint: Complaint) -> Contact | None:
    """Who complained by name, and how to reach them; None for an anonymous one. Record the look."""
    if complaint.contact is None:
        return None
    return Contact(**orjson.loads(vault.decrypt(complaint.contact, bound_to=_place(complaint.code_index))))


def of_code(session: Session, vault: Vault, code: str) -> Complaint | None:
    """The complaint that the code is for; None for any other text."""
    if not 16 <= len(code.strip()) <= 40:
        return None
    return session.scalars(select(Complaint).where(Complaint.code_index == vault.index(code))).one_or_none()


def of_case(session: Session, case_id: int) -> Complaint:
    """The complaint of the case."""
    return session.scalars(select(Complaint).where(Complaint.case_id == case_id).with_for_update()).one()


def accept(session: Session, complaint: Complaint, *, answer_by: date, actor: Actor, now: datetime) -> None:
    """The office looks into it, and answers by that day."""
    complaint.status, complaint.accepted_at, complaint.answer_by = "accepted", now, answer_by
    _note(session, complaint, Action.COMPLAINT_ACCEPTED, actor, now, answer_by=answer_by.isoformat())


def pass_on(
    session: Session, complaint: Complaint, *, to: str, why: str, actor: Actor, now: datetime
) -> None:
    """Not this office's to answer: told to whom it went, and why (社会保险法第八十二条)."""
    complaint.status, complaint.passed_to, complaint.passed_why = "passed_on", to, why
    _note(session, complaint, Action.COMPLAINT_PASSED_ON, actor, now, to=to)


def answer(
    session: Session,
    complaint: Complaint,
    *,
    finding: str,
    text: str,
    object_until: date,
    actor: Actor,
    now: datetime,
) -> None:
    """The answer; the complainant may object once until that day."""
    complaint.status, complaint.finding, complaint.answer = "answered", finding, text
    complaint.answered_at, complaint.object_until = now, object_until
    _note(session, complaint, Action.COMPLAINT_ANSWERED, actor, now, finding=finding)


def object_to(session: Session, complaint: Complaint, *, why: str, actor: Actor, now: datetime) -> None:
    """The one objection to the answer. RefusedError where there is none to object to, or no more."""
    if complaint.objected_at is not None:
        raise _no(
            "objected_before",
            "对答复只能提出一次异议，已经收到",
            "You have objected once; that is all there is.",
        )
    today = now.astimezone(CHINA).date()
    if complaint.status != "answered" or complaint.object_until is None or today > complaint.object_until:
        raise _no(
            "too_late", "现在不能提出异议：还没有答复，或异议期限已过", "There is nothing to object to now."
        )
    if not TEXT_MIN <= len(why.strip()) <= TEXT_MAX:
        raise _no(
            "text_missing",
            f"请写明不认可的理由，{TEXT_MIN}至{TEXT_MAX}字",
            "Say why you do not accept the answer.",
        )
    complaint.status, complaint.objected_at, complaint.objection = "objected", now, why.strip()
    _note(session, complaint, Action.COMPLAINT_OBJECTED, actor, now)


def close(
    session: Session,
    complaint: Complaint,
    *,
    actor: Actor,
    now: datetime,
    review_finding: str | None = None,
    review_answer: str | None = None,
) -> None:
    """Over: nobody objected in time, or a superior has reviewed the objection."""
    complaint.status = "closed"
    if review_finding is not None:
        complaint.reviewed_at = now
        complaint.review_finding, complaint.review_answer = review_finding, review_answer
    _note(session, complaint, Action.COMPLAINT_CLOSED, actor, now, review=review_finding or "")


def faults_of(told: Told) -> dict[str, Reason]:
    """What is wrong with what was written: a sentence for each field."""
    faults: dict[str, Reason] = {}
    if told.kind not in KINDS:
        faults["kind"] = _fault("kind", "请选择投诉的类别", "Choose what it is about.")
    if not TEXT_MIN <= len(told.text.strip()) <= TEXT_MAX:
        faults["text"] = _fault(
            "text",
            f"请写明情况，{TEXT_MIN}至{TEXT_MAX}字",
            f"Say what happened, in {TEXT_MIN} to {TEXT_MAX} characters.",
        )
    if len(told.about_staff) > 200:
        faults["about_staff"] = _fault("about_staff", "最多200字", "At most 200 characters.")
    if len(told.name) > 60 or len(told.reach) > 120:
        faults["reach"] = _fault(
            "reach", "姓名最多60字，联系方式最多120字", "Name at most 60, contact at most 120 characters."
        )
    return faults


def _note(
    session: Session, complaint: Complaint, action: Action, actor: Actor, now: datetime, **after: str
) -> None:
    session.flush()
    append(
        session,
        stream=f"case:{complaint.case_id}",
        action=action,
        actor=actor,
        subject=f"complaint:{complaint.id}",
        after={"status": complaint.status, **after},
        now=now,
    )


def _place(code_index: bytes) -> str:
    return f"complaint:{bytes(code_index).hex()}"


def _fault(field: str, text: str, text_en: str) -> Reason:
    return Reason(code=f"{field}_missing", text=text, text_en=text_en, source=SOURCE)


def _no(code: str, text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=SOURCE))
