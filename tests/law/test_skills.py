"""The subsidy for a skill certificate, condition by condition (policy digest §2.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from engine.law.policy import PolicyBook
from engine.law.skills import EarlierSubsidy, SkillFacts, SkillFound, skill_due
from engine.values import Refusal

LAW = PolicyBook.load(Path(__file__).parents[2] / "processes" / "policy")
FACTS = SkillFacts(
    region="371502",
    occupation="电工",
    level="intermediate",
    issued_on=date(2025, 2, 10),
    applied_on=date(2025, 6, 3),
    months_paid=12,
    insured=True,
    drawing=False,
    urgent=False,
    trained=False,
)


def earlier(
    occupation: str = "焊工", level: str = "junior", *, year: int = 2025, urgent: bool = False
) -> EarlierSubsidy:
    return EarlierSubsidy(occupation=occupation, level=level, year=year, urgent=urgent)


def found(**changes: object) -> SkillFound:
    outcome = skill_due(replace(FACTS, **changes), LAW)  # type: ignore[arg-type]
    assert isinstance(outcome, SkillFound), outcome
    return outcome


def failed(**changes: object) -> list[str]:
    """The codes of every failed condition; empty where the subsidy is due."""
    outcome = found(**changes)
    return [] if outcome.eligible else [reason.code for reason in outcome.reasons]


@pytest.mark.req("REFUND-06")
@pytest.mark.parametrize(
    ("level", "yuan"), [("junior", "1000.00"), ("intermediate", "1500.00"), ("senior", "2000.00")]
)
def test_the_amount_goes_by_the_level(level: str, yuan: str) -> None:
    assert found(level=level).amount.text == yuan


@pytest.mark.req("REFUND-06")
def test_a_level_without_an_amount_on_file_is_a_gap_and_no_zero() -> None:
    outcome = skill_due(replace(FACTS, level="technician"), LAW)

    assert isinstance(outcome, Refusal)
    assert [reason.code for reason in outcome.reasons] == ["policy_gap"]


@pytest.mark.req("REFUND-06")
@pytest.mark.parametrize(
    ("issued", "applied", "months", "codes"),
    [
        (date(2025, 2, 10), date(2026, 2, 10), 12, []),
        (date(2025, 2, 10), date(2026, 2, 11), 12, ["skill_too_late"]),
        (date(2025, 2, 10), date(2025, 6, 3), 11, ["skill_paid_too_short"]),
        # the figures of the certificate's day govern: 36 months until 2022
        (date(2022, 12, 30), date(2023, 6, 3), 35, ["skill_paid_too_short"]),
        (date(2022, 12, 30), date(2023, 6, 3), 36, []),
        (date(2023, 1, 3), date(2023, 6, 3), 12, []),
    ],
)
def test_twelve_months_to_apply_and_the_months_of_the_certificates_year(
    issued: date, applied: date, months: int, codes: list[str]
) -> None:
    assert failed(issued_on=issued, applied_on=applied, months_paid=months) == codes


@pytest.mark.req("REFUND-06")
def test_people_on_benefit_are_in_since_the_notice_and_others_out_of_work_never() -> None:
    assert failed(insured=False, drawing=True) == []
    assert failed(insured=False, drawing=False) == ["skill_not_insured"]
    old = {"issued_on": date(2021, 6, 1), "applied_on": date(2021, 9, 1), "months_paid": 36}
    assert failed(insured=False, drawing=True, **old) == ["skill_not_insured"]


@pytest.mark.req("REFUND-06")
@pytest.mark.parametrize(
    ("before", "urgent", "codes"),
    [
        ([], False, []),
        ([earlier()], False, ["skill_per_year"]),
        ([earlier()], True, []),
        ([earlier(urgent=True)], False, []),
        ([earlier(urgent=True), earlier("保育师", urgent=True)], False, []),
        ([earlier(), earlier("保育师", urgent=True)], True, []),
        ([earlier(urgent=True)] * 3, True, ["skill_per_year"]),
        ([earlier(year=2024)], False, []),
    ],
)
def test_one_a_year_and_two_more_for_occupations_in_urgent_need(
    before: list[EarlierSubsidy], urgent: bool, codes: list[str]
) -> None:
    assert failed(earlier=before, urgent=urgent) == codes


@pytest.mark.req("REFUND-06")
def test_three_a_year_in_2024() -> None:
    in_2024 = {"issued_on": date(2024, 2, 10), "applied_on": date(2024, 6, 3)}

    assert failed(earlier=[earlier(year=2024)] * 2, **in_2024) == []
    assert failed(earlier=[earlier(year=2024)] * 3, **in_2024) == ["skill_per_year"]


@pytest.mark.req("REFUND-06")
@pytest.mark.parametrize(
    ("level", "codes"),
    [("junior", ["skill_lower_level"]), ("intermediate", ["skill_same_level"]), ("senior", [])],
)
def test_in_one_occupation_each_level_once_and_only_upwards(level: str, codes: list[str]) -> None:
    assert failed(level=level, earlier=[earlier("电工", "intermediate", year=2024)]) == codes


@pytest.mark.req("REFUND-06")
def test_not_beside_a_training_subsidy_and_not_twice_anywhere() -> None:
    assert failed(trained=True, paid_by="德州市失业保险处") == ["skill_paid_before", "skill_training_paid"]


@pytest.mark.req("REFUND-06")
def test_every_failed_condition_is_told_and_only_time_may_mend_some() -> None:
    assert failed(months_paid=3, insured=False, trained=True) == [
        "skill_paid_too_short",
        "skill_not_insured",
        "skill_training_paid",
    ]
    assert found(months_paid=3).may_come
    assert not found(months_paid=3, trained=True).may_come
