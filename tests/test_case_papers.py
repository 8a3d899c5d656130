"""Printed papers: what stands on them, who may have them, and that page, PDF and Word say the same."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from itertools import cycle

import pytest
from builders import CAST_DAY, PASSWORD, Case, a_claim, a_finding, a_payment_run, a_refund, actor, refused
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from offices import staffed
from sqlalchemy import select

from engine.cases import agencies, inbox, pausing, sending_back, signing, telling
from engine.cases.attachments import attach
from engine.cases.case_file import case_file
from engine.cases.casefacts import fact_labels
from engine.cases.file_views import CaseFile, Span
from engine.cases.marks import blocks_of
from engine.cases.office import Office
from engine.cases.print_views import Paper, lines_of
from engine.cases.printing import form_of, letter_digest, print_paper
from engine.cases.uploads import Upload
from engine.cases.views import Done
from engine.registers.cast import PEOPLE
from engine.store.audit import AuditEvent
from engine.store.crypto import mask_id, mask_numbers
from engine.tasks.tables import Letter
from web.app import create_app
from web.papers import page_of, pdf_of
from web.word import docx_of

LETTER = "您好：\n\n- **14 个月**，自 2025-11 起；\n- 每月 1818.00 元\n\n## 依据\n\n1. 缴费满一年\n\n2. 非本人意愿 <b>&amp; "


@pytest.fixture(scope="module")
def people() -> Iterator[str]:
    return cycle(("li", "qin", "zheng", "jin", "lin"))


@pytest.fixture
def office(office: Office) -> Office:
    return staffed(office, day=CAST_DAY, password=PASSWORD)


@pytest.fixture
def claim(office: Office, people: Iterator[str]) -> Iterator[Case]:
    """A claim that waits for its claimant."""
    case = a_claim(office, next(people))
    yield case
    case.withdraw()


def printed(case: Case, who: str, kind: str, *, whole: bool = False, why: str = "") -> Paper:
    paper = tried(case, who, kind, whole=whole, why=why)
    assert isinstance(paper, Paper), paper
    return paper


def tried(case: Case, who: str, kind: str, *, whole: bool = False, why: str = "") -> object:
    return print_paper(
        case.office, actor(case.office, who), case.id, kind, shape="pdf", whole_numbers=whole, why=why
    )


def letters(case: Case) -> list[Letter]:
    with case.office.store.reading() as session:
        return list(session.scalars(select(Letter).where(Letter.case_id == case.id).order_by(Letter.id)))


def squeezed(text: str) -> str:
    """The text without blanks: how a line is broken is the paper's affair."""
    return "".join(text.split())


def words_of(document: bytes) -> str:
    """The words of a Word file in reading order, tables included."""
    body = Document(BytesIO(document)).element.body
    return "".join(node.text or "" for node in body.iter() if node.tag.endswith("}t"))


def words_of_pdf(document: bytes) -> str:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("没有 pdftotext (poppler-utils)")
    ran = subprocess.run([reader, "-layout", "-", "-"], input=document, capture_output=True, check=True)
    return ran.stdout.decode()


# --- what stands on them ------------------------------------------------------------------------------------


@pytest.mark.req("FLOW-07", "MONEY-02")
def test_an_approval_form_has_facts_reasons_with_sources_and_every_opinion_with_its_name(claim: Case) -> None:
    claim.goes_on(until="approve_claim")
    claim.does("sunshenpi", "approve_claim", approval="return", approval_note="请重新核对账户")
    claim.goes_on()

    text = printed(claim, "wangshouli", "approval").text

    reasons = claim.found()["reasons"]
    assert isinstance(reasons, list)
    for reason in reasons:
        assert reason["text"] in text
        assert reason["source"] in text
    standing, _, void = text.partition("四、因退回已失效的意见")
    assert [name in standing for name in ("王守礼（受理岗）", "赵复和（复核岗）", "孙慎平（审批岗）")] == [
        True
    ] * 3
    assert "请重新核对账户" in void
    assert "请重新核对账户" not in standing
    assert "累计缴费" in standing


