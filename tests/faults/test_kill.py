"""A server killed with -9 between any two statements of a step leaves the case before the step, or after it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from killing import changed, contents, dies_at
from sqlalchemy import select, text
from told import (
    CONFIRMED,
    STEPS,
    assert_books_and_trail_are_right,
    claim_until,
    do,
    open_task,
    orders,
    run_until,
    someone,
)

from engine.cases import claims, inbox
from engine.cases.views import Done
from engine.demo import Demo
from engine.values import Refusal
from engine.workflow.tables import WorkflowCase, WorkflowTask

pytestmark = [pytest.mark.slow, pytest.mark.req("FLOW-08", "CTRL-01", "MONEY-03")]

#: more points than any step has; a step that passed them all without an end would be a defect
MANY = 600

#: what approving a claim writes, and nothing else: the step is all of these rows, or none of them
APPROVAL = {
    "audit_event", "audit_stream", "benefit_grant", "card_account", "claim", "journal_entry", "letter", "open_task_delta",
    "outbox_message", "payment_order", "posting", "unemployment_registration", "workflow_case", "workflow_history",
    "workflow_subscription", "workflow_task", "workflow_timer",
}  # fmt: skip


def killed_everywhere(demo: Demo, work: Callable[[], object]) -> tuple[int, set[str]]:
    """Kill the work at every point in turn; how often nothing was left, and the tables that it wrote at last.

    Fails as soon as a killed step left anything that is not the whole of it.
    """
    engine = demo.office.store.engine
    before = contents(engine)
    for number in range(1, MANY):
        killed = dies_at(number, work, engine=engine)
        written = changed(before, contents(engine))
        if written or not killed:
            assert killed, "every point lies before the commit: the one after it was not watched"
            return number - 1, written
    raise AssertionError(f"no end after {MANY} points")


def approving(demo: Demo, case_id: int) -> Callable[[], object]:
    """The approval of the case, ready to be made."""
    login, fields = STEPS["approve_claim"]
    actor, task_id = demo.staff(login), open_task(demo, "approve_claim", case_id)
    return lambda: inbox.complete_task(demo.office, actor, task_id, fields)


def revision(demo: Demo, case_id: int) -> int:
    with demo.office.store.reading() as session:
        return session.get_one(WorkflowCase, case_id).revision


def test_approval_killed_at_every_statement_is_wholly_there_or_not_at_all(demo: Demo) -> None:
    case_id = claim_until(demo, "approve_claim")
    approve, before = approving(demo, case_id), revision(demo, case_id)

    points, written = killed_everywhere(demo, approve)

    print(f"{points} points before the commit left nothing")
    assert points > 45
    assert written == APPROVAL
    assert revision(demo, case_id) == before + 1
    assert orders(demo, case_id) == ["ordered"]
    again = approve()
    assert isinstance(again, Refusal)
    assert "孙审批" in again.text or "办结" in again.text
    assert_books_and_trail_are_right(demo)


def test_approval_that_was_killed_is_made_once_by_asking_again(demo: Demo) -> None:
    """As the claimant's office would live it: killed somewhere, asked again, asked once more by mistake."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    for number in random.Random(seed).sample(range(1, 50), 3):
        case_id = claim_until(demo, "approve_claim")
        approve = approving(demo, case_id)
        assert dies_at(number, approve, engine=demo.office.store.engine)

        first, second = approve(), approve()

        assert isinstance(first, Done), first
        assert isinstance(second, Refusal)
        assert orders(demo, case_id) == ["ordered"]
    assert_books_and_trail_are_right(demo)


def test_claim_killed_while_it_is_submitted_can_be_submitted_again(demo: Demo) -> None:
    claimant = someone(demo)

    points, written = killed_everywhere(demo, lambda: claims.submit_claim(demo.office, claimant))

    assert points > 12
    assert {"claim", "workflow_case", "workflow_task", "workflow_history", "audit_event"} <= written
    with demo.office.store.reading() as session:
        case_id = session.scalars(select(WorkflowCase.id).where(WorkflowCase.subject == claimant.key)).one()
    demo.does(claimant, case_id, "confirm_form", **CONFIRMED)
    assert_books_and_trail_are_right(demo)


def test_release_killed_at_every_statement_sends_one_file_or_none(demo: Demo) -> None:
    claimed = claim_until(demo, "approve_claim")
    assert isinstance(do(demo, "approve_claim", claimed), Done)
    run = run_until(demo, "release_batch")
    login, fields = STEPS["release_batch"]
    actor, task_id = demo.staff(login), open_task(demo, "release_batch", run)

    points, written = killed_everywhere(
        demo, lambda: inbox.complete_task(demo.office, actor, task_id, fields)
    )

    assert points > 40
    assert {"payment_batch", "payment_order", "outbox_message", "workflow_subscription"} <= written
    assert orders(demo, claimed) == ["sent"]
    demo.sweep()
    assert orders(demo, claimed) == ["paid"]
    assert_books_and_trail_are_right(demo)


def test_nobody_holds_a_lock_after_the_kill(demo: Demo) -> None:
    """The row that the killed server had locked is free for the next one without waiting."""
    case_id = claim_until(demo, "approve_claim")
    assert dies_at(40, approving(demo, case_id), engine=demo.office.store.engine)

    with demo.office.store.transaction() as session:
        session.execute(text("SET LOCAL lock_timeout = '2s'"))
        query = select(WorkflowTask).where(WorkflowTask.case_id == case_id).with_for_update()
        assert session.scalars(query).all()
