"""A letter to another office as a sheet that people read, beside the file that machines read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.cases.office import Office
from engine.exchange import sending
from engine.exchange.bodies import KIND_NAMES, STATEMENT
from engine.exchange.peers import Peer
from engine.exchange.tables import ExchangeMessage
from engine.values import CHINA, Money

_LABELS: Mapping[str, str] = {
    "from_region": "转出地",
    "to_region": "转入地",
    "applied_on": "申请日期",
    "employed": "在转入地就业",
    "months_paid": "缴费月数",
    "carried_months": "结转的待遇月数",
    "months_left": "剩余领取月数",
    "fee_fen": "转移费用（元）",
    "relation_only": "只转关系",
    "fee_basis": "费用核算依据",
    "refusal_reason": "不予转移的理由",
    "paid_on": "付款日期",
    "bank_reference": "银行流水号",
    "arrived_fen": "到账金额（元）",
    "arrived_on": "到账日期",
    "withdrawal_reason": "撤回原因",
}


def sheet_of(office: Office, peer: Peer, message: ExchangeMessage) -> str:
    """The sheet: head, person and fields of the letter, a line each. It names the person in full, as the letter does."""
    body = sending.body_of(office.vault, message)
    lines = [
        f"失业保险关系转移接续 {KIND_NAMES.get(message.kind, message.kind)}",
        "",
        f"收件机构：{peer.name}（{peer.code}）",
        f"发件机构：{office.peers.own}",
        f"信件编号：第{message.number}号",
        f"日期：{message.sent_at.astimezone(CHINA):%Y-%m-%d}",
    ]
    if message.kind == STATEMENT:
        lines.append(f"对账单第{body['number']}号，第{body['part']}部分，共{body['parts']}部分")
    else:
        lines += [f"转迁编号：{message.transfer_number}", *_lines(body)]
    return "\n".join(lines) + "\n"


def _lines(body: Mapping[str, Any]) -> list[str]:
    person = body.get("person")
    who = [f"姓名：{person['name']}", f"公民身份号码：{person['id_number']}"] if person else []
    return who + [f"{label}：{_said(name, body[name])}" for name, label in _LABELS.items() if name in body]


def _said(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return Money(value).text if name.endswith("_fen") else str(value)
