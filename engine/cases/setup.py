"""Setting an office up: books into the database, shipped diagrams published, a trial office seeded.

Everything here may be run again and changes nothing the second time.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from engine import duties
from engine.cases.office import Office
from engine.money.chart import Chart
from engine.money.ledger import sync_accounts
from engine.people import sync_regions
from engine.registers.province import load_province, seed_province
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import SYSTEM, Reason, RefusedError
from engine.workflow.checks import check_file
from engine.workflow.versions import Source

#: demo staff hold their posts since before any day that a demo is told on
STAFF_SINCE = date(2025, 1, 1)


class FaultyDiagramError(Exception):
    """A shipped diagram may not be published; the message lists element, line and sentence."""

    retryable = False


def set_up(office: Office) -> None:
    """Duties, regions, accounts and the shipped diagrams, as the files in ``processes/`` say."""
    with office.store.transaction() as session:
        sync_regions(session, office.settings.processes_dir / "regions.yaml")
        duties.sync(session, office.duties)
        sync_accounts(session, Chart.load(office.settings.processes_dir), actor=SYSTEM, now=office.clock())
    for path in sorted(office.settings.processes_dir.glob("*.bpmn")):
        publish_file(office, path, note="随系统发布")


def publish_file(office: Office, path: Path, *, note: str) -> None:
    """Every process of the file as a new version, unless nothing changed; FaultyDiagramError with all problems."""
    data = path.read_bytes()
    errors = [p for p in check_file(data, office.runner.versions.names, path.name) if p.severity == "error"]
    if errors:
        listed = "\n".join(f"  {p.element or ''} 第{p.line or '?'}行：{p.message}" for p in errors)
        raise FaultyDiagramError(f"{path.name} 不能发布：\n{listed}")
    source = Source(file_name=path.name, diagram=data, **_beside(path.parent))
    with office.store.transaction() as session:
        versions = office.runner.versions.publish(
            session, source, author=SYSTEM.key, published_by=SYSTEM.key, note=note, now=office.clock()
        )
        for version in versions:
            if version.published_at == office.clock() or session.is_modified(version):
                append(
                    session,
                    stream="diagrams",
                    action=Action.DIAGRAM_PUBLISHED,
                    actor=SYSTEM,
                    subject=f"{version.process_id}:{version.number}",
                    after={"digest": version.digest, "file": path.name},
                    now=office.clock(),
                )


def seed(office: Office, *, people: int, employers: int, seed: int, day: date, password: str) -> None:
    """A trial office: a generated province behind the registers, and one member of staff for each duty.

    An office that has a province keeps the one it has. Refused in production.
    """
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
                people=people,
                employers=employers,
                day=day,
                now=office.clock(),
            )
        duties.seed_staff(session, office.duties, office.vault, day=STAFF_SINCE, password=password)
    office.forget_registers()


def _beside(directory: Path) -> dict[str, dict[str, str]]:
    """The forms and decisions of the directory, as texts."""
    return {
        "forms": {
            path.stem: path.read_text("utf-8") for path in sorted((directory / "forms").glob("*.form"))
        },
        "decisions": {
            path.name: path.read_text("utf-8") for path in sorted((directory / "decisions").glob("*.dmn"))
        },
    }
