"""Every page of the loop, as each person opens it, in both sizes and both themes; axe reads it too.

With SPRINTBOARD_SHOTS=<folder> each page is also photographed, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.urls import resolve

from tests.access_rules import RULES, Rule
from tests.browser.axe import dark, violations
from tests.browsing import DESKTOP, PHONE

pytestmark = pytest.mark.browser

MIA, SAM, GRACE = (f"{name}@northwind.example" for name in ("mia", "sam", "grace"))
N = "/w/northwind"
BOARD, BACKLOG = "first task of the board", "first task of the backlog"
PAGES = {
    "sign-in": ("", "/accounts/login/"),
    "sign-in-by-code": ("", "/accounts/login/code/"),
    "sign-up": ("", "/accounts/signup/"),
    "reset": ("", "/accounts/password/reset/"),
    "home-marketer": (MIA, f"{N}/"),
    "home-sales": (SAM, f"{N}/"),
    "home-manager": (GRACE, f"{N}/"),
    "my-work": (MIA, f"{N}/my-work/"),
    "my-work-sales": (SAM, f"{N}/my-work/"),
    "profile": (MIA, "/accounts/profile/"),
    "addresses": (MIA, "/accounts/email/"),
    "password": (MIA, "/accounts/password/change/"),
    "tokens": (MIA, "/accounts/tokens/"),
    "sign-out": (MIA, "/accounts/logout/"),
    "new-workspace": (MIA, "/new/"),
    "board": (MIA, f"{N}/board/"),
    "board-sales": (SAM, f"{N}/board/"),
    "task": (MIA, BOARD),
    "task-sales": (SAM, BOARD),
    "task-edit": (MIA, f"{BOARD}, edit"),
    "task-points": (MIA, f"{BOARD}, edit/points"),
    "task-activity": (SAM, f"{BOARD}, activity"),
    "task-origin": (SAM, f"{BOARD}, origin"),
    "task-move": (MIA, f"{BOARD}, move"),
    "task-rank": (MIA, f"{BACKLOG}, rank"),
    "task-pull": (MIA, f"{BACKLOG}, pull"),
    "task-new": (MIA, f"{N}/tasks/new/"),
    "tasks-add": (MIA, f"{N}/tasks/add/"),
    "comments": (MIA, f"{BOARD}, comments"),
    "files": (MIA, f"{BOARD}, files"),
    "impediments": (GRACE, f"{N}/impediments/"),
    "task-block": (MIA, f"{BOARD}, block"),
    "task-waits": (MIA, f"{BOARD}, waits"),
    "backlog": (MIA, f"{N}/backlog/"),
    "search": (SAM, f"{N}/search/?q=kestrel"),
    "keys": (MIA, f"{N}/keys/"),
    "backlog-sales": (SAM, f"{N}/backlog/"),
    "backlog-nothing-found": (MIA, f"{N}/backlog/?q=nothing+of+the+kind"),
    "sprints": (MIA, f"{N}/sprints/"),
    "planning": (MIA, f"{N}/sprints/14/plan/"),
    "planning-sales": (SAM, f"{N}/sprints/14/plan/"),
    "sprint-edit": (MIA, f"{N}/sprints/14/edit/"),
    "sprint-capacity": (MIA, f"{N}/sprints/14/capacity/"),
    "sprint-start": (MIA, f"{N}/sprints/14/start/"),
    "now": (SAM, f"{N}/now/"),
    "now-wall": (GRACE, f"{N}/now/?screen=1"),
    "burndown": (SAM, f"{N}/sprints/13/burndown/"),
    "burndown-closed": (GRACE, f"{N}/sprints/12/burndown/"),
    "sprint-close": (MIA, f"{N}/sprints/13/close/"),
    "requests-sales": (SAM, f"{N}/requests/"),
    "requests-manager": (GRACE, f"{N}/requests/"),
    "request-new": (SAM, f"{N}/requests/new/"),
    "request-new-marketer": (MIA, f"{N}/requests/new/"),
    "request-waiting": (SAM, f"{N}/requests/REQ-58/"),
    "request-asked": (SAM, f"{N}/requests/REQ-56/"),
    "request-merged": (SAM, f"{N}/requests/REQ-29/"),
    "request-delivered": (SAM, f"{N}/requests/REQ-12/"),
    "request-declined": (SAM, f"{N}/requests/REQ-8/"),
    "request-back": (SAM, f"{N}/requests/REQ-57/back/"),
    "receipt": (SAM, f"{N}/requests/REQ-58/receipt/"),
    "triage": (MIA, f"{N}/triage/"),
    "triage-manager": (GRACE, f"{N}/triage/"),
    "triage-asked": (MIA, f"{N}/triage/REQ-56/"),
    "triage-merge": (MIA, f"{N}/triage/REQ-58/?answer=merge"),
    "triage-decline": (MIA, f"{N}/triage/REQ-58/?answer=decline"),
    "reviews": (GRACE, f"{N}/reviews/"),
    "review": (GRACE, f"{N}/reviews/12/"),
    "review-publish": (MIA, f"{N}/reviews/12/publish/"),
    "campaigns": (MIA, f"{N}/campaigns/"),
    "campaign": (MIA, f"{N}/campaigns/ > .rows a"),
    "campaign-sales": (SAM, f"{N}/campaigns/ > .rows a"),
    "campaign-new": (MIA, f"{N}/campaigns/new/"),
    "inbox": (MIA, f"{N}/inbox/"),
    "inbox-sales": (SAM, f"{N}/inbox/"),
    "preferences": (MIA, f"{N}/inbox/preferences/"),
    "members": (MIA, f"{N}/members/"),
    "members-sales": (SAM, f"{N}/members/"),
    "member": (MIA, f"{N}/members/ > .rows a[href^='/w/']"),
    "invite": (MIA, f"{N}/members/invite/"),
    "leave": (SAM, f"{N}/members/leave/"),
    "settings": (MIA, f"{N}/settings/"),
    "columns": (MIA, f"{N}/settings/columns/"),
    "outbox": (MIA, f"{N}/outbox/"),
    "missing": (MIA, f"{N}/tasks/NW-99999/"),
    "forbidden": (SAM, f"{N}/settings/"),
}
REFUSED = {"missing": 404, "forbidden": 403}

# Addresses that answer a GET and are not opened here, and why
ELSEWHERE = {
    "board_changes": "what is new on the board, fetched by it",
    "board_columns": "a part of the board, fetched by it",
    "now_columns": "a part of the page, fetched by it",
    "request_similar": "a part of the form, fetched while somebody types (test_phone.py)",
    "triage_context": "a part of triage, fetched by it",
    "mentionable": "a part of the composer, fetched at an @ (test_mentions.py)",
    "wait_edit": "a task's page with a form in it (tests/backlog/test_waiting.py)",
    "deliverable_edit": "test_in_place.py changes a link",
    "comment_edit": "test_without_scripts.py writes and changes a comment",
    "comment_remove": "test_without_scripts.py removes one",
    "file": "what is downloaded (tests/conversation/test_files_sending.py)",
    "file_preview": "a picture in a list of files",
    "outbox_again": "for mail that failed; the demo has none (tests/notifications)",
    "review_delivery_again": "for mail that failed; the demo has none (tests/reviews)",
    "review_edit": "for a draft; test_by_keyboard.py makes one, and lets axe read it",
    "review_mail": "a mail in a frame",
    "triage_request": "triage, with a request chosen",
}


def address(window, path: str, known: dict[str, str]) -> str:
    """Return the path of a page; a task's, a campaign's and a person's is found on a list."""
    page = window.page
    if path.startswith("/") and " > " not in path:
        return path
    if " > " in path:
        place, _, link = path.partition(" > ")
        page.goto(place)
        return page.locator(f"main {link}").first.get_attribute("href")
    place, _, what = path.partition(", ")
    if place not in known:
        page.goto(f"{N}/backlog/" if place == BACKLOG else f"{N}/board/")
        known[place] = page.locator("[data-key]").first.get_attribute("data-key")
    key = known[place]
    if what in {"comments", "files"}:
        return f"{N}/{what}/task/{key}/"
    return f"{N}/tasks/{key}/" + (f"{what}/" if what else "")


