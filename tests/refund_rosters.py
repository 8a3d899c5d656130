"""Files of contributions and lists as offices send them, and the steward who takes them in: for journeys of refunds."""

from __future__ import annotations

from dataclasses import dataclass

from builders import actor

from engine.cases.employer_rosters import take_employer_roster
from engine.cases.office import Office
from engine.cases.staff import sign_in_employer
from engine.cases.views import Done
from engine.refunds.roster_files import LIST_COLUMNS, YEAR_COLUMNS
from engine.refunds.rosters import LIST_NAMES
from engine.registers.cast import EMPLOYERS
from engine.values import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the tax office tells of an employer of the cast for a year."""

    employer: str
    #: yuan, in even parts over twelve months
    paid: str
    #: as the file writes it
    size: str = "小型"
    industry: str = "C"
    insured: int = 200
    let_go: int = 0


def send_years(office: Office, told: tuple[Told, ...], *, as_of: str) -> None:
    """The contributions of 2024, current from now on; a later file supersedes the one before."""
    known(office, told)
    _take(office, years_file(told), kind="contributions", as_of=as_of, year=2024)


def send_lists(office: Office, *, as_of: str) -> None:
    """Every list of other offices, none of which names anybody."""
    for kind in LIST_NAMES:
        _take(office, list_file(), kind=kind, as_of=as_of, year=0)


def known(office: Office, told: tuple[Told, ...]) -> None:
    """Employers of the cast who have signed in once are known to the office."""
    for each in told:
        sign_in_employer(office, credit_code=EMPLOYERS[each.employer].credit_code)


def list_file() -> bytes:
    """A list that names nobody, as a file."""
    return ",".join(LIST_COLUMNS).encode()


def years_file(told: tuple[Told, ...]) -> bytes:
    """The contributions as a file."""
    return "\r\n".join((",".join(YEAR_COLUMNS), *(",".join(_line(each)) for each in told))).encode()


def _take(office: Office, file: bytes, *, kind: str, as_of: str, year: int) -> None:
    outcome = take_employer_roster(
        office,
        actor(office, "fengshuju"),
        file,
        kind=kind,
        region="371500",
        as_of=as_of,
        source="测试",
        year=year,
    )
    assert isinstance(outcome, Done), outcome


def _line(told: Told) -> list[str]:
    card = EMPLOYERS[told.employer]
    each, rest = divmod(Money.yuan(told.paid).fen, 12)
    months = [Money(each).text] * 11 + [Money(each + rest).text]
    heads = [str(told.insured)] * 12
    numbers = [told.industry, "12", str(told.insured), str(told.let_go)]
    return [
        card.credit_code,
        card.region,
        "企业",
        told.size,
        *numbers,
        *heads,
        *months,
        *months,
        "0",
        "0",
    ]
