"""`python -m sprintboard.server.probe [web|worker]`: the health check of a container.

Exit code 0 when the part works. The web server is asked; the worker leaves a mark with each job,
and beat rings several each minute.
"""

import http.client
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from sprintboard.server.__main__ import PORT

MARK = "worker.alive"
SILENT_SECONDS = 180


def answers(host: str, port: int, site_url: str) -> bool:
    """Say whether a web server is ready for visitors of the site."""
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/readyz", headers={"Host": urlsplit(site_url).netloc})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def mark(home: Path) -> Path:
    """Return the file that this machine's or this container's worker touches with each job.

    RUNTIME_DIRECTORY is systemd's name for a folder that is a service's own until it stops.
    """
    return Path(os.environ.get("RUNTIME_DIRECTORY") or home) / MARK


def works(home: Path) -> bool:
    """Say whether a worker has finished a job lately."""
    try:
        return time.time() - mark(home).stat().st_mtime < SILENT_SECONDS
    except FileNotFoundError:
        return False


def main(part: str) -> int:
    """Return the exit code for one part of the program."""
    if part == "worker":
        return int(not works(Path(os.environ.get("SPRINTBOARD_HOME", "var"))))
    port = int(os.environ.get("PORT", PORT))
    return int(not answers("127.0.0.1", port, os.environ["SITE_URL"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "web"))
