"""The figures of screenings and refund campaigns against a recount, row by row: every count and every fen."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from insured_employers import CITY, REGIONS, facts, open_regions, random_facts, send
from sqlalchemy import select, text

from engine import duties
from engine.cases import screening
from engine.cases.campaign_board import board
from engine.cases.office import Office
from engine.cases.refund_lists import refunds
from engine.cases.refund_records import (
    STAGES,
    BoardFilter,
    CampaignBoard,
    Cut,
    RefundFilter,
    RefundList,
    Tally,
)
from engine.cases.screening import drive, screened_employers, start_screening
from engine.cases.screening_views import EmployerScreened, ScreenedFilter, ScreeningView
from engine.cases.staff import actor_of
from engine.cases.views import Page
from engine.duties.tables import StaffMember
from engine.law.screening import CONDITIONS
from engine.refunds.campaign_tables import STATUS_NAMES, RetentionRefund
from engine.values import SYSTEM, Actor, Money, Refusal, StaffId

pytestmark = pytest.mark.req("REFUND-01", "REFUND-03")

MANY, DAY = 240, date(2025, 11, 3)
INDUSTRIES = "ACEFGI"


@pytest.fixture
def region_office(office: Office) -> Iterator[tuple[Office, int]]:
    """An office with staff, and a screening of random employers that is done; its number."""
    open_regions(office)
    with office.store.transaction() as session:
        duties.seed_staff(session, office.duties, office.vault, day=DAY, password="a-password-of-tests")
    drawn = random.Random(7)
    employers = [replace(random_facts(drawn), region=drawn.choice(REGIONS)) for _ in range(MANY)]
    send(office, [facts(), *employers], year=2024, industries=INDUSTRIES)
    run = start_screening(office, SYSTEM, year=2025, region=CITY)
    assert isinstance(run, ScreeningView), run.text
    drive(office, run.run_id, say=lambda _done, _total: None)
    yield office, run.run_id
    with office.store.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for table in ("retention_refund", "refund_campaign", "screen_decision", "screen_figure", "screen_listing", "screen_roster", "screen_part", "screen_run", "employer_year", "employer_listing", "employer_roster", "workflow_case"):  # fmt: skip
            connection.execute(text(f"DELETE FROM {table}"))


def member(office: Office, login: str) -> Actor:
    with office.store.reading() as session:
        number = session.scalars(select(StaffMember.id).where(StaffMember.login == login)).one()
    found = actor_of(office, StaffId(number))
    assert found
    return found


def test_a_screening_is_counted_by_industry_as_its_employers_say(region_office: tuple[Office, int]) -> None:
    office, run_id = region_office
    clerk = member(office, "wangshouli")

    view = screening.screening_view(office, clerk, run_id)
    page = screened_employers(office, clerk, run_id, size=1000)

    assert isinstance(view, ScreeningView)
    assert isinstance(page, Page)
    rows: dict[str, list[EmployerScreened]] = defaultdict(list)
    for row in page.rows:
        rows[row.industry].append(row)
    assert [each.industry for each in view.industries] == sorted(rows)
    for each in view.industries:
        mine = rows[each.industry]
        outcomes = Counter(row.outcome for row in mine)
        assert (each.screened, each.eligible, each.apply, each.no, each.gap) == (
            len(mine), outcomes["eligible"], outcomes["apply"], outcomes["no"], outcomes["gap"],
        )  # fmt: skip
        assert each.failed == tuple(sum(name in row.failed for row in mine) for name in CONDITIONS)
        assert each.total == Money.total(Money.yuan(row.amount) for row in mine).text
    assert sum(each.screened for each in view.industries) == view.employers == MANY + 1
    narrowed = screened_employers(office, clerk, run_id, ScreenedFilter(industry="E", outcome="no"))
    assert isinstance(narrowed, Page)
    assert narrowed.total == sum(row.outcome == "no" for row in rows["E"])


def test_the_board_counts_every_refund_once_and_every_fen(region_office: tuple[Office, int]) -> None:
    office, run_id = region_office
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    campaign = _campaign(office, run_id, random.Random(seed))
    reviewer = member(office, "zhaofuhe")
    with office.store.reading() as session:
        rows = session.scalars(select(RetentionRefund)).all()
        session.expunge_all()

    found = board(office, reviewer, campaign, BoardFilter())

    assert isinstance(found, CampaignBoard)
    assert found.total == _recounted(rows)
    for by, cuts in (
        ("region", found.by_region), ("size", found.by_size), ("industry", found.by_industry), ("status", found.by_status),
    ):  # fmt: skip
        _agrees(by, cuts, rows)
    sums = found.total.sums
    assert Money.yuan(sums["paid_out"]) <= Money.yuan(sums["ordered"])
    assert [step.count for step in found.funnel[2:4]] == [
        len(rows), sum(row.status not in (*STAGES["waiting"], *STAGES["lapsed"], *STAGES["declined"]) for row in rows),
    ]  # fmt: skip
    _lists_agree(office, reviewer, campaign, found)


def test_a_county_sees_its_own_refunds_and_another_city_none(region_office: tuple[Office, int]) -> None:
    office, run_id = region_office
    campaign = _campaign(office, run_id, random.Random(1))
    with office.store.reading() as session:
        mine = session.scalars(select(RetentionRefund.region)).all().count("371525")

    county = board(office, member(office, "shenxian"), campaign, BoardFilter())
    city = board(office, member(office, "youshouli"), campaign, BoardFilter())
    listed = refunds(office, member(office, "shenxian"), RefundFilter(region="371502"))
    stranger = refunds(office, member(office, "chuliucheng"), RefundFilter())

    assert isinstance(county, CampaignBoard)
    assert (county.total.opened, {cut.code for cut in county.by_region}) == (mine, {"371525"})
    assert isinstance(city, Refusal)
    assert isinstance(listed, RefundList)
    assert (listed.page.total, listed.amount) == (0, "0.00")
    assert isinstance(stranger, Refusal)


def _lists_agree(office: Office, actor: Actor, campaign: int, found: CampaignBoard) -> None:
    """What a figure leads to is as long as the figure says; read to its end, nobody stands in it twice."""
    for cut in found.by_status:
        listed = refunds(office, actor, RefundFilter(campaign=str(campaign), status=cut.code))
        assert isinstance(listed, RefundList)
        assert (listed.page.total, listed.amount) == (cut.tally.opened, cut.tally.total("standing"))
    seen: list[int] = []
    cursor = ""
    while True:
        page = refunds(office, actor, RefundFilter(campaign=str(campaign)), cursor=cursor, size=37)
        assert isinstance(page, RefundList)
        seen += [row.refund_id for row in page.page.rows]
        cursor = page.page.next_cursor
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == found.total.opened
    soon = refunds(office, actor, RefundFilter(campaign=str(campaign), soon="confirm"))
    assert isinstance(soon, RefundList)
    assert soon.page.total == found.confirm_soon_count


def _agrees(by: str, cuts: tuple[Cut, ...], rows: list[RetentionRefund]) -> None:
    groups: dict[str, list[RetentionRefund]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, by)].append(row)
    assert {cut.code: cut.tally for cut in cuts if cut.tally.opened} == {
        code: _recounted(mine) for code, mine in groups.items()
    }


def _recounted(rows: list[RetentionRefund]) -> Tally:
    """The same, one row after the other, in plain words."""
    counts = {stage: sum(row.status in statuses for row in rows) for stage, statuses in STAGES.items()}
    counts |= {
        "objected": sum(row.status == "objected" for row in rows),
        "committed": sum(row.committed_on is not None for row in rows),
        "settled": sum(row.settled_on is not None for row in rows),
        "late": sum(row.late_entrant for row in rows),
        "struggling": sum(row.kind == "struggling" for row in rows),
    }
    sums: Counter[str] = Counter()
    for row in rows:
        gone = row.status in (*STAGES["lapsed"], *STAGES["declined"])
        stands = row.amount_fen if row.settled_fen is None else row.settled_fen
        sums["standing"] += 0 if gone else stands
        sums["ordered"] += (row.amount_fen if row.status in ("ordered", "paid") else 0) + row.prepaid_fen
        sums["ordered"] += row.topped_fen
        sums["paid_out"] += row.amount_fen if row.status == "paid" else 0
        sums["paid_out"] += row.prepaid_fen if row.prepaid_on else 0
        sums["paid_out"] += row.topped_fen if row.status == "settled" else 0
        sums["prepaid"] += row.prepaid_fen if row.prepaid_on else 0
        sums["settled_due"] += (row.settled_fen or 0) if row.settled_on else 0
        sums["topped"] += row.topped_fen
        sums["to_recover"] += row.recover_fen
        sums["recovered"] += row.recovered_fen
        sums["lapsed"] += row.amount_fen if row.status == "lapsed" else 0
    return Tally(opened=len(rows), counts=counts, sums={name: Money(fen).text for name, fen in sums.items()})


def _campaign(office: Office, run_id: int, drawn: random.Random) -> int:
    """A campaign whose refunds stand anywhere, as if every road had been gone; written past the guards of the tables."""
    with office.store.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        campaign = connection.scalar(
            text(
                "INSERT INTO refund_campaign (region, year, mode, screen_run_id, status, started_by, started_at) "
                "VALUES (:region, 2025, 'prepay', :run, 'running', 'staff:2', now()) RETURNING id"
            ),
            {"region": CITY, "run": run_id},
        )
        case = connection.scalar(
            text(
                "INSERT INTO workflow_case (case_key, version_id, process_id, region_code, subject, status, revision, state, started_by, started_at) "
                "VALUES ('WG-1', 1, 'stable_jobs', :region, 'employer:1', 'running', 0, '', 'system:0', now()) RETURNING id"
            ),
            {"region": CITY},
        )
        for employer_id, region, size, industry in connection.execute(
            text(
                "SELECT d.employer_id, d.region, coalesce(nullif(y.size, ''), d.size), y.industry FROM screen_decision d "
                "JOIN employer_year y USING (employer_id) WHERE d.run_id = :run ORDER BY 1"
            ),
            {"run": run_id},
        ).all():
            refund = _anywhere(drawn)
            values = {"case_id": case, "employer_id": employer_id, "region": region, "campaign_id": campaign, "size": size, "industry": industry, **refund}  # fmt: skip
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            connection.execute(
                text(
                    f"INSERT INTO retention_refund (year, city, screening, {names}) VALUES (2025, '371500', '{{}}', {marks})"
                ),
                values,
            )
    return int(campaign or 0)


def _anywhere(drawn: random.Random) -> dict[str, object]:
    status = drawn.choice(sorted(STATUS_NAMES))
    amount = drawn.randrange(1, 10**8)
    prepaid = amount if status in ("prepay_ordered", "prepaid", "committed", "topping_up", "settled", "recovering", "recovered") else 0  # fmt: skip
    topped = drawn.randrange(1, 10**6) if status in ("topping_up", "settled") else 0
    back = drawn.randrange(1, prepaid + 1) if status in ("recovering", "recovered") else 0
    ended = status in ("topping_up", "settled", "recovering", "recovered")
    return {
        "status": status,
        "mode": "prepay" if prepaid else "disburse",
        "kind": drawn.choice(("general", "general", "struggling")),
        "amount_fen": amount,
        "screened_fen": amount,
        "late_entrant": drawn.random() < 0.2,
        "confirm_until": date(2025, 11, drawn.randrange(1, 29)),
        "ordered_on": DAY if prepaid or status in ("ordered", "paid") else None,
        "paid_on": DAY if status == "paid" else None,
        "prepaid_fen": prepaid,
        "prepaid_on": DAY if prepaid and status != "prepay_ordered" else None,
        "committed_on": DAY if status in ("committed", "topping_up", "settled") else None,
        "settled_fen": prepaid + topped - back if ended else None,
        "settled_on": DAY if ended and status != "topping_up" else None,
        "topped_fen": topped,
        "recover_fen": back,
        "recovered_fen": back if status == "recovered" else 0,
    }
