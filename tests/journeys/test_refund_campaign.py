"""A whole refund campaign in a browser, in both ways of paying: screened, told, objected to, checked, published, paid or settled.

Two offices, one for each way. In the one an employer objects and a corrected roster gives it more, and somebody
objects to another in the public notice, which then gets nothing. In the other a prepayment is topped up to the fen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from browsing import DESK, PASSWORD, PHONE, ROOT, Invite, MorningClock, Visitor
from builders import a_payment_run
from offices import OwnDatabase, settings_for
from refund_rosters import Told, known, send_lists, send_years, years_file
from sqlalchemy import select

from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up
from engine.cases.sweep import sweep_until_idle
from engine.people import Employer
from engine.refunds.campaign_tables import RetentionRefund
from engine.registers.cast import EMPLOYERS
from engine.workflow.tables import WorkflowCase

pytestmark = pytest.mark.browser

AXE = ROOT / "web" / "static" / "vendor"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
LOOK = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations
  .flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`))"""
GUANGYUE, DONGCHANG = "guangyue", "dongchang"


@pytest.fixture(scope="module", params=["disburse", "prepay"])
def mode(request: pytest.FixtureRequest) -> str:
    """The way of paying; each has an office of its own."""
    return str(request.param)


@pytest.fixture(scope="module")
def office(
    mode: str, server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """An office with diagrams, staff and the cast, on a database of its own."""
    folder: Path = tmp_path_factory.mktemp(mode)
    with OwnDatabase(server, template) as url:
        opened = open_office(settings_for(url, folder), clock=MorningClock())
        set_up(opened)
        seed(opened, seed=1, people=0, employers=4, day=date(2025, 11, 3), password=PASSWORD)
        yield opened
        opened.close()


class Town:
    """Everybody who has to do with the campaign, each at a browser of their own."""

    def __init__(self, office: Office, invite: Invite) -> None:
        self.office, self.invite = office, invite
        self._desks: dict[str, Visitor] = {}

    def desk(self, login: str) -> Visitor:
        """A member of staff, signed in."""
        if login not in self._desks:
            self._desks[login] = self.invite().signs_in(login)
        return self._desks[login]

    def firm(self, employer: str, *, width: int = PHONE) -> Visitor:
        """An employer, signed in."""
        if employer not in self._desks:
            self._desks[employer] = self.invite(width=width).presents(EMPLOYERS[employer].credit_code)
        return self._desks[employer].go("/employer")

    def later(self, *, days: int) -> None:
        """Days pass, and what is due is done; whoever was signed in is not any more."""
        self.office.clock.forward(days=days)  # type: ignore[attr-defined]
        self._desks.clear()
        self.sweep()

    def sweep(self) -> None:
        """What is due in the office, until nothing is."""
        sweep_until_idle(self.office)

    def works(self, login: str, key: str, *, picks: tuple[str, str] | None = None, **texts: str) -> None:
        """The open task of the case taken, filled in and sent."""
        desk = self.desk(login).takes(key)
        if picks:
            desk.picks(*picks)
        for label, text in texts.items():
            desk.fills(label, text)
        desk.presses("提交").sees("已办结")
        self.sweep()

    def case_of(self, employer: str, *, settlement: bool = False) -> str:
        """What people call the case of the employer's refund."""
        column = RetentionRefund.settlement_case_id if settlement else RetentionRefund.case_id
        with self.office.store.reading() as session:
            return session.scalars(
                select(WorkflowCase.case_key)
                .join(RetentionRefund, column == WorkflowCase.id)
                .join(Employer, Employer.id == RetentionRefund.employer_id)
                .where(Employer.credit_code == EMPLOYERS[employer].credit_code)
            ).one()

    def pays(self) -> None:
        """The bank pays what waits, in a batch that three people sign."""
        a_payment_run(self.office, month="2025-11").goes_on().sweep()


@pytest.fixture
def town(office: Office, invite: Invite) -> Town:
    """The people of the office."""
    return Town(office, invite)


@pytest.mark.req("REFUND-02", "REFUND-03", "REFUND-04", "REFUND-05")
def test_a_campaign_from_push_to_the_end(town: Town, mode: str) -> None:
    if mode == "disburse":
        _disbursed(town)
    else:
        _prepaid(town)


def _disbursed(town: Town) -> None:
    send_lists(town.office, as_of="2025-10-20")
    first = (
        Told(employer=GUANGYUE, paid="100000.00", let_go=11),
        Told(employer=DONGCHANG, paid="1200000.00", size="大型", industry="B", insured=1600, let_go=20),
        Told(employer="fenghuang", paid="22320.00", industry="C", insured=31, let_go=2),
    )
    _taken_in(town, first)
    board = _started(town, "实际拨付")
    _looked_at(board, "refund-1-board")

    # the employer objects; a corrected roster gives it more
    firm = town.firm(GUANGYUE).sees("等您确认", "60,000.00")
    _looked_at(firm, "refund-2-employer")
    firm.follows("核对并确认").picks("确认意见", "对核定结果有异议")
    firm.fills("异议内容", "上年实缴应为十四万四千元").presses("提交")
    town.sweep()
    send_years(
        town.office, (Told(employer=GUANGYUE, paid="144000.00", let_go=11), *first[1:]), as_of="2025-10-31"
    )
    town.works(
        "wangshouli",
        town.case_of(GUANGYUE),
        picks=("异议是否属实", "属实，更正后重新筛查"),
        书面答复="经核查税务更正数据，实缴 144000.00 元",
    )
    town.works("zhaofuhe", town.case_of(GUANGYUE), picks=("复核意见", "同意答复"))
    for employer, amount in ((GUANGYUE, "86,400.00"), (DONGCHANG, "360,000.00")):
        _confirmed(town, employer, amount)
    own = town.firm(GUANGYUE).follows("2025 年度").sees("原筛查 60,000.00 元", "我们查到什么")
    _looked_at(own, "refund-3-own")
    for employer in (GUANGYUE, DONGCHANG):
        _checked(town, employer)

    # anybody reads the notice, and somebody objects to one of the two
    passer = town.invite(width=PHONE).go("/public/refund-notices").follows("聊城市")
    passer.sees(EMPLOYERS[GUANGYUE].name, "86,400.00", "360,000.00")
    _looked_at(passer, "refund-4-public")
    passer.row(EMPLOYERS[DONGCHANG].name).get_by_role("link", name="提出异议").or_(
        passer.page.get_by_role("link", name=f"对{EMPLOYERS[DONGCHANG].name}提出异议")
    ).first.click()
    passer.presses("提交异议").sees("请写明异议内容。")
    _looked_at(passer, "refund-5-objection")
    passer.fills("异议内容", "该单位去年十二月一次裁员一百余人，并未报减员").presses("提交异议").sees(
        "异议已收下"
    )
    town.sweep()
    town.works("wangshouli", town.case_of(DONGCHANG), 核查结果和依据="走访和社保减员记录证实，反映属实")
    town.works("zhaofuhe", town.case_of(DONGCHANG), picks=("裁定", "成立，不予返还"))
    town.firm(DONGCHANG).sees("不予返还")

    town.later(days=8)
    _approved(town, GUANGYUE)
    town.pays()
    firm = town.firm(GUANGYUE).follows("2025 年度").sees("已拨付")
    firm.fills("转岗与技能提升培训（元）", "86400.01").presses("填报用途").sees("不能超过收到的 86400.00 元")
    firm.fills("转岗与技能提升培训（元）", "86400.00").presses("填报用途").sees("资金用途已记录")
    control = town.desk("zhengneikong").go("/refunds/list?stage=paid").follows(EMPLOYERS[GUANGYUE].name)
    control.page.get_by_role("radio", name="用途属实").check()
    control.fills("看到什么", "查看培训台账和发票，与填报一致").presses("记录抽查").sees("用途属实")
    _looked_at(control, "refund-6-one")
    board = town.desk("zhaofuhe").go("/refunds").follows("2025 年度返还")
    assert _figures(board) == {"已筛查": "3", "符合条件": "2", "已推送": "2", "已确认": "1", "已公示": "1", "已开付款单": "1", "已拨付": "1"}  # fmt: skip
    _looked_at(board.sees("86,400.00"), "refund-7-board-paid")


def _prepaid(town: Town) -> None:
    send_lists(town.office, as_of="2025-10-20")
    first = (
        Told(employer=GUANGYUE, paid="83333.33", let_go=11),
        Told(employer=DONGCHANG, paid="1200000.00", size="大型", industry="B", insured=1600, let_go=20),
    )
    send_years(town.office, first, as_of="2025-10-20")
    _started(town, "预拨后清算")
    _confirmed(town, GUANGYUE, "50,000.00")
    _checked(town, GUANGYUE)
    town.later(days=8)
    _approved(town, GUANGYUE)
    town.pays()

    _settled(town, first)


def _settled(town: Town, first: tuple[Told, ...]) -> None:
    """The promise, a corrected roster, and the difference paid; whoever never answered has lost it."""
    firm = town.firm(GUANGYUE).sees("50,000.00", "已预拨，待承诺", "前交承诺书")
    # it is reckoned in the moment of the promise, by the data of that day
    send_years(
        town.office, (Told(employer=GUANGYUE, paid="85432.10", let_go=11), *first[1:]), as_of="2025-11-10"
    )
    firm.follows("承诺").selects("资金用途", "转岗与技能提升").ticks("我单位承诺").presses("提交").sees_not(
        "需要更正"
    )
    town.sweep()
    key = town.case_of(GUANGYUE, settlement=True)
    town.works("wangshouli", key, 初审说明="名册更正后重新核算")
    town.works("zhaofuhe", key, picks=("复核意见", "同意"))
    town.works("sunshenpi", key, picks=("审批意见", "同意清算"))
    town.pays()
    own = town.firm(GUANGYUE).follows("2025 年度").sees("已清算", "51,259.26", "1,259.26")
    _looked_at(own, "refund-8-settled")
    # the other never answered
    town.later(days=20)
    town.firm(DONGCHANG).sees("逾期未确认")
    board = town.desk("zhaofuhe").go("/refunds").follows("2025 年度返还")
    assert _figures(board) == {"已筛查": "2", "符合条件": "2", "已推送": "2", "已确认": "1", "已公示": "1", "已预拨": "1", "已承诺": "1", "已清算": "1"}  # fmt: skip
    _looked_at(board.sees("51,259.26", "1,259.26"), "refund-9-board-settled")


def _taken_in(town: Town, told: tuple[Told, ...]) -> None:
    """The year's contributions handed in as a file by the data steward; first one that is none, which is refused."""
    known(town.office, told)
    steward = town.desk("fengshuju").go("/refunds/rosters").selects("名册种类", "单位参保缴费")
    steward.fills("缴费年度", "2024").fills("描述日期", "2025-10-20").fills("来源", "税务部门")
    for content, said in ((b"a,b\n1,2\n", "没有收入"), (years_file(told), "单位参保缴费名册已收入：3 行")):
        file = {"name": "2024.csv", "mimeType": "text/csv", "buffer": content}
        steward.page.locator("#roster").set_input_files(file)
        steward.presses("收入").sees(said)


def _started(town: Town, way: str) -> Visitor:
    """The employers screened by a clerk and the campaign started by a reviewer: its board."""
    clerk = town.desk("wangshouli").go("/refunds/screenings").fills("返还年度", "2025").presses("发起")
    town.sweep()
    clerk.go("/refunds/screenings").follows("2025 第 1 轮").sees("全部完成", "制造业", "采矿业")
    _looked_at(clerk, "refund-0-screening")
    reviewer = town.desk("zhaofuhe").go("/refunds").fills("返还年度", "2025").selects("地区", "聊城市")
    reviewer.page.get_by_role("radio", name=way).check()
    reviewer.presses("发起").sees("批次已发起")
    town.sweep()
    return reviewer.go("/refunds").follows("2025 年度返还").sees("走到哪一步", "按行业")


def _confirmed(town: Town, employer: str, amount: str) -> None:
    firm = town.firm(employer).sees(amount)
    firm.follows("核对并确认").picks("确认意见", "确认领取")
    # of one that is prepaid the promise may be asked for later
    if firm.page.get_by_label("资金用途").is_visible():
        firm.selects("资金用途", "转岗与技能提升").ticks("我单位承诺")
    firm.presses("提交").sees_not("需要更正")
    town.sweep()


def _checked(town: Town, employer: str) -> None:
    key = town.case_of(employer)
    town.works("wangshouli", key, picks=("初审意见", "符合条件"), 初审说明="与名册一致")
    town.works("zhaofuhe", key, picks=("复核意见", "同意返还，进入公示"))


def _approved(town: Town, employer: str) -> None:
    town.works(
        "sunshenpi",
        town.case_of(employer),
        picks=("审批意见", "同意返还"),
        公示期间的异议及处理="公示期内无异议",
    )


def _figures(board: Visitor) -> dict[str, str]:
    """The funnel as a person reads it: step and number of employers."""
    rows = board.page.locator("table.funnel tbody tr").all()
    return {row.locator("td").nth(0).inner_text(): row.locator("td").nth(2).inner_text() for row in rows}


def _looked_at(visitor: Visitor, name: str) -> None:
    """axe finds nothing, nothing sticks out at a desk or on a telephone; a picture of each is kept.

    Axe at both widths is the walk's (``test_every_page``).
    """
    before = visitor.page.viewport_size
    axe = (AXE / json.loads((AXE / "manifest.json").read_text())["axe.js"]).read_text("utf-8")
    visitor.page.evaluate(axe)
    assert visitor.page.evaluate(LOOK, list(RULES)) == [], name
    for width in (DESK, PHONE):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        visitor.keeps(f"{name}-{width}")
    if before:
        visitor.page.set_viewport_size(before)