@pytest.mark.req("CTRL-07")
def test_numbers_are_whole_only_for_deciding_duties_of_the_region_and_with_a_reason_on_record(
    claim: Case, office: Office
) -> None:
    claim.goes_on(until="review_claim")
    number = PEOPLE[claim.subject].id_number

    masked = printed(claim, "wangshouli", "approval")
    whole = printed(claim, "zhaofuhe", "approval", whole=True, why="归入纸质档案")

    assert number not in masked.text
    assert mask_id(number) in masked.text
    assert (number in whole.text, whole.masked, masked.masked) == (True, False, True)
    assert refused(tried(claim, "zhaofuhe", "approval", whole=True)) == ("why_needed",)
    assert refused(tried(claim, "zhengneikong", "approval", whole=True, why="稽核")) == ("numbers_masked",)
    assert refused(tried(claim, claim.subject, "receipt", whole=True, why="自己要")) == ("numbers_masked",)
    with office.store.reading() as session:
        events = session.scalars(
            select(AuditEvent).where(
                AuditEvent.stream == f"case:{claim.id}", AuditEvent.action == "PAPER_PRINTED"
            )
        ).all()
    assert [event.reason for event in events] == ["", "归入纸质档案"]
    assert [paper.digest in (event.after or "") for paper, event in zip((masked, whole), events, strict=True)] == [
        True, True,
    ]  # fmt: skip
    assert not any(number in f"{event.after}{event.reason}" for event in events)


@pytest.mark.req("CTRL-07")
def test_forms_are_for_staff_who_see_the_case_and_letters_for_whom_they_were_written_to(claim: Case) -> None:
    claim.goes_on(until="check_intake")

    assert refused(tried(claim, claim.subject, "approval")) == ("no_such_paper",)
    assert refused(tried(claim, "wuchuna", "approval")) == ("not_in_reach",)
    assert refused(tried(claim, "guangyue", "receipt")) == ("not_in_reach",)
    assert refused(tried(claim, "wangshouli", "letter-999999")) == ("no_such_paper",)
    for odd in ("../../etc/passwd", "a" * 400, "\x00", "letter-", "letter-99999999999999999999"):
        assert refused(tried(claim, "wangshouli", odd)) == ("no_such_paper",), odd
    claim.wait_until("2025-11-06")
    own = [letter for letter in letters(claim) if letter.recipient.startswith("person:")]
    office_only = [letter for letter in letters(claim) if letter.recipient.startswith("office:")]
    assert office_only, "the escalation of the step that passed its limit"
    for letter in own:
        assert isinstance(tried(claim, claim.subject, f"letter-{letter.id}"), Paper)
    for letter in office_only:
        assert refused(tried(claim, claim.subject, f"letter-{letter.id}")) == ("no_such_paper",)
        assert isinstance(tried(claim, "wangshouli", f"letter-{letter.id}"), Paper)


@pytest.mark.req("CLAIM-05", "CLAIM-12")
def test_a_receipt_tells_the_limit_and_what_was_brought_unasked(claim: Case) -> None:
    empty = printed(claim, claim.subject, "receipt").text
    attach(
        claim.office,
        actor(claim.office, claim.subject),
        claim.id,
        Upload(name="合同.pdf", content=b"%PDF-1.7\n", title="劳动合同"),
    )
    brought = printed(claim, claim.subject, "receipt").text

    assert f"应办结日期：{claim.started_with()['decide_by']}" in empty
    assert "没有收取任何材料" in empty
    assert "劳动合同（2025-11-03 收入，本人自愿提供，不作为办理条件）" in brought
    assert PEOPLE[claim.subject].id_number not in brought


