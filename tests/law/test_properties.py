"""What holds for all values: months never fall, numbers check, days count both ways, questions never raise."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import ROOT
from engine.law.answers import answer, questions
from engine.law.calendar import WorkCalendar
from engine.law.eligibility import eligibility
from engine.law.entitlement import Months, benefit_months
from engine.law.facts import ClaimFacts, RetirementClass
from engine.law.identity import (
    CreditCode,
    IdNumber,
    credit_check,
    credit_code,
    id_check,
    id_number,
    organisation_check,
)
from engine.law.policy import PolicyBook
from engine.law.refund import settle
from engine.law.retirement import Retirement, add_months, extension, retirement
from engine.law.screening import EmployerFacts, refund_due
from engine.values import Money, Refusal

BOOK = PolicyBook.load(ROOT / "processes" / "policy")
CALENDAR = WorkCalendar.load(ROOT / "processes" / "calendar")
DAY = date(2025, 11, 3)

months = st.integers(0, 600)
regions = st.sampled_from(["371500", "371502", "500000", "500229"])
classes = st.sampled_from(["M60", "F55", "F50"])
births = st.dates(date(1930, 1, 1), date(2010, 12, 31))
alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _months(paid: int, deemed: int, carried: int, region: str) -> int:
    found = benefit_months(paid=paid, deemed=deemed, carried=carried, region=region, day=DAY, book=BOOK)
    assert isinstance(found, Months)
    return found.months


@pytest.mark.req("CLAIM-04")
@given(months, months, st.integers(0, 24), regions)
def test_paying_longer_never_loses_months(paid: int, more: int, carried: int, region: str) -> None:
    assert _months(paid, 0, carried, region) <= _months(paid + more, 0, carried, region) <= 24


@pytest.mark.req("CLAIM-04")
@given(months, months, regions)
def test_deemed_months_count_like_paid_ones(paid: int, deemed: int, region: str) -> None:
    assert _months(paid, deemed, 0, region) == _months(paid + deemed, 0, 0, region)


@pytest.mark.req("CLAIM-05")
@given(
    st.dates(date(1990, 1, 1), DAY),
    st.dates(date(2020, 3, 20), DAY),
    st.sampled_from([*BOOK.exit_reasons, None]),
)
def test_no_claim_is_refused_for_coming_late(
    left_on: date, applied_on: date, exit_reason: str | None
) -> None:
    def decided(exit_day: date) -> bool:
        facts = ClaimFacts(
            person_birth=date(1985, 5, 5),
            sex="female",
            retirement_class=None,
            region="371500",
            applied_on=applied_on,
            months_paid=60,
            deemed_months=0,
            carried_months=0,
            exit_day=exit_day,
            exit_reason=exit_reason,
            has_current_contribution=False,
            has_active_business=False,
            receives_pension=False,
            wants_work=True,
        )
        return eligibility(facts, BOOK).granted

    assert decided(min(left_on, applied_on)) == decided(applied_on)


@given(births, st.integers(0, 400), classes)
def test_born_later_never_retires_earlier(birth: date, days: int, cls: RetirementClass) -> None:
    first = retirement(birth, cls, book=BOOK)
    later = retirement(birth + timedelta(days=days), cls, book=BOOK)

    assert isinstance(first, Retirement)
    assert isinstance(later, Retirement)
    # a day clipped at the end of a short month may hold still, never go back by more than the clip
    assert later.date >= first.date - timedelta(days=3)
    assert 0 <= first.delay_months <= (60 if cls == "F50" else 36)


@pytest.mark.req("CLAIM-10")
@given(births, classes, st.integers(-800, 800))
def test_extension_only_within_a_year_before_retirement(birth: date, cls: RetirementClass, days: int) -> None:
    found = retirement(birth, cls, book=BOOK)
    assert isinstance(found, Retirement)
    expiry = found.date + timedelta(days=days)

    extended = extension(expiry, birth, cls, book=BOOK)

    assert not isinstance(extended, Refusal)
    within = expiry < found.date < add_months(expiry, 12) and found.date >= date(2019, 12, 1)
    assert extended.extends == within
    assert 0 <= extended.months <= 12


@given(st.dates(date(2004, 1, 1), date(2026, 10, 1)), st.integers(1, 40))
def test_days_after_and_days_between_are_inverse(day: date, n: int) -> None:
    end = CALENDAR.after(day, n)

    assert CALENDAR.is_workday(end)
    assert CALENDAR.between(day, end) == n
    assert CALENDAR.between(day, end - timedelta(days=1)) == n - 1


@given(
    st.from_regex(r"[1-9][0-9]{5}", fullmatch=True),
    st.dates(date(1900, 1, 1), date(2025, 12, 31)),
    st.integers(0, 999),
)
def test_made_citizen_number_reads_back(region: str, birth: date, serial: int) -> None:
    first = f"{region}{birth:%Y%m%d}{serial:03d}"

    found = id_number(first + id_check(first))

    assert isinstance(found, IdNumber)
    assert (found.region, found.birth, found.sex) == (region, birth, "male" if serial % 2 else "female")


@given(
    st.from_regex(r"[1-9][0-9]{5}", fullmatch=True),
    st.dates(date(1900, 1, 1), date(2025, 12, 31)),
    st.integers(0, 999),
    st.integers(0, 16),
    st.integers(1, 9),
)
def test_one_wrong_digit_is_found(region: str, birth: date, serial: int, at: int, by: int) -> None:
    first = f"{region}{birth:%Y%m%d}{serial:03d}"
    whole = first + id_check(first)
    wrong = whole[:at] + str((int(whole[at]) + by) % 10) + whole[at + 1 :]

    assert isinstance(id_number(wrong), Refusal)


@given(
    st.text(alphabet, min_size=8, max_size=8), st.text(alphabet, min_size=8, max_size=8), st.integers(0, 16)
)
def test_credit_code_reads_back_and_one_wrong_character_is_found(
    head: str, organisation: str, at: int
) -> None:
    first = head + organisation + organisation_check(organisation)
    whole = first + credit_check(first)
    other = alphabet[(alphabet.index(whole[at]) + 1) % 31]

    assert isinstance(credit_code(whole), CreditCode)
    assert isinstance(credit_code(whole[:at] + other + whole[at + 1 :]), Refusal)


@pytest.mark.req("REFUND-01")
@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_layoff_limit_is_exact(insured: int, left: int) -> None:
    facts = EmployerFacts(
        region="371500",
        kind="enterprise",
        size="small",
        months_before=0,
        previous_end=insured,
        heads=(insured,) * 12,
        due=(100,) * 12,
        paid=(100,) * 12,
        claimants=left,
    )

    found = refund_due(facts, date(2025, 6, 3), BOOK)

    within = 5 * left <= insured if insured <= 30 else 1000 * left <= 55 * insured
    assert found.outcome == ("eligible" if within else "no")


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_settlement_makes_prepayment_equal_to_the_actual(prepaid: int, actual: int) -> None:
    found = settle(prepaid=Money(prepaid), actual=Money(actual))

    assert Money(prepaid) + found.pay - found.recover == Money(actual)
    assert Money(0) in (found.pay, found.recover)


@given(
    st.sampled_from([question.name for question in questions()]),
    st.data(),
    st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    st.sampled_from(["371500", "500229", "000000", "110000", "", "37", "3715001", "ＡＢ"]),
)
def test_no_argument_makes_a_question_raise(name: str, data: st.DataObject, on: date, region: str) -> None:
    question = next(each for each in questions() if each.name == name)
    values = st.one_of(
        st.sampled_from(
            ["", "0", "12", "999999", "-1", "1965-06-15", "2199-12-31", "2025-11", "yes", "M60", "large"]
        ),
        st.sampled_from(
            ["male", "junior", "0.01", "99999999999999", "I01", "benefit.ratio", "claim_decision", "٣"]
        ),
        st.text(max_size=12),
    )
    given_names = st.sampled_from([*question.required, *question.optional, "odd"])
    arguments = data.draw(st.dictionaries(given_names, values, max_size=8))
    arguments |= {each: data.draw(values) for each in question.required if each not in arguments}

    found = answer(name, arguments, on=on, region=region, book=BOOK, calendar=CALENDAR)

    assert isinstance(found["reasons"], list)
    assert found["reasons"] or "refused" not in found
    assert not any(isinstance(value, float | Decimal | date | Money) for value in found.values())
