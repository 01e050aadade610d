"""A line between a browser and the server that can go dead without either of them noticing."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

CHUNK = 65_536


class Line:
    """Carries bytes to a port, until it goes silent; lines that are opened later work again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self._open: list[tuple[socket.socket, socket.socket]] = []
        self._streams: set[socket.socket] = set()
        self._silent: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """Return where a browser finds the server through this line."""
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def __enter__(self) -> Line:
        threading.Thread(target=self._welcome, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._door.close()
        for pair in self._open:
            for end in pair:
                _hang_up(end)

    def go_silent(self) -> None:
        """Let no byte through to a stream that is open now; its two ends stay as they are."""
        for browser, server in self._open:
            if browser in self._streams:
                self._silent |= {browser, server}
            else:  # what is merely kept open is found dead at its next use
                _hang_up(browser)
                _hang_up(server)

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _address = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open.append((browser, server))
                for ends in ((browser, server), (server, browser)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while words := source.recv(CHUNK):
                if words.startswith(b"GET /live/"):
                    self._streams.add(source)
                if source not in self._silent:
                    target.sendall(words)
        if source not in self._silent:
            _hang_up(target)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
