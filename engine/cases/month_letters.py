"""What a month run tells the people it decides about: that benefit goes on to retirement, is used up, or waits and why.

Written in the transaction of the part, each once for one occasion; sending is the outbox's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.disbursement.tables import MonthDecision, MonthPart, MonthRun
from engine.law.month import REASONS
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.outbox import OutboxMessage
from engine.tasks.letters import render
from engine.tasks.tables import Letter
from engine.values import SYSTEM

#: the letters that are written here
KINDS = ("benefit-held", "benefit-used-up", "benefit-extended")
#: decisions that the person can do something about; a hit is told by the case that settles it
_HELD = ("no_account", "account_inactive", "holder_differs", "class_unknown", "extension_gap")


def write_letters(session: Session, office: Office, run: MonthRun, part: MonthPart) -> int:
    """How many letters the part of the run gave occasion to."""
    found = session.execute(
        select(MonthDecision, BenefitGrant)
        .join(BenefitGrant, BenefitGrant.id == MonthDecision.grant_id)
        .where(MonthDecision.run_id == run.id, MonthDecision.part == part.number)
        .where(
            MonthDecision.reason.in_(("last", "used_up", *_HELD)) | BenefitGrant.extended_through.is_not(None)
        )
        .order_by(MonthDecision.grant_id)
    )
    own: dict[str, str | None] = {}
    letters = [
        _letter(office, session, own, decision, grant, kind, run)
        for decision, grant in found
        for kind in _kinds(decision, grant)
    ]
    if not letters:
        return 0
    written = session.execute(
        insert(Letter)
        .values(letters)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Letter.id, Letter.key, Letter.case_id, Letter.recipient, Letter.title)
    ).all()
    if written:
        session.execute(insert(OutboxMessage), [_message(office, *each) for each in written])
        append(
            session,
            stream=f"month-run:{part.region}",
            action=Action.NOTICE_SENT,
            actor=SYSTEM,
            subject=f"month_run:{run.id}",
            after={"part": part.number, "letters": len(written)},
            now=office.clock(),
        )
    return len(written)


def _kinds(decision: MonthDecision, grant: BenefitGrant) -> Iterator[str]:
    if decision.reason in _HELD:
        yield KINDS[0]
    elif decision.reason in ("last", "used_up"):
        yield KINDS[1]
    elif grant.extended_through is not None:
        yield KINDS[2]


def _letter(
    office: Office,
    session: Session,
    own: dict[str, str | None],
    decision: MonthDecision,
    grant: BenefitGrant,
    kind: str,
    run: MonthRun,
) -> dict[str, Any]:
    if kind not in own:
        own[kind] = office.wording(session, kind)
    text, text_en = REASONS[decision.reason]
    told = {
        "today": office.today,
        "case_key": f"{grant.id}",
        "month": run.month,
        "months": grant.months,
        "monthly_fen": grant.monthly_fen,
        "first_month": grant.first_month,
        "paid_through": grant.paid_through or "",
        "extended_through": grant.extended_through or "",
        "reason": text,
        "reason_en": text_en,
    }
    title, body = render(office.letters_dir, kind, told, own=own[kind])
    # one letter for one occasion: an end and an extension come once, a hold once for each reason
    occasion = decision.reason if kind == KINDS[0] else ""
    return {
        "key": "/".join(filter(None, (f"grant-{grant.id}", kind, occasion))),
        "case_id": grant.case_id,
        "kind": kind,
        "recipient": f"person:{grant.person_id}",
        "title": title,
        "text": body,
        "created_at": office.clock(),
    }


def _message(
    office: Office, letter_id: int, key: str, case_id: int | None, recipient: str, title: str
) -> dict[str, Any]:
    now = office.clock()
    payload = {"letter_id": letter_id, "recipient": recipient, "title": title}
    return {
        "kind": "letter",
        "key": key,
        "payload": orjson.dumps(payload, option=orjson.OPT_SORT_KEYS).decode(),
        "case_id": case_id,
        "created_at": now,
        "due_at": now,
        "attempts": 0,
        "receipt": "",
        "last_error": "",
    }
