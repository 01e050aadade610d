"""Writes at an even pace, as people make them: each has its moment, and is timed by itself."""

from __future__ import annotations

import http.client
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

PASSWORD = "sprintboard"
CLIENTS = 16


@dataclass(frozen=True)
class Answer:
    """What one write received: when it began, counted from the first, and how long it took."""

    path: str
    status: int
    began: float
    seconds: float


class Session:
    """A signed-in person who posts forms; each thread has a connection of its own."""

    def __init__(self, port: int, email: str) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self._lines = threading.local()
        self._opened: list[http.client.HTTPConnection] = []
        _, page = self._ask("GET", "/accounts/login/")
        form = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": _token(page)}
        status, page = self._ask("POST", "/accounts/login/", form)
        assert status == 302, f"{email} could not sign in: {status}\n{page[:2000]}"
        _, page = self._ask("GET", "/w/northwind/board/")
        self._form = {"csrfmiddlewaretoken": _token(page)}

    def post(self, path: str, **fields: str) -> int:
        """Post a form; return the status. What the line itself breaks on is 0."""
        try:
            return self._ask("POST", path, {**self._form, **fields})[0]
        except (OSError, http.client.HTTPException):
            self._forget_line()
            return 0

    def get(self, path: str) -> tuple[int, str]:
        """Read a page; return its status and its text."""
        return self._ask("GET", path)

    def close(self) -> None:
        """Hang up."""
        for line in self._opened:
            line.close()

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        line = self._line()
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        line.request(method, path, urllib.parse.urlencode(form) if form else None, headers)
        answer = line.getresponse()
        text = answer.read().decode(errors="replace")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            if name != "messages":
                self.cookies[name] = value
        return answer.status, text

    def _line(self) -> http.client.HTTPConnection:
        line: http.client.HTTPConnection | None = getattr(self._lines, "line", None)
        if line is None:
            line = self._lines.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self._opened.append(line)
        return line

    def _forget_line(self) -> None:
        self._line().close()
        self._lines.line = None


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found, f"a page without a form:\n{page[:2000]}"
    return found[1]


@contextmanager
def signed_in(port: int, email: str = "mia@northwind.example") -> Iterator[Session]:
    """Sign somebody in, and hang up at the end."""
    with closing(Session(port, email)) as session:
        yield session


class Load:
    """Posts to one path after the other, so many in a second, however long each takes."""

    def __init__(self, session: Session, paths: Sequence[str], *, a_second: float) -> None:
        self._session, self._paths, self._pause = session, list(paths), 1 / a_second
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._futures: list[Future[Answer]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.began = time.monotonic()

    def start(self) -> Load:
        """Begin."""
        self.began = time.monotonic()
        self._thread.start()
        return self

    def finish(self) -> list[Answer]:
        """Wait for the last answer; return all in the order in which they were asked for."""
        self._thread.join()
        answers = [future.result() for future in self._futures]
        self._pool.shutdown()
        return answers

    def _run(self) -> None:
        for number, path in enumerate(self._paths):
            time.sleep(max(0.0, self.began + number * self._pause - time.monotonic()))
            self._futures.append(self._pool.submit(self._post, path))

    def _post(self, path: str) -> Answer:
        began = time.monotonic()
        status = self._session.post(path)
        return Answer(path, status, began - self.began, time.monotonic() - began)


def percentile(
    answers: Sequence[Answer], share: float, *, of: Callable[[Answer], float] | None = None
) -> float:
    """Return the time within which this share of the writes was answered."""
    times = sorted((of or (lambda answer: answer.seconds))(answer) for answer in answers)
    return times[min(len(times) - 1, int(len(times) * share))]
