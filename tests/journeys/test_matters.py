"""What else people come for: an objection, a refusal, a withdrawal, money that came back, and the other matters.

Only a refund begins without a page: the office's own screening opens it.
"""

from __future__ import annotations

import pytest
from browsing import PHONE, Invite, MorningClock, Visitor, case_key, case_number
from builders import Case, a_claim, a_granted_claim, a_payment_run, a_refund

from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle
from engine.registers.cast import EMPLOYERS, PEOPLE

pytestmark = pytest.mark.browser

TRUE = "我没有辞职，是单位提前三十日通知解除的劳动合同"
REPLY = "经向单位核实并调取解除通知书，解除由单位提出，予以更正"


def _claimant(invite: Invite, key: str) -> Visitor:
    return invite(width=PHONE).proves(id_number=PEOPLE[key].id_number, name=PEOPLE[key].name).sees("您好")


def _confirms(claimant: Visitor) -> Visitor:
    claimant.picks("以上内容是否正确", "正确，确认申领").fills("手机号码", "13800138000")
    return claimant.ticks("我目前没有工作").ticks("我承诺").presses("提交").sees("已办结：核对并确认")


@pytest.mark.req("CLAIM-03")
def test_an_objection_is_answered_corrected_and_granted(invite: Invite, office: Office) -> None:
    ana = _claimant(invite, "ana").presses("申领失业保险金").follows("核对并确认").sees("劳动者主动辞职")
    ana.picks("以上内容是否正确", "有一项不对，我提出异议").selects("哪一项不对", "离职原因")
    ana.fills("请说明实际情况", TRUE).fills("手机号码", "13800138000").ticks("我目前没有工作").ticks("我承诺")
    ana.keeps("objection-1-objects-phone").presses("提交").follows("失业保险金申领")
    key, number = case_key(ana), case_number(ana)

    clerk = invite().signs_in("wangshouli").takes(key).sees("答复异议", TRUE)
    clerk.picks("异议是否属实", "属实，予以更正").selects(
        "更正后的离职原因", "单位提前三十日通知或支付代通知金解除"
    )
    clerk.fills("给申请人的书面答复", REPLY).keeps("objection-2-answer").presses("提交").sees("已办结")
    sweep_until_idle(office)

    ana.go(f"/cases/{number}").sees(REPLY).keeps("objection-3-answered-phone")
    ana.go("/my").follows("核对并确认").sees("单位提前三十日通知")
    _confirms(ana)
    Case(office=office, id=int(number), subject="ana").goes_on()
    sweep_until_idle(office)
    ana.go(f"/cases/{number}").sees("每月金额", "属非因本人意愿中断就业").keeps("objection-4-granted-phone")


@pytest.mark.req("CLAIM-04", "CLAIM-11")
def test_a_refused_claimant_reads_every_reason_with_its_source(invite: Invite, office: Office) -> None:
    case = a_claim(office, "wu", at="approve_claim")
    approver = invite().signs_in("sunshenpi").takes(case.key).sees("核定理由")
    approver.keeps("refused-1-approve").picks("审批意见", "同意核定结果").presses("提交").sees("已办结")
    sweep_until_idle(office)

    wu = (
        _claimant(invite, "wu")
        .follows("失业保险金申领")
        .sees("不予核定告知书", "累计缴费11个月", "第四十五条")
    )
    wu.sees("如果您不同意").keeps("refused-2-phone")
    reasons = wu.page.locator(".reasons > li")
    assert reasons.count() > 0
    assert [r for r in reasons.all() if not r.get_by_text("依据").count()] == []


@pytest.mark.req("CLAIM-11")
def test_a_claim_is_taken_back_by_its_claimant(invite: Invite) -> None:
    zheng = _claimant(invite, "zheng").presses("申领失业保险金").follows("失业保险金申领").sees("撤回申请")
    zheng.fills("撤回原因", "已经找到工作").presses("撤回申请").sees("已撤回").sees_not("撤回原因")
    zheng.keeps("withdrawn-phone")
    zheng.go("/my").presses("申领失业保险金").sees("申领已受理")


@pytest.mark.req("MONEY-04")
def test_money_that_the_bank_returned_is_held_and_its_payee_reads_why(invite: Invite, office: Office) -> None:
    claim = a_granted_claim(office, "bo")
    run = a_payment_run(office, month="2025-11").goes_on().sweep()

    clerk = invite().signs_in("wangshouli").takes(run.key).sees("户名不符").keeps("returned-1-task")
    clerk.picks("处理方式", "暂挂，待查清后支付").fills("处理情况", "已电话联系本人，请其到银行更正户名")
    clerk.presses("提交").sees("已办结")
    sweep_until_idle(office)

    bo = _claimant(invite, "bo").go(f"/cases/{claim.id}").keeps("returned-2-phone")
    bo.sees("暂缓支付").sees_not("已付讫")


