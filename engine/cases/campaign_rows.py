"""Refund campaigns as the pages list them: those that a member of staff has refunds of, with how far each is. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.cases.inbox_choices import Choice, regions_within
from engine.cases.office import Office
from engine.cases.refund_records import CampaignRow
from engine.cases.refund_sight import not_seen, scopes_of, within
from engine.cases.staff import name_of
from engine.people import region_name
from engine.refunds.campaign_tables import MODES, CampaignPart, RefundCampaign, RetentionRefund
from engine.store.parts import how_far, troubles
from engine.values import Actor, Refusal, reach

_SHOWN = 100


def campaigns(office: Office, actor: Actor) -> tuple[CampaignRow, ...] | Refusal:
    """The campaigns that meet the regions of the actor's duties, latest first."""
    with office.store.reading() as session:
        scopes = scopes_of(session, office, actor)
        return campaign_rows(session, scopes) if scopes else not_seen(actor)


def places(office: Office, actor: Actor) -> tuple[Choice, ...]:
    """The provinces and cities of the actor's regions: where a campaign may begin."""
    with office.store.reading() as session:
        found = regions_within(session, scopes_of(session, office, actor))
    return tuple(each for each in found if each.value.endswith("00") and each.value != "000000")


def campaign_rows(session: Session, scopes: tuple[str, ...]) -> tuple[CampaignRow, ...]:
    """The campaigns of regions that one of the scopes holds, or that hold one of the scopes."""
    latest = session.scalars(select(RefundCampaign).order_by(RefundCampaign.id.desc()).limit(_SHOWN))
    return tuple(campaign_row(session, each, scopes) for each in latest if meeting(each, scopes))


def meeting(campaign: RefundCampaign, scopes: Sequence[str]) -> tuple[str, ...]:
    """The parts of the campaign's region that the scopes hold, as what their codes begin with; none: out of sight."""
    whole = reach(campaign.region)
    return tuple(
        max(scope, whole, key=len) for scope in scopes if scope.startswith(whole) or whole.startswith(scope)
    )


def campaign_row(session: Session, campaign: RefundCampaign, scopes: tuple[str, ...]) -> CampaignRow:
    """The campaign, with the number of its refunds in the scopes."""
    done, total = how_far(session, CampaignPart, campaign.id)
    counted = select(func.count()).where(
        RetentionRefund.campaign_id == campaign.id, within(RetentionRefund.region, scopes)
    )
    mode_name, mode_name_en = MODES[campaign.mode]
    return CampaignRow(
        campaign_id=campaign.id,
        year=campaign.year,
        region=campaign.region,
        region_name=region_name(session, campaign.region),
        mode=campaign.mode,
        mode_name=mode_name,
        mode_name_en=mode_name_en,
        status=campaign.status,
        started_by=name_of(session, campaign.started_by),
        started_at=campaign.started_at,
        closed_at=campaign.closed_at,
        run_id=campaign.screen_run_id,
        done=done,
        total=total,
        troubles=troubles(session, CampaignPart, campaign.id),
        refunds=session.scalar(counted) or 0,
    )
