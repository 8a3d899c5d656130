"""The papers of a case (材料): taken in, listed, handed out, taken out again.

A content is kept once, under its SHA-256, encrypted; a paper is a row that says whose it is and how it came.
Nothing here is ever a condition of a step: what an office may ask for, its forms ask for.
"""

from __future__ import annotations

import hashlib
from itertools import takewhile

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.cases.attachment_tables import SEALED_ATTACHMENT, Attachment, StoredFile
from engine.cases.file_views import AttachmentRow, OpenedAttachment
from engine.cases.files import seen_case
from engine.cases.media import MEDIA, Medium
from engine.cases.office import Office
from engine.cases.scanning import Scanned, scan
from engine.cases.sight import why_not_seen
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.uploads import Upload, checked, plain_name, printable
from engine.cases.views import Done
from engine.duties import check_may
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import SYSTEM, Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase, WorkflowTask

#: a case with more papers than this is somebody's mistake, or worse
_PAPERS_MAX = 100
_TITLE_MAX = 120


def attach(office: Office, actor: Actor, case_id: int, upload: Upload) -> Done | Refusal:
    """The paper kept with the case, for the case's own person or employer, and for staff with an open task of it.

    Refused: an ended case, a kind or size that is not taken, an ending that is not what the bytes are, macros,
    a virus. **What nobody may be asked for** (人社厅发〔2020〕24号; CLAIM-05), such as a 离职证明, is never refused
    from whom it is about: turning a paper away would be one more hurdle. It is kept as volunteered, and so marked
    wherever it is listed. Staff, who could only have it by asking, must declare that it was brought unasked;
    without the declaration it is refused with the provision, and the declaration stands in the audit trail.
    """
    medium = attempt(office, actor, lambda session: _taken(session, office, actor, case_id, upload),
                     subject=f"case:{case_id}", stream=f"case:{case_id}")  # fmt: skip
    if isinstance(medium, Refusal):
        return medium
    # outside any transaction: a scanner may take its time
    scanned = scan(office.settings.scanner, upload.content)

    def work(session: Session) -> Done:
        _taken(session, office, actor, case_id, upload)
        if scanned.verdict == "infected":
            raise RefusedError(
                Reason(
                    code="infected",
                    text=f"文件“{plain_name(upload.name)}”带有病毒，没有保存；请在本机杀毒后重新上传",
                    text_en="The file carries a virus and was not kept.",
                    fact=scanned.note,
                )
            )
        row = _keep(session, office, actor, case_id, upload, medium, scanned)
        case = session.get_one(WorkflowCase, case_id)
        return Done(
            message=f"已收入材料：{row.title or row.name}", case_id=CaseId(case_id), case_key=case.case_key
        )

    return attempt(office, actor, work, subject=f"case:{case_id}", stream=f"case:{case_id}")


def attachments(office: Office, actor: Actor, case_id: int) -> tuple[AttachmentRow, ...] | Refusal:
    """The papers of the case, those taken out included; a person or employer sees what they brought themselves."""

    def work(session: Session) -> tuple[AttachmentRow, ...]:
        case = seen_case(session, office, actor, case_id, why="查看材料清单")
        return attachment_rows(session, office, actor, case)

    return attempt(office, actor, work, subject=f"case:{case_id}")


def attachment_rows(
    session: Session, office: Office, actor: Actor, case: WorkflowCase
) -> tuple[AttachmentRow, ...]:
    """As :func:`attachments`, for a case that the actor was found to see."""
    query = (
        select(Attachment, StoredFile)
        .join(StoredFile, StoredFile.digest == Attachment.digest)
        .where(Attachment.case_id == case.id)
        .order_by(Attachment.id)
    )
    if actor.kind != "staff":
        query = query.where(Attachment.added_by == actor.key)
    steps = {
        e.id: e.name for e in office.runner.versions.get(session, case.version_id).blueprint.elements.values()
    }
    return tuple(_row(session, actor, case, paper, file, steps) for paper, file in session.execute(query))


