"""Employers put straight into rosters, for the screening: what the tax office and other offices would have sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

from sqlalchemy import text

from engine import duties
from engine.cases.office import Office
from engine.law.policy import PolicyBook
from engine.law.screening import KINDS, EmployerFacts, Listing
from engine.people import sync_regions
from engine.refunds.rosters import LIST_NAMES, RosterOrigin, take_list, take_years
from engine.registers.numbers import credit_code_for
from engine.registers.rosters import digest_of_file
from engine.values import SYSTEM

CITY = "371500"
REGIONS = ("371502", "371503", "371521", "371522", "371524", "371525", "371526", "371581")

#: places that reckon otherwise, so that every branch of the rule is met: made up, on a copy of the book
ELSEWHERE = """
refund.layoff_formula:
  title: 裁员率算法
  "000000":
    - {from: 2020-01-01, value: claimants, unit: text, source: design, verified: false}
  "371503":
    - {from: 2020-01-01, value: net, unit: text, source: design, verified: false}
  "371521":
    - {from: 2020-01-01, value: either, unit: text, source: design, verified: false}
  "371522":
    - {from: 2020-01-01, value: average, unit: text, source: design, verified: false}
  "371581":
    - {from: 2020-01-01, value: nobody_knows, unit: text, source: design, verified: false}
refund.amount_cap:
  title: 单户返还金额上限
  "371524":
    - {from: 2020-01-01, value: "5000.00", unit: yuan, source: design, verified: false}
refund.sound_business:
  title: 信用条件
  "000000":
    - {from: 2020-01-01, value: true, unit: flag, source: design, verified: false}
  "371525":
    - {from: 2020-01-01, value: false, unit: flag, source: design, verified: false}
refund.public_bodies:
  title: 机关事业单位
  "000000":
    - {from: 2020-01-01, value: false, unit: flag, source: design, verified: false}
  "371525":
    - {from: 2020-01-01, value: true, unit: flag, source: design, verified: false}
refund.social_org_as_sme:
  title: 社会组织比照中小微
  "000000":
    - {from: 2020-01-01, value: true, unit: flag, source: design, verified: false}
  "371526":
    - {from: 2020-01-01, value: false, unit: flag, source: design, verified: false}
refund.dispatch_applies:
  title: 劳务派遣单位自行申请
  "000000":
    - {from: 2020-01-01, value: true, unit: flag, source: design, verified: false}
  "371526":
    - {from: 2020-01-01, value: false, unit: flag, source: design, verified: false}
