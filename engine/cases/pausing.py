"""A whole case held still (挂起), going on (恢复), or ended by the office where it stands (终止)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.benefits.death_tables import DeathGrant
from engine.benefits.tables import BenefitGrant
from engine.cases.hands import paused, refuse_empty, standing
from engine.cases.item_cases import ISSUES, move_dues
from engine.cases.limit_tables import LimitPause
from engine.cases.office import Office
from engine.cases.steps import around, attempt, pass_on
from engine.cases.transfer_ends import refuse_to_other_office, too_late_to_end
from engine.cases.transfers import take_back
from engine.cases.views import Done
from engine.duties import acting_for, check_may
from engine.law.calendar import CalendarGap
from engine.money.payments import PaymentOrder
from engine.refunds.campaign_tables import RetentionRefund
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.letters import send_letter
from engine.tasks.tables import Claim
from engine.values import CHINA, Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.runner import Stepped
from engine.workflow.tables import WorkflowCase, WorkflowTask

#: the duty that decides over a case of its region
_DECIDES = "approve"
#: orders that stand in the way of ending a case; what was cancelled or is held pays nothing
_IDLE_ORDERS = ("cancelled", "held")


def pause_case(office: Office, actor: Actor, case_id: int, *, why: str, source: str) -> Done | Refusal:
    """Nothing moves the case until it is resumed: limits and timers stand still, messages wait.

    By whoever may do one of its open steps, or decides over cases of the region; an item of rectification only by the
    office that issues there, because nobody else may hold up what follows a missed deadline. ``source`` is the provision.
    """

    def work(session: Session) -> Done:
        case = _locked(session, case_id)
        _refuse(paused(case) or _not_in_hand(session, office, actor, case))
        reason = refuse_empty(why, "挂起事由")
        rests_on = refuse_empty(source, "挂起依据", code="source_missing")
        now = office.clock()
        stepped = office.runner.pause(session, case_id, why=reason, around=around(office, session, actor))
        session.add(
            LimitPause(case_id=case_id, why=reason, source=rests_on, paused_by=actor.key, paused_at=now)
        )
        return _told(
            session, office, actor, stepped, Action.CASE_PAUSED, "已挂起", why=f"{reason}（{rests_on}）",
            before={"paused_at": None}, after={"paused_at": now.isoformat(), "source": rests_on},
        )  # fmt: skip

    return attempt(office, actor, work, subject=f"case:{case_id}", stream=f"case:{case_id}")


def resume_case(office: Office, actor: Actor, case_id: int, *, why: str = "") -> Done | Refusal:
    """The case goes on; days that were still to come move on by the working days of the pause."""

    def work(session: Session) -> Done:
        case = _locked(session, case_id)
        _refuse(() if case.paused_at else (_reason("not_paused", "案件没有挂起", "The case is not paused."),))
        _refuse(_not_in_hand(session, office, actor, case))
        assert case.paused_at is not None  # noqa: S101 - refused above
        days, since = _workdays(office, case.paused_at), case.paused_at
        stepped = office.runner.resume(
            session,
            case_id,
            shift=_shift(office, since, days),
            around=around(office, session, actor),
        )
        _end_pause(session, case_id, actor, office.clock())
        later = _shift(office, since, days)
        move_dues(session, case_id, lambda due: later(datetime.combine(due, time.max, tzinfo=CHINA)).date())
        return _told(
            session, office, actor, stepped, Action.CASE_RESUMED, f"已恢复，期限顺延{days}个工作日", why=why,
            before={"paused_at": since.isoformat()}, after={"paused_at": None, "workdays": days},
        )  # fmt: skip

    return attempt(office, actor, work, subject=f"case:{case_id}", stream=f"case:{case_id}")


def terminate_case(office: Office, actor: Actor, case_id: int, *, why: str) -> Done | Refusal:
    """The case ended where it stands, and whom it is about told why and what they can do about it.

    By the duty that approves such cases in the region, which had no incompatible hand in it. Refused where the
    diagram leaves nothing to approve (a finding is closed by verification only), once a benefit was granted, and
    while money is ordered: that is cancelled or held first. The other office of a transfer is told; one that is taken
    back at the receiving end goes on until the sending office has answered.
    """

    def work(session: Session) -> Done:
        case = _locked(session, case_id)
        _refuse(refused_to_end(session, office, actor, case))
        reason = refuse_empty(why, "终止理由")
        if case.process_id == "transfer_in":
            return take_back(session, office, actor, case, why=reason)
        set_desk = around(office, session, actor)
        waiting = session.scalars(
            select(WorkflowTask.element_id).where(
                WorkflowTask.case_id == case_id, WorkflowTask.status == "ready"
            )
        ).all()
        stepped = office.runner.cancel(session, case_id, why=reason, around=set_desk)
        _end_pause(session, case_id, actor, office.clock())
        refuse_to_other_office(session, case, why=reason, now=office.clock())
        _close_matter(session, case_id)
        send_letter(
            set_desk(stepped.case).desk,
            "case-terminated",
            process=_process(session, office, case),
            why=reason,
        )
        return _told(
            session, office, actor, stepped, Action.CASE_CANCELLED, "已终止", why=reason,
            before={"status": "running", "open": sorted(waiting)}, after={"status": "cancelled"},
        )  # fmt: skip

    return attempt(office, actor, work, subject=f"case:{case_id}", stream=f"case:{case_id}")


def case_actions(
    session: Session, office: Office, actor: Actor, case: WorkflowCase
) -> Mapping[str, tuple[Reason, ...]]:
    """Why the actor may not pause, resume or terminate the case now; empty reasons where they may."""
    if case.status != "running":
        return {}
    out_of_hand = _not_in_hand(session, office, actor, case)
    still = {"resume": out_of_hand} if case.paused_at else {"pause": out_of_hand}
    return {**still, "terminate": refused_to_end(session, office, actor, case)}


def refused_to_end(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> tuple[Reason, ...]:
    """Why the actor may not terminate the running case; empty when they may."""
    elements = office.runner.versions.get(session, case.version_id).blueprint.elements.values()
    # what a transfer is decided upon is decided at its other end
    if case.process_id != "transfer_in" and all(element.duty != _DECIDES for element in elements):
        return (
            _reason(
                "not_to_terminate",
                "此类案件没有审批环节，不能终止；请按流程办理",
                "Cases of this kind are not terminated; they run their course.",
            ),
        )
    found = _decides(session, office, actor, case)
    if isinstance(found, Refusal):
        return found.reasons
    return too_late_to_end(session, case) or _bound_money(session, case)


def _decides(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> str | Refusal:
    return acting_for(
        session,
        office.duties,
        actor,
        _DECIDES,
        case.region_code,
        office.today,
        subject=case.subject,
        case_id=case.id,
    )


def _bound_money(session: Session, case: WorkflowCase) -> tuple[Reason, ...]:
    ordered = select(PaymentOrder.status).where(
        PaymentOrder.case_id == case.id, PaymentOrder.status.not_in(_IDLE_ORDERS)
    )
    found = session.scalars(ordered).all()
    if found:
        return (
            _reason(
                "money_ordered",
                "本案有未撤销的支付单，请先撤销或暂缓支付",
                "Payments of this case stand; cancel or hold them first.",
                fact="、".join(sorted(set(found))),
            ),
        )
    prepaid = select(RetentionRefund.id).where(
        RetentionRefund.settlement_case_id == case.id,
        RetentionRefund.status.in_(("prepaid", "committed", "recovering")),
    )
    if session.scalar(prepaid.limit(1)) is not None:
        return (
            _reason(
                "prepaid_open",
                "预拨的资金还没有清算或退回，不能终止；请按流程办理",
                "Prepaid money is neither settled nor returned; the case runs its course.",
            ),
        )
    granted = select(BenefitGrant.id).where(BenefitGrant.case_id == case.id)
    if session.scalar(granted.limit(1)) is not None:
        return (_reason("granted", "本案待遇已核定，不能终止", "A benefit was granted in this case."),)
    return ()


def _not_in_hand(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> tuple[Reason, ...]:
    """Why the actor neither decides over the case nor may do one of its open steps; empty when they do."""
    if case.process_id == "rectification":
        no = check_may(session, office.duties, actor, ISSUES, case.region_code, office.today)
        return () if no is None else no.reasons
    if actor.kind == "staff" and not isinstance(_decides(session, office, actor, case), Refusal):
        return ()
    version = office.runner.versions.get(session, case.version_id)
    waiting = session.scalars(
        select(WorkflowTask).where(WorkflowTask.case_id == case.id, WorkflowTask.status == "ready")
    )
    if actor.kind == "staff" and any(
        not standing(session, office, actor, task, case, version)[1] for task in waiting
    ):
        return ()
    return (
        _reason(
            "case_not_in_hand",
            "只有本案待办环节的办理岗或本地区审批岗可以挂起、恢复案件",
            "Only who may do an open step of the case, or approves in the region, pauses or resumes it.",
            fact=actor.name or actor.key,
        ),
    )


def _workdays(office: Office, since: datetime) -> int:
    try:
        return office.calendar.between(since.astimezone(CHINA).date(), office.today)
    except CalendarGap as gap:
        raise RefusedError(
            _reason("calendar_gap", str(gap), "A year of the working calendar is missing.")
        ) from gap


def _shift(office: Office, since: datetime, days: int) -> Callable[[datetime], datetime]:
    """Moves what was still to come by so many working days; what had passed by then stays passed."""

    def move(due: datetime) -> datetime:
        if days == 0 or due <= since:
            return due
        local = due.astimezone(CHINA)
        try:
            day = office.calendar.after(local.date(), days)
        except CalendarGap as gap:
            reason = _reason("calendar_gap", str(gap), "A year of the working calendar is missing.")
            raise RefusedError(reason) from gap
        return datetime.combine(day, local.timetz()).astimezone(due.tzinfo)

    return move


def _end_pause(session: Session, case_id: int, actor: Actor, now: datetime) -> None:
    session.execute(
        update(LimitPause)
        .where(LimitPause.case_id == case_id, LimitPause.resumed_at.is_(None))
        .values(resumed_by=actor.key, resumed_at=now)
    )


def _close_matter(session: Session, case_id: int) -> None:
    """What the case was about is open no more, so that a new case about it can be."""
    for matter, open_now, then in (
        (Claim, ("open",), "refused"),
        (DeathGrant, ("open",), "withdrawn"),
        (RetentionRefund, ("screened", "pushed", "objected", "confirmed", "noticed"), "withdrawn"),
    ):
        session.execute(
            update(matter).where(matter.case_id == case_id, matter.status.in_(open_now)).values(status=then)
        )


def _process(session: Session, office: Office, case: WorkflowCase) -> str:
    return office.runner.versions.get(session, case.version_id).name


def _locked(session: Session, case_id: int) -> WorkflowCase:
    case = session.get(WorkflowCase, case_id, with_for_update=True, populate_existing=True)
    if case is None:
        raise RefusedError(_reason("no_such_case", "没有这个案件", "No such case."))
    if case.status != "running":
        raise RefusedError(_reason("case_ended", "案件已办结或已终止", "The case has ended."))
    return case


def _told(
    session: Session,
    office: Office,
    actor: Actor,
    stepped: Stepped,
    action: Action,
    message: str,
    *,
    why: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> Done:
    case, now = stepped.case, office.clock()
    pass_on(session, stepped, now=now)
    append(
        session,
        stream=f"case:{case.id}",
        action=action,
        actor=actor,
        subject=f"case:{case.id}",
        before=before,
        after=after,
        reason=why.strip(),
        now=now,
    )
    return Done(message=f"{case.key} {message}", case_id=CaseId(case.id), case_key=case.key)


def _refuse(reasons: tuple[Reason, ...]) -> None:
    if reasons:
        raise RefusedError(*reasons)


def _reason(code: str, text: str, english: str, *, fact: str = "") -> Reason:
    return Reason(code=code, text=text, text_en=english, fact=fact)
