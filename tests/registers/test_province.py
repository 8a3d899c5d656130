"""The made-up province: deterministic, valid, and as awkward as it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from duties_builders import FILE, NOW, VAULT, new_database
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.law import identity
from engine.people import Employer, Person, find_person, sync_regions
from engine.registers.cast import EMPLOYERS, PEOPLE
from engine.registers.firms import LAYOFF_BOUNDARIES
from engine.registers.numbers import card_number_for, credit_code_for, id_number_for
from engine.registers.province import MOST_PEOPLE, Province, ProvinceSizeError, load_province, seed_province
from engine.registers.residents import RATES, SITUATIONS
from engine.store.db import Base
from engine.values import Refusal

DAY = date(2026, 11, 3)
PROVINCE = Province.generate(seed=7, people=5000, employers=300, day=DAY)
GENERATED = [file for file in PROVINCE.residents.values() if "cast" not in file.traits]


# --- numbers --------------------------------------------------------------------------------------


@given(
    region=st.integers(110000, 659999),
    birth=st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    sequence=st.integers(0, 999),
)
@settings(max_examples=200)
def test_every_made_up_identity_number_is_valid_and_says_what_it_was_made_of(
    region: int, birth: date, sequence: int
) -> None:
    number = identity.id_number(id_number_for(region=str(region), birth=birth, sequence=sequence))

    assert not isinstance(number, Refusal)
    assert (number.region, number.birth) == (str(region), birth)
    assert number.sex == ("male" if sequence % 2 else "female")


@given(region=st.integers(110000, 659999), place=st.integers(0, 16), digit=st.integers(1, 9))
@settings(max_examples=200)
def test_one_wrong_digit_is_always_noticed(region: int, place: int, digit: int) -> None:
    good = id_number_for(region=str(region), birth=date(1980, 1, 1), sequence=17)
    bad = good[:place] + str((int(good[place]) + digit) % 10) + good[place + 1 :]

    assert isinstance(identity.id_number(bad), Refusal)


@given(organisation=st.from_regex("[A-HJ-NP-RTUW-Y][0-9]{7}", fullmatch=True))
@settings(max_examples=100)
def test_every_made_up_credit_code_is_valid(organisation: str) -> None:
    assert not isinstance(
        identity.credit_code(credit_code_for(prefix="91", region="371502", organisation=organisation)),
        Refusal,
    )


@given(body=st.integers(0, 10**8 - 1))
@settings(max_examples=200)
def test_every_made_up_card_passes_luhn_and_only_the_meant_ones_come_back(body: int) -> None:
    plain, returned = card_number_for(body), card_number_for(body, ending="1111")

    for card in (plain, returned):
        judged = identity.bank_card(card)
        assert not isinstance(judged, Refusal)
        assert judged.warnings == ()
        assert len(card) == 19
    assert returned.endswith("1111")
    assert plain[-4:] not in ("0000", "1111", "2222")


# --- the province ---------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_province_and_another_seed_another() -> None:
    again = Province.generate(seed=7, people=200, employers=300, day=DAY)
    other = Province.generate(seed=8, people=200, employers=300, day=DAY)

    assert list(again.residents.items()) == list(PROVINCE.residents.items())[: len(again.residents)]
    assert again.employers == PROVINCE.employers
    assert set(other.residents) & set(again.residents) == {person.id_number for person in PEOPLE.values()}


def test_no_two_residents_share_a_number_up_to_the_limit() -> None:
    assert len(PROVINCE.residents) == 5000 + len(PEOPLE)
    assert len(PROVINCE.employers) == 300 + len(EMPLOYERS)


@pytest.mark.slow
def test_no_two_residents_share_a_number_at_the_limit() -> None:
    assert len(
        Province.generate(seed=3, people=MOST_PEOPLE, employers=0, day=DAY).residents
    ) == MOST_PEOPLE + len(PEOPLE)


def test_five_thousand_people_take_less_than_a_second_and_a_half() -> None:

    Province.generate(seed=1, people=5000, employers=300, day=DAY)


@pytest.mark.parametrize("trait", RATES)
def test_every_awkward_case_is_met_at_the_stated_rate(trait: str) -> None:
    met = Counter(name for file in GENERATED for name in file.traits)[trait]
    expected = RATES[trait] * len(GENERATED)
    if trait in ("carried", "deemed_proven", "deemed_unproven"):
        expected *= 1 - SITUATIONS["never_insured"]

    # four standard deviations of a Poisson count: the seed is fixed, so this never fails by chance
    assert abs(met - expected) <= 4 * expected**0.5 + 1


def test_the_situations_add_up_to_one() -> None:
    assert sum(SITUATIONS.values()) == pytest.approx(1)


def test_every_number_in_the_province_is_valid() -> None:
    for file in PROVINCE.residents.values():
        number = identity.id_number(file.population.id_number)
        assert not isinstance(number, Refusal)
        assert (number.birth, number.sex) == (file.population.birth, file.population.sex)
    for firm in PROVINCE.employers.values():
        assert not isinstance(identity.credit_code(firm.record.credit_code), Refusal)


def test_nobody_pays_left_died_or_draws_in_the_future() -> None:
    for file in PROVINCE.residents.values():
        days = [file.population.deceased_on, file.population.emigrated_on, file.population.serving_since]
        days += [file.exit.day, file.exit.reported_on] if file.exit else []
        days += [file.pension.since] if file.pension else []
        days += [service.day for service in file.services]
        assert all(day <= DAY for day in days if day is not None)
        assert file.exit is None or file.exit.day <= file.exit.reported_on
        assert file.contributions.last_month is None or file.contributions.last_month.first_day < DAY


def test_what_a_trait_says_the_registers_say_too() -> None:
    for file in GENERATED:
        traits, exit_report = file.traits, file.exit
        assert ("wrong_holder" in traits and file.account is not None) == (
            file.account is not None and file.account.holder_id_number != file.population.id_number
        )
        assert ("on_pension" in traits) == bool(file.pension and file.pension.receiving)
        assert ("active_business" in traits) == bool(file.businesses)
        assert file.contributions.current == bool(traits & {"employed", "re_employed"})
        assert (exit_report is not None and exit_report.reason == "") == ("exit_reason_missing" in traits)
        assert (file.contributions.months_paid < 12) == bool(traits & {"short", "never_insured"})
        assert file.contributions.deemed_proven == ("deemed_unproven" not in traits)


def test_every_layoff_boundary_stands_in_the_province() -> None:
    met = {
        (year.insured_previous_year_end, year.left)
        for firm in PROVINCE.employers.values()
        for year in firm.years.values()
    }

    assert set(LAYOFF_BOUNDARIES) <= met
    for firm in PROVINCE.employers.values():
        assert sorted(firm.years) == [2023, 2024, 2025]
        assert all(0 <= year.left <= year.insured_previous_year_end for year in firm.years.values())


@pytest.mark.parametrize(("people", "employers"), [(-1, 0), (0, -1), (MOST_PEOPLE + 1, 0)])
def test_an_impossible_size_is_refused(people: int, employers: int) -> None:
    with pytest.raises(ProvinceSizeError):
        Province.generate(seed=1, people=people, employers=employers, day=DAY)


def test_an_empty_province_still_has_its_cast() -> None:
    empty = Province.generate(seed=1, people=0, employers=0, day=DAY)
    jobless = Province.generate(seed=1, people=3, employers=0, day=DAY)

    assert len(empty.residents) == len(PEOPLE)
    assert len(jobless.residents) == len(PEOPLE) + 3


# --- remembered -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database(server: str) -> Iterator[Engine]:
    with new_database(server) as engine:
        names = ("region", "person", "employer", "access_record", "generated_province")
        Base.metadata.create_all(engine, tables=[Base.metadata.tables[name] for name in names])
        yield engine


def test_a_seeded_province_is_the_same_in_the_next_process(database: Engine) -> None:
    with Session(database) as session, session.begin():
        sync_regions(session, FILE.parent / "regions.yaml")
        assert load_province(session) is None
        for _ in range(2):
            seeded = seed_province(session, VAULT, seed=5, people=50, employers=20, day=DAY, now=NOW)

    with Session(database) as session:
        loaded = load_province(session)

        assert loaded == seeded
        assert session.scalar(select(func.count()).select_from(Employer)) == 20 + len(EMPLOYERS)
        assert session.scalar(select(func.count()).select_from(Person)) == len(PEOPLE)
        for person in PEOPLE.values():
            kept = session.get_one(Person, find_person(session, VAULT, person.id_number))
            assert (kept.name, kept.region_code) == (person.name, person.region)
