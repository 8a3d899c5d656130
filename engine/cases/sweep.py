"""The sweep: due timers, the outbox, receipts of the bank, retries, bulk moves, rehearsals and seals.

Rows carry the work and this carries them out; called by Celery beat or by ``changling serve``
itself, by several at once without harm. Whatever a kill interrupts is found again by the next sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, select

from engine.cases.announcing import announce, send_contact_changed, send_mail_notice, send_sms_notice
from engine.cases.answers import forget_old
from engine.cases.attachments import scan_waiting
from engine.cases.bank import collect_receipts, send_bank_file
from engine.cases.campaigns import campaign_due
from engine.cases.claims import start_noted
from engine.cases.correspondence import collect_folders, hear, post, state_month
from engine.cases.delivery import deliver, fire_timers_of
from engine.cases.escalations import escalation_due
from engine.cases.hits import open_hit_cases
from engine.cases.import_sweep import import_due
from engine.cases.inbox_counts import take_in
from engine.cases.item_cases import open_item_cases
from engine.cases.limits import watch_limits
from engine.cases.month_runs import month_run_due, screen_due
from engine.cases.move_sweep import move_due
from engine.cases.office import Office
from engine.cases.rating_invites import collect_replies, invite_due, open_bad_ratings, send_invitation
from engine.cases.recoveries import offset_due
from engine.cases.reduction_posts import send_reduction
from engine.cases.rehearsal_sweep import rehearse_due
from engine.cases.retry import replay
from engine.cases.samples import open_rechecks
from engine.cases.screening import screening_due
from engine.cases.skill_screening import open_skill_cases, screen_certificates
from engine.cases.suspicion_lines import open_line_cases
from engine.cases.trials import trial_due
from engine.store import outbox
from engine.store.audit import AuditSeal, seal
from engine.values import Refusal
from engine.workflow.tables import WorkflowCase, WorkflowIncident, WorkflowTimer

#: a seal binds the heads of the trail at least so often
_SEAL_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How much one sweep did."""

    timers: int = 0
    sent: int = 0
    failed: int = 0
    receipts: int = 0
    retried: int = 0
    #: parts of month runs that were carried out
    paid_parts: int = 0
    #: month runs that the risk rules were put to
    screened: int = 0
    #: parts of screenings for the refund that were carried out
    screened_parts: int = 0
    #: parts of trials of figures that were carried out
    tried_parts: int = 0
    #: parts of refund campaigns whose cases were opened
    campaign_parts: int = 0
    #: cases that a bulk move dealt with
    moved: int = 0
    #: cases of analysts' tests that were played
    rehearsed: int = 0
    #: papers that the virus scanner has answered for
    scanned: int = 0
    #: tasks whose holder or superior was told of their limit
    told: int = 0
    #: registered claims that began
    begun: int = 0
    #: pieces of files of an older system that were read, checked or loaded
    imported: int = 0
    #: hits that got their case
    hits: int = 0
    #: lines of suspicion lists that got their case
    lines: int = 0
    #: waiting orders that a part was kept back of
    offset: int = 0
    #: skill certificates that were looked at
    certificates: int = 0
    #: skill certificates that got their case
    skills: int = 0
    #: sampled items that got their case
    rechecks: int = 0
    #: files of other offices that were taken in
    fetched: int = 0
    #: other offices that were sent the statement of the month
    stated: int = 0
    #: who was asked to rate a finished matter
    invited: int = 0
    #: replies to short messages that were taken in
    replies: int = 0
    #: bad ratings that got their case
    bad_ratings: int = 0
    #: items of rectification that got their case
    items: int = 0
    #: reminders, circulars, notices and referrals that were written
    escalated: int = 0
    sealed: bool = False

    @property
    def idle(self) -> bool:
        """Whether nothing was due."""
        work = (
            self.timers,
            self.sent,
            self.failed,
            self.receipts,
            self.retried,
            self.paid_parts,
            self.screened,
            self.screened_parts,
            self.tried_parts,
            self.campaign_parts,
            self.moved,
            self.rehearsed,
            self.scanned,
            self.told,
            self.begun,
            self.imported,
            self.hits,
            self.lines,
            self.offset,
            self.certificates,
            self.skills,
            self.rechecks,
            self.fetched,
            self.stated,
            self.invited,
            self.replies,
            self.bad_ratings,
            self.items,
            self.escalated,
        )
        return not any(work)


