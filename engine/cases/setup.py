"""Setting an office up: books into the database, shipped diagrams published, a trial office seeded.

Everything here may be run again and changes nothing the second time.
"""

from __future__ import annotations

from datetime import date

from engine import duties
from engine.cases import library
from engine.cases.crowd import Say, crowd_there, seed_crowd
from engine.cases.employer_crowd import seed_employers
from engine.cases.library_checks import CheckReport, check_files
from engine.cases.office import Office
from engine.cases.publishing import publish_diagram
from engine.cases.risk_room import ship as ship_rules
from engine.cases.service_points import ServicePointBook
from engine.money.ledger import sync_accounts
from engine.people import sync_regions
from engine.registers.province import MOST_PEOPLE, load_province, seed_province
from engine.values import SYSTEM, Reason, RefusedError
from engine.workflow.checks import check_letter

#: demo staff hold their posts since before any day that a demo is told on
STAFF_SINCE = date(2025, 1, 1)
#: residents whom the registers answer for one by one beside a crowd
FEW = 2_000


class FaultyDiagramError(Exception):
    """A shipped diagram may not be published; the message lists element, line and sentence."""

    retryable = False


def set_up(office: Office) -> None:
    """Duties, regions, accounts, risk rules and the shipped diagrams, as the files in ``processes/`` say.

    What analysts have published since stands: shipped files only fill the library where it has none or still has
    the shipped one. FaultyDiagramError with all problems, and nothing is kept.
    """
    # a faulty file is refused here, not before somebody who reads a guide
    ServicePointBook.load(office.settings.processes_dir)
    with office.store.transaction() as session:
        sync_regions(session, office.settings.processes_dir / "regions.yaml")
        duties.sync(session, office.duties)
        sync_accounts(session, office.chart, actor=SYSTEM, now=office.clock())
        ship_rules(session, office)
    with office.store.transaction() as session:
        library.lock(session)
        library.ship(session, library.shipped_files(office.settings.processes_dir), now=office.clock())
        files = library.library_files(session)
        _refuse_letters(office)
        _refuse_faulty(check_files(files, files, office.runner.versions.names))
        for name in library.diagrams(files):
            publish_diagram(session, office, SYSTEM, files, name, author=SYSTEM.key, note="随系统发布")


def seed(
    office: Office,
    *,
    people: int,
    employers: int,
    seed: int,
    day: date,
    password: str,
    crowd: int = 0,
    say: Say = lambda _text: None,
) -> None:
    """A trial office: a generated province behind the registers, and one member of staff for each duty.

    An office that has a province keeps the one it has. More people than the registers can tell apart, and a
    ``crowd`` beside them, stand in rosters and grants alone. Refused in production.
    """
    crowded = people > MOST_PEOPLE
    crowd = people if crowded else crowd
    if office.settings.production:
        raise RefusedError(
            Reason(code="production", text="生产模式不得生成演示数据", text_en="Not in production.")
        )
    with office.store.transaction() as session:
        if load_province(session) is None:
            seed_province(
                session,
                office.vault,
                seed=seed,
                people=FEW if crowded else people,
                employers=employers,
                day=day,
                now=office.clock(),
            )
        duties.seed_staff(session, office.duties, office.vault, day=STAFF_SINCE, password=password)
    office.forget_registers()
    if crowd and not crowd_there(office):
        seed_crowd(office, people=crowd, seed=seed, day=day, say=say)
        # the years before this one and the last: what the refunds of both are screened by
        seed_employers(office, firms=employers, seed=seed, years=(day.year - 2, day.year - 1), say=say)


def _refuse_letters(office: Office) -> None:
    """Letters and receipts are sent as they stand on the disk; one that asks what nobody may be asked is not (CLAIM-05)."""
    folders = (office.letters_dir, office.settings.processes_dir / "prints")
    listed = [
        f"{path.parent.name}/{path.name} 不能使用：第{problem.line}行：{problem.message}"
        for path in sorted(path for folder in folders for path in folder.glob("*.md"))
        for problem in check_letter(path.read_text("utf-8"), office.runner.versions.names)
    ]
    if listed:
        raise FaultyDiagramError("\n".join(listed))


def _refuse_faulty(report: CheckReport) -> None:
    listed = [
        f"{name} 不能发布：{problem.element} 第{problem.line}行：{problem.message}"
        for name, problem in report.errors
    ]
    if listed:
        raise FaultyDiagramError("\n".join(listed))
