"""A world: two offices, the line between them, their staff, their bank, and many transfers at once.

Time goes on in rounds of some hours. In each the people whose turn it is do their step, the bank answers, what the
line had held back comes out, and both offices sweep. In the end the line heals and everybody does what is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from builders import MAIN_ROAD
from channel_folders import FolderCarrier, FolderDoor
from channel_line import Line
from channel_plans import Fault, Schedule
from channel_sites import START, Site, Templates, files_of, mover, two_sites
from offices import FixedClock
from sqlalchemy import text

from engine.cases import correspondence, inbox, others, pausing, staff, transfers
from engine.cases.views import Done
from engine.money.bank_file import BankBatch, Receipt, ReceiptLine, TextFormat
from engine.values import Actor, Money, Month, Refusal, TaskId
from engine.workflow.forms import FormErrors

ROUNDS = 48
#: days after the line has healed in which everything must have come to rest
REST = 120

_OPEN = """
SELECT t.id, t.element_id, t.duty, t.region_code, c.process_id, r.transfer_number
  FROM workflow_task t JOIN workflow_case c ON c.id = t.case_id
  LEFT JOIN rights_transfer r ON r.case_id = c.id
 WHERE t.status = 'ready' ORDER BY t.created_at, t.id
"""
_WAITING = "SELECT DISTINCT region FROM payment_order WHERE status = 'ordered'"
_RUNNING = "SELECT region_code FROM workflow_case WHERE process_id = 'payment_run' AND status = 'running'"
_LINES = """
SELECT l.line_no, o.key FROM payment_line l JOIN payment_batch b ON b.id = l.batch_id
  JOIN payment_order o ON o.id = l.order_id WHERE b.number = :number
"""
_UNREST = """
SELECT (SELECT count(*) FROM outbox_message WHERE sent_at IS NULL AND dead_at IS NULL)
     + (SELECT count(*) FROM workflow_task WHERE status = 'ready')
     + (SELECT count(*) FROM payment_order WHERE status IN ('ordered', 'batched', 'sent', 'returned'))
     + (SELECT count(*) FROM exchange_message WHERE direction = 'out' AND acked_at IS NULL)
     + (SELECT count(*) FROM exchange_message WHERE direction = 'in' AND heard_at IS NULL)
