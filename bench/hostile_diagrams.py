"""Diagrams from somebody who means harm, for ``bench/hostile.py``. Each is built only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

PROCESSES = Path(__file__).parents[1] / "processes"
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xi="http://www.w3.org/2001/XInclude">\n'
)
Files = Iterator[tuple[str, Callable[[], bytes]]]
XXE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
#: start and end around the element ``x``
ENDS = (
    '<startEvent id="s"/><endEvent id="e"/><sequenceFlow id="a" sourceRef="s" targetRef="x"/>'
    '<sequenceFlow id="b" sourceRef="x" targetRef="e"/>'
)


def many(text: str, count: int) -> str:
    """The text so many times, with its number for each %d."""
    return "".join(text.replace("%d", str(number)) for number in range(count))


def diagram(body: str, more: str = "") -> bytes:
    """A file with one process."""
    return f'{HEAD}<process id="p" isExecutable="true">\n{body}\n</process>{more}</definitions>'.encode()


def step(inside: str) -> bytes:
    """A process with one step, ``x``, between start and end."""
    return diagram(f"{inside}\n{ENDS}")


def script(text: str) -> bytes:
    """A process with one script."""
    return step(f'<scriptTask id="x"><script>{escape(text)}</script></scriptTask>')


def waiting(timer: str) -> bytes:
    """A process that waits for a time."""
    return step(
        f'<intermediateCatchEvent id="x"><timerEventDefinition>{timer}</timerEventDefinition></intermediateCatchEvent>'
    )


def condition(text: str, times: int = 1) -> bytes:
    """A choice of so many ways, each with the condition and a number."""
    ways = many(
        '<sequenceFlow id="f%d" sourceRef="x" targetRef="e"><conditionExpression>'
        f"{escape(text)} # %d</conditionExpression></sequenceFlow>\n",
        times,
    )
    return step(f'<exclusiveGateway id="x" default="b"/>\n{ways}')


def chain(kind: str, count: int) -> bytes:
    """So many nodes one after another."""
    return diagram(
        many(f'<{kind} id="n%d" name="n%d"/>\n', count)
        + "".join(
            f'<sequenceFlow id="f{n}" sourceRef="n{n}" targetRef="n{n + 1}"/>' for n in range(count - 1)
        )
        + ENDS.replace('targetRef="x"', 'targetRef="n0"').replace(
            'sourceRef="x"', f'sourceRef="n{count - 1}"'
        )
    )


def complete(count: int) -> bytes:
    """Gateways with a flow from each to each."""
    flows = "".join(
        f'<sequenceFlow id="f{a}_{b}" sourceRef="g{a}" targetRef="g{b}"><conditionExpression>case_id == {b}'
        "</conditionExpression></sequenceFlow>"
        for a in range(count)
        for b in range(count)
        if a != b
    )
    return diagram(
        many(
            '<exclusiveGateway id="g%d" default="d%d"/><sequenceFlow id="d%d" sourceRef="g%d" targetRef="x"/>',
            count,
        )
        + flows
        + '<exclusiveGateway id="x"/>'
        + ENDS.replace('targetRef="x"', 'targetRef="g0"')
    )


def fork(kind: str, count: int, *, held: str = "") -> bytes:
    """So many steps beside each other."""
    inside = f"<conditionExpression>{held}</conditionExpression>" if held else ""
    default = ' default="i0"' if held else ""
    steps = many(
        '<userTask id="u%d" camunda:candidateGroups="review"/>'
        f'<sequenceFlow id="i%d" sourceRef="g" targetRef="u%d">{inside}</sequenceFlow>'
        '<sequenceFlow id="o%d" sourceRef="u%d" targetRef="x"/>\n',
        count,
    )
    return diagram(
        f'<{kind} id="g"{default}/><{kind} id="x"/>{steps}' + ENDS.replace('targetRef="x"', 'targetRef="g"')
    )


def doubling(count: int) -> bytes:
    """Processes that each call the next one twice."""
    calls = "".join(
        f'<process id="p{n}"><startEvent id="s{n}"/><endEvent id="e{n}"/><sequenceFlow id="f{n}" sourceRef="s{n}" '
        f'targetRef="a{n}"/><sequenceFlow id="g{n}" sourceRef="a{n}" targetRef="b{n}"/><sequenceFlow id="h{n}" '
        f'sourceRef="b{n}" targetRef="e{n}"/><callActivity id="a{n}" calledElement="p{n + 1}"/>'
        f'<callActivity id="b{n}" calledElement="p{n + 1}"/></process>\n'
        for n in range(count)
    )
    last = f'<process id="p{count}"><startEvent id="s"/><endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/></process>'
    return f"{HEAD}{calls}{last}</definitions>".encode()


def shipped(old: str, new: str) -> bytes:
    """The claim's diagram with the first of one text put for another."""
    text = (PROCESSES / "claim.bpmn").read_text("utf-8")
    assert old in text, old
    return text.replace(old, new, 1).encode()


