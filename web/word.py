"""Papers as Word files: real headings, lists and tables, fonts set for Chinese. Called by ``papers``."""

from __future__ import annotations

from io import BytesIO

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph as WordParagraph

from engine.cases.print_views import (
    Block,
    Grid,
    Heading,
    Line,
    Listing,
    Opinion,
    Opinions,
    Pairs,
    Paper,
    Paragraph,
    Sealing,
)
from engine.values import CHINA

_SONG, _HEI = "宋体", "黑体"
_LATIN = "Times New Roman"
#: between the margins of an A4 sheet
_WIDTH_MM = 170


def docx_of(paper: Paper) -> bytes:
    """The paper as a Word file of A4 pages, word for word what the record holds."""
    document = Document()
    _prepare(document, paper)
    number = document.add_paragraph(f"办件编号 {paper.case_key}")
    number.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_heading(paper.title, level=0)
    for block in paper.blocks:
        _write(document, block)
    for table in document.tables:
        for paragraph in (each for cell in table._cells for each in cell.paragraphs):
            paragraph.paragraph_format.space_after = Pt(0)
    _foot(document, paper)
    written = BytesIO()
    document.save(written)
    return written.getvalue()


def _write(document: WordDocument, block: Block) -> None:
    match block:
        case Heading(words):
            _line(document.add_heading(level=1), words)
        case Paragraph(lines):
            _paragraph(document, lines)
        case Listing():
            _listing(document, block)
        case Sealing():
            _sealing(document, block)
        case _:
            _tabular(document, block)


def _tabular(document: WordDocument, block: Pairs | Grid | Opinions) -> None:
    match block:
        case Pairs(rows):
            _pairs(document, rows)
        case Grid(heads, rows):
            _grid(document, heads, rows)
        case Opinions(boxes):
            _opinions(document, boxes)


def _paragraph(document: WordDocument, lines: tuple[Line, ...]) -> None:
    paragraph = document.add_paragraph()
    for place, words in enumerate(lines):
        if place:
            paragraph.add_run().add_break()
        _line(paragraph, words)


def _sealing(document: WordDocument, block: Sealing) -> None:
    sealing = document.add_paragraph(f"{block.office}（盖章）")
    sealing.add_run().add_break()
    sealing.add_run(block.day or "　　　　年　　月　　日")
    sealing.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    sealing.paragraph_format.space_before = Mm(12)


def _line(paragraph: WordParagraph, words: Line) -> None:
    for run in words:
        paragraph.add_run(run.text).bold = True if run.strong else None


def _listing(document: WordDocument, block: Listing) -> None:
    """Numbers are written out: those that Word counts itself go on from one list to the next."""
    for number, words in enumerate(block.items, 1):
        paragraph = document.add_paragraph(style="List Paragraph")
        paragraph.paragraph_format.left_indent = Mm(7)
        paragraph.paragraph_format.first_line_indent = Mm(-7)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(7))
        paragraph.add_run(f"{number}.\t" if block.numbered else "•\t")
        _line(paragraph, words)


def _pairs(document: WordDocument, rows: tuple[tuple[str, str, str], ...]) -> None:
    sourced = any(source for _, _, source in rows)
    table = _table(document, (44, 82, 44) if sourced else (44, 126))
    if sourced:
        _head(_row(table), ("项目", "内容", "来源"))
    for row in rows:
        cells = _row(table).cells
        for cell, text in zip(cells, row, strict=False):
            cell.paragraphs[0].add_run(text)
        _shade(cells[0])


def _grid(document: WordDocument, heads: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> None:
    widths = (14, 58, 38, 60) if len(heads) == 4 else (_WIDTH_MM // len(heads),) * len(heads)
    table = _table(document, widths)
    _head(_row(table), heads)
    for row in rows:
        for cell, text in zip(_row(table).cells, row, strict=True):
            cell.paragraphs[0].add_run(text)


def _opinions(document: WordDocument, boxes: tuple[Opinion, ...]) -> None:
    table = _table(document, (38, 132))
    for box in boxes:
        step, said = _row(table).cells
        step.paragraphs[0].add_run(box.step).bold = True
        _shade(step)
        said.paragraphs[0].add_run(box.words)
        if box.note:
            said.add_paragraph(box.note)
        signed = said.add_paragraph(box.signed)
        signed.add_run().add_break()
        signed.add_run(box.at)
        signed.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _table(document: WordDocument, widths: tuple[int, ...]) -> Table:
    table: Table = document.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    margins = OxmlElement("w:tblCellMar")
    for side, size in (("top", "45"), ("left", "110"), ("bottom", "45"), ("right", "110")):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), size)
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    # the schema wants it before the look
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook", "w:tblCaption")  # type: ignore[arg-type]
    return table


def _row(table: Table) -> _Row:
    row: _Row = table.add_row()  # type: ignore[no-untyped-call]  # the library types it not
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return row


def _head(row: _Row, heads: tuple[str, ...]) -> None:
    """A head that is repeated on every page the table reaches."""
    for cell, text in zip(row.cells, heads, strict=True):
        cell.paragraphs[0].add_run(text).bold = True
        _shade(cell)
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _shade(cell: _Cell) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "F4F4F4")):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _prepare(document: WordDocument, paper: Paper) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    _style(document, "Normal", _SONG, 10.5)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    _style(document, "List Paragraph", _SONG, 10.5)
    _style(document, "Heading 1", _HEI, 11)
    title = _style(document, "Title", _HEI, 18)
    title.font.bold = True
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    # the template's title has a coloured line beneath it
    for border in title.element.findall(f".//{qn('w:pBdr')}"):
        border.getparent().remove(border)
    core = document.core_properties
    core.title, core.author, core.language = paper.title, paper.office, "zh-CN"
    core.created = core.modified = paper.printed_at.replace(tzinfo=None)
    core.comments = f"SHA-256 {paper.digest}"


def _style(document: WordDocument, name: str, font: str, size: float) -> ParagraphStyle:
    style = document.styles[name]
    assert isinstance(style, ParagraphStyle), name  # noqa: S101 - the template has it
    style.font.name, style.font.size, style.font.color.rgb = _LATIN, Pt(size), RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    # themes would win over the fonts named here
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), font)
    # without it a reader sets Chinese with the signs of another language
    speech = OxmlElement("w:lang")
    speech.set(qn("w:val"), "en-US")
    speech.set(qn("w:eastAsia"), "zh-CN")
    style.element.get_or_add_rPr().append(speech)
    return style


def _foot(document: WordDocument, paper: Paper) -> None:
    printed = paper.printed_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    masked = "，号码已遮盖" if paper.masked else ""
    words = f"{paper.printed_by} {printed} 打印{masked}。文本摘要 SHA-256 {paper.digest}"
    note = document.add_paragraph()
    note.paragraph_format.space_before = Mm(8)
    note.add_run(words).font.size = Pt(8)
    pages = document.sections[0].footer.paragraphs[0]
    pages.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text, field in (("第 ", "PAGE"), (" 页，共 ", "NUMPAGES"), (" 页", "")):
        pages.add_run(text)
        if field:
            _field(pages, field)


def _field(paragraph: WordParagraph, name: str) -> None:
    """A number that Word works out."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    paragraph._p.append(field)
