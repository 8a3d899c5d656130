"""Money that travels with a transferred insurance relationship.

Source: 失业保险金申领发放办法 art. 22; 鲁人社函〔2020〕10号（五） inside Shandong; 重庆市失业保险条例 art. 29.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.law.policy import Parameter, PolicyBook, or_refusal, reason_of
from engine.values import Money, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What the sending place pays the receiving place."""

    amount: Money
    #: only the contribution months move, no money
    relation_only: bool
    reasons: tuple[Reason, ...]


@or_refusal
def transfer_fee(
    *,
    months: int,
    monthly: Money,
    months_paid: int | None,
    within_province: bool,
    region: str,
    day: date,
    book: PolicyBook,
    employed: bool = False,
) -> Fee:
    """Remaining benefit months × the sending place's standard × 1.5, rounded half up to the fen.

    ``region`` is the sending place. Below one year paid there, or for a mover already employed elsewhere, the
    relationship moves without money and the months still add up. The receiving place must not delay benefits
    because the money has not come. ``months_paid`` None: not asked about, taken as long enough.
    """
    least = book.find("transfer.min_months_paid", region, day)
    if least and months_paid is not None and months_paid < least.count:
        return _relation_only(
            "below_one_year", f"转出地缴费{months_paid}个月，不足{least.count}个月，只转关系，年限累计", least
        )
    moves_alone = book.find("transfer.employed_relation_only", region, day)
    if employed and moves_alone and moves_alone.flag:
        return _relation_only("employed_mover", "已在转入地就业，只转关系，年限累计", moves_alone)
    key = "transfer.factor_within_province" if within_province else "transfer.factor"
    used: list[Parameter] = []
    if within_province:
        money = book.at("transfer.within_province_money", region, day)
        if not money.flag:
            return _relation_only("no_money_within_province", "省内转迁只转关系", money)
        used.append(money)
    factor = book.at(key, region, day)
    amount = monthly.times(factor.decimal * months)
    reason = reason_of(
        "transfer_fee",
        f"剩余{months}个月×{monthly.text}元×{factor.decimal}，共{amount.text}元",
        factor,
        *used,
        text_en=f"{months} months × {monthly.text} × {factor.decimal}",
        fact=("省内" if within_province else "跨省")
        + ("" if months_paid is None else f"，转出地缴费{months_paid}个月"),
    )
    return Fee(amount=amount, relation_only=False, reasons=(reason,))


def _relation_only(code: str, text: str, rule: Parameter) -> Fee:
    reason = reason_of(code, text, rule, text_en="The relationship moves without money")
    return Fee(amount=Money(0), relation_only=True, reasons=(reason,))
