"""Tables of staff, posts and agencies, and the triggers by which the database itself refuses what may not be combined.

``duty``, ``duty_conflict`` and ``same_case_conflict`` mirror ``processes/duties.yaml``: change the file, not the rows.
``TRIGGERS`` goes with these tables, ``HISTORY_GUARDS`` with ``workflow_history``; migrations execute both.
The statements hold neither ``%`` nor ``:name``, so a driver takes them with or without parameters.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base


class DutyRow(Base):
    """Mirror of one duty of the book."""

    __tablename__ = "duty"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    lane: Mapped[str] = mapped_column(String(40))
    duty_class: Mapped[str] = mapped_column(String(40))
    #: False for lanes that are nobody's post, and for duties taken out of the book
    staff: Mapped[bool]


class DutyConflict(Base):
    """Mirror: two duties that nobody holds at a time; both orders are rows."""

    __tablename__ = "duty_conflict"

    duty_a: Mapped[str] = mapped_column(ForeignKey("duty.id"), primary_key=True)
    duty_b: Mapped[str] = mapped_column(ForeignKey("duty.id"), primary_key=True)
    #: id of the rule in the book
    rule: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class SameCaseConflict(Base):
    """Mirror: two duties whose steps nobody does on one case; both orders are rows."""

    __tablename__ = "same_case_conflict"

    duty_a: Mapped[str] = mapped_column(ForeignKey("duty.id"), primary_key=True)
    duty_b: Mapped[str] = mapped_column(ForeignKey("duty.id"), primary_key=True)
    rule: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class StaffMember(Base):
    """A member of staff who may sign in."""

    __tablename__ = "staff_member"
    __table_args__ = (
        CheckConstraint("login = lower(login) AND login <> ''", name="login_lower"),
        CheckConstraint("region_code ~ '^[0-9]{6}$'", name="region_six_digits"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: small letters
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    #: blind index of the identity number, to keep them away from their own case
    id_number_index: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    #: argon2id, in its own encoded form
    password_hash: Mapped[str] = mapped_column(Text)
    region_code: Mapped[str] = mapped_column(String(6))
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    failed_sign_ins: Mapped[int] = mapped_column(default=0, server_default="0")
    locked_until: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    #: raised by the trigger on post; the row lock makes assignments to one person wait for each other
    post_revision: Mapped[int] = mapped_column(default=0, server_default="0")


class Post(Base):
    """A duty given to a member of staff, for a region and a time. Rows are ended, never deleted."""

    __tablename__ = "post"
    __table_args__ = (
        CheckConstraint("region_code ~ '^[0-9]{6}$'", name="region_six_digits"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="ends_after_start"),
        Index("ix_post_staff", "staff_id", "duty"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    duty: Mapped[str] = mapped_column(ForeignKey("duty.id"))
    region_code: Mapped[str] = mapped_column(String(6))
    #: inclusive
    valid_from: Mapped[date]
    #: exclusive; none: until ended
    valid_until: Mapped[date | None]
    #: actor key
    assigned_by: Mapped[str] = mapped_column(String(40))
    assigned_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Agency(Base):
    """Leave substitution (委托代理): the substitute may act with one duty of the principal, for a region and a time.

    Rows are ended, never deleted.
    """

    __tablename__ = "agency"
    __table_args__ = (
        CheckConstraint("principal_id <> substitute_id", name="two_people"),
        CheckConstraint("valid_until > valid_from", name="ends_after_start"),
        Index("ix_agency_substitute", "substitute_id", "duty"),
        Index("ix_agency_principal", "principal_id", "duty"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    principal_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    substitute_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    duty: Mapped[str] = mapped_column(ForeignKey("duty.id"))
    region_code: Mapped[str] = mapped_column(String(6))
    #: inclusive
    valid_from: Mapped[date]
    #: exclusive
    valid_until: Mapped[date]
    why: Mapped[str] = mapped_column(Text)
    #: actor key
    made_by: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(String(40))
    ended_at: Mapped[datetime | None]


# The UPDATE, not a mere lock, makes two assignments to one person wait for each other: under
# REPEATABLE READ and above the later one then fails instead of reading an old snapshot.
_POST_GUARD = """
CREATE OR REPLACE FUNCTION guard_post() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    clash record;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
            MESSAGE = concat('岗位记录不得删除：请填写结束日期（post ', OLD.id, '）');
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.staff_id, NEW.duty, NEW.region_code, NEW.valid_from, NEW.assigned_by)
            IS DISTINCT FROM (OLD.id, OLD.staff_id, OLD.duty, OLD.region_code, OLD.valid_from, OLD.assigned_by) THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
            MESSAGE = concat('岗位记录只能修改结束日期（post ', OLD.id, '）');
    END IF;
    UPDATE staff_member SET post_revision = post_revision + 1 WHERE id = NEW.staff_id;
    IF NOT EXISTS (SELECT 1 FROM duty WHERE id = NEW.duty AND staff) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('「', NEW.duty, '」不是工作人员岗位，不能任命');
    END IF;
    SELECT c.rule, c.text, c.source, h.duty INTO clash
      FROM duties_held(NEW.staff_id) h JOIN duty_conflict c ON c.duty_a = h.duty AND c.duty_b = NEW.duty
     WHERE h.post_id IS DISTINCT FROM NEW.id AND h.days && daterange(NEW.valid_from, NEW.valid_until)
     ORDER BY h.duty LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('不相容岗位（', clash.rule, '）：', clash.text, '；已任或代理 ', clash.duty,
                             '，不能再任 ', NEW.duty, '；依据：', clash.source);
    END IF;
    RETURN NEW;
