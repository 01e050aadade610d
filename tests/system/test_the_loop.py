"""The whole loop, through a browser, real processes and real mail.

Sam asks; Mia answers, plans, starts; the work is done; the sprint ends by itself; the worker
drafts; Mia polishes and publishes; everyone has one mail; Grace reads; Sam sees it delivered.
"""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browsing import PHONE, Reader
from tests.system.stack import wait_for

pytestmark = pytest.mark.system

W = "/w/northwind"
TITLE = "One-page flyer for water labs"
ANSWER = "Yes, Sam. You have it at the end of sprint 1, before your visit."
SENTENCE = "The flyer that Sam asked for is printed, and it fits on one page."
GOAL = "Be seen in water labs"
READERS = ("sam", "chiara", "grace")
FIFTEEN_DAYS = 15 * 24 * 3600


@pytest.mark.parametrize("way", ["production", "embedded"])
def test_an_idea_travels_from_sales_to_the_review_and_back(way, request, browser, tmp_path):
    stack, mail = request.getfixturevalue(way)
    found = stack.manage("shell", "-v0", "-c", Path(__file__).with_name("found.py").read_text())
    assert "founded" in found
    stack.start()
    sam = Reader(browser, stack.url, viewport=PHONE, timezone_id="America/Chicago")
    mia = Reader(browser, stack.url)
    sam.sign_in("sam@northwind.example")
    mia.sign_in("mia@northwind.example")
    try:
        the_loop(browser, stack, mail, sam, mia)
    except BaseException:
        sam.photograph(tmp_path / "sam.png")
        mia.photograph(tmp_path / "mia.png")
        print(f"Pictures and the log of the processes are in {tmp_path}")
        raise
    assert sam.complaints == []
    assert mia.complaints == []
    sam.close()
    mia.close()
    stack.stop()


def the_loop(browser, stack, mail, sam: Reader, mia: Reader) -> None:
    key = sam_asks(sam)
    mia_plans_it(mia, key)
    task = mia_pulls_it_and_starts_the_sprint(mia)
    mia_finishes_it(mia, task)

    stack.stop()
    stack.start(shift_seconds=FIFTEEN_DAYS)
    wait_for("the sprint to end and its review to be drafted", lambda: is_drafted(mia), 150)
    mia.complaints.clear()  # the review was a 404 until it was there
    mia_polishes_and_publishes(mia)
    everyone_has_one_review(mail, key)
    sam_has_his_answer_once(mail, key)
    grace_reads_it(browser, stack, mail)
    sam_sees_it_delivered(sam, key)


def sam_asks(sam: Reader) -> str:
    """Send a request from a phone; return its key."""
    page = sam.page
    page.goto(f"{W}/requests/new/")
    page.fill("[name=title]", TITLE)
    page.fill("[name=heard]", "Send me one page I can print.")
    page.get_by_role("button", name="Send to Marketing").click()
    page.wait_for_url("**/receipt/")
    expect(page.get_by_text("REQ-1").first).to_be_visible()
    return "REQ-1"


def mia_plans_it(mia: Reader, key: str) -> None:
    """Answer from triage: planned for the coming sprint."""
    page = mia.page
    page.goto(f"{W}/triage/{key}/?answer=plan")
    form = page.locator(f"form[action$='/requests/{key}/plan/']")
    sprint = form.locator("input[name=sprint]").first
    sprint.check()
    form.locator("[name=words]").fill(ANSWER)
    form.get_by_role("button", name="Plan and answer").click()
    page.wait_for_load_state()
    page.goto(f"{W}/requests/{key}/")
    expect(page.get_by_text(ANSWER)).to_be_visible()


def mia_pulls_it_and_starts_the_sprint(mia: Reader) -> str:
    """Plan sprint 1 with the promised task in it, and start it; return the task's key."""
    page = mia.page
    page.goto(f"{W}/sprints/1/plan/")
    page.fill("[name=goal]", GOAL)
    page.press("[name=goal]", "Enter")
    page.get_by_role("button", name=re.compile("^Pull NW-1")).click()
    expect(
        page.get_by_role("button", name=re.compile("NW-1.* to the backlog|backlog.*NW-1"))
    ).to_be_visible()
    page.reload()
    expect(page.locator("[name=goal]")).to_have_value(GOAL)
    page.get_by_role("link", name="Start sprint 1").or_(
        page.get_by_role("button", name="Start sprint 1")
    ).first.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Start sprint 1")).click()
    page.wait_for_url("**/board/")
    expect(page.locator("h1")).to_have_text(GOAL)
    return "NW-1"


