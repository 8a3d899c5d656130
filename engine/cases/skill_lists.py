"""Skill subsidies as people see them: a holder's own certificates with what the law says of each, and the lists of a region.

The lists are for intake, review, approval, internal control and data stewards, in their regions. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from engine.benefits import skills
from engine.benefits.skill_tables import SkillScreening, SkillSubsidyCase
from engine.cases.files import may_see
from engine.cases.office import Office
from engine.cases.rows import reaches, region_names, subject_labels
from engine.cases.staff import name_of
from engine.cases.views import Page
from engine.law.benefits import LEVEL_NAMES
from engine.law.skills import skill_due
from engine.people import Person, id_number_of, region_name
from engine.registers import RegisterDown
from engine.registers.certificate_tables import CertificateRoster
from engine.store.crypto import normalised
from engine.store.sight import beyond
from engine.values import Actor, CaseId, Money, Reason, Refusal
from engine.workflow.tables import WorkflowCase, WorkflowTask

_SEEN_BY = frozenset({"intake", "review", "approve", "control", "data_steward"})
#: states of an application, in Chinese and in English
STATUS_NAMES: Mapping[str, tuple[str, str]] = {
    "open": ("办理中", "In progress"),
    "ordered": ("已核准", "Granted"),
    "refused": ("不予核准", "Refused"),
    "lapsed": ("未确认", "Not confirmed"),
}
#: what screening found, in Chinese and in English
OUTCOME_NAMES: Mapping[str, tuple[str, str]] = {
    "waiting": ("等待筛查", "Waiting"),
    "eligible": ("符合，已推送", "Eligible, pushed"),
    "not_yet": ("条件未满，每月再查", "Not yet, looked at every month"),
    "not_eligible": ("不符合", "Not eligible"),
    "gap": ("缺政策标准", "No figure in force"),
    "elsewhere": ("不在本地参保", "Insured elsewhere"),
    "applied": ("本人已申请", "Applied for"),
}
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCertificate:
    """One certificate of the holder, and where its subsidy stands."""

    number: str
    occupation: str
    level_name: str
    issued_on: date
    #: open, ordered, refused, lapsed; empty while nobody asked
    status: str
    status_name: tuple[str, str]
    case_id: CaseId | None
    case_key: str
    #: the task that waits for the holder's own word; empty for none
    task_id: str
    #: yuan: granted, or what the law gives today; empty for nothing
    amount: str
    apply_by: date | None
    #: why nothing is due, where nothing is
    reasons: tuple[Reason, ...]
    #: whether an application makes sense today
    may_apply: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSkills:
    """The holder's certificates, latest first; ``down``: the look-up does not answer just now."""

    certificates: tuple[OwnCertificate, ...]
    down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillRow:
    """An application as a list shows it."""

    #: None where the actor may not open it
    case_id: CaseId | None
    case_key: str
    #: name with masked number
    person: str
    region_name: str
    certificate: str
    occupation: str
    level_name: str
    applied_on: date
    channel: str
    status: str
    status_name: tuple[str, str]
    #: yuan; empty until it is granted
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRosterRow:
    """A roster as it was taken in."""

    region_name: str
    as_of: date
    lines: int
    new: int
    source: str
    digest: str
    taken_by: str
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillList:
    """A page of applications, newest first, with what screening found."""

    status: str
    page: Page[SkillRow]
    #: applications by status
    counts: Mapping[str, int]
    #: certificates by outcome of the screening
    screened: Mapping[str, int]
    rosters: tuple[CertificateRosterRow, ...]
    #: granted in all, yuan
    granted: str
    #: whether the actor enters applications at the counter
    counter: bool
    #: whether the actor takes rosters in
    steward: bool


def own_skills(office: Office, actor: Actor) -> OwnSkills:
    """Every certificate that the look-up has under the actor's own number, with what the law says of it today."""
    with office.store.reading() as session:
        person = session.get_one(Person, actor.id)
        number = id_number_of(office.vault, person)
        try:
            held = office.registers.skills.certificates(number)
            holder = skills.holder_of(session, person.id, office.registers.contributions.history(number))
        except RegisterDown:
            return OwnSkills(certificates=(), down=True)
        latest = _latest(session, person.id)
        waiting = _waiting(session, [row.case_id for row, _ in latest.values()])
        found = []
        for certificate in held:
            facts = skills.facts_of(
                certificate,
                holder,
                region=holder.region or person.region_code,
                applied_on=office.today,
                paid_by=_paid_by(session, certificate.number),
            )
            row, case = latest.get(normalised(certificate.number), (None, None))
            due = skill_due(facts, office.book)
            eligible = not isinstance(due, Refusal) and due.eligible
            settled = row is not None and row.status in ("open", "ordered")
            amount = Money(row.amount_fen) if row and row.amount_fen else None
            if amount is None and eligible and not isinstance(due, Refusal):
                amount = due.amount
            found.append(
                OwnCertificate(
                    number=certificate.number,
                    occupation=certificate.occupation,
                    level_name=LEVEL_NAMES[certificate.level],
                    issued_on=certificate.issued_on,
                    status=row.status if row else "",
                    status_name=STATUS_NAMES[row.status] if row else ("", ""),
                    case_id=CaseId(row.case_id) if row else None,
                    case_key=case.case_key if case else "",
                    task_id=waiting.get(row.case_id, "") if row else "",
                    amount=amount.text if amount is not None else "",
                    apply_by=None if isinstance(due, Refusal) else due.apply_by,
                    reasons=() if settled or eligible else due.reasons,
                    may_apply=eligible and not settled,
                )
            )
        found.sort(key=lambda each: each.issued_on, reverse=True)
        return OwnSkills(certificates=tuple(found))


