"""Papers of a case for A4, PDF and Word: the approval form (审批表), the receipt (受理回执), letters as they were sent.

Makes records; ``web.papers`` writes them. Which facts a form lists, and the words of a receipt, are in
``processes/prints``. Each printing is an audit event with the digest of the text that was shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from engine.cases.attachments import attachment_rows
from engine.cases.casefacts import facts_of, reasons_of
from engine.cases.file_views import PrintKind, TrailRow
from engine.cases.files import data_of_case, letters_of, seen_case
from engine.cases.marks import blocks_of
from engine.cases.office import Office
from engine.cases.print_views import (
    Block,
    Grid,
    Heading,
    Opinion,
    Opinions,
    Pairs,
    Paper,
    Run,
    Sealing,
)
from engine.cases.rows import region_names, subject_labels
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.trail import trail_of
from engine.cases.uploads import printable
from engine.duties import covers
from engine.people import Employer, Person, id_number_of
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import mask_numbers
from engine.store.declaration import read_declaration
from engine.tasks.letters import render
from engine.tasks.tables import Letter
from engine.values import CHINA, Actor, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase
from engine.workflow.versions import Published

#: how a paper leaves the office
Shape = Literal["html", "pdf", "docx"]
#: who decides on a case, and may need the whole number of the person on its form
_WHOLE_NUMBERS = frozenset({"intake", "review", "approve"})
#: what stands on a form as an opinion
_OPINIONS = frozenset({"completed", "signed", "assisted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintForm:
    """The approval form of one process, as ``processes/prints/forms.yaml`` declares it."""

    title: str
    english: str
    #: keys of ``facts.yaml``; empty: all that the case has
    facts: tuple[str, ...]
    #: template of the receipt; empty: none is given
    receipt: str


def print_paper(
    office: Office,
    actor: Actor,
    case_id: int,
    kind: str,
    *,
    shape: Shape,
    whole_numbers: bool = False,
    why: str = "",
) -> Paper | Refusal:
    """The paper of that kind, for whoever may see the case; the printing is an audit event of the case.

    Approval forms are for staff. A letter comes as it was sent, whoever asks: nothing in it is masked or added.
    Whole numbers on a form are for the duties that decide on the case, in its region, with a reason on record.
    """

    def work(session: Session) -> Paper:
        case = seen_case(session, office, actor, case_id, why="打印文书")
        if whole_numbers:
            _refuse_whole_numbers(actor, case, why)
        paper = _paper(session, office, actor, case, kind, masked=not whole_numbers)
        append(
            session,
            stream=f"case:{case.id}",
            action=Action.PAPER_PRINTED,
            actor=actor,
            subject=f"case:{case.id}/{kind}",
            after={
                "title": paper.title,
                "shape": shape,
                "numbers": "whole" if whole_numbers else "masked",
                "digest": paper.digest,
            },
            reason=printable(why),
            now=office.clock(),
        )
        return paper

    return attempt(office, actor, work, subject=f"case:{case_id}", stream=f"case:{case_id}")


def agency_name(session: Session, region: str) -> str:
    """The agency of the region, as it signs."""
    return f"{region_names(session, {region})[region]}失业保险经办机构"


def letter_paper(office: Office, actor: Actor, letter: Letter, *, number: str, issuer: str) -> Paper:
    """The letter as it was sent, under that number and by that office; who may have it is the caller's to check."""
    return Paper(
        kind=f"letter-{letter.id}",
        title=letter.title,
        case_key=number,
        office=issuer,
        blocks=tuple(blocks_of(letter.text)),
        digest=letter_digest(letter.title, letter.text),
        printed_by=actor.name,
        printed_at=office.clock(),
        masked=False,
    )


