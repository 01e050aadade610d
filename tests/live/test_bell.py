"""The bell between processes: a Redis that does not answer holds up nobody for long."""

import threading

import pytest
import redis

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
    monkeypatch.setattr(bell, "_silent_until", 0.0)
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
