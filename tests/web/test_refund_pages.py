"""Refund campaigns and public notices as people see them: who may, what a workbook holds, what anybody reads and says."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from refund_rosters import Told, list_file, years_file
from sqlalchemy import select
from visitors import PASSWORD, Visitor, claimant, open_task, staff

from engine.cases import screening
from engine.cases.office import Office
from engine.cases.screening_views import ScreeningView
from engine.cases.sweep import sweep_until_idle
from engine.people import Employer
from engine.refunds.campaign_tables import NoticeObjection, RefundCampaign, RefundNoticeLine, RetentionRefund
from engine.refunds.rosters import LIST_NAMES
from engine.registers.cast import EMPLOYERS
from engine.store.audit import AuditEvent
from engine.values import SYSTEM

FENGHUANG = EMPLOYERS["fenghuang"]


def published(office: Office, app: Flask) -> tuple[int, int, int]:
    """The campaign, refund and notice line of one employer that is in public notice; made once for all tests."""
    with office.store.reading() as session:
        found = session.execute(
            select(RetentionRefund.campaign_id, RetentionRefund.id, RefundNoticeLine.id)
            .join(RefundNoticeLine, RefundNoticeLine.refund_id == RetentionRefund.id)
            .join(Employer, Employer.id == RetentionRefund.employer_id)
            .where(Employer.credit_code == FENGHUANG.credit_code)
        ).first()
    if found:
        return found[0], found[1], found[2]
    _taken_in(app)
    run = screening.start_screening(office, SYSTEM, year=2025, region="371500")
    assert isinstance(run, ScreeningView), run.text
    screening.drive(office, run.run_id, say=lambda _done, _total: None)
    reviewer = staff(app, "review")
    begun = reviewer.post("/refunds", year="2025", region="371500", mode="disburse")
    assert begun.status_code == 303, begun.text
    sweep_until_idle(office)
    own = firm(app, "fenghuang")
    (task,) = set(re.findall(r"/tasks/(\w+)", own.get("/employer").text))
    own.follow(own.post(f"/tasks/{task}", answer="confirm", use_of_funds="retraining", commitment="true"))
    sweep_until_idle(office)
    with office.store.reading() as session:
        case = session.scalars(select(RetentionRefund.case_id)).one()
    for duty, fields in (
        ("intake", {"first_opinion": "pass", "first_note": "与名册一致"}),
        ("review", {"review_opinion": "agree"}),
    ):
        member = staff(app, duty)
        task = open_task(member, str(case))
        member.follow(member.post(f"/tasks/{task}/claim"))
        member.follow(member.post(f"/tasks/{task}", **fields))
        sweep_until_idle(office)
    return published(office, app)


def _taken_in(app: Flask) -> None:
    """Every list and the year's contributions, handed in by the data steward on the page; not by anybody else."""
    told = Told(employer="fenghuang", paid="85432.10", insured=31, industry="E")
    firm(app, "fenghuang")
    steward = Visitor(app)
    assert steward.post("/sign-in", login="fengshuju", password=PASSWORD).status_code == 303
    for kind in (*LIST_NAMES, "contributions"):
        content = years_file((told,)) if kind == "contributions" else list_file()
        answers = [
            who.client.post(
                "/refunds/rosters",
                data={
                    "csrf_token": who.token(), "kind": kind, "year": "2024", "as_of": "2025-10-20", "source": "测试",
                    "roster": (BytesIO(content), "roster.csv"),
                },
            )
            for who in (staff(app, "intake"), steward)
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [403, 303], answers[-1].text


def firm(app: Flask, employer: str) -> Visitor:
    visitor = Visitor(app)
    answer = visitor.post("/employer/sign-in", credit_code=EMPLOYERS[employer].credit_code)
    assert answer.status_code == 303, answer.text
    return visitor


@pytest.mark.req("REFUND-02", "MONEY-01")
def test_refunds_are_seen_by_duty_and_region_and_by_their_own_employer(office: Office, app: Flask) -> None:
    campaign, refund, _line = published(office, app)
    pages = ("/refunds", f"/refunds/{campaign}", "/refunds/list", f"/refunds/of/{refund}", "/refunds/notices")

    seen = {
        who: [staff(app, who).get(page).status_code for page in pages]
        for who in ("review", "accountant", "administrator", "elsewhere")
    }

    assert seen["review"] == seen["accountant"] == [200] * 5
    assert seen["administrator"] == [403, 403, 403, 404, 403]
    assert seen["elsewhere"] == [200, 404, 200, 404, 200]
    assert FENGHUANG.name not in staff(app, "elsewhere").get("/refunds/list").text
    assert "51,259.26" in firm(app, "fenghuang").get(f"/employer/refunds/{refund}").text
    assert firm(app, "dongchang").get(f"/employer/refunds/{refund}").status_code == 404
    assert claimant(app, "wu").get(f"/employer/refunds/{refund}").status_code == 303
    assert (
        staff(app, "intake").post("/refunds", year="2025", region="371500", mode="disburse").status_code
        == 403
    )
    assert staff(app, "intake").post(f"/refunds/{campaign}/close").status_code == 403


@pytest.mark.req("REFUND-02")
def test_the_board_leads_to_the_refunds_behind_its_figures(office: Office, app: Flask) -> None:
    campaign, refund, _line = published(office, app)
    reviewer = staff(app, "review")

    page = reviewer.get(f"/refunds/{campaign}").text
    (leads,) = set(re.findall(r'href="(/refunds/list\?campaign=[^"]*status=noticed[^"]*)"', page))
    behind = reviewer.get(leads.replace("&amp;", "&")).text
    nothing = reviewer.get(f"/refunds/{campaign}?industry=A").text

    assert "建筑业" in page
    assert "51,259.26" in page
    assert f'href="/refunds/of/{refund}"' in behind
    assert "还没有开案" in nothing
    assert reviewer.get("/refunds/list?status=x&stage=y&campaign=z&cursor=abc").status_code == 200


@pytest.mark.req("REFUND-02", "CTRL-07")
def test_a_workbook_holds_credit_codes_as_text_and_is_on_record(office: Office, app: Flask) -> None:
    _campaign, _refund, _line = published(office, app)
    reviewer = staff(app, "review")
    with office.store.reading() as session:
        run = session.scalars(select(RefundCampaign.screen_run_id)).first()

    refunds = reviewer.get("/refunds/list.xlsx?status=noticed")
    screened = reviewer.get(f"/refunds/screenings/{run}/employers.xlsx")

    for answer, amount in ((refunds, 51259.26), (screened, 51259.26)):
        sheet = load_workbook(BytesIO(answer.data)).worksheets[0]
        (row,) = [row for row in sheet.iter_rows(min_row=2) if row[1].value == FENGHUANG.name]
        assert (row[0].value, row[0].data_type, row[0].number_format) == (FENGHUANG.credit_code, "s", "@")
        assert amount in [cell.value for cell in row]
    with office.store.reading() as session:
        noted = session.scalars(
            select(AuditEvent.subject).where(
                AuditEvent.action == "LIST_EXPORTED", AuditEvent.stream == "office"
            )
        ).all()
    assert {"refunds", f"screening:{run}"} <= set(noted)


@pytest.mark.req("REFUND-05")
def test_anybody_reads_the_notice_and_objects_without_a_name_until_it_is_too_much(
    office: Office, app: Flask
) -> None:
    _campaign, refund, line = published(office, app)
    passer = Visitor(app)
    form = f"/public/refund-notices/objections/{line}"

    lists = passer.get("/public/refund-notices").text
    (address,) = set(re.findall(r'href="(/public/refund-notices/\d+)"', lists))
    page, printed = passer.get(address).text, passer.get(f"{address}?whole=yes").text
    said = "该单位上年末裁员十余人没有报减员"
    empty = passer.post(form, said=" ")
    short = passer.post(form, said="不对", name="某人")
    answers = [passer.post(form, said=f"{said}{number}") for number in range(7)]

    assert "聊城市" in lists
    assert FENGHUANG.name in page and FENGHUANG.credit_code in page and "51,259.26" in page
    assert 'role="search"' not in printed
    assert (empty.status_code, short.status_code) == (422, 403)
    assert "请写明异议内容" in empty.text
    assert 'value="某人"' in short.text, "what was typed stays"
    assert [answer.status_code for answer in answers].count(200) == 5
    assert "过于频繁" in answers[-1].text
    with office.store.reading() as session:
        kept = session.scalars(select(NoticeObjection).where(NoticeObjection.refund_id == refund)).all()
        assert [each.who for each in kept] == [None] * 5
    assert "5" in staff(app, "review").get("/refunds/notices").text
    assert said in staff(app, "review").get(f"/refunds/of/{refund}").text
    assert said not in firm(app, "fenghuang").get(f"/employer/refunds/{refund}").text
    assert passer.get("/public/refund-notices/999").status_code == 404
    assert passer.get("/public/refund-notices/objections/999").status_code == 404
