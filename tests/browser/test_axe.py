"""What axe-core finds wrong for people who read with their ears, by keys, or in the dark.

Every page of test_every_page.py on a desktop, and one of each shape where the side bar is icons or
at the bottom. Contrast is measured in both themes; the rest does not depend on the theme.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.test_every_page import MIA, PAGES, N, address
from tests.browsing import DESKTOP, PHONE

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ICONS = {"width": 1024, "height": 768}
ASK = """rules => axe.run(document, {
    resultTypes: ["violations"], ...(rules && { runOnly: { type: "rule", values: rules } }),
}).then(found => found.violations.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${node.target.join(" ")} ${node.failureSummary}`
)))"""


# colours change at once, so that what is measured is what stays
STILL = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, ::before, ::after { transition: none !important }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def violations(page, rules: list[str] | None = None) -> list[str]:
    """Return what axe says of a page; it is put in past the policy, as a debugger would."""
    if not page.evaluate("'axe' in window"):
        debugger = page.context.new_cdp_session(page)
        debugger.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        debugger.detach()
        page.evaluate(STILL)
    return list(page.evaluate(ASK, rules))


def dark(page) -> list[str]:
    """Return what has too little contrast in the dark."""
    page.emulate_media(color_scheme="dark")
    page.evaluate(PAINTED)
    found = violations(page, ["color-contrast"])
    page.emulate_media(color_scheme="light")
    page.evaluate(PAINTED)
    return found


def walk(reader, names, **context) -> list[str]:
    """Return what is wrong with these pages."""
    windows = {}
    problems = []
    for name in names:
        email, path = PAGES[name]
        if email not in windows:
            windows[email] = reader(email, **context)
        page = windows[email].page
        page.goto(address(windows[email], path))
        problems += [f"{name}: {text}" for text in violations(page)]
        problems += [f"{name}, dark: {text}" for text in dark(page)]
    return problems


def test_axe_finds_nothing_on_any_page(reader):
    assert walk(reader, PAGES, viewport=DESKTOP) == []


@pytest.mark.parametrize("size", [ICONS, PHONE], ids=["icons", "phone"])
def test_axe_finds_nothing_where_there_is_less_room(reader, size):
    names = ["home-marketer", "board", "backlog", "planning", "triage", "review", "request-new"]
    assert walk(reader, names, viewport=size, has_touch=size == PHONE) == []


def test_axe_finds_nothing_in_what_opens(reader):
    window = reader(MIA)
    page = window.page
    page.goto(f"{N}/board/")
    problems = []
    page.locator("[data-key] .card-title a").first.click()
    page.locator("#drawer .drawer-body").wait_for()
    problems += violations(page) + dark(page)
    page.keyboard.press("Escape")
    page.locator("[popovertarget=menu-account]:visible").click()
    problems += violations(page) + dark(page)
    page.goto(f"{N}/sprints/14/plan/")
    for name in ("start", "capacity"):
        page.locator(f"[data-open={name}]").click()
        page.locator(f"dialog#{name}").wait_for()
        problems += violations(page) + dark(page)
        page.keyboard.press("Escape")
    assert problems == []


def test_axe_would_find_a_picture_without_words(reader):
    page = reader().page
    page.goto("/accounts/login/")
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")

    assert any("image-alt" in text for text in violations(page))
