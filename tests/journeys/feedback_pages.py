"""The pages of ratings and complaints with something on each of them, for tests that look at all pages."""

from __future__ import annotations

from collections.abc import Callable

from browsing import Visitor
from builders import Case, a_complaint, actor
from sqlalchemy import select

from engine.cases.office import Office
from engine.cases.service_ratings import Given, my_ratings, rate_own
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.feedback import ratings
from engine.feedback.tables import RatingInvitation
from engine.values import Refusal
from engine.workflow.tables import WorkflowCase

Act = Callable[[Visitor], object]


def _unsaid(visitor: Visitor) -> None:
    """A form without what it needs, past what the browser asks for."""
    form = visitor.page.locator("main form[method=post]").first
    form.evaluate("form => { form.noValidate = true; }")
    form.locator("button.btn-primary").first.click()
    visitor.page.wait_for_load_state()


def _wrong_number(visitor: Visitor) -> None:
    """A number typed key by key that no message has."""
    for key in ("1", "2", "3"):
        visitor.page.locator(f".kiosk-keys button[value='{key}']").click()
        visitor.page.wait_for_load_state()
    _unsaid(visitor)


def _wrong_code(visitor: Visitor) -> None:
    visitor.page.fill("#code", "AAAA-BBBB-CCCC-DDDD")
    _unsaid(visitor)


FEEDBACK_PAGES: tuple[tuple[str, str, str, Act | None], ...] = (
    ("ratings", "zhengneikong", "/ratings", None),
    ("ratings-wrong", "zhengneikong", "/ratings?first=x&region=999999", None),
    ("bad-ratings", "fannaikong2", "/ratings/bad", None),
    ("bad-rating", "fannaikong2", "/ratings/bad/1", None),
    ("bad-rating-forbidden", "zhaofuhe", "/ratings/bad/1", None),
    ("call-back", "fannaikong2", "task:bad:call_back", None),
    ("ratings-mine", "qin", "/my/ratings", None),
    ("ratings-mine-unsaid", "qin", "/my/ratings", _unsaid),
    ("ratings-given", "bo", "/my/ratings", None),
    ("rate-link", "", "rate:paid", None),
    ("rate-link-unsaid", "", "rate:paid", _unsaid),
    ("kiosk", "", "/kiosk", None),
    ("kiosk-wrong", "", "/kiosk", _wrong_number),
    ("kiosk-rate", "", "kiosk:paid", None),
    ("kiosk-bad", "", "kiosk:paid?score=1", None),
    ("public-ratings", "", "/public/ratings", None),
    ("complain", "", "/complain", None),
    ("complain-unsaid", "", "/complain", _unsaid),
    ("complain-own", "qin", "/my/complaints/new", None),
    ("complaint-look-up", "", "/complain/look-up", None),
    ("complaint-look-up-wrong", "", "/complain/look-up", _wrong_code),
    ("complaints-mine", "qin", "/my/complaints", None),
    ("complaints", "zhengneikong", "/complaints", None),
    ("complaint-counter", "wangshouli", "/complaints/new", None),
    ("complaint", "zhengneikong", "/complaints/1", None),
    ("take-complaint", "zhengneikong", "task:complaint:take_complaint", None),
)


def feedback_at_work(office: Office) -> dict[str, Case]:
    """Two granted claims rated, one of them badly; a complaint that was answered, and one that waits."""
    sweep_until_idle(office)
    for person, given in (("bo", Given(score=2, grounds=("slow",))), ("zheng", Given(score=5))):
        mine = my_ratings(office, actor(office, person))
        assert not isinstance(mine, Refusal)
        for asked in mine.to_rate:
            assert isinstance(rate_own(office, actor(office, person), asked.invitation_id, given), Done)
    sweep_until_idle(office)
    answered = a_complaint(office, "qin").goes_on()
    return {
        "bad": _bad(office),
        "answered": answered,
        "complaint": a_complaint(office, "", text="热线一直占线"),
    }


def link_of(case: Case) -> str:
    """The link by which the case is rated."""
    with case.office.store.reading() as session:
        query = select(RatingInvitation.id).where(RatingInvitation.of_case_id == case.id)
        return ratings.token_of(case.office.vault, session.scalars(query).one())


def _bad(office: Office) -> Case:
    with office.store.reading() as session:
        query = select(WorkflowCase.id).where(WorkflowCase.process_id == "rating").order_by(WorkflowCase.id)
        return Case(office=office, id=session.scalars(query).first() or 0)
