"""Transfers between two offices as people see them: the form, both ends on one picture, money in transit, the exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from openpyxl import load_workbook
from peer_office import PeerOffice, a_peer
from sqlalchemy import func, select, update
from visitors import STAFF, Visitor, claimant, staff

from engine.cases import staff as colleagues
from engine.cases import transfer_lists, transit
from engine.cases.office import Office
from engine.cases.sweep import sweep_until_idle
from engine.cases.transfer_records import InTransit, TransferFilter, TransferList, TransitRow
from engine.duties.tables import StaffMember
from engine.exchange.tables import ExchangeMessage, ExchangeStatement
from engine.people import AccessRecord
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import RightsTransfer
from engine.values import Actor, RegionCode, StaffId
from engine.workflow.tables import WorkflowTask

LIAOCHENG, DEZHOU, YUZHONG = "371500", "371400", "500103"


@pytest.fixture
def chongqing(office: Office) -> Iterator[PeerOffice]:
    """The office of Chongqing, with which letters are exchanged."""
    with a_peer(office) as peer:
        yield peer


def asked_for(person: Visitor, *, source: str = DEZHOU, to: str = LIAOCHENG) -> str:
    """The number of the transfer that the person asked for on their own page; by default back to where they live."""
    page = person.follow(person.post("/my/transfers", from_region=source, to_region=to)).text
    (number, *_) = re.findall(r'href="/transfers/([\w-]+)"', page)
    return str(number)


def end_of(office: Office, number: str, side: str) -> RightsTransfer:
    """What is on record of that end."""
    with office.store.reading() as session:
        query = select(RightsTransfer).where(
            RightsTransfer.transfer_number == number, RightsTransfer.side == side
        )
        return session.scalars(query).one()


def written(office: Office, number: str, **values: object) -> None:
    """Both ends as some later day finds them."""
    with office.store.transaction() as session:
        session.execute(
            update(RightsTransfer).where(RightsTransfer.transfer_number == number).values(**values)
        )


def clerk(office: Office, duty: str = "intake") -> Actor:
    """A member of staff, as the use-cases know them."""
    with office.store.reading() as session:
        number = session.scalars(select(StaffMember.id).where(StaffMember.login == STAFF[duty])).one()
    found = colleagues.actor_of(office, StaffId(number))
    assert found
    return found


def accepted(office: Office, app: Flask, number: str, by: str = "intake") -> None:
    """The receiving clerk accepts, and the letter goes."""
    desk = staff(app, by)
    page = desk.get(f"/cases/{end_of(office, number, 'in').case_id}").text
    (task,) = set(re.findall(r"/tasks/([\w-]+)", page))
    desk.post(f"/tasks/{task}/claim")
    desk.follow(desk.post(f"/tasks/{task}", accept_opinion="accept"))
    sweep_until_idle(office)


# ---- the person


@pytest.mark.req("TRANS-01", "TRANS-03")
def test_the_person_chooses_places_by_name_and_no_code_is_asked(app: Flask) -> None:
    page = claimant(app).get("/my").text

    assert '<optgroup label="山东省">' in page
    assert '<optgroup label="山东省 聊城市">' in page
    assert '<option value="371502"' in page
    assert ">德州市</option>" in page
    assert 'pattern="\\d{6}"' not in page
    assert '<option value="000000"' not in page
    assert '<option value="370000"' not in page, "a province with cities is no place to move to"
    assert '<option value="500000"' in page, "a municipality is one"


@pytest.mark.req("TRANS-01")
@pytest.mark.parametrize(
    ("source", "to", "status", "said"),
    [
        (LIAOCHENG, "", 422, "请选择地区"),
        (LIAOCHENG, LIAOCHENG, 422, "转入地不能与转出地相同"),
        (LIAOCHENG, "999999", 403, "没有地区 999999"),
    ],
)
def test_a_wrong_choice_is_said_in_the_form_which_keeps_the_other(
    app: Flask, source: str, to: str, status: int, said: str
) -> None:
    answer = claimant(app).post("/my/transfers", from_region=source, to_region=to)

    assert answer.status_code == status
    assert said in answer.text
    assert f'<option value="{source}" selected>' in answer.text
    assert '<details class="fold" open>' in answer.text


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_the_person_sees_both_ends_on_one_picture_and_as_a_table(office: Office, app: Flask) -> None:
    person = claimant(app)
    number = asked_for(person)
    accepted(office, app, number)

    page = person.get(f"/transfers/{number}").text

    assert page.count('<svg class="lanes') == 2, "lying for a desk, standing for a telephone"
    assert page.count("stretch-current") >= 2
    assert 'aria-current="step"' in page
    assert "转出审核" in page
    assert "许复荷" not in page, "no names of staff"


@pytest.mark.req("TRANS-01")
def test_nobody_sees_the_transfer_of_somebody_else(office: Office, app: Flask) -> None:
    number = asked_for(claimant(app))

    other = claimant(app).get(f"/transfers/{number}")
    elsewhere = staff(app, "administrator").get(f"/transfers/{number}")

    assert other.status_code == 404
    assert "没有这件转迁" in other.text
    assert elsewhere.status_code == 403
    assert claimant(app).get("/transfers/ZY-0").status_code == 404
    assert claimant(app).get("/transfers/ZY%00\u53f7").status_code == 404


@pytest.mark.req("TRANS-01")
def test_the_person_takes_it_back_and_must_say_why(office: Office, app: Flask) -> None:
    person = claimant(app)
    number = asked_for(person)

    wrong = person.post(f"/transfers/{number}/withdrawal", why=" ")
    page = person.follow(person.post(f"/transfers/{number}/withdrawal", why="暂不搬迁")).text

    assert wrong.status_code == 422
    assert "请写明撤回原因" in wrong.text
    assert "已撤回" in page
    assert end_of(office, number, "in").status == "withdrawn"
    assert claimant(app).post(f"/transfers/{number}/withdrawal", why="别人的").status_code == 404


# ---- staff


@pytest.mark.req("TRANS-01", "CTRL-07")
def test_staff_of_either_end_see_it_and_the_look_is_recorded(office: Office, app: Flask) -> None:
    number = asked_for(claimant(app))
    accepted(office, app, number)
    person = end_of(office, number, "out").person_id

    here = staff(app, "review").get(f"/transfers/{number}").text
    there = staff(app, "elsewhere").get(f"/transfers/{number}").text

    assert "复核转出" in there
    assert "复核转出" in here, "the other end is on the same line"
    with office.store.reading() as session:
        whys = session.scalars(
            select(AccessRecord.why).where(
                AccessRecord.person_id == person, AccessRecord.why.contains(number)
            )
        ).all()
    assert len([why for why in whys if why.startswith("查看转迁")]) >= 2


@pytest.mark.req("TRANS-02", "TRANS-04")
def test_months_fee_reasons_sources_and_unverified_parameters_stand_on_the_page(
    office: Office, app: Flask
) -> None:
    qin = claimant(app, "qin")
    with office.store.transaction() as session:
        # what other tests asked for in the name of Qin does not stand in the way
        session.execute(
            update(RightsTransfer).where(RightsTransfer.status == "open").values(status="withdrawn")
        )
    number = asked_for(qin, source=LIAOCHENG, to=DEZHOU)
    accepted(office, app, number, by="elsewhere")

    page = staff(app, "review").get(f"/transfers/{number}").text

    assert "40905.00" in page
    assert "转移的缴费月数" in page
    assert "用到了尚未确认的参数：" in page
    assert "transfer.factor_within_province" in page
    assert "依据" in page


@pytest.mark.req("TRANS-04")
def test_the_list_counts_truly_and_pages_by_key(office: Office, app: Flask) -> None:
    numbers = {asked_for(claimant(app)) for _ in range(3)}
    actor = clerk(office)

    whole = transfer_lists.transfers(office, actor, TransferFilter(), size=500)
    first = transfer_lists.transfers(office, actor, TransferFilter(), size=2)
    assert isinstance(whole, TransferList)
    assert isinstance(first, TransferList)
    then = transfer_lists.transfers(office, actor, TransferFilter(), size=2, cursor=first.page.next_cursor)
    assert isinstance(then, TransferList)

    listed = [row.number for row in whole.page.rows]
    assert numbers <= set(listed)
    assert len(set(listed)) == len(listed) == whole.page.total == first.page.total
    assert [row.number for row in (*first.page.rows, *then.page.rows)] == listed[:4]


@pytest.mark.req("TRANS-04")
def test_the_list_is_narrowed_by_state_direction_number_and_lateness(office: Office, app: Flask) -> None:
    new = asked_for(claimant(app))
    sent = asked_for(claimant(app))
    accepted(office, app, sent)

    def found(**asked: Any) -> set[str]:
        page = transfer_lists.transfers(
            office,
            clerk(office),
            TransferFilter(**asked),
            size=500,
        )
        assert isinstance(page, TransferList)
        assert page.page.total == len(page.page.rows)
        return {row.number for row in page.page.rows}

    assert new in found(state="applied") and sent not in found(state="applied")
    assert sent in found(state="reviewing") and new not in found(state="reviewing")
    assert new in found(direction="in") and new not in found(direction="out")
    assert found(number=new) == {new}
    assert not {new, sent} & found(late=True)
    office.clock.now += timedelta(days=30)  # type: ignore[attr-defined]
    assert {new, sent} <= found(late=True)


@pytest.mark.req("TRANS-04", "CTRL-07")
def test_an_end_is_late_by_a_step_of_the_other_office_of_which_the_clerk_sees_no_task(
    office: Office, app: Flask
) -> None:
    number = asked_for(claimant(app))
    accepted(office, app, number)
    clerks = staff(app, "intake")
    assert number not in clerks.get("/transfers?late=yes").text
    with office.store.transaction() as session:
        case_id = end_of(office, number, "out").case_id
        yesterday = office.clock() - timedelta(days=1)
        session.execute(update(WorkflowTask).where(WorkflowTask.case_id == case_id).values(due_at=yesterday))

    late = clerks.get("/transfers?late=yes").text

    assert number in late
    assert clerks.get(f"/cases/{case_id}").status_code == 403


@pytest.mark.req("TRANS-04")
def test_what_nobody_knows_in_a_filter_is_said_and_left_out(app: Flask) -> None:
    page = staff(app, "intake").get("/transfers?state=lost&direction=up&peer=999&late=yes").text

    assert "没有这种状态，已显示全部" in page
    assert "方向只有转入和转出，已显示全部" in page
    assert "没有这个对方机构，已显示全部" in page


def test_transfers_and_exchange_are_kept_from_duties_that_have_nothing_to_do_with_them(app: Flask) -> None:
    assert staff(app, "administrator").get("/transfers").status_code == 403
    assert staff(app, "rectifier").get("/transfers/in-transit").status_code == 403
    assert staff(app, "intake").get("/exchange").status_code == 403
    assert staff(app, "elsewhere").get("/exchange").status_code == 403


# ---- an end that another office keeps


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_of_the_other_office_the_page_says_what_its_messages_said(
    office: Office, app: Flask, chongqing: PeerOffice
) -> None:
    person = claimant(app)
    number = asked_for(person, source=YUZHONG, to=LIAOCHENG)
    chongqing.silent = True
    accepted(office, app, number)
    took = staff(app, "intake")

    unheard = took.get(f"/transfers/{number}").text
    chongqing.silent = False
    office.clock.now += timedelta(hours=7)  # type: ignore[attr-defined]
    sweep_until_idle(office)
    acknowledged = staff(app, "intake").get(f"/transfers/{number}").text
    chongqing.says("transfer_info", number, months_paid=38, months_left=8, fee_fen=1_965_600)
    sweep_until_idle(office)
    office.clock.now -= timedelta(hours=7)  # type: ignore[attr-defined]
    told = person.get(f"/transfers/{number}").text

    assert "联系函已发出，对方尚未确认收到" in unheard
    assert "对方还没有任何答复。" in unheard
    assert "据对方对第1号消息的回执" in acknowledged
    assert "已收到联系函，正在审核" in acknowledged
    assert "据对方第1号消息" in told
    assert "19656.00" in told
    assert "由转出地核算，算法没有随信息表发来。" in told
    assert "去申领" in told, "the months count before the money has come"


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_an_application_that_another_office_has_is_seen_by_its_person(
    office: Office, app: Flask, chongqing: PeerOffice
) -> None:
    person = claimant(app)
    number = asked_for(person, source=LIAOCHENG, to=YUZHONG)
    sweep_until_idle(office)

    page = person.get(f"/transfers/{number}").text

    assert "已转去：" in person.get("/my").text
    assert "申请已转去，尚未发来联系函" in page
    assert "据对方对第1号消息的回执" in page
    assert "transfer_application" in [each.kind for each in chongqing.got]
    assert claimant(app).get(f"/transfers/{number}").status_code == 404
    assert staff(app, "intake").get(f"/transfers/{number}").status_code == 200
    assert staff(app, "elsewhere").get(f"/transfers/{number}").status_code == 404


# ---- money in transit


@pytest.mark.req("TRANS-04", "MONEY-03")
@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"paid_on": date(2025, 11, 3), "announced_fen": 4_090_500}, "not_arrived"),
        ({"arrived_on": date(2025, 11, 3), "arrived_fen": 4_090_500}, "not_announced"),
        (
            {
                "paid_on": date(2025, 11, 3),
                "announced_fen": 4_090_500,
                "arrived_on": date(2025, 11, 3),
                "arrived_fen": 4_090_400,
            },
            "amounts",
        ),
    ],
)
def test_money_in_transit_says_what_is_amiss_and_for_how_long(
    office: Office, app: Flask, values: dict[str, object], what: str
) -> None:
    number = asked_for(claimant(app))
    written(office, number, fee_fen=4_090_500, status="credited")
    written(office, number, status="in_transit", **values)
    office.clock.now += timedelta(days=4)  # type: ignore[attr-defined]

    found = transit.in_transit(office, clerk(office))
    before = transit.in_transit(office, clerk(office), month="2025-10")

    assert isinstance(found, InTransit)
    assert isinstance(before, InTransit)
    (row,) = [each for each in found.rows if each.number == number]
    assert (row.what, row.days, row.side) == (what, 4, "in")
    assert not [each for each in before.rows if each.number == number], "nothing was on its way in October"
    assert not [each for each in _seen_by_other_city(office) if each.number == number], (
        "of no concern to a third city"
    )


def _seen_by_other_city(office: Office) -> tuple[TransitRow, ...]:
    nobody = Actor(kind="staff", id=999_999, name="无岗", region=RegionCode("370100"))
    found = transit.in_transit(office, nobody)
    return found.rows if isinstance(found, InTransit) else ()


@pytest.mark.req("TRANS-04")
def test_money_that_arrived_as_announced_is_not_in_transit(office: Office, app: Flask) -> None:
    number = asked_for(claimant(app))
    day = date(2025, 11, 3)
    money = {"fee_fen": 100, "announced_fen": 100, "arrived_fen": 100}
    written(office, number, paid_on=day, arrived_on=day, status="settled", **money)

    found = transit.in_transit(office, clerk(office))

    assert isinstance(found, InTransit)
    assert number not in {row.number for row in found.rows}


@pytest.mark.req("TRANS-04", "CTRL-07")
def test_the_workbook_holds_no_whole_identity_number_and_is_on_record(office: Office, app: Flask) -> None:
    number = asked_for(claimant(app))
    written(office, number, paid_on=date(2025, 11, 3), announced_fen=4_090_500, fee_fen=4_090_500)

    answer = staff(app, "accountant").get("/transfers/in-transit.xlsx")

    rows = list(load_workbook(BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True))
    (line,) = [row for row in rows if row[0] == number]
    assert re.search(r"\d{6}\*{8}", str(line[1])), "masked"
    assert not re.search(r"\d{17}[\dX]", str(rows))
    assert line[4] == 40905.0
    assert "工作列表导出" not in str(rows)


@pytest.mark.req("TRANS-04")
def test_a_month_that_is_none_is_said_at_its_field(app: Flask) -> None:
    answer = staff(app, "intake").get("/transfers/in-transit?month=2025-13")

    assert answer.status_code == 422
    assert "月份写法：2025-11" in answer.text


# ---- the exchange


@pytest.mark.req("TRANS-04")
def test_a_message_that_was_given_up_is_seen_and_sent_again_by_hand(
    office: Office, app: Flask, chongqing: PeerOffice
) -> None:
    chongqing.silent = True
    number = asked_for(claimant(app), source=LIAOCHENG, to=YUZHONG)
    sweep_until_idle(office)
    with office.store.transaction() as session:
        message = session.scalars(
            select(ExchangeMessage).where(ExchangeMessage.transfer_number == number)
        ).one()
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.kind == "exchange", OutboxMessage.key == message.key)
            .values(dead_at=func.now())
        )
        message_id = message.id
    control, accountant = staff(app, "control"), staff(app, "accountant")

    overview, page = control.get("/exchange").text, control.get(f"/exchange/{chongqing.code}").text
    only_looks = accountant.get(f"/exchange/{chongqing.code}").text
    refused = accountant.post(f"/exchange/messages/{message_id}/resend")
    chongqing.silent = False
    again = control.follow(
        control.post(f"/exchange/messages/{message_id}/resend", next=f"/exchange/{chongqing.code}")
    ).text
    sweep_until_idle(office)

    assert "重庆市失业保险经办机构" in overview
    assert "多次未能送达，须人工重发" in page
    assert f"/exchange/messages/{message_id}/resend" in page
    assert "/resend" not in only_looks
    assert refused.status_code == 403
    assert "重发" in again
    assert [each.transfer_number for each in chongqing.got] == [number]
    assert "多次未能送达" not in control.get(f"/exchange/{chongqing.code}").text


@pytest.mark.req("TRANS-04")
def test_a_message_without_a_signature_that_is_known_is_shown_as_not_taken(
    office: Office, app: Flask, chongqing: PeerOffice
) -> None:
    chongqing.key = Ed25519PrivateKey.generate()
    answer = chongqing.says("transfer_info", "ZY-1", months_paid=1, months_left=1, fee_fen=1)

    page = staff(app, "control").get("/exchange").text

    assert b"bad_signature" in answer
    assert "没有可信签名、未予收取的来件" in page


@pytest.mark.req("TRANS-04")
def test_a_statement_is_sent_when_asked_for_by_those_who_may(
    office: Office, app: Flask, chongqing: PeerOffice
) -> None:
    control = staff(app, "control")

    done = control.follow(control.post(f"/exchange/{chongqing.code}/statement")).text
    sweep_until_idle(office)

    assert "号对账单将送" in done
    assert "statement" in [each.kind for each in chongqing.got]
    assert staff(app, "accountant").post(f"/exchange/{chongqing.code}/statement").status_code == 403
    assert control.get("/exchange/999").status_code == 404


@pytest.mark.req("TRANS-04", "CTRL-07")
def test_a_statement_tells_every_transfer_whoever_asks_for_it(
    office: Office, app: Flask, chongqing: PeerOffice
) -> None:
    number = asked_for(claimant(app), source=YUZHONG)
    administrator = staff(app, "administrator")
    assert administrator.get(f"/transfers/{number}").status_code == 403

    administrator.follow(administrator.post(f"/exchange/{chongqing.code}/statement"))

    with office.store.reading() as session:
        newest = select(ExchangeStatement.content).where(ExchangeStatement.direction == "out")
        said = session.scalars(newest.order_by(ExchangeStatement.id.desc()).limit(1)).one()
    assert number in said, "half a statement would accuse the other office of what is not so"


def test_the_menu_offers_the_exchange_only_where_there_are_other_offices(app: Flask, office: Office) -> None:
    without = staff(app, "administrator").get("/inbox").text

    with a_peer(office):
        within = staff(app, "administrator").get("/inbox").text
        tabs = staff(app, "control").get("/transfers").text
        clerk_tabs = staff(app, "intake").get("/transfers").text

    assert 'href="/exchange"' not in without
    assert 'href="/exchange"' in within
    assert 'href="/exchange"' in tabs
    assert 'href="/exchange"' not in clerk_tabs
