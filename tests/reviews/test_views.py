"""The pages of reviews: who sees what, nothing typed is lost, published once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backlog import actions as backlog
from backlog.models import Deliverable
from campaigns.models import Campaign
from notifications.models import OutboxItem, OutboxState
from requests_intake import actions as intake
from requests_intake.models import Decision, Request, RequestTask
from reviews import actions
from reviews.models import Delivery, Reading, Review
from tests.arranging import arranging
from tests.factories import make_sprint, make_task, make_tasks

NOON = datetime(2026, 12, 10, 11, 0, tzinfo=UTC)
ATTACK = '<script>alert("x")</script>'


@pytest.fixture(autouse=True)
def _noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def running(northwind):
    """The running sprint 13: a flyer is done, a case study is not."""
    sprint = make_sprint(
        northwind.workspace,
        13,
        state="active",
        started_at=NOON - timedelta(days=7),
        committed_points=8,
        goal_measure="booth meetings booked",
        goal_target=80,
    )
    make_task(
        northwind.workspace, "Flyer", sprint=sprint, column=northwind.column("done"), points=3
    )
    make_task(
        northwind.workspace, "Case study", sprint=sprint, column=northwind.column("doing"), points=5
    )
    return sprint


@pytest.fixture
def draft(northwind, running) -> Review:
    """The drafted review of sprint 13."""
    return actions.draft_words(actions.close_sprint(running, by=northwind.mia, goal_actual=96))


@pytest.fixture
def published(northwind, draft) -> Review:
    """The review of sprint 13 as Sales has it."""
    return actions.publish_review(draft, by=northwind.mia, version=draft.version)


def at(name, *args, slug="northwind"):
    return reverse(name, args=[slug, *args])


def words(review, **changes):
    """Return what the editor's form would send."""
    return {
        "verdict": review.verdict,
        "subject": review.subject,
        "lead": review.lead,
        "learnings": review.learnings,
        "next_up": review.next_up,
        "version": review.version,
        "highlighted": [item for item, mark in review.marks.items() if mark == "highlighted"],
        "hidden": [item for item, mark in review.marks.items() if mark == "hidden"],
        **changes,
    }


def text_of(response):
    return response.content.decode()


class _Scripts(HTMLParser):
    """Gathers what a browser would run."""

    def __init__(self):
        super().__init__()
        self.inside, self.found = False, ""

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"

    def handle_data(self, data):
        self.found += data if self.inside else ""


def scripts_in(response):
    parser = _Scripts()
    parser.feed(text_of(response))
    return parser.found


# Rights ---------------------------------------------------------------------------------------

DRAFT_PAGES = {
    # name: (sales, marketer, manager)
    "review": (404, 200, 200),
    "review_edit": (404, 200, 403),
    "review_publish": (404, 200, 200),
    "review_mail": (404, 200, 200),
}


@pytest.mark.parametrize("name", DRAFT_PAGES)
def test_a_draft_is_there_for_marketers_and_managers_only(northwind, draft, client_of, name):
    readers = (northwind.sam, northwind.lena, northwind.grace)
    found = tuple(client_of(reader).get(at(name, 13)).status_code for reader in readers)
    assert found == DRAFT_PAGES[name]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("reviews", []),
        ("review", [13]),
        ("review_edit", [13]),
        ("review_redraft", [13]),
        ("review_publish", [13]),
        ("review_test", [13]),
        ("review_mail", [13]),
        ("review_delivery_again", [13, 1]),
        ("sprint_close", [13]),
    ],
)
def test_another_workspace_does_not_exist(northwind, fjord, published, client_of, name, args):
    client = client_of(fjord.ola)
    for answer in (client.get(at(name, *args)), client.post(at(name, *args))):
        assert answer.status_code in {404, 405}
    assert Review.objects.get().version == published.version


def test_what_sales_may_not_do_to_a_published_review_is_refused(northwind, published, client_of):
    client = client_of(northwind.sam)
    assert client.get(at("review", 13)).status_code == 200
    for name in ("review_edit", "review_publish", "review_mail"):
        assert client.get(at(name, 13)).status_code == 403
    for name in ("review_edit", "review_publish", "review_test", "review_redraft"):
        assert client.post(at(name, 13), words(published)).status_code == 403


