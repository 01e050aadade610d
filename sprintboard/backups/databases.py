"""The two databases, as a backup sees them: a consistent copy, an empty one, and what is inside.

What is inside is a count and a hash for each table, computed from the very state that was copied,
so that a restored database can be compared with it to the last value.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.core.management import CommandError
from django.db import connection, transaction

from activity.models import Mark

# Notes about the running installation: a restore sets one before it compares
NOT_COMPARED = {Mark._meta.db_table}


@dataclass(frozen=True)
class Table:
    """What a table held."""

    rows: int
    sha256: str


Tables = dict[str, Table]


class Database(Protocol):
    """What a backup needs of a database."""

    file_name: str

    def dump(self, to: Path) -> Tables:
        """Copy one consistent state while others write; return what it holds."""

    def load(self, source: Path) -> None:
        """Put a copy in the place of everything that is there."""

    def tables(self) -> Tables:
        """Return what the database holds now."""

    def in_use(self) -> str:
        """Return who else has it open, as a sentence, or nothing."""


def here() -> Database:
    """Return the database of the settings."""
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


def is_empty() -> bool:
    """Tell whether nobody has ever used this database."""
    names = connection.introspection.table_names()
    if "people_user" not in names:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM people_user LIMIT 1")
        return cursor.fetchone() is None


class SQLite:
    """One file, copied by SQLite itself: `cp` would miss what is still in the journal."""

    file_name = "database.sqlite3"

    def __init__(self) -> None:
        self.path = Path(str(connection.settings_dict["NAME"]))

    def dump(self, to: Path) -> Tables:
        """Copy in one step, which others' writes neither delay nor get into."""
        with (
            contextlib.closing(sqlite3.connect(self.path, timeout=20)) as source,
            contextlib.closing(sqlite3.connect(to)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            (answer,) = copy.execute("PRAGMA integrity_check").fetchone()
            if answer != "ok":
                raise CommandError(f"The copy is damaged: {answer}")
            return sqlite_tables(copy)

    def load(self, source: Path) -> None:
        """Replace the file; what was there stays beside it."""
        connection.close()
        if self.path.exists():
            for ending in ("-wal", "-shm"):
                _move_aside(self.path.with_name(self.path.name + ending))
            _move_aside(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.new")
        shutil.copyfile(source, draft)
        draft.rename(self.path)

    def tables(self) -> Tables:
        """Return what the database holds now."""
        with contextlib.closing(sqlite3.connect(self.path, timeout=20)) as source:
            return sqlite_tables(source)

    def in_use(self) -> str:
        """Ask for the whole file: nobody gets it while another process reads or writes."""
        if not self.path.exists():
            return ""
        connection.close()
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=1)) as line:
                line.execute("PRAGMA locking_mode=EXCLUSIVE")
                line.execute("BEGIN EXCLUSIVE")
                line.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return "Another process has the database open."
        return ""


def _move_aside(path: Path) -> None:
    if path.exists():
        path.replace(path.with_name(f"{path.name}.before-restore"))


def sqlite_tables(line: sqlite3.Connection) -> Tables:
    """Return what every table of a SQLite database holds."""
    names = line.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return {name: _sqlite_table(line, name) for (name,) in sorted(names)}


def _sqlite_table(line: sqlite3.Connection, name: str) -> Table:
    digest, rows = hashlib.sha256(), 0
    for row in line.execute(f'SELECT * FROM "{name}" ORDER BY 1'):  # noqa: S608 - its own list
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
        rows += 1
    return Table(rows, digest.hexdigest())


class PostgreSQL:
    """Copied by pg_dump and pg_restore, which have to be as new as the server."""

    file_name = "database.dump"

    def dump(self, to: Path) -> Tables:
        """Dump the state that one transaction sees, and count in that same transaction."""
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            # the limits of web requests would end a long dump
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
            _run(
                *("pg_dump", "-Fc", "--no-owner", "--no-privileges"),
                *(f"--snapshot={snapshot}", f"--file={to}"),
            )
            return self._tables(cursor)

    def load(self, source: Path) -> None:
        """Drop every table of ours and fill in the dump, as one transaction of pg_restore."""
        _run("pg_restore", "--list", str(source))  # nothing is dropped for a dump it cannot read
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            for name in connection.introspection.table_names(cursor):
                cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(name)} CASCADE")
        connection.close()
        _run(
            *("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner"),
            *("--no-privileges", "--no-comments", f"--dbname={self._name()}", str(source)),
        )

    def tables(self) -> Tables:
        """Return what the database holds now."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            return self._tables(cursor)

    def in_use(self) -> str:
        """Count the connections of others."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            (others,) = cursor.fetchone()
        return f"{others} other connections use the database." if others else ""

    def _tables(self, cursor: Any) -> Tables:
        return {
            name: self._table(cursor, name)
            for name in sorted(connection.introspection.table_names(cursor))
        }

    def _table(self, cursor: Any, name: str) -> Table:
        hashing = _Hashing()
        quoted = connection.ops.quote_name(name)
        sql = f"COPY (SELECT * FROM {quoted} ORDER BY 1) TO STDOUT"  # noqa: S608 - its own list
        cursor.cursor.copy_expert(sql, hashing)
        return Table(hashing.rows, hashing.digest.hexdigest())

    def _name(self) -> str:
        return str(connection.settings_dict["NAME"])


class _Hashing:
    """A file that keeps nothing of what is written into it but its hash."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.rows = 0

    def write(self, chunk: bytes | str) -> int:
        """Take lines; COPY writes a line break inside a value as two characters."""
        data = chunk.encode() if isinstance(chunk, str) else bytes(chunk)
        digest = self.digest
        digest.update(data)
        self.rows += data.count(b"\n")
        return len(chunk)


@contextlib.contextmanager
def _access() -> Iterator[dict[str, str]]:
    """Say to PostgreSQL's programs where the database is; a password is never an argument."""
    told = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    given = {name: str(told[key]) for name, key in names.items() if told.get(key)}
    for name in ("sslmode", "sslrootcert", "sslcert", "sslkey"):
        if value := told.get("OPTIONS", {}).get(name):
            given[f"PG{name.upper()}"] = str(value)
    yield {**os.environ, **given, "PGDATABASE": str(told["NAME"])}


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise CommandError(f"{program} is not here; it comes with PostgreSQL's client programs.")
    with _access() as environment:
        done = subprocess.run(  # noqa: S603 - our own arguments, and no shell
            [found, *arguments], env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise CommandError(f"{program} failed: {done.stderr.strip()[-2000:]}")
