"""What a person at a slow laptop feels: bytes, when the board answers, frames, filters."""

from __future__ import annotations

import base64
import gzip
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .report import Line, Section
from .servers import Server

Built = dict[str, Any]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
TEXT = ("text/", "application/json", "image/svg")
SLOWER = 4  # times, as tools do for a cheap phone
# presses a key until a card takes the focus: from then on the board answers
PRESSING = """
document.addEventListener("DOMContentLoaded", () => {
  const press = setInterval(() => {
    const key = { key: "ArrowDown", bubbles: true, cancelable: true };
    document.body.dispatchEvent(new KeyboardEvent("keydown", key));
    if (!document.activeElement.closest(".card")) return;
    clearInterval(press);
    window.answeredAt = performance.now();
  }, 10);
});
"""
FRAMES = """() => {
  window.frameTimes = [];
  let last = performance.now();
  const tick = (now) => {
    window.frameTimes.push(now - last);
    last = now;
    window.ticking = requestAnimationFrame(tick);
  };
  window.ticking = requestAnimationFrame(tick);
}"""
STOP = "() => { cancelAnimationFrame(window.ticking); return window.frameTimes.slice(1); }"


@contextmanager
def chromium(path: Path) -> Iterator[Browser]:
    """Start Chromium, and end it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Browser, server: Server, world: Built) -> Iterator[BrowserContext]:
    """Yield a browser of somebody who is signed in and was never here."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=server.url)
    context.add_cookies([{"name": "sid", "value": world["sessions"][0], "url": server.url}])
    try:
        yield context
    finally:
        context.close()


class Wire:
    """Listens to what comes over a page's line."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        self._network = page.context.new_cdp_session(page)
        self._kinds: dict[str, tuple[str, bool]] = {}
        self._ended: list[tuple[str, int]] = []
        self._network.on("Network.responseReceived", self._received)
        self._network.on(
            "Network.loadingFinished",
            lambda told: self._ended.append((told["requestId"], int(told["encodedDataLength"]))),
        )
        self._network.send("Network.enable")

    def _received(self, told: dict[str, Any]) -> None:
        headers = {name.lower() for name in told["response"]["headers"]}
        kind = told["response"]["mimeType"]
        self._kinds[told["requestId"]] = (kind, "content-encoding" in headers)

    def total(self) -> int:
        """Return the bytes of all answers, fonts aside, plain texts as the proxy sends them."""
        found = 0
        for request, size in self._ended:
            kind, is_compressed = self._kinds.get(request, ("", True))
            if "font" in kind or "event-stream" in kind:
                continue
            found += self._zipped(request) if size and self._is_plain(kind, is_compressed) else size
        return found

    @staticmethod
    def _is_plain(kind: str, is_compressed: bool) -> bool:
        return kind.startswith(TEXT) and not is_compressed

    def _zipped(self, request: str) -> int:
        told = self._network.send("Network.getResponseBody", {"requestId": request})
        body = told["body"].encode()
        return len(gzip.compress(base64.b64decode(body) if told["base64Encoded"] else body))


def _open(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("[data-live-status][data-state=live]")
    page.wait_for_timeout(1000)


def visits(browser: Browser, server: Server, world: Built, path: str) -> tuple[int, int]:
    """Return the bytes of a first and of a second visit."""
    found = []
    with visitor(browser, server, world) as context:
        for _ in range(2):
            page = context.new_page()
            line = Wire(page)
            _open(page, path)
            found.append(line.total())
            page.close()
    return found[0], found[1]


def answers_after(browser: Browser, server: Server, world: Built, path: str) -> float:
    """Return after how many milliseconds a first visit answers a key, on a slow processor."""
    with visitor(browser, server, world) as context:
        page = context.new_page()
        context.add_init_script(PRESSING)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(path)
        page.wait_for_function("() => window.answeredAt", timeout=30_000)
        return float(page.evaluate("() => window.answeredAt"))


def frames_of_a_drag(browser: Browser, server: Server, world: Built, path: str) -> list[float]:
    """Return the milliseconds of each frame while a card is drawn over the whole board."""
    with visitor(browser, server, world) as context:
        page = context.new_page()
        _open(page, path)
        card = page.locator(".column .card").first.bounding_box()
        assert card is not None
        x, y = card["x"] + 60, card["y"] + 30
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 12, y + 12, steps=3)
        page.evaluate(FRAMES)
        for step in range(120):
            page.mouse.move(x + 12 + 7 * step, y + 12 + (step % 40) * 10)
        times: list[float] = page.evaluate(STOP)
        page.keyboard.press("Escape")
        page.mouse.up()
    return times


def filter_times(browser: Browser, server: Server, world: Built, path: str) -> list[float]:
    """Return the milliseconds that each letter typed into the filter takes, to the next frame."""
    with visitor(browser, server, world) as context:
        page = context.new_page()
        _open(page, path)
        page.evaluate("() => document.querySelector('[data-filter-text]').focus()")
        times: list[float] = page.evaluate(
            """async () => {
              const field = document.querySelector("[data-filter-text]");
              const times = [];
              for (const words of ["n", "nu", "num", "number 1", "", "flyer", "zzz", ""]) {
                await new Promise((done) => requestAnimationFrame(done));
                const begun = performance.now();
                field.value = words;
                field.dispatchEvent(new Event("input", { bubbles: true }));
                document.body.offsetHeight; // what the browser has to lay out belongs to it
                times.push(performance.now() - begun);
                await new Promise((done) => setTimeout(done, 400));
              }
              return times;
            }"""
        )
    return times


def measure(binary: Path, server: Server, worlds: dict[str, Built], *, times: int) -> list[Section]:
    """Measure what needs a browser."""
    at = {name: f"/w/{world['slug']}/board/" for name, world in worlds.items()}
    with chromium(binary) as browser:
        bytes_: list[Line] = []
        waits: list[Line] = []
        for name, what, budget, most in (
            ("w40", "board of 40 cards", "120", "1,000"),
            ("w200", "board of 200 cards", "", ""),
        ):
            first, second = visits(browser, server, worlds[name], at[name])
            bytes_.append((what, budget, f"{first / 1000:.0f}", f"{second / 1000:.0f}"))
            found = [answers_after(browser, server, worlds[name], at[name]) for _ in range(times)]
            waits.append((what, most, f"{statistics.median(found):.0f}"))
        drags = frames_of_a_drag(browser, server, worlds["w200"], at["w200"])
        filters = filter_times(browser, server, worlds["w500"], at["w500"])
    return [
        Section(
            "Bytes of a visit, compressed, fonts aside",
            ("what", "budget, kB", "first, kB", "second, kB"),
            bytes_,
        ),
        Section(
            f"A first visit answers a key, processor slowed {SLOWER} times",
            ("what", "budget, ms", "ms"),
            waits,
        ),
        Section(
            "Frames and filters, processor not slowed",
            ("what", "budget, ms", "p50, ms", "p95, ms", "worst, ms"),
            [
                ("a frame while a card is dragged among 200", "", *_spread(drags)),
                ("a letter in the filter, 500 cards", "17", *_spread(filters)),
            ],
        ),
    ]


def _spread(values: list[float]) -> tuple[str, str, str]:
    ordered = sorted(values)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return f"{statistics.median(ordered):.1f}", f"{p95:.1f}", f"{ordered[-1]:.1f}"
