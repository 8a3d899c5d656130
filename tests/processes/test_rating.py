"""Every path of ``rating.bpmn``; who is asked to rate, once; and who never handles a bad rating (SERV-02)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from builders import Case, a_bad_rating, a_finished_matter, a_granted_claim, actor, refused
from paths import assert_nothing_left, every_path
from sqlalchemy import func, select, text
from walked import Walked

from engine.cases import rating_figures, rating_invites, rating_lists, service_ratings
from engine.cases.files import case_view
from engine.cases.inbox import task_view
from engine.cases.office import Office
from engine.cases.rating_figures import RatingFilter
from engine.cases.service_ratings import Given, MyRatings
from engine.cases.sms import IncomingSms
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.feedback import ratings
from engine.feedback.tables import RatingInvitation, ServiceRating, SmsReply
from engine.people import AccessRecord
from engine.store.outbox import OutboxMessage
from engine.values import Refusal

PHONE = "13800138000"


def rating_of(office: Office, case: Case) -> ServiceRating:
    """The rating that the case is about."""
    with office.store.reading() as session:
        return session.scalars(select(ServiceRating).where(ServiceRating.case_id == case.id)).one()


def mine(office: Office, person: str = "li") -> MyRatings:
    """What the person may rate and has rated."""
    found = service_ratings.my_ratings(office, actor(office, person))
    assert isinstance(found, MyRatings)
    return found


def sent_messages(office: Office) -> list[dict[str, str]]:
    """The invitations that the gateway was handed; notices of papers go the same way."""
    folder = office.settings.data_dir / "sms" / "out"
    sent = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    return [each for each in sent if not each["key"].endswith("/notice")]


def reply(office: Office, said: str, *, number: str = "m1", phone: str = PHONE) -> str:
    """What came of a reply by short message."""
    assert rating_invites.take_reply(office, IncomingSms(message_number=number, phone=phone, text=said))
    with office.store.reading() as session:
        return session.scalars(select(SmsReply.outcome).where(SmsReply.message_number == number)).one()


@pytest.mark.req("SERV-02")
def test_every_path_ends_with_an_answer_and_one_more_rating(
    office: Office, afresh: Callable[[], None], walked: Walked, request: pytest.FixtureRequest
) -> None:
    for case, path in every_path(lambda: a_bad_rating(office), detours=1, afresh=afresh):
        assert case.ended_in == "rating_answered", str(path)
        rating = rating_of(office, case)
        assert (rating.status, rating.called_at is not None) == ("settled", True)
        assert case.recipients("rating-reply") == [rating.rater]
        assert [each.once_more for each in mine(office).to_rate] == [True]
        assert_nothing_left(office)


@pytest.mark.req("SERV-02")
def test_limits_run_from_the_day_of_the_rating_in_working_days(office: Office) -> None:
    case = a_bad_rating(office)

    rating = rating_of(office, case)
    assert (str(rating.rated_on), str(rating.call_back_by)) == ("2025-11-03", "2025-11-04")
    assert str(rating.fix_by) == "2025-11-24"
    (task,) = case.tasks()
    assert f"{task.due_at:%Y-%m-%d}" == "2025-11-04"


@pytest.mark.req("SERV-02", "SERV-05")
def test_whoever_a_matter_was_for_is_asked_once_however_often_the_office_sweeps(office: Office) -> None:
    number = a_finished_matter(office)

    for _ in range(3):
        sweep_until_idle(office)

    with office.store.reading() as session:
        asked = session.scalars(select(RatingInvitation)).one()
        put = session.scalar(select(func.count()).where(OutboxMessage.kind == ratings.OUTBOX))
    assert (asked.id, asked.rater, put) == (number, actor(office, "li").key, 1)
    (message,) = sent_messages(office)
    assert message["number"] == PHONE
    assert f"/rate/{ratings.token_of(office.vault, number)}" in message["text"]


@pytest.mark.req("SERV-02")
def test_a_matter_is_rated_once_and_once_more_after_a_bad_rating_was_made_good(office: Office) -> None:
    li = actor(office, "li")
    case = a_bad_rating(office, score=1)
    first = rating_of(office, case).invitation_id
    assert refused(service_ratings.rate_own(office, li, first, Given(score=5))) == ("rated_before",)
    case.goes_on()
    (again,) = mine(office).to_rate

    done = service_ratings.rate_own(office, li, again.invitation_id, Given(score=1, words="还是不行"))

    assert isinstance(done, Done)
    sweep_until_idle(office)
    with office.store.reading() as session:
        rounds = session.execute(
            select(ServiceRating.round, ServiceRating.score, ServiceRating.status).order_by(ServiceRating.id)
        ).all()
    assert rounds == [(1, 1, "settled"), (2, 1, "none")]
    assert mine(office).to_rate == ()


@pytest.mark.req("SERV-02")
def test_nobody_rates_for_somebody_else(office: Office) -> None:
    number = a_finished_matter(office)
    token = ratings.token_of(office.vault, number)
    clerk = actor(office, "wangshouli")

    assert refused(service_ratings.rate_own(office, clerk, number, Given(score=5))) == ("not_for_staff",)
    by_link = service_ratings.rate_by_link(office, clerk, token, Given(score=5), visitor="a")
    assert refused(by_link) == ("not_for_staff",)
    assert refused(service_ratings.rate_own(office, actor(office, "qin"), number, Given(score=5))) == (
        "no_such_rating",
    )
    for forged in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.replace(str(number), str(number + 1), 1),
    ):
        assert refused(service_ratings.asked_by_link(office, None, forged)) == ("no_such_rating",)
    assert isinstance(service_ratings.rate_by_link(office, None, token, Given(score=4), visitor="a"), Done)
    assert refused(service_ratings.asked_by_link(office, None, token)) == ("rated_before",)


@pytest.mark.req("SERV-02")
def test_a_link_is_dead_after_its_day(office: Office, clock: object) -> None:
    number = a_finished_matter(office)
    token = ratings.token_of(office.vault, number)
    office.clock.now += timedelta(days=30)  # type: ignore[attr-defined]
    assert not isinstance(service_ratings.asked_by_link(office, None, token), Refusal)

    office.clock.now += timedelta(days=1)  # type: ignore[attr-defined]

    assert refused(service_ratings.asked_by_link(office, None, token)) == ("rating_closed",)
    late = service_ratings.rate_by_link(office, None, token, Given(score=5), visitor="a")
    assert refused(late) == ("rating_closed",)


@pytest.mark.req("SERV-02")
def test_a_kiosk_takes_the_number_of_the_message_and_no_guesses(office: Office) -> None:
    number = a_finished_matter(office)
    code = ratings.code_of(office.vault, number)
    wrong = f"{number}{(int(code[-6:]) + 1) % 1_000_000:06d}"

    assert service_ratings.link_of_code(office, None, code, visitor="k") == ratings.token_of(
        office.vault, number
    )
    for _ in range(5):
        assert refused(service_ratings.link_of_code(office, None, wrong, visitor="k")) == ("wrong_code",)

    assert refused(service_ratings.link_of_code(office, None, code, visitor="k")) == ("wrong_code",)


@pytest.mark.req("SERV-02", "SERV-05")
def test_a_reply_by_short_message_rates_once(office: Office) -> None:
    a_finished_matter(office)

    assert reply(office, "很好") == "unreadable"
    assert reply(office, "5", number="m2", phone="13900139000") == "nothing_open"
    assert reply(office, " ２ ", number="m3") == "rated"
    assert reply(office, "5", number="m3", phone=f"+86{PHONE}") == "rated"
    assert reply(office, "5", number="m4") == "rated_before"

    with office.store.reading() as session:
        (score, channel) = session.execute(select(ServiceRating.score, ServiceRating.channel)).one()
    assert (score, channel) == (2, "sms")


@pytest.mark.req("SERV-02", "SERV-05")
def test_a_reply_that_could_mean_two_matters_rates_neither_without_its_number(office: Office) -> None:
    first = a_finished_matter(office)
    second = a_finished_matter(office, "lin")

    assert reply(office, "5") == "several_open"
    assert reply(office, f"1#{second}", number="m2") == "rated"
    assert reply(office, "4", number="m3") == "rated"

    with office.store.reading() as session:
        found = session.execute(select(ServiceRating.invitation_id, ServiceRating.score)).all()
    assert sorted(found) == sorted([(first, 4), (second, 1)])


@pytest.mark.req("SERV-02", "MONEY-02")
def test_whoever_had_a_hand_in_the_matter_neither_handles_nor_reads_the_bad_rating(office: Office) -> None:
    """The reviewer of the claim has moved to internal control since: refused at task and file, and by the database."""
    case = a_bad_rating(office)
    controller = actor(office, "zhengneikong")
    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        moved = "UPDATE workflow_history SET actor = :who WHERE element_id = 'review_claim'"
        session.execute(text(moved), {"who": controller.key})

    said = {"call_back_result": "reached", "call_back_note": "没有问题"}
    assert refused(case.tries("zhengneikong", "call_back", **said)) == ("own_work",)
    assert refused(task_view(office, controller, case.task_id("call_back"))) == ("own_work",)
    assert isinstance(case_view(office, controller, case.id), Refusal)
    assert refused(rating_lists.bad_rating(office, controller, rating_of(office, case).id)) == ("own_work",)
    listed = rating_lists.bad_ratings(office, controller)
    assert isinstance(listed, rating_lists.BadRatings) and listed.page.rows == ()
    with pytest.raises(Exception, match="应当回避"), office.store.transaction() as session:
        session.execute(
            text(
                """INSERT INTO workflow_history (case_id, element_id, name, kind, actor, on_behalf_of, duty, at, outcome)
                   VALUES (:case, 'call_back', '回访', 'completed', :who, '', 'control', :now, '{}')"""
            ),
            {"case": case.id, "who": controller.key, "now": office.clock()},
        )
    case.does("fannaikong2", "call_back", **said)


@pytest.mark.req("SERV-02", "MONEY-02")
def test_who_made_it_good_never_verifies_it(office: Office) -> None:
    case = a_bad_rating(office).goes_on(until="verify_fix")

    assert refused(case.tries("zhengneikong", "verify_fix", fix_verified="agree"))[0] == "different_person"
    case.does("fannaikong2", "verify_fix", fix_verified="agree")
    assert case.ended_in == "rating_answered"


@pytest.mark.req("SERV-02", "CTRL-07")
def test_the_number_of_the_rater_is_shown_to_who_calls_back_and_the_look_is_recorded(office: Office) -> None:
    case = a_bad_rating(office)
    rating = rating_of(office, case)

    assert rating_lists.number_to_call(office, actor(office, "zhengneikong"), rating.id) == PHONE

    assert isinstance(rating_lists.number_to_call(office, actor(office, "handudao"), rating.id), Refusal)
    with office.store.reading() as session:
        looks = session.scalars(select(AccessRecord.why).where(AccessRecord.why.startswith("差评"))).all()
    assert looks == [f"差评回访查看电话 {rating.id}"]
    case.goes_on()
    late = rating_lists.number_to_call(office, actor(office, "zhengneikong"), rating.id)
    assert refused(late) == ("no_such_number",)


@pytest.mark.req("SERV-02")
def test_figures_count_first_ratings_and_what_was_mended(office: Office) -> None:
    case = a_bad_rating(office)
    case.goes_on()
    li, control = actor(office, "li"), actor(office, "zhengneikong")
    again = service_ratings.rate_own(office, li, mine(office).to_rate[0].invitation_id, Given(score=5))
    assert isinstance(again, Done)
    other = a_finished_matter(office, "lin")
    good = service_ratings.rate_own(office, actor(office, "lin"), other, Given(score=4))
    assert isinstance(good, Done)

    found = rating_figures.rating_figures(office, control, RatingFilter())

    assert isinstance(found, rating_figures.RatingFigures)
    total = found.total
    assert (total.grades, total.bad_count, total.mended, found.invited) == ((0, 1, 0, 1, 0), 1, 1, 2)
    assert total.good_share == 0.5
    done = found.handling
    assert (done.called_in_time, done.settled_in_time, done.overdue) == (1, 1, 0)
    assert {row.key for row in found.by_matter} == {"claim"}
    public = rating_figures.public_figures(office)
    assert (public.total, public.by_matter, public.least) == (None, (), 5)


@pytest.mark.req("SERV-02")
def test_what_the_office_does_of_its_own_accord_is_not_rated(office: Office) -> None:
    a_granted_claim(office, "qin")
    sweep_until_idle(office)
    case = a_bad_rating(office).goes_on()

    with office.store.reading() as session:
        asked = session.scalars(select(RatingInvitation.process_id).distinct()).all()

    assert case.status == "completed"
    assert asked == ["claim"]
