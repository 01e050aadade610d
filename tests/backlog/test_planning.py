"""The planning page: pull, return, goal, capacity, start; with htmx, without scripts, by role."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from activity.models import Activity
from backlog import actions, planning
from backlog.models import Capacity, Sprint, Task
from tests.arranging import arranging
from tests.factories import make_sprint, make_task, make_tasks

NOVEMBER = datetime(2026, 11, 30, 8, tzinfo=UTC)
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _in_november(monkeypatch):
    monkeypatch.setattr("activity.clock.system_now", lambda: NOVEMBER)


@pytest.fixture
def sprint(northwind):
    return make_sprint(northwind.workspace, 13)


@pytest.fixture
def mia(northwind, client_of):
    return client_of(northwind.mia)


def url(name, *args):
    return reverse(name, args=["northwind", *args])


def pull(client, task, sprint, **options):
    data = {"version": task.version, "sprint": sprint.number, **options.pop("data", {})}
    return client.post(url("task_pull", task.key), data, **options)


def running(northwind, sprint, points=20):
    make_task(northwind.workspace, "Booth", points=points, sprint=sprint)
    return actions.start_sprint(sprint, by=northwind.mia, version=sprint.version)


@pytest.mark.parametrize("count", [5, 200])
def test_the_page_asks_the_database_six_times_however_full_it_is(
    northwind, sprint, mia, count, django_assert_max_num_queries
):
    make_tasks(northwind.workspace, count, points=3, assignee=northwind.lena)
    make_tasks(northwind.workspace, count, points=3, sprint=sprint, assignee=northwind.mia)
    make_tasks(northwind.workspace, 3, promised_sprint=sprint, origin_name="Sam Whitfield")
    member = northwind.mia
    with django_assert_max_num_queries(6):
        assert planning.read(member, 13, planning.Search("task", by_demand=True)) is not None
    # session, user, membership and the frame come on top
    with django_assert_max_num_queries(6 + 5):
        response = mia.get(url("plan_sprint", 13))
    assert response.status_code == 200


def test_promises_come_first_on_both_sides(northwind, sprint, mia):
    make_task(northwind.workspace, "Poster")
    promised = make_task(
        northwind.workspace, "Battle card", promised_sprint=sprint, origin_name="Kenji Mori"
    )
    kept = make_task(northwind.workspace, "Flyer", promised_sprint=sprint, sprint=sprint, points=3)
    plan = planning.read(northwind.mia, 13, planning.Search())
    assert plan is not None
    assert (plan.promised, plan.kept, plan.points) == ([promised], [kept], 3)
    page = mia.get(url("plan_sprint", 13)).content.decode()
    assert page.index("Battle card") < page.index("Poster")
    assert "1 still to pull" in page


def test_a_task_is_pulled_without_scripts(northwind, sprint, mia):
    task = make_task(northwind.workspace)
    response = pull(mia, task, sprint)
    assert response.status_code == 302
    assert response["Location"] == url("plan_sprint", 13)
    assert Task.objects.get(pk=task.pk).sprint == sprint


def test_htmx_gets_the_plan_anew_and_a_toast_that_undoes(northwind, sprint, mia):
    task = make_task(northwind.workspace, "Battle card")
    before = task.position
    response = pull(mia, task, sprint, headers=HTMX)
    assert response.status_code == 200
    assert "<html" not in response.content.decode()
    assert 'id="plan"' in response.content.decode()
    toast = __import__("json").loads(response["HX-Trigger"])["toast"]
    assert toast["text"] == f"{task.key} is in sprint 13."
    mia.post(toast["undo"])
    task.refresh_from_db()
    assert (task.sprint, task.position) == (None, before)


def test_a_task_is_returned_and_the_undo_pulls_it_again(northwind, sprint, mia):
    task = make_task(northwind.workspace, sprint=sprint)
    response = mia.post(url("task_return", task.key), {"version": 1}, headers=HTMX)
    assert Task.objects.get(pk=task.pk).sprint is None
    undo = __import__("json").loads(response["HX-Trigger"])["toast"]["undo"]
    assert mia.post(undo).status_code == 302
    assert Task.objects.get(pk=task.pk).sprint == sprint


def test_who_comes_second_sees_the_plan_as_it_is(northwind, sprint, mia):
    task = make_task(northwind.workspace)
    actions.edit_task(task, by=northwind.lena, version=1, title="Changed by Lena")
    response = pull(mia, task, sprint, headers=HTMX)
    assert response.status_code == 409
    assert "Changed by Lena" in response.content.decode()
    assert pull(mia, task, sprint).status_code == 409
    assert Task.objects.get(pk=task.pk).sprint is None


def test_the_running_sprint_asks_why_on_a_page(northwind, sprint, mia):
    sprint = running(northwind, sprint)
    task = make_task(northwind.workspace, points=3)
    page = mia.get(url("plan_sprint", 13)).content.decode()
    assert f"{url('task_pull', task.key)}?sprint=13" in page
    form = mia.get(url("task_pull", task.key), {"sprint": 13}).content.decode()
    assert 'name="reason"' in form
    refused = pull(mia, task, sprint)
    assert refused.status_code == 422
    assert "cannot wait" in refused.content.decode()
    assert pull(mia, task, sprint, data={"reason": "Fair moved"}).status_code == 302
    assert Task.objects.get(pk=task.pk).is_unplanned


def test_beyond_the_allowance_the_page_keeps_what_was_typed(northwind, sprint, mia):
    sprint = running(northwind, sprint)
    task = make_task(northwind.workspace, points=5)
    refused = pull(mia, task, sprint, data={"reason": "Fair moved"})
    assert refused.status_code == 422
    assert 'value="Fair moved"' in refused.content.decode()
    swapped = sprint.tasks.first()
    data = {"reason": "Fair moved", "swap_out": swapped.pk}
    assert pull(mia, task, sprint, data=data).status_code == 302
    assert Task.objects.get(pk=swapped.pk).sprint is None


def test_the_goal_is_edited_in_place(sprint, mia):
    response = mia.post(
        url("sprint_goal", 13), {"goal": "Win the fair", "version": 1}, headers=HTMX
    )
    assert "Win the fair" in response.content.decode()
    assert Sprint.objects.get(pk=sprint.pk).goal == "Win the fair"
    late = mia.post(url("sprint_goal", 13), {"goal": "Mine", "version": 1}, headers=HTMX)
    assert late.status_code == 409
    assert "Win the fair" in late.content.decode()


def test_capacity_is_asked_for_each_marketer_and_kept(northwind, sprint, mia):
    make_task(northwind.workspace, points=13, sprint=sprint, assignee=northwind.lena)
    mine, hers = northwind.mia.pk, northwind.lena.pk
    page = mia.get(url("sprint_capacity", 13)).content.decode()
    assert f'name="points_{mine}"' in page
    assert f'name="points_{northwind.sam.pk}"' not in page
    data = {f"points_{mine}": "10", f"points_{hers}": "12", f"note_{hers}": "away 2 days"}
    assert mia.post(url("sprint_capacity", 13), data).status_code == 302
    page = mia.get(url("plan_sprint", 13)).content.decode()
    assert "13 of 12" in page
    assert "away 2 days" in page
    mia.post(url("sprint_capacity", 13), {f"points_{hers}": "12"})
    assert [row.member_id for row in Capacity.objects.all()] == [hers]
    refused = mia.post(url("sprint_capacity", 13), {f"points_{mine}": "101"})
    assert refused.status_code == 422


def test_the_start_says_what_it_means_and_leads_to_the_board(northwind, sprint, mia):
    make_tasks(northwind.workspace, 2, points=10, sprint=sprint)
    make_task(northwind.workspace, "Battle card", promised_sprint=sprint, origin_name="Kenji Mori")
    page = mia.get(url("sprint_start", 13)).content.decode()
    for sentence in ("with 20 points?", "frozen at 2 tasks", "up to 4 points", "promised to Kenji"):
        assert sentence in page
    response = mia.post(url("sprint_start", 13), {"version": 1})
    assert response["Location"] == url("board")
    assert Sprint.objects.get(pk=sprint.pk).committed_points == 20
    again = mia.post(url("sprint_start", 13), {"version": 1})
    assert again.status_code == 422
    assert Activity.objects.filter(verb="sprint_started").count() == 1


def test_a_second_sprint_does_not_start_while_one_runs(northwind, sprint, mia):
    running(northwind, sprint)
    make_sprint(northwind.workspace, 14, starts_on=date(2026, 12, 17), ends_on=date(2026, 12, 30))
    assert "Sprint 13 is still running" in mia.get(url("sprint_start", 14)).content.decode()
    assert mia.post(url("sprint_start", 14), {"version": 1}).status_code == 422


def test_the_plan_is_found_by_words_and_by_demand(northwind, sprint):
    make_task(northwind.workspace, "Poster")
    wanted = make_task(northwind.workspace, "Flyer", origin_backers=4, origin_name="Sam W")
    find = lambda **search: planning.read(northwind.mia, 13, planning.Search(**search)).ranked  # noqa: E731
    assert [task.title for task in find()] == ["Poster", "Flyer"]
    assert [task.title for task in find(by_demand=True)] == ["Flyer", "Poster"]
    assert find(words="fly") == find(words=wanted.key) == find(words="sam") == [wanted]
    assert find(words="nothing like it") == []


@pytest.mark.parametrize("query", ["q=%00", "q=" + "x" * 5000, "by=nonsense"])
def test_a_strange_search_shows_everything_and_says_so(sprint, mia, query):
    page = mia.get(url("plan_sprint", 13) + "?" + query)
    assert page.status_code == 400
    assert "Here is everything" in page.content.decode()
    assert mia.get(url("plan_sprint", 13) + "?q=9999999999999999").status_code == 200


@pytest.mark.parametrize("role", ["sam", "grace"])
def test_others_read_the_plan_and_change_nothing(northwind, sprint, client_of, role):
    task = make_task(northwind.workspace, "Poster")
    client = client_of(northwind.people[role])
    page = client.get(url("plan_sprint", 13)).content.decode()
    assert "Poster" in page
    assert "/pull/" not in page
    assert "/start/" not in page
    assert pull(client, task, sprint).status_code == 403
    for name, args in (("task_return", [task.key]), ("sprint_goal", [13]), ("sprint_start", [13])):
        assert client.post(url(name, *args), {"version": 1, "goal": "x"}).status_code == 403
    assert client.get(url("sprint_capacity", 13)).status_code == 403
    assert client.get(url("task_pull", task.key)).status_code == 403


def test_what_is_of_another_workspace_does_not_exist(northwind, fjord, sprint, client_of):
    task = make_task(northwind.workspace)
    ola = client_of(fjord.ola)
    assert ola.get(url("plan_sprint", 13)).status_code == 404
    theirs = reverse("plan_sprint", args=["fjord", 13])
    assert ola.get(theirs).status_code == 404
    assert ola.post(reverse("task_pull", args=["fjord", task.key])).status_code == 404
    assert client_of(northwind.mia).get(url("plan_sprint", 999)).status_code == 404


def test_a_closed_sprint_is_planned_no_more(northwind, sprint, mia):
    with arranging():
        Sprint.objects.filter(pk=sprint.pk).update(state="closed")
    for name in ("plan_sprint", "sprint_start", "sprint_edit"):
        assert mia.get(url(name, 13))["Location"] == url("sprints")
    assert mia.get(url("sprint_capacity", 13)).status_code == 404


def test_a_title_cannot_put_markup_on_the_page(northwind, sprint, mia):
    make_task(northwind.workspace, "<script>alert(1)</script>", origin_name="<b>Sam</b>")
    page = mia.get(url("plan_sprint", 13) + "?q=<script>").content.decode()
    assert "<script>alert" not in page
    assert "<b>Sam</b>" not in page
