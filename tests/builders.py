"""Cases told in a few words: who files what, who does which step, what stands in the file afterwards.

Everything is done through the use-cases, as pages do it, on a real database and a clock that stands still.
``a_claim(office, "li").does("li", "confirm_form", **CONFIRMED)``: people are named by their key in the
cast, employers likewise, staff by login. Nothing here knows what should come out; tests say that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Select, select

from engine.benefits.grants import stop_grant
from engine.benefits.skill_tables import SkillSubsidyCase
from engine.benefits.tables import BenefitGrant
from engine.cases import (
    checklists,
    claims,
    hits,
    inbox,
    others,
    reconciling,
    refund_acts,
    staff,
    suspicion_lists,
    transfers,
)
from engine.cases.complaints import Complained, complain
from engine.cases.death_grants import Asked, apply_for_death_grant
from engine.cases.exit_objections import answer_exit_objection, object_to_reason
from engine.cases.hit_openers import paid_for_rehearsal
from engine.cases.office import Office
from engine.cases.openers import open_case
from engine.cases.payments import orders_of_case
from engine.cases.recovery_openers import open_recovery
from engine.cases.reductions import ReportAsked, report_reduction
from engine.cases.refund_openers import open_settlement
from engine.cases.service_ratings import Given, my_ratings, rate_own
from engine.cases.skill_screening import take_certificate_roster
from engine.cases.skill_subsidies import Asked as SkillAsked
from engine.cases.skill_subsidies import FieldFaults as SkillFaults
from engine.cases.skill_subsidies import apply_for_skill_subsidy
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done, FieldFaults, OrderView
from engine.duties import DEMO_STAFF
from engine.feedback.complaints import Told
from engine.feedback.tables import Complaint
from engine.money.reconciliation_tables import ReconciliationDifference
from engine.oversight.list_tables import SuspicionLine
from engine.registers.cast import EMPLOYERS, PEOPLE
from engine.registers.certificates import HeldCertificate, certificates_file
from engine.registers.memory import registers_of
from engine.registers.province import Province
from engine.registers.reduction_tables import ReductionObjection, ReductionReport
from engine.registers.skills import SkillCertificate
from engine.tasks.tables import Letter, RightsTransfer
from engine.values import CHINA, SYSTEM, Actor, Refusal, TaskId
from engine.workflow.forms import FormErrors
from engine.workflow.tables import WorkflowCase, WorkflowHistory, WorkflowTask, WorkflowTimer

T = TypeVar("T")

PASSWORD = "changling-test"
#: the day on which the registers were read
CAST_DAY = date(2025, 11, 3)

#: what the claimant enters who agrees with the prefilled form
CONFIRMED = {"answer": "confirm", "commitment": "true", "wants_work": "true", "phone": "13800138000"}

#: for every step of every diagram: who does it in Liaocheng (a transfer goes from there to Dezhou), and the answer that leads straight on
MAIN_ROAD: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "confirm_form": ("", CONFIRMED),
    "answer_objection": ("wangshouli", {"objection_accepted": "no", "objection_reply": "经核查，原记录无误"}),
    "check_intake": ("wangshouli", {"intake_opinion": "pass"}),
    "provide_evidence": (
        "",
        {"deemed_months_claimed": "60", "evidence_text": "1995年至2000年在集体企业工作"},
    ),
    "judge_evidence": (
        "zhaofuhe",
        {
            "deemed_accepted": "accept",
            "deemed_months_accepted": "60",
            "judgement_note": "招工表与说明一致",
            "deemed_proven": "true",
        },
    ),
    "review_claim": ("zhaofuhe", {"review_opinion": "agree"}),
    "second_review_claim": ("qianfuhe2", {"second_opinion": "agree", "second_note": "已另行核实"}),
    "approve_claim": ("sunshenpi", {"approval": "approve"}),
    "sample_batch": (
        "qianfuhe2",
        {"sample_opinion": "pass", "sampled_lines": "1", "sample_note": "账户、金额与核定一致"},
    ),
    "certify_batch": ("zhoukuaiji", {"certificate": "agree"}),
    "release_batch": ("wuchuna", {"release": "agree"}),
    "handle_failed_lines": ("wangshouli", {"failed_action": "repay", "failed_note": "账户已更正"}),
    "accept_transfer": ("youshouli", {"accept_opinion": "accept"}),
    "review_transfer": ("zhaofuhe", {"review_opinion": "agree"}),
    "approve_transfer": ("sunshenpi", {"approval": "approve"}),
    "settle_announcement": (
        "luokuaiji",
        {"announcement_answer": "sheet", "announcement_note": "聊城来函：信息表无误"},
    ),
    "confirm_arrival": (
        "luokuaiji",
        {
            "arrival": "arrived",
            "arrived_fen": "40905.00",
            "arrived_on": "2025-11-03",
            "arrival_reference": "DZ-20251103-01",
        },
    ),
    "confirm_refund": ("", {"answer": "confirm", "use_of_funds": "retraining", "commitment": "true"}),
    "answer_refund_objection": (
        "wangshouli",
        {"objection_accepted": "no", "objection_reply": "经核查，参保人数以征缴记录为准"},
    ),
    "check_refund_answer": ("zhaofuhe", {"answer_checked": "agree"}),
    "first_check": ("wangshouli", {"first_opinion": "pass", "first_note": "比对结果与登记一致"}),
    "second_check": ("zhaofuhe", {"review_opinion": "agree"}),
    "approve_refund": ("sunshenpi", {"approval": "approve", "notice_objections": "公示期内无异议"}),
    "answer_notice_objection": ("wangshouli", {"notice_answer": "经核查，参保名册与反映的不符，反映不属实"}),
    "judge_notice_objection": ("zhaofuhe", {"notice_decision": "dismiss"}),
    "commit_refund": ("", {"use_of_funds": "retraining", "commitment": "true"}),
    "settlement_first": ("wangshouli", {"first_note": "名册、名单与核算一致"}),
    "settlement_second": ("zhaofuhe", {"review_opinion": "agree"}),
    "approve_settlement": ("sunshenpi", {"approval": "approve"}),
    "record_refund_repayment": (
        "zhoukuaiji",
        {"repaid_fen": "2000.00", "repaid_on": "2025-11-03", "repaid_reference": "TH-20251103-01"},
    ),
    "answer_notice": (
        "",
        {"answer_opinion": "object", "answer_statement": "我没有重新就业，单位补缴了一个月"},
    ),
    "check_evidence": (
        "wangshouli",
        {
            "check_opinion": "confirm",
            "confirmed_day": "2025-11-02",
            "check_note": "参保记录显示已由新单位缴费",
        },
    ),
    "review_stop": ("zhaofuhe", {"review_opinion": "agree"}),
    "decide_after_hearing": (
        "sunshenpi",
        {"hearing": "held", "hearing_note": "本人到场陈述，对记录无异议", "approval": "approve"},
    ),
    "check_application": ("wangshouli", {"relation_proof": "shared", "intake_opinion": "accept"}),
    "review_death_grant": ("zhaofuhe", {"review_opinion": "agree"}),
    "approve_death_grant": ("sunshenpi", {"approval": "approve"}),
    "confirm_skill_subsidy": ("", {"answer": "confirm"}),
    "check_certificate": ("wangshouli", {"check_opinion": "pass"}),
    "review_skill_subsidy": ("zhaofuhe", {"review_opinion": "agree"}),
    "approve_skill_subsidy": ("sunshenpi", {"approval": "approve"}),
    "record_finding": (
        "zhengneikong",
        {
            "finding": "true",
            "finding_ground": "ST1",
            "finding_day": "2025-11-02",
            "finding_note": "参保记录显示由新单位缴费",
        },
    ),
    "confirm_finding": ("fannaikong2", {"finding_confirmed": "agree"}),
    "state_and_defend": ("", {"statement_answer": "accept", "wished_mode": "once"}),
    "propose_recovery": (
        "wangshouli",
        {
            "proposal": "recover",
            "conduct": "unintended",
            "mode": "once",
            "proposal_note": "经核实，停发情形发生后仍领取，应当退回",
        },
    ),
    "review_recovery": ("zhaofuhe", {"review_opinion": "agree"}),
    "approve_recovery": ("sunshenpi", {"approval": "approve"}),
    "propose_listing": (
        "zhujiandu",
        {"fine_referral": "refer", "listing_proposal": "list", "proposal_reason": "骗取数额较大，证据确凿"},
    ),
    "answer_listing": ("", {"listing_answer": "object", "listing_statement": "我愿意退回全部款项"}),
    "decide_listing": (
        "handudao",
        {
            "listing_decision": "list",
            "referred_to": "市社会信用体系建设领导小组",
            "decision_reason": "申辩不影响认定，予以列入",
        },
    ),
    "recheck_item": (
        "zhengneikong",
        {"recheck_opinion": "right", "recheck_note": "档案、名册与支付记录一致"},
    ),
    "explain_difference": (
        "zhoukuaiji",
        {"difference_cause": "theirs", "difference_explanation": "银行误收手续费，已请退回"},
    ),
    "confirm_explanation": (
        "zhengneikong",
        {"difference_opinion": "agree", "difference_note": "已看银行来函"},
    ),
    "submit_plan": (
        "jiangzhenggai",
        {
            "problem_kind": "half_done",
            "problem": "个别窗口仍有手工报盘",
            "measures": "停用手工报盘，全部走社银接口",
            "responsible": "蒋正凯",
            "done_due": "2025-12-05",
        },
    ),
    "accept_plan": ("handudao", {"plan_opinion": "accept", "plan_due": "2025-11-10"}),
    "self_check": (
        "jiangzhenggai",
        {"check_result": "problem", "problem_kind": "half_done", "problem": "个别窗口仍有手工报盘"},
    ),
    "report_done": (
        "jiangzhenggai",
        {"report_kind": "finished", "evidence": "已停用，连续两月无手工报盘", "done_on": "2025-11-28"},
    ),
    "verify_done": (
        "yangheyan",
        {"verify_opinion": "done", "verify_note": "现场核实，属实", "done_due": "2025-12-05"},
    ),
    "call_back": (
        "zhengneikong",
        {"call_back_result": "reached", "call_back_note": "说明了办理经过，其认为慢"},
    ),
    "fix_rating": (
        "zhengneikong",
        {
            "fix_kind": "fixed",
            "fix_note": "复核环节积压，已调配一人",
            "rating_reply": "您反映办得慢属实，已经加派人手，向您致歉",
        },
    ),
    "verify_fix": ("fannaikong2", {"fix_verified": "agree"}),
    "take_complaint": ("zhengneikong", {"acceptance": "accept"}),
    "investigate_complaint": (
        "zhengneikong",
        {
            "complaint_finding": "justified",
            "investigation_note": "调看窗口录像，当日提前停办",
            "complaint_answer": "您反映的情况属实，已责令改正并通报，向您致歉",
        },
    ),
    "review_reduction": (
        "zhaofuhe",
        {"review_opinion": "agree", "review_note": "已查仲裁裁决的记录，属于规章规定的情形"},
    ),
    "answer_exit_objection": (
        "wangshouli",
        {
            "objection_accepted": "yes",
            "corrected_exit_reason": "I07",
            "objection_reply": "单位已认可，系单位提出协商一致解除",
        },
    ),
    "approve_exit_correction": ("zhaofuhe", {"approval": "approve"}),
    "review_objection": (
        "handudao",
        {"complaint_review": "upheld", "review_answer": "经复核，原答复查清了事实，处理妥当，予以维持"},
    ),
}

_staff_ids: dict[str, int] = {}


class MovableClock(Protocol):
    """A clock that moves only when told to."""

    now: datetime

    def __call__(self) -> datetime:
        """The instant that it shows."""


def actor(office: Office, who: str) -> Actor:
    """The member of staff, insured person or employer, signed in as on the pages."""
    if who in PEOPLE:
        return _let_in(
            staff.sign_in_person(office, id_number=PEOPLE[who].id_number, name=PEOPLE[who].name), who
        )
    if who in EMPLOYERS:
        return _let_in(staff.sign_in_employer(office, credit_code=EMPLOYERS[who].credit_code), who)
    assert any(each.login == who for each in DEMO_STAFF), f"nobody is called {who}"
    if who not in _staff_ids:
        _staff_ids[who] = _let_in(staff.sign_in(office, login=who, password=PASSWORD), who).id
    known = staff.actor_of(office, _staff_ids[who])
    assert known is not None, f"{who} is gone"
    return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case under test: steps are done by name, the file is read back."""

    office: Office
    id: int
    #: key in the cast of whom the case is about; empty for an office
    subject: str = ""

    def does(self, who: str, element: str, **fields: str) -> Case:
        """The step done; AssertionError with the sentence of the form or the refusal if it was not."""
        outcome = self.tries(who, element, **fields)
        assert isinstance(outcome, Done), f"{who} {element}: {_said(outcome)}"
        return self

    def tries(self, who: str, element: str, **fields: str) -> Done | FormErrors | Refusal:
        """What came of trying the open step of that element."""
        return inbox.complete_task(self.office, actor(self.office, who), self.task_id(element), fields)

    def answers(self, element: str, **changed: str) -> Case:
        """The step done by whoever does it on the main road, with some fields entered differently."""
        who, fields = MAIN_ROAD[element]
        filled = {key: value or self._own_name for key, value in fields.items()}
        return self.does(who or self.subject, element, **{**filled, **changed})

    def goes_on(self, until: str = "") -> Case:
        """Every open step answered as on the main road, until that step is open; else until nothing is open."""
        for _ in range(30):
            steps = self.open_steps()
            if not steps or until in steps:
                assert steps or not until, f"{until} was not reached; ended in {self.ended_in}"
                return self
            self.answers(steps[0])
        raise AssertionError(f"{self.key} goes round and round: {self.history()}")

    def withdraw(self, why: str = "已经找到工作") -> Done | Refusal:
        """What came of the claimant's taking the claim back."""
        return claims.withdraw_claim(self.office, actor(self.office, self.subject), self.id, why=why)

    def sweep(self) -> Case:
        """Whatever is due in the office, done."""
        sweep_until_idle(self.office)
        return self

    def wait_until(self, day: str, *, at: time = time(23, 59, 59)) -> Case:
        """The clock put on that instant in China, and whatever is due by then done."""
        self.clock.now = datetime.combine(date.fromisoformat(day), at, tzinfo=CHINA)
        return self.sweep()

    @property
    def clock(self) -> MovableClock:
        """The office's clock."""
        return cast(MovableClock, self.office.clock)

    @property
    def key(self) -> str:
        """What people call it."""
        return self._row().case_key

    @property
    def status(self) -> str:
        """Running, completed or cancelled."""
        return self._row().status

    @property
    def ended_in(self) -> str:
        """The end event that it reached last; empty while it runs."""
        return self._row().ended_in or ""

    def open_steps(self) -> list[str]:
        """The elements that wait for a person, in order of their names."""
        return sorted(task.element_id for task in self.tasks() if task.status == "ready")

    def task_id(self, element: str) -> str:
        """The task of the element that waits; AssertionError naming what waits instead."""
        waiting = [task.id for task in self.tasks() if task.status == "ready" and task.element_id == element]
        assert waiting, f"{element} does not wait, but {self.open_steps() or self.ended_in}"
        return waiting[0]

    def tasks(self) -> list[WorkflowTask]:
        """Every task that it ever had."""
        query = select(WorkflowTask).where(WorkflowTask.case_id == self.id).order_by(WorkflowTask.created_at)
        return self._all(query)

    def timers(self) -> dict[str, str]:
        """When each waiting timer is due in China, to the second, by element."""
        query = select(WorkflowTimer).where(WorkflowTimer.case_id == self.id)
        due = {row.element_id: row.due_at.astimezone(CHINA) for row in self._all(query)}
        return {element: f"{at:%Y-%m-%d %H:%M:%S}" for element, at in due.items()}

    def history(self) -> list[str]:
        """The elements in the order in which they passed."""
        return [row.element_id for row in self.told() if row.kind != "started"]

    def told(self) -> list[WorkflowHistory]:
        """The history as it was written."""
        query = select(WorkflowHistory).where(WorkflowHistory.case_id == self.id).order_by(WorkflowHistory.id)
        return self._all(query)

    def letters(self) -> list[str]:
        """The kinds of letters that steps of the diagram wrote, in order; what the watch over limits wrote is left out."""
        return [letter.kind for letter in self._letters() if not letter.kind.startswith("limit-")]

    def recipients(self, kind: str) -> list[str]:
        """To whom the letters of the kind were written."""
        return [letter.recipient for letter in self._letters() if letter.kind == kind]

    def letter(self, kind: str) -> str:
        """Title and text of the latest letter of the kind."""
        found = [letter for letter in self._letters() if letter.kind == kind]
        assert found, f"no {kind}, but {self.letters()}"
        return f"{found[-1].title}\n{found[-1].text}"

    def started_with(self) -> Mapping[str, object]:
        """The data that it began with."""
        data: Mapping[str, object] = json.loads(self.told()[0].outcome)
        return data

    def found(self) -> Mapping[str, object]:
        """The latest determination: granted, months, monthly, reasons."""
        rows = [row for row in self.told() if row.element_id == "determine_entitlement"]
        assert rows, f"not determined yet: {self.history()}"
        determination: Mapping[str, object] = json.loads(rows[-1].outcome)["determination"]
        return determination

    def reasons(self) -> set[str]:
        """The codes of the latest determination's reasons."""
        return {reason["code"] for reason in cast(list[dict[str, str]], self.found()["reasons"])}

    def data(self) -> dict[str, Any]:
        """Its data as its steps left them, what it started with included."""
        found = dict(self.started_with())
        for row in self.told():
            found.update(json.loads(row.outcome))
        return found

    def hands(self) -> dict[str, str]:
        """Who completed each step last, by element."""
        return {row.element_id: row.actor for row in self.told() if row.kind == "completed"}

    def orders(self) -> tuple[OrderView, ...]:
        """The payment orders."""
        with self.office.store.reading() as session:
            return orders_of_case(session, self.office, self.id)

    @property
    def _own_name(self) -> str:
        named = PEOPLE.get(self.subject) or EMPLOYERS.get(self.subject)
        return named.name if named else ""

    def _row(self) -> WorkflowCase:
        return self._all(select(WorkflowCase).where(WorkflowCase.id == self.id))[0]

    def _letters(self) -> list[Letter]:
        return self._all(select(Letter).where(Letter.case_id == self.id).order_by(Letter.id))

    def _all(self, query: Select[T]) -> list[T]:
        with self.office.store.reading() as session:
            return list(session.scalars(query))


