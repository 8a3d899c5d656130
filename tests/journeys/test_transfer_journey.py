"""One transfer between two offices that share nothing: two databases, two servers, letters between them by HTTP.

Asked for by the person at the sending end, accepted at the other, reviewed and approved here; both ends on one picture
at every stage, for the person on a telephone and for staff at a desk, with axe and from the keyboard.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import yaml
from browsing import DESK, PASSWORD, PHONE, ROOT, Invite, MorningClock, Visitor, open_house
from offices import OwnDatabase
from playwright.sync_api import Browser, expect
from waitress.server import create_server

from engine.cases.office import Office, open_office
from engine.cases.setup import seed, set_up
from engine.cases.sweep import sweep_until_idle
from engine.config import Settings
from engine.exchange.keys import own_key, public_text
from engine.exchange.wire import HttpWire
from engine.registers.cast import PEOPLE
from web.app import create_app

pytestmark = pytest.mark.browser

LIAOCHENG, DEZHOU = "371500", "371400"
NAMES = {LIAOCHENG: "聊城市失业保险经办机构", DEZHOU: "德州市失业保险经办机构"}
AXE = ROOT / "web" / "static" / "vendor"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
LOOK = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations
  .flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`))"""


@dataclass(slots=True, kw_only=True)
class Served:
    """One office with its database, as a server on this machine."""

    office: Office
    address: str


@dataclass(slots=True, kw_only=True)
class Both:
    """The two offices."""

    liaocheng: Served
    dezhou: Served

    def sweep(self) -> None:
        """What is due at either end, until nothing is."""
        for _ in range(4):
            sweep_until_idle(self.liaocheng.office)
            sweep_until_idle(self.dezhou.office)


