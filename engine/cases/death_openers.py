"""Opening what an analyst rehearses of death grants: somebody who drew benefit and died, made for the rehearsal.

Only on the stage of a rehearsal, where everything is rolled back: see ``openers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from random import Random

from sqlalchemy.orm import Session

from engine.benefits.grants import stop_grant
from engine.cases.death_grants import Asked, apply_for_death_grant
from engine.cases.hit_openers import paid_for_rehearsal
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.views import Done, FieldFaults
from engine.people import Person, ensure_person, find_person
from engine.registers.numbers import id_number_for
from engine.registers.population import PopulationRecord
from engine.values import SYSTEM, Actor, Reason, Refusal, RegionCode
from engine.workflow.rehearsal import Value

_random = Random()  # noqa: S311 - looks for a free number, guards nothing
_NAME = "演练逝者"
_BIRTH = date(1970, 1, 1)


def open_death_grant(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """The person applies: ``data`` says ``died_on`` (empty: no register knows of it yet), ``relation``, ``other_fund``."""
    if subject.kind != "person":
        return Refusal(
            reasons=(Reason(code="not_a_person", text="死亡待遇须写 person", text_en="Name a person."),)
        )
    number = _free_number(office)
    died_on = date.fromisoformat(str(data["died_on"])) if data.get("died_on") else None

    def work(session: Session) -> Done:
        who = deceased_for_rehearsal(session, office, number, died_on=died_on)
        return Done(message=who.name)

    made = attempt(office, SYSTEM, work, subject=subject.key)
    if isinstance(made, Refusal):
        return made
    asked = Asked(
        deceased_number=number,
        deceased_name=_NAME,
        relation=str(data.get("relation") or "spouse"),
        other_fund=str(data.get("other_fund") or "none"),
        commitment=True,
    )
    outcome = apply_for_death_grant(office, subject, asked)
    if isinstance(outcome, FieldFaults):
        return Refusal(reasons=tuple(outcome.faults.values()))
    return outcome


def deceased_for_rehearsal(session: Session, office: Office, number: str, *, died_on: date | None) -> Person:
    """Somebody of that number who drew benefit; stopped by their death, where it is known."""
    record = PopulationRecord(
        id_number=number,
        name=_NAME,
        birth=_BIRTH,
        sex="male",
        household_region=RegionCode(office.settings.region),
    )
    person = ensure_person(session, office.vault, record, now=office.clock(), region=office.settings.region)
    grant = paid_for_rehearsal(session, office, person.id)
    if died_on is not None:
        stop_grant(
            session,
            grant.id,
            ground="ST9",
            event_day=died_on,
            reason="演练",
            actor=SYSTEM,
            now=office.clock(),
        )
    return person


def _free_number(office: Office) -> str:
    while True:
        number = id_number_for(
            region=office.settings.region, birth=_BIRTH, sequence=_random.randrange(501, 998, 2)
        )
        with office.store.reading() as session:
            if find_person(session, office.vault, number) is None:
                return number
