"""Who looks at the board and who holds a card: told as one piece, forgotten in time, never kept."""

import asyncio
import json

import pytest

from activity.models import Audience
from live import bell, presence
from live.door import Seat
from live.hub import Event, Hub, message
from live.presence import MOST_HELD, MOST_SHOWN, Presence
from people import actions as people
from people.models import Membership, Role
from tests.live.test_stream import Browser, at_the_stream, in_thread  # noqa: F401 - a fixture


def seat(pk, name="", role=Role.MARKETER, workspace=1):
    name = name or f"Person{pk:03} Somebody"
    return Seat(
        f"key{pk}",
        Membership(
            pk=pk, user_id=pk, workspace_id=workspace, role=role, shown_name=name, initials="PS"
        ),
        seq=10,
    )


class Room:
    """One process's presence, without a server; the clock is the test's."""

    def __init__(self, clock):
        self.clock = clock
        self.hub = Hub()
        self.presence = Presence(self.hub)

    def come(self, *args, at_board=True, **named):
        listener, _start = self.hub.join(seat(*args, **named), at_board=at_board)
        self.presence.came(listener)
        return listener

    def go(self, listener):
        self.hub.part(listener)
        self.presence.changed(listener.seat.workspace_id)

    def later(self, seconds):
        self.clock[0] += seconds
        self.presence._forget_the_old()

    def hold(self, member, task, workspace=1):
        self.presence.heard({"workspace": workspace, "member": member, "task": task})

    def seen(self, listener):
        """Return what a listener is told now; None when nothing is new."""
        self.presence.say()
        words = listener.take()
        return json.loads(words.split(b"data: ", 1)[1]) if words else None


