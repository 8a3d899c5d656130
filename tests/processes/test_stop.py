"""Every path of ``stop.bpmn``: a hit is told, checked, reviewed, and ends in a stop or is cleared; never both, never twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import orjson
import pytest
from builders import Case, a_granted_claim, a_hit, a_payment_run, actor, refused
from paths import every_path
from sqlalchemy import select

from engine.benefits.tables import BenefitGrant
from engine.cases import hits, pausing, staff
from engine.cases.hits import HitFilter, open_hit_cases
from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.money.payments import PaymentOrder
from engine.oversight import hits as oversight
from engine.oversight.grounds import GROUNDS, STATUTORY
from engine.oversight.hit_tables import MatchHit
from engine.registers.cast import PEOPLE
from engine.store.audit import AuditEvent
from engine.store.outbox import OutboxMessage
from engine.values import SYSTEM, Month, Refusal
from engine.workflow.tables import WorkflowIncident, WorkflowTask

ENGINE = Path(__file__).parents[2] / "engine"
CONFIRM = {"check_opinion": "confirm", "confirmed_day": "2025-11-02", "check_note": "参保记录属实"}
CLEAR = {"check_opinion": "clear", "check_note": "经核对系补缴上年欠费"}


def hit_of(case: Case) -> MatchHit:
    """The hit of the case."""
    with case.office.store.reading() as session:
        return session.scalars(select(MatchHit).where(MatchHit.case_id == case.id)).one()


def grant_of(case: Case) -> BenefitGrant:
    """The grant that the hit is against."""
    with case.office.store.reading() as session:
        return session.get_one(BenefitGrant, hit_of(case).grant_id)


def settled_events(office: Office, hit_id: int) -> list[AuditEvent]:
    """Each time that the trail says the hit was settled."""
    with office.store.reading() as session:
        query = select(AuditEvent).where(
            AuditEvent.action == "HIT_SETTLED", AuditEvent.subject == f"match_hit:{hit_id}"
        )
        return list(session.scalars(query))


def told_of(office: Office, case: Case, ground: str, event_day: date | None, what: str) -> MatchHit:
    """Another hit against the same grant, without its case yet."""
    with office.store.transaction() as session:
        grant = session.get_one(BenefitGrant, hit_of(case).grant_id)
        return oversight.report_hit(
            session, grant, origin="list", ground=ground, event_day=event_day, detail=what,
            actor=SYSTEM, now=office.clock(),
        )  # fmt: skip


def case_of(office: Office, hit: MatchHit, subject: str = "li") -> Case:
    """The case that the sweep opened for the hit."""
    sweep_until_idle(office)
    with office.store.reading() as session:
        case_id = session.get_one(MatchHit, hit.id).case_id
    assert case_id is not None, "nobody opened a case"
    return Case(office=office, id=case_id, subject=subject)


@pytest.mark.req("CLAIM-09", "CTRL-02", "MONEY-02")
@pytest.mark.parametrize("ground", ["ST1", "ST5"])
def test_every_path_settles_the_hit_once_by_people_who_check_each_other(
    office: Office, afresh: Callable[[], None], ground: str
) -> None:
    ends = set()
    for case, path in every_path(lambda: a_hit(office, ground=ground), detours=1, afresh=afresh):
        ends.add(case.ended_in)
        hit, grant = hit_of(case), grant_of(case)
        stopped = case.ended_in == "benefit_stopped"
        assert hit.status == ("confirmed" if stopped else "cleared"), str(path)
        assert grant.status == ("stopped" if stopped else "active"), str(path)
        assert len(settled_events(office, hit.id)) == 1, str(path)
        done = [
            step for step in ("check_evidence", "review_stop", "decide_after_hearing") if step in case.hands()
        ]
        assert ("decide_after_hearing" in done) == (
            ground == "ST5" and "check_evidence:clear" not in path.names
        )
        assert len({case.hands()[step] for step in done}) == len(done), str(path)
        assert case.letters() == ["stop-notice", "stop-decision" if stopped else "hit-cleared"], str(path)

    assert ends == {"benefit_stopped", "hit_cleared"}


@pytest.mark.req("CLAIM-09")
@pytest.mark.parametrize("ground", [each.code for each in STATUTORY])
def test_the_letter_names_ground_evidence_source_last_month_and_how_to_object(
    office: Office, ground: str
) -> None:
    case = a_hit(office, ground=ground, told="市局通报第七号所列").goes_on()

    assert case.ended_in == "benefit_stopped"
    letter, notice = case.letter("stop-decision"), case.letter("stop-notice")
    named = GROUNDS[ground]
    for text in (letter, notice):
        assert named.name in text
        assert named.source in text
        assert named.proof in text
        assert "市局通报第七号所列" in text
        assert "提出异议" in text
        assert "行政复议" in text
    assert "2025-11-02" in letter
    assert "参保记录显示已由新单位缴费" in letter
    assert ("本人到场陈述" in letter) == named.hearing
    assert ("当面陈述" in notice) == named.hearing
    person = f"person:{hit_of(case).person_id}"
    family = f"family:{hit_of(case).person_id}"
    assert case.recipients("stop-decision") == [family if ground == "ST9" else person]
    assert ("丧葬补助金" in letter) == (ground == "ST9")
    assert ("予以保留" in letter) == (ground != "ST9")


@pytest.mark.req("CLAIM-09")
@pytest.mark.parametrize("ground", ["ST7", "ST8", "ST0"])
def test_what_is_no_ground_is_refused_and_stops_nothing(office: Office, ground: str) -> None:
    actor(office, "li")

    outcome = hits.report_hit(
        office,
        actor(office, "wangshouli"),
        id_number=PEOPLE["li"].id_number,
        ground=ground,
        event_day=date(2025, 11, 2),
        channel="phone",
        detail="超过六十日没有报告",
    )

    assert refused(outcome) == ("unknown_ground" if ground == "ST0" else "not_a_ground",)
    with office.store.reading() as session:
        assert session.scalars(select(MatchHit)).all() == []


@pytest.mark.req("CLAIM-09")
def test_a_hit_on_what_is_no_ground_can_only_be_cleared(office: Office) -> None:
    hit = told_of(office, a_hit(office), "ST8", date(2025, 11, 1), "六十日未报告")
    case = case_of(office, hit).answers("answer_notice").answers("check_evidence")

    assert "not_a_ground" in refused(case.tries("zhaofuhe", "review_stop", review_opinion="agree"))

    case.does("zhaofuhe", "review_stop", review_opinion="return", review_note="不是法定情形")
    case.does("wangshouli", "check_evidence", **CLEAR).answers("review_stop")
    assert hit_of(case).status == "cleared"
    assert grant_of(case).status == "active"


@pytest.mark.req("CTRL-02")
@pytest.mark.parametrize(
    ("who", "duty", "step"),
    [("wangshouli", "review", "review_stop"), ("zhaofuhe", "approve", "decide_after_hearing")],
)
def test_the_same_person_does_not_do_two_controls(office: Office, who: str, duty: str, step: str) -> None:
    by = actor(office, "chenguanli")
    assert isinstance(staff.assign_post(office, by, login=who, duty=duty, region="371500"), Done)
    case = a_hit(office, ground="ST5").goes_on(until=step)

    outcome = case.tries(
        who, step, review_opinion="agree", hearing="held", hearing_note="听取了陈述", approval="approve"
    )

    assert "different_person" in refused(outcome)
    assert hit_of(case).status == "open"


@pytest.mark.req("CTRL-02", "MONEY-02")
def test_clearing_a_hit_leaves_the_names_and_the_reason(office: Office) -> None:
    case = a_hit(office).answers("answer_notice").does("wangshouli", "check_evidence", **CLEAR)

    case.answers("review_stop")

    hit = hit_of(case)
    (event,) = settled_events(office, hit.id)
    assert event.actor == actor(office, "zhaofuhe").key == hit.settled_by
    assert event.reason == hit.settled_why == CLEAR["check_note"]
    assert case.hands()["check_evidence"] == actor(office, "wangshouli").key
    assert CLEAR["check_note"] in case.letter("hit-cleared")
    again = told_of(office, case, hit.ground, hit.event_day, hit.detail)
    assert again.id == hit.id, "the same evidence, once cleared, is not raised again"


@pytest.mark.req("CLAIM-09", "CLAIM-13")
def test_what_was_paid_after_the_month_of_the_event_goes_to_recovery(office: Office) -> None:
    a_granted_claim(office, "li")
    a_payment_run(office, month="2025-12").goes_on().sweep()
    with office.store.reading() as session:
        (order,) = session.scalars(select(PaymentOrder)).all()
        grant_id = session.scalars(select(BenefitGrant.id)).one()
    assert (order.status, order.month) == ("paid", "2025-11")

    case = a_hit(office, event_day="2025-10-20").goes_on(until="check_evidence")
    case.answers("check_evidence", confirmed_day="2025-10-20").answers("review_stop")

    assert case.ended_in == "benefit_stopped"
    assert "report_overpayment" in case.history()
    assert "2025-11 已发出的待遇属于多发" in case.letter("stop-decision")
    with office.store.reading() as session:
        found = select(OutboxMessage).where(OutboxMessage.kind == "message", OutboxMessage.case_id == case.id)
        sent = session.scalars(found).one()
    content = orjson.loads(sent.payload)
    assert content["name"] == "overpayment_found"
    assert content["payload"] == {
        "person_id": hit_of(case).person_id, "grant_id": grant_id, "ground": "ST1", "event_day": "2025-10-20",
        "region": "371502",
    }  # fmt: skip
    case.sweep()
    with office.store.reading() as session:
        assert (
            session.scalars(select(WorkflowIncident).where(WorkflowIncident.case_id == case.id)).all() == []
        )


@pytest.mark.req("CLAIM-09")
def test_what_still_waits_is_cancelled_and_nothing_goes_to_recovery(office: Office) -> None:
    a_granted_claim(office, "li")
    case = a_hit(office, event_day="2025-10-20").goes_on(until="check_evidence")
    case.answers("check_evidence", confirmed_day="2025-10-20").answers("review_stop")

    with office.store.reading() as session:
        assert [order.status for order in session.scalars(select(PaymentOrder))] == ["cancelled"]
    assert "report_overpayment" not in case.history()
    assert grant_of(case).months_paid == 0


@pytest.mark.req("CLAIM-09")
def test_what_the_bank_sent_back_for_a_month_after_the_event_is_never_paid_again(office: Office) -> None:
    a_granted_claim(office, "bo")
    assert a_payment_run(office).goes_on().sweep().open_steps() == ["handle_failed_lines"]
    case = a_hit(office, "bo", event_day="2025-10-20").goes_on(until="check_evidence")
    case.answers("check_evidence", confirmed_day="2025-10-20").answers("review_stop")

    with office.store.reading() as session:
        assert [order.status for order in session.scalars(select(PaymentOrder))] == ["cancelled"]
    assert "report_overpayment" not in case.history()


@pytest.mark.req("CTRL-02")
def test_nothing_but_the_case_settles_a_hit() -> None:
    callers = {
        path.relative_to(ENGINE).as_posix()
        for path in ENGINE.rglob("*.py")
        if "settle_hit(" in path.read_text("utf-8")
    }

    assert callers == {"oversight/hits.py", "tasks/stop.py"}


@pytest.mark.req("CLAIM-09")
def test_an_event_still_ahead_stops_nothing_yet(office: Office) -> None:
    case = a_hit(office).goes_on(until="check_evidence")
    case.answers("check_evidence", confirmed_day="2025-11-30")

    assert "event_ahead" in refused(case.tries("zhaofuhe", "review_stop", review_opinion="agree"))
    assert grant_of(case).status == "active"


@pytest.mark.req("CLAIM-09", "CLAIM-12")
def test_who_does_not_answer_is_checked_all_the_same_after_five_working_days(office: Office) -> None:
    case = a_hit(office)
    assert case.timers() == {"reply_overdue": "2025-11-10 23:59:59"}

    case.wait_until("2025-11-10")

    assert case.open_steps() == ["check_evidence"]
    assert hit_of(case).status == "open"


@pytest.mark.req("CLAIM-09")
def test_an_earlier_event_found_later_moves_the_stop(office: Office) -> None:
    case = a_hit(office, ground="ST4", event_day="2025-11-02")
    earlier = told_of(office, case, "ST1", date(2025, 10, 5), "部比对：十月起缴费")
    case.goes_on()
    second = (
        case_of(office, earlier)
        .goes_on(until="check_evidence")
        .answers("check_evidence", confirmed_day="2025-10-05")
    )
    second.answers("review_stop")

    grant = grant_of(case)
    assert (grant.status, grant.ended_ground, grant.ended_on) == ("stopped", "ST1", date(2025, 10, 5))
    assert hit_of(case).status == hit_of(second).status == "confirmed"


@pytest.mark.req("CTRL-02")
def test_every_open_hit_has_one_case_and_gets_another_if_that_is_ended_without_it(office: Office) -> None:
    case = a_hit(office)
    hit = told_of(office, case, "ST4", date(2025, 11, 1), "养老名册")

    assert open_hit_cases(office) == 1
    assert open_hit_cases(office) == 0
    first = case_of(office, hit)
    done = pausing.terminate_case(office, actor(office, "sunshenpi"), first.id, why="发错了，重新办理")
    assert not isinstance(done, Refusal), done

    assert open_hit_cases(office) == 1
    assert case_of(office, hit).id != first.id
    assert hit_of(case_of(office, hit)).status == "open"


@pytest.mark.req("CTRL-02")
def test_told_twice_it_is_one_hit_and_of_nobody_who_is_paid_it_is_none(office: Office) -> None:
    case = a_hit(office)
    again = {
        "id_number": PEOPLE["li"].id_number, "ground": "ST1", "event_day": date(2025, 11, 2), "channel": "phone",
        "detail": "原单位来电，称其已到新单位上班",
    }  # fmt: skip
    clerk = actor(office, "wangshouli")

    assert hits.report_hit(office, clerk, **again).case_id == case.id  # type: ignore[arg-type,union-attr]
    nobody = {**again, "id_number": PEOPLE["bo"].id_number}
    assert refused(hits.report_hit(office, clerk, **nobody)) == ("no_running_grant",)  # type: ignore[arg-type]
    wrong = {**again, "id_number": "1", "channel": "", "detail": "", "event_day": date(2026, 1, 1)}
    assert len(refused(hits.report_hit(office, clerk, **wrong))) == 4  # type: ignore[arg-type]
    assert refused(hits.report_hit(office, actor(office, "zhaofuhe"), **again)) == ("no_post",)  # type: ignore[arg-type]


@pytest.mark.req("CTRL-02", "CTRL-07")
def test_hits_are_listed_with_true_totals_page_by_page_in_ones_own_region(office: Office) -> None:
    case = a_hit(office)
    for number in range(5):
        told_of(office, case, "ST4", date(2025, 10, 1) + timedelta(days=number), "养老名册")

    clerk = actor(office, "wangshouli")
    first = hits.hits(office, clerk, HitFilter(ground="ST4", status="open"), size=3)
    assert not isinstance(first, Refusal)
    rest = hits.hits(office, clerk, HitFilter(ground="ST4"), cursor=first.page.next_cursor, size=3)
    assert not isinstance(rest, Refusal)

    assert (first.page.total, len(first.page.rows), len(rest.page.rows), rest.page.next_cursor) == (
        5,
        3,
        2,
        "",
    )
    assert {row.hit_id for row in first.page.rows}.isdisjoint({row.hit_id for row in rest.page.rows})
    assert {count.ground: count.open for count in first.counts if count.open} == {"ST1": 1, "ST4": 5}
    assert PEOPLE["li"].id_number not in str(first.page.rows)
    reported = hits.hits(office, clerk, HitFilter(ground="ST1"))
    assert not isinstance(reported, Refusal)
    assert [row.case_id for row in reported.page.rows] == [case.id], "who reported it may follow it"
    others = hits.hits(office, actor(office, "zhaofuhe"), HitFilter(ground="ST1"))
    assert not isinstance(others, Refusal)
    assert [(row.case_id, row.case_key) for row in others.page.rows] == [(None, case.key)], (
        "not their step yet"
    )
    elsewhere = hits.hits(office, actor(office, "youshouli"), HitFilter())
    assert not isinstance(elsewhere, Refusal)
    assert elsewhere.page.total == 0
    assert refused(hits.hits(office, actor(office, "wuchuna"), HitFilter())) == ("no_hits",)


@pytest.mark.req("CTRL-02", "MONEY-02")
@pytest.mark.parametrize("seed", range(5))
def test_in_whatever_order_it_happens_no_hit_is_settled_twice_and_nothing_is_lost(
    office: Office, seed: int
) -> None:
    random = Random(seed)
    a_granted_claim(office, "li")
    if random.random() < 0.5:
        a_payment_run(office, month="2025-12").goes_on().sweep()
    with office.store.transaction() as session:
        grant = session.scalars(select(BenefitGrant)).one()
        made = [
            oversight.report_hit(
                session, grant, origin="report", ground=random.choice(("ST1", "ST4", "ST5", "ST9")),
                event_day=date(2025, random.choice((9, 10, 11)), 1), detail=f"线索{number}",
                actor=SYSTEM, now=office.clock(),
            ).id
            for number in range(2)
        ]  # fmt: skip
    sweep_until_idle(office)

    for _ in range(60):
        with office.store.reading() as session:
            open_tasks = session.scalars(
                select(WorkflowTask).where(WorkflowTask.status == "ready").order_by(WorkflowTask.id)
            ).all()
            mine = [task for task in open_tasks if _of_hits(office, task, made)]
        if not mine:
            break
        _act(office, random, random.choice(mine))
        sweep_until_idle(office)

    with office.store.reading() as session:
        found = [session.get_one(MatchHit, hit_id) for hit_id in made]
        grant = session.scalars(select(BenefitGrant)).one()
        orders = session.scalars(select(PaymentOrder)).all()
    assert {hit.status for hit in found} <= {"confirmed", "cleared"}
    assert all(len(settled_events(office, hit.id)) == 1 and hit.settled_why for hit in found)
    confirmed = [hit for hit in found if hit.status == "confirmed"]
    assert (grant.status == "stopped") == bool(confirmed)
    if confirmed:
        assert grant.ended_ground in {hit.ground for hit in confirmed}
        assert grant.ended_on == min(hit.event_day for hit in confirmed if hit.event_day)
    for order in orders:
        late = (
            bool(confirmed) and grant.ended_on and Month.parse(order.month or "") > Month.of(grant.ended_on)
        )
        assert order.status in ({"cancelled", "paid"} if late else {"ordered", "paid"})


def _of_hits(office: Office, task: WorkflowTask, made: list[int]) -> bool:
    with office.store.reading() as session:
        found = select(MatchHit.id).where(MatchHit.case_id == task.case_id, MatchHit.id.in_(made))
        return session.scalar(found) is not None


def _act(office: Office, random: Random, task: WorkflowTask) -> None:
    """One thing that may happen next: an answer, time that passes, a check either way, a return, a decision."""
    case = Case(office=office, id=task.case_id, subject="li")
    hit = hit_of(case)
    match task.element_id:
        case "answer_notice" if random.random() < 0.3:
            case.clock.now += timedelta(days=9)
        case "check_evidence":
            fields = CLEAR if random.random() < 0.5 else {**CONFIRM, "confirmed_day": str(hit.event_day)}
            case.does("wangshouli", "check_evidence", **fields)
        case "review_stop" if random.random() < 0.3:
            case.does("zhaofuhe", "review_stop", review_opinion="return", review_note="请再核对")
        case "decide_after_hearing" if random.random() < 0.5:
            case.answers("decide_after_hearing", approval="refuse", approval_note="理由正当")
        case other:
            case.answers(other)
