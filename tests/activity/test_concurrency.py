"""The proof that a reader of `seq > last` misses nothing, and that the test would notice if it did.

Threads need real transactions on connections of their own: PostgreSQL, or SQLite in a file.
"""

import itertools
import threading
import time
from contextlib import closing, contextmanager

import pytest
from django.db import connection, connections, transaction
from django.db.models import F

from activity import clock
from activity.changes import SYSTEM, Busy, change
from activity.models import Activity, Cursor
from people.models import Membership, Workspace
from tests.arranging import arranging

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]

WRITERS = 8
CHANGES = 2_000
DEADLINE = 120  # seconds; a deadlock shows as a writer that is still there
postgresql_only = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="sequence ids are PostgreSQL's"
)


@pytest.fixture(autouse=True)
def _shared_database(transactional_db):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("SQLite in memory has one connection; set SPRINTBOARD_TEST_DB")


@pytest.fixture
def world(transactional_db, request):
    return request.getfixturevalue("northwind")


def in_thread(target, *args):
    """Start a thread that gives its database connection back at the end."""

    def run():
        try:
            target(*args)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


class Race:
    """Eight writers and one reader on one workspace.

    The reader polls for what is newer than the last it saw, as a page, a job or a webhook would.
    """

    def __init__(self, workspace, write, newer_than, changes=CHANGES):
        self.workspace, self.write, self.newer_than = workspace, write, newer_than
        self.each = changes // WRITERS
        self.seen, self.errors = [], []
        self._over = threading.Event()

    def _writer(self, number):
        try:
            for n in range(self.each):
                self.write(number, n)
        except Exception as error:  # noqa: BLE001  told to the test below
            self.errors.append(error)

    def _reader(self):
        last = 0
        while True:
            over = self._over.is_set()  # asked before the last look, so that it misses nothing
            for found in self.newer_than(last):
                self.seen.append(found)
                last = found
            if over:
                return
            time.sleep(0.001)

    def run(self):
        reader = in_thread(self._reader)
        writers = [in_thread(self._writer, number) for number in range(WRITERS)]
        deadline = time.monotonic() + DEADLINE
        for thread in writers:
            thread.join(max(0, deadline - time.monotonic()))
        stuck = [thread for thread in writers if thread.is_alive()]
        self._over.set()
        reader.join(10)
        assert not stuck, "writers wait for each other"
        assert not reader.is_alive()
        assert self.errors == []
        return self


def seqs_after(workspace):
    return lambda last: list(
        Activity.objects.filter(workspace=workspace, seq__gt=last)
        .order_by("seq")
        .values_list("seq", flat=True)
    )


def raw_activity(workspace, seq):
    return Activity.objects.create(
        workspace=workspace,
        seq=seq,
        verb="raced",
        subject_type="people.workspace",
        subject_id=workspace.pk,
        at=clock.now(),
    )


