"""A trial of figures: the screening again by a copy of the law, told before anything is published, and never paid (REFUND-01)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from insured_employers import CITY, book_of_many_places, facts, open_regions, random_facts, send
from offices import FixedClock, settings_for
from openpyxl import load_workbook
from sqlalchemy import select, text

from engine.cases import trials as cases
from engine.cases.office import Office, open_office
from engine.cases.screening import drive as drive_screening
from engine.cases.screening import start_screening
from engine.cases.screening_views import ScreeningView
from engine.cases.sweep import sweep_until_idle
from engine.cases.trial_sheets import export_trial
from engine.cases.trial_views import TrialFilter, TrialView
from engine.cases.trials import drive, propose_trial, trial_bases, trial_changes, trial_view
from engine.duties.staff import seed_staff
from engine.law.policy_file import Value
from engine.law.screening import EmployerFacts, campaign_day, refund_due
from engine.law.trial import TRIABLE, read_changes, tried_book, typed_of
from engine.refunds import screening
from engine.refunds.screening import found_of
from engine.refunds.tables import ScreenDecision, ScreenRun
from engine.refunds.trial_tables import TrialChange, TrialTotal
from engine.refunds.trials import start_trial
from engine.store.export import verify_database
from engine.values import SYSTEM, Actor, Money, Refusal, RegionCode

pytestmark = pytest.mark.req("REFUND-01")

STEWARD = Actor(
    kind="staff", id=9, name="冯书举", region=RegionCode(CITY), duties=frozenset({"data_steward"})
)
MANY = 400


@pytest.fixture(scope="module")
def books(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office on 20 December 2025, whose counties reckon in ways of their own."""
    folder: Path = tmp_path_factory.mktemp("office")
    opened = open_office(settings_for(database_url, folder), clock=FixedClock("2025-12-20T09:00+08:00"))
    open_regions(opened)
    with opened.store.transaction() as session:
        staff = seed_staff(session, opened.duties, opened.vault, day=opened.today, password="changling-2025")
    assert staff["fengshuju"] == STEWARD.id
    policy = tmp_path_factory.mktemp("policy")
    opened.book = book_of_many_places(opened, policy)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def employers(books: Office) -> dict[int, EmployerFacts]:
    """Employers about every boundary, by number."""
    drawn = random.Random(20251220)
    return send(books, [facts(), facts(claimants=7), *(random_facts(drawn) for _ in range(MANY))], year=2024)


@pytest.fixture(scope="module")
def run_id(books: Office, employers: dict[int, EmployerFacts]) -> int:
    """The finished screening of 2025."""
    run = start_screening(books, SYSTEM, year=2025, region=CITY)
    assert isinstance(run, ScreeningView), run.text
    drive_screening(books, run.run_id, say=lambda _done, _total: None)
    return run.run_id


def tried(
    office: Office, run_id: int, changes: Mapping[str, Value], *, year: int = 2025, region: str = CITY
) -> int:
    """A trial of those figures, carried out; its number."""
    with office.store.transaction() as session:
        trial = start_trial(
            session, session.get_one(ScreenRun, run_id), region=region, year=year, day=campaign_day(year, office.today),
            name="试算", changes=changes, book=office.book, actor=SYSTEM, now=office.clock(),
        )  # fmt: skip
    drive(office, trial.id, say=lambda _done, _total: None)
    return trial.id


def differing(office: Office, trial_id: int) -> dict[int, TrialChange]:
    with office.store.reading() as session:
        found = session.scalars(select(TrialChange).where(TrialChange.trial_id == trial_id)).all()
    return {each.employer_id: each for each in found}


def screened(office: Office, run_id: int) -> dict[int, ScreenDecision]:
    with office.store.reading() as session:
        found = session.scalars(select(ScreenDecision).where(ScreenDecision.run_id == run_id)).all()
    return {each.employer_id: each for each in found}


