"""Plays a drawn file through: soundness first, then the controls. Called by ``checks`` when nothing else is wrong.

A file from elsewhere is refused only if its cases cannot finish; what else is found there is a warning.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from engine.workflow.controls import judge_controls
from engine.workflow.data_rounds import judge_rounds
from engine.workflow.data_ways import judge_data
from engine.workflow.drawing import Drawing, draw
from engine.workflow.facts import elements_of
from engine.workflow.net import Net
from engine.workflow.net_areas import MAX_PLACES, TooLargeError
from engine.workflow.net_moves import MOST_MOVES, net_of
from engine.workflow.problems import Findings, Problem
from engine.workflow.reader import ReadError, Resolver, definitions_of, read_xml
from engine.workflow.resume_checks import judge_resume
from engine.workflow.shape import is_executable
from engine.workflow.soundness import Bounds, judge_soundness
from engine.workflow.vocabulary import Element, Names

#: findings for which a file from elsewhere is refused too
_CANNOT_FINISH = frozenset({"deadlock", "livelock", "leftover_token"})


def judge_play(
    drawing: Drawing,
    names: Names,
    findings: Findings,
    resolve: Resolver | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008 — frozen
) -> None:
    """Play every executable process of the file. The file must have no errors of shape.

    The seconds are those of the whole file; after the first process that is given up no other is played.
    """
    drawings, elements = _at_hand(drawing, names, resolve)
    bounds = replace(bounds, until=time.monotonic() + bounds.seconds)
    for process in drawing.processes:
        if not is_executable(process):
            continue
        try:
            net = net_of(drawings, elements, process.id, strict=not names.open)
        except TooLargeError as wrong:
            findings.error(
                "exploration_bound", process, f"{wrong.__doc__}（最多{MAX_PLACES}个位置、{MOST_MOVES}种走法）"
            )
            return
        problems = _of_net(net, names, bounds)
        findings.problems += [_weighed(problem, names) for problem in problems]
        if any(problem.code == "exploration_bound" for problem in problems):
            return


def nets_of(drawing: Drawing, names: Names, resolve: Resolver | None = None) -> Mapping[str, Net]:
    """The net of every executable process of the file, by id. Raises TooLargeError."""
    drawings, elements = _at_hand(drawing, names, resolve)
    executable = [process.id for process in drawing.processes if is_executable(process)]
    return {own: net_of(drawings, elements, own, strict=not names.open) for own in executable}


def _of_net(net: Net, names: Names, bounds: Bounds) -> list[Problem]:
    """Soundness; and the controls and data on every path, unless cases cannot even finish."""
    unsound = judge_soundness(net, bounds)
    return unsound or [
        *judge_controls(net, names, bounds),
        *judge_resume(net, names),
        *judge_data(net, names),
        *judge_rounds(net, names),
    ]


def _weighed(problem: Problem, names: Names) -> Problem:
    if names.open and problem.code not in _CANNOT_FINISH:
        return replace(problem, severity="warning")
    return problem


def _at_hand(
    drawing: Drawing, names: Names, resolve: Resolver | None
) -> tuple[list[Drawing], dict[str, Element]]:
    """The file and every file with a process that it calls, as far as they are given, with all their elements."""
    drawings, elements = [drawing], _elements(drawing, names)
    known = {scope.id for scope in drawing.processes}
    wanted = [element.called for element in elements.values() if element.called]
    while wanted and resolve is not None:
        called = wanted.pop()
        data = None if called in known else resolve(called)
        known.add(called)
        if data is None:
            continue
        try:
            other = draw(definitions_of(read_xml(data)))
        except ReadError:
            continue
        found = _elements(other, names)
        wanted += [element.called for element in found.values() if element.called]
        drawings.append(other)
        elements = {**found, **elements}
    return drawings, elements


def _elements(drawing: Drawing, names: Names) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for process in drawing.processes:
        found.update(elements_of(drawing, process.id, names))
    return found