def test_every_process_has_a_form_whose_facts_are_known(office: Office) -> None:
    known = {label.key for label in fact_labels(office.settings.processes_dir / "facts.yaml")}
    cases = {
        "stable_jobs": (a_refund(office, "guangyue"), "wangshouli"),
        "payment_run": (a_payment_run(office), "wangshouli"),
        "rectification": (a_finding(office), "handudao"),
    }

    for process, (case, who) in cases.items():
        assert printed(case, who, "approval").title == form_of(office, process).title
    for process in ("claim", "transfer_in", "transfer_out", *cases):
        form = form_of(office, process)
        assert form.title
        assert set(form.facts) <= known, process


# --- what was sent is what is printed ------------------------------------------------------------------------


@pytest.mark.req("SERV-05", "FLOW-07")
def test_page_pdf_and_word_of_a_letter_say_what_was_sent_and_show_its_digest(
    claim: Case, office: Office
) -> None:
    claim.goes_on()
    letter = letters(claim)[-1]
    paper = printed(claim, claim.subject, f"letter-{letter.id}")
    app = create_app(office)

    with app.test_request_context():
        page, pdf, word = page_of(paper, case_id=claim.id), pdf_of(paper), docx_of(paper)

    sent = squeezed("".join(line for block in blocks_of(letter.text) for line in lines_of(block)))
    digest = hashlib.sha256(f"{letter.title}\n{letter.text}".encode()).hexdigest()
    assert paper.digest == digest == letter_digest(letter.title, letter.text)
    assert squeezed(words_of(word)).count(digest) == page.count(digest) == 1
    assert sent in squeezed(paper.text)
    for made in (words_of(word), words_of_pdf(pdf)):
        # numbers of lists are written by each in its own way
        bare = squeezed(made)
        for line in (line for block in blocks_of(letter.text) for line in lines_of(block)):
            for part in filter(None, line.split("。")):
                assert squeezed(part)[:18] in bare, part
    assert digest in squeezed(words_of_pdf(pdf))
    assert letter.title in words_of(word)


def test_a_pdf_holds_its_fonts_and_fetches_nothing(claim: Case, office: Office) -> None:
    paper = printed(claim, claim.subject, "receipt")
    with create_app(office).test_request_context():
        pdf = pdf_of(paper)
    lister = shutil.which("pdffonts")
    if lister is None:
        pytest.skip("没有 pdffonts (poppler-utils)")

    fonts = subprocess.run([lister, "-"], input=pdf, capture_output=True, check=True).stdout.decode()

    rows = fonts.splitlines()[2:]
    assert any("CJK" in row for row in rows)
    assert all(row.split()[-5:-3] == ["yes", "yes"] for row in rows), "embedded and cut down to what is used"
    assert b"http://" not in pdf.replace(b"http://www.aiim.org", b"").replace(
        b"http://ns.adobe.com", b""
    ).replace(b"http://www.w3.org", b"").replace(b"http://purl.org", b"")


@given(st.text(alphabet="<>&\"'*#-1. \nax[]()`。：甲乙"))
def test_reading_marks_loses_no_word(text: str) -> None:
    marks = str.maketrans("", "", "*#-0123456789.、 \n")

    read = "".join(line for block in blocks_of(text) for line in lines_of(block))

    assert read.translate(marks) == text.translate(marks)


