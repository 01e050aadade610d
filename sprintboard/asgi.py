"""What the web server runs: the gate, and behind it Django on eight threads.

Django's own ASGI handler opens a database connection for each request; these threads keep theirs.
"""

import logging
from functools import cache

from a2wsgi import WSGIMiddleware
from django.template.loader import render_to_string
from django.urls import reverse

from sprintboard.server.gate import Gate, Line, RefusedError, plain_page
from sprintboard.wsgi import application as django

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
application = Gate(
    WSGIMiddleware(line, workers=THREADS, send_queue_size=CHUNKS_PER_ANSWER),  # type: ignore[arg-type]
    line,
    page=page,
)

reverse("healthz")  # every view is imported now, so that the first visitor does not wait for it
