"""The whole claim in browsers: a telephone for the claimant, desks for eight members of staff, and the bank.

Once with the scripts of the pages and once without any: every step must work by forms and links alone.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browsing import PHONE, Invite, Visitor, case_key, case_number

from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle
from engine.registers.cast import PEOPLE

Desk = Callable[[str], Visitor]

pytestmark = pytest.mark.browser


@pytest.mark.req(
    "CLAIM-01", "CLAIM-02", "CLAIM-04", "CLAIM-07", "CLAIM-08", "CLAIM-11", "MONEY-04", "FLOW-07"
)
@pytest.mark.parametrize(("key", "javascript"), [("li", True), ("qin", False)], ids=["scripts", "no-scripts"])
def test_a_claim_goes_from_a_telephone_to_the_bank(
    invite: Invite, office: Office, key: str, javascript: bool
) -> None:
    shots = _Shots("claim" if javascript else "claim-no-js")
    claimant = invite(width=PHONE, javascript=javascript)

    def desk(login: str) -> Visitor:
        return invite(javascript=javascript).signs_in(login)

    case_key, case_id = _applies(claimant, key, shots)
    sweep_until_idle(office)
    _decided(desk, case_key, case_id, shots)
    sweep_until_idle(office)
    claimant.go(f"/cases/{case_id}").sees("已办结", "每月金额", "待编批")
    shots.of(claimant, "granted-phone")
    number = _paid(desk, office, shots)

    claimant.go(f"/cases/{case_id}").sees("已付讫")
    shots.of(claimant, "paid-phone")
    accountant = desk("zhoukuaiji").go(f"/payments/{number}").sees("已付讫")
    shots.of(accountant, "batch-paid")


class _Shots:
    """Pictures of one journey, numbered in the order taken."""

    def __init__(self, journey: str) -> None:
        self._journey = journey
        self._taken = 0

    def of(self, visitor: Visitor, what: str) -> None:
        """The page that the visitor sees."""
        self._taken += 1
        visitor.keeps(f"{self._journey}-{self._taken:02}-{what}")


def _applies(claimant: Visitor, key: str, shots: _Shots) -> tuple[str, str]:
    """The claimant files and confirms; key and number of the case."""
    shots.of(claimant.go("/"), "welcome-phone")
    claimant.follows("个人登录")
    shots.of(claimant, "who-phone")
    claimant.proves(id_number=PEOPLE[key].id_number, name=PEOPLE[key].name).sees("您好")
    shots.of(claimant, "my-phone")
    claimant.presses("申领失业保险金").sees("申领已受理", "等您办理")
    shots.of(claimant, "applied-phone")
    claimant.follows("核对并确认").sees("系统取得的信息", "原工作单位")
    shots.of(claimant, "confirm-phone")
    claimant.picks("以上内容是否正确", "正确，确认申领").fills("手机号码", "13800138000")
    claimant.ticks("我目前没有工作").ticks("我承诺").presses("提交").sees("我的办件")
    shots.of(claimant, "confirmed-phone")
    claimant.follows("失业保险金申领")
    claimant.sees("办到哪一步")
    shots.of(claimant, "progress-phone")
    return case_key(claimant), case_number(claimant)


def _decided(desk: Desk, case_key: str, case_id: str, shots: _Shots) -> None:
    """Intake, review and approval, each by somebody else."""
    intake = desk("wangshouli").sees("我的工作")
    shots.of(intake.go("/inbox?list=claimable").sees(case_key), "inbox")
    intake.takes(case_key).sees("承办人", "王守礼")
    shots.of(intake, "intake")
    intake.picks("受理意见", "受理").presses("提交").sees("已办结")
    reviewer = desk("zhaofuhe").takes(case_key).sees("核定理由")
    shots.of(reviewer, "review")
    reviewer.picks("复核意见", "同意核定结果").presses("提交").sees("已办结")
    approver = desk("sunshenpi").takes(case_key)
    shots.of(approver, "approve")
    approver.picks("审批意见", "同意核定结果").presses("提交").sees("已办结")
    shots.of(approver.go(f"/cases/{case_id}").sees("办到哪一步", "审批记录"), "case")


def _paid(desk: Desk, office: Office, shots: _Shots) -> str:
    """The payment run signed by four people and answered by the bank; the number of its batch."""
    intake = desk("wangshouli").go("/payments")
    shots.of(intake, "payments")
    intake.presses("发起").sees("待遇发放已发起")
    run_key = case_key(intake)
    sweep_until_idle(office)
    sampler = desk("qianfuhe2").takes(run_key).sees("支付批次")
    shots.of(sampler, "sample")
    sampler.picks("抽检结论", "通过").fills("抽检笔数", "1").fills("抽检情况", "账户、金额与核定一致")
    sampler.presses("提交").sees("已办结")
    accountant = desk("zhoukuaiji").takes(run_key)
    shots.of(accountant, "certify")
    accountant.picks("会计意见", "核对一致，同意支付").presses("提交").sees("已办结")
    cashier = desk("wuchuna").takes(run_key)
    shots.of(cashier, "release")
    number = cashier.page.locator("#batch-title a").inner_text()
    cashier.picks("放款意见", "同意放款").presses("提交").sees("已办结")
    sweep_until_idle(office)
    return number
