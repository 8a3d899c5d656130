"""How the office does, for those above: volumes, times, the heat map, breaches; each table also as a workbook."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import monitor_lists, monitor_sheets, monitoring
from engine.cases.monitor_lists import KINDS, CaseKind
from engine.cases.monitoring import Monitor, MonitorFilter, StepRow, VolumeRow
from engine.values import Month, Refusal
from engine.workflow.picture import picture_of
from web.charts import Bars, Heat, bars, heat_map
from web.errors import refused
from web.inbox_bulk import workbook
from web.session import actor, office, only_for

pages = Blueprint("monitoring", __name__, url_prefix="/monitoring")

_LONGEST = 120


@pages.get("")
@only_for("staff")
def show() -> ResponseReturnValue:
    """The figures of a region and period; with a process, its diagram with the waits on it."""
    wanted = _wanted()
    found = monitoring.monitor(office(), actor(), wanted)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "monitoring.html",
        found=found,
        wanted=wanted,
        address=lambda **changed: _address(wanted, **changed),
        wide=request.args.get("size") == "full",
        weeks=_weeks(found),
        times=_times(found),
        heat=_heat(found),
    )


@pages.get("/cases")
@only_for("staff")
def cases() -> ResponseReturnValue:
    """The cases behind a figure."""
    wanted, element = _wanted(), _text("element")
    kind: CaseKind = next((each for each in KINDS if each == request.args.get("kind")), "open")
    cursor = _text("cursor")
    found = monitor_lists.cases_behind(office(), actor(), wanted, kind, element=element, cursor=cursor)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "monitoring_cases.html",
        sight=found[0],
        page=found[1],
        kind=kind,
        kinds=KINDS,
        element=element,
        address=lambda **changed: _address(wanted, **changed),
    )


@pages.get("/breaches")
@only_for("staff")
def breaches() -> ResponseReturnValue:
    """The limits that passed, with who had the task and to whom it was taken."""
    wanted, duty = _month(_wanted()), _text("duty")
    cursor = _text("cursor")
    found = monitor_lists.breaches(office(), actor(), wanted, duty=duty, cursor=cursor)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template(
        "monitoring_breaches.html",
        sight=found[0],
        page=found[1],
        wanted=wanted,
        duty=duty,
        duties=monitor_lists.breach_duties(office()),
        month=_text("month"),
        address=lambda **changed: _address(wanted, **{"duty": duty, **changed}),
    )


@pages.get("/export.xlsx")
@only_for("staff")
def export() -> ResponseReturnValue:
    """One of the tables as a workbook."""
    table = _text("table")
    file = monitor_sheets.export(office(), actor(), _wanted(), table, duty=_text("duty"))
    return workbook(file, f"monitoring-{table}-{office().today.isoformat()}.xlsx")


def _wanted() -> MonitorFilter:
    return MonitorFilter(**{key: _text(key) for key in MonitorFilter.__dataclass_fields__})


def _text(key: str) -> str:
    """What the address says; nothing for what no name of ours can be."""
    found = request.args.get(key, "").strip()
    return found if found.isprintable() and len(found) <= _LONGEST else ""


def _month(wanted: MonitorFilter) -> MonitorFilter:
    """The filter with the month of the address as its period, where one is given."""
    try:
        month = Month.parse(_text("month"))
    except ValueError:
        return wanted
    return replace(wanted, first=month.first_day.isoformat(), last=month.last_day.isoformat())


def _address(wanted: MonitorFilter, *, page: str = "monitoring.show", **changed: str) -> str:
    """A page with these filters; ``changed`` ones replace, empty ones go."""
    parts = {**wanted.query(), **changed}
    return f"{url_for(page)}?{urlencode({key: value for key, value in parts.items() if value})}"


def _weeks(found: Monitor) -> object:
    rows = [
        Bars(
            word=_short(row),
            figures=(row.volume.started, row.volume.completed + row.volume.cancelled, row.open),
        )
        for row in found.weeks
    ]
    return bars(rows, title=_("每周受理、办结和在办件数，数字见下表"))


def _times(found: Monitor) -> object:
    rows = [Bars(word=_short(row), figures=(row.volume.median, row.volume.ninth)) for row in found.weeks]
    return bars(rows, title=_("每周办结案件的办理时长，数字见下表"), decimals=1)


def _short(row: VolumeRow) -> str:
    return row.key[5:]


def _heat(found: Monitor) -> object:
    version = found.sight.version
    if version is None:
        return None
    heats = {row.waiting.element_id: _heat_of(row) for row in found.steps}
    title = _("流程图上各环节的等待时间，数字见下表")
    return heat_map(picture_of(version.diagram), heats, title=title)


def _heat_of(row: StepRow) -> Heat:
    median = row.waiting.median
    figure = "—" if median is None else _("%(days)s 天", days=f"{median:.1f}")
    return Heat(level=row.heat, figure=str(figure), count=row.waiting.open)
