"""Who is at the door: signing in, and giving posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import duties
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import Post, StaffMember
from engine.law.identity import credit_code as read_credit_code
from engine.law.identity import id_number as read_id_number
from engine.people import Employer, Person, ensure_employer, ensure_person
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import SYSTEM, Actor, Reason, Refusal, RefusedError, StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRow:
    """A post of a member of staff."""

    duty: str
    duty_name: str
    region: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """A member of staff with posts in force."""

    staff_id: StaffId
    login: str
    name: str
    region: str
    active: bool
    posts: tuple[PostRow, ...]


_NO_PROVIDER = Refusal(
    reasons=(
        Reason(
            code="no_identity_provider",
            text="生产模式须接入统一身份认证；演示用的号码加姓名登录已停用",
            text_en="Production needs an identity provider; the trial's number-and-name sign-in is off.",
        ),
    )
)


def sign_in(office: Office, *, login: str, password: str) -> Actor | Refusal:
    """The member of staff, or why not; both are recorded. Five failures lock the account for a while."""
    with office.store.transaction() as session:
        outcome = duties.sign_in(session, login=login, password=password, now=office.clock())
        action = Action.SIGN_IN_REFUSED if isinstance(outcome, Refusal) else Action.STAFF_SIGNED_IN
        actor = outcome if isinstance(outcome, Actor) else Actor(kind="staff", id=0, name="")
        append(
            session,
            stream="staff",
            action=action,
            actor=actor,
            subject=f"login:{login[:60]}",
            reason=outcome.text if isinstance(outcome, Refusal) else "",
            now=office.clock(),
        )
    return outcome


def actor_of(office: Office, staff_id: int) -> Actor | None:
    """The member of staff with today's duties; None when they are gone or no longer active."""
    with office.store.reading() as session:
        return duties.reload_actor(session, staff_id, office.today)


def person_actor(office: Office, person_id: int) -> Actor | None:
    """The insured person; None when there is none."""
    with office.store.reading() as session:
        person = session.get(Person, person_id)
        return Actor(kind="person", id=person.id, name=person.name) if person else None


def employer_actor(office: Office, employer_id: int) -> Actor | None:
    """The employer; None when there is none."""
    with office.store.reading() as session:
        employer = session.get(Employer, employer_id)
        return Actor(kind="employer", id=employer.id, name=employer.name) if employer else None


def actor_by_key(office: Office, key: str) -> Actor | None:
    """Whoever has the actor key, as they are today; None when they are gone."""
    kind, _, number = key.partition(":")
    known = {"staff": actor_of, "person": person_actor, "employer": employer_actor}
    return known[kind](office, int(number)) if kind in known else SYSTEM


def sign_in_person(office: Office, *, id_number: str, name: str) -> Actor | Refusal:
    """The test identity provider: number and name as the population register has them.

    A real provider (electronic card, national portal, OIDC) replaces this function, nothing else.
    """
    if office.settings.production:
        return _NO_PROVIDER
    number = read_id_number(id_number)
    if isinstance(number, Refusal):
        return number

    def work(session: Session) -> Actor:
        record = office.registers.population.person(number.normalised)
        if record is None or record.name != name.strip():
            raise RefusedError(
                Reason(
                    code="identity_not_confirmed",
                    text="身份证号码与姓名核对不一致，请检查后重试",
                    text_en="Number and name do not agree with the population register.",
                    source="失业保险金申领凭身份证或社会保障卡：鲁人社函〔2020〕10号（四）",
                )
            )
        region = office.registers.contributions.history(number.normalised).region
        person = ensure_person(session, office.vault, record, now=office.clock(), region=region)
        return Actor(kind="person", id=person.id, name=person.name)

    # the blind index, never the number: a refused attempt is recorded too
    return attempt(
        office, SYSTEM, work, subject=f"identity:{office.vault.index(number.normalised).hex()[:16]}"
    )


def sign_in_employer(office: Office, *, credit_code: str) -> Actor | Refusal:
    """The test identity provider for employers: a valid code that the business register knows."""
    if office.settings.production:
        return _NO_PROVIDER
    code = read_credit_code(credit_code)
    if isinstance(code, Refusal):
        return code

    def work(session: Session) -> Actor:
        record = office.registers.business.employer(code.normalised)
        if record is None:
            raise RefusedError(
                Reason(
                    code="employer_unknown",
                    text="没有找到该统一社会信用代码的参保单位",
                    text_en="Unknown employer.",
                )
            )
        employer = ensure_employer(session, record, now=office.clock())
        return Actor(kind="employer", id=employer.id, name=employer.name)

    return attempt(office, SYSTEM, work, subject=f"employer:{code.normalised}")


