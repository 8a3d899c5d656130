"""Every path of ``reconcile.bpmn``: a statement is taken in, each difference is a case, two people settle it, two sign."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import pytest
from builders import Case, a_difference, actor, refused
from paths import assert_nothing_left, every_path
from sqlalchemy import select
from walked import Walked

from engine.cases import adjustments, book_periods, book_sheets, books, reconciling
from engine.cases.books import BooksFilter
from engine.cases.office import Office
from engine.cases.reconciliation_views import SideView, month_view
from engine.cases.views import Done
from engine.money.ledger import Line, post
from engine.money.reconciliation_tables import ReconciliationDifference
from engine.values import SYSTEM, Money, Refusal

CSV = "日期,摘要号,金额\n,期初余额,0\n2025-10-09,FEE,-5.00\n,期末余额,-5.00\n"


def reconciled(
    office: Office, text: str = CSV, *, who: str = "zhoukuaiji", side: str = "bank"
) -> Done | Refusal:
    """October of Liaocheng against that file."""
    return reconciling.reconcile(
        office,
        actor(office, who),
        region="371500",
        month="2025-10",
        side=side,
        file=text.encode(),
        name="x.csv",
    )


def the_bank(office: Office, who: str = "zhoukuaiji") -> SideView:
    """The side of the bank as somebody sees it."""
    found = month_view(office, actor(office, who), BooksFilter(region="371500"), "2025-10")
    assert not isinstance(found, Refusal)
    return found.sides[1]


@pytest.mark.req("MONEY-05", "MONEY-02")
def test_every_path_settles_the_difference_by_two_people(office: Office, afresh: Callable[[], None]) -> None:
    for case, path in every_path(lambda: a_difference(office), detours=1, afresh=afresh):
        assert case.ended_in == "difference_settled", str(path)
        hands = case.hands()
        assert hands["confirm_explanation"] != hands["explain_difference"]
        with office.store.reading() as session:
            row = session.scalars(
                select(ReconciliationDifference).where(ReconciliationDifference.case_id == case.id)
            ).one()
        assert (row.status, row.explained_by, row.settled_by) == (
            "settled",
            hands["explain_difference"],
            hands["confirm_explanation"],
        )
        assert_nothing_left(office)


@pytest.mark.req("MONEY-05")
def test_a_statement_raises_its_differences_once_and_is_signed_when_all_are_settled(office: Office) -> None:
    case = a_difference(office)
    assert isinstance(reconciled(office), Done)
    first = the_bank(office)
    assert [row.status_name for row in first.differences] == ["待说明", "待说明"], "the line, and the balance"
    sign = reconciling.sign
    assert refused(sign(office, actor(office, "zhoukuaiji"), first.reconciliation_id or 0)) == (
        "differences_open",
    )

    case.goes_on()
    assert {row.status_name for row in the_bank(office).differences} == {"已销号", "待说明"}
    other = next(row.case_id for row in the_bank(office).differences if row.status == "open")
    Case(office=office, id=other or 0).goes_on()

    kept = the_bank(office).reconciliation_id or 0
    assert refused(sign(office, actor(office, "zhengneikong"), kept)), "the accountant signs first"
    assert isinstance(sign(office, actor(office, "zhoukuaiji"), kept), Done)
    assert refused(sign(office, actor(office, "zhoukuaiji"), kept)) == ("same_person",)
    assert isinstance(sign(office, actor(office, "zhengneikong"), kept), Done)
    signed = the_bank(office, "zhujiandu")
    assert (signed.status, signed.signed_by, signed.countersigned_by) == ("signed", "周会", "郑内")
    assert refused(reconciled(office)) == ("reconciliation_signed",)


@pytest.mark.req("MONEY-05", "MONEY-01")
@pytest.mark.parametrize("who", ["wangshouli", "wuchuna", "zhengneikong", "chenguanli", "zhujiandu"])
def test_only_the_accountant_takes_a_statement_in(office: Office, who: str) -> None:
    assert set(refused(reconciled(office, who=who))) <= {"no_post", "other_region"}


@pytest.mark.req("MONEY-05")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "请选择文件"),
        ("日期,金额\n2025-10-09,1\n", "第一行缺少栏目：摘要号"),
        (CSV.replace("-5.00\n,", "-5.001\n,"), "第 3 行：金额写法不对"),
        (CSV.replace("2025-10-09", "2025-11-09"), "第 3 行：日期 2025-11-09 不在 2025-10"),
        (CSV.replace("2025-10-09", "9 Oct"), "第 3 行：日期写法不对"),
        (CSV.replace(",期末余额,-5.00\n", ""), "缺少期末余额行"),
        (CSV.replace("期末余额,-5.00", "期末余额,-6.00"), "期末余额却是 -6.00"),
        (CSV.replace("FEE", "F" * 101), "第 3 行：摘要号最多100字"),
        ("CHANGLING-STATEMENT|1|371500\n", "第"),
    ],
)
def test_a_statement_that_cannot_be_read_says_where_and_keeps_nothing(
    office: Office, text: str, words: str
) -> None:
    outcome = reconciled(office, text)

    assert isinstance(outcome, Refusal)
    assert words in outcome.text
    assert the_bank(office).reconciliation_id is None


@pytest.mark.req("MONEY-05")
def test_the_figures_of_the_tax_office_name_each_region_once_and_only_of_the_month(office: Office) -> None:
    wrong = "地区,月份,金额\n371502,2025-10,1\n371502,2025-10,2\n370100,2025-10,3\n371525,2025-09,4\n"

    outcome = reconciled(office, wrong, side="tax")

    assert isinstance(outcome, Refusal)
    assert [reason.text[:6] for reason in outcome.reasons] == ["第 3 行：", "第 4 行：", "第 5 行："]
    right = reconciled(office, "地区,月份,金额\n371502,2025-10,1\n371525,2025-10,0\n", side="tax")
    assert isinstance(right, Done)
    assert "相符 1 项" in right.message
    assert "新差异 1 条" in right.message


EMPTY = {
    "business": "",
    "bank": "日期,摘要号,金额\n,期初余额,0\n,期末余额,0\n",
    "tax": "地区,月份,金额\n371500,2025-10,0\n",
    "treasury": "地区,月份,金额\n371500,2025-10,0\n",
}


def done(outcome: Done | Refusal) -> Done:
    """What was done; AssertionError with the refusal."""
    assert isinstance(outcome, Done), outcome.text
    return outcome


def the_closing(office: Office) -> book_periods.ClosingRow:
    """The one closing of Liaocheng."""
    found = book_periods.months(office, actor(office, "zhujiandu"), BooksFilter(region="371500"))
    assert not isinstance(found, Refusal)
    return found.rows[0]


def the_adjustments(office: Office) -> adjustments.Adjustments:
    """What Liaocheng could give."""
    found = adjustments.adjustments(office, actor(office, "zhujiandu"), BooksFilter(region="371500"))
    assert not isinstance(found, Refusal)
    return found


@pytest.mark.req("MONEY-03", "MONEY-02", "MONEY-05")
def test_a_month_is_closed_after_four_signed_reports_and_opened_again_by_two_others_and_says_so(
    office: Office,
) -> None:
    accountant, control = actor(office, "zhoukuaiji"), actor(office, "zhengneikong")
    supervisor, cashier = actor(office, "zhujiandu"), actor(office, "wuchuna")
    asked = BooksFilter(region="371500", first="2025-10", last="2025-10")
    for side, text in EMPTY.items():
        done(reconciled(office, text, side=side))
    view = month_view(office, accountant, asked, "2025-10")
    assert not isinstance(view, Refusal)
    for number in [side.reconciliation_id or 0 for side in view.sides]:
        done(reconciling.sign(office, accountant, number))
        done(reconciling.sign(office, control, number))

    propose = book_periods.propose_close
    assert refused(propose(office, cashier, region="371500", month="2025-10")) == ("no_post",)
    assert refused(propose(office, accountant, region="371500", month="2025-11")) != ()
    done(propose(office, accountant, region="371500", month="2025-10"))
    number = the_closing(office).closing_id
    assert refused(book_periods.confirm_close(office, accountant, number)) == ("same_person",)
    assert refused(book_periods.confirm_close(office, supervisor, number)) == ("no_post",)
    done(book_periods.confirm_close(office, control, number))
    assert refused(book_periods.ask_reopening(office, control, number, reason="漏记")) == ("same_person",)
    assert refused(book_periods.ask_reopening(office, cashier, number, reason=" ")) == ("why_missing",)
    done(book_periods.ask_reopening(office, cashier, number, reason="漏记一笔"))
    decide, wish = book_periods.decide_reopening, the_closing(office).reopening_id or 0
    assert refused(decide(office, accountant, wish, approve=True, why="")) == ("no_post",)
    done(decide(office, supervisor, wish, approve=True, why="同意"))
    assert the_closing(office).status == "reopened"

    found = books.trial_balance(office, accountant, asked)
    assert not isinstance(found, Refusal)
    [said] = book_sheets.remarks(found[0])
    assert said == "曾重新开账：聊城市 2025-10，吴娜申请、朱鉴度批准，理由：漏记一笔"
    file = book_sheets.export(office, accountant, asked, "balance")
    assert not isinstance(file, Refusal)
    sheet = openpyxl.load_workbook(io.BytesIO(file.read())).active
    assert sheet is not None
    assert said in {cell.value for row in sheet.iter_rows() for cell in row}


@pytest.mark.req("MONEY-06", "MONEY-01")
def test_an_adjustment_is_proposed_by_the_accountant_and_booked_by_the_supervisor(office: Office) -> None:
    accountant, supervisor = actor(office, "zhoukuaiji"), actor(office, "zhujiandu")
    with office.store.transaction() as session:
        for key, region, debit, credit, fen in (
            ("has", "371500", "1002", "3001", 50_000),
            ("need", "371525", "5101", "2101", 30_000),
        ):
            lines = [Line(debit, "debit", Money(fen)), Line(credit, "credit", Money(fen))]
            post(
                session, key=key, day=office.today, region=region, text="测试", lines=lines, actor=SYSTEM,
                now=office.clock(),
            )  # fmt: skip
    propose = adjustments.propose
    for amount, reason, code in (("x", "缺", "amount_wrong"), ("1", " ", "why_missing")):
        outcome = propose(office, accountant, giver="371500", amount=amount, reason=reason)
        assert refused(outcome) == (code,)
    assert refused(propose(office, supervisor, giver="371500", amount="1", reason="缺")) == ("no_post",)
    assert refused(propose(office, accountant, giver="370000", amount="1", reason="缺")) == ("other_region",)

    done(propose(office, accountant, giver="371500", amount="1000.00", reason="支付能力不足"))
    number = the_adjustments(office).proposals[0].proposal_id
    assert refused(adjustments.decide(office, accountant, number, approve=True, why="")) == ("no_post",)
    done(adjustments.decide(office, supervisor, number, approve=True, why=""))

    found = the_adjustments(office)
    assert (found.held, found.rows) == (Money(20_000), ())
    assert [(one.status, one.total) for one in found.proposals] == [("approved", Money(30_000))]


@pytest.mark.req("MONEY-06")
def test_the_deeply_poor_counties_of_chongqing_are_the_ones_served_first(office: Office) -> None:
    codes = ["500229", "500238", "500242", "500243", "500101", "371525"]

    first = {code for code in codes if office.book.at("adjustment.first", code, office.today).value is True}

    assert first == {"500229", "500238", "500242", "500243"}


@pytest.mark.req("FLOW-01")
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "reconcile", request, least=10)
