"""Makes a guide of a diagram, its forms and the letters; and looks for what it asks that nobody may be asked.

The same for publishing, which refuses, and for showing, which takes out. Nothing here reads a database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from engine.cases.guide_views import (
    GuideBranch,
    GuideField,
    GuideForm,
    GuideLimit,
    GuideMatter,
    GuideSource,
    GuideStep,
    reworded,
    words_in,
)
from engine.tasks import CATALOGUE
from engine.workflow.form_parts import with_conditions
from engine.workflow.forms import Form
from engine.workflow.guide import Bilingual, Branch, Cited, Road, Stretch, name_of, note_of
from engine.workflow.vocabulary import Element

_LIMIT = re.compile(r"""\blimit\(\s*["'](\w+)["']\s*\)""")
_WORKDAYS = re.compile(r"\bafter_workdays\(\s*(\d+)\s*\)")
#: what stands where a text was taken out
WITHHELD = Bilingual(
    zh="（这里的文字索要了不得索要的东西，已隐去）",
    en="(This text asked for what may not be asked for and is not shown.)",
)

#: why a text may not be shown to people: ``Names.forbids``, which publishing asks
Forbids = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the guide is told of beside the diagram."""

    forms: Mapping[str, Form]
    #: kind of letter → its title as published; None where there is none
    title_of: Callable[[str], Bilingual | None]
    #: name of a time limit → the limit in force; None where none is
    limit_of: Callable[[str], GuideLimit | None]
    cite: Callable[[Cited], GuideSource]
    #: lane → English
    lanes: Mapping[str, str]


def made(road: Road, beside: Beside) -> GuideMatter:
    """The guide of the road, with every text as it is written."""
    steps = tuple(_step(stretch, beside) for stretch in road.stretches)
    branches = tuple(_branch(branch, beside) for branch in road.branches)
    sent = [letter for step in (*steps, *(s for b in branches for s in b.steps)) for letter in step.letters]
    return GuideMatter(
        matter=road.address,
        process_id=road.process_id,
        title=road.name,
        about=road.about,
        for_whom=road.who,
        how_to_apply=road.how,
        link=road.link,
        provisions=tuple(beside.cite(each) for each in road.basis),
        whole_limit=beside.limit_of(road.limit) if road.limit else None,
        office_days=_office_days(steps),
        steps=steps,
        branches=branches,
        withdrawable=tuple(name_of(element) for element in road.withdrawable),
        needs=tuple(_forms(road, beside)),
        letters=tuple(dict.fromkeys(sent)),
    )


def demands_in(matter: GuideMatter, forbids: Forbids) -> tuple[str, ...]:
    """What the guide's texts ask that nobody may be asked, a sentence with its source each; none where all is well."""
    said = [why for words in words_in(matter) for text in (words.zh, words.en) for why in forbids(text)]
    return tuple(dict.fromkeys(said))


def without_demands(matter: GuideMatter, forbids: Forbids) -> GuideMatter:
    """The guide without the texts that ask what nobody may be asked, and how many they were."""
    taken: list[Bilingual] = []

    def kept(words: Bilingual) -> Bilingual:
        if not any(forbids(text) for text in (words.zh, words.en)):
            return words
        taken.append(words)
        return WITHHELD

    clean = reworded(matter, kept)
    return replace(clean, withheld=len(taken))


def title_in(template: str) -> str:
    """The title of a letter's template: its first heading, with what is filled in as dots."""
    heading = next((line for line in template.splitlines() if line.startswith("#")), "")
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "…", heading.lstrip("# ").strip())


def limit_of(due: str, beside: Beside) -> GuideLimit | None:
    """The limit that a due date sets; None for a step without one."""
    if not due:
        return None
    if named := _LIMIT.search(due):
        return beside.limit_of(named[1])
    if counted := _WORKDAYS.search(due):
        return GuideLimit(count=int(counted[1]), unit="workdays", verified=False)
    return GuideLimit(count=0, unit="told")


def _step(stretch: Stretch, beside: Beside) -> GuideStep:
    elements = stretch.elements
    lane = elements[0].lane
    kinds = dict.fromkeys(
        kind
        for element in elements
        if (operation := CATALOGUE.get(element.topic))
        for kind in operation.letters
    )
    return GuideStep(
        kind=stretch.kind,
        lane=Bilingual(zh=lane, en=beside.lanes.get(lane, "")),
        names=tuple(name_of(element) for element in elements),
        explanations=tuple(note for element in elements if (note := note_of(element)).zh),
        limit=limit_of(elements[0].due, beside),
        letters=tuple(title for kind in kinds if (title := beside.title_of(kind))),
    )


def _branch(branch: Branch, beside: Beside) -> GuideBranch:
    return GuideBranch(
        after=branch.after,
        label=branch.label,
        question=branch.question,
        steps=tuple(_step(stretch, beside) for stretch in branch.stretches),
        outcome=branch.outcome,
        end=name_of(branch.end) if branch.end else Bilingual(zh=""),
        back_to=branch.back_to,
    )


def _office_days(steps: tuple[GuideStep, ...]) -> int | None:
    """Working days of the steps that members of staff do, one after another."""
    limits = [step.limit for step in steps if step.kind == "office"]
    if not limits or any(limit is None or limit.unit != "workdays" for limit in limits):
        return None
    return sum(limit.count for limit in limits if limit)


def _forms(road: Road, beside: Beside) -> Iterator[GuideForm]:
    """What the applicant enters, on the road first, then on its detours."""
    yield from _forms_of(road.stretches, Bilingual(zh=""), beside)
    for branch in road.branches:
        yield from _forms_of(branch.stretches, branch.label, beside)


def _forms_of(stretches: tuple[Stretch, ...], when: Bilingual, beside: Beside) -> Iterator[GuideForm]:
    for stretch in stretches:
        for element in stretch.elements:
            form = beside.forms.get(element.form)
            if form is not None and stretch.kind in ("start", "yours"):
                yield _form(element, form, when)


def _form(element: Element, form: Form, when: Bilingual) -> GuideForm:
    english = form.english
    asked, known = [], []
    for part, conditions in with_conditions(form.components, ()):
        if not part.key:
            continue
        label = Bilingual(zh=part.label, en=english.get(part.key, ""))
        if part.readonly:
            known.append(label)
            continue
        asked.append(
            GuideField(
                label=label,
                explanation=Bilingual(zh=part.description, en=english.get(f"{part.key}.description", "")),
                required=part.required,
                conditional=bool(conditions),
                choices=tuple(
                    Bilingual(zh=each.label, en=english.get(f"{part.key}.{each.value}", ""))
                    for each in part.choices
                ),
            )
        )
    return GuideForm(step=name_of(element), when=when, fields=tuple(asked), known=tuple(known))
