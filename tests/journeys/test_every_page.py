"""Every page at a desk and on a telephone, in Chinese and in English: axe finds nothing, nothing sticks out,
and no English page speaks Chinese but for data, which it marks as such."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

import pytest
from browsing import DESK, PHONE, ROOT, Invite, Visitor
from pages import OpenPage, enter, furnish

from engine.cases.office import Office

pytestmark = pytest.mark.browser

STATIC = ROOT / "web" / "static" / "vendor"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")

LOOK = """async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ["violations"]})).violations
  .flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")} ${node.any[0]?.message ?? ""}`))"""

UNMARKED = """() => {
  const chinese = /[\\u3400-\\u9fff]/, found = [];
  const marked = (element) => element.closest("[lang]").lang.startsWith("zh");
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (chinese.test(walk.currentNode.data) && !marked(parent) && !parent.closest("svg, script, style"))
      found.push(walk.currentNode.data.trim());
  }
  for (const element of document.querySelectorAll("[title], [aria-label], [placeholder], [alt], [data-label]"))
    for (const name of ["title", "aria-label", "placeholder", "alt", "data-label"])
      if (chinese.test(element.getAttribute(name) ?? "") && !marked(element))
        found.push(`${name}=${element.getAttribute(name)}`);
  if (chinese.test(document.title)) found.push(`title: ${document.title}`);
  return found;
}"""


@pytest.fixture(scope="module")
def pages(office: Office) -> tuple[OpenPage, ...]:
    """All pages, with something on them."""
    return furnish(office)


@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_axe_finds_nothing_on_any_page(invite: Invite, pages: tuple[OpenPage, ...], english: bool) -> None:
    axe = (STATIC / json.loads((STATIC / "manifest.json").read_text())["axe.js"]).read_text("utf-8")
    found = []
    for page, visitor in _visits(invite, pages, english=english):
        for width in (DESK, PHONE):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            visitor.page.evaluate(axe)
            found += [f"{page.name} {width}: {each}" for each in visitor.page.evaluate(LOOK, list(RULES))]
            found += [f"{page.name} {width}: {visitor.overflow()} px too wide"] * (visitor.overflow() > 0)
            if (width == PHONE) != english:
                visitor.pictures(f"page-{page.name}-{'en' if english else 'phone'}")

    assert not found, "\n".join(found)


def test_english_pages_mark_every_chinese_word(invite: Invite, pages: tuple[OpenPage, ...]) -> None:
    found = [
        f"{page.name}: {each}"
        for page, visitor in _visits(invite, pages, english=True)
        for each in visitor.page.evaluate(UNMARKED)
    ]

    assert not found, "\n".join(found)


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
