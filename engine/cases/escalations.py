"""Escalation of what is late, by the working day: reminder, circular 通报, notice to the local government, referral.

Swept. One transaction writes one paper with its lines of the ledger, so that a kill loses one paper at most, which the
next sweep writes; the ledger's key keeps every stage of every deadline from coming twice (RECT-04).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from engine.cases.checklist_views import SEEN_BY, not_seen
from engine.cases.office import Office
from engine.cases.print_views import Paper
from engine.cases.printing import letter_paper
from engine.cases.rows import region_names
from engine.cases.steps import attempt, carry_out
from engine.duties import covers
from engine.law.rectification import Window, windows
from engine.oversight.escalating import Late, addressees, due_items, next_number, record
from engine.oversight.rectification_tables import (
    DUE_KINDS,
    STAGES,
    Checklist,
    Escalation,
    EscalationPaper,
    RectificationItem,
)
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.parts import AGAIN
from engine.tasks.letters import render
from engine.tasks.tables import Letter
from engine.values import SYSTEM, Actor, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase

#: the kind of letter of a stage
LETTERS: Mapping[str, str] = {stage: f"rectification-{stage}" for stage in STAGES}
#: zones have a committee, not a people's government
_ZONES = ("开发区", "高新区", "度假区")


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRow:
    """One paper in a list."""

    paper_id: int
    number: str
    stage: str
    stage_name: str
    region: str
    region_name: str
    issued_on: date
    items: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of trying to write one paper."""

    written: int = 0
    #: another worker is at this checklist
    busy: bool = False
    #: why it failed
    trouble: str = ""


def escalation_due(office: Office, limit: int = 100) -> int:
    """How many papers were written now, at most so many; swept. Nothing on a day off.

    A checklist whose figures or calendar are not on file waits until they are.
    """
    today = office.today
    with office.store.reading() as session:
        waiting = session.execute(
            select(Checklist.id, Checklist.region)
            .where(
                Checklist.status == "open",
                or_(Checklist.escalated_on.is_(None), Checklist.escalated_on < today),
                or_(Checklist.retry_at.is_(None), Checklist.retry_at <= office.clock()),
            )
            .order_by(Checklist.id)
        )
        checklists = list(waiting)
    written = 0
    for checklist_id, region in checklists:
        stages = windows(today, region=region, book=office.book, calendar=office.calendar)
        if isinstance(stages, Refusal):
            _keep(office, checklist_id, stages.text)
            continue
        if stages and written < limit:
            written += _escalate(office, checklist_id, stages, today, limit - written)
    return written


def papers_of(
    office: Office, actor: Actor, *, checklist_id: int, item_id: int | None = None
) -> tuple[EscalationRow, ...] | Refusal:
    """The papers of a checklist, or those that name one item, the newest first; in the actor's region and below.

    A circular is for everybody in its city: a county sees the one that names it.
    """

    def work(session: Session) -> tuple[EscalationRow, ...]:
        _refuse_stranger(actor)
        query = (
            select(EscalationPaper, Letter.title)
            .join(Letter, Letter.id == EscalationPaper.letter_id)
            .where(EscalationPaper.checklist_id == checklist_id)
            .order_by(EscalationPaper.id.desc())
        )
        if item_id is not None:
            named = select(Escalation.paper_id).where(Escalation.item_id == item_id)
            query = query.where(EscalationPaper.id.in_(named))
        found = [(paper, title) for paper, title in session.execute(query) if _may_see(actor, paper)]
        names = region_names(session, {paper.region_code for paper, _ in found})
        return tuple(_row(paper, title, names) for paper, title in found)

    return attempt(office, actor, work, subject=f"checklist:{checklist_id}")


