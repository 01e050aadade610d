"""A stream over ASGI: begins with a number, tells changes, beats, refuses by an event, ends."""

import asyncio
import json

import pytest
from django.conf import settings
from django.db import transaction

from backlog import actions as backlog
from live import bell
from live import reader as reading
from live import stream as streaming
from live.stream import Stream
from people import actions as people

pytestmark = pytest.mark.django_db(transaction=True)


class Browser:
    """One connection, as the server gives it to the program."""

    def __init__(self, stream, session_key, slug="northwind", method="GET"):
        cookie = f"{settings.SESSION_COOKIE_NAME}={session_key}".encode()
        self.scope = {
            "type": "http",
            "method": method,
            "path": f"/live/{slug}/",
            "headers": [(b"cookie", cookie)],
        }
        self.closed = asyncio.Event()
        self.status = 0
        self.news = asyncio.Queue()
        self.raw = b""
        self.task = asyncio.create_task(stream(self.scope, self.receive, self.send))

    async def receive(self):
        await self.closed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.raw += message["body"]
        for words in message["body"].decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in words.splitlines() if ": " in line)
            if "data" in lines:
                await self.news.put((lines.get("event", ""), json.loads(lines["data"])))

    async def next(self):
        return await asyncio.wait_for(self.news.get(), 10)

    async def ended(self):
        await asyncio.wait_for(self.task, 10)


@pytest.fixture
def at_the_stream(client_of):
    """Run a coroutine with a stream of its own, and with a way to sign people in beforehand."""

    def run(story, *members):
        keys = [client_of(member).cookies[settings.SESSION_COOKIE_NAME].value for member in members]

        async def told():
            stream = Stream()
            try:
                await story(stream, *keys)
            finally:
                if stream.reader is not None:
                    await stream.reader.stop()

        asyncio.run(told())

    return run


def in_thread(verb, *args, **named):
    return asyncio.to_thread(_and_close, verb, args, named)


def _and_close(verb, args, named):
    from django.db import connection

    try:
        return verb(*args, **named)
    finally:
        connection.close()


def test_a_change_reaches_everyone_who_listens(northwind, at_the_stream):
    async def story(stream, mias, sams):
        browsers = [Browser(stream, mias), Browser(stream, sams)]
        starts = [await browser.next() for browser in browsers]
        task = await in_thread(
            backlog.create_task, northwind.workspace, by=northwind.mia, title="A banner"
        )
        for browser, (event, start) in zip(browsers, starts, strict=True):
            assert event == "start"
            _event, news = await browser.next()
            assert news["seq"] == start["seq"] + 1
            assert news["verb"] == "task_created"
            assert news["subject"] == ["backlog.task", task.pk]
            assert news["by"] == {"id": northwind.mia.pk, "name": "Mia"}
            assert news["data"]["key"] == task.key

    at_the_stream(story, northwind.mia, northwind.sam)


