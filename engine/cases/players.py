"""Who plays in a rehearsal: a person or employer nobody else is, and staff who may do the open task.

Persons and employers are the cast's, under numbers of their own, so that a rehearsal meets none of their real
cases. Staff are the office's where somebody holds the post that day, else stand-ins hired for the rehearsal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from random import Random
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import duties
from engine.cases.office import Office
from engine.cases.staff import employer_actor, person_actor
from engine.duties import Post, StaffMember, covers
from engine.people import Employer, Person, Region, ensure_employer, ensure_person, find_person, id_number_of
from engine.registers import Registers
from engine.registers.business import BusinessRecord
from engine.registers.cast import EMPLOYERS, PEOPLE, cast_employers, cast_residents
from engine.registers.files import EmployerFile, ResidentFile
from engine.registers.firms import YEARS_KEPT
from engine.registers.numbers import credit_code_for, id_number_for
from engine.registers.province import Province
from engine.registers.skills import renumbered
from engine.values import CHINA, SYSTEM, Actor, Money, Refusal
from engine.workflow.rehearsal import Value
from engine.workflow.tables import WorkflowTask

_random = Random()  # noqa: S311 - spreads rehearsals over free numbers, guards nothing

_PAID_FACTS = ("months_paid", "deemed_months", "deemed_proven", "carried_months", "current", "region")
#: what ``facts`` may say of a person: which record, which field
_PERSON_FACTS: Mapping[str, tuple[str, str]] = {
    **{name: ("contributions", name) for name in _PAID_FACTS},
    "exit_reason": ("exit", "reason"),
    "exit_day": ("exit", "day"),
    "receives_pension": ("pension", "receiving"),
    "retirement_class": ("pension", "retirement_class"),
    "account_activated": ("account", "activated"),
    "account_holder": ("account", "holder_name"),
    "sex": ("population", "sex"),
    "birth": ("population", "birth"),
}
_MORE_PERSON_FACTS = ("business", "account")
#: what cases call a fact where it is not the same word
_GATHERED: Mapping[str, str] = {"has_current_contribution": "current"}
_YEAR_FACTS = (
    "paid_fen", "months", "insured_previous_year_end", "left", "size",
    "industry_ok", "dishonest", "zombie", "social_org",
)  # fmt: skip
_MORE_EMPLOYER_FACTS = ("region", "kind")


class PlayerError(Exception):
    """A rehearsal names somebody or something that is not there; the message says what may be named."""

    retryable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom the case is about, and the province in which they live."""

    province: Province
    person: ResidentFile | None = None
    employer: EmployerFile | None = None


def subject_of(*, person: str, employer: str, facts: Mapping[str, Value], day: date) -> Subject:
    """The person or employer of that key with those facts, under a number that nobody of the cast has.

    PlayerError for an unknown key, an unknown fact, or a value of the wrong kind.
    """
    province = Province.generate(seed=1, people=0, employers=0, day=day)
    if person and employer:
        raise PlayerError("一个案例只能写 person 或 employer 其中一项")
    if person:
        _known("人员", person, PEOPLE)
        file = _resident(person, facts, day)
        return Subject(province=province.with_resident(file), person=file)
    if employer:
        _known("单位", employer, EMPLOYERS)
        firm = _firm(employer, facts, day)
        return Subject(province=province.with_employer(firm), employer=firm)
    if facts:
        raise PlayerError("写了 facts，却没有写 person 或 employer")
    return Subject(province=province)


def subject_like(office: Office, key: str, *, known: Mapping[str, object], at: datetime) -> Subject:
    """The person or employer of an old case under another number, with the facts that the case knew of them.

    What it did not know is as the registers have it today. PlayerError when nobody has that key any more.
    """
    province = Province.generate(seed=1, people=0, employers=0, day=at.astimezone(CHINA).date())
    kind, _, number = key.partition(":")
    if kind not in ("person", "employer"):
        return Subject(province=province)
    with office.store.beyond("whom a past case was about, to play it again") as session:
        if kind == "person":
            person = session.get(Person, int(number))
            id_number = id_number_of(office.vault, person) if person else ""
        else:
            firm = session.get(Employer, int(number))
            code = firm.credit_code if firm else ""
    if kind == "person":
        file = _as_known(_today_of(office.registers, id_number), known)
        return Subject(province=province.with_resident(file), person=file)
    employer = _firm_today(office.registers, code, province.day)
    return Subject(province=province.with_employer(employer), employer=employer)