def a_claim(office: Office, person: str = "li", *, at: str = "") -> Case:
    """A claim of that person of the cast; with ``at``, brought along the main road to that step."""
    case = opened(office, claims.submit_claim(office, actor(office, person)), subject=person)
    return case.goes_on(until=at) if at else case


def a_granted_claim(office: Office, person: str = "li") -> Case:
    """A claim that was granted: its first month waits to be paid."""
    case = a_claim(office, person).goes_on()
    assert case.ended_in == "claim_granted", case.ended_in
    return case


def a_payment_run(office: Office, *, region: str = "371500", month: str = "2025-12", at: str = "") -> Case:
    """A payment run of the region."""
    done = others.start_payment_run(office, actor(office, "wangshouli"), month=month, region=region)
    case = opened(office, done)
    return case.goes_on(until=at) if at else case


def sign_batches(office: Office) -> None:
    """Every batch that waits: sampled, certified and released by three people."""
    for step in ("sample_batch", "certify_batch", "release_batch"):
        login, fields = MAIN_ROAD[step]
        person = actor(office, login)
        with office.store.reading() as session:
            waiting = select(WorkflowTask.id).where(
                WorkflowTask.element_id == step, WorkflowTask.status == "ready"
            )
            tasks = session.scalars(waiting.order_by(WorkflowTask.id)).all()
        for task in tasks:
            for outcome in (
                inbox.claim_task(office, person, TaskId(task)),
                inbox.complete_task(office, person, TaskId(task), dict(fields)),
            ):
                assert isinstance(outcome, Done), outcome


