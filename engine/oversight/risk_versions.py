"""Versions of risk rules: shipped, written anew, tried, put in force by a second controller, retired (CTRL-04).

Who may do so is the caller's business; that two people do it, the database sees to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.oversight.risk import Trial
from engine.oversight.risk_rules import WrittenRule
from engine.oversight.risk_tables import RiskRule
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import SYSTEM, Actor, Reason, RefusedError

SOURCE = "鲁人社函〔2020〕10号（八）"
STATUS_NAMES = {"draft": "草稿", "trial": "已试算", "live": "生效", "retired": "停用"}


def ship_rules(session: Session, rules: Sequence[WrittenRule], *, now: datetime) -> int:
    """How many versions were taken in: a rule that was never there is in force at once, a changed one is a draft."""
    known = {(rule, digest) for rule, digest in session.execute(select(RiskRule.rule, RiskRule.digest))}
    there = {rule for rule, _ in known}
    fresh = [written for written in rules if (written.rule, written.digest) not in known]
    for written in fresh:
        made = _added(session, written, actor=SYSTEM, now=now)
        if written.rule not in there:
            made.status, made.approved_by, made.approved_at = "live", SYSTEM.key, now
        session.flush()
        _note(session, made, Action.RISK_RULE_WRITTEN, actor=SYSTEM, reason="随系统提供", now=now)
    return len(fresh)


def write_version(session: Session, written: WrittenRule, *, actor: Actor, now: datetime) -> RiskRule:
    """A draft of the rule; the same words again are refused."""
    same = select(RiskRule).where(RiskRule.rule == written.rule, RiskRule.digest == written.digest)
    if session.scalars(same).first() is not None:
        raise _no("same_rule", "与已有版本一字不差，没有改动", "The very same version is kept already.")
    made = _added(session, written, actor=actor, now=now)
    session.flush()
    _note(session, made, Action.RISK_RULE_WRITTEN, actor=actor, reason="", now=now)
    return made


def note_trial(session: Session, rule: RiskRule, tried: Trial, *, now: datetime) -> None:
    """What the trial of a draft came to; without one nothing is put in force."""
    if rule.status not in ("draft", "trial"):
        raise _no("not_a_draft", "只有草稿才试算后待批", "Only a draft is tried for approval.")
    rule.status, rule.tried_at = "trial", now
    rule.tried_flagged, rule.tried_payees = tried.flagged, tried.payees
    session.flush()


def put_live(session: Session, rule_id: int, *, actor: Actor, now: datetime) -> RiskRule:
    """The version in force from now on, in place of the one before; refused for whoever wrote it, and untried."""
    rule = session.get_one(RiskRule, rule_id, with_for_update=True, populate_existing=True)
    if rule.status == "draft":
        raise _no(
            "not_tried", "规则须先试算，看过会命中谁，才能生效", "A rule is tried before it is in force."
        )
    if rule.status != "trial":
        raise _no(
            "not_a_draft", f"该版本{STATUS_NAMES[rule.status]}，不能批准", "It does not wait for approval."
        )
    if rule.written_by == actor.key:
        raise _no(
            "own_rule", "规则由写规则以外的另一人批准", "Somebody else than the writer puts a rule in force."
        )
    for old in session.scalars(select(RiskRule).where(RiskRule.rule == rule.rule, RiskRule.status == "live")):
        _end(old, actor=actor, now=now)
    session.flush()
    rule.status, rule.approved_by, rule.approved_at = "live", actor.key, now
    session.flush()
    _note(session, rule, Action.RISK_RULE_APPROVED, actor=actor, reason="", now=now)
    return rule


def retire(session: Session, rule_id: int, *, why: str, actor: Actor, now: datetime) -> RiskRule:
    """The version, out of force or given up; what it found stays."""
    rule = session.get_one(RiskRule, rule_id, with_for_update=True, populate_existing=True)
    if not why.strip():
        raise _no("why_missing", "请写明停用的理由", "Say why.")
    if rule.status == "retired":
        return rule
    if rule.status == "live" and rule.approved_by == actor.key:
        raise _no("own_rule", "停用生效的规则，由批准者以外的另一人办", "Somebody else than who approved it.")
    _end(rule, actor=actor, now=now)
    session.flush()
    _note(session, rule, Action.RISK_RULE_RETIRED, actor=actor, reason=why.strip(), now=now)
    return rule


def live_rules(session: Session) -> tuple[RiskRule, ...]:
    """The versions in force, the gravest first."""
    rules = session.scalars(select(RiskRule).where(RiskRule.status == "live"))
    order = ("high", "middle", "low")
    return tuple(sorted(rules, key=lambda rule: (order.index(rule.level), rule.id)))


def _added(session: Session, written: WrittenRule, *, actor: Actor, now: datetime) -> RiskRule:
    newest = select(func.coalesce(func.max(RiskRule.version), 0)).where(RiskRule.rule == written.rule)
    made = RiskRule(
        **asdict(written),
        version=session.execute(newest).scalar_one() + 1,
        digest=written.digest,
        status="draft",
        written_by=actor.key,
        written_at=now,
    )
    session.add(made)
    return made


def _end(rule: RiskRule, *, actor: Actor, now: datetime) -> None:
    rule.status, rule.retired_by, rule.retired_at = "retired", actor.key, now


def _no(code: str, text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=SOURCE))


def _note(
    session: Session, rule: RiskRule, action: Action, *, actor: Actor, reason: str, now: datetime
) -> None:
    append(
        session,
        stream="risk-rules",
        action=action,
        actor=actor,
        subject=f"risk_rule:{rule.id}",
        after={
            "rule": rule.rule,
            "version": rule.version,
            "status": rule.status,
            "condition": rule.condition,
            "digest": rule.digest,
            "tried": f"{rule.tried_flagged}/{rule.tried_payees}" if rule.tried_at else "",
        },
        reason=reason,
        now=now,
    )
