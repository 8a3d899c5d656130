"""Forms: what is asked, what is accepted, and what is said when it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workflow.forms import Form, FormError, FormErrors, read_form

SHIPPED = sorted((Path(__file__).resolve().parents[2] / "processes" / "forms").glob("*.form"))


def form(*components: dict[str, Any], **top: Any) -> Form:
    """A form with the components."""
    return read_form(json.dumps({"schemaVersion": 16, "id": "f", "components": list(components), **top}))


def textfield(key: str = "a", **more: Any) -> dict[str, Any]:
    """A text field."""
    return {"type": "textfield", "id": f"id_{key}", "key": key, "label": "甲", **more}


def cleaned(component: dict[str, Any], entered: str | list[str] | None) -> object:
    """The value of a single entered field, or the sentence about it."""
    raw = {} if entered is None else {component["key"]: entered}
    found = form(component).clean(raw)
    return found.errors[component["key"]] if isinstance(found, FormErrors) else found[component["key"]]


NUMBER = {"type": "number", "key": "n", "validate": {"min": 0, "max": 360}}
WHOLE = {**NUMBER, "decimalDigits": 0}
YUAN = textfield("amount_fen", format="yuan")
CHOICES = [{"value": "agree", "label": "同意"}, {"value": "return", "label": "退回"}]
RADIO = {"type": "radio", "key": "r", "values": CHOICES, "validate": {"required": True}}
BOX = {"type": "checkbox", "key": "c"}
DAY = {"type": "datetime", "key": "d", "subtype": "date"}
PHONE = textfield("phone", validate={"required": True, "pattern": "^1[3-9][0-9]{9}$"})


@pytest.mark.parametrize(
    ("component", "entered", "value"),
    [
        (textfield(), " 张三 ", "张三"),
        (textfield(), "", None),
        (textfield(), None, None),
        (textfield(validate={"required": True}), " ", "请填写"),
        (textfield(validate={"maxLength": 3}), "一二三四", "最多3个字"),
        (textfield(validate={"minLength": 2}), "一", "至少2个字"),
        (textfield(), "字" * 4001, "最多4000个字"),
        (PHONE, "13800000000", "13800000000"),
        (PHONE, "１３８０００００００0", "13800000000"),
        (PHONE, "12800000000", "格式不对"),
        (NUMBER, "26", 26),
        (NUMBER, "２６", 26),
        (NUMBER, "2.5", 2.5),
        (NUMBER, "1,0", 10),
        (NUMBER, "361", "不能大于360"),
        (NUMBER, "-1", "不能小于0"),
        (NUMBER, "1e3", "请填写数字"),
        (NUMBER, "NaN", "请填写数字"),
        (NUMBER, "二十", "请填写数字"),
        (WHOLE, "2.5", "请填写整数"),
        (WHOLE, "2.0", 2),
        (YUAN, "1638", 163800),
        (YUAN, "1,638.05", 163805),
        (YUAN, "￥１６３８．５", 163850),
        (YUAN, "0.005", "请填写金额，最多两位小数，例如 1638.00"),
        (YUAN, "-5", "请填写金额，最多两位小数，例如 1638.00"),
        (RADIO, "agree", "agree"),
        (RADIO, "refuse", "请从给出的选项中选择"),
        (RADIO, "", "请选择"),
        (RADIO, ["return", "agree"], "agree"),
        (BOX, "on", True),
        (BOX, "true", True),
        (BOX, None, False),
        ({**BOX, "validate": {"required": True}}, None, "请勾选"),
        ({**BOX, "validate": {"required": True}}, "true", True),
        (DAY, "2026-12-01", "2026-12-01"),
        (DAY, "2026/12/1", "2026-12-01"),
        (DAY, "2026年12月1日", "2026-12-01"),
        (DAY, "2026-02-30", "请填写日期，例如 2026-12-01"),
        (DAY, "tomorrow", "请填写日期，例如 2026-12-01"),
    ],
)
def test_entry_becomes_this_value_or_gets_this_sentence(
    component: dict[str, Any], entered: Any, value: object
) -> None:
    found = cleaned(component, entered)

    assert found == value
    assert type(found) is type(value)


def test_hidden_field_is_neither_required_nor_kept() -> None:
    asked = form(
        RADIO,
        textfield("why", validate={"required": True}, conditional={"hide": '=r = "agree"'}),
        textfield("more", validate={"required": True}, conditional={"hide": "=why = null"}),
    )

    assert asked.clean({"r": "agree", "why": "left over", "more": "x"}) == {
        "r": "agree",
        "why": None,
        "more": None,
    }
    found = asked.clean({"r": "return"})
    assert isinstance(found, FormErrors)
    assert dict(found.errors) == {"why": "请填写"}


def test_everything_in_a_hidden_group_is_hidden() -> None:
    group = {
        "type": "group",
        "id": "g",
        "components": [textfield(validate={"required": True})],
        "conditional": {"hide": '=r != "return"'},
    }

    assert form(RADIO, group).clean({"r": "agree"}) == {"r": "agree", "a": None}


def test_condition_that_cannot_be_worked_out_hides_nothing() -> None:
    found = form(NUMBER, textfield(validate={"required": True}, conditional={"hide": "=n > 5"})).clean({})

    assert isinstance(found, FormErrors)
    assert set(found.errors) == {"a"}


def test_fields_for_reading_and_unknown_keys_are_not_taken() -> None:
    asked = form(textfield(readonly=True), textfield("b", disabled=True), textfield("c"))

    assert asked.clean({"a": "x", "b": "y", "c": "z", "case_id": "1"}) == {"c": "z"}


def test_values_are_found_along_the_path_of_a_group() -> None:
    group = {
        "type": "group",
        "id": "g",
        "path": "prefilled",
        "components": [textfield("bank", readonly=True)],
    }
    asked = form(group, textfield("c"))

    assert asked.values({"prefilled": {"bank": "农行"}, "c": 1, "other": 2}) == {"bank": "农行", "c": 1}
    assert [part.key for part in asked.fields] == ["bank", "c"]


def test_value_in_words() -> None:
    asked = form(RADIO, BOX, textfield())
    radio, box, text = asked.fields

    assert (radio.word_for("agree"), box.word_for(True), text.word_for("x"), text.word_for(None)) == (
        "同意",
        "是",
        "x",
        "",
    )


def test_keys_are_compared_in_one_spelling() -> None:
    assert form(textfield("意见")).clean({"意见": "好"}) == {"意见": "好"}
    assert form(textfield("ａb")).clean({"ab": "x"}) == {"ab": "x"}


def test_empty_form_asks_nothing() -> None:
    assert Form.empty().clean({"x": "1"}) == {}
    assert Form.empty().fields == ()


def test_english_labels_stand_beside_the_chinese() -> None:
    assert form(textfield(), english={"a": "First", "b": 1}).english == {"a": "First"}


@pytest.mark.parametrize(
    ("component", "element", "part"),
    [
        ({"type": "html", "id": "h", "content": "<b>"}, "h", "不支持的组件“html”"),
        ({"type": "iframe", "id": "i"}, "i", "iframe"),
        ({"type": "filepicker", "id": "i", "key": "x"}, "i", "filepicker"),
        ({"id": "i"}, "i", "未写 type"),
        (textfield("1a"), "id_1a", "键名"),
        (textfield("_a"), "id__a", "键名"),
        (textfield("a b"), "id_a b", "键名"),
        ({"type": "select", "id": "s", "key": "s", "valuesKey": "x"}, "s", "values"),
        ({"type": "radio", "id": "s", "key": "s", "values": [{"label": "x"}]}, "s", "value 和 label"),
        ({"type": "radio", "id": "s", "key": "s", "values": [CHOICES[0], CHOICES[0]]}, "s", "重复"),
        ({"type": "datetime", "id": "d", "key": "d", "subtype": "time"}, "d", "date"),
        (textfield(format="yuan"), "id_a", "_fen"),
        (textfield(validate={"pattern": "("}), "id_a", "pattern"),
        (textfield(validate={"pattern": "(a+)+$"}), "id_a", "pattern"),
        (textfield(validate={"maxLength": "x"}), "id_a", "maxLength"),
        (textfield(conditional={"hide": "=a.b"}), "id_a", "隐藏条件"),
        (textfield(conditional={"hide": "=other = 1"}), "id_a", "other"),
        (textfield(conditional={"hide": "=today() = a"}), "id_a", "today"),
        ({"type": "group", "id": "g", "path": "p", "components": [textfield()]}, "id_a", "只读"),
    ],
)
def test_faulty_component_is_refused_by_name(component: dict[str, Any], element: str, part: str) -> None:
    with pytest.raises(FormError) as caught:
        form(component)

    assert caught.value.element == element
    assert part in caught.value.message


def test_line_of_the_faulty_component_is_said() -> None:
    text = '{"schemaVersion": 16,\n "components": [\n  {"type": "html",\n   "id": "h"}]}'

    with pytest.raises(FormError) as caught:
        read_form(text)

    assert caught.value.line == 4


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"components": []}', '{"schemaVersion": 4, "components": []}', '{"schemaVersion": 16}'],
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        read_form(text)


def test_duplicate_keys_are_refused() -> None:
    with pytest.raises(FormError, match="重复"):
        form(textfield(), {**textfield(), "id": "other"})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_form_is_read_and_asks_for_what_it_must(path: Path) -> None:
    found = read_form(path.read_bytes())

    assert found.id == path.stem
    assert found.fields
    assert all(part.label for part in found.fields)


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["a", "n", "amount_fen", "r", "c", "d", "phone", "zz"]),
        st.one_of(st.text(max_size=20), st.lists(st.text(max_size=5), max_size=3)),
    )
)
def test_no_entry_gets_an_exception(entered: dict[str, str | list[str]]) -> None:
    asked = form(textfield(), NUMBER, YUAN, RADIO, BOX, DAY, PHONE)

    found = asked.clean(entered)

    keys = {part.key for part in asked.fields}
    assert set(found.errors) <= keys if isinstance(found, FormErrors) else set(found) == keys
