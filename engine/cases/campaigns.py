"""A refund campaign as people start and close it, and as the sweep opens its cases (REFUND-02, REFUND-04).

Whom a screening found eligible gets a case of ``stable-jobs.bpmn`` without asking, part after part, each part one
transaction: a killed campaign goes on with the first part that is not done, and nobody gets two. Whoever a later
screening finds joins by itself while the campaign runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.others import require_duty
from engine.cases.part_work import PartWork
from engine.cases.refund_acts import open_refund
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.law.screening import campaign_day, figures_of
from engine.people import Region, region_name
from engine.refunds import campaigns
from engine.refunds.campaign_tables import MODES, CampaignPart, RefundCampaign
from engine.refunds.campaigns import next_part
from engine.refunds.screening import parts_altered
from engine.refunds.tables import ScreenRun
from engine.values import SYSTEM, Actor, Reason, Refusal, RefusedError

#: who starts and closes a campaign: the duty that answers for what its reviewers then check
DUTY = "review"
_SOURCE = "鲁人社函〔2020〕10号（二）"


def start_campaign(
    office: Office, actor: Actor, *, region: str, year: int, mode: Literal["disburse", "prepay"]
) -> Done | Refusal:
    """The campaign of a city or province for a year, from its latest finished screening; its cases are opened by the sweep.

    Started before, with the same mode, it stays as it is. Refused without the duty there, below a city, without a
    finished screening, in a year whose figures are not in force (the gap is named), once it was closed, and where the
    screening's decisions are not those that the trail vouches for.
    """

    def work(session: Session) -> Done:
        if session.get(Region, region) is None or not region.endswith("00"):
            raise _no(
                "unknown_region", f"批次按市或省发起，{region} 不是", "A campaign is of a city or province."
            )
        require_duty(session, office, actor, DUTY, region)
        if mode not in MODES:
            raise _no("unknown_mode", f"没有拨付方式“{mode}”", "Pay as found, or prepay and settle.")
        known = campaigns.campaign_of(session, region, year)
        if known is not None:
            return _known(session, known, mode)
        run = campaigns.newest_run(session, region, year)
        _require_figures(office, region, year)
        if run is None:
            raise _no(
                "not_screened",
                f"{region_name(session, region)} {year} 年度还没有完成的筛查，请先筛查",
                "Screen the employers of the region first.",
            )
        _require_unaltered(session, run)
        campaign = campaigns.begin(session, run, region=region, mode=mode, actor=actor, now=office.clock())
        return _done(session, campaign)

    return attempt(office, actor, work, subject=f"office:{region}")


def close_campaign(office: Office, actor: Actor, campaign_id: int) -> Done | Refusal:
    """The campaign takes nobody in any more; its cases go on. Refused while employers may still confirm."""

    def work(session: Session) -> Done:
        campaign = session.get(RefundCampaign, campaign_id, with_for_update=True)
        if campaign is None:
            raise _no("no_such_campaign", "没有这个批次", "No such campaign.")
        require_duty(session, office, actor, DUTY, campaign.region)
        if campaign.status == "closed":
            return Done(message="批次已结束")
        waiting = campaigns.unconfirmed(session, campaign.id)
        if campaign.status == "opening" or waiting:
            raise _no(
                "campaign_runs",
                f"还有单位没有立案，或者 {waiting} 家单位还可以确认，不能结束",
                f"{waiting} employers may still confirm, or cases are still being opened.",
            )
        campaigns.close(session, campaign, actor=actor, now=office.clock())
        return Done(message="批次已结束，不再纳入新的单位；已立案的继续办理")

    return attempt(office, actor, work, subject=f"refund_campaign:{campaign_id}")


def campaign_due(office: Office, limit: int) -> int:
    """How many parts of campaigns were opened, at most so many; later screenings first give their campaigns new parts."""
    _take_in_newer(office)
    return _WORK.due(office, limit)


def drive(office: Office, campaign_id: int, *, say: Callable[[int, int], object]) -> None:
    """Opens what is left of the campaign here and now, telling how many of its parts are done."""
    _WORK.drive(office, campaign_id, say=say)


def do_next(office: Office, campaign_id: int) -> bool:
    """Whether the cases of a part were opened, in a transaction of its own."""
    with office.store.transaction() as session:
        part = next_part(session, campaign_id, now=office.clock())
        if part is None:
            return False
        campaign = session.get_one(RefundCampaign, campaign_id)
        wanted = campaigns.wanted(session, campaign, part)
        for employer_id, region in wanted:
            open_refund(
                office,
                session,
                SYSTEM,
                employer_id=employer_id,
                region=region,
                data={"year": campaign.year, "screen_run_id": part.screen_run_id},
            )
        campaigns.finish_part(session, campaign, part, opened=len(wanted), actor=SYSTEM, now=office.clock())
        return True


_WORK = PartWork(
    parts=CampaignPart,
    running=select(RefundCampaign.id).where(RefundCampaign.status == "opening").order_by(RefundCampaign.id),
    next_part=next_part,
    do_next=do_next,
)


def _take_in_newer(office: Office) -> None:
    # a screening is as rare as this is often: look first, lock only where there is something newer
    newer = (
        select(RefundCampaign.id)
        .join(
            ScreenRun, (ScreenRun.year == RefundCampaign.year) & (ScreenRun.id > RefundCampaign.screen_run_id)
        )
        .where(
            RefundCampaign.status == "running",
            ScreenRun.status == "done",
            RefundCampaign.region.startswith(func.rtrim(ScreenRun.region, "0")),
        )
        .distinct()
    )
    with office.store.reading() as session:
        found = session.scalars(newer).all()
    for campaign_id in found:
        with office.store.transaction() as session:
            campaign = session.get_one(RefundCampaign, campaign_id, with_for_update=True)
            campaigns.take_in_newer(session, campaign, actor=SYSTEM, now=office.clock())


def _known(session: Session, campaign: RefundCampaign, mode: str) -> Done:
    if campaign.status == "closed":
        raise _no("campaign_closed", "本年度批次已经结束", "The campaign of the year is closed.")
    if campaign.mode != mode:
        raise _no(
            "campaign_exists",
            f"本年度批次已按“{MODES[campaign.mode][0]}”发起，不能改变",
            f"The campaign of the year began otherwise: {MODES[campaign.mode][1]}.",
        )
    return _done(session, campaign)


def _done(session: Session, campaign: RefundCampaign) -> Done:
    return Done(
        message=f"{region_name(session, campaign.region)} {campaign.year} 年度稳岗返还批次已发起，系统陆续立案并推送"
    )


def _require_unaltered(session: Session, run: ScreenRun) -> None:
    """Refused where a decision of the screening is not the one that the trail vouches for: it would be paid by."""
    altered = parts_altered(session, run)
    if altered:
        numbers = "、".join(str(each) for each in altered[:10])
        raise _no(
            "screening_altered",
            f"第 {run.round} 轮筛查的第 {numbers} 部分与留痕不符，结论在筛查后被改动过：请报内控核查，并重新筛查",
            "Decisions of the screening were altered after it; tell internal control and screen again.",
        )


def _require_figures(office: Office, region: str, year: int) -> None:
    """Refused where neither ratio is in force on the campaign's day: nothing could be paid."""
    day = campaign_day(year, office.today)
    figures = figures_of(region=region, day=day, book=office.book)
    if figures.ratio_sme is None and figures.ratio_large is None and figures.struggling_head is None:
        raise RefusedError(
            *(reason for name, reason in sorted(figures.reasons.items()) if name.startswith("gap:ratio_"))
        )


def _no(code: str, text: str, text_en: str) -> RefusedError:
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=_SOURCE))
