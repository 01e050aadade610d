"""A task as it is read: its page, and the drawer beside another one."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from activity.models import Activity
from backlog import policy
from backlog.forms import DeliverableForm, StepsForm
from backlog.hanging import Hanging, hanging
from backlog.models import Column, Task
from conversation.files.reading import shelf
from conversation.reading import thread
from people.access import MemberRequest, member_required

from .answers import find_task

# What the reader of a task wants to know of its past
LATEST = 20
TOLD_ELSEWHERE = (
    "task_created", "tasks_created", "comment_added", "comment_edited", "comment_removed",
)  # fmt: skip


@require_safe
@member_required
def task(request: MemberRequest, key: str) -> HttpResponse:
    """Show a task: a page of its own, or the drawer beside another one."""
    return show(request, find_task(request.member, key))


def show(
    request: MemberRequest,
    found: Task,
    deliverable_form: DeliverableForm | None = None,
    status: int = 200,
    refused: str = "",
    steps_form: StepsForm | None = None,
    hangs: Hanging | None = None,
) -> HttpResponse:
    """Render a task, in the drawer or on its page, with what was wrong with a form in it."""
    workspace = request.member.workspace
    may_edit = policy.can_edit_tasks(request.member, found)
    board = reverse("board", args=[workspace.slug])
    backlog = reverse("backlog", args=[workspace.slug])
    home = board if found.sprint_id else backlog
    context = {
        "task": found,
        "workspace": workspace,
        "can_edit": may_edit and found.archived_at is None,
        "can_restore": may_edit and found.archived_at is not None,
        "on_board": found.sprint is not None and found.sprint.is_active,
        "columns": Column.objects.filter(workspace=workspace) if may_edit else [],
        "deliverables": list(found.deliverables.all()),
        "deliverable_form": deliverable_form or DeliverableForm(),
        "hangs": hangs or hanging(found, request.member),
        "steps": list(found.checklist.all()),
        "steps_form": steps_form or StepsForm(),
        "thread": thread(found, request.member),
        "shelf": shelf(found, request.member),
        "activity": _past(request, found),
        "back": _page_below(request) or home,
        "home": home,
        "refused": refused,
    }
    page = "backlog/task.html#drawer" if request.htmx else "backlog/task.html"
    return render(request, page, context, status=status)


def _past(request: MemberRequest, found: Task) -> list[Activity]:
    """Return what happened to a task lately, but for what the page tells already.

    Its making is in its own row, and comments stand there themselves.
    """
    happened = Activity.objects.visible_to(request.member).about(found).select_related("actor")
    return list(happened.exclude(verb__in=TOLD_ELSEWHERE)[:LATEST])


def _page_below(request: MemberRequest) -> str:
    """Return the page that the drawer opens over, as the browser names it."""
    try:
        url = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:  # half an address
        return ""
    if not request.htmx or url.netloc != request.get_host():
        return ""
    if not url.path.startswith(f"/w/{request.member.workspace.slug}/") or "/tasks/" in url.path:
        return ""
    return f"{url.path}?{url.query}" if url.query else url.path