def test_managers_publish_and_do_not_edit(northwind, draft, client_of):
    client = client_of(northwind.grace)
    page = client.get(at("review", 13))
    assert at("review_edit", 13) not in text_of(page)
    assert at("review_publish", 13) in text_of(page)
    assert client.post(at("review_edit", 13), words(draft, lead="Mine.")).status_code == 403
    assert client.post(at("review_redraft", 13), words(draft)).status_code == 403
    client.post(at("review_publish", 13), {"send": "now", "version": draft.version})
    assert Review.objects.get().published_by == northwind.grace


def test_the_archive_hides_drafts_from_sales(northwind, draft, client_of):
    assert at("review", 13) in text_of(client_of(northwind.grace).get(at("reviews")))
    seen = text_of(client_of(northwind.sam).get(at("reviews")))
    assert at("review", 13) not in seen
    assert "before the first" in seen


# The archive ----------------------------------------------------------------------------------


def test_the_archive_says_how_many_have_read_it(northwind, published, client_of):
    actions.mark_read(published, by=northwind.sam)
    actions.mark_read(published, by=northwind.lena)  # she did not get it by mail
    page = text_of(client_of(northwind.sam).get(at("reviews")))
    assert "1<small> of 3</small>" in page
    assert "Goal met" in page


def test_an_empty_archive_says_when_the_first_comes(northwind, running, client_of):
    page = text_of(client_of(northwind.sam).get(at("reviews")))
    assert "The running sprint ends on Wednesday 16 December" in page


def copies(review, count):
    """Make published reviews of earlier sprints with the same facts."""
    workspace = review.workspace
    with arranging():
        for number in range(1, count + 1):
            sprint = make_sprint(
                workspace,
                100 + number,
                state="closed",
                starts_on=date(2027, 1, 1),
                ends_on=date(2027, 1, 14),
            )
            Review.objects.create(
                workspace=workspace,
                sprint=sprint,
                facts={**review.facts, "number": 100 + number},
                facts_version=review.facts_version,
                subject="S",
                lead="L",
                verdict="missed",
                drafted_at=NOON,
                published_at=NOON,
            )


def test_the_archive_pages_by_sprint_and_loses_none(northwind, published, client_of):
    copies(published, 14)
    client = client_of(northwind.sam)
    first = text_of(client.get(at("reviews")))
    assert 'href="?before=103"' in first
    rest = text_of(client.get(at("reviews"), {"before": "103"}))
    every = [*range(101, 115), 13]
    assert all((at("review", n) in first) != (at("review", n) in rest) for n in every)


def test_a_nonsense_page_of_the_archive_is_the_first(northwind, published, client_of):
    client = client_of(northwind.sam)
    for before in ("x", "-1", "²", "9" * 5_000):
        page = client.get(at("reviews"), {"before": before})
        assert page.status_code == 400
        assert at("review", 13) in text_of(page)


def test_the_trend_has_a_title_a_description_and_a_table(northwind, published, client_of):
    copies(published, 2)
    page = text_of(client_of(northwind.sam).get(at("reviews")))
    assert "<desc" in page
    assert "Sprints 13 to 102: 38 %, 38 %, 38 %" in page or "37 %, 37 %, 37 %" in page
    assert '<th scope="row">Sprint 102</th>' in page


# One review -----------------------------------------------------------------------------------


def test_the_page_leads_with_the_verdict_and_the_goal(northwind, published, client_of):
    page = text_of(client_of(northwind.grace).get(at("review", 13)))
    assert "Goal met" in page
    assert "<h1>Make the Analytica trade fair count</h1>" in page
    assert "96<small> of 80</small>" in page
    assert "Carried over to sprint 14" in page


def test_own_requests_are_marked_as_you(northwind, running, client_of):
    flyer = running.tasks.get(title="Flyer")
    asked = intake.submit_request(
        northwind.workspace,
        by=northwind.sam,
        submission_id="6f1de0c5-8f57-4a6e-9d4f-3f3d4f6c9d01",
        title="A flyer for water labs",
    )
    intake.accept_request(asked, by=northwind.mia, words="Yes.", version=1, task=flyer)
    review = actions.draft_words(actions.close_sprint(running, by=northwind.mia))
    actions.publish_review(review, by=northwind.mia, version=review.version)
    mine = text_of(client_of(northwind.sam).get(at("review", 13)))
    theirs = text_of(client_of(northwind.chiara).get(at("review", 13)))
    assert "You asked</b>" in mine
    assert "You asked</b>" not in theirs
    assert "Sam Whitfield asked" in theirs


