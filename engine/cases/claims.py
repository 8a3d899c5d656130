"""Claims: applying for benefit, and withdrawing a claim."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.start import next_case, start_case
from engine.cases.steps import around, attempt, pass_on
from engine.cases.views import Done
from engine.law.time_limits import deadline
from engine.people import Person, id_number_of
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.tables import Claim
from engine.values import Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.runner import NotWaitingError
from engine.workflow.tables import WorkflowCase


def submit_claim(office: Office, actor: Actor, *, channel: str = "web") -> Done | Refusal:
    """A claim of the signed-in person, at the place where they were last insured (CLAIM-01).

    Nothing is asked but who they are. Refused only while an earlier claim of theirs is open;
    never for being late (鲁人社函〔2020〕10号（四）).
    """
    if actor.kind != "person":
        return Refusal(reasons=(Reason(code="not_claimant", text="只有失业人员本人可以提出申领"),))
    person_id = actor.id

    def work(session: Session) -> Done:
        earlier = session.scalar(
            select(Claim.case_id).where(Claim.person_id == person_id, Claim.status == "open")
        )
        if earlier is not None:
            key = session.get_one(WorkflowCase, earlier).case_key
            raise RefusedError(
                Reason(
                    code="claim_open",
                    text=f"您已有一件正在办理的申领（{key}），请在“我的申领”查看进度",
                    text_en=f"Your claim {key} is still open.",
                    source="鲁人社函〔2020〕10号（七）防止重复领取",
                )
            )
        id_number = id_number_of(office.vault, session.get_one(Person, person_id))
        region = office.registers.contributions.history(id_number).region or office.settings.region
        case = next_case(session, office, "claim", region=region, subject=actor.key)
        today = office.today
        session.add(
            Claim(case_id=case.id, person_id=person_id, region_code=region, applied_on=today, channel=channel)
        )
        data = {
            "person_id": person_id,
            "region": region,
            "applied_on": today.isoformat(),
            "decide_by": _decide_by(office, region),
            "channel": channel,
            "subject": actor.key,
        }
        start_case(office, session, actor, case, data)
        return Done(message=f"申领已受理，编号 {case.key}", case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=actor.key)


def withdraw_claim(office: Office, actor: Actor, case_id: int, *, why: str) -> Done | Refusal:
    """The claimant takes the claim back; possible until it is decided."""

    def work(session: Session) -> Done:
        case = session.get(WorkflowCase, case_id)
        if case is None or case.subject != actor.key:
            raise RefusedError(
                Reason(
                    code="not_own_case",
                    text="只能撤回本人的申领",
                    text_en="Only your own claim can be withdrawn.",
                )
            )
        try:
            stepped = office.runner.deliver(
                session,
                kind="message",
                name="claim_withdrawn",
                correlation=case.case_key,
                payload={"withdrawal_reason": why},
                around=around(office, session, actor),
                case_id=case_id,
            )
        except NotWaitingError as late:
            raise RefusedError(
                Reason(
                    code="too_late",
                    text="此申领已作出决定或已办结，不能撤回",
                    text_en="The claim has been decided.",
                )
            ) from late
        now = office.clock()
        append(
            session,
            stream=f"case:{case_id}",
            action=Action.CASE_CANCELLED,
            actor=actor,
            subject=actor.key,
            reason=why,
            now=now,
        )
        for each in stepped:
            pass_on(session, each, now=now)
        return Done(message=f"申领 {case.case_key} 已撤回", case_id=CaseId(case_id), case_key=case.case_key)

    return attempt(office, actor, work, subject=f"case:{case_id}", stream=f"case:{case_id}")


def _decide_by(office: Office, region: str) -> str:
    """The last day for the decision: ten working days from the application (社会保险经办条例第二十四条)."""
    found = deadline(
        "claim_decision", office.today, region=region, book=office.book, calendar=office.calendar
    )
    if isinstance(found, Refusal):
        raise RefusedError(*found.reasons)
    return found.day.isoformat()
