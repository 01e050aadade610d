"""What the web server runs: the streams, and the gate with Django on eight threads behind it.

Django's own ASGI handler opens a database connection for each request; these threads keep theirs.
"""

import logging
from functools import cache
from pathlib import Path

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from sprintboard.server.gate import (
    ASGIApp,
    Gate,
    Line,
    Receive,
    RefusedError,
    Scope,
    Send,
    plain_page,
)
from sprintboard.server.sending import Sending
from sprintboard.wsgi import application as django  # first: it loads the apps

from live.stream import Stream  # isort: skip  # it names models

THREADS = 8
# An answer waits here for its reader, so that a slow one holds no thread.
CHUNKS_PER_ANSWER = 256

logger = logging.getLogger(__name__)


@cache
def page(refused: RefusedError) -> str:
    """Return the error page for what the gate refuses; it needs no database and no request."""
    try:
        return render_to_string(f"{refused.status}.html")
    except Exception:  # the gate answers whatever is broken behind it
        logger.exception("There is no page for %s.", refused.status)
        return plain_page(refused)


line = Line(django)
threads: ASGIApp = WSGIMiddleware(line, workers=THREADS, send_queue_size=CHUNKS_PER_ANSWER)  # type: ignore[arg-type,assignment]
gate = Gate(Sending(threads, lambda: Path(settings.MEDIA_ROOT)), line, page=page)

stream = Stream()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one connection: a stream of its own, everything else through the gate."""
    if scope["type"] == "http" and scope["path"].startswith("/live/"):
        await stream(scope, receive, send)
    else:
        await gate(scope, receive, send)


reverse("healthz")  # every view is imported now, so that the first visitor does not wait for it