END $$
"""

_PERSON_MAY_ACT = """
CREATE OR REPLACE FUNCTION person_may_act(actor_staff_id integer, duty_id text, act_day date)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM post p JOIN staff_member s ON s.id = p.staff_id
         WHERE s.id = actor_staff_id AND s.active AND p.duty = duty_id
           AND daterange(p.valid_from, p.valid_until) @> act_day)
$$
"""

_AGENCY_DAYS = """
CREATE OR REPLACE FUNCTION agency_days(first_day date, past_day date, ended timestamptz)
RETURNS daterange LANGUAGE sql IMMUTABLE AS $$
    SELECT daterange(first_day,
        GREATEST(first_day, LEAST(past_day, COALESCE((ended AT TIME ZONE 'Asia/Shanghai')::date, past_day))))
$$
"""

# what one person has in hand: posts of their own, and duties in which they stand in for somebody
_DUTIES_HELD = """
CREATE OR REPLACE FUNCTION duties_held(holder integer)
RETURNS TABLE (duty text, days daterange, post_id integer) LANGUAGE sql VOLATILE AS $$
    SELECT p.duty, daterange(p.valid_from, p.valid_until), p.id FROM post p WHERE p.staff_id = holder
    UNION ALL
    SELECT a.duty, agency_days(a.valid_from, a.valid_until, a.ended_at), NULL
      FROM agency a WHERE a.substitute_id = holder
$$
"""

_AGENCY_IN_FORCE = """
CREATE OR REPLACE FUNCTION agency_in_force(substitute integer, principal integer, duty_id text, act_at timestamptz)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM agency a JOIN staff_member s ON s.id = a.substitute_id
         WHERE a.substitute_id = substitute AND a.principal_id = principal AND a.duty = duty_id AND s.active
           AND daterange(a.valid_from, a.valid_until) @> (act_at AT TIME ZONE 'Asia/Shanghai')::date
           AND (a.ended_at IS NULL OR a.ended_at > act_at))
$$
"""

_AGENCY_GUARD = """
CREATE OR REPLACE FUNCTION guard_agency() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    clash record;
    period daterange;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
            MESSAGE = concat('委托代理记录不得删除：请终止（agency ', OLD.id, '）');
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.ended_at IS NOT NULL OR (to_jsonb(NEW) - 'ended_by' - 'ended_at')
                IS DISTINCT FROM (to_jsonb(OLD) - 'ended_by' - 'ended_at') THEN
            RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
                MESSAGE = concat('委托代理只能终止一次，不得改动（agency ', OLD.id, '）');
        END IF;
        RETURN NEW;
    END IF;
    UPDATE staff_member SET post_revision = post_revision + 1 WHERE id = LEAST(NEW.principal_id, NEW.substitute_id);
    UPDATE staff_member SET post_revision = post_revision + 1 WHERE id = GREATEST(NEW.principal_id, NEW.substitute_id);
    period := daterange(NEW.valid_from, NEW.valid_until);
    IF NEW.made_by = concat('staff:', NEW.substitute_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('不得指定自己为代理人（own_agency）：', NEW.made_by);
    END IF;
    IF NOT person_may_act(NEW.principal_id, NEW.duty, NEW.valid_from) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('委托人 staff:', NEW.principal_id, ' 未担任「', NEW.duty, '」岗，不得委托（no_post）');
    END IF;
    SELECT c.rule, c.text, c.source, h.duty INTO clash
      FROM duties_held(NEW.substitute_id) h JOIN duty_conflict c ON c.duty_a = h.duty AND c.duty_b = NEW.duty
     WHERE h.days && period ORDER BY h.duty LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('不相容岗位（', clash.rule, '）：', clash.text, '；代理人已任或代理 ', clash.duty,
                             '，不能代理 ', NEW.duty, '；依据：', clash.source);
    END IF;
    IF EXISTS (SELECT 1 FROM agency a WHERE a.duty = NEW.duty
                  AND agency_days(a.valid_from, a.valid_until, a.ended_at) && period
                  AND (a.principal_id = NEW.substitute_id OR a.substitute_id = NEW.principal_id)) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('代理不得再转代理（agency_chain）：staff:', NEW.principal_id, '、staff:', NEW.substitute_id);
    END IF;
    RETURN NEW;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    _AGENCY_DAYS,
    _DUTIES_HELD,
    _PERSON_MAY_ACT,
    _AGENCY_IN_FORCE,
    _POST_GUARD,
    "DROP TRIGGER IF EXISTS post_guard ON post",
    """CREATE TRIGGER post_guard BEFORE INSERT OR UPDATE OR DELETE ON post
       FOR EACH ROW EXECUTE FUNCTION guard_post()""",
    _AGENCY_GUARD,
    "DROP TRIGGER IF EXISTS agency_guard ON agency",
    """CREATE TRIGGER agency_guard BEFORE INSERT OR UPDATE OR DELETE ON agency
       FOR EACH ROW EXECUTE FUNCTION guard_agency()""",
)

