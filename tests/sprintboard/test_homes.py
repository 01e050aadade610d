"""The homes: each role's own, in constant queries, with what needs the reader."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from activity import clock
from backlog import actions as backlog
from backlog.models import Task
from requests_intake import actions as intake
from requests_intake.models import Request
from reviews import actions as reviews
from sprintboard import homes
from tests.arranging import arranging
from tests.factories import make_sprint, make_tasks


@pytest.fixture
def sprint(northwind):
    """A sprint that runs today."""
    today = northwind.workspace.today()
    planned = make_sprint(northwind.workspace, starts_on=today, ends_on=today + timedelta(days=13))
    return backlog.start_sprint(planned, by=northwind.mia, version=planned.version)


def ask(world, rep, title, number):
    return intake.submit_request(
        world.workspace,
        by=rep,
        submission_id=f"00000000-0000-0000-0000-{number:012d}",
        title=title,
    )


@pytest.mark.parametrize(
    ("hour", "part"),
    [
        (0, "night"),
        (3, "night"),
        (4, "night"),
        (5, "morning"),
        (11, "morning"),
        (12, "afternoon"),
        (17, "afternoon"),
        (18, "evening"),
        (23, "evening"),
    ],
)
def test_the_greeting_knows_the_reader_s_hour(hour, part):
    assert homes.greeting(datetime(2026, 12, 3, hour, tzinfo=UTC)) == part


def test_nobody_is_wished_a_good_evening_before_dawn(northwind, client_of):
    at_three = datetime(2026, 12, 3, 9, tzinfo=UTC)  # in Chicago
    with arranging():
        type(northwind.sam.user).objects.filter(pk=northwind.sam.user_id).update(
            time_zone="America/Chicago"
        )
    with time_machine.travel(at_three, tick=False):
        page = client_of(northwind.sam).get("/w/northwind/").content.decode()
    assert "Hello, Sam" in page
    assert "Good " not in page


def test_mia_sees_what_waits_for_her_answer_the_late_one_first(northwind, client_of, sprint):
    ask(northwind, northwind.sam, "Still time", 1)
    late = ask(northwind, northwind.chiara, "Long overdue", 2)
    with arranging():
        Request.objects.filter(pk=late.pk).update(answer_due_at=clock.now() - timedelta(hours=5))

    home = homes.for_marketer(northwind.mia)
    page = client_of(northwind.mia).get("/w/northwind/").content.decode()

    assert [request.title for request in home.waiting] == ["Long overdue", "Still time"]
    assert (home.late, home.needs) == (1, 2)
    assert "5 h late" in page
    assert page.index("Long overdue") < page.index("Still time")


def test_mia_s_work_lists_only_what_is_hers_and_open(northwind, sprint):
    column, done = northwind.column("todo"), northwind.column("done")
    [mine] = make_tasks(
        northwind.workspace, 1, "Mine", sprint=sprint, assignee=northwind.mia, column=column
    )
    make_tasks(northwind.workspace, 1, "Lena's", sprint=sprint, assignee=northwind.lena)
    make_tasks(northwind.workspace, 1, "Ready", sprint=sprint, assignee=northwind.mia, column=done)
    make_tasks(northwind.workspace, 1, "Some day", assignee=northwind.mia)

    assert [task.pk for task in homes.for_marketer(northwind.mia).work] == [mine.pk]


def test_sam_sees_his_requests_and_nobody_else_s(northwind, client_of):
    ask(northwind, northwind.sam, "A flyer for water labs", 1)
    ask(northwind, northwind.chiara, "A film for Milan", 2)

    page = client_of(northwind.sam).get("/w/northwind/").content.decode()

    assert "A flyer for water labs" in page
    assert "A film for Milan" not in page


def test_grace_sees_late_answers_and_drafts_are_no_secret_to_her(northwind, client_of):
    late = ask(northwind, northwind.sam, "Long overdue", 1)
    ask(northwind, northwind.sam, "Still time", 2)
    with arranging():
        Request.objects.filter(pk=late.pk).update(answer_due_at=clock.now() - timedelta(hours=5))

    page = client_of(northwind.grace).get("/w/northwind/").content.decode()

    assert "Long overdue" in page
    assert "Still time" not in page


# Session, reader, membership and the frame's two are five; six are the home's own
EXPECTED = {"mia": 11, "sam": 11, "grace": 11}


@pytest.mark.parametrize("name", ["mia", "sam", "grace"])
def test_a_home_costs_the_same_however_full_the_workspace_is(
    northwind, client_of, sprint, name, django_assert_num_queries
):
    def fill(tasks, requests, first):
        make_tasks(
            northwind.workspace,
            tasks,
            sprint=sprint,
            assignee=northwind.mia,
            column=northwind.column("doing"),
            origin_name="Sam",
        )
        [blocked] = make_tasks(northwind.workspace, 1, sprint=sprint)
        backlog.block_task(blocked, by=northwind.mia, reason="No list", owner=northwind.grace)
        for number in range(first, first + requests):
            ask(northwind, northwind.sam, f"Request {number}", number)

    def count():
        client = client_of(northwind.people[name])
        client.get("/w/northwind/")
        with django_assert_num_queries(EXPECTED[name]):
            assert client.get("/w/northwind/").status_code == 200

    fill(5, 3, 1)
    count()
    fill(195, 12, 100)
    assert Task.objects.count() == 202
    count()


def test_a_workspace_without_anything_has_a_home_for_everyone(northwind, client_of):
    for member in northwind.people.values():
        assert client_of(member).get("/w/northwind/").status_code == 200


def test_another_workspace_s_home_does_not_exist(northwind, fjord, client_of):
    assert client_of(fjord.ola).get("/w/northwind/").status_code == 404


def test_a_new_workspace_says_what_to_do_first_until_a_sprint_has_started(northwind, client_of):
    today = northwind.workspace.today()
    first = make_sprint(northwind.workspace, starts_on=today, ends_on=today + timedelta(days=13))
    mia = client_of(northwind.mia)

    page = mia.get("/w/northwind/").content.decode()
    assert "First steps" in page
    assert f'href="/w/northwind/sprints/{first.number}/start/"' in page
    assert page.count("btn-primary") == 1

    backlog.start_sprint(first, by=northwind.mia, version=first.version)
    assert "First steps" not in mia.get("/w/northwind/").content.decode()


def test_one_thing_is_the_first_to_do_when_an_answer_is_late_and_no_sprint_runs(
    northwind, client_of, sprint
):
    reviews.close_sprint(sprint, by=northwind.mia)
    late = ask(northwind, northwind.sam, "Long overdue", 1)
    with arranging():
        Request.objects.filter(pk=late.pk).update(answer_due_at=clock.now() - timedelta(hours=5))

    assert client_of(northwind.mia).get("/w/northwind/").content.decode().count("btn-primary") == 1


def test_all_that_wait_and_all_that_are_late_are_counted_not_only_those_shown(northwind, sprint):
    for number in range(12):
        ask(northwind, northwind.sam, f"Request {number}", number)
    with arranging():
        Request.objects.filter(number__lte=10).update(
            answer_due_at=clock.now() - timedelta(hours=1)
        )
    home = homes.for_marketer(northwind.mia)
    assert (len(home.waiting), home.waiting_count, home.late) == (8, 12, 10)


def test_an_impediment_waits_for_its_owner_and_is_seen_by_the_others(northwind, client_of, sprint):
    [task] = make_tasks(northwind.workspace, 1, "Invitations", sprint=sprint)
    backlog.block_task(task, by=northwind.mia, reason="No account list", owner=northwind.grace)

    mia, grace = homes.for_marketer(northwind.mia), homes.for_manager(northwind.grace)

    assert (len(mia.impediments), mia.needs) == (1, 0)
    assert (len(grace.impediments), grace.needs) == (1, 1)
    for name in ("mia", "grace"):
        page = client_of(northwind.people[name]).get("/w/northwind/").content.decode()
        assert "No account list" in page
        assert 'href="/w/northwind/impediments/' in page


def test_sam_sees_what_was_delivered_lately_and_has_a_link(northwind, client_of, sprint):
    now = clock.now()
    column = northwind.column("done")
    made = {
        title: make_tasks(northwind.workspace, 1, title, sprint=sprint, column=column, done_at=at)[
            0
        ]
        for title, at in {
            "Older": now - timedelta(days=2),
            "Newer": now - timedelta(days=1),
            "Without a link": now,
            "Long ago": now - timedelta(days=15),
        }.items()
    }
    for title in ("Older", "Newer", "Long ago"):
        backlog.add_deliverable(
            made[title], by=northwind.mia, label=f"The {title}", url="https://files.example/x"
        )
    home = homes.for_sales(northwind.sam)
    page = client_of(northwind.sam).get("/w/northwind/").content.decode()
    assert [(one.task.title, one.label) for one in home.news] == [
        ("Newer", "The Newer"),
        ("Older", "The Older"),
    ]
    assert "New from Marketing" in page


@pytest.mark.parametrize("name", ["mia", "sam", "grace"])
def test_every_home_leads_to_now_and_to_ones_own_work(northwind, client_of, name):
    page = client_of(northwind.people[name]).get("/w/northwind/").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    assert 'href="/w/northwind/now/"' in main
    assert 'href="/w/northwind/my-work/"' in page