def a_transfer(office: Office, person: str = "qin", *, source: str = "371500", to: str = "371400") -> Case:
    """A transfer of that person's rights, opened at the receiving office."""
    done = transfers.ask(office, actor(office, person), from_region=source, to_region=to)
    return opened(office, done, subject=person)


def other_office(case: Case) -> Case:
    """The case that the contact letter of a transfer opened at the sending office."""
    with case.office.store.reading() as session:
        query = select(RightsTransfer.case_id).where(
            RightsTransfer.side == "out",
            RightsTransfer.transfer_number.in_(
                select(RightsTransfer.transfer_number).where(RightsTransfer.case_id == case.id)
            ),
        )
        return Case(office=case.office, id=session.scalars(query).one())


def a_refund(office: Office, employer: str = "guangyue", *, year: int = 2025, at: str = "") -> Case:
    """The refund of that employer of the cast for that year."""
    number = actor(office, employer).id
    done = refund_acts.start_refund(office, actor(office, "wangshouli"), employer_id=number, year=year)
    case = opened(office, done, subject=employer)
    return case.goes_on(until=at) if at else case


def a_settlement(office: Office, employer: str = "dongchang", *, prepaid_fen: int = 0) -> Case:
    """The settlement of a refund of 2025 that counts as prepaid, as rehearsals begin it; 0: of what was found."""
    data: dict[str, str | int | bool] = {"year": 2025, "region": "371500"}
    if prepaid_fen:
        data["prepaid_fen"] = prepaid_fen
    return opened(office, open_settlement(office, actor(office, employer), data), subject=employer)