def mia_finishes_it(mia: Reader, key: str) -> None:
    """Move the card through the board: by keyboard, then by its menu."""
    page = mia.page
    page.goto(f"{W}/board/")
    card = page.locator(f"[data-key='{key}']")
    card.get_by_role("link", name=TITLE).focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator("[data-category=doing]").locator(f"[data-key='{key}']")).to_be_visible()
    card.get_by_role("button", name=re.compile(key)).or_(
        card.get_by_role("link", name=re.compile(f"(Move|edit).*{key}"))
    ).first.click()
    page.get_by_role("menuitem", name="Done").or_(
        page.get_by_role("button", name="Done", exact=True)
    ).first.click()
    expect(page.locator("[data-category=done]").locator(f"[data-key='{key}']")).to_be_visible()


def is_drafted(mia: Reader) -> bool:
    """Tell whether the review's words are there to be edited."""
    response = mia.page.goto(f"{W}/reviews/1/edit/")
    return bool(response and response.status == 200 and mia.page.locator("[name=lead]").count())


def mia_polishes_and_publishes(mia: Reader) -> None:
    """Edit one sentence, and publish at once."""
    page = mia.page
    lead = page.locator("[name=lead]")
    assert lead.input_value(), "the worker drafted no words"
    lead.fill(f"{lead.input_value()} {SENTENCE}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()
    expect(page.locator("[name=lead]")).to_have_value(re.compile(re.escape(SENTENCE)))
    page.goto(f"{W}/reviews/1/publish/")
    page.locator("input[name=send][value=now]").check()
    page.get_by_role("button", name=re.compile("Publish to 3 people")).click()
    expect(page.locator("h1")).to_have_text("Published")


def reviews_of(mail, first: str) -> list[EmailMessage]:
    """Return the review mails that somebody has."""
    received = mail.to(f"{first}@northwind.example")
    return [message for message in received if "/reviews/1/" in text_of(message)]


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None, "a mail without a plain-text twin"
    return str(part.get_content())


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None, "a mail without HTML"
    return str(part.get_content())


def everyone_has_one_review(mail, key: str) -> None:
    """Each sales member and manager has exactly one, as HTML and text; it names the request."""
    for first in READERS:
        wait_for(f"the review to reach {first}", lambda first=first: reviews_of(mail, first))
        [message] = reviews_of(mail, first)
        for body in (text_of(message), html_of(message)):
            assert TITLE in body
            assert SENTENCE in body
        assert key in text_of(message)
    for first in ("mia", "lena"):
        assert reviews_of(mail, first) == []


def sam_has_his_answer_once(mail, key: str) -> None:
    """The answer reached Sam once, with its words."""
    answers = [m for m in mail.to("sam@northwind.example") if ANSWER in text_of(m)]
    assert len(answers) == 1
    assert key in text_of(answers[0])


def grace_reads_it(browser, stack, mail) -> None:
    """Follow the link in the mail, sign in, and read."""
    [message] = reviews_of(mail, "grace")
    [link, *_] = re.findall(r"http://\S+/reviews/1/", text_of(message))
    assert link.startswith(stack.url)
    grace = Reader(browser, stack.url)
    grace.page.goto(link)
    grace.page.fill("input[name=login]", "grace@northwind.example")
    grace.page.fill("input[name=password]", "sprintboard")
    grace.page.press("input[name=password]", "Enter")
    grace.page.wait_for_url("**/reviews/1/")
    expect(grace.page.locator("h1")).to_contain_text(GOAL)
    expect(grace.page.get_by_text(SENTENCE)).to_be_visible()
    expect(grace.page.get_by_text(TITLE).first).to_be_visible()
    assert grace.complaints == []
    grace.close()


def sam_sees_it_delivered(sam: Reader, key: str) -> None:
    """The tracker stands at its last step."""
    sam.page.goto(f"{W}/requests/{key}/")
    expect(sam.page.get_by_text("Delivered").first).to_be_visible()
    steps = sam.page.locator(".tracker li")
    expect(steps).to_have_count(5)
    for place in range(5):
        expect(steps.nth(place)).to_have_class(re.compile("done"))
