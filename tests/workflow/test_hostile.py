"""Files and expressions from somebody who means harm: nothing runs, nothing hangs, everything gets an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from drawings import END, HEAD, NAMES, START, between, chain, flow, process, user
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

from engine.workflow.checks import check_decision, check_file, check_form
from engine.workflow.expressions import ExpressionError, compile_expression, compile_script
from engine.workflow.reader import ReadError, read_process, read_xml
from engine.workflow.script import ScriptEngine, StepError

pytestmark = pytest.mark.req("FLOW-03")

#: scripts that Python's own engine, or a half-closed one, would carry out
SCRIPTS = {
    "import": "import os\nos.system('touch pwned')",
    "from import": "from os import system",
    "dunder import": "x = __import__('os').popen('id').read()",
    "open": "x = open('/etc/passwd')",
    "subclasses": "x = ().__class__.__base__.__subclasses__()",
    "module attribute": "x = random._os",
    "eval": "x = eval('1')",
    "exec": "x = exec('a = 1')",
    "getattr": "x = getattr((), '__class__')",
    "globals": "x = globals()",
    "builtins": "__builtins__ = 1",
    "shadow a function": "len = 3",
    "shadow an office function": "today = 3",
    "method": "x = 'a'.join(['b'])",
    "format method": "x = '{0.__class__}'.format(1)",
    "format string": "x = f'{().__class__}'",
    "format width": "x = f'{1:>999999999}'",
    "percent format": "x = '%999999999d' % 1",
    "lambda": "x = (lambda: 1)()",
    "def": "def f():\n  return 1",
    "async def": "async def f(): pass",
    "class": "class A: pass",
    "walrus": "x = (y := 1)",
    "while": "while True:\n  pass",
    "for": "for i in range(10**9):\n  x = i",
    "nested for": "for i in range(5000):\n  for j in range(5000):\n    x = x + 1",
    "comprehension": "x = [1 for a in range(9999) for b in range(9999)]",
    "generator": "x = sum(1 for a in range(9999))",
    "try": "try:\n  x = 1\nexcept Exception as e:\n  x = e",
    "with": "with open('x') as f:\n  x = f",
    "delete": "del case_id",
    "star": "x = [*range(3)]",
    "double star": "x = dict(**{})",
    "call of a call": "x = today()()",
    "call of an item": "x = [today][0]()",
    "range": "x = range(10**9)",
    "type": "x = type('X', (), {})",
    "key function": "x = sorted([1], key=str)",
    "power": "x = 9**9**9",
    "shift": "x = 1<<999999999",
    "huge number": "x = " + "9" * 40_000,
    "number from text": "x = int('9' * 100000)",
    "repeat a text": "x = 'a' * 1000000000",
    "deep brackets": "x = " + "(" * 150 + "1" + ")" * 150,
    "deep lists": "x = " + "[" * 5000 + "]" * 5000,
    "deep signs": "x = " + "-" * 1500 + "1",
    "deep not": "x = " + "not " * 5000 + "y",
    "deep sum": "x = " + "+".join(["1"] * 6000),
    "sum just below the limit of parts": "x = " + "+".join(["1"] * 900),
    "long text": "x = '" + "a" * 30_000 + "'",
    "underscore": "x = _secret",
    "full-width underscore": "x = ＿secret",
    "unicode look-alike": "x = ｅｖａｌ('1')",
    "null byte": "x = 1\0",
    "backslash": "x = 1 \\\n + 2",
    "decorator": "@today\ndef f(): pass",
    "assert": "assert False",
    "raise": "raise Exception",
    "several targets": "a, b = 1, 2",
    "item target": "data['x'] = 1",
    "attribute target": "case.id = 1",
}


def engine() -> ScriptEngine:
    """An engine whose operations must never be reached."""

    def unreachable(name: str, _data: dict[str, object]) -> dict[str, object]:
        raise AssertionError(name)

    functions = {"today": lambda: "2026-12-07", "after_workdays": lambda days: f"2026-12-{7 + days}"}
    return ScriptEngine(functions, unreachable, unreachable, lambda: datetime(2026, 12, 7, tzinfo=UTC))


def escaped(script: str) -> str:
    """The script as XML text; signs that XML cannot hold fall away."""
    plain = script.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(sign for sign in plain if sign >= " " or sign in "\n\t")


@pytest.mark.parametrize("name", SCRIPTS)
def test_hostile_script_is_refused_when_it_is_read(name: str) -> None:

    with pytest.raises(ExpressionError):
        compile_script(SCRIPTS[name], {"today", "after_workdays"}).execute({}, {})


@pytest.mark.parametrize("name", sorted(SCRIPTS.keys() - {"null byte"}))
def test_hostile_script_in_a_diagram_is_refused_and_never_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = process(between(f'<scriptTask id="x"><script>{escaped(SCRIPTS[name])}</script></scriptTask>'))

    blueprint = read_process(data, names=NAMES)
    case = BpmnWorkflow(blueprint.spec, blueprint.subprocess_specs, script_engine=engine())
    with pytest.raises(StepError):
        case.do_engine_steps()

    said = [problem for problem in check_file(data, NAMES) if problem.severity in ("error", "warning")]
    assert {problem.element for problem in said} == {"x"}
    assert list(tmp_path.iterdir()) == []


#: places in a diagram that hold an expression, each with a hole for it
PLACES = {
    "condition": START + '<exclusiveGateway id="g" default="g_e"/>' + END + '<endEvent id="e2"/>' + chain("s", "g", "e")
    + '<sequenceFlow id="f" sourceRef="g" targetRef="e2"><conditionExpression>HOLE</conditionExpression></sequenceFlow>',
    "timer": between('<intermediateCatchEvent id="x"><timerEventDefinition><timeDate>HOLE</timeDate></timerEventDefinition>'
                     "</intermediateCatchEvent>"),
    "times": between(user("x", "<multiInstanceLoopCharacteristics><loopCardinality>HOLE</loopCardinality>"
                               "</multiInstanceLoopCharacteristics>")),
    "script": between('<scriptTask id="x"><script>x = HOLE</script></scriptTask>'),
    "parameter": between('<serviceTask id="x" camunda:type="external" camunda:topic="pay"><extensionElements><camunda:inputOutput>'
                         '<camunda:inputParameter name="n">${HOLE}</camunda:inputParameter></camunda:inputOutput>'
                         "</extensionElements></serviceTask>"),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "attack", ["__import__('os').popen('id')", "().__class__", "open('/etc/passwd')", "x.y", "eval('1')"]
)
def test_no_place_for_an_expression_is_a_way_out(place: str, attack: str) -> None:
    data = process(PLACES[place].replace("HOLE", attack))

    blueprint = read_process(data, names=NAMES)
    case = BpmnWorkflow(blueprint.spec, blueprint.subprocess_specs, script_engine=engine())
    with pytest.raises(StepError):
        case.do_engine_steps()

    assert "bad_expression" in {problem.code for problem in check_file(data, NAMES)}


@pytest.mark.parametrize(
    "lines",
    [
        "x = 'aaaaaaaa'\n" + "x = x + x\n" * 100,
        "x = [1]\n" + "x = x + x\n" * 100,
        "x = 10\n" + "x = x * x\n" * 100,
        "x = 1.5\n" + "x = x * x\n" * 100,
        "x = 10\n" + "x = x * x * x * x * x * x * x * x\n" * 100,
        "x = 1\n" + "x = [x, x, x, x, x, x, x, x]\n" * 100,
    ],
)
def test_values_that_double_again_and_again_are_stopped(lines: str) -> None:

    with pytest.raises(ExpressionError):
        compile_script(lines).execute({})


@pytest.mark.parametrize(
    "text",
    ["=" * 5000, "a[" * 3000, "{" * 3000, "f(" * 3000, "a?" * 3000, "!" * 3000, "'" * 3001, "\n" * 30_000],
)
def test_text_made_to_exhaust_the_parser_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text)


@pytest.mark.parametrize(
    "lines", ["x = 'aaaaaaaa'\n" + "x = x + x\n" * 100, "x = 1\n" + "x = [x, x, x, x, x, x, x, x]\n" * 100]
)
def test_a_script_that_reads_nothing_and_grows_is_refused_at_the_desk(lines: str) -> None:
    data = process(between(f'<scriptTask id="x"><script>{lines}</script></scriptTask>'))

    assert "bad_expression" in {problem.code for problem in check_file(data, NAMES)}


def test_the_lines_of_a_script_share_one_budget() -> None:
    """Each line alone would be within it."""
    lines = "x = [1]\n" + "x = x + x\n" * 16 + "".join(f"y{n} = x + x\n" for n in range(100))

    with pytest.raises(ExpressionError, match="步数"):
        compile_script(lines).execute({})


BOMB = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "lol"}">' for i in range(10))
XML = {
    "external entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "entity bomb": f"<!DOCTYPE a [{BOMB}]><a>&a9;</a>",
    "external DTD": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
    "parameter entity": '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><a/>',
    "undeclared entity": "<a>&x;</a>",
    "deep": "<a>" * 5000 + "</a>" * 5000,
    "long attribute": f'<a x="{"y" * 11_000_000}"/>',
    "two roots": "<a/><b/>",
    "duplicate attribute": '<a x="1" x="2"/>',
    "control sign": "<a>\x01</a>",
    "attributes without end": "<a" + "".join(f' b{n}=""' for n in range(200_000)) + "/>",
    "namespaces without end": "<a" + "".join(f' xmlns:b{n}="u"' for n in range(200_000)) + "/>",
    "elements without end": "<a>" + "<b/>" * 200_000 + "</a>",
}


@pytest.mark.parametrize("name", XML)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_hostile_xml_is_refused_in_every_encoding(name: str, encoding: str) -> None:

    with pytest.raises(ReadError) as caught:
        read_xml(XML[name].encode(encoding))

    assert caught.value.line >= 1


def test_doctype_hidden_in_another_encoding_is_seen() -> None:
    text = '<?xml version="1.0" encoding="utf-7"?>' + XML["external entity"]

    with pytest.raises(ReadError):
        read_xml(text.encode("utf-7"))


def test_xinclude_and_stylesheets_are_left_alone() -> None:
    include = (
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    )
    style = '<?xml-stylesheet href="file:///etc/passwd"?>'

    root = read_xml(f"{style}<a>{include}</a>".encode()).root

    assert "root:" not in "".join(str(part) for part in root.itertext())


@pytest.mark.parametrize(("count", "code"), [(900, "too_large"), (5000, "unreadable")])
def test_diagram_of_many_elements_is_refused(count: int, code: str) -> None:
    ids = [f"t{number}" for number in range(count)]
    data = process(START + "".join(user(own) for own in ids) + END + chain("s", *ids, "e"))

    found = check_file(data, NAMES)

    assert code in {problem.code for problem in found}


@pytest.mark.parametrize(
    "body",
    [
        '<subProcess id="s%d"/>', '<userTask id="t%d"/>', '<sequenceFlow id="f%d" sourceRef="s" targetRef="e"/>',
        '<task id="b%d"><documentation>' + "文" * 500 + "</documentation></task>",
        '<scriptTask id="x%d"><script>y = ' + "z + " * 100 + "1</script></scriptTask>",
        f'<serviceTask id="o%d" camunda:type="external" camunda:topic="{"determine_" * 60}"/>',
    ],
)  # fmt: skip
def test_a_file_that_holds_far_too_much_is_refused_before_it_is_looked_at(body: str) -> None:
    data = process("".join(body.replace("%d", str(number)) for number in range(4100)))

    assert [problem.code for problem in check_file(data, NAMES)] == ["unreadable"]


def test_diagram_of_many_gateways_is_refused() -> None:
    """Every gateway to every other: ways are closed over, not walked one by one."""
    ids = [f"g{number}" for number in range(60)]
    body = START + "".join(f'<exclusiveGateway id="{own}" default="{own}_e"/>' for own in ids) + END
    flows = "".join(flow(a, b, "person_id == 1") for a in ids for b in ids if a != b)

    found = check_file(
        process(body + flows + flow("s", "g0") + "".join(flow(own, "e") for own in ids)), NAMES
    )

    assert "automatic_loop" in {problem.code for problem in found}


def test_nested_sub_processes_are_refused_before_the_stack_is_spent() -> None:
    body = "".join(f'<subProcess id="p{depth}">' for depth in range(400)) + "</subProcess>" * 400

    assert [problem.code for problem in check_file(process(body), NAMES)] == ["unreadable"]


def test_sub_process_that_bears_its_own_parents_id_is_refused() -> None:
    """Found by fuzzing: the way up to the process never ended."""
    inner = '<subProcess id="x"><subProcess id="y"><userTask id="u"/></subProcess></subProcess>'
    data = process(between(inner.replace('"y"', '"x"')))

    assert {problem.code for problem in check_file(data, NAMES)} == {"duplicate_id"}
    with pytest.raises(ReadError, match="重复"):
        read_process(data, names=NAMES)


def test_processes_that_call_each_other_are_read() -> None:
    called = '<startEvent id="s2"/><callActivity id="y" calledElement="p"/><endEvent id="e2"/>' + chain(
        "s2", "y", "e2"
    )
    data = process(
        between('<callActivity id="x" calledElement="q"/>'), more=f'<process id="q">{called}</process>'
    )

    assert {problem.code for problem in check_file(data, NAMES)} == set()


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"schemaVersion": 16, "components": ' + b'[{"type":"group","components":' * 200 + b"[]" + b"}]" * 200 + b"}",
        b'{"schemaVersion": 1e999, "components": []}',
        b'{"schemaVersion": 16, "components": [{"type":"textfield","key":"a","validate":{"pattern":"(a+)+$"}}]}',
        b'{"schemaVersion": 16, "components": [{"type":"textfield","key":"__class__"}]}',
        b'{"schemaVersion": 16, "components": [{"type":"html","content":"<script>"}]}',
        b'{"schemaVersion": 16, "components": [{"type":"number","key":"a","decimalDigits":' + b"9" * 5000 + b"}]}",
        *(b'{"schemaVersion": 16, "components": [{"type":"textfield","key":"a","validate":{"pattern":"%s"}}]}' % pattern
          for pattern in (b"(a|a){30}$", b"^" + b"a*" * 9 + b"$", b"^" + b"a?" * 40 + b"a" * 40, b"(x|xx){2,60}y",
                          b"^" + b"(a|ab)" * 30 + b"$")),
        b"null", b"16", b'"x"', b"{}", b"\xff\xfe", b"x" * 600_000,
    ],
)  # fmt: skip
def test_hostile_form_is_refused(data: bytes) -> None:
    assert [problem.code for problem in check_form(data)] == ["bad_form"]


@pytest.mark.parametrize(
    "cell",
    [
        "__import__('os')",
        "?.__class__",
        "[1..",
        "not(" * 200,
        "date(date)",
        "1,,2",
        "?(1)",
        "(" * 300,
        "x.y()",
        ",",
        "not(" * 1500 + "1" + ")" * 1500,
        "[" + " .." * 1200,
        "'" + "\\'" * 1900,
        "a," * 3000 + "a",
    ],
)
def test_hostile_decision_is_refused(cell: str) -> None:
    table = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="d"><decisionTable><input>'
        "<inputExpression><text>a</text></inputExpression></input><output name='o'/><rule><inputEntry><text>"
        f"{cell}</text></inputEntry><outputEntry><text>1</text></outputEntry></rule></decisionTable></decision></definitions>"
    )

    errors = [problem for problem in check_decision(table.encode()) if problem.severity == "error"]

    if errors:
        assert errors[0].code == "bad_decision"
    else:
        from engine.workflow.decisions import DecisionError, read_decisions

        with pytest.raises(DecisionError):
            read_decisions(table.encode())["d"].decide({"a": 1})


def test_ids_made_to_look_like_paths_stay_words() -> None:
    data = (
        HEAD + '<process id="../../etc/passwd">' + between(user("x")) + "</process></definitions>"
    ).encode()

    assert set(read_process(data, names=NAMES).elements) == {"s", "x", "e"}
