"""Hits and their cases: every open hit has a case of ``stop.bpmn``, and nobody settles one outside it (CTRL-02).

Opened by the sweep, listed for whoever checks, reviews or audits them, and reported by a clerk who was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases.files import may_see
from engine.cases.office import Office
from engine.cases.rows import reaches, region_names, subject_labels
from engine.cases.start import next_case, start_case
from engine.cases.steps import attempt, carry_out
from engine.cases.views import Done, Page
from engine.duties import check_may
from engine.law.identity import id_number as read_id_number
from engine.law.time_limits import deadline
from engine.oversight import hits as oversight
from engine.oversight.grounds import GROUNDS, STATUTORY, barred
from engine.oversight.hit_tables import MatchHit
from engine.oversight.hits import STATUS_NAMES
from engine.people import find_person, record_look
from engine.values import SYSTEM, Actor, CaseId, CaseRef, Reason, Refusal, RefusedError, reach
from engine.workflow.runner import StepFailedError
from engine.workflow.tables import ProcessVersion, WorkflowCase

#: for pages: every ground, those on which benefit may stop, and how a hit stands
KNOWN, OFFERED, STATES = GROUNDS, STATUTORY, STATUS_NAMES
#: how somebody told us
CHANNELS = {"phone": "电话", "visit": "来访", "letter": "来信", "online": "网上"}
ORIGIN_NAMES = {"roster": "名册比对", "list": "部、省名单", "report": "报告、举报"}
#: duties that have to do with hits
_SEEN_BY = frozenset({"intake", "review", "approve", "control", "fund_supervisor", "provincial"})
_PAGE = 50
_PROCESS = "stop"
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class HitFilter:
    """What of the hits is wanted; empty: all."""

    ground: str = ""
    #: open, confirmed, cleared
    status: str = ""
    #: six digits: that region and all below it
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRow:
    """One hit in the list; its case has the rest."""

    hit_id: int
    #: name with masked number
    person: str
    ground: str
    ground_name: str
    #: None: the source does not say
    event_day: date | None
    evidence: str
    origin_name: str
    region_name: str
    found_at: datetime
    status: str
    status_name: str
    #: None until the actor may open it: from their own step on
    case_id: CaseId | None
    #: empty until the sweep has opened it
    case_key: str
    #: why it was settled; empty while it is open
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundCount:
    """How many hits there are on one ground, by how they stand."""

    ground: str
    name: str
    open: int
    confirmed: int
    cleared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HitList:
    """A page of hits with the counts around it."""

    asked: HitFilter
    page: Page[HitRow]
    #: of the region that is asked for, all grounds and states
    counts: tuple[GroundCount, ...]
    region_name: str
    #: what was asked and is not so
    mistakes: tuple[str, ...] = field(default=())


def open_hit_cases(office: Office, limit: int = 100) -> int:
    """How many open hits got their case now; swept. A hit whose case was ended without settling it gets another."""
    with office.store.reading() as session:
        if session.scalar(select(exists().where(ProcessVersion.process_id == _PROCESS))) is not True:
            return 0
        query = select(MatchHit.id, MatchHit.region_code).where(_wants_case()).order_by(MatchHit.id)
        waiting = [
            (hit_id, region)
            for hit_id, region in session.execute(query.limit(limit))
            if _counts(office, region)
        ]
    return sum(_opened(office, hit_id) for hit_id, _ in waiting)


def hits(
    office: Office, actor: Actor, asked: HitFilter, *, cursor: str = "", size: int = _PAGE
) -> HitList | Refusal:
    """A page of the hits in the actor's reach, newest first, with the counts per ground."""
    with office.store.reading() as session:
        scopes = {each.scope for each in reaches(session, office, actor) if each.duty in _SEEN_BY}
        if not scopes:
            return Refusal(reasons=(_not_seen(),))
        asked, scopes, mistakes = _within(asked, scopes)
        inside = or_(*(MatchHit.region_code.startswith(scope) for scope in scopes))
        conditions: list[ColumnElement[bool]] = [inside]
        if asked.ground:
            conditions.append(MatchHit.ground == asked.ground)
        if asked.status:
            conditions.append(MatchHit.status == asked.status)
        total = session.scalar(select(func.count()).select_from(MatchHit).where(*conditions)) or 0
        if cursor.isdigit() and len(cursor) < 19:
            conditions.append(MatchHit.id < int(cursor))
        query = select(MatchHit).where(*conditions).order_by(MatchHit.id.desc()).limit(size + 1)
        found = session.scalars(query).all()
        following = str(found[size - 1].id) if len(found) > size else ""
        code = asked.region or f"{min(scopes, key=len):0<6}"
        return HitList(
            asked=asked,
            page=Page(rows=_rows(session, office, actor, found[:size]), total=total, next_cursor=following),
            counts=_counts_by_ground(session, inside),
            region_name=region_names(session, {code})[code],
            mistakes=mistakes,
        )


