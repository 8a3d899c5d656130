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
    a_death_grant,
    a_difference,
    a_finding,
    a_found_certificate,
    a_granted_claim,
    a_hit,
    a_listing,
    a_payment_run,
    a_recovery,
    a_refund,
    a_skill_subsidy,
    a_suspicion_line,
    a_transfer,
    actor,
    an_exit_objection,
)  # fmt: skip
from control_pages import CONTROL_PAGES, control_at_work
from feedback_pages import FEEDBACK_PAGES, feedback_at_work, link_of
from history_files import as_csv, person_row
from insured_employers import facts, send
from paid_grants import a_grant, put
from peer_office import PeerOffice
from refund_rosters import Told, send_lists, send_years
from sqlalchemy import select

from engine.cases import campaigns, history_import, notice_objections, screening, staff, transfers
from engine.cases.attachments import attach
from engine.cases.month_runs import drive, start_month_run
from engine.cases.month_views import MonthRunView
from engine.cases.moves import MoveProgress, start_move
from engine.cases.office import Office
from engine.cases.price_entries import Entered
from engine.cases.price_indices import PriceRoom, confirm_index, enter_index, price_room
from engine.cases.rehearsal_runs import start_run
from engine.cases.screening import drive as screen
from engine.cases.screening import start_screening
from engine.cases.screening_views import ScreeningView
from engine.cases.studio import open_change, save_file
from engine.cases.studio_views import ChangeView
from engine.cases.sweep import sweep_until_idle
from engine.cases.trial_views import TrialView
from engine.cases.trials import propose_trial
from engine.cases.uploads import Upload
from engine.cases.views import Done
from engine.exchange.peers import PeerBook
from engine.oversight.rectification_tables import RectificationItem
from engine.refunds.campaign_tables import RetentionRefund
from engine.registers.cast import EMPLOYERS, PEOPLE
from engine.registers.memory import registers_of
from engine.registers.province import load_province
from engine.tasks.tables import RightsTransfer
from engine.values import SYSTEM, Month, Refusal
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


def _try_nothing(visitor: Visitor) -> None:
    """A trial without a figure changed."""
    visitor.page.locator("form[action='/refunds/trials'][method=post] button").click()
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


def _propose_closing(visitor: Visitor) -> None:
    """A month that lacks its reports is refused with everything that is missing."""
    visitor.page.locator("form[action='/books/periods'][method=post] button").click()
    visitor.page.wait_for_load_state()


def _enter_voucher(visitor: Visitor) -> None:
    """Contributions of a paper; of the same paper again they are refused, and what was typed stays."""
    page = visitor.page
    page.fill("#e-amount", "1,250,000.00")
    page.fill("#e-paper", "税划2025-11")
    page.locator("form[action='/books/entries'][method=post] button").click()
    page.wait_for_load_state()