def bomb(levels: int, each: int) -> str:
    """A document type whose entities multiply."""
    inside = ["lol", *(f"&a{level};" * each for level in range(levels - 1))]
    return "<!DOCTYPE a [" + "".join(f'<!ENTITY a{n} "{text}">' for n, text in enumerate(inside)) + "]>"


def typed(doctype: str, use: str = "&x;", encoding: str = "utf-8") -> bytes:
    """A diagram behind a document type."""
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{doctype}\n{HEAD}{use}</definitions>'.encode(
        encoding
    )


def of_xml() -> Files:
    """What any XML file can do."""
    yield "external entity", lambda: typed(XXE)
    yield "parameter entity", lambda: typed('<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>')
    yield "external DTD", lambda: typed('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">', "")
    yield "billion laughs", lambda: typed(bomb(10, 10), "&a9;")
    yield "quadratic blow-up", lambda: typed(f'<!DOCTYPE a [<!ENTITY x "{"y" * 100_000}">]>', "&x;" * 50_000)
    yield "entity in UTF-16", lambda: typed(XXE, encoding="utf-16")
    yield "entity in UTF-7", lambda: typed(XXE, encoding="utf-7")
    yield "entity behind 4.9 MB of spaces", lambda: b" " * 4_900_000 + typed(XXE)
    yield "zip archive", lambda: b"PK\x03\x04" + b"\0" * 100_000
    yield "gzip", lambda: b"\x1f\x8b\x08" + b"\0" * 100_000
    yield "zeros, 5 MB", lambda: b"\0" * 5_000_000
    yield "5,000 levels", lambda: b"<a>" * 5000 + b"</a>" * 5000
    yield "5 MB of levels never closed", lambda: b"<a>" * 1_650_000
    yield "50 MB of elements", lambda: HEAD.encode() + b"<a/>" * 12_500_000
    yield "5 MB of elements", lambda: HEAD.encode() + b"<a/>" * 1_200_000 + b"</definitions>"
    yield "5 MB of comments", lambda: HEAD.encode() + b"<!---->" * 700_000 + b"</definitions>"
    yield "5 MB of instructions", lambda: HEAD.encode() + b"<?x?>" * 990_000 + b"</definitions>"
    yield "5 MB of CDATA", lambda: HEAD.encode() + b"<![CDATA[x]]>" * 380_000 + b"</definitions>"
    yield "450k attributes on one element", lambda: diagram("<userTask" + many(' a%d=""', 400_000) + "/>")
    yield "140k namespaces", lambda: diagram(many('<b%d:x xmlns:b%d="u:%d"/>', 140_000))
    yield "250k namespaces on one element", lambda: diagram("<x" + many(' xmlns:b%d="u"', 250_000) + "/>")