def test_a_list_goes_on_over_an_empty_line_and_word_counts_as_the_letter_does() -> None:
    blocks = list(blocks_of(LETTER))

    assert [type(block).__name__ for block in blocks] == ["Paragraph", "Listing", "Heading", "Listing"]
    assert len(blocks[-1].items) == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13800138000。", "电话138****8000。"),
        ("138 0013 8000", "138****8000"),
        ("371502198206150014", "371502********0014"),
        ("3715 0219 8206 1500 1X", "371502********001X"),
        ("卡号6222021234567890123，", "卡号6222***********0123，"),
        ("2025-11-03 2025-11-04", "2025-11-03 2025-11-04"),
        ("SL-2025-000001 1818.00", "SL-2025-000001 1818.00"),
        ("913715020000000011", "913715********0011"),
    ],
)
def test_numbers_in_texts_are_masked_however_they_are_written(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


def test_without_the_library_pdf_is_refused_with_the_packages_and_word_still_comes(
    claim: Case, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a server without Pango: the import fails."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    client = create_app(office).test_client()
    with client.session_transaction() as session:
        session.update(who=actor(office, claim.subject).key, seen=office.clock().isoformat())
    here = f"/cases/{claim.id}/papers/receipt"

    pdf, word, page = client.get(f"{here}.pdf"), client.get(f"{here}.docx"), client.get(here)

    assert pdf.status_code == 503
    assert "libpango-1.0-0" in pdf.text
    assert (word.status_code, page.status_code) == (200, 200)
    assert word.headers["Content-Disposition"].startswith("attachment;")


# --- the tabs of the file ------------------------------------------------------------------------------------


def opened(case: Case, who: str, tab: str) -> object:
    return case_file(case.office, actor(case.office, who), case.id, tab)  # type: ignore[arg-type]


@pytest.mark.req("FLOW-07", "CTRL-07")
def test_each_tab_loads_its_own_part_and_money_is_for_the_duties_of_money(claim: Case) -> None:
    claim.goes_on(until="review_claim")

    for tab in ("path", "forms", "trail", "attachments", "papers", "money", "limits", "related"):
        file = opened(claim, "zhaofuhe", tab)
        assert isinstance(file, CaseFile), file
        parts = ("path", "forms", "trail", "attachments", "papers", "money", "limits", "related")
        assert {part for part in parts if getattr(file, part)} <= {tab}
    for tab in ("forms", "trail", "money", "limits", "related"):
        assert refused(opened(claim, claim.subject, tab)) == ("not_your_tab",)
    for who in ("wuchuna", "youshouli", "chenguanli"):
        assert refused(opened(claim, who, "path")) == ("not_in_reach",)
    finding = a_finding(claim.office)
    assert refused(opened(finding, "handudao", "money")) == ("not_your_tab",)


@pytest.mark.req("FLOW-07")
def test_the_path_shows_the_flows_taken_and_what_can_come_next(claim: Case) -> None:
    claim.goes_on(until="review_claim")

    file = opened(claim, "zhaofuhe", "path")

    assert isinstance(file, CaseFile)
    assert file.path
    assert {"intake_accepted", "determine_entitlement_to_review_claim"} <= set(file.path.flows)
    assert "review_agreed" not in " ".join(file.path.flows)
    ahead = {(way.when, way.to) for way in file.path.ahead}
    assert {("退回受理", "受理审核"), ("同意，不需要", "审批"), ("撤回", "已撤回")} <= ahead
    assert set(file.path.due) == {"review_claim"}


@pytest.mark.req("CTRL-07", "FLOW-07")
def test_filled_forms_and_the_trail_show_no_whole_number(claim: Case) -> None:
    claim.goes_on(until="approve_claim")
    claim.does("sunshenpi", "approve_claim", approval="return", approval_note="请致电 13912345678 核对")

    forms, trail = opened(claim, "wangshouli", "forms"), opened(claim, "wangshouli", "trail")

    assert isinstance(forms, CaseFile)
    assert isinstance(trail, CaseFile)
    shown = f"{[form.values for form in forms.forms]}{trail.trail}"
    assert "138****8000" in shown
    assert "139****5678" in shown
    assert not {"13800138000", "13912345678"} & set(shown.replace("'", " ").split())
    claim.answers("check_intake")
    again = opened(claim, "wangshouli", "forms")
    assert isinstance(again, CaseFile)
    stand = [form.stands for form in again.forms]
    assert (stand[0], stand[-1], set(stand[1:-1])) == (True, True, {False})


@pytest.mark.req("FLOW-07", "CLAIM-12")
def test_limits_say_how_they_were_reckoned_and_by_which_source(claim: Case) -> None:
    claim.goes_on(until="review_claim")
    claim.wait_until("2025-11-12")

    file = opened(claim, "zhaofuhe", "limits")

    assert isinstance(file, CaseFile)
    assert file.limits
    rows = {row.name: row for row in file.limits.rows}
    assert rows["复核"].state == "passed"
    assert rows["受理审核"].state == "kept"
    assert "3个工作日，至2025-11-06" in rows["复核"].reasons[0].text
    assert "第二十四条" in rows["全案办结"].reasons[0].source
    assert [reason.parameter for reason in file.limits.calendars] == ["calendar@2025"]


@pytest.mark.req("CTRL-07", "FLOW-07")
def test_related_cases_are_shown_to_who_may_see_them_and_counted_for_others(office: Office) -> None:
    refund = a_refund(office, "dongchang", year=2025)
    earlier = a_refund(office, "dongchang", year=2024)
    refund.goes_on(until="second_check")

    seen, hidden = opened(refund, "wangshouli", "related"), opened(refund, "zhaofuhe", "related")

    assert isinstance(seen, CaseFile)
    assert isinstance(hidden, CaseFile)
    assert seen.related
    assert hidden.related
    assert [row.case_key for row in seen.related.rows] == [earlier.key]
    assert (hidden.related.rows, hidden.related.hidden) == ((), 1)


@pytest.mark.req("FLOW-06", "FLOW-07")
def test_the_trail_and_the_form_name_substitutes_signers_urges_pauses_and_ways_back(claim: Case) -> None:
    office = claim.office
    intake, reviewer, colleague = (actor(office, who) for who in ("wangshouli", "zhaofuhe", "qianfuhe2"))
    claim.goes_on(until="check_intake")
    made = agencies.make_agency(
        office, intake, principal="wangshouli", substitute="jiangzhenggai", duty="intake", region="371500",
        first_day=office.today, last_day=office.today, why="外出培训",
    )  # fmt: skip
    assert isinstance(made, Done), made
    claim.does("jiangzhenggai", "check_intake", intake_opinion="pass")
    claim.clock.now += timedelta(hours=2)
    task = claim.task_id("review_claim")
    for outcome in (
        telling.urge(office, actor(office, claim.subject), task, note="请尽快"),
        pausing.pause_case(
            office, reviewer, claim.id, why="等待外省核查", source="《社会保险经办条例》第二十四条"
        ),
        pausing.resume_case(office, reviewer, claim.id, why="已复函"),
        inbox.claim_task(office, reviewer, task),
        signing.add_signer(office, reviewer, task, signer="qianfuhe2", place="before", why="金额较大"),
        signing.sign(office, colleague, task, opinion="agree", note="同意"),
        sending_back.send_back(office, reviewer, task, to="check_intake", why="请补核社保卡"),
    ):
        assert isinstance(outcome, Done), outcome

    file = opened(claim, "zhaofuhe", "trail")
    form = printed(claim, "zhaofuhe", "approval").text

    assert isinstance(file, CaseFile)
    told = {row.kind: row for row in file.trail}
    assert told["completed"].on_behalf_of == "王守礼"
    assert (told["completed"].actor, told["completed"].stands) == ("蒋正凯", False)
    assert told["signed"].outcome == "加签意见：同意"
    assert (told["returned"].name, told["returned"].note) == ("受理审核", "请补核社保卡")
    assert told["returned"].took == Span(workdays=0, minutes=120)
    assert told["task_urged"].note == "请尽快"
    assert {"paused", "resumed", "task_signer_added"} <= set(told)
    assert "钱芙荷" in told["task_signer_added"].outcome
    assert "蒋正凯（受理岗），代王守礼办理" in form.partition("四、因退回已失效的意见")[2]
    limits = opened(claim, "zhaofuhe", "limits")
    assert isinstance(limits, CaseFile)
    assert limits.limits
    assert [(pause.why, pause.ended_by) for pause in limits.limits.pauses] == [("等待外省核查", "赵复和")]
