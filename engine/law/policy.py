"""The policy book: every number of the law by key, region and day, each with its source.

Pure once loaded. Holds no rule: the rules in this package ask it for figures. Nothing in force on the day is
``PolicyGap``; an expired figure is never rolled forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import ParamSpec, TypeVar

from engine.law import catalogues
from engine.law.catalogues import ExitReason, ForbiddenDemand, Source
from engine.law.policy_file import Entry, Findings, PolicyFileError, Value, read_topic
from engine.values import Money, Month, Reason, Refusal, reach

P = ParamSpec("P")
T = TypeVar("T")

NATIONAL = "000000"
_CATALOGUES = frozenset({"sources.yaml", "exit-reasons.yaml", "forbidden-demands.yaml"})


class PolicyGap(Exception):
    """当日没有有效的政策参数；须由经办机构补录，系统不沿用过期数值。"""

    retryable = False

    def __init__(self, key: str, region: str, day: date, title: str = "") -> None:
        self.key, self.region, self.day, self.title = key, region, day, title or key
        super().__init__(f"{self.title}（{key}）：{region} 在 {day.isoformat()} 没有有效规定")

    @property
    def reason(self) -> Reason:
        """The gap as a reason of code ``policy_gap``."""
        return Reason(
            code="policy_gap",
            text=f"{self.title}：{self.region}在{self.day.isoformat()}没有有效规定，系统不沿用过期或他地数值",
            text_en=f"No rule in force for {self.key} in {self.region} on {self.day.isoformat()}",
            parameter=f"{self.key}@{self.region}",
            verified=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One figure in force: its value and where it comes from."""

    key: str
    title: str
    #: the region whose rule this is; may be wider than the region asked for
    region: str
    value: Value
    unit: str
    #: title, number and provision, as a letter cites it
    source: str
    verified: bool
    valid_from: date
    #: last day in force, inclusive; None while nothing ends it
    last_day: date | None
    note: str = ""

    @property
    def label(self) -> str:
        """Key, region and value, the form kept in a reason: ``benefit.ratio@370000=0.90``."""
        shown = self.value.text if isinstance(self.value, Money) else self.value
        if isinstance(shown, tuple):
            shown = ",".join(str(each) for each in shown)
        if isinstance(shown, bool):
            shown = "true" if shown else "false"
        return f"{self.key}@{self.region}={shown}"

    @property
    def money(self) -> Money:
        """The value as an amount."""
        if not isinstance(self.value, Money):
            raise self._misused("金额")
        return self.value

    @property
    def decimal(self) -> Decimal:
        """The value as an exact ratio or factor."""
        if not isinstance(self.value, Decimal):
            raise self._misused("比例")
        return self.value

    @property
    def count(self) -> int:
        """The value as a whole number."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self._misused("整数")
        return self.value

    @property
    def flag(self) -> bool:
        """The value as yes or no."""
        if not isinstance(self.value, bool):
            raise self._misused("是否")
        return self.value

    @property
    def month(self) -> Month:
        """The value as a calendar month."""
        if not isinstance(self.value, Month):
            raise self._misused("月份")
        return self.value

    @property
    def day(self) -> date:
        """The value as a calendar day."""
        if not isinstance(self.value, date):
            raise self._misused("日期")
        return self.value

    @property
    def table(self) -> tuple[int, ...]:
        """The value as months for each full year, the last for all beyond."""
        if not isinstance(self.value, tuple):
            raise self._misused("年限表")
        return self.value

    def _misused(self, wanted: str) -> PolicyFileError:
        return PolicyFileError((f"{self.label}：单位 {self.unit} 不是规则需要的{wanted}",))

    def for_years(self, years: int) -> int:
        """Months that the table gives for so many full years; zero below one year."""
        return self.table[min(years, len(self.table)) - 1] if years >= 1 else 0


class PolicyBook:
    """All figures, sources, exit reasons and forbidden demands of one set of files."""

    def __init__(
        self,
        *,
        series: Mapping[tuple[str, str], tuple[Parameter, ...]],
        sources: Mapping[str, Source],
        exit_reasons: Mapping[str, ExitReason],
        forbidden_demands: tuple[ForbiddenDemand, ...],
        tried: Mapping[str, Parameter] | None = None,
    ) -> None:
        self._series = series
        self._tried = tried or {}
        self.sources = sources
        self.exit_reasons = exit_reasons
        self.forbidden_demands = forbidden_demands
        self._titles = {key: found[0].title for (key, _), found in series.items()}

    @classmethod
    def load(cls, directory: Path) -> PolicyBook:
        """The book in ``processes/policy``; PolicyFileError lists file, line, key and fault of all that is wrong."""
        findings = Findings()
        sources = catalogues.read_sources(directory / "sources.yaml", findings)
        exit_reasons = catalogues.read_exit_reasons(directory / "exit-reasons.yaml", sources, findings)
        demands = catalogues.read_forbidden_demands(directory / "forbidden-demands.yaml", sources, findings)
        entries: list[Entry] = []
        for path in sorted(directory.glob("*.yaml")):
            if path.name not in _CATALOGUES:
                entries.extend(read_topic(path, findings))
        series = _in_series(entries, sources, findings)
        findings.refuse_if_any()
        return cls(series=series, sources=sources, exit_reasons=exit_reasons, forbidden_demands=demands)

    def with_tried(self, figures: Iterable[Parameter]) -> PolicyBook:
        """A copy in which each of these figures holds for its region and all below it, whatever the files say.

        For trials only: nothing is published by it, and this book stays as it is.
        """
        return PolicyBook(
            series=self._series,
            sources=self.sources,
            exit_reasons=self.exit_reasons,
            forbidden_demands=self.forbidden_demands,
            tried={each.key: each for each in figures},
        )

    def titles_of(self, parameters: str) -> str:
        """What the parameters of a reason (``key@region=value；…``) are called, for people; a key without a title as it is."""
        keys = (each.partition("@")[0] for each in parameters.split("；"))
        return "、".join(dict.fromkeys(self._titles.get(key, key) for key in keys))

    def at(self, key: str, region: str, day: date) -> Parameter:
        """The figure in force that day, of the most specific region; PolicyGap when there is none.

        371502 asks 371502, 371500, 370000 and 000000 in turn. First and last day are inclusive.
        """
        found = self.find(key, region, day)
        if found is None:
            raise PolicyGap(key, region, day, self._titles.get(key, ""))
        return found

    def find(self, key: str, region: str, day: date) -> Parameter | None:
        """As ``at``, but None when nothing is in force."""
        tried = self._tried.get(key)
        if tried is not None and region.startswith(reach(tried.region)):
            return tried
        for wider in region_chain(region):
            for parameter in self._series.get((key, wider), ()):
                if parameter.valid_from <= day and (parameter.last_day is None or day <= parameter.last_day):
                    return parameter
        return None

    def spans(self, key: str, region: str) -> tuple[tuple[date, date | None, Parameter], ...]:
        """First day, last day (None: open) and figure of every stretch in which ``find`` answers the same figure."""
        known = [each for wider in region_chain(region) for each in self._series.get((key, wider), ())]
        turns = {each.valid_from for each in known}
        turns |= {each.last_day + timedelta(days=1) for each in known if each.last_day}
        days = sorted(turns)
        found = [(day, self.find(key, region, day)) for day in days]
        ends = [later - timedelta(days=1) for later in days[1:]]
        return tuple(
            (day, last, figure)
            for (day, figure), last in zip(found, (*ends, None), strict=True)
            if figure is not None
        )

    def parameters(self) -> tuple[Parameter, ...]:
        """Every figure, by key, region and day, for the page that lists them."""
        return tuple(each for _, found in sorted(self._series.items()) for each in found)

    @staticmethod
    def unverified_used(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
        """The reasons that rest on a figure or rule still waiting for the bureau's confirmation."""
        return tuple(reason for reason in reasons if not reason.verified)