"""
_SILENT = "SELECT id FROM exchange_message WHERE direction = 'out' AND acked_at IS NULL"
_APPLIED = "SELECT key FROM outbox_message WHERE key LIKE '%/transfer_application' ORDER BY id DESC LIMIT 1"
_SHEET = "SELECT fee_fen FROM rights_transfer WHERE side = 'in' AND transfer_number = :number"
_CASES = "SELECT case_id, side FROM rights_transfer WHERE transfer_number = :number"


@dataclass(slots=True)
class Told:
    """How far one schedule has come."""

    schedule: Schedule
    number: str = ""
    case_id: int | None = None
    sent_back: int = 0
    returned: int = 0
    missing: int = 0
    #: what the bank has paid to the other office, fen
    paid_fen: int = 0
    ended: bool = False
    #: the round in which each open task was seen first
    seen: dict[str, int] = field(default_factory=dict)
    #: what was refused to the people of this transfer
    refused: list[str] = field(default_factory=list)


@dataclass(slots=True)
class World:
    """Both offices, and all transfers between them."""

    seed: int
    sites: tuple[Site, Site]
    line: Line
    clock: FixedClock
    told: dict[int, Told]
    round: int = 0
    #: asked between the rounds: what must not be even for a moment
    watch: Callable[[World], list[str]] = lambda _: []
    wrong: list[str] = field(default_factory=list)
    #: what the bank answered, by office and file
    receipts: dict[tuple[str, str], bytes] = field(default_factory=dict)
    #: who carries files, where folders are the line
    carrier: FolderCarrier | None = None
    by_number: dict[str, Told] = field(default_factory=dict)

    def site_of(self, region: str) -> Site:
        """The office that serves the region."""
        return next(site for site in self.sites if region.startswith(site.end.prefixes))

    def play(self) -> None:
        """All rounds, in which anything may happen."""
        hours, deaths = Random(f"clock/{self.seed}"), Random(f"deaths/{self.seed}")
        for self.round in range(ROUNDS):
            self.clock.forward(minutes=60 * hours.choice((1, 6, 20, 26, 50)))
            self._people()
            self.line.release()
            if self.carrier:
                self._resend()
            if deaths.random() < 0.15:
                deaths.choice(self.sites).die_sweeping(
                    deaths.randrange(1, 30), deaths.choice(("before", "after"))
                )
            self._sweep()
            if self.round % 8 == 7 and not self.wrong:
                self.wrong += [f"round {self.round}: {each}" for each in self.watch(self)]

    def settle(self, days: int = REST) -> None:
        """The line heals, and everybody does what is left until both offices are at rest; then statements."""
        self.line.healed = True
        self.line.release()
        for _ in range(days):
            self.round += 1
            self.clock.forward(days=1)
            self._people()
            self._resend()
            self._sweep()
            if not any(self._unrest(site) for site in self.sites):
                break
        else:
            self.wrong.append(f"there is no rest after {days} days")
        control = self.hand(self.sites[0], self.sites[0].code, "control")
        stated = correspondence.state_now(self.sites[0].office, control, self.sites[1].code)
        assert isinstance(stated, Done), stated
        for _ in range(4):
            self.clock.forward(minutes=10)
            self._sweep()

    def _sweep(self) -> None:
        for _ in range(2):
            for site in self.sites:
                site.sweep()
                if self.carrier:
                    self.carrier.carry()

    def _unrest(self, site: Site) -> int:
        return int(self.ask(site, _UNREST)[0][0])

    def ask(self, site: Site, sql: str, **values: object) -> list[Any]:
        """Rows of that office's database."""
        with site.office.store.reading() as session:
            return list(session.execute(text(sql), values))

    # --- people

    def _people(self) -> None:
        for told in self.told.values():
            if self.round == told.schedule.begins:
                self._begin(told)
            elif told.number or told.case_id:
                self._end(told)
        for site in self.sites:
            for row in self.ask(site, _OPEN):
                self._step(site, *row)
            self._pay(site)

    def _begin(self, told: Told) -> None:
        one = told.schedule
        site = self.site_of(one.road[1] if one.asked_at == "in" else one.road[0])
        person = mover(one).population
        actor = staff.sign_in_person(site.office, id_number=person.id_number, name=person.name)
        assert isinstance(actor, Actor), actor
        done = transfers.ask(site.office, actor, from_region=one.road[0], to_region=one.road[1])
        if isinstance(done, Refusal):
            told.refused.append(f"ask: {done.text}")
            return
        told.number = self._number_of(site, one, done)
        self.by_number[told.number] = told

    def _number_of(self, site: Site, one: Schedule, done: Done) -> str:
        """The number that both offices will know it by."""
        if done.case_key:
            return f"ZY-{one.road[1]}-{done.case_key}"
        (key,) = self.ask(site, _APPLIED)[0]
        return str(key).partition("/")[0]

    def _step(
        self, site: Site, task: str, element: str, duty: str, region: str, process: str, number: str | None
    ) -> None:
        told = self.by_number.get(number or "")
        if told is not None:
            first = told.seen.setdefault(task, self.round)
            if self.round < first + told.schedule.waits and not self.line.healed:
                return
        actor = self.hand(site, region, "sample" if element == "sample_batch" else duty)
        fields = {**MAIN_ROAD[element][1], **(self._answer(site, told, element) if told else {})}
        done = inbox.complete_task(site.office, actor, TaskId(task), fields)
        if isinstance(done, Refusal | FormErrors):
            said = done.text if isinstance(done, Refusal) else str(dict(done.errors))
            told_of = f"{process} {element} {number}"
            raise AssertionError(f"{told_of}: {said}")  # noqa: TRY004

    def _answer(self, site: Site, told: Told, element: str) -> dict[str, str]:
        """What is answered otherwise than on the main road."""
        one = told.schedule
        if element == "accept_transfer" and one.accept == "refuse":
            return {"accept_opinion": "refuse", "accept_note": "本人已撤销转迁申请"}
        if element == "review_transfer" and one.review == "refuse":
            return {"review_opinion": "refuse", "review_note": "待遇未结清"}
        if element == "approve_transfer":
            if told.sent_back < one.sent_back:
                told.sent_back += 1
                return {"approval": "return", "approval_note": "请再核对缴费月数"}
            if "refuse" in (one.approve, one.review):
                return {"approval": "refuse", "refusal_reason": "尚有未结清的待遇"}
        if element == "settle_announcement":
            (sheet,) = self.ask(site, _SHEET, number=told.number)[0]
            return {"announcement_answer": "sheet" if sheet == told.paid_fen else "await"}
        if element == "confirm_arrival":
            return self._found_on_account(site, told)
        return {}

    def _found_on_account(self, site: Site, told: Told) -> dict[str, str]:
        """What the accountant sees: the bank of the sending office has paid it, or has not."""
        if told.missing < told.schedule.missing or not told.paid_fen:
            told.missing += 1
            return {"arrival": "missing", "arrived_fen": "", "arrived_on": "", "arrival_reference": ""}
        return {
            "arrival": "arrived",
            "arrived_fen": Money(told.paid_fen).text,
            "arrived_on": site.office.today.isoformat(),
            "arrival_reference": f"R-{told.number}"[:40],
        }

    def _end(self, told: Told) -> None:
        """Somebody takes it back, where the schedule says so and the office lets them."""
        ended = told.schedule.ended
        if ended is None or told.ended or self.round < told.schedule.begins + ended[1]:
            return
        told.ended = True
        who, _ = ended
        place = 1 if who != "out" else 0
        site = self.site_of(told.schedule.road[place])
        side = "out" if who == "out" else "in"
        for case_id, its_side in self.ask(site, _CASES, number=told.number):
            if its_side == side:
                done = self._take_back(site, told, who, int(case_id))
                if isinstance(done, Refusal):
                    told.refused.append(f"{who}: {done.text}")

    def _take_back(self, site: Site, told: Told, who: str, case_id: int) -> Done | Refusal:
        one = told.schedule
        if who == "person":
            known = mover(one).population
            person = staff.sign_in_person(site.office, id_number=known.id_number, name=known.name)
            assert isinstance(person, Actor), person
            return transfers.withdraw(site.office, person, case_id, why="不转了")
        region = one.road[0 if who == "out" else 1]
        return pausing.terminate_case(
            site.office, self.hand(site, region, "approve"), case_id, why="本人书面撤回转移申请"
        )

    def hand(self, site: Site, region: str, hand: str) -> Actor:
        """The member of staff of that region and hand, as they are today."""
        actor = staff.actor_of(site.office, site.hands[region, hand])
        assert actor is not None
        return actor

    # --- money

    def _pay(self, site: Site) -> None:
        """A payment run for every region that has orders and no run; and the bank's work."""
        _bank(self, site)
        if self.round % 3 and not self.line.healed:
            return
        running = {row[0] for row in self.ask(site, _RUNNING)}
        for (region,) in self.ask(site, _WAITING):
            if region not in running:
                month = str(Month.of(site.office.today))
                done = others.start_payment_run(
                    site.office, self.hand(site, region, "intake"), month=month, region=region
                )
                assert isinstance(done, Done), done

    def _resend(self) -> None:
        """What has no answer is sent again by hand, every seventh round."""
        if self.round % 7:
            return
        for site in self.sites:
            control = self.hand(site, site.code, "control")
            for (message_id,) in self.ask(site, _SILENT):
                correspondence.resend(site.office, control, int(message_id))