def test_a_reader_of_the_numbers_misses_nothing(world):
    workspace = world.workspace
    actors = itertools.cycle(world.people.values())
    hands = [next(actors) for _ in range(WRITERS)]

    def write(number, n):
        mine = Workspace.objects.get(pk=workspace.pk)
        with change(mine, by=hands[number]) as record:
            record("raced", workspace, writer=number, n=n)

    race = Race(workspace, write, seqs_after(workspace)).run()
    assert race.seen == list(range(1, CHANGES + 1)), "a gap, or out of order"
    assert Workspace.objects.get(pk=workspace.pk).seq == CHANGES
    for number in range(WRITERS):
        own = Activity.objects.filter(data__writer=number).order_by("seq")
        assert [activity.data["n"] for activity in own] == list(range(CHANGES // WRITERS))


def test_the_race_notices_numbers_drawn_in_a_transaction_of_their_own(world):
    """Positive control: gapless numbers that appear in another order than they were drawn."""
    workspace = world.workspace

    def write(number, n):
        with transaction.atomic():
            Workspace.objects.filter(pk=workspace.pk).update(seq=F("seq") + 1)
            seq = Workspace.objects.values_list("seq", flat=True).get(pk=workspace.pk)
        time.sleep(0.001 * (number % 4))
        raw_activity(workspace, seq)

    race = Race(workspace, write, seqs_after(workspace), changes=240).run()
    assert Activity.objects.count() == 240
    assert len(race.seen) < 240, "this way of counting loses nothing: the test above shows nothing"


@postgresql_only
def test_the_race_notices_ids_read_without_the_lock(world):
    """Positive control: ids are taken at INSERT and seen at COMMIT."""
    workspace = world.workspace
    seqs = itertools.count(1)

    def write(number, n):
        with transaction.atomic():
            raw_activity(workspace, next(seqs))
            time.sleep(0.001 * (number % 4))

    def ids_after(last):
        return list(
            Activity.objects.filter(workspace=workspace, pk__gt=last)
            .order_by("pk")
            .values_list("pk", flat=True)
        )

    race = Race(workspace, write, ids_after, changes=240).run()
    assert Activity.objects.count() == 240
    assert len(race.seen) < 240, "this way of reading loses nothing: the test above shows nothing"


# The lock --------------------------------------------------------------------------------------


@contextmanager
def held(workspace):
    """Hold a change of the workspace open in another thread."""
    entered, release = threading.Event(), threading.Event()

    def hold():
        with change(workspace, by=SYSTEM) as record:
            entered.set()
            release.wait(20)
            record("held", workspace)

    thread = in_thread(hold)
    assert entered.wait(10)
    try:
        yield
    finally:
        release.set()
        thread.join(10)


@contextmanager
def impatient():
    """Wait 100 ms for a lock on this connection, not seconds."""
    name = "lock_timeout" if connection.vendor == "postgresql" else "busy_timeout"
    read, write = (
        ("SHOW lock_timeout", "SET lock_timeout = %s")
        if name == "lock_timeout"
        else ("PRAGMA busy_timeout", "PRAGMA busy_timeout = %s")
    )
    with closing(connection.cursor()) as cursor:
        cursor.execute(read)
        usual = cursor.fetchone()[0]
        cursor.execute(write % 100)
        try:
            yield
        finally:
            cursor.execute(write % (f"'{usual}'" if name == "lock_timeout" else usual))


def test_a_change_that_waits_too_long_is_busy_and_saved_nothing(world):
    with (
        held(world.workspace),
        impatient(),
        pytest.raises(Busy),
        change(world.workspace, by=world.mia) as record,
    ):
        record("never", world.workspace)
    with change(world.workspace, by=world.mia) as record:
        record("later", world.workspace)
    assert list(Activity.objects.order_by("seq").values_list("verb", flat=True)) == [
        "held",
        "later",
    ]


def test_a_member_deactivated_while_a_change_waits_does_not_act(world):
    refused = []

    def try_it():
        try:
            with change(world.workspace, by=world.lena) as record:
                record("never", world.workspace)
        except Exception as error:  # noqa: BLE001  compared below
            refused.append(type(error).__name__)

    with change(world.workspace, by=world.mia), arranging():
        waiting = in_thread(try_it)
        time.sleep(0.2)
        Membership.objects.filter(pk=world.lena.pk).update(is_active=False)
        assert waiting.is_alive()
    waiting.join(10)
    assert refused == ["PermissionDenied"]
    assert not Activity.objects.exists()


@postgresql_only
def test_a_transaction_outlives_a_change_that_was_busy(world):
    with held(world.workspace), impatient(), transaction.atomic():
        with pytest.raises(Busy), change(world.workspace, by=world.mia):
            pass
        assert Workspace.objects.filter(pk=world.workspace.pk).exists()


@postgresql_only
def test_foreign_keys_do_not_wait_for_a_change(world):
    with held(world.workspace), impatient(), arranging():
        Cursor.objects.create(workspace=world.workspace, reader="tests")
    assert Cursor.objects.exists()


@postgresql_only
def test_workspaces_do_not_wait_for_each_other(world, fjord):
    with held(world.workspace), impatient(), change(fjord.workspace, by=fjord.ola) as record:
        record("free", fjord.workspace)
    assert fjord.workspace.seq == 1