def assign_post(office: Office, by: Actor, *, login: str, duty: str, region: str) -> Done | Refusal:
    """The post, from today; refused with the rule and its source where duties may not meet (MONEY-01)."""

    def work(session: Session) -> Done:
        member = _member(session, login)
        given = duties.assign_post(
            session, office.duties, staff_id=member.id, duty=duty, region=region, day=office.today, by=by
        )
        if isinstance(given, Refusal):
            raise RefusedError(*given.reasons)
        after = {"duty": duty, "region": region, "from": office.today.isoformat()}
        _note(session, office, Action.POST_ASSIGNED, by, member, after=after)
        return Done(message=f"已任命 {member.name} 为{office.duties.duty(duty).lane}（{region}）")

    return attempt(office, by, work, subject=f"login:{login}/{duty}", stream="staff")


def add_staff(
    office: Office, by: Actor, *, login: str, name: str, region: str, password: str, id_number: str = ""
) -> Done | Refusal:
    """A new member of staff, without any post; with an identity number they are kept from their own case."""

    def work(session: Session) -> Done:
        member = duties.add_staff(
            session,
            office.vault,
            login=login,
            name=name,
            region=region,
            password=password,
            day=office.today,
            by=by,
            id_number=id_number,
        )
        if isinstance(member, Refusal):
            raise RefusedError(*member.reasons)
        _note(
            session, office, Action.STAFF_ADDED, by, member, after={"login": member.login, "region": region}
        )
        return Done(message=f"已登记工作人员 {member.name}（{member.login}），尚未任命岗位")

    return attempt(office, by, work, subject=f"login:{login[:60]}", stream="staff")


def let_go(office: Office, by: Actor, *, login: str) -> Done | Refusal:
    """The member of staff acts no more from now on; posts end, what they did stays on record."""

    def work(session: Session) -> Done:
        member = _member(session, login)
        gone = duties.let_go(session, staff_id=member.id, day=office.today, by=by)
        if isinstance(gone, Refusal):
            raise RefusedError(*gone.reasons)
        _note(session, office, Action.STAFF_CHANGED, by, member, after={"active": False})
        return Done(message=f"{member.name} 已离岗，岗位即日收回")

    return attempt(office, by, work, subject=f"login:{login[:60]}", stream="staff")


def staff_list(office: Office, by: Actor) -> tuple[StaffRow, ...] | Refusal:
    """All staff with their posts in force; for administrators and internal control."""
    if not by.duties & {"administrator", "control"}:
        return Refusal(
            reasons=(Reason(code="not_administrator", text="只有系统管理岗、内控稽核岗可以查看人员与岗位"),)
        )
    with office.store.reading() as session:
        posts: dict[int, list[PostRow]] = {}
        for post in session.scalars(select(Post).order_by(Post.id)):
            if post.valid_until is None or post.valid_until > office.today:
                posts.setdefault(post.staff_id, []).append(_post_row(office, post))
        return tuple(
            StaffRow(
                staff_id=StaffId(member.id),
                login=member.login,
                name=member.name,
                region=member.region_code,
                active=member.active,
                posts=tuple(posts.get(member.id, ())),
            )
            for member in session.scalars(select(StaffMember).order_by(StaffMember.id))
        )


def name_of(session: Session, key: str) -> str:
    """The name of whoever has the actor key; the key itself for one that is not known."""
    kind, _, number = key.partition(":")
    names = {"staff": StaffMember.name, "person": Person.name, "employer": Employer.name}
    if kind == "system":
        return "系统"
    if kind not in names or not number.isdigit():
        return key
    column = names[kind]
    return session.scalar(select(column).where(column.class_.id == int(number))) or key


def _member(session: Session, login: str) -> StaffMember:
    member = session.scalar(select(StaffMember).where(StaffMember.login == login.strip().lower()))
    if member is None:
        raise RefusedError(
            Reason(code="staff_unknown", text=f"没有登录名为“{login}”的工作人员", text_en="No such login.")
        )
    return member


def _note(
    session: Session,
    office: Office,
    action: Action,
    by: Actor,
    member: StaffMember,
    *,
    after: Mapping[str, object],
) -> None:
    append(
        session,
        stream="staff",
        action=action,
        actor=by,
        subject=f"staff:{member.id}",
        after=after,
        now=office.clock(),
    )


def _post_row(office: Office, post: Post) -> PostRow:
    return PostRow(
        duty=post.duty,
        duty_name=office.duties.duty(post.duty).lane,
        region=post.region_code,
        valid_from=post.valid_from,
        valid_until=post.valid_until,
    )
