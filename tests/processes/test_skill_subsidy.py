"""Every path of ``skill-subsidy.bpmn``: a certificate is subsidised once, found by the office or applied for (REFUND-06)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import orjson
import pytest
from builders import (
    Case,
    a_found_certificate,
    a_skill_subsidy,
    actor,
    apply_for_skill,
    certificate_of,
    certificates_told,
    opened,
    refused,
    register_says,
)
from paths import every_path
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from walked import Walked

from engine.benefits.skill_tables import SkillScreening, SkillSubsidyCase
from engine.cases.hit_openers import paid_for_rehearsal
from engine.cases.office import Office
from engine.cases.skill_screening import screen_certificates
from engine.cases.skill_subsidies import Asked, apply_for_skill_subsidy
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done, FieldFaults
from engine.money.payments import PaymentOrder
from engine.registers.cast import PEOPLE
from engine.registers.memory import registers_of
from engine.registers.skills import SkillCertificate
from engine.values import Refusal

STEPS = ("check_certificate", "review_skill_subsidy", "approve_skill_subsidy")


def row_of(case: Case) -> SkillSubsidyCase:
    with case.office.store.reading() as session:
        found: SkillSubsidyCase = session.get_one(SkillSubsidyCase, case.id)
        return found


def orders_of(office: Office) -> dict[str, tuple[str, int]]:
    """Purpose and amount of every order, by key."""
    with office.store.reading() as session:
        return {o.key: (o.purpose, o.amount_fen) for o in session.scalars(select(PaymentOrder))}


def screened(office: Office) -> dict[str, SkillScreening]:
    """What screening found, by outcome."""
    with office.store.reading() as session:
        return {row.outcome: row for row in session.scalars(select(SkillScreening))}


def holds(office: Office, person: str, *certificates: SkillCertificate) -> None:
    """The look-up knows these certificates of the person from now on."""
    register_says(office, person, certificates=certificates)


def law_reasons(case: Case) -> list[str]:
    found = case.data()["determination"]
    return [each["code"] for each in found["reasons"]]


# ---- the paths


@pytest.mark.req("REFUND-06", "MONEY-02")
@pytest.mark.parametrize("begin", [a_skill_subsidy, a_found_certificate])
def test_every_path_pays_the_certificate_or_tells_why_not(
    office: Office, afresh: Callable[[], None], begin: Callable[[Office], Case]
) -> None:
    ends = set()
    for case, path in every_path(lambda: begin(office), detours=1, afresh=afresh):
        ends.add(case.ended_in)
        row, paid = row_of(case), bool(orders_of(office))
        assert paid == (case.ended_in == "skill_subsidy_ordered"), str(path)
        assert f"skill_subsidy_{row.status}" == case.ended_in, str(path)
        last = {"ordered": "decision", "refused": "refusal", "lapsed": "lapse"}[row.status]
        assert case.letters()[-1] == f"skill-{last}", str(path)
        done = [case.hands()[step] for step in STEPS if step in case.hands()]
        assert len(set(done)) == len(done), str(path)
        assert not paid or len(done) == 3, str(path)

    found = {"skill_subsidy_lapsed"} if begin is a_found_certificate else set()
    assert ends == {"skill_subsidy_ordered", "skill_subsidy_refused"} | found


@pytest.mark.req("MONEY-01", "MONEY-02")
@pytest.mark.parametrize("step", ["review_skill_subsidy", "approve_skill_subsidy"])
def test_who_checked_it_neither_reviews_nor_approves_it(office: Office, step: str) -> None:
    case = a_skill_subsidy(office, at=step)

    assert refused(case.tries("wangshouli", step, review_opinion="agree", approval="approve"))
    assert case.open_steps() == [step]


# ---- found without an application


@pytest.mark.req("REFUND-06", "REFUND-02")
def test_a_certificate_is_found_pushed_and_paid_once_the_holder_confirms(office: Office) -> None:
    case = a_found_certificate(office)
    assert case.open_steps() == ["confirm_skill_subsidy"]
    assert "1500.00" in case.letter("skill-push")

    case.goes_on()

    assert case.ended_in == "skill_subsidy_ordered"
    number = certificate_of(office).number
    assert orders_of(office) == {f"skill:{number}": ("skill", 150_000)}


@pytest.mark.req("REFUND-06")
def test_of_two_certificates_the_higher_is_offered_and_the_other_once_it_lapsed(office: Office) -> None:
    case = a_found_certificate(office)
    waiting = screened(office)["not_yet"]
    assert [each["code"] for each in orjson.loads(waiting.reasons)] == ["skill_lower_level", "skill_per_year"]

    case.answers("confirm_skill_subsidy", answer="decline")
    office.clock.set("2025-12-01T09:00+08:00")  # type: ignore[attr-defined]
    sweep_until_idle(office)

    with office.store.reading() as session:
        offered = session.scalars(select(SkillSubsidyCase).where(SkillSubsidyCase.status == "open")).one()
    assert offered.level == "junior"


@pytest.mark.req("REFUND-06")
def test_the_same_roster_again_opens_no_second_case(office: Office) -> None:
    case = a_found_certificate(office)

    certificates_told(office, "sun")
    sweep_until_idle(office)

    with office.store.reading() as session:
        rows = session.scalars(
            select(SkillSubsidyCase).where(
                SkillSubsidyCase.certificate_number == certificate_of(office).number
            )
        ).all()
    assert [row.case_id for row in rows] == [case.id]


@pytest.mark.req("REFUND-06")
def test_whoever_has_paid_too_little_is_looked_at_again_next_month(office: Office) -> None:
    file = office.registers.contributions.history(PEOPLE["sun"].id_number)
    only = (certificate_of(office),)
    register_says(office, "sun", contributions=replace(file, months_paid=11), certificates=only)
    certificates_told(office, "sun")
    sweep_until_idle(office)
    assert screened(office)["not_yet"].screen_on == date(2025, 12, 1)

    register_says(office, "sun", contributions=replace(file, months_paid=12), certificates=only)
    office.clock.set("2025-12-01T09:00+08:00")  # type: ignore[attr-defined]
    sweep_until_idle(office)

    assert screened(office)["eligible"].case_id is not None


@pytest.mark.req("REFUND-06")
def test_a_register_that_is_down_puts_a_certificate_off_and_loses_none(office: Office) -> None:
    certificates_told(office, "sun")
    outages = {"contributions"}
    up = office._registers
    office._registers = registers_of(up.skills.desk.province, outages=outages)  # type: ignore[attr-defined]
    try:
        assert screen_certificates(office) == 2
        assert screened(office)["waiting"].screen_on == date(2025, 11, 4)
    finally:
        office._registers = up

    office.clock.set("2025-11-04T09:00+08:00")  # type: ignore[attr-defined]
    sweep_until_idle(office)

    assert set(screened(office)) == {"eligible", "not_yet"}


@pytest.mark.req("REFUND-06")
def test_whoever_let_it_lapse_may_apply_while_there_is_time(office: Office) -> None:
    found = a_found_certificate(office).answers("confirm_skill_subsidy", answer="decline")
    assert found.ended_in == "skill_subsidy_lapsed"

    case = a_skill_subsidy(office).goes_on()

    assert case.ended_in == "skill_subsidy_ordered"


# ---- limits


@pytest.mark.req("REFUND-06")
@pytest.mark.parametrize(("day", "due"), [("2026-05-07", True), ("2026-05-08", False)])
def test_the_last_day_to_apply_is_twelve_months_after_the_certificate(
    office: Office, day: str, due: bool
) -> None:
    assert certificate_of(office).issued_on == date(2025, 5, 7)
    office.clock.set(f"{day}T09:00+08:00")  # type: ignore[attr-defined]

    case = a_skill_subsidy(office)

    assert case.data()["due"] is due
    assert due or law_reasons(case) == ["skill_too_late"]


@pytest.mark.req("REFUND-06")
def test_a_certificate_that_was_paid_is_never_paid_again_wherever_it_is_asked(office: Office) -> None:
    a_skill_subsidy(office).goes_on()
    file = office.registers.contributions.history(PEOPLE["sun"].id_number)
    register_says(office, "sun", contributions=replace(file, region="371521"))

    again = apply_for_skill(office)

    assert isinstance(again, FieldFaults)
    assert again.faults["certificate_number"].code == "skill_paid_before"
    assert len(orders_of(office)) == 1


@pytest.mark.req("REFUND-06")
def test_the_database_itself_refuses_a_second_payment_of_a_certificate(office: Office) -> None:
    case = a_skill_subsidy(office).goes_on()
    row = row_of(case)

    with (
        pytest.raises(IntegrityError, match="uq_skill_subsidy_ordered"),
        office.store.transaction() as session,
    ):
        session.add(
            SkillSubsidyCase(
                case_id=9_999, person_id=row.person_id, certificate_number=row.certificate_number, occupation="焊工", level="senior",
                issued_on=row.issued_on, urgent=False, region_code="371521", applied_on=row.applied_on, channel="web",
                entered_by="person:1", status="ordered", amount_fen=1,
            )
        )  # fmt: skip


@pytest.mark.req("REFUND-06")
def test_no_lower_level_after_a_higher_one_and_no_second_in_a_year(office: Office) -> None:
    a_skill_subsidy(office).goes_on()

    junior = a_skill_subsidy(office, which=0)

    assert law_reasons(junior) == ["skill_lower_level", "skill_per_year"]
    assert junior.goes_on().ended_in == "skill_subsidy_refused"
    assert "不再享受较低等级" in junior.letter("skill-refusal")


@pytest.mark.req("REFUND-06")
def test_of_two_certificates_approved_at_a_time_the_second_counts_the_first(office: Office) -> None:
    welder = replace(certificate_of(office), number="S000037150299999", occupation="焊工")
    holds(office, "sun", certificate_of(office), welder)
    first = a_skill_subsidy(office, which=0, at="approve_skill_subsidy")
    second = a_skill_subsidy(office, which=1, at="approve_skill_subsidy")
    assert second.data()["due"] is True
    actor(office, "sunshenpi")

    approvals = [
        threading.Thread(target=case.answers, args=("approve_skill_subsidy",)) for case in (first, second)
    ]
    for each in approvals:
        each.start()
    for each in approvals:
        each.join()

    assert sorted(case.ended_in for case in (first, second)) == [
        "skill_subsidy_ordered",
        "skill_subsidy_refused",
    ]
    assert len(orders_of(office)) == 1


@pytest.mark.req("REFUND-06")
def test_whoever_draws_benefit_is_subsidised_too(office: Office) -> None:
    refused_case = a_skill_subsidy(office, "li")
    assert law_reasons(refused_case) == ["skill_not_insured"]
    refused_case.goes_on()

    with office.store.transaction() as session:
        paid_for_rehearsal(session, office, actor(office, "li").id)
    case = a_skill_subsidy(office, "li").goes_on()

    assert case.ended_in == "skill_subsidy_ordered"
    assert [fen for _, fen in orders_of(office).values()] == [100_000]


# ---- who may apply


@pytest.mark.req("REFUND-06", "CLAIM-11")
def test_at_the_counter_the_clerk_types_the_holder_and_the_number_alone(office: Office) -> None:
    asked = Asked(
        certificate_number=certificate_of(office).number.lower(),
        holder_number=PEOPLE["sun"].id_number,
        holder_name=PEOPLE["sun"].name,
    )

    case = opened(office, apply_for_skill_subsidy(office, actor(office, "wangshouli"), asked), subject="sun")

    assert case.open_steps() == ["check_certificate"]
    assert row_of(case).channel == "counter"


@pytest.mark.req("REFUND-06")
def test_another_persons_certificate_is_not_found(office: Office) -> None:
    asked = Asked(certificate_number=certificate_of(office, "sun").number)

    outcome = apply_for_skill_subsidy(office, actor(office, "li"), asked)

    assert isinstance(outcome, FieldFaults)
    assert outcome.faults["certificate_number"].code == "certificate_not_found"


@pytest.mark.req("REFUND-06")
def test_only_intake_of_the_region_enters_an_application(office: Office) -> None:
    asked = Asked(
        certificate_number=certificate_of(office).number,
        holder_number=PEOPLE["sun"].id_number,
        holder_name=PEOPLE["sun"].name,
    )

    assert isinstance(apply_for_skill_subsidy(office, actor(office, "zhoukuaiji"), asked), Refusal)
    assert isinstance(apply_for_skill_subsidy(office, actor(office, "guangyue"), asked), Refusal)


@pytest.mark.req("REFUND-06")
def test_a_faulty_roster_is_refused_whole_with_every_line(office: Office) -> None:
    before = certificates_told(office, "sun")
    assert isinstance(before, Done)
    from engine.cases.skill_screening import take_certificate_roster

    head = "证书编号,身份证号,职业（工种）,等级,核发日期,核发机构,急需紧缺,已享受培训补贴,已发补贴机构"
    file = f"{head}\nS1,123,电工,九级,2025-05-07,中心,否,否,\nS2,{PEOPLE['li'].id_number},电工,五级,2026-05-07,中心,否,否,\n"

    outcome = take_certificate_roster(
        office,
        actor(office, "fengshuju"),
        file.encode(),
        region="371500",
        as_of="2025-11-03",
        source="省中心",
    )

    assert isinstance(outcome, Refusal)
    assert [reason.code for reason in outcome.reasons] == ["roster_line", "roster_line"]


def test_the_diagram_was_walked_whole(office: Office, walked: Walked, request: pytest.FixtureRequest) -> None:
    walked.assert_whole(office, "skill_subsidy", request, least=15)
