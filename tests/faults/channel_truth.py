"""What must be true of both offices when everything has come to rest, read from their tables by SQL.

Only the list of differences and the check of the trail are asked of the program: they are what is under test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from channel_sites import Site, mover
from channel_world import Told, World

from engine.cases import correspondence
from engine.people import find_person
from engine.store.export import verify_database
from engine.tasks.moved_rights import rights_at
from engine.values import Refusal

#: nothing has moved, or not any more
NOT_MOVED = ("refused", "withdrawn")

#: what no case may do twice
ONCE = (
    "check_transfer", "move_rights", "order_transfer_payment", "credit_months", "book_transfer_money",
    "notify_transfer", "letter_received", "info_received",
)  # fmt: skip

_ENDS = """
SELECT r.side, r.status, r.months_paid, r.carried_months, r.fee_fen, r.announced_fen, r.arrived_fen, r.paid_on,
       r.arrived_on, c.status AS case_status, c.id AS case_id
  FROM rights_transfer r JOIN workflow_case c ON c.id = r.case_id WHERE r.transfer_number = :number
"""
_PAID = """
SELECT o.amount_fen, o.status, count(l.order_id) FILTER (WHERE l.status = 'paid') AS times
  FROM payment_order o LEFT JOIN payment_line l ON l.order_id = o.id
 WHERE o.key LIKE '%' || :number || '%' GROUP BY o.id
"""
_INCOME = """
SELECT coalesce(sum(p.credit_fen - p.debit_fen), 0) FROM posting p JOIN journal_entry e ON e.id = p.entry_id
 WHERE p.account = '4101' AND e.key LIKE '%' || :number || '%'
"""
_REPEATED = """
SELECT element_id, count(*) FROM workflow_history
 WHERE case_id = :case_id AND element_id = ANY(:once) GROUP BY element_id HAVING count(*) > 1
"""
_BALANCE = "SELECT sum(debit_fen) - sum(credit_fen) FROM posting"
_ON_ACCOUNT = "SELECT coalesce(sum(debit_fen - credit_fen), 0) FROM posting WHERE account = :account"
#: the accounts of money in transit, and what must be on each: less what was ordered and not paid, and what was announced
_IN_TRANSIT = {
    "2103": "SELECT coalesce(-sum(amount_fen), 0) FROM payment_order "
    "WHERE purpose = 'transfer' AND status NOT IN ('paid', 'cancelled')",
    "1132": "SELECT coalesce(sum(fee_fen), 0) FROM rights_transfer WHERE side = 'in' AND status = 'in_transit'",
}
_SENT = "SELECT number, digest, ack_state, acked_at IS NOT NULL FROM exchange_message WHERE direction = 'out'"
_GOT = "SELECT number, digest, outcome, heard_at IS NOT NULL FROM exchange_message WHERE direction = 'in'"
_LEFT = {
    "open incidents": "SELECT element_id || ': ' || cause FROM workflow_incident WHERE status = 'open'",
    "messages not sent": "SELECT kind || ' ' || key || ': ' || last_error FROM outbox_message WHERE sent_at IS NULL",
    "orders not paid": "SELECT key || ' ' || status FROM payment_order WHERE status <> 'paid'",
}


#: what, about which message, what the one has and what the other has
Row = tuple[str, str, int, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The differences that each office lists, by transfer."""

    first: Mapping[str, frozenset[Row]]
    second: Mapping[str, frozenset[Row]]

    def mirrored(self) -> bool:
        """Both list the same, each from its own side."""
        turned = {
            number: frozenset((*row[:3], row[4], row[3]) for row in rows)
            for number, rows in self.second.items()
        }
        return dict(self.first) == turned

    def what(self, number: str) -> set[str]:
        """What both say is amiss with that transfer."""
        both = self.first.get(number, frozenset()), self.second.get(number, frozenset())
        return {row[0] for row in both[0]} & {row[0] for row in both[1]}


def wrongs(world: World) -> list[str]:
    """Everything that is not as it must be, a sentence each."""
    listed = listed_by(world)
    found = [*world.wrong, *always(world)]
    found += [f"{code}: {each}" for site in world.sites for code, each in _of_office(world, site)]
    found += _of_line(world)
    if not listed.mirrored():
        found.append(f"differences are not the same: {listed}")
    for told in world.told.values():
        if told.number:
            found += [
                f"#{told.schedule.number} {told.number}: {each}" for each in _of_transfer(world, told, listed)
            ]
    return found


def listed_by(world: World) -> Listed:
    """What each office says is open between them."""
    first, second = (_listed(world, site) for site in world.sites)
    return Listed(first=first, second=second)


def booked(world: World, told: Told) -> int:
    """What the receiving office has as income of that transfer, fen."""
    return int(world.ask(world.site_of(told.schedule.road[1]), _INCOME, number=told.number)[0][0])


def always(world: World) -> list[str]:
    """What must not be even for a moment, whatever has been lost so far."""
    found = [each for site in world.sites for each in _transit(world, site)]
    return [*found, *(each for told in world.told.values() for each in _months(world, told))]


def _transit(world: World, site: Site) -> Iterator[str]:
    """Each office's money in transit is what its own open transfers come to."""
    if world.ask(site, _BALANCE)[0][0]:
        yield f"{site.code}: the books do not balance"
    for account, query in _IN_TRANSIT.items():
        booked, due = (int(world.ask(site, each, account=account)[0][0]) for each in (_ON_ACCOUNT, query))
        if booked != due:
            yield f"{site.code}: {booked} fen on {account}, and its open transfers come to {due}"


