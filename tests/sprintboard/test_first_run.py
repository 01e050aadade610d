"""The wizard: from an account to a board, in one go and once."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activity import clock
from activity.models import Activity
from notifications.models import OutboxItem
from people.models import Invitation, Membership, User, Workspace, WorkspaceDraft
from sprintboard.first_run import names
from sprintboard.first_run.forms import coming_sprints, next_thursday
from tests.arranging import arranging
from tests.factories import make_member, make_sprint, make_task

pytestmark = pytest.mark.django_db

STEPS = ["/new/", "/new/sprints/", "/new/board/", "/new/people/"]
BACKEND = "django.contrib.auth.backends.ModelBackend"
COLUMNS = {
    "column_name": ["To do", "Doing", "Review", "Done"],
    "column_category": ["todo", "doing", "review", "done"],
    "column_wip_limit": ["", "5", "3", ""],
    "column_pk": ["", "", "", ""],
}


def person(email: str = "ada@berg.example", name: str = "Ada Berg") -> User:
    return User.objects.create_user(email, name=name, time_zone="Europe/Oslo")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def ada() -> User:
    return person()


@pytest.fixture
def as_ada(ada) -> Client:
    return signed_in(ada)


def shown(client: Client, url: str) -> dict[str, object]:
    """Return what a step's form would send as it is shown."""
    page = client.get(url)
    form = page.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    if page.context["columns"]:
        for name in ("name", "category", "wip_limit", "pk"):
            sent[f"column_{name}"] = [
                row[name].value() or "" for row in page.context["columns"].rows
            ]
    return sent


def press_on(client: Client, until: int = 4) -> object:
    """Press Continue on each step, as the steps are shown."""
    answer = None
    for url in STEPS[:until]:
        answer = client.post(url, shown(client, url))
    return answer


# Four times Continue ---------------------------------------------------------------------------


def test_four_times_continue_makes_a_workspace_that_is_ready(as_ada, ada):
    answer = press_on(as_ada)
    workspace = Workspace.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/w/{workspace.slug}/board/")
    assert (workspace.name, workspace.key, workspace.slug) == ("Berg", "BE", "berg")
    assert (workspace.time_zone, workspace.sprint_days) == ("Europe/Oslo", 14)
    assert [column.category for column in workspace.columns.all()] == COLUMNS["column_category"]
    assert workspace.channels.count() == 9
    founder = workspace.members.get()
    assert (founder.user, founder.is_admin, founder.role) == (ada, True, "marketer")
    first, last = workspace.sprints.first(), workspace.sprints.last()
    assert first.starts_on.weekday() == 3
    assert last.ends_on >= workspace.today() + timedelta(weeks=6)
    page = as_ada.get(answer.url).content.decode()
    assert "First steps" in page
    assert "Berg is ready." in page


def test_what_is_answered_is_what_is_made(as_ada):
    monday = next_thursday(clock.now().date()) + timedelta(days=4)
    as_ada.post("/new/", {"name": "Berg & Co", "key": "bgc", "slug": "Berg"})
    sprints = {
        "sprint_days": "7",
        "first_sprint_on": monday,
        "first_sprint": "41",
        "time_zone": "Asia/Tokyo",
    }
    as_ada.post("/new/sprints/", sprints)
    columns = {
        "column_name": ["Ideas", "Shipped"],
        "column_category": ["todo", "done"],
        "column_wip_limit": ["12", ""],
        "column_pk": ["", ""],
    }
    as_ada.post("/new/board/", {**columns, "channels": "Fairs\n\nBlog\nfairs"})
    people = {
        "marketer": "",
        "sales": "Sam <Sam@Berg.example>; kim@berg.example\nada@berg.example",
        "manager": "grace@berg.example",
    }
    board = as_ada.post("/new/people/", people, follow=True).content.decode()
    assert "Sprint 41 can start on" in board
    workspace = Workspace.objects.get()
    assert (workspace.key, workspace.slug, workspace.sprint_days) == ("BGC", "berg", 7)
    first = workspace.sprints.order_by("number").first()
    assert (first.number, first.starts_on) == (41, monday)
    assert [(c.name, c.wip_limit) for c in workspace.columns.all()] == [
        ("Ideas", 12),
        ("Shipped", None),
    ]
    assert [channel.name for channel in workspace.channels.all()] == ["Fairs", "Blog"]
    assert set(Invitation.objects.values_list("address", "role")) == {
        ("sam@berg.example", "sales"),
        ("kim@berg.example", "sales"),
        ("grace@berg.example", "manager"),
    }
    assert OutboxItem.objects.filter(kind="people.invitation").count() == 3


