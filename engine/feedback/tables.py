"""Tables of ratings and complaints, and what PostgreSQL holds them to. No behaviour: see ``ratings``, ``complaints``."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once


class RatingInvitation(Base):
    """Somebody is asked to rate one finished matter: once, and once more after a bad rating was made good."""

    __tablename__ = "rating_invitation"
    __table_args__ = (
        UniqueConstraint("of_case_id", "rater", "round"),
        CheckConstraint("round IN (1, 2)", name="round"),
        Index("ix_rating_invitation_rater", "rater", "id"),
        Index(
            "ix_rating_invitation_phone",
            "phone_index",
            "id",
            postgresql_where=text("phone_index IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    of_case_id: Mapped[int] = mapped_column(BigInteger)
    #: the matter: the process of the case
    process_id: Mapped[str] = mapped_column(String(64))
    region_code: Mapped[str] = mapped_column(String(12))
    #: actor key of a person or an employer
    rater: Mapped[str] = mapped_column(String(40))
    #: 1; 2 after a bad rating was made good
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    finished_on: Mapped[date]
    invited_at: Mapped[datetime]
    #: the last day on which it may be answered, inclusive
    open_until: Mapped[date]
    #: blind index of the telephone that the message went to; none: it went to no telephone
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: wrong check digits typed at a kiosk; too many and the number is dead, the link is not
    wrong_codes: Mapped[int] = mapped_column(default=0, server_default="0")


class ServiceRating(Base):
    """How somebody rated a finished matter, as it was given; and how far a bad one is made good."""

    __tablename__ = "service_rating"
    __table_args__ = (
        UniqueConstraint("invitation_id"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        CheckConstraint("channel IN ('web', 'link', 'sms', 'kiosk')", name="channel"),
        CheckConstraint("(status = 'none') = (score > 2 OR round = 2)", name="bad_is_followed"),
        Index("ix_service_rating_region", "region_code", "rated_on"),
        Index("ix_service_rating_waiting", "id", postgresql_where=text("status = 'waiting'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("rating_invitation.id"))
    of_case_id: Mapped[int] = mapped_column(BigInteger, index=True)
    process_id: Mapped[str] = mapped_column(String(64))
    region_code: Mapped[str] = mapped_column(String(12))
    rater: Mapped[str] = mapped_column(String(40), index=True)
    round: Mapped[int]
    #: 5 very satisfied … 1 very dissatisfied; 1 and 2 are bad (差评)
    score: Mapped[int]
    #: words of ``ratings.GROUNDS``
    grounds: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    words: Mapped[str] = mapped_column(Text)
    #: web (signed in), link, sms, kiosk
    channel: Mapped[str] = mapped_column(String(8))
    rated_at: Mapped[datetime]
    #: in China
    rated_on: Mapped[date]
    #: none (nothing to follow), waiting (for its case), open, settled
    status: Mapped[str] = mapped_column(String(8))
    #: the case of ``rating.bpmn`` in which a bad one is made good
    case_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    call_back_by: Mapped[date | None]
    fix_by: Mapped[date | None]
    called_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    #: what the rater was answered
    reply: Mapped[str | None] = mapped_column(Text)


class SmsReply(Base):
    """Insert-only. One short message that came in, and what came of it; the gateway's number tells a repetition."""

    __tablename__ = "sms_reply"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: of the gateway
    message_number: Mapped[str] = mapped_column(String(80), unique=True)
    phone_index: Mapped[bytes] = mapped_column(LargeBinary)
    #: numbers in it masked
    text: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[datetime]
    #: rated, unreadable, nothing_open, several_open, rated_before
    outcome: Mapped[str] = mapped_column(String(16))
    rating_id: Mapped[int | None] = mapped_column(ForeignKey("service_rating.id"))


