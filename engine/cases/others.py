"""Opening the other matters: a finding, a payment run of a region. Transfers: ``transfers``; refunds: ``refund_acts``."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.start import next_case, start_case
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.tasks.tables import Finding
from engine.values import SYSTEM, Actor, Reason, Refusal, RefusedError


def start_finding(
    office: Office, actor: Actor, *, topic: str, region: str, plan_due: date, done_due: date
) -> Done | Refusal:
    """A finding issued to a region: plan due, done due; reminders and circulars act by themselves (RECT-02)."""

    def work(session: Session) -> Done:
        require_duty(session, office, actor, "provincial", region)
        if not topic.strip():
            raise RefusedError(Reason(code="topic_missing", text="请填写整改事项", text_en="Name the topic."))
        if done_due < plan_due:
            raise RefusedError(
                Reason(
                    code="dates_reversed",
                    text="整改完成期限不能早于方案上报期限",
                    text_en="Done before planned.",
                )
            )
        if plan_due < office.today:
            raise RefusedError(
                Reason(
                    code="plan_due_past",
                    text="方案上报期限不能早于今天",
                    text_en="The plan was due before today.",
                )
            )
        case = next_case(session, office, "rectification", region=region, subject=f"office:{region}")
        reminder = _workdays_before(office, plan_due, 2)
        data = {
            "topic": topic.strip(),
            "region": region,
            "problem_found": topic.strip(),
            "plan_due": plan_due.isoformat(),
            "done_due": done_due.isoformat(),
            "plan_reminder_on": reminder.isoformat(),
        }
        start_case(office, session, actor, case, data)
        session.add(
            Finding(
                case_id=case.id,
                topic=topic.strip(),
                region_code=region,
                plan_due=plan_due,
                done_due=done_due,
            )
        )
        return Done(message=f"整改问题已下达，编号 {case.key}", case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=f"office:{region}")


def start_payment_run(office: Office, actor: Actor, *, month: str, region: str = "") -> Done | Refusal:
    """A payment run over every order that waits in the region (MONEY-04)."""
    where = region or actor.region or office.settings.region

    def work(session: Session) -> Done:
        require_duty(session, office, actor, "intake", where)
        case = next_case(session, office, "payment_run", region=where, subject=f"office:{where}")
        start_case(office, session, actor, case, {"region": where, "month": month})
        return Done(message=f"待遇发放已发起，编号 {case.key}", case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=f"office:{where}")


def require_duty(session: Session, office: Office, actor: Actor, duty: str, region: str) -> None:
    """RefusedError unless the actor holds the duty there; the office itself needs none."""
    if actor == SYSTEM:
        return
    no = check_may(session, office.duties, actor, duty, region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)


def _workdays_before(office: Office, day: date, count: int) -> date:
    for _ in range(count):
        day = office.calendar.on_or_before(day - timedelta(days=1))
    return day
