"""Cards by mouse and by finger: lifted, carried, dropped, refused, and what happens meanwhile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from tests.browsing import PHONE, Reader

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("full_board")]

MIA = "mia@northwind.example"
LENA = "lena@northwind.example"
SEEN = 10_000
IN_AIR = "body > .in-air"


def at_the_board(window: Reader) -> Reader:
    window.page.goto("/w/northwind/board/")
    window.page.wait_for_selector("#board.can-drag")
    window.page.wait_for_selector("[data-live-status][data-state=live]")
    window.posts = []
    window.page.on(
        "request",
        # that he holds a card is told too, and moves nothing
        lambda request: (
            request.method == "POST"
            and not request.url.endswith("/moving/")
            and window.posts.append(request.url)
        ),
    )
    return window


@pytest.fixture
def mia(reader):
    return at_the_board(reader(MIA))


def column(page: Page, category: str) -> Locator:
    return page.locator(f".column[data-category={category}]").first


def keys(page: Page, category: str) -> list[str]:
    cards = column(page, category).locator(".card[data-key]")
    return cards.evaluate_all("cards => cards.map(card => card.dataset.key)")


def card(page: Page, key: str) -> Locator:
    return page.locator(f'.card[data-key="{key}"]')


def middle(place: Locator) -> tuple[float, float]:
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def lift(page: Page, key: str) -> None:
    x, y = middle(card(page, key))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y + 3, steps=3)
    page.wait_for_selector(IN_AIR)


def carry(page: Page, place: Locator, *, share: float = 0.25) -> None:
    """Bring the card in the air over the upper part of something."""
    box = place.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * share
    page.mouse.move(x, y, steps=8)
    page.wait_for_timeout(150)  # the library looks twenty times a second
    page.mouse.move(x + 1, y)
    page.wait_for_timeout(150)


def answered(page: Page, key: str):
    return page.expect_response(
        lambda answer: answer.request.method == "POST" and f"/tasks/{key}/move/" in answer.url
    )


def sums(page: Page) -> list[str]:
    heads = page.locator(".column-head").all_inner_texts()
    return [*heads, page.locator(".gauges").inner_text()]


def test_a_card_is_dragged_to_another_column_and_stays(mia, tmp_path: Path):
    page = mia.page
    key, there = keys(page, "todo")[0], keys(page, "review")
    before = sums(page)
    lift(page, key)
    carry(page, card(page, there[0]))
    mia.photograph(tmp_path / "in-the-air.png")
    assert page.locator(".column.is-target").get_attribute("data-category") == "review"
    assert page.locator(".column[data-category=todo] .ghost").is_visible()
    with answered(page, key) as answer:
        page.mouse.up()
        assert keys(page, "review") == [key, *there]  # at once
        assert sums(page) != before
        counted = sums(page)
    assert answer.value.status == 200
    page.wait_for_selector(f".toast >> text={key} moved to")
    assert page.locator(".ghost, .in-air, .is-slot, .is-target, #board.is-dragging").count() == 0
    assert keys(page, "review") == [key, *there]
    assert sums(page) == counted
    page.reload()
    assert keys(page, "review") == [key, *there]
    assert sums(page) == counted
    assert page.locator("#drawer").inner_text() == ""
    assert mia.complaints == []


def test_a_card_is_dragged_within_its_column_and_taken_back(mia):
    page = mia.page
    was = keys(page, "todo")
    lift(page, was[0])
    carry(page, card(page, was[2]), share=0.8)
    carry(page, card(page, was[2]), share=0.8)  # it made room for the slot
    with answered(page, was[0]):
        page.mouse.up()
    wanted = [was[1], was[2], was[0], *was[3:]]
    assert keys(page, "todo") == wanted
    page.locator(".toast button").click()
    page.wait_for_selector(".toast >> text=is back in")
    assert keys(page, "todo") == was
    page.reload()
    assert keys(page, "todo") == was
    assert mia.complaints == []


def test_a_card_dropped_where_it_was_or_let_go_by_escape_sends_nothing(mia):
    page = mia.page
    was = keys(page, "todo")
    lift(page, was[1])
    page.mouse.up()
    page.wait_for_selector(IN_AIR, state="detached")

    lift(page, was[1])
    carry(page, card(page, keys(page, "doing")[0]))
    assert was[1] not in keys(page, "todo")
    page.keyboard.press("Escape")
    page.wait_for_selector(IN_AIR, state="detached")
    page.mouse.up()
    page.wait_for_timeout(300)
    assert keys(page, "todo") == was
    assert mia.posts == []
    assert page.locator("#drawer").inner_text() == ""
    # and a click is a click again
    card(page, was[1]).locator(".card-title a").click()
    page.wait_for_selector("#drawer .drawer-head")


def test_a_card_that_somebody_moved_first_goes_there_and_it_is_told(mia, reader):
    page = mia.page
    lena = at_the_board(reader(LENA)).page
    key = keys(page, "todo")[0]
    lift(page, key)
    carry(page, card(page, keys(page, "doing")[0]))
    card(lena, key).locator(".card-title a").focus()
    with answered(lena, key):
        lena.keyboard.press("Alt+ArrowLeft" if key not in keys(lena, "todo") else "Alt+ArrowDown")
    with answered(page, key) as answer:
        page.mouse.up()
    assert answer.value.status == 409
    page.wait_for_selector(f"[role=status] >> text=/{key} stays in .*: Lena moved it first/")
    assert keys(page, "todo") == keys(lena, "todo")
    assert [one for one in mia.complaints if "409" not in one] == []


def test_a_drop_that_does_not_arrive_goes_back(mia):
    page = mia.page
    was, before = keys(page, "todo"), sums(page)
    page.route("**/move/", lambda route: route.abort())
    lift(page, was[1])
    carry(page, card(page, keys(page, "doing")[0]))
    page.mouse.up()
    page.wait_for_selector("[role=status] >> text=Nothing was saved")
    assert keys(page, "todo") == was
    assert sums(page) == before


def test_what_others_do_waits_until_the_card_has_landed(mia, reader):
    page = mia.page
    lena = at_the_board(reader(LENA)).page
    mine, other = keys(page, "todo")[0], keys(page, "doing")[-1]
    lift(page, mine)
    card(lena, other).locator(".card-title a").focus()
    with answered(lena, other):
        lena.keyboard.press("Alt+ArrowRight")
    page.wait_for_timeout(1_500)
    assert other in keys(page, "doing")
    assert page.locator(IN_AIR).count() == 1
    page.mouse.up()
    page.wait_for_selector(f'.column[data-category=review] .card[data-key="{other}"]', timeout=SEEN)
    assert mia.posts == []


def test_two_cards_dropped_quickly_both_arrive(mia):
    page = mia.page
    first, second = keys(page, "todo")[:2]
    page.route("**/move/", lambda route: (page.wait_for_timeout(700), route.continue_()))
    lift(page, first)
    carry(page, column(page, "doing").locator(".card").first)
    page.mouse.up()
    lift(page, second)
    carry(page, column(page, "review").locator(".card").first)
    with answered(page, second):
        page.mouse.up()
    page.wait_for_selector(f".toast >> text={second} moved to")
    page.reload()
    assert first in keys(page, "doing")
    assert second in keys(page, "review")


def test_a_reader_drags_nothing(reader):
    window = reader("sam@northwind.example")
    page = window.page
    page.goto("/w/northwind/board/")
    page.wait_for_selector("[data-live-status][data-state=live]")
    loaded = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    assert not [name for name in loaded if re.search(r"/(drag|sortable)", name)]


# By finger -------------------------------------------------------------------------------------


class Finger:
    """One finger on the glass, by the protocol of the browser: scrolling is the real one."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.line = page.context.new_cdp_session(page)

    def _send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        self.line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def press(self, x: float, y: float) -> None:
        self.at = (x, y)
        self._send("touchStart", self.at)

    def move(self, x: float, y: float, steps: int = 10) -> None:
        from_x, from_y = self.at
        for step in range(1, steps + 1):
            part = step / steps
            self._send("touchMove", (from_x + (x - from_x) * part, from_y + (y - from_y) * part))
            self.page.wait_for_timeout(16)
        self.at = (x, y)

    def lift(self) -> None:
        self._send("touchEnd")


