"""Files from somebody who means harm, for ``bench/hostile.py``: decision tables, forms, tests, letters, diagrams."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hostile_diagrams import XXE, Files, bomb, of_diagrams, typed

DMN = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/">\n'


@dataclass(frozen=True, slots=True)
class Attack:
    """A file, by the name that it is uploaded under; a letter is read from the disk."""

    file: str
    name: str
    build: Callable[[], bytes]


# -- decision tables


def table(cell: str, *, rows: int = 1, columns: int = 1, policy: str = "UNIQUE") -> bytes:
    """A decision table whose cells all say the same, a number put in for %d."""
    inputs = "".join(
        f'<input id="i{c}"><inputExpression><text>a{c}</text></inputExpression></input>'
        for c in range(columns)
    )
    rules = "".join(
        f'<rule id="r{r}">'
        + "".join(
            f"<inputEntry><text>{cell.replace('%d', str(r + c))}</text></inputEntry>" for c in range(columns)
        )
        + "<outputEntry><text>1</text></outputEntry></rule>\n"
        for r in range(rows)
    )
    return (
        f'{DMN}<decision id="d"><decisionTable hitPolicy="{policy}">{inputs}<output name="o"/>{rules}'
        "</decisionTable></decision></definitions>"
    ).encode()


def of_decisions() -> Files:
    """What decision tables can do."""
    yield "external entity", lambda: typed(XXE)
    yield "billion laughs", lambda: typed(bomb(10, 10), "&a9;")
    yield "50 MB", lambda: table("-") + b" " * 50_000_000
    yield "deep, 5,000 levels", lambda: b"<a>" * 5000 + b"</a>" * 5000
    yield "UTF-16 with an entity", lambda: typed(XXE, encoding="utf-16")
    yield "cell that imports", lambda: table("__import__('os').system('id')")
    yield "cell by attributes", lambda: table("?.__class__")
    yield "cell, 4,000 nots", lambda: table("not(" * 4_000 + "1" + ")" * 4_000)
    yield "cell, brackets 9,000 deep", lambda: table("(" * 9_000 + "1" + ")" * 9_000)
    yield "cell of 4 MB", lambda: table('"a",' * 1_000_000 + '"a"')
    yield "cell of 19 kB in quotation marks", lambda: table('"' * 19_000)
    yield "cell of 4 MB of one quotation", lambda: table('"' + "\\" * 4_000_000)
    yield "interval of 4 MB", lambda: table("[" + " ." * 2_000_000)
    yield "interval of 19 kB", lambda: table("[" + " .." * 6_000)
    yield "comparison of 4 MB of spaces", lambda: table("&lt;" + " " * 4_000_000)
    yield "20k rules", lambda: table("%d", rows=40_000)
    yield "3,000 overlapping rules", lambda: table("&gt; %d", rows=3_000)
    yield "12k rules that all overlap", lambda: table("-", rows=30_000)
    yield "1,000 columns, 60 rows", lambda: table("&gt; %d", rows=60, columns=1_000)
    yield "number of 20,000 digits", lambda: table("9" * 19_000)
    yield "2,000 numbers of 55 digits", lambda: table("&lt; " + "9" * 54 + "%d", rows=2_000)
    yield "20k decisions", lambda: (DMN + '<decision id="d"/>' * 200_000 + "</definitions>").encode()
    yield (
        "Java function",
        lambda: f"{DMN}<decision id='d'><functionDefinition kind='Java'/></decision></definitions>".encode(),
    )


# -- forms


def form(*parts: dict[str, object]) -> bytes:
    """A form with these components."""
    return json.dumps({"schemaVersion": 16, "type": "default", "components": list(parts)}).encode()


def field(**more: object) -> dict[str, object]:
    """A text field."""
    return {"type": "textfield", "key": "a", "label": "a", **more}


def of_forms() -> Files:
    """What forms can do."""
    yield "50 MB", lambda: b"[" * 50_000_000
    yield "deep lists, 490 kB", lambda: b"[" * 490_000
    yield "deep objects, 490 kB", lambda: b'{"a":' * 98_000
    yield (
        "groups in groups, 400",
        lambda: (
            b'{"schemaVersion":16,"components":'
            + b'[{"type":"group","components":' * 400
            + b"[]"
            + b"}]" * 400
            + b"}"
        ),
    )
    yield "20k components", lambda: form(*[{"type": "text"} for _ in range(20_000)])
    yield "slow pattern (a+)+$", lambda: form(field(validate={"pattern": "(a+)+$"}))
    yield "slow pattern (a|a)*$", lambda: form(field(validate={"pattern": "(a|a)*$"}))
    yield "slow pattern a*a*a*a*a*$", lambda: form(field(validate={"pattern": "a*" * 60 + "$"}))
    yield "pattern of huge repeats", lambda: form(field(validate={"pattern": "a{1,65535}" * 25}))
    yield (
        "number of 200,000 digits",
        lambda: (
            b'{"schemaVersion":16,"components":[{"type":"number","key":"a","decimalDigits":'
            + b"9" * 200_000
            + b"}]}"
        ),
    )
    yield "hides by code", lambda: form(field(conditional={"hide": "=__import__('os').system('id')"}))
    yield "hides by 10,000 brackets", lambda: form(field(conditional={"hide": "=" + "(" * 9_000}))
    yield "HTML", lambda: form({"type": "html", "content": "<script>alert(1)</script>"})
    yield "iframe", lambda: form({"type": "iframe", "url": "javascript:alert(1)"})
    yield "key __class__", lambda: form(field(key="__class__"))
    yield "key look-alike", lambda: form(field(key="review_оpinion"))
    yield "writing turned round in a label", lambda: form(field(label="同意\u202e意同不"))
    yield (
        "options, 15k",
        lambda: form({"type": "select", "key": "a", "values": [{"value": "x", "label": "x"}] * 12_000}),
    )
    yield "UTF-16", lambda: form(field()).decode().encode("utf-16")
    yield "UTF-7", lambda: form(field(label="+ADw-script+AD4-")).replace(b"16", b'"16"')
    yield "a zip archive", lambda: b"PK\x03\x04" + b"\0" * 100_000
    yield "label of 480 kB", lambda: form(field(label="无需提交" * 40_000, key="1"))
    yield (
        "infinity",
        lambda: b'{"schemaVersion":16,"components":[{"type":"number","key":"a","validate":{"min":-1e999}}]}',
    )


# -- analysts' tests


def of_tests() -> Files:
    """What the tests beside a diagram can do."""
    yield "50 MB", lambda: b"- name: x\n" * 5_000_000
    yield "990 kB of good cases and a bad one", lambda: b"- name: x\n  day: 2025-11-03\n" * 33_000
    yield (
        "aliases that multiply",
        lambda: b"a: &a [x,x]\n" + b"".join(b"b%d: &b%d [*a,*a]\n" % (n, n) for n in range(30)),
    )
    yield "python object", lambda: b"- !!python/object/apply:os.system ['id']\n"
    yield "flow lists 490 kB deep", lambda: b"[" * 490_000
    yield "flow maps 490 kB deep", lambda: b"{a: " * 120_000
    yield "blocks 900 deep", lambda: b"\n".join(b" " * n + b"a:" for n in range(900))
    yield "dashes 490 kB in a line", lambda: b"- " * 245_000
    yield "question marks", lambda: b"? " * 245_000
    yield "one key of 490 kB", lambda: b"- " + b"a" * 490_000 + b": x\n"
    yield "quotation never closed", lambda: b'- name: "' + b"a\n" * 245_000
    yield "490 kB of comments", lambda: b"#\n" * 245_000
    yield "120k tags", lambda: b"- !x a\n" * 70_000
    yield "merge keys", lambda: b"- name: x\n  <<: {a: 1}\n"
    yield "many documents", lambda: b"---\n- a\n" * 60_000
    yield "UTF-16", lambda: "- name: x\n".encode("utf-16")
    yield "a zip archive", lambda: b"PK\x03\x04" + b"\0" * 100_000
    yield (
        "number of 400,000 digits",
        lambda: b"- name: x\n  day: 2025-11-03\n  steps:\n  - wait: {days: " + b"9" * 400_000 + b"}\n",
    )
    yield "same name 30k times", lambda: b"- {name: x, name: x}\n" * 23_000


# -- letters


def of_letters() -> Files:
    """What the template of a letter can do."""
    demand = "请提交解除劳动合同证明"
    yield "reaches for a class", lambda: b"# x\n{{ ''.__class__.__mro__ }}"
    yield "imports a file", lambda: b"# x\n{% include '/etc/passwd' %}"
    yield (
        "endless loop",
        lambda: b"# x\n{% for a in range(10**9) %}{% for b in range(10**9) %}{% endfor %}{% endfor %}",
    )
    yield "power tower", lambda: b"# x\n{{ 9**9**9**9 }}"
    yield "repeated text", lambda: b"# x\n{{ 'a' * 10**10 }}"
    yield "brackets 5,000 deep", lambda: b"# x\n{{ " + b"(" * 5_000 + b"1" + b")" * 5_000 + b" }}"
    yield "demand in 5 MB of one line", lambda: (demand + "无需提交，不得要求" * 180_000).encode()
    yield "demand after 5 MB", lambda: ("无需提交证明" * 270_000 + "\n" + demand).encode()
    yield "50 MB", lambda: b"x" * 50_000_000
    yield "turned round", lambda: "# x\n请提\u200b交解除劳动合同证明".encode()


def attacks() -> Iterator[Attack]:
    """All of them."""
    for file, several in (
        ("claim.bpmn", of_diagrams),
        ("decisions/hostile.dmn", of_decisions),
        ("forms/hostile.form", of_forms),
        ("hostile.tests.yaml", of_tests),
        ("letters/hostile.md", of_letters),
    ):
        for name, build in several():
            yield Attack(file, name, build)
