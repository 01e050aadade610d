"""From the sign-up to the board in a browser: by keyboard alone, without scripts, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import PHONE

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


def sign_up(page: Page, name: str) -> None:
    page.goto("/accounts/signup/")
    page.fill("[name=name]", "Ada Berg")
    page.fill("[name=email]", f"ada@{name}.example")
    page.fill("[name=password1]", PASSWORD)
    page.press("[name=password1]", "Enter")
    page.wait_for_url("**/new/")


def go_on(page: Page, step: str) -> None:
    page.locator(".wizard-go").get_by_role("button", name="Continue").click()
    page.wait_for_url(f"**/new/{step}/")


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says this."""
    for _ in range(60):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "(document.activeElement.ariaLabel ?? '') + document.activeElement.textContent"
        )
        if words in told:
            return
    raise AssertionError(f"The focus never came to “{words}”.")


def test_the_whole_way_by_keyboard_alone(reader):
    window = reader()
    page = window.page
    sign_up(page, "by-keyboard")
    expect(page.locator("[name=name]")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Keys & Co")
    expect(page.locator("#preview")).to_contain_text("keys-co")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new/sprints/")
    tab_to(page, "Continue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new/board/")
    tab_to(page, "Add a column")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new/board/?row=3")
    page.keyboard.type("Approval")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new/people/")
    tab_to(page, "Open the board")
    page.keyboard.press("Enter")
    page.wait_for_url("**/w/keys-co/board/")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    tab_to(page, "Open the backlog")
    page.keyboard.press("Enter")
    page.wait_for_url("**/w/keys-co/backlog/")
    assert window.complaints == []


def test_the_whole_way_without_scripts(reader):
    page = reader(java_script_enabled=False).page
    sign_up(page, "plain")
    page.fill("[name=name]", "Plain & Simple")
    go_on(page, "sprints")
    page.check("[name=sprint_days][value='7']", force=True)
    page.get_by_role("button", name="Show the dates").click()
    expect(page.locator("#preview li b", has_text="Sprint 6")).to_be_visible()
    go_on(page, "board")
    page.get_by_role("button", name="Move Review up").click()
    names = page.locator("[name=column_name]")
    expect(names.nth(1)).to_have_value("Review")
    go_on(page, "people")
    page.fill("[name=sales]", "not an address")
    page.get_by_role("button", name="Open the board").click()
    expect(page.locator("[name=sales]")).to_have_value("not an address")
    page.fill("[name=sales]", "sam@plain.example")
    page.get_by_role("button", name="Back").click()
    go_on(page, "people")
    expect(page.locator("[name=sales]")).to_have_value("sam@plain.example")
    page.get_by_role("button", name="Open the board").click()
    page.wait_for_url("**/w/plain-simple/board/")
    page.get_by_role("button", name="Hide the first steps").click()
    page.wait_for_url("**/w/plain-simple/board/")
    expect(page.get_by_role("heading", name="First steps")).to_have_count(0)
    page.goto("/w/plain-simple/members/")
    expect(page.get_by_text("sam@plain.example").first).to_be_visible()


def test_finishing_later_keeps_what_is_half_typed_for_another_day(reader):
    page = reader().page
    sign_up(page, "later")
    page.fill("[name=name]", "Half a name")
    page.get_by_role("button", name="Finish later").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/accounts/login/")
    page.fill("[name=login]", "ada@later.example")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("link", name="Your team").click()
    expect(page.locator("[name=name]")).to_have_value("Half a name")


def test_the_steps_fit_a_phone(reader):
    page = reader(viewport=PHONE, has_touch=True).page
    sign_up(page, "phone")
    for step in ("sprints", "board", "people"):
        go_on(page, step)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], step
    page.get_by_role("button", name="Open the board").click()
    page.wait_for_url("**/board/")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