"""


def without(topic: str, keys: Sequence[str]) -> str:
    """The text of a topic file without some of its keys."""
    blocks: list[list[str]] = []
    for line in topic.splitlines():
        if line[:1] not in (" ", "#", "") or not blocks:
            blocks.append([])
        blocks[-1].append(line)
    return "\n".join("\n".join(b) for b in blocks if b[0].rstrip(":") not in keys) + "\n"


def book_of_many_places(office: Office, folder: Path) -> PolicyBook:
    """The shipped book, in which each county of Liaocheng reckons in a way of its own."""
    for path in (office.settings.processes_dir / "policy").glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    told = [line.rstrip(":") for line in ELSEWHERE.splitlines() if line and line[0] not in " #"]
    refund = folder / "refund.yaml"
    refund.write_text(without(refund.read_text(), told))
    (folder / "elsewhere.yaml").write_text(ELSEWHERE)
    return PolicyBook.load(folder)


def open_regions(office: Office) -> None:
    """Regions and duties: what a screening stands on."""
    with office.store.transaction() as session:
        sync_regions(session, office.settings.processes_dir / "regions.yaml")
        duties.sync(session, office.duties)


def facts(**changes: object) -> EmployerFacts:
    """A firm of 30 people all year, paid in full, 1,000 yuan a month, that let nobody go."""
    usual = EmployerFacts(
        region="371502",
        kind="enterprise",
        size="small",
        months_before=0,
        previous_end=30,
        heads=(30,) * 12,
        due=(100_000,) * 12,
        paid=(100_000,) * 12,
        claimants=0,
    )
    return replace(usual, **changes)


def random_facts(drawn: Random) -> EmployerFacts:
    """An employer about the boundaries: of 20 % and 5.5 %, of 30 and 300 people, of 12 months, of half a fen."""
    previous = drawn.choice(
        (0, 1, 5, 20, 29, 30, 31, 36, 40, 100, 182, 200, 299, 300, 301, 1_000, drawn.randrange(5_000))
    )
    limit = previous * drawn.choice((200, 55)) // 1_000
    claimants = max(0, drawn.choice((0, limit, limit + 1, limit - 1, drawn.randrange(previous + 2))))
    begins = drawn.choice((0, 0, 0, 0, 1, 6, 11, 12))
    now = max(0, drawn.choice((previous, previous - limit, previous - limit - 1, previous + 3, 0, 300, 30)))
    heads = tuple(0 if month < begins else now if month > 5 else previous for month in range(12))
    due = tuple(each * drawn.choice((0, 1, 4_321, 5_000)) for each in heads)
    short = drawn.choice((None, None, None, 0, 11))
    paid = tuple(
        max(0, each - 1) if month == short else each + drawn.choice((0, 0, 0, 1))
        for month, each in enumerate(due)
    )
    dispatched = drawn.choice((0, sum(paid) // 2, sum(paid)))
    return EmployerFacts(
        region=drawn.choice(REGIONS),
        kind=drawn.choice((*KINDS, "dispatch_agency", "enterprise", "enterprise")),  # type: ignore[arg-type]
        size=drawn.choice(("large", "medium", "small", "micro", "", "")),  # type: ignore[arg-type]
        months_before=drawn.choice((0, 0, 1, 6, 11, 12, 100)),
        previous_end=previous,
        heads=heads,
        due=due,
        paid=paid,
        claimants=claimants,
        owed=drawn.choice((0, 0, 0, 0, 0, 1, 12_345)),
        dispatched=dispatched,
        placed_public=drawn.choice((0, 0, dispatched // 3, dispatched)),
        listed=frozenset(name for name in LIST_NAMES if name != "arrears" and drawn.random() < 0.04),  # type: ignore[misc]
    )


def send(
    office: Office, employers: Sequence[EmployerFacts], *, year: int, mark: str = "", industries: str = "C"
) -> dict[int, EmployerFacts]:
    """Rosters of the city with those employers and every list; each employer by its number, industries in turn."""
    numbered: dict[int, EmployerFacts] = {}
    codes: dict[int, str] = {}
    with office.store.transaction() as session:
        for at, one in enumerate(employers):
            code = credit_code_for(prefix="91", region=one.region, organisation=f"T{at:07d}")
            number = session.scalar(
                text(
                    "INSERT INTO employer (credit_code, name, region_code, created_at) VALUES (:code, :name, :region, :now) "
                    "ON CONFLICT (credit_code) DO UPDATE SET name = excluded.name RETURNING id"
                ),
                {"code": code, "name": f"单位{at}", "region": one.region, "now": office.clock()},
            )
            numbered[int(number)], codes[int(number)] = one, code
        take_years(
            session,
            (
                (
                    number, one.region, one.kind, one.size, industries[at % len(industries)], one.months_before, one.previous_end, one.claimants,
                    list(one.heads), list(one.due), list(one.paid), one.dispatched, one.placed_public,
                )
                for at, (number, one) in enumerate(numbered.items())
            ),
            year=year,
            origin=origin(f"{year}{mark}"),
            actor=SYSTEM,
            now=office.clock(),
        )  # fmt: skip
    send_lists(office, {codes[number]: one for number, one in numbered.items()}, mark=f"{year}{mark}")
    return numbered


def send_lists(office: Office, employers: Mapping[str, EmployerFacts], *, mark: str) -> None:
    """Every list with the employers of that credit code that it names."""
    for kind in LIST_NAMES:
        with office.store.transaction() as session:
            take_list(
                session,
                (
                    (code, None, one.owed, "名单")
                    for code, one in employers.items()
                    if (one.owed if kind == "arrears" else kind in one.listed)
                ),
                kind=kind,
                origin=origin(f"{kind}{mark}"),
                actor=SYSTEM,
                now=office.clock(),
            )


def origin(mark: str, region: str = CITY) -> RosterOrigin:
    """Where a roster of a test comes from."""
    return RosterOrigin(
        region=region, as_of=date(2025, 3, 31), digest=digest_of_file(mark.encode()), source="测试"
    )


def listed(*names: Listing) -> frozenset[Listing]:
    """The lists, as facts hold them."""
    return frozenset(names)
