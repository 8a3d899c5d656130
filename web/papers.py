"""Papers of a case: on the screen for printing, as PDF, and as Word. All three are written from one record.

PDF needs system libraries and a Chinese font that an office may lack: then the answer names the packages.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from types import ModuleType

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases.print_views import Paper
from engine.cases.printing import Shape, print_paper
from engine.values import CHINA, CaseId, Reason, Refusal
from web.assets import FOLDER
from web.errors import refused
from web.files import handed_out
from web.session import actor, office, only_for
from web.word import docx_of

papers = Blueprint("papers", __name__)

_STYLE = FOLDER / "paper.css"
_LIBRARIES = "libpango-1.0-0、libpangoft2-1.0-0、libharfbuzz-subset0"
_TYPES: dict[Shape, str] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class PrinterMissingError(Exception):
    """服务器缺少生成 PDF 所需的系统软件包。"""

    retryable = False


@papers.get("/cases/<int:case_id>/papers/<kind>")
@only_for("staff", "person", "employer")
def show(case_id: int, kind: str) -> ResponseReturnValue:
    """The paper on the screen, laid out for the printer."""
    paper = print_paper(office(), actor(), CaseId(case_id), kind, shape="html")
    return refused(paper) if isinstance(paper, Refusal) else page_of(paper, case_id=case_id)


@papers.get("/cases/<int:case_id>/papers/<kind>.pdf")
@only_for("staff", "person", "employer")
def pdf(case_id: int, kind: str) -> ResponseReturnValue:
    """The paper as PDF."""
    return _file(case_id, kind, "pdf")


@papers.get("/cases/<int:case_id>/papers/<kind>.docx")
@only_for("staff", "person", "employer")
def word(case_id: int, kind: str) -> ResponseReturnValue:
    """The paper as a Word file."""
    return _file(case_id, kind, "docx")


@papers.post("/cases/<int:case_id>/papers/<kind>")
@only_for("staff")
def whole_numbers(case_id: int, kind: str) -> ResponseReturnValue:
    """The paper with whole numbers, for what is written in ``why``."""
    shape: Shape = "docx" if request.form.get("shape") == "docx" else "pdf"
    return _file(case_id, kind, shape, whole_numbers=True, why=request.form.get("why", ""))


def page_of(paper: Paper, *, case_id: int | None = None) -> str:
    """The paper as a page; with a case, with the bar of a screen above it."""
    return render_template(
        "print/paper.html",
        paper=paper,
        blocks=[(type(block).__name__, block) for block in paper.blocks],
        printed=paper.printed_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M"),
        screen=case_id is not None,
        case_id=case_id,
    )


def pdf_of(paper: Paper) -> bytes:
    """The paper as PDF/A with its fonts inside. PrinterMissingError names the packages that are not there."""
    weasyprint = _printer()
    # a paper holds all that it needs: nothing is fetched, whatever somebody wrote into it
    nothing = weasyprint.URLFetcher(allowed_protocols=(), fail_on_errors=True)
    page = weasyprint.HTML(string=page_of(paper), url_fetcher=nothing)
    style = weasyprint.CSS(filename=str(_STYLE), url_fetcher=nothing)
    written: bytes = page.write_pdf(stylesheets=[style], pdf_variant="pdf/a-2u")
    return written


def _file(
    case_id: int, kind: str, shape: Shape, *, whole_numbers: bool = False, why: str = ""
) -> ResponseReturnValue:
    if shape == "pdf":
        try:
            _printer()
        except PrinterMissingError as missing:
            return refused(Refusal(reasons=(_missing(missing),)))
    paper = print_paper(
        office(), actor(), CaseId(case_id), kind, shape=shape, whole_numbers=whole_numbers, why=why
    )
    if isinstance(paper, Refusal):
        return refused(paper)
    content = pdf_of(paper) if shape == "pdf" else docx_of(paper)
    return handed_out(content, media_type=_TYPES[shape], name=f"{paper.title} {paper.case_key}.{shape}")


def _printer() -> ModuleType:
    """The library, found when it is asked for: it may not be there. PrinterMissingError names what is missing."""
    try:
        import weasyprint
    except (ImportError, OSError) as cause:
        raise PrinterMissingError(_LIBRARIES) from cause
    if not _has_chinese_font():
        raise PrinterMissingError("fonts-noto-cjk")
    library: ModuleType = weasyprint
    return library


@cache
def _has_chinese_font() -> bool:
    """Whether fontconfig knows a font for Chinese; where it cannot be asked, it is believed to."""
    lister = shutil.which("fc-list")
    if lister is None:
        return True
    ran = subprocess.run([lister, ":lang=zh-cn"], capture_output=True, timeout=30, check=False)  # noqa: S603
    return bool(ran.stdout.strip())


def _missing(missing: PrinterMissingError) -> Reason:
    return Reason(
        code="pdf_not_available",
        text=f"服务器缺少生成 PDF 所需的软件包：{missing}；请系统管理员安装。网页打印和 Word 不受影响",
        text_en=f"PDF needs packages that this server lacks: {missing}. Printing from the page and Word still work.",
        fact=str(missing),
    )
