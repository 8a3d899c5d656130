"""The board of a refund campaign: how many employers came how far, and what it comes to, by region, size, industry and status.

Also what employers must do within days, and what is said against public notices. Reads only; the figures are
``campaign_tallies``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from engine.cases.campaign_rows import campaign_row, meeting
from engine.cases.campaign_tallies import STANDING_FEN, WHOLE, CutKey, Found, narrowed, screened, tallies
from engine.cases.inbox_choices import regions_within
from engine.cases.industries import INDUSTRIES, industry_name
from engine.cases.office import Office
from engine.cases.refund_records import (
    STAGES,
    BoardFilter,
    CampaignBoard,
    CampaignRow,
    Cut,
    DueSoon,
    FunnelStep,
    Tally,
)
from engine.cases.refund_sight import no_such, not_seen, scopes_of, within
from engine.cases.refund_soon import due_soon
from engine.cases.rows import region_names
from engine.duties import check_may
from engine.people import Employer
from engine.refunds.campaign_tables import (
    SIZES,
    STATUS_NAMES,
    NoticeObjection,
    RefundCampaign,
    RetentionRefund,
)
from engine.refunds.tables import ScreenRun
from engine.values import Actor, Money, Refusal, reach

_SOON_SHOWN = 6
_COUNTY_DIGITS = 6
_SIZE_UNKNOWN = ("规模不明", "Size unknown")

R = RetentionRefund
Names = Callable[[str], tuple[str, str]]


def board(office: Office, actor: Actor, campaign_id: int, asked: BoardFilter) -> CampaignBoard | Refusal:
    """How the campaign stands, within what the actor may see and asked for."""
    with office.store.reading() as session:
        scopes = scopes_of(session, office, actor)
        if not scopes:
            return not_seen(actor)
        campaign = session.get(RefundCampaign, campaign_id)
        seen = meeting(campaign, scopes) if campaign else ()
        if campaign is None or not seen:
            return no_such("campaign", "没有这次返还活动，或不在您的地区", "No such campaign in your region.")
        begins = reach(asked.region) if asked.region else min(seen, key=len)
        digits = min(_COUNTY_DIGITS, len(begins) + 2)
        chosen = [R.campaign_id == campaign_id, within(R.region, seen), *narrowed(asked)]
        run = session.get_one(ScreenRun, campaign.screen_run_id)
        found = screened(session, run.id, run.roster_id, seen, asked, digits=digits)
        counted = tallies(session, chosen, digits=digits)
        row = campaign_row(session, campaign, seen)
        confirm, confirms = _due(session, office, chosen, "confirm")
        commit, commits = _due(session, office, chosen, "commit")
        return CampaignBoard(
            campaign=row,
            asked=asked,
            regions=regions_within(session, seen),
            expected=Money(found.get(WHOLE, Found()).fen).text,
            total=counted.get(WHOLE, Tally()),
            funnel=_funnel(row, found.get(WHOLE, Found()), counted),
            by_region=_cuts("region", counted, found, _names_of_regions(session, counted, found)),
            by_size=_cuts("size", counted, found, lambda key: SIZES.get(key, _SIZE_UNKNOWN), tuple(SIZES)),
            by_industry=_cuts("industry", counted, found, industry_name, tuple(INDUSTRIES)),
            by_status=_cuts("status", counted, {}, STATUS_NAMES.__getitem__, tuple(STATUS_NAMES)),
            confirm_soon=confirm,
            confirm_soon_count=confirms,
            commit_soon=commit,
            commit_soon_count=commits,
            objections_open=_objections(session, chosen),
            may_close=_may_close(session, office, actor, campaign),
        )


def _may_close(session: Session, office: Office, actor: Actor, campaign: RefundCampaign) -> bool:
    no = check_may(session, office.duties, actor, "review", campaign.region, office.today)
    return campaign.status != "closed" and no is None


def _cuts(
    by: str,
    counted: Mapping[CutKey, Tally],
    found: Mapping[CutKey, Found],
    name_of: Names,
    order: Sequence[str] = (),
) -> tuple[Cut, ...]:
    keys = {key for kind, key in (*counted, *found) if kind == by}
    ordered = sorted(keys, key=lambda key: (order.index(key) if key in order else len(order), key))
    return tuple(
        Cut(
            code=key,
            name=name_of(key)[0],
            name_en=name_of(key)[1],
            screened=found.get((by, key), Found()).screened,
            eligible=found.get((by, key), Found()).eligible,
            tally=counted.get((by, key), Tally()),
        )
        for key in ordered
    )


def _names_of_regions(
    session: Session, counted: Mapping[CutKey, Tally], found: Mapping[CutKey, Found]
) -> Names:
    names = region_names(session, {key for kind, key in (*counted, *found) if kind == "region"})
    return lambda key: (names[key], names[key])


def _funnel(campaign: CampaignRow, found: Found, counted: Mapping[CutKey, Tally]) -> tuple[FunnelStep, ...]:
    """Who came at least as far as each step; a refund that lapsed or was declined came no further than its case."""
    total = counted.get(WHOLE, Tally())
    standing = _opened(total)
    steps = [
        ("screened", "已筛查", "Screened", found.screened, ""),
        ("eligible", "符合条件", "Eligible", found.eligible, Money(found.fen).text),
        ("pushed", "已推送", "Told", total.opened, standing),
        ("confirmed", "已确认", "Confirmed", *_passed(counted, "checking")),
        ("noticed", "已公示", "Published", *_passed(counted, "notice")),
    ]
    if campaign.mode == "disburse":
        steps += [
            ("ordered", "已开付款单", "Payment ordered", *_passed(counted, "paying")),
            ("paid", "已拨付", "Paid", total.count("paid"), total.total("paid_out")),
        ]
    else:
        steps += [
            ("prepaid", "已预拨", "Prepaid", total.count("paid"), total.total("prepaid")),
            ("committed", "已承诺", "Committed", total.count("committed"), ""),
            ("settled", "已清算", "Settled", total.count("settled"), total.total("settled_due")),
        ]
    return tuple(
        FunnelStep(code=code, name=name, name_en=name_en, count=count, total=fen)
        for code, name, name_en, count, fen in steps
    )


def _opened(total: Tally) -> str:
    return Money.total((Money.yuan(total.total("standing")), Money.yuan(total.total("lapsed")))).text


def _passed(counted: Mapping[CutKey, Tally], stage: str) -> tuple[int, str]:
    """How many came to the stage or further, and what they come to."""
    order = ("checking", "notice", "paying", "paid")
    statuses = [word for each in order[order.index(stage) :] for word in STAGES[each]]
    rows = [counted[("status", word)] for word in statuses if ("status", word) in counted]
    total = Money.total(Money.yuan(row.total("standing")) for row in rows)
    return sum(row.opened for row in rows), total.text


def _due(
    session: Session, office: Office, chosen: Sequence[ColumnElement[bool]], what: str
) -> tuple[tuple[DueSoon, ...], int]:
    """The employers that must act first, and how many there are."""
    until = R.confirm_until if what == "confirm" else R.commitment_until
    conditions = (*chosen, due_soon(what, office.today))
    count = session.scalar(select(func.count()).select_from(R).where(*conditions)) or 0
    found = session.execute(
        select(R.id, Employer.name, R.region, STANDING_FEN, until)
        .join(Employer, Employer.id == R.employer_id)
        .where(*conditions)
        .order_by(until, R.id)
        .limit(_SOON_SHOWN)
    ).all()
    names = region_names(session, {region for _, _, region, _, _ in found})
    rows = tuple(
        DueSoon(
            refund_id=number,
            employer_name=name,
            region_name=names[region],
            amount=Money(fen).text,
            until=day,
            days_left=(day - office.today).days,
        )
        for number, name, region, fen, day in found
        if day is not None
    )
    return rows, count


def _objections(session: Session, chosen: Sequence[ColumnElement[bool]]) -> int:
    counted = (
        select(func.count(func.distinct(R.id)))
        .join(NoticeObjection, NoticeObjection.refund_id == R.id)
        .where(*chosen, NoticeObjection.status == "open")
    )
    return session.scalar(counted) or 0
