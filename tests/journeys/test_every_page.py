"""Every page at a desk and on a telephone, in Chinese and in English: axe finds nothing, nothing sticks out,
and no English page speaks Chinese but for data, which it marks as such."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from itertools import groupby

import pytest
from browsing import DESK, PHONE, ROOT, Invite, Visitor, open_house
from pages import OpenPage, enter, furnish
from playwright.sync_api import Browser

from engine.cases.office import Office

pytestmark = pytest.mark.browser

STATIC = ROOT / "web" / "static" / "vendor"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")

#: every page in both languages, axe at both widths; else each page in one of the languages, the other one tomorrow, and
#: axe at Chinese pages on a desk, at English ones, which are longer, on a telephone
ALL = os.environ.get("CHANGLING_WALK") == "all"

LOOK = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations
  .flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`))"""

UNMARKED = """() => {
  const chinese = /[\\u3400-\\u9fff]/, found = [];
  const marked = (element) => element.closest("[lang]").getAttribute("lang").startsWith("zh");
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (chinese.test(walk.currentNode.data) && !marked(parent) && !parent.closest("svg, script, style, textarea"))
      found.push(walk.currentNode.data.trim());
  }
  for (const element of document.querySelectorAll("[title], [aria-label], [placeholder], [alt], [data-label]"))
    for (const name of ["title", "aria-label", "placeholder", "alt", "data-label"])
      if (chinese.test(element.getAttribute(name) ?? "") && !marked(element))
        found.push(`${name}=${element.getAttribute(name)}`);
  return found;
}"""


# a paper to be printed is a Chinese document, whatever the pages around it speak; a label that offers a step or a
# colleague holds data, and so do the heads of a wall (its units and topics): marked as such (UNMARKED); a heading may name data between its words
SPOKEN = """() => {
  const english = (each) => {
    const said = each.cloneNode(true);
    said.querySelectorAll("[lang^=zh]").forEach(data => data.remove());
    return /[a-z]/i.test(said.textContent) && !/[\\u3400-\\u9fff]/.test(said.textContent);
  };
  return [...document.querySelectorAll("nav, button, label, legend, th, caption, h2, .badge-state")]
  .filter(each => !each.closest(".sheet-a4") && !each.matches(".choice-row:has([name=to]), th:has(.col-name), th:has(> a[lang])"))
  .filter(each => /[\\u3400-\\u9fff]/.test(each.innerText) && !english(each)).map(each => each.innerText); }"""

#: what was found wrong, each with its page and width
Found = dict[str, list[str]]


@pytest.fixture(scope="module")
def pages(office: Office) -> tuple[OpenPage, ...]:
    """All pages, with something on them."""
    return furnish(office)


@pytest.fixture(scope="module")
def chinese(chromium: Browser, address: str, pages: tuple[OpenPage, ...]) -> Found:
    """What was found on the Chinese pages."""
    return _look_at_all(chromium, address, _drawn(pages, 0), english=False)


@pytest.fixture(scope="module")
def english(chromium: Browser, address: str, pages: tuple[OpenPage, ...]) -> Found:
    """What was found on the English pages."""
    return _look_at_all(chromium, address, _drawn(pages, 1), english=True)


def test_axe_finds_nothing_on_any_chinese_page(chinese: Found) -> None:
    assert chinese["axe"] == []


def test_axe_finds_nothing_on_any_english_page(english: Found) -> None:
    assert english["axe"] == []


def test_no_page_is_wider_than_its_window(chinese: Found, english: Found) -> None:
    assert chinese["wide"] + english["wide"] == []


def test_english_pages_mark_every_chinese_word(english: Found) -> None:
    assert english["unmarked"] == []


def test_menus_headings_buttons_and_labels_of_english_pages_are_english(english: Found) -> None:
    assert english["spoken"] == []


def _drawn(pages: tuple[OpenPage, ...], turn: int) -> tuple[OpenPage, ...]:
    """Half of the pages, the other half for the other language, changed about every day; all of them when asked."""
    today = date.today().toordinal()
    return pages if ALL else tuple(page for at, page in enumerate(pages) if (at + today + turn) % 2)


def _look_at_all(chromium: Browser, address: str, pages: tuple[OpenPage, ...], *, english: bool) -> Found:
    found: Found = {"axe": [], "wide": [], "unmarked": [], "spoken": []}
    axe = (STATIC / json.loads((STATIC / "manifest.json").read_text())["axe.js"]).read_text("utf-8")
    with open_house(chromium, address) as invite:
        for page, visitor in _visits(invite, pages, english=english):
            for kind, script in (("unmarked", UNMARKED), ("spoken", SPOKEN)):
                found[kind] += [f"{page.name}: {each}" for each in visitor.page.evaluate(script)]
            visitor.page.evaluate(axe)
            for width in (DESK, PHONE):
                visitor.page.set_viewport_size({"width": width, "height": 900})
                here = f"{page.name} {width}"
                if ALL or (width == PHONE) == english:
                    found["axe"] += [f"{here}: {each}" for each in visitor.page.evaluate(LOOK, list(RULES))]
                found["wide"] += [here] * (visitor.overflow() > 0)
                if width == PHONE and not english:
                    visitor.pictures(f"page-{page.name}-phone")
    return found


def _visits(
    invite: Invite, pages: tuple[OpenPage, ...], *, english: bool
) -> Iterator[tuple[OpenPage, Visitor]]:
    """Each page open before whoever it is for; one browser a person."""
    for who, theirs in groupby(sorted(pages, key=lambda page: page.who), key=lambda page: page.who):
        visitor = enter(invite(), who)
        if english:
            visitor.go("/language/en")
        for page in theirs:
            visitor.page.set_viewport_size({"width": DESK, "height": 900})
            visitor.go(page.path)
            if page.act:
                page.act(visitor)
            yield page, visitor
        visitor.context.close()