def test_opening_a_published_review_is_noted_once(northwind, published, client_of):
    client = client_of(northwind.sam)
    client.head(at("review", 13))
    client.get(at("review", 13), headers={"sec-purpose": "prefetch;prerender"})
    assert not Reading.objects.exists()
    client.get(at("review", 13))
    client.get(at("review", 13))
    assert [one.member for one in Reading.objects.all()] == [northwind.sam]


def test_looking_at_a_draft_is_not_reading_it(northwind, draft, client_of):
    client_of(northwind.grace).get(at("review", 13))
    assert not Reading.objects.exists()


def test_names_of_readers_are_for_marketers_and_managers(northwind, published, client_of):
    actions.mark_read(published, by=northwind.chiara)
    for member, seen in ((northwind.sam, False), (northwind.lena, True), (northwind.grace, True)):
        page = text_of(client_of(member).get(at("review", 13)))
        rail = page[page.index("Read by") : page.index("In this review")]
        assert ("Chiara Bianchi" in rail) is seen
        assert "of 3" in rail


def test_hidden_items_are_on_nobodys_page(northwind, draft, client_of):
    item = next(one.id for one in draft.frozen.done)
    draft = actions.edit_review(
        draft, by=northwind.mia, version=draft.version, marks={item: "hidden"}
    )
    actions.publish_review(draft, by=northwind.mia, version=draft.version)
    for member in (northwind.sam, northwind.mia):
        page = text_of(client_of(member).get(at("review", 13)))
        assert ">Flyer<" not in page
        assert "Case study" in page


def test_words_of_people_are_never_markup(northwind, running, client_of):
    with arranging():
        campaign = Campaign.objects.create(workspace=northwind.workspace, name=ATTACK)
        running.tasks.update(title=ATTACK, campaign=campaign)
        running.goal = running.goal_measure = ATTACK
        running.save()
        for task in running.tasks.all():
            Deliverable.objects.create(
                workspace=northwind.workspace, task=task, label=ATTACK, url="https://x.example/"
            )
    client = client_of(northwind.mia)
    assert "alert" not in scripts_in(client.get(at("sprint_close", 13)))
    review = actions.draft_words(actions.close_sprint(running, by=northwind.mia))
    changes = dict.fromkeys(("subject", "lead", "learnings", "next_up"), ATTACK)
    review = actions.edit_review(review, by=northwind.mia, version=review.version, **changes)
    pages = [
        client.get(at(name, *args))
        for name, args in (
            ("reviews", []),
            ("review", [13]),
            ("review_edit", [13]),
            ("review_publish", [13]),
            ("review_mail", [13]),
        )
    ]
    for page in pages:
        assert page.status_code == 200
        assert "alert" not in scripts_in(page)
        assert "&lt;script&gt;alert" in text_of(page)


# While the words are drafted ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["review", "review_edit", "review_publish"])
def test_a_page_without_words_says_that_they_are_coming(northwind, running, client_of, name):
    review = actions.close_sprint(running, by=northwind.mia)
    client = client_of(northwind.mia)
    page = client.get(at(name, 13))
    assert page.status_code == 200
    assert "Its review is being written" in text_of(page)
    poll = client.get(at(name, 13), headers={"hx-request": "true"})
    assert (poll.status_code, poll.headers.get("HX-Refresh")) == (204, None)
    actions.draft_words(review)
    poll = client.get(at(name, 13), headers={"hx-request": "true"})
    assert (poll.status_code, poll.headers.get("HX-Refresh")) == (204, "true")
    assert "being written" not in text_of(client.get(at(name, 13)))


# Editing --------------------------------------------------------------------------------------


