"""Changes of stored data: asked for by one, decided by another, with what stood before and after (CTRL-01).

Only declared fields change, and only here. Key fields need a leader. What somebody else changed meanwhile is not
overwritten: the request is refused and made anew (鲁人社函〔2020〕10号（八）).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.change_fields import FIELDS, Decided, Field, Target, target_of, target_of_report
from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.oversight.change_tables import DataChange
from engine.people import record_look
from engine.registers.reduction_tables import ReductionReport
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import Actor, Reason, Refusal, RefusedError, reach
from engine.workflow.tables import WorkflowCase

SOURCE = "鲁人社函〔2020〕10号（八）：数据修改须经审批、留痕可溯"
STATUS_NAMES = {"requested": "待审批", "applied": "已执行", "rejected": "不同意", "withdrawn": "已撤回"}
ASKS = ("data_steward", "intake")
#: who decides about a field that is no key field
DECIDES = ("data_steward", "approve")
LEADER = "approve"
_SEES = (*dict.fromkeys((*ASKS, *DECIDES)), "control", "fund_supervisor")
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change in the list."""

    change_id: int
    record_name: str
    field_name: str
    field_english: str
    about: str
    region: str
    before: str
    after: str
    is_key: bool
    reason: str
    evidence: str
    status: str
    status_name: str
    requested_by: str
    requested_at: datetime
    decided_by: str
    decided_at: datetime | None
    decided_why: str
    may_decide: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDesk:
    """The page of data changes."""

    rows: tuple[ChangeRow, ...]
    fields: tuple[Field, ...]
    may_ask: bool


def change_desk(office: Office, actor: Actor, *, status: str = "") -> ChangeDesk | Refusal:
    """The changes of the actor's region, newest first."""

    def work(session: Session) -> ChangeDesk:
        _require(session, office, actor, _SEES, actor.region)
        query = select(DataChange).where(DataChange.region_code.startswith(reach(actor.region)))
        query = query.where(DataChange.status == status) if status in STATUS_NAMES else query
        rows = session.scalars(query.order_by(DataChange.id.desc()).limit(_PAGE)).all()
        return ChangeDesk(
            rows=tuple(_row(session, actor, each) for each in rows),
            fields=tuple(FIELDS.values()),
            may_ask=any(duty in actor.duties for duty in ASKS),
        )

    return attempt(office, actor, work, subject="data-changes", stream="data-changes")


def ask_change(
    office: Office,
    actor: Actor,
    *,
    field: str,
    number: str,
    value: str,
    reason: str,
    evidence: str,
    recheck: str = "",
) -> Done | Refusal:
    """The change asked for; ``number`` is an identity number, a credit code or, for a grant, its own number.

    ``recheck`` is the number of the re-check that found it, or empty. Refused where nothing would change, a value
    cannot stand, or why and on which paper is not said.
    """

    def work(session: Session) -> Done:
        declared = FIELDS.get(field)
        if declared is None:
            raise _no("no_such_field", "这一项不能更改", "That field cannot be changed.")
        target = target_of(session, office, declared, number)
        _require(session, office, actor, ASKS, target.region, subject=target.subject)
        record_look(session, actor=actor, subject=target.subject, why="数据变更申请", now=office.clock())
        return _requested(
            session,
            office,
            actor,
            declared,
            target,
            value=value,
            reason=reason,
            evidence=evidence,
            recheck=recheck,
        )

    return attempt(office, actor, work, subject=f"data_change:{field[:24]}", stream="data-changes")


def ask_correction(
    office: Office, actor: Actor, report_id: int, *, field: str, value: str, reason: str, evidence: str
) -> Done | Refusal:
    """An employer asks for a correction of what it reported itself (``reduction_reason``, ``reduction_exit_day``).

    Somebody of the agency decides; whoever asked never does (鲁人社函〔2020〕10号（八）).
    """

    def work(session: Session) -> Done:
        declared = FIELDS.get(field)
        report = session.get(ReductionReport, report_id)
        if declared is None or declared.record != "reduction":
            raise _no("no_such_field", "这一项不能更改", "That field cannot be changed.")
        if actor.kind != "employer" or report is None or report.employer_id != actor.id:
            raise _no("no_such_report", "没有这件减员申报", "No such report.")
        if report.status != "counted":
            raise _no("not_recorded", "还没有登记的申报不用更正", "Only what is recorded is corrected.")
        return _requested(
            session,
            office,
            actor,
            declared,
            target_of_report(report),
            value=value,
            reason=reason,
            evidence=evidence,
        )

    return attempt(office, actor, work, subject=f"reduction:{report_id}", stream="data-changes")


