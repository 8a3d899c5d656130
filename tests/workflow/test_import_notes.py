"""Files of other tools: what is not read is said in plain words, and stays in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawings import END, START, between, chain, process, user
from test_foreign_files import CORPUS, CORPUS_FILES

from engine.workflow.import_notes import Note, import_report
from engine.workflow.reader import ReadError

PROCESSES = Path(__file__).parents[2] / "processes"


def notes(data: bytes) -> dict[str, Note]:
    """The notes by what they are about."""
    return {note.what: note for note in import_report(data)}


def test_our_own_diagrams_hold_nothing_that_is_not_read() -> None:
    for path in sorted(PROCESSES.glob("*.bpmn")):
        assert import_report(path.read_bytes()) == (), path.name


def test_what_changes_nothing_here_is_kept_and_said_once_with_its_elements() -> None:
    step = user("x", attributes='operaton:asyncBefore="true"') + user(
        "y", attributes='camunda:priority="5" operaton:asyncBefore="true"'
    )
    data = process(START + step + END + chain("s", "x", "y", "e"))

    found = notes(data)

    assert set(found) == {"Operaton asyncBefore", "Camunda priority"}
    note = found["Operaton asyncBefore"]
    assert (note.elements, note.count, note.changes) == (("x", "y"), 2, False)
    assert note.message.endswith("保留在文件里，不起作用")


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ('<serviceTask id="x" flowable:class="a.B"/>', "Flowable class"),
        (
            user("x", '<extensionElements><camunda:taskListener event="create"/></extensionElements>'),
            "Camunda taskListener",
        ),
        (user("x", attributes='startQuantity="2"'), "startQuantity"),
        (
            '<callActivity id="x" calledElement="q"><extensionElements>'
            '<camunda:in source="a" target="b"/></extensionElements></callActivity>',
            "Camunda in",
        ),
    ],
)
def test_what_would_run_otherwise_is_told_apart(step: str, what: str) -> None:
    found = notes(process(between(step)))

    assert found[what].changes
    assert found[what].elements == ("x",)
    assert "不能发布" in found[what].message


def test_all_data_handed_over_is_what_the_office_does_anyway() -> None:
    step = (
        '<callActivity id="x" calledElement="q"><extensionElements>'
        '<camunda:in variables="all"/><camunda:out variables="all"/></extensionElements></callActivity>'
    )

    assert import_report(process(between(step))) == ()


@pytest.mark.skipif(not CORPUS_FILES, reason="the corpus is not beside this checkout")
def test_every_file_of_other_tools_gets_its_notes() -> None:
    for path in CORPUS_FILES:
        try:
            found = import_report(path.read_bytes())
        except ReadError as wrong:
            assert wrong.line >= 1
            continue
        assert all(note.message and note.line >= 1 and note.count >= 1 for note in found)
    assert CORPUS is not None
    invoice = notes((CORPUS / "miwg-reference" / "C.1.1.bpmn").read_bytes())
    assert invoice["Activiti delegateExpression"].elements == ("archiveInvoice",)
    assert not invoice["Signavio的扩展"].changes
