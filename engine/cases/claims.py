"""Claims: applying for benefit, and withdrawing a claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.staff import person_actor
from engine.cases.start import case_of, next_case, start_case
from engine.cases.steps import around, attempt, carry_out, pass_on
from engine.cases.views import Done
from engine.law.time_limits import Deadline, deadline
from engine.people import Person, id_number_of
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.moved_rights import hold, on_the_way, place_of
from engine.tasks.tables import Claim
from engine.values import Actor, CaseId, CaseRef, Reason, Refusal, RefusedError
from engine.workflow.runner import NotWaitingError, StepFailedError
from engine.workflow.tables import WorkflowCase

_WAITS = "下一年的工作日历尚未录入，录入后系统自动受理，您不必再来；申请日期和待遇标准以登记之日为准"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedClaim:
    """A claim that stands with its day and waits for the working calendar to begin."""

    case_key: str
    applied_on: date
    #: what it waits for, in words
    why: str


def submit_claim(office: Office, actor: Actor, *, channel: str = "web") -> Done | Refusal:
    """A claim of the signed-in person, where they were last insured or their rights were moved to (CLAIM-01).

    Nothing is asked but who they are. Refused while an earlier claim of theirs is open, and while their rights are on
    the way to another place or are at one that another office serves (人社厅发〔2021〕85号);
    never for being late (鲁人社函〔2020〕10号（四）). Where its limits reach into a year whose working calendar
    nobody has entered yet, the claim is registered with its day and begins by itself (``start_noted``).
    """
    if actor.kind != "person":
        return Refusal(reasons=(Reason(code="not_claimant", text="只有失业人员本人可以提出申领"),))
    person_id = actor.id

    def work(session: Session) -> Done:
        hold(session, person_id)
        earlier = session.scalar(select(Claim).where(Claim.person_id == person_id, Claim.status == "open"))
        if earlier is not None:
            key = _ref(earlier).key
            raise RefusedError(
                Reason(
                    code="claim_open",
                    text=f"您已有一件正在办理的申领（{key}），请在“我的申领”查看进度",
                    text_en=f"Your claim {key} is still open.",
                    source="鲁人社函〔2020〕10号（七）防止重复领取",
                )
            )
        region = _place(session, office, person_id)
        case = next_case(session, office, "claim", region=region, subject=actor.key)
        claim = Claim(
            case_id=case.id,
            person_id=person_id,
            region_code=region,
            applied_on=office.today,
            channel=channel,
        )
        session.add(claim)
        session.flush()
        if _starts(session, office, actor, claim):
            message = f"申领已受理，编号 {case.key}"
        else:
            _note(session, office, actor, claim)
            message = f"申领已登记，编号 {case.key}，申请日期{claim.applied_on.isoformat()}。{_WAITS}"
        return Done(message=message, case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=actor.key)


def _place(session: Session, office: Office, person_id: int) -> str:
    """The region that decides the claim; RefusedError where another office does, or rights are between two places."""
    id_number = id_number_of(office.vault, session.get_one(Person, person_id))
    history = office.registers.contributions.history(id_number)
    moving = on_the_way(session, person_id=person_id)
    if moving is not None:
        raise RefusedError(
            Reason(
                code="rights_on_the_way",
                text=f"您的失业保险关系正在转移（{moving.transfer_number}），转入地记入后即可申领，缴费月数不受影响",
                text_en=f"Your rights are on their way ({moving.transfer_number}); claim once they have arrived.",
                source="人社厅发〔2021〕85号（转述，待核）",
                verified=False,
                fact=moving.transfer_number,
            )
        )
    region = place_of(session, history, person_id=person_id) or office.settings.region
    elsewhere = office.peers.of_region(region)
    if elsewhere is not None:
        raise RefusedError(
            Reason(
                code="rights_elsewhere",
                text=f"您的失业保险关系在{elsewhere.name}，请向其申领",
                text_en=f"Your rights are with {elsewhere.code}; please claim there.",
                source="社会保险法第五十二条",
            )
        )
    return region


def noted_claim(office: Office, actor: Actor) -> NotedClaim | None:
    """The signed-in person's claim that is registered but could not begin yet."""
    if actor.kind != "person":
        return None
    with office.store.reading() as session:
        claim = session.scalars(_noted().where(Claim.person_id == actor.id)).one_or_none()
        if claim is None:
            return None
        return NotedClaim(case_key=_ref(claim).key, applied_on=claim.applied_on, why=_WAITS)


