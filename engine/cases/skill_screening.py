"""Screening of skill certificates: found by roster, decided by the law itself, opened as cases that the holder confirms (REFUND-06).

A certificate is a row of work: it is looked at when its day has come, a few at a time in one transaction, and looked
at again next month where only time is missing. A kill costs one round at most; one certificate gets one case.
"""

from __future__ import annotations

from datetime import date

import orjson
from sqlalchemy import Date, exists, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.benefits import skills
from engine.benefits.skill_tables import SkillScreening
from engine.cases.office import Office
from engine.cases.rosters import day_of_roster, read_or_refuse, require_origin
from engine.cases.skill_subsidies import PROCESS, begin
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.law.skills import SkillFound, skill_due
from engine.people import Region, ensure_person, find_person, identity_place
from engine.registers import RegisterDown
from engine.registers.certificate_tables import KnownCertificate
from engine.registers.certificates import (
    COLUMNS,
    CertificateOrigin,
    read_certificates,
    take_certificates,
)
from engine.registers.rosters import digest_of_file
from engine.registers.skills import SkillCertificate
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import SYSTEM, Actor, Month, Reason, Refusal, RefusedError, reach
from engine.workflow.tables import ProcessVersion

#: certificates looked at in one transaction
_AT_ONCE = 200
#: a figure that is missing is looked for so long after the certificate
_GAP_DAYS = 400


def take_certificate_roster(
    office: Office, actor: Actor, file: bytes, *, region: str, as_of: str, source: str
) -> Done | Refusal:
    """The certificates in the file, known and waiting to be screened; refused whole, with every faulty line.

    The same file again is the same roster.
    """

    def work(session: Session) -> Done:
        no = check_may(session, office.duties, actor, "data_steward", region, office.today)
        if no is not None:
            raise RefusedError(*no.reasons)
        day = day_of_roster(as_of, office.today)
        require_origin(session, region, source)
        held = read_or_refuse(lambda: read_certificates(file, until=day))
        with beyond(session, "certificates of a whole population are copied in, and screened by the office"):
            roster = take_certificates(
                session,
                office.vault,
                held,
                origin=CertificateOrigin(
                    region=region, as_of=day, digest=digest_of_file(file), source=source.strip()
                ),
                actor=actor,
                now=office.clock(),
            )
            _queue(session, roster.id, office.today)
        return Done(
            message=f"技能证书名册已收入：{roster.line_count} 行，其中新证书 {roster.new_count} 个，随后逐个筛查"
        )

    return attempt(office, actor, work, subject=f"office:{region}", stream="certificates")


def certificate_template() -> bytes:
    """An empty certificate file with its head, for a spreadsheet."""
    return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()


def screen_certificates(office: Office) -> int:
    """How many certificates were looked at in this round; swept."""
    with office.store.transaction() as session:
        query = (
            select(SkillScreening, KnownCertificate)
            .join(KnownCertificate, KnownCertificate.id == SkillScreening.certificate_id)
            .where(SkillScreening.screen_on <= office.today)
            .order_by(SkillScreening.screen_on, SkillScreening.certificate_id)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True, of=SkillScreening)
        )
        found = session.execute(query).all()
        for row, known in found:
            _screen(session, office, row, known)
        if found:
            _note(session, office, [row for row, _ in found])
        return len(found)


def open_skill_cases(office: Office, limit: int = 100) -> int:
    """How many eligible certificates got their case now, each in a transaction of its own; swept."""
    with office.store.reading() as session:
        if session.scalar(select(exists().where(ProcessVersion.process_id == PROCESS))) is not True:
            return 0
        waiting = session.scalars(
            select(SkillScreening.certificate_id)
            .where(SkillScreening.outcome == "eligible", SkillScreening.case_id.is_(None))
            # of two certificates of one holder the one that brings more is offered first
            .order_by(SkillScreening.amount_fen.desc(), SkillScreening.certificate_id)
            .limit(limit)
        ).all()
    return sum(_opened(office, certificate_id) for certificate_id in waiting)


def _queue(session: Session, roster_id: int, today: date) -> None:
    """Every certificate that the roster told waits to be looked at, unless its case is there or begun."""
    rows = select(KnownCertificate.id, literal(today, Date)).where(KnownCertificate.roster_id == roster_id)
    statement = insert(SkillScreening).from_select(["certificate_id", "screen_on"], rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["certificate_id"],
            set_={"screen_on": today},
            where=SkillScreening.case_id.is_(None),
        )
    )


def _screen(session: Session, office: Office, row: SkillScreening, known: KnownCertificate) -> None:
    """What the law says of the certificate today, and when to look again; a register that is down puts it off a day."""
    number = office.vault.decrypt(known.id_number_cipher, bound_to=identity_place(known.person_index))
    row.screened_at = office.clock()
    try:
        history = office.registers.contributions.history(number)
    except RegisterDown as down:
        row.screen_on = date.fromordinal(office.today.toordinal() + 1)
        row.reasons = _written(
            (Reason(code="register_down", text=str(down), text_en="A register did not answer."),)
        )
        return
    person_id = find_person(session, office.vault, number)
    holder = skills.holder_of(session, person_id, history)
    row.person_id, row.region_code = person_id, holder.region
    if not _served(session, office, holder.region):
        row.outcome, row.screen_on = "elsewhere", None
        return
    if skills.open_case_of(session, known.number) is not None:
        row.outcome, row.screen_on = "applied", None
        return
    facts = skills.facts_of(
        _certificate(known),
        holder,
        region=holder.region,
        applied_on=office.today,
        paid_by=skills.paid_here(session, known.number),
    )
    _keep(row, skill_due(facts, office.book), known, office.today)


