"""Filters, lanes and density: each reader's own way to see the one board."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_drag import answered, lift
from tests.browsing import PHONE, Reader

pytestmark = pytest.mark.browser

MIA = "mia@northwind.example"
# nobody else works in his name: what he chooses is kept for him
JONAS = "jonas@northwind.example"
BOARD = "/w/northwind/board/"
SEEN = 10_000
SHOWN = ".column-body > li:not(.is-out, .is-folded) > .card[data-key]"


def at_the_board(window: Reader, query: str = "") -> Page:
    window.page.goto(BOARD + query)
    window.page.wait_for_selector("[data-filter-text]", state="attached")
    window.page.wait_for_selector("[data-live-status][data-state=live]")
    return window.page


def keys(page: Page, where: str = "") -> list[str]:
    cards = page.locator(f"{where} {SHOWN}")
    return cards.evaluate_all("cards => cards.map(card => card.dataset.key)")


def rename(window: Reader, key: str, title: str) -> None:
    page = window.context.new_page()
    page.goto(f"/w/northwind/tasks/{key}/edit/")
    page.fill("input[name=title]", title)
    page.locator("main form").first.evaluate("form => form.requestSubmit()")
    page.wait_for_url(lambda url: "/edit/" not in url)
    page.close()


def test_a_filter_is_in_the_address_and_says_what_it_leaves_out(reader):
    jonas = reader(JONAS)
    page = at_the_board(jonas)
    everything = keys(page)
    counts = page.locator("[data-count]").all_inner_texts()
    page.get_by_role("button", name="From Sales").click()
    asked = keys(page)
    assert 0 < len(asked) < len(everything)
    assert page.locator(f"{SHOWN}:not([data-origin=sales])").count() == 0
    expect(page.locator("[data-filter-said]")).to_have_text(
        f"{len(asked)} of {len(everything)} cards"
    )
    assert page.locator("[data-count]").all_inner_texts() == counts  # a limit counts them all
    page.wait_for_url(lambda url: url.endswith("?sales=1"))

    page.locator("[data-filter=person]").select_option(label="Priya Nair")
    both = keys(page)
    assert 0 < len(both) < len(asked)
    page.wait_for_url(lambda url: "person=" in url)
    shared = jonas.context.new_page()  # a colleague follows the link
    shared.goto(page.url)
    expect(shared.locator("[data-filter-said]")).to_contain_text(f"{len(both)} of")
    assert keys(shared) == both

    page.locator("[data-filter-text]").fill("NO SUCH card")
    expect(page.get_by_text("Nothing here matches the filter.").first).to_be_visible()
    page.get_by_role("button", name="Clear the filter").click()
    assert keys(page) == everything
    page.wait_for_url(lambda url: url.endswith(BOARD))
    assert jonas.complaints == []


def test_what_others_change_obeys_the_filter_and_nothing_goes_from_under_the_hand(reader):
    mia, jonas = reader(MIA), reader(JONAS)
    page = at_the_board(jonas, "?q=Zébra")
    assert keys(page) == []
    key = page.locator(".card[data-key]").first.get_attribute("data-key") or ""
    was = page.locator(f'.card[data-key="{key}"] .card-title').text_content() or ""
    rename(mia, key, "A zebra at the booth")
    page.wait_for_function(
        "key => !document.querySelector(`.card[data-key='${key}']`).closest('.is-out')",
        arg=key,
        timeout=SEEN,
    )
    assert keys(page) == [key]
    page.locator(f'.card[data-key="{key}"] .card-title a').focus()
    rename(mia, key, was)
    expect(page.locator("[data-filter-said]")).to_contain_text(
        f"{key} does not match", timeout=SEEN
    )
    assert keys(page) == [key]
    page.locator("[data-filter-text]").focus()
    expect(page.locator(f"{SHOWN}")).to_have_count(0)
    assert jonas.complaints == mia.complaints == []


# where the first card of each lane begins, and where the lane does
LANES = """() => [...document.querySelectorAll(".lane")].map((lane, place) => [
  lane.querySelector("b").textContent,
  lane.querySelector("button").getBoundingClientRect().bottom,
  [...document.querySelectorAll(".column-body")].map(list =>
    [...list.children].find(item => item.style.order === String(place) && item.offsetHeight))
      .filter(Boolean).map(item => item.getBoundingClientRect().top)])"""


def test_lanes_lie_level_hold_their_cards_and_follow_the_person(reader):
    jonas = reader(JONAS)
    page = at_the_board(jonas)
    page.locator("[name=lanes]").select_option("assignee")
    with page.expect_response(lambda answer: "/board/view/" in answer.url):
        page.get_by_role("button", name="Compact").click()
    page.wait_for_selector(".lane")
    lanes = page.evaluate(LANES)
    assert lanes[0][0] == "Jonas Weber"  # one's own is the first
    assert len(lanes) > 3
    for name, end, tops in lanes:
        assert all(0 < top - end < 9 for top in tops), name
        assert max(tops) - min(tops) < 1, name

    # up and down it stays in its lane; the server is told a true neighbour
    column = next(
        one
        for one in page.locator(".column").all()
        if len({*one.locator(SHOWN).evaluate_all("all => all.map(c => c.dataset.assignee)")})
        < one.locator(SHOWN).count()
    )
    seen = column.locator(SHOWN).evaluate_all(
        """cards => {
          const of = card => card.dataset.assignee;
          const first = cards.find(
            card => cards.some(other => other !== card && of(other) === of(card)));
          return cards.filter(card => of(card) === of(first)).map(card => card.dataset.key);
        }"""
    )
    page.locator(f'.card[data-key="{seen[0]}"] .card-title a').focus()
    with page.expect_response(lambda answer: answer.url.endswith("/move/")) as answer:
        page.keyboard.press("Alt+ArrowDown")
    assert answer.value.status == 200

    elsewhere = at_the_board(reader(JONAS))
    expect(elsewhere.locator("[name=lanes]")).to_have_value("assignee")
    assert elsewhere.locator("body.is-compact").count() == 1
    elsewhere.wait_for_selector(".lane")
    order = keys(elsewhere)
    assert order.index(seen[1]) + 1 == order.index(seen[0])
    elsewhere.locator(".lane-head").first.click()
    assert not set(keys(elsewhere)) & {
        *elsewhere.locator(f".card[data-assignee='{_me(elsewhere)}']").evaluate_all(
            "cards => cards.map(card => card.dataset.key)"
        )
    }
    elsewhere.locator("[name=lanes]").select_option("")
    with elsewhere.expect_response(lambda answer: "/board/view/" in answer.url):
        elsewhere.get_by_role("button", name="Compact").click()
    assert elsewhere.locator(".lane").count() == 0
    assert jonas.complaints == []


def test_a_card_that_is_carried_over_another_lane_stays_in_its_own(reader):
    jonas = reader(JONAS, viewport={"width": 1440, "height": 3_000})  # all lanes are in sight
    page = at_the_board(jonas)
    page.wait_for_selector("#board.can-drag")
    with page.expect_response(lambda answer: "/board/view/" in answer.url):
        page.locator("[name=lanes]").select_option("assignee")
    page.wait_for_selector(".lane")
    others = f"{SHOWN}:not([data-assignee='{_me(page)}'])"
    card = page.locator(f".column:not([data-category=doing]) {others}")  # wherever one is left
    key = card.first.get_attribute("data-key") or ""
    lane = f".card[data-key='{key}']"
    whose = page.locator(lane).evaluate("card => card.parentElement.style.order")
    lift(page, key)
    own = page.locator(".lane").first.bounding_box()
    there = page.locator(".column[data-category=doing]").first.bounding_box()
    for step in (0, 1):
        page.mouse.move(there["x"] + 60 + step, own["y"] + own["height"] - 12, steps=6)
        page.wait_for_timeout(150)  # the library looks twenty times a second
    with answered(page, key) as answer:
        page.mouse.up()
    assert answer.value.status == 200
    expect(page.locator(f".column[data-category=doing] {lane}")).to_have_count(1)
    assert page.locator(lane).evaluate("card => card.parentElement.style.order") == whose
    assert page.locator(".is-beside").count() == 0
    with page.expect_response(lambda answer: "/board/view/" in answer.url):
        page.locator("[name=lanes]").select_option("")
    assert jonas.complaints == []


def _me(page: Page) -> str:
    return page.locator("#board").get_attribute("data-me") or ""


def test_on_a_phone_the_filters_are_a_sheet(reader):
    window = reader(JONAS, viewport=PHONE, has_touch=True, is_mobile=True)
    page = at_the_board(window)
    assert not page.locator("[data-filter=sales]").is_visible()
    page.get_by_role("button", name="Filter and view").tap()
    sheet = page.locator("#board-filters")
    for button in sheet.locator("button:visible, select:visible, input:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    page.locator("[data-filter=sales]").tap()
    page.get_by_role("button", name="Show the cards").tap()
    expect(sheet).not_to_be_visible()
    expect(page.locator("[data-filter-said]")).to_have_text(re.compile(r"^\d+ of \d+ cards$"))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert window.complaints == []
