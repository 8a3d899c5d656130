"""Opening what an analyst rehearses of reductions: an employer and a worker, one of them made for the rehearsal.

Only on the stage of a rehearsal, where everything is rolled back: see ``openers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.exit_objections import object_to_reason
from engine.cases.office import Office
from engine.cases.reductions import ReportAsked, begin
from engine.cases.steps import attempt
from engine.cases.views import Done, FieldFaults
from engine.people import Employer, Person, ensure_employer, ensure_person, find_person
from engine.registers.business import EmployerRecord
from engine.registers.numbers import credit_code_for, id_number_for
from engine.registers.population import PopulationRecord
from engine.registers.reduction_tables import ReductionReport
from engine.values import SYSTEM, Actor, Reason, Refusal, RegionCode
from engine.workflow.rehearsal import Value

_random = Random()  # noqa: S311 - looks for a free number, guards nothing
_BIRTH = date(1985, 1, 1)


def open_reduction(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """The employer reports somebody who was made up: ``data`` says ``reason`` and ``exit_day``."""
    if subject.kind != "employer":
        return _no("not_an_employer", "减员申报须写 employer", "Name an employer.")

    def work(session: Session) -> Done:
        employer = session.get_one(Employer, subject.id)
        return _reported(session, office, employer, _worker(session, office), data)

    return attempt(office, SYSTEM, work, subject=subject.key)


def open_exit_objection(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """The person objects to what a made-up employer reported: ``reason``; ``claims`` and ``text`` are theirs."""
    if subject.kind != "person":
        return _no("not_a_person", "离职原因异议须写 person", "Name a person.")
    reported: list[int] = []

    def work(session: Session) -> Done:
        person = session.get_one(Person, subject.id)
        done = _reported(session, office, _firm(session, office), person, {"reason": "V01", **data})
        assert done.case_id is not None  # noqa: S101 - begun just now
        reported.append(
            session.scalars(select(ReductionReport.id).where(ReductionReport.case_id == done.case_id)).one()
        )
        return done

    made = attempt(office, SYSTEM, work, subject=subject.key)
    if isinstance(made, Refusal):
        return made
    text = str(data.get("text") or "是单位提出解除的，不是我辞职")
    outcome = object_to_reason(
        office, subject, reported[0], statement=text, claimed_reason=str(data.get("claims") or "")
    )
    return Refusal(reasons=tuple(outcome.faults.values())) if isinstance(outcome, FieldFaults) else outcome


def _reported(
    session: Session, office: Office, employer: Employer, person: Person, data: Mapping[str, Value]
) -> Done:
    asked = ReportAsked(
        id_number="",
        name=person.name,
        exit_day=str(data.get("exit_day") or office.today.isoformat()),
        reason=str(data.get("reason") or "I07"),
    )
    who = Actor(kind="employer", id=employer.id, name=employer.name)
    report, case = begin(
        session,
        office,
        who,
        asked,
        employer=employer,
        person=person,
        region=office.settings.region,
        channel="web",
    )
    return Done(message=report.case_key, case_id=case.id, case_key=case.key)


def _worker(session: Session, office: Office) -> Person:
    while True:
        number = id_number_for(
            region=office.settings.region, birth=_BIRTH, sequence=_random.randrange(501, 998, 2)
        )
        if find_person(session, office.vault, number) is None:
            break
    record = PopulationRecord(
        id_number=number,
        name="演练职工",
        birth=_BIRTH,
        sex="male",
        household_region=RegionCode(office.settings.region),
    )
    return ensure_person(session, office.vault, record, now=office.clock(), region=office.settings.region)


def _firm(session: Session, office: Office) -> Employer:
    code = credit_code_for(
        prefix="91", region=office.settings.region, organisation=f"R{_random.randrange(10_000_000):07d}"
    )
    record = EmployerRecord(
        credit_code=code,
        name="演练单位",
        region=RegionCode(office.settings.region),
        kind="企业",
        account="",
        bank="",
    )
    return ensure_employer(session, record, now=office.clock())


def _no(code: str, text: str, text_en: str) -> Refusal:
    return Refusal(reasons=(Reason(code=code, text=text, text_en=text_en),))
