"""Decision tables: which row answers, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.workflow.decisions import NAMESPACES, Decision, DecisionError, read_decisions
from engine.workflow.expressions import ExpressionError
from engine.workflow.unary_tests import compile_tests

CLAIM_ROUTE = Path(__file__).resolve().parents[2] / "processes" / "decisions" / "claim-route.dmn"


def table(
    *rows: tuple[str, str],
    policy: str = "",
    inside: str = "",
    output: str = '<output name="o"/>',
    namespace: str = NAMESPACES[2],
) -> bytes:
    """A table with one input ``a`` and one output ``o``; each row is (test, answer)."""
    rules = "".join(
        f"<rule><inputEntry><text>{test}</text></inputEntry><outputEntry><text>{answer}</text></outputEntry></rule>"
        for test, answer in rows
    )
    return (
        f'<definitions xmlns="{namespace}"><decision id="d" name="判定">{inside}<decisionTable {policy}>'
        f'<input label="甲"><inputExpression><text>a</text></inputExpression></input>{output}{rules}'
        "</decisionTable></decision></definitions>"
    ).encode()


def decision(*rows: tuple[str, str], policy: str = "", output: str = '<output name="o"/>') -> Decision:
    """The decision of such a table."""
    return read_decisions(table(*rows, policy=policy, output=output))["d"]


@pytest.mark.parametrize(
    ("cell", "passes", "fails"),
    [
        ("-", [1, None, "x"], []),
        ("", [1, None, "x"], []),
        ('"a"', ["a"], ["b", None, 1]),
        ('"a", "b"', ["a", "b"], ["c", None]),
        ('"a,b"', ["a,b"], ["a", "b"]),
        ("1", [1, 1.0], [2, True, "1"]),
        ("1.5", [1.5], [1]),
        ("true", [True], [False, 1, None]),
        ("false", [False], [True, 0, None]),
        ("null", [None], [0, "", False]),
        ("< 12", [11, -1], [12, 13, None]),
        ("&lt;= 12", [], []),
        (">= 12", [12, 13], [11, None]),
        ("!= 1", [2], [1]),
        ("= 1", [1], [2]),
        ("[12..60]", [12, 60], [11, 61, None]),
        ("(12..60)", [13, 59], [12, 60]),
        ("[12..60)", [12, 59], [60]),
        ("]12..60[", [13, 59], [12, 60]),
        ("[1..2], [5..6]", [1, 2, 5, 6], [3, 4]),
        ("< 1, > 5", [0, 6], [1, 5, 3]),
        ('not("a", "b")', ["c", None], ["a", "b"]),
        ("not(< 5)", [5, 6], [4]),
        ("not(null)", [1, ""], [None]),
        ("not(-)", [], [1]),
        ('date("2026-12-01")', ["2026-12-01"], ["2026-12-02"]),
        ('>= date("2026-12-01")', ["2026-12-01", "2027-01-01"], ["2026-11-30"]),
        ('["2026-01-01".."2026-12-31"]', ["2026-06-01"], ["2025-12-31"]),
        ('["a", "b"]', ["a", "b"], ["c"]),
        ("12 <= ? < 60", [12, 59], [60, 11]),
        ('? == "x" or ? == "?"', ["x", "?"], ["y"]),
        ("limit", [9], [8]),
        ("> limit", [10], [9]),
        ("len(?) > 2", ["abc"], ["ab"]),
    ],
)
def test_cell_holds_for_these_values_and_not_for_those(
    cell: str, passes: list[object], fails: list[object]
) -> None:
    if cell.startswith("&"):
        cell, passes, fails = "<= 12", [12], [13]
    tests = compile_tests(cell)
    known = {"date": lambda text: text}

    assert [tests.holds(value, {"limit": 9}, known) for value in passes] == [True] * len(passes)
    if cell != "not(-)":
        assert [tests.holds(value, {"limit": 9}, known) for value in fails] == [False] * len(fails)


@pytest.mark.parametrize("cell", ["“a”", "[1..", "1,,2", "a.b", "not(", "< ", "import os"])
def test_cell_that_says_nothing_is_refused(cell: str) -> None:
    with pytest.raises(ExpressionError):
        compile_tests(cell)


def test_unique_refuses_two_rows_that_both_match() -> None:
    both = decision(("&lt; 5", '"low"'), ("&gt; 3", '"high"'))

    assert both.decide({"a": 1}) == {"o": "low"}
    with pytest.raises(DecisionError, match=r"第1、2行同时符合.*UNIQUE"):
        both.decide({"a": 4})


def test_first_takes_the_uppermost_row() -> None:
    first = decision(("&lt; 5", '"low"'), ("-", '"any"'), policy='hitPolicy="FIRST"')

    assert [first.decide({"a": a})["o"] for a in (4, 9)] == ["low", "any"]


def test_any_takes_equal_answers_and_refuses_different_ones() -> None:
    same = decision(("&lt; 5", '"x"'), ("&gt; 3", '"x"'), policy='hitPolicy="ANY"')
    different = decision(("&lt; 5", '"x"'), ("&gt; 3", '"y"'), policy='hitPolicy="ANY"')

    assert same.decide({"a": 4}) == {"o": "x"}
    with pytest.raises(DecisionError, match="ANY"):
        different.decide({"a": 4})


@pytest.mark.parametrize(
    ("aggregation", "hits", "none"),
    [("", [24, 12], []), ("SUM", 36, 0), ("MIN", 12, None), ("MAX", 24, None), ("COUNT", 2, 0)],
)
def test_collect_gathers_every_row_that_matches(aggregation: str, hits: object, none: object) -> None:
    policy = 'hitPolicy="COLLECT"' + (f' aggregation="{aggregation}"' if aggregation else "")
    collected = decision(("&lt; 5", "24"), ("&gt; 3", "a * 3"), ("9", "1"), policy=policy)

    assert collected.decide({"a": 4}) == {"o": hits}
    assert decision(("9", "1"), policy=policy).decide({"a": 4}) == {"o": none}


def test_no_row_is_an_error_that_says_the_values_unless_a_default_is_given() -> None:
    default = '<output name="o"><defaultOutputEntry><text>"other"</text></defaultOutputEntry></output>'

    assert decision(("1", '"one"'), output=default).decide({"a": 2}) == {"o": "other"}
    with pytest.raises(DecisionError, match="没有一行符合（甲=2）"):
        decision(("1", '"one"')).decide({"a": 2})


def test_missing_data_and_cells_that_cannot_be_computed_are_said_by_row() -> None:
    with pytest.raises(DecisionError, match="没有数据项 a"):
        decision(("1", "1")).decide({})
    with pytest.raises(DecisionError, match="第2行的条件"):
        decision(("1", "1"), ("&gt; 1", "1")).decide({"a": "x"})
    with pytest.raises(DecisionError, match="第1行的“o”"):
        decision(("1", "b")).decide({"a": 1})


def test_answers_may_be_expressions_with_the_office_functions() -> None:
    assert decision(("1", "day() + '!'")).decide({"a": 1}, {"day": lambda: "2026-12-01"}) == {
        "o": "2026-12-01!"
    }


def test_names_needed_and_provided_are_known() -> None:
    found = decision(("1", "1"))

    assert (found.needs, found.provides, found.name) == ({"a"}, {"o"}, "判定")


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_version_of_dmn_is_read(namespace: str) -> None:
    assert read_decisions(table(("1", "2"), namespace=namespace))["d"].decide({"a": 1}) == {"o": 2}


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (table(("1", "1"), policy='hitPolicy="PRIORITY"'), "PRIORITY"),
        (table(("1", "1"), policy='hitPolicy="RULE ORDER"'), "RULE ORDER"),
        (table(("1", "1"), policy='hitPolicy="OUTPUT ORDER"'), "OUTPUT ORDER"),
        (table(("1", "1"), policy='aggregation="SUM"'), "SUM"),
        (
            table(
                ("1", "1"),
                inside='<informationRequirement><requiredDecision href="#x"/></informationRequirement>',
            ),
            "informationRequirement",
        ),
        (table(("1", "1")).replace(b"decisionTable", b"literalExpression"), "literalExpression"),
        (table(("1", "1"), output=""), "没有输出列"),
        (table(("1", "1"), output='<output name="o"/><output name="p"/>'), "格数"),
        (table(("1", "1"), output='<output name="my result"/>'), "my result"),
        (table(("1", "“x”")), "第1行的答案"),
        (table(("1", "1"), ("“x”", "1")), "第2行的条件"),
        (b'<definitions xmlns="urn:x"/>', "不是 DMN"),
        (b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "没有决策表"),
    ],
)
def test_what_the_office_cannot_decide_is_refused_by_name(data: bytes, part: str) -> None:
    with pytest.raises(DecisionError, match=part) as caught:
        read_decisions(data)

    assert caught.value.line >= 1


@pytest.mark.skipif(not CLAIM_ROUTE.exists(), reason="the shipped decision is not drawn yet")
@pytest.mark.parametrize(
    ("exit_reason", "deemed_proven", "account_matches", "route", "second"),
    [
        ("I01", True, True, "normal", False),
        ("I99", True, True, "second_review", True),
        ("", True, True, "second_review", True),
        ("I01", True, False, "second_review", True),
        ("I01", False, True, "evidence", False),
        ("I01", False, False, "evidence", True),
    ],
)
def test_shipped_claim_route(
    *, exit_reason: str, deemed_proven: bool, account_matches: bool, route: str, second: bool
) -> None:
    data = {"exit_reason": exit_reason, "deemed_proven": deemed_proven, "account_matches": account_matches}

    found = read_decisions(CLAIM_ROUTE.read_bytes())["claim-route"].decide(data)

    assert (found["route"], found["second_review"]) == (route, second)
