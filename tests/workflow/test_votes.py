"""会签, 或签, 票签: one step done by several, until their votes suffice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drawings import END, NAMES, START, chain, flow, process, user
from running import House
from sqlalchemy import select
from test_going_back import house as _house
from test_runner import properties

from engine.cases.controls import ControlBook, Need, fulfilled
from engine.values import Actor, RefusedError
from engine.workflow.checks import check_file
from engine.workflow.tables import WorkflowHistory, WorkflowTask
from engine.workflow.vocabulary import ControlNeed, ControlRule, Names, Operation

house = _house

PANEL = ["甲", "乙", "丙"]
RULE = ControlRule(name="业务复核", duty="intake", passed_when='opinion == "agree"')
#: the office of these tests pays only after a review
PAYING = replace(
    NAMES,
    control_rules={"business_review": RULE},
    needs={"pay": ControlNeed(controls=("business_review",), text="付款前须复核")},
    operations={**NAMES.operations, "pay": Operation(provides=frozenset({"paid"}))},
)
MAJORITY = 'votes("opinion", "agree") * 2 > nrOfInstances'


def panel(until: str, *, one_by_one: bool = False, inside: str = "") -> bytes:
    """A vote, and afterwards a payment where it passed."""
    condition = f"<completionCondition>${{{until}}}</completionCondition>" if until else ""
    sequential = ' isSequential="true"' if one_by_one else ""
    loop = (
        f'<multiInstanceLoopCharacteristics camunda:collection="panel" camunda:elementVariable="who"{sequential}>'
        f"{condition}</multiInstanceLoopCharacteristics>"
    )
    return process(
        START + user("v", inside + loop) + '<exclusiveGateway id="g" default="g_e2"/>'
        + '<serviceTask id="pay" camunda:type="external" camunda:topic="pay"/>' + END + '<endEvent id="e2"/>'
        + chain("s", "v", "g") + flow("g", "pay", "v_passed == true") + flow("g", "e2") + chain("pay", "e")
    )  # fmt: skip


def voter(number: int) -> Actor:
    """One of the panel."""
    return Actor(kind="person", id=100 + number, name=f"评委{number}")


def vote(house: House, case: int, number: int, opinion: str) -> None:
    """One of the panel votes."""
    house.hand = voter(number)
    house.complete(case, "v", opinion=opinion)


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize(
    ("until", "opinions", "end", "asked"),
    [
        # all must agree; one who does not ends it
        ('votes("opinion", "agree") == nrOfInstances', "agree agree agree", "e", 3),
        ('votes("opinion", "agree") == nrOfInstances', "agree agree disagree", "e2", 3),
        # one is enough
        ('votes("opinion", "agree") &gt;= 1', "disagree agree", "e", 2),
        # by ratio; the rest is not asked any more
        ('votes("opinion", "agree") * 3 &gt;= nrOfInstances * 2', "agree agree", "e", 2),
        ('votes("opinion", "agree") * 3 &gt;= nrOfInstances * 2', "agree disagree disagree", "e2", 3),
        ("nrOfCompletedInstances == 2", "disagree disagree", "e", 2),
    ],
)
def test_a_vote_ends_when_its_condition_holds(
    house: House, until: str, opinions: str, end: str, asked: int, one_by_one: bool
) -> None:
    house.operations["pay"] = lambda _data: {"paid": 1}
    house.publish(panel(until, one_by_one=one_by_one))
    case = house.start(panel=PANEL)

    for number, opinion in enumerate(opinions.split()):
        vote(house, case, number, opinion)

    assert house.case(case).ended_in == end
    assert len([kind for kind, own in house.told(case) if (kind, own) == ("completed", "v")]) == asked
    assert house.open(case) == []


@pytest.mark.parametrize("one_by_one", [False, True])
def test_nobody_votes_twice(house: House, one_by_one: bool) -> None:
    house.publish(panel(MAJORITY.replace(">", "&gt;"), one_by_one=one_by_one))
    case = house.start(panel=PANEL)
    vote(house, case, 1, "disagree")

    with pytest.raises(RefusedError, match="每人只能表决一次"):
        vote(house, case, 1, "agree")

    vote(house, case, 2, "disagree")
    vote(house, case, 3, "agree")
    assert house.case(case).ended_in == "e2"


def test_a_vote_of_nobody_does_not_pass(house: House) -> None:
    house.publish(panel(MAJORITY.replace(">", "&gt;")))

    case = house.start(panel=[])

    assert house.case(case).ended_in == "e2"


@pytest.mark.req("MONEY-02")
def test_a_control_is_fulfilled_by_the_vote_as_a_whole_only(house: House) -> None:
    house = House(store=house.store, names=PAYING)
    house.operations["pay"] = lambda _data: {"paid": 1}
    house.publish(panel(MAJORITY.replace(">", "&gt;"), inside=properties(control="business_review")))
    for opinions, controls in (
        ("agree agree", [None, "business_review"]),
        ("disagree agree disagree", [None] * 3),
    ):
        case = house.start(panel=PANEL)

        for number, opinion in enumerate(opinions.split()):
            house.hand = voter(number)
            with house.store.transaction() as session:
                task = session.get_one(WorkflowTask, house.task(case, "v"))
                house.runner.complete(
                    session,
                    task=task,
                    data={"opinion": opinion},
                    control="business_review",
                    around=house.desk,
                )

        with house.store.reading() as session:
            rows = session.scalars(
                select(WorkflowHistory.control)
                .where(WorkflowHistory.case_id == case, WorkflowHistory.kind == "completed")
                .order_by(WorkflowHistory.id)
            )
            assert list(rows) == controls


def codes(data: bytes, names: Names = PAYING) -> set[str]:
    """Codes of the errors."""
    return {problem.code for problem in check_file(data, names) if problem.severity == "error"}


@pytest.mark.req("MONEY-02")
def test_a_control_on_a_vote_needs_a_condition_that_counts_its_votes() -> None:
    marked = properties(control="business_review")
    starts = {"p": frozenset({"panel"})}
    names = replace(PAYING, starts=starts)

    assert codes(panel(MAJORITY.replace(">", "&gt;"), inside=marked), names) == set()
    assert "vote_without_condition" in codes(panel("", inside=marked), names)
    assert "vote_without_condition" in codes(panel("nrOfCompletedInstances == 1", inside=marked), names)
    unguarded = panel(MAJORITY.replace(">", "&gt;"), inside=marked).replace(
        b"v_passed == true", b"nobody == 1"
    )
    assert "control_missing" in codes(unguarded, names)


def test_a_round_is_for_the_duty_that_its_entry_names(house: House) -> None:
    house.publish(
        process(
            START
            + user(
                "v",
                '<multiInstanceLoopCharacteristics camunda:collection="panel" camunda:elementVariable="who"/>',
            )
            + END
            + chain("s", "v", "e")
        )
    )

    case = house.start(panel=["review", "staff:12", "某人"])

    with house.store.reading() as session:
        rows = session.execute(
            select(WorkflowTask.duty, WorkflowTask.assignee).where(WorkflowTask.case_id == case)
        )
        assert sorted((duty, who or "") for duty, who in rows) == [
            ("intake", ""), ("intake", "staff:12"), ("review", ""),
        ]  # fmt: skip


@pytest.mark.req("MONEY-02")
def test_who_has_voted_for_one_control_does_not_fulfil_the_other(house: House) -> None:
    second = ControlRule(name="审批", duty="intake", passed_when='note == "yes"')
    names = replace(
        PAYING,
        controls=frozenset({"business_review", "approval"}),
        control_rules={**PAYING.control_rules, "approval": second},
    )
    house = House(store=house.store, names=names)
    vote_first = panel(MAJORITY.replace(">", "&gt;"), inside=properties(control="business_review"))
    drawn = vote_first.replace(b'id="pay"', b'id="unused"').decode()
    house.publish(
        drawn.replace(
            '<serviceTask id="unused" camunda:type="external" camunda:topic="pay"/>',
            user("pay", properties(control="approval")) + user("z"),
        )
        .replace('sourceRef="pay" targetRef="e"', 'sourceRef="pay" targetRef="z"')
        .replace("</process>", flow("z", "e") + "</process>")
        .encode()
    )
    need = Need(
        operation="pay",
        controls=("business_review", "approval"),
        different_people=True,
        text="须两人",
        english="",
        source="",
    )
    book = ControlBook(controls={}, by_operation={"pay": need})
    for approver, refused in ((1, True), (2, True), (3, False)):
        case = house.start(panel=PANEL)
        for number in (1, 2):
            _fulfil(house, case, "v", number, opinion="agree")
        _fulfil(house, case, "pay", approver, note="yes")

        with house.store.reading() as session:
            if refused:
                with pytest.raises(RefusedError, match="须两人"):
                    fulfilled(session, book, case, "pay")
            else:
                assert set(fulfilled(session, book, case, "pay")) == {"business_review", "approval"}


def _fulfil(house: House, case: int, element: str, number: int, **entered: str) -> None:
    """One of the panel does the step, with what passes its control."""
    house.hand = voter(number)
    control = "business_review" if element == "v" else "approval"
    with house.store.transaction() as session:
        task = session.get_one(WorkflowTask, house.task(case, element))
        house.runner.complete(session, task=task, data=entered, control=control, around=house.desk)
