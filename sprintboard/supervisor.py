"""`python -m sprintboard.supervisor`: the whole program in one terminal. `make run` ends here.

It prepares the installation, starts the web server, a worker and beat, starts again what died, and
stops all of them together. The parts are forks of this process: it has loaded Django once, so that
a start is quick. It opens no database and starts no thread itself; a fork inherits neither.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

import django
from django.core.exceptions import ImproperlyConfigured

from sprintboard.server import __main__ as server
from sprintboard.server.probe import answers

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 6.0
STEP = 0.1
FIRST_DELAY, LONGEST_DELAY, SETTLED = 0.5, 30.0, 20.0
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY_HINT_SECONDS = 60
BEGAN = time.monotonic()


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


@dataclass
class Part:
    """One process that has to run, and when it may be started again."""

    name: str
    work: Callable[[], object]
    pid: int = 0
    started: float = 0.0
    delay: float = FIRST_DELAY
    not_before: float = field(default=0.0)

    def start(self) -> None:
        """Fork, and do the work in the fork."""
        self.started = time.monotonic()
        self.pid = fork(self.work)

    def ended(self, status: int) -> str:
        """Note the end of the process; return what to tell about it."""
        self.pid = 0
        if time.monotonic() - self.started > SETTLED:
            self.delay = FIRST_DELAY
        self.not_before = time.monotonic() + self.delay
        how = f"signal {-status}" if status < 0 else f"exit code {status}"
        text = f"The {self.name} ended ({how}); starting it again in {self.delay:g} s."
        self.delay = min(self.delay * 2, LONGEST_DELAY)
        return text


def fork(work: Callable[[], object]) -> int:
    """Run the work in a child with a process group of its own, which dies with this process."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _leave(_child(work, parent))
    with contextlib.suppress(OSError):  # the child does it too; whoever is first
        os.setpgid(pid, pid)
    return pid


