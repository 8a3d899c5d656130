"""Opening a case: its number, its first step, its first audit event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.steps import around, pass_on
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import CHINA, Actor, CaseId, CaseRef, RegionCode

#: what the number of a case begins with, by process
PREFIXES: Mapping[str, str] = {
    "claim": "SL",
    "payment_run": "FF",
    "transfer_in": "ZR",
    "transfer_out": "ZC",
    "stable_jobs": "WG",
    "refund_settlement": "QS",
    "rectification": "ZG",
    "recheck": "FC",
    "reconcile": "DZ",
    "stop": "TF",
    "death_grant": "SZ",
    "skill_subsidy": "JN",
    "suspicion": "YX",
    "recovery": "ZH",
    "listing": "SX",
    "rating": "CP",
    "complaint": "TS",
    "reduction": "JY",
    "exit_objection": "YY",
}


def next_case(session: Session, office: Office, process_id: str, *, region: str, subject: str) -> CaseRef:
    """A case number that nobody else has, e.g. ``SL-2026-000017``."""
    case_id = int(session.execute(text("SELECT nextval('workflow_case_id_seq')")).scalar_one())
    year = office.clock().astimezone(CHINA).year
    return case_of(case_id, process_id, year=year, region=region, subject=subject)


def case_of(case_id: int, process_id: str, *, year: int, region: str, subject: str) -> CaseRef:
    """The case with that id, with the number that it has from the year in which it was opened."""
    prefix = PREFIXES.get(process_id, process_id.upper()[:4])
    return CaseRef(
        id=CaseId(case_id),
        key=f"{prefix}-{year}-{case_id:06d}",
        process_id=process_id,
        region=RegionCode(region),
        subject=subject,
    )


def start_case(
    office: Office,
    session: Session,
    actor: Actor,
    case: CaseRef,
    data: Mapping[str, Any],
    *,
    message: str = "",
) -> CaseRef:
    """The case, run to its first wait, with its audit event; what it sent is in the outbox."""
    set_desk = around(office, session, actor)(case)
    data = {"region": case.region, "subject": case.subject, **data}
    stepped = office.runner.start(
        session, process_id=case.process_id, ref=case, data=data, around=set_desk, message=message
    )
    append(
        session,
        stream=f"case:{case.id}",
        action=Action.CASE_STARTED,
        actor=actor,
        subject=case.subject,
        after={"case_key": case.key, "process": case.process_id, "region": case.region},
        now=set_desk.now,
    )
    pass_on(session, stepped, now=set_desk.now)
    return case
