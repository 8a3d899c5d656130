"""Pages of internal control: rules tried and put in force by two, data changed by two, incidents in time, looks inspected."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select, text
from visitors import PASSWORD, Visitor, staff

from engine.people import Person, record_look
from engine.registers.cast import PEOPLE
from engine.registers.rosters import COLUMNS
from engine.store.audit import AuditEvent
from engine.values import Actor

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from engine.cases.office import Office

RULE = {
    "rule": "shared_account",
    "name": "两人以上共用账户",
    "english": "Two or more on one account",
    "level": "high",
    "condition": "account_shared_by > 1",
    "says": "另有 {account_shared_by} 人",
    "source": "内控设计",
}


def _fund(app: Flask) -> Visitor:
    return signed_in(app, "zhujiandu")


def signed_in(app: Flask, login: str) -> Visitor:
    """The member of staff of that login."""
    visitor = Visitor(app)
    assert visitor.post("/sign-in", login=login, password=PASSWORD).status_code == 303
    return visitor


@pytest.mark.req("CTRL-04")
def test_a_rule_is_written_tried_and_put_in_force_by_two(app: Flask) -> None:
    control = staff(app, "control")
    assert "多人共用一个账户" in control.get("/control").text

    wrong = control.post("/control/rules/new", **{**RULE, "condition": "account_shared_by > 7", "act": "try"})
    assert wrong.status_code == 422
    assert "不能直接写数字" in wrong.text
    assert RULE["name"] in wrong.text, "what was typed stays"

    assert "试算结果" in control.post("/control/rules/new", **RULE, act="try").text
    kept = control.post("/control/rules/new", **RULE, act="keep").location or ""
    assert re.fullmatch(r"/control/rules/\d+", kept)
    supervisor = _fund(app)
    assert "须先试算" in supervisor.post(kept, act="approve").text
    control.post(kept, act="try")
    assert "另一人" in control.post(kept, act="approve").text, "not by who wrote it"
    assert supervisor.post(kept, act="approve").status_code == 303
    page = control.get("/control").text
    assert page.count(f'href="{kept}"') == 1
    assert "停用" in page


@pytest.mark.req("CTRL-04", "CTRL-07")
def test_nobody_else_enters_the_room(app: Flask) -> None:
    for who in ("intake", "cashier", "administrator"):
        visitor = staff(app, who)
        for path in (
            "/control",
            "/control/flags",
            "/control/samples",
            "/control/looks",
            "/control/incidents",
        ):
            assert visitor.get(path).status_code == 403, (who, path)
    assert staff(app, "control").post("/control/screen").status_code == 303
    assert staff(app, "intake").post("/control/screen").status_code == 403


@pytest.mark.req("CTRL-01")
def test_data_changes_only_with_two_people_and_leave_before_and_after(app: Flask, office: Office) -> None:
    person = PEOPLE["li"]
    steward, other = signed_in(app, "fengshuju"), signed_in(app, "lvshuju2")
    asked = {
        "field": "person_phone",
        "number": person.id_number,
        "value": "139 0635 0001",
        "reason": "本人来电更正",
        "evidence": "电话录音 12 号",
    }
    assert "请写明依据" in steward.post("/control/changes", **{**asked, "evidence": " "}).text
    assert steward.post("/control/changes", **{**asked, "value": "12"}).status_code == 403
    assert steward.post("/control/changes", **asked).status_code == 303
    assert "13906350001" not in steward.get("/control/changes").text
    number = _newest(office, "data_change")

    own = steward.post(f"/control/changes/{number}", act="agree", why="好")
    assert "申请人与审批人不得是同一人" in own.text
    assert other.post(f"/control/changes/{number}", act="agree", why="与录音一致").status_code == 303

    assert "139****0001" in other.get("/control/changes").text
    with office.store.reading() as session:
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.stream == "data-changes").order_by(AuditEvent.seq)
        ).all()
        told = [each.action for each in events if each.action != "ACTION_REFUSED"]
        assert told[-3:] == ["CHANGE_REQUESTED", "CHANGE_APPROVED", "CHANGE_APPLIED"]
        assert "139****0001" in (events[-1].after or "")
        assert "13906350001" not in "".join(f"{each.before}{each.after}" for each in events)


@pytest.mark.req("CTRL-01")
def test_a_key_field_is_the_leaders_and_nothing_overwrites_what_changed_meanwhile(
    app: Flask, office: Office
) -> None:
    person = PEOPLE["wu"]
    asked = {
        "field": "person_name",
        "number": person.id_number,
        "value": "吴改名",
        "reason": "改名",
        "evidence": "户口簿",
    }
    assert staff(app, "intake").post("/control/changes", **asked).status_code == 303
    number = _newest(office, "data_change")
    refused = signed_in(app, "lvshuju2").post(f"/control/changes/{number}", act="agree", why="好")
    assert refused.status_code == 403, "not a leader"
    with office.store.transaction() as session:
        row = session.scalars(
            select(Person).where(Person.id_number_index == office.vault.index(person.id_number))
        ).one()
        row.name = "吴别名"
    late = staff(app, "approve").post(f"/control/changes/{number}", act="agree", why="好")
    assert late.status_code == 409
    assert "请重新申请" in late.text
    with pytest.raises(Exception, match="decided_by_another"), office.store.transaction() as session:
        session.execute(
            text("UPDATE data_change SET decided_by = requested_by, decided_at = now() WHERE id = :id"),
            {"id": number},
        )


@pytest.mark.req("CTRL-05")
def test_a_fund_incident_is_graded_due_in_working_days_and_signed_by_another(
    app: Flask, office: Office
) -> None:
    control, supervisor = staff(app, "control"), _fund(app)
    said = {
        "region": "371500",
        "found_on": "2025-11-03",
        "found_by": "sample",
        "title": "冒领失业保险金",
        "account": "抽检发现一人冒领八个月",
        "contact": "郑内 0635-8888888",
        "amount": "12000.00",
    }
    assert "金额写法" in control.post("/control/incidents", **{**said, "amount": "1,2"}).text
    none = control.post("/control/incidents", **{**said, "amount": "9999.99"})
    assert none.status_code == 403, "no incident in law"
    address = control.post("/control/incidents", **said).location or ""
    page = control.get(address).text
    assert "普通" in page
    assert "2025-11-10" in page, "five working days"
    assert "还剩 5 个工作日" in page
    assert control.post(address, act="sign").status_code == 403
    assert supervisor.post(address, act="sign").status_code == 303
    assert "按期上报" in control.get(address).text

    control.post(address, act="follow", text="另查出五十万元", amount="500000.00", filed="1")
    assert "重大" in control.get(address).text
    assert (
        control.post(address, act="follow", text="已追回", amount="500000.00", closes="1").status_code == 303
    )
    assert "已办结" in control.get(address).text
    assert control.post(address, act="follow", text="再报", amount="1").status_code == 409


@pytest.mark.req("CTRL-07")
def test_who_looks_at_files_outside_their_cases_is_seen_and_the_inspector_too(
    app: Flask, office: Office
) -> None:
    looker = _staff_id(office, "youshouli")
    with office.store.transaction() as session:
        for person_id in session.scalars(select(Person.id).order_by(Person.id).limit(11)):
            record_look(
                session,
                actor=Actor(kind="staff", id=looker, name="尤守丽"),
                subject=f"person:{person_id}",
                why="查询",
                now=office.clock(),
            )
    supervisor = _fund(app)

    page = supervisor.get("/control/looks").text
    assert "尤守丽" in page
    assert "偏多" in page
    assert "非本人经办" in supervisor.get(f"/control/looks/{looker}").text
    with office.store.reading() as session:
        looks = session.scalars(
            select(AuditEvent.subject).where(AuditEvent.action == "LOOKS_INSPECTED")
        ).all()
        assert {"access-records", f"staff:{looker}"} <= set(looks)
    assert staff(app, "control").get(f"/control/looks/{looker}").status_code == 403, "another city's"


def _newest(office: Office, table: str) -> int:
    with office.store.reading() as session:
        return int(session.execute(text(f"SELECT max(id) FROM {table}")).scalar_one())


def _staff_id(office: Office, login: str) -> int:
    with office.store.reading() as session:
        return int(
            session.execute(text("SELECT id FROM staff_member WHERE login = :l"), {"l": login}).scalar_one()
        )


@pytest.mark.req("CTRL-02")
def test_a_faulty_roster_is_told_line_by_line_on_the_page_and_a_right_one_taken(app: Flask) -> None:
    steward = signed_in(app, "fengshuju")
    right = f"{','.join(COLUMNS)}\n{PEOPLE['li'].id_number},ST6,2025-10-05,看守所\n"

    def hand_in(content: str) -> TestResponse:
        fields = {"csrf_token": steward.token(), "kind": "custody", "as_of": "2025-10-20", "source": "测试"}
        file = (BytesIO(content.encode("gb18030")), "roster.csv")
        return steward.client.post("/rosters", data={**fields, "roster": file})

    no = hand_in(
        right + "371502199001010000,ST6,2025-10-05,看守所\n" + right.splitlines()[1].removesuffix(",看守所")
    )
    assert no.status_code == 403
    assert "第3行：身份证号不正确" in no.text
    assert "第4行：应有4栏，现有3栏" in no.text
    assert "羁押服刑名册已收入：1 行" in steward.follow(hand_in(right)).text