def of_scripts() -> Files:
    """Scripts and expressions."""
    yield "script that imports", lambda: script("x = __import__('os').popen('id').read()")
    yield "script by attributes", lambda: script("x = ().__class__.__base__.__subclasses__()")
    yield "script, power tower", lambda: script("x = 9**9**9**9")
    yield "script, repeated text", lambda: script("x = 'a' * 1000000000")
    yield "script, comprehension", lambda: script("x = [a for a in range(10) for b in range(10)]")
    yield "script that doubles", lambda: script("x = 'aaaaaaaa'\n" + "x = x + x\n" * 199)
    yield "script that squares", lambda: script("x = 10\n" + "x = x * x * x * x * x * x * x * x\n" * 199)
    yield "script, lists in lists", lambda: script("x = 1\n" + "x = [x, x, x, x, x, x, x, x]\n" * 199)
    yield "script of 500,000 lines", lambda: script("x = 1\n" * 500_000)
    yield (
        "500 scripts that each spend the budget",
        lambda: diagram(
            many(
                "<scriptTask id='n%d'><script>x = "
                + "+".join(["'" + "a" * 90 + "'"] * 190)
                + " # %d</script></scriptTask>\n",
                250,
            )
        ),
    )
    yield "JUEL reaches for a class", lambda: condition("${''.getClass().forName('java.lang.Runtime')}")
    yield "FEEL reaches for Java", lambda: condition("= {f: function() external {java: {}}}.f()")
    yield "FEEL loop", lambda: condition("= some x in 1..99999999 satisfies x = 0")
    yield (
        "Groovy",
        lambda: step('<scriptTask id="x" scriptFormat="groovy"><script>"id".execute()</script></scriptTask>'),
    )
    yield "Java class", lambda: step('<serviceTask id="x" camunda:class="java.lang.Runtime"/>')
    yield "9,999 brackets", lambda: condition("(" * 9_999 + "1" + ")" * 9_999)
    yield "4,900 nots", lambda: condition("not " * 4_900 + "x")
    yield "sum of 9,999", lambda: condition("+".join(["1"] * 9_999))
    yield "condition of 4 MB", lambda: condition("x == 1 and " * 360_000 + "true")
    yield (
        "240 conditions of 20 kB",
        lambda: condition("[" + "x," * 1_800 + "1" + " " * 16_000 + "] == 1", 240),
    )
    yield "1,200 conditions of 4 kB", lambda: condition("[" + "x," * 1_800 + "1] == 1", 1_200)
    yield "text never closed", lambda: condition("'" + "\\" * 19_000)
    yield "endless cycle", lambda: waiting("<timeCycle>R99999999999/PT0.0000001S</timeCycle>")
    yield "a billion years", lambda: waiting("<timeDuration>P999999999Y</timeDuration>")
    yield "duration of 4 MB of digits", lambda: waiting(f"<timeDuration>P{'9' * 4_000_000}D</timeDuration>")


def of_writing() -> Files:
    """Signs that look like others, and names without end."""
    yield "look-alike id (Cyrillic а)", lambda: shipped('id="review_claim"', 'id="review_clаim"')
    yield "look-alike in a condition (Cyrillic о)", lambda: shipped("${review_opinion", "${review_оpinion")
    yield "look-alike operation (Cyrillic о)", lambda: shipped('topic="order_', 'topic="оrder_')
    yield "nothing wide in a lane's name", lambda: shipped('name="复核岗"', 'name="复核岗\u200b"')
    yield "writing turned round in a name", lambda: shipped('name="复核岗"', 'name="\u202e岗核复"')
    yield "full-width operation", lambda: shipped('topic="order_', 'topic="ｏrder_')
    yield "name of 4.9 MB", lambda: step(f'<userTask id="x" name="{"y" * 4_900_000}"/>')
    yield "id of 4.9 MB", lambda: diagram(f'<userTask id="{"y" * 4_900_000}"/>')
    yield (
        "700 names of 7 kB that deny a demand",
        lambda: diagram(many(f'<userTask id="n%d" name="{"无需提交解除劳动合同证明" * 194}%d"/>\n', 700)),
    )
    yield (
        "operation of 4 MB",
        lambda: step(
            f'<serviceTask id="x" camunda:type="external" camunda:topic="{"determine_" * 400_000}"/>'
        ),
    )
    yield (
        "25k unknown operations",
        lambda: diagram(
            many(
                '<serviceTask id="n%d" camunda:type="external" camunda:topic="determine_entitlemen%d"/>\n',
                45_000,
            )
        ),
    )
    yield (
        "25k unknown lanes",
        lambda: diagram(
            (
                "<laneSet>"
                + many('<lane id="l%d" name="复核审批岗%d"><flowNodeRef>n%d</flowNodeRef></lane>', 30_000)
                + "</laneSet>"
            )
            + many('<userTask id="n%d"/>', 30_000)
        ),
    )


