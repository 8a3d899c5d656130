"""A campaign as a list of parts: employers that a screening found eligible and that have no refund yet (REFUND-02, REFUND-04).

A later screening of the region adds parts for whoever has become eligible since. Called by use-cases, inside their
transaction; opening the cases of a part is theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, not_, select, text
from sqlalchemy.orm import Session

from engine.law.policy import region_chain
from engine.refunds.campaign_tables import CampaignPart, RefundCampaign, RetentionRefund
from engine.refunds.screening import parts_altered
from engine.refunds.tables import ScreenDecision, ScreenRun
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.parts import any_waits, first_waiting, mark_done
from engine.values import Actor, reach

#: cases opened in one transaction
CASES_PER_PART = 50

#: employers whom the screening found eligible and who have no refund that stands, cut into parts in their order
_PARTS = """
SELECT min(employer_id), max(employer_id) FROM (
  SELECT employer_id, (row_number() OVER (ORDER BY employer_id) - 1) / :size AS piece
  FROM screen_decision d
  WHERE run_id = :run AND outcome = 'eligible' AND region LIKE :within
    AND NOT EXISTS (SELECT FROM retention_refund r WHERE r.employer_id = d.employer_id AND r.year = :year
      AND NOT (r.status = 'not_eligible' AND r.screened_fen = 0))) wanted
GROUP BY piece ORDER BY piece
"""


def newest_run(session: Session, region: str, year: int) -> ScreenRun | None:
    """The latest finished screening of the year that covers the whole region; None where there is none."""
    found = select(ScreenRun).where(
        ScreenRun.region.in_(region_chain(region)), ScreenRun.year == year, ScreenRun.status == "done"
    )
    return session.scalars(found.order_by(ScreenRun.id.desc()).limit(1)).first()


def campaign_of(session: Session, region: str, year: int) -> RefundCampaign | None:
    """The campaign of exactly that region and year."""
    found = select(RefundCampaign).where(RefundCampaign.region == region, RefundCampaign.year == year)
    return session.scalars(found.with_for_update()).one_or_none()


def begin(
    session: Session, run: ScreenRun, *, region: str, mode: str, actor: Actor, now: datetime
) -> RefundCampaign:
    """The campaign with its parts; the caller has seen that there is none yet."""
    campaign = RefundCampaign(
        region=region,
        year=run.year,
        mode=mode,
        screen_run_id=run.id,
        status="opening",
        started_by=actor.key,
        started_at=now,
    )
    session.add(campaign)
    session.flush()
    parts = _plan(session, campaign, run)
    _note(
        session,
        campaign,
        Action.CAMPAIGN_STARTED,
        actor,
        now,
        {"mode": mode, "screening": run.id, "parts": parts},
    )
    return campaign


def take_in_newer(session: Session, campaign: RefundCampaign, *, actor: Actor, now: datetime) -> bool:
    """Whether a later screening gave the campaign new parts: whoever is newly eligible joins it.

    Nobody joins by a screening whose decisions are not those that the trail vouches for; the trail says so, once.
    """
    run = newest_run(session, campaign.region, campaign.year)
    if campaign.status != "running" or run is None or run.id <= campaign.screen_run_id:
        return False
    campaign.screen_run_id = run.id
    altered = parts_altered(session, run)
    if altered:
        session.flush()
        told = {"screening": run.id, "altered_parts": list(altered), "parts": 0}
        _note(session, campaign, Action.CAMPAIGN_STARTED, actor, now, told)
        return False
    parts = _plan(session, campaign, run)
    if parts:
        campaign.status = "opening"
    session.flush()
    _note(session, campaign, Action.CAMPAIGN_STARTED, actor, now, {"screening": run.id, "parts": parts})
    return bool(parts)


def next_part(session: Session, run_id: int, *, now: datetime) -> CampaignPart | None:
    """The first part that is not done, locked for this transaction; None when none is left or others have it."""
    return first_waiting(session, CampaignPart, run_id, now=now)


def wanted(session: Session, campaign: RefundCampaign, part: CampaignPart) -> Sequence[tuple[int, str]]:
    """(employer, region) of the part that have no refund of the year: none at all, or one that data spoke against.

    Whoever let it lapse, or was declined by people, is not taken up again by itself.
    """
    taken = select(RetentionRefund.employer_id).where(
        RetentionRefund.year == campaign.year,
        not_(and_(RetentionRefund.status == "not_eligible", RetentionRefund.screened_fen == 0)),
    )
    found = select(ScreenDecision.employer_id, ScreenDecision.region).where(
        ScreenDecision.run_id == part.screen_run_id,
        ScreenDecision.employer_id.between(part.first_employer, part.last_employer),
        ScreenDecision.outcome == "eligible",
        ScreenDecision.region.startswith(reach(campaign.region)),
        ScreenDecision.employer_id.not_in(taken),
    )
    return session.execute(found.order_by(ScreenDecision.employer_id)).all()


def finish_part(
    session: Session,
    campaign: RefundCampaign,
    part: CampaignPart,
    *,
    opened: int,
    actor: Actor,
    now: datetime,
) -> None:
    """The part is done; the campaign runs once none is left."""
    mark_done(session, part, dealt=opened, now=now)
    # two parts at once: whoever comes second sees that the other is done
    session.refresh(campaign, with_for_update=True)
    if campaign.status == "opening" and not any_waits(session, CampaignPart, campaign.id):
        campaign.status = "running"
    session.flush()
    _note(session, campaign, Action.CAMPAIGN_OPENED, actor, now, {"part": part.number, "cases": opened})


def close(session: Session, campaign: RefundCampaign, *, actor: Actor, now: datetime) -> None:
    """Nobody is taken in any more; cases that run go on to their end."""
    campaign.status, campaign.closed_by, campaign.closed_at = "closed", actor.key, now
    session.flush()
    _note(session, campaign, Action.CAMPAIGN_CLOSED, actor, now, {})


def unconfirmed(session: Session, campaign_id: int) -> int:
    """How many employers of the campaign may still confirm or have their objection answered."""
    waiting = select(func.count()).where(
        RetentionRefund.campaign_id == campaign_id,
        RetentionRefund.status.in_(("screened", "pushed", "objected")),
    )
    return int(session.scalar(waiting) or 0)


def _plan(session: Session, campaign: RefundCampaign, run: ScreenRun) -> int:
    """How many parts were added for those employers of the screening that have no refund of the year."""
    last = session.scalar(
        select(func.coalesce(func.max(CampaignPart.number), 0)).where(CampaignPart.run_id == campaign.id)
    )
    pieces = session.execute(
        text(_PARTS),
        {
            "run": run.id,
            "within": f"{reach(campaign.region)}%",
            "year": campaign.year,
            "size": CASES_PER_PART,
        },
    ).all()
    session.add_all(
        CampaignPart(
            run_id=campaign.id,
            number=int(last or 0) + at,
            screen_run_id=run.id,
            first_employer=first,
            last_employer=until,
            status="waiting",
        )
        for at, (first, until) in enumerate(pieces, start=1)
    )
    if not pieces and campaign.status == "opening":
        campaign.status = "running"
    session.flush()
    return len(pieces)


def _note(
    session: Session,
    campaign: RefundCampaign,
    action: Action,
    actor: Actor,
    now: datetime,
    after: dict[str, object],
) -> None:
    append(
        session,
        stream=f"campaign:{campaign.region}",
        action=action,
        actor=actor,
        subject=f"refund_campaign:{campaign.id}",
        after={"year": campaign.year, **after},
        now=now,
    )
