"""What the fund pays beside the benefit: medical premium for everybody who is paid, price subsidy in months that have one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from paid_grants import REGION, a_grant, an_index, confirm_indices, open_books, put
from sqlalchemy import text

from engine.cases.month_runs import drive, start_month_run
from engine.cases.month_views import MonthRunView
from engine.cases.office import Office
from engine.law.policy import PolicyBook
from engine.values import SYSTEM, Month

#: policy §2.6: 60 % of 7500 at 10 % are 450.00 a month; 700 at 4.2 % are 29.40 (``an_index``)
FIGURES = """
medical.average_wage:
  title: 上年月平均工资
  "371500":
    - {from: 2025-01-01, value: "7500.00", unit: yuan_per_month, source: design, verified: false}
medical.rate:
  title: 职工医保费率
  "371500":
    - {from: 2025-01-01, value: "0.10", unit: ratio, source: design, verified: false}
"""


@pytest.fixture
def figured(office: Office, tmp_path: Path) -> Office:
    """An office on 20 December 2025 that has the local figures."""
    office.clock.set("2025-12-20T09:00+08:00")  # type: ignore[attr-defined]
    open_books(office)
    folder = tmp_path / "policy"
    folder.mkdir()
    for path in (office.settings.processes_dir / "policy").glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "local.yaml").write_text(FIGURES)
    return replace(office, book=PolicyBook.load(folder))


@pytest.mark.req("CLAIM-08")
def test_the_fund_pays_premium_and_subsidy_for_whoever_is_paid(figured: Office):
    with figured.store.transaction() as session:
        for number, changes in enumerate(({}, {}, {"in_doubt": True})):
            put(session, figured, a_grant(ordered=frozenset({Month(2025, 11)}), **changes), number)
        confirm_indices(session, figured, [an_index("371500", "2025-11", cpi="0.036")])

    run = start_month_run(figured, SYSTEM, month="2025-12", region=REGION)
    assert isinstance(run, MonthRunView)
    assert run.gaps == ()
    drive_without_batches(figured, run.run_id)

    with figured.store.reading() as session:
        orders = session.execute(
            text(
                "SELECT purpose, payee_kind, payee_name, count(*), sum(amount_fen) FROM payment_order WHERE status <> 'paid' GROUP BY 1, 2, 3 ORDER BY 1, 3"
            )
        ).all()
    by_purpose: dict[str, int] = {}
    for purpose, _, _, _, fen in orders:
        by_purpose[purpose] = by_purpose.get(purpose, 0) + int(fen)
    assert by_purpose == {"benefit": 2 * 181_800, "subsidy": 2 * 2_940, "medical": 2 * 45_000}
    assert [(kind, count) for purpose, kind, _, count, _ in orders if purpose == "medical"] == [("office", 1)]


def drive_without_batches(office: Office, run_id: int) -> None:
    """Every part but the batches, which need the diagram to be published."""
    with office.store.engine.begin() as connection:
        connection.execute(text("UPDATE month_part SET status = 'done' WHERE kind = 'batch'"))
    drive(office, run_id, say=lambda _done, _total: None)
