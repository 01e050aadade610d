"""@ opens the list of people, by keys and by touch; who is meant sees it at the bell at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browsing import PHONE

pytestmark = pytest.mark.browser

BOARD = "/w/northwind/board/"
FIELD = "#composer textarea"
LIST = ".mentions:popover-open"


def open_task(page, key: str = "") -> str:
    """Open a task's own page; the first of the board when none is named."""
    if not key:
        page.goto(BOARD)
        key = page.locator("[data-key]").first.get_attribute("data-key")
    page.goto(f"/w/northwind/tasks/{key}/")
    return key


def test_a_name_is_chosen_by_keys_and_its_bearer_sees_the_bell(reader):
    mia, lena = reader("mia@northwind.example"), reader("lena@northwind.example")
    lena.page.goto(BOARD)
    lena.page.wait_for_selector("#board[data-line=live]")
    bell = lena.page.locator(".side [data-bell-count]")
    before = int(bell.get_attribute("data-bell-count"))

    page = mia.page
    key = open_task(page)
    page.locator(FIELD).press_sequentially("Which fair, @")
    page.wait_for_selector(LIST)
    assert not violations(page)
    page.keyboard.press("Escape")
    assert page.locator(LIST).count() == 0
    page.keyboard.type("l")
    page.wait_for_selector(LIST)
    page.keyboard.type("en")
    page.wait_for_selector(f"{LIST} [role=option]:only-child")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator(FIELD).input_value() == "Which fair, @Lena Okafor "
    page.keyboard.type("?")
    page.click("#composer .btn")
    page.wait_for_selector(".comment .mention:text('@Lena Okafor')")

    lena.page.wait_for_function(
        "n => document.querySelector('[data-bell-count]').dataset.bellCount === String(n)",
        arg=before + 1,
        timeout=10_000,
    )
    lena.page.goto("/w/northwind/inbox/")
    lena.page.click(".notice.is-new .notice-open >> nth=0")
    lena.page.wait_for_url(f"**/tasks/{key}/#comment-*")
    assert not mia.complaints + lena.complaints


def test_a_name_is_chosen_by_a_tap_in_the_drawer(reader):
    phone = reader("sam@northwind.example", viewport=PHONE, has_touch=True)
    page = phone.page
    page.goto(BOARD)
    page.locator(".card a:visible").first.tap()
    field = page.locator(f".drawer {FIELD}")
    field.wait_for()
    field.tap()
    field.press_sequentially("@gra")
    choice = page.locator(f"{LIST} [role=option]").first
    choice.wait_for()
    box = choice.bounding_box()
    assert box["height"] >= 44
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= PHONE["height"]
    choice.tap()
    assert field.input_value() == "@Grace Adeyemi "
    assert page.evaluate("document.activeElement.name") == "text"
    field.fill("")
    assert not phone.complaints


def test_comments_are_sent_and_left_by_keys(reader):
    mia = reader("mia@northwind.example")
    page = mia.page
    open_task(page)
    field = page.locator(FIELD)
    page.wait_for_selector(f"{FIELD}[aria-autocomplete]")  # its keys are bound
    field.focus()
    page.keyboard.type("Sent by keys")
    page.keyboard.press("Control+Enter")
    comment = page.locator(".comment", has_text="Sent by keys")
    expect(comment).to_have_count(1)
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    page.keyboard.type("And one more")  # without looking for the field again
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment", has_text="And one more")).to_have_count(1)
    expect(field).to_be_focused()

    page.locator("#comments a", has_text="Edit").last.press("Enter")
    editor = page.locator("#comments form textarea")
    expect(editor).to_be_focused()
    editor.fill("And one more, better")
    page.keyboard.press("Escape")
    expect(editor).to_have_value("And one more, better")  # what was changed is not lost by a key
    editor.fill("And one more")
    page.keyboard.press("Escape")
    expect(editor).to_have_count(0)
    expect(page.locator(".comment", has_text="And one more")).to_be_focused()
    assert not mia.complaints