def a_hit(
    office: Office, person: str = "li", *, ground: str = "ST1", event_day: str = "2025-11-02", told: str = ""
) -> Case:
    """The stop case of a hit that a clerk reported of that person, who draws benefit; taken over, if not granted here."""
    drawing = actor(office, person)
    with office.store.transaction() as session:
        if session.scalar(select(BenefitGrant.id).where(BenefitGrant.person_id == drawing.id)) is None:
            paid_for_rehearsal(session, office, drawing.id)
    done = hits.report_hit(
        office,
        actor(office, "wangshouli"),
        id_number=PEOPLE[person].id_number,
        ground=ground,
        event_day=date.fromisoformat(event_day),
        channel="phone",
        detail=told or "原单位来电，称其已到新单位上班",
    )
    return opened(office, done, subject=person)


def a_death(
    office: Office,
    person: str = "zheng",
    *,
    died_on: str = "2025-10-20",
    known: str = "stop",
    region: str = "",
) -> BenefitGrant:
    """The benefit of somebody who drew it from September on, a thousand yuan a month, and died; nothing of it is ordered.

    ``known`` says who knows of the death: a ``stop`` that was decided, the population ``register``, or nobody.
    """
    day, dead = date.fromisoformat(died_on), actor(office, person)
    with office.store.transaction() as session:
        grant = paid_for_rehearsal(session, office, dead.id, region=region)
        if known == "stop":
            stop_grant(
                session,
                grant.id,
                ground="ST9",
                event_day=day,
                reason="人口库核实",
                actor=SYSTEM,
                now=office.clock(),
            )
    if known == "register":
        record = office.registers.population.person(PEOPLE[person].id_number)
        assert record is not None
        register_says(office, person, population=replace(record, deceased_on=day))
    return grant