def print_escalation(office: Office, actor: Actor, paper_id: int, *, shape: str) -> Paper | Refusal:
    """The paper as it went out, for A4, PDF and Word; each printing is an audit event with the digest of the text."""

    def work(session: Session) -> Paper:
        _refuse_stranger(actor)
        kept = session.get(EscalationPaper, paper_id)
        if kept is None or not _may_see(actor, kept):
            raise RefusedError(not_seen())
        letter = session.get_one(Letter, kept.letter_id)
        checklist = session.get_one(Checklist, kept.checklist_id)
        paper = letter_paper(
            office, actor, letter, number=kept.number, issuer=_office_name(session, checklist.region)
        )
        append(
            session,
            stream=f"checklist:{checklist.id}",
            action=Action.PAPER_PRINTED,
            actor=actor,
            subject=f"escalation_paper:{kept.id}",
            after={"title": paper.title, "shape": shape, "digest": paper.digest},
            now=office.clock(),
        )
        return paper

    return attempt(office, actor, work, subject=f"escalation_paper:{paper_id}")


def _escalate(office: Office, checklist_id: int, stages: Sequence[Window], today: date, limit: int) -> int:
    """Papers of one checklist, at most so many; once every one that was due is written the day is marked as done.

    A paper that fails holds up no other; it is tried again after a while, and its cause is kept.
    """
    written, trouble, busy = 0, "", False
    for window in stages:
        with office.store.reading() as session:
            regions = addressees(session, checklist_id, window, today, moving=_moving())
        for region in regions:
            if written >= limit:
                return written
            outcome = _write(office, checklist_id, window, region, today)
            written += outcome.written
            trouble, busy = outcome.trouble or trouble, busy or outcome.busy
    if trouble:
        _keep(office, checklist_id, trouble)
    elif not busy:
        _mark(office, checklist_id, today)
    return written


def _write(office: Office, checklist_id: int, window: Window, region: str, today: date) -> Tried:
    """What came of one paper; nothing, if another worker has written it meanwhile."""

    def work(session: Session) -> Tried:
        checklist = session.scalars(
            select(Checklist).where(Checklist.id == checklist_id).with_for_update(skip_locked=True)
        ).one_or_none()
        if checklist is None:
            return Tried(busy=True)
        items = due_items(session, checklist_id, window, today, region=region, moving=_moving())
        if not items:
            return Tried()
        _paper(session, office, checklist, window.stage, region, items, today)
        return Tried(written=1)

    try:
        outcome = carry_out(office, SYSTEM, work, subject=f"checklist:{checklist_id}", stream="office")
    except Exception as failure:  # noqa: BLE001 - the worker's outer loop: the cause is kept, the paper tried again
        return Tried(trouble=f"{type(failure).__name__}：{failure}"[:500])
    return Tried(trouble=outcome.text) if isinstance(outcome, Refusal) else outcome


def _paper(
    session: Session,
    office: Office,
    checklist: Checklist,
    stage: str,
    region: str,
    items: Sequence[Late],
    today: date,
) -> None:
    """The paper with its letter, its lines in the ledger and its place in the trail."""
    number = next_number(session, checklist, stage, STAGES[stage])
    letter = _letter(session, office, checklist, stage, region, number, items, today)
    record(
        session,
        checklist,
        stage=stage,
        region=region,
        number=number,
        items=items,
        letter_id=letter.id,
        day=today,
    )
    _tell(session, office, checklist, stage, number, region, items)


def _letter(
    session: Session,
    office: Office,
    checklist: Checklist,
    stage: str,
    region: str,
    number: str,
    items: Sequence[Late],
    today: date,
) -> Letter:
    """The paper as a letter to that region, in the office's own wording where it has one; in the outbox once."""
    kind, key = LETTERS[stage], f"{number}/{region}/{today.isoformat()}"
    names = region_names(session, {region, checklist.region, *(late.region_code for late in items)})
    facts = {
        "case_key": number,
        "today": today,
        "checklist": checklist.title,
        "source": checklist.source,
        "issuer": names[checklist.region],
        "addressee": names[region],
        "government": _government(names[region]),
        "items": [_line(office, late, names, today) for late in items],
        "item_count": len(items),
        "unit_count": len({late.region_code for late in items}),
    }
    title, text = render(office.letters_dir, kind, facts, own=office.wording(session, kind))
    letter = Letter(
        key=key,
        case_id=None,
        kind=kind,
        recipient=f"office:{region}",
        title=title,
        text=text,
        created_at=office.clock(),
    )
    session.add(letter)
    session.flush()
    payload = {"letter_id": letter.id, "recipient": letter.recipient, "title": title}
    outbox.put(session, kind="letter", key=key, payload=payload, now=office.clock())
    return letter


