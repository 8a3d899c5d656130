"""The subsidy for a skill certificate (技能提升补贴): every condition with its reason, and the amount by level.

Pure. Source: 人社部发〔2017〕40号; 鲁人社发〔2023〕5号 and the notices of 2024 and 2025 (``skill.*``). Whether the figures of
the certificate's day or of the application's day govern is an open question: ``skill.governed_by``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from engine.law.benefits import LEVEL_NAMES, SkillLevel, skill_subsidy
from engine.law.policy import PolicyBook, or_refusal, reason_of
from engine.values import Money, Reason, Refusal

#: every level that a certificate may have, lowest first; the highest two have never had a subsidy
LEVELS = ("junior", "intermediate", "senior", "technician", "senior_technician")
SOURCE = "人力资源社会保障部 财政部关于失业保险支持参保职工提升职业技能有关问题的通知（人社部发〔2017〕40号）"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierSubsidy:
    """A subsidy that the person was granted before, anywhere."""

    occupation: str
    level: str
    #: calendar year of the application
    year: int
    urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillFacts:
    """One certificate and its holder on the day of the application."""

    region: str
    occupation: str
    #: word of ``LEVELS``
    level: str
    issued_on: date
    #: the day of the application, or the day on which the office found the certificate
    applied_on: date
    months_paid: int
    #: an employer pays contributions for the holder now
    insured: bool
    #: draws unemployment benefit now
    drawing: bool
    #: the occupation is on the list of those in urgent need (急需紧缺)
    urgent: bool
    #: a training subsidy was paid for the same certificate
    trained: bool
    #: which office has paid it before, as the register knows; empty for none
    paid_by: str = ""
    earlier: Sequence[EarlierSubsidy] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillFound:
    """Whether the certificate earns a subsidy; every failed condition when not."""

    eligible: bool
    amount: Money
    #: last day to apply, inclusive
    apply_by: date
    reasons: tuple[Reason, ...]
    #: only time is missing: contributions or insurance that may still come before ``apply_by``
    may_come: bool = False


#: failures that time may mend
_MAY_COME = frozenset({"skill_paid_too_short", "skill_not_insured"})


@or_refusal
def skill_due(facts: SkillFacts, book: PolicyBook) -> SkillFound | Refusal:
    """Every condition, and the amount of the level; refused where no figure is on file, never guessed.

    Unit: yuan, once for a certificate.
    """
    day = governing_day(facts, book)
    found = skill_subsidy(
        certificate_on=facts.issued_on,
        applied_on=facts.applied_on,
        level=cast(SkillLevel, facts.level),
        months_paid=facts.months_paid,
        day=day,
        region=facts.region,
        book=book,
    )
    if isinstance(found, Refusal):
        return found
    failed = [] if found.eligible else list(found.reasons)
    failed += _not_insured(facts, day, book)
    failed += _paid_before(facts)
    failed += _same_occupation(facts)
    failed += _too_many(facts, day, book)
    if failed:
        return SkillFound(
            eligible=False,
            amount=Money(0),
            apply_by=found.apply_by,
            reasons=tuple(failed),
            may_come=all(reason.code in _MAY_COME for reason in failed),
        )
    return SkillFound(
        eligible=True,
        amount=found.amount,
        apply_by=found.apply_by,
        reasons=(*found.reasons, _governed(facts, book, day)),
    )


def governing_day(facts: SkillFacts, book: PolicyBook) -> date:
    """The day whose figures decide: the certificate's, or the application's."""
    setting = book.at("skill.governed_by", facts.region, facts.applied_on)
    return facts.issued_on if setting.value == "certificate" else facts.applied_on


def _governed(facts: SkillFacts, book: PolicyBook, day: date) -> Reason:
    setting = book.at("skill.governed_by", facts.region, facts.applied_on)
    by = "证书核发日" if setting.value == "certificate" else "申请日"
    return reason_of(
        "skill_governed_by",
        f"按{by}（{day.isoformat()}）的标准核定",
        setting,
        text_en=f"Figures of {day.isoformat()} count",
    )


def _not_insured(facts: SkillFacts, day: date, book: PolicyBook) -> list[Reason]:
    """Insured in work; since the notices of 2022 also people who draw benefit."""
    claimants = book.find("skill.claimants", facts.region, day)
    if facts.insured:
        return []
    if facts.drawing and claimants is not None and claimants.flag:
        return []
    text = (
        "须是正在参保缴费的企业职工或领取失业保险金人员"
        if claimants is not None
        else "须是正在参保缴费的企业职工"
    )
    return [
        Reason(
            code="skill_not_insured",
            text=text,
            text_en="The holder is neither insured in work nor drawing benefit.",
            source=claimants.source if claimants is not None else SOURCE,
            parameter=claimants.label if claimants is not None else "",
            fact="目前没有单位缴费" + ("，在领失业保险金" if facts.drawing else "，也没有在领失业保险金"),
        )
    ]


def _paid_before(facts: SkillFacts) -> list[Reason]:
    failed = []
    if facts.paid_by:
        failed.append(
            Reason(
                code="skill_paid_before",
                text="同一证书只能享受一次技能提升补贴，各地通查",
                text_en="A certificate is subsidised once, wherever that was.",
                source=SOURCE,
                fact=f"已由{facts.paid_by}发放",
            )
        )
    if facts.trained:
        failed.append(
            Reason(
                code="skill_training_paid",
                text="同一证书已享受职业培训补贴的，不再享受技能提升补贴",
                text_en="A training subsidy was paid for the same certificate.",
                source=SOURCE,
            )
        )
    return failed


def _same_occupation(facts: SkillFacts) -> list[Reason]:
    """The same level once, and no lower one after a higher one, in one occupation."""
    own = LEVELS.index(facts.level)
    ranks = [LEVELS.index(each.level) for each in facts.earlier if each.occupation == facts.occupation]
    if own in ranks:
        code, text, english = (
            "skill_same_level",
            "同一职业（工种）同一等级只能享受一次",
            "The same level of the same occupation is subsidised once.",
        )
    elif any(rank > own for rank in ranks):
        code, text, english = (
            "skill_lower_level",
            "同一职业（工种）已享受较高等级补贴的，不再享受较低等级补贴",
            "No lower level after a higher one of the same occupation.",
        )
    else:
        return []
    highest = LEVEL_NAMES[LEVELS[max(ranks)]]
    fact = f"职业（工种）{facts.occupation}，已享受{highest}"
    return [Reason(code=code, text=text, text_en=english, source=SOURCE, fact=fact)]


def _too_many(facts: SkillFacts, day: date, book: PolicyBook) -> list[Reason]:
    """So many in a calendar year, and some more for occupations in urgent need; no limit where no rule says one."""
    usual = book.find("skill.per_year", facts.region, day)
    if usual is None:
        return []
    more = book.find("skill.per_year_urgent", facts.region, day)
    same_year = [each for each in facts.earlier if each.year == facts.applied_on.year]
    plain = sum(not each.urgent for each in same_year)
    most = usual.count + (more.count if more is not None else 0)
    if len(same_year) < most and (facts.urgent or plain < usual.count):
        return []
    words = f"每人每年享受不超过{usual.count}次"
    figures = [usual]
    if more is not None:
        words += f"，急需紧缺职业（工种）另加{more.count}次"
        figures.append(more)
    return [
        reason_of(
            "skill_per_year",
            words,
            *figures,
            text_en=f"At most {usual.count} a year, {most} with occupations in urgent need",
            fact=f"{facts.applied_on.year}年已享受{len(same_year)}次，其中急需紧缺{len(same_year) - plain}次",
        )
    ]