@contextmanager
def a_world(
    made: Templates, folder: Path, schedules: Sequence[Schedule], *, seed: int, channel: str = "http"
) -> Iterator[World]:
    """Both offices before the first round."""
    clock = FixedClock(START)
    line = Line(clock=clock)
    skew = timedelta(minutes=Random(f"skew/{seed}").choice((0, 0, -9, 13)))
    with two_sites(made, line, clock, folder, tuple(schedules), channel=channel, skew=skew) as sites:
        told = {each.number: Told(each) for each in schedules}
        by_person = {mover(each).population.id_number: told[each.number] for each in schedules}
        world = World(seed=seed, sites=sites, line=line, clock=clock, told=told)

        def faults_of(number: str, body: Mapping[str, Any]) -> tuple[Fault, ...]:
            person = body.get("person", {}).get("id_number", "")
            found = world.by_number.get(number) or by_person.get(person)
            if found is None:
                return ()
            world.by_number[number] = found
            return found.schedule.faults

        line.faults_of = faults_of
        if channel == "folder":
            first, second = (FolderDoor(site, files_of(folder, site.code)) for site in sites)
            line.doors = {door.code: door for door in (first, second)}
            world.carrier = FolderCarrier(line, (first, second))
        yield world


def _bank(world: World, site: Site) -> None:
    """The bank takes every file that lies there; a batch that it has had is not paid again, only answered again."""
    folder = site.office.settings.data_dir / "bank"
    for path in sorted((folder / "out").glob("*.txt")) if (folder / "out").is_dir() else ():
        key = (site.code, path.name)
        if key not in world.receipts:
            world.receipts[key] = _receipt(world, site, path.read_bytes())
        (folder / "in").mkdir(exist_ok=True)
        (folder / "in" / path.name).write_bytes(world.receipts[key])
        path.unlink()


def _receipt(world: World, site: Site, file: bytes) -> bytes:
    batch = TextFormat().read(file)
    keys = dict(tuple(row) for row in world.ask(site, _LINES, number=batch.number))
    lines = tuple(_answered(world, batch, number, keys) for number in range(len(batch.lines)))
    receipt = Receipt(
        number=batch.number,
        region=batch.region,
        day=batch.day,
        file_digest=hashlib.sha256(file).hexdigest(),
        lines=lines,
    )
    return TextFormat().write_receipt(receipt)


def _answered(world: World, batch: BankBatch, at: int, keys: Mapping[int, str]) -> ReceiptLine:
    line = batch.lines[at]
    paid = ReceiptLine(line_no=line.line_no, account=line.account, amount=line.amount, outcome="paid")
    told = next((t for n, t in world.by_number.items() if n and n in keys[line.line_no]), None)
    if told is None:
        return paid
    if told.returned >= told.schedule.returned:
        told.paid_fen += line.amount.fen
        return paid
    told.returned += 1
    return replace(paid, outcome="returned", code="E01", reason="账户不存在")
