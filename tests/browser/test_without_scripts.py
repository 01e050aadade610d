"""Every form works without JavaScript: the parts of the loop that people do by hand."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MIA, SAM = "mia@northwind.example", "sam@northwind.example"
N = "/w/northwind"


@pytest.fixture
def plain(reader):
    """Return a function that opens a window without scripts."""
    return lambda email: reader(email, java_script_enabled=False)


def test_a_rep_asks_and_a_marketer_answers(plain):
    sam, mia = plain(SAM).page, plain(MIA).page
    sam.goto(f"{N}/requests/new/")
    sam.fill("[name=title]", "A price list without scripts")
    sam.get_by_role("button", name="Send to Marketing").click()
    sam.wait_for_url("**/receipt/")
    key = re.search(r"REQ-\d+", sam.url)[0]

    mia.goto(f"{N}/triage/{key}/")
    mia.get_by_role("link", name="Accept").click()
    form = mia.locator(f"form[action$='/requests/{key}/accept/']")
    form.locator("[name=words]").fill("Yes. It is in the backlog now.")
    form.get_by_role("button", name="Accept and answer").click()

    sam.goto(f"{N}/requests/{key}/")
    expect(sam.get_by_text("Yes. It is in the backlog now.")).to_be_visible()


def test_a_refused_form_keeps_what_was_typed(plain):
    sam = plain(SAM).page
    sam.goto(f"{N}/requests/new/")
    sam.fill("[name=title]", "A film about winter")
    sam.fill("[name=needed_by]", "2020-01-01")
    sam.get_by_role("button", name="Send to Marketing").click()

    expect(sam.locator("[name=title]")).to_have_value("A film about winter")
    expect(sam.locator("[name=needed_by]")).to_have_value("2020-01-01")
    expect(sam.locator("[aria-invalid=true]")).to_have_count(1)


def test_a_card_moves_by_the_form_behind_its_menu(plain):
    mia = plain(MIA).page
    mia.goto(f"{N}/board/")
    card = mia.locator("[data-category=todo] [data-key]").first
    key = card.get_attribute("data-key")
    card.get_by_role("link", name=re.compile(f"Move.*{key}")).click()
    mia.wait_for_url(f"**/tasks/{key}/move/**")
    mia.get_by_label("Doing").check()
    mia.get_by_role("button", name="Move the card").click()

    mia.goto(f"{N}/board/")
    expect(mia.locator(f"[data-category=doing] [data-key='{key}']")).to_be_visible()


def test_a_task_is_made_edited_planned_and_returned(plain):
    mia = plain(MIA).page
    mia.goto(f"{N}/backlog/")
    quick = mia.locator("form[action$='/tasks/add/']")
    quick.locator("textarea").fill("Flyer without scripts\nPoster without scripts")
    quick.get_by_role("button", name="Add tasks").click()
    mia.goto(f"{N}/backlog/?q=without+scripts")
    expect(mia.get_by_role("link", name="Poster without scripts")).to_be_visible()
    mia.get_by_role("link", name="Flyer without scripts").click()
    key = re.search(r"NW-\d+", mia.url)[0]

    mia.get_by_role("link", name="Edit").click()
    mia.fill("[name=points]", "3")
    mia.get_by_role("button", name="Save").click()
    expect(mia.get_by_text("3", exact=True).first).to_be_visible()

    mia.goto(f"{N}/sprints/14/plan/?q=Flyer+without")
    mia.get_by_role("button", name=re.compile(f"Pull {key}")).click()
    mia.goto(f"{N}/tasks/{key}/")
    expect(mia.get_by_text("Sprint 14").first).to_be_visible()


def test_a_comment_is_said_changed_and_removed_and_a_checklist_kept(plain):
    mia = plain(MIA).page
    mia.goto(f"{N}/board/")
    mia.locator("[data-category=doing] [data-key] .card-title a").first.click()
    composer = mia.locator("#composer")
    composer.locator("textarea").fill("Is *14 minutes* right?")
    composer.get_by_role("button", name="Send").click()
    said = mia.locator(".comment").last
    expect(said.locator("em")).to_have_text("14 minutes")

    said.get_by_role("link", name="Edit").click()
    mia.locator("#main textarea").fill("Is it 15?")
    mia.get_by_role("button", name="Save").click()
    expect(said).to_contain_text("Is it 15?")

    said.get_by_role("link", name="Remove").click()
    mia.get_by_role("button", name="Remove").click()
    expect(said).to_contain_text("Removed by its author.")

    mia.get_by_text("Add steps").click()
    mia.locator("[name=lines]").fill("Ask a rep without scripts")
    mia.locator("form[action$='/checklist/']").get_by_role("button", name="Add").click()
    mia.get_by_role("checkbox", name="Ask a rep without scripts").click()
    expect(mia.get_by_role("checkbox", name="Ask a rep without scripts")).to_be_checked()


def test_theme_and_workspace_menus_open(plain):
    mia = plain(MIA).page
    mia.goto(f"{N}/")
    mia.get_by_role("button", name=re.compile("account")).first.click()
    expect(mia.get_by_role("button", name="Sign out")).to_be_visible()