def apply_after_death(
    office: Office,
    person: str = "li",
    *,
    of: str = "zheng",
    relation: str = "spouse",
    other_fund: str = "none",
    account: str = "",
) -> Done | FieldFaults | Refusal:
    """What came of the relative's application on the web."""
    asked = Asked(
        deceased_number=PEOPLE[of].id_number,
        deceased_name=PEOPLE[of].name,
        relation=relation,
        other_fund=other_fund,
        commitment=True,
        account=account,
    )
    return apply_for_death_grant(office, actor(office, person), asked)


def a_death_grant(
    office: Office,
    person: str = "li",
    *,
    of: str = "zheng",
    other_fund: str = "none",
    at: str = "",
    **death: str,
) -> Case:
    """A relative's application after a death on benefit, which is made up unless the dead drew benefit already."""
    dead = actor(office, of)
    with office.store.reading() as session:
        drew = session.scalar(select(BenefitGrant.id).where(BenefitGrant.person_id == dead.id)) is not None
    if not drew:
        a_death(office, of, **death)
    outcome = apply_after_death(office, person, of=of, other_fund=other_fund)
    assert not isinstance(outcome, FieldFaults), {key: each.text for key, each in outcome.faults.items()}
    case = opened(office, outcome, subject=person)
    return case.goes_on(until=at) if at else case


