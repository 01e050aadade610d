"""How a member sees the board: his own lanes and density, on whatever device."""

from __future__ import annotations

import pytest
from django.urls import reverse

from activity.models import Activity
from backlog.models import BoardView, Sprint
from tests.factories import World, make_sprint, make_task

pytestmark = pytest.mark.django_db
ADDRESS = "/w/northwind/board/view/"


@pytest.fixture
def running(northwind: World) -> Sprint:
    return make_sprint(northwind.workspace, state="active")


def page_of(client, query: str = "") -> str:
    return client.get(f"/w/northwind/board/{query}").content.decode()


def test_a_member_finds_his_view_again_on_another_device(northwind, running, client_of):
    answer = client_of(northwind.sam).post(ADDRESS, {"lanes": "campaign", "density": "compact"})
    assert answer.url == reverse("board", args=["northwind"])
    page = page_of(client_of(northwind.sam))
    assert 'data-lanes="campaign"' in page
    assert '<body class="is-compact"' in page
    assert '<option value="campaign" selected>' in page


def test_a_view_is_nobody_elses(northwind, running, client_of):
    client_of(northwind.mia).post(ADDRESS, {"lanes": "origin", "density": "compact"})
    page = page_of(client_of(northwind.lena))
    assert 'data-lanes=""' in page
    assert "is-compact" not in page


def test_a_view_can_be_plain_again(northwind, running, client_of):
    mia = client_of(northwind.mia)
    mia.post(ADDRESS, {"lanes": "assignee", "density": "compact"})
    mia.post(ADDRESS, {"lanes": "", "density": ""})
    view = BoardView.objects.get()
    assert (view.member, view.lanes, view.is_compact) == (northwind.mia, "", False)


def test_a_view_is_no_change_of_the_workspace(northwind, running, client_of):
    """Open boards hear nothing of it, and what is kept of the board stays good."""
    before = northwind.workspace.seq
    answer = client_of(northwind.mia).post(
        ADDRESS, {"lanes": "channel"}, headers={"HX-Request": "true"}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    northwind.workspace.refresh_from_db()
    assert northwind.workspace.seq == before
    assert not Activity.objects.exists()


@pytest.mark.parametrize("typed", [{"lanes": "moon"}, {"density": "x" * 5_000}, {"lanes": "\0"}])
def test_a_view_that_there_is_not_is_refused(northwind, running, client_of, typed):
    assert client_of(northwind.mia).post(ADDRESS, typed).status_code == 422
    assert not BoardView.objects.exists()


def test_the_fragment_is_the_same_for_every_view(northwind, running, client_of):
    make_task(northwind.workspace, sprint=running)
    mia, lena = client_of(northwind.mia), client_of(northwind.lena)
    mia.post(ADDRESS, {"lanes": "assignee", "density": "compact"})
    address = reverse("board_columns", args=["northwind"])
    assert mia.get(address).content == lena.get(address).content


def test_columns_wait_only_for_what_scripts_will_do_to_them(northwind, running, client_of):
    mia = client_of(northwind.mia)
    assert "is-settling" not in page_of(mia)
    assert "is-settling" not in page_of(mia, "?page=2")
    assert "is-settling" in page_of(mia, "?campaign=3")
    mia.post(ADDRESS, {"lanes": "assignee"})
    assert "is-settling" in page_of(mia)


def test_the_filters_are_those_that_a_reader_can_use(northwind, running, client_of):
    mia, sam = page_of(client_of(northwind.mia)), page_of(client_of(northwind.sam))
    for name in ("sales", "blocked", "campaign", "person", "channel"):
        assert f'data-filter="{name}"' in mia
        assert f'data-filter="{name}"' in sam
    assert 'data-filter="mine"' in mia
    assert 'data-filter="mine"' not in sam  # nothing is assigned to Sales
    for channel in northwind.workspace.channels.all():
        assert f'<option value="{channel.pk}">{channel.name}</option>' in mia


def test_the_bar_is_not_swapped_with_the_board(northwind, running, client_of):
    answer = client_of(northwind.mia).get(reverse("board_columns", args=["northwind"]))
    assert 'id="board-bar" hx-morph-skip' in answer.content.decode()
    assert "csrfmiddlewaretoken" not in answer.content.decode()
