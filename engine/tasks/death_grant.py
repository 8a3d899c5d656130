"""Operations of ``processes/death-grant.bpmn``, in drawn order: what the family is due after a death on benefit.

Nothing is paid on the word of a register alone: three people look at it, and the money goes to one relative, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from engine.benefits import death
from engine.benefits.death import RELATIONS, FamilyMonths
from engine.benefits.grants import stop_grant
from engine.benefits.tables import BenefitGrant
from engine.disbursement.prices import published
from engine.law.death import FUND_NAMES, SOURCE, UNDRAWN, DeathBenefits, OtherFund, death_benefits
from engine.people import Person, id_number_of
from engine.store.crypto import mask_account, mask_id
from engine.tasks.catalogue import granted, operation, refuse, refuse_unverified
from engine.tasks.death_proof import death_proof
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.values import Money, Month, Reason, Refusal

_UNCONFIRMED = Reason(
    code="death_not_confirmed",
    text="人口库、人口名册和停发决定都没有死亡的记录，暂不能确认；登记之后可以随时再申请",
    text_en="No register, roster or decision knows of the death yet; the family may apply again once it is registered.",
    source=SOURCE,
)
_GIVEN = Reason(
    code="death_grant_given",
    text="同一人的丧葬补助金、抚恤金已核准给先经批准的另一名亲属；一人死亡只发一次",
    text_en="The grant after this death was decided for another relative before; it is paid once.",
    source=SOURCE,
)


@operation(
    "gather_death_facts",
    title="核对死亡和领取情况",
    provides=(
        "deceased", "death_known", "death_day", "relation_name", "other_fund_name", "pension_says",
        "account_masked", "others_waiting",
    ),
)  # fmt: skip
def gather_death_facts(desk: Desk, *, person_id: int, grant_id: int) -> dict[str, Any]:
    """Who died, what proves it, what they drew, and whether another insurance may pay the funeral grant too."""
    row = death.application(desk.session, desk.case.id)
    person = desk.session.get_one(Person, person_id)
    id_number = id_number_of(desk.vault, person)
    grant = desk.session.get_one(BenefitGrant, grant_id)
    proof = death_proof(desk, grant, person)
    waiting = death.others_open(desk.session, row)
    relation, fund = RELATIONS[row.relation][0], FUND_NAMES[_fund(row.other_fund)][0]
    return {
        "deceased": {
            "name": person.name,
            "id_number": mask_id(id_number),
            "proof": proof.says,
            "benefit": f"自{grant.first_month}起领取，已生成支付至{grant.paid_through or '（尚未开始）'}",
        },
        "death_known": proof.day is not None,
        "death_day": proof.day.isoformat() if proof.day else "",
        "relation_name": relation,
        "other_fund_name": fund,
        "pension_says": _pension(desk, id_number),
        "account_masked": mask_account(death.payee_of(desk.session, desk.vault, row).account),
        "others_waiting": "、".join(f"{day}另有亲属申请" for day in waiting),
    }


@operation(
    "determine_death_grant",
    title="核定死亡待遇",
    provides=("due", "funeral_fen", "dependants_fen", "unpaid_fen", "unpaid_months", "determination"),
)
def determine_death_grant(desk: Desk, *, grant_id: int, death_known: bool, death_day: str) -> dict[str, Any]:
    """What the law gives the family, with every reason; nothing where the death is not confirmed or a figure is missing."""
    row = death.application(desk.session, desk.case.id)
    grant = desk.session.get_one(BenefitGrant, grant_id)
    if not death_known:
        return _nothing((_UNCONFIRMED,))
    found = _asked(desk, grant, date.fromisoformat(death_day), _fund(row.other_fund))
    if isinstance(found, Refusal):
        return _nothing(found.reasons)
    waiting = death.waiting_months(desk.session, grant, found.last_due)
    unpaid = [(paid.month, paid.amount) for paid in waiting]
    unpaid += [(each.month, each.benefit + each.subsidy) for each in found.undrawn]
    total = Money.total(amount for _month, amount in unpaid)
    reasons = (*found.reasons, *_why_waiting(sorted({month for month, _ in unpaid}), found))
    due = bool(found.funeral.fen or found.dependants.fen or total.fen)
    return {
        "due": due,
        "funeral_fen": found.funeral.fen,
        "dependants_fen": found.dependants.fen,
        "unpaid_fen": total.fen,
        "unpaid_months": "、".join(sorted({str(month) for month, _amount in unpaid})),
        "determination": {"granted": due, "reasons": [reason.plain() for reason in reasons]},
    }


@operation(
    "order_death_grant",
    title="核准并生成支付单",
    provides=("granted_here", "ground", "event_day", "overpaid", "at_bank_count", "ordered"),
)
def order_death_grant(
    desk: Desk,
    *,
    person_id: int,
    grant_id: int,
    death_day: str,
    due: bool,
    funeral_fen: int,
    dependants_fen: int,
    determination: dict[str, Any],
    approval_note: str | None = None,
) -> dict[str, Any]:
    """The grant of the first relative who is approved: benefit ended, grants and undrawn months ordered, once.

    Where another was approved before, nothing is ordered and ``granted_here`` says so.
    """
    if not due:
        raise refuse("not_due", "核定没有应付的死亡待遇，不能支付", source=SOURCE, text_en="Nothing is due.")
    day = date.fromisoformat(death_day)
    # whoever holds this lock decides: a relative approved at the same moment waits here and then sees the grant
    grant = desk.session.get_one(BenefitGrant, grant_id, with_for_update=True, populate_existing=True)
    row = death.application(desk.session, desk.case.id)
    told = {"ground": death.DEATH, "event_day": death_day}
    earlier = death.granted_for(desk.session, person_id)
    if earlier is not None and earlier.case_id != row.case_id:
        return {**told, "granted_here": False, "overpaid": False, "at_bank_count": 0, "ordered": ""}
    refuse_unverified(desk, determination["reasons"])
    overpaid = _ended(desk, grant, day)
    found = granted(_asked(desk, grant, day, _fund(row.other_fund)))
    if (found.funeral.fen, found.dependants.fen) != (funeral_fen, dependants_fen):
        raise refuse(
            "amounts_changed",
            "复核之后核定金额有变化，请退回重新核对",
            text_en="The amounts are not those that were reviewed: return the case.",
            source=SOURCE,
        )
    row.died_on, row.funeral_fen, row.dependants_fen = day, funeral_fen, dependants_fen
    death.close(desk.session, row, "granted", reason=approval_note or "同意", actor=desk.actor, now=desk.now)
    payee = death.payee_of(desk.session, desk.vault, row)
    death.order_grants(desk.session, desk.vault, row, payee, actor=desk.actor, now=desk.now)
    months = _order_months(desk, found)
    return {
        **told,
        "granted_here": True,
        "overpaid": overpaid,
        "at_bank_count": months.at_bank,
        "ordered": "；".join(f"{month} {amount.text}元" for month, amount in months.ordered),
    }


@operation("send_death_grant_decision", title="送达死亡待遇核定告知书", letters=("death-grant-decision",))
def send_death_grant_decision(
    desk: Desk,
    *,
    deceased: dict[str, Any],
    determination: dict[str, Any],
    funeral_fen: int,
    dependants_fen: int,
    account_masked: str,
    ordered: str,
    at_bank_count: int,
) -> dict[str, Any]:
    """The written yes to the relative: each amount, to which account, why, and how to object."""
    send_letter(
        desk,
        "death-grant-decision",
        name=deceased["name"],
        determination=determination,
        funeral_fen=funeral_fen,
        dependants_fen=dependants_fen,
        months=ordered,
        at_bank_count=at_bank_count,
        account=account_masked,
    )
    return {}


@operation("send_death_grant_refusal", title="送达死亡待遇不予核定告知书", letters=("death-grant-refusal",))
def send_death_grant_refusal(
    desk: Desk,
    *,
    person_id: int,
    deceased: dict[str, Any],
    determination: dict[str, Any],
    intake_opinion: str = "",
    intake_note: str | None = None,
    approval: str = "",
    approval_note: str | None = None,
) -> dict[str, Any]:
    """The written no: the law's reasons, or those of whoever declined, each with its source, and how to object."""
    row = death.application(desk.session, desk.case.id)
    other = death.granted_for(desk.session, person_id)
    if other is not None and other.case_id != row.case_id:
        reasons = [_GIVEN.plain()]
    else:
        reasons = [] if determination["granted"] else list(determination["reasons"])
    notes = (
        intake_note if intake_opinion == "decline" else "",
        approval_note if approval == "refuse" else "",
    )
    note = "；".join(filter(None, notes))
    why = "；".join(filter(None, (*(str(reason["text"]) for reason in reasons), note)))
    death.close(desk.session, row, "refused", reason=why, actor=desk.actor, now=desk.now)
    send_letter(
        desk,
        "death-grant-refusal",
        name=deceased["name"],
        determination={"granted": False, "reasons": reasons},
        note=note,
        source=SOURCE,
    )
    return {}


