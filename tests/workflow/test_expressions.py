"""The expression language: what it says, and that it can say nothing else."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workflow.expressions import ExpressionError, compile_expression, compile_script

DATA = {
    "a": 1, "b": 2, "x": 2, "ok": True, "no": False, "nothing": None, "opinion": "agree", "text": "", "list": [1, "二"],
    "prefilled": {"bank": "农行", "rates": [0.1, 0.2]}, "受理意见": "同意", "amount_fen": 163800,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('${opinion == "agree"}', True),
        ("#{opinion != 'agree'}", False),
        ('= opinion = "agree"', True),
        ("a < b && !no || no", True),
        ("a eq 1 and b ne 1 and a lt b and b ge 2", True),
        ("not(ok)", False),
        ("1 < x <= 2", True),
        ("1 < x < 2", False),
        ("ok ? '是' : '否'", "是"),
        ("'是' if no else '否'", "否"),
        ("empty text and empty nothing", True),
        ("'二' in list", True),
        ("'农' in prefilled['bank']", True),
        ("3 not in list", True),
        ("list[1]", "二"),
        ("list[-1]", "二"),
        ('prefilled["rates"][0] + prefilled["rates"][1] == 0.3', True),
        ("0.1 + 0.2", 0.3),
        ("10 / 4", 2.5),
        ("10 / 5", 2),
        ("7 // 2 + 7 % 2", 4),
        ("7 div 2", 3.5),
        ("-a + +b", 1),
        ("round(2.5)", 3),
        ("round(2.345, 2)", 2.35),
        ("sum([1, 2, 0.5])", 3.5),
        ("sum([])", 0),
        ("min(3, 2) + max([1, 5])", 7),
        ("abs(-2)", 2),
        ("len(list) + len('中文')", 4),
        ("str(amount_fen) + '分'", "163800分"),
        ("int('42') + int(2.9)", 44),
        ('受理意见 == "同意"', True),
        ("受理意见 == '不同意'", False),
        ("ok == 1", False),
        ("nothing == null", True),
        ("nothing and ok", False),
        ('{"a": a, "b": [b]}', {"a": 1, "b": [2]}),
        ("true", True),
        ("'a\\nb'", "a\nb"),
        ("ａ + １", 2),
        (" \n  a\n  + b\n", 3),
    ],
)
def test_expression_has_the_value_that_a_reader_expects(text: str, value: object) -> None:
    found = compile_expression(text).evaluate(DATA)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("opinion == “agree”", 1, 12, "请改用半角"),
        ("（a）", 1, 1, "请改用半角 ("),
        ("a，b", 1, 2, "请改用半角 ,"),
        ("a ＝＝ 1", 1, 3, "请改用半角 =="),
        ("a == 1 ？ b : c", 1, 8, "请改用半角 ?"),
        ("a +\n", 2, 1, "没有写完"),
        ("a and\n  b b", 2, 5, "多余的内容"),
        ("prefilled.bank", 1, 10, 'prefilled["bank"]'),
        ("wrong(1)", 1, 1, "没有函数 wrong"),
        ("a ** 2", 1, 3, "多余的内容"),
        ("lambda: 1", 1, 1, "不能写 lambda"),
        ("'a", 1, 1, "引号没有配对"),
        ("", 1, 1, "空的"),
        ("${a} and ${b}", 1, 1, "只能用一对"),
        ("_a", 1, 1, "下划线"),
        ("a @ b", 1, 3, "不认识的符号"),
        ("(a, b)", 1, 3, "方括号"),
        ("1" * 61, 1, 1, "数字过长"),
    ],
)
def test_faulty_text_is_refused_with_its_place_and_what_to_write(
    text: str, line: int, column: int, part: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text, {"after_workdays"})

    assert (caught.value.line, caught.value.column) == (line, column)
    assert part in caught.value.message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("missing == 1", "没有数据项 missing"),
        ("a + 'b'", "先用 str"),
        ("opinion * 2", "得到的是文字"),
        ("opinion < 2", "得到的是文字"),
        ("ok + 1", "得到的是是否"),
        ("a and ok", "是/否"),
        ("opinion and ok", "是/否"),
        ("1 / 0", "除数是零"),
        ("list[9]", "没有第9项"),
        ("prefilled['x']", "没有“x”"),
        ("a[0]", "不能从数字里"),
        ("int('x')", "不是整数"),
        ("len(1)", "没有长度"),
        ("min([])", "没有值"),
        ("nothing < 1", "得到的是空"),
    ],
)
def test_what_cannot_be_computed_is_said_in_words(text: str, part: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text).evaluate(DATA)

    assert part in str(caught.value)


def test_days_and_instants_from_functions_come_as_iso_text() -> None:
    functions = {"day": lambda: date(2026, 12, 1), "now": lambda: datetime(2026, 12, 1, 9, tzinfo=UTC)}

    assert (
        compile_expression("day() + ' ' + now()").evaluate({}, functions)
        == "2026-12-01 2026-12-01T09:00:00+00:00"
    )


def test_function_may_not_return_an_object() -> None:
    with pytest.raises(ExpressionError, match="结果"):
        compile_expression("thing()").evaluate({}, {"thing": object})


def test_failure_of_a_function_that_is_named_passes_unchanged() -> None:
    class CalendarGapError(Exception):
        pass

    def gap(_days: int) -> str:
        raise CalendarGapError("2027")

    with pytest.raises(CalendarGapError):
        compile_expression("after_workdays(3)").evaluate({}, {"after_workdays": gap})


def test_objects_in_the_data_cannot_be_used() -> None:
    with pytest.raises(ExpressionError, match="不能参加计算"):
        compile_expression("thing == 1").evaluate({"thing": object()})


def test_names_and_calls_are_known_before_anything_runs() -> None:
    expression = compile_expression("after_workdays(days) if opinion == 'agree' else today()")

    assert expression.names == {"days", "opinion"}
    assert expression.calls == {"after_workdays", "today"}


@pytest.mark.parametrize(
    ("one", "other", "opposite"),
    [
        ("a == 1", "a != 1", True),
        ("${ok}", "${!ok}", True),
        ("not ok", "ok", True),
        ("a > 1", "a <= 1", True),
        ("a in [1]", "a not in [1]", True),
        ("a == 1", "a == 2", False),
        ("a > 1", "a < 1", False),
    ],
)
def test_two_conditions_are_known_to_exclude_each_other(one: str, other: str, opposite: bool) -> None:
    assert compile_expression(one).excludes(compile_expression(other)) is opposite


def test_script_sets_names_line_by_line_and_later_lines_see_earlier_ones() -> None:
    script = compile_script("# 首月\n总额 = 标准 * 12\nfirst = [\n  总额,\n]; second = first[0] + 1\n")

    assert script.execute({"标准": 1800}) == {"总额": 21600, "first": [21600], "second": 21601}
    assert script.names == {"标准"}
    assert script.provides == {"总额", "first", "second"}


def test_script_that_fails_sets_nothing() -> None:
    data = {"a": 1}

    with pytest.raises(ExpressionError):
        compile_script("b = a\nc = missing").execute(data)

    assert data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a += 1", "请写成 a = a +"),
        ("today()", "名称 = 表达式"),
        ("len = 3", "不能覆盖 len"),
        ("today = 3", "不能覆盖函数 today"),
        ("a = 1 b = 2", "多余的内容"),
        ("a[0] = 1", "名称 = 表达式"),
        ("true = 1", "不能覆盖 true"),
        ("\n".join(f"a{i} = 1" for i in range(300)), "脚本过长"),
    ],
)
def test_script_refuses_everything_but_assignments(text: str, part: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_script(text, {"today"})

    assert part in str(caught.value)


@settings(max_examples=400)
@given(st.text(alphabet="ab01 .,()[]{}+-*/<>=!&|?:\"'\n_${}#andortiflseu＝（", max_size=60))
def test_no_text_does_anything_but_give_a_value_or_an_expression_error(text: str) -> None:
    try:
        value = compile_expression(text).evaluate({"a": 1, "b": "b"})
    except ExpressionError as refused:
        assert refused.line >= 1
        assert refused.message
    else:
        assert value is None or isinstance(value, bool | int | float | str | list | dict)


_OPERANDS = st.one_of(st.integers(-99, 99).map(str), st.sampled_from(["a", "b"]))


@settings(max_examples=200)
@given(
    st.recursive(
        _OPERANDS,
        lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        max_leaves=8,
    )
)
def test_sums_agree_with_arithmetic(text: str) -> None:
    tree = ast.parse(text, mode="eval")
    wanted = eval(compile(tree, "sum", "eval"), {"__builtins__": {}}, {"a": 3, "b": -5})

    assert compile_expression(text).evaluate({"a": 3, "b": -5}) == wanted
