"""What the page of a review shows, to whom, and at what cost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from people.models import Role
from reviews import actions, reading, wording
from reviews.facts import FACTS_VERSION, to_json
from reviews.models import Review
from tests.arranging import arranging
from tests.factories import make_member, make_sprint
from tests.reviews.scenes import facts_for, review_of


@pytest.fixture
def review(northwind):
    return review_of(northwind, facts_for(northwind))


def test_a_page_shows_the_facts_and_who_asked(northwind, review):
    page = reading.page(review, northwind.sam)
    assert (page.number, page.goal) == (13, "Make the fair count")
    assert [one.title for one in page.asked] == ["One-page flyer", "Battle card"]
    assert [group.name for group in page.groups] == ["Fair"]
    assert page.people[page.asked[0].requester_id] == northwind.sam
    assert [one.key for one in page.own_asked] == ["REQ-1"]
    assert [one.key for one in page.own_answers] == ["REQ-3"]
    assert [one.key for one in page.own_carried] == ["NW-4"]


def test_what_is_hidden_is_on_no_page(northwind):
    marks = {"asked-REQ-1": "hidden", "carried-NW-4": "hidden", "answer-REQ-3": "hidden"}
    marks |= {f"task-NW-{n}": "hidden" for n in (1, 2, 3)}
    page = reading.page(review_of(northwind, facts_for(northwind), marks=marks), northwind.sam)
    assert [one.key for one in page.asked] == ["REQ-2"]
    assert page.groups == ()  # a campaign with nothing left to show is not shown
    assert page.carried == ()
    assert [one.key for one in page.answers] == ["REQ-4"]
    assert page.own_asked == page.own_answers == page.own_carried == ()


def test_a_page_says_who_may_edit_and_publish(northwind, review):
    rights = {
        name: (page.can_edit, page.can_publish)
        for name in ("mia", "grace", "sam")
        if (page := reading.page(review, getattr(northwind, name)))
    }
    assert rights == {"mia": (True, True), "grace": (False, True), "sam": (False, False)}


def test_a_page_tells_who_got_it_and_who_has_read_it(northwind, review):
    review = actions.publish_review(review, by=northwind.mia, version=review.version)
    actions.mark_read(review, by=northwind.grace)
    actions.mark_read(review, by=northwind.lena)  # a marketer got no mail
    page = reading.page(review, northwind.mia)
    assert [one.recipient.first_name for one in page.deliveries] == ["Chiara", "Grace", "Sam"]
    assert page.read_by == [northwind.grace, northwind.lena]
    assert (page.readers, page.readers_who_read) == (3, 1)


def test_the_next_and_previous_review_are_those_the_reader_may_see(northwind, review):
    for number in (12, 14):
        _another(northwind, number, published=number == 12)
    assert _neighbours(review, northwind.mia) == (12, 14)
    assert _neighbours(review, northwind.sam) == (12, None)


@pytest.mark.parametrize("people", [1, 60])
def test_a_page_costs_four_queries_however_many_read_it(
    northwind, review, people, django_assert_num_queries
):
    members = [
        make_member(northwind.workspace, f"Rep{n} Number{n}", Role.SALES) for n in range(people)
    ]
    actions.publish_review(review, by=northwind.mia, version=review.version)
    review = Review.objects.select_related("sprint", "workspace").get(pk=review.pk)
    for member in members:
        actions.mark_read(review, by=member)
    with django_assert_num_queries(4):
        page = reading.page(review, northwind.sam)
        assert [one.item.state for one in page.deliveries]
        assert [one.recipient.user.time_zone for one in page.deliveries]
        assert [member.shown_name for member in page.read_by]
        assert [member.initials for member in page.people.values()]


def test_the_archive_is_newest_first_and_without_drafts_for_sales(
    northwind, review, fjord, django_assert_num_queries
):
    for number in (11, 12):
        _another(northwind, number, published=True)
    _another(fjord, 20, published=True, facts=facts_for(northwind))
    with django_assert_num_queries(1):
        rows = reading.archive(northwind.mia)
        assert [row.review.sprint.number for row in rows] == [13, 12, 11]
    assert [row.review.sprint.number for row in reading.archive(northwind.sam)] == [12, 11]
    assert rows[0].facts.points.done_of_committed == 55


def test_a_review_goes_to_active_sales_and_managers(northwind, review):
    gone = make_member(northwind.workspace, "Gone Away", Role.SALES)
    with arranging():
        gone.is_active = False
        gone.save()
    names = [member.first_name for member in reading.recipients(review)]
    assert names == ["Chiara", "Grace", "Sam"]


def _neighbours(review, member):
    page = reading.page(review, member)
    return page.previous_number, page.next_number


def _another(world, number, *, published, facts=None):
    facts = facts or facts_for(world)
    with arranging():
        return Review.objects.create(
            workspace=world.workspace,
            sprint=make_sprint(world.workspace, number, state="closed"),
            facts=to_json(facts),
            facts_version=FACTS_VERSION,
            subject=wording.subject(facts),
            lead=wording.lead(facts),
            published_at=datetime(2026, 11, 1, tzinfo=UTC) if published else None,
        )