def _months(world: World, told: Told, *, all_here: bool = False) -> Iterator[str]:
    """No month that was paid counts twice, and in the end none is lost."""
    counted = 0
    number = mover(told.schedule).population.id_number
    for region in told.schedule.road:
        site = world.site_of(region)
        history = site.office.registers.contributions.history(number)
        with site.office.store.reading() as session:
            person_id = find_person(session, site.office.vault, number)
            if person_id is None:
                counted += history.months_paid
            else:
                counted += rights_at(session, history, person_id=person_id, region=region).counting
    paid = sum(told.schedule.paid)
    if counted > paid or (all_here and counted != paid):
        yield f"#{told.schedule.number} {told.number}: {counted} months count, {paid} were paid"


def _listed(world: World, site: Site) -> dict[str, frozenset[tuple[str, str, str]]]:
    control = world.hand(site, site.code, "control")
    other = next(each for each in world.sites if each is not site)
    stated = correspondence.differences(site.office, control, other.code)
    assert not isinstance(stated, Refusal), stated.text
    found: dict[str, set[Row]] = {}
    for row in stated.rows:
        line = (row.what, row.sender, row.number, row.ours, row.theirs)
        found.setdefault(row.transfer_number, set()).add(line)
    return {number: frozenset(each) for number, each in found.items()}


def _of_office(world: World, site: Site) -> Iterator[tuple[str, str]]:
    for what, query in _LEFT.items():
        rows = [row[0] for row in world.ask(site, query)]
        if rows:
            yield site.code, f"{what}: {rows[:3]}"
    with site.office.store.reading() as session:
        verdict = verify_database(session)
    if not verdict.ok:
        yield site.code, f"the trail: {verdict.text}"


def _of_line(world: World) -> Iterator[str]:
    """Whatever one end sent, the other one has, to the letter and once, and nothing else."""
    for sender, receiver in (world.sites, world.sites[::-1]):
        sent, got = world.ask(sender, _SENT), world.ask(receiver, _GOT)
        if {row[:2] for row in sent} != {row[:2] for row in got} or len(sent) != len(got):
            yield f"{sender.code} sent {len(sent)} messages, {receiver.code} got {len(got)}"
        if sorted(row[0] for row in sent) != list(range(1, len(sent) + 1)):
            yield f"{sender.code}: numbers have gaps"
        yield from (f"{sender.code}: {row[0]} was never answered" for row in sent if not row[3])
        yield from (f"{receiver.code}: {row[0]} was never heard" for row in got if not row[3])


def _of_transfer(world: World, told: Told, listed: Listed) -> Iterator[str]:
    sending, receiving = (world.site_of(region) for region in told.schedule.road)
    out, into = _end(world, sending, told, "out"), _end(world, receiving, told, "in")
    if into is None and told.schedule.asked_at == "in":
        yield "the receiving office knows nothing of it"
    amiss = listed.what(told.number)
    statuses = (out["status"] if out else None, into["status"] if into else None)
    agree = _agree(out, into)
    yield from _months(world, told, all_here=agree)
    if not agree and not amiss:
        yield f"the ends stand at {statuses}, and it is no open difference"
    # a message that came too late to matter is shown as contradicted, and nothing follows from it
    if agree and amiss - {"contradicted"}:
        yield f"the ends agree on {statuses}, and it is listed as {amiss}"
    for site, end in ((sending, out), (receiving, into)):
        if end is None:
            continue
        if end["case_status"] == "running" and not amiss:
            yield f"the case of {site.code} still runs"
        for element, times in world.ask(site, _REPEATED, case_id=end["case_id"], once=list(ONCE)):
            yield f"{site.code} did {element} {times} times"
    yield from _of_money(world, told, sending, out, into)


def _agree(out: Mapping[str, object] | None, into: Mapping[str, object] | None) -> bool:
    """Whether both ends are done and say the same."""
    if into is None or out is None:
        return out is None and (into is None or into["status"] in NOT_MOVED)
    if out["status"] == into["status"] == "settled":
        return all(out[name] == into[name] for name in ("months_paid", "carried_months", "fee_fen"))
    return out["status"] in NOT_MOVED and into["status"] in NOT_MOVED


def _end(world: World, site: Site, told: Told, side: str) -> Mapping[str, object] | None:
    rows = [row._mapping for row in world.ask(site, _ENDS, number=told.number) if row.side == side]
    assert len(rows) < 2, "two rows of one end"
    return rows[0] if rows else None


def _of_money(
    world: World,
    told: Told,
    sending: Site,
    out: Mapping[str, object] | None,
    into: Mapping[str, object] | None,
) -> Iterator[str]:
    orders = world.ask(sending, _PAID, number=told.number)
    fee = out["fee_fen"] if out and out["status"] not in ("refused", "withdrawn", "open") else 0
    paid = sum(row.amount_fen * row.times for row in orders)
    if len(orders) > 1 or any(row.times > 1 for row in orders):
        yield f"ordered or paid more than once: {orders}"
    if paid not in (0, fee):
        yield f"paid {paid} of a fee of {fee}"
    income = booked(world, told)
    if income not in (0, paid):
        yield f"booked {income}, where {paid} was paid"
    if out and into and (out["status"], into["status"]) == ("settled", "settled"):
        figures = {fee, paid, income, into["announced_fen"] or 0, into["arrived_fen"] or 0}
        if len(figures) > 1:
            yield f"settled with fee, paid, booked, announced, arrived {figures}"
