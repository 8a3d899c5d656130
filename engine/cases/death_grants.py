"""Applying for the grant of the family after a death on benefit: by a relative on the web, or by a clerk for one at the counter.

Asked are who died, who applies, how they are related, where the funeral grant is drawn, and the applicant's own account;
never a certificate. Whoever is approved first is paid: ``processes/death-grant.bpmn``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits import death
from engine.benefits.death import RELATIONS
from engine.benefits.death_tables import DeathGrant
from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.start import case_of, next_case, start_case
from engine.cases.steps import attempt
from engine.cases.views import Done, FieldFaults
from engine.duties import own_case
from engine.law.death import FUND_NAMES, SOURCE, OtherFund
from engine.law.identity import bank_card
from engine.law.identity import id_number as read_id_number
from engine.law.time_limits import deadline
from engine.money.accounts import new_account
from engine.people import Person, ensure_person, find_person, id_number_of, record_look
from engine.store.sight import beyond
from engine.values import Actor, Reason, Refusal, RefusedError

#: for pages
RELATION_NAMES = RELATIONS
FUNDS: Mapping[OtherFund, tuple[str, str]] = FUND_NAMES
_PROCESS = "death_grant"
_NO_CARD = (
    "没有找到申请人本人可用的社会保障卡账户，请填写申请人本人的银行账户",
    "No card account of the applicant was found: give an account of the applicant's own.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a relative says; the applicant's number and name only where a clerk types them."""

    deceased_number: str
    deceased_name: str
    relation: str
    other_fund: str
    #: the relative stands in for the truth of it (告知承诺)
    commitment: bool
    #: empty: the account of the applicant's social security card
    account: str = ""
    applicant_number: str = ""
    applicant_name: str = ""


#: refusals that one field can put right
_FIELD_OF = {
    "no_benefit_found": "deceased_number",
    "applicant_is_deceased": "deceased_number",
    "identity_not_confirmed": "applicant_number",
    "no_card_account": "account",
    "account_unusable": "account",
}


def apply_for_death_grant(office: Office, actor: Actor, asked: Asked) -> Done | FieldFaults | Refusal:
    """The application, with its case. For a signed-in relative, or for intake of the region where the benefit was drawn.

    Refused while the same relative's earlier application is open, and once another relative was granted it.
    """
    if actor.kind not in ("person", "staff"):
        no = "只有遗属本人或窗口受理岗可以提出"
        return Refusal(
            reasons=(Reason(code="not_family", text=no, text_en="A relative applies, or intake for one."),)
        )
    faults = _form_faults(actor, asked)
    if faults:
        return FieldFaults(faults=faults)

    def work(session: Session) -> Done:
        with beyond(
            session,
            "whoever died, and who else applied, is not the relative's to see: told is yes or no alone",
        ):
            grant = _drawn(session, office, actor, asked)
            applicant = _applicant(session, office, actor, asked)
            _refuse_own(session, office, actor, grant, applicant)
            _refuse_second(session, grant, applicant)
            return _begin(session, office, actor, asked, grant, applicant)

    outcome = attempt(office, actor, work, subject=actor.key)
    if isinstance(outcome, Refusal) and outcome.reasons[0].code in _FIELD_OF:
        # recorded as refused all the same: whoever tries numbers leaves a trace
        return FieldFaults(faults={_FIELD_OF[outcome.reasons[0].code]: outcome.reasons[0]})
    return outcome


def _begin(
    session: Session, office: Office, actor: Actor, asked: Asked, grant: BenefitGrant, applicant: Person
) -> Done:
    case = next_case(session, office, _PROCESS, region=grant.region_code, subject=f"person:{applicant.id}")
    pay_to = new_account(
        office.vault, account=_account(office, asked, applicant), account_name=applicant.name
    )
    row = DeathGrant(
        case_id=case.id,
        person_id=grant.person_id,
        grant_id=grant.id,
        applicant_id=applicant.id,
        region_code=grant.region_code,
        relation=asked.relation,
        other_fund=asked.other_fund,
        applied_on=office.today,
        channel="web" if actor.kind == "person" else "counter",
        entered_by=actor.key,
        account=pay_to.account,
        account_index=pay_to.account_index,
        account_name=pay_to.account_name,
    )
    session.add(row)
    session.flush()
    limit = deadline(
        "death_grant_decision", office.today, region=grant.region_code, book=office.book, calendar=office.calendar
    )  # fmt: skip
    if isinstance(limit, Refusal):
        raise RefusedError(*limit.reasons)
    data = {
        "person_id": grant.person_id,
        "grant_id": grant.id,
        "applied_on": office.today.isoformat(),
        "decide_by": limit.day.isoformat(),
        "channel": row.channel,
    }
    start_case(office, session, actor, case, data)
    waiting = len(death.others_open(session, row))
    told = f"；另有 {waiting} 名亲属已提出申请，以先核准的为准" if waiting else ""
    return Done(message=f"申请已受理，编号 {case.key}{told}", case_id=case.id, case_key=case.key)