def test_saving_keeps_words_and_marks(northwind, draft, client_of):
    done, carried = draft.frozen.done[0].id, draft.frozen.carried[0].id
    answer = client_of(northwind.lena).post(
        at("review_edit", 13),
        words(draft, lead="Two\r\nlines.", highlighted=[done], hidden=[carried, "no-such-item"]),
    )
    assert answer.status_code == 302
    saved = Review.objects.get()
    assert saved.lead == "Two\nlines."
    assert saved.marks == {done: "highlighted", carried: "hidden"}
    assert saved.edited_by == northwind.lena


def test_what_is_hidden_cannot_stand_in_the_mail(northwind, draft, client_of):
    item = draft.frozen.done[0].id
    data = words(draft, highlighted=[item], hidden=[item])
    client_of(northwind.mia).post(at("review_edit", 13), data)
    assert Review.objects.get().marks == {item: "hidden"}


@pytest.mark.parametrize(
    "bad", [{"subject": ""}, {"lead": " "}, {"subject": "x" * 151}, {"verdict": "perhaps"}]
)
def test_bad_input_keeps_what_was_typed(northwind, draft, client_of, bad):
    data = words(draft, learnings="Ask two reps first.", highlighted=[], **bad)
    answer = client_of(northwind.mia).post(at("review_edit", 13), data)
    assert answer.status_code == 422
    assert "Ask two reps first." in text_of(answer)
    assert "checked>" not in text_of(answer).split('name="highlighted"')[1].split("<svg")[0]
    assert Review.objects.get().version == draft.version


def test_a_conflict_shows_both_and_saving_again_keeps_mine(northwind, draft, client_of):
    stale = words(draft, lead="Mine.")
    actions.edit_review(draft, by=northwind.lena, version=draft.version, lead="Hers.")
    client = client_of(northwind.mia)
    answer = client.post(at("review_edit", 13), stale)
    page = text_of(answer)
    assert answer.status_code == 409
    assert "Mine.</textarea>" in page
    assert "Hers." in page
    assert "Lena saved this review" in page
    current = Review.objects.get()
    assert current.lead == "Hers."
    assert f'name="version" value="{current.version}"' in page
    client.post(at("review_edit", 13), {**stale, "version": current.version})
    assert Review.objects.get().lead == "Mine."


def test_in_a_conflict_only_what_differs_is_shown_twice(northwind, draft, client_of):
    stale = words(draft, learnings="a\r\nb")
    actions.edit_review(draft, by=northwind.lena, version=draft.version, learnings="a\nb")
    page = text_of(client_of(northwind.mia).post(at("review_edit", 13), stale))
    assert "Saved meanwhile" not in page


def test_words_typed_while_somebody_published_are_still_there(northwind, draft, client_of):
    typed = words(draft, lead="Too late.")
    actions.publish_review(draft, by=northwind.lena, version=draft.version)
    answer = client_of(northwind.mia).post(at("review_edit", 13), typed)
    assert answer.status_code == 409
    assert "Too late." in text_of(answer)
    assert "already been published" in text_of(answer)


def test_back_to_the_draft_brings_the_words_and_saves_nothing(northwind, draft, client_of):
    drafted = draft.lead
    edited = actions.edit_review(draft, by=northwind.mia, version=draft.version, lead="Mine.")
    client = client_of(northwind.mia)
    data = words(edited, verdict="missed")
    answer = client.post(at("review_redraft", 13), data)
    assert answer.status_code == 200
    assert drafted in text_of(answer).replace("&quot;", '"').replace("&#x27;", "'")
    assert 'name="verdict" value="missed" checked' in text_of(answer)
    assert Review.objects.get().lead == "Mine."


def test_publish_from_the_editor_saves_first(northwind, draft, client_of):
    data = words(draft, lead="The last word.", then="publish")
    answer = client_of(northwind.mia).post(at("review_edit", 13), data)
    assert answer.url == at("review_publish", 13)
    review = Review.objects.get()
    assert (review.lead, review.is_published) == ("The last word.", False)


def test_a_test_mail_is_of_what_was_typed(northwind, draft, client_of):
    client = client_of(northwind.mia)
    answer = client.post(at("review_test", 13), words(draft, subject="New subject"))
    assert answer.url == at("review_edit", 13)
    assert Review.objects.get().subject == "New subject"
    assert [item.recipient for item in OutboxItem.objects.all()] == [northwind.mia]