def region_chain(region: str) -> tuple[str, ...]:
    """The region and the wider ones around it, most specific first, each once."""
    return tuple(dict.fromkeys((region, f"{region[:4]}00", f"{region[:2]}0000", NATIONAL)))


def reason_of(
    code: str, text: str, *parameters: Parameter, text_en: str = "", fact: str = "", source: str = ""
) -> Reason:
    """A reason that rests on the parameters: their labels, their sources, verified only if all are."""
    sources = dict.fromkeys([source, *(parameter.source for parameter in parameters)])
    return Reason(
        code=code,
        text=text,
        text_en=text_en,
        fact=fact,
        parameter="；".join(parameter.label for parameter in parameters),
        source="；".join(each for each in sources if each),
        verified=all(parameter.verified for parameter in parameters),
    )


def or_refusal(rule: Callable[P, T]) -> Callable[P, T | Refusal]:
    """The rule, with a PolicyGap met inside answered as a Refusal of code ``policy_gap``."""

    @wraps(rule)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T | Refusal:
        try:
            return rule(*args, **kwargs)
        except PolicyGap as gap:
            return Refusal(reasons=(gap.reason,))

    return asked


def _in_series(
    entries: Iterable[Entry], sources: Mapping[str, Source], findings: Findings
) -> dict[tuple[str, str], tuple[Parameter, ...]]:
    grouped: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        grouped.setdefault((entry.key, entry.region), []).append(entry)
        _check_source(entry, sources, findings)
    _check_units(grouped, findings)
    return {
        where: tuple(_parameters(sorted(found, key=lambda entry: entry.valid_from), sources, findings))
        for where, found in grouped.items()
    }