def enter(office: Office, subject: Subject) -> Actor:
    """The person or employer with a file at the office, as they act; the system for a matter of the office's own."""
    with office.store.transaction() as session:
        if subject.person:
            record, region = subject.person.population, _listed(session, subject.person.contributions.region)
            kept = ensure_person(session, office.vault, record, now=office.clock(), region=region)
            return Actor(kind="person", id=kept.id, name=kept.name)
        if subject.employer:
            _listed(session, subject.employer.record.region)
            firm = ensure_employer(session, subject.employer.record, now=office.clock())
            return Actor(kind="employer", id=firm.id, name=firm.name)
    return SYSTEM


def is_free(office: Office, subject: Subject) -> bool:
    """Whether nobody at the office has the number that was made up for the person."""
    if subject.person is None:
        return True
    with office.store.beyond("whether a made-up number is really nobody's") as session:
        return find_person(session, office.vault, subject.person.population.id_number) is None


@dataclass(slots=True)
class Crew:
    """The staff of one rehearsal, and who did what so far."""

    office: Office
    #: element → who did it last
    did: dict[str, Actor] = field(default_factory=dict)
    _hired: int = 0
    #: who holds a duty for a region on a day; posts change in a rehearsal by hiring only
    _holding: dict[tuple[str, str, date], tuple[Actor, ...]] = field(default_factory=dict)
    _known: dict[tuple[int, date], Actor | None] = field(default_factory=dict)

    def for_task(self, task: WorkflowTask, subject: str, by: str) -> Actor:
        """Who does the task: the one named by login, duty or ``=element``, else the first of those who may.

        Whoever did the same step before does it again; otherwise somebody who has done nothing yet.
        """
        if by.startswith("="):
            if by[1:] not in self.did:
                raise PlayerError(f"还没有人办过“{by[1:]}”，不能写 as: {by}")
            return self._today(self.did[by[1:]])
        if by and by not in self.office.duties.duties and not self._is_lane(by):
            return self._by_login(by)
        if not by and task.duty in ("claimant", "employer"):
            return self._subject(subject)
        if not by and task.element_id in self.did:
            return self._today(self.did[task.element_id])
        duty = self._duty(by) if by else task.duty
        busy = {actor.key for element, actor in self.did.items() if element != task.element_id}
        free = [actor for actor in self.holders(duty, task.region_code) if actor.key not in busy]
        return free[0] if free else self._hire(duty, task.region_code)

    def holders(self, duty: str, region: str) -> tuple[Actor, ...]:
        """The staff who hold that duty for the region today, by login."""
        wanted = (duty, region, self.office.today)
        if wanted not in self._holding:
            self._holding[wanted] = self._found(*wanted)
        return self._holding[wanted]

    def _found(self, duty: str, region: str, today: date) -> tuple[Actor, ...]:
        query = (
            select(StaffMember.id, Post.region_code)
            .join(Post, Post.staff_id == StaffMember.id)
            .where(
                StaffMember.active,
                Post.duty == duty,
                Post.valid_from <= today,
                or_(Post.valid_until.is_(None), Post.valid_until > today),
            )
            .order_by(StaffMember.login)
        )
        with self.office.store.reading() as session:
            found = [
                self._reloaded(session, staff_id)
                for staff_id, held in session.execute(query)
                if covers(held, region)
            ]
        return tuple(actor for actor in found if actor is not None)

    def _is_lane(self, word: str) -> bool:
        return self.office.duties.duty_of_lane(word) is not None

    def _duty(self, word: str) -> str:
        lane = self.office.duties.duty_of_lane(word)
        return lane.id if lane else word

    def _by_login(self, login: str) -> Actor:
        with self.office.store.reading() as session:
            staff_id = session.scalar(select(StaffMember.id).where(StaffMember.login == login))
            actor = self._reloaded(session, staff_id) if staff_id else None
        if actor is None:
            raise PlayerError(f"没有登录名或岗位“{login}”；也可以写 as: =环节，指办过该环节的人")
        return actor

    def _subject(self, key: str) -> Actor:
        kind, _, number = key.partition(":")
        known = {"person": person_actor, "employer": employer_actor}
        actor = known[kind](self.office, int(number)) if kind in known else None
        if actor is None:
            raise PlayerError(f"这件事没有申请人或单位（{key}），不能办理其环节")
        return actor

    def _today(self, actor: Actor) -> Actor:
        """The same one with the duties of the day that the clock shows now."""
        if actor.kind != "staff":
            return actor
        with self.office.store.reading() as session:
            return self._reloaded(session, actor.id) or actor

    def _reloaded(self, session: Session, staff_id: int) -> Actor | None:
        wanted = (staff_id, self.office.today)
        if wanted not in self._known:
            self._known[wanted] = duties.reload_actor(session, *wanted)
        return self._known[wanted]

    def _hire(self, duty: str, region: str) -> Actor:
        """A stand-in with that one post; gone with the rehearsal."""
        known = self.office.duties.duties.get(duty)
        if known is None or not known.staff:
            raise PlayerError(f"没有可由工作人员担任的岗位“{duty}”")
        self._hired += 1
        self._holding.clear()
        with self.office.store.transaction() as session:
            member = StaffMember(
                login=f"rehearsal-{_random.getrandbits(48):012x}",
                name=f"演练{known.lane}{self._hired}",
                password_hash="!",  # noqa: S106 - no password fits
                region_code=region,
            )
            session.add(member)
            session.flush()
            return self._posted(session, member, duty, region)

    def _posted(self, session: Session, member: StaffMember, duty: str, region: str) -> Actor:
        post = duties.assign_post(
            session,
            self.office.duties,
            staff_id=member.id,
            duty=duty,
            region=region,
            day=self.office.today,
            by=SYSTEM,
        )
        if isinstance(post, Refusal):
            raise PlayerError(f"不能为演练任命“{duty}”：{post.text}")
        actor = duties.reload_actor(session, member.id, self.office.today)
        assert actor is not None, member.id  # noqa: S101 - hired just now
        return actor


