"""Transfers of rights between two offices: the list, one with both ends on one picture, and money in transit."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from engine.cases import transfer_lists, transfers, transit
from engine.cases.transfer_records import TransferEnd, TransferFilter
from engine.cases.transfer_states import STATE_NAMES
from engine.cases.transfer_views import receiving_case, transfer_view
from engine.values import Refusal
from web.display import deadline_words_of
from web.errors import refused, status_of
from web.inbox_bulk import workbook
from web.session import actor, office, only_for
from web.transfer_picture import SIGNS, picture, told_words

pages = Blueprint("transfers", __name__, url_prefix="/transfers")

_LONGEST = 40
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (
    lazy_gettext("申请"), lazy_gettext("联系函已发"), lazy_gettext("转出审核"), lazy_gettext("已转出"),
    lazy_gettext("费用在途"), lazy_gettext("费用到账"), lazy_gettext("办结"), lazy_gettext("退回"), lazy_gettext("已撤回"),
    lazy_gettext("等待联系函"), lazy_gettext("等待联系函送达"), lazy_gettext("正在核算"), lazy_gettext("等待付款"),
    lazy_gettext("等待转入地回执"), lazy_gettext("等待受理"), lazy_gettext("等待转出地答复"),
    lazy_gettext("已记入月数，等待费用"), lazy_gettext("已记入月数，等待费用到账"), lazy_gettext("正在入账"),
    lazy_gettext("尚未收到联系函"), lazy_gettext("联系函已发出，对方尚未确认收到"), lazy_gettext("已收到联系函，正在审核"),
    lazy_gettext("已发来转出信息表"), lazy_gettext("告知费用已付"), lazy_gettext("申请已转去，尚未发来联系函"),
    lazy_gettext("已发来联系函"), lazy_gettext("信息表已发去"), lazy_gettext("费用已付，尚未发来回执"),
    lazy_gettext("已发来回执"), lazy_gettext("已退回"), lazy_gettext("已挂起"), lazy_gettext("没有开始"),
    lazy_gettext("转迁申请"), lazy_gettext("联系函"), lazy_gettext("转出信息表"), lazy_gettext("拒绝函"),
    lazy_gettext("资金已付通知"), lazy_gettext("回执"), lazy_gettext("撤回函"), lazy_gettext("对账单"),
    lazy_gettext("已告知，未到账"), lazy_gettext("已到账，未告知"), lazy_gettext("金额不一致"),
    lazy_gettext("没有这种状态，已显示全部"), lazy_gettext("方向只有转入和转出，已显示全部"),
    lazy_gettext("没有这个对方机构，已显示全部"),
)  # fmt: skip


@pages.get("")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The transfers of one's regions and duties."""
    asked = TransferFilter(
        state=_text("state"),
        direction=_text("direction"),
        peer=_text("peer"),
        late=bool(_text("late")),
        number=_text("number"),
    )
    found = transfer_lists.transfers(office(), actor(), asked, cursor=_text("cursor"))
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "transfers.html",
        found=found,
        states=STATE_NAMES,
        address=lambda **changed: _address(found.asked, **changed),
    )


@pages.get("/in-transit")
@only_for("staff")
def in_transit() -> ResponseReturnValue:
    """Money of transfers that one end has paid or announced and the other has not confirmed."""
    typed = _text("month")
    no = transit.month_wrong(typed) if typed else None
    found = transit.in_transit(office(), actor(), month=typed)
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template(
        "in_transit.html",
        found=found,
        typed=typed,
        wrong=_("月份写法：2025-11") if no else "",
    )
    return page, 422 if no else 200


@pages.get("/in-transit.xlsx")
@only_for("staff")
def in_transit_sheet() -> ResponseReturnValue:
    """The same as a workbook."""
    file = transit.export(office(), actor(), month=_text("month"))
    return workbook(file, f"in-transit-{office().today.isoformat()}.xlsx")


@pages.get("/<number>")
@only_for("staff", "person")
def show(number: str) -> ResponseReturnValue:
    """One transfer with both of its ends, for staff at either and for the person."""
    return _page(number)


@pages.post("/<number>/withdrawal")
@only_for("staff", "person")
def withdraw(number: str) -> ResponseReturnValue:
    """The transfer taken back, with the reason given."""
    why = request.form.get("why", "").strip()
    if not why:
        return _page(number, wrong=_("请写明撤回原因。"))
    case_id = receiving_case(office(), actor(), number)
    if isinstance(case_id, Refusal):
        return refused(case_id)
    outcome = transfers.withdraw(office(), actor(), case_id, why=why)
    if isinstance(outcome, Refusal):
        return _page(number, refusal=outcome, typed=why)
    flash(outcome.message, "success")
    return redirect(f"/transfers/{number}", code=303)


def end_words(end: TransferEnd) -> str:
    """How long an end has left: ``还剩 2 个工作日``."""
    return deadline_words_of(end.light, end.workdays_left)


def _page(
    number: str, *, refusal: Refusal | None = None, typed: str = "", wrong: str = ""
) -> ResponseReturnValue:
    view = transfer_view(office(), actor(), number)
    if isinstance(view, Refusal):
        return refused(refusal or view)
    page = render_template(
        "transfer.html",
        view=view,
        picture=picture,
        told_words=told_words,
        end_words=end_words,
        signs=SIGNS,
        refusal=refusal,
        typed=typed,
        wrong=wrong,
    )
    return page, status_of(refusal) if refusal else 422 if wrong else 200


def _address(asked: TransferFilter, **changed: str) -> str:
    parts = {
        "state": asked.state,
        "direction": asked.direction,
        "peer": asked.peer,
        "late": "yes" if asked.late else "",
        "number": asked.number,
        **changed,
    }
    query = urlencode({key: value for key, value in parts.items() if value})
    return f"/transfers?{query}" if query else "/transfers"


def _text(key: str) -> str:
    """What the address says; nothing for what no name of ours can be."""
    found = request.args.get(key, "").strip()
    return found if found.isprintable() and len(found) <= _LONGEST else ""
