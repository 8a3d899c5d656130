"""The API of the office itself: agencies, staff and posts, the working calendar, payment batches."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from engine.cases import agencies, calendars, handing, month_runs, others, payments, staff
from engine.cases.agencies import AgencyRow
from engine.cases.calendars import YearView
from engine.cases.month_views import MonthRunView
from engine.cases.office import Office
from engine.cases.staff import StaffRow
from engine.cases.views import BatchView, BulkRow
from engine.values import Actor
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of, rows_of

office_room = Room("office", chinese="机构", english="the office")


@reads(office_room, "/agencies", chinese="委托代理清单", answer=rows_of(AgencyRow), who=STAFF)
def agency_list(office: Office, actor: Actor) -> object:
    """Who stands in for whom."""
    return agencies.agencies(office, actor)


@writes(office_room, "/agencies", chinese="设立委托代理", asks=schemas.Agency, status=201, who=STAFF)
def make_agency(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Let a colleague stand in."""
    return agencies.make_agency(office, actor, **asked)


@writes(office_room, f"/agencies/<{NUMBER}:agency_id>/end", chinese="终止委托代理", who=STAFF)
def end_agency(office: Office, actor: Actor, agency_id: int) -> object:
    """It gives nothing from now on."""
    return agencies.end_agency(office, actor, agency_id)


@writes(
    office_room,
    "/staff/leavers",
    chinese="离职交接",
    asks=schemas.Leaver,
    who=STAFF,
    parts=True,
    done=tuple,
    answer=rows_of(BulkRow),
)
def hand_over_all(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Everything open of who leaves goes to a colleague; each row has its own answer."""
    return handing.hand_over_all(office, actor, leaver=asked["leaver"], to=asked["to"], why=asked["why"])


@reads(office_room, "/staff", chinese="人员与岗位", answer=rows_of(StaffRow), who=STAFF)
def staff_list(office: Office, actor: Actor) -> object:
    """Staff with the posts in force."""
    return staff.staff_list(office, actor)


@writes(office_room, "/staff/posts", chinese="任命岗位", asks=schemas.Post, status=201, who=STAFF)
def assign_post(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Give somebody a post, where no other post of theirs forbids it."""
    return staff.assign_post(office, actor, login=asked["login"], duty=asked["duty"], region=asked["region"])


@reads(office_room, "/calendar", chinese="工作日历各年", answer=rows_of(YearView), who=STAFF)
def calendar_years(office: Office, actor: Actor) -> object:
    """Every year on file."""
    return calendars.calendar_years(office, actor)


@reads(office_room, "/calendar/<int(max=9999):year>", chinese="一年的工作日历", answer=answer_of(YearView), who=STAFF)  # fmt: skip
def calendar_year(office: Office, actor: Actor, year: int) -> object:
    """A year with what waits to replace it."""
    return calendars.calendar_year(office, actor, year)


@writes(office_room, "/calendar/<int(max=9999):year>", method="PUT", chinese="录入工作日历", asks=schemas.Year, who=STAFF)  # fmt: skip
def enter_year(office: Office, actor: Actor, asked: dict[str, Any], year: int) -> object:
    """Enter a year for a second person to approve."""
    return calendars.enter_year(office, actor, year=year, **asked)


@writes(office_room, f"/calendar/editions/<{NUMBER}:edition_id>/approval", chinese="批准工作日历", who=STAFF)
def approve_year(office: Office, actor: Actor, edition_id: int) -> object:
    """Put an edition in force as the second person."""
    return calendars.approve_year(office, actor, edition_id)


@writes(
    office_room,
    f"/calendar/editions/<{NUMBER}:edition_id>/rejection",
    chinese="退回工作日历",
    asks=schemas.Why,
    who=STAFF,
)
def reject_year(office: Office, actor: Actor, asked: dict[str, Any], edition_id: int) -> object:
    """Lay an edition aside."""
    return calendars.reject_year(office, actor, edition_id, why=asked["why"])


@reads(office_room, "/payments", chinese="付款批次清单", answer=rows_of(BatchView), who=STAFF)
def batches(office: Office, actor: Actor) -> object:
    """All batches that the caller may see."""
    return payments.batches(office, actor)


@reads(office_room, "/payments/<number>", chinese="付款批次", answer=answer_of(BatchView), who=STAFF)
def batch(office: Office, actor: Actor, number: str) -> object:
    """A payment batch with its lines and signatures."""
    return payments.batch_view(office, actor, number)


@writes(office_room, "/payments", chinese="发起月度付款", asks=schemas.PaymentRun, status=201, who=STAFF)
def start_payment_run(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Start the payment run of a month."""
    return others.start_payment_run(office, actor, month=asked["month"])


@writes(office_room, "/payments/receipts", chinese="导入银行回盘", uploads=schemas.File, who=STAFF)
def upload_receipt(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Take in a receipt file of the bank; refused whole if anything differs."""
    return payments.upload_receipt(office, actor, schemas.content_of(asked["file"]))


@reads(office_room, "/month-runs", chinese="按月发放清单", answer=rows_of(MonthRunView), who=STAFF)
def runs(office: Office, actor: Actor) -> object:
    """The month runs that the caller may see, latest first."""
    return month_runs.runs(office, actor)


@reads(
    office_room,
    f"/month-runs/<{NUMBER}:run_id>",
    chinese="按月发放",
    answer=answer_of(MonthRunView),
    who=STAFF,
)
def run(office: Office, actor: Actor, run_id: int) -> object:
    """How far a month run is, and what it decided."""
    return month_runs.run_view(office, actor, run_id)


@writes(
    office_room,
    "/month-runs",
    chinese="发起按月发放",
    asks=schemas.PaymentRun,
    status=201,
    who=STAFF,
    done=MonthRunView,
    answer=answer_of(MonthRunView),
)
def start_month_run(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Start the run of a month over everybody who is paid, or answer with the one that is going on."""
    return month_runs.start_month_run(office, actor, month=asked["month"])
