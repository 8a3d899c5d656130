"""Operations of ``processes/skill-subsidy.bpmn``, in drawn order: the subsidy for a skill certificate (REFUND-06).

Everything is looked up: the certificate by its number, contributions, benefit, earlier subsidies, the card account.
What was confirmed or applied for is looked up again before anybody checks it, and once more before it is paid.
"""

from __future__ import annotations

from typing import Any

from engine.benefits import skills
from engine.benefits.skill_tables import SkillSubsidyCase
from engine.law.benefits import LEVEL_NAMES
from engine.law.skills import SOURCE, SkillFound, skill_due
from engine.people import Person, id_number_of
from engine.registers.accounts import CardAccount
from engine.registers.skills import SkillCertificate
from engine.store.crypto import mask_account, normalised
from engine.tasks.catalogue import operation, refuse, refuse_unverified
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.values import Money, Reason, Refusal

_NOT_FOUND = Reason(
    code="certificate_not_found",
    text="全国联网查询没有查到本人名下的这个证书；证书补录以后可以再申请",
    text_en="The national look-up knows no such certificate of the holder; apply again once it does.",
    source=SOURCE,
)


@operation("push_skill_subsidy", title="推送给持证人", letters=("skill-push",))
def push_skill_subsidy(
    desk: Desk, *, certificate: dict[str, Any], offer: dict[str, Any], confirm_until: str
) -> dict[str, Any]:
    """The push: what was found, how much, until when to confirm; nothing to hand in."""
    send_letter(
        desk,
        "skill-push",
        certificate=certificate,
        amount_fen=offer["amount_fen"],
        confirm_until=confirm_until,
        account=offer["account"],
    )
    return {}


@operation("record_skill_lapse", title="登记未确认或放弃", letters=("skill-lapse",))
def record_skill_lapse(desk: Desk, *, certificate: dict[str, Any], answer: str = "") -> dict[str, Any]:
    """Nobody confirmed in time, or the holder wants none: nothing is lost, the holder may apply while there is time."""
    row = skills.application(desk.session, desk.case.id)
    declined = answer == "decline"
    reason = "本人放弃" if declined else "到期未确认"
    skills.close(desk.session, row, "lapsed", reason=reason, actor=desk.actor, now=desk.now)
    send_letter(desk, "skill-lapse", certificate=certificate, declined=declined)
    return {}


@operation(
    "gather_skill_facts",
    title="核对证书、缴费和账户",
    provides=(
        "certificate", "certificate_known", "months_paid", "insured_now", "drawing_benefit", "earlier_subsidies",
        "card_masked", "card_usable",
    ),
)  # fmt: skip
def gather_skill_facts(desk: Desk, *, certificate: dict[str, Any]) -> dict[str, Any]:
    """The certificate as the national look-up has it today, and what the law asks about its holder."""
    row = skills.application(desk.session, desk.case.id)
    known = _certificate(desk, row)
    holder = _holder(desk, row)
    card = _card(desk, row)
    earlier = "；".join(
        f"{each.year}年 {each.occupation} {LEVEL_NAMES[each.level]}" for each in holder.earlier
    )
    return {
        "certificate": told(known) if known else certificate,
        "certificate_known": known is not None,
        "months_paid": holder.history.months_paid,
        "insured_now": holder.history.current,
        "drawing_benefit": bool(holder.drawing_in),
        "earlier_subsidies": earlier,
        "card_masked": shown(card),
        "card_usable": card is not None,
    }


@operation(
    "determine_skill_subsidy",
    title="核定技能提升补贴",
    provides=("due", "subsidy_fen", "apply_by", "determination"),
)
def determine_skill_subsidy(desk: Desk, *, certificate_known: bool) -> dict[str, Any]:
    """What the law gives for the certificate, with every reason; nothing where it is not known or a figure is missing."""
    row = skills.application(desk.session, desk.case.id)
    found = _found(desk, row) if certificate_known else Refusal(reasons=(_NOT_FOUND,))
    eligible = isinstance(found, SkillFound) and found.eligible
    return {
        "due": eligible,
        "subsidy_fen": found.amount.fen if isinstance(found, SkillFound) else 0,
        "apply_by": found.apply_by.isoformat() if isinstance(found, SkillFound) else "",
        "determination": {"granted": eligible, "reasons": [reason.plain() for reason in found.reasons]},
    }


