"""Fund incidents (要情): written down, graded, signed by a leader and reported in time, followed up until closed (CTRL-05).

Not ``incidents``, which are steps of cases that failed. Source: 人社部发〔2020〕21号.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import Done, Light
from engine.duties import check_may
from engine.law.calendar import CalendarGap
from engine.law.incidents import IncidentLevel
from engine.oversight.incident_tables import FundIncident, IncidentFollowUp
from engine.oversight.incidents import grade
from engine.people import Region
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import CHINA, Actor, Money, Reason, Refusal, RefusedError, reach

SOURCE = "人社部发〔2020〕21号"
STATUS_NAMES = {"draft": "待签发", "reported": "已上报", "closed": "已办结"}
FOUND_BY: Mapping[str, str] = {
    "sample": "抽检", "risk": "风险规则", "match": "名册比对", "report": "举报", "inspection": "检查",
    "recheck": "复查",
}  # fmt: skip
WRITES = ("control", "fund_supervisor")
#: the responsible leader; the fund supervisor for what the bureau finds itself
SIGNS = ("approve", "fund_supervisor")
_SEES = ("control", "fund_supervisor", "approve", "provincial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody writes down of an incident."""

    region: str
    found_on: date
    found_by: str
    title: str
    account: str
    contact: str
    amount: Money
    filed: bool
    grave: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentWritten:
    """An incident that was written down and waits to be signed."""

    incident_id: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One later report."""

    text: str
    amount: str
    filed: bool
    level: str
    closes: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """One incident as a page shows it."""

    incident_id: int
    region: str
    region_name: str
    found_on: date
    found_by: str
    title: str
    account: str
    contact: str
    amount: str
    filed: bool
    grave: bool
    level: str
    due_on: date | None
    light: Light
    #: working days left until the first report, negative when passed; None where none is due or it was reported
    workdays_left: int | None
    #: the first report came after its last day
    late: bool
    reasons: tuple[Reason, ...]
    case_id: int | None
    status: str
    status_name: str
    written_by: str
    written_at: datetime
    signed_by: str
    reported_at: datetime | None
    closed_by: str
    follow_ups: tuple[FollowUp, ...]
    may_sign: bool
    may_follow_up: bool


def fund_incidents(office: Office, actor: Actor) -> tuple[IncidentView, ...] | Refusal:
    """The incidents of the actor's region, what is still to be reported first."""

    def work(session: Session) -> tuple[IncidentView, ...]:
        _require(session, office, actor, _SEES, actor.region)
        rows = session.scalars(
            select(FundIncident)
            .where(FundIncident.region_code.startswith(reach(actor.region)))
            .order_by(
                FundIncident.status != "draft",
                FundIncident.status == "closed",
                FundIncident.due_on.nulls_last(),
                FundIncident.id.desc(),
            )
            .limit(100)
        ).all()
        return tuple(_view(session, office, actor, each) for each in rows)

    return attempt(office, actor, work, subject="fund-incidents", stream="fund-incidents")


def fund_incident(office: Office, actor: Actor, incident_id: int) -> IncidentView | Refusal:
    """One incident with everything that followed."""

    def work(session: Session) -> IncidentView:
        found = _found(session, incident_id)
        _require(session, office, actor, _SEES, found.region_code)
        return _view(session, office, actor, found)

    return attempt(office, actor, work, subject=f"fund_incident:{incident_id}", stream="fund-incidents")


