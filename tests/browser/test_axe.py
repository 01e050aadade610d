"""What axe-core finds wrong for people who read with their ears, by keys, or in the dark.

Here: one page of each shape where the side bar is icons or at the bottom, and what opens.
test_every_page.py asks it about every page on a desktop, while it is there. Contrast is measured in
both themes; the rest does not depend on the theme.
"""

from __future__ import annotations

import pytest

from tests.browser.axe import dark, violations
from tests.browser.test_every_page import MIA, PAGES, N, address
from tests.browsing import PHONE

pytestmark = pytest.mark.browser

ICONS = {"width": 1024, "height": 768}


def walk(reader, names, **context) -> list[str]:
    """Return what is wrong with these pages."""
    windows, known = {}, {}
    problems = []
    for name in names:
        email, path = PAGES[name]
        if email not in windows:
            windows[email] = reader(email, **context)
        page = windows[email].page
        page.goto(address(windows[email], path, known))
        problems += [f"{name}: {text}" for text in violations(page)]
        problems += [f"{name}, dark: {text}" for text in dark(page)]
    return problems


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
