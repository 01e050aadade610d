"""Files through the server: large ones in for who may bring them, and out without a thread."""

import asyncio
import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from a2wsgi import WSGIMiddleware

from sprintboard.server import sending
from sprintboard.server.gate import FILE_TOO_LARGE, UPLOADS, Gate, Limits, Line
from sprintboard.server.sending import Sending

NAME = "files/ab/abcdef01-2345-4678-9abc-def012345678"
SIZE = 3_000_000
TAG = '"abc"'
LIMITS = Limits(
    body=1000,
    read=3000,
    seconds=0.6,
    in_memory=100,
    upload=50_000,
    upload_read=60_000,
    upload_seconds=5,
    uploads=1,
)
UPLOAD = "/w/northwind/files/task/NW-1/"


class Program:
    """A WSGI program that names a file, and welcomes whoever has a cookie."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.name = NAME

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.asked.append(environ["REQUEST_METHOD"])
        headers = [("ETag", TAG), ("Content-Length", "0")]
        if environ["PATH_INFO"] == "/file":
            start_response("200 OK", [*headers, ("X-Sprintboard-Send", self.name)])
            return [b""]
        if environ.get("HTTP_COOKIE") and environ["REQUEST_METHOD"] == "HEAD":
            headers.append(("X-Sprintboard-Upload", "1"))
        told = json.dumps({"got": len(body)}).encode()
        start_response("200 OK", [("Content-Length", str(len(told))), *headers[2:]])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [told]


@pytest.fixture
def program() -> Program:
    return Program()


@pytest.fixture
def media(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(range(200)) * (SIZE // 200))
    return tmp_path


@pytest.fixture
def address(program: Program, media: Path) -> Iterator[tuple[str, int]]:
    line = Line(program)
    bridge = WSGIMiddleware(line, workers=2, send_queue_size=256)
    server = uvicorn.Server(
        uvicorn.Config(
            Gate(Sending(bridge, lambda: media), line, LIMITS),
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
        )
    )
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()
    server.should_exit = True
    thread.join(10)
    bridge.executor.shutdown()
    assert not thread.is_alive()


class Answer:
    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.head = head.decode().lower()
        self.status = int(self.head.split()[1]) if self.head else 0

    def __getitem__(self, name: str) -> str:
        found = [line for line in self.head.splitlines() if line.startswith(f"{name}:")]
        assert len(found) == 1, f"{name}: {len(found)} times"
        return found[0].partition(": ")[2]


def ask(address: tuple[str, int], raw: bytes) -> Answer:
    raw_answer = b""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(raw)
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                raw_answer += chunk
    return Answer(raw_answer)


def get(more: str = "", method: str = "GET") -> bytes:
    return f"{method} /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n".encode()


def post(size: int, path: str = UPLOAD, more: str = "", length: int | None = None) -> bytes:
    length = size if length is None else length
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}"
        f"Content-Length: {length}\r\n\r\n"
    ).encode() + b"x" * size


COOKIE = "Cookie: sid=1\r\n"


# Out ------------------------------------------------------------------------------------------


def test_a_file_arrives_whole_and_the_name_of_its_place_does_not(
    address: tuple[str, int], media: Path
) -> None:
    answer = ask(address, get())
    assert answer.status == 200
    assert answer.body == (media / NAME).read_bytes()
    assert answer["content-length"] == str(SIZE)
    assert answer["accept-ranges"] == "bytes"
    assert answer["etag"] == TAG
    assert "x-sprintboard-send" not in answer.head


def test_head_tells_the_length_and_sends_nothing(address: tuple[str, int]) -> None:
    answer = ask(address, get(method="HEAD"))
    assert (answer.status, answer["content-length"], answer.body) == (200, str(SIZE), b"")


@pytest.mark.parametrize(
    ("asked", "status", "told", "length"),
    [
        ("bytes=0-99", 206, f"bytes 0-99/{SIZE}", 100),
        ("bytes=100-", 206, f"bytes 100-{SIZE - 1}/{SIZE}", SIZE - 100),
        ("bytes=-5", 206, f"bytes {SIZE - 5}-{SIZE - 1}/{SIZE}", 5),
        ("bytes=-99999999", 206, f"bytes 0-{SIZE - 1}/{SIZE}", SIZE),
        (f"bytes=5-{SIZE * 9}", 206, f"bytes 5-{SIZE - 1}/{SIZE}", SIZE - 5),
        (f"bytes={SIZE}-", 416, f"bytes */{SIZE}", 0),
        ("bytes=-0", 416, f"bytes */{SIZE}", 0),
        ("bytes=9-5", 200, "", SIZE),
        ("bytes=-", 200, "", SIZE),
        ("bytes=" + "9" * 20 + "-", 200, "", SIZE),
        ("lines=1-2", 200, "", SIZE),
        ("bytes=" + ",".join(["0-"] * 1000), 200, "", SIZE),
    ],
)
def test_row_75_one_range_is_sent_and_many_are_the_file_once(
    address: tuple[str, int], media: Path, asked: str, status: int, told: str, length: int
) -> None:
    answer = ask(address, get(f"Range: {asked}\r\n"))
    assert answer.status == status
    assert len(answer.body) == length == int(answer["content-length"])
    if told:
        assert answer["content-range"] == told
    if status == 206:
        begin = int(told.split()[1].split("-", maxsplit=1)[0])
        assert answer.body == (media / NAME).read_bytes()[begin : begin + length]


@pytest.mark.parametrize(("tag", "status"), [(TAG, 206), ('"other"', 200)])
def test_half_of_another_file_is_not_completed(
    address: tuple[str, int], tag: str, status: int
) -> None:
    assert ask(address, get(f"Range: bytes=9-\r\nIf-Range: {tag}\r\n")).status == status


@pytest.mark.parametrize(
    "name",
    [
        "../secret_key",
        "/etc/passwd",
        "files/../../db.sqlite3",
        f"{NAME}/../x",
        f"{NAME}.webp",
        "files/drafts/x",
    ],
)
def test_nothing_but_files_leaves_the_folder(
    address: tuple[str, int], program: Program, name: str
) -> None:
    program.name = name
    answer = ask(address, get())
    assert (answer.status, answer.body) == (404, b"")


def test_readers_who_stop_reading_hold_no_thread(address: tuple[str, int]) -> None:
    """Two threads; ten people take the first bytes of a large file and no more."""
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            slow = stack.enter_context(socket.create_connection(address, timeout=10))
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(get())
            assert slow.recv(100)
        assert ask(address, post(10)).status == 200


def test_who_takes_nothing_for_a_minute_is_let_go(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "STALLED_SECONDS", 0.05)
    taken = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"x-sprintboard-send", NAME.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        taken.append(message)
        if len(taken) > 2:
            await asyncio.sleep(5)

    scope = {"type": "http", "method": "GET", "headers": []}
    asyncio.run(Sending(app, lambda: media)(scope, None, send))  # type: ignore[arg-type]
    assert len(taken) == 3


# In -------------------------------------------------------------------------------------------


def test_who_may_bring_files_may_send_more(address: tuple[str, int], program: Program) -> None:
    answer = ask(address, post(40_000, more=COOKIE))
    assert answer.status == 200
    assert json.loads(answer.body) == {"got": 40_000}
    assert program.asked == ["HEAD", "POST"]


def test_a_small_file_costs_no_question(address: tuple[str, int], program: Program) -> None:
    assert ask(address, post(900)).status == 200
    assert program.asked == ["POST"]


@pytest.mark.parametrize(
    ("path", "more"),
    [(UPLOAD, ""), ("/w/northwind/tasks/new/", COOKIE), (f"{UPLOAD}more/", COOKIE)],
    ids=["a stranger", "another address", "a longer address"],
)
def test_nobody_else_and_nowhere_else(address: tuple[str, int], path: str, more: str) -> None:
    answer = ask(address, post(0, path, more, length=40_000))
    assert answer.status == 413
    assert b"1 MB" in answer.body


@pytest.mark.parametrize("length", [55_000, 400_000_000])
def test_more_than_a_file_may_have_is_refused(address: tuple[str, int], length: int) -> None:
    sent = min(length, 55_000)
    answer = ask(address, post(sent if length == sent else 0, more=COOKIE, length=length))
    assert answer.status == 413
    assert FILE_TOO_LARGE.text.encode() in answer.body


def test_uploads_wait_for_each_other_and_others_do_not(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as slow:
        slow.sendall(post(10_000, more=COOKIE, length=40_000))
        second = threading.Thread(target=ask, args=(address, post(2_000, more=COOKIE)))
        second.start()
        assert ask(address, post(100, "/")).status == 200
        slow.sendall(b"x" * 30_000)
        assert Answer(slow.recv(65536)).status == 200
        second.join(10)
        assert not second.is_alive()


def test_an_upload_that_breaks_off_reaches_nobody(
    address: tuple[str, int], program: Program
) -> None:
    with socket.create_connection(address, timeout=10) as leaving:
        leaving.sendall(post(20_000, more=COOKIE, length=40_000))
    assert ask(address, post(40_000, more=COOKIE)).status == 200, "its place is free again"
    assert program.asked == ["HEAD", "HEAD", "POST"]


@pytest.mark.parametrize("proxy", ["Caddyfile", "nginx.conf"])
def test_a_proxy_lets_files_through_and_nothing_else_of_that_size(proxy: str) -> None:
    """Its pattern is the gate's own; its limit is what the gate reads."""
    text = (Path(__file__).parents[2] / "deploy" / proxy).read_text()
    assert f"^{UPLOADS.pattern}$" in text
    found = {int(number) for number in re.findall(r"max_(?:body_)?size (\d+)M?B?m?", text)}
    assert found == {Limits().upload_read // 2**20, 2}