class Complaint(Base):
    """A complaint about the service, by somebody signed in, by a name, or by nobody known; as it was made, and how it was answered."""

    __tablename__ = "complaint"
    __table_args__ = (
        CheckConstraint("channel IN ('web', 'counter', 'phone', 'letter')", name="channel"),
        CheckConstraint(
            "status IN ('received', 'accepted', 'passed_on', 'answered', 'objected', 'closed')", name="status"
        ),
        CheckConstraint("status NOT IN ('answered', 'objected', 'closed') OR answer IS NOT NULL OR passed_to IS NOT NULL", name="answer"),
        Index("ix_complaint_region", "region_code", "id"),
        Index("ix_complaint_complainant", "complainant", postgresql_where=text("complainant <> ''")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    case_key: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(String(12))
    #: word of ``complaints.KINDS``
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    #: the case that it is about, where there is one
    of_case_id: Mapped[int | None] = mapped_column(BigInteger)
    #: whom it names, as written
    about_staff: Mapped[str] = mapped_column(Text, default="")
    #: actor key of a person or an employer who was signed in; empty for everybody else
    complainant: Mapped[str] = mapped_column(String(40), default="")
    #: name and how to reach them, encrypted, bound to ``code_index``; none: anonymous, or signed in
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: web, counter, phone, letter
    channel: Mapped[str] = mapped_column(String(8))
    #: who typed it: actor key; empty on the public page
    entered_by: Mapped[str] = mapped_column(String(40), default="")
    #: blind index of the code by which anybody who has it reads the answer
    code_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    received_at: Mapped[datetime]
    #: in China
    received_on: Mapped[date]
    #: received, accepted, passed_on, answered, objected, closed
    status: Mapped[str] = mapped_column(String(12), default="received")
    accepted_at: Mapped[datetime | None]
    answer_by: Mapped[date | None]
    passed_to: Mapped[str | None] = mapped_column(String(120))
    passed_why: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    #: justified, partly, unfounded
    finding: Mapped[str | None] = mapped_column(String(12))
    answer: Mapped[str | None] = mapped_column(Text)
    #: the last day on which the complainant may object, inclusive
    object_until: Mapped[date | None]
    objected_at: Mapped[datetime | None]
    objection: Mapped[str | None] = mapped_column(Text)
    reviewed_at: Mapped[datetime | None]
    #: upheld, changed
    review_finding: Mapped[str | None] = mapped_column(String(12))
    review_answer: Mapped[str | None] = mapped_column(Text)


class PublicFormUse(Base):
    """A form that nobody signed in for was sent; counted for an hour, forgotten after a day."""

    __tablename__ = "public_form_use"
    __table_args__ = (Index("ix_public_form_use_visitor", "form", "visitor", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    form: Mapped[str] = mapped_column(String(20))
    #: blind index of the address that it came from
    visitor: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(index=True)


TRIGGERS: tuple[str, ...] = (
    *keep_rows("rating_invitation"),
    *frozen_columns(
        "rating_invitation", "id", "of_case_id", "process_id", "region_code", "rater", "round", "finished_on",
        "invited_at", "open_until",
    ),
    *set_once("rating_invitation", "phone_index"),
    *keep_rows("service_rating"),
    *frozen_columns(
        "service_rating", "id", "invitation_id", "of_case_id", "process_id", "region_code", "rater", "round", "score",
        "grounds", "words", "channel", "rated_at", "rated_on",
    ),
    *set_once(
        "service_rating", "case_id", "call_back_by", "fix_by", "called_at", "settled_at", "reply",
    ),
    *allowed_transitions("service_rating", "status", (("waiting", "open"), ("open", "settled"))),
    *insert_only("sms_reply"),
    *keep_rows("complaint"),
    *frozen_columns(
        "complaint", "id", "case_id", "case_key", "region_code", "kind", "text", "of_case_id", "about_staff",
        "complainant", "contact", "channel", "entered_by", "code_index", "received_at", "received_on",
    ),
    *set_once(
        "complaint", "accepted_at", "answer_by", "passed_to", "passed_why", "answered_at", "finding", "answer",
        "object_until", "objected_at", "objection", "reviewed_at", "review_finding", "review_answer",
    ),
    *allowed_transitions(
        "complaint",
        "status",
        (
            ("received", "accepted"), ("received", "passed_on"), ("accepted", "answered"), ("answered", "objected"),
            ("answered", "closed"), ("objected", "closed"),
        ),
    ),
)  # fmt: skip
