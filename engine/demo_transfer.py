"""The demo of two offices: rights move from Liaocheng to Dezhou, which share nothing but the line between them.

Two databases, two data folders with a key and a list of peers each, two servers on this machine. Every step goes
through the same use-cases as the pages, every message through HTTP. ``changling demo --transfer`` prints the story.
"""

from __future__ import annotations

import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import yaml
from psycopg import sql
from sqlalchemy import make_url, select

from engine.cases import correspondence, setup, transfers
from engine.cases.office import Office, open_office
from engine.cases.views import Done
from engine.config import Settings
from engine.demo import DAY, PASSWORD, Demo, DemoClock, DemoError, Say, books_and_trail, pay
from engine.exchange.bodies import KIND_NAMES
from engine.exchange.keys import own_key, public_text
from engine.exchange.tables import ExchangeMessage
from engine.migrations import upgrade
from engine.money.ledger import trial_balance
from engine.registers.cast import PEOPLE
from engine.tasks.tables import RightsTransfer
from engine.values import Money, Refusal

#: accounts of money in transit: paid out, and to come in
_TRANSIT = ("2103", "1132")
#: application, contact letter, information sheet, notice of payment, receipt
_LETTERS = 5

#: puts the pages of an office on a socket for the length of a block
Serve = Callable[[Office, socket.socket], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One of the two offices of the story."""

    region: str
    name: str
    #: where it takes fees
    account: str


LIAOCHENG = Place(region="371500", name="聊城市失业保险经办机构", account="6217371500000000018")
DEZHOU = Place(region="371400", name="德州市失业保险经办机构", account="6217371400000000018")


@dataclass(slots=True, kw_only=True)
class Pair:
    """Both offices, and the one clock of the story."""

    sending: Demo
    receiving: Demo
    clock: DemoClock
    say: Say

    def sweep(self) -> None:
        """What is due at both ends, until nothing is."""
        for _ in range(4):
            for each in (self.sending, self.receiving):
                each.sweep()

    def does(self, demo: Demo, login: str, end: RightsTransfer, element: str, **fields: str) -> None:
        """The member of staff completes the step at that end, and the letters of both offices travel."""
        demo.does(demo.staff(login), end.case_id, element, **fields)
        self.sweep()

    def later(self, *, days: int) -> None:
        """So many days go by."""
        self.clock.forward(days=days)
        self.sweep()


def tell(settings: Settings, serve: Serve, *, say: Say = print) -> int:
    """The whole story; 0 if both ends agree, nothing is in transit, books balance and trails verify, else 1.

    Makes two databases on the server of the settings and drops them again, whatever happens.
    """
    places, clock = (LIAOCHENG, DEZHOU), DemoClock()
    say("零、两处经办机构，各有数据库、网页服务和签名密钥")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="changling-transfer-")))
        listeners = [stack.enter_context(_listener()) for _ in places]
        _exchange_cards(folder, places, listeners)
        demos = []
        for place, listener in zip(places, listeners, strict=True):
            url = stack.enter_context(_database(settings.database_url, place.region))
            own = _settings(settings, place, url, folder)
            office = stack.enter_context(_opened(own, clock))
            stack.enter_context(serve(office, listener))
            demos.append(Demo(office=office, clock=clock, say=say))
            key = correspondence.own_public_key(office)
            say(f"  {place.name}  {_address(listener)}  数据库 {make_url(url).database}  公钥 {key[:16]}…")
        return 0 if _story(Pair(sending=demos[0], receiving=demos[1], clock=clock, say=say)) else 1


# --- the story ------------------------------------------------------------------------------------


def _story(pair: Pair) -> bool:
    """Told from the application to the receipt; whether everything agrees in the end."""
    pair.say("一、本人在转出地申请，申请送到转入地")
    qin = PEOPLE["qin"]
    mover = pair.sending.person(qin.id_number, qin.name)
    asked = transfers.ask(pair.sending.office, mover, from_region=LIAOCHENG.region, to_region=DEZHOU.region)
    pair.say(f"  {_granted(asked).message}")
    pair.sweep()
    into = _end(pair.receiving, "in")

    pair.say("二、转入地受理，发出联系函")
    pair.does(pair.receiving, "youshouli", into, "accept_transfer", accept_opinion="accept")
    out = _end(pair.sending, "out")

    pair.say("三、转出地复核、审批，发出转出信息表；转入地立即记入月数")
    pair.does(pair.sending, "zhaofuhe", out, "review_transfer", review_opinion="agree")
    pair.does(pair.sending, "sunshenpi", out, "approve_transfer", approval="approve")
    into = _end(pair.receiving, "in")
    pair.say(
        f"  缴费 {into.months_paid} 个月，剩余 {into.months_left} 个月，费用 {Money(into.fee_fen).text} 元"
    )

    pair.say("四、转出地付款，银行付讫，告知转入地")
    pay(pair.sending)
    pair.sweep()
    _show_in_transit(pair)

    pair.say("五、转入地会计确认到账，发出回执，两地办结")
    pair.does(
        pair.receiving,
        "luokuaiji",
        into,
        "confirm_arrival",
        arrival="arrived",
        arrived_fen=Money(into.fee_fen).text,
        arrived_on=pair.receiving.office.today.isoformat(),
        arrival_reference="DEZHOU-0001",
    )
    return _ends_well(pair)


def _ends_well(pair: Pair) -> bool:
    """Every check of the two offices, told; all are made, even after one that fails."""
    pair.say("六、来往信件（转出地所存）")
    number = _end(pair.sending, "out").transfer_number
    messages = _messages(pair.sending, number)
    for line in messages:
        pair.say(f"  {line}")
    pair.say("七、次月初，两地自动交换对账单，核对状态、信件和在途资金")
    pair.later(days=30)
    checks = [
        _states_agree(pair),
        _statements_agree(pair),
        _nothing_in_transit(pair),
        len(messages) == _LETTERS,
    ]
    pair.say("八、两地的账与痕迹")
    for each, place in ((pair.sending, LIAOCHENG), (pair.receiving, DEZHOU)):
        pair.say(f"  {place.name}")
        checks.append(books_and_trail(each))
    pair.say("两地一致，转迁办结。" if all(checks) else "两地不一致！")
    return all(checks)


def _states_agree(pair: Pair) -> bool:
    out, into = _end(pair.sending, "out"), _end(pair.receiving, "in")
    ends = [(each.status, each.months_paid, each.fee_fen) for each in (out, into)]
    settled = ends[0] == ends[1] and out.status == "settled"
    pair.say(f"  {out.transfer_number}：两地都已办结" if settled else f"  两地状态不一致：{ends}")
    return settled and into.arrived_fen == out.fee_fen


def _statements_agree(pair: Pair) -> bool:
    agree = True
    for demo, login, other in (
        (pair.sending, "zhoukuaiji", DEZHOU),
        (pair.receiving, "luokuaiji", LIAOCHENG),
    ):
        found = correspondence.differences(demo.office, demo.staff(login), other.region)
        if isinstance(found, Refusal):
            raise DemoError(found.text)
        stated = found.ours_as_of is not None and found.theirs_as_of is not None
        agree = agree and stated and not found.rows
        said = "没有差异" if stated and not found.rows else f"差异 {[row.what for row in found.rows]}"
        pair.say(f"  与{other.name}对账：{said if stated else '还没有对账单'}")
    return agree


def _nothing_in_transit(pair: Pair) -> bool:
    _show_in_transit(pair)
    return not any(fen for demo in (pair.sending, pair.receiving) for _, fen in _in_transit(demo))


def _show_in_transit(pair: Pair) -> None:
    for demo, place in ((pair.sending, LIAOCHENG), (pair.receiving, DEZHOU)):
        sums = "，".join(f"{name} {Money(fen).text} 元" for name, fen in _in_transit(demo))
        pair.say(f"  {place.name}在途：{sums}")


def _in_transit(demo: Demo) -> list[tuple[str, int]]:
    """Name and balance of the accounts of money in transit, fen."""
    with demo.office.store.reading() as session:
        rows = {row.account: row for row in trial_balance(session)}
    return [(rows[code].name, rows[code].debit.fen - rows[code].credit.fen) for code in _TRANSIT]


def _messages(demo: Demo, number: str) -> list[str]:
    """What passed between the two offices about the transfer, as this one has it."""
    with demo.office.store.reading() as session:
        query = select(ExchangeMessage).where(ExchangeMessage.transfer_number == number)
        found = session.scalars(query.order_by(ExchangeMessage.created_at, ExchangeMessage.id)).all()
    arrows = {"out": "发出", "in": "收到"}
    return [
        f"{arrows[each.direction]} 第{each.number}号 {KIND_NAMES[each.kind]}  摘要 {each.digest[:12]}…"
        for each in found
    ]


def _end(demo: Demo, side: str) -> RightsTransfer:
    """The one transfer, as that end has it."""
    with demo.office.store.reading() as session:
        found = session.scalars(select(RightsTransfer).where(RightsTransfer.side == side)).one_or_none()
    if found is None:
        raise DemoError("对方的信件没有送到")
    return found


def _granted(outcome: Done | Refusal) -> Done:
    if isinstance(outcome, Refusal):
        raise DemoError(outcome.text)
    return outcome


# --- two offices on one machine -------------------------------------------------------------------


@contextmanager
def _database(server: str, word: str) -> Iterator[str]:
    """The URL of a new database on that server; dropped at the end."""
    name = f"changling_demo_{word}_{secrets.token_hex(4)}"
    url = make_url(server)
    administer = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(administer, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(administer, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _listener() -> Iterator[socket.socket]:
    """A socket on a free port of this machine."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        yield listener


@contextmanager
def _opened(settings: Settings, clock: DemoClock) -> Iterator[Office]:
    """The office, set up and staffed."""
    office = open_office(settings, clock=clock)
    try:
        upgrade(settings.database_url)
        setup.set_up(office)
        setup.seed(office, people=0, employers=0, seed=1, day=DAY, password=PASSWORD)
        yield office
    finally:
        office.close()


def _settings(settings: Settings, place: Place, url: str, folder: Path) -> Settings:
    data_dir = folder / place.region
    return replace(
        settings,
        database_url=url,
        data_dir=data_dir,
        region=place.region,
        secret_key=secrets.token_hex(32),
        bank="test",
        peers_file=data_dir / "peers.yaml",
    )


def _exchange_cards(folder: Path, places: tuple[Place, Place], listeners: list[socket.socket]) -> None:
    """What two operators do once: each writes down where the other office is and which key it signs with."""
    for (mine, _), (other, listener) in zip(
        zip(places, listeners, strict=True),
        zip(places[::-1], listeners[::-1], strict=True),
        strict=True,
    ):
        card = {
            "code": other.region,
            "name": other.name,
            "regions": [other.region[:4]],
            "channel": "http",
            "address": _address(listener),
            "public_key": public_text(own_key(folder / other.region)),
            "account": other.account,
            "account_name": "失业保险基金收入户",
            "source": "演示：两处经办机构当面交换",
            "verified": True,
        }
        path = folder / mine.region / "peers.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"peers": [card]}, allow_unicode=True, sort_keys=False), "utf-8")


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"