def _keep(
    row: SkillScreening,
    found: SkillFound | Refusal,
    known: KnownCertificate,
    today: date,
    *,
    again: bool = False,
) -> None:
    """What was found; ``again``: what bars it now may be gone next month, because the other case was not granted."""
    next_month = Month.of(today).plus(1).first_day
    row.reasons = _written(found.reasons)
    if isinstance(found, Refusal):
        row.outcome = "gap"
        row.screen_on = next_month if (today - known.issued_on).days < _GAP_DAYS else None
        return
    row.apply_by, row.amount_fen = found.apply_by, found.amount.fen
    if found.eligible:
        row.outcome, row.screen_on = "eligible", None
    elif (found.may_come or again) and next_month <= found.apply_by:
        row.outcome, row.screen_on = "not_yet", next_month
    else:
        row.outcome, row.screen_on = "not_eligible", None


def _opened(office: Office, certificate_id: int) -> bool:
    """Whether the certificate got its case; what no longer qualifies is put back to be looked at."""

    def work(session: Session) -> Done:
        row = session.get_one(SkillScreening, certificate_id, with_for_update=True, populate_existing=True)
        if row.outcome != "eligible" or row.case_id is not None:
            return Done(message="")
        known = session.get_one(KnownCertificate, certificate_id)
        number = office.vault.decrypt(known.id_number_cipher, bound_to=identity_place(known.person_index))
        record = office.registers.population.person(number)
        if record is None or record.deceased_on is not None:
            row.outcome, row.amount_fen = "not_eligible", 0
            return Done(message="")
        person = ensure_person(session, office.vault, record, now=office.clock())
        begun = skills.open_case_of(session, known.number)
        if begun is not None:
            row.outcome, row.case_id = "applied", begun
            return Done(message="")
        found = _offer(session, office, row, known, person.id, number)
        if isinstance(found, Refusal) or not found.eligible:
            _keep(row, found, known, office.today, again=True)
            return Done(message="")
        case = begin(
            session,
            office,
            SYSTEM,
            _certificate(known),
            person_id=person.id,
            region=row.region_code,
            channel="found",
            found=found,
        )
        row.person_id, row.case_id = person.id, case.id
        return Done(message=case.key, case_id=case.id, case_key=case.key)

    try:
        outcome = attempt(office, SYSTEM, work, subject=f"certificate:{certificate_id}")
    except RegisterDown:
        return _later(office, certificate_id)
    if isinstance(outcome, Refusal):
        return _later(office, certificate_id)
    return outcome.case_id is not None


def _offer(
    session: Session,
    office: Office,
    row: SkillScreening,
    known: KnownCertificate,
    person_id: int,
    number: str,
) -> SkillFound | Refusal:
    """What the law says today, everything counted that is being dealt with: nobody is offered two where one bars the other."""
    skills.lock_holder(session, person_id)
    holder = skills.holder_of(
        session, person_id, office.registers.contributions.history(number), pending=True
    )
    facts = skills.facts_of(
        _certificate(known),
        holder,
        region=row.region_code,
        applied_on=office.today,
        paid_by=skills.paid_here(session, known.number),
    )
    return skill_due(facts, office.book)


def _later(office: Office, certificate_id: int) -> bool:
    """A case that could not be opened today is screened anew tomorrow."""
    with office.store.transaction() as session:
        row = session.get_one(SkillScreening, certificate_id, with_for_update=True)
        if row.case_id is None:
            row.outcome = "waiting"
            row.screen_on = date.fromordinal(office.today.toordinal() + 1)
    return False


def _served(session: Session, office: Office, region: str) -> bool:
    """Whether the region is one of this office's own."""
    own = region.startswith(reach(office.settings.region)[:2]) and office.peers.of_region(region) is None
    return own and session.get(Region, region) is not None


def _certificate(known: KnownCertificate) -> SkillCertificate:
    return SkillCertificate(
        number=known.number,
        occupation=known.occupation,
        level=known.level,  # type: ignore[arg-type]  # held by a constraint of the table
        issued_on=known.issued_on,
        issuer=known.issuer,
        urgent=known.urgent,
        trained=known.trained,
        paid_by=known.paid_by,
    )


def _written(reasons: tuple[Reason, ...]) -> str:
    return orjson.dumps([reason.plain() for reason in reasons]).decode()


def _note(session: Session, office: Office, rows: list[SkillScreening]) -> None:
    session.flush()
    outcomes: dict[str, int] = {}
    for row in rows:
        outcomes[row.outcome] = outcomes.get(row.outcome, 0) + 1
    append(
        session,
        stream="certificates",
        action=Action.CERTIFICATES_SCREENED,
        actor=SYSTEM,
        subject="skill_screening",
        after=dict(sorted(outcomes.items())),
        now=office.clock(),
    )
