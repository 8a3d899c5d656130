"""Operations of ``processes/stop.bpmn``, in drawn order: a hit is told, looked up, and ends in a stop or is cleared.

Nothing stops on records alone: each of the last three needs its controls (``processes/controls.yaml``), and the
two roads to a stop check once more that the ground is one, and whether somebody had to be heard (CLAIM-09).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import engine.registers.roster_tables  # noqa: F401 - a hit refers to the table of rosters
from engine.benefits.grants import PaidMonth, Stopped, months_of, resume_grant, stop_grant
from engine.benefits.tables import BenefitGrant
from engine.law.time_limits import deadline
from engine.oversight.grounds import GROUNDS, Ground, barred
from engine.oversight.hits import settle_hit
from engine.people import Person, id_number_of
from engine.tasks.catalogue import granted, operation, refuse
from engine.tasks.desk import Desk
from engine.tasks.ground_proof import proof_of
from engine.tasks.letters import send_letter
from engine.values import Money, Month, RefusedError

SOURCE = "社会保险经办条例第二十六条"
#: the end of everything the person can answer to; the family is told
_DEATH = "ST9"
#: statuses of an order whose money is gone or on its way
_GONE = ("batched", "sent", "paid")


@operation(
    "send_stop_notice",
    title="告知可能停发",
    provides=("ground_name", "reply_by", "hearing_wanted"),
)
def send_stop_notice(
    desk: Desk, *, ground: str, lead: str, person_id: int, event_day: str | None = None
) -> dict[str, Any]:
    """Tells the person of the lead, the evidence and how to object, before anybody judges it."""
    known = _named(ground)
    reply = granted(
        deadline("stop_reply", desk.today, region=desk.case.region, book=desk.book, calendar=desk.calendar)
    )
    send_letter(
        desk,
        "stop-notice",
        recipient=_addressee(ground, person_id),
        basis=_words(known),
        evidence=lead,
        event_day=event_day or "",
        reply_by=reply.day,
    )
    return {
        "ground_name": known.name,
        "reply_by": reply.day.isoformat(),
        "hearing_wanted": known.hearing,
    }


@operation("look_up_ground", title="向来源核对", provides=("source_says", "source_agrees"))
def look_up_ground(desk: Desk, *, ground: str, person_id: int) -> dict[str, Any]:
    """What the source of the ground says today; a source that does not answer is asked again."""
    id_number = id_number_of(desk.vault, desk.session.get_one(Person, person_id))
    proof = proof_of(desk.registers, ground, id_number)
    return {"source_says": proof.says, "source_agrees": proof.agrees}


@operation("stop_benefit", title="停发待遇", provides=("event_day", "last_due", "overpaid", "overpaid_fen"))
def stop_benefit(
    desk: Desk,
    *,
    hit_id: int,
    person_id: int,
    grant_id: int,
    ground: str,
    lead: str,
    check_opinion: str,
    check_note: str,
    confirmed_day: str | None = None,
    source_says: str = "",
) -> dict[str, Any]:
    """The benefit ends with the month of the event; a ground that wants a hearing does not come this way."""
    if GROUNDS[ground].hearing:
        raise refuse(
            "hearing_missing",
            f"“{GROUNDS[ground].name}”须听取本人陈述后由审批人决定，不能直接停发",
            text_en="On this ground the person is heard and the approver decides.",
            source=GROUNDS[ground].source,
            fact=ground,
        )
    return _stop(
        desk,
        hit_id=hit_id,
        person_id=person_id,
        grant_id=grant_id,
        ground=ground,
        evidence=_evidence(lead, source_says),
        opinion=check_opinion,
        why=check_note,
        day=confirmed_day,
    )


@operation(
    "stop_after_hearing",
    title="停发待遇（已听取陈述）",
    provides=("event_day", "last_due", "overpaid", "overpaid_fen"),
)
def stop_after_hearing(
    desk: Desk,
    *,
    hit_id: int,
    person_id: int,
    grant_id: int,
    ground: str,
    lead: str,
    check_opinion: str,
    check_note: str,
    hearing_note: str,
    confirmed_day: str | None = None,
    source_says: str = "",
) -> dict[str, Any]:
    """The benefit ends on the approver's decision after the hearing, what was heard in the reason."""
    return _stop(
        desk,
        hit_id=hit_id,
        person_id=person_id,
        grant_id=grant_id,
        ground=ground,
        evidence=_evidence(lead, source_says),
        opinion=check_opinion,
        why=f"{check_note}；听取陈述：{hearing_note}",
        day=confirmed_day,
    )


