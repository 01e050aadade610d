"""The frame of a page: which places a role sees, and what that costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity import clock
from backlog.models import Sprint
from people.models import Membership
from requests_intake.models import Request
from sprintboard.shell import Shell, shell
from tests.arranging import arranging
from tests.factories import World


def frame(member: Membership, path: str = "") -> Shell:
    # as access.member_required hands it over: workspace and user are there
    member = Membership.objects.select_related("workspace", "user").get(pk=member.pk)
    request = RequestFactory().get(f"/w/{member.workspace.slug}/{path}")
    request.member = member
    return shell(request)["shell"]


def keys(found: Shell) -> list[str]:
    return [place.key for place in found.places]


def ask(world: World, number: int, state: str = "waiting") -> None:
    with arranging():
        Request.objects.create(
            workspace=world.workspace,
            number=number,
            requester=world.sam,
            entered_by=world.sam,
            title="Slides",
            state=state,
            answer_due_at=clock.now(),
        )


def plan(world: World) -> Sprint:
    today = world.workspace.today()
    with arranging():
        return Sprint.objects.create(
            workspace=world.workspace,
            number=14,
            starts_on=today + timedelta(days=1),
            ends_on=today + timedelta(days=14),
        )


def test_outside_a_workspace_there_is_no_frame():
    assert shell(RequestFactory().get("/"))["shell"] is None


def test_marketers_go_to_the_triage_and_see_how_many_wait(northwind):
    ask(northwind, 1)
    ask(northwind, 2)
    ask(northwind, 3, state="accepted")

    place = next(one for one in frame(northwind.mia).places if one.key == "requests")

    assert place.url == reverse("triage", args=["northwind"])
    assert place.count == 2


@pytest.mark.parametrize("name", ["sam", "grace"])
def test_others_go_to_their_requests_without_a_count(northwind, name):
    ask(northwind, 1)

    place = next(one for one in frame(getattr(northwind, name)).places if one.key == "requests")

    assert place.url == reverse("requests", args=["northwind"])
    assert place.count == 0


def test_planning_is_there_for_marketers_once_a_sprint_is_planned(northwind):
    assert "planning" not in keys(frame(northwind.mia))
    plan(northwind)

    place = next(one for one in frame(northwind.mia).places if one.key == "planning")

    assert place.url == reverse("plan_sprint", args=["northwind", 14])
    assert "planning" not in keys(frame(northwind.sam))


def test_another_workspace_counts_for_itself(northwind, fjord):
    ask(northwind, 1)
    plan(northwind)

    found = frame(fjord.ola)

    assert "planning" not in keys(found)
    assert all(place.count == 0 for place in found.places)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("", "home"),
        ("now/", "now"),
        ("my-work/", "my-work"),
        ("impediments/", "impediments"),
        ("board/", "board"),
        ("tasks/NW-1/", "board"),
        ("triage/", "requests"),
        ("requests/new/", "requests"),
        ("sprints/", "sprints"),
        ("sprints/14/plan/", "planning"),
        ("reviews/12/edit/", "reviews"),
    ],
)
def test_the_place_of_a_page_is_marked_and_no_other(northwind, path, key):
    plan(northwind)

    current = [place.key for place in frame(northwind.mia, path).places if place.current]

    assert current == [key]


def test_a_phone_reaches_every_place(northwind):
    plan(northwind)
    for name in ("mia", "sam", "grace"):
        found = frame(getattr(northwind, name))

        assert sorted(keys(found)) == sorted(place.key for place in found.tabs + found.more)
        assert len(found.tabs) == 3


def test_who_does_not_work_on_the_board_has_now_in_its_place(northwind):
    tabs = {
        name: [place.key for place in frame(getattr(northwind, name)).tabs]
        for name in ("mia", "sam", "grace")
    }
    assert tabs == {
        "mia": ["home", "board", "requests"],
        "sam": ["home", "now", "requests"],
        "grace": ["home", "now", "reviews"],
    }


def test_the_main_action_is_what_the_role_does(northwind):
    assert frame(northwind.mia).main_action.url == reverse("new_task", args=["northwind"])
    assert frame(northwind.sam).main_action.url == reverse("request_new", args=["northwind"])
    assert frame(northwind.grace).main_action is None


def test_the_other_workspaces_are_those_of_the_person(northwind, fjord):
    with arranging():
        Membership.objects.create(
            user=northwind.mia.user, workspace=fjord.workspace, role="marketer", shown_name="Mia"
        )

    assert frame(northwind.mia).others == ((fjord.workspace.slug, fjord.workspace.name),)
    assert frame(northwind.lena).others == ()


def test_a_frame_costs_two_queries_and_none_before_it_is_shown(northwind):
    plan(northwind)
    with CaptureQueriesContext(connection) as made:
        found = frame(northwind.mia)
    assert len(made) == 1  # the membership itself

    with CaptureQueriesContext(connection) as shown:
        render_to_string("base.html", {"shell": found})
    assert len(shown) == 2, [query["sql"] for query in shown]


def test_the_frame_costs_two_queries_also_without_a_queue(northwind):
    """The reader's other workspaces, and every number of the frame: the bell's too."""
    found = frame(northwind.sam)
    with CaptureQueriesContext(connection) as shown:
        render_to_string("base.html", {"shell": found})
    assert len(shown) == 2