def test_the_preview_shows_the_sprints_that_are_made(as_ada):
    press_on(as_ada, 1)
    told = as_ada.get("/new/sprints/").context["part"].sprints
    for url in STEPS[1:]:
        as_ada.post(url, shown(as_ada, url))
    made = Workspace.objects.get().sprints.order_by("number")
    assert [(s.number, s.starts_on, s.ends_on) for s, _ticks in told] == [
        (sprint.number, sprint.starts_on, sprint.ends_on) for sprint in made
    ]


def test_six_weeks_of_sprints_are_at_least_three():
    day = date(2026, 12, 3)
    assert [sprint.number for sprint in coming_sprints(day, 21, day)] == [1, 2, 3]
    assert len(list(coming_sprints(day, 7, day))) == 7


def test_what_is_typed_is_previewed_without_being_stored(as_ada):
    query = {"name": "Blå Kaffe", "key": "", "slug": ""}
    page = as_ada.get("/new/", query, headers={"HX-Request": "true"}).content.decode()
    assert "bla-kaffe" in page
    assert "BK-1" in page
    assert "<form" not in page
    assert not WorkspaceDraft.objects.exists()


# Kept between the steps ------------------------------------------------------------------------


def test_nothing_of_a_workspace_is_there_before_the_last_step(as_ada):
    press_on(as_ada, 3)
    assert not Workspace.objects.exists()
    assert not Membership.objects.exists()


def test_answers_survive_reload_another_window_and_signing_out(ada, as_ada):
    as_ada.post("/new/", {"name": "Kept & Sons", "key": "", "slug": ""})
    as_ada.post("/accounts/logout/")
    elsewhere = signed_in(ada)
    assert 'value="Kept &amp; Sons"' in elsewhere.get("/new/").content.decode()
    assert elsewhere.get("/new/sprints/").status_code == 200


def test_a_step_cannot_be_skipped(as_ada):
    assert as_ada.get("/new/people/").url == "/new/"
    assert as_ada.post("/new/people/", {}).url == "/new/"
    press_on(as_ada, 1)
    assert as_ada.get("/new/people/").url == "/new/sprints/"


def test_back_and_finish_later_keep_what_is_half_typed(as_ada):
    press_on(as_ada, 1)
    half = {"sprint_days": "21", "first_sprint_on": "", "time_zone": "Europe/Oslo", "go": "back"}
    assert as_ada.post("/new/sprints/", half).url == "/new/"
    assert as_ada.get("/new/sprints/").context["form"]["sprint_days"].value() == "21"
    assert as_ada.post("/new/sprints/", {**half, "go": "later"}).url == "/"
    page = as_ada.get("/").content.decode()
    assert "What you typed is kept" in page
    assert 'href="/new/board/"' in page


def test_half_an_answer_is_asked_for_again_before_anything_is_made(as_ada):
    press_on(as_ada, 1)
    half = {"sprint_days": "21", "first_sprint_on": "", "time_zone": "Europe/Oslo", "go": "later"}
    as_ada.post("/new/sprints/", half)
    as_ada.post("/new/board/", shown(as_ada, "/new/board/"))
    answer = as_ada.post("/new/people/", shown(as_ada, "/new/people/"))
    assert answer.url == "/new/sprints/"
    assert not Workspace.objects.exists()
    assert "first_sprint_on" in as_ada.get("/new/sprints/").context["form"].errors


def test_a_nul_that_is_kept_for_later_breaks_nothing(as_ada):
    as_ada.post("/new/", {"name": "a\x00b", "key": "", "slug": "", "go": "later"})
    assert 'value="ab"' in as_ada.get("/new/").content.decode()


