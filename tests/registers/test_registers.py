"""The adapters keep their Protocols, and the cast's stories come true by the law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta

import pytest
from duties_builders import FILE

from engine.law.entitlement import determine
from engine.law.facts import ClaimFacts, Determination
from engine.law.policy import PolicyBook
from engine.law.screening import refund_due
from engine.refunds.known import facts_of_register
from engine.registers import RegisterDown, Registers
from engine.registers.cast import EMPLOYERS, PEOPLE
from engine.registers.memory import registers_of
from engine.registers.province import Province
from engine.values import Money

DAY = date(2025, 11, 3)
PROVINCE = Province.generate(seed=7, people=100, employers=20, day=DAY)
REGISTERS = registers_of(PROVINCE)
LAW = PolicyBook.load(FILE.parent / "policy")
LI = PEOPLE["li"].id_number


def facts_of(key: str, registers: Registers = REGISTERS, *, day: date = DAY) -> ClaimFacts:
    """What an honest claim of a member of the cast rests on."""
    number = PEOPLE[key].id_number
    citizen, paid = registers.population.person(number), registers.contributions.history(number)
    report, pension = registers.employers.exit_report(number), registers.pensions.record(number)
    assert citizen is not None
    return ClaimFacts(
        person_birth=citizen.birth,
        sex=citizen.sex,
        retirement_class=pension.retirement_class if pension else None,
        region=paid.region,
        applied_on=day,
        months_paid=paid.months_paid,
        deemed_months=paid.deemed_months if paid.deemed_proven else 0,
        carried_months=paid.carried_months,
        exit_day=report.day if report else None,
        exit_reason=report.reason if report else None,
        has_current_contribution=paid.current,
        has_active_business=bool(registers.business.active_registrations(number)),
        receives_pension=bool(pension and pension.receiving),
        wants_work=True,
        household_region=citizen.household_region,
    )


def decided(key: str) -> Determination:
    return determine(facts_of(key), LAW)


@pytest.mark.req("CLAIM-04")
@pytest.mark.parametrize(
    ("key", "second_review"),
    [
        ("li", False),
        ("bo", False),
        ("chen", False),
        ("zheng", False),
        ("qin", False),
        ("lin", True),
        ("feng", True),
    ],
)
def test_who_of_the_cast_is_granted(key: str, second_review: bool) -> None:
    outcome = decided(key)

    assert outcome.granted, outcome.reasons
    assert outcome.needs_second_review is second_review


@pytest.mark.req("CLAIM-06", "CLAIM-09")
@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("ana", "left_voluntarily"),
        ("sun", "still_contributing"),
        ("zhou", "receives_pension"),
        ("wu", "not_qualified"),
        ("jin", "active_business"),
    ],
)
def test_who_of_the_cast_is_refused_and_why(key: str, reason: str) -> None:
    outcome = decided(key)

    assert not outcome.granted
    assert reason in {found.code for found in outcome.reasons}


def test_li_is_paid_the_liaocheng_standard_for_fourteen_months() -> None:
    outcome = decided("li")

    assert (outcome.months, outcome.monthly) == (14, Money.yuan("1818.00"))


def test_zheng_is_past_the_age_and_chen_is_not() -> None:
    assert PEOPLE["zheng"].birth < date(1964, 12, 31)
    assert facts_of("chen").retirement_class == "F50"
    assert REGISTERS.contributions.history(PEOPLE["chen"].id_number).deemed_proven is False


def test_bo_has_somebody_elses_account_that_the_bank_sends_back() -> None:
    account = REGISTERS.accounts.account(PEOPLE["bo"].id_number)

    assert account is not None
    assert account.holder_id_number != PEOPLE["bo"].id_number
    assert account.number.endswith("1111")


@pytest.mark.req("REFUND-01")
@pytest.mark.parametrize(
    ("key", "eligible", "amount"),
    [("guangyue", True, "86400.00"), ("dongchang", True, "360000.00"), ("fenghuang", False, "")],
)
def test_the_cast_employers_are_screened_as_their_story_says(key: str, eligible: bool, amount: str) -> None:
    employer = EMPLOYERS[key]
    year = REGISTERS.retention.employer_year(employer.credit_code, 2024)
    assert year is not None

    found = refund_due(facts_of_register(year, employer.region), DAY, LAW)

    assert (found.outcome == "eligible") is eligible
    if eligible:
        assert found.amount == Money.yuan(amount)
        assert amount in employer.story


def test_numbers_and_keys_of_the_cast_are_their_own() -> None:
    assert len({person.id_number for person in PEOPLE.values()}) == len(PEOPLE)
    assert len({employer.credit_code for employer in EMPLOYERS.values()}) == len(EMPLOYERS)
    assert all(person.story for person in PEOPLE.values())
    assert LI == "371502198206150014"


def test_whoever_is_unknown_is_answered_with_nothing() -> None:
    nobody = "110105194912310021"

    assert REGISTERS.contributions.history(nobody).months_paid == 0
    assert REGISTERS.employers.exit_report(nobody) is None
    assert REGISTERS.pensions.record(nobody) is None
    assert REGISTERS.business.active_registrations(nobody) == ()
    assert REGISTERS.business.employer("91350100M000100Y43") is None
    assert REGISTERS.population.person(nobody) is None
    assert REGISTERS.employment.services(nobody) == ()
    assert REGISTERS.accounts.account(nobody) is None
    assert REGISTERS.skills.certificates(nobody) == ()
    assert REGISTERS.retention.employer_year("91350100M000100Y43", 2024) is None
    assert REGISTERS.retention.employer_year(EMPLOYERS["guangyue"].credit_code, 1999) is None


@pytest.mark.parametrize("register", [field.name for field in fields(Registers)])
def test_a_register_that_is_down_says_so_until_it_is_up_again(register: str) -> None:
    outages: set[str] = {register}
    registers = registers_of(PROVINCE, outages=outages)
    ask: dict[str, Callable[[], object]] = {
        "contributions": lambda: registers.contributions.history(LI),
        "employers": lambda: registers.employers.exit_report(LI),
        "pensions": lambda: registers.pensions.record(LI),
        "business": lambda: registers.business.active_registrations(LI),
        "population": lambda: registers.population.person(LI),
        "employment": lambda: registers.employment.services(LI),
        "accounts": lambda: registers.accounts.account(LI),
        "retention": lambda: registers.retention.employer_year(EMPLOYERS["guangyue"].credit_code, 2024),
        "skills": lambda: registers.skills.certificates(LI),
    }

    for name, question in ask.items():
        if name == register:
            with pytest.raises(RegisterDown, match=register) as caught:
                question()
            assert caught.value.retryable
            assert LI not in str(caught.value)
        else:
            question()
    outages.clear()
    ask[register]()


def test_a_changed_resident_is_found_by_the_next_match_and_nobody_else_changes() -> None:
    li = PROVINCE.residents[LI]
    died = replace(li, population=replace(li.population, deceased_on=DAY + timedelta(days=40)))

    later = registers_of(PROVINCE.with_resident(died))

    record = later.population.person(LI)
    assert record is not None
    assert record.deceased_on == DAY + timedelta(days=40)
    assert REGISTERS.population.person(LI) == li.population
    ana = PEOPLE["ana"].id_number
    assert later.population.person(ana) == REGISTERS.population.person(ana)