def report_hit(
    office: Office,
    actor: Actor,
    *,
    id_number: str,
    ground: str,
    event_day: date | None,
    channel: str,
    detail: str,
) -> Done | Refusal:
    """What a clerk was told of somebody who is paid: a hit, with its case. Told twice it is one.

    Refused for what is no ground (policy §3.1), and for whoever draws nothing in the clerk's region.
    """
    wrong = _mistakes(id_number, ground, event_day, channel, detail, office.today)
    if wrong:
        return Refusal(reasons=wrong)

    def work(session: Session) -> Done:
        grant = _running_grant(session, office, actor, _normalised(id_number))
        record_look(
            session, actor=actor, subject=f"person:{grant.person_id}", why="登记停发线索", now=office.clock()
        )
        hit = oversight.report_hit(
            session,
            grant,
            origin="report",
            ground=ground,
            event_day=event_day,
            detail=f"{CHANNELS[channel]}报告：{detail.strip()}",
            actor=actor,
            now=office.clock(),
        )
        if hit.status == "open" and hit.case_id is None and _counts(office, hit.region_code):
            start_stop_case(session, office, hit, actor)
        return _said(session, hit)

    return attempt(office, actor, work, subject="hits")


def lead_of(hit: MatchHit) -> str:
    """Where the lead comes from and what it says, in one sentence."""
    return f"{ORIGIN_NAMES[hit.origin]}：{hit.detail}"


def _said(session: Session, hit: MatchHit) -> Done:
    case = session.get(WorkflowCase, hit.case_id) if hit.case_id else None
    if hit.status != "open":
        message = f"同一线索此前已认定为“{STATUS_NAMES[hit.status]}”：{hit.settled_why}"
    elif case is None:
        message = "线索已登记，该待遇暂缓发放；核实办件由系统随后发起"
    else:
        message = f"线索已登记，该待遇暂缓发放；核实办件 {case.case_key}"
    return Done(
        message=message,
        case_id=CaseId(case.id) if case else None,
        case_key=case.case_key if case else "",
    )


def _opened(office: Office, hit_id: int) -> bool:
    """Whether this worker opened the case; one that another is opening is left to it."""

    def work(session: Session) -> bool:
        hit = session.scalars(
            select(MatchHit)
            .where(MatchHit.id == hit_id, _wants_case())
            .with_for_update(of=MatchHit, skip_locked=True)
        ).one_or_none()
        if hit is None:
            return False
        start_stop_case(session, office, hit, SYSTEM)
        return True

    try:
        return carry_out(office, SYSTEM, work, subject=f"match_hit:{hit_id}", stream="office") is True
    except StepFailedError:
        # the hit still wants its case: the next sweep tries again
        return False


def start_stop_case(session: Session, office: Office, hit: MatchHit, actor: Actor) -> CaseRef:
    """The case in which the hit is settled, begun by whoever reported it; the caller has locked the hit."""
    case = next_case(session, office, _PROCESS, region=hit.region_code, subject=f"person:{hit.person_id}")
    data = {
        "hit_id": hit.id,
        "person_id": hit.person_id,
        "grant_id": hit.grant_id,
        "ground": hit.ground,
        "event_day": hit.event_day.isoformat() if hit.event_day else None,
        "lead": lead_of(hit),
    }
    start_case(office, session, actor, case, data)
    hit.case_id = case.id
    session.flush()
    return case


def _wants_case() -> ColumnElement[bool]:
    ended = exists().where(WorkflowCase.id == MatchHit.case_id, WorkflowCase.status != "running")
    return (MatchHit.status == "open") & MatchHit.ground.in_(GROUNDS) & or_(MatchHit.case_id.is_(None), ended)


def _counts(office: Office, region: str) -> bool:
    """Whether the time to reply can be reckoned; where a year has no calendar yet the hit waits, and holds."""
    limit = deadline("stop_reply", office.today, region=region, book=office.book, calendar=office.calendar)
    return not isinstance(limit, Refusal)


def _running_grant(session: Session, office: Office, actor: Actor, id_number: str) -> BenefitGrant:
    person_id = find_person(session, office.vault, id_number)
    grant = session.scalars(
        select(BenefitGrant).where(BenefitGrant.person_id == person_id, BenefitGrant.status == "active")
    ).one_or_none()
    if grant is None:
        may = check_may(session, office.duties, actor, "intake", actor.region, office.today)
        raise RefusedError(*(may.reasons if may else (_nobody(),)))
    no = check_may(
        session,
        office.duties,
        actor,
        "intake",
        grant.region_code,
        office.today,
        subject=f"person:{grant.person_id}",
    )
    if no is not None:
        raise RefusedError(*no.reasons)
    return grant


