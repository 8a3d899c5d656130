"""Opening what an analyst rehearses of skill subsidies: somebody with a certificate, found by the office or applying.

Only on the stage of a rehearsal, where everything is rolled back: see ``openers``.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from engine.benefits import skills
from engine.cases.office import Office
from engine.cases.skill_subsidies import Asked, apply_for_skill_subsidy, begin
from engine.cases.steps import attempt
from engine.cases.views import Done, FieldFaults
from engine.law.skills import skill_due
from engine.people import Person, id_number_of
from engine.values import SYSTEM, Actor, Reason, Refusal, RefusedError
from engine.workflow.rehearsal import Value


def open_skill_subsidy(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """The person's latest certificate, or the one at ``which`` from 1; ``found: true``: the office found it itself."""
    if subject.kind != "person":
        return _no("not_a_person", "技能提升补贴须写 person", "Name a person.")
    with office.store.reading() as session:
        number = id_number_of(office.vault, session.get_one(Person, subject.id))
    certificates = office.registers.skills.certificates(number)
    which = data.get("which", len(certificates))
    if not isinstance(which, int) or not 1 <= which <= len(certificates):
        return _no("no_certificate", "这个人没有这样的证书", "The person has no such certificate.")
    certificate = certificates[which - 1]
    if not data.get("found"):
        outcome = apply_for_skill_subsidy(office, subject, Asked(certificate_number=certificate.number))
        if isinstance(outcome, FieldFaults):
            return Refusal(reasons=tuple(outcome.faults.values()))
        return outcome

    def work(session: Session) -> Done:
        holder = skills.holder_of(session, subject.id, office.registers.contributions.history(number))
        facts = skills.facts_of(
            certificate, holder, region=holder.region, applied_on=office.today, paid_by=""
        )
        found = skill_due(facts, office.book)
        if isinstance(found, Refusal) or not found.eligible:
            raise RefusedError(*found.reasons)
        case = begin(
            session,
            office,
            SYSTEM,
            certificate,
            person_id=subject.id,
            region=holder.region,
            channel="found",
            found=found,
        )
        return Done(message=case.key, case_id=case.id, case_key=case.key)

    return attempt(office, SYSTEM, work, subject=subject.key)


def _no(code: str, text: str, text_en: str) -> Refusal:
    return Refusal(reasons=(Reason(code=code, text=text, text_en=text_en),))