def _known(what: str, key: str, known: Mapping[str, object]) -> None:
    if key not in known:
        raise PlayerError(f"没有示例{what}“{key}”，可用：{'、'.join(known)}")


def _resident(key: str, facts: Mapping[str, Value], day: date) -> ResidentFile:
    file = next(each for each in cast_residents(day) if key in each.traits)
    changes: dict[str, dict[str, Any]] = {}
    for name, value in facts.items():
        if name in _PERSON_FACTS:
            record, column = _PERSON_FACTS[name]
            changes.setdefault(record, {})[column] = _fitting(getattr(file, record), column, value, name)
        elif name not in _MORE_PERSON_FACTS:
            raise PlayerError(
                f"不认识的事实“{name}”，可用：{'、'.join((*_PERSON_FACTS, *_MORE_PERSON_FACTS))}"
            )
    for record, columns in changes.items():
        file = replace(file, **{record: replace(getattr(file, record), **columns)})
    if facts.get("account", "") == "none":
        file = replace(file, account=None)
    if facts.get("business"):
        code = credit_code_for(prefix="92", region=file.contributions.region, organisation="L9000002")
        business = BusinessRecord(credit_code=code, name=str(facts["business"]), role="经营者", since=day)
        file = replace(file, businesses=(business,))
    return _under_another_number(file)


def _today_of(registers: Registers, id_number: str) -> ResidentFile:
    population = registers.population.person(id_number)
    if population is None:
        raise PlayerError("人口登记中已没有这名申请人")
    return ResidentFile(
        population=population,
        contributions=registers.contributions.history(id_number),
        exit=registers.employers.exit_report(id_number),
        pension=registers.pensions.record(id_number),
        account=registers.accounts.account(id_number),
        businesses=registers.business.active_registrations(id_number),
        services=registers.employment.services(id_number),
        certificates=registers.skills.certificates(id_number),
    )


