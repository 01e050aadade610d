"""Fan-out: everyone hears all that is his, in order, and a slow one costs nothing."""

import json

import pytest

from activity.models import Audience
from live.door import Seat
from live.hub import BUFFERED_EVENTS, Event, Hub, message
from people.models import Membership, Role


def seat(workspace=1, role=Role.MARKETER, pk=1):
    return Seat("key", Membership(pk=pk, user_id=pk, workspace_id=workspace, role=role), seq=10)


def event(seq, audience=Audience.EVERYONE):
    return Event(seq, audience, message({"seq": seq, "verb": "did"}), message({"seq": seq}))


def heard(listener):
    lines = listener.take().decode().split("\n\n")
    return [json.loads(line.split("data: ", 1)[1]) for line in lines if "data: " in line]


def test_a_listener_hears_what_comes_after_he_joined_in_order():
    hub = Hub()
    listener, start = hub.join(seat())
    hub.tell(1, [event(11), event(12)])
    assert start == 10
    assert [news["seq"] for news in heard(listener)] == [11, 12]


def test_nothing_is_told_twice_and_nothing_of_another_workspace():
    hub = Hub()
    listener, _start = hub.join(seat())
    hub.tell(1, [event(11)])
    hub.tell(1, [event(11), event(12)])
    hub.tell(2, [event(50)])
    assert [news["seq"] for news in heard(listener)] == [11, 12]


def test_the_second_listener_begins_where_the_first_one_has_come():
    hub = Hub()
    hub.join(seat())
    hub.tell(1, [event(11), event(12)])
    _listener, start = hub.join(seat())
    assert start == 12


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        (Role.MARKETER, ["did", "did", "did"]),
        (Role.MANAGER, ["did", "did", None]),
        (Role.SALES, ["did", None, None]),
    ],
)
def test_who_is_not_meant_learns_the_number_alone(role, verbs):
    hub = Hub()
    listener, _start = hub.join(seat(role=role))
    hub.tell(
        1,
        [event(11), event(12, Audience.MARKETERS_AND_MANAGERS), event(13, Audience.MARKETERS)],
    )
    news = heard(listener)
    assert [one["seq"] for one in news] == [11, 12, 13]
    assert [one.get("verb") for one in news] == verbs


def test_one_who_does_not_read_is_sent_to_catch_up_and_holds_no_memory():
    hub = Hub()
    listener, _start = hub.join(seat())
    hub.tell(1, [event(11 + n) for n in range(BUFFERED_EVENTS + 1)])
    assert len(listener.buffer) == 1
    assert listener.take().startswith(b"event: resync\n")


def test_a_workspace_that_nobody_follows_is_forgotten():
    hub = Hub()
    first, _start = hub.join(seat())
    second, _start = hub.join(seat(pk=2))
    hub.part(first)
    assert hub.told == {1: 10}
    hub.part(second)
    assert hub.told == {}
    assert len(hub) == 0


def test_those_who_may_not_listen_any_more_are_told_to_leave():
    hub = Hub()
    gone, stays = seat(), seat(pk=2)
    first, _start = hub.join(gone)
    second, _start = hub.join(stays)
    hub.dismiss({gone}, "refused")
    assert (first.leaving, second.leaving) == ("refused", "")
    assert first.wake.is_set()


def test_a_message_is_one_event_whatever_is_in_it():
    assert message({"text": "a\n\ndata: b\r\u2028"}).count(b"\n\n") == 1
