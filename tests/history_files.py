"""Files of an older system, made up row by row: for tests and the bench of their import."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from io import BytesIO, StringIO

from openpyxl import Workbook

from engine import duties
from engine.cases.import_kinds import KINDS
from engine.cases.office import Office
from engine.cases.setup import STAFF_SINCE
from engine.cases.staff import sign_in
from engine.people import sync_regions
from engine.registers.numbers import credit_code_for, id_number_for
from engine.values import Actor

PASSWORD = "history-test-password"
EMPLOYER = credit_code_for(prefix="91", region="371502", organisation="M9000001")


def staffed(office: Office) -> tuple[Actor, Actor]:
    """Two data stewards of Liaocheng, in an office of which imports need only regions, duties and staff."""
    with office.store.transaction() as session:
        sync_regions(session, office.settings.processes_dir / "regions.yaml")
        duties.sync(session, office.duties)
        duties.seed_staff(session, office.duties, office.vault, day=STAFF_SINCE, password=PASSWORD)
    return signed_in(office, "fengshuju"), signed_in(office, "lvshuju2")


def signed_in(office: Office, login: str) -> Actor:
    """That member of staff."""
    actor = sign_in(office, login=login, password=PASSWORD)
    assert isinstance(actor, Actor)
    return actor


def number_of(person: int) -> str:
    """The identity number of the so-manieth made-up person; odd ones are men."""
    birth = date(1975, 1, 1) + timedelta(days=person // 1000)
    return id_number_for(region="371502", birth=birth, sequence=person % 1000)


def person_row(person: int, **other: str) -> list[str]:
    """A line of a file of persons."""
    return _line(
        "persons", {"id_number": number_of(person), "name": f"历史{person}", "region": "371502"}, other
    )


def contribution_row(person: int, **other: str) -> list[str]:
    """A line of a file of contributions."""
    says = {
        "id_number": number_of(person),
        "employer_code": EMPLOYER,
        "first_month": "2019-03",
        "last_month": "2024-12",
        "base": "4242.00",
    }
    return _line("contributions", says, other)


def grant_row(person: int, **other: str) -> list[str]:
    """A line of a file of grants: twelve months from June 2025, four of them paid."""
    says = {
        "id_number": number_of(person),
        "reference": f"OLD-{person}",
        "region": "371502",
        "retirement_class": "M60" if person % 2 else "F50",
        "applied_on": "2025-07-07",
        "first_month": "2025-07",
        "months": "12",
        "months_paid": "4",
        "paid_through": "2025-10",
        "monthly": "1638.00",
        "standing": "在领",
    }
    return _line("grants", says, other)


def payment_row(person: int, month: str, **other: str) -> list[str]:
    """A line of a file of payments: one month of the grant of that person."""
    says = {
        "id_number": number_of(person),
        "reference": f"OLD-{person}",
        "month": month,
        "amount": "1638.00",
        "paid_on": f"{month}-20",
        "channel": "社保卡",
    }
    return _line("payments", says, other)


def exit_row(person: int, **other: str) -> list[str]:
    """A line of a file of exits."""
    says = {
        "employer_code": EMPLOYER,
        "id_number": number_of(person),
        "day": "2025-09-30",
        "reason": "I01",
    }
    return _line("exits", says, other)


def as_csv(kind: str, rows: Iterable[Sequence[str]], *, encoding: str = "gb18030") -> bytes:
    """The rows under the kind's heading."""
    written = StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([column.heading for column in KINDS[kind].columns])
    writer.writerows(rows)
    return written.getvalue().encode(encoding)


def as_xlsx(kind: str, rows: Iterable[Sequence[object]]) -> bytes:
    """The rows under the kind's heading, as a workbook."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([column.heading for column in KINDS[kind].columns])
    for row in rows:
        sheet.append(list(row))
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def _line(kind: str, says: dict[str, str], other: dict[str, str]) -> list[str]:
    return [{**says, **other}.get(column.key, "") for column in KINDS[kind].columns]