def _requested(
    session: Session,
    office: Office,
    actor: Actor,
    declared: Field,
    target: Target,
    *,
    value: str,
    reason: str,
    evidence: str,
    recheck: str = "",
) -> Done:
    """The request, kept until somebody else decides about it."""
    wanted = declared.read(session, office, value)
    _require_words(reason, evidence)
    before, after = declared.shown(session, office, target), declared.masked(wanted)
    if declared.stored(session, office, target) == wanted:
        raise _no("nothing_changes", f"{declared.name}已经是“{after}”", "It stands so already.")
    made = DataChange(
        record=declared.record,
        record_id=target.record_id,
        field=declared.id,
        subject=target.subject,
        region_code=target.region,
        before=before,
        after=after,
        is_key=declared.is_key,
        reason=reason.strip(),
        evidence=evidence.strip(),
        recheck_case_id=_recheck(session, recheck.strip()),
        status="requested",
        requested_by=actor.key,
        requested_at=office.clock(),
    )
    session.add(made)
    session.flush()
    if declared.is_secret:
        _seal_value(session, office, made, wanted)
    _note(session, office, actor, made, Action.CHANGE_REQUESTED, why=made.reason)
    return Done(message=f"{declared.name}变更已申请，等待{'领导' if declared.is_key else '另一人'}审批")


def decide_change(office: Office, actor: Actor, change_id: int, *, agree: bool, why: str) -> Done | Refusal:
    """The change carried out, or not agreed to; by somebody else than who asked, a leader for a key field."""

    def work(session: Session) -> Done:
        change = _locked(session, change_id)
        declared = FIELDS[change.field]
        deciding = (LEADER,) if change.is_key else DECIDES
        _require(session, office, actor, deciding, change.region_code, subject=change.subject)
        if change.status != "requested":
            raise _no("too_late", f"该变更{STATUS_NAMES[change.status]}", "It is decided already.")
        if change.requested_by == actor.key:
            rule = office.duties.act_conflict("request_data_change", "approve_data_change")
            raise RefusedError(
                rule or Reason(code="data_change", text="申请人不得审批", text_en="Not by who asked.")
            )
        if not why.strip():
            raise _no("why_missing", "请写明审批意见", "Say why.")
        if agree:
            _apply(session, office, actor, change, declared)
        change.status = "applied" if agree else "rejected"
        change.decided_by, change.decided_at, change.decided_why = actor.key, office.clock(), why.strip()
        session.flush()
        decided = Action.CHANGE_APPROVED if agree else Action.CHANGE_REJECTED
        _note(session, office, actor, change, decided, why=change.decided_why)
        if agree:
            _note(session, office, actor, change, Action.CHANGE_APPLIED, why=change.reason)
        return Done(message=f"{declared.name}变更{'已执行' if agree else '未予同意'}")

    return attempt(office, actor, work, subject=f"data_change:{change_id}", stream="data-changes")


def withdraw_change(office: Office, actor: Actor, change_id: int) -> Done | Refusal:
    """What the actor asked for and nobody has decided, taken back."""

    def work(session: Session) -> Done:
        change = _locked(session, change_id)
        if change.requested_by != actor.key:
            raise _no("not_yours", "只能撤回自己申请的变更", "Only one's own request.")
        if change.status != "requested":
            raise _no("too_late", f"该变更{STATUS_NAMES[change.status]}", "It is decided already.")
        change.status = "withdrawn"
        session.flush()
        _note(session, office, actor, change, Action.CHANGE_WITHDRAWN, why="")
        return Done(message="变更申请已撤回")

    return attempt(office, actor, work, subject=f"data_change:{change_id}", stream="data-changes")


