"""Card accounts that a month run would miss, asked of the register once more before anybody is held for them."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.disbursement.tables import MonthPart
from engine.people import Person, id_number_of
from engine.registers import RegisterDown
from engine.registers.card_accounts import keep_account
from engine.registers.roster_tables import CardAccount


def ask_accounts(session: Session, office: Office, part: MonthPart) -> int:
    """How many payees of the part have an account now who had none, or none that could be paid to.

    A register that is down is not waited for: whom it would have told of is held, and paid by a later run.
    """
    missing = session.scalars(
        select(Person)
        .join(BenefitGrant, BenefitGrant.person_id == Person.id)
        .outerjoin(CardAccount, CardAccount.person_index == Person.id_number_index)
        .where(BenefitGrant.region_code == part.region, BenefitGrant.status == "active")
        .where(BenefitGrant.id.between(part.first_grant, part.last_grant))
        .where(
            CardAccount.person_index.is_(None)
            | CardAccount.activated.is_(False)
            | (CardAccount.holder_index != Person.id_number_index)
        )
        .order_by(Person.id)
    ).all()
    told = 0
    with suppress(RegisterDown):
        for person in missing:
            found = office.registers.accounts.account(id_number_of(office.vault, person))
            if found is not None:
                keep_account(
                    session, office.vault, found, person_index=person.id_number_index, day=office.today
                )
                told += 1
    return told
