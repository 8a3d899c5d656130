"""Every path of ``complaint.bpmn``; anonymous and named complaints, whom one concerns, one objection (SERV-03)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import Case, a_complaint, a_granted_claim, actor, refused
from paths import assert_nothing_left
from sqlalchemy import select, text
from walked import Walked

from engine.cases import complaint_lists, complaints
from engine.cases.complaints import Complained, complain
from engine.cases.files import case_view
from engine.cases.office import Office
from engine.cases.views import CaseView, Done, FieldFaults
from engine.feedback import complaints as kept
from engine.feedback.complaints import Told
from engine.feedback.tables import Complaint
from engine.values import Refusal

TOLD = Told(kind="attitude", text="窗口让我第二天再来")


def complaint_of(office: Office, case: Case) -> Complaint:
    """The complaint of the case."""
    with office.store.reading() as session:
        return session.scalars(select(Complaint).where(Complaint.case_id == case.id)).one()


def anonymous(office: Office, told: Told = TOLD, *, visitor: str = "203.0.113.7") -> Complained:
    """A complaint that nobody signed in for."""
    made = complain(office, None, told, visitor=visitor)
    assert isinstance(made, Complained), made
    return made


def case_of(office: Office, made: Complained) -> Case:
    """Its case."""
    with office.store.reading() as session:
        return Case(office=office, id=session.get_one(Complaint, made.complaint_id).case_id)


@pytest.mark.req("SERV-03")
def test_a_complaint_is_answered_in_time_and_closed_when_nobody_objects(office: Office) -> None:
    case = a_complaint(office)
    (task,) = case.tasks()
    assert f"{task.due_at:%Y-%m-%d}" == "2025-11-06"

    case.goes_on()

    complaint = complaint_of(office, case)
    assert (complaint.status, str(complaint.answer_by), str(complaint.object_until)) == (
        "answered", "2025-11-24", "2025-11-18",
    )  # fmt: skip
    assert case.recipients("complaint-answer") == [actor(office, "li").key]
    case.wait_until("2025-11-18")
    assert (case.ended_in, complaint_of(office, case).status) == ("complaint_closed", "closed")
    late = complaints.object_to_answer(office, actor(office, "li"), complaint.id, why="我不认可这个答复")
    assert refused(late) == ("too_late",)
    assert_nothing_left(office)


@pytest.mark.req("SERV-03")
def test_what_is_not_ours_is_passed_on_and_the_complainant_told_to_whom_and_why(office: Office) -> None:
    case = a_complaint(office)

    case.answers(
        "take_complaint", acceptance="pass_on", passed_to="市医疗保障局", passed_why="反映的是医保报销"
    )

    assert (case.ended_in, complaint_of(office, case).status) == ("complaint_passed_on", "passed_on")
    assert "市医疗保障局" in case.letter("complaint-passed-on")


@pytest.mark.req("SERV-03")
@pytest.mark.parametrize(("review", "said"), [("upheld", "维持原答复"), ("changed", "变更原答复")])
def test_the_one_objection_is_reviewed_by_a_superior(office: Office, review: str, said: str) -> None:
    case = a_complaint(office).goes_on()
    complaint = complaint_of(office, case)
    li = actor(office, "li")
    assert refused(complaints.object_to_answer(office, actor(office, "qin"), complaint.id, why="不认可")) == (
        "no_such_complaint",
    )
    assert refused(complaints.object_to_answer(office, li, complaint.id, why="不")) == ("text_missing",)

    assert isinstance(complaints.object_to_answer(office, li, complaint.id, why="录像不是那一天的"), Done)

    assert refused(complaints.object_to_answer(office, li, complaint.id, why="录像不是那一天的")) == (
        "objected_before",
    )
    case.answers("review_objection", complaint_review=review)
    closed = complaint_of(office, case)
    assert (case.ended_in, closed.status, closed.review_finding) == ("objection_answered", "closed", review)
    assert said in case.letter("complaint-review")


@pytest.mark.req("SERV-03")
def test_an_anonymous_complaint_is_followed_by_its_code_alone(office: Office) -> None:
    made = anonymous(office)
    case = case_of(office, made).goes_on()
    assert case.letters() == []

    seen = complaints.complaint_by_code(office, made.code.lower().replace("-", " "), visitor="b")

    assert not isinstance(seen, Refusal)
    assert (seen.case_key, seen.finding_name, seen.may_object) == (case.key, "属实", True)
    assert refused(complaints.complaint_by_code(office, "AAAA-BBBB-CCCC-DDDD", visitor="b")) == (
        "no_such_complaint",
    )
    done = complaints.object_by_code(office, made.code, why="没有说怎么改正", visitor="b")
    assert isinstance(done, Done)
    assert case.open_steps() == ["review_objection"]
    with office.store.reading() as session:
        row = session.execute(text("SELECT to_jsonb(c)::text FROM complaint c")).scalar_one()
    assert made.code not in row and made.code.replace("-", "") not in row


@pytest.mark.req("SERV-03", "CTRL-07")
def test_a_name_and_telephone_are_kept_encrypted(office: Office) -> None:
    made = anonymous(office, Told(kind="other", text="希望延长窗口时间", name="王小明", reach="13700137000"))

    with office.store.reading() as session:
        complaint = session.get_one(Complaint, made.complaint_id)
        assert kept.contact_of(office.vault, complaint) == kept.Contact(name="王小明", reach="13700137000")
        row = session.execute(text("SELECT to_jsonb(c)::text FROM complaint c")).scalar_one()
    assert "王小明" not in row and "13700137000" not in row


@pytest.mark.req("SERV-03", "MONEY-02")
def test_whom_it_names_and_whose_work_it_is_about_keep_away(office: Office) -> None:
    """A controller by name, the approver of the claim by their hand in it, a clerk whom the acceptance names."""
    claim = a_granted_claim(office)
    case = a_complaint(office, about="内控的范奈控", of_case=claim.key)

    assert refused(case.tries("fannaikong2", "take_complaint", acceptance="accept")) == ("own_work",)
    assert isinstance(case_view(office, actor(office, "handudao"), case.id), CaseView)
    case.answers("take_complaint", concerned_staff="handudao, wangshouli")

    for login in ("zhaofuhe", "sunshenpi", "fannaikong2", "handudao"):
        assert isinstance(case_view(office, actor(office, login), case.id), Refusal), login
    listed = complaint_lists.complaint_list(office, actor(office, "sunshenpi"))
    assert isinstance(listed, complaint_lists.ComplaintList) and listed.page.rows == ()
    case.goes_on()
    assert complaint_of(office, case).status == "answered"


@pytest.mark.req("SERV-03", "MONEY-02")
def test_who_takes_a_complaint_about_themself_is_sent_away(office: Office) -> None:
    case = a_complaint(office)

    outcome = case.tries(
        "zhengneikong", "take_complaint", acceptance="accept", concerned_staff="zhengneikong"
    )

    assert refused(outcome) == ("own_work",)
    assert case.open_steps() == ["take_complaint"]
    unknown = case.tries("zhengneikong", "take_complaint", acceptance="accept", concerned_staff="nobody")
    assert refused(unknown) == ("staff_unknown",)


@pytest.mark.req("SERV-03", "MONEY-02")
def test_a_colleague_who_complains_as_a_citizen_has_no_hand_in_it(office: Office) -> None:
    """Wang of intake is insured, too: their own complaint is kept from them as any other would be."""
    case = a_complaint(office)
    li = actor(office, "li")
    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            text(
                "UPDATE staff_member SET id_number_index = (SELECT id_number_index FROM person WHERE id = :id)"
                " WHERE login = 'zhengneikong'"
            ),
            {"id": li.id},
        )
    own = a_complaint(office)

    assert refused(own.tries("zhengneikong", "take_complaint", acceptance="accept")) == ("own_work",)
    own.does("fannaikong2", "take_complaint", acceptance="accept")
    assert case.open_steps() == ["take_complaint"]
    with office.store.transaction() as session:
        session.execute(text("UPDATE staff_member SET id_number_index = NULL WHERE login = 'zhengneikong'"))


@pytest.mark.req("SERV-03")
def test_public_forms_are_taken_so_often_an_hour_from_one_address(office: Office) -> None:
    most = office.settings.public_forms_an_hour
    for _ in range(most):
        anonymous(office)

    assert refused(complain(office, None, TOLD, visitor="203.0.113.7")) == ("too_often",)
    anonymous(office, visitor="203.0.113.8")
    office.clock.now += timedelta(hours=1, seconds=1)  # type: ignore[attr-defined]
    anonymous(office)


@pytest.mark.req("SERV-03")
def test_a_clerk_enters_it_at_the_counter_with_the_duty_of_intake(office: Office) -> None:
    told = Told(kind="delay", text="等了两个小时没有叫号", channel="counter", name="来访人")
    assert isinstance(complain(office, actor(office, "wangshouli"), told), Complained)

    assert refused(complain(office, actor(office, "zhoukuaiji"), told)) == ("no_post",)
    assert isinstance(complain(office, actor(office, "wangshouli"), TOLD), FieldFaults)
    wrong = complain(office, None, Told(kind="", text="短"), visitor="c")
    assert isinstance(wrong, FieldFaults) and set(wrong.faults) == {"kind", "text"}


@pytest.mark.req("SERV-03")
def test_a_region_that_another_office_serves_is_refused(office: Office) -> None:
    assert refused(complain(office, None, TOLD, region="999999", visitor="d")) == ("region_missing",)


@pytest.mark.req("SERV-03")
def test_these_tests_have_walked_the_whole_diagram(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "complaint", request, least=8)
