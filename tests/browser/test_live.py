"""Two people at two browsers: what one does, the other sees, whatever happens to the line."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.browser.line import Line
from tests.browsing import PHONE, Reader
from tests.system.stack import wait_for

pytestmark = pytest.mark.browser

SEEN = 10_000  # milliseconds: generous, this is no test of speed
STATUS = "[data-live-status]"


@pytest.fixture
def mia(reader):
    return at_the_board(reader("mia@northwind.example"))


@pytest.fixture
def sam(reader):
    return at_the_board(reader("sam@northwind.example"))


def at_the_board(window: Reader) -> Reader:
    window.page.goto("/w/northwind/board/")
    window.page.wait_for_selector("#board[data-line=live]")
    return window


def heard(window: Reader) -> int:
    """Return the number that a page shows."""
    return int(window.page.locator("#board-live").get_attribute("data-seq") or -1)


def board(window: Reader) -> str:
    """Return the board as text: what stands in which column, and the numbers above."""
    text = window.page.locator("#board-live").inner_html()
    text = re.sub(r' (aria-current="true"|style="[^"]*"|data-state="[a-z]+")', "", text)
    text = text.replace(" is-fresh", "").replace(' class=""', "")
    cards = window.page.evaluate(
        """() => [...document.querySelectorAll('.column')].map(column => [
             column.dataset.columnId, column.getAttribute('aria-label'),
             column.querySelector('.column-head').innerText,
             [...column.querySelectorAll('.card')].map(card => card.innerText)])"""
    )
    assert text
    return str(cards) + window.page.locator(".gauges").inner_text()


def same_board(*windows: Reader) -> None:
    """Wait until every window shows what a fresh page does."""
    for window in windows:
        fresh = window.context.new_page()
        fresh.goto("/w/northwind/board/")
        wanted = fresh.evaluate("document.querySelector('#board-live').dataset.seq")
        window.page.wait_for_function(
            "seq => Number(document.querySelector('#board-live').dataset.seq) >= Number(seq)",
            arg=wanted,
            timeout=SEEN,
        )
        shown = board(window)
        window.page, here = fresh, window.page
        try:
            assert shown == board(window)
        finally:
            window.page = here
            fresh.close()


# Tests before this one may have moved every card of a column on: bring one back
FILL = """async category => {
  const column = document.querySelector(`.column[data-category=${category}]`);
  const cards = [...document.querySelectorAll(".card")].filter(card => !column.contains(card));
  const card = cards.at(-1);
  const headers = JSON.parse(document.body.getAttribute("hx-headers:inherited"));
  const body = new URLSearchParams(
    { version: card.dataset.version, column: column.dataset.columnId, place: "top" });
  const address = card.querySelector(".card-title a").getAttribute("href");
  await fetch(`${address}move/`, { method: "POST", headers, body });
}"""


def first_card(window: Reader, category: str) -> str:
    """Return the key of a column's first card; the window's reader may move cards."""
    cards = window.page.locator(f".column[data-category={category}] .card")
    if not cards.count():
        window.page.evaluate(FILL, category)
        cards.first.wait_for(timeout=SEEN)
    return cards.first.get_attribute("data-key") or ""


def overflow(window: Reader, category: str) -> None:
    """Fill a column until there is more in it than it shows."""
    column = f".column[data-category={category}] .column-body"
    for _ in range(12):
        if window.page.evaluate(
            """where => {
              const { scrollHeight, clientHeight } = document.querySelector(where);
              return scrollHeight > clientHeight + 250;
            }""",
            column,
        ):
            return
        count = window.page.locator(f"{column} .card").count()
        window.page.evaluate(FILL, category)
        window.page.wait_for_function(
            "([where, count]) => document.querySelectorAll(`${where} .card`).length > count",
            arg=[column, count],
            timeout=SEEN,
        )


def press(window: Reader, key: str, keys: str) -> None:
    window.page.locator(f'.card[data-key="{key}"] .card-title a').focus()
    window.page.keyboard.press(keys)


def wait_in(window: Reader, key: str, category: str) -> None:
    window.page.wait_for_selector(
        f'.column[data-category={category}] .card[data-key="{key}"]', timeout=SEEN
    )


def test_a_move_an_edit_and_a_comment_show_at_once_elsewhere(mia, sam):
    key = first_card(mia, "todo")
    begun = time.monotonic()
    press(mia, key, "Alt+ArrowRight")
    wait_in(sam, key, "doing")
    print(f"Sam saw the move after {time.monotonic() - begun:.3f} s.")

    editor = mia.context.new_page()
    editor.goto(f"/w/northwind/tasks/{key}/edit/")
    editor.fill("input[name=title]", "Seen from Chicago")
    editor.locator("main form").first.evaluate("form => form.requestSubmit()")
    sam.page.wait_for_selector(f'.card[data-key="{key}"] >> text=Seen from Chicago', timeout=SEEN)

    writer = sam.context.new_page()
    writer.goto(f"/w/northwind/tasks/{key}/")
    writer.fill("textarea[name=text]", "Live from Chicago")
    writer.get_by_role("button", name="Send").first.click()
    mia.page.wait_for_selector(f'.card[data-key="{key}"] >> text=Comments:', timeout=SEEN)
    same_board(mia, sam)
    assert sam.complaints == mia.complaints == []


def test_a_card_that_is_done_looks_done_at_once_and_the_sums_follow(mia, sam):
    key = first_card(mia, "review")
    before = sam.page.locator("[data-sum=done]").inner_text()
    press(mia, key, "Alt+ArrowRight")
    wait_in(sam, key, "done")
    assert sam.page.locator(f'.card[data-key="{key}"] span.check').is_visible()
    sam.page.wait_for_function(
        "before => document.querySelector('[data-sum=done]').innerText !== before",
        arg=before,
        timeout=SEEN,
    )
    same_board(sam)


def test_what_has_the_focus_or_is_pointed_at_stays_where_it_is(mia, sam):
    """Cards come in above it; in a column that scrolls it does not move on the screen."""
    overflow(mia, "doing")
    key = first_card(mia, "todo")
    same_board(sam)
    last = sam.page.locator(".column[data-category=doing] .card").last
    last.locator("a").first.focus()
    last.scroll_into_view_if_needed()
    top = last.bounding_box()["y"]
    press(mia, key, "Alt+ArrowRight")
    wait_in(sam, key, "doing")
    assert last.bounding_box()["y"] == pytest.approx(top, abs=4)
    assert sam.page.evaluate("document.activeElement.closest('.card') !== null")

    sam.page.evaluate("document.activeElement.blur()")
    last.hover()
    top = last.bounding_box()["y"]
    key = first_card(mia, "todo")
    same_board(sam)
    press(mia, key, "Alt+ArrowRight")
    wait_in(sam, key, "doing")
    assert last.bounding_box()["y"] == pytest.approx(top, abs=4)
    sam.page.mouse.move(0, 0)


def test_a_line_that_was_cut_misses_nothing(mia, sam):
    """Ten minutes asleep: no connection, then back with everything that happened."""
    sam.context.set_offline(True)
    sam.page.wait_for_selector(f"{STATUS}[data-state=offline]", timeout=SEEN)
    key = first_card(mia, "doing")
    press(mia, key, "Alt+ArrowRight")
    wait_in(mia, key, "review")
    other = first_card(mia, "todo")
    with mia.page.expect_response(lambda answer: f"/{other}/move/" in answer.url):
        press(mia, other, "Alt+ArrowRight")
    assert sam.page.locator(f'.column[data-category=review] .card[data-key="{key}"]').count() == 0
    sam.context.set_offline(False)
    wait_in(sam, key, "review")
    sam.page.wait_for_selector(f"{STATUS}[data-state=live]", timeout=60_000)
    same_board(sam)


def test_a_laptop_that_slept_ten_minutes_catches_up(mia, reader, demo):
    """Its clock jumps, its stream is dead, and nobody told it that it was offline."""
    key = first_card(mia, "todo")
    with Line(demo.port) as line:
        window = reader(base_url=line.url)
        window.page.clock.install()
        at_the_board(window.sign_in("sam@northwind.example"))
        line.go_silent()
        press(mia, key, "Alt+ArrowRight")
        wait_in(mia, key, "doing")
        mia.page.wait_for_timeout(500)
        assert in_column(window, key, "todo")
        window.page.clock.fast_forward(600_000)
        wait_in(window, key, "doing")
        window.page.wait_for_selector(f"{STATUS}[data-state=live]", timeout=SEEN)


def test_a_page_without_a_stream_asks_now_and_then(mia, reader):
    window = reader()
    window.page.clock.install()
    window.sign_in("sam@northwind.example").page.route("**/live/**", lambda route: route.abort())
    window.page.goto("/w/northwind/board/")
    window.page.wait_for_selector(f"{STATUS}[data-state=lost]", timeout=SEEN)
    key = first_card(mia, "todo")
    press(mia, key, "Alt+ArrowRight")
    wait_in(mia, key, "doing")
    assert in_column(window, key, "todo")

    def asked() -> bool:
        window.page.clock.fast_forward(20_000)
        return in_column(window, key, "doing")

    wait_for("the page to ask", asked, 20)


def test_a_browser_without_locks_hears_in_each_tab_that_is_seen(mia, reader):
    window = reader()
    window.context.add_init_script(
        """Object.defineProperty(navigator, "locks", { value: undefined });
           delete window.BroadcastChannel;"""
    )
    at_the_board(window.sign_in("sam@northwind.example"))
    key = first_card(mia, "todo")
    press(mia, key, "Alt+ArrowRight")
    wait_in(window, key, "doing")
    assert window.complaints == []


def test_a_board_left_open_over_midnight_is_fetched_once(mia):
    asked = []
    mia.page.on("request", lambda request: "/columns/" in request.url and asked.append(request.url))
    mia.page.evaluate("document.querySelector('#board-live').dataset.dayEnds = 1")
    for _ in range(3):
        mia.page.evaluate("window.dispatchEvent(new Event('online'))")
        mia.page.wait_for_timeout(300)
    assert len(asked) == 1
    ends = mia.page.locator("#board-live").get_attribute("data-day-ends")
    assert time.time() < int(ends) <= time.time() + 86_400


def test_people_see_who_is_there_and_who_moves_which_card(mia, sam):
    here = sam.page.locator("[data-here]")
    here.locator('.avatar[title="Mia Lindqvist"]').wait_for(timeout=SEEN)
    assert here.get_attribute("aria-label") == "Mia is here"
    assert here.locator('.avatar[title="Sam Whitfield"]').count() == 0
    key = first_card(mia, "todo")
    box = mia.page.locator(f'.card[data-key="{key}"]').bounding_box()
    mia.page.mouse.move(box["x"] + 90, box["y"] + 30)
    mia.page.mouse.down()
    mia.page.mouse.move(box["x"] + 150, box["y"] + 120, steps=6)
    card = sam.page.locator(f'.card.is-held[data-key="{key}"]')
    card.get_by_text("Mia is moving this").wait_for(timeout=SEEN)
    mia.page.keyboard.press("Escape")
    mia.page.mouse.up()
    card.wait_for(state="detached", timeout=SEEN)
    mia.page.goto("/w/northwind/members/")
    here.wait_for(state="hidden", timeout=SEEN)
    assert mia.complaints == sam.complaints == []


def test_a_server_that_is_killed_and_comes_back_is_caught_up_with(mia, sam, demo):
    demo.kill_part("web")
    sam.page.wait_for_selector(f"{STATUS}[data-state=lost]", timeout=SEEN)
    demo.start_part("web")
    demo.wait_until_ready()
    key = first_card(mia, "doing")
    press(mia, key, "Alt+ArrowRight")
    wait_in(mia, key, "review")
    wait_for("Sam's board", lambda: in_column(sam, key, "review"), 60)
    same_board(sam)


def in_column(window: Reader, key: str, category: str) -> bool:
    column = window.page.locator(f".column[data-category={category}]")
    return bool(column.locator(f'.card[data-key="{key}"]').count())


def test_a_late_answer_to_an_own_move_hides_no_other_move(mia, reader):
    """The answer was drawn before a colleague's move, and comes after the news of it."""
    aiko = at_the_board(reader("aiko@northwind.example"))
    mine, hers = first_card(mia, "todo"), first_card(mia, "doing")
    held = []
    mia.page.route("**/move/", lambda route: held.append((route, route.fetch())))
    press(mia, mine, "Alt+ArrowRight")
    wait_in(aiko, mine, "doing")
    before = heard(aiko)
    press(aiko, hers, "Alt+ArrowRight")
    wait_for("Aiko's answer", lambda: heard(aiko) > before, 20)
    mia.page.wait_for_timeout(500)
    route, drawn_before = held[0]
    route.fulfill(response=drawn_before)
    mia.page.wait_for_timeout(1_000)
    wait_in(mia, hers, "review")
    same_board(mia)


