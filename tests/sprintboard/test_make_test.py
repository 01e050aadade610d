"""`make test` says what was not there, and with REQUIRE_ALL=1 takes no such excuse."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import test as suites

ALL = {"PostgreSQL": "postgresql", "Redis": "redis_server", "Chromium": ""}


class Machine:
    """A machine with some of the servers, and the suites that were run on it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        self.ran: list[tuple[str, tuple[str, ...], dict[str, str]]] = []
        self.counts: Counter[str] = Counter(tests=10, failures=0, errors=0, skipped=0)
        monkeypatch.setattr(sys, "argv", ["test"])
        monkeypatch.setattr(suites.signal, "signal", lambda *args: None)
        # set here, so that they come back after the test
        for name in (*suites.CHOSEN_BY_SUITES, *suites.COSTLY):
            monkeypatch.setenv(name, "somebody's own")
        monkeypatch.delenv("REQUIRE_ALL", raising=False)
        self.has(*ALL)

        def suite(run: suites.Run, name: str, *selection: str, **environment: str) -> None:
            self.ran.append((name, selection, environment))
            run.counts.update(self.counts)

        monkeypatch.setattr(suites.Run, "suite", suite)

    def has(self, *names: str) -> None:
        for name, server in ALL.items():
            found = Path("/bin") / name if name in names else None
            self.patch.setattr(suites, f"find_{name.lower()}", lambda found=found: found)
            if server:
                self.patch.setattr(suites, server, self.running)

    @contextlib.contextmanager
    def running(self, binary: Path) -> Iterator[str]:
        yield f"address-of-{binary.name}"

    def last_lines(self, capsys: pytest.CaptureFixture[str]) -> list[str]:
        return capsys.readouterr().out.splitlines()[-2:]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_with_all_servers_both_databases_are_tried(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert suites.main() == 0
    full, sqlite, *apart = machine.ran
    assert full[2]["DATABASE_URL"] == "address-of-PostgreSQL"
    assert "both_databases" in sqlite[1]
    assert "DATABASE_URL" not in sqlite[2]
    assert sqlite[2]["SPRINTBOARD_TEST_DB"].endswith("sqlite3"), "a file, so that threads can meet"
    assert all(environment["REDIS_URL"] for _, _, environment in apart)
    assert machine.last_lines(capsys) == [
        "total: 50 passed, 0 failed, 0 skipped",
        "PostgreSQL, Redis and Chromium were all there.",
    ]


def test_every_folder_of_tests_is_in_some_suite(machine: Machine) -> None:
    suites.main()
    full, _, *apart = machine.ran
    ignored = {part.removeprefix("--ignore=") for part in full[1] if part.startswith("--ignore=")}
    chosen = {part for _, selection, _ in apart for part in selection}
    assert ignored == {part for part in chosen if part.startswith("tests/")}


def test_without_any_server_everything_runs_on_sqlite_and_that_is_said(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.has()
    assert suites.main() == 0
    name, selection, environment = machine.ran[0]
    assert "Everything" in name
    assert "both_databases" not in selection
    assert "DATABASE_URL" not in environment
    assert machine.last_lines(capsys)[-1] == (
        "Not there, so not tried: PostgreSQL, Redis, Chromium."
    )


@pytest.mark.parametrize("name", ALL)
def test_with_require_all_what_is_not_there_is_a_failure(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    monkeypatch.setenv("REQUIRE_ALL", "1")
    machine.has(*ALL.keys() - {name})
    assert suites.main() == 1
    assert name in capsys.readouterr().out
    assert not machine.ran


@pytest.mark.parametrize("kind", ["failures", "errors"])
def test_a_failure_in_any_suite_is_the_exit_code(
    machine: Machine, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    machine.counts[kind] = 1
    assert suites.main() == 1
    assert "45 passed, 5 failed, 0 skipped" in machine.last_lines(capsys)[0]


def test_a_suite_that_runs_nothing_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For real: pytest's own exit code for no tests must not pass for success."""
    run = suites.Run(tmp_path, [])
    run.suite("Nothing", "tests/sprintboard/test_make_test.py", "-k", "no_such_name", "-n0")
    assert run.failed
    chosen = suites.Run(tmp_path, ["-k", "no_such_name"])
    chosen.suite("Nothing chosen", "tests/sprintboard/test_make_test.py", "-n0")
    assert not chosen.failed, "what somebody picked may lie in another suite"
