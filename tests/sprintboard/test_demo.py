"""The demo: what it holds whatever the day, that nobody is mailed, and that it is made once."""

import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command

from activity.models import Activity
from backlog.models import Category, Sprint, Task
from conversation.models import Attachment, Comment
from notifications.models import OutboxItem
from people.models import Membership, Workspace
from requests_intake import reading
from requests_intake.models import Request
from reviews.models import Delivery, Review
from sprintboard.demo.telling import running_since, seed

pytestmark = pytest.mark.django_db


def northwind():
    return Workspace.objects.get(slug="northwind")


def comments_on(task):
    return Comment.objects.filter(subject_type="backlog.task", subject_id=task.pk).count()


@pytest.mark.parametrize("days", range(14))
def test_the_running_sprint_is_in_its_second_week_whatever_the_day(days):
    today = date(2026, 12, 20) + timedelta(days=days)
    since = running_since(today)
    assert since.weekday() in {0, 3}
    assert 7 <= (today - since).days <= 10


# Telling the story takes longer than looking at it: it is told once, on a night in summer
NOW = datetime(2026, 7, 1, 23, 59, tzinfo=UTC)


def test_the_demo_holds_what_it_should_is_true_history_and_mails_nobody():
    with time_machine.travel(NOW, tick=False):
        seed()
        it_holds_what_it_should()
        it_is_true_history()


def it_holds_what_it_should():
    sprints = Sprint.objects.filter(workspace=northwind())
    requests = Request.objects.filter(workspace=northwind())
    stages = Counter(reading.track(request).stage for request in requests.tracked())

    assert [s.number for s in sprints.closed()] == [12, 11, 10, 9, 8, 7]
    [running] = sprints.active()
    # in its second week, and not about to end
    assert 7 <= (NOW.astimezone(running.workspace.zone).date() - running.starts_on).days <= 10
    assert running.tasks.current().count() == 23
    assert set(running.tasks.values_list("column__category", flat=True)) == set(Category.values)
    assert [s.number for s in sprints.planned()][:3] == [14, 15, 16]
    assert sprints.get(number=14).goal
    assert sprints.get(number=14).tasks.count() == 4
    assert Task.objects.filter(workspace=northwind()).backlog().count() == 143
    assert requests.count() == 62
    assert Counter(requests.values_list("state", flat=True)) == {
        "waiting": 7,
        "asked": 1,
        "accepted": 8,
        "planned": 32,
        "declined": 10,
        "merged": 4,
    }
    assert stages["delivered"] == 19
    assert stages["in_progress"] == 3
    assert stages["planned"] == 10


def it_is_true_history():
    everything = Activity.objects.filter(workspace=northwind()).order_by("seq")
    activities = list(everything)

    # its reviews are published and stored as sent
    assert Review.objects.published().count() == 6
    assert Delivery.objects.count() == 6 * 7
    assert set(OutboxItem.objects.values_list("state", flat=True)) == {"sent"}
    assert mail.outbox == []
    # everything has its activity, in order, in the past
    assert [activity.seq for activity in activities] == list(range(1, len(activities) + 1))
    assert all(one.at <= other.at for one, other in itertools.pairwise(activities))
    assert activities[-1].at <= datetime.now(UTC)
    assert northwind().seq == len(activities)
    # the numbers of the reviews are those of the tasks
    for review in Review.objects.select_related("sprint"):
        assert review.facts["points"]["done"] == review.sprint.tasks.done().points()
    # what stands on a task is what its comments, steps and backers add up to
    for task in Task.objects.filter(workspace=northwind()):
        assert task.checklist_total == task.checklist.count()
        assert task.checklist_done == task.checklist.exclude(done_at=None).count()
        assert task.comment_count == comments_on(task)
        assert task.file_count == Attachment.objects.on(task).standing().count()
    # people of one workspace are not in the other
    people = Membership.objects.values_list("workspace__slug", "user__email")
    assert all(email.endswith(f"@{slug}.example") for slug, email in people)
    assert Counter(slug for slug, _email in people) == {"northwind": 13, "fjord": 1}


def test_the_demo_is_never_poured_over_what_people_made(northwind, capsys):
    call_command("seed_demo")
    assert Workspace.objects.count() == 1
    assert "nothing was seeded" in capsys.readouterr().out
