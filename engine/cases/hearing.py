"""What other offices said, told to the case that it is for: in order, once, and never for another's rights.

A message that no case can hear is kept and shown as contradicted, with the reason; it is not tried for ever. A peer
speaks for its own regions and for transfers with it, and hands over nothing but what was agreed upon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine.cases.exchange_statements import keep_statement
from engine.cases.handover import UndeliveredError, begin, hand_over
from engine.cases.office import Office
from engine.cases.steps import carry_out
from engine.cases.transfer_ends import overtaken
from engine.exchange import receiving, sending
from engine.exchange.bodies import KIND_NAMES, KINDS, STATEMENT, Kind, faults_of
from engine.exchange.tables import ExchangeMessage
from engine.law.identity import id_number
from engine.people import Person, Region, ensure_person, find_person
from engine.store import outbox
from engine.store.crypto import normalised
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import RightsTransfer
from engine.values import SYSTEM, Refusal
from engine.workflow.runner import NotWaitingError
from engine.workflow.tables import WorkflowCase


@dataclass(frozen=True, slots=True)
class Heard:
    """The message was heard; by which case, where it is about one."""

    text: str
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class Contradicts:
    """No case can hear the message, ever; the reason names no person."""

    text: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """The message is heard later."""


Verdict = Heard | Contradicts | NotYet


def hear(office: Office, message_id: int) -> bool:
    """Whether the message has its outcome: heard or contradicted. Waits for earlier ones of its transfer.

    Hearing and its mark are one transaction. UndeliveredError where a step of the case refuses it: tried again.
    """

    def work(session: Session) -> bool:
        queued = session.get_one(OutboxMessage, message_id, with_for_update=True)
        if queued.sent_at is not None:
            return True
        message = session.get_one(
            ExchangeMessage, queued.content["exchange_message"], with_for_update=True, populate_existing=True
        )
        verdict = _verdict(office, session, message) if not message.outcome else Heard("已有结果")
        if isinstance(verdict, NotYet):
            return False
        if not message.outcome:
            _conclude(office, session, message, verdict)
        outbox.mark_sent(session, message_id, now=office.clock(), receipt=verdict.text)
        return True

    done = carry_out(office, SYSTEM, work, subject=f"outbox:{message_id}")
    if isinstance(done, Refusal) and done.reasons[0].code not in ("case_paused", "busy"):
        raise UndeliveredError(done.text)
    if isinstance(done, Refusal) or not done:
        with office.store.transaction() as session:
            outbox.postpone(session, message_id, now=office.clock())
        return False
    return True


def _verdict(office: Office, session: Session, message: ExchangeMessage) -> Verdict:
    body = sending.body_of(office.vault, message)
    if message.kind == STATEMENT:
        wrong = keep_statement(office, session, message, body)
        return Contradicts(wrong) if wrong else Heard("对账单已收")
    if not _is_next(session, message):
        return NotYet()
    if wrong_fields := faults_of(message.kind, body):
        return Contradicts("；".join(wrong_fields))
    if _known_elsewhere(session, message):
        return Contradicts(f"转迁编号 {message.transfer_number} 属于与另一机构办理的转迁")
    kind = KINDS[message.kind]
    return (_begin if kind.begins else _go_on)(office, session, message, kind, body)


def _is_next(session: Session, message: ExchangeMessage) -> bool:
    """Whether every earlier step of the transfer came and has its outcome."""
    done = session.scalar(
        select(func.count()).where(
            ExchangeMessage.direction == "in",
            ExchangeMessage.peer == message.peer,
            ExchangeMessage.transfer_number == message.transfer_number,
            ExchangeMessage.step < message.step,
            ExchangeMessage.outcome != "",
        )
    )
    return done == message.step - 1


def _conclude(
    office: Office, session: Session, message: ExchangeMessage, verdict: Heard | Contradicts
) -> None:
    """The outcome on record; the next step of the transfer, should it have come before, is heard with the next sweep."""
    now = office.clock()
    message.heard_at, message.outcome_text = now, verdict.text
    message.outcome = "heard" if isinstance(verdict, Heard) else "contradicted"
    if isinstance(verdict, Heard):
        message.case_id = verdict.case_id
    else:
        receiving.add_fault(
            session,
            peer=message.peer,
            code="contradicted",
            text=verdict.text,
            digest=message.digest,
            now=now,
            number=message.number,
            message_id=message.id,
        )
    session.flush()
    following = session.scalar(
        select(ExchangeMessage.key).where(
            ExchangeMessage.direction == "in",
            ExchangeMessage.peer == message.peer,
            ExchangeMessage.transfer_number == message.transfer_number,
            ExchangeMessage.step == message.step + 1,
        )
    )
    if message.step and following is not None:
        outbox.hasten(session, kind=receiving.OUTBOX, key=following, now=now)


def _known_elsewhere(session: Session, message: ExchangeMessage) -> bool:
    """Whether the number belongs to a transfer with another peer, or to one inside this office."""
    other = select(ExchangeMessage.id).where(
        ExchangeMessage.transfer_number == message.transfer_number,
        ExchangeMessage.peer != message.peer,
        # what a third office merely claimed, and was told off for, takes the number from nobody
        or_(ExchangeMessage.direction == "out", ExchangeMessage.outcome == "heard"),
    )
    own = select(RightsTransfer.id).where(
        RightsTransfer.transfer_number == message.transfer_number, RightsTransfer.peer != message.peer
    )
    return any(session.scalar(query.limit(1)) is not None for query in (other, own))


def _begin(
    office: Office, session: Session, message: ExchangeMessage, kind: Kind, body: Mapping[str, Any]
) -> Verdict:
    """The case that begins with the message, in the region of this office that it names."""
    theirs, ours = str(body[kind.region_of_sender]), str(body[kind.region_of_receiver])
    peer = office.peers.of_code(message.peer)
    if peer is None or not peer.serves(theirs):
        return Contradicts(f"{message.peer} 不经办地区 {theirs}")
    if office.peers.of_region(ours) is not None or session.get(Region, ours) is None:
        return Contradicts(f"本机构不经办地区 {ours}")
    if session.get(Region, theirs) is None:
        return Contradicts(f"没有地区 {theirs}")
    person_id = _person(office, session, body["person"], region=ours)
    if isinstance(person_id, Contradicts):
        return person_id
    if known := _transfer(session, message, sides=("out" if kind.end == "in" else "in",)):
        return _said_again(session, known, person_id, body)
    payload = {name: value for name, value in body.items() if name != "person"}
    payload |= {"transfer_number": message.transfer_number, "person_id": person_id, "peer": message.peer}
    case = begin(office, session, name=message.kind, payload=payload, region=ours)
    return Heard(case.key, case.id)


def _said_again(session: Session, known: RightsTransfer, person_id: int, body: Mapping[str, Any]) -> Verdict:
    """A letter about a transfer that is here already: the same words change nothing, others contradict."""
    key = session.get_one(WorkflowCase, known.case_id).case_key
    said = (person_id, body["from_region"], body["to_region"])
    if said != (known.person_id, known.from_region, known.to_region):
        return Contradicts(f"与已受理的 {key} 人员或地区不同")
    return Heard(f"{key} 已在办理，未另行受理", known.case_id)


def _go_on(
    office: Office, session: Session, message: ExchangeMessage, kind: Kind, body: Mapping[str, Any]
) -> Verdict:
    """The case of the transfer with that peer hears it; later if it cannot yet, contradicted if it never will."""
    sides = {"out": ("in",), "in": ("out",), "both": ("in", "out")}[kind.end]
    transfer = _transfer(session, message, sides=sides)
    if transfer is None:
        return Contradicts(f"没有与 {message.peer} 办理、等候{kind.name}的转迁 {message.transfer_number}")
    try:
        (case, *_) = hand_over(
            office,
            session,
            kind="message",
            name=message.kind,
            correlation=message.transfer_number,
            payload=body,
            case_id=transfer.case_id,
        )
    except NotWaitingError:
        if late := overtaken(session, message.kind, message.transfer_number):
            # else everything that comes after it in this transfer would wait for it for ever
            return Heard(late, transfer.case_id)
        row = session.get_one(WorkflowCase, transfer.case_id)
        if row.status == "running":
            return NotYet()
        return Contradicts(f"{row.case_key} 已办结，不再等候{KIND_NAMES[message.kind]}")
    return Heard(case.key, case.id)


def _transfer(session: Session, message: ExchangeMessage, *, sides: tuple[str, ...]) -> RightsTransfer | None:
    return session.scalar(
        select(RightsTransfer).where(
            RightsTransfer.transfer_number == message.transfer_number,
            RightsTransfer.peer == message.peer,
            RightsTransfer.side.in_(sides),
        )
    )


def _person(office: Office, session: Session, said: Mapping[str, str], *, region: str) -> int | Contradicts:
    """Who is meant: somebody known here, or whom the population register knows by that number and name."""
    number = id_number(said["id_number"])
    if isinstance(number, Refusal):
        return Contradicts("公民身份号码不合规定")
    found = find_person(session, office.vault, number.normalised)
    if found is not None:
        name = session.get_one(Person, found).name
        return int(found) if normalised(name) == normalised(said["name"]) else _other_name()
    record = office.registers.population.person(number.normalised)
    if record is None:
        return Contradicts("人口库中没有此公民身份号码")
    if normalised(record.name) != normalised(said["name"]):
        return _other_name()
    return ensure_person(session, office.vault, record, now=office.clock(), region=region).id


def _other_name() -> Contradicts:
    return Contradicts("姓名与登记的不一致")
