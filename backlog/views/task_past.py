"""What happened to a task: fetched by its page and the drawer when somebody scrolls down to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from activity.models import Activity
from backlog.models import Task
from backlog.property_forms import PROPERTIES
from people.access import MemberRequest, member_required

from .answers import find_task

# What the reader of a task wants to know of its past, there and on a page of its own
LATEST = 20
MOST = 200
TOLD_ELSEWHERE = (
    "task_created", "tasks_created", "comment_added", "comment_edited", "comment_removed",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    activity: Activity

    def __getattr__(self, name: str) -> Any:
        return getattr(self.activity, name)

    @property
    def changed(self) -> str:
        """Name what an edit changed."""
        names = self.activity.data.get("changed", ())
        return ", ".join(str(PROPERTIES[name]).lower() for name in names if name in PROPERTIES)


@require_safe
@member_required
def task_activity(request: MemberRequest, key: str) -> HttpResponse:
    """Tell what happened to a task lately, or most of it on a page of its own."""
    found = find_task(request.member, key)
    most = LATEST if request.htmx else MOST
    entries = _past(request, found, most + 1)
    context = {
        "task": found,
        "workspace": request.member.workspace,
        "activity": entries[:most],
        "more": len(entries) > most,
    }
    page = "backlog/_activity.html" if request.htmx else "backlog/task_activity.html"
    return render(request, page, context)


def _past(request: MemberRequest, found: Task, most: int) -> list[Entry]:
    """Return what happened to a task, the latest first, but for what the page tells already.

    Its making is in its own row, and comments stand there themselves.
    """
    happened = Activity.objects.visible_to(request.member).about(found).select_related("actor")
    return [Entry(one) for one in happened.exclude(verb__in=TOLD_ELSEWHERE)[:most]]