def _child(work: Callable[[], object], parent: int) -> int:
    """Do the work in the fork; return the exit code. Nothing unwinds into the parent's frames."""
    try:
        os.setpgid(0, 0)  # Ctrl-C reaches the supervisor alone, which stops the parts in order
        for number in STOPS:
            signal.signal(number, signal.SIG_DFL)
        _die_with(parent)
        work()
    except SystemExit as stop:
        if isinstance(stop.code, str):
            sys.stderr.write(f"{stop.code}\n")
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # noqa: BLE001
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _leave(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _die_with(parent: int) -> None:
    """Have the system kill this process when its parent ends in whatever way (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        _leave(1)


def run_worker() -> None:
    """Run jobs, two at a time."""
    from celery.exceptions import SecurityWarning  # noqa: PLC0415 - in the fork alone

    from sprintboard.celery import EMBEDDED_WORKER, app  # noqa: PLC0415

    # Celery warns root, because unpickling runs code; this worker takes JSON and nothing else
    warnings.simplefilter("ignore", SecurityWarning)
    app.start(EMBEDDED_WORKER)


def run_beat() -> None:
    """Ring the jobs that look around each minute."""
    from sprintboard.celery import EMBEDDED_BEAT, app  # noqa: PLC0415

    app.start(EMBEDDED_BEAT)


def run_preparation() -> None:
    """Bring the installation up to date."""
    from sprintboard.prepare import prepare  # noqa: PLC0415 - it needs loaded settings

    prepare(say)


class Make:
    """The `make` that started this process, if one did.

    A terminal's Ctrl-C reaches both. But an interrupt sent to make alone is not passed on: make
    drops its handlers and waits for this process, which it never told. So this process looks
    (Linux; elsewhere it sees nothing and Ctrl-C works all the same).
    """

    def __init__(self) -> None:
        self.pid = os.getppid()
        self.handled = self._handles()

    def gave_up(self) -> bool:
        """Say whether make was interrupted or has ended since."""
        return bool(self.handled & ~self._handles())

    def _handles(self) -> int:
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return 0
        lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        return int(lines["SigCgt"], 16) if lines["Name"] in {"make", "gmake"} else 0


class Supervisor:
    """Keeps the parts running until it is told to stop."""

    def __init__(self, listener: socket.socket, site_url: str, home: Path) -> None:
        self.site_url = site_url
        self.home = home
        self.host, self.port, *_ = listener.getsockname()
        self.make = Make()
        self._stopped = False
        self.ready = False
        self.hint = BEGAN + READY_HINT_SECONDS
        self.web = Part("web server", lambda: server.serve(listener))
        self.others = [Part("worker", run_worker), Part("beat", run_beat)]

    def run(self) -> int:
        """Prepare, start, watch, stop; return the exit code."""
        for number in STOPS:
            signal.signal(number, self._stop)
        if (code := self._prepare()) or self.stopping():
            return code
        while not self.stopping():
            self._start_due()
            self._reap()
            if not self.ready:
                self._look()
            time.sleep(STEP)
        self._stop_parts()
        return 0

    def stopping(self) -> bool:
        """Say whether somebody asked for a stop."""
        return self._stopped or self.make.gave_up()

    def _look(self) -> None:
        if answers(self.host, self.port, self.site_url):
            self.ready = True
            self._welcome()
        elif time.monotonic() > self.hint:
            say("The web server does not answer yet; the lines above may say why.")
            self.hint += READY_HINT_SECONDS

    @property
    def parts(self) -> list[Part]:
        """Return what has to run now: the web server first, the rest when it answers.

        All at once would share two processors between four, and the first page would wait.
        """
        return [self.web, *self.others] if self.ready else [self.web]

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopped = True

    def _prepare(self) -> int:
        pid = fork(run_preparation)
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            if self.stopping():
                os.killpg(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return 0
            time.sleep(STEP / 5)

    def _start_due(self) -> None:
        for part in self.parts:
            if not part.pid and time.monotonic() >= part.not_before:
                part.start()

    def _reap(self) -> None:
        for part in self.parts:
            if part.pid:
                ended, status = os.waitpid(part.pid, os.WNOHANG)
                if ended:
                    say(part.ended(os.waitstatus_to_exitcode(status)))

    def _welcome(self) -> None:
        from sprintboard.prepare import DEMO  # noqa: PLC0415 - it needs loaded settings

        took = time.monotonic() - BEGAN
        say(f"\nSprintboard is ready: {self.site_url}/   ({took:.1f} s)\n")
        if (self.home / DEMO).exists():
            say(DEMO_PEOPLE)
        if not os.environ.get("EMAIL_URL"):
            say(f"Mail is written to {self.home / 'mail'}.")
        say("Ctrl-C stops everything.")

    def _stop_parts(self) -> None:
        say("\nStopping …")
        running = [part for part in (self.web, *self.others) if part.pid]
        for part in running:
            os.kill(part.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for part in running:
            while not os.waitpid(part.pid, os.WNOHANG)[0]:
                if time.monotonic() > deadline:
                    os.killpg(part.pid, signal.SIGKILL)
                    os.waitpid(part.pid, 0)
                    break
                time.sleep(STEP / 5)
        say("Stopped.")


def main() -> int:
    """Start all of it; return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprintboard.settings")
    try:
        listener = server.bind()
    except (OSError, ValueError, OverflowError) as error:
        port = os.environ.get("PORT", server.PORT)
        why = getattr(error, "strerror", None) or error
        say(f"Port {port} cannot be used ({why}). Name another: make run PORT=8001")
        return 2
    try:
        django.setup()
    except ImproperlyConfigured as error:
        say(f"{error}  (docs/running.md lists the settings.)")
        return 2
    from django.conf import settings  # noqa: PLC0415 - they are read when Django is set up

    with listener, (settings.HOME / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"Sprintboard already runs in {settings.HOME}. Name another: SPRINTBOARD_HOME=…")
            return 2
        return Supervisor(listener, settings.SITE_URL, settings.HOME).run()


DEMO_PEOPLE = """\
The demo's people sign in with the password “sprintboard”:
  mia@northwind.example      marketer and admin, Stockholm
  sam@northwind.example      sales, Chicago
  grace@northwind.example    manager, London
"""

if __name__ == "__main__":
    sys.exit(main())
