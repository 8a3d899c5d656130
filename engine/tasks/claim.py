"""Operations of ``processes/claim.bpmn`` up to the decision, in drawn order; what follows it is in ``claim_decided``."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.law.entitlement import determine
from engine.law.facts import ClaimFacts, Determination, RetirementClass
from engine.people import Person, id_number_of
from engine.registers.reductions import latest_exit, still_insured
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import mask_account
from engine.tasks.catalogue import operation
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.tasks.moved_rights import rights_at


@operation(
    "gather_claim_facts",
    title="归集登记信息",
    provides=(
        "prefilled",
        "exit_reason",
        "exit_day",
        "months_paid",
        "deemed_months",
        "deemed_proven",
        "carried_months",
        "account_matches",
        "receives_pension",
        "has_current_contribution",
        "has_active_business",
        "retirement_class",
        "household_region",
    ),
)
def gather_claim_facts(
    desk: Desk, *, person_id: int, corrections: dict[str, Any] | None = None
) -> dict[str, Any]:
    """All that the registers know about the person, so that the claimant only confirms (CLAIM-02).

    Months that were moved here count, those moved away do not (``moved_rights``). Accepted corrections replace what a register said. Source: 鲁人社函〔2020〕10号（一）（五）.
    """
    person = desk.session.get_one(Person, person_id)
    id_number = id_number_of(desk.vault, person)
    registers = desk.registers
    paid = registers.contributions.history(id_number)
    rights = rights_at(desk.session, paid, person_id=person_id, region=desk.case.region)
    report = latest_exit(desk.session, registers.employers, person_id=person_id, id_number=id_number)
    pension = registers.pensions.record(id_number)
    account = registers.accounts.account(id_number)
    population = registers.population.person(id_number)
    found: dict[str, Any] = {
        "exit_reason": report.reason if report else "",
        "exit_day": report.day.isoformat() if report else "",
        "months_paid": rights.paid,
        "deemed_months": rights.deemed,
        "deemed_proven": rights.deemed_proven,
        "carried_months": rights.carried,
        "account_matches": bool(account and account.activated and account.holder_id_number == id_number),
        "receives_pension": bool(pension and pension.receiving),
        "has_current_contribution": still_insured(desk.session, paid, person_id=person_id),
        "has_active_business": bool(registers.business.active_registrations(id_number)),
        "retirement_class": (pension.retirement_class if pension else None) or _class_by_sex(person.sex),
        "household_region": population.household_region if population else "",
    }
    found.update(corrections or {})
    found["prefilled"] = {
        "employer_name": report.employer_name if report else "未找到减员申报",
        "exit_day": found["exit_day"],
        "exit_reason_name": _reason_name(desk, found["exit_reason"]),
        "months_paid": found["months_paid"],
        "deemed_months": found["deemed_months"],
        "carried_months": found["carried_months"],
        "bank": account.bank if account else "",
        "account_masked": mask_account(account.number) if account else "未找到社会保障卡账户",
        "account_holder": account.holder_name if account else "",
        # what the benefit uses up when it is granted
        "transfers": list(rights.moved),
    }
    return found


def _reason_name(desk: Desk, code: str) -> str:
    known = desk.book.exit_reasons.get(code)
    return known.name if known else "单位尚未申报"


def _class_by_sex(sex: str) -> str | None:
    """A man's class follows from his identity number; a woman's is asked, never guessed (policy §3.5)."""
    return "M60" if sex == "male" else None


@operation("remind", title="提醒办理人")
def remind(desk: Desk) -> dict[str, Any]:
    """A reminder to whoever the case waits for: the claimant, or the office; one a day for a step."""
    for_claimant = "claimant" in desk.waiting_duties
    send_letter(
        desk,
        "reminder" if for_claimant else "task-reminder",
        occasion="/".join((desk.today.isoformat(), *sorted(desk.waiting_duties))),
        recipient="" if for_claimant else f"office:{desk.case.region}",
    )
    return {}


@operation(
    "apply_correction", title="按异议答复更正信息", provides=("corrections",), letters=("objection-reply",)
)
def apply_correction(
    desk: Desk,
    *,
    objection_accepted: str,
    objection_reply: str,
    objected_field: str = "",
    objection_text: str = "",
    corrected_exit_reason: str = "",
    corrected_months: int | None = None,
    corrections: dict[str, Any] | None = None,
    reduction_id: int | None = None,
) -> dict[str, Any]:
    """The answer to an objection: a written reply, and the accepted corrections (CLAIM-03).

    With ``reduction_id`` it is an objection to an employer's report, and there is no form to be confirmed anew.
    """
    fixed = dict(corrections or {})
    accepted = objection_accepted == "yes"
    if accepted and corrected_exit_reason:
        fixed["exit_reason"] = corrected_exit_reason
    if accepted and corrected_months is not None:
        fixed["months_paid"] = corrected_months
    if fixed != (corrections or {}):
        append(
            desk.session,
            stream=f"case:{desk.case.id}",
            action=Action.CASE_DATA_CHANGED,
            actor=desk.actor,
            subject=desk.case.subject,
            before=corrections or {},
            after=fixed,
            reason=objection_reply,
            now=desk.now,
        )
    send_letter(
        desk,
        "objection-reply",
        occasion=desk.now.isoformat(),
        accepted=accepted,
        objected_field=objected_field,
        objection_text=objection_text,
        about_report=reduction_id is not None,
        reply=objection_reply,
    )
    return {"corrections": fixed}


@operation(
    "determine_entitlement",
    title="核定待遇",
    provides=("granted", "months", "monthly_fen", "first_month", "determination"),
)
def determine_entitlement(
    desk: Desk,
    *,
    person_id: int,
    region: str,
    applied_on: str,
    months_paid: int,
    deemed_months: int,
    carried_months: int,
    exit_day: str,
    exit_reason: str,
    has_current_contribution: bool,
    has_active_business: bool,
    receives_pension: bool,
    wants_work: bool,
    retirement_class: RetirementClass | None = None,
    household_region: str = "",
    deemed_proven: bool = True,
    deemed_accepted: str = "",
    deemed_months_accepted: int | None = None,
) -> dict[str, Any]:
    """Whether, how long and how much, with every reason: the law's answer to the facts (CLAIM-04)."""
    person = desk.session.get_one(Person, person_id)
    unproven = 0 if not deemed_proven else deemed_months
    deemed = deemed_months_accepted if deemed_months_accepted is not None else unproven
    if deemed_accepted == "reject":
        # whatever number was typed beside a no
        deemed = 0
    facts = ClaimFacts(
        person_birth=person.birth,
        sex="male" if person.sex == "male" else "female",
        retirement_class=retirement_class,
        region=region,
        applied_on=date.fromisoformat(applied_on),
        months_paid=months_paid,
        deemed_months=deemed,
        carried_months=carried_months,
        exit_day=date.fromisoformat(exit_day) if exit_day else None,
        exit_reason=exit_reason,
        has_current_contribution=has_current_contribution,
        has_active_business=has_active_business,
        receives_pension=receives_pension,
        wants_work=wants_work,
        household_region=household_region or None,
    )
    return _determined(desk, determine(facts, desk.book))