def test_a_test_mail_of_no_words_is_refused_in_words(northwind, running, client_of):
    actions.close_sprint(running, by=northwind.mia)
    answer = client_of(northwind.mia).post(at("review_test", 13), follow=True)
    assert "There are no words to send yet." in answer.content.decode()
    assert not OutboxItem.objects.exists()


def test_the_editor_of_a_published_review_leads_to_where_it_went(northwind, published, client_of):
    answer = client_of(northwind.mia).get(at("review_edit", 13))
    assert answer.url == at("review_publish", 13)


# The mail -------------------------------------------------------------------------------------


def test_the_mail_has_its_own_policy_and_runs_nothing(northwind, draft, client_of):
    answer = client_of(northwind.mia).get(at("review_mail", 13), {"as": northwind.sam.pk})
    policy = dict(
        part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'unsafe-inline'"
    assert policy["frame-ancestors"] == "'self'"
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]
    assert "script-src" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "no-store" in answer["Cache-Control"]
    assert '<base target="_blank">' in text_of(answer)


def test_inline_styles_are_allowed_nowhere_else(northwind, draft, client_of):
    answer = client_of(northwind.mia).get(at("review_edit", 13))
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"]
    assert "<iframe" in text_of(answer)
    assert "sandbox=" in text_of(answer)


def test_the_mail_as_text(northwind, draft, client_of):
    answer = client_of(northwind.mia).get(at("review_mail", 13), {"format": "text"})
    assert answer["Content-Type"].startswith("text/plain")
    assert text_of(answer).startswith(draft.subject)


@pytest.mark.parametrize("who", ["lena", "0", "x", "99999999999999999999"])
def test_the_mail_is_shown_as_its_readers_only(northwind, draft, client_of, who):
    wanted = str(northwind.people[who].pk) if who in northwind.people else who
    answer = client_of(northwind.mia).get(at("review_mail", 13), {"as": wanted})
    assert answer.status_code == 404


# Publishing -----------------------------------------------------------------------------------


def test_the_consequence_is_said_before(northwind, draft, client_of):
    page = text_of(client_of(northwind.grace).get(at("review_publish", 13)))
    assert "Publish to 3 people" in page
    assert "A mail cannot be called back." in page
    # noon in London: 06:00 in Chicago, where the morning is still to come
    assert "1 gets it today, 2 tomorrow." in page
    assert "For 1 of them it is night." in page


def test_publishing_twice_sends_once(northwind, draft, client_of):
    data = {"send": "now", "version": draft.version}
    first = client_of(northwind.mia).post(at("review_publish", 13), data)
    second = client_of(northwind.grace).post(at("review_publish", 13), data)
    assert (first.status_code, second.status_code) == (302, 409)
    assert "already been published" in text_of(second)
    assert Delivery.objects.count() == OutboxItem.objects.count() == 3


def test_words_changed_meanwhile_are_looked_at_before_they_leave(northwind, draft, client_of):
    actions.edit_review(draft, by=northwind.lena, version=draft.version, lead="New.")
    data = {"send": "now", "version": draft.version}
    answer = client_of(northwind.mia).post(at("review_publish", 13), data)
    assert answer.status_code == 409
    assert not OutboxItem.objects.exists()
    assert f'name="version" value="{Review.objects.get().version}"' in text_of(answer)


def test_in_the_morning_means_each_readers_own(northwind, draft, client_of):
    data = {"send": "morning", "version": draft.version}
    client_of(northwind.mia).post(at("review_publish", 13), data)
    leaves = OutboxItem.objects.get(recipient=northwind.sam).not_before
    assert leaves == datetime(2026, 12, 10, 14, 0, tzinfo=UTC)


def test_a_nonsense_time_publishes_nothing(northwind, draft, client_of):
    data = {"send": "never", "version": draft.version}
    answer = client_of(northwind.mia).post(at("review_publish", 13), data)
    assert answer.status_code == 422
    assert not Review.objects.get().is_published


def fare(published, member, **fields):
    item = published.deliveries.get(recipient=member).item
    OutboxItem.objects.filter(pk=item.pk).update(**fields)
    return published.deliveries.get(recipient=member)