@operation("order_returned_months", title="银行退回的月份改付遗属", provides=("at_bank_count",))
def order_returned_months(desk: Desk, *, grant_id: int, death_day: str) -> dict[str, Any]:
    """Months of the dead that the bank sent back after all, to the family; those it paid stay paid."""
    grant = desk.session.get_one(BenefitGrant, grant_id, with_for_update=True, populate_existing=True)
    row = death.application(desk.session, desk.case.id)
    found = granted(_asked(desk, grant, date.fromisoformat(death_day), _fund(row.other_fund)))
    months = _order_months(desk, found)
    return {"at_bank_count": months.at_bank}


@operation("record_death_grant_withdrawal", title="登记撤回申请", letters=("death-grant-withdrawal",))
def record_death_grant_withdrawal(desk: Desk, *, withdrawal_reason: str = "") -> dict[str, Any]:
    """The application is taken back; nothing of the family's right is lost."""
    row = death.application(desk.session, desk.case.id)
    death.close(desk.session, row, "withdrawn", reason=withdrawal_reason, actor=desk.actor, now=desk.now)
    send_letter(desk, "death-grant-withdrawal", reason=withdrawal_reason)
    return {}


def _asked(desk: Desk, grant: BenefitGrant, day: date, fund: OtherFund) -> DeathBenefits | Refusal:
    facts = death.facts_of(grant, died_on=day, other_fund=fund)
    return death_benefits(facts, desk.book, published(desk.session, by=desk.today))


