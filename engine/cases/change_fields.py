"""The declared fields that a data change may touch: how each is read, shown, compared and stored (CTRL-01).

What stands here and nowhere else can be changed by request; amounts, months and identity numbers never.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.cases.steps import around
from engine.law.identity import credit_code, id_number
from engine.people import Employer, Person, Region, find_employer, find_person, phone_of, set_phone
from engine.registers import reductions
from engine.registers.reduction_tables import ReductionReport
from engine.store.crypto import mask_phone
from engine.tasks.reduction import tell_correction
from engine.values import Actor, Reason, Refusal, RefusedError
from engine.workflow.tables import WorkflowCase, case_ref

Record = Literal["person", "grant", "employer", "reduction"]
RECORD_NAMES: Mapping[str, str] = {
    "person": "参保人员",
    "grant": "待遇",
    "employer": "参保单位",
    "reduction": "减员申报",
}
_CLASSES = {"M60": "男60", "F55": "女55", "F50": "女50"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The row that is to be changed, and whom it is about."""

    record: str
    record_id: int
    subject: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Who asked for a change, who agreed to it, why, and under which number."""

    asked_by: str
    by: Actor
    why: str
    #: ``data_change:5``
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field that may be changed."""

    id: str
    record: Record
    name: str
    english: str
    #: what is to be typed, Chinese and English
    hint: str
    hint_english: str
    #: a leader decides
    is_key: bool
    #: shown masked, kept encrypted
    is_secret: bool = False
    #: the value as stored, from what was typed; RefusedError where it cannot stand
    read: Callable[[Session, Office, str], str]
    stored: Callable[[Session, Office, Target], str]
    store: Callable[[Session, Office, Target, str, Decided], None]

    @property
    def record_name(self) -> str:
        """What kind of record it is of."""
        return RECORD_NAMES[self.record]

    def masked(self, value: str) -> str:
        """The value as people may see it."""
        return (mask_phone(value) if value else "") if self.is_secret else value

    def shown(self, session: Session, office: Office, target: Target) -> str:
        """What stands there now, as people may see it."""
        return self.masked(self.stored(session, office, target))

    def unshown(self, _session: Session, shown: str) -> str:
        """The value again, of a field that is shown whole."""
        assert not self.is_secret, self.id  # noqa: S101 - a secret value is kept beside its mask
        return shown


def target_of(session: Session, office: Office, field: Field, number: str) -> Target:
    """The row that the number names; RefusedError where there is none or the number is malformed."""
    match field.record:
        case "person":
            read = id_number(number)
            if isinstance(read, Refusal):
                raise RefusedError(*read.reasons)
            person_id = find_person(session, office.vault, read.normalised)
            return _person_target(session, person_id)
        case "employer":
            return _employer_target(session, number)
        case "grant":
            grant = session.get(BenefitGrant, int(number)) if re.fullmatch("[0-9]{1,9}", number) else None
            if grant is None:
                raise _missing("没有这个编号的待遇", "No such grant.")
            return Target(
                record="grant",
                record_id=grant.id,
                subject=f"person:{grant.person_id}",
                region=grant.region_code,
            )
        case "reduction":
            return _reported(session, number)


def _employer_target(session: Session, number: str) -> Target:
    code = credit_code(number)
    if isinstance(code, Refusal):
        raise RefusedError(*code.reasons)
    employer_id = find_employer(session, code.normalised)
    employer = session.get(Employer, employer_id) if employer_id else None
    if employer is None:
        raise _missing("没有这个参保单位", "No such employer.")
    return Target(
        record="employer",
        record_id=employer.id,
        subject=f"employer:{employer.id}",
        region=employer.region_code,
    )


def _reported(session: Session, number: str) -> Target:
    query = select(ReductionReport).where(ReductionReport.case_key == number.strip().upper())
    report = session.scalars(query).one_or_none()
    if report is None:
        raise _missing("没有这个编号的减员申报", "No such reduction report.")
    return target_of_report(report)


def target_of_report(report: ReductionReport) -> Target:
    """The reduction report, about who left."""
    return Target(
        record="reduction",
        record_id=report.id,
        subject=f"person:{report.person_id}",
        region=report.region_code,
    )


def _person_target(session: Session, person_id: int | None) -> Target:
    person = session.get(Person, person_id) if person_id else None
    if person is None:
        raise _missing("没有这名参保人员", "No such person.")
    return Target(
        record="person", record_id=person.id, subject=f"person:{person.id}", region=person.region_code
    )


def _missing(text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code="no_such_record", text=text, text_en=text_en))


def _wrong(text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code="value_form", text=text, text_en=text_en))


def _name(_session: Session, _office: Office, value: str) -> str:
    name = value.strip()
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise _wrong("姓名须为1至60字", "A name has 1 to 60 characters.")
    return name


def _firm(_session: Session, _office: Office, value: str) -> str:
    name = value.strip()
    if not 2 <= len(name) <= 120 or not name.isprintable():
        raise _wrong("单位名称须为2至120字", "A name has 2 to 120 characters.")
    return name


def _phone(_session: Session, _office: Office, value: str) -> str:
    number = re.sub(r"[\s-]", "", value)
    if not re.fullmatch(r"1[0-9]{10}|0[0-9]{9,11}", number):
        raise _wrong("电话须为11位手机号码或带区号的固定电话", "A mobile number of 11 digits, or a landline.")
    return number


def _region(session: Session, _office: Office, value: str) -> str:
    code = value.strip()
    if session.get(Region, code) is None:
        raise _wrong(f"没有地区 {code[:12]}，请填6位行政区划代码", "Not a region; give its six digits.")
    return code


