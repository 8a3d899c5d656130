"""The job-retention refund: who is eligible, how much, and the settlement after a prepayment.

Source: yearly notices; a year without one is a PolicyGap. Whole-number arithmetic throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from engine.law.policy import Parameter, PolicyBook, or_refusal, reason_of
from engine.values import Money, Reason

Size = Literal["large", "sme"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAmount:
    """What an employer gets back."""

    amount: Money
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is still paid or recovered after a prepayment; at most one of the two is not zero."""

    pay: Money
    recover: Money


@or_refusal
def refund_amount(
    *, paid: Money, size: Size, region: str, day: date, book: PolicyBook, social_org: bool = False
) -> RefundAmount:
    """The refund on the previous year's contributions actually paid, rounded half up to the fen.

    Source: the notice in force on the day. ``paid`` excludes back-payments of earlier years and late fees. Social
    organisations, law and accounting firms and insured sole traders count as small or medium.
    """
    used: tuple[Parameter, ...] = ()
    if social_org:
        used = (book.at("refund.social_org_as_sme", region, day),)
        size = "sme" if used[0].flag else size
    share, figures = ratio_in_force(size, region, day, book)
    amount = paid.times(share)
    reason = reason_of(
        "refund_amount",
        f"上年度实缴{paid.text}元的{share:.0%}，返还{amount.text}元",
        *figures,
        *used,
        text_en=f"{share:.0%} of {paid.text}",
        fact="大型企业" if size == "large" else "中小微企业",
    )
    return RefundAmount(amount=amount, reasons=(reason,))


def ratio_in_force(
    size: Size, region: str, day: date, book: PolicyBook
) -> tuple[Decimal, tuple[Parameter, ...]]:
    """The share that is given back, never above the national ceiling, and what it rests on; PolicyGap without one."""
    ratio = book.at(f"refund.ratio.{size}", region, day)
    cap = book.find(f"refund.ratio_cap.{size}", region, day)
    if cap is not None and cap.decimal < ratio.decimal:
        return cap.decimal, (ratio, cap)
    return ratio.decimal, (ratio,)


def layoff_within(left: int, insured: int, limit: Decimal, *, months: int = 1) -> bool:
    """Whether so many let go are within the limit; with nobody insured there is no rate, and nothing is within it.

    ``insured`` is a sum over so many ``months``. Cross-multiplied: 11 of 200 is exactly 5.5 %, which a binary
    fraction would get wrong.
    """
    numerator, denominator = limit.as_integer_ratio()
    return insured > 0 and left * months * denominator <= numerator * insured


def rate_text(left: int, insured: int) -> str:
    """The layoff rate for people, rounded half up to two decimals: ``5.50%``; empty where nobody was insured.

    Only shown: what counts is :func:`layoff_within`.
    """
    rate = (left * 20_000 + insured) // (insured * 2) if insured else 0
    return f"{rate // 100}.{rate % 100:02d}%" if insured else ""


@or_refusal
def struggling_refund(
    *, monthly: Money, insured: int, region: str, day: date, book: PolicyBook
) -> RefundAmount:
    """The refund of a struggling but recoverable firm: 6 months × monthly benefit × insured heads (2019–2020)."""
    months = book.at("refund.struggling_months", region, day)
    amount = monthly.times(months.count * insured)
    reason = reason_of(
        "struggling_refund",
        f"{months.count}个月×{monthly.text}元×{insured}人",
        months,
        text_en=f"{months.count} months × {monthly.text} × {insured} people",
    )
    return RefundAmount(amount=amount, reasons=(reason,))


@or_refusal
def prepayment(*, estimate: Money, region: str, day: date, book: PolicyBook) -> RefundAmount:
    """What is paid before the commitment: a share of what was found, rounded half up to the fen (先预拨、后承诺、再清算).

    Source: 鲁人社函〔2020〕10号（二）, which gives no share.
    """
    share = book.at("refund.prepay_share", region, day)
    amount = estimate.times(share.decimal)
    reason = reason_of(
        "prepayment",
        f"按估算金额{estimate.text}元的{share.decimal:.0%}预拨{amount.text}元",
        share,
        text_en=f"{share.decimal:.0%} of {estimate.text}",
    )
    return RefundAmount(amount=amount, reasons=(reason,))


def settle(*, prepaid: Money, actual: Money) -> Settlement:
    """The difference between prepayment and settlement (先预拨、后承诺、再清算): paid on, or recovered."""
    zero = Money(0)
    return Settlement(pay=max(actual - prepaid, zero), recover=max(prepaid - actual, zero))
