"""What staff do with a task beside completing it: one clear example of each action, through the use-cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

import pytest
from builders import PASSWORD, Case, a_claim, a_finding, actor, refused
from sqlalchemy import func, select, text

from engine.cases import (
    agencies,
    handing,
    inbox,
    pausing,
    phrases,
    sending_back,
    setup,
    signing,
    staff,
    telling,
)
from engine.cases.case_file import case_file
from engine.cases.desk_tables import CaseCopy, HeldCompletion
from engine.cases.file_views import CaseFile
from engine.cases.office import Office
from engine.cases.views import Done, TaskView
from engine.money.payments import cancel, order_payment
from engine.store.audit import AuditEvent
from engine.tasks.tables import Letter
from engine.values import SYSTEM, Actor, Money, Month, Refusal
from engine.workflow.tables import WorkflowHistory, WorkflowTask

AGREE = {"review_opinion": "agree"}


@pytest.fixture(scope="module")
def _seeded() -> dict[str, bool]:
    return {}


@pytest.fixture
def seeded(office: Office, _seeded: dict[str, bool]) -> Iterator[Office]:
    """An office with staff and the cast, seeded once; each test finds no case and no post or agency of another."""
    if not _seeded:
        setup.set_up(office)
        setup.seed(office, people=0, employers=0, seed=1, day=date(2025, 11, 3), password=PASSWORD)
        _seeded["done"] = True
    yield office
    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for table in (
            "task_signer", "held_completion", "case_copy", "task_urge", "workflow_history", "workflow_timer",
            "workflow_subscription", "letter", "outbox_message", "claim", "agency", "limit_pause", "limit_breach", "limit_reminder", "workflow_task", "workflow_case",
        ):  # fmt: skip
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(text("DELETE FROM post WHERE assigned_by <> 'system:0'"))


def member(office: Office, login: str, *duties: str, region: str = "371500") -> str:
    """A colleague with these posts; the login."""
    by = actor(office, "chenguanli")
    if not any(row.login == login for row in staff.staff_list(office, by)):  # type: ignore[union-attr]
        done = staff.add_staff(office, by, login=login, name=f"{login}某", region=region, password=PASSWORD)
        assert isinstance(done, Done), done
    for duty in duties:
        done = staff.assign_post(office, by, login=login, duty=duty, region=region)
        assert isinstance(done, Done), done
    return login


def who(office: Office, login: str) -> object:
    """The colleague as they are today."""
    with office.store.reading() as session:
        staff_id = session.scalar(text("SELECT id FROM staff_member WHERE login = :l"), {"l": login})
    return staff.actor_of(office, int(staff_id))


def hands(case: Case) -> list[tuple[str, str, str]]:
    """Kind, actor and on whose behalf, of every hand at staff's steps."""
    return [
        (row.kind, row.actor, row.on_behalf_of)
        for row in case.told()
        if row.kind in {"completed", "signed", "assisted"} and row.actor.startswith("staff")
    ]


def view(office: Office, login: str, case: Case, step: str) -> TaskView:
    shown = inbox.task_view(office, actor(office, login), case.task_id(step))
    assert isinstance(shown, TaskView), shown
    return shown


def key(office: Office, login: str) -> str:
    return actor(office, login).key


def row(office: Office, task_id: str) -> WorkflowTask:
    with office.store.reading() as session:
        return session.get_one(WorkflowTask, task_id)


# --- agencies -------------------------------------------------------------------------------------


def an_agency(office: Office, principal: str, substitute: str, duty: str, *, by: str = "") -> object:
    return agencies.make_agency(
        office,
        actor(office, by or principal),
        principal=principal,
        substitute=substitute,
        duty=duty,
        region="371500",
        first_day=office.today,
        last_day=office.today + timedelta(days=10),
        why="出差",
    )


