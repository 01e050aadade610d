"""Every page of the loop, as each person opens it, in both sizes and both themes.

With SPRINTBOARD_SHOTS=<folder> each page is also photographed, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browsing import DESKTOP, PHONE

pytestmark = pytest.mark.browser

MIA, SAM, GRACE = (f"{name}@northwind.example" for name in ("mia", "sam", "grace"))
N = "/w/northwind"
PAGES = {
    "sign-in": ("", "/accounts/login/"),
    "sign-in-by-code": ("", "/accounts/login/code/"),
    "sign-up": ("", "/accounts/signup/"),
    "reset": ("", "/accounts/password/reset/"),
    "home-marketer": (MIA, f"{N}/"),
    "home-sales": (SAM, f"{N}/"),
    "home-manager": (GRACE, f"{N}/"),
    "profile": (MIA, "/accounts/profile/"),
    "new-workspace": (MIA, "/new/"),
    "board": (MIA, f"{N}/board/"),
    "board-sales": (SAM, f"{N}/board/"),
    "task": (MIA, "first task of the board"),
    "task-edit": (MIA, "first task of the board, edit"),
    "task-move": (MIA, "first task of the board, move"),
    "task-new": (MIA, f"{N}/tasks/new/"),
    "backlog": (MIA, f"{N}/backlog/"),
    "backlog-sales": (SAM, f"{N}/backlog/"),
    "sprints": (MIA, f"{N}/sprints/"),
    "planning": (MIA, f"{N}/sprints/4/plan/"),
    "sprint-edit": (MIA, f"{N}/sprints/4/edit/"),
    "sprint-close": (MIA, f"{N}/sprints/3/close/"),
    "requests-sales": (SAM, f"{N}/requests/"),
    "requests-manager": (GRACE, f"{N}/requests/"),
    "request-new": (SAM, f"{N}/requests/new/"),
    "request-waiting": (SAM, f"{N}/requests/REQ-12/"),
    "request-delivered": (SAM, f"{N}/requests/REQ-1/"),
    "request-declined": (SAM, f"{N}/requests/REQ-3/"),
    "receipt": (SAM, f"{N}/requests/REQ-12/receipt/"),
    "triage": (MIA, f"{N}/triage/"),
    "reviews": (GRACE, f"{N}/reviews/"),
    "review": (GRACE, f"{N}/reviews/2/"),
    "review-edit": (MIA, f"{N}/reviews/2/edit/"),
    "campaigns": (MIA, f"{N}/campaigns/"),
    "missing": (MIA, f"{N}/tasks/NW-99999/"),
}
KNOWN_404 = {"missing"}


def address(window, path: str) -> str:
    """Return the path of a page; a task's is found on the board."""
    if path.startswith("/"):
        return path
    window.page.goto(f"{N}/board/")
    key = window.page.locator("[data-key]").first.get_attribute("data-key")
    what = path.partition(", ")[2]
    return f"{N}/tasks/{key}/" + (f"{what}/" if what else "")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_every_page_fits_its_window_and_complains_of_nothing(reader, size, theme):
    shots = os.environ.get("SPRINTBOARD_SHOTS", "")
    phone = size == "phone"
    windows = {}
    problems = []
    for name, (email, path) in PAGES.items():
        if email not in windows:
            windows[email] = reader(
                email,
                viewport=PHONE if phone else DESKTOP,
                has_touch=phone,
                color_scheme=theme,
            )
        window = windows[email]
        found = address(window, path)
        window.complaints.clear()
        response = window.page.goto(found)
        expected = 404 if name in KNOWN_404 else 200
        if response is None or response.status != expected:
            problems.append(f"{name}: {response and response.status}")
            continue
        window.page.wait_for_timeout(150)
        wide = window.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 1:
            problems.append(f"{name}: {wide} px wider than the window")
        if window.page.locator("h1").count() != 1:
            problems.append(f"{name}: {window.page.locator('h1').count()} h1")
        problems += [f"{name}: {text}" for text in window.complaints if name not in KNOWN_404]
        if shots:
            Path(shots).mkdir(parents=True, exist_ok=True)
            window.page.screenshot(path=str(Path(shots) / f"{name}-{size}-{theme}.png"))
    assert problems == []
