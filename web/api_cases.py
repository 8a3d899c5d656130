"""The API of a case: its file, its papers, and what is done with the whole case; and cases that begin."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from flask import Response

from engine.cases import attachments, checklists, claims, files, pausing, retry, telling, transfers
from engine.cases.case_file import case_file
from engine.cases.file_views import AttachmentRow, CaseFile
from engine.cases.office import Office
from engine.cases.uploads import Upload
from engine.cases.views import CaseRow, CaseView, IncidentView
from engine.values import Actor, CaseId, Refusal
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of, page_of, rows_of
from web.files import handed_out

cases = Room("cases", chinese="案件", english="cases")

_CASE = f"/cases/<{NUMBER}:case_id>"


@reads(cases, _CASE, chinese="查看案件", answer=answer_of(CaseView))
def case(office: Office, actor: Actor, case_id: int) -> object:
    """A case: status, steps, facts, reasons, payments."""
    return files.case_view(office, actor, case_id)


@reads(cases, f"{_CASE}/file", chinese="案卷", asks=schemas.TabQuery, answer=answer_of(CaseFile))
def file(office: Office, actor: Actor, asked: dict[str, Any], case_id: int) -> object:
    """The file of a case with one tab open; the parts of the other tabs are empty."""
    return case_file(office, actor, case_id, asked["tab"])


@reads(cases, f"{_CASE}/diagram", chinese="流程图文件", answer=None)
def diagram(office: Office, actor: Actor, case_id: int) -> object:
    """The published diagram that the case follows, as drawn."""
    drawn = files.diagram_of(office, actor, case_id)
    return drawn if isinstance(drawn, Refusal) else Response(drawn, mimetype="application/octet-stream")


@reads(cases, "/my/cases", chinese="我的案件", answer=page_of(CaseRow), who=("person", "employer"))
def my_cases(office: Office, actor: Actor) -> object:
    """The newest cases about oneself."""
    return files.my_cases(office, actor)


@writes(cases, f"{_CASE}/withdrawal", chinese="撤回申请", asks=schemas.Why, who=("person", "staff"))
def withdraw(office: Office, actor: Actor, asked: dict[str, Any], case_id: int) -> object:
    """Take a claim of one's own back."""
    return claims.withdraw_claim(office, actor, CaseId(case_id), why=asked["why"])


@writes(cases, f"{_CASE}/copies", chinese="抄送", asks=schemas.Copy, who=STAFF)
def copy(office: Office, actor: Actor, asked: dict[str, Any], case_id: int) -> object:
    """Put a case before colleagues who may see it already."""
    return telling.copy_case(office, actor, case_id, readers=asked["readers"], note=asked["note"])


@writes(cases, f"{_CASE}/pause", chinese="挂起", asks=schemas.Pause, who=STAFF)
def pause(office: Office, actor: Actor, asked: dict[str, Any], case_id: int) -> object:
    """Pause a case; its time limits stand still."""
    return pausing.pause_case(office, actor, case_id, why=asked["why"], source=asked["source"])


@writes(cases, f"{_CASE}/resume", chinese="恢复", asks=schemas.Why, who=STAFF)
def resume(office: Office, actor: Actor, asked: dict[str, Any], case_id: int) -> object:
    """Let a paused case go on."""
    return pausing.resume_case(office, actor, case_id, why=asked["why"])


@writes(cases, f"{_CASE}/terminate", chinese="终止", asks=schemas.Why, who=STAFF)
def terminate(office: Office, actor: Actor, asked: dict[str, Any], case_id: int) -> object:
    """End a case for good; its person is told why and how to object."""
    return pausing.terminate_case(office, actor, case_id, why=asked["why"])


@reads(cases, f"{_CASE}/attachments", chinese="材料清单", answer=rows_of(AttachmentRow))
def papers(office: Office, actor: Actor, case_id: int) -> object:
    """The papers of a case."""
    return attachments.attachments(office, actor, case_id)


@writes(cases, f"{_CASE}/attachments", chinese="上传材料", uploads=schemas.Paper, status=201)
def attach(office: Office, actor: Actor, asked: dict[str, Any], case_id: int) -> object:
    """Take a paper in; its kind is judged by its content."""
    upload = Upload(
        name=asked["file"].filename or "",
        content=schemas.content_of(asked["file"]),
        title=asked["title"],
        volunteered=asked["volunteered"],
        element_id=asked["element"],
    )
    return attachments.attach(office, actor, case_id, upload)


@reads(cases, f"/attachments/<{NUMBER}:attachment_id>", chinese="下载材料", answer=None)
def open_attachment(office: Office, actor: Actor, attachment_id: int) -> object:
    """A paper as it came."""
    paper = attachments.attachment_of(office, actor, attachment_id)
    if isinstance(paper, Refusal):
        return paper
    return handed_out(paper.content, media_type="application/octet-stream", name=paper.name)


@writes(cases, f"/attachments/<{NUMBER}:attachment_id>/removal", chinese="移除材料", asks=schemas.Why)
def remove(office: Office, actor: Actor, asked: dict[str, Any], attachment_id: int) -> object:
    """Take a paper out, with the reason."""
    return attachments.remove_attachment(office, actor, attachment_id, why=asked["why"])


@reads(cases, "/incidents", chinese="异常清单", answer=rows_of(IncidentView), who=STAFF)
def incidents(office: Office, actor: Actor) -> object:
    """Steps that failed and wait for a retry."""
    return files.incidents(office, actor)


@writes(cases, f"/incidents/<{NUMBER}:incident_id>/retry", chinese="重试异常步骤", who=STAFF, parts=True)
def retry_incident(office: Office, actor: Actor, incident_id: int) -> object:
    """Try a failed step again."""
    return retry.retry_incident(office, actor, incident_id)


@writes(cases, "/claims", chinese="申领", status=201)
def submit_claim(office: Office, actor: Actor) -> object:
    """File a claim for the person who is signed in."""
    return claims.submit_claim(office, actor)


@writes(cases, "/transfers", chinese="关系转移", asks=schemas.Transfer, status=201)
def transfer(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Move one's rights to another place."""
    return transfers.ask(office, actor, from_region=asked["from_region"], to_region=asked["to_region"])


@writes(cases, "/findings", chinese="下达整改", asks=schemas.Finding, status=201, who=STAFF)
def finding(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Issue a finding to a region."""
    return checklists.issue_item(
        office,
        actor,
        topic=asked["topic"],
        region=asked["region"],
        plan_due=asked["plan_due"],
        done_due=asked["done_due"],
    )