def test_a_server_that_is_short_of_breath_is_not_asked_again_at_once(mia, sam):
    asked = []

    def refuse(route):
        asked.append(route.request.url)
        route.fulfill(status=503)

    sam.page.route("**/board/changes/*", refuse)
    key = first_card(mia, "todo")
    writer = mia.context.new_page()
    writer.goto(f"/w/northwind/tasks/{key}/")
    writer.fill("textarea[name=text]", "Said while the server was busy")
    writer.get_by_role("button", name="Send").first.click()
    sam.page.wait_for_timeout(4_000)
    assert 1 <= len(asked) <= 3
    sam.page.unroute("**/board/changes/*")
    same_board(sam)


def test_a_page_that_is_ahead_of_a_restored_server_goes_on_from_its_number(mia, sam):
    asked = []
    sam.page.on("request", lambda request: "/changes/" in request.url and asked.append(request.url))
    sam.page.evaluate("document.querySelector('#board-live').dataset.seq = 9999999")
    sam.page.evaluate("window.dispatchEvent(new Event('online'))")
    sam.page.wait_for_function(
        "() => Number(document.querySelector('#board-live').dataset.seq) < 1e6"
    )
    sam.page.wait_for_timeout(1_500)
    assert len(asked) <= 3
    key = first_card(mia, "todo")
    press(mia, key, "Alt+ArrowRight")
    wait_in(sam, key, "doing")