def _retirement(_session: Session, _office: Office, value: str) -> str:
    if value.strip() not in _CLASSES:
        raise _wrong("退休类别须为 M60（男60）、F55（女55）或 F50（女50）", "M60, F55 or F50.")
    return value.strip()


def _column(model: type[Person] | type[BenefitGrant] | type[Employer], name: str) -> _Column:
    return _Column(model=model, name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A plain column of a row."""

    model: type[Person] | type[BenefitGrant] | type[Employer]
    name: str

    def stored(self, session: Session, _office: Office, target: Target) -> str:
        return str(getattr(session.get_one(self.model, target.record_id), self.name) or "")

    def store(self, session: Session, _office: Office, target: Target, value: str, _by: Decided) -> None:
        row = session.get_one(self.model, target.record_id, with_for_update=True, populate_existing=True)
        setattr(row, self.name, value)
        session.flush()


def _stored_phone(session: Session, office: Office, target: Target) -> str:
    return phone_of(session, office.vault, target.record_id)


def _store_phone(session: Session, office: Office, target: Target, value: str, _by: Decided) -> None:
    set_phone(session, office.vault, person_id=target.record_id, phone=value)


def _exit_reason(_session: Session, office: Office, value: str) -> str:
    known = office.book.exit_reasons.get(value.strip().partition(" ")[0].upper())
    if known is None:
        raise _wrong("请选择目录中的离职原因（I01 至 U99）", "Choose a reason of the catalogue (I01 to U99).")
    return f"{known.code} {known.name}"


def _exit_day(_session: Session, office: Office, value: str) -> str:
    try:
        day = date.fromisoformat(value.strip())
    except ValueError as cause:
        raise _wrong("日期写法：2025-11-03", "A day: 2025-11-03.") from cause
    if day > office.today:
        raise _wrong("离职日期不能在今天之后", "The last day is not after today.")
    return day.isoformat()


def _stored_reason(session: Session, office: Office, target: Target) -> str:
    return _exit_reason(session, office, session.get_one(ReductionReport, target.record_id).reason)


def _stored_exit_day(session: Session, _office: Office, target: Target) -> str:
    return session.get_one(ReductionReport, target.record_id).exit_day.isoformat()


def _corrects(field: reductions.Field) -> Callable[[Session, Office, Target, str, Decided], None]:
    """Puts a report right, with its own before and after; both agencies, employer and worker are told."""

    def store(session: Session, office: Office, target: Target, value: str, decided: Decided) -> None:
        report = reductions.report_of(session, target.record_id)
        made = reductions.correct(
            session,
            report,
            field=field,
            after=value.partition(" ")[0],
            why=decided.why,
            asked_by=decided.asked_by,
            source=decided.source,
            actor=decided.by,
            now=office.clock(),
        )
        if made is not None:
            case = session.get_one(WorkflowCase, report.case_id)
            tell_correction(around(office, session, decided.by)(case_ref(case.id, case)).desk, report, made)

    return store


_PERSON_NAME, _PERSON_REGION = _column(Person, "name"), _column(Person, "region_code")
_HOUSEHOLD, _CLASS = _column(BenefitGrant, "household_region"), _column(BenefitGrant, "retirement_class")
_FIRM_NAME = _column(Employer, "name")

FIELDS: Mapping[str, Field] = {
    field.id: field
    for field in (
        Field(
            id="person_name",
            record="person",
            name="姓名",
            english="Name",
            hint="按身份证填写",
            hint_english="as on the identity card",
            is_key=True,
            read=_name,
            stored=_PERSON_NAME.stored,
            store=_PERSON_NAME.store,
        ),
        Field(
            id="person_phone",
            record="person",
            name="联系电话",
            english="Telephone",
            hint="手机号码或带区号的固定电话",
            hint_english="mobile, or landline with area code",
            is_key=False,
            is_secret=True,
            read=_phone,
            stored=_stored_phone,
            store=_store_phone,
        ),
        Field(
            id="person_region",
            record="person",
            name="参保地区",
            english="Region of insurance",
            hint="6位行政区划代码",
            hint_english="six digits of the region",
            is_key=True,
            read=_region,
            stored=_PERSON_REGION.stored,
            store=_PERSON_REGION.store,
        ),
        Field(
            id="grant_household",
            record="grant",
            name="户籍地区",
            english="Household region",
            hint="6位行政区划代码，影响标准",
            hint_english="six digits of the region; the standard depends on it",
            is_key=True,
            read=_region,
            stored=_HOUSEHOLD.stored,
            store=_HOUSEHOLD.store,
        ),
        Field(
            id="grant_retirement",
            record="grant",
            name="退休类别",
            english="Retirement class",
            hint="M60、F55 或 F50",
            hint_english="M60, F55 or F50",
            is_key=True,
            read=_retirement,
            stored=_CLASS.stored,
            store=_CLASS.store,
        ),
        Field(
            id="employer_name",
            record="employer",
            name="单位名称",
            english="Name of the employer",
            hint="按营业执照填写",
            hint_english="as on the business licence",
            is_key=False,
            read=_firm,
            stored=_FIRM_NAME.stored,
            store=_FIRM_NAME.store,
        ),
        Field(
            id="reduction_reason",
            record="reduction",
            name="离职原因",
            english="Reason for leaving",
            hint="离职原因代码，如 I07；待遇据此核定",
            hint_english="code of the reason, such as I07; a claim is decided by it",
            is_key=True,
            read=_exit_reason,
            stored=_stored_reason,
            store=_corrects("reason"),
        ),
        Field(
            id="reduction_exit_day",
            record="reduction",
            name="离职日期",
            english="Last day",
            hint="如 2025-11-03",
            hint_english="such as 2025-11-03",
            is_key=True,
            read=_exit_day,
            stored=_stored_exit_day,
            store=_corrects("exit_day"),
        ),
    )
}