def may_attach(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> bool:
    """Whether the actor may add papers: the case's own person or employer, and staff with an open task of it."""
    if case.status != "running":
        return False
    if actor.kind != "staff":
        return case.subject == actor.key
    open_tasks = session.scalars(
        select(WorkflowTask).where(WorkflowTask.case_id == case.id, WorkflowTask.status == "ready")
    )
    return any(
        check_may(
            session,
            office.duties,
            actor,
            task.duty,
            task.region_code,
            office.today,
            subject=case.subject,
            case_id=case.id,
        )
        is None
        for task in open_tasks
    )


def attachment_of(office: Office, actor: Actor, attachment_id: int) -> OpenedAttachment | Refusal:
    """The paper itself; refused while it is not scanned where a scanner is set, and for good when infected.

    The look is recorded, and each opening is an audit event of the case.
    """

    def work(session: Session) -> OpenedAttachment:
        paper = _paper(session, actor, attachment_id)
        seen_case(session, office, actor, paper.case_id, why=f"查看材料{attachment_id}")
        if actor.kind != "staff" and paper.added_by != actor.key:
            raise RefusedError(_not_found())
        if paper.scan in ("infected", "waiting"):
            raise RefusedError(_locked(paper))
        file = session.get_one(StoredFile, paper.digest)
        content = office.vault.decrypt_bytes(file.content, bound_to=_place(file.digest))
        append(
            session,
            stream=f"case:{paper.case_id}",
            action=Action.ATTACHMENT_OPENED,
            actor=actor,
            subject=f"attachment:{paper.id}",
            after={"digest": paper.digest},
            now=office.clock(),
        )
        return OpenedAttachment(name=paper.name, media_type=file.media_type, content=content)

    return attempt(office, actor, work, subject=f"attachment:{attachment_id}")


def remove_attachment(office: Office, actor: Actor, attachment_id: int, *, why: str) -> Done | Refusal:
    """The paper taken out by who added it, with the reason, while the case runs; row and content stay."""

    def work(session: Session) -> Done:
        paper = _paper(session, actor, attachment_id)
        case = seen_case(session, office, actor, paper.case_id, why="移出材料")
        if paper.added_by != actor.key or case.status != "running" or paper.removed_at:
            raise RefusedError(
                Reason(
                    code="not_yours_to_remove",
                    text="材料只能由收入它的人在案件办理期间移出，且只能移出一次",
                    text_en="A paper is taken out once, by who added it, while the case runs.",
                    fact=name_of(session, paper.added_by),
                )
            )
        said = printable(why)
        if not said:
            raise RefusedError(Reason(code="why_needed", text="请写明移出的原因", text_en="Give a reason."))
        paper.removed_by, paper.removed_at, paper.removed_why = actor.key, office.clock(), said
        _note(session, office, actor, paper, Action.ATTACHMENT_REMOVED, reason=paper.removed_why)
        return Done(
            message=f"已移出材料：{paper.title or paper.name}",
            case_id=CaseId(case.id),
            case_key=case.case_key,
        )

    return attempt(office, actor, work, subject=f"attachment:{attachment_id}")


def scan_waiting(office: Office, *, limit: int = 20) -> int:
    """How many papers that had waited for the scanner have its answer now; called by the sweep."""
    with office.store.reading() as session:
        waiting = session.scalars(
            # in no order: a paper that the scanner chokes on must not keep the others waiting
            select(Attachment.id).where(Attachment.scan == "waiting").order_by(func.random()).limit(limit)
        ).all()
    # a scanner that does not answer is left alone until the next round
    return sum(1 for _ in takewhile(lambda attachment_id: _scan_again(office, attachment_id), waiting))


def _scan_again(office: Office, attachment_id: int) -> bool:
    with office.store.reading() as session:
        digest = session.get_one(Attachment, attachment_id).digest
        content = office.vault.decrypt_bytes(
            session.get_one(StoredFile, digest).content, bound_to=_place(digest)
        )
    scanned = scan(office.settings.scanner, content)
    if scanned.verdict not in ("clean", "infected"):
        return False
    with office.store.transaction() as session:
        paper = session.get_one(Attachment, attachment_id, with_for_update=True)
        if paper.scan != "waiting":
            return False
        paper.scan, paper.scan_note = scanned.verdict, scanned.note
        _note(session, office, SYSTEM, paper, Action.ATTACHMENT_SCANNED)
    return True


def _taken(session: Session, office: Office, actor: Actor, case_id: int, upload: Upload) -> Medium:
    """The kind of the paper, once everything holds that must; RefusedError otherwise."""
    case = seen_case(session, office, actor, case_id, why="收入材料")
    if not may_attach(session, office, actor, case):
        raise RefusedError(
            Reason(
                code="not_your_step",
                text="只有当事人本人，或正可办理本案环节的人员，才能在案件办理期间收入材料",
                text_en="Papers are added by the person it is about, or by staff with an open task of the case.",
                fact=actor.name or actor.key,
            )
        )
    with beyond(session, "how many papers the case has, from anybody: for the limit, and no more"):
        kept = session.scalar(select(func.count()).where(Attachment.case_id == case_id)) or 0
    if kept >= _PAPERS_MAX:
        raise RefusedError(
            Reason(code="too_many", text=f"一个案件最多{_PAPERS_MAX}份材料", text_en="Too many papers.")
        )
    return checked(office, upload, brought_by_staff=actor.kind == "staff")


def _keep(
    session: Session,
    office: Office,
    actor: Actor,
    case_id: int,
    upload: Upload,
    medium: Medium,
    scanned: Scanned,
) -> Attachment:
    digest, now = hashlib.sha256(upload.content).hexdigest(), office.clock()
    session.execute(
        insert(StoredFile)
        .values(
            digest=digest,
            size=len(upload.content),
            media_type=medium.media_type,
            content=office.vault.encrypt_bytes(upload.content, bound_to=_place(digest)),
            stored_at=now,
        )
        .on_conflict_do_nothing()
    )
    steps = session.scalars(
        select(WorkflowTask.element_id).where(WorkflowTask.case_id == case_id, WorkflowTask.status == "ready")
    ).all()
    paper = Attachment(
        case_id=case_id,
        digest=digest,
        name=plain_name(upload.name),
        title=printable(upload.title)[:_TITLE_MAX],
        element_id=upload.element_id if upload.element_id in steps else "",
        # nobody is ever asked for a paper: what the person brings is brought unasked
        volunteered=upload.volunteered or actor.kind != "staff",
        scan=scanned.verdict,
        scan_note=scanned.note,
        added_by=actor.key,
        added_at=now,
    )
    session.add(paper)
    _note(session, office, actor, paper, Action.ATTACHMENT_ADDED)
    return paper


def _note(
    session: Session, office: Office, actor: Actor, paper: Attachment, action: Action, *, reason: str = ""
) -> None:
    session.flush()
    session.refresh(paper)
    append(
        session,
        stream=f"case:{paper.case_id}",
        action=action,
        actor=actor,
        subject=f"attachment:{paper.id}",
        after={
            "digest": paper.digest,
            "name": paper.name,
            "title": paper.title,
            "element": paper.element_id,
            "volunteered": paper.volunteered,
            "scan": paper.scan,
        },
        reason=reason,
        now=office.clock(),
        voucher=SEALED_ATTACHMENT.voucher(paper),
    )


def _row(
    session: Session,
    actor: Actor,
    case: WorkflowCase,
    paper: Attachment,
    file: StoredFile,
    steps: dict[str, str],
) -> AttachmentRow:
    can = {"open"} if paper.scan in ("clean", "unscanned") else set()
    if paper.added_by == actor.key and case.status == "running" and not paper.removed_at:
        can.add("remove")
    return AttachmentRow(
        attachment_id=paper.id,
        name=paper.name,
        title=paper.title,
        kind=MEDIA[file.media_type].name,
        size=file.size,
        step=steps.get(paper.element_id, ""),
        volunteered=paper.volunteered,
        scan=paper.scan,
        scan_note=paper.scan_note,
        digest=paper.digest,
        added_by=name_of(session, paper.added_by),
        added_at=paper.added_at,
        removed_by=name_of(session, paper.removed_by) if paper.removed_by else "",
        removed_at=paper.removed_at,
        removed_why=paper.removed_why,
        can=frozenset(can),
    )


def _paper(session: Session, actor: Actor, attachment_id: int) -> Attachment:
    paper = session.get(Attachment, attachment_id)
    if paper is None:
        with beyond(
            session, "whose case a paper is of that is not seen: to say which of the two is not theirs"
        ):
            case_id = session.scalar(select(Attachment.case_id).where(Attachment.id == attachment_id))
        # to whom a case is about, a paper that is not theirs to read is none; staff are told that it is beyond them
        if case_id is None or (actor.kind != "staff" and session.get(WorkflowCase, case_id) is not None):
            raise RefusedError(_not_found())
        raise RefusedError(why_not_seen(session, WorkflowCase, case_id, actor, none=_not_found()))
    return paper


def _not_found() -> Reason:
    return Reason(code="no_such_attachment", text="没有这份材料", text_en="No such paper.")


def _locked(paper: Attachment) -> Reason:
    if paper.scan == "infected":
        return Reason(
            code="infected",
            text="这份材料带有病毒，不再提供查看",
            text_en="The paper carries a virus and is not handed out.",
            fact=paper.scan_note,
        )
    return Reason(
        code="not_scanned_yet",
        text="这份材料正等待病毒扫描，扫描后才能查看；请稍后再试",
        text_en="The paper waits for the virus scanner; try again later.",
        fact=paper.scan_note,
    )


def _place(digest: str) -> str:
    return f"stored_file:{digest}"