def sweep(office: Office, *, limit: int = 100) -> Swept:
    """One round over everything that is due, at most `limit` of each."""
    timers = _fire_timers(office, limit)
    sent, failed = _send_due(office, limit)
    with office.store.transaction() as session:
        take_in(session)
    return Swept(
        timers=timers,
        sent=sent,
        failed=failed,
        receipts=collect_receipts(office),
        retried=_retry_due(office, limit),
        paid_parts=month_run_due(office, limit),
        screened=screen_due(office),
        screened_parts=screening_due(office, limit),
        tried_parts=trial_due(office, limit),
        campaign_parts=campaign_due(office, limit),
        moved=move_due(office, limit),
        rehearsed=rehearse_due(office, limit),
        scanned=scan_waiting(office),
        told=watch_limits(office, limit),
        begun=start_noted(office, limit),
        imported=import_due(office),
        hits=open_hit_cases(office, limit),
        lines=open_line_cases(office, limit),
        offset=offset_due(office, limit),
        certificates=screen_certificates(office),
        skills=open_skill_cases(office, limit),
        rechecks=open_rechecks(office, limit),
        fetched=collect_folders(office),
        stated=state_month(office),
        invited=invite_due(office, limit),
        replies=collect_replies(office),
        bad_ratings=open_bad_ratings(office, limit),
        items=open_item_cases(office, limit),
        escalated=escalation_due(office, limit),
        sealed=_seal_if_due(office),
    )


def sweep_until_idle(office: Office, *, rounds: int = 50) -> None:
    """Sweeps until nothing is due; for demos and tests that do not want to wait."""
    for _ in range(rounds):
        if sweep(office).idle:
            return


def _fire_timers(office: Office, limit: int) -> int:
    now = office.clock()
    parked = exists().where(
        WorkflowIncident.case_id == WorkflowTimer.case_id,
        # a task that failed must not hold up a statutory limit
        WorkflowIncident.command.startswith('{"kind":"timer"'),
        WorkflowIncident.status == "open",
        WorkflowIncident.due_at > now,
    )
    with office.store.reading() as session:
        due = session.scalars(
            select(WorkflowTimer.case_id)
            .join(WorkflowCase, WorkflowCase.id == WorkflowTimer.case_id)
            .where(WorkflowTimer.due_at <= now, WorkflowCase.paused_at.is_(None), ~parked)
            .group_by(WorkflowTimer.case_id)
            .limit(limit)
        ).all()
    return sum(fire_timers_of(office, case_id) for case_id in due)


def _send_due(office: Office, limit: int) -> tuple[int, int]:
    with office.store.transaction() as session:
        taken = outbox.take_due(session, now=office.clock(), limit=limit)
        messages = [(message.id, message.kind, message.key) for message in taken]
        session.expunge_all()
    sent = sum(_send(office, message_id, kind) for message_id, kind, _ in messages)
    return sent, len(messages) - sent


def _send(office: Office, message_id: int, kind: str) -> bool:
    send = _SENDERS.get(kind)
    error, retryable, patient = f"没有“{kind}”的发送渠道", False, False
    if send is not None:
        try:
            return send(office, message_id)
        except Exception as failure:  # noqa: BLE001 - the worker's outer loop: the message is due again, the cause kept
            error = f"{type(failure).__name__}：{failure}"
            retryable = bool(getattr(failure, "retryable", True))
            patient = bool(getattr(failure, "patient", False))
    with office.store.transaction() as session:
        outbox.mark_failed(
            session, message_id, now=office.clock(), error=error, retryable=retryable, patient=patient
        )
    return False


def _retry_due(office: Office, limit: int) -> int:
    with office.store.reading() as session:
        due = session.scalars(
            select(WorkflowIncident.id)
            .where(
                WorkflowIncident.status == "open",
                WorkflowIncident.retryable,
                WorkflowIncident.due_at <= office.clock(),
            )
            .order_by(WorkflowIncident.due_at)
            .limit(limit)
        ).all()
    return sum(not isinstance(replay(office, incident_id), Refusal) for incident_id in due)


def _seal_if_due(office: Office) -> bool:
    now = office.clock()
    with office.store.transaction() as session:
        last = session.scalar(select(AuditSeal.at).order_by(AuditSeal.number.desc()).limit(1))
        if last is not None and now - last < _SEAL_EVERY:
            return False
        forget_old(session, now=now)
        return seal(session, now=now) is not None


_SENDERS: dict[str, Callable[[Office, int], bool]] = {
    "letter": announce,
    "sms_notice": send_sms_notice,
    "mail_notice": send_mail_notice,
    "contact_changed": send_contact_changed,
    "message": deliver,
    "signal": deliver,
    "bank_file": send_bank_file,
    "exchange": post,
    "exchange_in": hear,
    "rating_invitation": send_invitation,
    "reduction": send_reduction,
}
