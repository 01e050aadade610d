"""The supervisor: it starts again what died, and leaves nobody behind."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sprintboard import prepare, supervisor

ROOT = Path(__file__).parents[2]

# Stands for the program: a child that only sleeps, and notes its id.
TOY = """
import os, pathlib, signal, socket, sys, time
from sprintboard import supervisor

folder = pathlib.Path(sys.argv[1])

def work(name, stubborn=False):
    def run():
        if stubborn:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with (folder / name).open("a") as file:
            print(os.getpid(), file=file)
        while True:
            time.sleep(0.05)
    return run

supervisor.STOP_SECONDS = 0.5
supervisor.answers = lambda *args: True
supervisor.run_preparation = lambda: None
with socket.create_server(("127.0.0.1", 0)) as listener:
    it = supervisor.Supervisor(listener, "http://127.0.0.1", folder)
    it.web = supervisor.Part("web server", work("web"))
    it.others = [supervisor.Part("worker", work("worker", stubborn=True))]
    sys.exit(it.run())
"""


class Toy:
    """A supervisor over two sleepers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(TOY), str(folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pids(self, name: str) -> list[int]:
        """Return the ids that a part has had, oldest first."""
        path = self.folder / name
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def started(self, name: str, times: int = 1) -> int:
        """Wait until a part was started so many times; return its last id."""
        until(lambda: len(self.pids(name)) >= times)
        return self.pids(name)[-1]


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    started = Toy(tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.communicate(timeout=10)


def until(true: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Say whether a process lives; one that only waits to be noticed does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_every_part_even_a_stubborn_one(toy: Toy, number: signal.Signals) -> None:
    pids = [toy.started("web"), toy.started("worker")]
    toy.process.send_signal(number)
    output, _ = toy.process.communicate(timeout=15)
    assert toy.process.returncode == 0
    assert output.rstrip().endswith("Stopped.")
    assert not any(map(alive, pids))


def test_a_part_that_died_is_started_again_and_said(toy: Toy) -> None:
    first = toy.started("worker")
    os.kill(first, signal.SIGKILL)
    assert toy.started("worker", times=2) != first
    web = toy.pids("web")
    toy.process.terminate()
    output, _ = toy.process.communicate(timeout=15)
    assert "The worker ended (signal 9); starting it again in 0.5 s." in output
    assert len(web) == 1, "the other part was left alone"


def test_a_killed_supervisor_leaves_no_orphan(toy: Toy) -> None:
    pids = [toy.started("web"), toy.started("worker")]
    toy.process.kill()
    until(lambda: not any(map(alive, pids)))


def test_the_pause_before_a_start_grows_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    part = supervisor.Part("worker", lambda: None)
    pauses = []
    for _ in range(9):
        part.started = now
        part.ended(1)
        pauses.append(part.not_before - now)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    part.started = now - supervisor.SETTLED - 1
    part.ended(1)
    assert part.not_before - now == 0.5, "what ran well for a while starts at once again"


@pytest.mark.parametrize(
    ("work", "code"),
    [("pass", 0), ("sys.exit(3)", 3), ("sys.exit('why')", 1), ("1/0", 1), ("sys.exit()", 0)],
)
def test_a_fork_ends_with_the_code_of_its_work(work: str, code: int) -> None:
    """In a process of its own: pytest's threads and handlers are no good to fork."""
    script = (
        "import os, sys; from sprintboard import supervisor\n"
        f"pid = supervisor.fork(lambda: exec({work!r}, {{'sys': sys}}))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(code)


def run_supervisor(
    home: Path, port: int | str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sprintboard.supervisor"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "SPRINTBOARD_HOME": str(home),
            "PORT": str(port),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_supervisor(tmp_path, port)
    assert done.returncode == 2
    assert f"Port {port} cannot be used" in done.stdout
    assert "make run PORT=" in done.stdout
    assert not list(tmp_path.iterdir()), "nothing was made"


@pytest.mark.parametrize("port", ["eighty", "99999", "-1"])
def test_a_port_that_is_none_is_said_with_the_way_out(tmp_path: Path, port: str) -> None:
    done = run_supervisor(tmp_path, port)
    assert done.returncode == 2
    assert f"Port {port} cannot be used" in done.stdout


def test_a_wrong_setting_is_said_in_a_sentence(tmp_path: Path) -> None:
    done = run_supervisor(tmp_path, 0, SECRET_KEY="short")
    assert done.returncode == 2
    assert "SECRET_KEY is too short" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_second_supervisor_in_one_home_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "supervisor.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run_supervisor(tmp_path, 0)
    assert done.returncode == 2
    assert "already runs" in done.stdout


# A first start whose steps are counted, not done; `sys.argv[1]` names the step that fails.
FIRST_START = """
import sys
import django; django.setup()
from django.db import connection
from sprintboard import prepare

def command(name, **options):
    print(name)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {'django_migrations' if name == 'migrate' else name} (id)")
    if name == sys.argv[1]:
        sys.exit("interrupted")

prepare.call_command = command
prepare.collect_static = prepare._pending = lambda *args: False
prepare.prepare(lambda text: None)
"""


def first_start(home: Path, fails: str = "nothing", **environment: str) -> list[str]:
    """Return the steps that a start took."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_START, fails],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "sprintboard.settings",
            "SPRINTBOARD_HOME": str(home),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (fails != "nothing"), done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("step", ["migrate", "seed_demo"])
def test_an_interrupted_first_start_starts_over(tmp_path: Path, step: str) -> None:
    first_start(tmp_path, fails=step)
    assert not (tmp_path / "db.sqlite3").exists()
    assert first_start(tmp_path) == ["migrate", "seed_demo"]
    assert sorted(path.name for path in tmp_path.glob("db*")) == ["db.sqlite3"]


def test_the_demo_is_made_once_and_never_again(tmp_path: Path) -> None:
    assert first_start(tmp_path) == ["migrate", "seed_demo"]
    assert first_start(tmp_path) == []


def test_the_demo_can_be_turned_off_for_good(tmp_path: Path) -> None:
    assert first_start(tmp_path, SPRINTBOARD_DEMO="0") == ["migrate"]
    assert first_start(tmp_path) == []
    assert not (tmp_path / prepare.DEMO).exists()
