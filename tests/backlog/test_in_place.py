"""A task where it stands: each property by itself, on top of what others do meanwhile."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity.models import Activity
from backlog import actions
from backlog.models import Channel, Deliverable, Task
from backlog.property_forms import PROPERTIES, fingerprint, held
from campaigns.models import Campaign
from people.actions import deactivate_member
from tests.arranging import arranging
from tests.factories import make_member, make_sprint, make_task

HTMX = {"HX-Request": "true"}


@pytest.fixture
def running(northwind):
    return make_sprint(northwind.workspace, state="active", committed_points=50)


@pytest.fixture
def task(northwind, running):
    return make_task(northwind.workspace, "One-page flyer", sprint=running, points=3)


@pytest.fixture
def mia(northwind, client_of):
    return client_of(northwind.mia)


@pytest.fixture
def fair(northwind):
    with arranging():
        return Campaign.objects.create(workspace=northwind.workspace, name="Analytica fair")


@pytest.fixture
def channel(northwind):
    with arranging():
        return Channel.objects.create(workspace=northwind.workspace, name="Events", position=1)


def at(task, name="points", view="task_property"):
    return reverse(view, args=[task.workspace.slug, task.key, name])


def page_of(client, task, **headers):
    return client.get(task.get_absolute_url(), headers=headers).content.decode()


def seen(client, task, name):
    """Open the form of a property; return what it will send."""
    form = client.get(at(task, name), headers=HTMX).context["editor"]
    return {"version": str(form["version"].value()), "seen": form["seen"].value()}


def toast(answer):
    return json.loads(answer["HX-Trigger"])["toast"]["text"]


# Opening ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROPERTIES)
def test_each_property_opens_where_it_stands_and_on_a_page(northwind, task, mia, name):
    part = mia.get(at(task, name), headers=HTMX).content.decode()
    assert part.strip().startswith("<div")
    assert f'id="prop-{name}"' in part
    assert f'hx-target="#prop-{name}"' in part
    assert "autofocus" in part
    page = mia.get(at(task, name)).content.decode()
    assert "<html" in page
    assert f'action="{at(task, name)}"' in page
    assert "hx-post" not in page.split('class="prop-editor"')[1].split("</form>")[0]


def test_the_drawer_leads_to_each_form_and_opens_one_when_asked(northwind, task, mia):
    drawer = page_of(mia, task, **HTMX)
    for name in PROPERTIES:
        assert f'href="{at(task, name)}"' in drawer, name
    assert "prop-editor" not in drawer
    address = f"{task.get_absolute_url()}?focus=points"
    for headers in (HTMX, {}):
        page = mia.get(address, headers=headers).content.decode()
        assert page.count("prop-editor") == 1
        assert "data-editing" in page.split('id="prop-points"')[1].split("</div>")[0][:60]
    nonsense = mia.get(f"{task.get_absolute_url()}?focus=version", headers=HTMX)
    assert "prop-editor" not in nonsense.content.decode()


def test_points_are_one_press(northwind, task, mia):
    part = mia.get(at(task, "points"), headers=HTMX).content.decode()
    for number in (1, 2, 3, 5, 8, 13):
        assert f'name="points" value="{number}"' in part
    # the button's value comes after the field's, as a browser sends them
    data = {**seen(mia, task, "points"), "points": ["3", "8"]}
    assert mia.post(at(task, "points"), data, headers=HTMX).status_code == 200
    task.refresh_from_db()
    assert task.points == 8


def test_people_stand_with_their_faces_oneself_first(northwind, task, mia):
    form = mia.get(at(task, "assignee"), headers=HTMX).context["editor"]
    picks = form.picks()
    assert [pick.label for pick in picks][:2] == ["Mia Lindqvist (me)", "Nobody yet"]
    assert picks[1].current
    assert {pick.thing for pick in picks} == {northwind.mia, northwind.lena, None}
    part = mia.get(at(task, "assignee"), headers=HTMX).content.decode()
    assert part.count('class="avatar') >= len(picks)


def test_labels_that_were_used_are_suggested(northwind, task, mia):
    actions.edit_task(task, by=northwind.mia, version=1, labels=["print", "fair"])
    part = mia.get(at(task, "labels"), headers=HTMX).content.decode()
    assert '<option value="fair">' in part
    assert 'value="fair, print"' in part


def test_the_columns_are_offered_too(northwind, task, mia):
    part = mia.get(at(task, "status"), headers=HTMX).content.decode()
    for column in northwind.workspace.columns.all():
        assert f'name="column" value="{column.pk}"' in part
    move = reverse("task_move", args=["northwind", task.key])
    assert f'action="{move}"' in part
    assert mia.get(at(task, "status"))["Location"] == move
    assert mia.post(at(task, "status"))["Location"] == move


# Saving -----------------------------------------------------------------------------------------


def test_each_property_is_saved_by_itself(northwind, task, mia, fair, channel):
    values = {
        "title": ("Two-page flyer", "Two-page flyer"),
        "description": ("**Bold**", "**Bold**"),
        "assignee": (northwind.lena.pk, northwind.lena),
        "points": ("5", 5),
        "due_on": ("2026-12-14", date(2026, 12, 14)),
        "campaign": (fair.pk, fair),
        "channel": (channel.pk, channel),
        "impact": ("4", 4),
        "effort": ("2", 2),
        "cost": ("900", 900),
        "labels": ("fair, print", ["fair", "print"]),
    }
    assert set(values) == set(PROPERTIES)
    for number, (name, (typed, _value)) in enumerate(values.items(), start=1):
        answer = mia.post(at(task, name), {**seen(mia, task, name), name: typed}, headers=HTMX)
        part = answer.content.decode()
        assert answer.status_code == 200, name
        assert f'id="prop-{name}"' in part
        assert "prop-editor" not in part
        assert part.count("autofocus") == 1  # the focus comes back to the property
        assert task.key in toast(answer)
        told = Activity.objects.filter(verb="task_edited").latest("seq").data["changed"]
        assert name in told
        assert set(told) <= {name, "description_html", "rendered_by"}
        task.refresh_from_db()
        assert task.version == number + 1
    held = Task.objects.with_labels().get(pk=task.pk)
    for name, (_typed, value) in values.items():
        assert (held.label_names if name == "labels" else getattr(held, name)) == value, name
    assert "<strong>Bold</strong>" in held.description_html


def test_each_property_can_be_emptied_but_the_title(northwind, task, mia, fair, channel):
    actions.edit_task(
        task,
        by=northwind.mia,
        version=1,
        description="Words",
        assignee=northwind.lena,
        due_on=date(2026, 12, 14),
        campaign=fair,
        channel=channel,
        impact=1,
        effort=2,
        cost=3,
        labels=["fair"],
    )
    for name in PROPERTIES:
        answer = mia.post(at(task, name), {**seen(mia, task, name), name: ""}, headers=HTMX)
        assert answer.status_code == (422 if name == "title" else 200), name
    held = Task.objects.with_labels().get(pk=task.pk)
    assert held.title == "One-page flyer"
    assert (held.description, held.description_html, held.label_names) == ("", "", [])
    for name in ("assignee", "points", "due_on", "campaign", "channel", "impact", "effort", "cost"):
        assert getattr(held, name) is None, name


def test_without_scripts_a_save_leads_back_to_the_property(northwind, task, mia):
    data = {**seen(mia, task, "points"), "points": "8"}
    answer = mia.post(at(task, "points"), data)
    assert answer["Location"] == f"{task.get_absolute_url()}#prop-points"
    assert "saved" in mia.get(task.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("title", ""),
        ("title", "x" * 201),
        ("points", "101"),
        ("points", "-1"),
        ("points", "many"),
        ("due_on", "yesterday"),
        ("cost", "-1"),
        ("impact", "9"),
        ("assignee", "999999"),
        ("campaign", "x"),
        ("labels", "x" * 41),
        ("description", "x" * 20_001),
    ],
)
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_what_was_typed_stays_with_what_is_wrong(northwind, task, mia, name, typed, headers):
    data = {**seen(mia, task, name), name: typed}
    answer = mia.post(at(task, name), data, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'class="error"' in page
    if name not in {"impact", "assignee", "campaign"}:
        assert typed in page
    if headers and name == "title":  # what is refused is not shown as if it were so
        assert "One-page flyer" in page.split("prop-editor")[0]
    task.refresh_from_db()
    assert task.version == 1


@pytest.mark.parametrize("version", ["", "x", "0"])
def test_a_form_without_its_version_saves_nothing(northwind, task, mia, version):
    answer = mia.post(at(task), {"points": "8", "version": version}, headers=HTMX)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    task.refresh_from_db()
    assert task.points == 3


def test_nothing_else_of_a_form_is_written(northwind, task, mia):
    data = {**seen(mia, task, "points"), "points": "8", "title": "Stolen", "cost": "7"}
    mia.post(at(task), data, headers=HTMX)
    task.refresh_from_db()
    assert (task.points, task.title, task.cost) == (8, "One-page flyer", None)


# Taking back ------------------------------------------------------------------------------------


def undo_of(answer):
    return json.loads(answer["HX-Trigger"])["toast"].get("undo", "")


@pytest.mark.parametrize(
    ("name", "before", "typed"),
    [
        ("title", "One-page flyer & more", "Two pages"),
        ("description", "*Old* words\nin two lines", ""),
        ("points", 3, "8"),
        ("points", None, "8"),
        ("due_on", date(2026, 12, 3), "2026-12-04"),
        ("labels", ["flyer", "print"], "print"),
        ("impact", 2, ""),
        ("assignee", "lena", ""),
        ("campaign", "fair", ""),
    ],
)
def test_a_save_is_taken_back_by_its_undo(northwind, task, mia, fair, name, before, typed):
    if isinstance(before, str):
        before = {"lena": northwind.lena, "fair": fair}.get(before, before)
    actions.edit_task(task, by=northwind.lena, version=1, **{name: before})
    answer = mia.post(at(task, name), {**seen(mia, task, name), name: typed}, headers=HTMX)
    undo = undo_of(answer)
    added = {"version": "1", "lanes": ""}  # what the board sends with all that it sends
    back = mia.post(undo, added, headers={**HTMX, "HX-Target": "div#board-live"})
    assert back.status_code == 200
    assert 'id="board-live"' in back.content.decode()
    assert "as before." in toast(back)
    assert undo_of(back) == ""
    now = Task.objects.with_labels().get(pk=task.pk)
    assert fingerprint(held(now, name)) == fingerprint(before)
    again = mia.post(undo, headers={**HTMX, "HX-Target": "div#board-live"})
    assert again.status_code == 200  # it is as before: nothing is overwritten


def test_an_undo_never_overwrites_what_came_after(northwind, task, mia):
    def undo():
        answer = mia.post(at(task), {**seen(mia, task, "points"), "points": "8"}, headers=HTMX)
        return undo_of(answer)

    back = undo()
    now = Task.objects.get(pk=task.pk)
    actions.edit_task(now, by=northwind.lena, version=now.version, title="Lena's title")
    assert "Lena changed something else" in toast(
        mia.post(back, headers={**HTMX, "HX-Target": "div#board-live"})
    )
    back = undo()
    now = Task.objects.get(pk=task.pk)
    actions.edit_task(now, by=northwind.lena, version=now.version, points=13)
    answer = mia.post(back, headers={**HTMX, "HX-Target": "div#board-live"})
    assert answer.status_code == 409
    assert toast(answer) == "Points of NW-1 stays: Lena changed it first."
    plain = mia.post(back)
    assert plain.status_code == 409
    assert "Lena changed it first" in plain.content.decode()
    assert Task.objects.get(pk=task.pk).points == 13


def test_what_has_no_way_back_offers_none(northwind, task, mia):
    same = mia.post(at(task), {**seen(mia, task, "points"), "points": "3"}, headers=HTMX)
    assert undo_of(same) == ""
    actions.edit_task(task, by=northwind.lena, version=1, description="Long. " * 500)
    opened = seen(mia, task, "description")
    shorter = mia.post(at(task, "description"), {**opened, "description": "Short."}, headers=HTMX)
    assert undo_of(shorter) == ""
    actions.edit_task(
        task,
        by=northwind.lena,
        version=Task.objects.get(pk=task.pk).version,
        assignee=northwind.lena,
    )
    freed = mia.post(
        at(task, "assignee"), {**seen(mia, task, "assignee"), "assignee": ""}, headers=HTMX
    )
    deactivate_member(northwind.lena, by=northwind.mia)
    answer = mia.post(undo_of(freed), headers={**HTMX, "HX-Target": "div#board-live"})
    assert answer.status_code == 422
    assert toast(answer)


def test_without_scripts_an_undo_leads_back_too(northwind, task, mia):
    page = mia.post(
        at(task), {**seen(mia, task, "points"), "points": "8"}, follow=True
    ).content.decode()
    undo = re.search(r'action="([^"]+undo=1[^"]+)"', page).group(1).replace("&amp;", "&")
    assert "Points of NW-1: as before." in mia.post(undo, follow=True).content.decode()
    assert Task.objects.get(pk=task.pk).points == 3


# On top of others -------------------------------------------------------------------------------


def test_what_others_changed_elsewhere_is_kept_and_told(northwind, task, mia):
    opened = seen(mia, task, "points")
    actions.edit_task(task, by=northwind.lena, version=1, title="Lena's title")
    answer = mia.post(at(task), {**opened, "points": "8"}, headers=HTMX)
    assert answer.status_code == 200
    assert "Lena changed something else meanwhile" in toast(answer)
    task.refresh_from_db()
    assert (task.title, task.points, task.version) == ("Lena's title", 8, 3)


def test_a_card_that_was_moved_meanwhile_is_no_conflict(northwind, task, mia):
    opened = seen(mia, task, "description")
    moved = actions.move_task(task, by=northwind.lena, version=1, column=northwind.column("doing"))
    data = {**opened, "description": "A long text"}
    assert mia.post(at(task, "description"), data, headers=HTMX).status_code == 200
    moved.refresh_from_db()
    assert (moved.column, moved.description) == (northwind.column("doing"), "A long text")


@pytest.mark.parametrize("headers", [HTMX, {}])
@pytest.mark.parametrize(
    ("name", "theirs", "mine"),
    [
        ("title", "Lena's title", "Mia's title"),
        ("points", 8, "5"),
        ("description", "Lena's words", "Mia's words"),
        ("labels", ["hers"], "mine"),
    ],
)
def test_the_same_property_is_never_overwritten_unseen(
    northwind, task, mia, headers, name, theirs, mine
):
    opened = seen(mia, task, name)
    actions.edit_task(task, by=northwind.lena, version=1, **{name: theirs})
    answer = mia.post(at(task, name), {**opened, name: mine}, headers=headers)
    page = answer.content.decode().replace("&#x27;", "'")
    assert answer.status_code == 409
    assert "Lena changed this while you had it open" in page
    assert str(theirs if name != "labels" else theirs[0]) in page
    assert mine in page
    form = answer.context["editor"]
    again = {"version": form["version"].value(), "seen": form["seen"].value(), name: mine}
    assert mia.post(at(task, name), again, headers=HTMX).status_code == 200  # now it is a choice
    held = Task.objects.with_labels().get(pk=task.pk)
    saved = ", ".join(held.label_names) if name == "labels" else str(getattr(held, name))
    assert saved == mine


def test_a_choice_that_came_late_is_marked_and_one_press_away(northwind, task, mia):
    tomas = make_member(northwind.workspace, "Tomás Rey", "marketer")
    opened = seen(mia, task, "assignee")
    actions.edit_task(task, by=northwind.lena, version=1, assignee=northwind.lena)
    answer = mia.post(at(task, "assignee"), {**opened, "assignee": tomas.pk}, headers=HTMX)
    assert answer.status_code == 409
    picks = {pick.thing: pick for pick in answer.context["editor"].picks()}
    assert picks[northwind.lena].current
    assert picks[tomas].typed
    assert not picks[northwind.mia].typed


def test_the_same_form_sent_twice_is_saved_once(northwind, task, mia):
    data = {**seen(mia, task, "points"), "points": "8"}
    assert mia.post(at(task), data, headers=HTMX).status_code == 200
    assert mia.post(at(task), data, headers=HTMX).status_code == 200
    task.refresh_from_db()
    assert (task.points, task.version) == (8, 2)


def test_a_form_that_does_not_say_what_it_saw_keeps_to_the_version(northwind, task, mia):
    actions.edit_task(task, by=northwind.lena, version=1, title="Lena's title")
    answer = mia.post(at(task), {"version": "1", "points": "8"}, headers=HTMX)
    assert answer.status_code == 409


def test_equal_values_have_equal_names(northwind):
    assert fingerprint(["b", "A"]) == fingerprint(["a", "B"])
    assert fingerprint(None) == fingerprint("")
    assert fingerprint(northwind.mia) == fingerprint(northwind.mia.pk)
    assert fingerprint(3) != fingerprint(5)


def test_an_archived_task_is_not_edited(northwind, mia):
    task = make_task(northwind.workspace)
    opened = seen(mia, task, "points")
    actions.archive_task(task, by=northwind.lena, version=1)
    answer = mia.post(at(task), {**opened, "points": "8"}, headers=HTMX)
    assert answer.status_code == 422
    assert "archived" in answer.content.decode()
    task.refresh_from_db()
    assert task.points is None


# Who may ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_sales_and_managers_read_the_same_and_edit_nothing(northwind, task, client_of, name):
    client = client_of(getattr(northwind, name))
    actions.add_deliverable(task, by=northwind.mia, label="Flyer", url="https://example.com/a.pdf")
    for headers in (HTMX, {}):
        page = client.get(task.get_absolute_url(), headers=headers).content.decode()
        for text in ("One-page flyer", "Assignee", "Points", "What is it", "Flyer"):
            assert text in page
        assert "/edit/" not in page
        assert "prop-value" not in page
    assert "composer" in client.get(task.get_absolute_url(), headers=HTMX).content.decode()
    for prop in (*PROPERTIES, "status"):
        assert client.get(at(task, prop)).status_code == 403
        assert client.post(at(task, prop), {"version": 1, prop: "1"}).status_code == 403
    focused = client.get(f"{task.get_absolute_url()}?focus=points", headers=HTMX)
    assert "prop-editor" not in focused.content.decode()


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_sales_and_managers_say_something_in_the_drawer(northwind, task, client_of, name):
    client = client_of(getattr(northwind, name))
    comments = reverse("comments", args=["northwind", "task", task.key])
    assert client.post(comments, {"text": "Nice."}, headers=HTMX).status_code == 200
    assert "Nice." in page_of(client, task, **HTMX)


def test_a_property_that_is_none_or_elsewhere_is_a_404(northwind, fjord, task, mia, client_of):
    assert mia.get(at(task, "version")).status_code == 404
    assert client_of(fjord.ola).get(at(task)).status_code == 404


# What it costs, and what it tells ---------------------------------------------------------------


def test_opening_a_form_costs_little_however_many_people_there_are(northwind, task, mia):
    def cost(name):
        mia.get(at(task, name), headers=HTMX)
        with CaptureQueriesContext(connection) as queries:
            mia.get(at(task, name), headers=HTMX)
        return len(queries)

    few = {name: cost(name) for name in ("points", "assignee", "campaign", "labels", "status")}
    with arranging():
        for number in range(20):
            Campaign.objects.create(workspace=northwind.workspace, name=f"C{number}")
    for number in range(20):
        make_member(northwind.workspace, f"Person{number} Test", "marketer")
    for name, queries in few.items():
        assert cost(name) == queries, name
        assert queries - 3 <= 2, name  # session, user and membership; the task, and the choices


def test_ages_are_whole_days_of_the_workspace(northwind, task, mia):
    now = task.created_at
    with arranging():
        Task.objects.filter(pk=task.pk).update(
            created_at=now - timedelta(days=12), entered_column_at=now - timedelta(days=3)
        )
    page = page_of(mia, task, **HTMX)
    assert "3 days in To do" in page
    assert "12 days old" in page
    with arranging():
        Task.objects.filter(pk=task.pk).update(sprint=None, entered_column_at=now, created_at=now)
    page = page_of(mia, task, **HTMX)
    assert "made today" in page
    assert "in To do" not in page


def test_the_drawer_keeps_the_order_of_the_design(northwind, task, mia):
    page = page_of(mia, task, **HTMX)
    parts = (
        'id="prop-title"',
        'id="task-properties"',
        'id="prop-description"',
        'id="task-why"',
        'id="task-origin"',
        'id="checklist"',
        'id="deliverables"',
        'id="comments"',
        'id="task-activity"',
    )
    places = [page.index(part) for part in parts]
    assert places == sorted(places)


def test_what_happened_is_fetched_when_somebody_looks_for_it(northwind, task, mia):
    address = reverse("task_activity", args=["northwind", task.key])
    drawer = page_of(mia, task, **HTMX)
    assert f'hx-get="{address}" hx-trigger="revealed"' in drawer
    assert f'href="{address}"' in drawer
    version = 1
    for number in range(21):
        actions.edit_task(task, by=northwind.mia, version=version, points=number + 20)
        version += 1
    mia.get(address, headers=HTMX)
    with CaptureQueriesContext(connection) as queries:
        part = mia.get(address, headers=HTMX).content.decode()
    assert len(queries) - 3 == 2
    assert part.count("edited it: points") == 20
    assert "Earlier" in part
    assert mia.get(address).content.decode().count("edited it: points") == 21


# Links ------------------------------------------------------------------------------------------


@pytest.fixture
def link(northwind, task):
    return actions.add_deliverable(task, by=northwind.mia, label="Flyer", url="https://a.example/")


def link_at(task, link):
    return reverse("deliverable_edit", args=["northwind", task.key, link.pk])


def test_a_link_is_changed_where_it_stands(northwind, task, mia, link):
    part = mia.get(link_at(task, link), headers=HTMX).content.decode()
    assert 'value="Flyer"' in part
    assert 'id="deliverables"' in part
    data = {"label": "The flyer", "url": "https://b.example/"}
    answer = mia.post(link_at(task, link), data, headers=HTMX)
    assert 'href="https://b.example/"' in answer.content.decode()
    assert toast(answer) == "The link is changed."
    link.refresh_from_db()
    assert (link.label, link.url) == ("The flyer", "https://b.example/")
    told = Activity.objects.get(verb="deliverable_edited")
    assert told.data["was"] == {"label": "Flyer", "url": "https://a.example/"}
    told = mia.get(reverse("task_activity", args=["northwind", task.key]), headers=HTMX)
    assert "called the link “Flyer” “The flyer”" in told.content.decode()
    mia.post(link_at(task, link), data, headers=HTMX)
    assert Activity.objects.filter(verb="deliverable_edited").count() == 1


def test_a_link_is_changed_without_scripts(northwind, task, mia, link):
    page = mia.get(link_at(task, link)).content.decode()
    assert "<html" in page
    assert 'value="https://a.example/"' in page
    answer = mia.post(link_at(task, link), {"label": "F", "url": "https://b.example/"})
    assert answer["Location"] == f"{task.get_absolute_url()}#deliverables"


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_link_that_leads_nowhere_is_refused_and_kept_for_mending(
    northwind, task, mia, link, headers
):
    data = {"label": "My flyer", "url": "javascript:alert(1)"}
    answer = mia.post(link_at(task, link), data, headers=headers)
    assert answer.status_code == 422
    assert 'value="My flyer"' in answer.content.decode()
    assert Deliverable.objects.get().url == "https://a.example/"


def test_a_link_is_changed_only_at_its_own_task_and_by_marketers(
    northwind, task, link, mia, client_of
):
    other = make_task(northwind.workspace)
    data = {"label": "x", "url": "https://b.example/"}
    assert mia.post(link_at(other, link), data).status_code == 404
    assert client_of(northwind.sam).post(link_at(task, link), data).status_code == 403
    assert Deliverable.objects.get().label == "Flyer"
