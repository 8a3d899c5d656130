"""Applying for the subsidy of a skill certificate: by its holder on the web, or by a clerk for one at the counter (REFUND-06).

Asked is the certificate's number and nothing else: everything more is looked up. What the office finds by itself
begins in ``skill_screening``; both are cases of ``processes/skill-subsidy.bpmn``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from engine.benefits import skills
from engine.benefits.skill_tables import SkillSubsidyCase
from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.start import case_of, next_case, start_case
from engine.cases.steps import attempt
from engine.cases.views import Done, FieldFaults
from engine.duties import own_case
from engine.law.identity import id_number as read_id_number
from engine.law.skills import SOURCE, SkillFound
from engine.law.time_limits import deadline
from engine.people import Person, ensure_person, id_number_of, record_look
from engine.registers import RegisterDown
from engine.registers.skills import SkillCertificate
from engine.store.crypto import normalised
from engine.store.sight import beyond
from engine.tasks.skill_subsidy import shown, told, usable
from engine.values import Actor, CaseRef, Reason, Refusal, RefusedError

PROCESS = "skill_subsidy"
Channel = Literal["found", "web", "counter"]
_DOWN = Reason(
    code="register_down",
    text="证书查询或参保系统暂时没有回答，请稍后再试；没有保存任何内容",
    text_en="A register does not answer just now: try again later. Nothing was kept.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is typed; the holder's number and name only by a clerk."""

    certificate_number: str
    holder_number: str = ""
    holder_name: str = ""


#: refusals that one field can put right
_FIELD_OF = {
    "certificate_not_found": "certificate_number",
    "identity_not_confirmed": "holder_number",
    "skill_paid_before": "certificate_number",
}


def apply_for_skill_subsidy(office: Office, actor: Actor, asked: Asked) -> Done | FieldFaults | Refusal:
    """The application, with its case. For a signed-in holder, or for intake of the region where the holder is insured.

    Refused for a certificate that the look-up does not know as the holder's, one that is being dealt with, and one that
    was paid before; whatever else the law asks is decided in the case, by people.
    """
    if actor.kind not in ("person", "staff"):
        no = "只有持证人本人或窗口受理岗可以提出"
        return Refusal(
            reasons=(Reason(code="not_holder", text=no, text_en="The holder applies, or intake."),)
        )
    faults = _form_faults(actor, asked)
    if faults:
        return FieldFaults(faults=faults)

    def work(session: Session) -> Done:
        with beyond(
            session,
            "whether a certificate was paid, and to its holder anything before, in any region: told is yes or no",
        ):
            person, number = _holder(session, office, actor, asked)
            certificate = _certificate(office, number, asked.certificate_number)
            holder = skills.holder_of(session, person.id, office.registers.contributions.history(number))
            region = holder.region or person.region_code or office.settings.region
            if actor.kind == "staff":
                require_duty(session, office, actor, "intake", region)
                record_look(
                    session,
                    actor=actor,
                    subject=f"person:{person.id}",
                    why="受理技能提升补贴申请",
                    now=office.clock(),
                )
                own = own_case(session, office.duties, actor.key, f"person:{person.id}")
                if own:
                    raise RefusedError(*own)
            channel: Channel = "web" if actor.kind == "person" else "counter"
            case = begin(
                session, office, actor, certificate, person_id=person.id, region=region, channel=channel
            )
            return Done(message=f"申请已受理，编号 {case.key}", case_id=case.id, case_key=case.key)

    try:
        outcome = attempt(office, actor, work, subject=actor.key)
    except RegisterDown:
        return Refusal(reasons=(_DOWN,))
    if isinstance(outcome, Refusal) and outcome.reasons[0].code in _FIELD_OF:
        # recorded as refused all the same: whoever tries numbers leaves a trace
        return FieldFaults(faults={_FIELD_OF[outcome.reasons[0].code]: outcome.reasons[0]})
    return outcome


