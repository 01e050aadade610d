"""The drill: back up while people write, lose everything, restore, and go on.

Prints what it took (RTO) and what was lost (RPO: what was written since the backup).
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.system.stack import ROOT, Stack, free_port

pytestmark = pytest.mark.system
FOUND = (Path(__file__).parent / "found.py").read_text()
KEY = secrets.token_urlsafe(64)
QUEUE = """
from people.models import Membership, Workspace
from activity.changes import SYSTEM, change
from notifications.actions import queue_mail
with change(Workspace.objects.get(), by=SYSTEM) as record:
    member = Membership.objects.get(user__email="sam@northwind.example")
    queue_mail(record, kind="test", recipient=member, dedupe_key="drill", payload={})
"""
DELIVER = """
from notifications.actions import deliver
from notifications.models import OutboxItem
print("state:", deliver(OutboxItem.objects.get()))
"""
TABLES = """
import json
from dataclasses import asdict
from sprintboard.backups import databases
tables = databases.here().tables()
print(json.dumps({name: asdict(table) for name, table in tables.items()}))
"""
TITLES = """
import json
from backlog.models import Task
print(json.dumps(list(Task.objects.values_list("title", flat=True))))
"""


@dataclass
class Person:
    """A browser without numberss."""

    url: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def __post_init__(self) -> None:
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar)).open

    def get(self, path: str) -> str:
        with self._open(f"{self.url}{path}", timeout=20) as answer:
            assert answer.url == f"{self.url}{path}", f"led to {answer.url}"
            return str(answer.read().decode())

    def post(self, path: str, form: dict[str, str], *, page: str = "") -> None:
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.get(page or path))
        assert token
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **form}).encode()
        with self._open(f"{self.url}{path}", data=data, timeout=20) as answer:
            assert answer.status == 200

    def upload(self, path: str, name: str, content: bytes) -> None:
        """Send a file as a browser's form does."""
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.get(path))
        assert token
        lines = [
            *(b"--x", b'Content-Disposition: form-data; name="csrfmiddlewaretoken"', b""),
            *(token[1].encode(), b"--x"),
            f'Content-Disposition: form-data; name="files"; filename="{name}"'.encode(),
            *(b"", content, b"--x--", b""),
        ]
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=b"\r\n".join(lines),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
        with self._open(request, timeout=30) as answer:
            assert answer.status == 200

    def download(self, path: str) -> bytes:
        with self._open(f"{self.url}{path}", timeout=30) as answer:
            return bytes(answer.read())

    def sign_in(self) -> None:
        form = {"login": "mia@northwind.example", "password": "sprintboard"}
        self.post("/accounts/login/", form)