@pytest.fixture
def clock(monkeypatch):
    now = [1_000.0]
    monkeypatch.setattr(presence.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def room(clock):
    return Room(clock)


def names(told):
    return [name for _member, name, _initials, _hue, _sales in told["here"]]


def test_everybody_at_the_board_is_told_who_is_there(room):
    mia, sam = room.come(1, "Mia Lindqvist"), room.come(2, "Sam Whitfield", role=Role.SALES)
    told = room.seen(mia)
    assert names(told) == ["Mia Lindqvist", "Sam Whitfield"]
    assert [face[-1] for face in told["here"]] == [False, True]
    assert told["count"] == 2
    assert room.seen(sam) == told


def test_who_looks_at_something_else_is_not_here_and_is_told_nothing(room):
    mia, lena = room.come(1, "Mia Lindqvist"), room.come(2, at_board=False)
    assert names(room.seen(mia)) == ["Mia Lindqvist"]
    assert room.seen(lena) is None


def test_tabs_and_browsers_of_one_person_are_one(room):
    mia = room.come(1)
    again = room.come(1)
    assert room.seen(mia)["count"] == 1
    room.go(again)
    assert room.seen(mia) is None


def test_who_leaves_is_gone(room):
    mia, lena = room.come(1, "Mia Lindqvist"), room.come(2)
    room.seen(mia)
    room.go(lena)
    assert names(room.seen(mia)) == ["Mia Lindqvist"]


def test_a_second_tab_learns_at_once_what_was_said(room):
    told = room.seen(room.come(1))
    assert room.seen(room.come(1)) == told


def test_workspaces_know_nothing_of_each_other(room):
    mia, ola = room.come(1, "Mia Lindqvist"), room.come(2, "Ola Fjord", workspace=2)
    room.hold(2, 5, workspace=2)
    assert names(room.seen(mia)) == ["Mia Lindqvist"]
    assert names(room.seen(ola)) == ["Ola Fjord"]


def test_a_card_is_held_until_it_is_put_down(room):
    mia, _lena = room.come(1), room.come(2, "Lena Okafor")
    room.hold(2, 77)
    assert room.seen(mia)["held"] == [[77, 2, "Lena"]]
    room.hold(2, None)
    assert room.seen(mia)["held"] == []


def test_a_hand_that_goes_silent_holds_nothing_after_a_while(room):
    mia, _lena = room.come(1), room.come(2, "Lena Okafor")
    room.hold(2, 77)
    room.later(10)
    room.hold(2, 77)
    room.later(14)
    assert room.seen(mia)["held"] == [[77, 2, "Lena"]]
    room.later(2)
    assert room.seen(mia)["held"] == []


def test_a_hand_holds_one_card_and_lets_go_when_its_page_is_gone(room):
    mia, lena = room.come(1), room.come(2, "Lena Okafor")
    room.hold(2, 77)
    room.hold(2, 78)
    assert room.seen(mia)["held"] == [[78, 2, "Lena"]]
    room.go(lena)
    assert room.seen(mia)["held"] == []


def test_nobody_who_is_not_here_holds_a_card(room):
    mia = room.come(1)
    room.hold(99, 77)
    assert room.seen(mia)["held"] == []


def test_a_listener_who_does_not_read_keeps_the_newest_word_only(room):
    mia = room.come(1)
    mia.tell(Event(11, Audience.EVERYONE, message({"seq": 11}), b"").full, 11)
    for pk in range(2, 60):
        room.come(pk)
        room.presence.say()
    assert len(mia.buffer) == 1
    words = mia.take()
    assert words.startswith(message({"seq": 11}))  # what happened is never dropped for it
    assert words.count(b"event: here") == 1
    assert b'"count":59' in words


def test_a_full_room_is_a_short_message(room):
    mia = room.come(1)
    for pk in range(2, 1_001):
        room.come(pk)
        room.hold(pk, 10_000 + pk)
    told = room.seen(mia)
    assert (len(told["here"]), told["count"]) == (MOST_SHOWN, 1_000)
    assert len(told["held"]) == MOST_HELD


def test_a_board_that_nobody_looks_at_is_forgotten(room):
    mia = room.come(1)
    room.hold(1, 77)
    room.presence.say()
    room.go(mia)
    room.hold(1, 77)
    room.presence.say()
    assert (room.presence.held, room.presence.elsewhere, room.presence._said) == ({}, {}, {})


# Two processes ------------------------------------------------------------------------------------


@pytest.fixture
def two(clock, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    return Room(clock), Room(clock)


def exchange(*rooms):
    """Carry between rooms what each has to tell, until nobody has anything more."""
    for _ in range(4):
        for room in rooms:
            room.presence.say()
            for news in room.presence._for_others():
                for other in rooms:
                    other.presence.heard(presence.read(json.dumps(news)))


def test_people_of_two_processes_see_each_other(two):
    one, other = two
    mia = one.come(1, "Mia Lindqvist")
    exchange(*two)
    sam = other.come(2, "Sam Whitfield", role=Role.SALES)
    exchange(*two)
    both = ["Mia Lindqvist", "Sam Whitfield"]
    assert names(json.loads(mia.take().split(b"data: ")[-1])) == both
    assert names(json.loads(sam.take().split(b"data: ")[-1])) == both
    other.go(sam)
    exchange(*two)
    assert names(json.loads(mia.take().split(b"data: ")[-1])) == ["Mia Lindqvist"]


def test_two_processes_do_not_talk_for_ever(two):
    one, other = two
    one.come(1)
    other.come(2)
    exchange(*two)
    assert one.presence._for_others() == other.presence._for_others() == []
    one.later(13)
    assert len(one.presence._for_others()) == 1


def test_an_empty_board_keeps_nobody_elsewhere_from_being_told(two):
    one, _other = two
    mia = one.come(1)
    exchange(*two)
    one.hub.part(mia)  # others are told at once, and her own board only when she does not come back
    for _ in range(2):
        one.come(2, workspace=2)
        one.presence.say()
        told = one.presence._for_others()
    assert [news["here"] for news in told if news["workspace"] == 1] == [[]]


def test_a_process_that_died_takes_its_people_with_it(two):
    one, other = two
    mia = one.come(1, "Mia Lindqvist")
    other.come(2)
    exchange(*two)
    mia.take()
    one.later(29)
    assert one.seen(mia) is None
    one.later(2)
    assert names(one.seen(mia)) == ["Mia Lindqvist"]


@pytest.mark.parametrize(
    "words",
    [
        "", "null", "[]", "{}", "7", '"x"', "\xff", '{"workspace": 1}', '{"workspace": "x"}',
        '{"workspace": 1, "process": "x", "here": 5}',
        '{"workspace": 1, "process": "x", "here": [[1]]}',
        '{"workspace": 1, "process": "x", "here": [["a", 1, 2, 3, 4]]}',
        '{"workspace": 1, "member": 1, "task": []}',
    ],
)  # fmt: skip
def test_what_makes_no_sense_changes_nothing(room, words):
    mia = room.come(1)
    before = room.seen(mia)
    room.presence.heard(presence.read(words))
    assert room.seen(mia) is None
    assert room.presence._words(1, [mia]) == message(before, "here")


def test_without_redis_nobody_else_is_told(monkeypatch, settings, northwind_member):
    settings.REDIS_URL = ""
    monkeypatch.setattr(bell, "_client", lambda: pytest.fail("there is no Redis"))
    presence.tell_held(northwind_member, 7)


@pytest.fixture
def northwind_member():
    return seat(1).member


# By the stream ------------------------------------------------------------------------------------


class Board(Browser):
    """A browser whose page shows the board."""

    def __init__(self, stream, session_key):
        self.query = b"at=board"
        super().__init__(_asking(stream, self.query), session_key)

    async def here(self, wanted):
        """Return the first thing said about who is here that is as wanted."""
        while True:
            event, told = await self.next()
            if event == "here" and wanted(told):
                return told


def _asking(stream, query):
    async def asked(scope, receive, send):
        await stream({**scope, "query_string": query}, receive, send)

    return asked


@pytest.mark.django_db(transaction=True)
def test_a_removed_member_disappears_and_a_hand_is_seen(northwind, at_the_stream):  # noqa: F811
    async def story(stream, mias, lenas):
        mia, lena = Board(stream, mias), Board(stream, lenas)
        told = await mia.here(lambda told: told["count"] == 2)
        assert names(told) == sorted([northwind.lena.shown_name, northwind.mia.shown_name])
        await in_thread(presence.tell_held, northwind.lena, 77)
        await mia.here(lambda told: told["held"] == [[77, northwind.lena.pk, "Lena"]])
        await in_thread(people.deactivate_member, northwind.lena, by=northwind.mia)
        await mia.here(lambda told: (told["count"], told["held"]) == (1, []))
        await lena.ended()

    at_the_stream(story, northwind.mia, northwind.lena)


@pytest.mark.django_db(transaction=True)
def test_a_page_that_is_loaded_again_does_not_flicker(
    northwind,
    at_the_stream,  # noqa: F811
    monkeypatch,
):
    monkeypatch.setattr(presence, "BACK_SECONDS", 0.6)

    async def story(stream, mias, lenas):
        mia, lena = Board(stream, mias), Board(stream, lenas)
        await mia.here(lambda told: told["count"] == 2)
        lena.closed.set()
        await lena.ended()
        await Board(stream, lenas).here(lambda told: told["count"] == 2)
        await asyncio.sleep(1)
        assert mia.raw.count(b'"count":1') <= 1  # Mia herself, at the beginning
        assert mia.raw.rindex(b'"count":2') > mia.raw.rfind(b'"count":1')

    at_the_stream(story, northwind.mia, northwind.lena)
