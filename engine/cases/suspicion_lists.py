"""Suspicion lists of ministry and province: taken in, worked line by line, and answered in time (CTRL-03).

For internal control only. Every line has a case of ``suspicion.bpmn``: ``suspicion_lines`` opens them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO, cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine.cases.list_files import CLAIM, NAME, NUMBER, LineFault, read_list
from engine.cases.office import Office
from engine.cases.rows import light_of, reaches, region_names
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.cases.steps import attempt
from engine.cases.views import Light, Page
from engine.duties import check_may
from engine.oversight import lists as oversight
from engine.oversight.list_tables import SuspicionLine, SuspicionList
from engine.oversight.lists import FINDING_NAMES, SENDER_NAMES, Sender
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import CHINA, Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase

#: only this duty takes and sees lists
DUTY = "control"
#: for pages: who sends lists
SENDERS = SENDER_NAMES
_PAGE = 50
_NUMBER_MAX = 60
#: so many faults are told at once; the rest are counted
_FAULTS_TOLD = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHead:
    """A list with how far it has come."""

    list_id: int
    sender: Sender
    sender_name: str
    number: str
    region: str
    region_name: str
    received_on: date
    answer_due: date
    lines: int
    answered: int
    #: of those answered, how many were so
    found_true: int
    #: the deadline; none once every line is answered
    light: Light
    #: negative when passed
    workdays_left: int | None
    #: the day to answer had passed when the list came
    late_on_receipt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line of a list."""

    line_no: int
    #: name and masked number
    person: str
    claim_text: str
    #: None until the sweep has opened it
    case_id: CaseId | None
    case_key: str
    #: empty until answered
    finding: str
    finding_name: str
    finding_note: str
    answered_at: datetime | None
    #: the finding led to a stop case
    became_hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """One list with a page of its lines."""

    head: ListHead
    page: Page[LineRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTaken:
    """A list that is on record, now or since before."""

    list_id: int
    message: str
    #: the same file had been taken
    again: bool


def take_list(
    office: Office,
    actor: Actor,
    file: bytes,
    *,
    sender: str,
    number: str,
    answer_due: date | None,
) -> ListTaken | Refusal:
    """The list, whole; with a single fault nothing of it is taken and every fault is told with its line.

    The same file handed in again is the list that is there. Refused to anybody but internal control.
    """
    wrong = _mistakes(sender, number, answer_due)
    rows, faults = read_list(file)
    if wrong or faults:
        return Refusal(reasons=(*wrong, *_told(faults)))
    digest = hashlib.sha256(file).hexdigest()

    def work(session: Session) -> ListTaken:
        _require(session, office, actor, actor.region)
        known = session.scalars(
            select(SuspicionList).where(SuspicionList.region == actor.region, SuspicionList.digest == digest)
        ).one_or_none()
        if known is not None:
            text = f"这份文件已于 {known.received_on} 收入（{known.number}），没有重复收入"
            return ListTaken(list_id=known.id, message=text, again=True)
        assert answer_due is not None  # noqa: S101 - looked at above
        with beyond(session, "names of a list of ministry or province are looked up in every region"):
            taken = oversight.take(
                session,
                office.vault,
                rows,
                sender=cast(Sender, sender),
                number=number.strip(),
                region=actor.region,
                answer_due=answer_due,
                digest=digest,
                day=office.today,
                actor=actor,
                now=office.clock(),
            )
        late = "；收到时已过反馈期限" if answer_due < office.today else ""
        text = f"名单 {taken.number} 已收入，共 {taken.line_count} 行，逐行发起核查{late}"
        return ListTaken(list_id=taken.id, message=text, again=False)

    return attempt(office, actor, work, subject="suspicion_list")


def lists(office: Office, actor: Actor) -> tuple[ListHead, ...] | Refusal:
    """The lists of the actor's regions, what is due first; those fully answered last."""
    with office.store.reading() as session:
        scopes = _scopes(session, office, actor)
        if not scopes:
            return Refusal(reasons=(_not_control(),))
        found = session.scalars(
            select(SuspicionList).where(or_(*(SuspicionList.region.startswith(each) for each in scopes)))
        ).all()
        heads = _heads(session, office, list(found))
        return tuple(
            sorted(heads, key=lambda head: (head.answered == head.lines, head.answer_due, head.list_id))
        )


def list_view(
    office: Office, actor: Actor, list_id: int, *, cursor: str = "", size: int = _PAGE
) -> ListView | Refusal:
    """One list with a page of its lines, in the order of the file."""
    with office.store.reading() as session:
        taken = _seen(session, office, actor, list_id)
        if taken is None:
            return Refusal(reasons=(_no_such_list(),))
        query = select(SuspicionLine).where(SuspicionLine.list_id == list_id).order_by(SuspicionLine.line_no)
        if cursor.isdigit() and len(cursor) < 10:
            query = query.where(SuspicionLine.line_no > int(cursor))
        found = session.scalars(query.limit(size + 1)).all()
        keys = _case_keys(session, [line.case_id for line in found if line.case_id])
        rows = tuple(_line_row(line, keys) for line in found[:size])
        following = str(rows[-1].line_no) if len(found) > size else ""
        return ListView(
            head=_heads(session, office, [taken])[0],
            page=Page(rows=rows, total=taken.line_count, next_cursor=following),
        )


def answer_file(office: Office, actor: Actor, list_id: int, *, partial: bool = False) -> IO[bytes] | Refusal:
    """The answer to the sender: a workbook with one finding for each line.

    Refused while lines are unanswered, unless a partial answer is asked for: then those say so.
    """

    def work(session: Session) -> IO[bytes]:
        taken = _seen(session, office, actor, list_id)
        if taken is None:
            raise RefusedError(_no_such_list())
        lines = session.scalars(
            select(SuspicionLine).where(SuspicionLine.list_id == list_id).order_by(SuspicionLine.line_no)
        ).all()
        open_lines = sum(line.answered_at is None for line in lines)
        if open_lines and not partial:
            raise RefusedError(
                Reason(
                    code="lines_unanswered",
                    text=f"还有 {open_lines} 行没有结论，不能反馈；确需先报的，选“先报已查部分”",
                    text_en=f"{open_lines} lines are unanswered; ask for a partial answer if need be.",
                    source=oversight.SOURCE,
                )
            )
        append(
            session,
            stream=f"suspicion:{taken.region}",
            action=Action.SUSPICION_LIST_ANSWERED,
            actor=actor,
            subject=f"suspicion_list:{taken.id}",
            after={"number": taken.number, "lines": len(lines), "unanswered": open_lines},
            now=office.clock(),
        )
        return write_sheet("反馈", _ANSWER_COLUMNS, (_answer_of(line) for line in lines))

    return attempt(office, actor, work, subject=f"suspicion_list:{list_id}")


def template(office: Office, actor: Actor) -> IO[bytes] | Refusal:
    """An empty list with its headings, to fill in."""
    with office.store.reading() as session:
        if not _scopes(session, office, actor):
            return Refusal(reasons=(_not_control(),))
    columns = [SheetColumn(heading=name, key=name, width=24) for name in (NUMBER, NAME, CLAIM)]
    return write_sheet("名单", columns, ())


def _heads(session: Session, office: Office, found: list[SuspicionList]) -> tuple[ListHead, ...]:
    names = region_names(session, {taken.region for taken in found})
    counted = session.execute(
        select(
            SuspicionLine.list_id,
            func.count(SuspicionLine.answered_at),
            func.count().filter(SuspicionLine.finding == "true"),
        )
        .where(SuspicionLine.list_id.in_([taken.id for taken in found]))
        .group_by(SuspicionLine.list_id)
    )
    counts = {list_id: (answered, true) for list_id, answered, true in counted}
    return tuple(_head(office, taken, names, *counts.get(taken.id, (0, 0))) for taken in found)


def _head(
    office: Office, taken: SuspicionList, names: Mapping[str, str], answered: int, found_true: int
) -> ListHead:
    due = datetime.combine(taken.answer_due, time(23, 59, 59), tzinfo=CHINA)
    light, left = light_of(office, due if answered < taken.line_count else None)
    return ListHead(
        list_id=taken.id,
        sender=cast(Sender, taken.sender),
        sender_name=SENDER_NAMES[taken.sender],
        number=taken.number,
        region=taken.region,
        region_name=names[taken.region],
        received_on=taken.received_on,
        answer_due=taken.answer_due,
        lines=taken.line_count,
        answered=answered,
        found_true=found_true,
        light=light,
        workdays_left=left,
        late_on_receipt=taken.answer_due < taken.received_on,
    )


def _line_row(line: SuspicionLine, keys: Mapping[int, str]) -> LineRow:
    return LineRow(
        line_no=line.line_no,
        person=line.person_label,
        claim_text=line.claim_text,
        case_id=CaseId(line.case_id) if line.case_id else None,
        case_key=keys.get(line.case_id or 0, ""),
        finding=line.finding,
        finding_name=FINDING_NAMES.get(line.finding, ""),
        finding_note=line.finding_note,
        answered_at=line.answered_at,
        became_hit=line.hit_id is not None,
    )


_ANSWER_COLUMNS = tuple(
    SheetColumn(heading=heading, key=heading, width=width)
    for heading, width in (
        ("名单行号", 10), ("人员", 30), ("疑点情形", 40), ("核查结论", 24), ("核查情况", 50), ("核查日期", 14),
        ("是否转停发核实", 16),
    )
)  # fmt: skip


def _answer_of(line: SuspicionLine) -> tuple[object, ...]:
    day = line.answered_at.astimezone(CHINA).date().isoformat() if line.answered_at else ""
    return (
        line.line_no,
        line.person_label,
        line.claim_text,
        FINDING_NAMES.get(line.finding, "尚未核查完毕"),
        line.finding_note,
        day,
        "是" if line.hit_id else "否",
    )


def _mistakes(sender: str, number: str, answer_due: date | None) -> tuple[Reason, ...]:
    found = []
    if sender not in SENDER_NAMES:
        found.append(Reason(code="sender_missing", text="请选择下发机关", text_en="Say who sent the list."))
    if not 1 <= len(number.strip()) <= _NUMBER_MAX:
        found.append(
            Reason(
                code="number_missing",
                text=f"请填写名单文号，最多{_NUMBER_MAX}字",
                text_en=f"Give the number of the list, at most {_NUMBER_MAX} characters.",
            )
        )
    if answer_due is None:
        found.append(Reason(code="due_missing", text="请填写反馈期限", text_en="Give the day to answer."))
    return tuple(found)


def _told(faults: tuple[LineFault, ...]) -> tuple[Reason, ...]:
    told = [
        Reason(
            code="line_wrong" if fault.line_no else "file_wrong",
            text=f"第{fault.line_no}行：{fault.text}" if fault.line_no else fault.text,
            text_en=f"Line {fault.line_no}: {fault.text_en}" if fault.line_no else fault.text_en,
        )
        for fault in faults[:_FAULTS_TOLD]
    ]
    more = len(faults) - len(told)
    if more:
        told.append(Reason(code="more_faults", text=f"另有{more}处错误", text_en=f"{more} more faults."))
    return tuple(told)


def _require(session: Session, office: Office, actor: Actor, region: str) -> None:
    no = check_may(session, office.duties, actor, DUTY, region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)


def _scopes(session: Session, office: Office, actor: Actor) -> set[str]:
    return {each.scope for each in reaches(session, office, actor) if each.duty == DUTY}


def _seen(session: Session, office: Office, actor: Actor, list_id: int) -> SuspicionList | None:
    taken = session.get(SuspicionList, list_id)
    scopes = _scopes(session, office, actor)
    seen = taken is not None and any(taken.region.startswith(scope) for scope in scopes)
    return taken if seen else None


def _case_keys(session: Session, ids: list[int]) -> dict[int, str]:
    query = select(WorkflowCase.id, WorkflowCase.case_key).where(WorkflowCase.id.in_(ids))
    return dict(session.execute(query).all()) if ids else {}


def _not_control() -> Reason:
    return Reason(
        code="no_lists",
        text="疑点名单由内控稽核岗办理",
        text_en="Suspicion lists are for internal control.",
        source="鲁人社函〔2020〕10号（八）",
    )


def _no_such_list() -> Reason:
    return Reason(
        code="no_such_list",
        text="没有这份名单，或不在您的地区",
        text_en="No such list, or not in your region.",
    )
