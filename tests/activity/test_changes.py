from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from activity import clock
from activity.changes import SYSTEM, Change, change, committed, in_change
from activity.models import Activity, Audience
from people.models import Membership, User, Workspace
from tests.arranging import WroteOutsideAChange, arranging
from tests.factories import make_sprint

pytestmark = pytest.mark.django_db


def log():
    return list(Activity.objects.order_by("workspace", "seq").values_list("seq", "verb"))


@pytest.fixture
def heard():
    """What the `committed` signal told."""
    calls = []

    def listen(sender, **told):
        told.pop("signal")
        calls.append(told)

    committed.connect(listen)
    yield calls
    committed.disconnect(listen)


class Refused(Exception):
    pass


def test_records_are_numbered_in_order(northwind):
    with change(northwind.workspace, by=northwind.mia) as record:
        record("first", northwind.workspace)
        record("second", northwind.workspace)
    with change(northwind.workspace, by=SYSTEM) as record:
        record("third", northwind.workspace)
    assert log() == [(1, "first"), (2, "second"), (3, "third")]
    assert northwind.workspace.seq == 3
    assert Workspace.objects.get().seq == 3


def test_each_workspace_counts_for_itself(northwind, fjord):
    for world, actor in ((northwind, northwind.mia), (fjord, fjord.ola)):
        with change(world.workspace, by=actor) as record:
            record("came", world.workspace)
    assert log() == [(1, "came"), (1, "came")]


def test_a_record_says_who_did_what_to_which_with_what(northwind):
    sprint = make_sprint(northwind.workspace)
    before = clock.now()
    with change(northwind.workspace, by=northwind.lena) as record:
        record("moved", sprint, audience=Audience.MARKETERS, key="NW-1", at=sprint.starts_on)
        assert before <= record.at <= clock.now()
    kept = Activity.objects.get()
    assert (kept.actor, kept.subject_type, kept.subject_id, kept.audience, kept.at) == (
        northwind.lena,
        "backlog.sprint",
        sprint.pk,
        "marketers",
        record.at,
    )
    assert kept.data == {"key": "NW-1", "at": "2026-12-03"}


def test_a_change_that_records_nothing_takes_no_number(northwind):
    with change(northwind.workspace, by=northwind.mia):
        pass
    assert log() == []
    assert Workspace.objects.get().seq == 0


def test_a_failed_change_leaves_nothing(northwind, heard, django_capture_on_commit_callbacks):
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(Refused),
        change(northwind.workspace, by=northwind.mia) as record,
    ):
        Workspace.objects.filter(pk=northwind.workspace.pk).update(name="Lost")
        record("renamed", northwind.workspace)
        raise Refused
    assert log() == []
    assert Workspace.objects.get().name == "Northwind Instruments"
    assert northwind.workspace.seq == 0
    assert heard == []
    assert not in_change()


def test_who_is_refused_knows_the_number_of_what_came_first(northwind):
    early = Workspace.objects.get(pk=northwind.workspace.pk)
    with change(northwind.workspace, by=northwind.mia) as record:
        record("first", northwind.workspace)
    with pytest.raises(Refused), change(early, by=SYSTEM) as record:
        record("lost", northwind.workspace)
        raise Refused
    assert early.seq == 1


def test_the_number_is_free_again_after_a_failure(northwind):
    with pytest.raises(Refused), change(northwind.workspace, by=SYSTEM) as record:
        record("lost", northwind.workspace)
        raise Refused
    with change(northwind.workspace, by=SYSTEM) as record:
        record("kept", northwind.workspace)
    assert log() == [(1, "kept")]


# Nesting ---------------------------------------------------------------------------------------


def test_a_nested_change_joins_the_open_one(northwind):
    with change(northwind.workspace, by=northwind.mia) as outer:
        outer("first", northwind.workspace)
        with change(Workspace.objects.get(), by=northwind.mia) as inner:
            assert inner is outer
            inner("second", northwind.workspace)
        assert in_change()
        outer("third", northwind.workspace)
        assert log() == []
    assert log() == [(1, "first"), (2, "second"), (3, "third")]


def sells(member):
    return member.is_sales


def test_a_nested_change_acts_for_who_began(northwind):
    with (
        change(northwind.workspace, by=northwind.mia),
        change(northwind.workspace, by=northwind.sam) as record,
    ):
        assert record.actor == northwind.mia
        with pytest.raises(PermissionDenied):
            record.require(sells)


def test_a_verb_vouches_for_those_that_it_calls_as_the_system(northwind):
    with change(northwind.workspace, by=northwind.mia) as record:
        with change(northwind.workspace, by=SYSTEM) as inner:
            inner.require(sells)
            inner("done", northwind.workspace)
        with pytest.raises(PermissionDenied):
            record.require(sells)
        with pytest.raises(Refused), change(northwind.workspace, by=SYSTEM):
            raise Refused
        with pytest.raises(PermissionDenied):
            record.require(sells)
    assert Activity.objects.get().actor == northwind.mia, "the person stays on record"


def test_a_change_may_not_open_another_workspace(northwind, fjord):
    with pytest.raises(RuntimeError), change(northwind.workspace, by=northwind.mia) as record:
        record("here", northwind.workspace)
        with change(fjord.workspace, by=fjord.ola) as other:
            other("there", fjord.workspace)
    assert log() == []


