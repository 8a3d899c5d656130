"""Figures of the refund tried on a copy: which may be tried, how they are typed, and the copy of the book.

Pure. A trial publishes nothing: its figures are marked as tried wherever they are told, and no file holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

from engine.law.policy import Parameter, PolicyBook
from engine.law.policy_file import Value
from engine.law.screening import FORMULAS
from engine.values import Money, Reason, Refusal

#: what stands where a published figure has its source
SOURCE = "政策试算，未发布"

Kind = Literal["percent", "count", "yuan", "flag", "formula"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Triable:
    """A figure that may be tried."""

    key: str
    title: str
    title_en: str
    kind: Kind
    #: as in the files
    unit: str
    #: what is typed must not be less, nor more
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(100)


#: in the order in which people read them
TRIABLE: Mapping[str, Triable] = {
    each.key: each
    for each in (
        Triable(key="refund.ratio.sme", title="返还比例（中小微企业，%）", title_en="Ratio, small and medium (%)", kind="percent", unit="ratio"),
        Triable(key="refund.ratio.large", title="返还比例（大型企业，%）", title_en="Ratio, large (%)", kind="percent", unit="ratio"),
        Triable(key="refund.ratio_cap.sme", title="国家比例上限（中小微企业，%）", title_en="National ceiling, small and medium (%)", kind="percent", unit="ratio"),
        Triable(key="refund.ratio_cap.large", title="国家比例上限（大型企业，%）", title_en="National ceiling, large (%)", kind="percent", unit="ratio"),
        Triable(key="refund.amount_cap", title="单户返还金额上限（元）", title_en="Most for one employer (yuan)", kind="yuan", unit="yuan", least=Decimal("0.01"), most=Decimal(10_000_000_000)),
        Triable(key="refund.min_months", title="足额缴费满几个月", title_en="Months paid in full", kind="count", unit="months", most=Decimal(600)),
        Triable(key="refund.layoff_ratio", title="裁员率上限（%）", title_en="Layoff limit (%)", kind="percent", unit="ratio"),
        Triable(key="refund.layoff_ratio_small", title="小规模单位裁员率上限（%）", title_en="Layoff limit of small employers (%)", kind="percent", unit="ratio"),
        Triable(key="refund.small_insured", title="小规模单位的参保人数上限", title_en="Most insured people of a small employer", kind="count", unit="persons", most=Decimal(1_000_000)),
        Triable(key="refund.layoff_formula", title="裁员率算法", title_en="How the layoff rate is reckoned", kind="formula", unit="text"),
        Triable(key="refund.large_from", title="未划型单位几人以上算大型企业", title_en="Average heads from which an unclassed employer is large", kind="count", unit="persons", least=Decimal(1), most=Decimal(1_000_000)),
        Triable(key="refund.sound_business", title="欠费和各部门名单是否计入", title_en="Whether arrears and lists count", kind="flag", unit="flag"),
        Triable(key="refund.social_org_as_sme", title="社会组织等是否比照中小微企业", title_en="Social organisations as small or medium", kind="flag", unit="flag"),
        Triable(key="refund.public_bodies", title="机关事业单位是否纳入", title_en="Whether public bodies are covered", kind="flag", unit="flag"),
        Triable(key="refund.dispatch_applies", title="劳务派遣单位是否须自行申请", title_en="Whether dispatch agencies must apply", kind="flag", unit="flag"),
    )
}  # fmt: skip


def read_changes(typed: Mapping[str, str]) -> Mapping[str, Value] | Refusal:
    """The figures that were typed, by key; what is left empty is not changed. Every fault is told at once.

    Percentages are typed as people say them: ``60`` is 0.60, ``5.5`` is 0.055.
    """
    read: dict[str, Value] = {}
    faults: list[Reason] = []
    for key, figure in TRIABLE.items():
        text = typed.get(key, "").strip()
        if not text:
            continue
        value = _READ[figure.kind](figure, text)
        if value is None:
            faults.append(_fault(figure, text))
        else:
            read[key] = value
    return Refusal(reasons=tuple(faults)) if faults else read


def typed_of(key: str, value: Value | None) -> str:
    """The figure as it would be typed; empty where there is none."""
    match TRIABLE[key].kind, value:
        case _, None:
            return ""
        case "percent", Decimal() as ratio:
            return f"{(ratio * 100).normalize():f}"
        case "yuan", Money() as amount:
            return amount.text
        case "flag", _:
            return "yes" if value else "no"
        case _:
            return str(value)


def tried_book(book: PolicyBook, changes: Mapping[str, Value], *, region: str, day: date) -> PolicyBook:
    """A copy of the book in which those figures hold for the region and all below it; the book itself stays as it is."""
    return book.with_tried(
        Parameter(
            key=key,
            title=TRIABLE[key].title,
            region=region,
            value=value,
            unit=TRIABLE[key].unit,
            source=SOURCE,
            verified=False,
            valid_from=day,
            last_day=day,
        )
        for key, value in changes.items()
    )


def above_ceiling(book: PolicyBook, *, region: str, day: date) -> tuple[str, ...]:
    """Keys of ratios that stand above the national ceiling of the day: the ceiling is what counts then."""
    found = []
    for size in ("sme", "large"):
        ratio = book.find(f"refund.ratio.{size}", region, day)
        ceiling = book.find(f"refund.ratio_cap.{size}", region, day)
        if ratio and ceiling and ratio.decimal > ceiling.decimal:
            found.append(ratio.key)
    return tuple(found)


def _fault(figure: Triable, text: str) -> Reason:
    within = (
        f"须在 {figure.least:f} 至 {figure.most:f} 之间"
        if figure.kind not in ("flag", "formula")
        else "须从所列中选"
    )
    return Reason(
        code="figure_wrong",
        text=f"{figure.title}：“{text[:40]}”不能试算，{within}",
        text_en=f"{figure.title_en}: {text[:40]!r} cannot be tried.",
        parameter=figure.key,
    )


def _number(figure: Triable, text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    exact = number.is_finite() and text.isascii() and -number.as_tuple().exponent <= 4  # type: ignore[operator]
    return number if exact and figure.least <= number <= figure.most else None


def _percent(figure: Triable, text: str) -> Value | None:
    number = _number(figure, text)
    return None if number is None else number / 100


def _count(figure: Triable, text: str) -> Value | None:
    number = _number(figure, text)
    return int(number) if number is not None and number == number.to_integral_value() else None


def _yuan(figure: Triable, text: str) -> Value | None:
    number = _number(figure, text)
    return Money(int(number * 100)) if number is not None and (number * 100) % 1 == 0 else None


_READ: Mapping[Kind, Callable[[Triable, str], Value | None]] = {
    "percent": _percent,
    "count": _count,
    "yuan": _yuan,
    "flag": lambda _figure, text: {"yes": True, "no": False}.get(text),
    "formula": lambda _figure, text: text if text in FORMULAS else None,
}