def _take_in_nothing(visitor: Visitor) -> None:
    """A statement that is no statement."""
    page = visitor.page
    page.locator("#f-bank").set_input_files(
        {"name": "x.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    page.locator("form:has(#f-bank) button").click()
    page.wait_for_load_state()


def _take_no_plan(visitor: Visitor) -> None:
    """A workbook that is no table of tasks."""
    page = visitor.page
    for label, text in (
        ("#title", "计划"),
        ("#source", "文件"),
        ("#issued_on", "2025-11-03"),
        ("#target", "2025-12-31"),
    ):
        page.locator(label).fill(text)
    page.locator("#plan").set_input_files({"name": "x.xlsx", "mimeType": "text/csv", "buffer": b"a,b"})
    page.locator("button[value=check]").click()
    page.wait_for_load_state()


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


def _enter_no_index(visitor: Visitor) -> None:
    """An index without a figure, past what the browser asks for."""
    _send_empty(visitor, "/prices")


def _give_no_mailbox(visitor: Visitor) -> None:
    """A mailbox that is none."""
    form = visitor.page.locator("form", has=visitor.page.locator("#mail"))
    form.locator("#mail").fill("zhangsan@")
    form.locator("button").first.click()
    visitor.page.wait_for_load_state()


def _issue_nothing(visitor: Visitor) -> None:
    """A problem for nobody, past what the browser asks for."""
    _send_empty(visitor, "/rectification/one")


def _send_empty(visitor: Visitor, action: str) -> None:
    form = visitor.page.locator(f"form[action='{action}']")
    form.evaluate("form => { form.noValidate = true; }")
    form.locator("button").click()
    visitor.page.wait_for_load_state()


def _report_nothing(visitor: Visitor) -> None:
    """A lead without a word in it, past what the browser asks for."""
    form = visitor.page.locator("main form[method=post]").first
    form.evaluate("form => { form.noValidate = true; }")
    form.locator("button").click()
    visitor.page.wait_for_load_state()


def _upload_nothing_known(visitor: Visitor) -> None:
    """A file of an older system without the heading of its kind."""
    page = visitor.page
    page.locator("#kind").select_option("grants")
    page.locator("#file").set_input_files({"name": "x.csv", "mimeType": "text/csv", "buffer": b"a,b"})
    page.locator("form[enctype] button").click()
    page.wait_for_load_state()


def _move_nowhere(visitor: Visitor) -> None:
    """A transfer from a place to itself."""
    visitor.page.locator("details:has(form[action='/my/transfers']) > summary").click()
    for name in ("from_region", "to_region"):
        visitor.page.locator(f"#{name}").select_option("371500")
    visitor.page.locator("form[action='/my/transfers'] button").click()
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
    *CONTROL_PAGES,
    *FEEDBACK_PAGES,
    ("welcome", "", "/", None),
    ("guides", "", "/guides?q=账户", None),
    ("guide-claim", "", "/guides/claim", None),
    ("guide-transfer", "", "/guides/transfer", None),
    ("guide-refund", "", "/guides/stable-jobs", None),
    ("guide-death", "", "/guides/death-grant?region=371502", None),
    ("guide-print", "", "/guides/claim/print", None),
    ("guide-diagram", "", "/guides/claim/diagram", None),
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
    ("recovery-statement", "wu", "task:recovery:state_and_defend", None),
    ("recoveries", "zhengneikong", "/recoveries", None),
    ("recovery-refused", "zhoukuaiji", "/recoveries/1", _submit_unsaid),
    ("recovery-rest", "wangshouli", "/recoveries/1", None),
    ("dishonesty", "zhujiandu", "/dishonesty", None),
    ("employer", "guangyue", "/employer", None),
    ("contacts", "guangyue", "/contacts", None),
    ("contacts-wrong", "guangyue", "/contacts", _give_no_mailbox),
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
    ("month-runs", "wangshouli", "/month-runs", None),
    ("month-run", "wangshouli", "/month-runs/1", None),
    ("rosters", "wangshouli", "/rosters", None),
    ("rosters-steward", "fengshuju", "/rosters", None),
    ("trials", "fengshuju", "/refunds/trials", None),
    ("trials-refused", "fengshuju", "/refunds/trials", _try_nothing),
    ("trial", "zhujiandu", "/refunds/trials/1", None),
    ("trial-employers", "fengshuju", "/refunds/trials/1/employers", None),
    ("month-decisions", "wangshouli", "/month-runs/1/decisions", None),
    ("batch-returned", "wangshouli", "batch:failing", None),
    ("forbidden", "wangshouli", "/staff", None),
    ("second-review", "qianfuhe2", "task:second:second_review_claim", None),
    ("sample", "qianfuhe2", "task:waiting:sample_batch", None),
    ("approve", "sunshenpi", "task:approve:approve_claim", None),
    ("approve-forbidden", "zhaofuhe", "task:approve:approve_claim", None),
    ("payments-accountant", "zhoukuaiji", "/payments", None),
    ("batch-paid", "zhoukuaiji", "batch:finished", None),
    ("books", "zhoukuaiji", "/books", None),
    ("books-trial", "zhoukuaiji", "/books/trial?first=2025-10", None),
    ("books-fund", "zhujiandu", "/books/fund?first=2025-10", None),
    ("books-balance", "wuchuna", "/books/balance", None),
    ("books-vouchers", "zhoukuaiji", "/books/vouchers?first=2025-10", None),
    ("voucher", "zhoukuaiji", "/books/vouchers/1", None),
    ("books-periods", "zhoukuaiji", "/books/periods", None),
    ("books-periods-refused", "zhoukuaiji", "/books/periods", _propose_closing),
    ("books-entries", "zhoukuaiji", "/books/entries", None),
    ("books-entries-entered", "zhoukuaiji", "/books/entries", _enter_voucher),
    ("books-entries-twice", "zhoukuaiji", "/books/entries", _enter_voucher),
    ("books-entries-to-book", "zhengneikong", "/books/entries", None),
    ("reconciliation", "zhoukuaiji", "/books/reconciliation?month=2025-10", None),
    ("reconciliation-refused", "zhoukuaiji", "/books/reconciliation?month=2025-10", _take_in_nothing),
    ("reconciliation-report", "zhengneikong", "/books/reconciliation/1/report", None),
    ("explain-difference", "zhoukuaiji", "task:difference:explain_difference", None),
    ("adjustment", "zhoukuaiji", "/books/adjustment", None),
    ("adjustment-try", "zhujiandu", "/books/adjustment?amount=x", None),
    ("staff", "chenguanli", "/staff", None),
    ("staff-refused", "chenguanli", "/staff", _appoint_wrongly),
    ("incidents", "zhengneikong", "/incidents", None),
    ("plan", "jiangzhenggai", "task:finding:submit_plan", None),
    ("rectification", "handudao", "/rectification", None),
    ("rectification-new", "handudao", "/rectification/new", None),
    ("rectification-unsaid", "handudao", "/rectification/new", _issue_nothing),
    ("wall", "handudao", "wall:", None),
    ("wall-none", "jiangzhenggai", "/rectification/999", None),
    ("wall-items", "handudao", "wall:/items", None),
    ("wall-items-none", "handudao", "wall:/items?show=supervised", None),
    ("wall-trend", "jiangzhenggai", "wall:/trend", None),
    ("wall-papers", "handudao", "wall:/papers", None),
    ("wall-print", "handudao", "wall:/print", None),
    ("wall-item", "handudao", "item:", None),
    ("wall-item-unsaid", "handudao", "item:", _submit_unsaid),
    ("work-plans", "handudao", "/work-plans", None),
    ("work-plans-wrong", "handudao", "/work-plans", _take_no_plan),
    ("finding", "handudao", "case:finding", None),
    ("transfer", "youshouli", "task:transfer:accept_transfer", None),
    ("transfers", "wangshouli", "/transfers", None),
    ("transfers-wrong", "handudao", "/transfers?state=x&direction=y&late=yes", None),
    ("transfer-begun", "youshouli", "transfer:transfer", None),
    ("transfer-mine", "qin", "transfer:transfer", None),
    ("transfer-elsewhere", "wangshouli", "transfer:moving", None),
    ("transfer-elsewhere-mine", "wu", "transfer:moving", None),
    ("transfer-choice-wrong", "qin", "/my", _move_nowhere),
    ("in-transit", "zhoukuaiji", "/transfers/in-transit", None),
    ("in-transit-wrong", "zhoukuaiji", "/transfers/in-transit?month=x", None),
    ("exchange", "zhengneikong", "/exchange", None),
    ("exchange-peer", "zhengneikong", "/exchange/CQ?which=all", None),
    ("hits", "wangshouli", "/hits", None),
    ("hits-unsaid", "wangshouli", "/hits", _report_nothing),
    ("hits-none", "fannaikong2", "/hits?ground=ST6", None),
    ("hit-answer", "zheng", "task:hit:answer_notice", None),
    ("hit-check", "wangshouli", "task:checked-hit:check_evidence", None),
    ("death-grants", "wangshouli", "/death-grants", None),
    ("death-grants-review", "zhaofuhe", "/death-grants", None),
    ("death-grant-new", "wangshouli", "/death-grants/new", None),
    ("death-grant-unsaid", "wangshouli", "/death-grants/new", _submit_unsaid),
    ("death-grant-own", "feng", "/my/death-grants/new", None),
    ("death-grant-own-unsaid", "feng", "/my/death-grants/new", _submit_unsaid),
    ("death-grant-check", "wangshouli", "task:death:check_application", None),
    ("death-grant-progress", "feng", "case:death", None),
    ("prices", "fengshuju", "/prices", None),
    ("prices-confirm", "lvshuju2", "/prices", None),
    ("prices-unsaid", "fengshuju", "/prices", _enter_no_index),
    ("prices-read", "wangshouli", "/prices", None),
    ("skill-subsidies", "wangshouli", "/skill-subsidies", None),
    ("skill-rosters", "fengshuju", "/skill-subsidies", None),
    ("skill-subsidy-new", "wangshouli", "/skill-subsidies/new", None),
    ("skill-subsidy-unsaid", "wangshouli", "/skill-subsidies/new", _submit_unsaid),
    ("skills-own", "sun", "/my/skills", None),
    ("skills-none", "wu", "/my/skills", None),
    ("skill-confirm", "sun", "task:skill:confirm_skill_subsidy", None),
    ("skill-check", "wangshouli", "task:skill-check:check_certificate", None),
    ("skill-progress", "sun", "case:skill", None),
    ("reductions", "wangshouli", "/reductions", None),
    ("reductions-objected", "zhaofuhe", "/reductions?which=objected", None),
    ("reduction", "zhaofuhe", "/reductions/1", None),
    ("reductions-own", "guangyue", "/employer/reductions", None),
    ("reductions-own-unsaid", "guangyue", "/employer/reductions", _submit_unsaid),
    ("reduction-own", "guangyue", "/employer/reductions/1", None),
    ("reductions-my", "sun", "/my/reductions", None),
    ("reductions-my-none", "wu", "/my/reductions", None),
    ("exit-objection", "wangshouli", "task:exit-objection:answer_exit_objection", None),
    ("suspicion", "zhengneikong", "/suspicion", None),
    ("suspicion-unsaid", "zhengneikong", "/suspicion", _submit_unsaid),
    ("suspicion-list", "zhengneikong", "/suspicion/1", None),
    ("suspicion-finding", "zhengneikong", "task:line:record_finding", None),
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
    ("imports", "fengshuju", "/imports", None),
    ("imports-refused", "fengshuju", "/imports", _upload_nothing_known),
    ("import-report", "fengshuju", "/imports/1", None),
    ("import-to-load", "lvshuju2", "/imports/2", None),
    ("import-running", "fengshuju", "/imports/3", None),
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
    ("screenings", "wangshouli", "/refunds/screenings", None),
    ("screening", "zhaofuhe", "/refunds/screenings/1", None),
    ("screening-employers", "zhaofuhe", "/refunds/screenings/1/employers", None),
    ("employer-rosters", "fengshuju", "/refunds/rosters", None),
    ("refund-campaigns", "zhaofuhe", "/refunds", None),
    ("refund-campaign", "zhaofuhe", "/refunds/1", None),
    ("refund-list", "zhaofuhe", "/refunds/list", None),
    ("refund-one", "zhengneikong", "/refunds/of/1", None),
    ("refund-notices", "zhaofuhe", "/refunds/notices", None),
    ("refund-notice-objection", "wangshouli", "task:published:answer_notice_objection", None),
    ("refund-own", "fenghuang", "/employer/refunds/1", None),
    ("public-notices", "", "/public/refund-notices", None),
    ("public-notice", "", "/public/refund-notices/1", None),
    ("public-objection", "", "/public/refund-notices/objections/1", None),
    ("public-objection-unsaid", "", "/public/refund-notices/objections/1", _submit_empty),
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
    # before other refunds: they join the campaign that runs
    published = _refund_campaign(office)
    cases = {**_claims(office), **_payments(office), **_others(office), "parked": _parked(office)}
    cases |= feedback_at_work(office)
    cases["published"] = published
    change = _change(office)
    _month_run(office)
    _figures_tried(office)
    sweep_until_idle(office)
    _imports(office)
    _redrawn(office)
    return tuple(
        OpenPage(name=name, who=who, path=_path(where, cases, change), act=act)
        for name, who, where, act in PAGES
    )


def _refund_campaign(office: Office) -> Case:
    """A campaign with one employer that was screened, told and published, and to which somebody objects."""
    send_lists(office, as_of="2025-10-20")
    send_years(office, (Told(employer="fenghuang", paid="85432.10", insured=31),), as_of="2025-10-20")
    run = screening.start_screening(office, SYSTEM, year=2025, region="371500")
    assert isinstance(run, ScreeningView), run.text
    screening.drive(office, run.run_id, say=lambda _done, _total: None)
    begun = campaigns.start_campaign(office, SYSTEM, region="371500", year=2025, mode="disburse")
    assert not isinstance(begun, Refusal), begun.text
    campaigns.drive(office, 1, say=lambda _done, _total: None)
    with office.store.reading() as session:
        case_id = session.scalars(select(RetentionRefund.case_id)).one()
    case = Case(office=office, id=case_id, subject="fenghuang").goes_on()
    said = notice_objections.object_to_notice(
        office, line_id=1, said="该单位去年底一次裁员十余人，没有报减员", address="192.0.2.1"
    )
    assert not isinstance(said, Refusal), said.text
    return case.sweep()


def _month_run(office: Office) -> None:
    """Benefits of November decided for some who were taken over from an older system: paid, held, and used up."""
    kinds: tuple[dict[str, object], ...] = (
        {}, {}, {"in_doubt": True}, {"account": "none"}, {"months": 3}, {"retirement_class": None, "months": 2},
    )  # fmt: skip
    with office.store.transaction() as session:
        for number, changes in enumerate(kinds):
            put(session, office, a_grant(paid_through=Month(2025, 10), **changes), number)
    run = start_month_run(office, SYSTEM, month="2025-11", region="371502")
    assert isinstance(run, MonthRunView), run.text
    drive(office, run.run_id, say=lambda _done, _total: None)


def _figures_tried(office: Office) -> None:
    """Employers screened for the refund, and a trial by which some would gain and some lose."""
    send(office, [facts(), facts(claimants=7), facts(size="large", region="371521")], year=2024)
    run = start_screening(office, SYSTEM, year=2025, region="371500")
    assert isinstance(run, ScreeningView), run.text
    screen(office, run.run_id, say=lambda _done, _total: None)
    typed = {"refund.ratio.sme": "55", "refund.layoff_ratio_small": "30", "refund.ratio.large": "40"}
    steward = actor(office, "fengshuju")
    trial = propose_trial(office, steward, run_id=run.run_id, year=2025, name="放宽裁员率", typed=typed)
    assert isinstance(trial, TrialView), trial.text


def _imports(office: Office) -> None:
    """A file of an older system with faults of every weight, one that may be loaded, and one that is being checked."""
    people = [
        person_row(1), person_row(1), person_row(2, region="999999"), person_row(3, birth="1980-01-01"),
        person_row(4, name=""), person_row(5, sex="X"), person_row(6, name="甲"),
    ]  # fmt: skip
    people[-1][0] = people[-1][0][:6] + people[-1][0][8:17]
    steward = actor(office, "fengshuju")
    for name, rows in (
        ("2024年底在册人员.csv", people),
        ("persons.csv", people[:1]),
        ("later.csv", people[2:]),
    ):
        upload = Upload(name=name, content=as_csv("persons", rows))
        assert isinstance(history_import.upload(office, steward, "persons", upload), history_import.Taken)
        if name != "later.csv":
            sweep_until_idle(office)


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
        case "batch" | "transfer" | "wall" | "item":
            return _of_record(kind, what, cases)
        case "rate" | "kiosk":
            name, mark, score = what.partition("?")
            return f"/{kind}/{link_of(cases[name])}{mark}{score}"
        case "task":
            name, _, element = what.partition(":")
            element, slash, action = element.partition("/")
            return f"/tasks/{cases[name].task_id(element)}{slash}{action}"
        case _:
            return where


def _of_record(kind: str, what: str, cases: Mapping[str, Case]) -> str:
    if kind == "batch":
        return f"/payments/PB-{cases[what].key}"
    if kind == "transfer":
        return f"/transfers/{_transfer_number(cases[what])}"
    item = _item(cases["finding"])
    return f"/rectification/{item.checklist_id if kind == 'wall' else f'items/{item.id}'}{what}"


def _item(case: Case) -> RectificationItem:
    with case.office.store.reading() as session:
        return session.scalars(select(RectificationItem).where(RectificationItem.case_id == case.id)).one()


def _transfer_number(case: Case) -> str:
    with case.office.store.reading() as session:
        query = select(RightsTransfer.transfer_number).where(RightsTransfer.case_id == case.id)
        return session.scalars(query).one()


def _moving(office: Office) -> Case:
    """A transfer from an office elsewhere, which has sent months and money; a message to it that it did not take."""
    peer = PeerOffice(office, code="CQ")
    office.peers, office.wire = PeerBook(own=office.peers.own, peers={peer.code: peer.card()}), peer
    case = a_transfer(office, "wu", source="500103", to="371500")
    case.does("wangshouli", "accept_transfer", accept_opinion="accept").sweep()
    number = _transfer_number(case)
    peer.says("transfer_info", number, months_paid=38, months_left=8, fee_fen=1_965_600)
    case.sweep()
    peer.says("transfer_money", number, fee_fen=1_965_600, paid_on="2025-11-03", bank_reference="YH-1")
    peer.says("transfer_info", number, months_paid=39, months_left=8, fee_fen=1_965_600)
    case.sweep()
    peer.silent = True
    transfers.ask(office, actor(office, "sun"), from_region="371500", to_region="500103")
    case.sweep()
    return case


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
        "difference": a_difference(office),
        "hit": a_hit(office, "zheng"),
        "checked-hit": a_hit(office, "bo", ground="ST4", told="养老待遇名册所列").answers("answer_notice"),
        "line": a_suspicion_line(office, "qin"),
        **_skills(office),
        "death": a_death_grant(office, "feng", of="ana"),
        "exit-objection": an_exit_objection(office),
        "transfer": a_transfer(office, "qin", source="371500", to="371400"),
        "moving": _moving(office),
        "listing": _listed(office),
        "recheck": control_at_work(office),
        "recovery": a_recovery(office, "wu", region="371502"),
    }


def _skills(office: Office) -> dict[str, Case]:
    """A certificate pushed to its holder, and one that its holder, out of work, applied for."""
    _prices(office)
    return {"skill": a_found_certificate(office, "sun"), "skill-check": a_skill_subsidy(office, "li")}


def _prices(office: Office) -> None:
    """A year of indices, confirmed; the latest waits for a second person."""
    entered, confirmed = actor(office, "fengshuju"), actor(office, "lvshuju2")
    figures = ("1.2", "0.8", "1.9", "2.6", "3.4", "3.6", "4.1", "3.5", "2.9", "2.2", "1.6", "3.7")
    for back, cpi in zip(range(12, 0, -1), figures, strict=True):
        month = Month(2025, 10).plus(1 - back)
        outcome = enter_index(
            office,
            entered,
            Entered(
                region="371500",
                month=str(month),
                cpi=cpi,
                food=f"{float(cpi) * 1.6 - 1.5:.1f}",
                low_income=f"{float(cpi) + 0.5:.1f}",
                living_allowance="700.00",
                published_on=str(
                    month.plus(1).first_day if back == 1 else month.plus(1).first_day.replace(day=9)
                ),
                source="省统计局月报",
            ),
        )
        assert isinstance(outcome, Done), outcome
    room = price_room(office, confirmed)
    assert isinstance(room, PriceRoom)
    for row in room.rows[1:]:
        assert isinstance(confirm_index(office, confirmed, row.index_id), Done)


def _listed(office: Office) -> Case:
    """A fraud that two supervisors dealt with; its money is still to come."""
    by = actor(office, "qinguanli")
    staff.assign_post(office, by, login="handudao", duty="fund_supervisor", region="370000")
    return a_listing(office, "zhou", region="371502").goes_on()


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
