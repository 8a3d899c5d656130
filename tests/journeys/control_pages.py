"""The pages of internal control with something on each of them, for tests that look at all pages."""

from __future__ import annotations

from collections.abc import Callable

from browsing import Visitor
from builders import Case, a_recheck, actor
from sqlalchemy import select

from engine.cases import data_changes, fund_incidents, risk_room, samples
from engine.cases.office import Office
from engine.cases.views import Done
from engine.people import Person, record_look
from engine.registers.cast import PEOPLE
from engine.values import Money, Refusal

Act = Callable[[Visitor], object]


def _try(visitor: Visitor) -> None:
    """The first button of the form, which tries the rule."""
    visitor.page.locator("main form[method=post] button.btn-primary").first.click()
    visitor.page.wait_for_load_state()


def _try_nonsense(visitor: Visitor) -> None:
    """A rule whose condition cannot stand."""
    visitor.page.fill("#condition", "account_shared_by > 7")
    _try(visitor)


CONTROL_PAGES: tuple[tuple[str, str, str, Act | None], ...] = (
    ("control", "zhengneikong", "/control", None),
    ("control-rule", "zhengneikong", "/control/rules/1", None),
    ("control-rule-new", "zhengneikong", "/control/rules/new?from=1", None),
    ("control-rule-tried", "zhengneikong", "/control/rules/new?from=2", _try),
    ("control-rule-wrong", "zhengneikong", "/control/rules/new?from=2", _try_nonsense),
    ("control-flags", "zhengneikong", "/control/flags?status=all", None),
    ("control-samples", "zhengneikong", "/control/samples", None),
    ("control-draw", "zhengneikong", "/control/samples/1?again=1", None),
    ("control-recheck", "zhengneikong", "task:recheck:recheck_item", None),
    ("control-changes", "fengshuju", "/control/changes", None),
    ("control-changes-decide", "sunshenpi", "/control/changes", None),
    ("control-incidents", "zhujiandu", "/control/incidents", None),
    ("control-incident", "zhujiandu", "/control/incidents/1", None),
    ("control-looks", "zhujiandu", "/control/looks", None),
    ("control-looks-of", "zhujiandu", "/control/looks/1", None),
)


def control_at_work(office: Office) -> Case:
    """A screening, a draw, changes to be decided, an incident to be signed, looks; and a re-check that waits."""
    control, steward = actor(office, "zhengneikong"), actor(office, "fengshuju")
    _went_well(risk_room.rule_book(office, control))
    _went_well(risk_room.screen(office, control))
    _went_well(samples.draw_sample(office, control, what="month:benefit", month="2025-11", seed="07"))
    why = {"reason": "本人来电更正", "evidence": "电话录音 12 号"}
    for field, value in (("person_phone", "13906350001"), ("person_name", "李国强（更名）")):
        number = PEOPLE["li"].id_number
        _went_well(data_changes.ask_change(office, steward, field=field, number=number, value=value, **why))
    said = fund_incidents.Said(
        region="371500",
        found_on=office.today,
        found_by="sample",
        title="冒领失业保险金",
        account="抽检发现一人冒领八个月，已停发并立案。",
        contact="郑内 0635-8888888",
        amount=Money.yuan("12000.00"),
        filed=True,
        grave=False,
    )
    _went_well(fund_incidents.write_incident(office, control, said))
    with office.store.transaction() as session:
        for person in session.scalars(select(Person.id).limit(3)).all():
            clerk = actor(office, "wangshouli")
            record_look(session, actor=clerk, subject=f"person:{person}", why="来访咨询", now=office.clock())
    return a_recheck(office)


def _went_well(outcome: object) -> None:
    assert not isinstance(outcome, Refusal), outcome.text
    assert not isinstance(outcome, Done) or outcome.message
