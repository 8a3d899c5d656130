"""Overpaid benefit, the fine for fraud, and when a dishonesty listing may be proposed.

Source: 社会保险法 art. 88, 社会保险经办条例 art. 46. Fines and listings belong to the administrative department: what is
computed here is a range or a trigger, never a decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.law.policy import NATIONAL, PolicyBook, or_refusal, reason_of
from engine.values import Money, Month, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Overpayment:
    """Benefit months paid after a stop event."""

    #: first month not due
    first_month: Month
    #: months paid but not due
    months: int
    amount: Money
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FineRange:
    """The lowest and highest fine for fraud of an amount."""

    lowest: Money
    highest: Money
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DishonestyTrigger:
    """Whether a listing may be proposed to a human approver; never a listing itself."""

    local: bool
    national: bool
    reasons: tuple[Reason, ...]


@or_refusal
def overpayment(
    *, event_day: date, paid_until: Month, monthly: Money, region: str, day: date, book: PolicyBook
) -> Overpayment:
    """Months paid after the month of the stop event, through the last month paid, inclusive.

    The month of the event itself stays due (浙江转发人社厅发〔2020〕24号). The agency orders return; instalments or offset
    are allowed.
    """
    rule = book.at("recovery.return_ordered", region, day)
    last_due = Month.of(event_day)
    months = max(last_due.until(paid_until), 0)
    amount = monthly.times(months)
    reason = reason_of(
        "overpayment" if months else "nothing_overpaid",
        f"{last_due}当月应发，此后多领{months}个月，应退{amount.text}元" if months else "没有多领",
        rule,
        text_en=f"{months} months overpaid",
        fact=f"停领情形发生于{event_day.isoformat()}，发放至{paid_until}",
    )
    return Overpayment(first_month=last_due.plus(1), months=months, amount=amount, reasons=(reason,))


@or_refusal
def fine_range(*, amount: Money, day: date, book: PolicyBook) -> FineRange:
    """The fine for benefit obtained by fraud: 2 to 5 times the amount, both inclusive (社会保险法 art. 88)."""
    lowest = book.at("recovery.fine_min", NATIONAL, day)
    highest = book.at("recovery.fine_max", NATIONAL, day)
    reason = reason_of(
        "fraud_fine",
        f"骗取金额的{lowest.decimal}倍以上{highest.decimal}倍以下，由人社行政部门决定",
        lowest,
        highest,
        text_en=f"{lowest.decimal} to {highest.decimal} times the amount",
        fact=f"骗取{amount.text}元",
    )
    return FineRange(
        lowest=amount.times(lowest.decimal), highest=amount.times(highest.decimal), reasons=(reason,)
    )


@or_refusal
def dishonesty_trigger(
    *,
    months: int,
    amount: Money,
    intentional: bool,
    refused_return: bool,
    fraud: bool,
    region: str,
    day: date,
    book: PolicyBook,
) -> DishonestyTrigger:
    """Whether the local or the national rule lets a listing be proposed.

    Local (重庆 2019): intentional and 2 months or more, inclusive. National (2019): fraud above ¥10,000 or any
    fraud with return refused; without fraud more than 6 months or more than ¥10,000, with return refused or a
    repayment agreement broken. A listing needs notice, a hearing and a human approver.
    """
    over = book.at("dishonesty.national_over", NATIONAL, day)
    over_months = book.at("dishonesty.national_over_months", NATIONAL, day)
    least = book.find("dishonesty.intentional_months", region, day)
    local = least is not None and intentional and months >= least.count
    large = amount > over.money or (not fraud and months > over_months.count)
    national = (fraud and (amount > over.money or refused_return)) or (large and refused_return)
    fact = f"多领{months}个月{amount.text}元，{'故意' if intentional else '非故意'}，{'拒不退回' if refused_return else '未拒退'}"
    reasons: list[Reason] = []
    if local and least:
        reasons.append(
            reason_of(
                "local_dishonesty",
                f"故意多领{least.count}个月以上",
                least,
                text_en="Local trigger",
                fact=fact,
            )
        )
    if national:
        reasons.append(
            reason_of(
                "national_dishonesty",
                "达到国家失信名单情形，须告知、听取申辩并由人批准",
                over,
                over_months,
                text_en="National trigger; a person decides",
                fact=fact,
            )
        )
    if not reasons:
        reasons.append(
            reason_of(
                "return_only", "只须退回，不涉失信", over, over_months, text_en="Return only", fact=fact
            )
        )
    return DishonestyTrigger(local=local, national=national, reasons=tuple(reasons))
