"""Rows 19 to 22: bodies that are too long, too many, or of another kind, on the gate and on Django.

What the gate does with slow and broken senders is tests/sprintboard/test_server.py's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from sprintboard.server.gate import Gate, Line
from tests.bad_input.asking import stored
from tests.test_access import signed_in

MEGABYTE = 1_048_576


def unreachable(*args: object) -> Any:
    raise AssertionError("Nothing behind the gate is to hear of it.")


# the gate with the limits in use, in front of a program that none of this may reach
application = Gate(unreachable, Line(unreachable))


class Sender:
    """Sends a body to the program that the server runs, and counts what was taken of it."""

    def __init__(self, chunks: Iterator[bytes], **headers: str) -> None:
        self.chunks, self.taken = chunks, 0
        self.headers = {"host": "localhost", **headers}
        self.status, self.body = 0, b""

    def post(self, path: str) -> Sender:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in self.headers.items()],
            "client": ("127.0.0.1", 9),
            "server": ("127.0.0.1", 8000),
        }
        asyncio.run(application(scope, self._receive, self._send))
        return self

    async def _receive(self) -> dict[str, Any]:
        chunk = next(self.chunks, b"")
        self.taken += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.body += message.get("body", b"")


def endless(megabytes: int) -> Iterator[bytes]:
    return (b"x" * 65_536 for _ in range(megabytes * 16))


@pytest.mark.parametrize("path", ["/nowhere/", "/w/northwind/tasks/new/", "/api/v1/nowhere/"])
def test_row_20_a_flood_that_was_announced_is_not_read(path):
    sender = Sender(endless(400), **{"content-length": str(400 * MEGABYTE)}).post(path)
    assert sender.status == 413
    assert sender.taken == 0


@pytest.mark.parametrize("path", ["/nowhere/", "/w/northwind/tasks/new/", "/api/v1/nowhere/"])
def test_row_20_a_flood_that_was_not_is_cut_off(path):
    sender = Sender(endless(400), **{"transfer-encoding": "chunked"}).post(path)
    assert sender.status == 413
    assert sender.taken <= 2 * MEGABYTE + 65_536


def test_row_19_what_is_too_long_is_said_in_the_askers_language():
    length = {"content-length": str(20 * MEGABYTE)}
    page = Sender(endless(20), **length).post("/w/northwind/tasks/new/")
    assert page.body.startswith(b"<!doctype html>")
    assert b"1 MB" in page.body
    program = Sender(endless(20), **length).post("/api/v1/workspaces/")
    assert (page.status, program.status) == (413, 413)
    assert program.body.startswith(b"{")


# Behind the gate ----------------------------------------------------------------------------------


@pytest.fixture
def ask(scene):
    """Return a function that posts to the form of a new task as Mia, and sees what it stored."""
    cookies = signed_in(scene.world.mia.user).cookies

    def post(*args: Any, **kwargs: Any) -> int:
        client = Client(raise_request_exception=False)
        client.cookies = cookies.copy()
        before = stored()
        answer = client.post(
            reverse("new_task", args=[scene.world.workspace.slug]), *args, **kwargs
        )
        assert stored() == before
        assert b"Traceback" not in answer.content
        return int(answer.status_code)

    return post


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
def test_row_21_thousands_of_fields_are_refused(ask, kind):
    fields = {"title": "A flyer", **{f"field{n}": "x" for n in range(5_000)}}
    if kind == "multipart":
        assert ask(fields) == 400
    else:
        body = "&".join(f"{name}={value}" for name, value in fields.items())
        assert ask(body, content_type="application/x-www-form-urlencoded") == 400


def test_row_21_hundreds_of_files_are_refused(ask):
    files = {f"file{n}": SimpleUploadedFile(f"{n}.txt", b"x") for n in range(200)}
    assert ask({"title": "A flyer", **files}) == 400


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data", b"--x", 400),
        ("multipart/form-data; boundary=", b"--x", 400),
        ("multipart/form-data; boundary=" + "x" * 500, b"--x", 400),
        ("application/xml", b"<title>A flyer</title>", 422),
        ("application/json", b'{"title": "A flyer"}', 422),
        ("text/plain", b"title=A flyer", 422),
    ],
)
def test_row_22_what_is_no_form_is_an_empty_one(ask, kind, body, status):
    """A page has its fields from forms alone: whatever else comes, it asks for what is missing."""
    assert ask(body, content_type=kind) == status
