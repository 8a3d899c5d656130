"""Files from elsewhere, whole and damaged: every one gets an answer with places, none an exception."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from drawings import NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workflow.checks import Problem, check_decision, check_file, check_form, check_path
from engine.workflow.vocabulary import Names

CORPUS = next(
    (
        up / "shared" / "corpus"
        for up in Path(__file__).resolve().parents
        if (up / "shared" / "corpus").is_dir()
    ),
    None,
)
CORPUS_FILES = (
    sorted(path for path in CORPUS.rglob("*") if path.suffix in (".bpmn", ".xml")) if CORPUS else []
)
PROCESSES = Path(__file__).resolve().parents[2] / "processes"


def codes(problems: list[Problem]) -> set[str]:
    """The codes of the problems."""
    return {problem.code for problem in problems}


@pytest.mark.skipif(
    not CORPUS_FILES, reason="the corpus of other tools' diagrams is not beside this checkout"
)
@pytest.mark.parametrize("path", CORPUS_FILES, ids=lambda path: path.name)
def test_diagrams_of_other_tools_get_an_answer_with_places(path: Path) -> None:
    answer = check_path(path, Names.any())

    problems = answer["problems"]
    assert isinstance(problems, list)
    assert answer["ok"] is not any(problem["severity"] == "error" for problem in problems)
    assert all(problem["element"] or problem["line"] >= 1 for problem in problems)
    assert "unexpected" not in {problem["code"] for problem in problems}


@pytest.mark.skipif(
    not CORPUS_FILES, reason="the corpus of other tools' diagrams is not beside this checkout"
)
def test_plain_diagrams_of_another_engine_are_accepted() -> None:
    accepted = [path.name for path in CORPUS_FILES if check_path(path, Names.any())["ok"]]

    assert any("testParallelGatewayVariables" in name for name in accepted)
    assert len(accepted) >= 30


def _shipped() -> list[bytes]:
    return [path.read_bytes() for path in sorted(PROCESSES.rglob("*.bpmn"))]


@settings(max_examples=150)
@given(st.data())
def test_no_damaged_diagram_gets_an_exception(data: st.DataObject) -> None:
    source = bytearray(data.draw(st.sampled_from(_shipped())))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(source) - 1))
        end = min(len(source), start + data.draw(st.integers(0, 60)))
        source[start:end] = data.draw(
            st.sampled_from([b"", b"<", b'"', b"x", b"&amp;", b"/>", b'id="s"', b"\xff", b"</process>"])
        )

    found = check_file(bytes(source), NAMES)

    assert "unexpected" not in codes(found)


@settings(max_examples=150)
@given(st.data())
def test_no_rewired_diagram_gets_an_exception(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(_shipped())).decode()
    words = sorted(set(text.split('"')[1::2]))
    for _ in range(data.draw(st.integers(1, 4))):
        old, new = data.draw(st.sampled_from(words)), data.draw(st.sampled_from(words))
        text = text.replace(f'"{old}"', f'"{new}"', data.draw(st.sampled_from([1, -1])))

    found = check_file(text.encode(), replace(NAMES, open=data.draw(st.booleans())))

    assert "unexpected" not in codes(found)
    assert all(problem.element or problem.line >= 1 for problem in found)


def _other_files() -> list[bytes]:
    return [path.read_bytes() for path in sorted(PROCESSES.rglob("*")) if path.suffix in (".form", ".dmn")]


@settings(max_examples=150)
@given(st.data())
def test_no_damaged_form_or_decision_gets_an_exception(data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(_other_files())).decode()
    words = sorted(
        {word for word in source.replace(">", '"').replace("<", '"').split('"') if word.strip(" ,:\n")}
    )
    for _ in range(data.draw(st.integers(1, 4))):
        old = data.draw(st.sampled_from(words))
        new = data.draw(st.sampled_from([*words, "", "null", "[]", "{}", "-1", "1e400", "“"]))
        source = source.replace(old, new, data.draw(st.sampled_from([1, -1])))

    for problems in (check_form(source.encode()), check_decision(source.encode())):
        assert "unexpected" not in codes(problems)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_no_bytes_get_an_exception(data: bytes) -> None:
    for problems in (check_file(data, NAMES), check_decision(data), check_form(data)):
        assert problems
        assert problems[0].severity == "error"
