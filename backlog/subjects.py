"""Tasks, for those who talk about them."""

from __future__ import annotations

from conversation.subjects import Kind, register
from people.models import Membership

from . import actions
from .models import Task


def find(key: str, reader: Membership) -> Task | None:
    """Return the task with this key in the reader's workspace: every member reads them."""
    found = Task.objects.named(key, reader.workspace).first()
    if found is not None:
        found.workspace = reader.workspace
    return found


register(Kind("task", Task, find=find, counted=actions.count_comments))