@pytest.mark.req("FLOW-06", "MONEY-02")
def test_a_substitute_acts_in_the_principals_name_and_both_are_on_record(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    assert isinstance(an_agency(seeded, "zhaofuhe", "jiangzhenggai", "review"), Done)

    case.does("jiangzhenggai", "review_claim", **AGREE)

    assert hands(case)[-1] == ("completed", key(seeded, "jiangzhenggai"), key(seeded, "zhaofuhe"))
    assert case.open_steps() == ["approve_claim"]


@pytest.mark.req("MONEY-01")
def test_nobody_stands_in_with_a_duty_that_they_could_not_hold(seeded: Office) -> None:
    assert "business_finance" in refused(an_agency(seeded, "zhaofuhe", "wuchuna", "review"))
    assert "no_post" in refused(an_agency(seeded, "zhaofuhe", "jiangzhenggai", "approve"))
    assert "own_agency" in refused(an_agency(seeded, "chenguanli", "chenguanli", "administrator"))
    assert "own_agency" in refused(
        an_agency(seeded, "zhaofuhe", "jiangzhenggai", "review", by="jiangzhenggai")
    )
    assert "not_administrator" in refused(
        an_agency(seeded, "zhaofuhe", "jiangzhenggai", "review", by="wangshouli")
    )
    assert isinstance(an_agency(seeded, "zhaofuhe", "jiangzhenggai", "review", by="chenguanli"), Done)
    later = staff.assign_post(
        seeded, actor(seeded, "chenguanli"), login="jiangzhenggai", duty="cashier", region="371500"
    )
    assert "business_finance" in refused(later), "a post given later sees the agency"


@pytest.mark.req("MONEY-02")
def test_both_names_of_an_agency_are_bound_on_the_case(seeded: Office) -> None:
    """Who acted for the reviewer does not approve; nor does the reviewer, who also holds that post."""
    helper = member(seeded, "daili01", "approve")
    staff.assign_post(seeded, actor(seeded, "chenguanli"), login="zhaofuhe", duty="approve", region="371500")
    case = a_claim(seeded, at="review_claim")
    assert isinstance(an_agency(seeded, "zhaofuhe", helper, "review"), Done)
    done = inbox.complete_task(seeded, who(seeded, helper), case.task_id("review_claim"), AGREE)  # type: ignore[arg-type]
    assert isinstance(done, Done), done

    for one in (who(seeded, helper), actor(seeded, "zhaofuhe")):
        outcome = inbox.complete_task(seeded, one, case.task_id("approve_claim"), {"approval": "approve"})  # type: ignore[arg-type]
        assert {"review_approve", "different_person"} <= set(refused(outcome))


@pytest.mark.req("FLOW-06")
def test_a_substitute_has_no_substitute_and_an_ended_agency_gives_nothing(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    one, two = member(seeded, "daili02", "rectifier"), member(seeded, "daili03", "rectifier")
    assert isinstance(an_agency(seeded, "zhaofuhe", one, "review"), Done)
    assert "no_post" in refused(an_agency(seeded, one, two, "review", by="chenguanli"))
    staff.assign_post(seeded, actor(seeded, "chenguanli"), login=one, duty="review", region="371500")
    assert "agency_chain" in refused(an_agency(seeded, one, two, "review", by="chenguanli"))

    listed = agencies.agencies(seeded, actor(seeded, "zhaofuhe"))
    assert not isinstance(listed, Refusal)
    assert [(row.principal, row.duty_name, row.may_end) for row in listed] == [("赵复和", "复核岗", True)]
    assert isinstance(agencies.end_agency(seeded, actor(seeded, "zhaofuhe"), listed[0].agency_id), Done)
    assert isinstance(an_agency(seeded, "qianfuhe2", two, "review"), Done)
    agent = who(seeded, two)
    two_acts = inbox.claim_task(seeded, agent, case.task_id("review_claim"))  # type: ignore[arg-type]
    assert isinstance(two_acts, Done)


# --- handing over ---------------------------------------------------------------------------------


@pytest.mark.req("FLOW-06")
def test_a_task_is_handed_to_a_colleague_who_may_have_it(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    task_id = case.task_id("review_claim")

    shown = handing.candidates(seeded, actor(seeded, "zhaofuhe"), task_id)
    assert not isinstance(shown, Refusal)
    assert [each.login for each in shown if not each.reasons] == ["qianfuhe2"]
    no = handing.hand_over(seeded, actor(seeded, "zhaofuhe"), task_id, to="wangshouli", why="请假")
    assert {"no_post", "different_person"} <= set(refused(no))
    done = handing.hand_over(seeded, actor(seeded, "zhaofuhe"), task_id, to="qianfuhe2", why="请假")

    assert isinstance(done, Done), done
    assert "claimed_by_other" in refused(case.tries("zhaofuhe", "review_claim", **AGREE))
    case.does("qianfuhe2", "review_claim", **AGREE)


@pytest.mark.req("FLOW-06", "MONEY-02")
def test_who_works_on_a_delegated_task_gives_it_back_and_is_bound(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    task_id, helper = case.task_id("review_claim"), actor(seeded, "qianfuhe2")
    staff.assign_post(seeded, actor(seeded, "chenguanli"), login="qianfuhe2", duty="approve", region="371500")
    done = handing.delegate(seeded, actor(seeded, "zhaofuhe"), task_id, to="qianfuhe2", why="请核对工龄")
    assert isinstance(done, Done), done

    assert "delegated" in refused(case.tries("qianfuhe2", "review_claim", **AGREE))
    assert isinstance(inbox.save_draft(seeded, helper, task_id, AGREE), Done)
    assert "give_back" in view(seeded, "qianfuhe2", case, "review_claim").can
    assert isinstance(handing.give_back(seeded, helper, task_id, note="工龄无误"), Done)

    assert view(seeded, "zhaofuhe", case, "review_claim").values["review_opinion"] == "agree"
    case.does("zhaofuhe", "review_claim", **AGREE)
    assert [kind for kind, _, _ in hands(case)] == ["completed", "assisted", "completed"]
    assert "review_approve" in refused(case.tries("qianfuhe2", "approve_claim", approval="approve"))


@pytest.mark.req("FLOW-06")
def test_all_that_a_leaver_has_moves_row_by_row(seeded: Office) -> None:
    mine, done_by_receiver = (
        a_claim(seeded, "li", at="review_claim"),
        a_claim(seeded, "bo", at="review_claim"),
    )
    for case in (mine, done_by_receiver):
        assert isinstance(
            inbox.claim_task(seeded, actor(seeded, "zhaofuhe"), case.task_id("review_claim")), Done
        )
    with seeded.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.add(
            WorkflowHistory(
                case_id=done_by_receiver.id, element_id="check_intake", name="x", kind="completed",
                actor=key(seeded, "qianfuhe2"), duty="intake", at=seeded.clock(),
            )
        )  # fmt: skip

    asked = {"leaver": "zhaofuhe", "to": "qianfuhe2", "why": "离职"}
    assert "not_administrator" in refused(handing.hand_over_all(seeded, actor(seeded, "sunshenpi"), **asked))
    rows = handing.hand_over_all(seeded, actor(seeded, "chenguanli"), **asked)

    assert not isinstance(rows, Refusal)
    assert {(each.case_key, each.done) for each in rows} == {(mine.key, True), (done_by_receiver.key, False)}
    assert row(seeded, mine.task_id("review_claim")).assignee == key(seeded, "qianfuhe2")
    assert row(seeded, done_by_receiver.task_id("review_claim")).assignee == key(seeded, "zhaofuhe")


# --- signers --------------------------------------------------------------------------------------


@pytest.mark.req("FLOW-06", "MONEY-02")
def test_a_signature_before_must_be_there_and_may_disagree(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    task_id, holder, signer = (
        case.task_id("review_claim"),
        actor(seeded, "zhaofuhe"),
        actor(seeded, "qianfuhe2"),
    )
    shown = handing.candidates(seeded, holder, task_id, to_sign=True)
    assert not isinstance(shown, Refusal)
    assert "钱芙荷" in {each.name for each in shown}
    assert {each.login for each in shown}.isdisjoint({"sunshenpi", "wuchuna", "wangshouli", "zhaofuhe"})
    no = signing.add_signer(seeded, holder, task_id, signer="sunshenpi", place="before", why="请会商")
    assert "review_approve" in refused(no), "who approves later does not sign the review"
    no = signing.add_signer(seeded, holder, task_id, signer="wuchuna", place="before", why="请会商")
    assert {"business_finance", "case_business_finance"} & set(refused(no))
    assert isinstance(
        signing.add_signer(seeded, holder, task_id, signer="qianfuhe2", place="before", why="请会商"), Done
    )

    assert refused(case.tries("zhaofuhe", "review_claim", **AGREE)) == ("signers_waiting",)
    assert "note_missing" in refused(signing.sign(seeded, signer, task_id, opinion="disagree"))
    assert isinstance(signing.sign(seeded, signer, task_id, opinion="disagree", note="缺证明"), Done)
    task = view(seeded, "zhaofuhe", case, "review_claim")
    assert [(each.name, each.opinion, each.note) for each in task.signers] == [
        ("钱芙荷", "disagree", "缺证明")
    ]
    assert "not_removable" in refused(signing.remove_signer(seeded, holder, task_id, signer="qianfuhe2"))
    case.does("zhaofuhe", "review_claim", **AGREE)
    assert [kind for kind, _, _ in hands(case)][-2:] == ["signed", "completed"]


@pytest.mark.req("FLOW-06", "MONEY-02")
@pytest.mark.parametrize("place", ["before", "after"])
def test_who_has_not_signed_can_be_asked_no_more(seeded: Office, place: Literal["before", "after"]) -> None:
    """减签: the task no longer waits for them, and what was held for their signature is the holder's again."""
    case = a_claim(seeded, at="review_claim")
    task_id, holder = case.task_id("review_claim"), actor(seeded, "zhaofuhe")
    signing.add_signer(seeded, holder, task_id, signer="qianfuhe2", place=place, why="请会商")
    if place == "after":
        case.does("zhaofuhe", "review_claim", **AGREE)
        assert view(seeded, "zhaofuhe", case, "review_claim").held_at is not None

    assert isinstance(signing.remove_signer(seeded, holder, task_id, signer="qianfuhe2"), Done)

    left = view(seeded, "zhaofuhe", case, "review_claim")
    assert (left.signers, left.held_at) == ((), None)
    assert "nothing_to_sign" in refused(
        signing.sign(seeded, actor(seeded, "qianfuhe2"), task_id, opinion="agree")
    )
    case.does("zhaofuhe", "review_claim", **AGREE)
    assert case.open_steps() == ["approve_claim"]


def test_a_completion_waits_for_the_signature_after_it(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    task_id, holder, signer = (
        case.task_id("review_claim"),
        actor(seeded, "zhaofuhe"),
        actor(seeded, "qianfuhe2"),
    )
    assert isinstance(
        signing.add_signer(seeded, holder, task_id, signer="qianfuhe2", place="after", why="请会签"), Done
    )
    assert "nothing_to_sign" in refused(signing.sign(seeded, signer, task_id, opinion="agree"))

    case.does("zhaofuhe", "review_claim", **AGREE)
    assert case.open_steps() == ["review_claim"]
    assert refused(case.tries("zhaofuhe", "review_claim", **AGREE)) == ("completion_held",)
    assert isinstance(signing.sign(seeded, signer, task_id, opinion="disagree", note="再核"), Done)
    assert view(seeded, "zhaofuhe", case, "review_claim").held_at is None
    case.does("zhaofuhe", "review_claim", **AGREE)
    assert isinstance(signing.sign(seeded, signer, task_id, opinion="agree"), Done)

    assert case.open_steps() == ["approve_claim"]
    assert hands(case)[-1][:2] == ("completed", holder.key)


@pytest.mark.req("FLOW-06", "MONEY-02")
def test_a_held_completion_is_judged_anew_when_it_is_carried_out(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    task_id, holder, signer = (
        case.task_id("review_claim"),
        actor(seeded, "zhaofuhe"),
        actor(seeded, "qianfuhe2"),
    )
    signing.add_signer(seeded, holder, task_id, signer="qianfuhe2", place="after", why="请会签")
    case.does("zhaofuhe", "review_claim", **AGREE)
    with seeded.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            text("UPDATE post SET valid_until = valid_from WHERE duty = 'review' AND staff_id = :s"),
            {"s": holder.id},
        )

    outcome = signing.sign(seeded, signer, task_id, opinion="agree")

    with seeded.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE post SET valid_until = NULL WHERE duty = 'review'"))
        held = session.scalar(select(func.count()).select_from(HeldCompletion))
    assert isinstance(outcome, Done)
    assert "已退回办理人" in outcome.message
    assert (case.open_steps(), held) == (["review_claim"], 0)
    assert [kind for kind, _, _ in hands(case)][-1] == "signed", "the signature stands"


# --- telling --------------------------------------------------------------------------------------


@pytest.mark.req("FLOW-06")
def test_a_claimant_presses_for_a_task_once_a_working_day(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    task_id, claimant = case.task_id("review_claim"), actor(seeded, "li")

    assert isinstance(telling.urge(seeded, claimant, task_id, note="请尽快"), Done)
    assert refused(telling.urge(seeded, claimant, task_id, note="再催")) == ("urged_already",)
    assert refused(telling.urge(seeded, actor(seeded, "wangshouli"), task_id, note="催")) == ("not_to_urge",)
    case.clock.now += timedelta(days=1)
    assert isinstance(telling.urge(seeded, claimant, task_id, note="再催"), Done)

    with seeded.store.reading() as session:
        told = session.scalars(select(Letter).where(Letter.kind == "task-urge")).all()
    assert [letter.recipient for letter in told] == ["office:371502", "office:371502"]
    assert "请尽快" in told[0].text


@pytest.mark.req("FLOW-05", "CTRL-07")
def test_a_case_is_copied_only_to_who_may_see_it(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    by = actor(seeded, "zhaofuhe")

    no = telling.copy_case(seeded, by, case.id, readers=["sunshenpi", "xufuhe"], note="请阅")
    assert refused(no) == ("reader_out_of_reach",)
    assert isinstance(telling.copy_case(seeded, by, case.id, readers=["sunshenpi"], note="请阅"), Done)
    assert isinstance(telling.mark_read(seeded, actor(seeded, "sunshenpi"), case.id), Done)

    with seeded.store.reading() as session:
        copies = session.scalars(select(CaseCopy)).all()
        looks = session.scalar(
            select(func.count()).select_from(AuditEvent).where(
                AuditEvent.action == "CASE_COPY_READ", AuditEvent.actor == key(seeded, "sunshenpi")
            )
        )  # fmt: skip
    assert [(copy.reader, copy.read_at is not None) for copy in copies] == [(key(seeded, "sunshenpi"), True)]
    assert looks == 1


@pytest.mark.req("FLOW-06")
def test_opinions_are_kept_ready_for_oneself_and_for_all(seeded: Office) -> None:
    clerk, admin = actor(seeded, "zhaofuhe"), actor(seeded, "chenguanli")
    assert "not_administrator" in refused(phrases.keep_phrase(seeded, clerk, "同意", for_all=True))
    phrases.keep_phrase(seeded, admin, "同意", for_all=True)
    phrases.keep_phrase(seeded, clerk, "材料齐全，同意")
    phrases.keep_phrase(seeded, clerk, "材料齐全，同意")

    kept = phrases.phrases(seeded, clerk)
    assert [(each.words, each.own) for each in kept] == [("材料齐全，同意", True), ("同意", False)]
    assert "not_administrator" in refused(phrases.drop_phrase(seeded, clerk, kept[1].phrase_id))
    assert isinstance(phrases.drop_phrase(seeded, clerk, kept[0].phrase_id), Done)
    assert [each.own for each in phrases.phrases(seeded, actor(seeded, "sunshenpi"))] == [False]


# --- going back, standing still, ending -----------------------------------------------------------


@pytest.mark.req("FLOW-06", "MONEY-02")
def test_a_case_sent_back_loses_the_control_done_since(seeded: Office) -> None:
    case = a_claim(seeded, at="approve_claim")
    approver, task_id = actor(seeded, "sunshenpi"), case.task_id("approve_claim")
    ways = sending_back.ways_back(seeded, approver, task_id)
    assert not isinstance(ways, Refusal)
    assert next((way.name, way.done_by) for way in ways if not way.reasons) == ("复核", "赵复和")

    assert "why_missing" in refused(
        sending_back.send_back(seeded, approver, task_id, to="review_claim", why=" ")
    )
    done = sending_back.send_back(seeded, approver, task_id, to="check_intake", why="离职原因与证明不符")
    assert isinstance(done, Done), done

    assert case.open_steps() == ["check_intake"]
    case.answers("check_intake")
    assert case.open_steps() == ["review_claim"]
    assert [entry.kind for entry in case.told()].count("returned") == 1


@pytest.mark.req("FLOW-06")
def test_a_step_is_taken_back_only_while_nobody_after_has_acted(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    task_id, reviewer = case.task_id("review_claim"), actor(seeded, "zhaofuhe")
    case.does("zhaofuhe", "review_claim", **AGREE)

    assert "not_yours_to_recall" in refused(
        sending_back.recall(seeded, actor(seeded, "qianfuhe2"), task_id, why="误办")
    )
    assert isinstance(sending_back.recall(seeded, reviewer, task_id, why="误办"), Done)
    assert row(seeded, case.task_id("review_claim")).assignee == reviewer.key
    again = case.task_id("review_claim")
    case.does("zhaofuhe", "review_claim", **AGREE)
    inbox.claim_task(seeded, actor(seeded, "sunshenpi"), case.task_id("approve_claim"))
    assert "acted" in refused(sending_back.recall(seeded, reviewer, again, why="误办"))


@pytest.mark.req("FLOW-06", "CTRL-01")
def test_the_file_offers_only_what_its_use_case_lets_somebody_do(seeded: Office) -> None:
    case = a_claim(seeded, at="approve_claim")
    clerk, approver = actor(seeded, "wangshouli"), actor(seeded, "sunshenpi")

    def offered(who: Actor) -> frozenset[str]:
        file = case_file(seeded, who, case.id)
        assert isinstance(file, CaseFile), file
        return file.case.can & {"copy", "pause", "resume", "terminate"}

    assert offered(clerk) == {"copy"}
    assert offered(approver) == {"copy", "pause", "terminate"}
    assert isinstance(pausing.pause_case(seeded, approver, case.id, why="等", source="条例"), Done)
    assert offered(clerk) == {"copy"}
    assert offered(approver) == {"copy", "resume", "terminate"}
    assert "case_not_in_hand" in refused(pausing.resume_case(seeded, clerk, case.id))
    assert refused(pausing.terminate_case(seeded, clerk, case.id, why="不办")) == ("no_post",)


@pytest.mark.req("FLOW-06")
def test_limits_stand_still_while_a_case_is_paused(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    task_id, reviewer = case.task_id("review_claim"), actor(seeded, "zhaofuhe")
    due = row(seeded, task_id).due_at
    assert due is not None
    pause = {"why": "等待法院判决", "source": "社会保险经办条例"}
    assert "case_not_in_hand" in refused(
        pausing.pause_case(seeded, actor(seeded, "wangshouli"), case.id, **pause)
    )
    assert isinstance(pausing.pause_case(seeded, reviewer, case.id, **pause), Done)

    assert refused(case.tries("zhaofuhe", "review_claim", **AGREE)) == ("case_paused",)
    assert refused(case.withdraw()) == ("case_paused",)
    case.clock.now += timedelta(days=7)
    assert isinstance(pausing.resume_case(seeded, reviewer, case.id), Done)

    moved = row(seeded, task_id).due_at
    assert moved is not None
    assert seeded.calendar.between(due.date(), moved.date()) == 5
    case.does("zhaofuhe", "review_claim", **AGREE)


@pytest.mark.req("FLOW-06", "CLAIM-09")
def test_a_case_is_ended_by_who_approves_and_the_person_is_told(seeded: Office) -> None:
    case = a_claim(seeded, at="review_claim")
    assert refused(pausing.terminate_case(seeded, actor(seeded, "zhaofuhe"), case.id, why="重复办理")) == (
        "no_post",
    )

    done = pausing.terminate_case(seeded, actor(seeded, "sunshenpi"), case.id, why="重复办理")

    assert isinstance(done, Done), done
    assert (case.status, case.open_steps(), case.timers()) == ("cancelled", [], {})
    assert "重复办理" in case.letter("case-terminated")
    assert "行政复议" in case.letter("case-terminated")
    assert a_claim(seeded).open_steps() == ["confirm_form"], "a new claim can be made"


@pytest.mark.req("MONEY-02", "RECT-04")
def test_a_finding_is_not_ended_around_its_verification(seeded: Office) -> None:
    finding = a_finding(seeded)

    outcome = pausing.terminate_case(seeded, actor(seeded, "sunshenpi"), finding.id, why="不办")

    assert refused(outcome) == ("not_to_terminate",)


@pytest.mark.req("FLOW-06", "MONEY-04")
def test_a_case_is_not_ended_while_its_money_is_ordered(seeded: Office) -> None:
    case, approver = a_claim(seeded, at="review_claim"), actor(seeded, "sunshenpi")
    with seeded.store.transaction() as session:
        order = order_payment(
            session, seeded.vault, key="casework:1", payee_kind="person", payee_id=1, payee_name="李",
            account="6222020000000001", account_name="李", amount=Money.yuan("1638.00"), purpose="benefit",
            month=Month(2025, 12), region="371502", case_id=case.id, actor=SYSTEM, now=seeded.clock(),
        )  # fmt: skip

    assert refused(pausing.terminate_case(seeded, approver, case.id, why="重复")) == ("money_ordered",)
    with seeded.store.transaction() as session:
        cancel(session, order_id=order.id, reason="重复", actor=SYSTEM, now=seeded.clock())
    assert isinstance(pausing.terminate_case(seeded, approver, case.id, why="重复"), Done)
