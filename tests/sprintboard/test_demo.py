"""The demo: what it holds whatever the day, that nobody is mailed, and that it is made once."""

import itertools
from collections import Counter
from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command

from activity.models import Activity
from backlog.models import Category, Sprint, Task
from notifications.models import OutboxItem
from people.models import Membership, Workspace
from requests_intake import reading
from requests_intake.models import Request
from reviews.models import Delivery, Review
from sprintboard.demo.telling import seed

pytestmark = pytest.mark.django_db


def northwind():
    return Workspace.objects.get(slug="northwind")


# A Thursday (the running sprint is then seven days old), a Wednesday night, and a Monday morning
# before anybody works; winter and summer time
@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 12, 10, 13, 30, tzinfo=UTC),
        datetime(2026, 7, 1, 23, 59, tzinfo=UTC),
        datetime(2027, 3, 29, 4, 0, tzinfo=UTC),
    ],
    ids=["thursday", "night", "monday"],
)
def test_the_demo_holds_the_same_whatever_the_day(now):
    with time_machine.travel(now, tick=False):
        seed()
        sprints = Sprint.objects.filter(workspace=northwind())
        requests = Request.objects.filter(workspace=northwind())
        stages = Counter(reading.track(request).stage for request in requests.tracked())

    assert [s.number for s in sprints.closed()] == [2, 1]
    [running] = sprints.active()
    assert running.starts_on <= now.date() <= running.ends_on
    assert running.tasks.current().count() == 20
    assert set(running.tasks.values_list("column__category", flat=True)) == set(Category.values)
    assert sprints.planned().count() >= 3
    assert sprints.get(number=4).goal
    assert sprints.get(number=4).tasks.count() == 4
    assert Task.objects.filter(workspace=northwind()).backlog().count() == 30
    assert requests.count() == 12
    assert Counter(requests.values_list("state", flat=True)) == {
        "waiting": 3,
        "accepted": 1,
        "planned": 6,
        "declined": 2,
    }
    assert stages["delivered"] == 3
    assert stages["in_progress"] == 2
    assert stages["planned"] == 1


@pytest.mark.both_databases
def test_the_demo_is_true_history_and_mails_nobody():
    seed()
    everything = Activity.objects.filter(workspace=northwind()).order_by("seq")
    activities = list(everything)

    # its reviews are published and stored as sent
    assert Review.objects.published().count() == 2
    assert Delivery.objects.count() == 2 * 7
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
    # people of one workspace are not in the other
    people = Membership.objects.values_list("workspace__slug", "user__email")
    assert all(email.endswith(f"@{slug}.example") for slug, email in people)
    assert Counter(slug for slug, _email in people) == {"northwind": 13, "fjord": 1}


def test_the_demo_is_never_poured_over_what_people_made(northwind, capsys):
    call_command("seed_demo")
    assert Workspace.objects.count() == 1
    assert "nothing was seeded" in capsys.readouterr().out
