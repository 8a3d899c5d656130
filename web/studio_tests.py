"""The analysts' tests of a change, and past cases replayed through it."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from engine.cases import rehearsal_runs as runs
from engine.cases import studio as library
from engine.cases import studio_try as cases
from engine.cases.rehearsal_runs import RunCase, RunView
from engine.cases.replay import MOST_CASES, Replayed, replay_history
from engine.cases.studio_try import Sample, TryShelf
from engine.values import Refusal
from web.errors import refused, status_of, trouble
from web.session import actor, office, only_for

studio_tests = Blueprint("studio_tests", __name__, url_prefix="/studio/changes/<int:change_id>")

#: words for runs, which use-cases say in Chinese; here the catalogue learns of them
_STATES = (
    lazy_gettext("等待演练"), lazy_gettext("正在演练"), lazy_gettext("演练通过"), lazy_gettext("演练未通过"),
    lazy_gettext("已失效（文件已变动）"), lazy_gettext("演练中，通过即提交"),
)  # fmt: skip

#: past cases replayed for one answer, so that it comes within a few seconds
REPLAYED_AT_ONCE = 10
#: how many past cases the page offers to replay
COUNTS = (10, 20, 50, 100, 200, MOST_CASES)
#: what a page carries of a replay under way is never longer
_MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsFile:
    """A tests file and how the last run went through it."""

    file: str
    #: its cases, those that failed first; None for one that was not played
    rows: tuple[tuple[Sample, RunCase | None], ...]
    played: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A replay under way: what was asked for, and what the parts before have found."""

    process_id: str
    total: int
    until: datetime
    same: int = 0
    #: those that differ or cannot be replayed
    others: tuple[Replayed, ...] = ()

    @property
    def done(self) -> int:
        """Cases replayed."""
        return self.same + len(self.others)

    @property
    def differ(self) -> int:
        """Cases that would have gone another way."""
        return sum(each.verdict == "differs" for each in self.others)

    @property
    def kinds(self) -> Sequence[tuple[tuple[str, str, str, str], int]]:
        """Verdict, element, before or why, and after; by frequency."""
        found = Counter(
            (each.verdict, each.element, each.before or each.why, each.after) for each in self.others
        )
        return found.most_common()

    def with_part(self, part: tuple[Replayed, ...]) -> Replay:
        """What was found together with the part."""
        others = tuple(each for each in part if each.verdict != "same")
        return replace(self, same=self.same + len(part) - len(others), others=self.others + others)

    def packed(self) -> str:
        """The replay as one word for the page to carry."""
        plain = [
            self.process_id,
            self.total,
            self.until.isoformat(),
            self.same,
            [astuple(each) for each in self.others],
        ]
        return base64.b64encode(zlib.compress(json.dumps(plain).encode(), 9)).decode()


def unpacked(word: str) -> Replay | None:
    """The replay that a page carried; None for what no page of ours sent."""
    try:
        text = zlib.decompressobj().decompress(base64.b64decode(word), _MOST_BYTES)
        process_id, total, until, same, others = json.loads(text)
        names = ("case_id", "case_key", "verdict", "element", "before", "after", "why")
        return Replay(
            process_id=str(process_id),
            total=min(int(total), MOST_CASES),
            until=datetime.fromisoformat(until),
            same=int(same),
            others=tuple(Replayed(**dict(zip(names, each, strict=True))) for each in others),
        )
    except (binascii.Error, zlib.error, ValueError, TypeError):
        return None


@studio_tests.get("/tests")
@only_for("staff")
def show(change_id: int) -> ResponseReturnValue:
    """The cases of the tests files and how the last run of them stands; the enhancer gets the run alone."""
    return _tests(change_id)


@studio_tests.post("/tests")
@only_for("staff")
def start(change_id: int) -> ResponseReturnValue:
    """Have the cases played on the change as it stands."""
    run = runs.start_run(office(), actor(), change_id)
    if isinstance(run, Refusal):
        return _tests(change_id, refusal=run)
    return redirect(f"/studio/changes/{change_id}/tests", code=303)


@studio_tests.get("/tests/<path:name>")
@only_for("staff")
def lines(change_id: int, name: str) -> ResponseReturnValue:
    """The tests file of the change, line by line."""
    file = library.file_of(office(), actor(), name, change_id=change_id)
    if isinstance(file, Refusal):
        return refused(file)
    if file.kind != "tests":
        return trouble(404)
    text = file.content.decode("utf-8", "replace")
    return render_template("studio_tests_lines.html", change_id=change_id, file=file, lines=text.splitlines())