def test_a_change_is_told_though_no_bell_rings(northwind, at_the_stream, monkeypatch, settings):
    """Redis is away, and another process wrote: the reader looks by itself."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(reading, "LOOK_SECONDS_WITH_REDIS", 0.1)

    async def story(stream, mias):
        browser = Browser(stream, mias)
        await browser.next()
        bell.ring_here(None)
        await in_thread(
            backlog.create_task, northwind.workspace, by=northwind.mia, title="A banner"
        )
        assert (await browser.next())[1]["verb"] == "task_created"

    at_the_stream(story, northwind.mia)


def test_a_thousand_pages_are_sent_home_over_some_seconds(northwind, at_the_stream):
    async def story(stream):
        lines = []
        for _ in range(40):
            browser = Browser(stream, "")
            await browser.ended()
            lines += [line for line in browser.raw.splitlines() if line.startswith(b"retry: ")]
        pauses = [int(line.removeprefix(b"retry: ")) for line in lines]
        assert len(pauses) == 40
        assert min(pauses) >= 2_000
        assert max(pauses) <= 6_000
        assert max(pauses) - min(pauses) > 1_000

    at_the_stream(story)


def test_another_workspace_hears_nothing(northwind, fjord, at_the_stream):
    async def story(stream, olas, mias):
        ola, mia = Browser(stream, olas, "fjord"), Browser(stream, mias)
        await ola.next()
        await mia.next()
        await in_thread(
            backlog.create_task, northwind.workspace, by=northwind.mia, title="A banner"
        )
        await mia.next()
        assert ola.news.empty()

    at_the_stream(story, fjord.ola, northwind.mia)


@pytest.mark.parametrize("slug", ["northwind", "nowhere", "x" * 40])
def test_who_may_not_listen_is_told_so_by_an_event(fjord, northwind, at_the_stream, slug):
    async def story(stream, olas):
        for key in (olas, "", "0" * 32):
            browser = Browser(stream, key, slug)
            assert await browser.next() == ("end", {"why": "refused"})
            await browser.ended()
            assert browser.status == 200
        assert len(stream.hub) == 0

    at_the_stream(story, fjord.ola)


def test_a_member_who_is_removed_hears_no_more(northwind, at_the_stream):
    async def story(stream, lenas):
        browser = Browser(stream, lenas)
        await browser.next()
        await in_thread(people.deactivate_member, northwind.lena, by=northwind.mia)
        while (news := await browser.next())[0] != "end":
            assert "verb" in news[1]  # the removal itself may be told
        assert news[1] == {"why": "refused"}
        await browser.ended()
        await in_thread(
            backlog.create_task, northwind.workspace, by=northwind.mia, title="A secret"
        )
        await stream.reader.look()
        assert b"A secret" not in browser.raw

    at_the_stream(story, northwind.lena)


def test_a_stream_beats_so_that_no_proxy_cuts_it(northwind, at_the_stream, monkeypatch):
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.05)

    async def story(stream, mias):
        browser = Browser(stream, mias)
        await browser.next()
        seq = northwind.workspace.seq
        assert [await browser.next() for _ in range(2)] == [("beat", {"seq": seq})] * 2

    at_the_stream(story, northwind.mia)


def test_a_page_that_went_away_is_forgotten(northwind, at_the_stream):
    async def story(stream, mias):
        browser = Browser(stream, mias)
        await browser.next()
        assert len(stream.hub) == 1
        browser.closed.set()
        await browser.ended()
        assert len(stream.hub) == 0

    at_the_stream(story, northwind.mia)


def test_every_stream_ends_when_the_server_stops(northwind, at_the_stream):
    async def story(stream, mias, sams):
        browsers = [Browser(stream, mias), Browser(stream, sams)]
        for browser in browsers:
            await browser.next()
        stream.leave()
        for browser in browsers:
            assert await browser.next() == ("end", {"why": "restart"})
            await browser.ended()

    at_the_stream(story, northwind.mia, northwind.sam)


def test_one_person_cannot_take_every_place(northwind, at_the_stream, monkeypatch):
    monkeypatch.setattr(streaming, "MOST_STREAMS_OF_ONE", 2)

    async def story(stream, mias, sams):
        for _ in range(2):
            assert (await Browser(stream, mias).next())[0] == "start"
        assert await Browser(stream, mias).next() == ("end", {"why": "too_many"})
        assert (await Browser(stream, sams).next())[0] == "start"

    at_the_stream(story, northwind.mia, northwind.sam)


def test_a_listener_who_never_reads_is_let_go(northwind, at_the_stream, monkeypatch):
    monkeypatch.setattr(streaming, "WRITE_SECONDS", 0.05)

    async def story(stream, mias):
        async def stuck(message):
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        cookie = f"{settings.SESSION_COOKIE_NAME}={mias}".encode()
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/live/northwind/",
            "headers": [(b"cookie", cookie)],
        }

        async def receive():
            await asyncio.Event().wait()

        await asyncio.wait_for(stream(scope, receive, stuck), 10)
        assert len(stream.hub) == 0

    at_the_stream(story, northwind.mia)


@pytest.mark.parametrize(
    ("method", "slug", "status"), [("POST", "northwind", 405), ("GET", "a/b", 404)]
)
def test_nothing_else_is_here(northwind, at_the_stream, method, slug, status):
    async def story(stream):
        browser = Browser(stream, "", slug, method)
        await browser.ended()
        assert browser.status == status

    at_the_stream(story)


def test_what_came_after_a_removal_is_not_told_even_when_both_are_read_at_once(
    northwind, at_the_stream
):
    async def story(stream, lenas):
        browser = Browser(stream, lenas)
        await browser.next()
        bell.ring_here(None)
        await in_thread(remove_and_go_on)
        assert await browser.next() == ("end", {"why": "refused"})
        await browser.ended()
        assert b"A secret" not in browser.raw

    def remove_and_go_on():
        with transaction.atomic():
            people.deactivate_member(northwind.lena, by=northwind.mia)
            backlog.create_task(northwind.workspace, by=northwind.mia, title="A secret")

    at_the_stream(story, northwind.lena)


def test_a_stream_that_begins_while_the_server_stops_ends_at_once(northwind, at_the_stream):
    async def story(stream, mias):
        stream.leave()
        browser = Browser(stream, mias)
        assert await browser.next() == ("end", {"why": "restart"})
        await browser.ended()

    at_the_stream(story, northwind.mia)
