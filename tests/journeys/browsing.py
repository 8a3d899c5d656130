"""People at a browser: they open pages, read, fill forms in by their labels and press buttons.

Everything is found by what a person sees or a screen reader says, so a label that goes missing fails a
journey. Each visitor has a browser session of their own; whatever the browser complains of is kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from playwright.sync_api import APIResponse, Browser, BrowserContext, Locator, Page, expect

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "changling-test"
#: what a person has in front of them
PHONE, DESK = 390, 1440
#: a page that takes longer than this on a busy machine is a fault
PATIENCE_MS = 15_000
# a busy machine is no fault of a page
expect.set_options(timeout=PATIENCE_MS)

#: pages are kept here for whoever reads the run afterwards
ARTEFACTS = Path(os.environ.get("CHANGLING_ARTEFACTS", ROOT / "var" / "artefacts")) / "journeys"


class MorningClock:
    """Monday 3 November 2025, nine in the morning in China, until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2025, 11, 3, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, *, days: int = 0, minutes: int = 0) -> None:
        """Move on."""
        self.now += timedelta(days=days, minutes=minutes)


@dataclass(slots=True, kw_only=True)
class Visitor:
    """One person with a browser of their own."""

    page: Page
    address: str
    #: what the browser wrote to its console, and scripts that broke
    complaints: list[str] = field(default_factory=list)

    @property
    def context(self) -> BrowserContext:
        """The session: cookies, language."""
        return self.page.context

    def go(self, path: str) -> Visitor:
        """The page at that path."""
        self.page.goto(f"{self.address}{path}")
        return self

    def signs_in(self, login: str, *, password: str = PASSWORD) -> Visitor:
        """Signs in as a member of staff."""
        self.go("/sign-in").fills("账号", login).fills("密码", password)
        return self.presses("登录")

    def proves(self, *, id_number: str, name: str) -> Visitor:
        """Signs in as an insured person."""
        return self.go("/apply").fills("居民身份证号", id_number).fills("姓名", name).presses("登录")

    def presents(self, credit_code: str) -> Visitor:
        """Signs in as an employer."""
        return self.go("/employer/sign-in").fills("统一社会信用代码", credit_code).presses("登录")

    def fills(self, label: str, text: str) -> Visitor:
        """Types into the field with that label."""
        self.page.get_by_label(_starts(label)).fill(text)
        return self

    def picks(self, question: str, answer: str) -> Visitor:
        """Chooses that answer of the question's radio buttons."""
        group = self.page.get_by_role("radiogroup", name=_starts(question))
        group.get_by_role("radio", name=answer, exact=True).check()
        return self

    def selects(self, label: str, option: str) -> Visitor:
        """Chooses from the list with that label."""
        self.page.get_by_label(_starts(label)).select_option(label=option)
        return self

    def ticks(self, label: str) -> Visitor:
        """Ticks the box with that label."""
        self.page.get_by_role("checkbox", name=_starts(label)).check()
        return self

    def presses(self, words: str) -> Visitor:
        """Presses the button with these words and waits for the page that comes."""
        self.page.get_by_role("button", name=words, exact=True).click()
        self.page.wait_for_load_state()
        return self

    def follows(self, words: str) -> Visitor:
        """Follows the first link with these words."""
        self.page.locator("main").get_by_role("link", name=words).first.click()
        self.page.wait_for_load_state()
        return self

    def takes(self, case_key: str) -> Visitor:
        """Finds the task of that case in the inbox, opens it, and claims it."""
        self.go(f"/inbox?list=claimable&search={case_key}")
        self.row(case_key).get_by_role("button", name="领取").click()
        self.page.wait_for_load_state()
        return self

    def row(self, text: str) -> Locator:
        """The row of a table that holds the text."""
        return self.page.get_by_role("row").filter(has_text=text)

    def sees(self, *texts: str) -> Visitor:
        """Each of the texts is on the page, to be seen."""
        for text in texts:
            expect(self.page.locator("body").get_by_text(text).filter(visible=True).first).to_be_visible()
        return self

    def sees_not(self, *texts: str) -> Visitor:
        """None of the texts can be seen."""
        for text in texts:
            expect(self.page.locator("body").get_by_text(text).filter(visible=True)).to_have_count(0)
        return self

    def finds_no_button(self, words: str) -> Visitor:
        """There is no button with these words."""
        expect(self.page.get_by_role("button", name=words, exact=True)).to_have_count(0)
        return self

    def reads(self) -> str:
        """The text of the page's main part."""
        return self.page.locator("main").inner_text()

    def posts(self, path: str, **fields: str) -> APIResponse:
        """The answer to a hand-made form with the token of this person's own session."""
        token = self.page.locator('input[name="csrf_token"]').first.input_value()
        return self.context.request.post(
            f"{self.address}{path}", form={"csrf_token": token, **fields}, max_redirects=0
        )

    def keeps(self, name: str) -> Visitor:
        """A picture of the whole page for people to look at; nothing may stick out at the side."""
        self.pictures(name)
        assert self.overflow() <= 0, f"{name} is {self.overflow()} px wider than the window"
        return self

    def pictures(self, name: str) -> None:
        """A picture of the whole page, taken when its diagram is drawn."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        if self.page.locator("figure.diagram[data-drawn]").filter(visible=True).count():
            expect(self.page.locator(".djs-shape").first).to_be_attached()
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


class Invite(Protocol):
    """Gives somebody a browser."""

    def __call__(self, *, width: int = DESK, javascript: bool = True, english: bool = False) -> Visitor:
        """The visitor, with nobody signed in yet."""


@contextmanager
def open_house(chromium: Browser, address: str) -> Iterator[Invite]:
    """Gives people browsers; afterwards none of them may have complained."""
    invited: list[Visitor] = []

    def new(*, width: int = DESK, javascript: bool = True, english: bool = False) -> Visitor:
        context = chromium.new_context(
            viewport={"width": width, "height": 844 if width == PHONE else 900},
            java_script_enabled=javascript,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        visitor = Visitor(page=context.new_page(), address=address)
        _listen(visitor)
        invited.append(visitor)
        return visitor.go("/language/en") if english else visitor

    yield new
    complaints = [complaint for visitor in invited for complaint in visitor.complaints]
    for visitor in invited:
        visitor.context.close()
    assert not complaints, complaints


def _listen(visitor: Visitor) -> None:
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(f"script: {error}"))
    # a page that answers 403 or 422 is told to the console too, and is no fault of the page
    visitor.page.on(
        "console",
        lambda message: (
            visitor.complaints.append(message.text)
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )


def case_number(visitor: Visitor) -> str:
    """The number of the case whose page is open."""
    found = re.search(r"/cases/(\d+)", visitor.page.url)
    assert found, visitor.page.url
    return found[1]


def case_key(visitor: Visitor) -> str:
    """The number by which people call the case, as it first stands on the page."""
    found = re.search(r"\b[A-Z]{2}-\d{4}-\d+\b", visitor.reads())
    assert found, visitor.reads()
    return found[0]


def _starts(label: str) -> re.Pattern[str]:
    """A label by its beginning: some carry 必填 behind."""
    return re.compile(rf"^\s*{re.escape(label)}")
