"""Screening for the job-retention refund: every condition for one insured employer, by what data know of its year.

The definition that the statements of ``engine.refunds`` are held to, employer by employer. Source: 鲁人社函〔2020〕10号
（二） and the notice of the year; a year without one is a gap. Whole numbers and exact fractions throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Literal

from engine.law.entitlement import benefit_amount
from engine.law.policy import Parameter, PolicyBook, PolicyGap, reason_of
from engine.law.refund import Size, layoff_within, ratio_in_force
from engine.values import Money, Reason, Refusal

Kind = Literal[
    "enterprise", "dispatch_agency", "individual_business", "social_group", "foundation", "social_service",
    "law_firm", "accounting_firm", "public_body", "self_employed",
]  # fmt: skip
Listing = Literal["environment", "industry", "dishonest", "zombie", "struggling"]
Outcome = Literal["eligible", "apply", "no", "gap"]
Way = Literal["general", "struggling"]

#: kind of employer → its name
KINDS: Mapping[Kind, tuple[str, str]] = {
    "enterprise": ("企业", "Enterprise"),
    "dispatch_agency": ("劳务派遣单位", "Labour dispatch agency"),
    "individual_business": ("以单位形式参保的个体工商户", "Individual business insured as a unit"),
    "social_group": ("社会团体", "Social organisation"),
    "foundation": ("基金会", "Foundation"),
    "social_service": ("社会服务机构", "Social service organisation"),
    "law_firm": ("律师事务所", "Law firm"),
    "accounting_firm": ("会计师事务所", "Accounting firm"),
    "public_body": ("机关事业单位", "Public body"),
    "self_employed": ("以个人身份参保", "Insured as a person"),
}
#: treated like a small or medium employer whatever its size
LIKE_SME: frozenset[Kind] = frozenset(
    {"individual_business", "social_group", "foundation", "social_service", "law_firm", "accounting_firm"}
)
#: what a list says of an employer; ``struggling`` is a recognition, the others speak against it
LISTINGS: tuple[Listing, ...] = ("environment", "industry", "dishonest", "zombie", "struggling")
#: the conditions in the order in which people read them
CONDITIONS: tuple[str, ...] = (
    "kind", "months", "paid", "arrears", "layoff", "industry", "dishonest", "zombie",
)  # fmt: skip
#: how the layoff rate may be reckoned
FORMULAS: Mapping[str, tuple[str, str]] = {
    "claimants": ("裁减人数÷上年末参保人数", "let go ÷ insured at the end of the year before"),
    "net": ("净减人数÷上年末参保人数", "net loss ÷ insured at the end of the year before"),
    "either": (
        "裁减与净减取低÷上年末参保人数",
        "the lower of let go and net loss ÷ insured at the end of the year before",
    ),
    "average": ("裁减人数÷月均参保人数", "let go ÷ average insured"),
}
#: figures without which nobody can be judged
_NEEDED = (
    "min_months", "small_insured", "layoff", "layoff_small", "formula", "sound", "like_sme", "large_from", "public_bodies",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerFacts:
    """One employer in one calendar year, as registers and lists tell it."""

    region: str
    kind: Kind
    #: as the statistics office classed it; empty: nobody did
    size: Literal["large", "medium", "small", "micro", ""]
    #: months insured and paid in full before the year
    months_before: int
    #: insured people at the end of the year before
    previous_end: int
    #: insured people in each month, January first; 0 where not insured
    heads: tuple[int, ...]
    #: contributions due for each month, fen
    due: tuple[int, ...]
    #: contributions actually paid for each month, fen, without back-payments of earlier years and late fees
    paid: tuple[int, ...]
    #: people let go in the year, by exit reasons that count or by claims for benefit
    claimants: int
    #: contributions of earlier years, and deferred ones, that are still owed, fen
    owed: int = 0
    #: of what was paid: for dispatched workers, whose user firm bears it, fen
    dispatched: int = 0
    #: of what was paid: for workers placed with public bodies, which the refund does not cover, fen
    placed_public: int = 0
    listed: frozenset[Listing] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFigures:
    """What the law gives for one region and day; None where no figure is in force."""

    ratio_sme: Decimal | None
    ratio_large: Decimal | None
    #: the most that one employer gets; None: no limit
    amount_cap: Money | None
    min_months: int | None
    #: an employer of at most so many is held to ``layoff_small``
    small_insured: int | None
    layoff: Decimal | None
    layoff_small: Decimal | None
    #: claimants, net, either or average: how the layoff rate is reckoned
    formula: str | None
    #: whether arrears and lists count
    sound: bool | None
    like_sme: bool | None
    #: average heads from which an employer that nobody classed is large
    large_from: int | None
    #: whether dispatch agencies must apply themselves
    apply_themselves: bool | None
    public_bodies: bool | None
    #: refund of a struggling employer for each insured person; None: there is none that day
    struggling_head: Money | None
    #: by figure, what it rests on; ``gap:`` before the name of one that is not in force
    reasons: Mapping[str, Reason]

    @property
    def whole(self) -> bool:
        """Whether every condition can be judged."""
        return all(getattr(self, name) is not None for name in _NEEDED)

    def ratio(self, size: Size) -> Decimal | None:
        """The share given back to an employer of the size."""
        return self.ratio_sme if size == "sme" else self.ratio_large


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What screening found: the outcome, each condition that failed, and the numbers that it rests on."""

    #: eligible; apply: would be, and must apply itself; no; gap: nothing speaks against it, but a figure is missing
    outcome: Outcome
    #: of CONDITIONS, in their order
    failed: tuple[str, ...]
    kind: Kind
    size: Size
    #: insured and paid in full, through the end of the year
    months: int
    #: insured people that the layoff rate is of: a sum over ``base_months``
    base_heads: int
    base_months: int
    lost: int
    #: contributions that the refund is a share of
    paid: Money
    #: everything still owed
    arrears: Money
    listed: frozenset[Listing]
    amount: Money
    #: of the amount: what goes on to the firms that dispatched workers work for
    passed_on: Money
    way: Way


