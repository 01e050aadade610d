"""The gate: slow, huge, chunked and broken requests never cost a thread."""

import asyncio
import contextlib
import errno
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import uvicorn
from a2wsgi import WSGIMiddleware

from sprintboard.server.gate import (
    REFUSALS,
    TOO_LARGE,
    Gate,
    Limits,
    Line,
    RefusedError,
    speaks_utf_8,
    tidied,
)

THREADS = 2
LIMITS = Limits(body=1000, read=3000, seconds=0.6, waiting=3, in_memory=100)


class Program:
    """A WSGI program that tells what it got; `/wait` holds its thread until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.entered = threading.Semaphore(0)
        self.finished = 0

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.entered.release()
        if environ["PATH_INFO"] == "/wait":
            assert self.let_go.wait(20)
        if environ["PATH_INFO"] == "/raise":
            raise ZeroDivisionError
        told = json.dumps(
            {
                "got": len(body),
                "length": environ.get("CONTENT_LENGTH"),
                "headers": sorted(name for name in environ if name.startswith("HTTP_")),
            }
        ).encode()
        chunks = [b"x" * 8192] * 200 if environ["PATH_INFO"] == "/long" else [told]
        length = str(sum(map(len, chunks)))
        start_response("200 OK", [("Content-Length", length)])
        yield from chunks
        self.finished += 1


@pytest.fixture
def program() -> Program:
    return Program()


@pytest.fixture
def address(program: Program) -> Iterator[tuple[str, int]]:
    line = Line(program)
    bridge = WSGIMiddleware(line, workers=THREADS, send_queue_size=256)
    server = uvicorn.Server(
        uvicorn.Config(
            Gate(bridge, line, LIMITS),
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
    program.let_go.set()
    server.should_exit = True
    thread.join(10)
    bridge.executor.shutdown()
    assert not thread.is_alive()


class Answer:
    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.head = head.decode().lower()
        self.status = int(self.head.split()[1]) if self.head else 0


def open_to(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=10)


def read_all(connection: socket.socket) -> Answer:
    raw = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            raw += chunk
    return Answer(raw)


def ask(address: tuple[str, int], raw: bytes) -> Answer:
    with open_to(address) as connection:
        connection.sendall(raw)
        return read_all(connection)


def post(path: str, body: bytes, *, length: int | None = None, more: str = "") -> bytes:
    length = len(body) if length is None else length
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}"
        f"Content-Length: {length}\r\n\r\n"
    ).encode() + body


def get(path: bytes = b"/", more: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + more + b"\r\n"


def chunked(*chunks: bytes) -> bytes:
    parts = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return (
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        + parts
    )


@pytest.mark.parametrize("size", [0, 1, 100, 101, 999, 1000])
def test_a_body_arrives_whole(address: tuple[str, int], size: int) -> None:
    answer = ask(address, post("/", b"x" * size))
    assert answer.status == 200
    assert json.loads(answer.body) | {"got": size, "length": str(size)} == json.loads(answer.body)


def test_a_chunked_body_reaches_django_with_its_length(address: tuple[str, int]) -> None:
    told = json.loads(ask(address, chunked(b"a" * 300, b"b" * 40)).body)
    assert (told["got"], told["length"]) == (340, "340")
    assert "HTTP_TRANSFER_ENCODING" not in told["headers"]


@pytest.mark.parametrize(
    "request_", [post("/", b"x" * 1001), chunked(b"x" * 600, b"x" * 600)], ids=["plain", "chunked"]
)
def test_a_body_over_the_limit_is_refused_with_a_page(
    address: tuple[str, int], program: Program, request_: bytes
) -> None:
    answer = ask(address, request_)
    assert answer.status == 413
    assert b"Nothing was saved" in answer.body
    assert "content-security-policy: default-src 'none'" in answer.head
    assert not program.entered.acquire(blocking=False), "no thread was taken"


def test_an_announced_flood_is_refused_before_it_is_read(address: tuple[str, int]) -> None:
    with open_to(address) as connection:
        connection.sendall(post("/", b"", length=400_000_000))
        assert read_all(connection).status == 413


def test_an_unannounced_flood_is_cut_off(address: tuple[str, int]) -> None:
    """Endless chunks: the answer or a reset comes after little more than the limit."""
    sent = 0
    with open_to(address) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(chunked()[: -len(b"0\r\n\r\n")])
        while sent < 50_000_000:
            connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            sent += 4096
    assert sent < 50_000_000


def test_a_program_is_refused_in_json(address: tuple[str, int]) -> None:
    answer = ask(address, post("/", b"x" * 2000, more="Accept: application/json\r\n"))
    assert "application/json" in answer.head
    assert "Nothing was saved" in json.loads(answer.body)["error"]["message"]


def test_a_body_that_finds_no_room_is_refused_as_such(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(body: object, chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.write", full)
    answer = ask(address, post("/", b"x" * 500))
    assert answer.status == 507
    assert b"nothing was saved" in answer.body


@pytest.mark.parametrize("refused", REFUSALS, ids=lambda refused: refused.code)
def test_what_the_gate_refuses_has_the_look_of_our_pages(refused: RefusedError) -> None:
    """The page needs no inline style and no origin but our own: what its policy allows."""
    from sprintboard.asgi import page

    page.cache_clear()
    told = page(refused)
    assert "css/app" in told
    assert "othing was saved" in told
    assert f'<h1 class="lg">{refused.title}</h1>' in told
    assert "style=" not in told
    assert told is page(refused)


def test_without_its_page_a_refusal_still_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from sprintboard import asgi

    def broken(name: str) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(asgi, "render_to_string", broken)
    asgi.page.cache_clear()
    assert "Nothing was saved" in asgi.page(TOO_LARGE)
    asgi.page.cache_clear()


def test_a_body_that_drips_is_refused_at_the_deadline(
    address: tuple[str, int], program: Program
) -> None:
    began = time.monotonic()
    with open_to(address) as connection:
        connection.sendall(post("/", b"x", length=500))
        answer = read_all(connection)
    assert answer.status == 408
    assert 0.5 < time.monotonic() - began < 5
    assert not program.entered.acquire(blocking=False)


def test_slow_posts_leave_the_threads_to_others(address: tuple[str, int]) -> None:
    slow = [open_to(address) for _ in range(THREADS * 5)]
    try:
        for connection in slow:
            connection.sendall(post("/", b"x", length=500))
        assert ask(address, get()).status == 200
    finally:
        for connection in slow:
            connection.close()


def test_when_too_many_wait_the_next_is_sent_away(
    address: tuple[str, int], program: Program
) -> None:
    held = [open_to(address) for _ in range(THREADS + LIMITS.waiting)]
    try:
        for number, connection in enumerate(held):
            connection.sendall(get(b"/wait"))
            if number < THREADS:
                assert program.entered.acquire(timeout=5)
        answer = wait_for(lambda: ask(address, get()), lambda answer: answer.status == 503)
        assert "retry-after: 5" in answer.head
        program.let_go.set()
        assert {read_all(connection).status for connection in held} == {200}
    finally:
        for connection in held:
            connection.close()
    assert ask(address, get()).status == 200


def wait_for(ask_: Callable[[], Answer], right: Callable[[Answer], bool]) -> Answer:
    """Ask for at most five seconds (the held requests may not be in the line yet)."""
    deadline = time.monotonic() + 5
    while not right(answer := ask_()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert right(answer)
    return answer


def test_a_thread_comes_back_from_a_reader_that_left(
    address: tuple[str, int], program: Program
) -> None:
    """More leavers than threads, each in the middle of an answer of 1.6 MB."""
    for _ in range(THREADS * 3):
        connection = open_to(address)
        connection.sendall(get(b"/long"))
        connection.recv(1000)
        connection.close()
    assert ask(address, get()).status == 200
    deadline = time.monotonic() + 5
    while program.finished < THREADS * 3 + 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert program.finished == THREADS * 3 + 1


def test_a_server_that_fails_to_send_loses_no_thread(program: Program) -> None:
    """Other servers raise where uvicorn is silent; the thread must still find room in its queue."""
    line = Line(program)
    bridge = WSGIMiddleware(line, workers=1, send_queue_size=2)

    async def send(message: object) -> None:
        raise ConnectionResetError

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/long",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(asyncio.wait_for(Gate(bridge, line, LIMITS)(scope, receive, send), 10))
    bridge.executor.shutdown()
    assert program.finished == 1


def test_a_reader_that_does_not_read_holds_no_thread(
    address: tuple[str, int], program: Program
) -> None:
    idle = [open_to(address) for _ in range(THREADS * 2)]
    try:
        for connection in idle:
            connection.sendall(get(b"/long"))
        assert ask(address, get()).status == 200
    finally:
        for connection in idle:
            connection.close()


def test_who_leaves_while_sending_costs_nothing(address: tuple[str, int], program: Program) -> None:
    with open_to(address) as connection:
        connection.sendall(post("/", b"x", length=500))
    assert ask(address, get()).status == 200
    assert program.entered.acquire(blocking=False)
    assert not program.entered.acquire(blocking=False), "only the second request took a thread"


def test_a_failure_of_the_program_is_a_500_and_the_next_request_works(
    address: tuple[str, int],
) -> None:
    for _ in range(THREADS * 2):
        assert ask(address, get(b"/raise")).status == 500
    assert ask(address, get()).status == 200


def test_a_query_of_raw_bytes_is_the_senders_fault_or_readable(address: tuple[str, int]) -> None:
    assert ask(address, get("/?q=å".encode())).status == 400
    scope = {"method": "GET", "headers": [], "query_string": "q=å".encode()}
    assert tidied(scope, 0)["query_string"] == b"q=%C3%A5", "for a server that lets them through"


def test_a_header_with_an_underscore_cannot_pose_as_another(address: tuple[str, int]) -> None:
    told = json.loads(ask(address, get(more=b"X_Forwarded_For: 1.2.3.4\r\n")).body)
    assert "HTTP_X_FORWARDED_FOR" not in told["headers"]


def test_an_ordinary_query_stays_as_it_was_written() -> None:
    scope = {"method": "GET", "headers": [], "query_string": b"a=%20b+c&d=1%2C2&e=[x]|~"}
    assert tidied(scope, 0)["query_string"] == b"a=%20b+c&d=1%2C2&e=[x]|~"


def test_a_web_socket_is_refused(address: tuple[str, int]) -> None:
    raw = get(
        more=b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n"
    ).replace(b"Connection: close", b"Connection: Upgrade")
    with open_to(address) as connection:
        connection.sendall(raw)
        assert connection.recv(1000).split()[1] in {b"200", b"403", b"400"}


def test_the_limits_in_use_are_those_of_the_settings(settings: Any) -> None:
    assert Limits().body == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert Limits().seconds == 15
    assert Limits().waiting == 64


CODED = [
    "text/html; charset=hex",
    "application/x-www-form-urlencoded;charset=ROT13",
    'multipart/form-data; charset="unicode_escape"; boundary=x',
    "multipart/form-data; charset = utf-7; boundary=x",
    "multipart/form-data; charset*=utf-8''hex; boundary=x",
    "multipart/form-data; charset=utf-8; charset=utf-16; boundary=x",
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", CODED)
def test_text_in_a_codec_of_the_senders_choice_is_refused(address, method, kind):
    raw = f"{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n\r\n"
    assert ask(address, raw.encode()).status == 415


@pytest.mark.parametrize(
    "kind",
    [
        b"",
        b"multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        b"application/x-www-form-urlencoded; charset=UTF-8",
        b'text/plain; charset="utf8"; format=flowed',
    ],
)
def test_what_browsers_send_is_read(kind):
    assert speaks_utf_8(kind)
