"""Every page of the office with something on it, and who opens it: for tests that look at all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from browsing import Visitor
from builders import (
    CONFIRMED,
    MAIN_ROAD,
    Case,
    a_claim,
    a_finding,
    a_granted_claim,
    a_payment_run,
    a_refund,
    a_transfer,
    actor,
)  # fmt: skip
from sqlalchemy import select

from engine.cases.attachments import attach
from engine.cases.moves import MoveProgress, start_move
from engine.cases.office import Office
from engine.cases.rehearsal_runs import start_run
from engine.cases.studio import open_change, save_file
from engine.cases.studio_views import ChangeView
from engine.cases.sweep import sweep_until_idle
from engine.cases.uploads import Upload
from engine.registers.cast import EMPLOYERS, PEOPLE
from engine.registers.memory import registers_of
from engine.registers.province import load_province
from engine.workflow.tables import ProcessVersion
from engine.workflow.versions import Source

Act = Callable[[Visitor], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPage:
    """One page as somebody sees it."""

    name: str
    #: login, key of a person or employer of the cast, or empty for nobody
    who: str
    path: str
    #: what is done before the page is looked at
    act: Act | None = None


def _submit_empty(visitor: Visitor) -> None:
    visitor.page.locator("main form[method=post] button.btn-primary").first.click()
    visitor.page.wait_for_load_state()


def _attach_nothing(visitor: Visitor) -> None:
    """A file that is no paper."""
    page = visitor.page
    page.locator("#file").set_input_files({"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"MZ"})
    page.locator("form[enctype] button").click()
    page.wait_for_load_state()


def _start_unread(visitor: Visitor) -> None:
    """The box is required; whoever gets past it is told."""
    visitor.page.locator("input[name=sure]").evaluate("box => { box.required = false; }")
    visitor.page.locator(".move-start button").click()
    visitor.page.wait_for_load_state()


def _unfold(visitor: Visitor) -> None:
    """The diagram of a person's case is behind a fold."""
    visitor.page.locator("summary").first.click()
    visitor.page.locator(".djs-shape").first.wait_for(state="attached")