def _ended(desk: Desk, grant: BenefitGrant, day: date) -> bool:
    """Whether too much was paid, now that the benefit ends with the month of the death; one ended before stays so."""
    if grant.status == "stopped":
        return False
    stopped = stop_grant(
        desk.session,
        grant.id,
        ground=death.DEATH,
        event_day=day,
        reason=f"死亡待遇办件 {desk.case.key} 经受理、复核、审批",
        actor=desk.actor,
        now=desk.now,
    )
    return bool(stopped.paid_after)


def _order_months(desk: Desk, found: DeathBenefits) -> FamilyMonths:
    row = death.application(desk.session, desk.case.id)
    return death.order_months(
        desk.session,
        desk.vault,
        row,
        death.payee_of(desk.session, desk.vault, row),
        last_due=found.last_due,
        undrawn=found.undrawn,
        actor=desk.actor,
        now=desk.now,
    )


def _nothing(reasons: Sequence[Reason]) -> dict[str, Any]:
    return {
        "due": False,
        "funeral_fen": 0,
        "dependants_fen": 0,
        "unpaid_fen": 0,
        "unpaid_months": "",
        "determination": {"granted": False, "reasons": [reason.plain() for reason in reasons]},
    }


def _why_waiting(months: Sequence[Month], found: DeathBenefits) -> tuple[Reason, ...]:
    """Why what waits for the account of the dead goes to the family, where the law has not said so of other months."""
    if not months or found.undrawn:
        return ()
    reason = Reason(
        code="unpaid_months",
        text="死亡当月及以前已生成支付单而尚未付讫的待遇，改由遗属领取",
        text_en="What was ordered until the month of the death and not paid goes to the family.",
        fact="、".join(map(str, months)),
        source=UNDRAWN,
    )
    return (reason,)


def _pension(desk: Desk, id_number: str) -> str:
    """What the pension roll says, for whoever checks where the funeral grant is drawn."""
    record = desk.registers.pensions.record(id_number)
    if record is None:
        return "养老保险：没有参保档案"
    if record.receiving:
        return f"养老保险：自{record.since}起领取待遇，丧葬补助金也可以由养老保险支付，遗属只能选一项"
    return "养老保险：有参保档案，丧葬补助金也可以由养老保险支付，遗属只能选一项"


def _fund(value: str) -> OtherFund:
    return "pension" if value == "pension" else "injury" if value == "injury" else "none"