def prints_of(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> tuple[PrintKind, ...]:
    """The papers that the actor may have of a case that they were found to see."""
    form = form_of(office, case.process_id)
    found = []
    if actor.kind == "staff":
        may = _may_have_whole_numbers(actor, case)
        title = form.title or _process_form(office.runner.versions.get(session, case.version_id))
        found.append(PrintKind(kind="approval", title=title, whole_numbers=may))
    if form.receipt:
        found.append(PrintKind(kind="receipt", title="受理回执", at=case.started_at))
    letters = letters_of(session, actor, case.id)
    found += [
        PrintKind(
            kind=f"letter-{letter.id}",
            title=letter.title,
            at=letter.created_at,
            sent_at=sent_at,
            text=letter.text,
        )
        for letter, sent_at in letters
    ]
    return tuple(found)


def form_of(office: Office, process_id: str) -> PrintForm:
    """The form of the process; one with everything and no receipt where none is declared."""
    declared = _forms(office.settings.processes_dir / "prints" / "forms.yaml")
    return declared.get(process_id, PrintForm(title="", english="", facts=(), receipt=""))


def letter_digest(title: str, text: str) -> str:
    """SHA-256 over title and text of a letter, hex: the same for what was sent and for every print of it."""
    return hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()


def _paper(
    session: Session, office: Office, actor: Actor, case: WorkflowCase, kind: str, *, masked: bool
) -> Paper:
    if kind == "approval" and actor.kind == "staff":
        title, blocks = _approval(session, office, case, masked=masked)
    elif kind == "receipt" and form_of(office, case.process_id).receipt:
        title, blocks = _receipt(session, office, actor, case)
    else:
        letter = _letter(session, actor, case, kind)
        return letter_paper(
            office, actor, letter, number=case.case_key, issuer=agency_name(session, case.region_code)
        )
    paper = Paper(
        kind=kind,
        title=title,
        case_key=case.case_key,
        office=agency_name(session, case.region_code),
        blocks=blocks,
        digest="",
        printed_by=actor.name,
        printed_at=office.clock(),
        masked=masked and kind == "approval",
    )
    return replace(paper, digest=hashlib.sha256(paper.text.encode()).hexdigest())


def _letter(session: Session, actor: Actor, case: WorkflowCase, kind: str) -> Letter:
    number = kind.removeprefix("letter-")
    for letter, _sent_at in letters_of(session, actor, case.id):
        if kind.startswith("letter-") and str(letter.id) == number:
            return letter
    raise RefusedError(Reason(code="no_such_paper", text="本案没有这份文书", text_en="No such paper."))


def _approval(
    session: Session, office: Office, case: WorkflowCase, *, masked: bool
) -> tuple[str, tuple[Block, ...]]:
    """Facts, determination with reasons and sources, opinions with names and days."""
    version = office.runner.versions.get(session, case.version_id)
    form, data = form_of(office, case.process_id), data_of_case(session, office, case)
    facts = facts_of(office, session, data, keys=form.facts)
    opinions = [row for row in trail_of(session, office, case, version) if _is_opinion(row)]
    void = [row for row in opinions if row.stands is False]
    blocks: list[Block] = [
        Pairs(
            (
                ("当事人", _subject(session, office, case, masked=masked), ""),
                ("办件编号", case.case_key, ""),
                ("受理机构", agency_name(session, case.region_code), ""),
                ("受理时间", _minute(case.started_at), ""),
            )
        )
    ]
    if facts:
        # what somebody typed may hold a number that belongs to nobody's form
        rows = tuple((f.label, mask_numbers(f.value) if masked else f.value, f.source) for f in facts)
        blocks += [_heading("一、查明的事实"), Pairs(rows)]
    blocks += [*_reasons(reasons_of(data)), _heading("三、办理意见")]
    blocks.append(Opinions(tuple(_opinion(row) for row in opinions if row.stands is not False)))
    if void:
        blocks += [_heading("四、因退回已失效的意见"), Opinions(tuple(_opinion(row) for row in void))]
    blocks.append(Sealing(agency_name(session, case.region_code), ""))
    return form.title or _process_form(version), tuple(blocks)


def _is_opinion(row: TrailRow) -> bool:
    return row.kind in _OPINIONS


def _opinion(row: TrailRow) -> Opinion:
    duty = f"（{row.duty_name}）" if row.duty_name else ""
    behalf = f"，代{row.on_behalf_of}办理" if row.on_behalf_of else ""
    return Opinion(
        step=row.name,
        words=row.outcome,
        note=row.note,
        signed=f"{row.actor}{duty}{behalf}",
        at=_minute(row.at),
    )


def _reasons(reasons: tuple[Reason, ...]) -> list[Block]:
    if not reasons:
        return []
    rows = tuple(
        (
            str(number),
            reason.text + ("" if reason.verified else "（所用标准待主管部门确认）"),
            reason.fact,
            reason.source,
        )
        for number, reason in enumerate(reasons, 1)
    )
    return [_heading("二、核定的理由和依据"), Grid(("序号", "理由", "事实", "依据"), rows)]


def _receipt(
    session: Session, office: Office, actor: Actor, case: WorkflowCase
) -> tuple[str, tuple[Block, ...]]:
    """The receipt in the words of its template, with the papers that the reader may see."""
    papers = [row for row in attachment_rows(session, office, actor, case) if not row.removed_at]
    version = office.runner.versions.get(session, case.version_id)
    facts = {
        "case_key": case.case_key,
        "process": version.name,
        "name": _own_name(session, case),
        "received_on": _day(case.started_at),
        "decide_by": data_of_case(session, office, case).get("decide_by", ""),
        "office": agency_name(session, case.region_code),
        "papers": [
            {"title": row.title or row.name, "day": _day(row.added_at), "volunteered": row.volunteered}
            for row in papers
        ],
    }
    title, text = render(
        office.settings.processes_dir / "prints", form_of(office, case.process_id).receipt, facts
    )
    sealing = Sealing(agency_name(session, case.region_code), _day(case.started_at))
    return title, (*blocks_of(text), sealing)


def _refuse_whole_numbers(actor: Actor, case: WorkflowCase, why: str) -> None:
    if not _may_have_whole_numbers(actor, case):
        raise RefusedError(
            Reason(
                code="numbers_masked",
                text="只有本地区的受理、复核、审批岗可以打印完整号码",
                text_en="Whole numbers are printed by intake, review and approval of the region only.",
                source="社会保险经办条例第四十九条（保密）",
                fact=actor.name or actor.key,
            )
        )
    if not printable(why):
        raise RefusedError(
            Reason(
                code="why_needed",
                text="打印完整号码须写明用途",
                text_en="Say what the whole numbers are for.",
            )
        )


def _may_have_whole_numbers(actor: Actor, case: WorkflowCase) -> bool:
    return (
        actor.kind == "staff"
        and bool(actor.duties & _WHOLE_NUMBERS)
        and covers(actor.region, case.region_code)
        and case.subject.startswith("person:")
    )


def _subject(session: Session, office: Office, case: WorkflowCase, *, masked: bool) -> str:
    kind, _, number = case.subject.partition(":")
    if kind == "person" and not masked:
        person = session.get_one(Person, int(number))
        return f"{person.name} {id_number_of(office.vault, person)}"
    if kind == "employer":
        employer = session.get_one(Employer, int(number))
        return f"{employer.name}（{employer.credit_code}）"
    return subject_labels(session, office, {case.subject})[case.subject]


def _own_name(session: Session, case: WorkflowCase) -> str:
    return name_of(session, case.subject)


def _process_form(version: Published) -> str:
    return f"{version.name}审批表"


def _heading(words: str) -> Heading:
    return Heading((Run(words),))


def _day(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d")


def _minute(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


@lru_cache(maxsize=4)
def _forms(path: Path) -> Mapping[str, PrintForm]:
    """The forms in the file by process; DeclarationError names file and line of the first mistake."""
    forms: dict[str, PrintForm] = {}
    for entry in read_declaration(path).entries("forms"):
        entry.only("process", "title", "english", "facts", "receipt")
        process = entry.text("process")
        if process in forms:
            raise entry.error(f"流程「{process}」写了两次", field="process")
        receipt = entry.text("receipt", default="")
        if receipt and not (path.parent / f"{receipt}.md").is_file():
            raise entry.error(f"没有文书 prints/{receipt}.md", field="receipt")
        forms[process] = PrintForm(
            title=entry.text("title"),
            english=entry.text("english"),
            facts=tuple(entry.words("facts")),
            receipt=receipt,
        )
    return forms
