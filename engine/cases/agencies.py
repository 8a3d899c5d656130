"""Leave substitution (委托代理): made by who is away or by an administrator above, ended, and listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import duties
from engine.cases.hands import staff_of
from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import Agency, may_administer
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """Who stands in for whom."""

    agency_id: int
    principal: str
    substitute: str
    duty: str
    duty_name: str
    region: str
    first_day: date
    #: inclusive
    last_day: date
    why: str
    made_by: str
    ended: bool
    #: the actor may end it now
    may_end: bool


def make_agency(
    office: Office,
    actor: Actor,
    *,
    principal: str,
    substitute: str,
    duty: str,
    region: str,
    first_day: date,
    last_day: date,
    why: str,
) -> Done | Refusal:
    """The substitute (login) acts with one duty of the principal (login), for both in one and on record with both names.

    From the first to the last day, at most ``Settings.agency_days``. Refused wherever the two could not be one person
    (MONEY-01), and as a way to a right that nobody holds: see ``engine.duties.agency``.
    """

    def work(session: Session) -> Done:
        away, stands_in = staff_of(session, office, principal), staff_of(session, office, substitute)
        made = duties.make_agency(
            session,
            office.duties,
            principal_id=away.id,
            substitute_id=stands_in.id,
            duty=duty,
            region=region,
            day=first_day,
            until=last_day + timedelta(days=1),
            longest_days=office.settings.agency_days,
            why=why,
            by=actor,
            now=office.clock(),
        )
        if isinstance(made, Refusal):
            raise RefusedError(*made.reasons)
        _note(session, office, actor, made, Action.AGENCY_MADE, why=made.why)
        lane = office.duties.duty(duty).lane
        return Done(message=f"{stands_in.name}自{first_day}至{last_day}代理{away.name}的{lane}（{region}）")

    return attempt(office, actor, work, subject=f"login:{principal[:60]}/{duty[:40]}", stream="staff")


def end_agency(office: Office, actor: Actor, agency_id: int) -> Done | Refusal:
    """From now on it gives nothing; by one of the two, or an administrator above."""

    def work(session: Session) -> Done:
        ended = duties.end_agency(
            session, agency_id=agency_id, day=office.today, by=actor, now=office.clock()
        )
        if isinstance(ended, Refusal):
            raise RefusedError(*ended.reasons)
        _note(session, office, actor, ended, Action.AGENCY_ENDED)
        return Done(message="委托代理已终止")

    return attempt(office, actor, work, subject=f"agency:{agency_id}", stream="staff")


def agencies(office: Office, actor: Actor) -> tuple[AgencyRow, ...] | Refusal:
    """The actor's own on either side, and those of the regions that they administer or audit; newest first."""
    if actor.kind != "staff":
        return Refusal(
            reasons=(Reason(code="not_for_public", text="此操作限经办人员", text_en="Staff only."),)
        )
    with office.store.reading() as session:
        query = select(Agency).order_by(Agency.id.desc())
        if not actor.duties & {"administrator", "control"}:
            query = query.where(or_(Agency.principal_id == actor.id, Agency.substitute_id == actor.id))
        rows = [agency for agency in session.scalars(query) if _concerns(actor, agency)]
        return tuple(_row(session, office, actor, agency) for agency in rows)


def _concerns(actor: Actor, agency: Agency) -> bool:
    own = actor.id in (agency.principal_id, agency.substitute_id)
    return own or duties.covers(actor.region, agency.region_code)


def _row(session: Session, office: Office, actor: Actor, agency: Agency) -> AgencyRow:
    in_force = agency.ended_at is None and agency.valid_until > office.today
    own = actor.id in (agency.principal_id, agency.substitute_id)
    duty = office.duties.duties.get(agency.duty)
    return AgencyRow(
        agency_id=agency.id,
        principal=name_of(session, f"staff:{agency.principal_id}"),
        substitute=name_of(session, f"staff:{agency.substitute_id}"),
        duty=agency.duty,
        duty_name=duty.lane if duty else agency.duty,
        region=agency.region_code,
        first_day=agency.valid_from,
        last_day=agency.valid_until - timedelta(days=1),
        why=agency.why,
        made_by=name_of(session, agency.made_by),
        ended=not in_force,
        may_end=in_force and (own or not may_administer(session, actor, agency.region_code, office.today)),
    )


def _note(
    session: Session, office: Office, actor: Actor, agency: Agency, action: Action, *, why: str = ""
) -> None:
    made = {
        "principal": f"staff:{agency.principal_id}",
        "substitute": f"staff:{agency.substitute_id}",
        "duty": agency.duty,
        "region": agency.region_code,
        "from": agency.valid_from.isoformat(),
        "until": agency.valid_until.isoformat(),
    }
    ending = action is Action.AGENCY_ENDED
    append(
        session,
        stream="staff",
        action=action,
        actor=actor,
        subject=f"agency:{agency.id}",
        before=made if ending else None,
        after={**made, "ended": True} if ending else made,
        reason=why,
        now=office.clock(),
    )