def _apply(session: Session, office: Office, actor: Actor, change: DataChange, declared: Field) -> None:
    """The value put where it belongs, if there still stands what stood there when it was asked for."""
    target = Target(
        record=change.record, record_id=change.record_id, subject=change.subject, region=change.region_code
    )
    now = declared.shown(session, office, target)
    if now != change.before:
        raise _no(
            "saved_meanwhile",
            f"{declared.name}已变为“{now}”，与申请时的“{change.before}”不同，请重新申请",
            "It was changed meanwhile; ask anew.",
        )
    if change.after_cipher is None:
        wanted = declared.unshown(session, change.after)
    else:
        wanted = office.vault.decrypt(change.after_cipher, bound_to=f"data_change:{change.id}")
    with beyond(session, "a decided change may move the row into a region that is not the decider's"):
        decided = Decided(
            asked_by=change.requested_by, by=actor, why=change.reason, source=f"data_change:{change.id}"
        )
        declared.store(session, office, target, wanted, decided)


def _seal_value(session: Session, office: Office, change: DataChange, wanted: str) -> None:
    """The full value, bound to the row that carries it: written once, before anybody decides."""
    change.after_cipher = office.vault.encrypt(wanted, bound_to=f"data_change:{change.id}")
    session.flush()


def _row(session: Session, actor: Actor, change: DataChange) -> ChangeRow:
    declared = FIELDS[change.field]
    deciding = (LEADER,) if change.is_key else DECIDES
    own = change.requested_by == actor.key
    waits = change.status == "requested"
    return ChangeRow(
        change_id=change.id,
        record_name=declared.record_name,
        field_name=declared.name,
        field_english=declared.english,
        about=name_of(session, change.subject),
        region=change.region_code,
        before=change.before,
        after=change.after,
        is_key=change.is_key,
        reason=change.reason,
        evidence=change.evidence,
        status=change.status,
        status_name=STATUS_NAMES[change.status],
        requested_by=name_of(session, change.requested_by),
        requested_at=change.requested_at,
        decided_by=name_of(session, change.decided_by) if change.decided_by else "",
        decided_at=change.decided_at,
        decided_why=change.decided_why,
        may_decide=waits and not own and any(duty in actor.duties for duty in deciding),
        may_withdraw=waits and own,
    )


def _require(
    session: Session,
    office: Office,
    actor: Actor,
    duties: tuple[str, ...],
    region: str,
    *,
    subject: str = "",
) -> None:
    held = next((duty for duty in duties if duty in actor.duties), duties[0])
    no = check_may(session, office.duties, actor, held, region, office.today, subject=subject)
    if no is not None:
        raise RefusedError(*no.reasons)


def _recheck(session: Session, case_key: str) -> int | None:
    """The re-check of that number; none where none is named."""
    if not case_key:
        return None
    query = select(WorkflowCase.id).where(
        WorkflowCase.case_key == case_key, WorkflowCase.process_id == "recheck"
    )
    found = session.scalar(query)
    if found is None:
        raise _no("no_such_recheck", f"没有编号为 {case_key[:40]} 的复查", "No such re-check.")
    return found


def _require_words(reason: str, evidence: str) -> None:
    if not reason.strip():
        raise _no("reason_missing", "请写明变更理由", "Say why it is to be changed.")
    if not evidence.strip():
        raise _no("evidence_missing", "请写明依据的材料或记录", "Say which paper or record shows it.")


def _locked(session: Session, change_id: int) -> DataChange:
    change = session.get(DataChange, change_id, with_for_update=True, populate_existing=True)
    if change is None:
        raise _no("no_such_change", "没有这条变更申请", "No such request.")
    return change


def _no(code: str, text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=SOURCE))


def _note(
    session: Session, office: Office, actor: Actor, change: DataChange, action: Action, *, why: str
) -> None:
    append(
        session,
        stream="data-changes",
        action=action,
        actor=actor,
        subject=change.subject,
        before={change.field: change.before},
        after={change.field: change.after, "data_change": change.id, "evidence": change.evidence},
        reason=why,
        now=office.clock(),
    )
