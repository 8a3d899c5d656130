"""Publishing asks of every public diagram what its readers will see: the guide asks nothing that nobody may be asked.

The guide is made by the very code that shows it (``guide_making``). Called by ``library_checks`` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from engine.cases.guide_making import Beside, demands_in, made, title_in
from engine.cases.guide_views import GuideSource
from engine.cases.library import diagrams, key_of, kind_of, letters_in
from engine.workflow.form_parts import FormError
from engine.workflow.forms import Form, read_form
from engine.workflow.guide import Bilingual, Road, road_of
from engine.workflow.problems import Problem
from engine.workflow.reader import ReadError
from engine.workflow.versions import references_of
from engine.workflow.vocabulary import Names


def guide_problems(name: str, files: Mapping[str, bytes], names: Names) -> Iterator[Problem]:
    """What is wrong with the guides of the diagram among these files; nothing for one that cannot be read."""
    beside = _beside(files)
    for road in _roads(files[name], names):
        guide = made(road, beside)
        for why in demands_in(guide, names.forbids):
            yield _error("forbidden_demand", road, f"办事指南“{road.name.zh}”{why}")
        for other in diagrams(files):
            for another in _roads(files[other], names):
                if another.address == road.address and another.process_id != road.process_id:
                    message = f"指南地址“{road.address}”已由 {other} 里的流程“{another.process_id}”使用"
                    yield _error("guide_address", road, message)


def _error(code: str, road: Road, message: str) -> Problem:
    return Problem(severity="error", code=code, element=road.process_id, line=1, message=message)


def _roads(content: bytes, names: Names) -> tuple[Road, ...]:
    try:
        processes = references_of(content).processes
        return tuple(road for own in processes if (road := road_of(content, own, names)))
    except ReadError:
        return ()


def _beside(files: Mapping[str, bytes]) -> Beside:
    """The forms and letters of the files; figures and sources are no texts of an analyst."""
    letters = letters_in(files)

    def title_of(kind: str) -> Bilingual | None:
        if kind not in letters:
            return None
        return Bilingual(zh=title_in(letters[kind]), en=title_in(letters.get(f"{kind}.en", "")))

    return Beside(
        forms=_forms(files),
        title_of=title_of,
        limit_of=lambda _name: None,
        cite=lambda cited: GuideSource(text=cited.article, verified=True),
        lanes={},
    )


def _forms(files: Mapping[str, bytes]) -> dict[str, Form]:
    found: dict[str, Form] = {}
    for name, content in files.items():
        if kind_of(name) == "form":
            with suppress(FormError):
                found[key_of(name)] = read_form(content)
    return found
