"""Checklists that are shipped as files in ``processes/checklists``: the notice with its topics and days, ready to issue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.cases.checklist_views import ChecklistView
from engine.cases.checklists import issue_checklist
from engine.cases.office import Office
from engine.oversight.rectification import Milestone, Topic
from engine.store.declaration import Entry, read_declaration
from engine.values import Actor, Reason, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedChecklist:
    """What a file says, before it is laid over anything."""

    #: the name of its file, e.g. ``shandong-2020``
    name: str
    title: str
    english: str
    source: str
    issued_on: date
    self_check_due: date
    plan_due: date
    done_due: date | None
    topics: tuple[Topic, ...]
    milestones: tuple[Milestone, ...]


def shipped_checklists(office: Office) -> tuple[ShippedChecklist, ...]:
    """Every checklist file, by name; DeclarationError names file and line of the first mistake."""
    return tuple(_read(path) for path in sorted(_folder(office).glob("*.yaml")))


def issue_shipped(
    office: Office, actor: Actor, name: str, *, received_on: date, region: str = ""
) -> ChecklistView | Refusal:
    """The shipped checklist, laid over the region (the actor's) and all below it, as received on that day."""
    found = next((each for each in shipped_checklists(office) if each.name == name), None)
    if found is None:
        text = f"没有清单文件 {name}"
        return Refusal(reasons=(Reason(code="no_such_file", text=text, text_en=f"No checklist {name}."),))
    return issue_checklist(
        office,
        actor,
        title=found.title,
        source=found.source,
        topics=found.topics,
        issued_on=found.issued_on,
        received_on=received_on,
        self_check_due=found.self_check_due,
        plan_due=found.plan_due,
        done_due=found.done_due,
        milestones=found.milestones,
        region=region,
    )


def _folder(office: Office) -> Path:
    return office.settings.processes_dir / "checklists"


def _read(path: Path) -> ShippedChecklist:
    entry = read_declaration(path)
    entry.only(
        "title",
        "english",
        "source",
        "issued_on",
        "self_check_due",
        "plan_due",
        "done_due",
        "topics",
        "milestones",
    )
    return ShippedChecklist(
        name=path.stem,
        title=entry.text("title"),
        english=entry.text("english"),
        source=entry.text("source"),
        issued_on=_day(entry, "issued_on"),
        self_check_due=_day(entry, "self_check_due"),
        plan_due=_day(entry, "plan_due"),
        done_due=_day(entry, "done_due") if "done_due" in entry.fields else None,
        topics=tuple(_topic(each) for each in entry.entries("topics")),
        milestones=tuple(_milestone(each) for each in entry.entries("milestones")),
    )


def _topic(entry: Entry) -> Topic:
    entry.only("code", "title", "benchmark", "done_due")
    return Topic(
        code=entry.text("code"),
        title=entry.text("title"),
        benchmark=entry.text("benchmark"),
        done_due=_day(entry, "done_due") if "done_due" in entry.fields else None,
    )


def _milestone(entry: Entry) -> Milestone:
    entry.only("title", "due", "source", "units")
    return Milestone(
        title=entry.text("title"),
        due=_day(entry, "due"),
        source=entry.text("source"),
        units=entry.words("units") if "units" in entry.fields else (),
    )


def _day(entry: Entry, field: str) -> date:
    text = entry.text(field)
    try:
        return date.fromisoformat(text)
    except ValueError as cause:
        raise entry.error(f"「{field}」应当是日期 2020-03-30，现在是「{text}」", field=field) from cause
