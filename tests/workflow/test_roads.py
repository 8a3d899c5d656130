"""The road of a public process: read from the diagram alone, and refused at publishing where no guide can be made."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from engine.cases.controls import ControlBook
from engine.cases.names import names_of
from engine.duties import DutyBook
from engine.workflow.checks import check_file
from engine.workflow.guide import Road, road_of
from engine.workflow.vocabulary import Names

PROCESSES = Path(__file__).parents[2] / "processes"


@cache
def names() -> Names:
    """What the office knows."""
    duties = DutyBook.load(PROCESSES / "duties.yaml")
    return names_of(PROCESSES, duties, ControlBook.load(PROCESSES / "controls.yaml", duties))


def drawn(file: str = "claim.bpmn") -> bytes:
    """The shipped diagram."""
    return (PROCESSES / file).read_bytes()


def road(content: bytes, process: str) -> Road:
    """The road of the process."""
    found = road_of(content, process, names())
    assert found is not None
    return found


@pytest.mark.req("SERV-01")
def test_a_road_is_the_way_to_the_good_end_with_what_the_office_does_by_itself_drawn_together() -> None:
    claim = road(drawn(), "claim")

    assert [(stretch.kind, [element.id for element in stretch.elements]) for stretch in claim.stretches] == [
        ("start", ["claim_received"]),
        ("system", ["gather_facts"]),
        ("yours", ["confirm_form"]),
        ("office", ["check_intake"]),
        ("system", ["choose_route"]),
        ("system", ["determine_entitlement"]),
        ("office", ["review_claim"]),
        ("office", ["approve_claim"]),
        ("system", ["register_unemployment", "create_grant", "order_first_payment", "send_grant_notice"]),
        ("end", ["claim_granted"]),
    ]
    assert [element.id for element in claim.withdrawable] == [
        "confirm_form",
        "check_intake",
        "review_claim",
        "approve_claim",
    ]


@pytest.mark.req("SERV-01")
def test_refusals_and_what_the_applicant_does_or_causes_part_from_the_road_and_nothing_else() -> None:
    claim, refund = road(drawn(), "claim"), road(drawn("stable-jobs.bpmn"), "stable_jobs")

    assert [(each.after, each.label.zh, each.outcome, each.back_to) for each in claim.branches] == [
        (2, "有异议", "back", 1),
        (4, "视同缴费待核实", "back", 5),
        (7, "不予发放", "refused", None),
    ], "no return from desk to desk, no reminder, no second review"
    assert [(each.label.zh, each.end.id if each.end else "") for each in refund.branches] == [
        ("不符合", "refund_not_due"),
        ("到期", "refund_lapsed"),
        ("有异议", ""),
        ("不予返还", "refund_declined"),
        ("不予返还", "refund_declined"),
    ]


def test_a_process_that_does_not_say_so_is_not_public() -> None:
    transfer = drawn("transfer.bpmn")

    assert road_of(transfer, "transfer_out", names()) is None
    assert road(transfer, "transfer_in").address == "transfer"
    assert road_of(drawn("recovery.bpmn"), "recovery", names()) is None


@pytest.mark.req("SERV-01", "FLOW-03")
@pytest.mark.parametrize(
    ("taken", "put", "code", "said"),
    [
        (r'<camunda:property name="guide_who" [^>]*>', "", "guide_lacks", "谁可以申请"),
        (r'<camunda:property name="guide_how_en" [^>]*>', "", "guide_lacks", "在哪里、怎样申请”（英文）"),
        (r'<camunda:property name="guide_basis" [^>]*>', "", "guide_lacks", "办理依据"),
        (r"<bpmn:documentation>失业人员凭.*?</bpmn:documentation>", "", "guide_lacks", "办理事项说明"),
        (r"<bpmn:documentation>本人在网上.*?</bpmn:documentation>", "", "guide_lacks", "做什么、需要什么"),
        (r'<camunda:property name="english" value="Determine entitlement" />', "", "guide_lacks", "英文名称"),
        (r'value="sil 第四十五条', 'value="nobody 第一条', "unknown_source", "nobody"),
        (r'value="claim_decision"', 'value="some_day"', "unknown_limit", "some_day"),
        (r'name="guide" value="claim"', 'name="guide" value="../x"', "guide_address", "../x"),
        (r'value="/apply"', 'value="//evil.example"', "guide_address", "不是本系统的页面"),
        (r'name="guide_who"', 'name="guide_whom"', "guide_property", "guide_whom"),
        (r'name="guide_end" value="main"', 'name="guide_end" value="good"', "guide_end", "good"),
        (r'name="guide_end" value="refused"', 'name="guide_end" value="main"', "guide_end", "现有2个"),
        (r'<camunda:property name="guide_end" value="main" />', "", "guide_end", "现有0个"),
        (r"失业前已参保", "请带离职证明，失业前已参保", "forbidden_demand", "不得要求"),
        (r"Unemployed people who", "Bring a termination certificate if you", "forbidden_demand", "不得要求"),
    ],
)
def test_a_public_diagram_of_which_no_guide_can_be_made_is_refused(
    taken: str, put: str, code: str, said: str
) -> None:
    before = drawn().decode()
    changed = re.sub(taken, lambda _match: put, before, count=1)
    assert changed != before

    problems = check_file(changed.encode(), names())

    assert check_file(before.encode(), names()) == []
    assert any((each.severity, each.code) == ("error", code) and said in each.message for each in problems), (
        problems
    )
