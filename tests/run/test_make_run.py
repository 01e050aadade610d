"""`make run` on a clean clone: what a newcomer does, from nothing to a page and back."""

import http.cookiejar
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
FIRST_START_SECONDS = 420
SET_UP = re.compile(r"^(Making|Installing|Collecting|Updating|The demo is there)", re.MULTILINE)
# what the machine is set up with (registries, certificates) is for the newcomer too
NOT_THEIRS = {
    *("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "SPRINTBOARD_DEMO", "VIRTUAL_ENV"),
    *("SPRINTBOARD_MODE", "DJANGO_SETTINGS_MODULE", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL"),
}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Program:
    """A clone, and what `make run` does in it."""

    clone: Path
    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in NOT_THEIRS}
        return {**kept, "PORT": str(self.port), "SPRINTBOARD_HOME": str(self.home), **more}

    @property
    def log(self) -> Path:
        return self.home.with_name(f"log-{self.starts}")

    def start(self, seconds: float) -> str:
        """Run `make run` in a session of its own until it says that it is ready."""
        self.starts += 1
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                # as in a terminal, also where the tests run in the background: a shell without job
                # control hands ignored interrupts down, and make would not hear its own
                ["env", "--default-signal=INT", "make", "run"],
                cwd=self.clone,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while "Ctrl-C stops everything" not in self.output():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.1)
        return self.output()

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal sends it to the foreground group."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(30)

    def left(self) -> list[int]:
        """Return the processes of its session that live."""
        assert self.process is not None
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(session) == self.process.pid and state != "Z":
                found.append(int(stat.parent.name))
        return found

    def supervisor(self) -> int:
        """Return the process that make started and that is the parent of the others."""
        for pid in self.left():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
            if b"sprintboard.supervisor" in command and int(parent) == self.process.pid:  # type: ignore[union-attr]
                return pid
        raise AssertionError("The supervisor does not run.")

    def kill(self) -> None:
        for pid in self.left() if self.process else []:
            os.kill(pid, signal.SIGKILL)


class Visitor:
    """Somebody with a browser's cookies."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def get(self, path: str) -> str:
        with self.opener.open(self.url + path, timeout=20) as answer:
            self.at = urllib.parse.urlsplit(answer.url).path
            return answer.read().decode()

    def sign_in(self, email: str) -> str:
        page = self.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        fields = {"login": email, "password": "sprintboard", "csrfmiddlewaretoken": token[1]}
        request = urllib.request.Request(
            f"{self.url}/accounts/login/", urllib.parse.urlencode(fields).encode()
        )
        with self.opener.open(request, timeout=20) as answer:
            self.at = urllib.parse.urlsplit(answer.url).path
            return answer.read().decode()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("newcomer")
    subprocess.run(
        ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder / "clone")], check=True
    )
    (folder / "home").mkdir()
    program = Program(folder / "clone", folder / "home")
    yield program
    program.kill()


def test_from_a_clean_clone_to_a_page_and_back(program: Program) -> None:
    output = program.start(FIRST_START_SECONDS)
    for step in ("Making the Python environment", "Installing", "Making the database"):
        assert step in output
    assert f"http://127.0.0.1:{program.port}/" in output
    assert "mia@northwind.example" in output

    visitor = Visitor(program.port)
    assert '"status": "ok"' in visitor.get("/healthz")
    assert '"status": "ready"' in visitor.get("/readyz")
    page = visitor.get("/accounts/login/")
    for path in re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page):
        assert visitor.get(path)
    assert "/static/css/app." in page
    visitor.sign_in("mia@northwind.example")
    assert visitor.at == "/w/northwind/"
    visitor.get("/w/northwind/board/")

    changed = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=program.clone,
        capture_output=True,
        text=True,
        check=True,
    )
    assert changed.stdout == "", "what it makes is ignored by git"

    program.interrupt()
    assert program.left() == []
    assert "Traceback" not in program.output()
    with pytest.raises(urllib.error.URLError):
        visitor.get("/healthz")

    # the second start finds everything done, and everything that people did
    output = program.start(60)
    assert not SET_UP.search(output)
    visitor.get("/w/northwind/")
    assert visitor.at == "/w/northwind/", "still signed in: nothing was reset"

    # an interrupt for make alone, which tells nobody of it, ends the program too
    assert program.process
    program.process.send_signal(signal.SIGINT)
    program.process.wait(30)
    assert program.left() == []

    # and a supervisor that is killed takes the others with it
    program.start(60)
    os.kill(program.supervisor(), signal.SIGKILL)
    program.process.wait(30)
    deadline = time.monotonic() + 10
    while program.left() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert program.left() == []


def test_a_taken_port_is_said_before_anything_starts(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            ["make", "run"],
            cwd=program.clone,
            env=program.environment(PORT=port),
            capture_output=True,
            text=True,
            timeout=FIRST_START_SECONDS,
            check=False,
        )
    assert done.returncode != 0
    assert f"Port {port} cannot be used" in done.stdout
    assert "make run PORT=" in done.stdout


@pytest.fixture
def sketch(tmp_path: Path) -> Path:
    """A folder with the set-up script and the locks alone, and an environment that is there."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def set_up(folder: Path, path: str, before: str = "") -> subprocess.CompletedProcess[str]:
    script = f"import runpy, sys; {before}\nrunpy.run_path('scripts/setup.py', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_told_which_it_takes(sketch: Path) -> None:
    done = set_up(sketch, os.environ["PATH"], "sys.version_info = (3, 9, 18)")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stdout
    assert "3.9.18" in done.stdout
    assert not (sketch / ".venv").exists()


def test_a_failing_npm_shows_what_it_said_and_is_tried_again(sketch: Path) -> None:
    """An npm that fails once, and a set-up whose Python part is done."""
    tools = sketch / "tools"
    tools.mkdir()
    for name, text in {
        "node": "echo v22.1.0",
        "npm": "if [ -e tried ]; then mkdir -p node_modules; else touch tried;"
        " echo 'npm error ENETUNREACH'; exit 1; fi",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    done_before = (
        "import pathlib; sys.path.insert(0, 'scripts'); import setup;"
        "setup.make_venv = setup.install_python = lambda *a: None"
    )
    script = f"import sys; {done_before}; sys.exit(setup.main())"

    def once() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=sketch,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    first = once()
    assert first.returncode == 1
    assert "npm error ENETUNREACH" in first.stderr
    assert "npm could not install the front-end packages" in first.stderr
    second = once()
    assert second.returncode == 0
    assert "Installing front-end packages" in second.stdout
    third = once()
    assert (third.returncode, third.stdout) == (0, ""), "done: nothing to do, nothing to say"
