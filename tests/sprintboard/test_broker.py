"""The broker of files loses nothing: not in a race, not by a kill, not by a broken file."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kombu
import pytest
from kombu.exceptions import ChannelError

from sprintboard.broker import CLAIMS, SCHEME, restore_orphans

ROOT = Path(__file__).parents[2]
WRITERS = 4
EACH = 250


def connect(folder: Path, transport: str = SCHEME) -> kombu.Connection:
    options: dict[str, Any] = {"folder": str(folder), "polling_interval": 0.01}
    if transport == "filesystem":
        for name in ("data", "control", "done"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        options |= {
            "data_folder_in": str(folder / "data"),
            "data_folder_out": str(folder / "data"),
            "control_folder": folder / "control",
            "processed_folder": str(folder / "done"),
            "store_processed": True,
        }
    return kombu.Connection(f"{transport}://", transport_options=options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "queue"


@pytest.fixture
def connection(folder: Path) -> Iterator[kombu.Connection]:
    with connect(folder) as connection:
        yield connection


def send(connection: kombu.Connection, *bodies: object, queue: str = "bell") -> None:
    with connection.SimpleQueue(queue) as simple:
        for body in bodies:
            simple.put(body)


def take(connection: kombu.Connection, queue: str = "bell") -> list[Any]:
    """Take and acknowledge all that waits."""
    bodies = []
    with connection.SimpleQueue(queue) as simple:
        while True:
            try:
                message = simple.get(block=False)
            except simple.Empty:
                return bodies
            message.ack()
            bodies.append(message.payload)


def files(folder: Path, part: str) -> list[Path]:
    return sorted((folder / "bell" / part).rglob("*.msg"))


def test_messages_come_in_the_order_in_which_they_were_sent(
    connection: kombu.Connection, folder: Path
) -> None:
    send(connection, *range(50))
    assert take(connection) == list(range(50))
    assert not files(folder, ".")


def test_a_message_is_kept_until_it_is_acknowledged(
    connection: kombu.Connection, folder: Path
) -> None:
    send(connection, "ring")
    with connection.SimpleQueue("bell") as simple:
        message = simple.get(block=False)
        assert len(files(folder, "claimed")) == 1
        message.ack()
    assert not files(folder, ".")


def test_a_refused_message_goes_back_to_its_queue(connection: kombu.Connection) -> None:
    send(connection, "first", "second")
    with connection.SimpleQueue("bell") as simple:
        simple.get(block=False).requeue()
    assert sorted(take(connection)) == ["first", "second"]


def test_an_orderly_stop_gives_claimed_messages_back_once(folder: Path) -> None:
    with connect(folder) as stopping:
        send(stopping, "first", "second")
        stopping.SimpleQueue("bell").get(block=False)
    with connect(folder) as other:
        assert take(other) == ["first", "second"]


def test_a_reader_that_wants_no_acknowledgement_leaves_no_file(
    connection: kombu.Connection, folder: Path
) -> None:
    send(connection, "ring")
    with connection.SimpleQueue("bell", no_ack=True) as simple:
        assert simple.get(block=False).payload == "ring"
    assert not files(folder, ".")


@pytest.mark.parametrize(
    "content",
    [b"", b'{"body": "abc', b"[]", b'{"body": 1, "properties": {}}', b"\xff\xfe", b"null"],
    ids=["empty", "cut short", "a list", "no envelope", "no text", "null"],
)
def test_a_broken_file_is_put_aside_and_the_next_message_taken(
    connection: kombu.Connection, folder: Path, content: bytes
) -> None:
    send(connection, "good")
    (folder / "bell" / "new" / "0000-broken.msg").write_bytes(content)
    assert take(connection) == ["good"]
    assert [path.name for path in files(folder, "bad")] == ["0000-broken.msg"]


def test_the_stock_transport_dies_of_the_same_broken_file(folder: Path) -> None:
    """Keeps the test above honest: what it asks for is not given by kombu itself."""
    with connect(folder, "filesystem") as stock:
        send(stock, "good")
        (folder / "data" / "0_broken.bell.msg").write_bytes(b"")
        with pytest.raises(ValueError, match=r"Expecting value|unexpected end"):
            take(stock)


def test_a_half_written_message_is_not_seen(connection: kombu.Connection, folder: Path) -> None:
    send(connection, "whole")
    (folder / "bell" / "new" / ".0000-half.msg").write_text('{"body": "ha')
    assert take(connection) == ["whole"]
    assert not files(folder, "bad")


def test_a_hidden_file_of_a_dead_writer_is_cleared_when_it_is_old(
    connection: kombu.Connection, folder: Path
) -> None:
    send(connection, "whole")
    fresh = folder / "bell" / "new" / ".0001-fresh.msg"
    stale = folder / "bell" / "new" / ".0000-stale.msg"
    for path in (fresh, stale):
        path.write_text("{")
    os.utime(stale, (time.time() - 2 * 3600,) * 2)
    restore_orphans(folder / "bell")
    assert fresh.exists()
    assert not stale.exists()


@pytest.mark.parametrize("name", ["../outside", "a/b", ".hidden", ""])
def test_a_queue_never_leaves_its_folder(connection: kombu.Connection, name: str) -> None:
    with pytest.raises(ChannelError):
        connection.default_channel._put(name, {})


def test_a_full_disk_is_an_error_of_the_channel_and_leaves_no_hidden_file(
    connection: kombu.Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    send(connection, "before")
    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(ChannelError, match="No space left"):
        connection.default_channel._put("bell", {})
    assert len(list((folder / "bell" / "new").iterdir())) == 1


def test_many_writers_and_two_readers_lose_nothing_and_double_nothing(folder: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(folder), str(n)], cwd=ROOT)
        for n in range(WRITERS)
    ]
    taken: list[Any] = []
    done = threading.Event()

    def read() -> None:
        with connect(folder) as connection:
            while not done.is_set():
                taken.extend(take(connection))
            taken.extend(take(connection))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    assert [writer.wait(60) for writer in writers] == [0] * WRITERS
    done.set()
    for reader in readers:
        reader.join(30)
    assert sorted(taken) == sorted([n, i] for n in range(WRITERS) for i in range(EACH))
    assert not files(folder, ".")


def test_what_a_killed_worker_had_claimed_is_done_by_the_next(folder: Path) -> None:
    with connect(folder) as connection:
        send(connection, *range(10))
        worker = subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert worker.stdout is not None
        with worker.stdout:
            assert worker.stdout.readline() == "claimed 4\n"
            assert len(files(folder, "claimed")) == 4

            assert restore_orphans(folder / "bell") == 0, "a living worker keeps what it claimed"
            worker.send_signal(signal.SIGKILL)
            worker.wait(10)
        assert restore_orphans(folder / "bell") == 4
        assert take(connection) == list(range(10))
    assert len(list((folder / "bell" / "claimed").iterdir())) <= 1, "only this process's own"


def test_threads_that_take_their_first_message_at_once_share_one_folder(folder: Path) -> None:
    for number in range(20):
        start, folders = threading.Barrier(8), set()

        def first(
            queue: Path = folder / str(number), start: Any = start, to: Any = folders
        ) -> None:
            start.wait()
            to.add(CLAIMS.folder(queue))

        threads = [threading.Thread(target=first) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(folders) == 1


def test_names_sort_over_a_reboot(connection: kombu.Connection, folder: Path) -> None:
    """A monotonic clock starts again at zero with the machine; the names must not."""
    send(connection, "ring")
    (path,) = files(folder, "new")
    assert abs(int(path.name.split("-")[0]) - time.time_ns()) < 60 * 10**9


WRITE = f"""
import sys
from pathlib import Path
from tests.sprintboard.test_broker import connect, send
folder, n = Path(sys.argv[1]), int(sys.argv[2])
with connect(folder) as connection:
    send(connection, *([n, i] for i in range({EACH})))
"""

CLAIM = """
import sys, time
from pathlib import Path
from tests.sprintboard.test_broker import connect
with connect(Path(sys.argv[1])) as connection:
    simple = connection.SimpleQueue("bell")
    held = [simple.get(block=False) for _ in range(4)]
    print("claimed", len(held), flush=True)
    time.sleep(60)
"""
