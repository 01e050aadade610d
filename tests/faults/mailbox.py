"""A mail server that misbehaves on purpose, over real sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import default

LONG = 60
ANSWERS = {
    "MAIL": {"450 sender": "450 4.7.1 Not now"},
    "RCPT": {
        "421": "421 4.7.0 Too many mails, come back later",
        "450": "450 4.2.0 Greylisted, please try again",
        "452": "452 4.2.2 Mailbox full",
        "550": "550 5.1.1 No such mailbox",
    },
    "DATA": {
        "451 content": "451 4.3.0 Try again",
        "554 content": "554 5.7.1 This looks like spam",
    },
}


@dataclass
class ScriptedMail:
    """Each connection takes the next mode; without one it is accepted.

    Modes: `silent` (no banner), `421 banner`, the answers above, and two that break after the body
    was taken: `drop` and `hang`.
    """

    modes: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    accepted: list[tuple[str, str]] = field(default_factory=list)  # recipient, Message-ID
    port: int = 0
    _listener: socket.socket | None = None

    @property
    def url(self) -> str:
        """Return the EMAIL_URL that leads here."""
        return f"smtp://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Listen, on the port it had before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=[self._listener], daemon=True).start()

    def close(self) -> None:
        """Refuse whoever comes from now on."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def times(self, message_id: str) -> int:
        """Return how often it took this message."""
        return sum(one == message_id for _to, one in list(self.accepted))

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _address = listener.accept()
                mode = self.modes.pop(0) if self.modes else ""
                threading.Thread(target=self._talk, args=[line, mode], daemon=True).start()

    def _talk(self, line: socket.socket, mode: str) -> None:
        line.settimeout(LONG)
        with line, line.makefile("rwb", buffering=0) as talk, contextlib.suppress(OSError):
            if mode == "silent":
                talk.read(1)
            elif mode == "421 banner":
                talk.write(b"421 4.3.2 Too busy\r\n")
            else:
                talk.write(b"220 mail.example\r\n")
                self._answer(talk, mode)

    def _answer(self, talk, mode: str) -> None:
        to: list[str] = []
        while words := talk.readline().decode().strip():
            verb = words[:4].upper()
            if verb == "QUIT":
                talk.write(b"221 Bye\r\n")
                return
            answer = ANSWERS.get(verb, {}).get(mode, "250 OK") if verb != "DATA" else ""
            if verb == "RCPT":
                address = words.partition("<")[2].partition(">")[0]
                answer = self.refused.get(address, answer)
                if answer == "250 OK":
                    to.append(address)
            if verb == "DATA":
                talk.write(b"354 Go ahead\r\n")
                body = self._body(talk)
                answer = ANSWERS["DATA"].get(mode, "250 Kept")
                if answer == "250 Kept":
                    self.accepted += [(address, body) for address in to]
                if mode == "hang":
                    talk.read(1)
                if mode in {"drop", "hang"}:
                    return
            talk.write(f"{answer}\r\n".encode())

    def _body(self, talk) -> str:
        lines = []
        while (text := talk.readline()) not in {b".\r\n", b""}:
            lines.append(text)
        message = BytesParser(policy=default).parsebytes(b"".join(lines), headersonly=True)
        return str(message["Message-ID"])
