"""The columns of a board: what a team may make of them, and what it may not."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from activity.models import Activity
from backlog import actions
from backlog.actions import ColumnPlan
from backlog.models import Column
from people.models import Workspace
from tests.arranging import arranging
from tests.factories import make_task

pytestmark = pytest.mark.django_db
URL = "/w/northwind/settings/columns/"


def plans(world) -> list[ColumnPlan]:
    return [
        ColumnPlan(column.name, column.category, column.wip_limit, column.pk)
        for column in world.workspace.columns.all()
    ]


def edit(world, columns) -> list[tuple[str, str, int | None]]:
    actions.edit_columns(world.workspace, by=world.mia, columns=columns)
    rows = Column.objects.filter(workspace=world.workspace)
    return [(row.name, row.category, row.wip_limit) for row in rows]


def refused(world, columns) -> str:
    before = plans(world)
    with pytest.raises(ValidationError) as error:
        actions.edit_columns(world.workspace, by=world.mia, columns=columns)
    assert plans(world) == before
    assert not Activity.objects.filter(verb="columns_edited").exists()
    return error.value.code or ""


def sent(columns: list[ColumnPlan], **more: object) -> dict[str, object]:
    """Return what the form of these columns sends."""
    names = ("name", "category", "wip_limit", "pk")
    lists = {
        f"column_{name}": [
            "" if getattr(plan, name) is None else str(getattr(plan, name)) for plan in columns
        ]
        for name in names
    }
    return {**lists, **more}


def test_columns_are_renamed_ordered_added_and_removed_at_once(northwind):
    todo, doing, review, done = plans(northwind)
    made = edit(
        northwind,
        [
            todo._replace(name="Next"),
            review._replace(wip_limit=7),
            ColumnPlan("Approval", "review", 2),
            done,
        ],
    )
    assert made == [
        ("Next", "todo", None),
        ("Review", "review", 7),
        ("Approval", "review", 2),
        ("Done", "done", None),
    ]
    told = Activity.objects.get(verb="columns_edited")
    assert told.data == {"columns": ["Next", "Review", "Approval", "Done"]}
    assert not Column.objects.filter(pk=doing.pk).exists()


def test_two_columns_may_change_names(northwind):
    todo, doing, review, done = plans(northwind)
    made = edit(
        northwind, [todo, doing._replace(name="Review"), review._replace(name="Doing"), done]
    )
    assert [name for name, *_ in made] == ["To do", "Review", "Doing", "Done"]


def test_saving_what_is_so_tells_nobody(northwind):
    edit(northwind, plans(northwind))
    assert not Activity.objects.exists()


def test_a_column_with_tasks_neither_vanishes_nor_changes_its_meaning(northwind):
    todo, doing, review, done = plans(northwind)
    make_task(northwind.workspace, column=northwind.column("doing"))
    assert refused(northwind, [todo, review, done]) == "in_use"
    assert refused(northwind, [todo, doing._replace(category="review"), review, done]) == "in_use"
    made = edit(northwind, [todo, doing._replace(name="Making", wip_limit=9), done])
    assert made[1] == ("Making", "doing", 9)


def test_a_board_begins_with_what_is_to_do_and_ends_with_what_is_done(northwind):
    todo, doing, _review, done = plans(northwind)
    assert refused(northwind, [doing, todo, done]) == "no_ends"
    assert refused(northwind, [todo, done, doing]) == "no_ends"
    assert refused(northwind, [todo]) == "few_columns"
    many = [ColumnPlan(f"C{n}", "doing") for n in range(11)]
    assert refused(northwind, [todo, *many, done]) == "many_columns"
    assert refused(northwind, [todo, ColumnPlan("TO DO", "doing"), done]) == "name_twice"
    assert refused(northwind, [todo, ColumnPlan(" ", "doing"), done]) == "no_name"


def test_another_workspaces_column_is_none(northwind, fjord):
    todo, _doing, _review, done = plans(northwind)
    theirs = plans(fjord)[1]
    assert refused(northwind, [todo, theirs, done]) == "unknown"
    assert refused(northwind, [todo, todo._replace(name="Twice"), done]) == "unknown"
    assert plans(fjord)[1] == theirs


@pytest.mark.parametrize("who", ["lena", "sam", "grace"])
def test_only_admins_change_columns(northwind, who):
    with pytest.raises(PermissionDenied):
        actions.edit_columns(
            northwind.workspace, by=getattr(northwind, who), columns=plans(northwind)[::3]
        )


def test_the_page_changes_columns_and_its_buttons_store_nothing(client_of, northwind):
    mia, now = client_of(northwind.mia), plans(northwind)
    moved = mia.post(URL, sent(now, do="down:1"))
    assert moved.status_code == 200
    order = [row["name"].value() for row in moved.context["columns"].rows]
    assert order == ["To do", "Review", "Doing", "Done"]
    assert plans(northwind) == now
    assert mia.post(URL, sent([now[0], now[2], now[1], now[3]])).status_code == 302
    assert [plan.name for plan in plans(northwind)] == order


def test_a_rule_s_no_keeps_what_was_typed(client_of, northwind):
    make_task(northwind.workspace, column=northwind.column("doing"))
    todo, _doing, review, done = plans(northwind)
    answer = client_of(northwind.mia).post(URL, sent([todo._replace(name="Kept"), review, done]))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "There are tasks in Doing. Move them first" in page
    assert 'value="Kept"' in page


# The other settings ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "typed", "field", "value"),
    [
        ("team", {"name": "North", "time_zone": "Asia/Tokyo"}, "time_zone", "Asia/Tokyo"),
        (
            "sprints",
            {"sprint_days": "7", "unplanned_allowance": "0", "impediment_days": "3"},
            "sprint_days",
            7,
        ),
        (
            "answers",
            {"answer_days": "3", "workday_starts": "08:30", "workday_ends": "16:00"},
            "answer_days",
            3,
        ),
        ("reviews", {"auto_publish_hours": "24"}, "auto_publish_hours", 24),
        ("reviews", {"auto_publish_hours": ""}, "auto_publish_hours", None),
    ],
)
def test_a_topic_is_saved(client_of, northwind, topic, typed, field, value):
    with arranging():
        Workspace.objects.update(auto_publish_hours=5)
    mia = client_of(northwind.mia)
    answer = mia.post(f"/w/northwind/settings/{topic}/", typed)
    assert answer.url == f"/w/northwind/settings/#{topic}"
    northwind.workspace.refresh_from_db()
    assert getattr(northwind.workspace, field) == value
    assert Activity.objects.get().verb == "workspace_edited"
    assert mia.get("/w/northwind/settings/").status_code == 200


@pytest.mark.parametrize(
    ("topic", "typed"),
    [
        ("team", {"name": "Kept In Form", "time_zone": "Mars"}),
        ("team", {"name": "x" * 81, "time_zone": "UTC"}),
        ("sprints", {"sprint_days": "43", "unplanned_allowance": "20", "impediment_days": "2"}),
        ("sprints", {"sprint_days": "14", "unplanned_allowance": "20", "impediment_days": "0"}),
        (
            "sprints",
            {"sprint_days": "9" * 5_000, "unplanned_allowance": "20", "impediment_days": "2"},
        ),
        ("answers", {"answer_days": "2", "workday_starts": "17:00", "workday_ends": "09:00"}),
        ("reviews", {"auto_publish_hours": "-1"}),
    ],
)
def test_a_topic_that_will_not_do_comes_back(client_of, northwind, topic, typed):
    answer = client_of(northwind.mia).post(f"/w/northwind/settings/{topic}/", typed)
    assert answer.status_code == 422
    form = next(form for name, _title, form, _url in answer.context["topics"] if name == topic)
    assert form.errors
    assert all(form[name].value() == value for name, value in typed.items())
    assert not Activity.objects.exists()
