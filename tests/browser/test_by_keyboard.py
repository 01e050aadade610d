"""The loop by keyboard alone: nobody here touches a mouse, and the focus is never lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import dark, violations

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("full_board")]

MIA, SAM, OLA = "mia@northwind.example", "sam@northwind.example", "ola@fjord.example"
N, F = "/w/northwind", "/w/fjord"
WHO = """() => {
    const at = document.activeElement;
    const words = [at.ariaLabel, at.textContent, at.name].join(" ").replace(/\\s+/g, " ");
    const box = at.getBoundingClientRect();
    const seen = box.bottom > 0 && box.top < innerHeight;
    return [words, at === document.body || at.matches(".skip") || seen];
}"""


def tab_to(page: Page, words: str, key: str = "Tab") -> None:
    """Press Tab until what has the focus says this; wherever it passes, it is on the screen."""
    passed = []
    for _ in range(90):
        page.keyboard.press(key)
        told, is_seen = page.evaluate(WHO)
        assert is_seen, f"The focus is out of sight on “{told}”."
        if words in told:
            return
        passed.append(told.strip()[:30])
    raise AssertionError(f"The focus never came to “{words}”, but to {passed}.")


def ready(page: Page, script: str) -> None:
    """Wait until a script, which comes when it is needed, listens to keys."""
    page.wait_for_function(
        "script => performance.getEntriesByType('resource').some("
        "one => new RegExp(`/${script}[.][^/]*js`).test(one.name))",
        arg=script,
    )
    page.evaluate("script => import(`sprintboard/${script}`).then(() => {})", script)  # has run
    page.wait_for_timeout(300)


def focused_card(page: Page) -> str | None:
    found: str | None = page.evaluate("document.activeElement.closest('[data-key]')?.dataset.key")
    return found


def column_of(page: Page, key: str) -> str | None:
    return page.locator(f"[data-category]:has([data-key='{key}'])").get_attribute("data-category")


def test_a_rep_asks_and_backs_and_a_marketer_answers(reader):
    page = reader(SAM).page
    page.goto(f"{N}/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip to the content
    tab_to(page, "title")
    page.keyboard.type("A poster that hangs over the sink")
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/new/**")
    expect(page.locator("[name=title]")).to_have_value("A poster that hangs over the sink")
    tab_to(page, "Send to Marketing")
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt/")
    key = re.search(r"REQ-\d+", page.url)[0]

    page.goto(f"{N}/requests/REQ-57/")
    tab_to(page, "account")
    tab_to(page, "deal_value")
    page.keyboard.type("25000")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("You back it")

    mia = reader(MIA).page
    mia.goto(f"{N}/triage/{key}/")
    ready(mia, "triage")
    mia.keyboard.press("a")
    expect(mia.locator("[data-answer-form=accept] [name=words]")).to_be_focused()
    mia.keyboard.press("Control+A")
    mia.keyboard.type("Yes, Sam. It is in the backlog.")
    mia.keyboard.press("Control+Enter")
    expect(mia.locator("#toasts")).to_contain_text(key)
    page.goto(f"{N}/requests/{key}/")
    expect(page.locator("main")).to_contain_text("Yes, Sam. It is in the backlog.")


def test_a_card_moves_and_the_focus_stays_on_it(reader):
    window = reader(MIA)
    page = window.page
    page.goto(f"{N}/board/")
    ready(page, "board")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.activeElement.closest('[data-key]')")
    key = focused_card(page)
    assert key is not None
    page.keyboard.press("Alt+ArrowRight")
    page.wait_for_function(
        "key => document.querySelector(`[data-category=doing] [data-key='${key}']`)", arg=key
    )
    expect(page.locator("[aria-live=polite]", has_text=key).first).to_be_attached()
    page.wait_for_function(
        "key => document.activeElement.closest('[data-key]')?.dataset.key === key", arg=key
    )
    page.keyboard.press("Alt+ArrowLeft")
    page.wait_for_function(
        "key => document.querySelector(`[data-category=todo] [data-key='${key}']`)", arg=key
    )
    assert column_of(page, key) == "todo"
    assert window.complaints == []


def test_a_card_opens_is_worked_on_and_gives_the_focus_back(reader):
    window = reader(MIA)
    page = window.page
    page.goto(f"{N}/board/")
    ready(page, "drawer")
    page.locator("[data-category=doing] [data-key]:has(.lucide-list-checks) .card-title a").or_(
        page.locator("[data-category=doing] [data-key] .card-title a")
    ).first.focus()
    key = focused_card(page)
    page.keyboard.press("Enter")
    page.locator("#drawer .drawer-body").wait_for()
    tab_to(page, "Add steps")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Ask a rep by keyboard")
    tab_to(page, "Add")
    page.keyboard.press("Enter")
    step = page.get_by_role("checkbox", name="Ask a rep by keyboard")
    expect(step).to_be_attached()
    step.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Ask a rep by keyboard")).to_be_checked()
    page.locator("#drawer textarea[name=text]").focus()
    page.keyboard.type("Ticked without a mouse.")
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer .comment").last).to_contain_text("Ticked without a mouse.")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer .drawer-body")).to_have_count(0)
    assert focused_card(page) == key
    assert window.complaints == []


def test_a_sprint_is_planned_started_closed_and_its_review_published(reader, demo):
    """In a workspace of its own, so that the other tests keep their running sprint."""
    page = reader(OLA).page
    page.goto(f"{F}/sprints/")
    plan = page.locator("main a[href$='/plan/']").first.get_attribute("href")
    number = re.search(r"sprints/(\d+)/plan", plan)[1]
    page.goto(f"{F}/tasks/new/")
    page.locator("[name=title]").focus()
    page.keyboard.type("A sign for the door")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(tasks/\w+-\d+|backlog|board)/"))
    page.goto(f"{F}/sprints/{number}/plan/")
    tab_to(page, "Pull ")
    page.keyboard.press("Enter")
    expect(page.locator("#plan-sprint .item").first).to_be_visible()
    page.goto(f"{F}/sprints/{number}/start/")
    tab_to(page, f"Start sprint {number}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/board/")
    page.goto(f"{F}/sprints/{number}/close/")
    tab_to(page, f"Close sprint {number}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/reviews/{number}/**")
    page.goto(f"{F}/sprints/")  # the editor looks again by itself while nothing is drafted
    # the worker's part: no worker runs here
    demo.manage(
        "shell", "-v0", "-c",
        "from reviews.actions import draft_words; from reviews.models import Review; "
        "[draft_words(review) for review in Review.objects.filter(drafted_at=None)]",
    )  # fmt: skip
    page.goto(f"{F}/reviews/{number}/edit/")
    assert violations(page) + dark(page) == []
    page.locator("[name=lead]").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("The sign hangs. Everybody finds the door.")
    tab_to(page, "Save")
    # from the preview, which the browser keeps in a process of its own: keys follow the focus late
    page.wait_for_timeout(300)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Enter")
    page.wait_for_load_state()
    expect(page.locator("[name=lead]")).to_have_value("The sign hangs. Everybody finds the door.")
    page.goto(f"{F}/reviews/{number}/publish/")
    assert violations(page) == []
    tab_to(page, "Publish")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Published")
    page.goto(f"{F}/reviews/{number}/")
    expect(page.locator("main")).to_contain_text("The sign hangs.")
