"""Opening a payment run of a region. Transfers: ``transfers``; refunds: ``refund_acts``; rectification: ``checklists``."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.start import next_case, start_case
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.values import SYSTEM, Actor, Refusal, RefusedError


def start_payment_run(office: Office, actor: Actor, *, month: str, region: str = "") -> Done | Refusal:
    """A payment run over every order that waits in the region (MONEY-04)."""
    where = region or actor.region or office.settings.region

    def work(session: Session) -> Done:
        require_duty(session, office, actor, "intake", where)
        case = next_case(session, office, "payment_run", region=where, subject=f"office:{where}")
        start_case(office, session, actor, case, {"region": where, "month": month})
        return Done(message=f"待遇发放已发起，编号 {case.key}", case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=f"office:{where}")


def require_duty(session: Session, office: Office, actor: Actor, duty: str, region: str) -> None:
    """RefusedError unless the actor holds the duty there; the office itself needs none."""
    if actor == SYSTEM:
        return
    no = check_may(session, office.duties, actor, duty, region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)