def _line(office: Office, late: Late, names: Mapping[str, str], today: date) -> Mapping[str, object]:
    return {
        "unit": names[late.region_code] + (f"（{late.lead_unit}）" if late.lead_unit else ""),
        "topic": late.topic,
        "what": DUE_KINDS[late.due_kind],
        "due": late.due_on.isoformat(),
        "days_late": office.calendar.between(late.due_on, today) if today > late.due_on else 0,
    }


def _tell(
    session: Session,
    office: Office,
    checklist: Checklist,
    stage: str,
    number: str,
    region: str,
    items: Sequence[Late],
) -> None:
    """The paper in the trail of its checklist, and in that of every case that it names."""
    append(
        session,
        stream=f"checklist:{checklist.id}",
        action=Action.ITEM_ESCALATED,
        actor=SYSTEM,
        subject=f"checklist:{checklist.id}",
        after={"stage": stage, "number": number, "region": region, "items": [late.item_id for late in items]},
        now=office.clock(),
    )
    for late in sorted(items, key=lambda each: each.case_id or 0):
        if late.case_id is None:
            continue
        append(
            session,
            stream=f"case:{late.case_id}",
            action=Action.ITEM_ESCALATED,
            actor=SYSTEM,
            subject=f"rectification_item:{late.item_id}",
            after={
                "stage": stage,
                "number": number,
                "due_kind": late.due_kind,
                "due_on": late.due_on.isoformat(),
            },
            now=office.clock(),
        )


def _mark(office: Office, checklist_id: int, today: date) -> None:
    with office.store.transaction() as session:
        done = (
            update(Checklist)
            .where(Checklist.id == checklist_id)
            .values(escalated_on=today, trouble="", retry_at=None)
        )
        session.execute(done)


def _keep(office: Office, checklist_id: int, trouble: str) -> None:
    with office.store.transaction() as session:
        session.execute(
            update(Checklist)
            .where(Checklist.id == checklist_id)
            .values(trouble=trouble, retry_at=office.clock() + AGAIN)
        )


def _moving() -> ColumnElement[bool]:
    """Items whose case does not stand still: a paused case has no running limit."""
    paused = select(WorkflowCase.id).where(
        WorkflowCase.id == RectificationItem.case_id, WorkflowCase.paused_at.is_not(None)
    )
    return ~paused.exists()


def _may_see(actor: Actor, paper: EscalationPaper) -> bool:
    named_to_all = paper.stage == "circular" and covers(paper.region_code, actor.region)
    return covers(actor.region, paper.region_code) or named_to_all


def _refuse_stranger(actor: Actor) -> None:
    if actor.kind != "staff" or not actor.duties & SEEN_BY:
        raise RefusedError(not_seen())


def _row(paper: EscalationPaper, title: str, names: Mapping[str, str]) -> EscalationRow:
    return EscalationRow(
        paper_id=paper.id,
        number=paper.number,
        stage=paper.stage,
        stage_name=STAGES[paper.stage],
        region=paper.region_code,
        region_name=names[paper.region_code],
        issued_on=paper.issued_on,
        items=paper.items,
        title=title,
    )


def _government(name: str) -> str:
    return f"{name}管理委员会" if name.endswith(_ZONES) else f"{name}人民政府"


def _office_name(session: Session, region: str) -> str:
    return f"{region_names(session, {region})[region]}人力资源社会保障部门"
