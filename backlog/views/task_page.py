"""A task as it is read: its page, and the drawer beside another one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.db.models import Value
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from backlog import policy
from backlog.forms import DeliverableForm, StepsForm
from backlog.hanging import Hanging, hanging
from backlog.models import ChecklistItem, Deliverable, Task
from backlog.property_forms import PROPERTIES, PropertyForm, held
from conversation.files.reading import shelf
from conversation.reading import thread
from people.access import MemberRequest, member_required
from people.models import Workspace

from .answers import find_task

# Properties with a place of their own, and those that say also that they are empty
STAND_APART: Final = ("title", "description")
ALWAYS: Final = ("assignee", "points", "due_on", "campaign", "channel")


@require_safe
@member_required
def task(request: MemberRequest, key: str) -> HttpResponse:
    """Show a task: a page of its own, or the drawer beside another one."""
    found = find_task(request.member, key, files=True)
    return show(request, found, editing=request.GET.get("focus", ""))


def show(
    request: MemberRequest,
    found: Task,
    deliverable_form: DeliverableForm | None = None,
    status: int = 200,
    refused: str = "",
    steps_form: StepsForm | None = None,
    editing: str = "",
    renamed: Deliverable | None = None,
    rename_form: DeliverableForm | None = None,
    hangs: Hanging | None = None,
) -> HttpResponse:
    """Render a task, in the drawer or on its page, with what was wrong with a form in it.

    `editing` names the property whose form is open.
    """
    workspace = request.member.workspace
    may_edit = policy.can_edit_tasks(request.member, found)
    can_edit = may_edit and found.archived_at is None
    board = reverse("board", args=[workspace.slug])
    backlog = reverse("backlog", args=[workspace.slug])
    home = board if found.sprint_id else backlog
    steps, links = _steps_and_links(found)
    context = {
        "task": found,
        "workspace": workspace,
        "can_edit": can_edit,
        "can_restore": may_edit and found.archived_at is not None,
        "on_board": found.sprint is not None and found.sprint.is_active,
        "deliverables": links,
        "deliverable_form": deliverable_form or DeliverableForm(),
        "renamed": renamed,
        "rename_form": rename_form,
        "hangs": hangs or hanging(found, request.member),
        "steps": steps,
        "steps_form": steps_form or StepsForm(),
        "thread": thread(found, request.member),
        "shelf": shelf(found, request.member),
        "properties": _properties(found, can_edit=can_edit),
        "age": Age.of(found),
        "back": _page_below(request) or home,
        "home": home,
        "refused": refused,
        "drawer": bool(request.htmx),
    }
    if can_edit and editing in PROPERTIES:
        form = PropertyForm(task=found, name=editing, reader=request.member)
        context |= {"editing": editing, "editor": form}
    page = "backlog/task.html#drawer" if request.htmx else "backlog/task.html"
    return render(request, page, context, status=status)


def _properties(found: Task, *, can_edit: bool) -> list[tuple[str, object]]:
    """Return the properties that stand in the list, with their names.

    Who only reads does not see all that nobody said.
    """
    shown = [name for name in PROPERTIES if name not in STAND_APART]
    if not can_edit:
        shown = [name for name in shown if name in ALWAYS or held(found, name)]
    return [(name, PROPERTIES[name]) for name in shown]


@dataclass(frozen=True)
class Age:
    """How old a task is, in whole days of its workspace, and for how long it is in its column."""

    days: int
    in_column: int | None

    @classmethod
    def of(cls, task: Task) -> Age:
        """Return the age of a task; the one in a column only while its sprint runs."""
        runs = task.sprint is not None and task.sprint.is_active and task.archived_at is None
        return cls(
            days=_days_since(task.created_at, task.workspace),
            in_column=_days_since(task.entered_column_at, task.workspace) if runs else None,
        )


def _days_since(at: datetime, workspace: Workspace) -> int:
    return max((workspace.today() - at.astimezone(workspace.zone).date()).days, 0)


def _steps_and_links(task: Task) -> tuple[list[ChecklistItem], list[Deliverable]]:
    """Read the steps of a task and the links to what it made: one query for the two lists."""
    steps = task.checklist.order_by().values_list(
        Value("step"), "pk", "text", Value(""), "position", "done"
    )
    links = task.deliverables.order_by().values_list(
        Value("link"), "pk", "label", "url", Value(0), Value(False)
    )
    read: tuple[list[ChecklistItem], list[Deliverable]] = ([], [])
    for kind, pk, text, url, position, done in sorted(
        steps.union(links, all=True), key=lambda row: (row[4], row[1])
    ):
        if kind == "step":
            read[0].append(ChecklistItem(pk=pk, text=text, position=position, done=done))
        else:
            read[1].append(Deliverable(pk=pk, label=text, url=url))
    return read


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