@pytest.fixture(params=["sqlite", "postgresql"])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    port, home = free_port(), tmp_path / "home"
    home.mkdir()
    environment = {"SPRINTBOARD_HOME": str(home), "PORT": str(port), "SECRET_KEY": KEY}
    if request.param == "postgresql":
        environment["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    environment["DJANGO_SETTINGS_MODULE"] = "tests.system.plain"
    it = Stack(
        environment=environment,
        commands={"web": [sys.executable, "-m", "sprintboard.server"]},
        port=port,
        log=tmp_path / "log",
    )
    it.log.touch()
    try:
        yield it
    finally:
        it.kill()


def refused(stack: Stack, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        # not the whole environment: the suite names a database of its own there
        env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore", **stack.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    return done.stderr


def wipe(stack: Stack) -> None:
    """Lose the machine: the database and the folder; the key was kept elsewhere."""
    home = Path(stack.environment["SPRINTBOARD_HOME"])
    shutil.rmtree(home)
    home.mkdir()
    if "DATABASE_URL" in stack.environment:
        sql = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        code = f"from django.db import connection; connection.cursor().execute({sql!r})"
        stack.manage("shell", "-v0", "-c", code)


def test_the_drill(stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    stack.manage("migrate", "-v0")
    stack.manage("shell", "-v0", "-c", FOUND)
    stack.manage("shell", "-v0", "-c", QUEUE)
    stack.start()
    mia = Person(stack.url)
    mia.sign_in()
    mia.post("/w/northwind/tasks/add/", {"lines": "What the files hang on", "where": "end"})
    numbers = b"a,b\n" * 500_000  # more than any other request may bring
    mia.upload("/w/northwind/files/task/NW-1/", "numbers.csv", numbers)
    page = mia.get("/w/northwind/tasks/NW-1/")
    [file_url] = set(re.findall(r'href="(/w/northwind/files/[0-9a-f-]+/)"', page))
    assert mia.download(file_url) == numbers

    written: list[tuple[float, str]] = []
    stop = threading.Event()
    problems: list[str] = []

    def write() -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                mia.post("/w/northwind/tasks/add/", {"lines": f"Task {number}", "where": "end"})
                written.append((time.monotonic(), f"Task {number}"))
        except (urllib.error.URLError, AssertionError) as error:
            problems.append(repr(error))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(written) < 5 and not problems:
            time.sleep(0.05)
        began = time.monotonic()
        stack.manage("backup", str(backups))
        ended = time.monotonic()
        while len(written) < 10 and not problems:
            time.sleep(0.05)
    finally:
        stop.set()
        writer.join(20)
    assert problems == [], "a backup stops nobody's work"
    (file,) = backups.glob("*.tar")
    assert file.stat().st_mode & 0o077 == 0
    assert KEY.encode() not in file.read_bytes(), "no secret is in it"

    assert "There are people in this database" in refused(stack, "restore", str(file))
    stack.stop()
    wipe(stack)
    lost_at = time.monotonic()
    assert "Whole: " in stack.manage("verify_backup", str(file))
    stack.manage("restore", str(file))
    stack.manage("migrate", "--check")
    stack.manage("check")
    held = stack.manage("shell", "-v0", "-c", TABLES)
    stack.start()
    restored_in = time.monotonic() - lost_at

    compare(file, json.loads(held))
    titles = set(json.loads(stack.manage("shell", "-v0", "-c", TITLES)))
    before = {title for at, title in written if at < began}
    assert before <= titles, "what was saved before the backup began is there"
    assert not {title for at, title in written if at > ended + 5} & titles

    assert "northwind" in mia.get("/w/northwind/board/"), "who was signed in still is"
    assert mia.download(file_url) == numbers
    again = Person(stack.url)
    again.sign_in()
    page = again.get("/w/northwind/board/")
    assert "Nothing is mailed at the moment" in page, "an admin is told"
    assert "state: queued" in stack.manage("shell", "-v0", "-c", DELIVER), "nothing leaves"
    assert json.loads(again.get("/readyz"))["outbox"] == "paused"
    stack.manage("outbox", "resume")
    assert "Nothing is mailed" not in again.get("/w/northwind/board/")
    assert "state: queued" in stack.manage("shell", "-v0", "-c", DELIVER)  # no such kind of mail
    assert json.loads(again.get("/readyz"))["outbox"] == "ok"
    stack.stop()
    lost = len([title for _at, title in written if title not in titles])
    with capsys.disabled():
        name = stack.environment.get("DATABASE_URL", "sqlite").split(":")[0]
        print(
            f"\nDrill on {name}: backup in "
            f"{ended - began:.1f} s during {len(written)} writes; RPO: {lost} writes made since; "
            f"RTO: {restored_in:.1f} s to a page that answers."
        )


def compare(file: Path, found: dict[str, dict[str, object]]) -> None:
    """Compare counts and hashes, except for the marks of the running program itself."""
    import tarfile

    with tarfile.open(file) as archive:
        part = archive.extractfile("manifest.json")
        assert part
        told = json.loads(part.read())["tables"]
    assert len(told) > 30
    assert told["backlog_task"]["rows"] >= 5
    assert {k: v for k, v in told.items() if k != "activity_mark"} == {
        k: v for k, v in found.items() if k != "activity_mark"
    }
