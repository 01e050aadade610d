"""The bell between processes: a Redis that does not answer holds up nobody for long."""

import threading

import pytest
import redis

from activity import doorbell
from activity.breaker import Breaker
from live import bell


class Frozen:
    """Answers when the test ends."""

    def __init__(self):
        self.asked = 0
        self.reached = threading.Event()
        self.released = threading.Event()

    def publish(self, channel, words):
        self.asked += 1
        self.reached.set()
        self.released.wait(10)
        raise redis.TimeoutError


@pytest.fixture
def frozen(monkeypatch, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    server = Frozen()
    monkeypatch.setattr(bell, "_client", lambda: server)
    one_redis = Breaker()
    monkeypatch.setattr(bell, "bells", one_redis)
    monkeypatch.setattr(doorbell, "bells", one_redis)
    yield server
    server.released.set()


def ring():
    bell.heard_a_commit(None, workspace_id=1, seq=2)


def test_a_redis_that_does_not_answer_holds_up_one_request_and_is_then_left_alone(frozen):
    first = threading.Thread(target=ring)
    first.start()
    assert frozen.reached.wait(10)
    second = threading.Thread(target=ring)
    second.start()
    second.join(5)
    assert not second.is_alive()
    frozen.released.set()
    first.join(10)
    ring()
    assert frozen.asked == 1


def test_what_the_streams_learn_of_a_frozen_redis_costs_the_jobs_nothing(frozen):
    class Job:
        name = "tests.job"
        tries = 0

        def delay(self, *args):
            self.tries += 1

    frozen.released.set()
    ring()
    job = Job()
    doorbell._ring_now(job)
    assert (frozen.asked, job.tries) == (1, 0)
