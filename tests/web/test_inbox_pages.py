"""The pages of the inbox without a browser: sessions, addresses, and who may ask for what."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from flask import Flask
from visitors import StandingClock, claimant, confirmed, staff

from engine.cases.office import Office


@pytest.mark.req("FLOW-05")
def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(app: Flask, office: Office) -> None:
    clerk, clock = staff(app, "intake"), cast(StandingClock, office.clock)
    minutes = office.settings.session_minutes
    for _ in range(3):
        clock.now += timedelta(minutes=minutes // 3)
        assert clerk.get("/inbox/counts").status_code == 200
    clock.now += timedelta(minutes=minutes // 3 + 1)

    over = clerk.get("/inbox/counts", **{"HX-Request": "true"})

    assert (over.status_code, over.headers["HX-Refresh"]) == (401, "true")
    assert clerk.get("/inbox").status_code == 303


@pytest.mark.req("FLOW-05")
def test_the_counts_say_304_until_something_changed(app: Flask) -> None:
    clerk = staff(app, "intake")
    first = clerk.get("/inbox/counts")

    same = clerk.get("/inbox/counts", **{"If-None-Match": first.headers["ETag"]})
    confirmed(app)
    changed = clerk.get("/inbox/counts", **{"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, changed.status_code) == (304, 200)
    assert changed.json["claimable"] == first.json["claimable"] + 1
    assert "no-store" not in first.headers["Cache-Control"]


@pytest.mark.req("FLOW-05")
@pytest.mark.parametrize(
    "path", ["/inbox", "/inbox/export.xlsx", "/inbox/sheet", "/inbox/sheet/template.xlsx", "/inbox/counts"]
)
def test_the_inbox_is_for_staff(app: Flask, path: str) -> None:
    assert claimant(app).get(path).status_code in {303, 401}


@pytest.mark.req("FLOW-05")
@pytest.mark.parametrize(
    "query",
    ["list=nothing", "sort=x&order=y&size=7", "due_from=31.12.", "amount_from=1e9", "cursor=after~x~y", "region=37%25",
     "cursor=after~9999-12-31T23:59:59%2B00:00~zz&list=claimable", "light=purple", "month=2025-13", "who=person:0"],
)  # fmt: skip
def test_an_address_that_nobody_of_ours_wrote_gives_a_page_all_the_same(app: Flask, query: str) -> None:
    assert staff(app, "intake").get(f"/inbox?{query}").status_code == 200


@pytest.mark.req("FLOW-05")
def test_nothing_chosen_and_odd_uploads_are_answered_in_words(app: Flask) -> None:
    clerk = staff(app, "intake")

    for do in ("claim", "release", "hand", "hand-over", "complete", "complete-all"):
        assert clerk.post("/inbox/bulk", **{"in-do": do}).status_code == 403
        assert "请先选择" in clerk.post("/inbox/bulk", **{"in-do": do}).text
    assert clerk.post("/inbox/sheet").status_code == 422
    assert clerk.post("/inbox/sheet/failed.xlsx", failed="%%%").status_code == 403