@operation(
    "order_skill_subsidy",
    title="核准并生成支付单",
    provides=("ordered_here", "determination"),
)
def order_skill_subsidy(
    desk: Desk,
    *,
    due: bool,
    subsidy_fen: int,
    determination: dict[str, Any],
    approval_note: str | None = None,
) -> dict[str, Any]:
    """The payment order of the certificate, one for ever; nothing where meanwhile another subsidy stands against it.

    The holder is locked and the law asked again: of two certificates approved at a time one sees the other.
    """
    if not due:
        raise refuse("not_due", "核定没有应付的补贴，不能支付", source=SOURCE, text_en="Nothing is due.")
    refuse_unverified(desk, determination["reasons"])
    row = skills.application(desk.session, desk.case.id)
    person = skills.lock_holder(desk.session, row.person_id)
    if row.status != "ordered":
        found = _found(desk, row)
        if isinstance(found, Refusal) or not found.eligible:
            told_why = {"granted": False, "reasons": [reason.plain() for reason in found.reasons]}
            return {"ordered_here": False, "determination": told_why}
        if found.amount.fen != subsidy_fen:
            raise refuse(
                "amounts_changed",
                "复核之后核定金额有变化，请退回重新核对",
                text_en="The amount is not the one that was reviewed: return the case.",
                source=SOURCE,
            )
    card = _card(desk, row)
    if card is None:
        raise refuse(
            "no_card_account",
            "没有本人名下已激活的社会保障卡账户，不能支付；请本人激活后再审批",
            text_en="The holder has no active card account of their own.",
            source=SOURCE,
        )
    skills.order(
        desk.session,
        desk.vault,
        row,
        payee_name=person.name,
        account=card.number,
        account_name=card.holder_name,
        amount=Money(subsidy_fen),
        reason=approval_note or "同意",
        actor=desk.actor,
        now=desk.now,
    )
    return {"ordered_here": True, "determination": determination}


@operation("send_skill_decision", title="送达技能提升补贴核准告知书", letters=("skill-decision",))
def send_skill_decision(
    desk: Desk,
    *,
    certificate: dict[str, Any],
    subsidy_fen: int,
    determination: dict[str, Any],
    card_masked: str,
) -> dict[str, Any]:
    """The written yes: amount, account, reasons and how to object."""
    send_letter(
        desk,
        "skill-decision",
        certificate=certificate,
        amount_fen=subsidy_fen,
        determination=determination,
        account=card_masked,
    )
    return {}


@operation("send_skill_refusal", title="送达技能提升补贴不予核准告知书", letters=("skill-refusal",))
def send_skill_refusal(
    desk: Desk,
    *,
    certificate: dict[str, Any],
    determination: dict[str, Any],
    check_opinion: str = "",
    check_note: str | None = None,
    approval: str = "",
    approval_note: str | None = None,
) -> dict[str, Any]:
    """The written no: the law's reasons, or those of whoever declined, each with its source, and how to object."""
    row = skills.application(desk.session, desk.case.id)
    reasons = [] if determination["granted"] else list(determination["reasons"])
    notes = (check_note if check_opinion == "decline" else "", approval_note if approval == "refuse" else "")
    note = "；".join(filter(None, notes))
    why = "；".join(filter(None, (*(str(reason["text"]) for reason in reasons), note)))
    skills.close(desk.session, row, "refused", reason=why, actor=desk.actor, now=desk.now)
    send_letter(
        desk,
        "skill-refusal",
        certificate=certificate,
        determination={"granted": False, "reasons": reasons},
        note=note,
        source=SOURCE,
    )
    return {}


def told(certificate: SkillCertificate) -> dict[str, Any]:
    """The certificate as case data and letters have it."""
    return {
        "number": certificate.number,
        "occupation": certificate.occupation,
        "level_name": LEVEL_NAMES[certificate.level],
        "issued_on": certificate.issued_on.isoformat(),
        "issuer": certificate.issuer,
    }


def usable(card: CardAccount | None, id_number: str) -> CardAccount | None:
    """The card account, where it is active and the holder's own."""
    own = card is not None and card.activated and card.holder_id_number == id_number
    return card if own else None


def shown(card: CardAccount | None) -> str:
    """The account, masked; a sentence where there is none to pay to."""
    return mask_account(card.number) if card is not None else "没有本人名下已激活的社会保障卡账户，请先激活"


def _found(desk: Desk, row: SkillSubsidyCase) -> SkillFound | Refusal:
    certificate = _certificate(desk, row)
    if certificate is None:
        return Refusal(reasons=(_NOT_FOUND,))
    facts = skills.facts_of(
        certificate,
        _holder(desk, row),
        region=row.region_code,
        applied_on=row.applied_on,
        paid_by=skills.paid_here(desk.session, row.certificate_number),
    )
    return skill_due(facts, desk.book)


def _certificate(desk: Desk, row: SkillSubsidyCase) -> SkillCertificate | None:
    """The certificate as the look-up knows it today."""
    known = desk.registers.skills.certificates(_number(desk, row))
    return next((each for each in known if normalised(each.number) == row.certificate_number), None)


def _holder(desk: Desk, row: SkillSubsidyCase) -> skills.Holder:
    history = desk.registers.contributions.history(_number(desk, row))
    return skills.holder_of(desk.session, row.person_id, history)


def _card(desk: Desk, row: SkillSubsidyCase) -> CardAccount | None:
    number = _number(desk, row)
    return usable(desk.registers.accounts.account(number), number)


def _number(desk: Desk, row: SkillSubsidyCase) -> str:
    return id_number_of(desk.vault, desk.session.get_one(Person, row.person_id))
