"""What is typed is kept until it has arrived, and then no longer."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_every_page import MIA, N

pytestmark = pytest.mark.browser


def test_a_draft_is_kept_over_a_reload_and_gone_once_its_tasks_are_made(reader):
    page = reader(MIA).page
    page.goto(f"{N}/backlog/")
    page.fill("[name=lines]", "A task that was typed")
    page.wait_for_timeout(600)  # a draft is kept when the typing rests
    page.reload()
    expect(page.locator("[name=lines]")).to_have_value("A task that was typed")

    page.click(".quick-add button.btn")
    page.locator("#toasts .toast").wait_for()
    page.wait_for_load_state("networkidle")
    expect(page.locator("[name=lines]")).to_have_value("")
    assert page.locator("#backlog-list").get_by_text("A task that was typed").count() == 1
