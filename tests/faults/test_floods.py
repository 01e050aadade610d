"""F35: fifty strangers send 400 MB each; they cost no disk, no memory and nobody's page."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.worlds import World, only

pytestmark = [pytest.mark.faults, pytest.mark.faults_quick]

STRANGERS = 50
BODY = 400_000_000
MEGABYTE = 1024 * 1024
PIECE = b"x" * 65_536


class Watcher:
    """What a server's process reads, holds in memory and keeps on disk."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.process, self.folder = Path(f"/proc/{pid}"), folder
        self.most_memory = self.most_disk = 0
        self.first_read, self.first_memory = self._read(), self._memory()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    @property
    def read(self) -> int:
        """Return how many bytes it has read since the beginning, from sockets too."""
        return self._read() - self.first_read

    @property
    def grown(self) -> int:
        """Return by how many bytes its memory was larger at most."""
        return self.most_memory - self.first_memory

    def on_disk(self) -> int:
        """Return how much lies in its temporary files, those without a name included."""
        held = 0
        for handle in (self.process / "fd").iterdir():
            with contextlib.suppress(OSError):
                if str(handle.readlink()).startswith(str(self.folder)):
                    held += handle.stat().st_blocks * 512
        return held

    def _look(self) -> None:
        while not self._over.is_set():
            self.most_memory = max(self.most_memory, self._memory())
            self.most_disk = max(self.most_disk, self.on_disk())
            time.sleep(0.02)

    def _read(self) -> int:
        return int((self.process / "io").read_text().split()[1])

    def _memory(self) -> int:
        pages = int((self.process / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@only("sqlite")
@pytest.mark.parametrize("way", ["with a length", "in chunks"])
def test_f35_huge_bodies_of_strangers_are_refused_unread(world: World, tmp_path, figures, way):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    stack = world.web(TMPDIR=str(temporary))
    lena = world.visitor(stack, "lena")
    assert lena.get("/w/northwind/board/").status == 200
    line = figures("F35", f"{STRANGERS} anonymous bodies of 400 MB at once, {way}")
    line.stopwatch()
    watcher = Watcher(stack.processes["web"].pid, temporary)
    try:
        with ThreadPoolExecutor(STRANGERS + 1) as threads:
            floods = [threads.submit(flood, stack.port, way) for _ in range(STRANGERS)]
            page = threads.submit(lena.get, "/w/northwind/board/").result()
            answers = [one.result() for one in floods]
    finally:
        watcher.stop()
    line.stop()

    assert Counter(answers) == {413: STRANGERS}
    assert page.status == 200
    each = watcher.read / STRANGERS
    assert each <= 2 * MEGABYTE
    assert watcher.most_disk <= STRANGERS * MEGABYTE
    assert watcher.on_disk() == 0
    assert list(temporary.iterdir()) == []
    assert watcher.grown <= 100 * MEGABYTE
    line.tried = STRANGERS
    line.remarks = (
        f"413 for each; {each / MEGABYTE:.1f} MB read of each, at most "
        f"{watcher.most_disk / MEGABYTE:.0f} MB on disk meanwhile and 0 after, memory "
        f"{watcher.grown / MEGABYTE:+.0f} MB; a colleague's board came in {page.seconds:.1f} s"
    )


def flood(port: int, way: str) -> int:
    """Send 400 MB, as long as they are taken; return the status that came back."""
    head = b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
    if way == "in chunks":
        head += b"Transfer-Encoding: chunked\r\n\r\n"
        piece = b"%x\r\n%s\r\n" % (len(PIECE), PIECE)
    else:
        head += b"Content-Length: %d\r\n\r\n" % BODY
        piece = PIECE
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(head)
            for _ in range(BODY // len(PIECE)):
                line.sendall(piece)
            raise AssertionError("400 MB were taken.")
        with contextlib.suppress(ConnectionError):
            while got := line.recv(65_536):
                answer += got
    return int(answer.split()[1]) if answer else 0
