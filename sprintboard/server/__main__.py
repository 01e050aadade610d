"""`python -m sprintboard.server`: the one web server command, here and in production."""

import os
import socket
import sys
from types import FrameType

import uvicorn

PORT = 8000
GRACE_SECONDS = 3


class Server(uvicorn.Server):
    """Ends the streams when it is told to stop: it would wait for them for ever."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        if "sprintboard.asgi" in sys.modules:
            sys.modules["sprintboard.asgi"].stream.leave()
        super().handle_exit(sig, frame)


def bind() -> socket.socket:
    """Return the socket that SPRINTBOARD_HOST and PORT name; raises OSError when it is taken.

    It does not listen before the server does: until then a visitor is refused, not left waiting.
    """
    host = os.environ.get("SPRINTBOARD_HOST", "127.0.0.1")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(os.environ.get("PORT", PORT))))
    except OSError:
        listener.close()
        raise
    return listener


def serve(listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, then finish what runs within a few seconds."""
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "")
    if "*" in trusted:
        sys.exit("FORWARDED_ALLOW_IPS must name the proxies; “*” would let anybody pose as one.")
    config = uvicorn.Config(
        "sprintboard.asgi:application",
        loop="uvloop",
        http="httptools",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted),
        forwarded_allow_ips=trusted or None,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(bind())