def start_noted(office: Office, limit: int = 100) -> int:
    """How many registered claims began, now that the calendar knows the year which they count into; swept."""
    with office.store.reading() as session:
        waiting = [
            (claim.case_id, claim.person_id)
            for claim in session.scalars(_noted().order_by(Claim.case_id).limit(limit))
            if not isinstance(_decision_limit(office, claim), Refusal)
        ]
    return sum(_began(office, case_id, person_id) for case_id, person_id in waiting)


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


def _ref(claim: Claim) -> CaseRef:
    """The case that the claim is or will be: its number is given with the claim."""
    return case_of(
        claim.case_id,
        "claim",
        year=claim.applied_on.year,
        region=claim.region_code,
        subject=f"person:{claim.person_id}",
    )


def _starts(session: Session, office: Office, actor: Actor, claim: Claim) -> bool:
    """Whether the case of the claim has begun; False, with nothing kept of the try, where the calendar lacks a year.

    The right to apply does not hang on the office's calendar: the day of the application is kept in any case.
    """
    case = _ref(claim)
    try:
        with session.begin_nested():
            data = {
                "person_id": claim.person_id,
                "region": claim.region_code,
                "applied_on": claim.applied_on.isoformat(),
                "decide_by": _decide_by(office, claim),
                "channel": claim.channel,
                "subject": case.subject,
            }
            start_case(office, session, actor, case, data)
    except RefusedError as no:
        if any(reason.code != "calendar_gap" for reason in no.refusal.reasons):
            raise
        return False
    return True


def _began(office: Office, case_id: int, person_id: int) -> bool:
    """Whether the registered claim has begun; a register that does not answer is asked again by the next sweep."""
    claimant = person_actor(office, person_id)
    if claimant is None:
        return False

    def work(session: Session) -> bool:
        claim = session.scalars(
            _noted().where(Claim.case_id == case_id).with_for_update(of=Claim, skip_locked=True)
        ).one_or_none()
        return claim is not None and _starts(session, office, claimant, claim)

    try:
        return carry_out(office, claimant, work, subject=claimant.key, stream=f"case:{case_id}") is True
    except StepFailedError:
        return False


def _noted() -> Select[Claim]:
    return select(Claim).where(
        Claim.status == "open", ~exists().where(WorkflowCase.id == Claim.case_id).correlate(Claim)
    )


def _note(session: Session, office: Office, actor: Actor, claim: Claim) -> None:
    append(
        session,
        stream=f"case:{claim.case_id}",
        action=Action.CLAIM_NOTED,
        actor=actor,
        subject=actor.key,
        after={"case_key": _ref(claim).key, "applied_on": claim.applied_on.isoformat()},
        reason=_WAITS,
        now=office.clock(),
    )


def _decide_by(office: Office, claim: Claim) -> str:
    found = _decision_limit(office, claim)
    if isinstance(found, Refusal):
        raise RefusedError(*found.reasons)
    return found.day.isoformat()


def _decision_limit(office: Office, claim: Claim) -> Deadline | Refusal:
    """The last day for the decision: ten working days from the application (社会保险经办条例第二十四条)."""
    return deadline(
        "claim_decision",
        claim.applied_on,
        region=claim.region_code,
        book=office.book,
        calendar=office.calendar,
    )