#: kinds of history that are a hand in the case: who has one is bound by it for the rest of the case
HANDS = ("completed", "signed", "assisted")
_HANDS = ", ".join(f"'{kind}'" for kind in HANDS)

_SAME_CASE_BAN = """
CREATE OR REPLACE FUNCTION same_case_ban(on_case_id integer, actor_staff_id integer, duty_id text)
RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT concat(c.rule, '：', c.text, '；本案 ', h.element_id, ' 环节已由其以 ', h.duty,
                  ' 岗办理，不能再以 ', duty_id, ' 岗办理；依据：', c.source)
      FROM workflow_history h JOIN same_case_conflict c ON c.duty_a = h.duty AND c.duty_b = duty_id
     WHERE h.case_id = on_case_id AND h.kind IN (HANDS)
       AND 'staff:' || actor_staff_id IN (h.actor, h.on_behalf_of)
     ORDER BY h.id LIMIT 1
$$
""".replace("HANDS", _HANDS)

# 'staff:007' must not pass for another person than 'staff:7', so the key's form is checked first.
# The advisory locks make two steps of one person on one case wait for each other; taken in one order,
# two substitutions never wait for each other in a ring.
_HISTORY_GUARD = """
CREATE OR REPLACE FUNCTION guard_history_duty() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who text;
    names text[] := ARRAY[NEW.actor] || CASE WHEN NEW.on_behalf_of <> '' THEN ARRAY[NEW.on_behalf_of] ELSE '{}' END;
    act_day date := (NEW.at AT TIME ZONE 'Asia/Shanghai')::date;
    place text := concat('案件 ', NEW.case_id, '，环节 ', NEW.element_id);
    ban text;
BEGIN
    FOREACH who IN ARRAY names LOOP
        IF who !~ '^staff:[1-9][0-9]{0,8}$' THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = concat('办理人写法不对：', who, '（例：staff 加冒号加编号）');
        END IF;
    END LOOP;
    FOR who IN SELECT DISTINCT unnest(names) AS each ORDER BY each LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('history/' || NEW.case_id || '/' || substr(who, 7), 0));
    END LOOP;
    IF NEW.on_behalf_of <> '' AND NOT agency_in_force(
            substr(NEW.actor, 7)::integer, substr(NEW.on_behalf_of, 7)::integer, NEW.duty, NEW.at) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat(NEW.actor, ' 于 ', act_day, ' 未受 ', NEW.on_behalf_of, ' 委托代理「', NEW.duty,
                             '」岗（no_agency）：', place);
    END IF;
    who := names[array_length(names, 1)];
    IF NOT person_may_act(substr(who, 7)::integer, NEW.duty, act_day) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat(who, ' 于 ', act_day, ' 未担任「', NEW.duty, '」岗，不得办理（no_post）：', place);
    END IF;
    FOREACH who IN ARRAY names LOOP
        ban := same_case_ban(NEW.case_id, substr(who, 7)::integer, NEW.duty);
        IF ban IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = concat('同案不相容：', ban, '（', who, '，', place, '）');
        END IF;
        IF EXISTS (SELECT 1 FROM workflow_case c JOIN person p ON c.subject = 'person:' || p.id
                     JOIN staff_member s ON s.id_number_index = p.id_number_index
                    WHERE c.id = NEW.case_id AND s.id = substr(who, 7)::integer) THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = concat('应当回避（own_case）：', who, ' 是本案当事人，', place);
        END IF;
    END LOOP;
    RETURN NEW;
END $$
"""

HISTORY_GUARDS: tuple[str, ...] = (
    _SAME_CASE_BAN,
    _HISTORY_GUARD,
    "DROP TRIGGER IF EXISTS workflow_history_duty ON workflow_history",
    f"""CREATE TRIGGER workflow_history_duty BEFORE INSERT ON workflow_history
       FOR EACH ROW WHEN (NEW.kind IN ({_HANDS})
                          AND (NEW.on_behalf_of <> '' OR NEW.actor !~ '^(person|employer|system):'))
       EXECUTE FUNCTION guard_history_duty()""",
)
