"""Opening the case of a rehearsal: through the use-case of its process, or plainly where it has none yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from sqlalchemy.orm import Session

from engine.cases import checklists, claims, others, refund_acts, transfers
from engine.cases.death_openers import open_death_grant
from engine.cases.feedback_openers import open_complaint, open_rating
from engine.cases.hit_openers import open_stop, open_suspicion
from engine.cases.office import Office
from engine.cases.reconciling import open_difference
from engine.cases.recovery_openers import open_recovery
from engine.cases.reduction_openers import open_exit_objection, open_reduction
from engine.cases.refund_openers import open_settlement
from engine.cases.skill_openers import open_skill_subsidy
from engine.cases.stage import PRACTICE_REGION
from engine.cases.start import next_case, start_case
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.values import SYSTEM, Actor, CaseId, Refusal
from engine.workflow.rehearsal import Value


class StuckError(Exception):
    """The rehearsal cannot go on; the message says at which line of the script and why."""

    retryable = False


def open_case(office: Office, subject: Actor, process: str, data: Mapping[str, Value]) -> Done | Refusal:
    """The case, opened as the pages would; StuckError where the script does not say what the process needs."""
    opener = _OPENERS.get(process)
    return opener(office, subject, data) if opener else _open_any(office, subject, process, data)


def _open_claim(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    return claims.submit_claim(office, subject, channel=str(data.get("channel", "web")))


def _open_transfer(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    return transfers.ask(
        office,
        subject,
        from_region=_text(data, "from_region"),
        to_region=_text(data, "to_region"),
    )


def _open_refund(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    if subject.kind != "employer":
        raise StuckError("稳岗返还须写 employer")
    year = data.get("year", office.today.year)
    if not isinstance(year, int):
        raise StuckError(f"data.year 应当是年份，现在是“{year}”")
    return refund_acts.start_refund(
        office, SYSTEM, employer_id=subject.id, year=year, pay_mode=str(data.get("pay_mode") or "")
    )


def _open_item(office: Office, _subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """One item of a checklist; with ``self_check_due`` the unit looks into it first."""
    return checklists.issue_item(
        office,
        SYSTEM,
        topic=_text(data, "topic"),
        region=_text(data, "region"),
        plan_due=_day_of(data, "plan_due"),
        done_due=_day_of(data, "done_due"),
        self_check_due=_day_of(data, "self_check_due") if data.get("self_check_due") else None,
    )


def _open_payment_run(office: Office, _subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    month = str(data.get("month") or f"{office.today:%Y-%m}")
    # in the office's own region its orders would stay locked, and its real runs wait, until the rehearsal is over
    return others.start_payment_run(
        office, SYSTEM, month=month, region=str(data.get("region") or PRACTICE_REGION)
    )


def _open_difference(office: Office, _subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    return open_difference(office, data, region=str(data.get("region") or PRACTICE_REGION))


def _open_any(office: Office, subject: Actor, process: str, data: Mapping[str, Value]) -> Done | Refusal:
    """A case of a process that has no use-case of its own yet: a draft that an analyst drew."""
    region = str(data.get("region") or office.settings.region)
    about = f"office:{region}" if subject == SYSTEM else subject.key

    def work(session: Session) -> Done:
        case = next_case(session, office, process, region=region, subject=about)
        start = {"region": region, "subject": about, **data}
        start_case(office, session, subject, case, start)
        return Done(message=case.key, case_id=CaseId(case.id), case_key=case.key)

    return attempt(office, subject, work, subject=about)


_OPENERS: Mapping[str, Callable[[Office, Actor, Mapping[str, Value]], Done | Refusal]] = {
    "claim": _open_claim,
    "transfer_in": _open_transfer,
    "stable_jobs": _open_refund,
    "rectification": _open_item,
    "payment_run": _open_payment_run,
    "stop": open_stop,
    "death_grant": open_death_grant,
    "recovery": open_recovery,
    "refund_settlement": open_settlement,
    "suspicion": open_suspicion,
    "reconcile": _open_difference,
    "rating": open_rating,
    "complaint": open_complaint,
    "skill_subsidy": open_skill_subsidy,
    "reduction": open_reduction,
    "exit_objection": open_exit_objection,
}
#: processes whose cases are opened by a use-case of their own
OPENED_HERE = frozenset(_OPENERS)


def _text(data: Mapping[str, Value], name: str) -> str:
    value = data.get(name)
    if not value:
        raise StuckError(f"data 缺少 {name}")
    return str(value)


def _day_of(data: Mapping[str, Value], name: str) -> date:
    text = _text(data, name)
    try:
        return date.fromisoformat(text)
    except ValueError as cause:
        raise StuckError(f"data.{name} 应当是日期 2025-11-03，现在是“{text}”") from cause
