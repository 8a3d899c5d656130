"""Hundreds of random actions by random people on open cases of every procedure; what must never be is asked after each.

Staff hold every pair of posts that one person may hold, stand in for each other, and try whatever they like. The
rules are read by ``casework_oracle`` from ``duties.yaml``, and the hands by SQL from the history.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from builders import MAIN_ROAD, PASSWORD, a_claim, a_finding, a_refund, a_transfer, actor
from casework_oracle import done_together, held_together
from clones import assert_rows_match
from offices import FixedClock, settings_for
from sqlalchemy import text

from engine.cases import (
    agencies,
    handing,
    inbox,
    others,
    pausing,
    sending_back,
    setup,
    signing,
    staff,
    telling,
)
from engine.cases.office import Office, open_office
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.money.ledger import trial_balance
from engine.registers.cast import PEOPLE
from engine.values import Actor, Refusal
from engine.workflow.forms import FormErrors
from engine.workflow.tables import WorkflowCase

STEPS = int(os.environ.get("CHANGLING_WALK", "300"))
WATCHED = (
    "workflow_case", "workflow_task", "workflow_history", "workflow_timer", "workflow_subscription", "task_signer",
    "held_completion", "case_copy", "task_urge", "limit_pause", "agency", "post", "letter", "payment_order",
    "journal_entry", "claim", "benefit_grant",
)  # fmt: skip
#: who holds more than one post, and where
HELPERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "w.shoufu": ("371500", ("intake", "review")),
    "w.fushen": ("371500", ("review", "approve")),
    "w.shoushen": ("371500", ("intake", "approve", "rectifier")),
    "w.sange": ("371500", ("intake", "review", "approve")),
    "w.zhenggai": ("371500", ("rectifier",)),
    "w.kuaiji": ("371500", ("accountant",)),
    "w.chuna": ("371500", ("cashier",)),
    "w.jihe": ("371500", ("control",)),
    "w.dudao": ("370000", ("provincial", "verifier", "fund_supervisor")),
    "w.wugang": ("371500", ()),
}
#: the controls that must stand, by different people, before an order of the case
ORDERED_BY = ("business_review", "business_approval")


_TASK = """SELECT t.id, t.element_id, t.duty, c.id, c.subject, {who} FROM workflow_task t
    JOIN workflow_case c ON c.id = t.case_id {more} ORDER BY t.created_at, t.id"""
_OPEN = _TASK.format(who="t.assignee", more="WHERE t.status = 'ready'")
_ANY = _TASK.format(who="NULL", more="")
#: tasks to which an action means something, with whom it concerns
_MEANT = {
    "sign": _TASK.format(
        who="s.signer",
        more="JOIN task_signer s ON s.task_id = t.id AND s.signed_at IS NULL AND s.ended_at IS NULL AND t.status = 'ready'",
    ),
    "give_back": _TASK.format(who="t.assignee", more="WHERE t.status = 'ready' AND t.owner IS NOT NULL"),
    "take_back": _TASK.format(who="h.actor", more="JOIN held_completion h ON h.task_id = t.id"),
    "recall": _TASK.format(
        who="t.completed_by", more="WHERE t.status = 'completed' AND c.status = 'running'"
    ),
    "resume": _TASK.format(who="NULL", more="WHERE t.status = 'ready' AND c.paused_at IS NOT NULL"),
    "end_agency": _TASK.format(who="'staff:' || a.substitute_id", more="JOIN agency a ON a.ended_at IS NULL"),
}


@dataclass(slots=True, kw_only=True)
class Walk:
    """The office and everybody in it, and the dice."""

    office: Office
    rng: random.Random
    logins: tuple[str, ...]
    keys: Mapping[str, str]
    #: action → how often done, how often refused
    counts: dict[str, list[int]] = field(default_factory=dict)
    #: action and code of the reason → how often
    codes: Counter[str] = field(default_factory=Counter)

    def member(self, login: str) -> Actor | None:
        """The colleague as they are today."""
        return staff.actor_of(self.office, int(self.keys[login].removeprefix("staff:")))

    def drawn(self, action: str) -> tuple[str, str, str, int, Actor] | None:
        """Id, element and duty of a task, its case, and who acts: mostly one to whom the action means something."""
        meant = _MEANT.get(action, _OPEN) if self.rng.random() < 0.9 else _ANY
        with self.office.store.reading() as session:
            found = session.execute(text(meant)).all()
        if not found:
            return None
        task_id, element, duty, case_id, subject, key = self.rng.choice(found)
        who = self.by_key(key) if key and self.rng.random() < 0.8 else None
        return task_id, element, duty, case_id, who or self.somebody(duty, subject)

    def by_key(self, key: str) -> Actor | None:
        """Whoever has the actor key, as they are today."""
        return staff.actor_by_key(self.office, key)

    def somebody(self, duty: str, subject: str) -> Actor:
        """Mostly somebody of that duty, sometimes anybody at all."""
        if duty in {"claimant", "employer"} and self.rng.random() < 0.8:
            known = self.by_key(subject)
            assert known is not None
            return known
        everybody = [known for login in self.logins if (known := self.member(login)) is not None]
        fit = [known for known in everybody if duty in known.duties]
        return self.rng.choice(fit if fit and self.rng.random() < 0.7 else everybody)

    def somebodys_login(self, duty: str) -> str:
        """Who is named: as at random as who acts."""
        fit = [login for login in self.logins if (known := self.member(login)) and duty in known.duties]
        return self.rng.choice(fit if fit and self.rng.random() < 0.7 else self.logins)

    def step(self) -> None:
        """One action by one person on one task; refused, it must have changed nothing."""
        name, drawn = "", None
        while drawn is None:
            name = self.rng.choice(_WEIGHTED)
            drawn = self.drawn(name)
        task_id, element, duty, case_id, who = drawn
        before = _prints(self.office)
        outcome = ACTIONS[name](self, who, task_id, element, duty, case_id)
        done = not isinstance(outcome, Refusal | FormErrors)
        tally = self.counts.setdefault(name, [0, 0])
        tally[0 if done else 1] += 1
        if isinstance(outcome, Refusal):
            self.codes.update(f"{name}: {reason.code}" for reason in outcome.reasons)
        if not done:
            assert _prints(self.office) == before, (name, who.key, element, outcome)
        _nothing_incompatible(self.office)
        _row_and_state(self.office, case_id)

    def time_passes(self) -> None:
        """A day or an hour goes by, and what is due happens."""
        clock = self.office.clock
        assert isinstance(clock, FixedClock)
        clock.forward(days=self.rng.choice((0, 0, 1)), minutes=self.rng.randrange(1, 90))
        sweep_until_idle(self.office)


Action = Callable[[Walk, Actor, str, str, str, int], object]


def _fields(element: str, office: Office, case_id: int, rng: random.Random) -> dict[str, str]:
    if element not in MAIN_ROAD:
        return {}
    fields = dict(MAIN_ROAD[element][1])
    with office.store.reading() as session:
        subject = session.get_one(WorkflowCase, case_id).subject
    known = staff.actor_by_key(office, subject) if not subject.startswith("office") else None
    return {key: value or (known.name if known else "") for key, value in fields.items()}


def _complete(walk: Walk, who: Actor, task_id: str, element: str, duty: str, case_id: int) -> object:
    return inbox.complete_task(walk.office, who, task_id, _fields(element, walk.office, case_id, walk.rng))


def _send_back(walk: Walk, who: Actor, task_id: str, element: str, duty: str, case_id: int) -> object:
    ways = sending_back.ways_back(walk.office, who, task_id)
    if isinstance(ways, Refusal):
        return ways
    to = walk.rng.choice([way.element_id for way in ways] or ["nowhere"])
    return sending_back.send_back(
        walk.office, who, task_id, to=to, why="随机", resume=walk.rng.choice((None, False))
    )


def _agency(walk: Walk, who: Actor, task_id: str, element: str, duty: str, case_id: int) -> object:
    today, days = walk.office.today, walk.rng.randrange(0, 12)
    principal = walk.somebodys_login(duty)
    maker = walk.rng.choice((walk.member(principal), walk.member("chenguanli"), who)) or who
    return agencies.make_agency(
        walk.office, maker, principal=principal, substitute=walk.rng.choice(walk.logins), duty=duty,
        region=walk.rng.choice(("371500", "371500", "370000")), first_day=today, last_day=today + timedelta(days=days), why="随机",
    )  # fmt: skip


def _end_agency(walk: Walk, who: Actor, task_id: str, element: str, duty: str, case_id: int) -> object:
    listed = agencies.agencies(walk.office, who)
    if isinstance(listed, Refusal) or not listed:
        return Refusal(reasons=())
    return agencies.end_agency(walk.office, who, walk.rng.choice(listed).agency_id)


def _post(walk: Walk, who: Actor, task_id: str, element: str, duty: str, case_id: int) -> object:
    by = walk.member("chenguanli")
    assert by is not None
    return staff.assign_post(walk.office, by, login=walk.rng.choice(walk.logins), duty=duty, region="371500")


ACTIONS: Mapping[str, Action] = {
    "complete": _complete,
    "claim": lambda w, a, t, *_: inbox.claim_task(w.office, a, t),
    "release": lambda w, a, t, *_: inbox.release_task(w.office, a, t),
    "draft": lambda w, a, t, e, d, c: inbox.save_draft(w.office, a, t, _fields(e, w.office, c, w.rng)),
    "hand_over": lambda w, a, t, e, d, c: handing.hand_over(w.office, a, t, to=w.somebodys_login(d), why="随机"),
    "delegate": lambda w, a, t, e, d, c: handing.delegate(w.office, a, t, to=w.somebodys_login(d), why="随机"),
    "give_back": lambda w, a, t, *_: handing.give_back(w.office, a, t, note="随机"),
    "add_signer": lambda w, a, t, e, d, c: signing.add_signer(
        w.office, a, t, signer=w.somebodys_login(d), place=w.rng.choice(("before", "after")), why="随机"
    ),
    "remove_signer": lambda w, a, t, e, d, c: signing.remove_signer(w.office, a, t, signer=w.somebodys_login(d)),
    "sign": lambda w, a, t, *_: signing.sign(
        w.office, a, t, opinion=w.rng.choice(("agree", "agree", "disagree")), note="随机"
    ),
    "take_back": lambda w, a, t, *_: signing.take_back_completion(w.office, a, t),
    "urge": lambda w, a, t, *_: telling.urge(w.office, a, t, note="随机"),
    "copy": lambda w, a, t, e, d, c: telling.copy_case(
        w.office, a, c, readers=[w.somebodys_login(d)], note="随机"
    ),
    "send_back": _send_back,
    "recall": lambda w, a, t, *_: sending_back.recall(w.office, a, t, why="随机"),
    "pause": lambda w, a, t, e, d, c: pausing.pause_case(w.office, a, c, why="随机", source="随机"),
    "resume": lambda w, a, t, e, d, c: pausing.resume_case(w.office, a, c),
    "terminate": lambda w, a, t, e, d, c: pausing.terminate_case(w.office, a, c, why="随机"),
    "agency": _agency,
    "end_agency": _end_agency,
    "post": _post,
    "hand_all": lambda w, a, t, e, d, c: handing.hand_over_all(
        w.office, w.rng.choice((a, w.member("chenguanli") or a)), leaver=w.somebodys_login(d),
        to=w.somebodys_login(d), why="随机",
    ),
}  # fmt: skip
_OFTEN = {
    "complete": 22,
    "sign": 8,
    "add_signer": 5,
    "resume": 5,
    "send_back": 4,
    "give_back": 4,
    "agency": 4,
    "claim": 4,
    "delegate": 4,
    "hand_over": 3,
    "recall": 3,
}
_WEIGHTED = [
    name for name in ACTIONS for _ in range(_OFTEN.get(name, 1 if name in {"terminate", "hand_all"} else 2))
]


def _prints(office: Office) -> tuple[object, ...]:
    parts = ", ".join(
        f"(SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table} t)" for table in WATCHED
    )
    with office.store.reading() as session:
        return tuple(session.execute(text(f"SELECT {parts}")).one())


def _nothing_incompatible(office: Office) -> None:
    """No name stands twice in a case under duties that may not meet there; none has duties that may not meet at all."""
    hands = text(
        """SELECT h.case_id, n.name, array_agg(DISTINCT h.duty)
             FROM workflow_history h, unnest(ARRAY[h.actor, h.on_behalf_of]) n(name)
            WHERE h.kind IN ('completed', 'signed', 'assisted') AND n.name LIKE 'staff:%'
            GROUP BY 1, 2"""
    )
    held = text(
        """SELECT staff_id, array_agg(DISTINCT duty) FROM (
               SELECT staff_id, duty FROM post WHERE valid_until IS NULL
               UNION SELECT substitute_id, duty FROM agency
                      WHERE ended_at IS NULL AND valid_until > :today AND valid_from <= :today) all_of_it
            GROUP BY 1"""
    )
    with office.store.reading() as session:
        for case_id, name, duties in session.execute(hands):
            clash = [(a, b) for a in duties for b in duties if not done_together(a, b)]
            assert not clash, (case_id, name, clash)
        for staff_id, duties in session.execute(held, {"today": office.today}):
            clash = [(a, b) for a in duties for b in duties if not held_together(a, b)]
            assert not clash, (staff_id, clash)


def _row_and_state(office: Office, case_id: int) -> None:
    """No task and no timer is lost, and a running case waits for something."""
    with office.store.reading() as session:
        running = session.get_one(WorkflowCase, case_id).status == "running"
        waits = session.scalar(
            text(
                """SELECT EXISTS (SELECT 1 FROM workflow_task WHERE case_id = :c AND status = 'ready')
                       OR EXISTS (SELECT 1 FROM workflow_timer WHERE case_id = :c)
                       OR EXISTS (SELECT 1 FROM workflow_subscription WHERE case_id = :c)"""
            ),
            {"c": case_id},
        )
    assert not running or waits, case_id
    if running:
        assert_rows_match(office, case_id)


def _money_is_in_order(office: Office) -> None:
    """The books balance, and whoever reviewed, signed or helped at a review had no hand in the approval."""
    controls = text(
        """SELECT h.control, array_agg(n.name) FROM workflow_history h
             JOIN workflow_history o ON o.case_id = h.case_id AND o.element_id = h.element_id
                  AND (o.id = h.id OR o.kind IN ('signed', 'assisted')),
             unnest(ARRAY[o.actor, o.on_behalf_of]) n(name)
            WHERE h.case_id = :c AND h.control IS NOT NULL AND n.name <> ''
              AND h.id = (SELECT max(id) FROM workflow_history
                           WHERE case_id = h.case_id AND control = h.control) GROUP BY 1"""
    )
    with office.store.reading() as session:
        rows = trial_balance(session)
        assert sum(row.debit.fen for row in rows) == sum(row.credit.fen for row in rows)
        cases = session.scalars(
            text(
                "SELECT DISTINCT case_id FROM payment_order WHERE case_id IS NOT NULL AND purpose <> 'medical'"
            )
        ).all()
        for case_id in cases:
            signed = {control: set(names) for control, names in session.execute(controls, {"c": case_id})}
            assert set(ORDERED_BY) <= set(signed), (case_id, signed)
            assert not signed[ORDERED_BY[0]] & signed[ORDERED_BY[1]], (case_id, signed)


def _world(database_url: str, folder: Path, seed: int) -> Walk:
    clock = FixedClock("2025-11-03T09:00+08:00")
    office = open_office(settings_for(database_url, folder), clock=clock)
    setup.set_up(office)
    setup.seed(office, people=0, employers=0, seed=1, day=date(2025, 11, 3), password=PASSWORD)
    for login, (region, duties) in HELPERS.items():
        by = actor(office, "qinguanli" if region == "370000" else "chenguanli")
        added = staff.add_staff(office, by, login=login, name=login, region=region, password=PASSWORD)
        assert isinstance(added, Done), added
        for duty in duties:
            assert isinstance(staff.assign_post(office, by, login=login, duty=duty, region=region), Done)
    with office.store.reading() as session:
        keys = {
            login: f"staff:{own}"
            for login, own in session.execute(text("SELECT login, id FROM staff_member"))
        }
    # internal control, analysts and the other city do nothing with these cases
    at_work = [login for login in keys if login not in {"chuliucheng", "weiliucheng2", "fengshuju"}]
    return Walk(office=office, rng=random.Random(seed), logins=tuple(at_work), keys=keys)


def _open_cases(walk: Walk) -> None:
    office = walk.office
    steps = ("check_intake", "review_claim", "approve_claim", "check_intake", "review_claim")
    for person in sorted(PEOPLE):
        try:
            a_claim(office, person, at=walk.rng.choice(steps))
        except AssertionError:
            # somebody of the cast whose claim goes another way; it stays where it is
            continue
    a_transfer(office)
    a_finding(office)
    a_refund(office)
    sweep_until_idle(office)


@pytest.mark.req("FLOW-06", "MONEY-01", "MONEY-02", "CTRL-01")
@pytest.mark.parametrize("seed", [int(os.environ.get("CHANGLING_SEED", "20251103"))])
def test_whatever_people_do_no_case_has_two_incompatible_hands(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    print(f"seed {seed}, {STEPS} steps")
    walk = _world(database_url, tmp_path, seed)
    _open_cases(walk)
    for number in range(STEPS):
        walk.step()
        if walk.rng.random() < 0.05:
            walk.time_passes()
        if number % 25 == 0:
            _money_is_in_order(walk.office)
        if number == STEPS // 2:
            clerk = walk.member("wangshouli")
            assert clerk is not None
            others.start_payment_run(walk.office, clerk, month="2025-12", region="371500")
    _money_is_in_order(walk.office)
    print({name: f"{done} done, {no} refused" for name, (done, no) in sorted(walk.counts.items())})
    print(dict(walk.codes.most_common(40)))
    walk.office.close()
    assert sum(done for done, _ in walk.counts.values()) > STEPS // 10, "the walk did hardly anything"