def test_an_inner_failure_that_is_swallowed_leaves_no_trace(
    northwind, heard, django_capture_on_commit_callbacks
):
    rung = []
    with (
        django_capture_on_commit_callbacks(execute=True),
        change(northwind.workspace, by=northwind.mia) as record,
    ):
        record("first", northwind.workspace)
        with pytest.raises(Refused), change(northwind.workspace, by=northwind.mia) as inner:
            Workspace.objects.filter(pk=northwind.workspace.pk).update(name="Lost")
            transaction.on_commit(lambda: rung.append("lost"))
            inner("lost", northwind.workspace)
            raise Refused
        record("second", northwind.workspace)
    assert log() == [(1, "first"), (2, "second")]
    assert Workspace.objects.get().name == "Northwind Instruments"
    assert rung == []
    assert [call["verbs"] for call in heard] == [{"first", "second"}]


def test_an_inner_failure_at_a_constraint_can_be_survived(northwind):
    make_sprint(northwind.workspace, 13)
    with change(northwind.workspace, by=SYSTEM) as record:
        with pytest.raises(IntegrityError), change(northwind.workspace, by=SYSTEM) as inner:
            inner("lost", northwind.workspace)
            make_sprint(northwind.workspace, 13)
        record("kept", northwind.workspace)
    assert log() == [(1, "kept")]


# Who acts --------------------------------------------------------------------------------------


def test_a_job_acts_as_nobody_and_is_asked_for_no_right(northwind):
    with change(northwind.workspace, by=SYSTEM) as record:
        record.require(lambda member: False)
        record("swept", northwind.workspace)
        assert record.by_system
    assert Activity.objects.get().actor is None


def test_a_policy_is_asked_about_the_actor_and_the_object(northwind):
    asked = []

    def rule(member, thing):
        asked.append((member, thing))
        return member.is_marketer

    with change(northwind.workspace, by=northwind.mia) as record:
        record.require(rule, "a thing")
    with pytest.raises(PermissionDenied), change(northwind.workspace, by=northwind.sam) as record:
        record.require(rule, "a thing")
    assert asked == [(northwind.mia, "a thing"), (northwind.sam, "a thing")]


@pytest.mark.parametrize("gone", ["membership", "user"])
def test_a_member_who_was_deactivated_meanwhile_changes_nothing(northwind, gone):
    with arranging():
        if gone == "membership":
            Membership.objects.filter(pk=northwind.lena.pk).update(is_active=False)
        else:
            User.objects.filter(pk=northwind.lena.user_id).update(is_active=False)
    with pytest.raises(PermissionDenied), change(northwind.workspace, by=northwind.lena) as record:
        record("never", northwind.workspace)
    assert log() == []
    assert not in_change()


def test_a_member_of_another_workspace_changes_nothing(northwind, fjord):
    with pytest.raises(PermissionDenied), change(northwind.workspace, by=fjord.ola):
        pass


def test_the_role_is_read_inside_the_change(northwind):
    with arranging():
        Membership.objects.filter(pk=northwind.lena.pk).update(role="sales")
    assert northwind.lena.is_marketer, "the object in hand is old"
    with change(northwind.workspace, by=northwind.lena) as record:
        assert record.actor.is_sales


# What it costs, and who hears of it -------------------------------------------------------------


def test_the_lock_comes_first_and_a_change_costs_four_statements(northwind):
    with (
        CaptureQueriesContext(connection) as seen,
        change(northwind.workspace, by=northwind.mia) as record,
    ):
        record("cheap", northwind.workspace)
    statements = [q["sql"] for q in seen if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) == 4
    assert 'FROM "people_workspace"' in statements[0]


def test_the_doorbell_rings_after_commit_and_once(
    northwind, heard, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        with change(northwind.workspace, by=northwind.mia) as record:
            record("first", northwind.workspace)
            record("second", northwind.workspace)
            assert heard == []
        assert heard == []
    assert heard == [
        {
            "workspace_id": northwind.workspace.pk,
            "seq": 2,
            "verbs": frozenset({"first", "second"}),
        }
    ]


def test_a_listener_that_fails_harms_nobody(
    northwind, heard, caplog, django_capture_on_commit_callbacks
):
    def broken(sender, **told):
        raise RuntimeError("no bell")

    committed.connect(broken, sender=Change)
    try:
        with (
            django_capture_on_commit_callbacks(execute=True),
            change(northwind.workspace, by=SYSTEM) as record,
        ):
            record("kept", northwind.workspace)
    finally:
        committed.disconnect(broken, sender=Change)
    assert log() == [(1, "kept")]
    assert len(heard) == 1


def test_the_guard_of_the_tests_bites(northwind):
    with pytest.raises(WroteOutsideAChange), transaction.atomic():
        Workspace.objects.filter(pk=northwind.workspace.pk).update(name="Sneaky")
    with change(northwind.workspace, by=SYSTEM):
        Workspace.objects.filter(pk=northwind.workspace.pk).update(name="Proper")
    assert Workspace.objects.get().name == "Proper"


def test_one_instant_for_everything_in_a_change(northwind, monkeypatch):
    with change(northwind.workspace, by=SYSTEM) as record:
        monkeypatch.setattr(clock, "system_now", lambda: datetime(2027, 1, 1, tzinfo=UTC))
        record("first", northwind.workspace)
        record("second", northwind.workspace)
    assert len(set(Activity.objects.values_list("at", flat=True))) == 1