def of_numbers() -> Files:
    """Too much of everything."""
    yield "5,000 tasks in a row", lambda: chain("userTask", 5_000)
    yield "35k tasks in a row", lambda: chain("userTask", 35_000)
    yield "30k gateways in a row", lambda: chain("exclusiveGateway", 30_000)
    yield "150k tasks without flows", lambda: diagram(many('<task id="n%d"/>', 150_000))
    yield "600k elements without id", lambda: diagram("<task/>" * 600_000)
    yield "250k elements of one id", lambda: diagram('<task id="x"/>' * 250_000)
    yield (
        "75k flows between two nodes",
        lambda: diagram(
            many('<sequenceFlow id="f%d" sourceRef="s" targetRef="x"/>\n', 75_000) + f'<task id="x"/>{ENDS}'
        ),
    )
    yield (
        "70k flows that lead nowhere",
        lambda: step(
            many('<sequenceFlow id="f%d" sourceRef="x" targetRef="q%d"/>', 70_000) + '<task id="x"/>'
        ),
    )
    yield "140 gateways, each to each", lambda: complete(140)
    yield "700 gateways, 60 ways each", lambda: complete(180)
    yield (
        "50k processes",
        lambda: (
            HEAD + many('<process id="p%d"><task id="t%d"/></process>', 90_000) + "</definitions>"
        ).encode(),
    )
    yield "100k sub-processes", lambda: diagram(many('<subProcess id="s%d"/>', 150_000))
    yield "sub-processes 90 deep", lambda: diagram(many('<subProcess id="s%d">', 90) + "</subProcess>" * 90)
    yield (
        "sub-processes 90 deep, 400 in each",
        lambda: diagram(many(f'<subProcess id="s%d">{many("<task/>", 400)}', 90) + "</subProcess>" * 90),
    )
    yield (
        "30k deadlines on one task",
        lambda: diagram(
            '<userTask id="u"/>'
            + many(
                '<boundaryEvent id="b%d" attachedToRef="u"><timerEventDefinition/></boundaryEvent>\n', 50_000
            )
        ),
    )
    yield (
        "100k lane references",
        lambda: diagram(
            f'<laneSet><lane id="l" name="复核岗">{many("<flowNodeRef>n%d</flowNodeRef>", 130_000)}</lane></laneSet>'
        ),
    )
    yield "100k messages", lambda: diagram("", many('<message id="m%d" name="m%d"/>', 120_000))
    yield (
        "100k pools",
        lambda: diagram(
            "",
            (
                "<collaboration>"
                + many('<participant id="m%d" processRef="q%d"/>', 100_000)
                + "</collaboration>"
            ),
        ),
    )
    yield (
        "100k foreign attributes",
        lambda: diagram(many('<task id="n%d" camunda:asyncBefore="true"/>', 100_000)),
    )
    yield "calls that double, 250 deep", lambda: doubling(250)
    yield "parallel, 390 ways", lambda: fork("parallelGateway", 390)
    yield "inclusive, 390 ways", lambda: fork("inclusiveGateway", 390, held="case_id == 1")


def of_diagrams() -> Files:
    """All of them."""
    yield from of_xml()
    yield from of_scripts()
    yield from of_writing()
    yield from of_numbers()