def campaign_day(year: int, today: date) -> date:
    """The day whose rules decide a campaign: today in its own year, else that year's last day."""
    return today if today.year == year else date(year, 12, 31)


def refund_due(facts: EmployerFacts, day: date, book: PolicyBook) -> Screened:
    """Every condition for the employer by the rules of the day, and the amount where nothing speaks against it."""
    return screened(facts, figures_of(region=facts.region, day=day, book=book))


def figures_of(*, region: str, day: date, book: PolicyBook) -> RefundFigures:
    """Everything that screening asks the law, each figure with what it rests on or its gap."""
    reasons: dict[str, Reason] = {}
    optional = {name: book.find(f"refund.{name}", region, day) for name in ("amount_cap", "dispatch_applies")}
    for name, figure in optional.items():
        if figure is not None:
            reasons[name] = reason_of(name, figure.title, figure)
    cap, applies = optional["amount_cap"], optional["dispatch_applies"]

    def ask(name: str, key: str) -> Parameter | None:
        try:
            figure = book.at(f"refund.{key}", region, day)
        except PolicyGap as gap:
            reasons[f"gap:{name}"] = gap.reason
            return None
        reasons[name] = reason_of(name, figure.title, figure)
        return figure

    asked = {name: ask(name, key) for name, key in _ASKED.items()}

    def value(name: str, read: Callable[[Parameter], object]) -> object:
        figure = asked[name]
        return None if figure is None else read(figure)

    return RefundFigures(
        ratio_sme=_ratio("sme", region, day, book, reasons),
        ratio_large=_ratio("large", region, day, book, reasons),
        amount_cap=cap.money if cap else None,
        apply_themselves=applies.flag if applies else None,
        struggling_head=_struggling(region, day, book, reasons),
        reasons=reasons,
        **{name: value(name, _READ[name]) for name in _ASKED},  # type: ignore[arg-type]
    )


def screened(facts: EmployerFacts, figures: RefundFigures) -> Screened:
    """The employer judged by the figures."""
    size = _size(facts, figures)
    insured = sum(heads > 0 for heads in facts.heads)
    base, base_months, lost = _layoff(facts, figures, insured)
    months = facts.months_before + sum(
        heads > 0 and paid >= due for heads, due, paid in zip(facts.heads, facts.due, facts.paid, strict=True)
    )
    short = sum(max(due - paid, 0) for due, paid in zip(facts.due, facts.paid, strict=True))
    paid, arrears = Money(sum(facts.paid) - facts.placed_public), Money(facts.owed + short)
    judged = {
        "kind": facts.kind == "self_employed"
        or (facts.kind == "public_body" and figures.public_bodies is False),
        "months": figures.min_months is not None and months < figures.min_months,
        "paid": paid.fen <= 0,
        "arrears": bool(figures.sound) and arrears.fen > 0,
        "layoff": _over(base, base_months, lost, figures),
        "industry": bool(figures.sound) and bool(facts.listed & {"environment", "industry"}),
        "dishonest": bool(figures.sound) and "dishonest" in facts.listed,
        "zombie": bool(figures.sound) and "zombie" in facts.listed,
    }
    failed = tuple(name for name in CONDITIONS if judged[name])
    amount, passed_on, way = _amount(facts, figures, size, paid)
    outcome = _outcome(facts, figures, failed, amount)
    pays = outcome in ("eligible", "apply") and amount is not None
    return Screened(
        outcome=outcome,
        failed=failed,
        kind=facts.kind,
        size=size,
        months=months,
        base_heads=base,
        base_months=base_months,
        lost=lost,
        paid=paid,
        arrears=arrears,
        listed=facts.listed,
        amount=amount if pays and amount is not None else Money(0),
        passed_on=passed_on if pays else Money(0),
        way=way if pays else "general",
    )


