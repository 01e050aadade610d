"""The words of titles, found by their beginnings (backlog/searching.py); on PostgreSQL alone."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

CREATE = (
    "CREATE INDEX backlog_title_words ON backlog_task "
    "USING gin (to_tsvector('simple'::regconfig, title))"
)


def create(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the index where there are such indexes."""
    if editor.connection.vendor == "postgresql":
        editor.execute(CREATE)


def drop(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take it away again."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP INDEX IF EXISTS backlog_title_words")


class Migration(migrations.Migration):
    dependencies = [
        ("backlog", "0005_impediments_and_waits"),
    ]

    operations = [
        migrations.RunPython(create, drop),
    ]
