"""A task in the drawer: edited where it stands, by keys and by thumb, while others work on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import dark, violations
from tests.browsing import PHONE

pytestmark = pytest.mark.browser

MIA, LENA = "mia@northwind.example", "lena@northwind.example"
FOCUSED = "document.activeElement.closest('.prop')?.id"


def open_drawer(page: Page, key: str = "") -> str:
    """Open a card's drawer and wait until it listens; return the card's key."""
    page.goto("/w/northwind/board/")
    page.wait_for_selector("[data-live-status][data-state=live]")
    card = page.locator(f".card[data-key='{key}']" if key else ".column .card").first
    found = card.get_attribute("data-key") or ""
    card.locator(".card-title a").click()
    page.wait_for_selector("#drawer .drawer-body")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(one => /in-place/.test(one.name))"
    )
    page.wait_for_timeout(300)
    return found


def test_properties_are_edited_by_keys_and_the_focus_comes_back(reader):
    page = reader(MIA).page
    open_drawer(page)
    link = page.locator("#prop-points .prop-value")
    link.focus()
    page.keyboard.press("Enter")
    field = page.locator("#prop-points input[name=points]")
    expect(field).to_be_focused()
    assert violations(page) == []
    assert dark(page) == []  # the whole drawer, with a form in it
    field.fill("101")
    page.keyboard.press("Enter")
    expect(page.locator("#prop-points .error")).to_be_visible()
    expect(field).to_have_value("101")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    assert page.evaluate(FOCUSED) == "prop-points"

    page.keyboard.press("Enter")
    field.fill("21")
    page.keyboard.press("Enter")
    expect(page.locator("#prop-points .points")).to_have_text("21")
    expect(page.locator("#toasts")).to_contain_text("saved")
    assert page.evaluate(FOCUSED) == "prop-points"

    page.locator("#prop-assignee .prop-value").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#prop-assignee .picks button:focus")).to_have_count(1)
    page.locator("#prop-assignee .picks button").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#prop-assignee .picks button:focus")).to_contain_text("Nobody yet")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()


def test_what_others_do_comes_in_and_what_i_type_stays(reader):
    mia, lena = reader(MIA).page, reader(LENA).page
    key = open_drawer(mia)
    open_drawer(lena, key)
    mia.locator("#prop-description .prop-value").click()
    mine = mia.locator("#prop-description textarea")
    mine.fill("Mia is typing")
    mia.locator("#composer textarea").fill("half a comment")
    mine.focus()
    mia.evaluate("document.activeElement.setSelectionRange(3, 3)")

    lena.locator("#prop-points .prop-value").click()
    lena.locator("#prop-points .quick [value='13']").click()
    expect(mia.locator("#prop-points .points")).to_have_text("13")
    lena.locator("#prop-description .prop-value").click()
    lena.locator("#prop-description textarea").fill("Lena was first")
    lena.locator("#prop-description").get_by_role("button", name="Save").click()
    expect(mia.locator("#prop-description .prop-shown")).to_contain_text("Lena was first")
    expect(mine).to_have_value("Mia is typing")
    expect(mine).to_be_focused()
    assert mia.evaluate("document.activeElement.selectionStart") == 3
    expect(mia.locator("#composer textarea")).to_have_value("half a comment")

    mia.locator("#prop-description").get_by_role("button", name="Save").click()
    expect(mia.locator("#prop-description .banner")).to_contain_text("Lena changed this")
    expect(mia.locator("#prop-description details")).to_contain_text("Lena was first")
    expect(mine).to_have_value("Mia is typing")
    mia.get_by_role("button", name="Save mine").click()
    expect(lena.locator("#prop-description .prop-shown")).to_contain_text("Mia is typing")

    # what was typed and not saved is there again, and a link is changed where it stands
    mia.locator("#prop-title .prop-value").click()
    title = mia.locator("#prop-title input[name=title]")
    title.fill("Half a title")
    mia.keyboard.press("Escape")
    mia.locator("#prop-title .prop-value").click()
    expect(title).to_have_value("Half a title")
    mia.keyboard.press("Escape")
    links = mia.locator("#deliverables")
    links.locator("summary").click()
    links.locator("[name=label]").fill("Flyer")
    links.locator("[name=url]").fill("https://example.com/flyer.pdf")
    links.get_by_role("button", name="Add").click()
    links.get_by_role("link", name="Change Flyer").click()
    links.locator("li [name=label]").fill("The flyer")
    mia.keyboard.press("Enter")
    expect(lena.locator("#deliverables")).to_contain_text("The flyer")


def test_a_thumb_is_enough(reader):
    page = reader(MIA, viewport=PHONE, has_touch=True, is_mobile=True).page
    open_drawer(page)
    page.locator("#prop-points .prop-value").tap()
    page.wait_for_selector("#prop-points .quick")
    targets = page.locator("#prop-points :is(.quick .btn, .row .btn), .prop-grid .prop-value")
    small = [box for one in targets.all() if (box := one.bounding_box()) and box["height"] < 44]
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("#prop-points .quick [value='8']").tap()
    expect(page.locator("#prop-points .points")).to_have_text("8")
