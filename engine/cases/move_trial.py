"""What a move of running cases to another version would do, tried on each of them; nothing is changed.

An analyst asks, in parts where there are many cases. ``moves`` starts the move itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, undefer

from engine.cases.move_sweep import by_actor
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.duties import check_may
from engine.store.sight import beyond
from engine.values import SYSTEM, Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.migration import Verdict
from engine.workflow.moving import tried
from engine.workflow.tables import ProcessVersion, WorkflowCase
from engine.workflow.versions import Published

#: cases on a page
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """One case of a dry run or of a job."""

    case_id: CaseId
    case_key: str
    #: of a dry run: clean, notice, cannot; of a job: the item's status
    outcome: str
    reasons: tuple[Reason, ...]
    #: when the job dealt with it; None before, and in a dry run
    at: datetime | None = None


class MoveReason(NamedTuple):
    """Why cases move with notice, or cannot."""

    outcome: str
    text: str
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveReport:
    """What a move would do to the open cases that were tried; nothing was changed."""

    process_id: str
    from_number: int
    to_number: int
    #: cases open on the version
    total: int
    clean: int
    notice: int
    cannot: int
    #: how many of the cases tried each reason concerns, most frequent first
    reasons: tuple[tuple[MoveReason, int], ...]
    rows: tuple[MoveRow, ...]
    #: id of the last case tried where more are left; 0 when all were tried
    tried_to: int
    #: ask from here on to see the next page of rows; 0 on the last
    next_after: int = 0

    @property
    def tried(self) -> int:
        """How many cases were tried."""
        return self.clean + self.notice + self.cannot

    def with_part(self, part: MoveReport) -> MoveReport:
        """What this part of the cases and the next one come to together; the rows are the next one's."""
        return replace(
            part,
            clean=self.clean + part.clean,
            notice=self.notice + part.notice,
            cannot=self.cannot + part.cannot,
            reasons=tuple((Counter(dict(self.reasons)) + Counter(dict(part.reasons))).most_common()),
        )


def dry_run(
    office: Office,
    actor: Actor,
    *,
    from_version_id: int,
    to_version_id: int,
    verdict: Verdict | None = None,
    after: int = 0,
    limit: int | None = None,
) -> MoveReport | Refusal:
    """What the move would do to the open cases after that id, with a page of them, all or those of one verdict.

    At most `limit` cases are tried: about a millisecond each.
    """

    def work(session: Session) -> MoveReport:
        old, new = both_versions(session, office, actor, from_version_id, to_version_id)
        counts: Counter[str] = Counter()
        reasons: Counter[MoveReason] = Counter()
        rows: list[MoveRow] = []
        last = 0
        with beyond(
            session, "what a move would do to every open case, wherever it runs; shown are numbers of cases"
        ):
            for row in _judged(session, office, old, new, after=after, limit=limit):
                counts[row.outcome] += 1
                reasons.update({MoveReason(row.outcome, each.text, each.text_en) for each in row.reasons})
                last = row.case_id
                if verdict in (None, row.outcome) and len(rows) <= PAGE:
                    rows.append(row)
            total = session.scalar(select(func.count()).where(open_on(old.id))) or 0
        tried_to = last if counts.total() == limit else 0
        return MoveReport(
            process_id=old.process_id,
            from_number=old.number,
            to_number=new.number,
            total=total,
            clean=counts["clean"],
            notice=counts["notice"],
            cannot=counts["cannot"],
            reasons=tuple(reasons.most_common()),
            rows=tuple(rows[:PAGE]),
            tried_to=tried_to,
            next_after=next_after(rows) or tried_to,
        )

    return attempt(office, actor, work, subject=f"version:{from_version_id}", stream="diagrams")


def both_versions(
    session: Session, office: Office, actor: Actor, from_version_id: int, to_version_id: int
) -> tuple[Published, Published]:
    """Both versions, once it is clear that the actor may and that they belong together."""
    require_analyst(session, office, actor)
    for version_id in (from_version_id, to_version_id):
        if session.get(ProcessVersion, version_id) is None:
            text = f"没有发布过编号为{version_id}的版本"
            raise RefusedError(Reason(code="no_such_version", text=text, text_en="No such version."))
    old, new = (office.runner.versions.get(session, own) for own in (from_version_id, to_version_id))
    if old.id == new.id or old.process_id != new.process_id:
        text = "换版须在同一流程的两个版本之间"
        raise RefusedError(
            Reason(code="other_process", text=text, text_en="Two versions of one process, please.")
        )
    return old, new


def require_analyst(session: Session, office: Office, actor: Actor) -> None:
    """Raises RefusedError for everybody else."""
    no = check_may(session, office.duties, actor, "analyst", office.settings.region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)


def open_on(version_id: int) -> ColumnElement[bool]:
    """Holds for the cases that run on the version."""
    return and_(WorkflowCase.version_id == version_id, WorkflowCase.status == "running")


def next_after(rows: Sequence[MoveRow]) -> int:
    """Where the page after the one that these rows fill begins; 0 for none."""
    return rows[PAGE - 1].case_id if len(rows) > PAGE else 0


def _judged(
    session: Session, office: Office, old: Published, new: Published, *, after: int, limit: int | None
) -> Iterator[MoveRow]:
    query = select(WorkflowCase).options(undefer(WorkflowCase.state))
    wanted = query.where(open_on(old.id), WorkflowCase.id > after).order_by(WorkflowCase.id).limit(limit)
    by = by_actor(office, session, SYSTEM)
    for case in session.scalars(wanted, execution_options={"yield_per": 500}):
        found = tried(case, old=old, new=new, by=by)
        yield MoveRow(
            case_id=CaseId(case.id), case_key=case.case_key, outcome=found.verdict, reasons=found.reasons
        )
        session.expunge(case)