@pytest.mark.req("REFUND-02", "REFUND-05")
def test_an_employer_only_confirms_its_refund_and_sees_it_paid(
    invite: Invite, office: Office, office_clock: MorningClock
) -> None:
    refund = a_refund(office)
    employer = (
        invite().presents(EMPLOYERS["guangyue"].credit_code).sees("等您确认").keeps("refund-1-employer")
    )
    employer.follows("核对并确认").sees("86400.00").keeps("refund-2-confirm")
    employer.picks("确认意见", "确认领取")
    employer.selects("资金用途", "转岗与技能提升").ticks("我单位承诺").presses("提交").sees("已办结")

    clerk = invite().signs_in("wangshouli").takes(refund.key)
    clerk.picks("初审意见", "符合条件").fills("初审说明", "比对结果与登记一致").keeps("refund-3-first-check")
    clerk.presses("提交").sees("已办结")
    refund.answers("second_check")
    office_clock.forward(days=12)
    refund.sweep().answers("approve_refund")
    a_payment_run(office, month="2025-11").goes_on()
    sweep_until_idle(office)

    employer.presents(EMPLOYERS["guangyue"].credit_code).follows("稳岗返还").sees("已付讫", "86400.00")
    employer.keeps("refund-4-paid")


@pytest.mark.req("RECT-02", "RECT-04")
def test_a_finding_is_issued_planned_done_and_verified_at_the_desks(
    invite: Invite, office_clock: MorningClock
) -> None:
    province = invite().signs_in("handudao").go("/rectification/new").fills("整改事项", "三个全面取消")
    province.fills("单位的地区代码", "371500").fills("方案上报期限", "2025-11-28").fills(
        "整改完成期限", "2025-12-05"
    )
    key = case_key(province.keeps("rectification-1-issue").presses("下达问题").sees("整改问题已下达"))

    owner = invite().signs_in("jiangzhenggai").takes(key).sees("报送整改方案")
    owner.picks("问题类型", "落实不到位").fills("存在的问题", "个别窗口仍有手工报盘")
    owner.fills("整改措施", "停用手工报盘，全部走社银接口").fills("整改责任人", "蒋正凯")
    owner.fills("完成时限", "2025-12-05").keeps("rectification-2-plan").presses("提交").sees("已办结")
    province.takes(key).picks("审核意见", "同意方案").keeps("rectification-3-accept").presses("提交")
    owner.takes(key).picks("报告内容", "已完成，请求核验")
    owner.fills("进展、结果与佐证", "已停用，连续两月无手工报盘")
    owner.fills("完成日期", f"{office_clock.now:%Y-%m-%d}").presses("提交").sees("已办结")
    verifier = invite().signs_in("yangheyan").takes(key).picks("核验结论", "整改到位，销号")
    verifier.fills("核验情况", "现场核实，属实").presses("提交").sees("已办结")

    verifier.go("/inbox?list=done").follows(key)
    verifier.sees("整改到位", "已办结").keeps("rectification-4-closed")


@pytest.mark.req("TRANS-01", "TRANS-02", "TRANS-03")
def test_a_person_asks_for_a_transfer_and_two_offices_move_the_rights(invite: Invite, office: Office) -> None:
    mover = _claimant(invite, "qin")
    mover.page.get_by_text("转移失业保险关系到其他地区").click()
    mover.selects("从哪里转出", "聊城市").selects("转到哪里", "德州市").keeps("transfer-1-ask-phone")
    key = case_key(mover.presses("申请转移").sees("转迁申请已受理"))

    there = invite().signs_in("youshouli").takes(key).picks("受理意见", "受理，发出联系函")
    there.keeps("transfer-2-accept").presses("提交").sees("已办结")
    sweep_until_idle(office)
    here = _takes_step(invite, "zhaofuhe", "复核转出").picks("复核意见", "同意转出")
    here.keeps("transfer-3-review").presses("提交").sees("已办结")
    here = (
        _takes_step(invite, "sunshenpi", "审批转出")
        .picks("审批意见", "同意转出")
        .presses("提交")
        .sees("已办结")
    )
    sweep_until_idle(office)
    a_payment_run(office, month="2025-11").goes_on()
    sweep_until_idle(office)
    there = _takes_step(invite, "luokuaiji", "确认资金到账").picks("是否到账", "已到账")
    there.fills("到账金额（元）", "40905.00").fills("到账日期", f"{office.today}")
    there.fills("银行流水号", "DZ-20251103-01").keeps("transfer-4-arrived").presses("提交").sees("已办结")
    sweep_until_idle(office)

    mover.proves(id_number=PEOPLE["qin"].id_number, name=PEOPLE["qin"].name).follows(key)
    mover.sees("已办结", "办到哪一步").keeps("transfer-5-done-phone")


def _takes_step(invite: Invite, login: str, step: str) -> Visitor:
    """The step that waits at that desk, whatever its case is called there."""
    desk = invite().signs_in(login).go("/inbox?list=claimable")
    desk.row(step).get_by_role("button", name="领取").click()
    desk.page.wait_for_load_state()
    return desk
