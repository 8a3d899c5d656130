"""What the tax office and other offices tell of the cast's employers: rosters that a refund is judged by, sent and sent anew."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from insured_employers import facts, origin, send_lists
from sqlalchemy import select

from engine.cases.office import Office
from engine.law.screening import EmployerFacts
from engine.people import Employer
from engine.refunds.rosters import take_years
from engine.registers.cast import EMPLOYERS
from engine.values import SYSTEM

_marks = count(1)
#: the employers of the cast that are insured in Liaocheng
HERE = ("guangyue", "fenghuang", "dongchang")


def year_of(employer: str, **changes: object) -> EmployerFacts:
    """What the cast says of the employer, as a roster tells it; ``paid_fen`` stands for its twelve months."""
    cast = EMPLOYERS[employer]
    paid = int(str(changes.pop("paid_fen", cast.paid_fen)))
    months = (*(paid // 12,) * 11, paid - paid // 12 * 11)
    usual = facts(
        region=cast.region,
        size="large" if cast.size == "large" else "small",
        previous_end=cast.insured,
        heads=(cast.insured,) * 12,
        claimants=cast.left,
        due=months,
        paid=months,
    )
    return replace(usual, **changes)


def tell(office: Office, *, year: int = 2024, **told: EmployerFacts) -> None:
    """Rosters of a year of the whole city and every list, which supersede those before: those employers, the others as the cast has them."""
    everybody = {key: told.get(key) or year_of(key) for key in HERE}
    mark = f"told-{next(_marks)}-{office.clock()}"
    codes = {EMPLOYERS[key].credit_code: one for key, one in everybody.items()}
    with office.store.transaction() as session:
        numbers = {
            code: session.scalars(select(Employer.id).where(Employer.credit_code == code)).one()
            for code in codes
        }
        take_years(
            session,
            (
                (
                    numbers[code], one.region, one.kind, one.size, "C", one.months_before, one.previous_end, one.claimants,
                    list(one.heads), list(one.due), list(one.paid), one.dispatched, one.placed_public,
                )
                for code, one in sorted(codes.items(), key=lambda each: numbers[each[0]])
            ),
            year=year,
            origin=origin(mark),
            actor=SYSTEM,
            now=office.clock(),
        )  # fmt: skip
    send_lists(office, codes, mark=mark)