@studio_tests.get("/replay")
@only_for("staff")
def choose(change_id: int) -> ResponseReturnValue:
    """Which process, and how many of its past cases."""
    shelf = cases.try_shelf(office(), actor(), change_id)
    return refused(shelf) if isinstance(shelf, Refusal) else _replay(shelf, None)


@studio_tests.post("/replay")
@only_for("staff")
def go_on(change_id: int) -> ResponseReturnValue:
    """Replay the next few cases and add them to what was found before."""
    shelf = cases.try_shelf(office(), actor(), change_id)
    if isinstance(shelf, Refusal):
        return refused(shelf)
    replay = unpacked(request.form.get("before", "")) or _asked(request.form.get("process", ""))
    if replay.process_id not in shelf.processes:
        return trouble(404)
    if "pause" in request.form:
        return _replay(shelf, replay, paused=True)
    part = replay_history(
        office(),
        actor(),
        replay.process_id,
        shelf.files,
        n=min(REPLAYED_AT_ONCE, replay.total - replay.done),
        skip=replay.done,
        until=replay.until,
    )
    return refused(part) if isinstance(part, Refusal) else _replay(shelf, replay.with_part(part))


def _asked(process_id: str) -> Replay:
    """A replay that has not begun."""
    until = office().clock()
    wanted = min(max(request.form.get("n", 100, type=int), 1), MOST_CASES)
    return Replay(
        process_id=process_id,
        total=min(wanted, cases.ended_cases(office(), process_id, until=until)),
        until=until,
    )


def _replay(shelf: TryShelf, replay: Replay | None, *, paused: bool = False) -> ResponseReturnValue:
    part = "HX-Request" in request.headers and replay is not None
    template = "studio_replay_part.html" if part else "studio_replay.html"
    return render_template(
        template,
        change=shelf.change,
        shelf=shelf,
        replay=replay,
        paused=paused,
        counts=COUNTS,
        asked=request.args.get("process", ""),
        open_files=cases.open_files(office(), actor(), [each.case_id for each in replay.others])
        if replay
        else (),
        names=shelf.processes[replay.process_id].names if replay else {},
    )


def _tests(change_id: int, *, refusal: Refusal | None = None) -> ResponseReturnValue:
    change = library.view_change(office(), actor(), change_id)
    if isinstance(change, Refusal):
        return refused(refusal or change)
    run = runs.run_view(office(), actor(), change_id)
    if isinstance(run, Refusal):
        return refused(refusal or run)
    if "HX-Request" in request.headers:
        return _progress(change_id, run)
    shelf = cases.try_shelf(office(), actor(), change_id)
    reports = {(each.file, each.name): each for each in run.reports} if run else {}
    files = () if isinstance(shelf, Refusal) else _by_file(shelf, reports)
    known = {(own.file, each.script.name) for own in files for each, _report in own.rows}
    page = render_template(
        "studio_tests.html",
        change=change,
        run=run,
        files=files,
        others=[each for each in reports.values() if (each.file, each.name) not in known],
        shelf=None if isinstance(shelf, Refusal) else shelf,
        unreadable=shelf if isinstance(shelf, Refusal) and "analyst" in actor().duties else None,
        refusal=refusal,
        may_start="analyst" in actor().duties and change.status in ("open", "submitting", "submitted"),
    )
    return page, status_of(refusal) if refusal else 200


def _by_file(shelf: TryShelf, reports: Mapping[tuple[str, str], RunCase]) -> tuple[TestsFile, ...]:
    """The tests files with how each of their cases went."""
    found: dict[str, list[tuple[Sample, RunCase | None]]] = {}
    for sample in shelf.samples:
        report = reports.get((sample.file, sample.script.name))
        found.setdefault(sample.file, []).append((sample, report))
    return tuple(
        TestsFile(
            file=file,
            rows=tuple(sorted(rows, key=lambda row: row[1] is None or row[1].passed)),
            played=sum(report is not None for _sample, report in rows),
            failed=sum(report is not None and not report.passed for _sample, report in rows),
        )
        for file, rows in found.items()
    )


def _progress(change_id: int, run: RunView | None) -> ResponseReturnValue:
    """The part of the page that changes while the cases are played; once they are, the page comes anew."""
    answer = make_response(render_template("studio_run.html", change_id=change_id, run=run))
    if run is None or run.status not in ("waiting", "running"):
        answer.headers["HX-Refresh"] = "true"
    return answer