def certificate_of(office: Office, person: str = "sun", which: int = -1) -> SkillCertificate:
    """A certificate of the person as the look-up knows it, the latest unless said."""
    return office.registers.skills.certificates(PEOPLE[person].id_number)[which]


def apply_for_skill(office: Office, person: str = "sun", which: int = -1) -> Done | SkillFaults | Refusal:
    """What came of the holder's application on the web, with the number alone."""
    asked = SkillAsked(certificate_number=certificate_of(office, person, which).number)
    return apply_for_skill_subsidy(office, actor(office, person), asked)


def a_skill_subsidy(office: Office, person: str = "sun", which: int = -1, *, at: str = "") -> Case:
    """The application of the holder on the web, gone on until that step where one is named."""
    outcome = apply_for_skill(office, person, which)
    assert not isinstance(outcome, SkillFaults), {key: each.text for key, each in outcome.faults.items()}
    case = opened(office, outcome, subject=person)
    return case.goes_on(until=at) if at else case


def certificates_told(office: Office, *people: str, login: str = "fengshuju") -> Done | Refusal:
    """The roster of every certificate that these people hold, taken in by the data steward."""
    held = [
        HeldCertificate(holder=PEOPLE[person].id_number, certificate=each)
        for person in people
        for each in office.registers.skills.certificates(PEOPLE[person].id_number)
    ]
    return take_certificate_roster(
        office,
        actor(office, login),
        certificates_file(held),
        region="371500",
        as_of=office.today.isoformat(),
        source="省职业技能鉴定指导中心",
    )


def a_found_certificate(office: Office, person: str = "sun", *, at: str = "") -> Case:
    """The case that the office opened by itself for the person's latest certificate, pushed to them."""
    assert isinstance(certificates_told(office, person), Done)
    sweep_until_idle(office)
    number = certificate_of(office, person).number
    with office.store.reading() as session:
        row = session.scalars(
            select(SkillSubsidyCase).where(SkillSubsidyCase.certificate_number == number)
        ).one()
    case = Case(office=office, id=row.case_id, subject=person)
    return case.goes_on(until=at) if at else case


