import threading

import pytest
from django.db import transaction

from activity import breaker, doorbell
from activity.breaker import Breaker


class Bell:
    name = "tests.bell"

    def __init__(self, fails=0):
        self.tries, self.rung, self.fails = 0, [], fails

    def delay(self, *args):
        self.tries += 1
        if self.tries <= self.fails:
            raise ConnectionError("the broker is away")
        self.rung.append(args)


@pytest.fixture(autouse=True)
def monotonic(monkeypatch):
    """A process that has heard of no failure yet, and whose time the test moves."""
    now = [1000.0]
    monkeypatch.setattr(doorbell, "bells", Breaker())
    monkeypatch.setattr(breaker.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.django_db
def test_it_rings_after_commit_only(django_capture_on_commit_callbacks):
    bell = Bell()
    with django_capture_on_commit_callbacks(execute=True):
        doorbell.ring(bell, 7)
        assert bell.rung == []
    assert bell.rung == [(7,)]


@pytest.mark.django_db
def test_what_is_rolled_back_rings_nothing(django_capture_on_commit_callbacks):
    bell = Bell()
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            doorbell.ring(bell, 7)
            raise ZeroDivisionError
        doorbell.ring(bell, 8)
    assert bell.rung == [(8,)]


def test_an_absent_broker_is_asked_once_and_then_left_alone(monotonic, caplog):
    bell = Bell(fails=1)
    for n in range(50):
        doorbell._ring_now(bell, n)
    assert (bell.tries, bell.rung) == (1, [])
    assert [record.message for record in caplog.records] == [
        "Could not ring tests.bell; the sweep will find its work."
    ]


def test_the_breaker_holds_for_every_job(monotonic):
    doorbell._ring_now(Bell(fails=1))
    other = Bell()
    doorbell._ring_now(other)
    assert other.tries == 0


def test_after_the_pause_it_rings_again(monotonic):
    bell = Bell(fails=1)
    doorbell._ring_now(bell, "lost")
    monotonic[0] += breaker.PAUSE_SECONDS - 0.1
    doorbell._ring_now(bell, "too soon")
    monotonic[0] += 0.1
    doorbell._ring_now(bell, "heard")
    assert bell.rung == [("heard",)]


def test_while_one_ring_gets_no_answer_the_others_do_not_queue_behind_it():
    asked, answered = threading.Event(), threading.Event()

    class Frozen(Bell):
        def delay(self, *args):
            asked.set()
            assert answered.wait(10)

    stuck = threading.Thread(target=doorbell._ring_now, args=(Frozen(),))
    stuck.start()
    assert asked.wait(10)
    other = Bell()
    doorbell._ring_now(other)
    assert stuck.is_alive(), "the second waited for the first"
    answered.set()
    stuck.join(10)
    assert other.tries == 0
    doorbell._ring_now(other, "heard")
    assert other.rung == [("heard",)]
