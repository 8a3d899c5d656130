"""One refund as people begin it and come back to it: an employer taken up alone, what it used the money for, a look afterwards.

Many at once: ``campaigns``. Confirming, objecting and committing are tasks of the cases themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.start import next_case, start_case
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.people import Employer
from engine.refunds.campaign_tables import LOOK_RESULTS, USES, RetentionRefund
from engine.refunds.records import city_of
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, CaseRef, Money, Reason, Refusal, RefusedError

_SOURCE = "鲁人社函〔2020〕10号（二）"
#: once the money is with the employer
_WITH_EMPLOYER = ("paid", "prepaid", "committed", "topping_up", "settled", "recovering", "recovered")
_LONGEST = 2000


def start_refund(
    office: Office, actor: Actor, *, employer_id: int, year: int, pay_mode: str = ""
) -> Done | Refusal:
    """The refund case of one employer for one year, taken up by the office at any time (REFUND-04).

    It joins the campaign that runs over the employer's region; ``pay_mode`` counts only where none does.
    """

    def work(session: Session) -> Done:
        employer = session.get(Employer, employer_id)
        if employer is None:
            raise _no("employer_unknown", "没有这个参保单位", "No such employer.")
        require_duty(session, office, actor, "intake", employer.region_code)
        case = open_refund(
            office,
            session,
            actor,
            employer_id=employer_id,
            region=employer.region_code,
            data={"year": year, **({"pay_mode": pay_mode} if pay_mode else {})},
        )
        return Done(message=f"稳岗返还已发起，编号 {case.key}", case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=f"employer:{employer_id}")


def apply_for_refund(office: Office, actor: Actor, *, year: int) -> Done | Refusal:
    """The employer asks to be screened: dispatch agencies must, all others may, at any time (REFUND-04).

    Refused for anybody else, and where it has a refund of the year that stands.
    """
    if actor.kind != "employer":
        return _refusal("not_employer", "只有参保单位可以申请", "Only an insured employer applies.")

    def work(session: Session) -> Done:
        employer = session.get_one(Employer, actor.id)
        case = open_refund(
            office,
            session,
            actor,
            employer_id=employer.id,
            region=employer.region_code,
            data={"year": year},
        )
        return Done(message=f"已按现有数据筛查，编号 {case.key}", case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=actor.key)


def open_refund(
    office: Office, session: Session, actor: Actor, *, employer_id: int, region: str, data: Mapping[str, Any]
) -> CaseRef:
    """The case of the employer, run to its first wait, in the caller's transaction."""
    case = next_case(
        session, office, "stable_jobs", region=city_of(region), subject=f"employer:{employer_id}"
    )
    return start_case(office, session, actor, case, {"employer_id": employer_id, **data})


def tell_uses(office: Office, actor: Actor, refund_id: int, uses: Mapping[str, int]) -> Done | Refusal:
    """What the employer used its refund for: word of ``USES`` → fen. Told anew, the last word counts until it was looked at.

    Refused for another's refund, before the money came, and for more than was received.
    """

    def work(session: Session) -> Done:
        refund = session.get(RetentionRefund, refund_id, with_for_update=True)
        if refund is None or actor.kind != "employer" or refund.employer_id != actor.id:
            raise _no("no_such_refund", "没有这笔返还，或不是贵单位的", "No such refund of yours.")
        _require_with_employer(refund)
        if refund.looked_on is not None:
            raise _no("looked_at_already", "已经事后查看，不能再改", "It was looked at already.")
        kept = {use: fen for use, fen in uses.items() if fen}
        if not kept or set(kept) - set(USES) or min(kept.values()) < 0:
            raise _no("uses_unknown", "请填写用途和金额", "Say what was used for what.")
        received = received_of(refund)
        if sum(kept.values()) > received.fen:
            raise _no(
                "uses_above_refund",
                f"用途合计不能超过收到的 {received.text} 元",
                f"No more than the {received.text} yuan received.",
            )
        refund.uses, refund.uses_told_on = orjson.dumps(kept).decode(), office.today
        told = {USES[use][0]: Money(fen).text for use, fen in kept.items()}
        _note(session, office, actor, refund, Action.REFUND_USES_TOLD, told)
        return Done(message="资金用途已记录")

    return attempt(office, actor, work, subject=f"retention_refund:{refund_id}")


def look_afterwards(
    office: Office, actor: Actor, refund_id: int, *, result: str, note: str
) -> Done | Refusal:
    """What internal control saw when it looked afterwards at what the money was used for; once (事后查看).

    Refused without the duty in the city of the refund, and before the money came.
    """

    def work(session: Session) -> Done:
        refund = session.get(RetentionRefund, refund_id, with_for_update=True)
        if refund is None:
            raise _no("no_such_refund", "没有这笔返还", "No such refund.")
        require_duty(session, office, actor, "control", refund.city)
        _require_with_employer(refund)
        if refund.looked_on is not None:
            raise _no("looked_at_already", "已经事后查看", "It was looked at already.")
        if result not in LOOK_RESULTS or not 2 <= len(note.strip()) <= _LONGEST:
            raise _no("look_incomplete", "请选择结论并写明查看情况", "Choose a result and say what was seen.")
        refund.looked_on, refund.looked_by = office.today, actor.key
        refund.look_result, refund.look_note = result, note.strip()
        _note(session, office, actor, refund, Action.REFUND_LOOKED_AT, {"result": LOOK_RESULTS[result][0]})
        return Done(message="事后查看已记录")

    return attempt(office, actor, work, subject=f"retention_refund:{refund_id}")


def received_of(refund: RetentionRefund) -> Money:
    """What the employer has of the refund now."""
    if refund.status == "paid":
        return Money(refund.amount_fen)
    topped = refund.topped_fen if refund.status == "settled" else 0
    return Money(refund.prepaid_fen + topped - refund.recovered_fen)


def _require_with_employer(refund: RetentionRefund) -> None:
    if refund.status not in _WITH_EMPLOYER:
        raise _no("not_paid_yet", "返还资金还没有到账", "The money has not come yet.")


def _note(
    session: Session,
    office: Office,
    actor: Actor,
    refund: RetentionRefund,
    action: Action,
    after: Mapping[str, object],
) -> None:
    session.flush()
    append(
        session,
        stream=f"case:{refund.case_id}",
        action=action,
        actor=actor,
        subject=f"retention_refund:{refund.id}",
        after=after,
        now=office.clock(),
    )


def _no(code: str, text: str, text_en: str) -> RefusedError:
    return RefusedError(_reason(code, text, text_en))


def _refusal(code: str, text: str, text_en: str) -> Refusal:
    return Refusal(reasons=(_reason(code, text, text_en),))


def _reason(code: str, text: str, text_en: str) -> Reason:
    return Reason(code=code, text=text, text_en=text_en, source=_SOURCE)