def a_list(
    office: Office, *lines: tuple[str, str], due: str = "2025-11-20", number: str = "鲁社险〔2025〕疑点3号"
) -> int:
    """The number of a suspicion list of the province; each line is an identity number and what is said."""
    text = "\n".join(["证件号码,姓名,疑点情形", *(f"{id_number},,{said}" for id_number, said in lines)])
    taken = suspicion_lists.take_list(
        office,
        actor(office, "zhengneikong"),
        text.encode("gb18030"),
        sender="province",
        number=number,
        answer_due=date.fromisoformat(due),
    )
    assert not isinstance(taken, Refusal), _said(taken)
    return taken.list_id


def a_suspicion_line(office: Office, person: str = "li") -> Case:
    """The case of the one line of a list about that person of the cast."""
    list_id = a_list(office, (PEOPLE[person].id_number, "领取期间有单位缴费"))
    sweep_until_idle(office)
    with office.store.reading() as session:
        query = select(SuspicionLine.case_id).where(SuspicionLine.list_id == list_id)
        return Case(office=office, id=session.scalars(query).one() or 0, subject=person)


def a_recovery(
    office: Office,
    person: str = "li",
    *,
    months: int = 3,
    monthly_fen: int = 163_800,
    event_day: str = "2025-07-14",
    region: str = "371500",
    at: str = "",
) -> Case:
    """The recovery of what the person was paid for so many months after that of the event."""
    data = {"event_day": event_day, "months": months, "monthly_fen": monthly_fen, "region": region}
    case = opened(office, open_recovery(office, actor(office, person), data), subject=person)
    return case.goes_on(until=at) if at else case


def a_difference(office: Office, *, region: str = "371500", month: str = "2025-10") -> Case:
    """The first difference of a bank statement with one line that the books do not know, as the accountant took it in."""
    first, last = f"{month}-09", ",期末余额,-5.00"
    statement = f"日期,摘要号,金额\n,期初余额,0\n{first},FEE,-5.00\n{last}\n"
    done = reconciling.reconcile(
        office,
        actor(office, "zhoukuaiji"),
        region=region,
        month=month,
        side="bank",
        file=statement.encode(),
        name="x.csv",
    )
    assert isinstance(done, Done), _said(done)
    with office.store.reading() as session:
        number = session.scalars(
            select(ReconciliationDifference.case_id).order_by(ReconciliationDifference.id)
        ).first()
    assert number is not None
    return Case(office=office, id=number)


def a_listing(office: Office, person: str = "li", *, months: int = 7, region: str = "371500") -> Case:
    """What supervision was told of the person's fraud, of 7 × 1638 = 11466 yuan."""
    recovery = a_recovery(
        office, person, months=months, event_day="2025-03-14", region=region, at="propose_recovery"
    )
    recovery.answers("propose_recovery", conduct="fraud", conduct_evidence="伪造解除劳动合同的记录")
    recovery.goes_on().sweep()
    with office.store.reading() as session:
        query = select(WorkflowCase.id).where(WorkflowCase.process_id == "listing")
        newest = session.scalars(query.order_by(WorkflowCase.id.desc()).limit(1)).one()
    return Case(office=office, id=newest, subject=person)


def a_recheck(office: Office) -> Case:
    """A re-check that an inspector begins on their own."""
    data = {"region": "371500", "recheck_source": "manual", "item_id": 0, "recheck_about": "失业保险金 2025-10",
            "recheck_why": "自行提出", "of_case_key": ""}  # fmt: skip
    return opened(office, open_case(office, SYSTEM, "recheck", data))


def a_finished_matter(office: Office, person: str = "li") -> int:
    """The number of the invitation to rate a claim that was granted; whoever waits to be asked is asked."""
    a_granted_claim(office, person)
    sweep_until_idle(office)
    mine = my_ratings(office, actor(office, person))
    assert not isinstance(mine, Refusal)
    return mine.to_rate[0].invitation_id


def a_bad_rating(office: Office, person: str = "li", *, score: int = 2, words: str = "等了很久") -> Case:
    """The case of a bad rating of a claim that was granted."""
    number = a_finished_matter(office, person)
    given = Given(score=score, grounds=("slow",), words=words)
    done = rate_own(office, actor(office, person), number, given)
    assert isinstance(done, Done), _said(done)
    sweep_until_idle(office)
    with office.store.reading() as session:
        newest = select(WorkflowCase.id).where(WorkflowCase.process_id == "rating")
        number = session.scalars(newest.order_by(WorkflowCase.id.desc()).limit(1)).one()
    return Case(office=office, id=number, subject=person)