def _paid_by(session: Session, number: str) -> str:
    with beyond(session, "a certificate is paid once, whoever it was paid to, and wherever"):
        return skills.paid_here(session, number)


def skill_list(office: Office, actor: Actor, *, status: str = "", cursor: str = "") -> SkillList | Refusal:
    """Applications in the actor's reach, with the counts of applications and of screening."""
    with office.store.reading() as session:
        held = [each for each in reaches(session, office, actor) if each.duty in _SEEN_BY]
        if not held:
            return Refusal(reasons=(_not_seen(),))
        scopes = sorted({each.scope for each in held})
        inside = or_(*(SkillSubsidyCase.region_code.startswith(scope) for scope in scopes))
        found = or_(*(SkillScreening.region_code.startswith(scope) for scope in scopes))
        counts = dict(
            session.execute(
                select(SkillSubsidyCase.status, func.count()).where(inside).group_by(SkillSubsidyCase.status)
            ).all()
        )
        granted = session.scalar(select(func.sum(SkillSubsidyCase.amount_fen)).where(inside)) or 0
        screened = dict(
            session.execute(
                select(SkillScreening.outcome, func.count())
                # what nobody has looked at yet is of no region
                .where(or_(found, SkillScreening.region_code == ""))
                .group_by(SkillScreening.outcome)
            ).all()
        )
        wanted = status if status in STATUS_NAMES else ""
        return SkillList(
            status=wanted,
            page=_page(session, office, actor, inside, status=wanted, cursor=cursor),
            counts=counts,
            screened=screened,
            rosters=_rosters(session),
            granted=Money(int(granted)).text,
            counter=any(each.duty == "intake" for each in held),
            steward=any(each.duty == "data_steward" for each in held),
        )


def _page(
    session: Session,
    office: Office,
    actor: Actor,
    inside: ColumnElement[bool],
    *,
    status: str,
    cursor: str,
) -> Page[SkillRow]:
    conditions = [inside]
    if status:
        conditions.append(SkillSubsidyCase.status == status)
    total = session.scalar(select(func.count()).select_from(SkillSubsidyCase).where(*conditions)) or 0
    if cursor.isdigit() and len(cursor) < 10:
        conditions.append(SkillSubsidyCase.case_id < int(cursor))
    found = session.execute(
        select(SkillSubsidyCase, WorkflowCase)
        .join(WorkflowCase, WorkflowCase.id == SkillSubsidyCase.case_id)
        .where(*conditions)
        .order_by(SkillSubsidyCase.case_id.desc())
        .limit(_PAGE + 1)
    ).all()
    people = subject_labels(session, office, {f"person:{row.person_id}" for row, _ in found})
    regions = region_names(session, {row.region_code for row, _ in found})
    rows = tuple(
        SkillRow(
            case_id=CaseId(case.id) if may_see(session, office, actor, case) else None,
            case_key=case.case_key,
            person=people[f"person:{row.person_id}"],
            region_name=regions[row.region_code],
            certificate=row.certificate_number,
            occupation=row.occupation,
            level_name=LEVEL_NAMES[row.level],
            applied_on=row.applied_on,
            channel=row.channel,
            status=row.status,
            status_name=STATUS_NAMES[row.status],
            amount=Money(row.amount_fen).text if row.amount_fen else "",
        )
        for row, case in found[:_PAGE]
    )
    following = str(found[_PAGE - 1][0].case_id) if len(found) > _PAGE else ""
    return Page(rows=rows, total=total, next_cursor=following)


def _latest(session: Session, person_id: int) -> dict[str, tuple[SkillSubsidyCase, WorkflowCase]]:
    """The holder's latest application of each certificate."""
    rows = session.execute(
        select(SkillSubsidyCase, WorkflowCase)
        .join(WorkflowCase, WorkflowCase.id == SkillSubsidyCase.case_id)
        .where(SkillSubsidyCase.person_id == person_id)
        .order_by(SkillSubsidyCase.case_id)
    )
    return {row.certificate_number: (row, case) for row, case in rows}


def _waiting(session: Session, cases: Sequence[int]) -> dict[int, str]:
    """The task of the holder that waits in each case, by case."""
    rows = session.execute(
        select(WorkflowTask.case_id, WorkflowTask.id).where(
            WorkflowTask.case_id.in_(cases), WorkflowTask.duty == "claimant", WorkflowTask.status == "ready"
        )
    )
    return {int(case_id): str(task_id) for case_id, task_id in rows}


def _rosters(session: Session) -> tuple[CertificateRosterRow, ...]:
    latest = session.scalars(select(CertificateRoster).order_by(CertificateRoster.id.desc()).limit(10))
    return tuple(
        CertificateRosterRow(
            region_name=region_name(session, each.region),
            as_of=each.as_of,
            lines=each.line_count,
            new=each.new_count,
            source=each.source,
            digest=each.digest,
            taken_by=name_of(session, each.taken_by),
            taken_at=each.taken_at,
        )
        for each in latest
    )


def _not_seen() -> Reason:
    return Reason(
        code="no_post",
        text="技能提升补贴由受理、复核、审批、内控稽核和数据管理岗查看",
        text_en="Skill subsidies are seen by intake, review, approval, internal control and data stewards.",
        source="社会保险经办条例第四十九条（保密）",
    )