def _form_faults(actor: Actor, asked: Asked) -> dict[str, Reason]:
    faults: dict[str, Reason] = {}
    numbers = {"deceased_number": asked.deceased_number}
    if actor.kind == "staff":
        numbers["applicant_number"] = asked.applicant_number
    for field, number in numbers.items():
        read = read_id_number(number)
        if isinstance(read, Refusal):
            faults[field] = read.reasons[0]
    if asked.account and isinstance(read_card := bank_card(asked.account), Refusal):
        faults["account"] = read_card.reasons[0]
    if asked.relation not in RELATIONS:
        faults["relation"] = _fault("relation", "请选择与逝者的关系", "Say how you are related.")
    if asked.other_fund not in FUND_NAMES:
        faults["other_fund"] = _fault(
            "other_fund", "请选择由哪个险种支付丧葬补助金", "Say which insurance pays."
        )
    if not asked.commitment:
        faults["commitment"] = _fault(
            "commitment", "请确认承诺：不要证明材料，但须对所填内容负责", "Confirm the commitment."
        )
    return faults


def _drawn(session: Session, office: Office, actor: Actor, asked: Asked) -> BenefitGrant:
    """The benefit of who died; one sentence whether number, name or benefit is not known: nobody learns which."""
    person_id = find_person(session, office.vault, asked.deceased_number)
    person = session.get(Person, person_id) if person_id is not None else None
    grant = death.latest_grant(session, person.id) if person else None
    if person is None or grant is None or person.name != asked.deceased_name.strip():
        raise RefusedError(
            _fault(
                "no_benefit_found",
                "没有找到号码和姓名都一致、在本地领取失业保险金的人；请核对，或到其最后参保地的经办机构咨询",
                "Nobody of that number and name drew unemployment benefit here.",
                source=SOURCE,
            ),
        )
    if actor.kind == "staff":
        require_duty(session, office, actor, "intake", grant.region_code)
        record_look(
            session, actor=actor, subject=f"person:{person.id}", why="受理死亡待遇申请", now=office.clock()
        )
    return grant


def _applicant(session: Session, office: Office, actor: Actor, asked: Asked) -> Person:
    """Who applies: the relative who signed in, or whom the population register has under number and name."""
    if actor.kind == "person":
        return session.get_one(Person, actor.id)
    record = office.registers.population.person(asked.applicant_number)
    if record is None or record.name != asked.applicant_name.strip() or record.deceased_on is not None:
        raise RefusedError(
            _fault(
                "identity_not_confirmed",
                "申请人的身份证号码与姓名核对不一致，请检查后重试",
                "Number and name of the applicant do not agree with the population register.",
            ),
        )
    return ensure_person(session, office.vault, record, now=office.clock())


def _refuse_own(
    session: Session, office: Office, actor: Actor, grant: BenefitGrant, applicant: Person
) -> None:
    """No clerk enters the application of their own family, and nobody applies after their own death."""
    if applicant.id == grant.person_id:
        raise RefusedError(
            _fault(
                "applicant_is_deceased", "申请人和逝者不能是同一人", "Applicant and deceased are one person."
            ),
        )
    for subject in (f"person:{applicant.id}", f"person:{grant.person_id}"):
        own = own_case(session, office.duties, actor.key, subject)
        if own:
            raise RefusedError(*own)


def _refuse_second(session: Session, grant: BenefitGrant, applicant: Person) -> None:
    if death.granted_for(session, grant.person_id) is not None:
        # nothing of who it was: the grant is known to the family, its payee need not be
        raise RefusedError(
            Reason(
                code="death_grant_given",
                text="该逝者的丧葬补助金、抚恤金已经核准给一名亲属，一人死亡只发一次",
                text_en="The grant after this death was decided before; it is paid once.",
                source=SOURCE,
            )
        )
    earlier = session.scalars(
        select(DeathGrant).where(
            DeathGrant.person_id == grant.person_id,
            DeathGrant.applicant_id == applicant.id,
            DeathGrant.status == "open",
        )
    ).one_or_none()
    if earlier is not None:
        key = case_of(
            earlier.case_id, _PROCESS, year=earlier.applied_on.year, region=earlier.region_code, subject=""
        ).key
        raise RefusedError(
            Reason(
                code="claim_open",
                text=f"同一申请人已有一件正在办理的申请（{key}）",
                text_en=f"The application {key} of the same relative is still open.",
                source=SOURCE,
            )
        )


def _account(office: Office, asked: Asked, applicant: Person) -> str:
    """The account that was typed, else that of the applicant's own card."""
    if asked.account:
        return asked.account
    id_number = id_number_of(office.vault, applicant)
    card = office.registers.accounts.account(id_number)
    if card is None or not card.activated or card.holder_id_number != id_number:
        raise RefusedError(_fault("no_card_account", *_NO_CARD))
    return card.number


def _fault(code: str, text: str, text_en: str, *, source: str = "") -> Reason:
    return Reason(code=code, text=text, text_en=text_en, source=source)
