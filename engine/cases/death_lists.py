"""Deaths on benefit: whose family may still claim, who has applied, and the letters to the family for the counter.

For intake, review, approval and internal control, in their regions. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine.benefits.death import is_unclaimed
from engine.benefits.death_tables import DeathGrant
from engine.benefits.tables import BenefitGrant
from engine.cases.family import written_to_family
from engine.cases.files import may_see
from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.print_views import Paper
from engine.cases.printing import agency_name, letter_paper
from engine.cases.rows import reaches, region_names, subject_labels
from engine.cases.steps import attempt
from engine.cases.views import Page
from engine.people import record_look
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.tables import Letter
from engine.values import Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase

_SEEN_BY = frozenset({"intake", "review", "approve", "control"})
STATUS_NAMES = {"open": "办理中", "granted": "已核准", "refused": "不予支付", "withdrawn": "已撤回"}
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyLetter:
    """A letter to the family that intake can print."""

    letter_id: int
    title: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow:
    """A relative's application as the list shows it."""

    #: None where the actor may not open it
    case_id: CaseId | None
    case_key: str
    applied_on: date
    status: str
    status_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathRow:
    """One death whose family was granted nothing yet."""

    grant_id: int
    #: name with masked number
    person: str
    region_name: str
    died_on: date | None
    applications: tuple[ApplicationRow, ...]
    letters: tuple[FamilyLetter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathList:
    """A page of deaths, newest first."""

    page: Page[DeathRow]
    #: whether the actor enters applications and prints letters at the counter
    counter: bool


def deaths(office: Office, actor: Actor, *, cursor: str = "") -> DeathList | Refusal:
    """Deaths in the actor's reach whose family may still claim, or has applied and waits."""
    with office.store.reading() as session:
        held = [each for each in reaches(session, office, actor) if each.duty in _SEEN_BY]
        if not held:
            return Refusal(reasons=(_not_seen(),))
        applied = select(DeathGrant.grant_id).where(DeathGrant.status == "open")
        conditions = [
            or_(*(BenefitGrant.region_code.startswith(each.scope) for each in held)),
            or_(BenefitGrant.id.in_(applied), is_unclaimed()),
        ]
        total = session.scalar(select(func.count()).select_from(BenefitGrant).where(*conditions)) or 0
        if cursor.isdigit() and len(cursor) < 10:
            conditions.append(BenefitGrant.id < int(cursor))
        query = select(BenefitGrant).where(*conditions).order_by(BenefitGrant.id.desc()).limit(_PAGE + 1)
        found = session.scalars(query).all()
        counter = any(each.duty == "intake" for each in held)
        rows = _rows(session, office, actor, found[:_PAGE], counter=counter)
        following = str(found[_PAGE - 1].id) if len(found) > _PAGE else ""
        return DeathList(page=Page(rows=rows, total=total, next_cursor=following), counter=counter)


def print_family_letter(office: Office, actor: Actor, letter_id: int) -> Paper | Refusal:
    """A letter to the family, for intake of its region to hand over at the counter; an audit event, and a look on record."""

    def work(session: Session) -> Paper:
        letter = session.get(Letter, letter_id)
        case = session.get(WorkflowCase, letter.case_id) if letter and letter.case_id else None
        if letter is None or case is None or not letter.recipient.startswith("family:"):
            raise RefusedError(
                Reason(
                    code="no_such_paper", text="没有这份致家属的文书", text_en="No such letter to a family."
                )
            )
        require_duty(session, office, actor, "intake", case.region_code)
        person = letter.recipient.partition(":")[2]
        record_look(
            session, actor=actor, subject=f"person:{person}", why=f"窗口打印致家属文书 {case.case_key}",
            now=office.clock(),
        )  # fmt: skip
        paper = letter_paper(
            office, actor, letter, number=case.case_key, issuer=agency_name(session, case.region_code)
        )
        append(
            session,
            stream=f"case:{case.id}",
            action=Action.PAPER_PRINTED,
            actor=actor,
            subject=f"case:{case.id}/letter-{letter.id}",
            after={"title": paper.title, "shape": "html", "numbers": "masked", "digest": paper.digest},
            reason="窗口交家属",
            now=office.clock(),
        )
        return paper

    return attempt(office, actor, work, subject=f"letter:{letter_id}")


def _rows(
    session: Session, office: Office, actor: Actor, found: Sequence[BenefitGrant], *, counter: bool
) -> tuple[DeathRow, ...]:
    people = subject_labels(session, office, {f"person:{grant.person_id}" for grant in found})
    regions = region_names(session, {grant.region_code for grant in found})
    return tuple(
        DeathRow(
            grant_id=grant.id,
            person=people[f"person:{grant.person_id}"],
            region_name=regions[grant.region_code],
            died_on=grant.ended_on,
            applications=_applications(session, office, actor, grant),
            letters=_letters(session, grant.person_id) if counter else (),
        )
        for grant in found
    )


def _applications(
    session: Session, office: Office, actor: Actor, grant: BenefitGrant
) -> tuple[ApplicationRow, ...]:
    query = (
        select(DeathGrant, WorkflowCase)
        .join(WorkflowCase, WorkflowCase.id == DeathGrant.case_id)
        .where(DeathGrant.grant_id == grant.id)
        .order_by(DeathGrant.case_id)
    )
    return tuple(
        ApplicationRow(
            case_id=CaseId(case.id) if may_see(session, office, actor, case) else None,
            case_key=case.case_key,
            applied_on=row.applied_on,
            status=row.status,
            status_name=STATUS_NAMES[row.status],
        )
        for row, case in session.execute(query)
    )


def _letters(session: Session, person_id: int) -> tuple[FamilyLetter, ...]:
    query = select(Letter).where(written_to_family(person_id)).order_by(Letter.id)
    return tuple(
        FamilyLetter(letter_id=letter.id, title=letter.title, at=letter.created_at)
        for letter in session.scalars(query)
    )


def _not_seen() -> Reason:
    return Reason(
        code="no_post",
        text="死亡待遇由受理、复核、审批和内控稽核岗查看",
        text_en="Deaths are seen by intake, review, approval and internal control.",
        source="社会保险经办条例第四十九条（保密）",
    )