def _outcome(
    facts: EmployerFacts, figures: RefundFigures, failed: tuple[str, ...], amount: Money | None
) -> Outcome:
    if failed:
        return "no"
    if not figures.whole or amount is None:
        return "gap"
    return "apply" if facts.kind == "dispatch_agency" and figures.apply_themselves else "eligible"


def _size(facts: EmployerFacts, figures: RefundFigures) -> Size:
    if facts.kind in LIKE_SME and figures.like_sme:
        return "sme"
    if facts.size:
        return "large" if facts.size == "large" else "sme"
    insured = sum(heads > 0 for heads in facts.heads)
    large = (
        figures.large_from is not None and insured > 0 and sum(facts.heads) >= figures.large_from * insured
    )
    return "large" if large else "sme"


def _layoff(facts: EmployerFacts, figures: RefundFigures, insured: int) -> tuple[int, int, int]:
    """Base of the rate, the months that it is a sum over, and how many were lost."""
    net = max(facts.previous_end - facts.heads[-1], 0)
    if figures.formula == "average":
        return sum(facts.heads), max(insured, 1), facts.claimants
    lost = {"net": net, "either": min(net, facts.claimants)}.get(figures.formula or "", facts.claimants)
    return facts.previous_end, 1, lost


def _over(base: int, base_months: int, lost: int, figures: RefundFigures) -> bool:
    """Whether too many were let go, or nobody was insured to reckon it by."""
    if figures.layoff is None or figures.layoff_small is None or figures.small_insured is None:
        return base <= 0
    limit = figures.layoff_small if base <= figures.small_insured * base_months else figures.layoff
    return not layoff_within(lost, base, limit, months=base_months)


def _amount(
    facts: EmployerFacts, figures: RefundFigures, size: Size, paid: Money
) -> tuple[Money | None, Money, Way]:
    """The general refund or that of a struggling employer, whichever is more: it takes one of them, not both."""
    ratio = figures.ratio(size)
    general = None if ratio is None else paid.times(ratio)
    if general is not None and figures.amount_cap is not None:
        general = min(general, figures.amount_cap)
    head = figures.struggling_head
    if "struggling" in facts.listed and head is not None:
        struggling = head.times(facts.heads[-1])
        if general is None or struggling > general:
            return struggling, Money(0), "struggling"
    passed_on = Money(0)
    if general is not None and ratio is not None and facts.kind == "dispatch_agency":
        passed_on = min(general, Money(facts.dispatched).times(ratio))
    return general, passed_on, "general"


def _ratio(
    size: Size, region: str, day: date, book: PolicyBook, reasons: dict[str, Reason]
) -> Decimal | None:
    try:
        ratio, rests_on = ratio_in_force(size, region, day, book)
    except PolicyGap as gap:
        reasons[f"gap:ratio_{size}"] = gap.reason
        return None
    reasons[f"ratio_{size}"] = reason_of(f"ratio_{size}", rests_on[-1].title, *rests_on)
    return ratio


def _struggling(region: str, day: date, book: PolicyBook, reasons: dict[str, Reason]) -> Money | None:
    """Months of the refund times the monthly benefit; there is none outside 2018 to 2020."""
    months = book.find("refund.struggling_months", region, day)
    if months is None:
        return None
    monthly = benefit_amount(region=region, day=day, book=book)
    if isinstance(monthly, Refusal):
        reasons["gap:struggling"] = monthly.reasons[0]
        return None
    reasons["struggling"] = reason_of(
        "struggling", months.title, months, fact=f"月人均失业保险金{monthly.monthly.text}元"
    )
    return monthly.monthly.times(months.count)


_ASKED: Mapping[str, str] = {
    "min_months": "min_months",
    "small_insured": "small_insured",
    "layoff": "layoff_ratio",
    "layoff_small": "layoff_ratio_small",
    "formula": "layoff_formula",
    "sound": "sound_business",
    "like_sme": "social_org_as_sme",
    "large_from": "large_from",
    "public_bodies": "public_bodies",
}
_READ: Mapping[str, Callable[[Parameter], object]] = {
    "min_months": lambda figure: figure.count,
    "small_insured": lambda figure: figure.count,
    "layoff": lambda figure: figure.decimal,
    "layoff_small": lambda figure: figure.decimal,
    # a way of reckoning that nobody knows judges nobody
    "formula": lambda figure: figure.value if figure.value in FORMULAS else None,
    "sound": lambda figure: figure.flag,
    "like_sme": lambda figure: figure.flag,
    "large_from": lambda figure: figure.count,
    "public_bodies": lambda figure: figure.flag,
}
#: what of the figures is kept in columns
FIGURES: tuple[str, ...] = tuple(each.name for each in fields(RefundFigures) if each.name != "reasons")
