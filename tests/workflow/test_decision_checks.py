"""Decision tables: what they leave open, answer twice or never answer, each with an example."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.workflow.checks import check_decision
from engine.workflow.decisions import read_decisions

PROCESSES = Path(__file__).parents[2] / "processes"
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def table(*rows: str, policy: str = "UNIQUE", default: str = "") -> bytes:
    """A table whose rows read ``cell ; cell -> answer``; inputs are a, b, … and the output is ``out``."""
    parted = [row.split("->") for row in rows]
    width = len(parted[0][0].split(";"))
    inputs = "".join(
        f'<input id="i{n}" label="{"甲乙丙丁"[n]}"><inputExpression id="x{n}"><text>{"abcd"[n]}</text></inputExpression></input>'
        for n in range(width)
    )
    fallback = f"<defaultOutputEntry><text>{default}</text></defaultOutputEntry>" if default else ""
    rules = ""
    for number, (cells, answer) in enumerate(parted, start=1):
        tests = "".join(
            f"<inputEntry><text><![CDATA[{cell.strip()}]]></text></inputEntry>" for cell in cells.split(";")
        )
        rules += (
            f'\n<rule id="r{number}">{tests}<outputEntry><text>{answer.strip()}</text></outputEntry></rule>'
        )
    return (
        f'<definitions xmlns="{DMN}" id="d" name="d" namespace="n"><decision id="t" name="表">'
        f'<decisionTable id="dt" hitPolicy="{policy}">{inputs}'
        f'<output id="o" name="out">{fallback}</output>{rules}</decisionTable></decision></definitions>'
    ).encode()


def told(data: bytes) -> list[tuple[str, str, str]]:
    """Severity, code and message of every problem."""
    return [(each.severity, each.code, each.message) for each in check_decision(data)]


def codes(data: bytes) -> list[tuple[str, str]]:
    """Severity and code of every problem."""
    return [(severity, code) for severity, code, _ in told(data)]


@pytest.mark.parametrize(
    "data",
    [
        table("< 12 -> 1", "[12..59] -> 2", "> 59 -> 3"),
        table("true -> 1", "false -> 2"),
        table('"x" -> 1', 'not("x") -> 2'),
        table("< 1.5 -> 1", "[1.5..2.5[ -> 2", ">= 2.5 -> 3"),
        table('< date("2026-01-01") -> 1', '>= date("2026-01-01") -> 2'),
        table('[1..3] ; "x" -> 1', "- ; - -> 2", policy="FIRST"),
        table("true ; - -> 1", "- ; true -> 1", "false ; false -> 2", policy="ANY"),
        table('"x" -> 1', default="9"),
        table("[1..3] -> 1", "[2..4] -> 2", policy="COLLECT"),
    ],
)
def test_a_table_that_answers_everything_once_has_no_problem(data: bytes) -> None:
    assert told(data) == []


def test_the_shipped_tables_have_no_problem() -> None:
    for path in sorted((PROCESSES / "decisions").glob("*.dmn")):
        assert check_decision(path.read_bytes(), path.name) == []


@pytest.mark.parametrize(
    ("data", "example"),
    [
        (table("< 12 -> 1", "[13..59] -> 2", "> 59 -> 3"), "甲＝12 "),
        (table("true ; true -> 1", "false ; - -> 2", policy="FIRST"), "甲＝是、乙＝否"),
        (table("< 1.5 -> 1", "> 1.5 -> 2"), "甲＝1.5"),
        (
            table('< date("2026-01-01") -> 1', '> date("2026-01-02") -> 2'),
            "甲＝2026-01-0",
        ),
    ],
)
def test_a_gap_between_named_values_is_an_error_with_an_example(data: bytes, example: str) -> None:
    found = told(data)

    assert [each[1] for each in found] == ["table_gap"]
    assert example in found[0][2]


def test_one_input_asked_in_two_columns_is_one_input() -> None:
    data = table(">= 12 ; < 60 -> 1", "- ; >= 60 -> 2", "< 12 ; - -> 3")

    assert [each[1] for each in told(data)] == ["table_overlap"]
    assert told(data.replace(b"<text>b</text>", b"<text>a</text>")) == []


def test_a_gap_beyond_what_is_named_is_a_warning() -> None:
    assert codes(table('"x" -> 1', '"y" -> 2')) == [("warning", "table_gap")]
    assert "其他值" in told(table('"x" -> 1', '"y" -> 2'))[0][2]
    assert "大于60" in told(table("<= 60 -> 1"))[0][2]


def test_two_rows_of_a_unique_table_that_hold_at_once_are_an_error_on_the_later_row() -> None:
    found = check_decision(table("<= 12 -> 1", ">= 12 -> 2"))

    assert [(each.severity, each.code, each.line) for each in found] == [("error", "table_overlap", 3)]
    assert "第1行和第2行在 甲＝12 时" in found[0].message


def test_rows_of_an_any_table_may_meet_only_with_one_answer() -> None:
    assert codes(table("true -> 1", "- -> 1", policy="ANY")) == []
    assert codes(table("true -> 1", "- -> 2", policy="ANY")) == [("error", "table_overlap")]


def test_a_row_that_nothing_reaches_is_said() -> None:
    hidden = table("< 10 -> 1", "[3..5] -> 2", "- -> 3", policy="FIRST")
    impossible = table("[5..1] -> 1", "- -> 2", policy="FIRST")

    assert codes(hidden) == [("warning", "rule_never")]
    assert check_decision(hidden)[0].element == "r2"
    assert codes(impossible) == [("warning", "rule_never")]
    # together two rows cover what neither covers alone
    assert codes(table("< 5 -> 1", ">= 5 -> 2", "7 -> 3", policy="FIRST")) == [("warning", "rule_never")]


@pytest.mark.parametrize(
    ("cell", "why"),
    [("> limit_months", "办理时"), ("? * 2 > 10", "固定值"), ('< "m"', "文字的大小"), ('1, "x"', "不同类型")],
)
def test_a_table_that_cannot_be_gone_through_says_so(cell: str, why: str) -> None:
    severity, code, message = told(table(f"{cell} -> 1", "- -> 2", policy="FIRST"))[0]

    assert (severity, code) == ("warning", "table_not_checked")
    assert why in message


def test_what_is_found_is_what_the_table_does() -> None:
    """Against the table itself, over every combination of small numbers and words."""
    rows = ('[0..2] ; "x","y" -> 1', '[2..4] ; "y" -> 2', '> 4 ; not("x") -> 3', "0 ; - -> 4")
    decision = read_decisions(table(*rows))["t"]
    hits = {
        (a, b): [rule.number for rule in decision.rules if decision._matches(rule, [a, b], {}, {})]
        for a in range(-1, 7)
        for b in ("x", "y", "z")
    }

    pairs = {(1, 2), (1, 4)}
    assert {(m, n) for held in hits.values() for m in held for n in held if m < n} == pairs
    found = told(table(*rows))
    assert sum(code == "table_overlap" for _, code, _ in found) == len(pairs)
    assert ("error", "table_gap") in {each[:2] for each in found}
    assert any(not held for held in hits.values())


def test_a_large_table_is_gone_through_or_given_up_in_time() -> None:
    many = table(*(f"[{n * 10}..{n * 10 + 9}] ; - -> {n}" for n in range(120)))
    wild = table(*(f"{'-;' * (n % 3)} > {n} {'; -' * (2 - n % 3)} -> {n}" for n in range(60)), policy="FIRST")

    assert codes(many) == [("warning", "table_gap")]
    assert check_decision(wild)