@pytest.fixture
def phone(reader):
    return at_the_board(reader(MIA, viewport=PHONE, has_touch=True, is_mobile=True))


def test_a_long_press_lifts_a_card(phone):
    page = phone.page
    was = keys(page, "todo")
    finger = Finger(page)
    finger.press(*middle(card(page, was[0])))
    page.wait_for_timeout(450)
    x, y = middle(card(page, was[1]))
    finger.move(x, y + 20)
    page.wait_for_selector(IN_AIR)
    page.wait_for_timeout(200)
    finger.move(x, y + 24, steps=2)
    with answered(page, was[0]):
        finger.lift()
    assert keys(page, "todo")[:2] == [was[1], was[0]]
    # the next tap is a tap
    card(page, was[1]).locator(".card-title a").tap()
    page.wait_for_selector("#drawer .drawer-head")
    assert phone.complaints == []


def test_a_swipe_scrolls_and_moves_no_card(phone):
    page = phone.page
    was = keys(page, "todo")
    x, y = middle(card(page, was[2]))
    before = page.evaluate("scrollY")
    finger = Finger(page)
    finger.press(x, y)
    finger.move(x, y - 200)
    finger.lift()
    page.wait_for_function("before => scrollY > before + 100", arg=before)
    assert page.locator(IN_AIR).count() == 0
    assert keys(page, "todo") == was
    assert phone.posts == []
