"""What the office does not let people do, as they see it: the sentence, the rule, its source, and the trace."""

from __future__ import annotations

import pytest
from browsing import Invite, MorningClock, Visitor
from builders import Case, a_claim, actor
from playwright.sync_api import expect
from sqlalchemy import select

from engine.cases.office import Office
from engine.registers.cast import PEOPLE
from engine.store.actions import Action
from engine.store.audit import AuditEvent

pytestmark = pytest.mark.browser

NOTICE = "鲁人社函〔2020〕10号（八）"


@pytest.fixture(scope="module")
def reviewed(office: Office) -> Case:
    """A claim that 赵复和 has reviewed and that waits for its approval."""
    return a_claim(office, "li", at="approve_claim")


def _administrator(invite: Invite) -> Visitor:
    return invite().signs_in("chenguanli").go("/staff")


def _appoints(administrator: Visitor, login: str, duty: str) -> Visitor:
    page = administrator.page
    page.locator("#login").select_option(login)
    administrator.selects("岗位", duty).fills("地区代码", "371500")
    return administrator.presses("任命")


@pytest.mark.req("MONEY-01")
def test_a_cashier_gets_no_business_post_and_the_page_says_by_which_rule(invite: Invite) -> None:
    page = _appoints(_administrator(invite), "wuchuna", "受理岗")

    page.sees("业务岗与财务岗不得由同一人担任", NOTICE, "渝人社发〔2019〕169号").keeps("no-1-post")
    assert page.row("wuchuna").get_by_text("受理岗").count() == 0


def test_an_english_reader_gets_the_rule_in_english(invite: Invite) -> None:
    page = _administrator(invite).go("/language/en").go("/staff").page
    page.locator("#login").select_option("wuchuna")
    page.get_by_label("Duty", exact=True).select_option("Intake")
    page.get_by_label("Region code").fill("371500")
    page.get_by_role("button", name="Assign").click()

    expect(page.get_by_role("alert")).to_contain_text("Nobody holds a business duty and a finance duty.")


@pytest.mark.req("MONEY-02")
def test_who_reviewed_a_case_reads_why_they_may_not_approve_it(invite: Invite, reviewed: Case) -> None:
    task = reviewed.task_id("approve_claim")
    reviewer = invite().signs_in("zhaofuhe").go(f"/tasks/{task}")
    reviewer.sees("审批岗").finds_no_button("提交")
    _appoints(_administrator(invite), "zhaofuhe", "审批岗").sees("已任命")

    reviewer.go(f"/tasks/{task}").sees(
        "本任务您不能办理", "不得由同一人办理", "依据", NOTICE
    ).finds_no_button("提交")
    reviewer.keeps("no-2-four-eyes")


@pytest.mark.req("MONEY-02", "CTRL-01")
@pytest.mark.parametrize(
    ("login", "rule"),
    [
        pytest.param("wangshouli", "当日未担任审批岗", id="other-duty"),
        pytest.param("wuchuna", "当日未担任审批岗", id="finance"),
        pytest.param("chenguanli", "当日未担任审批岗", id="administrator"),
        pytest.param("heshenpi", "此案不在您的岗位与地区范围内", id="other-region"),
    ],
)
def test_a_hand_made_form_for_somebody_elses_task_is_refused_and_recorded(
    invite: Invite, office: Office, reviewed: Case, login: str, rule: str
) -> None:
    task = reviewed.task_id("approve_claim")
    who = actor(office, login).key
    before = _refused(office, task, who)

    answer = invite().signs_in(login).posts(f"/tasks/{task}", approval="approve")

    assert answer.status == 403
    assert rule in answer.text(), answer.text()
    recorded = _refused(office, task, who)
    assert len(recorded) > len(before)
    assert all(rule in event.reason for event in recorded)
    assert reviewed.open_steps() == ["approve_claim"]


def test_a_stranger_cannot_open_anothers_case_nor_task(invite: Invite, reviewed: Case) -> None:
    stranger = invite().proves(id_number=PEOPLE["wu"].id_number, name=PEOPLE["wu"].name)

    for path in (f"/cases/{reviewed.id}", f"/tasks/{reviewed.task_id('approve_claim')}"):
        stranger.go(path).sees_not(PEOPLE["li"].name)
        assert "不能这样办理" in stranger.reads() or "没有找到" in stranger.reads(), stranger.reads()
    stranger.keeps("no-3-stranger")


def test_five_wrong_passwords_lock_the_account_and_the_right_one_does_not_open_it(
    invite: Invite, office_clock: MorningClock
) -> None:
    guesser = invite()
    for _ in range(5):
        guesser.signs_in("zhengneikong", password="guess").sees("没有登录成功")

    guesser.signs_in("zhengneikong").sees("没有登录成功", "锁定").keeps("no-4-locked")

    office_clock.forward(minutes=60)
    guesser.signs_in("zhengneikong").sees("我的工作")


def test_a_session_left_alone_ends_and_leads_back_to_the_page(
    invite: Invite, office_clock: MorningClock
) -> None:
    clerk = invite().signs_in("wangshouli").go("/payments").sees("支付批次")
    office_clock.forward(minutes=31)

    clerk.go("/payments").sees("太久没有操作", "工作人员登录").keeps("no-5-session-over")

    clerk.fills("账号", "wangshouli").fills("密码", "changling-test").presses("登录").sees("发起当月支付")
    assert clerk.page.url.endswith("/payments")


def test_a_form_without_the_token_of_its_session_changes_nothing(invite: Invite, reviewed: Case) -> None:
    approver = invite().signs_in("sunshenpi")
    task = reviewed.task_id("approve_claim")
    approver.go(f"/tasks/{task}").picks("审批意见", "同意核定结果")
    approver.page.evaluate("for (const i of document.getElementsByName('csrf_token')) i.value = 'forged'")

    approver.presses("提交").sees("请求不完整", "刷新后再试").keeps("no-6-token")

    assert reviewed.open_steps() == ["approve_claim"]


def _refused(office: Office, task: str, who: str) -> list[AuditEvent]:
    """What the trail holds of that person's being refused the task."""
    asked = select(AuditEvent).where(
        AuditEvent.action == Action.ACTION_REFUSED,
        AuditEvent.subject == f"task:{task}",
        AuditEvent.actor == who,
    )
    with office.store.reading() as session:
        return list(session.scalars(asked))
