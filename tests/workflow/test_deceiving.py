"""Texts that are not what they look like, letters that want to be programs, and tests that never end."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawings import NAMES, between, process, user

from engine.store.declaration import DeclarationError
from engine.workflow.checks import check_file, check_form, check_letter
from engine.workflow.expressions import ExpressionError, compile_expression
from engine.workflow.rehearsal import read_tests

pytestmark = pytest.mark.req("FLOW-03")


#: the Cyrillic о and а, which nobody can tell from the Latin ones
@pytest.mark.parametrize("name", ["оpinion", "review_clаim", "ΑΒ", "ａｄо"])
def test_a_name_that_only_looks_like_another_is_refused(name: str) -> None:
    with pytest.raises(ExpressionError, match="形似"):
        compile_expression(f"{name} == 1")
    found = check_file(process(between(user("x")).replace('"x"', f'"{name}"')), NAMES)
    assert ("look_alike", name) in {(problem.code, problem.element) for problem in found}
    form = f'{{"schemaVersion": 16, "components": [{{"type":"textfield","key":"{name}","label":"a"}}]}}'
    assert [problem.code for problem in check_form(form.encode())] == ["bad_form"]


def test_chinese_and_other_latin_names_are_names() -> None:
    assert compile_expression("复核意见 == größe").names == {"复核意见", "größe"}


@pytest.mark.parametrize("sign", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad"])
def test_signs_that_nobody_sees_are_refused_in_every_text(sign: str) -> None:
    step = f'<userTask id="x" name="同{sign}意" camunda:candidateGroups="review"/>'
    form = f'{{"schemaVersion": 16, "components": [{{"type":"textfield","key":"a","label":"同{sign}意"}}]}}'

    assert ("hidden_sign", "x") in {
        (problem.code, problem.element) for problem in check_file(process(between(step)), NAMES)
    }
    assert [problem.code for problem in check_form(form.encode())] == ["hidden_sign"]
    assert [(problem.code, problem.line) for problem in check_letter(f"# 通知\n同{sign}意", NAMES)] == [
        ("hidden_sign", 2)
    ]


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}", "{{ case.key.__class__ }}", "{% include '/etc/passwd' %}", "{% import 'x' as x %}",
        "{% for a in range(10**9) %}{% endfor %}", "{{ 9**9**9 }}", "{{ 'a' * 10**10 }}", "{{ x | attr('y') }}",
        "{% set x = 1 %}", "{% macro m() %}{% endmacro %}", "{{ lipsum() }}", "{{ x[0] }}", "{{", "{% if %}",
        "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "x" * 200_000,
    ],
)  # fmt: skip
def test_a_letter_is_no_program(template: str) -> None:
    problems = check_letter(f"# 通知\n{template}", NAMES)

    assert {problem.code for problem in problems} <= {"bad_letter", "too_long"}
    assert problems and problems[0].line in (1, 2)


def test_every_shipped_letter_can_be_sent() -> None:
    letters = sorted((Path(__file__).parents[2] / "processes" / "letters").glob("*.md"))

    assert letters
    assert {
        path.name: found for path in letters if (found := check_letter(path.read_text("utf-8"), NAMES))
    } == {}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"[" * 400_000, 1),
        (b"{a: " * 100_000, 1),
        (b"- " * 200_000, 1),
        (b"? " * 200_000, 1),
        (b"\n".join(b" " * depth + b"a:" for depth in range(900)), 21),
        (b"- name: x\n  facts: " + b"[" * 30, 2),
        (b"- name: x\n" * 49_000, 8_572),
        (b"x" * 600_000, 1),
        (b"a: &a [x]\nb: *a", 2),
    ],
)
def test_a_tests_file_without_end_is_refused_with_its_line(content: bytes, line: int) -> None:
    with pytest.raises(DeclarationError) as caught:
        read_tests(content)

    assert caught.value.line == line