def _appoint_wrongly(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#login").select_option("wuchuna")
    page.locator("#duty").select_option("intake")
    page.locator("#region").fill("371500")
    _submit_empty(visitor)


def _submit_unsaid(visitor: Visitor) -> None:
    """An action without its reason, past what the browser asks for."""
    visitor.page.locator("main form[method=post]").first.evaluate("form => { form.noValidate = true; }")
    visitor.page.locator("main form[method=post] button:not([type=button])").first.click()
    visitor.page.wait_for_load_state()


def _enter_nonsense(visitor: Visitor) -> None:
    """A year whose first line is no day."""
    visitor.page.locator("#source").fill("notice")
    visitor.page.locator("#holidays").fill("1 January")
    visitor.page.locator("main form:has(#holidays) button").first.click()
    visitor.page.wait_for_load_state()


#: a case of the analysts that is refused on its way
SAMPLE = urlencode({"file": "claim.tests.yaml", "case": "受理人不得复核同一案件"})

#: name, who opens it, where it is (a path, or the case, task or batch of something that happened), what is done first
PAGES: tuple[tuple[str, str, str, Act | None], ...] = (
    ("welcome", "", "/", None),
    ("sign-in", "", "/sign-in", None),
    ("sign-in-person", "", "/apply", None),
    ("sign-in-employer", "", "/employer/sign-in", None),
    ("sign-in-refused", "", "/sign-in", _submit_empty),
    ("apply-refused", "", "/apply", _submit_empty),
    ("employer-refused", "", "/employer/sign-in", _submit_empty),
    ("not-found", "", "/no-such-page", None),
    ("my", "lin", "/my", None),
    ("confirm", "lin", "task:confirm:confirm_form", None),
    ("confirm-wrong", "lin", "task:confirm:confirm_form", _submit_empty),
    ("evidence", "chen", "task:evidence:provide_evidence", None),
    ("claim-running", "chen", "case:evidence", _unfold),
    ("claim-refused", "wu", "case:refused", _unfold),
    ("claim-paid", "qin", "case:paid", None),
    ("claim-returned", "bo", "case:returned", None),
    ("claim-withdrawn", "sun", "case:withdrawn", None),
    ("employer", "guangyue", "/employer", None),
    ("refund-confirm", "guangyue", "task:refund:confirm_refund", None),
    ("refund-progress", "guangyue", "case:refund", None),
    ("inbox-todo", "wangshouli", "/inbox", None),
    ("inbox-claimable", "wangshouli", "/inbox?list=claimable", None),
    ("inbox-done", "wangshouli", "/inbox?list=done", None),
    ("inbox-nothing", "wangshouli", "/inbox?list=done&search=NO-SUCH", None),
    (
        "inbox-filtered",
        "wangshouli",
        "/inbox?list=claimable&element=check_intake&region=371500&light=calm&due_from=x",
        None,
    ),
    ("inbox-started", "wangshouli", "/inbox?list=started", None),
    ("inbox-copied", "wangshouli", "/inbox?list=copied", None),
    ("inbox-below", "zhengneikong", "/inbox?list=below&density=dense", None),
    ("inbox-overdue", "wangshouli", "/inbox?list=overdue&sort=due&order=desc", None),
    ("inbox-sheet", "wangshouli", "/inbox/sheet", None),
    ("intake", "wangshouli", "task:intake:check_intake", None),
    ("intake-wrong", "wangshouli", "task:intake:check_intake", _submit_empty),
    ("objection", "wangshouli", "task:objection:answer_objection", None),
    ("failed-lines", "wangshouli", "task:failing:handle_failed_lines", None),
    ("refund-first-check", "wangshouli", "task:checked:first_check", None),
    ("case-running", "wangshouli", "case:approve", None),
    ("case-ended", "wangshouli", "case:paid", None),
    ("case-refused", "wangshouli", "case:refused", None),
    ("payments", "wangshouli", "/payments", None),
    ("batch-returned", "wangshouli", "batch:failing", None),
    ("forbidden", "wangshouli", "/staff", None),
    ("second-review", "qianfuhe2", "task:second:second_review_claim", None),
    ("sample", "qianfuhe2", "task:waiting:sample_batch", None),
    ("approve", "sunshenpi", "task:approve:approve_claim", None),
    ("approve-forbidden", "zhaofuhe", "task:approve:approve_claim", None),
    ("payments-accountant", "zhoukuaiji", "/payments", None),
    ("batch-paid", "zhoukuaiji", "batch:finished", None),
    ("staff", "chenguanli", "/staff", None),
    ("staff-refused", "chenguanli", "/staff", _appoint_wrongly),
    ("incidents", "zhengneikong", "/incidents", None),
    ("plan", "jiangzhenggai", "task:finding:submit_plan", None),
    ("finding-new", "handudao", "/findings/new", None),
    ("finding", "handudao", "case:finding", None),
    ("transfer", "youshouli", "task:transfer:accept_transfer", None),
    ("send-back", "sunshenpi", "task:approve:approve_claim/do/send_back", None),
    ("send-back-unsaid", "sunshenpi", "task:approve:approve_claim/do/send_back", _submit_unsaid),
    ("hand-over", "wangshouli", "task:intake:check_intake/do/hand_over", None),
    ("add-signer", "wangshouli", "task:intake:check_intake/do/add_signer", None),
    ("hand-over-forbidden", "wuchuna", "task:intake:check_intake/do/hand_over", None),
    ("calendars", "fengshuju", "/calendar", None),
    ("calendar-year", "wangshouli", "/calendar/2025", None),
    ("calendar-missing", "fengshuju", "/calendar/2027", None),
    ("calendar-wrong", "fengshuju", "/calendar/2027", _enter_nonsense),
    ("agencies", "wangshouli", "/agencies", None),
    ("phrases", "chenguanli", "/phrases", None),
    ("phrases-empty", "wangshouli", "/phrases", _submit_unsaid),
    ("monitoring", "handudao", "/monitoring", None),
    ("operations", "zhengneikong", "/operations", None),
    ("case-parked", "zhengneikong", "case:parked", None),
    ("case-forms", "wangshouli", "case:back?tab=forms", None),
    ("case-trail", "wangshouli", "case:back?tab=trail", None),
    ("case-attachments", "wangshouli", "case:intake?tab=attachments", None),
    ("case-attachment-refused", "wangshouli", "case:intake?tab=attachments", _attach_nothing),
    ("case-papers", "wangshouli", "case:paid?tab=papers", None),
    ("case-money", "wangshouli", "case:failing?tab=money", None),
    ("case-limits", "wangshouli", "case:back?tab=limits", None),
    ("case-related", "wangshouli", "case:paid?tab=related", None),
    ("case-print", "wangshouli", "paper:paid:approval", None),
    ("claim-attachments", "lin", "case:confirm?tab=attachments", None),
    ("claim-papers", "qin", "case:paid?tab=papers", None),
    ("claim-receipt", "qin", "paper:paid:receipt", None),
    ("versions", "chuliucheng", "/studio/processes/claim", None),
    ("compare", "chuliucheng", "/studio/processes/claim/compare?old=1&new=2", None),
    ("move", "chuliucheng", "/studio/processes/claim/move?from=1&to=2", None),
    ("move-unsure", "chuliucheng", "/studio/processes/claim/move?from=1&to=2", _start_unread),
    ("move-job", "chuliucheng", "/studio/moves/1", None),
    ("try", "chuliucheng", "/studio/processes/claim/try", None),
    ("try-sample", "chuliucheng", f"/studio/processes/claim/try?{SAMPLE}", None),
    ("try-begun", "chuliucheng", "change:/try/begin?process=claim&player=person:li&day=2025-11-03", None),
    (
        "try-form-wrong",
        "chuliucheng",
        "change:/try/begin?process=claim&player=person:li&day=2025-11-03",
        _submit_empty,
    ),
    ("try-change", "chuliucheng", "change:", None),
    ("try-tests", "chuliucheng", "change:/tests", None),
    ("try-tests-file", "chuliucheng", "change:/tests/claim.tests.yaml", None),
    ("try-replay", "chuliucheng", "change:/replay", _submit_empty),
)

#: what a claimant enters who does not agree
OBJECTED = {
    **CONFIRMED, "answer": "object", "objected_field": "exit_reason", "objection_text": "不是我辞职的",
}  # fmt: skip


def enter(visitor: Visitor, who: str) -> Visitor:
    """The visitor, signed in as that person."""
    if not who:
        return visitor
    if who in PEOPLE:
        return visitor.proves(id_number=PEOPLE[who].id_number, name=PEOPLE[who].name)
    return visitor.presents(EMPLOYERS[who].credit_code) if who in EMPLOYERS else visitor.signs_in(who)


def furnish(office: Office) -> tuple[OpenPage, ...]:
    """Every page, after something of every kind has happened in the office."""
    cases = {**_claims(office), **_payments(office), **_others(office), "parked": _parked(office)}
    change = _change(office)
    sweep_until_idle(office)
    _redrawn(office)
    return tuple(
        OpenPage(name=name, who=who, path=_path(where, cases, change), act=act)
        for name, who, where, act in PAGES
    )


def _redrawn(office: Office) -> None:
    """A second version of the claim, and a job that has not begun to move its cases."""
    drawn = (office.settings.processes_dir / "claim.bpmn").read_text("utf-8")
    drawn = drawn.replace('id="check_intake" name="受理审核"', 'id="check_intake" name="审核"')
    drawn = drawn.replace('id="approve_claim"', 'id="approve_claim" camunda:candidateGroups="control"')
    with office.store.transaction() as session:
        first = session.scalars(select(ProcessVersion).where(ProcessVersion.process_id == "claim")).one()
        source = Source(file_name="claim.bpmn", diagram=drawn.encode(), **json.loads(first.bundle))
        made = office.runner.versions.publish(
            session, source, author="staff:1", published_by="staff:2", note="", now=office.clock()
        )
        versions = {"from_version_id": first.id, "to_version_id": made[0].id}
    assert isinstance(start_move(office, actor(office, "chuliucheng"), **versions), MoveProgress)


def _path(where: str, cases: Mapping[str, Case], change: int) -> str:
    kind, _, what = where.partition(":")
    match kind:
        case "case":
            name, mark, tab = what.partition("?")
            return f"/cases/{cases[name].id}{mark}{tab}"
        case "paper":
            name, _, paper = what.partition(":")
            return f"/cases/{cases[name].id}/papers/{paper}"
        case "change":
            return f"/studio/changes/{change}{what}"
        case "batch":
            return f"/payments/PB-{cases[what].key}"
        case "task":
            name, _, element = what.partition(":")
            element, slash, action = element.partition("/")
            return f"/tasks/{cases[name].task_id(element)}{slash}{action}"
        case _:
            return where


def _claims(office: Office) -> dict[str, Case]:
    withdrawn = a_claim(office, "sun")
    withdrawn.withdraw()
    return {
        "withdrawn": withdrawn,
        "confirm": a_claim(office, "lin"),
        "intake": a_claim(office, "jin", at="check_intake"),
        "objection": a_claim(office, "ana").does("ana", "confirm_form", **OBJECTED),
        "evidence": a_claim(office, "chen", at="provide_evidence"),
        "approve": a_claim(office, "li", at="approve_claim"),
        "back": _sent_back(office),
        "second": a_claim(office, "feng", at="second_review_claim"),
        "refused": a_claim(office, "wu").goes_on().sweep(),
    }


def _sent_back(office: Office) -> Case:
    """A claim with opinions that no longer stand, and a paper; of somebody who had withdrawn an earlier one."""
    case = a_claim(office, "sun", at="approve_claim")
    case.does("sunshenpi", "approve_claim", approval="return", approval_note="请重新核对账户")
    paper = Upload(name="说明.pdf", content=b"%PDF-1.7", title="离职证明", volunteered=True)
    attach(office, actor(office, "wangshouli"), case.id, paper)
    return case.answers("check_intake")


def _payments(office: Office) -> dict[str, Case]:
    """One that the bank returned, one that it paid, and one that waits for its signatures."""
    returned = a_granted_claim(office, "bo")
    failing = a_payment_run(office, month="2025-11").goes_on().sweep()
    paid = a_granted_claim(office, "qin")
    finished = a_payment_run(office, month="2025-11").goes_on().sweep()
    a_granted_claim(office, "zheng")
    waiting = a_payment_run(office, month="2025-11")
    return {
        "returned": returned, "failing": failing, "paid": paid, "finished": finished, "waiting": waiting,
    }  # fmt: skip


def _others(office: Office) -> dict[str, Case]:
    return {
        "refund": a_refund(office, "guangyue"),
        "checked": a_refund(office, "dongchang", at="first_check"),
        "finding": a_finding(office, plan_due="2025-11-04"),
        "transfer": a_transfer(office, "qin", source="371500", to="371400"),
    }


def _change(office: Office) -> int:
    """A change that makes every claim a matter of two reviews, and its tests on their way to fail."""
    analyst = actor(office, "chuliucheng")
    change = open_change(office, analyst, "一律二次复核", note="试一试")
    assert isinstance(change, ChangeView)
    drawn = (office.settings.processes_dir / "claim.bpmn").read_bytes()
    always = drawn.replace(b"${second_review == true}", b"${second_review != null}")
    save_file(office, analyst, change.change_id, "claim.bpmn", always)
    start_run(office, analyst, change.change_id)
    return change.change_id


def _parked(office: Office) -> Case:
    """A claim whose next step asks a register that does not answer."""
    case = a_claim(office, "zhou").does("zhou", "confirm_form", **OBJECTED)
    with office.store.reading() as session:
        province = load_province(session)
    assert province
    office._registers = registers_of(province, outages={"pensions"})
    case.tries("wangshouli", "answer_objection", **MAIN_ROAD["answer_objection"][1])
    office.forget_registers()
    return case
