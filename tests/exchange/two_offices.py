"""Two offices on two databases that name each other as peers: Liaocheng (371500) and Dezhou (371400).

Between them a line that stands where HTTP stands and can be cut, or a folder that a test carries files through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from builders import CAST_DAY, PASSWORD, Case
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from offices import FixedClock, OwnDatabase
from sqlalchemy import select

from engine.cases import correspondence, setup
from engine.cases.office import Office, open_office
from engine.cases.sweep import sweep_until_idle
from engine.config import Settings
from engine.exchange.bodies import STATEMENT
from engine.exchange.envelope import Envelope, seal
from engine.exchange.keys import own_key, public_text
from engine.exchange.peers import Peer
from engine.exchange.tables import ExchangeFault, ExchangeMessage
from engine.exchange.wire import LineDownError
from engine.registers.cast import PEOPLE
from engine.tasks.tables import RightsTransfer

LIAOCHENG, DEZHOU, JINAN = "371500", "371400", "370100"
NAMES = {
    LIAOCHENG: "聊城市失业保险经办机构",
    DEZHOU: "德州市失业保险经办机构",
    JINAN: "济南市失业保险经办机构",
}
START = "2025-11-03T09:00+08:00"


@dataclass(slots=True)
class Line:
    """Carries from one office to the other's door."""

    offices: dict[str, Office] = field(default_factory=dict)
    #: nothing gets through
    cut: bool = False
    #: what is sent arrives, and the answer is lost
    deaf: bool = False
    #: what travelled: receiver and bytes
    carried: list[tuple[str, bytes]] = field(default_factory=list)

    def carry(self, peer: Peer, sealed: bytes) -> bytes:
        """See ``engine.exchange.wire.Wire``."""
        if self.cut:
            raise LineDownError
        self.carried.append((peer.code, sealed))
        answer = correspondence.receive(self.offices[peer.code], sealed)
        if self.deaf:
            raise LineDownError
        return answer


@dataclass(slots=True)
class Pair:
    """The two offices."""

    liaocheng: Office
    dezhou: Office
    line: Line
    clock: FixedClock

    def sweep(self) -> None:
        """Whatever is due at either end, until nothing is."""
        for _ in range(6):
            sweep_until_idle(self.liaocheng)
            sweep_until_idle(self.dezhou)

    def wait(self, minutes: int = 10) -> None:
        """Time passes, and whatever is due by then is done."""
        self.clock.forward(minutes=minutes)
        self.sweep()

    def out_case(self) -> Case:
        """The case that a contact letter opened in Liaocheng."""
        with self.liaocheng.store.reading() as session:
            number = session.scalars(select(RightsTransfer.case_id).where(RightsTransfer.side == "out")).one()
        return Case(office=self.liaocheng, id=number)


def keys_and_peers(
    folder: Path, *, channel: str = "http", addresses: Mapping[str, str] | None = None
) -> None:
    """Each of the three offices is given a key, and the two a list of their peers."""
    for code in (LIAOCHENG, DEZHOU, JINAN):
        (folder / code).mkdir(parents=True, exist_ok=True)
    for mine in (LIAOCHENG, DEZHOU):
        cards = [
            {
                "code": code,
                "name": NAMES[code],
                "regions": [code[:4]],
                "channel": channel,
                "address": (addresses or {}).get(code) or f"https://{code}.example",
                "public_key": public_text(key_of(folder, code)),
                "account": f"6217{code}000000018",
                "account_name": "失业保险基金收入户",
                "source": "测试",
            }
            for code in (LIAOCHENG, DEZHOU, JINAN)
            if code != mine
        ]
        text = yaml.safe_dump({"peers": cards}, allow_unicode=True)
        (folder / mine / "peers.yaml").write_text(text)


def key_of(folder: Path, code: str) -> Ed25519PrivateKey:
    """The key of that office."""
    return own_key(folder / code)