def a_complaint(
    office: Office,
    person: str = "li",
    *,
    about: str = "",
    of_case: str = "",
    text: str = "窗口让我第二天再来",
) -> Case:
    """The case of a complaint of that person of the cast; of nobody known for an empty one."""
    told = Told(kind="attitude", text=text, about_staff=about)
    who = actor(office, person) if person else None
    made = complain(office, who, told, of_case=of_case, visitor="127.0.0.1")
    assert isinstance(made, Complained), _said(made)
    with office.store.reading() as session:
        case_id = session.get_one(Complaint, made.complaint_id).case_id
    return Case(office=office, id=case_id, subject=person)


def report(
    office: Office,
    person: str = "sun",
    *,
    reason: str = "I07",
    exit_day: str = "2025-10-31",
    by: str = "guangyue",
    **more: str,
) -> Done | SkillFaults | Refusal:
    """What came of the employer's report about the person of the cast; sun works for guangyue."""
    named = PEOPLE[person]
    asked = ReportAsked(
        **{"id_number": named.id_number, "name": named.name, "exit_day": exit_day, "reason": reason, **more}
    )
    return report_reduction(office, actor(office, by), asked)


def a_reduction(office: Office, *, reason: str = "I07", exit_day: str = "2025-10-31") -> Case:
    """The report of guangyue about sun; with a reason that is not special it is counted by now."""
    return opened(office, report(office, reason=reason, exit_day=exit_day), subject="guangyue")


def report_row(case: Case) -> ReductionReport:
    """The report of the case."""
    with case.office.store.reading() as session:
        found = session.scalars(select(ReductionReport).where(ReductionReport.case_id == case.id)).one()
        return cast(ReductionReport, found)


def an_exit_objection(
    office: Office, *, reason: str = "V01", claims: str = "I07", answered: bool = True
) -> Case:
    """Sun objects to what guangyue reported, which has answered that it agrees."""
    row = report_row(a_reduction(office, reason=reason))
    made = object_to_reason(
        office, actor(office, "sun"), row.id, statement="是单位提出解除的，我没有辞职", claimed_reason=claims
    )
    case = opened(office, made, subject="sun")
    if answered:
        said = answer_exit_objection(
            office, actor(office, "guangyue"), row.id, agrees=True, statement="经办人误选，系单位提出协商解除"
        )
        assert isinstance(said, Done), _said(said)
    return case


def reduction_of(objection: Case) -> Case:
    """The case of the report that is objected to."""
    with objection.office.store.reading() as session:
        query = select(ReductionReport.case_id).join(
            ReductionObjection, ReductionObjection.report_id == ReductionReport.id
        )
        found = session.scalars(query.where(ReductionObjection.case_id == objection.id)).one()
    return Case(office=objection.office, id=found, subject="guangyue")


def a_finding(
    office: Office, *, self_check_due: str = "", plan_due: str = "2025-11-10", done_due: str = "2025-12-05"
) -> Case:
    """A problem that the province found in Liaocheng; with a day for it, a topic that the city looks into itself."""
    done = checklists.issue_item(
        office,
        actor(office, "handudao"),
        topic="三个全面取消",
        region="371500",
        plan_due=date.fromisoformat(plan_due),
        done_due=date.fromisoformat(done_due),
        self_check_due=date.fromisoformat(self_check_due) if self_check_due else None,
    )
    return opened(office, done)


def register_says(office: Office, person: str, **changed: object) -> None:
    """From now on the registers have that in the file of the person of the cast, e.g. ``account=None``."""
    province = Province.generate(seed=1, people=0, employers=0, day=CAST_DAY)
    file = province.residents[PEOPLE[person].id_number]
    # the office keeps the registers it was opened with; a real one would ask another authority anew
    office._registers = registers_of(province.with_resident(replace(file, **changed)))  # type: ignore[arg-type]


def opened(office: Office, outcome: object, *, subject: str = "") -> Case:
    """The case that was opened; AssertionError with the refusal."""
    assert isinstance(outcome, Done) and outcome.case_id is not None, _said(outcome)
    return Case(office=office, id=outcome.case_id, subject=subject)


def refused(outcome: object) -> tuple[str, ...]:
    """The codes of a refusal's reasons; AssertionError if it was none."""
    assert isinstance(outcome, Refusal), f"not refused: {outcome}"
    return tuple(reason.code for reason in outcome.reasons)


def days_later(day: str, count: int) -> str:
    """The day so many calendar days later."""
    return (date.fromisoformat(day) + timedelta(days=count)).isoformat()


def _let_in(outcome: Actor | Refusal, who: str) -> Actor:
    assert isinstance(outcome, Actor), f"{who}: {_said(outcome)}"
    return outcome


def _said(outcome: object) -> str:
    if isinstance(outcome, Refusal):
        return outcome.text
    return str(dict(outcome.errors)) if isinstance(outcome, FormErrors) else str(outcome)
