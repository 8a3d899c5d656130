"""The statements of the books as workbooks: amounts as numbers of yuan, codes as text; each taken out is on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import IO

from sqlalchemy.orm import Session

from engine.cases import books
from engine.cases.books import BooksFilter, BooksSight
from engine.cases.office import Office
from engine.cases.sheet_files import SheetColumn, write_sheet
from engine.cases.sheets import EXPORT_ROWS_MAX
from engine.cases.steps import attempt
from engine.money.statements import BalanceRow, Flow, moved
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Reason, Refusal

Rows = list[Sequence[object]]
_Found = tuple[BooksSight, Rows] | Refusal

_TITLES = {
    "trial": "试算平衡表", "fund": "收支表", "balance": "资产负债表", "vouchers": "记账凭证", "months": "按月收支",
    "regions": "按地区收支",
}  # fmt: skip
#: what can be taken out
TABLES = tuple(_TITLES)
_HEADINGS: Mapping[str, Sequence[str]] = {
    "trial": ("科目", "名称", "期初借方", "期初贷方", "本期借方", "本期贷方", "期末借方", "期末贷方"),
    "fund": ("类别", "科目", "名称", "本期金额"),
    "balance": ("类别", "科目", "名称", "期末余额"),
    "vouchers": (
        "凭证号", "日期", "地区", "摘要", "分录", "科目", "名称", "借方", "贷方", "办件号", "批次号", "制单", "冲销凭证",
    ),
    "months": ("月份", "收入", "支出", "结余"),
    "regions": ("地区代码", "地区", "收入", "支出", "结余"),
}  # fmt: skip


def export(office: Office, actor: Actor, asked: BooksFilter, table: str) -> IO[bytes] | Refusal:
    """The statement as a workbook, with the figures that the page shows and what must be said of the months."""
    if table not in _TITLES:
        return Refusal(reasons=(Reason(code="no_such_table", text="没有这张表", text_en="No such table."),))
    found = _ROWS[table](office, actor, asked)
    if isinstance(found, Refusal):
        return found
    sight, rows = found
    rows += [(), (f"{sight.region_name}（{sight.region}）{sight.first} 至 {sight.last}，单位：元",)]
    rows += [(sentence,) for sentence in remarks(sight)]

    def note(session: Session) -> None:
        append(
            session,
            stream="office",
            action=Action.LIST_EXPORTED,
            actor=actor,
            subject=f"books:{table}",
            after={"list": table, "filter": dict(asked.query()), "rows": len(rows)},
            now=office.clock(),
        )

    noted = attempt(office, actor, note, subject=f"books:{table}")
    if isinstance(noted, Refusal):
        return noted
    columns = [SheetColumn(heading=heading, key=heading, width=18) for heading in _HEADINGS[table]]
    return write_sheet(_TITLES[table], columns, rows)


def remarks(sight: BooksSight) -> tuple[str, ...]:
    """What every statement of these months says: which of them were opened again, by whom and why."""
    return tuple(
        f"曾重新开账：{each.region_name} {each.month}，{each.asked_by}申请、{each.decided_by}批准，理由：{each.reason}"
        for each in sight.reopened
    )


def _trial(office: Office, actor: Actor, asked: BooksFilter) -> _Found:
    found = books.trial_balance(office, actor, asked)
    if isinstance(found, Refusal):
        return found
    sight, trial = found
    rows: Rows = [
        (
            row.account,
            row.name,
            *_sides(row, row.opening),
            _yuan(row.debit),
            _yuan(row.credit),
            *_sides(row, row.closing),
        )
        for row in trial.rows
    ]
    totals = (
        trial.opening_debit, trial.opening_credit, trial.debit, trial.credit, trial.closing_debit, trial.closing_credit,
    )  # fmt: skip
    return sight, [*rows, ("合计", "", *(_yuan(each) for each in totals))]


def _fund(office: Office, actor: Actor, asked: BooksFilter) -> _Found:
    found = books.fund_statement(office, actor, asked)
    if isinstance(found, Refusal):
        return found
    sight, fund = found
    return sight, [
        *(("收入", row.account, row.name, _yuan(moved(row))) for row in fund.income),
        ("收入合计", "", "", _yuan(fund.income_total)),
        *(("支出", row.account, row.name, _yuan(moved(row))) for row in fund.expense),
        ("支出合计", "", "", _yuan(fund.expense_total)),
        ("本期结余", "", "", _yuan(fund.surplus)),
    ]


def _balance(office: Office, actor: Actor, asked: BooksFilter) -> _Found:
    found = books.balance_sheet(office, actor, asked)
    if isinstance(found, Refusal):
        return found
    sight, sheet = found
    return sight, [
        *(("资产", row.account, row.name, _yuan(row.closing)) for row in sheet.assets),
        ("资产合计", "", "", _yuan(sheet.assets_total)),
        *(("负债", row.account, row.name, _yuan(row.closing)) for row in sheet.liabilities),
        ("负债合计", "", "", _yuan(sheet.liabilities_total)),
        *(("净资产", row.account, row.name, _yuan(row.closing)) for row in sheet.equity),
        ("净资产", "", "累计收支结余（未结转）", _yuan(sheet.surplus)),
        ("净资产合计", "", "", _yuan(sheet.fund_total)),
        ("负债和净资产总计", "", "", _yuan(sheet.liabilities_total + sheet.fund_total)),
    ]


def _vouchers(office: Office, actor: Actor, asked: BooksFilter) -> _Found:
    found = books.vouchers(office, actor, asked, size=EXPORT_ROWS_MAX)
    if isinstance(found, Refusal):
        return found
    if found.before is not None:
        return Refusal(
            reasons=(
                Reason(
                    code="too_many_rows",
                    text=f"超过{EXPORT_ROWS_MAX}张，请先用条件缩小范围再导出",
                    text_en=f"More than {EXPORT_ROWS_MAX} vouchers; narrow the list first.",
                ),
            )
        )
    return found.sight, [
        (
            str(each.voucher.id),
            each.voucher.day,
            each.voucher.region,
            each.voucher.text,
            line.line_no,
            line.account,
            line.name,
            _yuan(line.debit) if line.debit.fen else None,
            _yuan(line.credit) if line.credit.fen else None,
            str(each.voucher.case_id or ""),
            each.voucher.batch_number,
            each.actor_name,
            str(each.voucher.reverses_id or ""),
        )
        for each in found.rows
        for line in each.voucher.lines
    ]


def _months(office: Office, actor: Actor, asked: BooksFilter) -> _Found:
    found = books.overview(office, actor, asked)
    if isinstance(found, Refusal):
        return found
    return found.sight, [(flow.key, *_flow(flow)) for flow in found.months]


def _regions(office: Office, actor: Actor, asked: BooksFilter) -> _Found:
    found = books.overview(office, actor, asked)
    if isinstance(found, Refusal):
        return found
    return found.sight, [(flow.key, found.names[flow.key], *_flow(flow)) for flow in found.regions]


_ROWS: Mapping[str, Callable[[Office, Actor, BooksFilter], _Found]] = {
    "trial": _trial, "fund": _fund, "balance": _balance, "vouchers": _vouchers, "months": _months, "regions": _regions,
}  # fmt: skip


def _flow(flow: Flow) -> tuple[float, float, float]:
    return _yuan(flow.income), _yuan(flow.expense), _yuan(flow.income - flow.expense)


def _sides(row: BalanceRow, balance: Money) -> tuple[float | None, float | None]:
    """The balance in the column of the account's side."""
    if row.kind in ("asset", "expense"):
        return _yuan(balance), None
    return None, _yuan(balance)


def _yuan(amount: Money) -> float:
    """Exact to the fen for anything a fund can hold."""
    return amount.fen / 100
