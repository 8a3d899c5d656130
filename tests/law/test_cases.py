"""The law cases of rule authors: every YAML file beside this one, each row asked through ``answer``.

A case: ``name``, ``source``, ``ask``, ``on``, ``region``, ``given``, ``expect``; ``expect.reasons`` lists codes that must be among the reasons,
``expect.unverified`` exactly the keys of the figures used that wait for confirmation, ``expect.cites`` what their sources must name.
Many rows of one rule: ``columns`` (``on``, ``region``, ``given.x``, ``expect.y``) and ``rows``. All values are compared as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import cast

import pytest
import yaml

from engine.config import ROOT
from engine.law.answers import answer
from engine.law.calendar import WorkCalendar
from engine.law.policy import PolicyBook

BOOK = PolicyBook.load(ROOT / "processes" / "policy")
CALENDAR = WorkCalendar.load(ROOT / "processes" / "calendar")

_FIELDS = {"name", "source", "ask", "req", "on", "region", "given", "expect", "columns", "rows"}


def _rows(case: dict[str, object]) -> Iterator[dict[str, object]]:
    """The case once for each of its rows, the cells put where their column says."""
    if "rows" not in case:
        yield case
        return
    columns = cast(list[str], case["columns"])
    for cells in cast(list[list[object]], case["rows"]):
        row: dict[str, object] = dict(case)
        row["given"] = dict(cast(Mapping[str, str], case.get("given", {})))
        row["expect"] = dict(cast(Mapping[str, str], case.get("expect", {})))
        for column, cell in zip(columns, cells, strict=True):
            part, _, name = column.partition(".")
            if name:
                cast(dict[str, object], row[part])[name] = cell
            else:
                row[part] = cell
        row["name"] = f"{case['name']}：{' '.join(map(str, cells))}"
        yield row


def _params() -> Iterator[object]:
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        # BaseLoader keeps every value the text that the author wrote
        for case in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader):
            unknown = set(case) - _FIELDS
            assert not unknown and case.get("source"), (
                f"{path.name}：{case.get('name')} {unknown or '缺 source'}"
            )
            marks = [pytest.mark.req(*case["req"].split())] if "req" in case else []
            for row in _rows(case):
                yield pytest.param(row, id=f"{path.stem}-{row['name']}", marks=marks)


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _waits(label: str, case: Mapping[str, object]) -> bool:
    """Whether the figure of that label, ``key@region=value``, is unverified on the day of the case."""
    key, _, rest = label.partition("@")
    region = rest.partition("=")[0]
    on = date.fromisoformat(cast(str, case.get("on", "2025-11-03")))
    found = BOOK.find(key, region, on)
    return found is not None and not found.verified


@pytest.mark.parametrize("case", list(_params()))
def test_law_case(case: Mapping[str, object]) -> None:
    found = answer(
        cast(str, case["ask"]),
        cast(Mapping[str, str], case.get("given", {})),
        on=date.fromisoformat(cast(str, case.get("on", "2025-11-03"))),
        region=cast(str, case.get("region", "371500")),
        book=BOOK,
        calendar=CALENDAR,
    )

    reasons = cast(list[dict[str, object]], found["reasons"])
    codes = {reason["code"] for reason in reasons}
    expected = dict(cast(Mapping[str, object], case["expect"]))
    wanted = cast(list[str], expected.pop("reasons", []))
    unverified = cast(list[str] | None, expected.pop("unverified", None))
    cited = cast(list[str], expected.pop("cites", []))
    assert "refused" in expected or "refused" not in found, found
    assert {name: _shown(found.get(name)) for name in expected} == expected, reasons
    assert set(wanted) <= codes
    assert all(reason["text"] for reason in reasons)
    if unverified is not None:
        waiting = [str(reason["parameter"]) for reason in reasons if not reason["verified"]]
        labels = [label for each in waiting for label in each.split("；")]
        # a reason waits as a whole; which of its figures does is for the policy files to say
        assert {label for label in labels if _waits(label, case)} == set(unverified), labels
    assert [each for each in cited if not any(each in str(reason["source"]) for reason in reasons)] == []