@operation("clear_hit", title="排除命中")
def clear_hit(
    desk: Desk,
    *,
    hit_id: int,
    person_id: int,
    ground: str,
    lead: str,
    check_note: str,
    source_says: str = "",
    approval: str | None = None,
    approval_note: str | None = None,
) -> dict[str, Any]:
    """The lead was none: payment goes on, held months are paid by the next run; who cleared it and why stays."""
    why = f"{check_note}；审批：{approval_note}" if approval == "refuse" and approval_note else check_note
    settle_hit(desk.session, hit_id, status="cleared", why=why, actor=desk.actor, now=desk.now)
    send_letter(
        desk,
        "hit-cleared",
        recipient=f"person:{person_id}",
        basis=_words(GROUNDS[ground]),
        evidence=_evidence(lead, source_says),
        why=why,
    )
    return {}


def _stop(
    desk: Desk,
    *,
    hit_id: int,
    person_id: int,
    grant_id: int,
    ground: str,
    evidence: str,
    opinion: str,
    why: str,
    day: str | None,
) -> dict[str, Any]:
    """The hit confirmed and the grant stopped, in one; the letter says what, why, until when, and how to object."""
    if (reason := barred(ground)) is not None:
        raise RefusedError(reason)
    event_day = _event_day(desk, opinion, day)
    settle_hit(desk.session, hit_id, status="confirmed", why=why, actor=desk.actor, now=desk.now)
    grant, after = _ended(desk, grant_id, ground=ground, event_day=event_day, why=why)
    gone = [paid for paid in after if paid.status in _GONE]
    last_due = max(Month.of(grant.ended_on or event_day), Month.parse(grant.first_month).plus(-1))
    overpaid = Money.total(paid.amount for paid in gone if paid.purpose == "benefit")
    send_letter(
        desk,
        "stop-decision",
        recipient=_addressee(ground, person_id),
        basis=_words(GROUNDS[ground]),
        evidence=evidence,
        why=why,
        event_day=event_day,
        last_due=str(last_due),
        nothing_due=last_due < Month.parse(grant.first_month),
        months_left=grant.months - grant.months_paid,
        overpaid_months=sorted({str(paid.month) for paid in gone}),
        died=ground == _DEATH,
    )
    return {
        "event_day": event_day.isoformat(),
        "last_due": str(last_due),
        "overpaid": bool(gone),
        "overpaid_fen": overpaid.fen,
    }


def _ended(
    desk: Desk, grant_id: int, *, ground: str, event_day: date, why: str
) -> tuple[BenefitGrant, tuple[PaidMonth, ...]]:
    """The grant, ended by this event or by an earlier one, and what was ordered after the month of its end."""
    grant = desk.session.get_one(BenefitGrant, grant_id, with_for_update=True, populate_existing=True)
    if grant.status == "stopped" and grant.ended_on is not None:
        if Month.of(grant.ended_on) <= Month.of(event_day):
            # the months since were dealt with when it was stopped
            return grant, ()
        if not _reopened(desk, grant, why):
            after = months_of(desk.session, grant)
            return grant, tuple(paid for paid in after if paid.month > Month.of(event_day))
    stopped: Stopped = stop_grant(
        desk.session,
        grant_id,
        ground=ground,
        event_day=event_day,
        reason=why,
        actor=desk.actor,
        now=desk.now,
    )
    return stopped.grant, stopped.paid_after


def _reopened(desk: Desk, grant: BenefitGrant, why: str) -> bool:
    """Whether the stop was taken back, to stop earlier; not while the person draws on another grant."""
    reason = f"另查明更早的停发情形：{why}"
    try:
        resume_grant(desk.session, grant.id, reason=reason, actor=desk.actor, now=desk.now)
    except RefusedError:
        return False
    return True


def _event_day(desk: Desk, opinion: str, day: str | None) -> date:
    if opinion != "confirm" or not day:
        raise refuse(
            "not_confirmed",
            "核实结论不是“属实”，或没有写明情形发生的日期，不能停发",
            text_en="The check did not confirm the ground with its day.",
            source=SOURCE,
        )
    event_day = date.fromisoformat(day)
    if event_day > desk.today:
        raise refuse(
            "event_ahead",
            f"情形发生的日期 {event_day} 还没有到，不能提前停发；请退回更正日期",
            text_en="The event is still ahead.",
            source="社会保险法第五十一条",
            fact=day,
        )
    return event_day


def _addressee(ground: str, person_id: int) -> str:
    """The person; the family of whoever died."""
    return f"family:{person_id}" if ground == _DEATH else f"person:{person_id}"


def _named(code: str) -> Ground:
    """The ground; what is barred has a case too, in which it can only be cleared. RefusedError for an unknown code."""
    ground, reason = GROUNDS.get(code), barred(code)
    if ground is None:
        assert reason is not None, code  # noqa: S101 - what is not listed is barred
        raise RefusedError(reason)
    return ground


def _words(ground: Ground) -> dict[str, Any]:
    """The ground as letters name it."""
    return {
        "name": ground.name,
        "english": ground.english,
        "source": ground.source,
        "proof": ground.proof,
        "proof_english": ground.proof_english,
        "hearing": ground.hearing,
    }


def _evidence(lead: str, source_says: str) -> str:
    return "；".join(filter(None, (lead, source_says)))
