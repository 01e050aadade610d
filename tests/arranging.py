"""Arranging data in tests, and the guard that keeps everything else inside `change()`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.apps import apps

from activity import changes

# Rows that a job claims or a reader marks by himself (architecture: operational tables)
# people_apitoken: when it was last used; its verbs' tests see that the rest is recorded
# notifications_notice: read or mailed; tests/notifications/test_inbox.py sees that it is written
# with its change
OPERATIONAL = {
    "notifications_notice",
    "notifications_outboxitem",
    "reviews_reading",
    "people_apitoken",
}
_WRITE = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
_arranging: ContextVar[bool] = ContextVar("arranging", default=False)


class WroteOutsideAChange(AssertionError):
    """A write to a workspace's table that no `change()` covered."""


@contextmanager
def arranging() -> Iterator[None]:
    """Let a test set the scene by writing rows directly."""
    token = _arranging.set(True)
    try:
        yield
    finally:
        _arranging.reset(token)


@cache
def owned_tables() -> set[str]:
    """Return the tables whose rows belong to a workspace."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        names = {field.name for field in model._meta.get_fields()}
        if "workspace" in names or model._meta.label == "people.Workspace":
            found.add(model._meta.db_table)
    found |= {"backlog_task_labels"}
    return found - OPERATIONAL


def guard(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Refuse to write to a workspace's table outside `change()` and `arranging()`."""
    if not changes.in_change() and not _arranging.get():
        match = _WRITE.match(sql)
        if match and match.group(2).lower() in owned_tables():
            # a workspace that is being founded has no row to lock yet
            founding = match.group(1).upper() == "INSERT INTO" and match.group(2) == (
                "people_workspace"
            )
            if not founding:
                raise WroteOutsideAChange(sql[:300])
    return execute(sql, params, many, context)
