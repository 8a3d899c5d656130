"""Random lives of refunds: whatever employers, staff, bank and public do in whatever order, nobody gets more than what stands.

Acts are drawn from a printed seed: confirm, object, check, send back, say something against a notice, correct a roster,
let time pass, pay with returned lines, commit, settle, repay; every fourth is first tried in a process that is killed at
a random statement, and some are done twice. ``CHANGLING_REFUNDS=all`` plays thirty lives, ``CHANGLING_SEED`` one again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from builders import CAST_DAY, MAIN_ROAD, PASSWORD, actor
from killing import clone_of, dies_at
from offices import settings_for
from sqlalchemy import func, select, text
from told_employers import HERE, tell, year_of

from engine.cases import inbox, notice_objections, refund_acts, setup
from engine.cases.office import Office, open_office
from engine.cases.others import start_payment_run
from engine.cases.sweep import sweep_until_idle
from engine.demo import DemoClock
from engine.money.ledger import trial_balance
from engine.money.payments import PaymentOrder
from engine.refunds.campaign_tables import TAKEN_UP_AGAIN, RefundNoticeLine, RetentionRefund
from engine.store.db import Store
from engine.store.export import verify_database
from engine.workflow.tables import WorkflowCase, WorkflowTask

pytestmark = [pytest.mark.slow, pytest.mark.req("REFUND-03", "REFUND-05", "MONEY-04")]

ACTS = 45
#: where a refund rests for good
OVER = ("paid", "settled", "recovered", *TAKEN_UP_AGAIN)
_REPAID = "record_refund_repayment"
#: what else may be answered at a step
_OTHERWISE: dict[str, tuple[dict[str, str], ...]] = {
    "confirm_refund": ({"answer": "object", "objection_text": "年末参保人数应为二百一十人"},),
    "judge_notice_objection": ({"notice_decision": "rescreen"}, {"notice_decision": "decline"}),
    "second_check": (
        {"review_opinion": "return", "review_note": "请补充核对"},
        {"review_opinion": "reject", "review_note": "单位已列入失信名单"},
    ),
    "approve_refund": (
        {"approval": "return", "approval_note": "请重新核对"},
        {"approval": "refuse", "approval_note": "公示期查明不符合条件"},
    ),
    "settlement_second": ({"review_opinion": "return", "review_note": "请再核对名册"},),
    "approve_settlement": ({"approval": "return", "approval_note": "请再核对承诺"},),
}


def seeds() -> list[int]:
    """The lives that are played."""
    if given := os.environ.get("CHANGLING_SEED"):
        return [int(given)]
    return [random.randrange(10**6) for _ in range(30 if os.environ.get("CHANGLING_REFUNDS") == "all" else 1)]


@pytest.fixture(scope="module")
def seeded(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A closed office with staff, the cast's employers and the shipped diagrams: each life is on a copy of it."""
    office = open_office(settings_for(database_url, tmp_path_factory.mktemp("office")), clock=DemoClock())
    setup.set_up(office)
    setup.seed(office, people=0, employers=0, seed=1, day=CAST_DAY, password=PASSWORD)
    # nobody may be connected to what is copied
    office.store.close()
    return office


def test_whatever_happens_nobody_gets_more_than_what_stands_and_no_case_is_lost(seeded: Office) -> None:
    first = seeded
    for seed in seeds():
        print(f"seed {seed}")
        with clone_of(first.settings.database_url) as url:
            settings = replace(first.settings, database_url=url)
            office = replace(first, settings=settings, store=Store(url, pool_size=2), clock=DemoClock())
            try:
                Life(office, random.Random(seed)).lived()
            finally:
                office.store.close()


