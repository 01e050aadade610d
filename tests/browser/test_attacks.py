"""What an attacker would put into a fragment, on the htmx in use: the page's policy is the wall.

htmx 4 runs scripts that it swaps in and evaluates `hx-on`, `js:` and filters; nothing of it may
work here. Each attack is also made in a window that ignores the policy, where it must succeed: so
that the tests are known to see it.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser

MIA = "mia@northwind.example"
BOARD = "/w/northwind/board/"
OURS = re.compile(r"/w/northwind/tasks/NW-\d+/$")
RUN = "window.wasRun = true"
LOADS = 'hx-get="/w/northwind/echo/" hx-trigger="load"'

ATTACKS = {
    "a script": f"<script>{RUN}</script>",
    "a module": f'<script type="module">{RUN}</script>',
    "a script from our own origin": '<script src="/w/northwind/evil.js"></script>',
    "a script from another origin": '<script src="https://evil.example/evil.js"></script>',
    "an error handler": f'<img src="/nothing.png" onerror="{RUN}">',
    "something that opens": f'<details open ontoggle="{RUN}">Bait</details>',
    "hx-on": f'<div {LOADS} hx-on:htmx:before:request="{RUN}"></div>',
    "js: in values": f'<div {LOADS} hx-vals="js:{{a: {RUN}}}"></div>',
    "a filter": f'<div id="bait" hx-get="/w/northwind/echo/" hx-trigger="click[{RUN}]">Bait</div>',
    "a link that is a script": f'<a id="bait" href="javascript:{RUN}">Bait</a>',
    "a button that is one": f'<button id="bait" onclick="{RUN}">Bait</button>',
}


def open_with(page: Page, fragment: str) -> None:
    """Open a task's drawer; our server's answer is replaced by this fragment."""

    def answer(route: Route) -> None:
        if route.request.headers.get("hx-request"):
            route.fulfill(body=f"<h2>Opened</h2>{fragment}", content_type="text/html")
        else:
            route.continue_()

    page.route(OURS, answer)
    page.route("**/evil.js", lambda route: route.fulfill(body=RUN, content_type="text/javascript"))
    page.route("**/echo/**", lambda route: route.fulfill(body="Heard", content_type="text/html"))
    page.goto(BOARD)
    page.locator("#board a[data-drawer]").first.click()
    expect(page.locator("#drawer h2").first).to_have_text("Opened")
    bait = page.locator("#bait")
    if bait.count():
        bait.click()
    page.wait_for_timeout(250)


def was_run(page: Page) -> bool:
    return bool(page.evaluate("window.wasRun === true"))


def test_nothing_that_is_swapped_in_runs(reader):
    page = reader(MIA).page
    ran = []
    for name, fragment in ATTACKS.items():
        open_with(page, fragment)
        ran += [name] if was_run(page) else []
        page.unroute_all(behavior="ignoreErrors")
    assert ran == []


def test_without_the_policy_each_of_them_would(reader):
    page = reader(MIA, bypass_csp=True).page
    ran = set()
    for name, fragment in ATTACKS.items():
        open_with(page, fragment)
        ran |= {name} if was_run(page) else set()
        page.unroute_all(behavior="ignoreErrors")
    assert ATTACKS.keys() - ran == set()


def listen(page: Page) -> list[str]:
    """Return a list that grows by each address that the injected attribute asks for."""
    heard: list[str] = []
    page.on("request", lambda one: heard.append(one.url) if "injected" in one.url else None)
    return heard


INJECTED = '<div hx-get="/w/northwind/echo/?injected" hx-trigger="load">Hello</div>'


@pytest.mark.parametrize(
    ("fragment", "fires"),
    [
        (INJECTED, True),  # the policy does not stop it: nh3 and hx-ignore have to
        (f'<div class="prose" hx-ignore>{INJECTED}</div>', False),
        (f'<div class="prose" hx-ignore><p>{INJECTED.replace("hx-", "data-hx-")}</p></div>', False),
    ],
)
def test_htmx_keeps_out_of_the_words_of_people(reader, fragment, fires):
    page = reader(MIA).page
    asked = listen(page)
    open_with(page, fragment)
    assert bool(asked) is fires


def test_no_behaviour_binds_to_the_words_of_people(reader):
    page = reader(MIA).page
    open_with(page, '<div hx-ignore><p data-behaviour="copy" id="words">Hello</p></div>')
    loaded = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert not [name for name in loaded if "/js/copy." in name]


def test_what_a_person_types_is_text_wherever_it_is_read(reader):
    """The same through our own server: stored, and read on every page that shows it."""
    window = reader(MIA)
    page = window.page
    bad = f'"><img src=x onerror="{RUN}"><script>{RUN}</script>'
    page.goto("/w/northwind/tasks/new/")
    page.fill("[name=title]", f"Bait {bad}")
    page.fill("[name=description]", f"{bad}\n\n[a](javascript:{RUN}) {INJECTED}\n\n<b>bold</b>")
    page.fill("[name=labels]", "<i>label</i>")
    page.locator("[name=at_top]").uncheck()
    asked = listen(page)
    page.locator("main form").get_by_role("button").last.click()
    expect(page.locator("#toasts")).to_contain_text("is in the backlog")
    page.goto("/w/northwind/backlog/?q=Bait")
    link = page.locator(".item a[data-drawer]")
    address = link.get_attribute("href") or ""
    link.click()
    expect(page.locator("#drawer h2").first).to_contain_text("Bait")
    for place in ("", "edit/", "move/", "rank/", "pull/"):
        page.goto(address + place)
        assert not page.locator("main img, main .prose b, main .prose [href^=javascript]").count()
        assert not was_run(page)
    assert asked == []
    page.goto(address)
    page.get_by_role("button", name="Archive").click()
    expect(page.locator("#toasts")).to_contain_text("is archived")
    assert window.complaints == []
