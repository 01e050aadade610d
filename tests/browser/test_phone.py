"""The loop on a phone, by touch. That no page is wider than a phone is in test_every_page.py."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browsing import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("full_board")]

MIA, SAM, GRACE = (f"{name}@northwind.example" for name in ("mia", "sam", "grace"))
N = "/w/northwind"
TARGET = 44
SMALL = 32


@pytest.fixture
def phone(reader):
    """Return a function that opens a phone."""
    return lambda email: reader(email, viewport=PHONE, has_touch=True, is_mobile=True)


def reachable(page: Page, target: Locator, at_least: int = TARGET) -> Locator:
    """Return what a thumb can hit: large enough, and with nothing lying over it."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    assert box["height"] >= at_least, box
    assert box["x"] >= 0, box
    assert box["x"] + box["width"] <= PHONE["width"], box
    hit = target.evaluate(
        """it => {
            const { x, y, width, height } = it.getBoundingClientRect();
            return it.contains(document.elementFromPoint(x + width / 2, y + height / 2));
        }"""
    )
    assert hit, "Something lies over it."
    return target


def test_sam_asks_backs_and_follows_with_his_thumb(phone):
    window = phone(SAM)
    page = window.page
    page.goto(f"{N}/")
    page.locator("#ask").tap()
    page.keyboard.type("Price comparison of bench-top rivals")
    reachable(page, page.locator("form.ask button")).tap()
    page.wait_for_url("**/requests/new/**")
    like = page.locator(".alike a[href$='/back/']").first
    reachable(page, like, SMALL)  # somebody asked for it already
    reachable(page, page.get_by_role("button", name="Send to Marketing")).tap()
    page.wait_for_url("**/receipt/")
    reachable(page, page.get_by_role("link", name="Follow this request")).tap()
    page.wait_for_url(re.compile(r"/requests/REQ-\d+/$"))
    expect(page.locator(".tracker")).to_contain_text("by you")

    page.goto(f"{N}/requests/REQ-60/")
    page.fill("#back [name=account]", "City of Peoria")
    reachable(page, page.locator("#back button[type=submit]").first).tap()
    expect(page.locator("#back")).to_contain_text("You back it")
    assert window.complaints == []


def test_mia_answers_moves_and_comments_with_her_thumb(phone):
    window = phone(MIA)
    page = window.page
    page.goto(f"{N}/triage/REQ-59/?answer=accept#answer")
    form = page.locator("[data-answer-form=accept]")
    form.locator("[name=words]").fill("Yes, Renata. It is in the backlog.")
    reachable(page, form.get_by_role("button", name="Accept and answer"), SMALL).tap()
    expect(page.locator("#toasts")).to_contain_text("REQ-59")

    page.goto(f"{N}/board/")
    card = page.locator("[data-category=todo] [data-key]").last
    key = card.get_attribute("data-key")
    page.goto(f"{N}/tasks/{key}/move/")
    page.locator(".choices label", has_text="Doing").first.tap()
    reachable(page, page.get_by_role("button", name="Move the card")).tap()
    page.wait_for_url("**/board/")
    page.goto(f"{N}/tasks/{key}/")
    page.locator("#composer textarea").fill("Moved on the train.")
    reachable(page, page.locator("#composer").get_by_role("button", name="Send"), SMALL).tap()
    expect(page.locator(".comment").last).to_contain_text("Moved on the train.")
    assert window.complaints == []


def test_grace_reads_the_review_from_her_home(phone):
    page = phone(GRACE).page
    page.goto(f"{N}/")
    page.get_by_role("link", name="Read it in three minutes").tap()
    page.wait_for_url("**/reviews/12/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bring Water Week visitors")
    reachable(page, page.get_by_role("navigation", name="Main").locator("a:visible").first)
