"""Every page of the office with something on it, and who opens it: for tests that look at all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from browsing import Visitor
from builders import Case, a_claim, a_granted_claim, a_payment_run, a_refund, actor

from engine.cases import others
from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.registers.cast import EMPLOYERS, PEOPLE

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


def enter(visitor: Visitor, who: str) -> Visitor:
    """The visitor, signed in as that person."""
    if not who:
        return visitor
    if who in PEOPLE:
        return visitor.proves(id_number=PEOPLE[who].id_number, name=PEOPLE[who].name)
    return visitor.presents(EMPLOYERS[who].credit_code) if who in EMPLOYERS else visitor.signs_in(who)


def furnish(office: Office) -> tuple[OpenPage, ...]:
    """Every page, after something of every kind has happened in the office."""
    confirm = a_claim(office, "lin")
    intake = a_claim(office, "jin", at="check_intake")
    objection = a_claim(office, "ana").does(
        "ana", "confirm_form", answer="object", objected_field="exit_reason", objection_text="不是我辞职的",
        phone="13800138000", wants_work="true", commitment="true",
    )  # fmt: skip
    evidence = a_claim(office, "chen", at="provide_evidence")
    approve = a_claim(office, "li", at="approve_claim")
    second = a_claim(office, "feng", at="second_review_claim")
    refused = a_claim(office, "wu").goes_on().sweep()
    withdrawn = a_claim(office, "sun")
    withdrawn.withdraw()
    returned = a_granted_claim(office, "bo")
    failing = a_payment_run(office, month="2025-11").goes_on().sweep()
    paid = a_granted_claim(office, "qin")
    finished = a_payment_run(office, month="2025-11").goes_on().sweep()
    a_granted_claim(office, "zheng")
    waiting = a_payment_run(office, month="2025-11")
    refund = a_refund(office, "guangyue")
    checked = a_refund(office, "dongchang", at="first_check")
    finding, transfer = _finding(office), _transfer(office)
    sweep_until_idle(office)

    def task(name: str, who: str, case: Case, element: str, act: Act | None = None) -> OpenPage:
        return OpenPage(name=name, who=who, path=f"/tasks/{case.task_id(element)}", act=act)

    return (
        OpenPage(name="welcome", who="", path="/"),
        OpenPage(name="sign-in", who="", path="/sign-in"),
        OpenPage(name="sign-in-person", who="", path="/apply"),
        OpenPage(name="sign-in-employer", who="", path="/employer/sign-in"),
        OpenPage(name="sign-in-refused", who="", path="/sign-in", act=_submit_empty),
        OpenPage(name="apply-refused", who="", path="/apply", act=_submit_empty),
        OpenPage(name="not-found", who="", path="/no-such-page"),
        OpenPage(name="my", who="lin", path="/my"),
        task("confirm", "lin", confirm, "confirm_form"),
        task("confirm-wrong", "lin", confirm, "confirm_form", _submit_empty),
        task("evidence", "chen", evidence, "provide_evidence"),
        OpenPage(name="claim-running", who="chen", path=f"/cases/{evidence.id}", act=_unfold),
        OpenPage(name="claim-refused", who="wu", path=f"/cases/{refused.id}", act=_unfold),
        OpenPage(name="claim-paid", who="qin", path=f"/cases/{paid.id}"),
        OpenPage(name="claim-returned", who="bo", path=f"/cases/{returned.id}"),
        OpenPage(name="claim-withdrawn", who="sun", path=f"/cases/{withdrawn.id}"),
        OpenPage(name="employer", who="guangyue", path="/employer"),
        task("refund-confirm", "guangyue", refund, "confirm_refund"),
        OpenPage(name="refund-progress", who="guangyue", path=f"/cases/{refund.id}"),
        OpenPage(name="inbox-todo", who="wangshouli", path="/inbox"),
        OpenPage(name="inbox-claimable", who="wangshouli", path="/inbox?list=claimable"),
        OpenPage(name="inbox-done", who="wangshouli", path="/inbox?list=done"),
        OpenPage(name="inbox-nothing", who="wangshouli", path="/inbox?list=done&search=NO-SUCH"),
        task("intake", "wangshouli", intake, "check_intake"),
        task("intake-wrong", "wangshouli", intake, "check_intake", _submit_empty),
        task("objection", "wangshouli", objection, "answer_objection"),
        task("failed-lines", "wangshouli", failing, "handle_failed_lines"),
        task("refund-first-check", "wangshouli", checked, "first_check"),
        OpenPage(name="case-running", who="wangshouli", path=f"/cases/{approve.id}"),
        OpenPage(name="case-ended", who="wangshouli", path=f"/cases/{paid.id}"),
        OpenPage(name="case-refused", who="wangshouli", path=f"/cases/{refused.id}"),
        OpenPage(name="payments", who="wangshouli", path="/payments"),
        OpenPage(name="batch-returned", who="wangshouli", path=f"/payments/PB-{failing.key}"),
        OpenPage(name="forbidden", who="wangshouli", path="/staff"),
        task("second-review", "qianfuhe2", second, "second_review_claim"),
        task("sample", "qianfuhe2", waiting, "sample_batch"),
        task("approve", "sunshenpi", approve, "approve_claim"),
        task("approve-forbidden", "zhaofuhe", approve, "approve_claim"),
        OpenPage(name="payments-accountant", who="zhoukuaiji", path="/payments"),
        OpenPage(name="batch-paid", who="zhoukuaiji", path=f"/payments/PB-{finished.key}"),
        OpenPage(name="staff", who="chenguanli", path="/staff"),
        OpenPage(name="staff-refused", who="chenguanli", path="/staff", act=_appoint_wrongly),
        OpenPage(name="incidents", who="zhengneikong", path="/incidents"),
        task("plan", "jiangzhenggai", finding, "submit_plan"),
        OpenPage(name="finding-new", who="handudao", path="/findings/new"),
        OpenPage(name="finding", who="handudao", path=f"/cases/{finding.id}"),
        task("transfer", "youshouli", transfer, "accept_transfer"),
    )


def _submit_empty(visitor: Visitor) -> None:
    visitor.page.locator("main form[method=post] button.btn-primary").first.click()
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


def _finding(office: Office) -> Case:
    opened = others.start_finding(
        office, actor(office, "handudao"), topic="三个全面取消", region="371500",
        plan_due=date(2025, 11, 4), done_due=date(2025, 12, 5),
    )  # fmt: skip
    assert isinstance(opened, Done) and opened.case_id, opened
    return Case(office=office, id=opened.case_id)


def _transfer(office: Office) -> Case:
    opened = others.start_transfer(office, actor(office, "qin"), from_region="371500", to_region="371400")
    assert isinstance(opened, Done) and opened.case_id, opened
    return Case(office=office, id=opened.case_id, subject="qin")
