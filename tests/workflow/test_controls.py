"""The controls that an operation needs stand on every path to it, by different people; else it is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from drawings import END, NAMES, START, chain, flow, process

from engine.workflow.checks import check_file
from engine.workflow.controls import judge_controls
from engine.workflow.drawing import draw
from engine.workflow.play import nets_of
from engine.workflow.problems import Problem
from engine.workflow.reader import definitions_of, read_xml
from engine.workflow.soundness import Bounds
from engine.workflow.standing import with_completion
from engine.workflow.vocabulary import ControlNeed, ControlRule

OFFICE = replace(
    NAMES,
    duties={"受理岗": "intake", "复核岗": "review", "审批岗": "approve"},
    forms={
        "check": frozenset({"opinion"}),
        "review": frozenset({"agreed"}),
        "approve": frozenset({"approval"}),
    },
    controls=frozenset({"reviewed", "approved", "counted"}),
    control_rules={
        "reviewed": ControlRule(name="复核", duty="review", passed_when='agreed == "yes"'),
        "approved": ControlRule(name="审批", duty="approve", passed_when='approval == "yes"'),
        "counted": ControlRule(name="清点", duty="review", passed_when="len(agreed) > 1"),
    },
    needs={"pay": ControlNeed(controls=("reviewed", "approved"), text="付款前须复核、审批")},
    bars=lambda first, then: first != then,
)


def person(own: str, duty: str, form: str, *, control: str = "", others: str = "", inside: str = "") -> str:
    """A user task, maybe with a control."""
    written = {"control": control, "different_person_from": others}
    properties = "".join(f'<camunda:property name="{n}" value="{v}"/>' for n, v in written.items() if v)
    return (
        f'<userTask id="{own}" name="{own}" camunda:candidateGroups="{duty}" camunda:formKey="{form}"><extensionElements>'
        f"<camunda:properties>{properties}</camunda:properties></extensionElements>{inside}</userTask>"
    )


def asks(own: str, default: str) -> str:
    """An exclusive gateway."""
    return f'<exclusiveGateway id="{own}" default="{default}"/>'


REVIEW = person("r", "review", "review", control="reviewed")
APPROVE = person("a", "approve", "approve", control="approved")
PAY = '<serviceTask id="pay" camunda:type="external" camunda:topic="pay"/>'
MERGE = '<exclusiveGateway id="m"/>'
NO = '<endEvent id="no"/>'


def paid(
    *, review: str = REVIEW, approve: str = APPROVE, sent_back: str = "m", waived: str = "", more: str = "",
    agreed: str = "agreed == 'yes'", approved: str = "approval == 'yes'",
) -> bytes:  # fmt: skip
    """Intake, review, approval, payment; a no goes back, a waiver goes past."""
    past = flow("g1", waived, "agreed == 'waived'") if waived else ""
    return process(
        START + MERGE + person("i", "intake", "check") + review + asks("g1", f"g1_{sent_back}") + approve + asks("g2", "g2_no")
        + '<exclusiveGateway id="w"/>' + PAY + END + NO + more + past
        + chain("s", "m", "i", "r", "g1") + flow("g1", "a", agreed) + flow("g1", sent_back) + flow("a", "g2")
        + flow("g2", "w", approved) + flow("g2", "no") + chain("w", "pay", "e")
    )  # fmt: skip


def refusals(data: bytes) -> set[tuple[str, str]]:
    """(code, element) of every error."""
    return {(each.code, each.element) for each in errors(data)}


def errors(data: bytes) -> list[Problem]:
    """The errors of the diagram."""
    return [each for each in check_file(data, OFFICE) if each.severity == "error"]


BACK_TO_REVIEW = (
    START + MERGE + REVIEW + asks("g1", "g1_no") + '<exclusiveGateway id="n"/>' + APPROVE + asks("g2", "g2_no") + NO
    + person("x", "intake", "check") + asks("g3", "g3_pay") + PAY + END + chain("s", "m", "r", "g1") + flow("g1", "n", "agreed == 'yes'")
    + flow("g1", "no") + chain("n", "a", "g2") + flow("g2", "x", "approval == 'yes'") + flow("g2", "no") + flow("x", "g3")
    + flow("g3", "pay") + chain("pay", "e")
)  # fmt: skip

REFUSED = {
    "a waiver goes past the approval": (paid(waived="w"), "control_missing", "pay"),
    "a no goes on": (paid(agreed="agreed == 'no'"), "control_missing", "pay"),
    "the approval says refused": (paid(approved="approval != 'yes'"), "control_missing", "pay"),
    "another field is asked": (paid(agreed="opinion == 'yes'"), "control_missing", "pay"),
    "a control in other hands": (
        paid(review=person("r", "intake", "review", control="reviewed")), "control_wrong_duty", "r"),
    "a form without the field": (
        paid(review=person("r", "review", "check", control="reviewed")), "control_never_passes", "r"),
    "one of a round": (
        paid(review=person("r", "review", "review", control="reviewed", inside=(
            '<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>'))),
        "vote_without_condition", "r"),
    "a condition that is no comparison": (
        paid(review=person("r", "review", "review", control="counted")), "control_missing", "pay"),
}  # fmt: skip


@pytest.mark.req("FLOW-03", "MONEY-02")
def test_review_and_approval_on_every_path_may_be_published() -> None:
    assert errors(paid()) == []


@pytest.mark.req("FLOW-03", "MONEY-02")
def test_going_back_to_the_review_itself_may_be_published() -> None:
    """After an approval, back to the review or only to the approval: what was voided is done anew."""
    assert (
        errors(
            process(
                BACK_TO_REVIEW + flow("g3", "n", "opinion == 'again'") + flow("g3", "m", "opinion == 'all'")
            )
        )
        == []
    )


@pytest.mark.req("FLOW-03", "MONEY-02")
def test_going_back_behind_the_review_and_past_it_is_refused() -> None:
    """The intake done anew voids the review; a way past the review then pays without it."""
    data = process(
        START + MERGE + person("i", "intake", "check") + asks("g0", "g0_r") + REVIEW + asks("g1", "g1_no") + '<exclusiveGateway id="n"/>'
        + APPROVE + asks("g2", "g2_m") + NO + PAY + END + chain("s", "m", "i", "g0", "r", "g1") + flow("g1", "n", "agreed == 'yes'")
        + flow("g1", "no") + chain("n", "a", "g2") + flow("g2", "pay", "approval == 'yes'") + flow("g2", "m")
        + flow("g0", "n", "agreed == 'yes'") + chain("pay", "e")
    )  # fmt: skip

    (problem,) = [each for each in errors(data) if each.code == "control_missing"]

    assert problem.element == "pay"
    assert problem.path.count("i") >= 1
    assert "复核" in problem.message


@pytest.mark.req("FLOW-03", "MONEY-02")
@pytest.mark.parametrize("name", REFUSED)
def test_a_path_without_a_control_is_refused(name: str) -> None:
    data, code, element = REFUSED[name]

    assert (code, element) in refusals(data)


@pytest.mark.req("FLOW-03", "MONEY-02")
def test_two_controls_by_one_duty_need_another_person() -> None:
    rules = {**OFFICE.control_rules, "approved": replace(OFFICE.control_rules["approved"], duty="review")}
    office = replace(OFFICE, control_rules=rules)
    alone = paid(approve=person("a", "review", "approve", control="approved"))
    another = paid(approve=person("a", "review", "approve", control="approved", others="r"))

    found = [(each.code, each.element) for each in check_file(alone, office) if each.severity == "error"]

    assert found == [("control_same_person", "pay")]
    assert not [each for each in check_file(another, office) if each.severity == "error"]


def test_the_path_replays_the_way_past_the_control() -> None:
    problem = errors(paid(waived="w"))[0]

    assert problem.path == (
        "s", "s_m", "m", "m_i", "i", "i_r", "r", "r_g1", "g1", "g1_w", "w", "w_pay", "pay", "pay_e",
    )  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A completed step."""

    element_id: str
    number: int = 0


def test_a_step_done_anew_voids_everything_since_it_was_first_done() -> None:
    done: tuple[Step, ...] = ()
    for step in (Step("i"), Step("r"), Step("a"), Step("r", 2)):
        done = with_completion(done, step)

    assert done == (Step("i"), Step("r", 2))


@pytest.mark.parametrize("bounds", [Bounds(states=10), Bounds(seconds=0.0), Bounds(until=0.0)])
def test_controls_that_cannot_be_followed_to_the_end_are_refused(bounds: Bounds) -> None:
    net = nets_of(draw(definitions_of(read_xml(paid()))), OFFICE)["p"]

    (problem,) = judge_controls(net, OFFICE, bounds)

    assert (problem.severity, problem.code) == ("error", "exploration_bound")
    assert "控制" in problem.message
    assert not judge_controls(net, OFFICE, Bounds())
