"""What the web server runs: the gate, and behind it Django on eight threads.

Django's own ASGI handler opens a database connection for each request; these threads keep theirs.
"""

from a2wsgi import WSGIMiddleware
from django.urls import reverse

from sprintboard.server.gate import Gate, Line
from sprintboard.wsgi import application as django

THREADS = 8
# An answer waits here for its reader, so that a slow one holds no thread.
CHUNKS_PER_ANSWER = 256

line = Line(django)
application = Gate(
    WSGIMiddleware(line, workers=THREADS, send_queue_size=CHUNKS_PER_ANSWER),  # type: ignore[arg-type]
    line,
)

reverse("healthz")  # every view is imported now, so that the first visitor does not wait for it
