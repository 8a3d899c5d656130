"""Refunds of one's regions or of one's own, a page at a time, with true totals; and the same as a workbook. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import IO

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session

from engine.cases.campaign_rows import campaign_rows
from engine.cases.campaign_tallies import OFF, PAID_FEN, STANDING_FEN
from engine.cases.inbox_choices import regions_within
from engine.cases.industries import INDUSTRIES, industry_name
from engine.cases.office import Office
from engine.cases.refund_records import STAGES, RefundFilter, RefundList, RefundRow
from engine.cases.refund_sheets import AT_ONCE, all_rows, noted_sheet
from engine.cases.refund_sight import in_sight, not_seen, scopes_of
from engine.cases.refund_soon import due_soon
from engine.cases.rows import region_names
from engine.cases.views import Page
from engine.people import Employer
from engine.refunds.campaign_tables import (
    KINDS,
    MODES,
    SIZES,
    STATUS_NAMES,
    NoticeObjection,
    RetentionRefund,
)
from engine.values import Actor, Money, Refusal, reach
from engine.workflow.tables import WorkflowCase

PAGE_SIZE = 50
_NO_SIZE = ("", "")
_COLUMNS = (
    ("统一社会信用代码", 22), ("单位名称", 34), ("办件编号", 20), ("年度", 8), ("地区", 14), ("规模", 10), ("行业", 24),
    ("种类", 14), ("方式", 12), ("状态", 18), ("现核定金额（元）", 16), ("筛查金额（元）", 16), ("已付（元）", 16), ("预拨（元）", 16),
    ("清算应返还（元）", 16), ("补付（元）", 14), ("应追回（元）", 14), ("已追回（元）", 14), ("推送日期", 12), ("确认截止", 12),
    ("确认日期", 12), ("公示日期", 12), ("付款日期", 12), ("承诺截止", 12), ("承诺日期", 12), ("清算日期", 12), ("滚动纳入", 10),
)  # fmt: skip

R = RetentionRefund


def refunds(
    office: Office, actor: Actor, asked: RefundFilter, *, cursor: str = "", size: int = PAGE_SIZE
) -> RefundList | Refusal:
    """A page of the refunds that the actor may see, newest first; ``cursor`` is the refund after which it begins."""
    with office.store.reading() as session:
        scopes = scopes_of(session, office, actor)
        if not scopes and actor.kind != "employer":
            return not_seen(actor)
        asked = understood(asked)
        conditions = [in_sight(session, office, actor), *_conditions(office, asked)]
        count, fen = session.execute(
            select(func.count(), func.coalesce(func.sum(STANDING_FEN).filter(R.status.not_in(OFF)), 0))
            .select_from(R)
            .join(Employer, Employer.id == R.employer_id)
            .join(WorkflowCase, WorkflowCase.id == R.case_id)
            .where(*conditions)
        ).one()
        if cursor.isascii() and cursor.isdecimal() and len(cursor) < 10:
            conditions.append(R.id < int(cursor))
        rows = refund_rows(session, conditions, size=size + 1)
        return RefundList(
            asked=asked,
            page=Page(
                rows=rows[:size],
                total=count,
                next_cursor=str(rows[size - 1].refund_id) if len(rows) > size else "",
            ),
            regions=regions_within(session, scopes),
            campaigns=campaign_rows(session, scopes),
            amount=Money(int(fen)).text,
        )


def export_refunds(office: Office, actor: Actor, asked: RefundFilter) -> IO[bytes] | Refusal:
    """The whole list as a workbook; refused where it is too long."""

    def fetch(cursor: str) -> Page[RefundRow] | Refusal:
        found = refunds(office, actor, asked, cursor=cursor, size=AT_ONCE)
        return found if isinstance(found, Refusal) else found.page

    rows = all_rows(fetch)
    if isinstance(rows, Refusal):
        return rows
    lines = [_line(row) for row in rows]
    return noted_sheet(office, actor, "refunds", asked, title="稳岗返还", columns=_COLUMNS, rows=lines)


def understood(asked: RefundFilter) -> RefundFilter:
    """The filter with every word that nobody knows left out."""
    known: Mapping[str, object] = {
        "stage": STAGES, "status": STATUS_NAMES, "size": SIZES, "industry": INDUSTRIES, "kind": KINDS,
        "soon": ("confirm", "commit"), "objection": ("yes",), "late_entrant": ("yes",),
    }  # fmt: skip
    wrong = {name: "" for name, words in known.items() if getattr(asked, name) not in words}  # type: ignore[operator]
    wrong |= {name: "" for name in ("campaign", "year") if not _number(getattr(asked, name))}
    return replace(asked, **wrong)


def refund_rows(
    session: Session, conditions: Sequence[ColumnElement[bool]], *, size: int
) -> tuple[RefundRow, ...]:
    """The refunds that meet the conditions, newest first, with their names looked up at once."""
    found = session.execute(
        select(R, Employer, WorkflowCase.case_key, PAID_FEN)
        .join(Employer, Employer.id == R.employer_id)
        .join(WorkflowCase, WorkflowCase.id == R.case_id)
        .where(*conditions)
        .order_by(R.id.desc())
        .limit(size)
    ).all()
    names = region_names(session, {refund.region for refund, _, _, _ in found})
    return tuple(_row(each, names) for each in found)


def _conditions(office: Office, asked: RefundFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    plain = {"status": R.status, "size": R.size, "industry": R.industry, "kind": R.kind}
    conditions += [column == getattr(asked, name) for name, column in plain.items() if getattr(asked, name)]
    if asked.campaign:
        conditions.append(R.campaign_id == int(asked.campaign))
    if asked.year:
        conditions.append(R.year == int(asked.year))
    if asked.region:
        conditions.append(R.region.startswith(reach(asked.region), autoescape=True))
    if asked.stage:
        conditions.append(R.status.in_(STAGES[asked.stage]))
    return [*conditions, *_marked(office, asked)]


def _marked(office: Office, asked: RefundFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.late_entrant:
        conditions.append(R.late_entrant.is_(True))
    if asked.soon:
        conditions.append(due_soon(asked.soon, office.today))
    if asked.objection:
        against = select(NoticeObjection.refund_id).where(NoticeObjection.status == "open")
        conditions.append(R.id.in_(against))
    if asked.search:
        named = Employer.name.startswith(asked.search, autoescape=True)
        exact = asked.search.upper()
        conditions.append(or_(named, Employer.credit_code == exact, WorkflowCase.case_key == exact))
    return conditions


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _row(found: Row[RetentionRefund, Employer, str, int], names: Mapping[str, str]) -> RefundRow:
    refund, employer, case_key, paid_fen = found
    size, size_en = SIZES.get(refund.size, _NO_SIZE)
    industry, industry_en = industry_name(refund.industry)
    return RefundRow(
        refund_id=refund.id,
        case_id=refund.case_id,
        case_key=case_key,
        year=refund.year,
        employer_id=employer.id,
        employer_name=employer.name,
        credit_code=employer.credit_code,
        region_name=names[refund.region],
        size_name=size,
        size_name_en=size_en,
        industry_name=industry,
        industry_name_en=industry_en,
        kind=refund.kind,
        kind_name=KINDS[refund.kind][0],
        kind_name_en=KINDS[refund.kind][1],
        mode=refund.mode,
        mode_name=MODES[refund.mode][0],
        mode_name_en=MODES[refund.mode][1],
        status=refund.status,
        status_name=STATUS_NAMES[refund.status][0],
        status_name_en=STATUS_NAMES[refund.status][1],
        late_entrant=refund.late_entrant,
        amount=Money(refund.amount_fen).text,
        screened=Money(refund.screened_fen).text,
        pushed_on=refund.pushed_on,
        confirm_until=refund.confirm_until,
        confirmed_on=refund.confirmed_on,
        noticed_on=refund.noticed_on,
        notice_until=refund.notice_until,
        ordered_on=refund.ordered_on,
        paid_on=refund.paid_on or refund.prepaid_on,
        lapsed_on=refund.lapsed_on,
        prepaid=Money(refund.prepaid_fen).text,
        prepaid_on=refund.prepaid_on,
        commitment_until=refund.commitment_until,
        committed_on=refund.committed_on,
        settled="" if refund.settled_fen is None else Money(refund.settled_fen).text,
        settled_on=refund.settled_on,
        topped=Money(refund.topped_fen).text,
        to_recover=Money(refund.recover_fen).text,
        recovered=Money(refund.recovered_fen).text,
        paid_out=Money(int(paid_fen)).text,
    )


def _line(row: RefundRow) -> tuple[object, ...]:
    days = (
        row.pushed_on, row.confirm_until, row.confirmed_on, row.noticed_on, row.paid_on, row.commitment_until, row.committed_on,
        row.settled_on,
    )  # fmt: skip
    return (
        row.credit_code, row.employer_name, row.case_key, row.year, row.region_name, row.size_name, row.industry_name,
        row.kind_name, row.mode_name, row.status_name,
        *(float(money) for money in (row.amount, row.screened, row.paid_out, row.prepaid)),
        float(row.settled) if row.settled else None,
        *(float(money) for money in (row.topped, row.to_recover, row.recovered)),
        *(day.isoformat() if day else "" for day in days),
        "是" if row.late_entrant else "",
    )  # fmt: skip