def _as_known(file: ResidentFile, known: Mapping[str, object]) -> ResidentFile:
    """The file under another number, with what an old case knew put back."""
    facts = {_GATHERED.get(name, name): value for name, value in known.items() if value is not None}
    for name, (record, column) in _PERSON_FACTS.items():
        held = getattr(file, record)
        if name in facts and held is not None:
            value = _fitting(held, column, cast(Value, facts[name]), name)
            file = replace(file, **{record: replace(held, **{column: value})})
    if known.get("has_active_business") is False:
        file = replace(file, businesses=())
    return _under_another_number(file)


def _firm_today(registers: Registers, credit_code: str, day: date) -> EmployerFile:
    record = registers.business.employer(credit_code)
    if record is None:
        raise PlayerError("工商登记中已没有这家单位")
    years = {
        year: found
        for year in range(day.year - YEARS_KEPT, day.year + 1)
        if (found := registers.retention.employer_year(credit_code, year)) is not None
    }
    organisation = f"R{_random.randrange(10_000_000):07d}"
    code = credit_code_for(prefix=credit_code[:2], region=credit_code[2:8], organisation=organisation)
    return EmployerFile(record=replace(record, credit_code=code), years=years)


def _under_another_number(file: ResidentFile) -> ResidentFile:
    old = file.population
    sequence = _random.randrange(200, 500) * 2 + (old.sex == "male")
    number = id_number_for(region=old.household_region, birth=old.birth, sequence=sequence)
    account = file.account
    if account and account.holder_id_number == old.id_number:
        account = replace(account, holder_id_number=number)
    own = renumbered(file.certificates, f"R{_random.randrange(10**9):09d}")
    return replace(file, population=replace(old, id_number=number), account=account, certificates=own)


def _firm(key: str, facts: Mapping[str, Value], day: date) -> EmployerFile:
    cast = EMPLOYERS[key]
    file = next(each for each in cast_employers(day) if each.record.credit_code == cast.credit_code)
    organisation = f"R{_random.randrange(10_000_000):07d}"
    code = credit_code_for(prefix=cast.prefix, region=cast.region, organisation=organisation)
    record = replace(file.record, credit_code=code)
    columns: dict[str, Any] = {}
    for name, value in facts.items():
        if name in _MORE_EMPLOYER_FACTS:
            record = replace(record, **{name: _fitting(record, name, value, name)})
        elif name not in _YEAR_FACTS:
            raise PlayerError(
                f"不认识的事实“{name}”，可用：{'、'.join((*_YEAR_FACTS, *_MORE_EMPLOYER_FACTS))}"
            )
        elif name == "paid_fen":
            columns["paid"] = Money(_fitting(Money(0), "fen", value, name))
        else:
            columns[name] = _fitting(next(iter(file.years.values())), name, value, name)
    years = {year: replace(facts_of_year, **columns) for year, facts_of_year in file.years.items()}
    return EmployerFile(record=record, years=years)


def _fitting(record: object, column: str, value: Value, name: str) -> Any:
    """The value as the record holds it; PlayerError when it is of another kind."""
    held = getattr(record, column)
    if isinstance(held, date) and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as cause:
            raise PlayerError(f"事实“{name}”应当是日期 2025-11-03，现在是“{value}”") from cause
    wanted = bool if isinstance(held, bool) else int if isinstance(held, int) else str
    if held is not None and type(value) is not wanted:
        words = {bool: "true 或 false", int: "整数", str: "文字"}
        raise PlayerError(f"事实“{name}”应当是{words[wanted]}，现在是“{value}”")
    if (choices := _choices(record, column)) and value not in (None, *choices):
        raise PlayerError(f"事实“{name}”只能是{'、'.join(choices)}，现在是“{value}”")
    return value


def _choices(record: object, column: str) -> tuple[str, ...]:
    hint = get_type_hints(type(record))[column]
    return tuple(w for each in (hint, *get_args(hint)) if get_origin(each) is Literal for w in get_args(each))


def _listed(session: Session, region: str) -> str:
    if session.get(Region, region) is None:
        raise PlayerError(f"事实“region”的地区“{region}”不在地区表里，应当是六位地区代码，例如 371502")
    return region
