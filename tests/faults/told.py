"""The story of a claim up to a chosen step, told through the use-cases, and what must be true afterwards."""

from __future__ import annotations

from sqlalchemy import func, select

from engine.cases import claims, inbox, others
from engine.cases.views import Done
from engine.demo import Demo
from engine.money.ledger import trial_balance
from engine.money.payments import PaymentOrder
from engine.registers.province import load_province
from engine.store.audit import seal
from engine.store.export import verify_database
from engine.tasks.tables import Claim
from engine.values import Actor, Money, Month, Refusal
from engine.workflow.forms import FormErrors
from engine.workflow.tables import WorkflowTask

CONFIRMED = {"answer": "confirm", "commitment": "true", "wants_work": "true", "phone": "13800138000"}
#: what everybody on the main road enters: element → (login, fields)
STEPS = {
    "check_intake": ("wangshouli", {"intake_opinion": "pass"}),
    "review_claim": ("zhaofuhe", {"review_opinion": "agree"}),
    "approve_claim": ("sunshenpi", {"approval": "approve"}),
    "sample_batch": (
        "qianfuhe2",
        {"sample_opinion": "pass", "sampled_lines": "1", "sample_note": "账户、金额与核定一致"},
    ),
    "certify_batch": ("zhoukuaiji", {"certificate": "agree"}),
    "release_batch": ("wuchuna", {"release": "agree"}),
}


def someone(demo: Demo) -> Actor:
    """A resident whom the law grants a claim and who has none yet."""
    with demo.office.store.reading() as session:
        taken = session.scalar(select(func.count()).select_from(Claim)) or 0
        province = load_province(session)
    assert province is not None
    files = [file for file in province.residents.values() if file.traits == {"unemployed"}]
    return demo.person(files[taken].population.id_number, files[taken].population.name)


def open_task(demo: Demo, element: str, case_id: int) -> str:
    """The open task of the element in the case."""
    with demo.office.store.reading() as session:
        query = select(WorkflowTask.id).where(
            WorkflowTask.case_id == case_id,
            WorkflowTask.element_id == element,
            WorkflowTask.status == "ready",
        )
        return session.scalars(query).one()


def do(demo: Demo, element: str, case_id: int) -> Done | FormErrors | Refusal:
    """The step of the main road, by whoever does it; no sweep follows."""
    login, fields = STEPS[element]
    return inbox.complete_task(demo.office, demo.staff(login), open_task(demo, element, case_id), fields)


def claim_until(demo: Demo, element: str) -> int:
    """A new claim that waits at the element."""
    claimant = someone(demo)
    done = claims.submit_claim(demo.office, claimant)
    assert isinstance(done, Done), done
    assert done.case_id is not None
    demo.does(claimant, done.case_id, "confirm_form", **CONFIRMED)
    return _walk(demo, done.case_id, ("check_intake", "review_claim", "approve_claim"), element)


def run_until(demo: Demo, element: str) -> int:
    """A new payment run of the region that waits at the element."""
    month = str(Month.of(demo.office.today))
    done = others.start_payment_run(demo.office, demo.staff("wangshouli"), month=month)
    assert isinstance(done, Done), done
    assert done.case_id is not None
    return _walk(demo, done.case_id, ("sample_batch", "certify_batch", "release_batch"), element)


def _walk(demo: Demo, case_id: int, steps: tuple[str, ...], until: str) -> int:
    for element in steps:
        if element == until:
            break
        login, fields = STEPS[element]
        demo.does(demo.staff(login), case_id, element, **fields)
    return case_id


def assert_books_and_trail_are_right(demo: Demo) -> None:
    """The books balance and the trail verifies."""
    with demo.office.store.transaction() as session:
        seal(session, now=demo.clock())
    with demo.office.store.reading() as session:
        verdict = verify_database(session)
    assert verdict.ok, verdict.text
    with demo.office.store.reading() as session:
        rows = trial_balance(session)
    assert Money.total(row.debit for row in rows) == Money.total(row.credit for row in rows)


def orders(demo: Demo, case_id: int) -> list[str]:
    """Where each payment order of the case stands."""
    with demo.office.store.reading() as session:
        query = select(PaymentOrder.status).where(PaymentOrder.case_id == case_id).order_by(PaymentOrder.id)
        return list(session.scalars(query))