def _determined(desk: Desk, found: Determination) -> dict[str, Any]:
    """The determination as case data, told to the trail."""
    determination = {
        "granted": found.granted,
        "months": found.months,
        "monthly": found.monthly.text,
        "reasons": [reason.plain() for reason in found.reasons],
    }
    append(
        desk.session,
        stream=f"case:{desk.case.id}",
        action=Action.ENTITLEMENT_DETERMINED,
        actor=desk.actor,
        subject=desk.case.subject,
        after=determination,
        now=desk.now,
    )
    return {
        "granted": found.granted,
        "months": found.months,
        "monthly_fen": found.monthly.fen,
        "first_month": str(found.first_month) if found.first_month else "",
        "determination": determination,
    }


@operation("escalate_overdue", title="超期上报负责人")
def escalate_overdue(desk: Desk) -> dict[str, Any]:
    """A notice to the superior that a step is past its limit (CLAIM-12); one a day for a step."""
    occasion = "/".join((desk.today.isoformat(), *sorted(desk.waiting_duties)))
    send_letter(desk, "escalation", occasion=occasion, recipient=f"office:{desk.case.region}")
    append(
        desk.session,
        stream=f"case:{desk.case.id}",
        action=Action.TASK_ESCALATED,
        actor=desk.actor,
        subject=f"office:{desk.case.region}",
        now=desk.now,
    )
    return {}