def a_peer(code: str, key: Ed25519PrivateKey, *regions: str) -> Peer:
    """An office with that key, reached by HTTP."""
    return Peer(
        code=code, name=code, regions=regions, channel="http", address="https://office.example",
        public_key=public_text(key), account="", account_name="", source="测试", verified=False,
    )  # fmt: skip


def settings_of(code: str, url: str, folder: Path) -> Settings:
    """Settings of that office."""
    return Settings.from_env(
        {
            "DATABASE_URL": url,
            "CHANGLING_DATA": str(folder / code),
            "CHANGLING_SECRET": ("5a" if code == LIAOCHENG else "a5") * 32,
            "CHANGLING_REGION": code,
        }
    )


@contextmanager
def seeded_templates(server: str, template: str, folder: Path) -> Iterator[Mapping[str, str]]:
    """Names of two databases, by code of their office, with diagrams, staff and the cast; nobody is connected."""
    with OwnDatabase(server, template) as one, OwnDatabase(server, template) as other:
        urls = {LIAOCHENG: one, DEZHOU: other}
        for code, url in urls.items():
            office = open_office(settings_of(code, url, folder), clock=FixedClock(START))
            setup.set_up(office)
            setup.seed(office, people=0, employers=0, seed=1, day=CAST_DAY, password=PASSWORD)
            office.close()
        yield {code: url.rsplit("/", 1)[1].split("?")[0] for code, url in urls.items()}


@contextmanager
def two_offices(server: str, templates: Mapping[str, str], folder: Path, clock: FixedClock) -> Iterator[Pair]:
    """Both offices on copies of the templates; ``folder`` holds their keys and peers."""
    line = Line()
    with OwnDatabase(server, templates[LIAOCHENG]) as one, OwnDatabase(server, templates[DEZHOU]) as other:
        liaocheng = open_office(settings_of(LIAOCHENG, one, folder), clock=clock, wire=line)
        dezhou = open_office(settings_of(DEZHOU, other, folder), clock=clock, wire=line)
        line.offices |= {LIAOCHENG: liaocheng, DEZHOU: dezhou}
        yield Pair(liaocheng, dezhou, line, clock)
        liaocheng.close()
        dezhou.close()


def a_letter(
    folder: Path,
    *,
    sender: str = DEZHOU,
    receiver: str = LIAOCHENG,
    number: int = 1,
    transfer_number: str = "ZY-371400-ZR-2025-000001",
    step: int = 1,
    kind: str = "contact_letter",
    signed_by: str = "",
    **changed: Any,
) -> bytes:
    """A sealed letter: by default Dezhou's contact letter about Qin, whose rights are in Liaocheng."""
    body: dict[str, Any] = {
        "person": {"id_number": PEOPLE["qin"].id_number, "name": PEOPLE["qin"].name},
        "from_region": LIAOCHENG,
        "to_region": DEZHOU,
    }
    body = {**body, **changed} if kind == "contact_letter" else changed
    envelope = Envelope(
        sender=sender,
        receiver=receiver,
        number=number,
        transfer_number=transfer_number,
        step=step,
        kind=kind,
        body=body,
        sent_at=FixedClock(START).now,
    )
    return seal(envelope, key_of(folder, signed_by or sender))


def messages(office: Office, direction: str, *, statements: bool = False) -> list[ExchangeMessage]:
    """What the office has of that direction, in order of numbers; the day of most tests is one on which offices state."""
    query = select(ExchangeMessage).where(ExchangeMessage.direction == direction)
    if not statements:
        query = query.where(ExchangeMessage.kind != STATEMENT)
    with office.store.reading() as session:
        return list(session.scalars(query.order_by(ExchangeMessage.peer, ExchangeMessage.number)))


def faults(office: Office) -> list[ExchangeFault]:
    """What came and was not taken."""
    with office.store.reading() as session:
        return list(session.scalars(select(ExchangeFault).order_by(ExchangeFault.id)))
