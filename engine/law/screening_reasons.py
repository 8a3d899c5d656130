"""What a screening is told in: a reason for each condition, with what was found, the figure and its source.

Written from what is kept of a decision and of the figures of its day, so that a decision of years ago is explained
by the rules of its day. Judges nothing: see ``screening``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from engine.law.refund import rate_text
from engine.law.screening import (
    CONDITIONS,
    FIGURES,
    FORMULAS,
    KINDS,
    Listing,
    RefundFigures,
    Screened,
)
from engine.values import Money, Reason

SOURCE = "鲁人社函〔2020〕10号（二）"
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "eligible": ("符合条件", "Eligible"),
    "apply": ("符合条件，须自行申请", "Eligible on its own application"),
    "no": ("不符合条件", "Not eligible"),
    "gap": ("无有效规定，不能认定", "No rule in force"),
}
#: condition → its name, and what is said where it failed
FAILURES: Mapping[str, tuple[str, str]] = {
    "kind": ("不属于返还范围的单位", "Not a kind of employer that the refund covers"),
    "months": ("足额缴费月数不够", "Not paid in full for long enough"),
    "paid": ("上年度没有可计返还的缴费", "Nothing paid in the year that a refund could be a share of"),
    "arrears": ("有欠费或缓缴未补", "Contributions are owed"),
    "layoff": ("裁员率高于上限", "Too many people were let go"),
    "industry": ("不符合产业或环保政策", "Against industry or environment policy"),
    "dishonest": ("列入严重失信名单", "On the list of gravely dishonest employers"),
    "zombie": ("列入僵尸企业名单", "On the list of zombie firms"),
}
_MET: Mapping[str, tuple[str, str]] = {
    "kind": ("属于返还范围的单位", "A kind of employer that the refund covers"),
    "months": ("足额缴费月数达到要求", "Paid in full for long enough"),
    "paid": ("上年度有可计返还的缴费", "Contributions were paid in the year"),
    "arrears": ("没有欠费", "Nothing is owed"),
    "layoff": ("裁员率不高于上限", "Not too many people were let go"),
    "industry": ("未列入产业、环保限制名单", "Not against industry or environment policy"),
    "dishonest": ("未列入严重失信名单", "Not on the list of gravely dishonest employers"),
    "zombie": ("未列入僵尸企业名单", "Not on the list of zombie firms"),
}
_LISTS: Mapping[Listing, tuple[str, str]] = {
    "environment": ("环保处罚名单", "environment list"),
    "industry": ("产业限制名单", "industry list"),
    "dishonest": ("严重失信名单", "list of dishonest employers"),
    "zombie": ("僵尸企业名单", "list of zombie firms"),
    "struggling": ("困难企业认定名单", "recognised as struggling"),
}


def explain(found: Screened, figures: RefundFigures) -> tuple[Reason, ...]:
    """A reason for each condition, met or failed; then the amount, or the figures that are missing."""
    reasons = [_of_condition(name, found, figures) for name in CONDITIONS]
    if found.outcome == "gap":
        reasons += [
            reason for name, reason in sorted(figures.reasons.items()) if _missed(name, found, figures)
        ]
    if found.outcome in ("eligible", "apply"):
        reasons += _of_amount(found, figures)
    return tuple(reasons)


def layoff_rate(found: Screened) -> str:
    """The layoff rate with two decimals, ``5.50%``; empty where nobody was insured."""
    return rate_text(found.lost * found.base_months, found.base_heads)


def plain_figures(figures: RefundFigures) -> dict[str, Any]:
    """The figures as a JSON object."""
    kept: dict[str, Any] = {name: _plain(getattr(figures, name)) for name in FIGURES}
    kept["reasons"] = {name: reason.plain() for name, reason in figures.reasons.items()}
    return kept


def figures_from(kept: Mapping[str, Any]) -> RefundFigures:
    """The figures that ``plain_figures`` wrote."""
    read = {name: kept[name] for name in FIGURES}
    for name in ("ratio_sme", "ratio_large", "layoff", "layoff_small"):
        read[name] = None if read[name] is None else Decimal(read[name])
    for name in ("amount_cap", "struggling_head"):
        read[name] = None if read[name] is None else Money.yuan(read[name])
    return RefundFigures(reasons={name: Reason(**each) for name, each in kept["reasons"].items()}, **read)


def _plain(value: object) -> object:
    if isinstance(value, Money):
        return value.text
    return str(value) if isinstance(value, Decimal) else value


def _missed(name: str, found: Screened, figures: RefundFigures) -> bool:
    """Whether a reason tells of a gap that this employer met."""
    other = "large" if found.size == "sme" else "sme"
    wanting = name == "formula" and figures.formula is None
    return wanting or (name.startswith("gap:") and name != f"gap:ratio_{other}")


def _of_condition(name: str, found: Screened, figures: RefundFigures) -> Reason:
    met = name not in found.failed
    text, text_en = (_MET if met else FAILURES)[name]
    limit = _FIGURE_OF[name](found, figures)
    known = figures.reasons.get(limit) or Reason(code=limit, text="", source=SOURCE)
    fact, fact_en = _FACT_OF[name](found, figures)
    return Reason(
        code=f"{name}_{'met' if met else 'failed'}",
        text=text,
        text_en=f"{text_en} ({fact_en})" if fact_en else text_en,
        fact=fact,
        parameter=known.parameter,
        source=known.source,
        verified=known.verified,
    )


def _of_amount(found: Screened, figures: RefundFigures) -> Iterator[Reason]:
    if found.way == "struggling":
        text, text_en = (
            f"按困难企业返还{found.amount.text}元",
            f"{found.amount.text} as a struggling employer",
        )
        yield replace(_basis(figures, "struggling"), code="amount_struggling", text=text, text_en=text_en)
        return
    ratio = figures.ratio(found.size)
    if ratio is None:  # nothing was found eligible without one
        return
    size = "大型企业" if found.size == "large" else "中小微企业"
    yield replace(
        _basis(figures, f"ratio_{found.size}"),
        code="amount_general",
        text=f"上年度实缴{found.paid.text}元的{_percent(ratio)}，返还{found.amount.text}元",
        text_en=f"{_percent(ratio)} of {found.paid.text}: {found.amount.text}",
        fact=size,
    )
    if figures.amount_cap is not None and found.amount == figures.amount_cap:
        text = f"单户最高{figures.amount_cap.text}元"
        yield replace(_basis(figures, "amount_cap"), text=text, text_en=f"At most {figures.amount_cap.text}")
    if found.passed_on.fen:
        yield replace(
            _basis(figures, "dispatch_applies"),
            code="passed_on",
            text=f"其中{found.passed_on.text}元全额拨给实际用工单位",
            text_en=f"{found.passed_on.text} of it goes on to the user firms",
        )


def _percent(ratio: Decimal) -> str:
    """The ratio as people say it, not rounded: ``60%``, ``62.5%``."""
    return f"{(ratio * 100).normalize():f}%"


def _basis(figures: RefundFigures, name: str) -> Reason:
    return figures.reasons.get(name) or Reason(code=name, text="", source=SOURCE, verified=False)


def _named(*lists: Listing) -> Callable[[Screened, RefundFigures], tuple[str, str]]:
    def tell(found: Screened, _figures: RefundFigures) -> tuple[str, str]:
        named = [_LISTS[each] for each in lists if each in found.listed]
        return "、".join(text for text, _ in named), ", ".join(text_en for _, text_en in named)

    return tell


def _people(found: Screened, figures: RefundFigures) -> tuple[str, str]:
    if not found.base_heads:
        return "没有参保人数可作基数", "nobody was insured"
    formula, formula_en = FORMULAS[figures.formula or "claimants"]
    over = (
        f"{found.base_heads}人"
        if found.base_months == 1
        else f"{found.base_months}个月合计{found.base_heads}人次"
    )
    rate = layoff_rate(found)
    return (
        f"{rate}（{formula}：减少{found.lost}人，参保{over}）",
        f"{rate}: {found.lost} of {found.base_heads}, {formula_en}",
    )


def _limit(found: Screened, figures: RefundFigures) -> str:
    small = (
        figures.small_insured is not None and found.base_heads <= figures.small_insured * found.base_months
    )
    return "layoff_small" if small else "layoff"


_FIGURE_OF: Mapping[str, Callable[[Screened, RefundFigures], str]] = {
    "kind": lambda _found, _figures: "public_bodies",
    "months": lambda _found, _figures: "min_months",
    "paid": lambda found, _figures: f"ratio_{found.size}",
    "layoff": _limit,
    **dict.fromkeys(("arrears", "industry", "dishonest", "zombie"), lambda _found, _figures: "sound"),
}
_FACT_OF: Mapping[str, Callable[[Screened, RefundFigures], tuple[str, str]]] = {
    "kind": lambda found, _figures: KINDS[found.kind],
    "months": lambda found, _figures: (f"足额缴费{found.months}个月", f"{found.months} months"),
    "paid": lambda found, _figures: (f"实缴{found.paid.text}元", found.paid.text),
    "arrears": lambda found, _figures: (
        (f"欠{found.arrears.text}元", found.arrears.text) if found.arrears.fen else ("", "")
    ),
    "layoff": _people,
    "industry": _named("environment", "industry"),
    "dishonest": _named("dishonest"),
    "zombie": _named("zombie"),
}
