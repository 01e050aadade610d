"""Reviews by program: a sprint is closed, its review written, published and followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activity.models import Activity
from backlog import actions as backlog
from backlog.models import Sprint
from notifications.models import OutboxItem
from reviews import actions
from reviews.models import Delivery, Reading, Review
from tests.arranging import arranging
from tests.factories import make_member, make_sprint, make_task
from tests.programs import Program
from tests.reviews.scenes import facts_for, review_of

NOON = datetime(2026, 12, 10, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def mia(northwind):
    return Program(northwind.mia)


@pytest.fixture
def sam(northwind):
    return Program(northwind.sam)


@pytest.fixture
def grace(northwind):
    return Program(northwind.grace)


@pytest.fixture
def running(northwind):
    """A running sprint: a flyer is done, a case study is not."""
    workspace = northwind.workspace
    sprint = make_sprint(
        workspace,
        state="active",
        started_at=NOON - timedelta(days=7),
        committed_points=8,
        goal_measure="meetings",
        goal_target=80,
    )
    make_task(workspace, sprint=sprint, points=3, column=northwind.column("done"))
    make_task(workspace, "Case study", sprint=sprint, points=5, column=northwind.column("doing"))
    return sprint


@pytest.fixture
def draft(northwind):
    """The draft of a review with something in each of its sections."""
    return review_of(northwind, facts_for(northwind), drafted_at=NOON)


@pytest.fixture
def published(northwind, draft):
    return actions.publish_review(draft, by=northwind.mia, version=draft.version)


# Closing ---------------------------------------------------------------------------------------


def test_closing_opens_a_review(mia, running):
    made = mia("post", "sprints/13/close/", {"version": 1, "goal_actual": 96}, 201)
    assert (made["number"], made["state"], made["verdict"]) == (13, "drafting", "met")
    goal, points = made["facts"]["goal"], made["facts"]["points"]
    assert (goal["target"], goal["actual"]) == (80, 96)
    assert (points["committed"], points["done"], points["carried"]) == (8, 3, 5)
    [done] = made["facts"]["groups"][0]["tasks"]
    [carried] = made["facts"]["carried"]
    assert (done["title"], done["id"]) == ("One-page flyer", f"task-{done['key']}")
    assert (carried["title"], carried["to_sprint"]) == ("Case study", 14)
    assert mia("get", "sprints/13/")["state"] == "closed"
    assert mia("get", f"tasks/{carried['key']}/")["sprint"] == 14
    assert mia("get", "reviews/13/") == made


def test_unfinished_work_can_go_back_to_the_backlog(mia, running):
    made = mia("post", "sprints/13/close/", {"version": 1, "carry_to": "backlog"}, 201)
    assert made["facts"]["carried"][0]["to_sprint"] is None
    assert made["verdict"] is None


def test_who_closes_a_sprint_that_changed_sees_it_as_it_is(mia, northwind, running):
    backlog.edit_sprint(running, by=northwind.lena, version=1, goal="Another goal")
    told = mia("post", "sprints/13/close/", {"version": 1}, 409)["error"]
    assert (told["code"], told["current"]["goal"]) == ("stale", "Another goal")
    assert told["current"] == mia("get", "sprints/13/")
    assert mia.code("post", "sprints/13/close/", {}, 428) == "version_required"
    assert not Review.objects.exists()


def test_a_sprint_is_closed_once_and_not_before_it_started(mia, northwind, running):
    mia("post", "sprints/13/close/", {"version": 1}, 201)
    version = Sprint.objects.get(number=13).version
    assert mia.code("post", "sprints/13/close/", {"version": version}) == "already_closed"
    planned = Sprint.objects.get(number=14)
    assert mia.code("post", "sprints/14/close/", {"version": planned.version}) == "not_running"


@pytest.mark.parametrize("who", ["sam", "grace"])
def test_only_marketers_close_a_sprint(northwind, running, who):
    program = Program(northwind.people[who])
    assert program.code("post", "sprints/13/close/", {"version": 1}, 403) == "forbidden"


# Reading ---------------------------------------------------------------------------------------


def test_for_sales_a_draft_does_not_exist(mia, sam, grace, draft):
    sam("get", "reviews/13/", status=404)
    sam("patch", "reviews/13/", {"version": 1, "subject": "x"}, 404)
    sam("post", "reviews/13/publish/", {"version": 1}, 404)
    sam("get", "reviews/13/deliveries/", status=404)
    assert sam("get", "reviews/")["results"] == []
    for program in (mia, grace):
        assert program("get", "reviews/13/")["state"] == "draft"
        assert [one["number"] for one in program("get", "reviews/")["results"]] == [13]


def test_what_is_hidden_is_for_those_who_choose(mia, sam, grace, northwind, published):
    with arranging():
        marks = {"task-NW-1": "hidden", "asked-REQ-1": "highlighted", "answer-REQ-4": "hidden"}
        Review.objects.update(marks=marks)
    chosen, read = mia("get", "reviews/13/"), sam("get", "reviews/13/")
    assert chosen["marks"] == marks
    assert read["marks"] == {"asked-REQ-1": "highlighted"}
    assert [one["key"] for one in chosen["facts"]["groups"][0]["tasks"]] == ["NW-1", "NW-2", "NW-3"]
    assert [one["key"] for one in read["facts"]["groups"][0]["tasks"]] == ["NW-2", "NW-3"]
    assert [one["key"] for one in read["facts"]["answers"]] == ["REQ-3"]
    assert grace("get", "reviews/13/")["facts"] == read["facts"]


def test_a_program_that_looks_has_not_read(sam, published):
    sam("get", "reviews/13/")
    assert not Reading.objects.exists()


def test_reviews_are_listed_the_latest_first(mia, northwind, published):
    with arranging():
        older = make_sprint(northwind.workspace, 12, state="closed")
        Review.objects.create(
            workspace=northwind.workspace, sprint=older, facts={}, facts_version=1
        )

    def found(query):
        return [one["number"] for one in mia("get", f"reviews/?{query}")["results"]]

    assert found("") == [13, 12]
    assert found("ordering=number") == [12, 13]
    assert found("published=true") == [13]
    assert found("published=false") == [12]
    first = mia("get", "reviews/?page_size=1")
    following = mia("get", first["next"].partition("/northwind/")[2])
    assert [one["number"] for one in following["results"]] == [12]
    assert following["next"] is None


# Editing ---------------------------------------------------------------------------------------


def test_words_and_marks_are_edited(mia, northwind, draft):
    words = {
        "verdict": "missed",
        "subject": "A short one",
        "lead": "We learned a lot.",
        "learnings": "",
        "next_up": "Visits.",
        "marks": {"task-NW-2": "highlighted", "asked-REQ-2": "hidden"},
    }
    edited = mia("patch", "reviews/13/", {"version": 1, **words})
    assert {name: edited[name] for name in words} == words
    assert (edited["version"], edited["edited_by"]["name"]) == (2, "Mia Lindqvist")
    cleared = mia("patch", "reviews/13/", {"version": 2, "verdict": None})
    assert (cleared["verdict"], cleared["subject"]) == (None, "A short one")
    recorded = Activity.objects.filter(verb="review_edited").values_list("actor", flat=True)
    assert list(recorded) == [northwind.mia.pk] * 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", ""),
        ("subject", "x" * 151),
        ("lead", " "),
        ("verdict", "won"),
        ("marks", {"task-NW-99": "hidden"}),
        ("marks", {"task-NW-2": "starred"}),
        ("marks", ["task-NW-2"]),
        ("facts", {}),
        ("published_at", None),
    ],
)
def test_what_no_review_can_say_is_refused_by_field(mia, draft, field, value):
    before = mia("get", "reviews/13/")
    assert mia.fields("patch", "reviews/13/", {"version": 1, field: value}) == [field]
    assert mia("get", "reviews/13/") == before


def test_who_edits_second_sees_what_is_there_now(mia, northwind, draft):
    actions.edit_review(draft, by=northwind.lena, version=1, subject="Lena's subject")
    told = mia("patch", "reviews/13/", {"version": 1, "subject": "Mine"}, 409)["error"]
    assert told["code"] == "stale"
    assert told["current"] == mia("get", "reviews/13/")
    assert told["current"]["subject"] == "Lena's subject"
    assert mia.code("patch", "reviews/13/", {"subject": "Mine"}, 428) == "version_required"


def test_a_published_review_keeps_its_words(mia, grace, sam, published):
    body = {"version": published.version, "subject": "Another"}
    assert mia.code("patch", "reviews/13/", body) == "published"
    for program in (grace, sam):
        assert program.code("patch", "reviews/13/", body, 403) == "forbidden"


# Publishing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["mia", "grace"])
def test_publishing_sends_one_mail_to_each_reader(northwind, draft, who):
    program = Program(northwind.people[who])
    shown = program("post", "reviews/13/publish/", {"version": 1})
    assert (shown["state"], shown["published_at"]) == ("published", "2026-12-10T11:00:00Z")
    assert shown["published_by"]["id"] == northwind.people[who].pk
    rows = program("get", "reviews/13/deliveries/")["results"]
    assert [row["recipient"]["name"] for row in rows] == [
        "Chiara Bianchi",
        "Grace Adeyemi",
        "Sam Whitfield",
    ]
    assert {(row["state"], row["reason"], row["attempts"]) for row in rows} == {("queued", "", 0)}
    assert {row["leaves_at"] for row in rows} == {"2026-12-10T11:00:00Z"}
    again = {"version": shown["version"]}
    assert program.code("post", "reviews/13/publish/", again) == "published"
    assert Delivery.objects.count() == 3


def test_in_the_morning_means_each_reader_s_own(mia, draft):
    mia("post", "reviews/13/publish/", {"version": 1, "send": "morning"})
    rows = mia("get", "reviews/13/deliveries/")["results"]
    assert {row["recipient"]["name"]: row["leaves_at"] for row in rows} == {
        "Chiara Bianchi": "2026-12-11T07:00:00Z",
        "Grace Adeyemi": "2026-12-11T08:00:00Z",
        "Sam Whitfield": "2026-12-10T14:00:00Z",
    }
    assert mia.fields("post", "reviews/13/publish/", {"version": 1, "send": "later"}) == ["send"]


def test_a_review_without_words_is_not_published(mia, northwind):
    review_of(northwind, facts_for(northwind), subject="", lead="")
    assert mia.code("post", "reviews/13/publish/", {"version": 1}) == "no_words"


# Sending ---------------------------------------------------------------------------------------


def test_each_delivery_says_how_it_fared(mia, northwind, published):
    failed = published.deliveries.get(recipient=northwind.sam)
    with arranging():
        OutboxItem.objects.filter(pk=failed.item_id).update(
            state="failed", attempts=3, last_error="No such mailbox."
        )
        OutboxItem.objects.filter(delivery__recipient=northwind.grace).update(
            state="sent", attempts=1, sent_at=NOON
        )
    actions.mark_read(published, by=northwind.grace)
    rows = mia("get", "reviews/13/deliveries/")["results"]
    shown = {row["recipient"]["name"]: row for row in rows}
    sams, graces = shown["Sam Whitfield"], shown["Grace Adeyemi"]
    assert (sams["state"], sams["reason"], sams["attempts"]) == ("failed", "No such mailbox.", 3)
    assert (sams["can_be_sent_again"], sams["read_at"]) == (True, None)
    assert (graces["sent_at"], graces["read_at"]) == ("2026-12-10T11:00:00Z",) * 2
    assert not graces["can_be_sent_again"]
    again = mia("post", f"reviews/13/deliveries/{sams['id']}/again/")
    assert (again["id"], again["state"], again["attempts"]) == (sams["id"], "queued", 0)
    for row in (sams, graces):
        path = f"reviews/13/deliveries/{row['id']}/again/"
        assert mia.code("post", path) == "not_settled"


def test_sales_does_not_see_how_mails_fare(sam, published):
    path = f"reviews/13/deliveries/{published.deliveries.first().pk}/again/"
    assert sam.code("get", "reviews/13/deliveries/", status=403) == "forbidden"
    assert sam.code("post", path, {}, 403) == "forbidden"


def test_a_mail_is_found_at_its_own_review_only(mia, northwind, published):
    with arranging():
        other = make_sprint(northwind.workspace, 12, state="closed")
        Review.objects.create(
            workspace=northwind.workspace, sprint=other, facts={}, facts_version=1
        )
    pk = published.deliveries.first().pk
    mia("post", f"reviews/12/deliveries/{pk}/again/", status=404)


# Speed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [5, 200])
def test_a_list_costs_the_same_however_full_it_is(mia, northwind, count):
    full = facts_for(northwind)
    with arranging():
        for n in range(count - 3):
            make_member(northwind.workspace, f"Reader{n} Tester", "sales")
    review = review_of(northwind, full, drafted_at=NOON)
    actions.publish_review(review, by=northwind.mia, version=1)
    with arranging():
        sprints = Sprint.objects.bulk_create(
            Sprint(
                workspace=northwind.workspace,
                number=100 + n,
                state="closed",
                starts_on=review.sprint.starts_on,
                ends_on=review.sprint.ends_on,
            )
            for n in range(count)
        )
        Review.objects.bulk_create(
            Review(
                workspace=northwind.workspace,
                sprint=sprint,
                facts=review.facts,
                facts_version=1,
                edited_by=northwind.mia,
                published_by=northwind.mia,
                published_at=NOON,
            )
            for sprint in sprints
        )
    for path in (
        "reviews/?page_size=100",
        "reviews/13/",
        "reviews/13/deliveries/?page_size=100",
    ):
        own = mia.own_queries(path)
        assert 0 < len(own) <= 6, own
