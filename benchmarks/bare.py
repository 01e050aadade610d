"""The barest program that could answer the same, by plain statements and psycopg2.

It stands on the same server and as many threads. It reads the session and the membership, as
anybody must who shows a board to its members alone, and puts the fields of each card into HTML by
one format; the rest of its answer is blanks, as many bytes as ours. No rules, no forms, no words in
another language. `python -m benchmarks.bare` with DATABASE_URL and PORT.
"""

from __future__ import annotations

import html
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
WHO = (
    "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > now()",
    "SELECT m.id, m.role, m.is_admin, m.shown_name, w.id, w.slug, w.key, w.seq, w.time_zone"
    " FROM people_membership m JOIN people_workspace w ON w.id = m.workspace_id"
    " JOIN people_user u ON u.id = m.user_id"
    " WHERE m.workspace_id = %s AND m.is_active AND u.is_active ORDER BY m.id LIMIT 1",
)
CARDS = (
    "SELECT t.id, t.number, t.version, t.title, t.column_id, c.category, t.points, t.due_on,"
    " t.is_unplanned, t.carried, t.channel_id, t.campaign_id, p.name, p.hue, t.assignee_id,"
    " m.shown_name, m.initials, m.role, m.hue, t.origin_name, t.origin_backers, t.origin_value,"
    " t.comment_count, t.checklist_total, t.checklist_done FROM backlog_task t"
    " JOIN backlog_column c ON c.id = t.column_id"
    " LEFT JOIN campaigns_campaign p ON p.id = t.campaign_id"
    " LEFT JOIN people_membership m ON m.id = t.assignee_id"
    " WHERE t.sprint_id = %s AND t.archived_at IS NULL ORDER BY t.position, t.id"
)
CARD = (
    '<li><article class="card" id="task-{0}" data-key="NW-{1}" data-version="{2}" data-points="{6}"'
    ' data-assignee="{14}" data-campaign="{11}" data-channel="{10}"><div class="card-top">'
    '<span class="key">NW-{1}</span><span class="chip hue-{13}">{12}</span></div>'
    '<h3 class="card-title"><a href="/w/northwind/tasks/NW-{1}/">{3}</a></h3>'
    '<div class="card-meta"><span>{7}</span><span>{23}/{24}</span><span>{22}</span>'
    '<span class="points">{6}</span><span class="avatar hue-{18}" title="{15}">{16}</span></div>'
    '<p class="card-origin">From <b>{19}</b>, {20} more back it <span>{21}</span></p>'
    "</article></li>"
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


def read(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Run a query and fetch all of it."""
    with connection().cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def ask_who(environ: dict[str, Any], workspace: int) -> None:
    """Read the session and the membership of whoever asks."""
    sid = environ.get("HTTP_COOKIE", "").partition("sid=")[2]
    read(WHO[0], sid)
    read(WHO[1], workspace)


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
    status, body = "200 OK", ""
    ask_who(environ, asked.get("workspace", 0))
    match environ["PATH_INFO"]:
        case "/board":
            body = "".join(CARD.format(*map(html.escape, map(str, row))) for row in read(CARDS, of))
        case "/list":
            read(LIST, of)
        case "/unchanged":
            status = "304 Not Modified"
        case "/move" | "/create":
            environ["wsgi.input"].read()
            write("UPDATE backlog_task SET position = position + 1 WHERE id = %s", of)
    answer = body.encode().ljust(size)[:size]
    headers = HTML if size else []
    start_response(status, [*headers, ("Content-Length", str(size))] if size else headers)
    return [answer]


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