class Life:
    """One life: three employers of the cast, a year of refunds."""

    def __init__(self, office: Office, drawn: random.Random) -> None:
        self.office, self.drawn = office, drawn
        self.year, self.references = 2025, 0

    def lived(self) -> None:
        """So many acts, then everything brought to its end."""
        tell(self.office, year=self.year - 1)
        for employer in HERE:
            self.begins(employer)
        for _ in range(ACTS):
            self.one_act()
            self.holds()
        for _ in range(40):
            if self.statuses() <= set(OVER) and not self.running():
                break
            self.finishes()
        self.holds()
        assert self.running() == [], "a case is lost"
        assert self.statuses() <= set(OVER)
        with self.office.store.reading() as session:
            verdict = verify_database(session)
            assert verdict.ok, verdict.text

    def one_act(self) -> None:
        act = self.drawn.choice(
            (self.answers,) * 7
            + (self.pays, self.waits, self.says, self.corrects, lambda: self.begins(self.drawn.choice(HERE)))
        )
        work = act()
        if self.drawn.random() < 0.25:
            dies_at(self.drawn.randrange(1, 60), work, engine=self.office.store.engine)
        for _ in range(2 if self.drawn.random() < 0.2 else 1):
            work()

    def begins(self, employer: str) -> Callable[[], object]:
        number = actor(self.office, employer).id
        mode = self.drawn.choice(("disburse", "prepay"))
        begin = partial(
            refund_acts.start_refund,
            self.office,
            actor(self.office, "wangshouli"),
            employer_id=number,
            year=self.year,
            pay_mode=mode,
        )
        begin()
        return begin

    def answers(self) -> Callable[[], object]:
        tasks = self.open_tasks()
        if not tasks:
            return self.sweeps
        task = self.drawn.choice(tasks)
        return partial(self.completes, task, detour=self.drawn.random() < 0.35)

    def completes(self, task: WorkflowTask, *, detour: bool) -> object:
        """The task done by whoever does it, or refused; never an error."""
        who, fields = MAIN_ROAD[task.element_id]
        ways = _OTHERWISE.get(task.element_id, ())
        if detour and ways:
            fields = {**fields, **self.drawn.choice(ways)}
        if task.element_id == _REPAID:
            fields = self.repayment(task)
        doer = actor(self.office, who) if who else self.subject_of(task)
        return inbox.complete_task(self.office, doer, task.id, fields)

    def repayment(self, task: WorkflowTask) -> dict[str, str]:
        with self.office.store.reading() as session:
            row = session.scalars(
                select(RetentionRefund).where(RetentionRefund.settlement_case_id == task.case_id)
            ).one()
            rest = row.recover_fen - row.recovered_fen
        part = rest if self.drawn.random() < 0.6 else max(1, rest // 3)
        self.references += 1
        return {
            "repaid_fen": f"{part // 100}.{part % 100:02d}",
            "repaid_on": self.office.today.isoformat(),
            "repaid_reference": f"TH-{self.year}-{self.references:04d}",
        }

    def subject_of(self, task: WorkflowTask) -> object:
        with self.office.store.reading() as session:
            subject = session.get_one(WorkflowCase, task.case_id).subject
        return next(found for key in HERE if (found := actor(self.office, key)).key == subject)

    def pays(self) -> Callable[[], object]:
        """A payment run to its end, which the trial bank answers."""

        def work() -> None:
            start_payment_run(self.office, actor(self.office, "wangshouli"), month="2025-11", region="371500")
            for _ in range(8):
                waiting = [task for task in self.open_tasks(every=True) if task.element_id in _PAYING]
                if not waiting:
                    break
                self.completes(waiting[0], detour=False)
                sweep_until_idle(self.office)

        return work

    def waits(self) -> Callable[[], object]:
        self.office.clock.forward(days=self.drawn.choice((1, 3, 9)))
        return self.sweeps

    def sweeps(self) -> None:
        sweep_until_idle(self.office)

    def says(self) -> Callable[[], object]:
        with self.office.store.reading() as session:
            lines = session.scalars(select(RefundNoticeLine.id)).all()
        if not lines:
            return self.sweeps
        line = self.drawn.choice(lines)
        said = "反映该单位去年裁员很多，请查清"
        address = str(self.drawn.random())
        return partial(
            notice_objections.object_to_notice, self.office, line_id=line, said=said, address=address
        )

    def corrects(self) -> Callable[[], object]:
        """A newer roster: an employer paid more or less than was told, or let too many go."""
        employer = self.drawn.choice(HERE)
        base = year_of(employer)
        paid = sum(base.paid) * self.drawn.choice((80, 100, 103)) // 100
        claimants = base.claimants if self.drawn.random() < 0.8 else base.previous_end
        tell(
            self.office,
            year=self.year - 1,
            **{employer: year_of(employer, paid_fen=paid, claimants=claimants)},
        )
        return self.sweeps

    def finishes(self) -> None:
        """Whatever waits goes on along its main road, and time passes."""
        for task in self.open_tasks():
            self.completes(task, detour=False)
        self.sweeps()
        self.pays()()
        self.office.clock.forward(days=4)
        self.sweeps()

    def open_tasks(self, *, every: bool = False) -> list[WorkflowTask]:
        kinds = ("stable_jobs", "refund_settlement", *(("payment_run",) if every else ()))
        with self.office.store.reading() as session:
            found = (
                select(WorkflowTask)
                .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
                .where(WorkflowTask.status == "ready", WorkflowCase.process_id.in_(kinds))
            )
            return list(session.scalars(found.order_by(WorkflowTask.created_at, WorkflowTask.id)))

    def statuses(self) -> set[str]:
        with self.office.store.reading() as session:
            return set(session.scalars(select(RetentionRefund.status)))

    def running(self) -> list[str]:
        with self.office.store.reading() as session:
            return list(
                session.scalars(
                    select(WorkflowCase.case_key).where(
                        WorkflowCase.status == "running",
                        WorkflowCase.process_id.in_(("stable_jobs", "refund_settlement")),
                    )
                )
            )

    def holds(self) -> None:
        """The books balance, every refund is paid what stands at most, and who is not at an end is carried by a case."""
        with self.office.store.reading() as session:
            rows = trial_balance(session)
            assert sum(row.debit.fen for row in rows) == sum(row.credit.fen for row in rows)
            kept = session.execute(
                select(PaymentOrder.key, PaymentOrder.amount_fen).where(
                    PaymentOrder.purpose == "refund", PaymentOrder.status != "cancelled"
                )
            )
            ordered = dict(kept.all())
            net = session.scalar(text(_NET))
            claims = 0
            for row in session.scalars(select(RetentionRefund)):
                key = f"refund:{row.employer_id}:{row.year}"
                parts = [ordered.pop(each, 0) for each in (key, f"{key}:prepay", f"{key}:top-up")]
                assert_stands(row, *parts)
                claims += row.recover_fen
                case = session.get_one(WorkflowCase, row.case_id)
                settled = (
                    session.get(WorkflowCase, row.settlement_case_id) if row.settlement_case_id else None
                )
                if row.status not in (*OVER, "ordered", "prepay_ordered", "prepaid", "topping_up"):
                    assert "running" in (case.status, settled.status if settled else ""), row.status
            assert ordered == {}, "an order belongs to no refund"
            orders = session.scalar(
                select(func.coalesce(func.sum(PaymentOrder.amount_fen), 0)).where(
                    PaymentOrder.purpose == "refund", PaymentOrder.status != "cancelled"
                )
            )
            assert int(net or 0) == int(orders or 0) - claims


#: the expense of refunds by the books
_NET = "SELECT coalesce(sum(debit_fen - credit_fen), 0) FROM posting WHERE account = '5103'"
_PAYING = ("sample_batch", "certify_batch", "release_batch", "handle_failed_lines")


def assert_stands(row: RetentionRefund, whole: int, prepaid: int, top_up: int) -> None:
    """What was ordered of a refund is what stands, or its prepayment and difference; never both ways."""
    assert not (whole and prepaid)
    assert whole in (0, row.amount_fen)
    assert (prepaid, top_up) == (row.prepaid_fen, row.topped_fen)
    if row.settled_fen is not None:
        assert row.prepaid_fen + row.topped_fen - row.recover_fen == row.settled_fen
    if whole or prepaid:
        assert row.status in ("ordered", "paid", "prepay_ordered", "prepaid", "committed", "topping_up", "settled", "recovering", "recovered")  # fmt: skip
