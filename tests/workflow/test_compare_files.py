"""Forms, decision files and letters beside a diagram: what differs is told field by field, row by row, line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.workflow.compare_files import FileDifference, Kind, compare_file

PROCESSES = Path(__file__).parents[2] / "processes"
DIAGRAM = "payment-run.bpmn"
FORM = "forms/claim-review.form"
TABLE = "decisions/claim-route.dmn"
LETTER = "letters/grant-notice.md"


def told(difference: FileDifference | None) -> list[tuple[str, str, str, str]]:
    """Element, fact, before, after of every change."""
    assert difference is not None
    return [(each.element, each.what, each.before, each.after) for each in difference.changes]


def text_of(name: str) -> str:
    """The shipped file."""
    return (PROCESSES / name).read_text("utf-8")


def compared(name: str, kind: Kind, old: str | None, new: str | None) -> FileDifference | None:
    """What differs between two texts of the file."""
    return compare_file(
        name, kind, None if old is None else old.encode(), None if new is None else new.encode()
    )


@pytest.mark.parametrize(
    ("name", "kind"), [(DIAGRAM, "diagram"), (FORM, "form"), (TABLE, "decision"), (LETTER, "letter")]
)
def test_a_file_that_is_the_same_or_not_there_at_all_is_no_difference_of_parts(name: str, kind: Kind) -> None:
    assert compared(name, kind, text_of(name), text_of(name)) is None
    assert told(compared(name, kind, None, text_of(name))) == [("", "文件", "无", "有")]
    assert told(compared(name, kind, text_of(name), None)) == [("", "文件", "有", "无")]


def test_a_form_tells_the_fields_that_came_went_and_changed() -> None:
    form = json.loads(text_of(FORM))
    fields = form["components"]
    *_, gone = (part for part in fields if part.get("key"))
    changed = next(part for part in fields if part.get("key") and part is not gone)
    changed["label"] = "新名称"
    fields.remove(gone)
    fields.append({"type": "checkbox", "id": "seen", "key": "seen", "label": "已核对"})

    found = told(compared(FORM, "form", text_of(FORM), json.dumps(form, ensure_ascii=False)))

    assert (changed["key"], "名称", "新名称") in [(own, what, after) for own, what, _, after in found]
    assert {(own, what) for own, what, _, _ in found} >= {(gone["key"], "删除字段"), ("seen", "新增字段")}
    assert len(found) == 3


def test_a_form_written_otherwise_says_that_it_means_the_same() -> None:
    written = json.dumps(json.loads(text_of(FORM)), ensure_ascii=True)

    assert [change[1] for change in told(compared(FORM, "form", text_of(FORM), written))] == ["写法"]


def test_a_table_tells_the_cells_that_changed_and_rows_in_another_order() -> None:
    table = text_of(TABLE)
    rows = table[table.index("<rule ") : table.rindex("</rule>") + len("</rule>")].split("</rule>")[:-1]
    turned = table.replace(
        "".join(f"{row}</rule>" for row in rows), "".join(f"{row}</rule>" for row in rows[::-1])
    )
    answer = table.replace("请本人补充说明", "请本人当面说明")
    assert table not in (turned, answer)

    (order,) = told(compared(TABLE, "decision", table, turned))
    cells = told(compared(TABLE, "decision", table, answer))

    assert order[1] == "行的次序"
    assert order[2].split(" → ") == order[3].split(" → ")[::-1]
    assert cells and all("答案“" in what and "当面" in after for _, what, _, after in cells)


def test_a_called_diagram_tells_its_parts() -> None:
    drawn = text_of(DIAGRAM)
    found = told(compared(DIAGRAM, "diagram", drawn, drawn.replace('name="会计确认"', 'name="确认"', 1)))

    assert [change[1:] for change in found] == [("名称", "会计确认", "确认")]


def test_a_letter_tells_its_lines() -> None:
    letter = text_of(LETTER)

    ((_, what, before, after),) = told(
        compared(LETTER, "letter", letter, letter.replace("个月**", "个自然月**"))
    )

    assert what == "文字"
    assert "个月**" in before and "个自然月**" in after


def test_what_cannot_be_read_is_compared_by_its_lines() -> None:
    assert [change[1] for change in told(compared(FORM, "form", "{", "{\n}"))] == ["文字"]
    assert [change[1] for change in told(compared(TABLE, "decision", "<a/>", "<b/>"))] == ["文字"]