def name_of(url: str) -> str:
    """Return the name of an address, as the table of rights has it."""
    return resolve(urlsplit(url).path).url_name or ""


# what fits does not depend on the theme; pictures are wanted in both
ALL = [(size, theme) for size in ("desktop", "phone") for theme in ("light", "dark")]
LOOKS = ALL if os.environ.get("SPRINTBOARD_SHOTS") else [("desktop", "light"), ("phone", "dark")]


@pytest.mark.parametrize(("size", "theme"), LOOKS)
def test_every_page_fits_its_window_and_nobody_complains_of_it(reader, size, theme):
    shots = os.environ.get("SPRINTBOARD_SHOTS", "")
    phone = size == "phone"
    windows, known = {}, {}
    problems = []
    opened = set()
    for name, (email, path) in PAGES.items():
        if email not in windows:
            windows[email] = reader(
                email,
                viewport=PHONE if phone else DESKTOP,
                has_touch=phone,
                color_scheme=theme,
            )
        window = windows[email]
        found = address(window, path, known)
        window.complaints.clear()
        response = window.page.goto(found)
        expected = REFUSED.get(name, 200)
        if response is None or response.status != expected:
            problems.append(f"{name}: {response and response.status}")
            continue
        if name not in REFUSED:
            opened.add(name_of(window.page.url))
        window.page.wait_for_timeout(150)
        wide = window.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 1:
            problems.append(f"{name}: {wide} px wider than the window")
        if window.page.locator("h1").count() != 1:
            problems.append(f"{name}: {window.page.locator('h1').count()} h1")
        problems += [f"{name}: {text}" for text in window.complaints if name not in REFUSED]
        if (size, theme) == LOOKS[0]:
            problems += [f"{name}: {text}" for text in violations(window.page)]
            problems += [f"{name}, dark: {text}" for text in dark(window.page)]
        if shots:
            Path(shots).mkdir(parents=True, exist_ok=True)
            window.page.screenshot(path=str(Path(shots) / f"{name}-{size}-{theme}.png"))
    assert problems == []
    pages = {name for name, rule in RULES.items() if isinstance(rule, Rule) and rule.get}
    assert pages - opened - set(ELSEWHERE) == set()
