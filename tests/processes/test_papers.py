"""Forms, letters, decisions and controls fit the diagrams that name them, in Chinese and in English."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta
from lxml import etree

from engine.workflow.expressions import compile_expression
from engine.workflow.forms import read_form

PROCESSES = Path(__file__).parents[2] / "processes"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
DIAGRAMS = [etree.fromstring(path.read_bytes()) for path in sorted(PROCESSES.glob("*.bpmn"))]
FORMS = sorted((PROCESSES / "forms").glob("*.form"))
LETTERS = sorted(path for path in (PROCESSES / "letters").glob("*.md") if not path.name.endswith(".en.md"))
CONTROLS = yaml.safe_load((PROCESSES / "controls.yaml").read_text(encoding="utf-8"))


def _values(attribute: str) -> set[str]:
    """Every value of a camunda attribute over all shipped diagrams."""
    found = (node.get(CAMUNDA + attribute) for root in DIAGRAMS for node in root.iter())
    return {value for value in found if value}


def _properties(name: str) -> list[tuple[str, str]]:
    """(id of the element, value) of a camunda property over all shipped diagrams."""
    nodes = (
        node for root in DIAGRAMS for node in root.iter(CAMUNDA + "property") if node.get("name") == name
    )
    owners = ((next(a for a in node.iterancestors() if a.get("id")), node) for node in nodes)
    return [(owner.get("id", ""), node.get("value", "")) for owner, node in owners]


def test_every_form_that_a_step_asks_for_exists_and_is_asked_for() -> None:
    assert {path.stem for path in FORMS} == _values("formKey")


def test_every_decision_that_a_step_asks_for_exists() -> None:
    shipped = {path.stem for path in (PROCESSES / "decisions").glob("*.dmn")}

    assert _values("decisionRef") == shipped


def test_the_guide_for_analysts_explains_every_operation() -> None:
    guide = (PROCESSES / "README.md").read_text(encoding="utf-8")

    assert {topic for topic in _values("topic") if f"`{topic}`" not in guide} == set()


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_every_label_of_a_form_has_english_beside_it(path: Path) -> None:
    form = read_form(path.read_bytes())
    english = json.loads(path.read_text(encoding="utf-8"))["english"]

    wanted = {"title", *(part.key for part in form.fields)}
    wanted |= {f"{part.key}.{choice.value}" for part in form.fields for choice in part.choices}
    wanted |= {f"{part.key}.description" for part in form.fields if part.description}

    assert wanted - set(english) == set()


@pytest.mark.parametrize("path", LETTERS, ids=lambda path: path.stem)
def test_a_letter_names_its_facts_and_says_the_same_in_english(path: Path) -> None:
    letters = Environment(loader=FileSystemLoader(path.parent), undefined=StrictUndefined, autoescape=True)
    letters.filters["yuan"] = str
    chinese = path.read_text(encoding="utf-8")
    translated = path.with_suffix(".en.md").read_text(encoding="utf-8")

    used = meta.find_undeclared_variables(letters.parse(chinese))
    used_in_english = meta.find_undeclared_variables(letters.parse(translated))

    declared = re.match(r"\{#(.*?)#\}", chinese, re.DOTALL)
    assert declared
    assert {name for name in used if not re.search(rf"\b{name}\b", declared[1], re.ASCII)} == set()
    # what comes in both languages is told in the letter's own
    own = {name for name in used_in_english if name.removesuffix("_en") in used}
    assert used_in_english - used - own == set()


@pytest.mark.req("CLAIM-09")
@pytest.mark.parametrize(
    "kind", ["refusal-notice", "grant-notice", "objection-reply", "transfer-refused", "case-terminated"]
)
def test_a_letter_that_decides_tells_how_to_object(kind: str) -> None:
    text = (PROCESSES / "letters" / f"{kind}.md").read_text(encoding="utf-8")

    assert "提出异议" in text
    assert "行政复议" in text


@pytest.mark.req("MONEY-02", "FLOW-03")
def test_every_control_has_a_step_whose_form_can_pass_it() -> None:
    by_step = {
        node.get("id"): node.get(CAMUNDA + "formKey")
        for root in DIAGRAMS
        for node in root.iter()
        if node.get("id")
    }

    for control in CONTROLS["controls"]:
        condition = compile_expression(control["passed_when"])
        (key,) = condition.names
        steps = [step for step, value in _properties("control") if value == control["id"]]
        assert steps, control["id"]
        for step in steps:
            form = read_form((PROCESSES / "forms" / f"{by_step[step]}.form").read_bytes())
            field = next(part for part in form.fields if part.key == key)
            assert [c.value for c in field.choices if condition.evaluate({key: c.value}, {})], step


@pytest.mark.req("MONEY-02")
def test_every_operation_that_moves_money_waits_for_controls() -> None:
    guarded = {need["operation"] for need in CONTROLS["needs"]}
    moving = {
        topic
        for topic in _values("topic")
        if topic == "release_payment" or re.match(r"order_.*payment", topic)
    }

    assert moving <= guarded


@pytest.mark.req("MONEY-02")
def test_steps_that_another_person_must_do_name_steps_of_the_same_diagram() -> None:
    for root in DIAGRAMS:
        ids = {node.get("id") for node in root.iter()}
        nodes = root.iter(CAMUNDA + "property")
        lists = [node.get("value", "") for node in nodes if node.get("name") == "different_person_from"]

        named = {step.strip() for steps in lists for step in steps.split(",")}

        assert named <= ids
