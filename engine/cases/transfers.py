"""Asking for a transfer of one's rights at either end, and taking it back while the letter is not answered.

The receiving office keeps the case. Asked for at the sending end, the application travels to it and nothing but that
is kept here; what then comes of it is told by the messages of the two offices. Pages: ``transfer_views``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.start import next_case, start_case
from engine.cases.steps import around, attempt, pass_on
from engine.cases.views import Done
from engine.duties import check_may
from engine.exchange.peers import Peer
from engine.people import Region
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.letters import render
from engine.tasks.tables import Letter, RightsTransfer
from engine.values import CHINA, Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.runner import NotWaitingError
from engine.workflow.tables import WorkflowCase

#: the message with which a transfer begins at the receiving end
APPLICATION = "transfer_application"
#: the letter that says where the application went; about no case of this office
APPLIED = "transfer-applied"
#: the person, or the office for them, takes it back before the letter
_WITHDRAWAL = "transfer_withdrawal"


def ask(office: Office, actor: Actor, *, from_region: str, to_region: str) -> Done | Refusal:
    """A transfer of the signed-in person's rights, at either end (TRANS-01).

    Asks for nothing beyond who and where; the offices ask each other. Refused for places that do not exist, and
    where neither end is served by this office.
    """
    if actor.kind != "person":
        return Refusal(
            reasons=(
                Reason(
                    code="not_claimant",
                    text="只有参保人本人可以申请转迁",
                    text_en="Only the insured person asks for a transfer.",
                ),
            )
        )

    def work(session: Session) -> Done:
        for code in (from_region, to_region):
            if session.get(Region, code) is None:
                raise RefusedError(
                    Reason(code="unknown_region", text=f"没有地区 {code}", text_en=f"No region {code}.")
                )
        receiving = office.peers.of_region(to_region)
        if receiving is None:
            return _opened(session, office, actor, from_region=from_region, to_region=to_region)
        if office.peers.of_region(from_region) is not None:
            raise RefusedError(
                Reason(
                    code="neither_end_here",
                    text="转出地和转入地都不由本机构经办，请向其中一地的经办机构申请",
                    text_en="This office serves neither place; please ask at one of the two.",
                )
            )
        return _sent_on(session, office, actor, receiving, from_region=from_region, to_region=to_region)

    return attempt(office, actor, work, subject=actor.key)


def withdraw(office: Office, actor: Actor, case_id: int, *, why: str) -> Done | Refusal:
    """The transfer taken back, by its person or by intake of the receiving region for them, with a reason.

    Before the letter it ends at once. Afterwards the sending office is told, and its answer decides: rights that have
    moved stay moved. Refused once the letter is answered.
    """

    def work(session: Session) -> Done:
        case = session.get(WorkflowCase, case_id, with_for_update=True)
        if case is None or case.process_id != "transfer_in" or not _may(session, office, actor, case):
            raise RefusedError(
                Reason(
                    code="not_own_case",
                    text="只能撤回本人的转移申请",
                    text_en="Only your own transfer can be withdrawn.",
                )
            )
        return take_back(session, office, actor, case, why=why)

    return attempt(office, actor, work, subject=f"case:{case_id}", stream=f"case:{case_id}")


def take_back(session: Session, office: Office, actor: Actor, case: WorkflowCase, *, why: str) -> Done:
    """The case told that it is taken back; RefusedError where that is not possible any more, or no reason is given."""
    reason, now = why.strip(), office.clock()
    if not reason:
        raise RefusedError(
            Reason(code="reason_missing", text="请填写撤回原因", text_en="Say why it is withdrawn.")
        )
    transfer = session.scalars(
        select(RightsTransfer).where(RightsTransfer.case_id == case.id, RightsTransfer.side == "in")
    ).one_or_none()
    if transfer is None or transfer.status != "open" or transfer.reason:
        raise RefusedError(_too_late(asked=bool(transfer and transfer.status == "open")))
    try:
        stepped = office.runner.deliver(
            session,
            kind="message",
            name=_WITHDRAWAL,
            correlation=transfer.transfer_number,
            payload={"withdrawal_reason": reason},
            around=around(office, session, actor),
            case_id=case.id,
        )
    except NotWaitingError:
        # the letter is out: the case goes on waiting, and the sending office's answer decides
        stepped = []
        _ask_back(session, case, transfer, reason, now=now)
    append(
        session,
        stream=f"case:{case.id}",
        action=Action.CASE_CANCELLED,
        actor=actor,
        subject=case.subject,
        reason=reason,
        now=now,
    )
    for each in stepped:
        pass_on(session, each, now=now)
    told = (
        "，已通知转出地，以其答复为准" if session.get_one(WorkflowCase, case.id).status == "running" else ""
    )
    return Done(
        message=f"转移申请 {case.case_key} 已撤回{told}", case_id=CaseId(case.id), case_key=case.case_key
    )


def _ask_back(
    session: Session, case: WorkflowCase, transfer: RightsTransfer, reason: str, *, now: datetime
) -> None:
    """The sending office is told; it stops where it has not answered yet, and answers in any case."""
    transfer.reason = reason
    number = transfer.transfer_number
    payload = {"transfer_number": number, "withdrawal_reason": reason}
    content = {"name": "transfer_withdrawn", "correlation": number, "payload": payload}
    key = f"{case.case_key}/withdrawn/transfer_withdrawn"
    outbox.put(session, kind="message", key=key, payload=content, now=now, case_id=case.id)


def _may(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> bool:
    if actor.kind == "person":
        return case.subject == actor.key
    if actor.kind != "staff":
        return False
    no = check_may(
        session, office.duties, actor, "intake", case.region_code, office.today, subject=case.subject
    )
    return no is None


def _too_late(*, asked: bool) -> Reason:
    if asked:
        return Reason(
            code="withdrawal_asked",
            text="已经提出撤回，正在等待转出地答复",
            text_en="The withdrawal was asked for; the sending office has not answered yet.",
        )
    return Reason(
        code="rights_moved",
        text="转出地已经答复，权益已转移或申请已有结果，不能撤回",
        text_en="The sending office has answered; what has moved cannot be taken back.",
    )


def _opened(session: Session, office: Office, actor: Actor, *, from_region: str, to_region: str) -> Done:
    """The case of the receiving office, which is this one."""
    case = next_case(session, office, "transfer_in", region=to_region, subject=actor.key)
    data = {
        "person_id": actor.id,
        "from_region": from_region,
        "to_region": to_region,
        # the place makes it unlike every number that another office gives
        "transfer_number": f"ZY-{to_region}-{case.key}",
        "applied_on": office.today.isoformat(),
    }
    start_case(office, session, actor, case, data, message=APPLICATION)
    return Done(message=f"转迁申请已受理，编号 {case.key}", case_id=case.id, case_key=case.key)


def _sent_on(
    session: Session, office: Office, actor: Actor, to: Peer, *, from_region: str, to_region: str
) -> Done:
    """The application on its way to the receiving office, and a letter that says so; once a day for two places."""
    key = f"{APPLIED}/{actor.id}/{from_region}/{to_region}/{office.today}"
    sent = session.scalar(select(func.count()).where(Letter.key == key))
    done = Done(message=f"申请已送{to.name}，由其受理；进度见“我的事项”")
    if sent:
        return done
    serial = int(session.execute(text("SELECT nextval('workflow_case_id_seq')")).scalar_one())
    year = office.clock().astimezone(CHINA).year
    number = f"ZY-{from_region}-SQ-{year}-{serial:06d}"
    data: dict[str, Any] = {
        "transfer_number": number,
        "person_id": actor.id,
        "from_region": from_region,
        "to_region": to_region,
        "region": to_region,
        "applied_on": office.today.isoformat(),
    }
    _write(session, office, actor, key, to, number)
    content = {"name": APPLICATION, "correlation": number, "payload": data}
    outbox.put(session, kind="message", key=f"{number}/{APPLICATION}", payload=content, now=office.clock())
    return done


def _write(session: Session, office: Office, actor: Actor, key: str, to: Peer, number: str) -> None:
    """The letter to the person: to whom the application went, when, and under which number."""
    kind, now = APPLIED, office.clock()
    facts = {"today": office.today, "transfer_number": number, "receiver": to.name}
    title, body = render(office.letters_dir, kind, facts, own=office.wording(session, kind))
    letter = Letter(key=key, kind=kind, recipient=actor.key, title=title, text=body, created_at=now)
    session.add(letter)
    session.flush()
    payload = {"letter_id": letter.id, "recipient": actor.key, "title": title}
    outbox.put(session, kind="letter", key=key, payload=payload, now=now)
    append(
        session,
        stream="office",
        action=Action.NOTICE_SENT,
        actor=actor,
        subject=actor.key,
        after={"kind": kind, "title": title, "transfer_number": number},
        now=now,
    )