def totals(office: Office, trial_id: int) -> tuple[int, int, int, int]:
    """Employers; what they get before and after, fen; how many gain or lose."""
    with office.store.reading() as session:
        rows = session.scalars(select(TrialTotal).where(TrialTotal.trial_id == trial_id)).all()
    return (
        sum(row.employers for row in rows),
        sum(row.before_fen for row in rows),
        sum(row.after_fen for row in rows),
        sum(row.gain + row.lose for row in rows),
    )


def test_a_trial_without_a_change_finds_what_the_screening_found_row_by_row(
    books: Office, run_id: int, employers: dict[int, EmployerFacts]
):
    unchanged = tried(books, run_id, {})

    before = screened(books, run_id)
    paid = sum(each.amount_fen for each in before.values())
    assert differing(books, unchanged) == {}
    assert totals(books, unchanged) == (len(employers), paid, paid, 0)
    assert paid > 0


CHANGES: Mapping[str, Mapping[str, Value]] = {
    "ratios": {"refund.ratio.sme": Decimal("0.625"), "refund.ratio.large": Decimal("0.25")},
    "layoff limits": {"refund.layoff_ratio": Decimal("0.04"), "refund.layoff_ratio_small": Decimal("0.35")},
    "months and formula": {"refund.min_months": 6, "refund.layoff_formula": "either"},
    "who is small": {
        "refund.small_insured": 200,
        "refund.large_from": 100,
        "refund.social_org_as_sme": False,
    },
    "who counts": {
        "refund.public_bodies": True,
        "refund.sound_business": False,
        "refund.dispatch_applies": False,
    },
    "a cap": {"refund.amount_cap": Money(300_000)},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_trial_says_of_every_employer_what_the_law_would_say_by_those_figures(
    books: Office, run_id: int, employers: dict[int, EmployerFacts], name: str
):
    trial = tried(books, run_id, CHANGES[name])

    law = tried_book(books.book, CHANGES[name], region=CITY, day=books.today)
    before, after = screened(books, run_id), differing(books, trial)
    for number, one in employers.items():
        assert found_of(after.get(number, before[number])) == refund_due(one, books.today, law), one
    assert after
    count, was, would, _ = totals(books, trial)
    assert (count, was) == (len(employers), sum(each.amount_fen for each in before.values()))
    assert would == sum(found_of(after.get(number, before[number])).amount.fen for number in employers)


def test_raising_a_ratio_makes_nobody_lose_and_lowering_it_nobody_gain(books: Office, run_id: int):
    drawn = random.Random(7)
    for size, now in (("sme", Decimal("0.60")), ("large", Decimal("0.30")), ("sme", Decimal("0.60"))):
        raised = differing(
            books,
            tried(books, run_id, {f"refund.ratio.{size}": now + Decimal(drawn.randrange(1, 400)) / 1000}),
        )
        lowered = differing(
            books,
            tried(books, run_id, {f"refund.ratio.{size}": now - Decimal(drawn.randrange(1, 300)) / 1000}),
        )

        assert any(each.delta_fen > 0 for each in raised.values())
        assert all(each.delta_fen >= 0 and each.outcome == each.before_outcome for each in raised.values())
        assert any(each.delta_fen < 0 for each in lowered.values())
        assert all(each.delta_fen <= 0 and each.outcome == each.before_outcome for each in lowered.values())


def test_a_ratio_above_the_national_ceiling_is_cut_by_it_and_the_trial_says_so(books: Office, run_id: int):
    changes = {"refund.ratio.sme": Decimal("0.90"), "refund.ratio_cap.sme": Decimal("0.60")}
    trial = tried(books, run_id, changes)

    view = trial_view(books, STEWARD, trial)

    assert isinstance(view, TrialView)
    assert differing(books, trial) == {}
    assert [gap.code for gap in view.gaps if gap.code == "above_ceiling"] == ["above_ceiling"]


def test_a_year_without_figures_is_tried_with_figures_put_in(books: Office, run_id: int):
    nothing = tried(books, run_id, {}, year=2026)
    view = trial_view(books, STEWARD, nothing)
    assert isinstance(view, TrialView)
    assert (view.whole.after_fen, view.whole.gain) == (0, 0)
    assert any(gap.parameter.startswith("refund.ratio.sme") for gap in view.gaps)

    put_in = {"refund.ratio.sme": Decimal("0.60"), "refund.ratio.large": Decimal("0.30")}
    view = trial_view(books, STEWARD, tried(books, run_id, put_in, year=2026))

    assert isinstance(view, TrialView)
    assert view.day == date(2026, 12, 31)
    assert (view.whole.gain, view.whole.lose, view.whole.after_fen) == (0, 0, view.whole.before_fen)
    assert [(figure.before, figure.after) for figure in view.figures] == [("", "60"), ("", "30")]


def test_a_trial_of_a_county_changes_that_county_alone(
    books: Office, run_id: int, employers: dict[int, EmployerFacts]
):
    county = tried(books, run_id, {"refund.ratio.sme": Decimal("0.50")}, region="371502")

    assert {each.region for each in differing(books, county).values()} == {"371502"}
    assert totals(books, county)[0] == sum(one.region == "371502" for one in employers.values())


#: tables that a trial writes into, beside the trail
OWN = (
    "screen_trial",
    "screen_trial_figure",
    "screen_trial_part",
    "screen_trial_change",
    "screen_trial_total",
)


@pytest.mark.req("MONEY-01")
def test_nothing_of_a_trial_can_be_paid(books: Office, run_id: int):
    def counts() -> dict[str, int]:
        with books.store.engine.connect() as connection:
            names = connection.scalars(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ).all()
            return {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in names}  # type: ignore[misc]

    before = counts()
    tried(books, run_id, {"refund.ratio.sme": Decimal("0.77")})
    sweep_until_idle(books)
    after = counts()

    grown = {name for name in after if after[name] != before[name]}
    assert grown <= {*OWN, "audit_event", "audit_stream", "audit_seal", "audit_seal_leaf"}
    with books.store.engine.connect() as connection:
        pointing = connection.execute(
            text(
                "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid::regclass::text = ANY(:own)"
            ),
            {"own": list(OWN)},
        )
        assert {table for (table,) in pointing} <= set(OWN)
    here = {
        "trial_tables.py",
        "trials.py",
        "trial_screen.py",
        "trial_views.py",
        "trial_sheets.py",
        "refund_trials.py",
        "row_security.py",
    }
    engine = Path(cases.__file__).parents[1]
    naming = [
        path.name
        for path in (*engine.rglob("*.py"), *(engine.parent / "web").rglob("*.py"))
        # a revision names every table
        if "migrations" not in path.parts
        and any(word in path.read_text() for word in ("screen_trial", "trial_tables", "TrialChange"))
    ]
    assert set(naming) <= here


def test_the_same_figures_once_more_are_the_same_trial(books: Office, run_id: int):
    typed = {"refund.ratio.sme": "61"}
    asked = {"run_id": run_id, "year": 2025, "name": "提一个点", "typed": typed}
    first = propose_trial(books, STEWARD, **asked)  # type: ignore[arg-type]
    again = propose_trial(books, STEWARD, **{**asked, "name": "再点一次"})  # type: ignore[arg-type]

    assert isinstance(first, TrialView)
    assert isinstance(again, TrialView)
    assert (again.trial_id, again.name) == (first.trial_id, "提一个点")


def test_a_trial_that_is_cut_off_goes_on_where_it_stood_and_finds_the_same(
    books: Office, run_id: int, monkeypatch: pytest.MonkeyPatch
):
    changes = {
        "refund.ratio.sme": Decimal("0.58"),
        "refund.min_months": 11,
        "refund.amount_cap": Money(10**12),
    }
    whole = differing(books, tried(books, run_id, changes))
    monkeypatch.setattr(screening, "EMPLOYERS_PER_PART", 100)
    changes = {**changes, "refund.amount_cap": Money(10**12 + 1)}
    with books.store.transaction() as session:
        trial = start_trial(
            session, session.get_one(ScreenRun, run_id), region=CITY, year=2025, day=books.today, name="断点",
            changes=changes, book=books.book, actor=SYSTEM, now=books.clock(),
        )  # fmt: skip
    failing = iter((False, True, False, True))
    real = cases.do_part

    def fails(*args: object, **named: object) -> int:
        done = real(*args, **named)  # type: ignore[arg-type]
        if next(failing, False):
            raise OSError("磁盘已满")
        return done

    monkeypatch.setattr(cases, "do_part", fails)
    for _ in range(4):
        cases.trial_due(books, 100)
        books.clock.forward(minutes=60)  # type: ignore[attr-defined]

    view = trial_view(books, STEWARD, trial.id)
    assert isinstance(view, TrialView)
    assert (view.status, view.done, view.total) == ("done", 5, 5)
    found = {number: found_of(each) for number, each in differing(books, trial.id).items()}
    assert found == {number: found_of(each) for number, each in whole.items()}
    with books.store.reading() as session:
        verdict = verify_database(session)
    assert verdict.ok, verdict.text


def test_the_view_says_who_gains_who_loses_by_which_condition_and_what_it_costs(
    books: Office, run_id: int, employers: dict[int, EmployerFacts]
):
    numbers = list(employers)
    outcome = propose_trial(
        books, STEWARD, run_id=run_id, year=2025, name="放宽小规模裁员率",
        typed={"refund.layoff_ratio_small": "23.34", "refund.ratio.sme": "59"},
    )  # fmt: skip
    assert isinstance(outcome, TrialView)
    sweep_until_idle(books)

    view = trial_view(books, STEWARD, outcome.trial_id)
    assert isinstance(view, TrialView)
    assert view.status == "done"
    for groups in (view.sizes, view.regions, view.industries):
        assert sum(group.after_fen for group in groups) == view.whole.after_fen
        assert sum(group.gain for group in groups) == view.whole.gain
    assert view.whole.after_fen - view.whole.before_fen == view.whole.gain_fen - view.whole.lose_fen
    turned = {each.condition: each for each in view.turned}
    assert set(turned) == {"layoff"}
    assert (turned["layoff"].fails_now, turned["layoff"].fails_no_more > 0) == (0, True)

    gains = trial_changes(books, STEWARD, outcome.trial_id, TrialFilter(effect="gain"), size=1_000)
    loses = trial_changes(books, STEWARD, outcome.trial_id, TrialFilter(effect="lose"), size=1_000)
    assert not isinstance(gains, Refusal)
    assert not isinstance(loses, Refusal)
    assert (gains.total, loses.total) == (view.whole.gain, view.whole.lose)
    freed = {row.employer_id: row for row in gains.rows}[numbers[1]]
    assert (freed.before, freed.after, freed.delta) == ("0.00", "7080.00", "+7080.00")
    assert (freed.before_outcome, freed.after_outcome, freed.fails_no_more) == (
        "不符合条件",
        "符合条件",
        ("layoff",),
    )
    assert [reason.code for reason in freed.reasons] == ["layoff_met"]
    less = {row.employer_id: row for row in loses.rows}[numbers[0]]
    assert (less.before, less.after, less.delta) == ("7200.00", "7080.00", "-120.00")
    assert less.reasons[0].text == "上年度实缴12000.00元的59%，返还7080.00元"
    assert not less.reasons[0].verified


def test_a_trial_is_taken_out_to_excel_with_totals_and_every_change(books: Office, run_id: int):
    trial = tried(books, run_id, {"refund.ratio.large": Decimal("0.31")})

    file = export_trial(books, STEWARD, trial, TrialFilter())

    assert not isinstance(file, Refusal)
    rows = list(load_workbook(file, read_only=True).worksheets[0].values)
    page = trial_changes(books, STEWARD, trial)
    assert not isinstance(page, Refusal)
    assert len(rows) == page.total + 1
    assert rows[1][0] == page.rows[0].credit_code


def test_only_a_data_steward_of_the_region_proposes_and_only_those_of_money_read(books: Office, run_id: int):
    asked = {"run_id": run_id, "year": 2025, "name": "x", "typed": {"refund.ratio.sme": "50"}}
    for duty, region, code in (
        ("intake", CITY, "duty_missing"), ("analyst", CITY, "duty_missing"), ("data_steward", "371502", "duty_missing"),
    ):  # fmt: skip
        other = Actor(
            kind="staff", id=9_000, name="外人", region=RegionCode(region), duties=frozenset({duty})
        )
        refused = propose_trial(books, other, **asked)  # type: ignore[arg-type]
        assert isinstance(refused, Refusal), duty
        assert refused.reasons[0].code != "not_in_screening", code
    trial = tried(books, run_id, {"refund.ratio.sme": Decimal("0.50")})
    reader = replace(STEWARD, duties=frozenset({"fund_supervisor"}))
    assert isinstance(trial_view(books, reader, trial), TrialView)
    for stranger in (
        replace(STEWARD, duties=frozenset({"analyst"})),
        replace(STEWARD, region=RegionCode("370100")),
    ):
        assert isinstance(trial_view(books, stranger, trial), Refusal)
        assert isinstance(trial_changes(books, stranger, trial), Refusal)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"typed": {}}, "nothing_changed"),
        ({"year": 2027}, "year_unknown"),
        ({"region": "370100"}, "not_in_screening"),
        ({"run_id": 9_999}, "no_such_screening"),
        ({"typed": {"refund.ratio.sme": "六成", "refund.min_months": "1.5"}}, "figure_wrong"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_the_reason(
    books: Office, run_id: int, changes: dict[str, object], code: str
):
    asked: dict[str, object] = {
        "run_id": run_id,
        "year": 2025,
        "name": "x",
        "typed": {"refund.ratio.sme": "50"},
    }

    refused = propose_trial(books, STEWARD, **{**asked, **changes})  # type: ignore[arg-type]

    assert isinstance(refused, Refusal)
    assert {reason.code for reason in refused.reasons} == {code}
    assert len(refused.reasons) == (2 if code == "figure_wrong" else 1)


def test_a_screening_by_figures_that_changed_since_is_no_measure(
    books: Office, run_id: int, employers: dict[int, EmployerFacts]
):
    later = replace(
        books, book=tried_book(books.book, {"refund.min_months": 13}, region=CITY, day=books.today)
    )

    refused = propose_trial(
        later, STEWARD, run_id=run_id, year=2025, name="x", typed={"refund.ratio.sme": "50"}
    )

    assert isinstance(refused, Refusal)
    assert refused.reasons[0].code == "figures_altered"


def test_a_person_chooses_among_the_last_rounds_and_sees_what_is_in_force(books: Office, run_id: int):
    (base,) = (each for each in trial_bases(books, STEWARD) if each.run_id == run_id)  # type: ignore[union-attr]

    now = {figure.key: figure for figure in cases.figures_now(books, STEWARD, base, year=2025)}
    later = {figure.key: figure for figure in cases.figures_now(books, STEWARD, base, year=2026)}

    assert (now["refund.ratio.sme"].now, now["refund.ratio.sme"].verified) == ("60", True)
    assert (later["refund.ratio.sme"].now, later["refund.min_months"].now) == ("", "12")


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("refund.ratio.sme", "62.5", Decimal("0.625")),
        ("refund.ratio.sme", "100", Decimal(1)),
        ("refund.ratio.sme", "100.01", None),
        ("refund.ratio.sme", "-1", None),
        ("refund.ratio.sme", "NaN", None),
        ("refund.ratio.sme", "６０", None),
        ("refund.amount_cap", "5000.5", Money(500_050)),
        ("refund.amount_cap", "0", None),
        ("refund.amount_cap", "1.001", None),
        ("refund.min_months", "0", 0),
        ("refund.min_months", "12.0", 12),
        ("refund.layoff_formula", "average", "average"),
        ("refund.layoff_formula", "guess", None),
        ("refund.public_bodies", "yes", True),
        ("refund.public_bodies", "是", None),
    ],
)
def test_a_typed_figure_is_read_exactly_or_refused(key: str, typed: str, value: Value | None):
    read = read_changes({key: f" {typed} "})

    if value is None:
        assert isinstance(read, Refusal)
        assert TRIABLE[key].title in read.text
    else:
        assert read == {key: value}
        assert read_changes({key: typed_of(key, value)}) == read
