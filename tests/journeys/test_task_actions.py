"""What colleagues do with one claim between them: back, taken back, handed over, signed; with scripts and without."""

from __future__ import annotations

import pytest
from browsing import PHONE, Invite, Visitor, case_key, case_number

from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle
from engine.registers.cast import PEOPLE

pytestmark = pytest.mark.browser

PHRASE = "材料齐全，同意受理"


@pytest.mark.req("FLOW-06", "MONEY-02")
@pytest.mark.parametrize(("key", "javascript"), [("li", True), ("qin", False)], ids=["scripts", "no-scripts"])
def test_one_claim_between_colleagues(invite: Invite, office: Office, key: str, javascript: bool) -> None:
    """Every action leaves who did it, and in the end the claim is approved by people who may."""
    shots = "actions" if javascript else "actions-no-js"

    def desk(login: str, width: int = 1440) -> Visitor:
        return invite(javascript=javascript, width=width).signs_in(login)

    case, number = _applies(invite(width=PHONE, javascript=javascript), key)
    sweep_until_idle(office)

    intake = desk("wangshouli").go("/phrases").fills("意见", PHRASE).presses("保存").sees("常用语已", PHRASE)
    _writes_the_phrase(intake.keeps(f"{shots}-0-phrases").takes(case), javascript=javascript)
    intake.picks("受理意见", "受理").presses("提交").sees("已办结")
    intake.go(f"/inbox?list=done&search={case}").follows("受理审核").follows("撤回")
    intake.keeps(f"{shots}-1-recall").fills("理由", "户籍地看错").presses("撤回").sees("已撤回")
    intake.go(f"/inbox?search={case}").follows("受理审核").picks("受理意见", "受理").presses("提交").sees(
        "已办结"
    )

    first = desk("zhaofuhe").takes(case)
    first.keeps(f"{shots}-2-review").follows("退回").sees("退回到哪一步", "受理审核")
    first.keeps(f"{shots}-3-send-back").presses("退回").sees("请填写退回理由")
    first.fills("理由", "失业日期与单位申报不一致，请核对").presses("退回").sees("已退回")
    intake.takes(case).sees("失业日期与单位申报不一致").keeps(f"{shots}-4-came-back")
    intake.picks("受理意见", "受理").presses("提交").sees("已办结")

    first.takes(case).follows("转办").sees("交给谁", "钱芙荷")
    first.keeps(f"{shots}-5-hand-over")
    first.page.get_by_role("radio", name="钱芙荷").check()
    first.fills("理由", "下午外出核查").presses("转办").sees("已转办给钱芙荷")

    second = desk("qianfuhe2").go(f"/inbox?search={case}").follows("复核").follows("加签")
    second.page.get_by_role("radio", name="赵复和").check()
    second.fills("理由", "请对失业日期把关").keeps(f"{shots}-6-add-signer")
    second.presses("加签").sees("等待签署", "前加签尚未完成").keeps(f"{shots}-7-signer-missing")
    first.go(f"/inbox?search={case}").follows("复核").follows("签署意见")
    first.keeps(f"{shots}-8-sign").fills("意见", "日期已核对一致").presses("签署").sees("已签署")
    second.go(f"/inbox?search={case}").follows("复核").sees("日期已核对一致").keeps(f"{shots}-9-signed")
    second.picks("复核意见", "同意核定结果").presses("提交").sees("已办结")

    approver = desk("sunshenpi", PHONE).takes(case)
    approver.keeps(f"{shots}-10-approve-phone").picks("审批意见", "同意核定结果").presses("提交").sees(
        "已办结"
    )
    approver.go(f"/cases/{number}?tab=trail").sees("退回", "撤回", "加签", "钱芙荷").keeps(
        f"{shots}-11-trail-phone"
    )