def _check_source(entry: Entry, sources: Mapping[str, Source], findings: Findings) -> None:
    source = sources.get(entry.source)
    if source is None:
        findings.add(entry.place, f"source {entry.source!r} 不在 sources.yaml 里", key=entry.key)
    elif entry.verified and not source.was_read:
        findings.add(
            entry.place,
            f"verified 不得为 true：来源 {entry.source!r} 尚未读到原文（status: {source.status}）",
            key=entry.key,
        )


def _check_units(grouped: Mapping[tuple[str, str], list[Entry]], findings: Findings) -> None:
    units: dict[str, str] = {}
    for (key, _), entries in grouped.items():
        for entry in entries:
            # a limit may change from calendar days to working days; any other change is a slip of the pen
            kinds = {units.setdefault(key, entry.unit), entry.unit}
            if len(kinds) > 1 and kinds != {"days", "workdays"}:
                findings.add(
                    entry.place, f"同一个键先用单位 {units[key]!r}，此处又用 {entry.unit!r}", key=key
                )


def _parameters(
    ordered: list[Entry], sources: Mapping[str, Source], findings: Findings
) -> Iterable[Parameter]:
    for entry in ordered:
        if entry.last_day is not None and entry.last_day < entry.valid_from:
            findings.add(entry.place, "until 早于 from", key=entry.key)
    last_days: dict[int, date | None] = {id(entry): entry.last_day for entry in ordered}
    for entry, later in pairwise(ordered):
        if later.valid_from == entry.valid_from or (entry.last_day and entry.last_day >= later.valid_from):
            findings.add(later.place, f"日期与第{entry.place.line}行的条目重叠", key=entry.key)
        elif entry.last_day is None:
            last_days[id(entry)] = date.fromordinal(later.valid_from.toordinal() - 1)
    for entry in ordered:
        source = sources.get(entry.source)
        yield Parameter(
            key=entry.key,
            title=entry.title,
            region=entry.region,
            value=entry.value,
            unit=entry.unit,
            source=source.cite(entry.article) if source else entry.source,
            verified=entry.verified,
            valid_from=entry.valid_from,
            last_day=last_days[id(entry)],
            note=entry.note,
        )