def begin(
    session: Session,
    office: Office,
    actor: Actor,
    certificate: SkillCertificate,
    *,
    person_id: int,
    region: str,
    channel: Channel,
    found: SkillFound | None = None,
) -> CaseRef:
    """The case of the certificate, run to its first wait; with what screening found where the office began it.

    Refused while the certificate is being dealt with, and once it was paid.
    """
    _refuse_second(session, certificate.number)
    case = next_case(session, office, PROCESS, region=region, subject=f"person:{person_id}")
    session.add(
        SkillSubsidyCase(
            case_id=case.id,
            person_id=person_id,
            certificate_number=normalised(certificate.number),
            occupation=certificate.occupation,
            level=certificate.level,
            issued_on=certificate.issued_on,
            urgent=certificate.urgent,
            region_code=region,
            applied_on=office.today,
            channel=channel,
            entered_by=actor.key,
        )
    )
    session.flush()
    offer: dict[str, str | int] = {}
    confirm_until = ""
    if found is not None:
        number = id_number_of(office.vault, session.get_one(Person, person_id))
        card = usable(office.registers.accounts.account(number), number)
        offer = {"amount_fen": found.amount.fen, "amount": f"{found.amount.text} 元", "account": shown(card)}
        # as long as the law would let the holder apply, and never too short to be read
        confirm_until = max(found.apply_by.isoformat(), _limit(office, "skill_confirmation", region))
    data = {
        "person_id": person_id,
        "applied_on": office.today.isoformat(),
        "decide_by": _limit(office, "skill_subsidy", region),
        "channel": channel,
        "certificate": told(certificate),
        "offer": offer,
        "confirm_until": confirm_until,
    }
    start_case(office, session, actor, case, data)
    return case


def _form_faults(actor: Actor, asked: Asked) -> dict[str, Reason]:
    faults: dict[str, Reason] = {}
    if not asked.certificate_number.strip():
        faults["certificate_number"] = _fault("certificate_number", "请填写证书编号", "Give the number.")
    if actor.kind == "staff":
        read = read_id_number(asked.holder_number)
        if isinstance(read, Refusal):
            faults["holder_number"] = read.reasons[0]
    return faults


def _holder(session: Session, office: Office, actor: Actor, asked: Asked) -> tuple[Person, str]:
    """Who holds it: who signed in, or whom the population register has under number and name; with the number."""
    if actor.kind == "person":
        person = session.get_one(Person, actor.id)
        return person, id_number_of(office.vault, person)
    record = office.registers.population.person(asked.holder_number)
    if record is None or record.name != asked.holder_name.strip() or record.deceased_on is not None:
        raise RefusedError(
            _fault(
                "identity_not_confirmed",
                "持证人的身份证号码与姓名核对不一致，请检查后重试",
                "Number and name of the holder do not agree with the population register.",
            )
        )
    return ensure_person(session, office.vault, record, now=office.clock()), record.id_number


def _certificate(office: Office, id_number: str, number: str) -> SkillCertificate:
    """The certificate of that number; one sentence whether it does not exist or is another's: nobody learns which."""
    wanted = normalised(number)
    for each in office.registers.skills.certificates(id_number):
        if normalised(each.number) == wanted:
            return each
    raise RefusedError(
        _fault(
            "certificate_not_found",
            "全国联网查询没有查到本人名下的这个证书，请核对编号；刚发的证书可以过几天再试",
            "The national look-up knows no such certificate of the holder: check the number, or try again in some days.",
            source=SOURCE,
        )
    )


def _refuse_second(session: Session, number: str) -> None:
    open_case = skills.open_case_of(session, number)
    if open_case is not None:
        row = session.get_one(SkillSubsidyCase, open_case)
        key = case_of(
            open_case,
            PROCESS,
            year=row.applied_on.year,
            region=row.region_code,
            subject=f"person:{row.person_id}",
        ).key
        raise RefusedError(
            Reason(
                code="claim_open",
                text=f"这个证书正在办理（{key}），不用再申请",
                text_en=f"This certificate is being dealt with in {key}.",
                source=SOURCE,
            )
        )
    if skills.paid_here(session, number):
        raise RefusedError(
            Reason(
                code="skill_paid_before",
                text="这个证书已经发放过技能提升补贴，一个证书只能享受一次",
                text_en="This certificate was subsidised before; it is once only.",
                source=SOURCE,
            )
        )


def _limit(office: Office, name: str, region: str) -> str:
    limit = deadline(name, office.today, region=region, book=office.book, calendar=office.calendar)
    if isinstance(limit, Refusal):
        raise RefusedError(*limit.reasons)
    return limit.day.isoformat()


def _fault(code: str, text: str, text_en: str, *, source: str = "") -> Reason:
    return Reason(code=code, text=text, text_en=text_en, source=source)