@pytest.mark.req("FLOW-06", "MONEY-01")
def test_actions_by_hand_meet_the_use_case(invite: Invite, office: Office) -> None:
    """A form made by hand is refused with the rule, and nothing moves."""
    case, number = _applies(invite(width=PHONE), "chen")
    sweep_until_idle(office)
    clerk = invite().signs_in("wangshouli").takes(case)
    task = clerk.page.url.rsplit("/", 1)[1]
    cashier = invite().signs_in("wuchuna").go("/inbox")
    for action, fields in (
        ("hand_over", {"to": "wuchuna", "why": "x"}),
        ("send_back", {"to": "confirm_form", "why": "x"}),
        ("sign", {"opinion": "agree"}),
        ("delegate", {"to": "wuchuna", "why": "x"}),
        ("nothing", {}),
    ):
        answer = cashier.posts(f"/tasks/{task}/do/{action}", **fields)
        assert answer.status in {403, 404, 409}, (action, answer.status)
    for action in ("pause", "terminate"):
        answer = cashier.posts(f"/cases/{number}/do/{action}", why="x", source="x")
        assert answer.status in {403, 404}, (action, answer.status)
    clerk.go(f"/tasks/{task}").sees("王守礼")


def _applies(claimant: Visitor, key: str) -> tuple[str, str]:
    claimant.go("/").follows("个人登录").proves(id_number=PEOPLE[key].id_number, name=PEOPLE[key].name)
    claimant.presses("申领失业保险金").follows("核对并确认")
    claimant.picks("以上内容是否正确", "正确，确认申领").fills("手机号码", "13800138000")
    claimant.ticks("我目前没有工作").ticks("我承诺").presses("提交").sees("我的办件")
    claimant.follows("失业保险金申领")
    return case_key(claimant), case_number(claimant)


@pytest.mark.req("FLOW-06", "MONEY-01")
def test_a_colleague_stands_in_with_both_names_on_record(invite: Invite, office: Office) -> None:
    """Made by the one who goes, shown to the one who stays, on record with both; the cashier cannot stand in."""
    case, number = _applies(invite(width=PHONE), "zheng")
    sweep_until_idle(office)
    clerk = invite().signs_in("wangshouli").takes(case)
    clerk.picks("受理意见", "受理").presses("提交").sees("已办结")
    reviewer = invite().signs_in("zhaofuhe").takes(case)
    reviewer.picks("复核意见", "同意核定结果").presses("提交").sees("已办结")

    def lends(substitute: str) -> Visitor:
        away = invite().signs_in("sunshenpi").go("/agencies")
        away.fills("被代理人账号", "sunshenpi").fills("代理人账号", substitute).selects("岗位", "审批岗")
        away.fills("地区代码", "371500").fills("第一天", "2025-11-03").fills("最后一天", "2025-11-07")
        return away.fills("事由", "年休假").presses("委托")

    lends("wuchuna").sees("没有办成", "业务岗与财务岗不得由同一人担任").keeps("actions-agency-refused")
    lends("qianfuhe2").sees("代理孙慎平的审批岗").keeps("actions-agency")
    stands_in = invite().signs_in("qianfuhe2").takes(case).sees("您代 孙慎平 办理")
    stands_in.keeps("actions-on-behalf").picks("审批意见", "同意核定结果").presses("提交").sees("已办结")
    stands_in.go(f"/cases/{number}?tab=trail").sees("钱芙荷", "孙慎平").keeps("actions-both-names")


def _writes_the_phrase(visitor: Visitor, *, javascript: bool) -> None:
    """A click writes it into the field beside it; without scripts it is there to read."""
    visitor.picks("受理意见", "退回申请人修改").sees(PHRASE)
    line = visitor.page.locator("[data-phrases]").first
    if not javascript:
        assert PHRASE in line.locator(".phrase-plain").inner_text()
        return
    line.get_by_role("button", name=PHRASE).click()
    assert visitor.page.locator(f"#{line.get_attribute('data-phrases')}").input_value() == PHRASE
    visitor.keeps("actions-0-phrase-written")
