import pytest
from django.db import IntegrityError

from activity.changes import SYSTEM, change
from activity.models import Activity, Audience, Cursor
from tests.factories import make_sprint

pytestmark = pytest.mark.django_db


def tell(world, *verbs, **fields):
    with change(world.workspace, by=SYSTEM) as record:
        for verb in verbs:
            record(verb, world.workspace, **fields)


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("lena", {"everyone", "marketers_and_managers", "marketers"}),
        ("grace", {"everyone", "marketers_and_managers"}),
        ("sam", {"everyone"}),
    ],
)
def test_each_role_sees_what_is_meant_for_it(northwind, fjord, who, sees):
    for audience in Audience:
        tell(northwind, audience.value, audience=audience)
        tell(fjord, "elsewhere", audience=audience)
    seen = Activity.objects.visible_to(northwind.people[who])
    assert set(seen.values_list("verb", flat=True)) == sees


def test_being_an_admin_shows_no_more(northwind):
    tell(northwind, "note", audience=Audience.MARKETERS)
    northwind.sam.is_admin = True
    assert not Activity.objects.visible_to(northwind.sam).exists()


def test_the_log_after_a_number_is_in_order_and_of_one_workspace(northwind, fjord):
    tell(northwind, "a", "b", "c")
    tell(fjord, "x", "y")
    found = Activity.objects.after(northwind.workspace, 1)
    assert [activity.verb for activity in found] == ["b", "c"]


def test_the_story_of_one_object_is_newest_first(northwind):
    first, second = (make_sprint(northwind.workspace, n) for n in (1, 2))
    with change(northwind.workspace, by=SYSTEM) as record:
        record("made", first)
        record("made", second)
        record("edited", first)
    assert [a.verb for a in Activity.objects.about(first)] == ["edited", "made"]


def test_a_number_is_given_once(northwind):
    tell(northwind, "first")
    with pytest.raises(IntegrityError), change(northwind.workspace, by=SYSTEM) as record:
        record.workspace.seq = 0
        record("again", northwind.workspace)


def test_a_reader_continues_where_it_stopped(northwind, fjord):
    tell(northwind, "a", "b", "c")
    tell(fjord, "x")
    with change(northwind.workspace, by=SYSTEM):
        cursor = Cursor.objects.create(workspace=northwind.workspace, reader="tests")
        assert [a.verb for a in cursor.unread(limit=2)] == ["a", "b"]
        cursor.seq = 2
        cursor.save()
    assert [a.verb for a in Cursor.objects.get().unread()] == ["c"]


def test_a_reader_has_one_place_in_each_workspace(northwind):
    with change(northwind.workspace, by=SYSTEM):
        Cursor.objects.create(workspace=northwind.workspace, reader="tests")
    with pytest.raises(IntegrityError), change(northwind.workspace, by=SYSTEM):
        Cursor.objects.create(workspace=northwind.workspace, reader="tests")
