"""Where a person's insurance relationship may move to, and the money that travels with it.

Source: 失业保险金申领发放办法 art. 22; 人社厅发〔2021〕85号; 鲁人社函〔2020〕10号（五） inside Shandong; 重庆市失业保险条例
art. 29.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.law.policy import Parameter, PolicyBook, or_refusal, reason_of
from engine.values import Money, Reason

#: cities under the State Council: one pool for all of their districts
_MUNICIPALITIES = frozenset({"11", "12", "31", "50"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What the sending place pays the receiving place."""

    amount: Money
    #: only the contribution months move, no money
    relation_only: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whether the relationship may move to a place."""

    allowed: bool
    #: the person works at the receiving place: the relationship moves without money
    employed: bool
    reasons: tuple[Reason, ...]


def pool_of(region: str) -> str:
    """What the codes of all regions of one pool begin with: funds are pooled by city, or by municipality."""
    return region[:2] if region[:2] in _MUNICIPALITIES else region[:4]


@or_refusal
def transfer_place(
    *,
    from_region: str,
    to_region: str,
    household_region: str,
    last_region: str,
    works_there: bool,
    draws_benefit: bool,
    day: date,
    book: PolicyBook,
) -> Place:
    """Whether rights may move from the one place to the other (人社厅发〔2021〕85号).

    To where the person works or was last insured, or back to the household place; not while benefit is paid, and not
    inside one pool. ``last_region`` empty: never insured at the receiving place or nobody knows.
    """
    if draws_benefit:
        fixed = book.at("transfer.fixed_while_paid", to_region, day)
        return _not_allowed(
            "drawing_benefit", "正在领取失业保险金，领取期间不变更领取地", fixed, "Benefit is paid"
        )
    if pool_of(from_region) == pool_of(to_region):
        return Place(allowed=False, employed=False, reasons=(_SAME_POOL,))
    places = book.at("transfer.household_or_last_insured", to_region, day)
    here = pool_of(to_region)
    insured_here = bool(last_region) and pool_of(last_region) == here
    if works_there and insured_here:
        return _allowed(
            "works_there", "已在转入地就业参保，关系随本人转入", places, "Works there", employed=True
        )
    if insured_here:
        return _allowed("last_insured_there", "转入地是最后参保地", places, "Last insured there")
    if household_region and pool_of(household_region) == here:
        return _allowed("household_there", "转入地是户籍地", places, "Household place")
    text = "转入地既不是本人的户籍地，也不是就业参保地或最后参保地，不能转入"
    return _not_allowed("place_not_allowed", text, places, "Neither household nor last place of insurance")


#: inside one pool nothing is to be moved: rights and money are the same fund's
_SAME_POOL = Reason(
    code="same_pool",
    text="转出地与转入地相同，同一统筹地区内无需转迁",
    text_en="Both places belong to one pool; nothing has to be moved.",
    source="社会保险法第五十二条",
)


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


def _allowed(code: str, text: str, rule: Parameter, english: str, *, employed: bool = False) -> Place:
    return Place(allowed=True, employed=employed, reasons=(reason_of(code, text, rule, text_en=english),))


def _not_allowed(code: str, text: str, rule: Parameter, english: str) -> Place:
    return Place(allowed=False, employed=False, reasons=(reason_of(code, text, rule, text_en=english),))


def _relation_only(code: str, text: str, rule: Parameter) -> Fee:
    reason = reason_of(code, text, rule, text_en="The relationship moves without money")
    return Fee(amount=Money(0), relation_only=True, reasons=(reason,))
