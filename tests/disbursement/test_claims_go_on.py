"""A claim granted in one month is paid in the next by the month run, to the account that the card register tells."""

from __future__ import annotations

import pytest
from builders import PASSWORD, a_granted_claim
from sqlalchemy import text

from engine.cases import setup
from engine.cases.month_runs import drive, start_month_run
from engine.cases.month_views import MonthRunView
from engine.cases.office import Office
from engine.values import SYSTEM


@pytest.mark.req("CLAIM-08", "MONEY-04")
def test_the_second_month_of_a_claim_comes_by_itself(office: Office) -> None:
    setup.set_up(office)
    setup.seed(office, people=20, employers=3, seed=1, day=office.today, password=PASSWORD)
    case = a_granted_claim(office, "li")
    office.clock.set("2025-12-10T09:00+08:00")  # type: ignore[attr-defined]

    for _ in range(2):
        run = start_month_run(office, SYSTEM, month="2025-12")
        assert isinstance(run, MonthRunView), run.text
        drive(office, run.run_id, say=lambda _done, _total: None)

    with office.store.reading() as session:
        orders = session.execute(
            text(
                "SELECT month, status, count(*) FROM payment_order WHERE case_id = :case GROUP BY 1, 2 ORDER BY 1"
            ),
            {"case": case.id},
        ).all()
        letters = session.scalars(
            text("SELECT kind FROM letter WHERE case_id IS NULL OR kind = 'benefit-held'")
        ).all()
    assert [tuple(row) for row in orders] == [("2025-11", "batched", 1), ("2025-12", "batched", 1)]
    assert letters == []