@pytest.fixture(scope="module")
def both(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Liaocheng and Dezhou, each served, each with the other as its peer."""
    folder, clock = tmp_path_factory.mktemp("offices"), MorningClock()
    with OwnDatabase(server, template) as one, OwnDatabase(server, template) as other:
        doors = {code: create_server(lambda *_: [], host="127.0.0.1", port=0, threads=6) for code in NAMES}
        addresses = {code: f"http://127.0.0.1:{door.effective_port}" for code, door in doors.items()}
        for code in NAMES:
            (folder / code).mkdir()
        for code in NAMES:
            _write_peers(folder, code, addresses)
        urls = {LIAOCHENG: one, DEZHOU: other}
        offices = {code: _opened(code, urls[code], folder, clock) for code in NAMES}
        for code, door in doors.items():
            door.application = create_app(offices[code])
            threading.Thread(target=door.run, daemon=True).start()
        yield Both(
            liaocheng=Served(office=offices[LIAOCHENG], address=addresses[LIAOCHENG]),
            dezhou=Served(office=offices[DEZHOU], address=addresses[DEZHOU]),
        )
        for code, door in doors.items():
            door.close()
            offices[code].close()


@pytest.fixture
def here(chromium: Browser, both: Both) -> Iterator[Invite]:
    """Gives people in Liaocheng browsers."""
    with open_house(chromium, both.liaocheng.address) as invite:
        yield invite


@pytest.fixture
def there(chromium: Browser, both: Both) -> Iterator[Invite]:
    """Gives people in Dezhou browsers."""
    with open_house(chromium, both.dezhou.address) as invite:
        yield invite


@pytest.mark.req("TRANS-01", "TRANS-02", "TRANS-03", "TRANS-04")
def test_asked_for_at_the_sending_end_and_seen_at_both(here: Invite, there: Invite, both: Both) -> None:
    mover = here(width=PHONE).proves(id_number=PEOPLE["qin"].id_number, name=PEOPLE["qin"].name)
    number = _asks(mover)

    both.sweep()
    mover.go(f"/transfers/{number}").sees("申请已转去，尚未发来联系函", "据对方对第1号消息的回执")
    _clean(mover, "transfer-two-1-applied")

    clerk = there().signs_in("youshouli").go("/transfers").follows(number).sees("受理转入申请")
    _clean(clerk, "transfer-two-2-receiving")
    clerk.go("/inbox?list=claimable")
    clerk.row("受理转入申请").get_by_role("button", name="领取").click()
    clerk.page.wait_for_load_state()
    clerk.picks("受理意见", "受理，发出联系函").presses("提交").sees("已办结")
    both.sweep()

    reviewer = here().signs_in("zhaofuhe").go(f"/transfers/{number}").sees("复核转出", "据对方第1号消息")
    _clean(reviewer, "transfer-two-3-sending")
    _does(reviewer, "复核转出", "复核意见", "同意转出")
    _does(here().signs_in("sunshenpi"), "审批转出", "审批意见", "同意转出")
    both.sweep()

    clerk.go(f"/transfers/{number}").sees("已转出", "转出地写明的算法")
    _clean(clerk, "transfer-two-4-moved")
    mover.go(f"/transfers/{number}").sees("已转出")
    _clean(mover, "transfer-two-5-progress")
    control = here().signs_in("zhengneikong").go("/exchange").follows(NAMES[DEZHOU])
    control.presses("立即发出对账单").sees("号对账单将送")
    both.sweep()
    control.go(f"/exchange/{DEZHOU}").sees("两地一致。")
    _clean(control, "transfer-two-6-exchange")


@pytest.mark.req("TRANS-01")
def test_the_form_is_filled_in_from_the_keyboard_and_without_a_script(here: Invite) -> None:
    person = PEOPLE["lin"]
    by_keys = here().proves(id_number=person.id_number, name=person.name)
    by_keys.page.locator("summary", has_text="转移失业保险关系到其他地区").focus()
    by_keys.page.keyboard.press("Enter")
    by_keys.page.keyboard.press("Tab")
    expect(by_keys.page.get_by_label("从哪里转出")).to_be_focused()
    by_keys.page.keyboard.press("Tab")
    by_keys.page.keyboard.type("青岛")
    by_keys.page.keyboard.press("Tab")
    expect(by_keys.page.get_by_role("button", name="申请转移")).to_be_focused()

    plain = here(javascript=False).proves(id_number=person.id_number, name=person.name)
    plain.page.locator("summary", has_text="转移失业保险关系到其他地区").click()
    plain.selects("从哪里转出", "聊城市").selects("转到哪里", "聊城市").presses("申请转移")

    plain.sees("转入地不能与转出地相同")


def _asks(mover: Visitor) -> str:
    """The number under which the application went to the other office."""
    mover.page.get_by_text("转移失业保险关系到其他地区").click()
    mover.page.get_by_label("从哪里转出").select_option(LIAOCHENG)
    mover.page.get_by_label("转到哪里").select_option(DEZHOU)
    _clean(mover, "transfer-two-0-form")
    mover.presses("申请转移").sees("申请已送德州市失业保险经办机构", "已转去：")
    link = mover.page.locator("main a[href^='/transfers/ZY-']").first.get_attribute("href")
    assert link
    return link.removeprefix("/transfers/")


def _does(desk: Visitor, step: str, question: str, answer: str) -> None:
    desk.go("/inbox?list=claimable")
    desk.row(step).get_by_role("button", name="领取").click()
    desk.page.wait_for_load_state()
    desk.picks(question, answer).presses("提交").sees("已办结")


def _clean(visitor: Visitor, name: str) -> None:
    """axe finds nothing and nothing sticks out, at a desk and on a telephone; a picture of each is kept."""
    before = visitor.page.viewport_size
    axe = (AXE / json.loads((AXE / "manifest.json").read_text())["axe.js"]).read_text("utf-8")
    visitor.page.evaluate(axe)
    for width in (DESK, PHONE):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        assert visitor.page.evaluate(LOOK, list(RULES)) == [], f"{name} at {width}"
        visitor.keeps(f"{name}-{width}")
    if before:
        visitor.page.set_viewport_size(before)


def _write_peers(folder: Path, mine: str, addresses: dict[str, str]) -> None:
    (other,) = (code for code in NAMES if code != mine)
    card = {
        "code": other, "name": NAMES[other], "regions": [other[:4]], "channel": "http",
        "address": addresses[other], "public_key": public_text(own_key(folder / other)),
        "account": f"6217{other}000000018", "account_name": "失业保险基金收入户", "source": "测试", "verified": True,
    }  # fmt: skip
    (folder / mine / "peers.yaml").write_text(yaml.safe_dump({"peers": [card]}, allow_unicode=True))


def _opened(code: str, url: str, folder: Path, clock: MorningClock) -> Office:
    env = {
        "DATABASE_URL": url,
        "CHANGLING_DATA": str(folder / code),
        "CHANGLING_SECRET": ("5a" if code == LIAOCHENG else "a5") * 32,
        "CHANGLING_REGION": code,
    }
    office = open_office(Settings.from_env(env), clock=clock, wire=HttpWire(silence=0.0))
    set_up(office)
    seed(office, seed=1, people=0, employers=0, day=date(2025, 11, 3), password=PASSWORD)
    return office