def test_each_mail_says_how_it_fared(northwind, published, client_of):
    fare(published, northwind.sam, state=OutboxState.SENT, sent_at=NOON)
    fare(
        published,
        northwind.chiara,
        state=OutboxState.FAILED,
        attempts=1,
        last_error="The mail server said: 550 no such mailbox.",
    )
    fare(published, northwind.grace, state=OutboxState.UNCERTAIN, last_error="The line broke.")
    actions.mark_read(published, by=northwind.sam)
    page = text_of(client_of(northwind.mia).get(at("review_publish", 13)))
    assert "Today 05:00 in Chicago, read since." in page
    assert "550 no such mailbox. Tried once." in page
    assert "The line broke. We never send twice by ourselves." in page


def test_what_waits_says_until_when(northwind, published, client_of):
    fare(published, northwind.sam, not_before=NOON + timedelta(hours=3))
    fare(
        published,
        northwind.chiara,
        not_before=NOON + timedelta(minutes=5),
        attempts=2,
        last_error="The mail server did not answer.",
    )
    page = text_of(client_of(northwind.mia).get(at("review_publish", 13)))
    assert "Today 08:00 in Chicago." in page
    assert "Retry today 12:05" in page
    assert "Tried 2 times." in page


def test_an_uncertain_mail_is_sent_again_after_a_question(northwind, published, client_of):
    delivery = fare(published, northwind.sam, state=OutboxState.UNCERTAIN)
    client = client_of(northwind.grace)
    address = at("review_delivery_again", 13, delivery.pk)
    asked = client.get(address)
    assert "the same mail is there twice" in text_of(asked)
    assert OutboxItem.objects.get(pk=delivery.item_id).state == OutboxState.UNCERTAIN
    client.post(address)
    client.post(address)  # pressed twice
    assert OutboxItem.objects.get(pk=delivery.item_id).state == OutboxState.QUEUED


def test_a_mail_that_arrived_is_not_sent_again(northwind, published, client_of):
    delivery = fare(published, northwind.sam, state=OutboxState.SENT, sent_at=NOON)
    address = at("review_delivery_again", 13, delivery.pk)
    client = client_of(northwind.mia)
    assert client.get(address).status_code == 302
    client.post(address)
    assert OutboxItem.objects.get(pk=delivery.item_id).state == OutboxState.SENT


# Closing --------------------------------------------------------------------------------------


def test_closing_says_what_moves_on_and_does_it(northwind, running, client_of):
    make_sprint(northwind.workspace, 14, starts_on=date(2026, 12, 17), ends_on=date(2026, 12, 30))
    client = client_of(northwind.mia)
    page = text_of(client.get(at("sprint_close", 13)))
    assert "Case study" in page
    assert "to sprint 14" in page
    data = {"carry_to": "backlog", "goal_actual": "96", "version": running.version}
    answer = client.post(at("sprint_close", 13), data)
    assert answer.url == at("review_edit", 13)
    facts = Review.objects.get().frozen
    assert facts.goal.actual == 96
    assert [one.to_sprint for one in facts.carried] == [None]


def test_only_marketers_close(northwind, running, client_of):
    data = {"carry_to": "next", "version": running.version}
    for member in (northwind.sam, northwind.grace):
        client = client_of(member)
        assert client.get(at("sprint_close", 13)).status_code == 403
        assert client.post(at("sprint_close", 13), data).status_code == 403
    assert not Review.objects.exists()


def test_a_closed_sprint_is_not_closed_again(northwind, running, client_of):
    data = {"carry_to": "next", "version": running.version}
    client_of(northwind.mia).post(at("sprint_close", 13), data)
    again = client_of(northwind.lena).post(at("sprint_close", 13), data)
    assert again.status_code == 409
    assert "Sprint 13 is closed already" in text_of(again)
    assert Review.objects.count() == 1
    assert client_of(northwind.lena).get(at("sprint_close", 13)).status_code == 200


def test_a_sprint_changed_meanwhile_is_looked_at_before_it_closes(northwind, running, client_of):
    data = {"carry_to": "backlog", "goal_actual": "96", "version": running.version}
    backlog.edit_sprint(running, by=northwind.lena, version=running.version, goal="Another goal")
    client = client_of(northwind.mia)
    answer = client.post(at("sprint_close", 13), data)
    assert answer.status_code == 409
    assert "Another goal" in text_of(answer)
    assert 'name="goal_actual" value="96"' in text_of(answer)
    assert not Review.objects.exists()
    running.refresh_from_db()
    client.post(at("sprint_close", 13), {**data, "version": running.version})
    assert Review.objects.get().frozen.goal.actual == 96


