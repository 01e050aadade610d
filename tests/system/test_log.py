"""The log of real processes: one JSON line a request, tied to its jobs, and no secret in it.

Secrets are put wherever they may stand, and an app is installed that logs as carelessly as it can.
The control takes the scrubber away: then nearly all of them are in the log.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import services
from tests.browsing import missing
from tests.system.stack import Stack, free_port, wait_for

pytestmark = pytest.mark.system
HARMLESS = "nothing-secret-about-this"
REQUEST_ID = "from-the-proxy-0001"


def canary(place: str) -> str:
    """Return a word that names its place and looks like a word, not like a token."""
    return f"canary{place}{secrets.token_hex(3)}"


PLACES = (
    "database",
    "redis",
    "email",
    "signin",
    "header",
    "basic",
    "cookie",
    "query",
    "form",
    "path",
    "bare",
    "exception",
    "address",
    "mailbox",
    "csrf",
)


@pytest.fixture
def redis_with_password(tmp_path: Path) -> Iterator[tuple[str, str]]:
    binary = services.find_redis()
    if binary is None:
        missing("Redis")
    port, password = free_port(), canary("redis")
    server = subprocess.Popen(
        [
            *(str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", ""),
            *("--requirepass", password, "--dir", str(tmp_path)),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"redis://:{password}@127.0.0.1:{port}/0", password
    finally:
        server.terminate()
        server.wait(10)


class Spilling:
    """The program with secrets everywhere, and what it logged."""

    def __init__(self, stack: Stack, secret: dict[str, str]) -> None:
        self.stack = stack
        self.secret = secret

    def ask(
        self, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> int:
        body = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(
            f"{self.stack.url}{path}", data=body, headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def spill(self) -> None:
        secret = self.secret
        self.ask(
            f"/accounts/login/?token={secret['query']}",
            {"login": f"{secret['mailbox']}@example.com", "password": secret["signin"]},
            {"Cookie": f"csrf={secret['csrf']}", "Referer": f"{self.stack.url}/"},
        )
        self.ask(f"/r/{secret['path']}/")
        self.ask(
            f"/spill/{secret['path']}/?token={secret['query']}",
            {
                "text": f"{HARMLESS} token={secret['exception']} and "
                f"https://me:{secret['address']}@example.com/x",
                "token": secret["bare"],
                "password": secret["form"],
                "address": f"{secret['mailbox']}@example.com",
            },
            {
                "Authorization": f"Bearer {secret['header']}",
                "Proxy-Authorization": f"Basic {secret['basic']}",
                "Cookie": f"sid={secret['cookie']}; theme=dark",
                "X-Request-ID": REQUEST_ID,
            },
        )
        wait_for("the job to fail", lambda: "task_failed" in self.text, 40)

    @property
    def text(self) -> str:
        return self.stack.log.read_text(errors="replace")

    @property
    def lines(self) -> list[dict[str, Any]]:
        # Celery prints by itself how it shuts down
        told = [line for line in self.text.splitlines() if line and not line.startswith("worker: ")]
        assert not [line for line in told if not line.startswith("{")], "each line is JSON"
        return [json.loads(line) for line in told]

    @property
    def leaked(self) -> set[str]:
        return {place for place, word in self.secret.items() if word in self.text}


@pytest.fixture
def spilling(
    request: pytest.FixtureRequest,
    postgres_url: str,
    redis_with_password: tuple[str, str],
    tmp_path: Path,
) -> Iterator[Spilling]:
    redis_url, redis_password = redis_with_password
    secret = {place: canary(place) for place in PLACES} | {"redis": redis_password}
    scheme, _, rest = postgres_url.partition("://")
    user, _, host = rest.rpartition("@")
    port = free_port()
    stack = Stack(
        environment={
            "DJANGO_SETTINGS_MODULE": "tests.system.spill.settings",
            "SPILL_UNSCRUBBED": request.param,
            "SPRINTBOARD_MODE": "production",
            "SPRINTBOARD_INSECURE": "1",
            "SPRINTBOARD_HOME": str(tmp_path),
            "SECRET_KEY": secrets.token_urlsafe(64),
            "SITE_URL": f"http://127.0.0.1:{port}",
            "PORT": str(port),
            "DATABASE_URL": f"{scheme}://{user.split(':')[0]}:{secret['database']}@{host}",
            "REDIS_URL": redis_url,
            "EMAIL_URL": f"smtp://me:{secret['email']}@127.0.0.1:1",
        },
        commands={
            "web": [sys.executable, "-m", "sprintboard.server"],
            "worker": [
                *(sys.executable, "-m", "celery", "-A", "sprintboard", "--quiet", "worker"),
                *("--concurrency=1", "--without-gossip", "--without-mingle"),
            ],
        },
        port=port,
        log=tmp_path / "log",
    )
    stack.log.touch()
    stack.manage("migrate", "-v0")
    try:
        stack.start()
        yield Spilling(stack, secret)
    finally:
        stack.kill()


@pytest.mark.parametrize("spilling", ["0"], indirect=True)
def test_no_secret_reaches_the_log_and_each_line_says_what_it_is_about(spilling: Spilling) -> None:
    spilling.spill()
    spilling.stack.stop()
    assert HARMLESS in spilling.text, "what is no secret is said"
    assert spilling.leaked == set()

    assert all({"time", "level", "event"} <= set(line) for line in spilling.lines)
    (line,) = [
        line
        for line in spilling.lines
        if line["event"] == "request" and line["request_id"] == REQUEST_ID
    ]
    assert line | {"time": "", "ms": 0, "queries": 0} == {
        "time": "",
        "level": "error",
        "logger": "sprintboard.requests",
        "event": "request",
        "request_id": REQUEST_ID,
        "method": "POST",
        "route": "spill",
        "status": 500,
        "ms": 0,
        "queries": 0,
        "user_id": None,
        "workspace_id": None,
    }
    (failed,) = [line for line in spilling.lines if line["event"] == "task_failed"]
    assert failed["request_id"] == REQUEST_ID
    assert failed["job"] == "tests.system.spill.jobs.spill"
    assert "Traceback" in failed["exception"]
    assert not [line for line in spilling.lines if line.get("route") in {"healthz", "readyz"}]


@pytest.mark.parametrize("spilling", ["1"], indirect=True)
def test_without_the_scrubber_they_would_be_in_the_log(spilling: Spilling) -> None:
    spilling.spill()
    assert spilling.leaked >= {
        *("database", "redis", "email", "header", "cookie", "form", "bare", "exception"),
        *("address", "mailbox"),
    }