def write_incident(
    office: Office, actor: Actor, said: Said, *, case_id: int | None = None
) -> IncidentWritten | Refusal:
    """The incident written down, with its number; graded by amount and filing, due by the working calendar.

    Refused where the law sees no incident, and for what is found in the future.
    """

    def work(session: Session) -> IncidentWritten:
        _require(session, office, actor, WRITES, said.region)
        _require_words(session, office, said)
        graded = grade(
            said.found_on, said.amount, filed=said.filed, grave=said.grave, book=office.book,
            calendar=office.calendar,
        )  # fmt: skip
        if graded.found.level == "none":
            raise RefusedError(*graded.found.reasons)
        made = FundIncident(
            region_code=said.region,
            found_on=said.found_on,
            found_by=said.found_by,
            title=said.title.strip(),
            account=said.account.strip(),
            contact=said.contact.strip(),
            amount_fen=said.amount.fen,
            filed=said.filed,
            grave=said.grave,
            level=graded.found.level,
            due_on=graded.due,
            reasons=_reasons(graded.found),
            case_id=case_id,
            status="draft",
            written_by=actor.key,
            written_at=office.clock(),
        )
        session.add(made)
        session.flush()
        _note(session, office, actor, made, Action.INCIDENT_RAISED)
        return IncidentWritten(incident_id=made.id, message=f"已记录：{made.title}，等他人签发")

    return attempt(office, actor, work, subject=f"office:{said.region}", stream="fund-incidents")


def sign_incident(office: Office, actor: Actor, incident_id: int) -> Done | Refusal:
    """The first report, signed by a leader who did not write it, and with that sent upwards."""

    def work(session: Session) -> Done:
        found = _locked(session, incident_id)
        _require(session, office, actor, SIGNS, found.region_code)
        if found.status != "draft":
            raise _no("too_late", f"该要情{STATUS_NAMES[found.status]}", "It is reported already.")
        if found.written_by == actor.key:
            raise _no("own_report", "要情由起草人以外的负责人签发", "Somebody else than the writer signs.")
        if found.level == "none":
            raise _no("no_incident", "不属要情，无须上报", "No incident in law.")
        found.status, found.signed_by, found.reported_at = "reported", actor.key, office.clock()
        session.flush()
        _note(session, office, actor, found, Action.INCIDENT_SIGNED)
        return Done(message=f"要情“{found.title}”已签发上报")

    return attempt(office, actor, work, subject=f"fund_incident:{incident_id}", stream="fund-incidents")


def follow_up(
    office: Office, actor: Actor, incident_id: int, *, text: str, amount: Money, filed: bool, closes: bool
) -> Done | Refusal:
    """A later report: what is known now; a level that rose brings its deadline with it. The last one closes."""

    def work(session: Session) -> Done:
        found = _locked(session, incident_id)
        _require(session, office, actor, WRITES, found.region_code)
        if not text.strip():
            raise _no("text_missing", "请写明进展", "Say what happened.")
        if found.status == "closed":
            raise _no("too_late", "该要情已办结", "It is closed already.")
        if closes and found.status == "draft":
            raise _no("not_reported", "首报签发以后才能办结", "It is closed only once it was reported.")
        before = {"level": found.level, "amount": Money(found.amount_fen).text, "filed": found.filed}
        graded = grade(
            found.found_on, amount, filed=filed, grave=found.grave, book=office.book, calendar=office.calendar
        )
        session.add(
            IncidentFollowUp(
                incident_id=found.id,
                text=text.strip(),
                amount_fen=amount.fen,
                filed=filed,
                level=graded.found.level,
                closes=closes,
                written_by=actor.key,
                written_at=office.clock(),
            )
        )
        found.amount_fen, found.filed, found.level = amount.fen, filed, graded.found.level
        found.reasons, found.due_on = _reasons(graded.found), graded.due
        if closes:
            found.status, found.closed_by, found.closed_at = "closed", actor.key, office.clock()
        session.flush()
        action = Action.INCIDENT_CLOSED if closes else Action.INCIDENT_FOLLOWED_UP
        _note(session, office, actor, found, action, before=before, why=text.strip())
        return Done(message="要情已办结" if closes else "续报已登记")

    return attempt(office, actor, work, subject=f"fund_incident:{incident_id}", stream="fund-incidents")


