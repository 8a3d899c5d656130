"""Pages of reduction reports: an employer reports and corrects, the worker reads, confirms and objects, the agency lists."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from visitors import PROVINCE, Visitor, claimant, staff

from engine.cases.office import Office
from engine.registers.cast import EMPLOYERS, PEOPLE
from engine.registers.files import ResidentFile
from engine.registers.province import Province
from engine.registers.reduction_tables import ReductionReport

SUN = PEOPLE["sun"]
TYPED = {"id_number": SUN.id_number, "name": SUN.name, "exit_day": "2025-10-31", "reason": "V01"}
#: residents who are at work in Liaocheng, each handed out once
_at_work = (
    file
    for file in Province.generate(**PROVINCE).residents.values()  # type: ignore[arg-type]
    if file.contributions.current and file.contributions.region.startswith("3715")
)


def firm(app: Flask, code: str = EMPLOYERS["guangyue"].credit_code) -> Visitor:
    """An employer, signed in."""
    visitor = Visitor(app)
    answer = visitor.post("/employer/sign-in", credit_code=code)
    assert answer.status_code == 303, answer.text
    return visitor


def reported(
    app: Flask, *, reason: str = "V01", exit_day: str = "2025-10-31"
) -> tuple[Visitor, ResidentFile, int]:
    """Somebody at work whom their own employer has reported: the employer, who it is, and the report."""
    who = next(_at_work)
    own = firm(app, who.contributions.last_employer_code)
    typed = {"id_number": who.population.id_number, "name": who.population.name, "exit_day": exit_day}
    page = own.follow(own.post("/employer/reductions", **typed, reason=reason)).text
    return own, who, int(re.findall(r'href="/employer/reductions/(\d+)"', page)[0])


@pytest.mark.req("SERV-04")
def test_an_employer_chooses_a_reason_of_the_catalogue_and_reads_what_it_means(app: Flask) -> None:
    own = firm(app)
    assert 'href="/employer/reductions"' in own.get("/employer").text

    page = own.get("/employer/reductions").text

    choices = re.search(r'<select[^>]*id="reason".*?</select>', page, re.DOTALL)
    assert choices and len(re.findall(r'value="[IVTU]\d\d"', choices[0])) == 17
    assert "缴费满一年、有求职要求的，可以申领失业保险金" in page and "计入稳岗返还的裁员率" in page
    assert "15日内申报" in page


@pytest.mark.req("SERV-04")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(app: Flask, language: str) -> None:
    own = firm(app)
    own.get(f"/language/{language}")

    answer = own.post(
        "/employer/reductions", name="某某", id_number="37150219850409001X", exit_day="2099-01-01"
    )

    assert answer.status_code == 422
    for field in ("id_number", "exit_day", "reason"):
        assert f'id="{field}-error"' in answer.text, field
    assert 'value="某某"' in answer.text
    assert ("Choose a reason of the catalogue" in answer.text) == (language == "en")
    stranger = own.post(
        "/employer/reductions", **{**TYPED, "id_number": PEOPLE["qin"].id_number, "name": "秦远航"}
    )
    assert stranger.status_code == 422 and 'id="id_number-error"' in stranger.text


@pytest.mark.req("SERV-03", "SERV-04")
def test_a_report_is_read_by_the_worker_confirmed_objected_to_and_answered(app: Flask) -> None:
    own, who, number = reported(app)
    person = Visitor(app)
    person.post("/apply", id_number=who.population.id_number, name=who.population.name)
    assert 'href="/my/reductions"' in person.get("/my").text

    page = person.get("/my/reductions").text
    assert "劳动者主动辞职" in page and "失业保险金申领告知书" in page
    person.follow(person.post(f"/my/reductions/{number}/received"))
    unsaid = person.post(f"/my/reductions/{number}/objection", statement=" ")
    assert unsaid.status_code == 422 and f'id="statement-{number}-error"' in unsaid.text
    made = person.follow(
        person.post(f"/my/reductions/{number}/objection", statement="是单位要我走的", claimed_reason="I07")
    ).text
    assert "等单位在" in made and "提出异议</button>" not in made

    answered = own.follow(
        own.post(f"/employer/reductions/{number}/answer", agrees="no", statement="本人递交了辞职信")
    ).text
    assert "单位不同意更正" in answered and "提交答复" not in answered
    listed = staff(app, "intake").get("/reductions?which=objected").text
    assert who.population.name in listed and "异议办理中" in listed
    file = staff(app, "intake").get(f"/reductions/{number}").text
    assert "站内送达" in file or "待送" in file
    assert who.population.id_number not in file


@pytest.mark.req("SERV-04", "CTRL-01")
def test_an_employer_asks_for_a_correction_and_says_when_the_notice_was_given(app: Flask) -> None:
    own, _who, number = reported(app)
    address = f"/employer/reductions/{number}"

    late = own.post(f"{address}/given", day="2099-01-01")
    assert late.status_code == 422 and 'id="day-error"' in late.text
    assert "2025-11-02" in own.follow(own.post(f"{address}/given", day="2025-11-02")).text
    same = own.post(f"{address}/correction", field="reason", value_reason="V01", why="误选", evidence="协议")
    assert same.status_code == 403 and 'value="协议"' in same.text
    asked = own.follow(
        own.post(f"{address}/correction", field="reason", value_reason="I07", why="误选", evidence="协议")
    ).text

    assert "待审批" in asked and "I07 用人单位提出、协商一致解除" in asked


@pytest.mark.req("SERV-04", "CTRL-07")
def test_nobody_opens_a_report_of_others(app: Flask) -> None:
    _own, _who, number = reported(app)
    stranger, person = firm(app, EMPLOYERS["decheng"].credit_code), claimant(app)

    assert stranger.get(f"/employer/reductions/{number}").status_code in (403, 404, 409)
    for path in ("answer", "given", "correction"):
        answer = stranger.post(f"/employer/reductions/{number}/{path}", day="2025-11-01", statement="x", why="x", evidence="x", value_reason="I07")  # fmt: skip
        assert answer.status_code in (403, 404, 409), path
    assert person.post(f"/my/reductions/{number}/received").status_code in (403, 404, 409)
    assert staff(app, "elsewhere").get(f"/reductions/{number}").status_code in (403, 404, 409)
    assert staff(app, "administrator").get("/reductions").status_code == 403
    assert stranger.get("/reductions").status_code in (302, 303, 403)


@pytest.mark.req("SERV-04")
def test_a_late_report_is_marked_and_a_special_reason_waits(office: Office, app: Flask) -> None:
    day = (office.today - timedelta(days=40)).isoformat()

    own, who, number = reported(app, reason="I99", exit_day=day)

    page = own.get(f"/employer/reductions/{number}").text
    assert "迟报" in page and "待复核" in page
    waiting = staff(app, "review").get("/reductions?which=waiting").text
    assert who.population.name in waiting
    with office.store.reading() as session:
        assert (
            session.scalars(select(ReductionReport.status).where(ReductionReport.id == number)).one()
            == "reported"
        )


@pytest.mark.req("SERV-04")
def test_a_sheet_is_told_line_by_line(app: Flask) -> None:
    own = firm(app)
    template = own.get("/employer/reductions/template.csv")
    line = f"{SUN.id_number},不是他,2025-10-31,I07,\r\n".encode()

    page = own.client.post(
        "/employer/reductions/sheet",
        data={"csrf_token": own.token(), "sheet": (io.BytesIO(template.data + line), "many.csv")},
        content_type="multipart/form-data",
    )

    assert page.status_code == 200
    assert "共 1 行，收到 0 行" in page.text and "号码与姓名核对不一致" in page.text


@pytest.mark.req("SERV-04", "FLOW-10")
def test_a_program_of_the_employer_reports_and_every_fault_is_a_reason(app: Flask) -> None:
    who = next(_at_work)
    own = firm(app, who.contributions.last_employer_code)
    headers = {"X-CSRFToken": own.client.get("/api/v1/session").json["csrf_token"]}  # type: ignore[index]
    sent = {
        "id_number": who.population.id_number,
        "worker_name": who.population.name,
        "exit_day": "2025-10-31",
        "exit_reason": "XX",
    }

    wrong = own.client.post("/api/v1/reductions", json=sent, headers=headers)
    right = own.client.post("/api/v1/reductions", json={**sent, "exit_reason": "I06"}, headers=headers)

    assert wrong.status_code == 403 and "reason_missing" in wrong.text
    assert right.status_code == 201, right.text
    assert right.json["case_key"].startswith("JY-")  # type: ignore[index]
