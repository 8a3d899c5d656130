"""Keeping what a reconciliation found: differences to be settled by two people, pairs to be confirmed, two signatures (MONEY-05).

A comparison is superseded by a later one of the same region, month and side until it is signed; a difference stays until
it is settled, whatever a later statement says, and the same evidence is raised once. Duties are the caller's to check.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.money.pairing import Movement
from engine.money.reconciliation import BookDifference, Comparison, movement_difference
from engine.money.reconciliation_tables import Reconciliation, ReconciliationDifference, ReconciliationPair
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Month, Reason, RefusedError

SOURCE = "鲁人社函〔2020〕10号（八）：每月至少对账一次"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A comparison that was kept, and the differences that nobody had raised before."""

    reconciliation: Reconciliation
    raised: tuple[ReconciliationDifference, ...]


def open_reconciliation(
    session: Session,
    *,
    region: str,
    month: Month,
    side: str,
    comparison: Comparison,
    file: bytes,
    file_name: str,
    actor: Actor,
    now: datetime,
) -> Opened:
    """The comparison, kept; RefusedError where that of the month is signed already."""
    # one comparison of a region and side at a time: two at once would both be the standing one
    lock = func.hashtextextended(f"reconciliation {region} {month} {side}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    standing = _standing(session, region, month, side)
    if standing is not None and standing.status == "signed":
        raise RefusedError(
            _reason("reconciliation_signed", "该月的对账报告已经签字，不能重新对账", "The report is signed.")
        )
    if standing is not None:
        standing.status = "superseded"
        session.flush()
    kept = Reconciliation(
        region=region,
        month=str(month),
        side=side,
        digest=hashlib.sha256(file or _said(comparison).encode()).hexdigest(),
        file_name=file_name[-200:],
        booked_fen=comparison.booked.fen,
        found_fen=comparison.found.fen,
        paired=comparison.agreed,
        opened_by=actor.key,
        opened_at=now,
        status="open",
    )
    session.add(kept)
    session.flush()
    raised = [each for found in comparison.differences if (each := _raise(session, kept, found, actor, now))]
    _propose(session, kept, comparison)
    _note(session, kept, Action.RECONCILED, actor=actor, now=now)
    return Opened(reconciliation=kept, raised=tuple(raised))


def decide_pair(
    session: Session, pair_id: int, *, same: bool, actor: Actor, now: datetime
) -> tuple[ReconciliationDifference, ...]:
    """The proposal confirmed; or rejected, and then what is raised: each of the two items by itself."""
    pair = session.get(ReconciliationPair, pair_id, with_for_update=True)
    kept = session.get_one(Reconciliation, pair.reconciliation_id) if pair else None
    if pair is None or kept is None or pair.status != "proposed" or kept.status != "open":
        raise RefusedError(
            _reason(
                "no_such_pair", "没有待核定的配对，可能别人刚刚办理过", "No such pair waits for a decision."
            )
        )
    pair.status, pair.decided_by, pair.decided_at = "confirmed" if same else "rejected", actor.key, now
    session.flush()
    append(
        session,
        stream=f"books:{kept.region}",
        action=Action.PAIR_DECIDED,
        actor=actor,
        subject=f"reconciliation_pair:{pair.id}",
        after={"ours": pair.our_reference, "theirs": pair.their_reference, "same": same},
        now=now,
    )
    if same:
        return ()
    place, amount = f"{kept.region}:{kept.month}", Money(pair.amount_fen)
    ours = Movement(reference=pair.our_reference, day=pair.our_day, amount=amount)
    theirs = Movement(reference=pair.their_reference, day=pair.their_day, amount=amount)
    found = (
        movement_difference(place, ours.reference, ours, None),
        movement_difference(place, theirs.reference, None, theirs),
    )
    return tuple(each for one in found if (each := _raise(session, kept, one, actor, now)))


def settle_difference(
    session: Session,
    difference_id: int,
    *,
    explanation: str,
    explained_by: str,
    explained_at: datetime,
    actor: Actor,
    now: datetime,
) -> ReconciliationDifference:
    """The difference, settled: explained by one person, the explanation confirmed by the actor, who is another."""
    found = session.get_one(ReconciliationDifference, difference_id, with_for_update=True)
    if found.status == "settled":
        return found
    if explained_by == actor.key:
        raise RefusedError(
            _reason("same_person", "说明差异的人不能自己核实", "It takes somebody else to confirm.")
        )
    if not explanation.strip():
        raise RefusedError(_reason("why_missing", "请写明差异的原因", "Explain the difference."))
    found.explanation, found.explained_by, found.explained_at = (
        explanation.strip(),
        explained_by,
        explained_at,
    )
    found.status, found.settled_by, found.settled_at = "settled", actor.key, now
    session.flush()
    append(
        session,
        stream=f"books:{found.region}",
        action=Action.DIFFERENCE_SETTLED,
        actor=actor,
        subject=f"reconciliation_difference:{found.id}",
        after={"key": found.key, "explanation": found.explanation, "explained_by": explained_by},
        now=now,
    )
    return found


def sign(session: Session, reconciliation_id: int, *, actor: Actor, now: datetime) -> Reconciliation:
    """The report with one signature more; with the second, of another person, it is signed.

    Refused while a difference of the region, month and side is not settled, or a pair not decided.
    """
    kept = session.get(Reconciliation, reconciliation_id, with_for_update=True)
    if kept is None or kept.status != "open":
        raise RefusedError(
            _reason("no_such_reconciliation", "没有待签字的对账报告", "No report waits for a signature.")
        )
    waiting = unsettled(session, kept)
    if waiting:
        raise RefusedError(
            _reason(
                "differences_open",
                f"还有 {waiting} 条差异或配对没有办完，不能签字",
                f"{waiting} differences or pairs are not done.",
            )
        )
    if kept.signed_by is None:
        kept.signed_by, kept.signed_at = actor.key, now
    elif kept.signed_by == actor.key:
        raise RefusedError(
            _reason("same_person", "对账报告须由两个不同的人签字", "It takes a second person to sign.")
        )
    else:
        kept.countersigned_by, kept.countersigned_at, kept.status = actor.key, now, "signed"
    session.flush()
    _note(session, kept, Action.RECONCILIATION_SIGNED, actor=actor, now=now)
    return kept


def unsettled(session: Session, kept: Reconciliation) -> int:
    """How many differences of the month and side are open, and how many of its pairs undecided."""
    differences = session.scalar(
        select(func.count()).where(
            ReconciliationDifference.region == kept.region,
            ReconciliationDifference.month == kept.month,
            ReconciliationDifference.side == kept.side,
            ReconciliationDifference.status == "open",
        )
    )
    pairs = session.scalar(
        select(func.count()).where(
            ReconciliationPair.reconciliation_id == kept.id, ReconciliationPair.status == "proposed"
        )
    )
    return int(differences or 0) + int(pairs or 0)


def _standing(session: Session, region: str, month: Month, side: str) -> Reconciliation | None:
    return session.scalars(
        select(Reconciliation).where(
            Reconciliation.region == region,
            Reconciliation.month == str(month),
            Reconciliation.side == side,
            Reconciliation.status != "superseded",
        )
    ).one_or_none()


def _raise(
    session: Session, kept: Reconciliation, found: BookDifference, actor: Actor, now: datetime
) -> ReconciliationDifference | None:
    """The difference, raised; None where the same evidence was raised before."""
    made = session.scalars(
        insert(ReconciliationDifference)
        .values(
            reconciliation_id=kept.id,
            region=kept.region,
            month=kept.month,
            side=kept.side,
            key=found.key,
            text=found.text,
            text_en=found.text_en,
            booked_fen=found.booked.fen,
            found_fen=found.found.fen,
            found_at=now,
            status="open",
        )
        .on_conflict_do_nothing(constraint="uq_reconciliation_difference_evidence")
        .returning(ReconciliationDifference)
    ).one_or_none()
    if made is not None:
        append(
            session,
            stream=f"books:{kept.region}",
            action=Action.DIFFERENCE_FOUND,
            actor=actor,
            subject=f"reconciliation_difference:{made.id}",
            after={"key": found.key, "booked": found.booked.text, "found": found.found.text},
            now=now,
        )
    return made


def _propose(session: Session, kept: Reconciliation, comparison: Comparison) -> None:
    for each in comparison.proposed:
        session.add(
            ReconciliationPair(
                reconciliation_id=kept.id,
                our_reference=each.ours.reference,
                our_day=each.ours.day,
                their_reference=each.theirs.reference,
                their_day=each.theirs.day,
                amount_fen=each.ours.amount.fen,
                status="proposed",
            )
        )
    session.flush()


def _said(comparison: Comparison) -> str:
    return f"{comparison.booked.fen}|{comparison.found.fen}|{comparison.agreed}|" + "|".join(
        each.key for each in comparison.differences
    )


def _reason(code: str, text: str, text_en: str) -> Reason:
    return Reason(code=code, text=text, text_en=text_en, source=SOURCE)


def _note(session: Session, kept: Reconciliation, action: Action, *, actor: Actor, now: datetime) -> None:
    append(
        session,
        stream=f"books:{kept.region}",
        action=action,
        actor=actor,
        subject=f"reconciliation:{kept.id}",
        after={
            "region": kept.region,
            "month": kept.month,
            "side": kept.side,
            "digest": kept.digest,
            "booked": Money(kept.booked_fen).text,
            "found": Money(kept.found_fen).text,
            "status": kept.status,
        },
        now=now,
    )
