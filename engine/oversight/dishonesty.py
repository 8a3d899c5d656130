"""The register of dishonesty (失信名单): listing on a decision, referral of joint punishment, removal (CTRL-06).

Nothing here is automatic: what the law triggers is a proposal only (``engine.law.recovery.dishonesty_trigger``), and a
listing names the case in which the person was heard, who proposed it and who decided it. The table is
``dishonesty_tables``. Called by operations of ``processes/listing.bpmn`` and by ``engine.cases.dishonesty``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.oversight.dishonesty_tables import SEALED_LISTING, DishonestyListing
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, RefusedError

SOURCE = "社会保险领域严重失信人名单管理暂行办法（人社部规〔2019〕2号）"
SubjectKind = Literal["person", "employer"]
Rule = Literal["local", "national"]
RULE_NAMES = {"local": "本地规则", "national": "国家规则"}
STATUS_NAMES = {"listed": "在册", "removed": "已移出"}


def enter(
    session: Session,
    *,
    subject_kind: SubjectKind,
    subject_id: int,
    region: str,
    rule: Rule,
    ground: str,
    overpayment_id: int | None,
    case_id: int,
    proposed_by: str,
    decided_by: str,
    decided_on: date,
    publish_until: date,
    referred_to: str,
    actor: Actor,
    now: datetime,
) -> DishonestyListing:
    """The entry that the case decided; once for a case, whatever is retried.

    Refused while the same subject is listed under the same rule, and for an entry that one person made alone.
    """
    known = session.scalars(
        select(DishonestyListing).where(DishonestyListing.case_id == case_id)
    ).one_or_none()
    if known is not None:
        return known
    if proposed_by == decided_by:
        raise _refused("different_person", "列入须由提请人以外的人决定", "Somebody else decides a listing.")
    listed = select(DishonestyListing.id).where(
        DishonestyListing.subject_kind == subject_kind,
        DishonestyListing.subject_id == subject_id,
        DishonestyListing.rule == rule,
        DishonestyListing.status == "listed",
    )
    if session.scalar(listed) is not None:
        raise _refused("listed_before", "当事人已在失信名单内，不能重复列入", "It is listed already.")
    listing = DishonestyListing(
        subject_kind=subject_kind,
        subject_id=subject_id,
        region_code=region,
        rule=rule,
        ground=ground,
        overpayment_id=overpayment_id,
        case_id=case_id,
        proposed_by=proposed_by,
        decided_by=decided_by,
        decided_on=decided_on,
        publish_until=publish_until,
        referred_to=referred_to.strip(),
        referred_on=decided_on if referred_to.strip() else None,
        status="listed",
    )
    session.add(listing)
    session.flush()
    _note(session, listing, Action.DISHONESTY_LISTED, reason=ground, actor=actor, now=now)
    return listing


def remove(
    session: Session, listing_id: int, *, why: str, day: date, actor: Actor, now: datetime
) -> DishonestyListing:
    """The entry, removed from the register with its reason; it stays on record. Removed before, it stays as it is."""
    listing = session.get_one(DishonestyListing, listing_id, with_for_update=True, populate_existing=True)
    if listing.status == "removed":
        return listing
    if len(why.strip()) < 4:
        raise _refused("why_missing", "请写明移出的理由和依据", "Say why it is removed.")
    listing.status, listing.removed_on = "removed", day
    listing.removed_by, listing.removed_why = actor.key, why.strip()
    session.flush()
    _note(session, listing, Action.DISHONESTY_REMOVED, reason=why.strip(), actor=actor, now=now)
    return listing


def is_published(listing: DishonestyListing, day: date) -> bool:
    """Whether the entry is shown to the public on the day."""
    return listing.status == "listed" and listing.decided_on <= day < listing.publish_until


def _refused(code: str, text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=SOURCE))


def _note(
    session: Session, listing: DishonestyListing, action: Action, *, reason: str, actor: Actor, now: datetime
) -> None:
    append(
        session,
        stream=f"case:{listing.case_id}",
        action=action,
        actor=actor,
        subject=f"{listing.subject_kind}:{listing.subject_id}",
        after={
            "listing_id": listing.id,
            "rule": listing.rule,
            "status": listing.status,
            "publish_until": listing.publish_until.isoformat(),
            "referred_to": listing.referred_to,
        },
        reason=reason,
        now=now,
        voucher=SEALED_LISTING.voucher(listing),
    )
