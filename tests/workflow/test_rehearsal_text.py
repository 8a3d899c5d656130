"""A rehearsal that is written down reads back as itself, and a file that takes one more keeps the rest byte for byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from engine.store.declaration import DeclarationError
from engine.workflow.rehearsal import (
    Answer,
    Do,
    Expected,
    Message,
    Rehearsal,
    ScriptStep,
    Start,
    Value,
    Wait,
    read_tests,
)
from engine.workflow.rehearsal_text import with_case, written

PROCESSES = Path(__file__).parents[2] / "processes"
SHIPPED = sorted(PROCESSES.glob("*.tests.yaml"))

#: what people type, and what YAML takes for something else
text = st.one_of(
    st.sampled_from(
        (
            "true",
            "null",
            "~",
            "12",
            "007",
            "+3",
            "1e3",
            "2025-11-03",
            "no",
            "- a",
            "a: b",
            "{x}",
            "#",
            "=",
            "*a",
        )
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12),
)
word = text.map(str.strip).filter(bool)
value: st.SearchStrategy[Value] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), text, st.just("一\n二")),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(word, inner, max_size=3),
    max_leaves=5,
)
group = st.dictionaries(word, value, max_size=4)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
words = st.lists(word, max_size=4).map(tuple)
maybe = st.one_of(st.just(""), word)
steps: st.SearchStrategy[ScriptStep] = st.one_of(
    st.builds(Do, element=word, fields=group, by=maybe, refused=maybe, line=st.just(0)),
    st.builds(
        Wait,
        unit=st.sampled_from(("workdays", "days")),
        count=st.integers(1, 4000),
        day=st.none(),
        line=st.just(0),
    ),
    st.builds(Wait, unit=st.just("until"), count=st.just(0), day=days, line=st.just(0)),
    st.builds(Message, name=word, payload=group, refused=maybe, line=st.just(0)),
    st.builds(Start, process=word, data=group, line=st.just(0)),
    st.builds(Answer, who=word, line=st.just(0)),
)
expectations = st.builds(
    Expected,
    ended_in=words,
    path=words,
    visited=words,
    not_visited=words,
    open=st.none() | words,
    data=group,
    letters=words,
    refused=maybe,
    due=group,
)
cases = st.builds(
    Rehearsal,
    name=word,
    process=maybe,
    person=maybe,
    employer=maybe,
    facts=group,
    data=group,
    day=days,
    steps=st.lists(steps, max_size=5).map(tuple),
    expect=expectations,
    line=st.just(0),
)


def without_lines(case: Rehearsal) -> Rehearsal:
    """The case as it is wherever it stands."""
    return replace(case, line=0, steps=tuple(replace(step, line=0) for step in case.steps))


@given(cases)
def test_a_written_case_reads_back_as_itself(case: Rehearsal) -> None:
    note(written(case))

    assert without_lines(read_tests(written(case).encode())[0]) == case


def test_a_day_that_comes_twice_is_written_twice() -> None:
    day = date(2025, 11, 3)
    case = replace(_case("a"), steps=(Wait(unit="until", count=0, day=day, line=0),), day=day)

    assert without_lines(read_tests(written(case).encode())[0]) == replace(case, line=0)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_file_takes_one_more_case_and_keeps_the_rest_byte_for_byte(path: Path, end: bytes) -> None:
    before = path.read_bytes().replace(b"\n", end)
    cases = read_tests(before)
    new = replace(cases[-1], name="又一例")

    after = with_case(before, new, file=path.name)

    assert after.startswith(before)
    assert after.count(b"\n") == after.count(end), "line ends are those of the file"
    read = read_tests(after)
    assert [without_lines(each) for each in read] == [without_lines(each) for each in (*cases, new)]


@pytest.mark.parametrize(
    "before",
    [b"", b"# only a heading\n", b"  - name: a\n    day: 2025-11-03", b"- {name: a, day: 2025-11-03}\n# end"],
)
def test_a_file_takes_a_case_however_it_is_written(before: bytes) -> None:
    after = with_case(before, _case("b"), file="x.tests.yaml")

    assert after.startswith(before)
    assert read_tests(after)[-1].name == "b"


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (b"- {name: b, day: 2025-11-03}\n", "已有案例「b」"),
        (b"[{name: a, day: 2025-11-03}]\n", "YAML"),
        (b"- name: a\n", "缺少字段「day」"),
        (b"- {name: a, day: 2025-11-03}\n...\n", "YAML"),
    ],
)
def test_a_file_that_cannot_take_the_case_says_why(before: bytes, sentence: str) -> None:
    with pytest.raises(DeclarationError, match=sentence):
        with_case(before, _case("b"), file="x.tests.yaml")


def _case(name: str) -> Rehearsal:
    return read_tests(f"- {{name: {name}, day: 2025-11-03}}".encode())[0]