def _normalised(typed: str) -> str:
    number = read_id_number(typed)
    return "" if isinstance(number, Refusal) else number.normalised


def _mistakes(
    id_number: str, ground: str, event_day: date | None, channel: str, detail: str, today: date
) -> tuple[Reason, ...]:
    """What is wrong with what was typed, all at once; a reason's fact is the field."""
    number = read_id_number(id_number)
    found = [] if not isinstance(number, Refusal) else [*number.reasons]
    if not ground:
        found.append(Reason(code="ground_missing", text="请选择停发情形", text_en="Choose the ground."))
    elif (no := barred(ground)) is not None:
        found.append(no)
    if channel not in CHANNELS:
        found.append(
            Reason(code="channel_missing", text="请选择得知的途径", text_en="Say how you were told.")
        )
    if event_day is not None and event_day > today:
        found.append(
            Reason(code="event_ahead", text="情形发生的日期不能晚于今天", text_en="The event is still ahead.")
        )
    if not 4 <= len(detail.strip()) <= _LONGEST:
        found.append(
            Reason(
                code="detail_missing",
                text=f"请写明线索内容，4至{_LONGEST}字",
                text_en=f"Say what was told, in 4 to {_LONGEST} characters.",
            )
        )
    return tuple(found)


def _within(asked: HitFilter, scopes: set[str]) -> tuple[HitFilter, set[str], tuple[str, ...]]:
    """The filter with what nobody knows left out, and the part of the reach that it leaves."""
    mistakes: list[str] = []
    ground, status, region = asked.ground, asked.status, asked.region
    if ground and ground not in GROUNDS:
        mistakes, ground = [*mistakes, "没有这种停发情形，已显示全部"], ""
    if status and status not in STATUS_NAMES:
        mistakes, status = [*mistakes, "没有这种状态，已显示全部"], ""
    if region:
        wanted = reach(region) if region.isdigit() and len(region) == 6 else ""
        if wanted and any(wanted.startswith(scope) for scope in scopes):
            scopes = {wanted}
        else:
            mistakes, region = [*mistakes, "该地区不在您的岗位范围内，已显示您的地区"], ""
    return HitFilter(ground=ground, status=status, region=region), scopes, tuple(mistakes)


def _counts_by_ground(session: Session, inside: ColumnElement[bool]) -> tuple[GroundCount, ...]:
    query = (
        select(MatchHit.ground, MatchHit.status, func.count())
        .where(inside)
        .group_by(MatchHit.ground, MatchHit.status)
    )
    found: dict[str, dict[str, int]] = {}
    for ground, status, count in session.execute(query):
        found.setdefault(ground, {})[status] = count
    order = [*(each.code for each in STATUTORY), *sorted(set(found) - {each.code for each in STATUTORY})]
    return tuple(
        GroundCount(
            ground=code,
            name=GROUNDS[code].name if code in GROUNDS else code,
            open=found.get(code, {}).get("open", 0),
            confirmed=found.get(code, {}).get("confirmed", 0),
            cleared=found.get(code, {}).get("cleared", 0),
        )
        for code in order
    )


def _rows(session: Session, office: Office, actor: Actor, found: Sequence[MatchHit]) -> tuple[HitRow, ...]:
    people = subject_labels(session, office, {f"person:{hit.person_id}" for hit in found})
    regions = region_names(session, {hit.region_code for hit in found})
    ids = {hit.case_id for hit in found if hit.case_id}
    cases = {case.id: case for case in session.scalars(select(WorkflowCase).where(WorkflowCase.id.in_(ids)))}
    seen = {number for number, case in cases.items() if may_see(session, office, actor, case)}
    return tuple(
        HitRow(
            hit_id=hit.id,
            person=people.get(f"person:{hit.person_id}", "—"),
            ground=hit.ground,
            ground_name=GROUNDS[hit.ground].name if hit.ground in GROUNDS else hit.ground,
            event_day=hit.event_day,
            evidence=hit.detail,
            origin_name=ORIGIN_NAMES[hit.origin],
            region_name=regions[hit.region_code],
            found_at=hit.found_at,
            status=hit.status,
            status_name=STATUS_NAMES[hit.status],
            case_id=CaseId(hit.case_id) if hit.case_id in seen else None,
            case_key=cases[hit.case_id].case_key if hit.case_id else "",
            why=hit.settled_why,
        )
        for hit in found
    )


def _nobody() -> Reason:
    return Reason(
        code="no_running_grant",
        text="在您的地区没有这个人正在领取的失业保险待遇，无须登记",
        text_en="Nobody of that number is being paid in your region.",
    )


def _not_seen() -> Reason:
    return Reason(
        code="no_hits",
        text="您的岗位不查看比对命中",
        text_en="Your duties have nothing to do with hits.",
        source="鲁人社函〔2020〕10号（八）",
    )
