"""Reads whose SQL is kept find what their queryset finds, in every thread."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.compiled import Compiled
from people.models import Membership, Workspace

by_place = Compiled(
    lambda user, slug: (
        Membership.objects.active()
        .select_related("workspace")
        .filter(user_id=user, workspace__slug=slug)
        .order_by("pk")
    ),
    user=int,
    slug=str,
)


@pytest.mark.both_databases
def test_it_finds_what_the_queryset_finds(northwind, fjord):
    for member in (northwind.mia, northwind.sam, fjord.ola):
        for slug in (northwind.workspace.slug, fjord.workspace.slug, "nowhere"):
            told = {"user": member.user_id, "slug": slug}
            found = by_place.all(**told)
            assert found == list(by_place.queryset(**told))
            assert by_place.first(**told) == by_place.queryset(**told).first()
    assert by_place.first(user=northwind.mia.user_id, slug="nowhere") is None


def test_it_asks_once_and_fills_what_it_joins(northwind):
    told = {"user": northwind.mia.user_id, "slug": northwind.workspace.slug}
    by_place.first(**told)
    with CaptureQueriesContext(connection) as made:
        found = by_place.first(**told)
        assert found.workspace.name == northwind.workspace.name
        assert found.joined_at == northwind.mia.joined_at
    assert len(made) == 1
    assert not found._state.adding


def test_what_was_found_is_the_callers_own(northwind):
    told = {"user": northwind.mia.user_id, "slug": northwind.workspace.slug}
    by_place.first(**told).shown_name = "Somebody"

    assert by_place.first(**told).shown_name == northwind.mia.shown_name


def test_it_gives_tuples_where_the_queryset_does(northwind):
    names = Compiled(
        lambda pk: Workspace.objects.filter(pk=pk).values_list("slug", "created_at"), pk=int
    )

    workspace = northwind.workspace
    assert names.all(pk=workspace.pk) == [(workspace.slug, workspace.created_at)]


@pytest.mark.parametrize(
    "told",
    [
        {"user": 1},
        {"user": 1, "slug": "a", "more": 1},
        {"user": "1", "slug": "a"},
        {"user": True, "slug": "a"},
        {"user": None, "slug": "a"},
        {"user": 1, "slug": 1},
    ],
)
def test_other_names_and_kinds_are_refused(db, told):
    with pytest.raises(TypeError):
        by_place.all(**told)


def test_a_value_that_the_queryset_does_not_compare_with_is_refused(db):
    careless = Compiled(lambda pk, slug: Workspace.objects.filter(pk=pk), pk=int, slug=str)

    with pytest.raises(TypeError, match="slug"):
        careless.all(pk=1, slug="a")


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_databases
def test_each_thread_asks_on_its_own_connection(northwind):
    told = {"user": northwind.mia.user_id, "slug": northwind.workspace.slug}
    found = [by_place.first(**told)]

    def ask() -> None:
        try:
            found.append(by_place.first(**told))
        finally:
            connection.close()

    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")
    thread = Thread(target=ask)
    thread.start()
    thread.join(30)
    assert [one.pk for one in found] == [northwind.mia.pk] * 2
