"""Opening what an analyst rehearses of hits and suspicion lists: with a grant, a hit or a list made for the rehearsal.

Only on the stage of a rehearsal, where everything is rolled back: see ``openers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases.hits import start_stop_case
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.suspicion_lines import start_line_case
from engine.cases.views import Done
from engine.oversight import lists
from engine.oversight.hits import report_hit
from engine.oversight.list_tables import SuspicionLine
from engine.people import Person, id_number_of
from engine.values import SYSTEM, Actor, CaseId, Month, Reason, Refusal
from engine.workflow.rehearsal import Value

_MONTHS = 12
_MONTHLY_FEN = 100_000


def open_stop(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """A hit against the person, who is paid for the rehearsal: ``data`` says ``ground``, ``event_day``, ``evidence``."""
    if subject.kind != "person":
        return Refusal(
            reasons=(Reason(code="not_a_person", text="停发核实须写 person", text_en="Name a person."),)
        )

    def work(session: Session) -> Done:
        grant = paid_for_rehearsal(session, office, subject.id, region=str(data.get("region") or ""))
        hit = report_hit(
            session,
            grant,
            origin="report",
            ground=str(data.get("ground", "")),
            event_day=_day(data.get("event_day")),
            detail=str(data.get("evidence") or "演练线索"),
            actor=SYSTEM,
            now=office.clock(),
        )
        case = start_stop_case(session, office, hit, SYSTEM)
        return Done(message=case.key, case_id=CaseId(case.id), case_key=case.key)

    return attempt(office, SYSTEM, work, subject=subject.key)


def open_suspicion(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """A list of one line about the person: ``data`` says ``claim``, ``answer_due``, and whether they are ``paid``."""
    if subject.kind != "person":
        return Refusal(
            reasons=(Reason(code="not_a_person", text="疑点名单核查须写 person", text_en="Name a person."),)
        )
    region = str(data.get("region") or office.settings.region)

    def work(session: Session) -> Done:
        if data.get("paid"):
            paid_for_rehearsal(session, office, subject.id, region=region)
        person = session.get_one(Person, subject.id)
        row = lists.ListRow(
            line_no=2,
            id_number=id_number_of(office.vault, person),
            name=person.name,
            claim_text=str(data.get("claim") or "演练线索"),
        )
        taken = lists.take(
            session,
            office.vault,
            (row,),
            sender="province",
            number=str(data.get("number") or "演练名单"),
            region=region,
            answer_due=_day(data.get("answer_due")) or office.today,
            digest=f"rehearsal:{subject.id}",
            day=office.today,
            actor=SYSTEM,
            now=office.clock(),
        )
        line = session.scalars(select(SuspicionLine).where(SuspicionLine.list_id == taken.id)).one()
        case_id = start_line_case(session, office, line)
        return Done(message=taken.number, case_id=case_id, case_key="")

    return attempt(office, SYSTEM, work, subject=subject.key)


def paid_for_rehearsal(session: Session, office: Office, person_id: int, *, region: str = "") -> BenefitGrant:
    """A grant of the person that began two months ago, as if taken over from an older system."""
    grant = BenefitGrant(
        origin="import",
        person_id=person_id,
        region_code=region or office.settings.region,
        applied_on=office.today,
        granted_on=office.today,
        first_month=str(Month.of(office.today).plus(-2)),
        months=_MONTHS,
        monthly_fen=_MONTHLY_FEN,
        determination="{}",
    )
    session.add(grant)
    session.flush()
    return grant


def _day(value: Value | None) -> date | None:
    return date.fromisoformat(str(value)) if value else None
