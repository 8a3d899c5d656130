"""Operations of ``processes/rating.bpmn``, in drawn order: a bad rating is made good (SERV-02)."""

from __future__ import annotations

from typing import Any

from engine.feedback import ratings
from engine.feedback.tables import ServiceRating
from engine.tasks.catalogue import operation
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter


@operation("record_call_back", title="登记回访")
def record_call_back(desk: Desk, *, rating_id: int) -> dict[str, Any]:
    """When the rater was called back; it counts for the statistics."""
    ratings.call_back(desk.session.get_one(ServiceRating, rating_id), now=desk.now)
    return {}


@operation("answer_rating", title="答复并邀请再次评价", provides=("rerating_id",))
def answer_rating(
    desk: Desk, *, rating_id: int, rated_case_key: str, rated_matter: str, rating_reply: str
) -> dict[str, Any]:
    """The reply goes to the rater, who is invited to rate once more."""
    rating = desk.session.get_one(ServiceRating, rating_id)
    ratings.settle(desk.session, rating, reply=rating_reply, actor=desk.actor, now=desk.now)
    send_letter(
        desk,
        "rating-reply",
        recipient=rating.rater,
        rated_case_key=rated_case_key,
        rated_matter=rated_matter,
        rating_reply=rating_reply,
    )
    invited = ratings.invite(
        desk.session,
        desk.book,
        of_case_id=rating.of_case_id,
        process_id=rating.process_id,
        region=rating.region_code,
        rater=rating.rater,
        round_number=2,
        finished_on=desk.today,
        now=desk.now,
    )
    return {"rerating_id": invited}