def test_two_people_in_one_browser_do_not_hear_by_each_others_ear(reader):
    window = at_the_board(reader("aiko@northwind.example"))
    window.context.clear_cookies()
    first, window.page = window.page, window.context.new_page()
    window.sign_in("sam@northwind.example")
    at_the_board(window)
    held = window.page.evaluate(
        "navigator.locks.query().then(({ held }) => held.map(lock => lock.name))"
    )
    assert len(held) == 2
    assert first.is_closed() is False


def test_a_menu_that_closes_over_a_card_that_changed_gives_the_focus_back(mia, reader):
    aiko = at_the_board(reader("aiko@northwind.example"))
    key = first_card(mia, "todo")
    press(mia, key, "m")
    mia.page.wait_for_selector("#card-menu:popover-open")
    aiko.page.goto(f"/w/northwind/tasks/{key}/edit/")
    aiko.page.fill("input[name=title]", "Changed under an open menu")
    aiko.page.locator("main form").first.evaluate("form => form.requestSubmit()")
    mia.page.wait_for_selector(f'.card[data-key="{key}"] >> text=Changed under', timeout=SEEN)
    assert mia.page.locator("#card-menu:popover-open").count() == 1
    mia.page.keyboard.press("Escape")
    mia.page.wait_for_function(
        "key => document.activeElement.closest('.card')?.dataset.key === key", arg=key
    )


def test_a_removed_member_is_shown_nothing_more(mia, reader):
    renata = at_the_board(reader("renata@northwind.example"))
    mia.page.goto("/w/northwind/members/")
    assert "Renata" in mia.page.locator("main").inner_text()
    renata.context.clear_cookies()
    renata.page.evaluate("window.dispatchEvent(new Event('online'))")
    renata.page.wait_for_url(lambda url: "login" in url, timeout=SEEN)


def test_two_tabs_share_one_stream(reader):
    window = at_the_board(reader("aiko@northwind.example"))
    other = window.context.new_page()
    streams = []
    other.on("request", lambda request: "/live/" in request.url and streams.append(request.url))
    other.goto("/w/northwind/board/")
    other.wait_for_selector(STATUS)
    held = other.evaluate("navigator.locks.query().then(q => [q.held.length, q.pending.length])")
    assert held[0] == 1
    assert len(streams) + 1 <= 2


def test_the_dot_is_read_on_a_phone_too(reader, tmp_path: Path):
    window = at_the_board(reader("sam@northwind.example", viewport=PHONE, has_touch=True))
    assert window.page.locator(STATUS).is_visible()
    assert window.page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
