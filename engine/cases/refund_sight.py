"""Whose refunds somebody may see: staff by the regions of their duties of money, an employer its own, nobody else. Reads only."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.cases.office import Office
from engine.cases.rows import reaches
from engine.cases.sight import MONEY_DUTIES
from engine.refunds.campaign_tables import RetentionRefund
from engine.values import Actor, Reason, Refusal


def scopes_of(session: Session, office: Office, actor: Actor) -> tuple[str, ...]:
    """What the codes of the regions begin with whose refunds a member of staff may see; none for anybody else."""
    found = {each.scope for each in reaches(session, office, actor) if each.duty in MONEY_DUTIES}
    return tuple(sorted(scope for scope in found if not any(scope.startswith(o) for o in found - {scope})))


def within(region: InstrumentedAttribute[str], scopes: tuple[str, ...]) -> ColumnElement[bool]:
    """The rows whose region is in one of the scopes."""
    return or_(*(region.startswith(scope) for scope in scopes)) if scopes else false()


def in_sight(session: Session, office: Office, actor: Actor) -> ColumnElement[bool]:
    """The refunds that the actor may see; none by default."""
    if actor.kind == "employer":
        return RetentionRefund.employer_id == actor.id
    return within(RetentionRefund.region, scopes_of(session, office, actor))


def not_seen(actor: Actor) -> Refusal:
    """Why somebody sees no refunds at all."""
    return Refusal(
        reasons=(
            Reason(
                code="no_refunds",
                text="您的岗位不办理稳岗返还",
                text_en="Your duties have nothing to do with job-retention refunds.",
                source="社会保险经办条例第四十九条（保密）",
                fact=actor.name or actor.key,
            ),
        )
    )


def no_such(what: str, text: str, text_en: str) -> Refusal:
    """The same answer for what is not there and for what is somebody else's."""
    return Refusal(reasons=(Reason(code=f"no_such_{what}", text=text, text_en=text_en),))
