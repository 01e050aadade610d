"""The barest program that could answer the same: one statement by psycopg2, and so many bytes.

It stands on the same server and as many threads, checks nobody's rights and renders nothing.
`python -m benchmarks.bare` with DATABASE_URL and PORT.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import psycopg2
import uvicorn
from a2wsgi import WSGIMiddleware

THREADS = 8
HTML = [("Content-Type", "text/html; charset=utf-8")]
CARDS = (
    "SELECT id, number, version, title, column_id, points, due_on, is_unplanned, carried,"
    " channel_id, campaign_id, assignee_id, origin_name, origin_backers, origin_value,"
    " comment_count, checklist_total, checklist_done FROM backlog_task"
    " WHERE sprint_id = %s AND archived_at IS NULL ORDER BY position, id"
)
LIST = (
    "SELECT id, number, title, points, origin_name, assignee_id, campaign_id FROM backlog_task"
    " WHERE workspace_id = %s AND sprint_id IS NULL AND archived_at IS NULL"
    " ORDER BY position, id LIMIT 101"
)
LOG = "CREATE TABLE IF NOT EXISTS bare_log (id bigserial PRIMARY KEY, workspace bigint, said text)"

_own = threading.local()


def connection() -> Any:
    """Return this thread's connection."""
    if not hasattr(_own, "connection"):
        _own.connection = psycopg2.connect(os.environ["DATABASE_URL"])
        _own.connection.autocommit = True
    return _own.connection


def read(statement: str, *values: object) -> None:
    """Run a query and fetch all of it."""
    with connection().cursor() as cursor:
        cursor.execute(statement, values)
        cursor.fetchall()


def write(statement: str, *values: object) -> None:
    """Change a row and log it, in one transaction."""
    with connection().cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(statement, values)
        cursor.execute("INSERT INTO bare_log (workspace, said) VALUES (%s, %s)", (values[-1], "x"))
        cursor.execute("COMMIT")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer /board, /unchanged, /list, /move, /create: ?of= names a row, ?bytes= how much."""
    asked = {name: int(values[0]) for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    of, size = asked.get("of", 0), asked.get("bytes", 0)
    status = "200 OK"
    match environ["PATH_INFO"]:
        case "/board":
            read(CARDS, of)
        case "/list":
            read(LIST, of)
        case "/unchanged":
            read("SELECT seq FROM people_workspace WHERE id = %s", of)
            status = "304 Not Modified"
        case "/move" | "/create":
            environ["wsgi.input"].read()
            write("UPDATE backlog_task SET position = position + 1 WHERE id = %s", of)
    headers = HTML if size else []
    start_response(status, [*headers, ("Content-Length", str(size))] if size else headers)
    return [b" " * size]


if __name__ == "__main__":
    read_log = psycopg2.connect(os.environ["DATABASE_URL"])
    with read_log, read_log.cursor() as making:
        making.execute(LOG)
    read_log.close()
    uvicorn.run(
        WSGIMiddleware(application, workers=THREADS),  # type: ignore[arg-type]
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        interface="asgi3",
    )
