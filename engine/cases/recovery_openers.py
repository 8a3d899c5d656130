"""Opening what an analyst rehearses of recovery: with a grant that was paid too long, made for the rehearsal.

Only on the stage of a rehearsal, where everything is rolled back (see ``openers``), and in tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.grants import stop_grant
from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.cases.recoveries import begin_recovery
from engine.cases.stage import PRACTICE_REGION
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.money import payments
from engine.money.bank_file import TestBank
from engine.people import Person, id_number_of
from engine.store import outbox
from engine.store.outbox import OutboxMessage
from engine.values import SYSTEM, Actor, Money, Month, Reason, Refusal
from engine.workflow.rehearsal import Value

_GRANT_MONTHS = 24
#: what a rehearsal reckons with
_MONTHLY_FEN = 163_800
_HANDS = tuple(Actor(kind="staff", id=-number, name="演练") for number in (1, 2, 3))


def open_recovery(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """A recovery from the person: ``event_day``, how many ``months`` were paid after it, ``monthly_fen``, ``ground``."""
    if subject.kind != "person":
        return Refusal(
            reasons=(Reason(code="not_a_person", text="追回须写 person", text_en="Name a person."),)
        )
    event_day = date.fromisoformat(str(data.get("event_day") or office.today.replace(day=1)))

    def work(session: Session) -> Done:
        grant = overpaid_grant(
            session,
            office,
            subject.id,
            event_day=event_day,
            months=int(str(data.get("months", 3))),
            monthly=Money(int(str(data.get("monthly_fen", _MONTHLY_FEN)))),
            region=str(data.get("region") or PRACTICE_REGION),
            ground=str(data.get("ground") or "ST1"),
        )
        case = begin_recovery(session, office, SYSTEM, grant)
        return Done(message=case.key, case_id=case.id, case_key=case.key)

    return attempt(office, SYSTEM, work, subject=subject.key)


def overpaid_grant(
    session: Session,
    office: Office,
    person_id: int,
    *,
    event_day: date,
    months: int,
    monthly: Money,
    region: str,
    ground: str,
) -> BenefitGrant:
    """A stopped grant that was really paid for so many months after the month of the event."""
    first = Month.of(event_day)
    grant = BenefitGrant(
        origin="import",
        person_id=person_id,
        region_code=region,
        applied_on=first.first_day,
        granted_on=first.first_day,
        first_month=str(first),
        months=_GRANT_MONTHS,
        months_paid=months + 1,
        paid_through=str(first.plus(months)),
        monthly_fen=monthly.fen,
        determination="{}",
    )
    session.add(grant)
    session.flush()
    for at in range(months + 1):
        order_month(session, office, grant, first.plus(at), monthly)
    pay_waiting(session, office, region=region, number=f"PR-{grant.id}")
    stop_grant(
        session, grant.id, ground=ground, event_day=event_day, reason="演练", actor=SYSTEM, now=office.clock()
    )
    return grant


def order_month(session: Session, office: Office, grant: BenefitGrant, month: Month, amount: Money) -> None:
    """The benefit of that month, ordered to the person's card account."""
    person = session.get_one(Person, grant.person_id)
    account = office.registers.accounts.account(id_number_of(office.vault, person))
    payments.order_payment(
        session,
        office.vault,
        key=f"benefit:{grant.id}:{month}",
        payee_kind="person",
        payee_id=grant.person_id,
        payee_name=person.name,
        account=account.number if account else "6217994510000123455",
        account_name=account.holder_name if account else person.name,
        amount=amount,
        purpose="benefit",
        month=month,
        region=grant.region_code,
        case_id=None,
        actor=SYSTEM,
        now=office.clock(),
    )


def pay_waiting(session: Session, office: Office, *, region: str, number: str) -> None:
    """Whatever waits in the region, sent to the trial bank and answered by it."""
    now = office.clock()
    payments.prepare_batch(session, region=region, number=number, actor=SYSTEM, now=now)
    payments.record_sample(session, number, actor=_HANDS[0], now=now)
    payments.certify(session, number, actor=_HANDS[1], now=now)
    payments.release(session, office.vault, number, actor=_HANDS[2], now=now)
    message = session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == payments.BANK_FILE, OutboxMessage.key == number)
    ).one()
    file = payments.open_bank_file(office.vault, orjson.loads(message.payload))
    payments.take_receipt(session, office.vault, TestBank().answer(file), actor=SYSTEM, now=now)
    outbox.mark_sent(session, message.id, now=now, receipt="演练")
