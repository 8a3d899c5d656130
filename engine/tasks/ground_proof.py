"""What the source of a ground says today about one person: for the clerk who checks a hit, no decision (policy §3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from engine.registers import Registers


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The answer of a source, in words."""

    says: str
    #: whether the source bears the ground out today; None where no register of ours can say
    agrees: bool | None


def proof_of(registers: Registers, ground: str, id_number: str) -> Proof:
    """What the source of the ground says; RegisterDown where it does not answer."""
    ask = _SOURCES.get(ground)
    if ask is None:
        return Proof(says="没有可在线查询的来源，请凭来文核实", agrees=None)
    return ask(registers, id_number)


def _at_work(registers: Registers, id_number: str) -> Proof:
    history = registers.contributions.history(id_number)
    firms = registers.business.active_registrations(id_number)
    paid = f"最近缴费月份{history.last_month}" if history.last_month else "没有缴费记录"
    says = f"参保缴费：{'有单位正在缴费' if history.current else '没有单位正在缴费'}，{paid}"
    named = "、".join(f"{firm.name}（{firm.role}，{firm.since}起）" for firm in firms)
    return Proof(says=f"{says}；工商登记：{named or '没有在营登记'}", agrees=history.current or bool(firms))


def _pensioner(registers: Registers, id_number: str) -> Proof:
    record = registers.pensions.record(id_number)
    if record is None or not record.receiving:
        return Proof(says="养老保险待遇领取名册：没有领取记录", agrees=False)
    since = f"自{record.since}起领取" if record.since else "正在领取"
    return Proof(says=f"养老保险待遇领取名册：{since}", agrees=True)


def _refused_work(registers: Registers, id_number: str) -> Proof:
    kinds = {"job_offer": "介绍工作", "training_offer": "提供培训"}
    refused = [
        f"{each.day} {each.office}{kinds.get(each.kind, '服务')}，本人拒绝{f'（{each.note}）' if each.note else ''}"
        for each in registers.employment.services(id_number)
        if each.outcome == "refused"
    ]
    return Proof(says=f"公共就业服务记录：{'；'.join(refused) or '没有拒绝记录'}", agrees=bool(refused))


def _population(field: str, word: str) -> Callable[[Registers, str], Proof]:
    def ask(registers: Registers, id_number: str) -> Proof:
        person = registers.population.person(id_number)
        if person is None:
            return Proof(says="人口库：查无此人", agrees=False)
        on: date | None = getattr(person, field)
        return Proof(says=f"人口库：{f'{on}{word}' if on else f'没有{word}的记录'}", agrees=on is not None)

    return ask


def _unknown(registers: Registers, id_number: str) -> Proof:
    known = registers.population.person(id_number) is not None
    return Proof(says=f"人口库：{'有此人' if known else '查无此人'}", agrees=not known)


_SOURCES: Mapping[str, Callable[[Registers, str], Proof]] = {
    "ST1": _at_work,
    "ST2": _population("serving_since", "入伍"),
    "ST3": _population("emigrated_on", "移居境外"),
    "ST4": _pensioner,
    "ST5": _refused_work,
    "ST9": _population("deceased_on", "死亡"),
    "GHOST": _unknown,
}
