"""Every path of a diagram with so many detours from the main road, found by walking it.

A walk is a list of choices: at each open step the main road's answer, or one of the detours that the step
allows: another answer of its form, a withdrawal, or letting every time limit pass. Each walk runs from the
start on the real office; what it had to choose from tells which walks are still to be made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from builders import MAIN_ROAD, Case, a_payment_run, actor
from sqlalchemy import select

from engine.cases import transfers
from engine.cases.office import Office
from engine.cases.views import Done
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import RightsTransfer
from engine.workflow.tables import (
    WorkflowCase,
    WorkflowIncident,
    WorkflowSubscription,
    WorkflowTask,
    WorkflowTimer,
)

#: the other answers of each step: what is entered instead of the main road's fields
DETOURS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "confirm_form": (
        {"answer": "object", "objected_field": "months_paid", "objection_text": "我多缴了两个月"},
    ),
    "answer_objection": (
        {"objection_accepted": "yes", "corrected_months": "64", "objection_reply": "经核实，予以更正"},
    ),
    "check_intake": ({"intake_opinion": "return", "intake_note": "请核对手机号码"},),
    "judge_evidence": (
        {"deemed_accepted": "part", "deemed_months_accepted": "24", "judgement_note": "只查到两年的记录"},
        {"deemed_accepted": "reject", "deemed_months_accepted": "0", "judgement_note": "没有任何记录"},
    ),
    "review_claim": ({"review_opinion": "return", "review_note": "请重新核对账户"},),
    "second_review_claim": ({"second_opinion": "return", "second_note": "请补充核对"},),
    "approve_claim": (
        {"approval": "return", "approval_note": "请重新受理"},
        {"approval": "refuse", "approval_note": "查明不符合条件"},
    ),
    "sample_batch": ({"sample_opinion": "reject", "sample_note": "金额与核定不一致"},),
    "certify_batch": ({"certificate": "reject", "certify_note": "凭证不全"},),
    "release_batch": ({"release": "reject", "release_note": "余额不足"},),
    "handle_failed_lines": ({"failed_action": "hold", "failed_note": "等待本人更正账户"},),
    "accept_transfer": ({"accept_opinion": "refuse", "accept_note": "本人撤销申请"},),
    "review_transfer": ({"review_opinion": "refuse", "review_note": "尚有未结清的待遇"},),
    "approve_transfer": (
        {"approval": "refuse", "refusal_reason": "本地没有缴费记录"},
        {"approval": "return", "approval_note": "请重新复核"},
    ),
    "settle_announcement": (
        {"announcement_answer": "await", "announcement_note": "电话核对，聊城将重新告知"},
    ),
    "confirm_arrival": (
        {"arrival": "missing"},
        {"arrived_fen": "40900.00"},
    ),
    "confirm_refund": ({"answer": "object", "objection_text": "年末参保人数应为二百一十人"},),
    "answer_refund_objection": (
        {"objection_accepted": "yes", "objection_reply": "经核实，人数已更正并重新比对"},
    ),
    "judge_notice_objection": ({"notice_decision": "rescreen"}, {"notice_decision": "decline"}),
    "settlement_second": ({"review_opinion": "return", "review_note": "请再核对名册"},),
    "approve_settlement": ({"approval": "return", "approval_note": "请再核对承诺"},),
    "first_check": ({"first_opinion": "reject", "first_note": "账户名称与单位不一致"},),
    "second_check": (
        {"review_opinion": "return", "review_note": "请补充核对"},
        {"review_opinion": "reject", "review_note": "单位已列入失信名单"},
    ),
    "approve_refund": (
        {"approval": "return", "approval_note": "公示期有异议，请重新核对"},
        {"approval": "refuse", "approval_note": "公示期查明不符合条件"},
    ),
    "check_application": (
        {"intake_opinion": "decline", "relation_proof": "commitment", "intake_note": "承诺与登记不一致"},
        {"intake_opinion": "again", "intake_note": "死亡刚刚登记，请重新核对"},
    ),
    "review_death_grant": ({"review_opinion": "return", "review_note": "请再核对收款账户"},),
    "approve_death_grant": (
        {"approval": "return", "approval_note": "请再核对关系"},
        {"approval": "refuse", "approval_note": "查明关系不实"},
    ),
    "confirm_skill_subsidy": ({"answer": "decline"},),
    "check_certificate": ({"check_opinion": "decline", "check_note": "证书与本人不符"},),
    "review_skill_subsidy": ({"review_opinion": "return", "review_note": "请再核对收款账户"},),
    "approve_skill_subsidy": (
        {"approval": "return", "approval_note": "请再核对次数"},
        {"approval": "refuse", "approval_note": "查明证书系冒用"},
    ),
    "answer_notice": ({"answer_opinion": "accept", "answer_statement": "我已经上班"},),
    "check_evidence": ({"check_opinion": "clear", "check_note": "经核对系补缴上年欠费"},),
    "review_stop": ({"review_opinion": "return", "review_note": "请再核对缴费月份"},),
    "decide_after_hearing": (
        {"approval": "return", "approval_note": "请补充服务记录"},
        {"hearing": "waived", "approval": "refuse", "approval_note": "有正当理由，不予停发"},
    ),
    "recheck_item": (
        {"recheck_opinion": "correct", "recheck_note": "电话与申领表不一致"},
        {
            "recheck_opinion": "incident",
            "involved_yuan": "12000",
            "filed": "true",
            "recheck_note": "账户属于他人",
        },
    ),
    "record_finding": (
        {"finding": "false", "finding_note": "同名同姓，不是此人"},
        {"finding": "not_ours", "finding_note": "不在本地参保"},
        {"finding": "settled", "finding_note": "上月已停发"},
    ),
    "confirm_finding": ({"finding_confirmed": "return", "confirm_note": "请重查身份证号码"},),
    "state_and_defend": ({"statement_answer": "object", "statement": "其中一个月我没有收到"},),
    "propose_recovery": (
        {"proposal": "drop", "proposal_note": "情形不成立，不属于多领"},
        {"conduct": "intentional", "conduct_evidence": "两次电话询问均称没有工作"},
        {"conduct": "fraud", "conduct_evidence": "伪造解除劳动合同的记录"},
    ),
    "review_recovery": ({"review_opinion": "return", "review_note": "请核对七月"},),
    "approve_recovery": ({"approval": "return", "approval_note": "请补充证据"},),
    "propose_listing": (
        {"listing_proposal": "not_list", "proposal_reason": "已经退清，不提请"},
        {"fine_referral": "none", "proposal_reason": "不涉及骗取，仅提请列入"},
    ),
    "answer_listing": ({"listing_answer": "none"},),
    "decide_listing": ({"listing_decision": "not_list", "decision_reason": "申辩成立，不予列入"},),
    "explain_difference": (
        {"difference_cause": "timing", "difference_explanation": "银行十一月三日已入账"},
        {"difference_cause": "ours", "difference_explanation": "凭证金额记错，已冲销重记"},
        {"difference_cause": "other", "difference_explanation": "见所附银行来函"},
    ),
    "confirm_explanation": ({"difference_opinion": "return", "difference_note": "没有说明是哪一笔"},),
    "self_check": ({"check_result": "no_problem", "check_statement": "逐户核对参保名册，没有应保未保"},),
    "report_done": ({"report_kind": "progress", "progress": "60", "evidence": "已停用六个窗口"},),
    "accept_plan": ({"plan_opinion": "return", "plan_note": "措施不具体", "plan_due": "2025-11-17"},),
    "call_back": ({"call_back_result": "unreached", "call_back_note": "九点、十一点、十五点均无人接听"},),
    "fix_rating": ({"fix_kind": "explained", "fix_note": "经查在法定期限内办结"},),
    "verify_fix": ({"fix_verified": "return", "verify_note": "答复没有说怎么改"},),
    "take_complaint": (
        {"acceptance": "pass_on", "passed_to": "市医疗保障局", "passed_why": "反映的是医保报销"},
    ),
    "investigate_complaint": ({"complaint_finding": "partly"}, {"complaint_finding": "unfounded"}),
    "review_objection": ({"complaint_review": "changed"},),
    "review_reduction": ({"review_opinion": "return", "review_note": "没有可适用的条款，请写明具体原因"},),
    "answer_exit_objection": (
        {"objection_accepted": "no", "objection_reply": "查到本人签字的辞职信影像，申报属实"},
    ),
    "approve_exit_correction": ({"approval": "return", "approval_note": "没有核对本人签字"},),
    "verify_done": ({"verify_opinion": "reopen", "verify_note": "仍有手工报盘", "done_due": "2025-12-31"},),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be done next, and what it is called."""

    name: str
    act: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Path:
    """A path as it was walked: what was chosen at each step, in words."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return " > ".join(self.names)


def every_path(
    start: Callable[[], Case], *, detours: int, afresh: Callable[[], None], early: int = 60
) -> Iterator[tuple[Case, Path]]:
    """Each path with at most so many detours, walked to its end; the office is emptied after each.

    Detours are taken at the first ``early`` choices only.
    """
    pending: list[tuple[int, ...]] = [()]
    while pending:
        wanted = pending.pop()
        case = start()
        names, widths = walk(case, wanted)
        yield case, Path(tuple(names))
        afresh()
        if sum(1 for each in wanted if each) == detours:
            continue
        for at in range(len(wanted), min(len(widths), early)):
            main = (0,) * (at - len(wanted))
            pending.extend((*wanted, *main, other) for other in range(1, widths[at]))


def walk(case: Case, wanted: tuple[int, ...]) -> tuple[list[str], list[int]]:
    """Walk to the end by the wanted choices, then the main road: what was done, and how many choices there were."""
    names: list[str] = []
    widths: list[int] = []
    while choices := choices_now(case):
        chosen = wanted[len(widths)] if len(widths) < len(wanted) else 0
        widths.append(len(choices))
        names.append(choices[chosen].name)
        choices[chosen].act()
        case.sweep()
        assert len(names) < 60, f"round and round: {names}"
    return names, widths


def choices_now(case: Case) -> list[Choice]:
    """The main road first, then the detours; none when every case of the office has ended."""
    office = case.office
    with office.store.reading() as session:
        running = session.scalars(select(WorkflowCase.id).where(WorkflowCase.status == "running")).all()
        step = session.execute(
            select(WorkflowTask.case_id, WorkflowTask.element_id)
            .where(WorkflowTask.status == "ready")
            .order_by(WorkflowTask.created_at, WorkflowTask.case_id, WorkflowTask.id)
        ).first()
        late = session.scalars(select(WorkflowTimer.due_at).order_by(WorkflowTimer.due_at.desc())).first()
        waits = set(session.scalars(select(WorkflowSubscription.message)))
        asked_back = session.scalar(select(RightsTransfer.id).where(RightsTransfer.reason != "").limit(1))
    if not running:
        return []
    found = _of_step(office, case, step.case_id, step.element_id) if step else []
    if "transfer_paid" in waits:
        found.append(Choice("pay", lambda: a_payment_run(office).goes_on()))
    if waits & {"transfer_withdrawal", "transfer_refused"} and not asked_back:
        found.append(Choice("take back", lambda: _taken_back(case)))
    if late is not None:

        def wait() -> None:
            case.clock.now = max(late, case.clock.now)

        found.append(Choice("wait", wait))
    assert found, f"stuck: cases {running} wait for nobody and nothing"
    return found


def assert_nothing_left(office: Office) -> None:
    """Nothing of an ended case waits, is due, failed, or is still to be sent."""
    with office.store.reading() as session:
        left: list[object] = [
            *session.scalars(select(WorkflowCase.case_key).where(WorkflowCase.status != "completed")),
            *session.scalars(select(WorkflowTask.element_id).where(WorkflowTask.status == "ready")),
            *session.scalars(select(WorkflowTimer.element_id)),
            *session.scalars(select(WorkflowSubscription.element_id)),
            *session.scalars(select(WorkflowIncident.cause)),
            *session.scalars(select(OutboxMessage.key).where(OutboxMessage.sent_at.is_(None))),
        ]
    assert left == []


def _of_step(office: Office, main: Case, case_id: int, element: str) -> list[Choice]:
    case = main if case_id == main.id else Case(office=office, id=case_id)
    assert element in MAIN_ROAD, f"nobody is told how to do {element}"
    found = [Choice(element, lambda: case.answers(element))]
    for fields in DETOURS.get(element, ()):
        name = f"{element}:{next(iter(fields.values()))}"
        found.append(Choice(name, lambda entered=dict(fields): case.answers(element, **entered)))  # type: ignore[misc]
    with office.store.reading() as session:
        takes_back = session.scalar(
            select(WorkflowSubscription.element_id).where(
                WorkflowSubscription.case_id == case_id, WorkflowSubscription.message == "claim_withdrawn"
            )
        )
    if takes_back:
        found.append(Choice(f"{element}:withdraw", lambda: _withdrawn(case)))
    return found


def _taken_back(case: Case) -> None:
    outcome = transfers.withdraw(case.office, actor(case.office, case.subject), case.id, why="我留在原地")
    assert isinstance(outcome, Done), outcome


def _withdrawn(case: Case) -> None:
    outcome = case.withdraw()
    assert isinstance(outcome, Done), outcome
