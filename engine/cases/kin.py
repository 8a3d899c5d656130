"""The cases around a case (关联案件): of the same person or employer, the other end of a transfer, its payment run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.case_money import batches_of
from engine.cases.file_views import Related, RelatedCase
from engine.cases.files import STATUS_NAMES, may_see
from engine.cases.office import Office
from engine.cases.rows import process_names
from engine.money.payments import PaymentLine, PaymentOrder
from engine.store.sight import beyond
from engine.tasks.tables import RightsTransfer
from engine.values import Actor, CaseId
from engine.workflow.tables import WorkflowCase

#: beyond this, what more there is is counted
_SHOWN_MAX = 50


def related_to(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> Related:
    """The related cases that the actor may see, latest first; the others are only counted (CTRL-07)."""
    with beyond(
        session, "cases of others around a case: counted, and shown only where may_see lets them be seen"
    ):
        found, cases = _around(session, case)
        seen = [each for each in cases[:_SHOWN_MAX] if may_see(session, office, actor, each)]
    names = process_names(session)
    rows = tuple(
        RelatedCase(
            case_id=CaseId(each.id),
            case_key=each.case_key,
            process_name=names[each.version_id],
            status=each.status,
            status_name=STATUS_NAMES[each.status],
            started_at=each.started_at,
            why=found[each.id],
        )
        for each in seen
    )
    return Related(rows=rows, hidden=len(cases) - len(rows))


def _around(session: Session, case: WorkflowCase) -> tuple[dict[int, str], Sequence[WorkflowCase]]:
    """Why each case is related, by its id; and the cases, latest first."""
    found: dict[int, str] = {}
    for why, case_ids in (
        ("counterpart", _counterparts(session, case)),
        ("payment_run", _runs(session, case)),
        ("same_subject", _of_subject(session, case)),
        ("paid_in", _paid_in(session, case)),
    ):
        for case_id in case_ids:
            found.setdefault(case_id, why)
    found.pop(case.id, None)
    query = select(WorkflowCase).where(WorkflowCase.id.in_(found)).order_by(WorkflowCase.id.desc())
    return found, session.scalars(query).all()


def _of_subject(session: Session, case: WorkflowCase) -> Sequence[int]:
    # an office is the subject of all its payment runs and findings: those have nothing to do with one another
    if case.subject.startswith("office:"):
        return ()
    return session.scalars(select(WorkflowCase.id).where(WorkflowCase.subject == case.subject)).all()


def _counterparts(session: Session, case: WorkflowCase) -> Sequence[int]:
    own = select(RightsTransfer.transfer_number).where(RightsTransfer.case_id == case.id)
    return session.scalars(
        select(RightsTransfer.case_id).where(RightsTransfer.transfer_number.in_(own))
    ).all()


def _runs(session: Session, case: WorkflowCase) -> Sequence[int]:
    """The payment runs whose batches paid something of the case."""
    keys = [batch.number.removeprefix("PB-") for batch in batches_of(session, case)]
    return session.scalars(select(WorkflowCase.id).where(WorkflowCase.case_key.in_(keys))).all()


def _paid_in(session: Session, case: WorkflowCase) -> Sequence[int]:
    """The cases that the case, being a payment run, pays for."""
    if case.subject.startswith(("person:", "employer:")):
        return ()
    batches = [batch.id for batch in batches_of(session, case)]
    query = (
        select(PaymentOrder.case_id)
        .join(PaymentLine, PaymentLine.order_id == PaymentOrder.id)
        .where(PaymentLine.batch_id.in_(batches), PaymentOrder.case_id.is_not(None))
    )
    return [case_id for case_id in session.scalars(query) if case_id is not None]
