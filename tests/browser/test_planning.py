"""Planning a sprint with the keyboard alone, with the mouse, and without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

MIA = "mia@northwind.example"
PLAN = "/w/northwind/sprints/15/plan/"


def key_of(page: Page, pane: str, place: int = 0) -> str:
    """Return the key of a row of one side of the plan."""
    key = page.locator(f"#{pane} .item").nth(place).get_attribute("data-key")
    assert key is not None
    return key


def focused(page: Page) -> str | None:
    """Return the key of the row that has the focus."""
    found: str | None = page.evaluate("document.activeElement.closest('.item')?.dataset.key")
    return found


def row(page: Page, pane: str, key: str):
    return page.locator(f'#{pane} .item[data-key="{key}"]')


def test_keys_pull_and_return_and_the_focus_goes_on(reader):
    window = reader(MIA)
    page = window.page
    page.goto(PLAN)
    first, second, third = (key_of(page, "plan-backlog", n) for n in range(3))
    row(page, "plan-backlog", first).locator("[data-verb]").focus()
    page.keyboard.press("ArrowRight")
    expect(row(page, "plan-sprint", first)).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text(f"{first} is in sprint 15.")
    page.wait_for_function("document.activeElement.closest('.item')")
    assert focused(page) == second
    page.keyboard.press("ArrowDown")
    assert focused(page) == third
    row(page, "plan-sprint", first).locator("[data-verb]").focus()
    page.keyboard.press("ArrowRight")  # it is right already: the key does nothing
    expect(row(page, "plan-sprint", first)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(row(page, "plan-backlog", first)).to_be_visible()
    assert window.complaints == []


def test_undo_puts_a_pulled_task_back_where_it_was(reader):
    page = reader(MIA).page
    page.goto(PLAN)
    second = key_of(page, "plan-backlog", 1)
    row(page, "plan-backlog", second).locator("[data-verb]").click()
    expect(row(page, "plan-sprint", second)).to_be_visible()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(row(page, "plan-backlog", second)).to_be_visible()
    assert key_of(page, "plan-backlog", 1) == second


def test_the_goal_is_saved_once_by_enter_and_once_by_leaving_it(reader):
    window = reader(MIA)
    page = window.page
    page.goto(PLAN)
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    for words, leave in (("Win the spring", "Enter"), ("", "Tab")):
        page.fill("#goal", words)
        with page.expect_response(re.compile(r"/goal/$")) as answer:
            page.keyboard.press(leave)
        assert answer.value.status == 200
        expect(page.locator("#toasts")).to_contain_text("The goal is saved.")
    page.wait_for_load_state("networkidle")
    assert len([one for one in sent if one.endswith("/goal/")]) == 2
    assert window.complaints == []


def test_the_dialogs_say_what_they_do_and_close_again(reader):
    page = reader(MIA).page
    page.goto(PLAN)
    page.get_by_role("link", name="Start sprint 15").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Sprint 13 is still running.")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Edit capacity").click()
    expect(page.get_by_role("dialog").get_by_label("Points of Mia Lindqvist")).to_be_visible()


def test_all_of_it_works_without_scripts(reader):
    page = reader(MIA, java_script_enabled=False).page
    page.goto(PLAN)
    second = key_of(page, "plan-backlog", 1)
    row(page, "plan-backlog", second).locator("[data-verb]").click()
    expect(row(page, "plan-sprint", second)).to_be_visible()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(row(page, "plan-backlog", second)).to_be_visible()
    page.get_by_role("link", name="Edit capacity").click()
    expect(page.get_by_label("Points of Mia Lindqvist")).to_be_visible()
    page.goto(PLAN)
    page.get_by_role("link", name="Start sprint 15").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Start sprint 15")