def test_a_sprint_that_has_not_started_is_not_closed(northwind, client_of):
    sprint = make_sprint(northwind.workspace, 20)
    page = client_of(northwind.mia).get(at("sprint_close", 20))
    assert "Sprint 20 is not running" in text_of(page)
    assert sprint.is_planned


@pytest.mark.parametrize("reached", ["-1", "many", "99999999999"])
def test_a_number_that_is_none_closes_nothing(northwind, running, client_of, reached):
    data = {"carry_to": "backlog", "goal_actual": reached, "version": running.version}
    answer = client_of(northwind.mia).post(at("sprint_close", 13), data)
    assert answer.status_code == 422
    assert f'value="{reached}"' in text_of(answer)
    assert 'value="backlog" required id="id_carry_to_1" checked' in text_of(answer)
    assert not Review.objects.exists()


# However full ---------------------------------------------------------------------------------


# Session, user and membership; what the side bar counts, and the reader's other workspaces
FRAME = 5


def full(world, running, count):
    """Fill the running sprint with work of a campaign, with links, each task asked for by Sam."""
    workspace = world.workspace
    with arranging():
        campaign = Campaign.objects.create(workspace=workspace, name=f"Campaign {count}")
    for category in ("done", "todo"):
        tasks = make_tasks(
            workspace,
            count,
            sprint=running,
            column=world.column(category),
            campaign=campaign,
            assignee=world.lena,
            points=2,
        )
        with arranging():
            Deliverable.objects.bulk_create(
                Deliverable(workspace=workspace, task=task, label="PDF", url="https://x.example/a")
                for task in tasks
            )
            ask(world, tasks)


def ask(world, tasks):
    """Give each task a request that was answered with a yes."""
    workspace = world.workspace
    requests = Request.objects.bulk_create(
        Request(
            workspace=workspace,
            number=task.number,
            requester=world.sam,
            entered_by=world.sam,
            title=task.title,
            state="accepted",
            submitted_at=NOON,
            answer_due_at=NOON,
            answered_at=NOON,
        )
        for task in tasks
    )
    pairs = list(zip(requests, tasks, strict=True))
    RequestTask.objects.bulk_create(
        RequestTask(workspace=workspace, request=request, task=task) for request, task in pairs
    )
    Decision.objects.bulk_create(
        Decision(
            workspace=workspace,
            request=request,
            task=task,
            kind="accept",
            words="Yes.",
            decided_by=world.mia,
            decided_at=NOON,
        )
        for request, task in pairs
    )


def queries(client, address):
    """Return what a page asks the database."""
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in seen.captured_queries]


@pytest.mark.parametrize("name", ["sprint_close", "reviews", "review", "review_edit", "publish"])
def test_a_page_asks_as_little_with_200_tasks_as_with_5(northwind, running, client_of, name):
    counts = []
    client = client_of(northwind.mia)
    sprint = running
    for count in (5, 200):
        full(northwind, sprint, count)
        address = at("sprint_close", sprint.number)
        if name != "sprint_close":
            review = actions.draft_words(actions.close_sprint(sprint, by=northwind.mia))
            if name in {"review", "publish", "reviews"}:
                actions.publish_review(review, by=northwind.mia, version=review.version)
            address = {
                "reviews": at("reviews"),
                "review": at("review", sprint.number),
                "review_edit": at("review_edit", sprint.number),
                "publish": at("review_publish", sprint.number),
            }[name]
            client.get(address)  # the read mark is written once
        asked = queries(client, address)
        counts.append(len(asked))
        if name != "sprint_close":
            sprint = start_next(northwind)
    assert counts[0] == counts[1], asked
    assert counts[0] <= 6 + FRAME, asked


def start_next(world):
    sprint = world.workspace.sprints.filter(state="planned").order_by("number").first()
    with arranging():
        sprint.state, sprint.started_at, sprint.committed_points = "active", NOON, 8
        sprint.save()
    return sprint
