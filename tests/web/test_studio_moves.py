"""Pages on which an analyst moves running cases: tried first, started with a word, followed, taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pytest
from flask import Flask
from sqlalchemy import select
from visitors import ANSWERS, PASSWORD, Visitor, claimed, confirmed, staff

from engine.cases.move_trial import MoveReport, dry_run
from engine.cases.office import Office
from engine.cases.staff import sign_in
from engine.cases.sweep import sweep_until_idle
from engine.store.audit import AuditEvent
from engine.values import Actor
from engine.workflow.tables import ProcessVersion
from engine.workflow.versions import Source
from web import studio_moves

#: what waits at intake is done by nobody any more, and what waits for the claimant has another name
REDRAWN = (
    ('<bpmn:userTask id="check_intake"', '<bpmn:manualTask id="check_intake"'),
    (
        "<bpmn:outgoing>check_intake_to_intake_passed</bpmn:outgoing>\n    </bpmn:userTask>",
        "<bpmn:outgoing>check_intake_to_intake_passed</bpmn:outgoing>\n    </bpmn:manualTask>",
    ),
    ('name="核对并确认申请表"', 'name="核对申请表"'),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrawn:
    """Two claims that wait for their claimants and one at intake, and a version to which they may move."""

    old: ProcessVersion
    new: ProcessVersion
    claimants: tuple[tuple[Visitor, str, str], ...]
    at_intake: str

    @property
    def numbers(self) -> dict[str, str]:
        """Both versions, as the pages name them."""
        return {"from": str(self.old.number), "to": str(self.new.number)}

    @property
    def address(self) -> str:
        """The page that tries the move."""
        return f"/studio/processes/claim/move?from={self.old.number}&to={self.new.number}"


@pytest.fixture
def redrawn(office: Office, app: Flask) -> Iterator[Redrawn]:
    """The office with a redrawn claim; afterwards new claims are worked as shipped again."""
    old = publish(office, "甲")
    waiting = tuple(claimed(app) for _ in range(2))
    _person, at_intake = confirmed(app)
    new = publish(office, "乙", *REDRAWN)
    yield Redrawn(old=old, new=new, claimants=waiting, at_intake=at_intake)
    publish(office, "失业保险金申领")


@pytest.fixture
def analyst(app: Flask) -> Visitor:
    """An analyst at a browser."""
    visitor = Visitor(app)
    assert visitor.post("/sign-in", login="chuliucheng", password=PASSWORD).status_code == 303
    return visitor


@pytest.mark.req("FLOW-04")
def test_an_analyst_sees_what_a_move_would_do_and_to_which_cases(analyst: Visitor, redrawn: Redrawn) -> None:
    versions = analyst.get("/studio/processes/claim").text
    page = analyst.get(redrawn.address).text
    stuck = analyst.get(f"{redrawn.address}&verdict=cannot").text

    assert f'/studio/processes/claim/move?from={redrawn.old.number}"' in versions
    assert "已试完全部 3 件在办案件" in page
    assert shares(page) == {"可直接换版": 2, "可换版，有须知": 0, "不能换版": 1}
    assert "受理审核" in page, "the reason names the step"
    assert f'href="/cases/{redrawn.at_intake}"' in stuck
    assert f'href="/cases/{redrawn.claimants[0][1]}"' not in stuck
    assert "2 件换到" in page and "1 件留在" in page


@pytest.mark.req("FLOW-04")
def test_a_move_is_started_with_a_word_followed_and_taken_back_with_a_reason(
    analyst: Visitor, office: Office, redrawn: Redrawn
) -> None:
    at_once = analyst.post("/studio/processes/claim/move", **redrawn.numbers)
    started = analyst.post("/studio/processes/claim/move", **redrawn.numbers, sure="yes")
    again = analyst.post("/studio/processes/claim/move", **redrawn.numbers, sure="yes")
    running = analyst.follow(started).text
    sweep_until_idle(office)
    done = analyst.get(started.location).text
    meanwhile = redrawn.claimants[1][0].get("/my").text
    person, case, task = redrawn.claimants[0]
    person.follow(person.post(f"/tasks/{task}", **ANSWERS["confirm_form"]))
    unsaid = analyst.post(f"{started.location}/undo", why=" ")
    analyst.post(f"{started.location}/undo", why="画错了")
    sweep_until_idle(office)
    undone = analyst.get(started.location).text

    assert at_once.status_code == 422 and "请先勾选" in at_once.text
    assert again.status_code == 403 and "已有换版作业" in again.text
    assert "换版中" in running and 'http-equiv="refresh"' in running and shares(running) == {"等待": 3}
    assert 'http-equiv="refresh"' not in done and shares(done) == {"已换版": 2, "不能换版": 1}
    assert "核对申请表" in meanwhile
    assert unsaid.status_code == 403 and "请填写撤回理由" in unsaid.text
    assert shares(undone) == {"已退回原版本": 1, "已继续办理，留在新版本": 1, "不能换版": 1}
    assert "画错了" in undone
    kept = analyst.get(f"{started.location}?status=kept").text
    assert f'href="/cases/{case}"' in kept and "已继续办理" in kept
    assert started.location in analyst.get("/studio/processes/claim").text
    job = f"move:{started.location.rpartition('/')[2]}"
    with office.store.reading() as session:
        trail = select(AuditEvent.action).where(AuditEvent.stream == "diagrams", AuditEvent.subject == job)
        assert set(session.scalars(trail)) >= {"MOVE_STARTED", "MOVE_TAKEN_BACK"}


@pytest.mark.req("FLOW-04")
def test_many_cases_are_tried_in_parts_that_come_to_the_same_sum(
    analyst: Visitor, office: Office, redrawn: Redrawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio_moves, "TRIED_AT_ONCE", 2)

    first = analyst.get(redrawn.address).text
    middle = analyst.post("/studio/processes/claim/try", **redrawn.numbers, before=carried(first))
    forged = analyst.post("/studio/processes/claim/try", **redrawn.numbers, before='{"clean": "<b>"')

    assert "已试 2 件，共 3 件" in first and "开始换版" not in first
    assert "已试完全部 3 件在办案件" in middle.text and "开始换版" in middle.text
    assert shares(middle.text) == {"可直接换版": 2, "可换版，有须知": 0, "不能换版": 1}
    assert forged.status_code == 200 and "已试 2 件，共 3 件" in forged.text
    whole = tried(office, redrawn)
    for limit in (1, 2, 3, 4):
        part = tried(office, redrawn, limit=limit)
        rows = part.rows
        while part.tried_to:
            part = part.with_part(tried(office, redrawn, limit=limit, after=part.tried_to))
            rows += part.rows
        assert (part.clean, part.notice, part.cannot) == (whole.clean, whole.notice, whole.cannot), limit
        assert (part.reasons, rows) == (whole.reasons, whole.rows), limit


def test_only_an_analyst_tries_and_moves(app: Flask, analyst: Visitor, redrawn: Redrawn) -> None:
    control, intake = staff(app, "control"), staff(app, "intake")

    for visitor in (control, intake):
        assert visitor.get(redrawn.address).status_code == 403
        assert visitor.post("/studio/processes/claim/move", **redrawn.numbers, sure="yes").status_code == 403
        assert visitor.get("/studio/moves/1").status_code == 403
    assert "/move?from=" not in control.get("/studio/processes/claim").text
    assert analyst.get("/studio/moves/999999").status_code == 404
    assert analyst.get("/studio/processes/none/move").status_code == 404


@pytest.mark.req("FLOW-02")
def test_both_pictures_of_a_comparison_come_with_their_marks(
    app: Flask, analyst: Visitor, redrawn: Redrawn
) -> None:
    old, new = redrawn.numbers.values()
    page = analyst.get(f"/studio/processes/claim/compare?old={old}&new={new}").text

    marks = orjson.loads(re.findall(r"data-marks='([^']+)'", page)[0])
    assert marks["check_intake"] == "changed"
    assert marks["confirm_form"] == "relabelled"
    for number, version in ((old, redrawn.old), (new, redrawn.new)):
        assert f'data-side="/studio/processes/claim/{number}.bpmn"' in page
        assert analyst.get(f"/studio/processes/claim/{number}.bpmn").data == version.diagram
    assert 'data-element="check_intake"' in page
    assert staff(app, "intake").get(f"/studio/processes/claim/{new}.bpmn").status_code == 403
    assert analyst.get("/studio/processes/claim/999.bpmn").status_code == 404


def publish(office: Office, label: str, *changes: tuple[str, str]) -> ProcessVersion:
    """The shipped claim under that name, with these texts replaced, as the newest version."""
    drawn = (office.settings.processes_dir / "claim.bpmn").read_text("utf-8")
    for before, after in (('name="失业保险金申领" isExecutable', f'name="{label}" isExecutable'), *changes):
        assert before in drawn, before
        drawn = drawn.replace(before, after)
    with office.store.transaction() as session:
        claim = select(ProcessVersion).where(ProcessVersion.process_id == "claim")
        newest = session.scalars(claim.order_by(ProcessVersion.id.desc())).first()
        assert newest
        source = Source(file_name="claim.bpmn", diagram=drawn.encode(), **orjson.loads(newest.bundle))
        made = office.runner.versions.publish(
            session, source, author="staff:1", published_by="staff:2", note="", now=office.clock()
        )
        version = session.get_one(ProcessVersion, made[0].id)
        assert version.diagram == drawn.encode()
        return version


def tried(office: Office, redrawn: Redrawn, *, limit: int | None = None, after: int = 0) -> MoveReport:
    """The dry run of some of the cases."""
    actor = sign_in(office, login="chuliucheng", password=PASSWORD)
    assert isinstance(actor, Actor)
    report = dry_run(
        office,
        actor,
        from_version_id=redrawn.old.id,
        to_version_id=redrawn.new.id,
        after=after,
        limit=limit,
    )
    assert isinstance(report, MoveReport), report
    return report


def shares(page: str) -> dict[str, int]:
    """The figures beside the bar."""
    found = re.findall(r'<li class="share-\w+">.*?<span>(.*?)</span> <b>([\d,]+)</b>', page)
    assert found, page
    return {name: int(count.replace(",", "")) for name, count in found}


def carried(page: str) -> str:
    """What the page hands to the next part."""
    found = re.search(r"name=\"before\" value='([^']+)'", page)
    assert found, page
    return str(orjson.dumps(orjson.loads(found[1])), "utf-8")
