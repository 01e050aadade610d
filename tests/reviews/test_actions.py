"""Closing a sprint makes one review of frozen facts; publishing it writes one mail per reader."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections

from activity.changes import SYSTEM, Stale
from activity.models import Activity
from backlog import actions as backlog
from backlog.models import Sprint, Task
from notifications import actions as outbox
from notifications.models import OutboxItem, OutboxState
from people.models import Role
from requests_intake import actions as intake
from reviews import actions, mails, metrics
from reviews.models import Delivery, Reading, Review
from reviews.showing import answer_in_words
from tests.arranging import arranging
from tests.factories import make_member, make_sprint, make_task

NOON = datetime(2026, 12, 10, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def rung(monkeypatch):
    """Collect what is rung instead of asking a broker."""
    calls: list[tuple[str, object]] = []

    def ring(job, *args):
        calls.append((job.name, *args))

    monkeypatch.setattr(actions, "ring", ring)
    monkeypatch.setattr(outbox, "ring", ring)
    return calls


def start(world, number=13, **fields):
    fields.setdefault("goal_measure", "booth meetings booked")
    fields.setdefault("goal_target", 80)
    fields |= {"state": "active", "started_at": NOON - timedelta(days=7), "committed_points": 8}
    planned = Sprint.objects.filter(workspace=world.workspace, number=number)
    if planned:  # made by an earlier close
        with arranging():
            planned.update(**fields)
        return planned.get()
    return make_sprint(world.workspace, number, **fields)


def do(world, sprint, title, *, category="done", **fields):
    return make_task(world.workspace, title, sprint=sprint, column=world.column(category), **fields)


@pytest.fixture
def running(northwind):
    """A running sprint: a flyer is done, a case study is not."""
    sprint = start(northwind)
    do(northwind, sprint, "One-page flyer", points=3)
    do(northwind, sprint, "Case study", category="doing", points=5)
    return sprint


@pytest.fixture
def review(northwind, running):
    """The drafted review of that sprint."""
    opened = actions.close_sprint(running, by=northwind.mia, goal_actual=96)
    return actions.draft_words(opened)


def test_closing_freezes_the_facts_and_opens_a_review(northwind, running, rung):
    review = actions.close_sprint(running, by=northwind.mia, goal_actual=96)
    running.refresh_from_db()
    facts = Review.objects.get().frozen
    assert running.is_closed
    assert (facts.goal.actual, facts.goal.verdict, review.verdict) == (96, "met", "met")
    assert facts.points.committed == 8
    assert (facts.points.done, facts.points.carried) == (3, 5)
    assert [task.title for task in facts.done] == ["One-page flyer"]
    assert [(one.title, one.to_sprint) for one in facts.carried] == [("Case study", 14)]
    assert ("reviews.jobs.draft", review.pk) in rung
    assert set(Activity.objects.values_list("verb", flat=True)) >= {
        "sprint_ended",
        "review_opened",
    }


def test_unfinished_work_can_go_back_to_the_backlog(northwind, running):
    review = actions.close_sprint(running, by=northwind.mia, carry_to="backlog")
    assert [one.to_sprint for one in review.frozen.carried] == [None]
    assert Task.objects.get(title="Case study").sprint is None


def test_the_second_to_close_is_told_who_was_first(northwind, running):
    actions.close_sprint(running, by=northwind.mia)
    with pytest.raises(ValidationError, match="Mia has already closed sprint 13") as error:
        actions.close_sprint(running, by=northwind.lena)
    assert error.value.code == "already_closed"
    assert Review.objects.count() == 1


def test_a_sprint_that_has_not_started_cannot_be_closed(northwind):
    with pytest.raises(ValidationError) as error:
        actions.close_sprint(make_sprint(northwind.workspace), by=northwind.mia)
    assert error.value.code == "not_running"


def test_a_sprint_that_somebody_edited_meanwhile_is_not_closed(northwind, running):
    with pytest.raises(Stale):
        actions.close_sprint(running, by=northwind.mia, version=running.version + 1)
    assert not Review.objects.exists()


@pytest.mark.parametrize("who", ["sam", "grace"])
def test_only_marketers_close_a_sprint(northwind, running, who):
    with pytest.raises(PermissionDenied):
        actions.close_sprint(running, by=getattr(northwind, who))


def test_later_edits_do_not_change_the_facts(northwind, running):
    review = actions.close_sprint(running, by=northwind.mia)
    before = Review.objects.get().facts
    with arranging():
        Task.objects.filter(title="One-page flyer").update(title="Poster", points=13)
    case = Task.objects.get(title="Case study")
    backlog.archive_task(case, by=northwind.mia, version=case.version)
    assert Review.objects.get().facts == before
    assert [task.title for task in review.frozen.done] == ["One-page flyer"]


def test_what_sales_asked_for_is_in_the_facts(northwind, running, time_machine):
    asked = {}
    for who, title in (("sam", "A flyer"), ("chiara", "A film"), ("sam", "An advert")):
        asked[title] = intake.submit_request(
            northwind.workspace,
            by=getattr(northwind, who),
            submission_id=uuid.uuid4(),
            title=title,
        )
    flyer, case = Task.objects.get(title="One-page flyer"), Task.objects.get(title="Case study")
    link = "https://files.example/flyer.pdf"
    backlog.add_deliverable(flyer, by=northwind.mia, label="Open the PDF", url=link)
    for title, task in (("A flyer", flyer), ("A film", case)):
        intake.accept_request(asked[title], by=northwind.mia, words="Gladly.", version=1, task=task)
    intake.decline_request(
        asked["An advert"],
        by=northwind.mia,
        words="Not this quarter.",
        version=1,
        reason="over_budget",
    )
    time_machine.move_to(NOON + timedelta(hours=1), tick=False)
    facts = actions.close_sprint(running, by=northwind.mia).frozen
    (delivered,) = facts.asked
    assert (delivered.title, delivered.requester) == ("A flyer", "Sam Whitfield")
    assert delivered.requester_id == northwind.sam.pk
    assert delivered.tasks == (flyer.key,)
    assert [(one.label, one.url) for one in delivered.links] == [("Open the PDF", link)]
    assert facts.carried[0].asked_by == ("Chiara Bianchi",)
    assert [(one.title, one.kind) for one in facts.answers] == [
        ("A flyer", "accept"),
        ("A film", "accept"),
        ("An advert", "decline"),
    ]
    assert facts.answers[2].reason == "over_budget"
    assert facts.answers[2].words == "Not this quarter."
    assert (facts.answered.in_time, facts.answered.total) == (3, 3)


def test_a_merge_is_an_answer_and_a_question_is_none(northwind, running, time_machine):
    first, second, third = (
        intake.submit_request(
            northwind.workspace, by=northwind.sam, submission_id=uuid.uuid4(), title=title
        )
        for title in ("A flyer", "The same flyer", "Something")
    )
    intake.ask_back(third, by=northwind.mia, words="Which one?", version=1)
    intake.merge_request(second, by=northwind.mia, words="Same.", version=1, target=first)
    time_machine.move_to(NOON + timedelta(hours=1), tick=False)
    facts = actions.close_sprint(running, by=northwind.mia).frozen
    (merged,) = facts.answers
    assert (merged.key, merged.kind, merged.merged_into) == ("REQ-2", "merge", "REQ-1")
    assert (facts.answered.in_time, facts.answered.total) == (1, 1)
    assert answer_in_words(merged) == ("Merged into REQ-1", "")
    assert mails.answer_in_words(merged) == "merged into REQ-1"


def test_work_is_grouped_by_campaign_the_largest_first(northwind):
    sprint = start(northwind)
    with arranging():
        fair, film = (northwind.workspace.campaigns.create(name=name) for name in ("Fair", "Film"))
    do(northwind, sprint, "Banner", points=2, campaign=fair)
    do(northwind, sprint, "Trailer", points=6, campaign=film)
    do(northwind, sprint, "Tidying", points=8)
    facts = actions.close_sprint(sprint, by=northwind.mia).frozen
    assert [(group.name, group.points) for group in facts.groups] == [
        ("Film", 6),
        ("Fair", 2),
        ("", 8),
    ]
    assert [group.share for group in facts.groups] == [38, 12, 50]


def test_unplanned_points_are_counted_apart(northwind):
    sprint = start(northwind)
    do(northwind, sprint, "Planned", points=6)
    do(northwind, sprint, "Came in", points=2, is_unplanned=True)
    do(northwind, sprint, "Came in late", category="todo", points=1, is_unplanned=True)
    points = actions.close_sprint(sprint, by=northwind.mia).frozen.points
    assert (points.done, points.done_of_committed) == (8, 6)
    assert (points.unplanned, points.unplanned_done, points.allowance) == (3, 2, 1)


def test_facts_compare_with_the_sprints_before(northwind):
    for number, done in ((11, 4), (12, 8)):
        sprint = start(northwind, number)
        do(northwind, sprint, "Work", points=done)
        actions.close_sprint(sprint, by=northwind.mia)
    facts = actions.close_sprint(start(northwind, 13), by=northwind.mia).frozen
    assert facts.before.sprints == 2
    assert facts.before.average_done == 6
    assert facts.before.average_share == 75
    assert facts.before.delivered == 0


def test_closing_costs_the_same_however_much_was_done(northwind, django_assert_max_num_queries):
    counts = []
    for number, tasks in ((13, 3), (14, 3), (15, 60)):
        sprint = start(northwind, number)
        for n in range(tasks):
            do(northwind, sprint, f"Work {n}", points=1)
        with django_assert_max_num_queries(30) as queries:
            actions.close_sprint(sprint, by=northwind.mia)
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_drafting_twice_changes_nothing(northwind, review):
    again = actions.draft_words(review)
    assert again.version == review.version
    assert Activity.objects.filter(verb="review_drafted").count() == 1
    assert review.subject == "Sprint 13: goal met, 1 task done"
    assert review.lead.startswith("Goal met: 96 of 80 booth meetings booked.")
    assert "“Case study” moves to sprint 14" in review.lead


def test_drafting_leaves_alone_what_a_person_wrote(northwind, running):
    opened = actions.close_sprint(running, by=northwind.mia)
    edited = actions.edit_review(
        opened, by=northwind.mia, version=opened.version, subject="My own words"
    )
    drafted = actions.draft_words(edited)
    assert drafted.subject == "My own words"
    assert drafted.lead


def test_editing_strips_and_records_what_changed(northwind, review):
    edited = actions.edit_review(
        review,
        by=northwind.lena,
        version=review.version,
        subject="  Sprint 13:\n done ",
        lead="First\r\nsecond \n",
        learnings=review.learnings,
    )
    assert (edited.subject, edited.lead) == ("Sprint 13: done", "First\nsecond")
    assert edited.edited_by == northwind.lena
    assert edited.version == review.version + 1
    activity = Activity.objects.get(verb="review_edited")
    assert activity.data["fields"] == ["lead", "subject"]
    assert activity.audience == "marketers_and_managers"


def test_saving_without_a_change_is_no_change(northwind, review):
    same = actions.edit_review(
        review, by=northwind.mia, version=review.version, lead=review.lead, marks=review.marks
    )
    assert same.version == review.version


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "x" * 151),
        ("lead", "x" * 2_001),
        ("learnings", "x" * 4_001),
        ("next_up", "x" * 2_001),
        ("verdict", "splendid"),
        ("subject", "a\x00b"),
        ("marks", {"task-NW-1": "golden"}),
    ],
)
def test_what_cannot_stand_in_a_review_is_refused_by_field(northwind, review, field, value):
    with pytest.raises(ValidationError) as error:
        actions.edit_review(review, by=northwind.mia, version=review.version, **{field: value})
    assert field in error.value.message_dict
    review.refresh_from_db()
    assert review.edited_at is None


def test_marks_of_unknown_items_are_dropped(northwind, review):
    key = Task.objects.get(title="One-page flyer").key
    edited = actions.edit_review(
        review,
        by=northwind.mia,
        version=review.version,
        marks={f"task-{key}": "hidden", "task-NW-999": "hidden"},
    )
    assert edited.marks == {f"task-{key}": "hidden"}


def test_an_edit_of_an_older_version_is_stale(northwind, review):
    actions.edit_review(review, by=northwind.lena, version=review.version, lead="Lena's")
    with pytest.raises(Stale) as error:
        actions.edit_review(review, by=northwind.mia, version=review.version, lead="Mia's")
    assert error.value.current.lead == "Lena's"


@pytest.mark.parametrize("who", ["sam", "grace"])
def test_only_marketers_edit_the_words(northwind, review, who):
    with pytest.raises(PermissionDenied):
        actions.edit_review(review, by=getattr(northwind, who), version=review.version, lead="Mine")


def test_publishing_writes_one_mail_for_each_sales_member_and_manager(northwind, review, rung):
    make_member(northwind.workspace, "Gone Away", Role.SALES)
    with arranging():
        northwind.workspace.members.filter(shown_name="Gone Away").update(is_active=False)
    published = actions.publish_review(review, by=northwind.grace, version=review.version)
    assert published.published_by == northwind.grace
    assert published.published_at == NOON
    readers = {"Sam Whitfield", "Chiara Bianchi", "Grace Adeyemi"}
    assert {one.recipient.shown_name for one in Delivery.objects.all()} == readers
    assert {one.recipient.shown_name for one in OutboxItem.objects.all()} == readers
    assert all(one.item.not_before == NOON for one in Delivery.objects.all())
    assert len([call for call in rung if call[0] == "notifications.jobs.deliver"]) == 3


def test_a_review_is_published_once(northwind, review):
    actions.publish_review(review, by=northwind.mia, version=review.version)
    review.refresh_from_db()
    with pytest.raises(ValidationError) as error:
        actions.publish_review(review, by=northwind.lena, version=review.version)
    assert error.value.code == "published"
    assert Delivery.objects.count() == 3


def test_a_published_review_keeps_its_words(northwind, review):
    review = actions.publish_review(review, by=northwind.mia, version=review.version)
    with pytest.raises(ValidationError) as error:
        actions.edit_review(review, by=northwind.mia, version=review.version, lead="New")
    assert error.value.code == "published"


def test_sales_cannot_publish(northwind, review):
    with pytest.raises(PermissionDenied):
        actions.publish_review(review, by=northwind.sam, version=review.version)


def test_a_review_without_words_is_not_published(northwind, running):
    opened = actions.close_sprint(running, by=northwind.mia)
    with pytest.raises(ValidationError) as error:
        actions.publish_review(opened, by=northwind.mia, version=opened.version)
    assert error.value.code == "no_words"


def test_in_the_morning_means_eight_where_each_reader_is(northwind, review, rung):
    actions.publish_review(review, by=northwind.mia, version=review.version, send="morning")
    due = {one.recipient.first_name: one.item.not_before for one in Delivery.objects.all()}
    assert due == {
        "Sam": datetime(2026, 12, 10, 14, 0, tzinfo=UTC),  # it is 05:00 in Chicago
        "Chiara": datetime(2026, 12, 11, 7, 0, tzinfo=UTC),  # noon in Rome: tomorrow
        "Grace": datetime(2026, 12, 11, 8, 0, tzinfo=UTC),
    }
    assert rung == []


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        ("Asia/Tokyo", "2026-12-16T22:59:00", "2026-12-16T23:00:00"),
        ("Asia/Tokyo", "2026-12-16T23:00:00", "2026-12-17T23:00:00"),
        # clocks go forward in the night of 28 March, back in that of 25 October
        ("Europe/Stockholm", "2027-03-27T20:00:00", "2027-03-28T06:00:00"),
        ("Europe/Stockholm", "2026-10-24T20:00:00", "2026-10-25T07:00:00"),
        ("America/Sao_Paulo", "2026-12-17T10:59:59", "2026-12-17T11:00:00"),
        ("Pacific/Kiritimati", "2026-12-17T12:00:00", "2026-12-17T18:00:00"),
    ],
)
def test_the_next_morning_of_a_zone(zone, after, expected):
    found = metrics.next_morning(ZoneInfo(zone), datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_test_goes_to_who_asks_and_each_time_anew(northwind, review):
    actions.send_test(review, by=northwind.mia)
    actions.send_test(review, by=northwind.mia)
    assert {item.recipient for item in OutboxItem.objects.all()} == {northwind.mia}
    assert OutboxItem.objects.filter(kind="reviews.test").count() == 2
    assert not Delivery.objects.exists()
    with pytest.raises(PermissionDenied):
        actions.send_test(review, by=northwind.sam)


def test_the_first_reading_counts(northwind, review, time_machine):
    actions.mark_read(review, by=northwind.grace)
    assert not Reading.objects.exists()
    review = actions.publish_review(review, by=northwind.mia, version=review.version)
    actions.mark_read(review, by=northwind.sam)
    time_machine.move_to(NOON + timedelta(days=1), tick=False)
    actions.mark_read(review, by=northwind.sam)
    assert Reading.objects.get().read_at == NOON


def test_a_review_of_another_workspace_cannot_be_read(northwind, fjord, review):
    review = actions.publish_review(review, by=northwind.mia, version=review.version)
    actions.mark_read(review, by=fjord.ola)
    assert not Reading.objects.exists()


# The sweep -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "last_day", "midnight"),
    [
        ("Europe/Stockholm", date(2026, 12, 16), "2026-12-16T23:00:00"),
        ("America/Chicago", date(2026, 12, 16), "2026-12-17T06:00:00"),
        ("Asia/Tokyo", date(2026, 12, 16), "2026-12-16T15:00:00"),
        ("Pacific/Kiritimati", date(2026, 12, 16), "2026-12-16T10:00:00"),
        # the night in which clocks go forward, and the one in which they go back
        ("Europe/Stockholm", date(2027, 3, 27), "2027-03-27T23:00:00"),
        ("Europe/Stockholm", date(2027, 3, 28), "2027-03-28T22:00:00"),
        ("Europe/Stockholm", date(2027, 10, 30), "2027-10-30T22:00:00"),
        ("Europe/Stockholm", date(2027, 10, 31), "2027-10-31T23:00:00"),
        # there is no midnight in Beirut on 28 March 2027: the day begins at one o'clock
        ("Asia/Beirut", date(2027, 3, 27), "2027-03-27T22:00:00"),
    ],
)
def test_a_sprint_ends_when_its_last_day_does_in_its_own_zone(
    northwind, time_machine, zone, last_day, midnight
):
    with arranging():
        northwind.workspace.time_zone = zone
        northwind.workspace.save(update_fields=["time_zone"])
    start(northwind, starts_on=last_day - timedelta(days=13), ends_on=last_day)
    end = datetime.fromisoformat(midnight).replace(tzinfo=UTC)
    time_machine.move_to(end - timedelta(seconds=1), tick=False)
    actions.sweep()
    assert not Review.objects.exists()
    time_machine.move_to(end, tick=False)
    actions.sweep()
    assert Review.objects.get().drafted_at == end
    assert Sprint.objects.get(number=13).closed_at == end


def test_sweeping_twice_is_sweeping_once(northwind, running, time_machine):
    time_machine.move_to(running.ends_at + timedelta(hours=3), tick=False)
    actions.sweep()
    actions.sweep()
    assert Review.objects.count() == 1
    assert Activity.objects.filter(verb="review_drafted").count() == 1
    assert Activity.objects.get(verb="sprint_ended").actor is None


def test_a_sprint_that_cannot_be_closed_does_not_hold_up_the_others(
    northwind, fjord, time_machine, monkeypatch, caplog
):
    first, second = start(northwind), start(fjord)
    time_machine.move_to(first.ends_at + timedelta(days=1), tick=False)
    gather = metrics.gather

    def break_once(sprint, *args, **kwargs):
        if sprint.workspace_id == northwind.workspace.pk:
            raise ZeroDivisionError
        return gather(sprint, *args, **kwargs)

    monkeypatch.setattr(metrics, "gather", break_once)
    actions.sweep()
    assert Review.objects.get().sprint == second
    first.refresh_from_db()
    assert first.is_active
    assert "Could not close sprint" in caplog.text


def test_a_draft_waits_for_a_person_unless_the_workspace_says_otherwise(
    northwind, review, time_machine
):
    time_machine.move_to(NOON + timedelta(days=30), tick=False)
    actions.sweep()
    review.refresh_from_db()
    assert not review.is_published


def test_a_draft_goes_out_by_itself_after_the_time_set(northwind, review, time_machine):
    with arranging():
        northwind.workspace.auto_publish_hours = 12
        northwind.workspace.save(update_fields=["auto_publish_hours"])
    time_machine.move_to(NOON + timedelta(hours=11, minutes=59), tick=False)
    actions.sweep()
    review.refresh_from_db()
    assert not review.is_published
    time_machine.move_to(NOON + timedelta(hours=12), tick=False)
    actions.sweep()
    actions.sweep()
    review.refresh_from_db()
    assert (review.published_at, review.published_by) == (NOON + timedelta(hours=12), None)
    assert Delivery.objects.count() == 3
    # in the night nobody's telephone rings: the mails wait for the morning
    assert all(
        item.not_before.astimezone(item.recipient.user.zone).hour == 8
        for item in OutboxItem.objects.select_related("recipient__user")
    )


def test_a_failed_delivery_is_shown_and_sent_again_by_a_manager(northwind, review):
    actions.publish_review(review, by=northwind.mia, version=review.version)
    item = Delivery.objects.get(recipient=northwind.sam).item
    with arranging():
        OutboxItem.objects.filter(pk=item.pk).update(state=OutboxState.FAILED, last_error="No")
    outbox.send_again(item, by=northwind.grace)
    assert Delivery.objects.get(recipient=northwind.sam).item.state == OutboxState.QUEUED


def test_system_closes_without_a_person(northwind, running):
    review = actions.close_sprint(running, by=SYSTEM)
    assert review.verdict == ""
    assert Activity.objects.get(verb="review_opened").actor is None


# Races -----------------------------------------------------------------------------------------


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_ten_who_close_at_once_open_one_review(transactional_db, request):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")
    world = request.getfixturevalue("northwind")
    sprint = start(world)
    do(world, sprint, "Flyer", points=3)
    do(world, sprint, "Film", category="todo", points=5)
    outcomes: list[str] = []
    together = threading.Barrier(10)

    def close(by):
        try:
            together.wait(10)
            actions.close_sprint(sprint, by=by)
            outcomes.append("closed")
        except ValidationError as error:
            outcomes.append(str(error.code))
        except Exception as error:  # noqa: BLE001  told to the test below
            outcomes.append(repr(error))
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=close, args=(by,), daemon=True)
        for by in [world.mia, world.lena, SYSTEM, world.mia, world.lena] * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["already_closed"] * 9 + ["closed"]
    assert Review.objects.count() == 1
    assert Activity.objects.filter(verb="sprint_ended").count() == 1
    assert Task.objects.get(title="Film").carried == 1


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_ten_who_publish_at_once_write_one_mail_per_reader(transactional_db, request):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")
    world = request.getfixturevalue("northwind")
    review = actions.draft_words(actions.close_sprint(start(world), by=world.mia))
    outcomes: list[str] = []
    together = threading.Barrier(10)

    def publish():
        try:
            together.wait(10)
            actions.publish_review(review, by=world.mia, version=review.version)
            outcomes.append("published")
        except ValidationError as error:
            outcomes.append(f"too late: {error.code}")
        except Exception as error:  # noqa: BLE001  told to the test below
            outcomes.append(repr(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=publish, daemon=True) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["published"] + ["too late: published"] * 9
    assert OutboxItem.objects.count() == Delivery.objects.count() == 3
