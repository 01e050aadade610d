"""The palette, the list of keys and moves that do not arrive, in a browser, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.axe import dark, violations
from tests.browsing import PHONE, Reader
from tests.system.stack import Stack

pytestmark = pytest.mark.browser

MIA = "mia@northwind.example"
BOARD = "/w/northwind/board/"


@pytest.fixture(scope="module")
def mia(browser: Browser, demo: Stack) -> Iterator[Reader]:
    window = Reader(browser, demo.url).sign_in(MIA)
    yield window
    window.close()


@pytest.fixture
def page(mia: Reader) -> Page:
    mia.complaints.clear()
    mia.page.goto(BOARD)
    mia.page.wait_for_selector("#board.can-drag")
    mia.page.wait_for_selector("[data-live-status][data-state=live]")
    return mia.page


def column_of(page: Page, key: str) -> str | None:
    return page.locator(f"[data-category]:has([data-key='{key}'])").get_attribute("data-category")


def on_a_card(page: Page, category: str = "todo") -> str:
    card = page.locator(f".column[data-category={category}] .card").first
    card.locator(".card-title a").focus()
    key = card.get_attribute("data-key")
    assert key is not None
    return key


def has_focus(page: Page, key: str) -> None:
    page.wait_for_function(
        "key => document.activeElement.closest('[data-key]')?.dataset.key === key", arg=key
    )


def opened(page: Page, typed: str = "") -> None:
    page.keyboard.press("Control+k")
    page.wait_for_selector("dialog.palette[open]")
    page.keyboard.type(typed)


def test_the_palette_moves_a_card_finds_a_task_and_leads_there(mia, page):
    key = on_a_card(page)
    opened(page)
    expect(page.locator("[data-group=here]")).to_contain_text(key)
    assert violations(page) + dark(page) == []
    page.keyboard.type("move rev")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_text("Move to Review")
    page.keyboard.press("Enter")
    page.wait_for_selector(f".toast >> text={key} moved to Review")
    has_focus(page, key)
    page.keyboard.press("Control+z")
    page.wait_for_selector(f".toast >> text={key} is back")
    assert column_of(page, key) == "todo"

    opened(page, "nothing of the kind")
    expect(page.locator("dialog.palette [data-none]")).to_be_visible()
    page.keyboard.press("Control+A")
    page.keyboard.type(key)
    page.keyboard.press("Enter")  # sooner than the answer
    page.wait_for_url(f"**/tasks/{key}/")
    page.wait_for_selector("#drawer .drawer-head")
    page.keyboard.press("Escape")
    has_focus(page, key)
    opened(page)
    page.keyboard.press("Escape")
    has_focus(page, key)
    assert mia.complaints == []


def test_single_keys_work_rest_in_fields_and_can_be_switched_off(mia, page):
    key = on_a_card(page)
    page.keyboard.press("p")
    page.wait_for_selector("#drawer [name=points]:focus")
    page.keyboard.press("b")  # a letter in a field
    assert page.locator("#drawer [name=reason]").count() == 0
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    has_focus(page, key)
    page.keyboard.press("?")
    sheet = page.locator("dialog.key-sheet[open]")
    expect(sheet).to_contain_text("On the board")
    assert violations(page) + dark(page) == []
    sheet.get_by_role("button", name="Switch them off").press("Enter")
    expect(sheet).to_contain_text("Single keys are off.")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("v")
    page.keyboard.press("?")
    page.reload()  # kept with the person
    page.keyboard.press("?")
    opened(page, "keys")  # a combination always works
    assert page.url.endswith(BOARD)
    page.keyboard.press("Enter")
    sheet.get_by_role("button", name="Switch them on").press("Enter")
    expect(sheet).to_contain_text("Single keys are on.")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("v")
    page.wait_for_url("**/reviews/")
    assert mia.complaints == []


def test_moves_pressed_quickly_all_count_and_what_does_not_arrive_goes_back(mia, page):
    key = on_a_card(page)
    asked: list[str] = []

    def slowly(route: Route) -> None:
        asked.append(route.request.post_data or "")
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/move/", slowly)
    for pressed in ("Alt+ArrowRight", "Alt+ArrowRight", "Alt+ArrowDown"):
        page.keyboard.press(pressed)
    assert column_of(page, key) == "review"  # at once
    page.wait_for_selector(f".toast >> text=/{key} moved to Review, position 2/")
    versions = [int(re.search(r'version"?\D+(\d+)', body)[1]) for body in asked]
    assert versions == sorted(set(versions)), "each goes with the version of the answer before"
    has_focus(page, key)
    page.unroute("**/move/")

    for status in (503, 403):
        page.route("**/move/", partial(Route.fulfill, status=status))
        page.keyboard.press("Alt+ArrowLeft")
        expect(page.locator("#toasts")).to_contain_text(f"{key} stays in Review.")
        assert column_of(page, key) == "review"
        has_focus(page, key)
        page.unroute("**/move/")
    page.keyboard.press("Alt+ArrowLeft")
    page.wait_for_selector(f".toast >> text={key} moved to Doing")
    page.keyboard.press("Alt+ArrowLeft")
    page.wait_for_selector(f".toast >> text={key} moved to To do")
    assert [one for one in mia.complaints if "503" not in one and "403" not in one] == []


def test_on_a_phone_the_palette_opens_by_its_button(browser, demo):
    window = Reader(browser, demo.url, viewport=PHONE, has_touch=True, is_mobile=True)
    page = window.sign_in(MIA).page
    page.goto(BOARD)
    page.locator(".topbar [data-palette]").tap()
    page.wait_for_selector("dialog.palette[open]")
    box = page.locator("dialog.palette").bounding_box()
    assert (box["x"], box["width"]) == (0, PHONE["width"])
    page.keyboard.type("kestrel")
    page.locator("[data-found] [role=option]").first.tap()
    page.wait_for_url("**/tasks/**")
    assert window.complaints == []
    window.close()