@pytest.mark.parametrize(
    ("step", "field", "value"),
    [
        (0, "name", ""),
        (0, "name", "x" * 81),
        (0, "name", "Berg\u202egreB"),
        (0, "name", "Be\x00rg"),
        (0, "key", "1A"),
        (0, "key", "ßßßßßß"),
        (0, "key", "NW-2"),
        (0, "key", "TOOLONGKEY"),
        (0, "slug", "no/slash"),
        (0, "slug", "northwind"),
        (1, "time_zone", "Mars"),
        (1, "sprint_days", "13"),
        (1, "first_sprint_on", "soon"),
        (1, "first_sprint_on", "1999-01-01"),
        (1, "first_sprint_on", "9999-12-31"),
        (1, "first_sprint", "0"),
        (1, "first_sprint", "10000"),
        (1, "first_sprint", "one"),
        (2, "channels", "x" * 41),
        (2, "channels", "\n".join(str(n) for n in range(31))),
        (2, "channels", "a\u202eb"),
        (3, "sales", "sam@"),
        (3, "sales", "sam@berg.example\nBcc: all@example.org"),
        (3, "sales", ",".join(f"p{n}@berg.example" for n in range(51))),
        (3, "manager", "x" * 300 + "@berg.example"),
    ],
)
def test_what_will_not_do_comes_back_as_it_was_typed(as_ada, northwind, step, field, value):
    press_on(as_ada, step)
    kept = WorkspaceDraft.objects.values_list("answers", flat=True).first()
    answer = as_ada.post(STEPS[step], {**shown(as_ada, STEPS[step]), field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert answer.context["form"][field].value() == value
    assert WorkspaceDraft.objects.values_list("answers", flat=True).first() == kept
    assert not Workspace.objects.exclude(pk=northwind.workspace.pk).exists()


def test_one_person_is_not_two_things(as_ada):
    press_on(as_ada, 3)
    twice = {"marketer": "kim@berg.example", "sales": "Kim@berg.example", "manager": ""}
    answer = as_ada.post("/new/people/", twice)
    assert answer.status_code == 422
    assert "stands under Marketing already" in answer.content.decode()


# Columns ---------------------------------------------------------------------------------------


def names_after(client: Client, do: str, **columns: object) -> list[str]:
    answer = client.post("/new/board/", {**COLUMNS, "channels": "", **columns, "do": do})
    assert answer.status_code == 302
    page = client.get(answer.url)
    assert page.status_code == 200
    return [row["name"].value() for row in page.context["columns"].rows]


@pytest.mark.parametrize(
    ("do", "after"),
    [
        ("add", ["To do", "Doing", "Review", "", "Done"]),
        ("up:1", ["Doing", "To do", "Review", "Done"]),
        ("up:0", ["To do", "Doing", "Review", "Done"]),
        ("down:3", ["To do", "Doing", "Review", "Done"]),
        ("down:2", ["To do", "Doing", "Done", "Review"]),
        ("remove:1", ["To do", "Review", "Done"]),
        ("remove:9", ["To do", "Doing", "Review", "Done"]),
        ("remove:x", ["To do", "Doing", "Review", "Done"]),
        ("turn", ["To do", "Doing", "Review", "Done"]),
    ],
)
def test_rows_move_without_scripts(as_ada, do, after):
    press_on(as_ada, 2)
    assert names_after(as_ada, do) == after


def test_no_more_rows_than_a_board_may_have(as_ada):
    press_on(as_ada, 2)
    many = {
        "column_name": [f"C{n}" for n in range(12)],
        "column_category": ["doing"] * 12,
        "column_wip_limit": [""] * 12,
        "column_pk": [""] * 12,
    }
    assert len(names_after(as_ada, "add", **many)) == 12


@pytest.mark.parametrize(
    "columns",
    [
        {"column_name": ["To do", "to DO", "Review", "Done"]},
        {"column_name": ["To do", "", "Review", "Done"]},
        {"column_name": ["To do", "x" * 41, "Review", "Done"]},
        {"column_category": ["doing", "doing", "review", "done"]},
        {"column_category": ["todo", "doing", "review", "review"]},
        {"column_category": ["todo", "mars", "review", "done"]},
        {"column_wip_limit": ["", "0", "", ""]},
        {"column_wip_limit": ["", "-5", "", ""]},
        {"column_wip_limit": ["", "9" * 5_000, "", ""]},
        {"column_name": ["To do"], "column_category": ["todo"]},
        {"column_name": [], "column_category": [], "column_wip_limit": [], "column_pk": []},
        {"column_name": ["x"] * 40, "column_category": ["todo"] * 40},
    ],
)
def test_columns_that_no_board_can_work_with_are_refused(as_ada, columns):
    press_on(as_ada, 2)
    answer = as_ada.post("/new/board/", {**COLUMNS, "channels": "", **columns})
    assert answer.status_code == 422
    assert not Workspace.objects.exists()


# Once, whatever happens ------------------------------------------------------------------------


def test_a_last_step_that_is_sent_twice_makes_one(as_ada):
    press_on(as_ada, 3)
    sent = shown(as_ada, "/new/people/")
    first, second = (as_ada.post("/new/people/", sent) for _ in range(2))
    assert first.url == second.url == "/w/berg/board/"
    assert Workspace.objects.count() == 1


def test_a_window_that_was_left_open_leads_to_the_workspace(as_ada):
    press_on(as_ada)
    assert as_ada.post("/new/sprints/", {"sprint_days": "7"}).url == "/w/berg/board/"


def test_somebody_may_make_another_one(as_ada):
    press_on(as_ada)
    press_on(as_ada)
    assert set(Workspace.objects.values_list("slug", flat=True)) == {"berg", "berg-2"}


def test_an_address_that_somebody_took_meanwhile_is_asked_for_again(as_ada):
    as_ada.post("/new/", {"name": "Berg", "key": "", "slug": "berg"})
    for url in STEPS[1:3]:
        as_ada.post(url, shown(as_ada, url))
    with arranging():
        Workspace.objects.create(slug="berg", name="Faster", key="FA")
    answer = as_ada.post("/new/people/", shown(as_ada, "/new/people/"))
    assert answer.url == "/new/"
    assert "Somebody has this address already." in as_ada.get("/new/").content.decode()
    assert Workspace.objects.count() == 1


def test_what_breaks_in_the_middle_leaves_nothing(as_ada, monkeypatch):
    press_on(as_ada, 3)
    as_ada.raise_request_exception = False

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("sprintboard.actions.invite_people", broken)
    people = {"marketer": "", "sales": "sam@berg.example", "manager": ""}
    assert as_ada.post("/new/people/", people).status_code == 500
    assert not Workspace.objects.exists()
    assert not Activity.objects.exists()
    monkeypatch.undo()
    assert as_ada.post("/new/people/", people).url == "/w/berg/board/"


def test_more_people_than_a_day_has_room_for_are_told_on_the_last_step(as_ada):
    press_on(as_ada, 3)
    many = {
        "marketer": ",".join(f"m{n}@berg.example" for n in range(30)),
        "sales": ",".join(f"s{n}@berg.example" for n in range(30)),
        "manager": "",
    }
    answer = as_ada.post("/new/people/", many)
    assert answer.status_code == 422
    assert "You can invite 50 people a day" in answer.content.decode()
    assert not Workspace.objects.exists()
    assert not Invitation.objects.exists()


# From the sign-up ------------------------------------------------------------------------------


def test_signing_up_leads_to_the_first_step(client):
    data = {
        "name": "Ada Berg",
        "email": "ada@berg.example",
        "password1": "correct horse battery",
        "time_zone": "Europe/Oslo",
    }
    answer = client.post("/accounts/signup/", data, follow=True)
    assert answer.redirect_chain[-1][0] == "/new/"
    assert 'value="Berg"' in answer.content.decode()


@pytest.mark.parametrize(
    ("email", "name", "team"),
    [
        ("mia@northwind.example", "Mia", "Northwind"),
        ("mia@berg-and-co.co.uk", "Mia", "Berg And Co"),
        ("mia@mail.northwind.com", "Mia", "Northwind"),
        ("mia.l@gmail.com", "Mia Lind", "Mia’s team"),
        ("mia@gmx.de", "", "Marketing"),
    ],
)
def test_a_teams_name_is_guessed_from_the_address(email, name, team):
    assert names.team_name_of(User(email=email, name=name)) == team


@pytest.mark.parametrize(
    ("name", "key", "slug"),
    [
        ("Northwind Instruments", "NI", "northwind-instruments"),
        ("Fjord", "FJ", "fjord"),
        ("Mia’s team", "MT", "mias-team"),
        ("Smørrebrød & Sønner", "SS", "smorrebrod-sonner"),
        ("北極", "SB", "team"),
    ],
)
def test_keys_and_addresses_are_made_of_names(name, key, slug):
    assert (names.key_of(name), names.free_slug(name)) == (key, slug)


@pytest.mark.parametrize("url", STEPS)
def test_a_step_costs_little(as_ada, url):
    press_on(as_ada, 3)
    with CaptureQueriesContext(connection) as seen:
        as_ada.get(url)
    assert len(seen) <= 6


# One team --------------------------------------------------------------------------------------


@pytest.fixture
def single(settings):
    settings.SPRINTBOARD_SINGLE_TEAM = True


def test_the_first_account_makes_the_one_workspace(single, as_ada):
    assert as_ada.get("/").url == "/new/"
    press_on(as_ada)
    assert Workspace.objects.get().is_only_one
    page = as_ada.get("/w/berg/").content.decode()
    assert 'href="/new/"' not in page


@pytest.mark.parametrize("url", STEPS)
def test_after_that_there_is_no_way_to_another(single, northwind, as_ada, url):
    for answer in (as_ada.get(url), as_ada.post(url, {"name": "Second"})):
        assert answer.status_code == 404
        assert "This Sprintboard is for one team" in answer.content.decode()
    assert "Ask an admin" in as_ada.get("/").content.decode()


def test_after_that_people_come_by_invitation(single, northwind, client):
    assert "No new accounts here" in client.get("/accounts/signup/").content.decode()
    data = {"name": "X", "email": "x@x.example", "password1": "correct horse battery"}
    client.post("/accounts/signup/", data)
    assert not User.objects.filter(email="x@x.example").exists()
    assert "/accounts/signup/" not in client.get("/accounts/login/").content.decode()


def test_a_form_that_is_sent_twice_leads_to_the_one_workspace(single, as_ada):
    press_on(as_ada)
    assert as_ada.post("/new/people/", {}).url == "/w/berg/board/"


def test_who_comes_second_is_told(single, as_ada):
    press_on(as_ada, 3)
    kim = signed_in(person("kim@berg.example", "Kim"))
    press_on(kim)
    answer = as_ada.post("/new/people/", {})
    assert answer.status_code == 404
    assert Workspace.objects.get().members.get().user.email == "kim@berg.example"


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("only", [True, False])
def test_two_first_accounts_at_once_make_one_workspace(settings, only):
    """With the positive control: where many may be, both get theirs."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")
    settings.SPRINTBOARD_SINGLE_TEAM = only
    clients = [signed_in(person(f"{name}@berg.example", name)) for name in ("ada", "kim")]
    for client in clients:
        press_on(client, 3)
    start, statuses = threading.Barrier(2), []

    def finish(client: Client) -> None:
        start.wait()
        statuses.append(client.post("/new/people/", {}).status_code)
        connection.close()

    threads = [threading.Thread(target=finish, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Workspace.objects.count() == (1 if only else 2)
    assert sorted(statuses) == ([302, 404] if only else [302, 302])


# What to do first ------------------------------------------------------------------------------


def ticks(client: Client) -> list[bool]:
    return [step.is_done for step in client.get("/w/berg/board/").context["shell"].first_steps]


def test_the_first_steps_tick_themselves(as_ada):
    press_on(as_ada)
    workspace = Workspace.objects.get()
    assert ticks(as_ada) == [False, False, False, False]
    task = make_task(workspace)
    assert ticks(as_ada) == [True, False, False, False]
    sprint = workspace.sprints.first()
    with arranging():
        type(task).objects.filter(pk=task.pk).update(sprint=sprint)
    assert ticks(as_ada) == [True, True, False, False]
    as_ada.post("/w/berg/members/invite/", {"addresses": "sam@berg.example", "role": "sales"})
    assert ticks(as_ada) == [True, True, True, False]
    with arranging():
        type(sprint).objects.filter(pk=sprint.pk).update(started_at=clock.now())
    assert ticks(as_ada) == []
    assert "First steps" not in as_ada.get("/w/berg/board/").content.decode()


def test_each_marketer_may_put_them_away(as_ada, client_of):
    press_on(as_ada)
    lena = client_of(make_member(Workspace.objects.get(), "Lena Okafor", "marketer"))
    assert "See the form" not in lena.get("/w/berg/board/").content.decode()
    assert "Show Sales the request form" in lena.get("/w/berg/board/").content.decode()
    assert as_ada.post("/w/berg/first-steps/hide/").url == "/w/berg/board/"
    assert ticks(as_ada) == []
    assert len(ticks(lena)) == 4


def test_sales_and_old_workspaces_have_no_first_steps(northwind, client_of):
    make_sprint(northwind.workspace)
    sam = client_of(northwind.sam).get("/w/northwind/board/")
    assert sam.context["shell"].first_steps == []
    with arranging():
        month = clock.now() - timedelta(weeks=7)
        Workspace.objects.update(created_at=month)
    mia = client_of(northwind.mia).get("/w/northwind/board/")
    assert mia.context["shell"].first_steps == []
