"""Now and the burndown in a browser: what others do shows by itself; a dialog opens and closes."""

from __future__ import annotations

import pytest

from tests.browser.test_live import FILL, SEEN, heard, press
from tests.browsing import PHONE

pytestmark = pytest.mark.browser

N = "/w/northwind"
STATUS = "[data-live-status]"


def shown(window) -> int:
    return int(window.page.locator("#now-live").get_attribute("data-seq") or -1)


def move_on(mia) -> str:
    """Let Mia finish a card with the keyboard; return its title."""
    column = ".column[data-category=review] .card"
    if not mia.page.locator(column).count():
        mia.page.evaluate(FILL, "review")
        mia.page.locator(column).first.wait_for(timeout=SEEN)
    card = mia.page.locator(column).first
    key, title = card.get_attribute("data-key"), card.locator(".card-title").inner_text()
    press(mia, key, "Alt+ArrowRight")
    mia.page.wait_for_selector(f'.column[data-category=done] .card[data-key="{key}"]')
    return title.strip()


def test_what_is_finished_moves_to_done_by_itself_with_the_stream_and_without(reader):
    mia = reader("mia@northwind.example")
    mia.page.goto(f"{N}/board/")
    mia.page.wait_for_selector(f"{STATUS}[data-state=live]")
    assert heard(mia) > 0
    sam = reader("sam@northwind.example", viewport=PHONE, has_touch=True)
    sam.page.goto(f"{N}/now/")
    sam.page.wait_for_selector(f"{STATUS}[data-state=live]")
    link = sam.page.locator("#next .what a").first
    link.focus()
    focused = link.inner_text()

    first = move_on(mia)
    sam.page.locator("#done .what", has_text=first).wait_for(timeout=SEEN)
    assert sam.page.evaluate("document.activeElement.innerText") == focused

    sam.context.set_offline(True)
    sam.page.wait_for_selector(f"{STATUS}[data-state=offline]")
    second = move_on(mia)
    # the line comes back, but no stream: the page asks when it is looked at
    sam.page.route("**/live/**", lambda route: route.abort())
    sam.context.set_offline(False)
    sam.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    sam.page.locator("#done .what", has_text=second).wait_for(timeout=SEEN)
    assert [one for one in sam.complaints if "net::" not in one] == []


def test_the_burndown_opens_over_the_board_and_gives_the_focus_back(reader):
    window = reader("sam@northwind.example")
    page = window.page
    page.goto(f"{N}/board/")
    link = page.get_by_role("link", name="burndown")
    link.focus()
    page.keyboard.press("Enter")
    page.locator("#burndown svg.chart").wait_for()
    assert "left" in page.locator("#burndown-finding").inner_text()
    page.keyboard.press("Escape")
    page.locator("#burndown").wait_for(state="hidden")
    assert page.url.endswith("/board/")
    assert page.evaluate("document.activeElement.dataset.open") == "burndown"
    assert window.complaints == []
