"""The API of rosters, price indices and imports: taken whole or not at all, faulty lines named, confirmed by another."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from history_files import as_csv, number_of, person_row
from refund_rosters import list_file
from test_api import signed_in
from visitors import PASSWORD, program

from engine.cases.employer_rosters import employer_rosters
from engine.cases.office import Office
from engine.cases.price_indices import PriceRoom, price_room
from engine.cases.rosters import rosters
from engine.cases.staff import sign_in
from engine.cases.sweep import sweep_until_idle
from engine.registers.cast import PEOPLE
from engine.registers.rosters import COLUMNS
from engine.values import Actor, Refusal


def steward(office: Office) -> Actor:
    """A data steward, as the pages know them."""
    found = sign_in(office, login="fengshuju", password=PASSWORD)
    assert not isinstance(found, Refusal)
    return found


@pytest.mark.req("FLOW-10", "CTRL-02")
def test_a_faulty_roster_names_its_lines_and_a_right_one_is_in_use(app: Flask, office: Office) -> None:
    client, headers = program(app, "fengshuju")
    right = f"{','.join(COLUMNS)}\n{PEOPLE['li'].id_number},,,\n"

    def hand_in(content: str, who: object = None) -> tuple[int, list[str]]:
        form = {"kind": "population", "as_of": "2025-10-21", "source": "公安局"}
        program_, own = who or (client, headers)  # type: ignore[misc]
        answer = program_.post(
            "/api/v1/rosters", headers=own, data={**form, "file": (BytesIO(content.encode()), "r.csv")}
        )
        return answer.status_code, [each["text"] for each in answer.json.get("reasons", ())]

    status, told = hand_in(right + "371502199001010000,,,\n" + "370000199001010011,,\n")

    assert (status, [text[:4] for text in told]) == (403, ["第3行：", "第4行："])
    assert hand_in(right, signed_in(app, "intake"))[0] == 403
    assert hand_in(right) == (201, [])
    page = rosters(office, steward(office))
    assert not isinstance(page, Refusal)
    assert (page[0].kind, page[0].source, page[0].lines) == ("population", "公安局", 1)
    assert client.get("/api/v1/rosters").json["rows"][0]["digest"] == page[0].digest
    assert client.get("/api/v1/rosters/template").data.decode("utf-8-sig").strip() == ",".join(COLUMNS)


@pytest.mark.req("FLOW-10", "REFUND-01")
def test_rosters_of_employers_and_of_certificates_are_taken_by_their_steward(
    app: Flask, office: Office
) -> None:
    client, headers = program(app, "fengshuju")
    form = {"kind": "zombie", "as_of": "2025-10-20", "source": "测试"}

    taken = client.post(
        "/api/v1/employer-rosters", headers=headers, data={**form, "file": (BytesIO(list_file()), "l.csv")}
    )
    wrong = client.post(
        "/api/v1/certificate-rosters",
        headers=headers,
        data={"as_of": "2025-10-20", "source": "测试", "file": (BytesIO(b"x"), "c.csv")},
    )

    assert taken.status_code == 201, taken.text
    page = employer_rosters(office, steward(office))
    assert not isinstance(page, Refusal)
    assert client.get("/api/v1/employer-rosters").json["rows"][0]["roster_id"] == page[0].roster_id
    assert (wrong.status_code, wrong.json["reasons"][0]["code"]) == (403, "roster_line")


@pytest.mark.req("FLOW-10", "CLAIM-11")
def test_an_index_is_entered_by_one_and_counts_by_another(app: Flask, office: Office) -> None:
    first, his = program(app, "fengshuju")
    second, hers = program(app, "lvshuju2")
    index = {
        "month": "2025-03", "cpi": "3.6", "food": "6.2", "low_income": "4.1", "living_allowance": "900.00",
        "published_on": "2025-04-10", "source": "接口测试的公报",
    }  # fmt: skip

    wrong = first.post("/api/v1/prices", headers=his, json={**index, "cpi": "x", "published_on": "x"})
    made = first.post("/api/v1/prices", headers=his, json=index)

    assert (wrong.status_code, len(wrong.json["reasons"])) == (403, 2)
    assert all(reason["text_en"] for reason in wrong.json["reasons"])
    assert made.status_code == 201, made.text
    room = price_room(office, steward(office))
    assert isinstance(room, PriceRoom)
    row = next(each for each in room.rows if each.source == "接口测试的公报")
    path = f"/api/v1/prices/{row.index_id}"
    own = first.post(f"{path}/confirmation", headers=his)
    assert own.status_code == 403 and own.json["reasons"][0]["text"]
    assert second.post(f"{path}/confirmation", headers=hers).status_code == 200
    told = {each["index_id"]: each["status"] for each in first.get("/api/v1/prices").json["rows"]}
    assert told[row.index_id] == "confirmed"
    assert first.post(f"{path}/withdrawal", headers=his, json={"why": "录入有误"}).status_code == 200
    file = first.get("/api/v1/prices/template").data + b"371500,x,1,1,1,1,x\r\n"
    line = first.post(
        "/api/v1/prices/file", headers=his, data={"source": "公报", "file": (BytesIO(file), "p.csv")}
    )
    assert line.json["reasons"][0]["text"].startswith("第2行：")


@pytest.mark.req("FLOW-10", "SERV-04")
def test_a_file_is_uploaded_by_one_reported_on_and_loaded_by_another(app: Flask, office: Office) -> None:
    first, his = program(app, "fengshuju")
    second, hers = program(app, "lvshuju2")
    content = as_csv("persons", [person_row(778_000), person_row(778_001, region="999999")])

    sent = first.post(
        "/api/v1/imports", headers=his, data={"kind": "persons", "file": (BytesIO(content), "p.csv")}
    )
    assert sent.status_code == 201, sent.text
    number = sent.json["import_id"]
    sweep_until_idle(office)
    told = first.get(f"/api/v1/imports/{number}")

    assert [group["rows"] for group in told.json["report"] if group["severity"] == "error"] == [1]
    assert number_of(778_001) not in told.text, "examples are masked"
    assert first.get(f"/api/v1/imports/{number}/faults").data[:2] == b"PK"
    full = second.post(f"/api/v1/imports/{number}/load", headers=hers)
    assert full.json["reasons"][0]["code"] == "faulty_rows"
    child = first.post(f"/api/v1/imports/{number}/split", headers=his).json["import_id"]
    sweep_until_idle(office)
    own = first.post(f"/api/v1/imports/{child}/load", headers=his)
    assert (own.status_code, own.json["reasons"][0]["code"]) == (403, "four_eyes")
    assert second.post(f"/api/v1/imports/{child}/load", headers=hers).status_code == 200
    sweep_until_idle(office)
    assert second.get(f"/api/v1/imports/{child}").json["status"] == "loaded"
    assert signed_in(app, "intake")[0].get("/api/v1/imports").status_code == 403