def _view(session: Session, office: Office, actor: Actor, found: FundIncident) -> IncidentView:
    light, left = _light(office, found)
    later = session.scalars(
        select(IncidentFollowUp).where(IncidentFollowUp.incident_id == found.id).order_by(IncidentFollowUp.id)
    ).all()
    region = session.get(Region, found.region_code)
    reported = found.reported_at
    return IncidentView(
        incident_id=found.id,
        region=found.region_code,
        region_name=region.name if region else found.region_code,
        found_on=found.found_on,
        found_by=FOUND_BY.get(found.found_by, found.found_by),
        title=found.title,
        account=found.account,
        contact=found.contact,
        amount=Money(found.amount_fen).text,
        filed=found.filed,
        grave=found.grave,
        level=found.level,
        due_on=found.due_on,
        light=light,
        workdays_left=left,
        late=bool(reported and found.due_on and reported.astimezone(CHINA).date() > found.due_on),
        reasons=tuple(Reason(**each) for each in orjson.loads(found.reasons)),
        case_id=found.case_id,
        status=found.status,
        status_name=STATUS_NAMES[found.status],
        written_by=name_of(session, found.written_by),
        written_at=found.written_at,
        signed_by=name_of(session, found.signed_by) if found.signed_by else "",
        reported_at=reported,
        closed_by=name_of(session, found.closed_by) if found.closed_by else "",
        follow_ups=tuple(
            FollowUp(
                text=each.text,
                amount=Money(each.amount_fen).text,
                filed=each.filed,
                level=each.level,
                closes=each.closes,
                by=name_of(session, each.written_by),
                at=each.written_at,
            )
            for each in later
        ),
        may_sign=found.status == "draft"
        and found.written_by != actor.key
        and any(duty in actor.duties for duty in SIGNS),
        may_follow_up=found.status != "closed" and any(duty in actor.duties for duty in WRITES),
    )


def _light(office: Office, found: FundIncident) -> tuple[Light, int | None]:
    """The deadline light of the first report; none once it was sent."""
    if found.status != "draft" or found.due_on is None:
        return "none", None
    today = office.today
    try:
        if found.due_on < today:
            return "overdue", -office.calendar.between(found.due_on, today)
        left = office.calendar.between(today, found.due_on)
    except CalendarGap:
        return "gap", None
    return ("soon" if left <= 1 else "calm"), left


def _require_words(session: Session, office: Office, said: Said) -> None:
    if said.found_by not in FOUND_BY:
        raise _no("found_by_missing", "请选择发现方式", "Choose how it was found.")
    if not said.title.strip() or not said.account.strip() or not said.contact.strip():
        raise _no(
            "words_missing", "标题、情况和联系人都须填写", "Give the title, what happened and the contact."
        )
    if len(said.title) > 120:
        raise _no("title_long", "标题最多120字", "A title has at most 120 characters.")
    if said.found_on > office.today:
        raise _no("found_later", "发现日期不能晚于今天", "It was not found in the future.")
    if said.amount.fen < 0:
        raise _no("amount_negative", "涉及金额不能为负", "An amount is not below zero.")
    if session.get(Region, said.region) is None:
        raise _no("unknown_region", f"没有地区 {said.region[:12]}", "No such region.")


def _reasons(found: IncidentLevel) -> str:
    return orjson.dumps([reason.plain() for reason in found.reasons]).decode()


def _require(session: Session, office: Office, actor: Actor, duties: tuple[str, ...], region: str) -> None:
    held = next((duty for duty in duties if duty in actor.duties), duties[0])
    no = check_may(session, office.duties, actor, held, region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)


def _found(session: Session, incident_id: int) -> FundIncident:
    found = session.get(FundIncident, incident_id)
    if found is None:
        raise _no("no_such_incident", "没有这条要情", "No such incident.")
    return found


def _locked(session: Session, incident_id: int) -> FundIncident:
    _found(session, incident_id)
    return session.get_one(FundIncident, incident_id, with_for_update=True, populate_existing=True)


def _no(code: str, text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=SOURCE))


def _note(
    session: Session,
    office: Office,
    actor: Actor,
    found: FundIncident,
    action: Action,
    *,
    before: Mapping[str, Any] | None = None,
    why: str = "",
) -> None:
    append(
        session,
        stream="fund-incidents",
        action=action,
        actor=actor,
        subject=f"fund_incident:{found.id}",
        before=before,
        after={
            "status": found.status,
            "level": found.level,
            "amount": Money(found.amount_fen).text,
            "filed": found.filed,
            "due_on": str(found.due_on) if found.due_on else None,
        },
        reason=why,
        now=office.clock(),
    )
