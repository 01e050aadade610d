"""What the views of tasks share: finding one, and telling what became of it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.forms import BaseForm
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from activity.compiled import Compiled
from activity.models import Activity
from backlog.models import Task, number_of
from conversation.files.reading import with_files
from people.access import MemberRequest
from people.models import Membership

# What happens beside a task, and makes nobody's edit of it stale
LEAVES_ALONE = (
    "comment_added", "comment_edited", "comment_removed", "checklist_added", "checklist_ticked",
    "task_blocked", "task_unblocked", "impediment_edited", "impediment_handed_over",
    "impediment_reopened", "impediment_escalated", "impediment_owner_back",
    "wait_added", "wait_ended", "wait_reopened",
    "wait_over", "wait_back", "wait_edited",
    "checklist_unticked", "checklist_renamed", "checklist_moved", "checklist_removed",
    "deliverable_added", "deliverable_edited", "deliverable_removed", "file_added",
    "file_removed", "file_restored",
)  # fmt: skip
# What gives a task another place
MOVES = frozenset({"task_moved", "task_pulled", "task_returned", "task_ranked"})
LOOKED_BACK = 20
# Which field of a form a rule's no belongs to, by its code
FIELD_OF = {"reason_needed": "reason", "over_allowance": "over_reason"}


def find_task(member: Membership, key: str, *, files: bool = False) -> Task:
    """Return the task that people call by this key. Raises Http404 for any other.

    A whole page of it asks for its files too: they come in the same query.
    """
    found = (
        Task.objects.named(key, member.workspace)
        .with_labels()
        .select_related(
            "column", "sprint", "promised_sprint", "campaign", "channel", "assignee", "created_by"
        )
    )
    task = (with_files(found) if files else found).first()
    if task is None:
        raise Http404
    task.workspace = member.workspace
    return task


_card = Compiled(
    lambda workspace, number: Task.objects.filter(
        workspace=workspace, number=number
    ).select_related("column", "sprint"),
    workspace=int,
    number=int,
)
_light = Compiled(
    lambda workspace, number: Task.objects.filter(workspace=workspace, number=number).only(
        "number"
    ),
    workspace=int,
    number=int,
)


def _named(member: Membership, key: str, read: Compiled[Task]) -> Task | None:
    number = number_of(key, member.workspace)
    return read.first(workspace=member.workspace_id, number=number) if number is not None else None


def find_card(member: Membership, key: str) -> Task:
    """Return a task with its place alone: what a move needs. Raises Http404."""
    found = _named(member, key, _card)
    if found is None:
        raise Http404
    found.workspace = member.workspace
    return found


def neighbour(member: Membership, key: str) -> Task | None:
    """Return the task that a form names as neighbour. Raises ValidationError for an unknown one."""
    if not key:
        return None
    found = _named(member, key, _light)
    if found is None:
        raise ValidationError(_("%(key)s is not here any more."), "unknown", {"key": key})
    return found


def refuse(form: BaseForm, error: ValidationError) -> None:
    """Put a rule's no where the person looks: at its field, or above the form."""
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
        return
    field = FIELD_OF.get(getattr(error, "code", "") or "", "")
    form.add_error(field if field in form.fields else None, error)


def with_toast(response: HttpResponse, text: str, undo: str = "") -> HttpResponse:
    """Let htmx say a sentence when it has swapped the answer."""
    toast = {"text": text, "undo": undo} if undo else {"text": text}
    response["HX-Trigger"] = json.dumps({"toast": toast})
    return response


def say(request: MemberRequest, text: str, undo: str = "") -> None:
    """Say a sentence on the next page, with its Undo."""
    messages.success(request, text, extra_tags=f"undo:{undo}" if undo else "")


def address(name: str, task: Task, **query: object) -> str:
    """Return the address of a task's verb, with what the verb needs in its query."""
    path = reverse(name, args=[task.workspace.slug, task.key])
    return f"{path}?{urlencode(query)}" if query else path


def sent(request: MemberRequest, *names: str) -> QueryDict:
    """Return what was posted. An Undo has its values in its address: a toast holds one button."""
    if any(name in request.POST for name in names):
        return request.POST
    return request.GET


def undo_or_posted(request: MemberRequest) -> QueryDict:
    """Return what was posted, or what an Undo has in its address, whatever the board adds to it."""
    return request.GET if "undo" in request.GET else request.POST


def next_address(request: MemberRequest, otherwise: str) -> str:
    """Return where the person came from, if that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    inside = f"/w/{request.member.workspace.slug}/"
    if wanted.startswith(inside) and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return otherwise


def changed_by(task: Task) -> str:
    """Return who changed a task last, by first name."""
    happened = Activity.objects.about(task).exclude(verb__in=LEAVES_ALONE)
    last = happened.select_related("actor").first()
    if last is None or last.actor is None:
        return _("Somebody")
    return last.actor.first_name


def who_was_first(task: Task, version: int) -> str:
    """Say what somebody saw too late: “Lena moved it first”, if any change since was a move."""
    happened = Activity.objects.about(task).exclude(verb__in=LEAVES_ALONE)
    missed = max(1, min(task.version - version, LOOKED_BACK))
    changes = list(happened.select_related("actor")[:missed])
    moves = [change for change in changes if change.verb in MOVES]
    last = next(iter(moves or changes), None)
    name = last.actor.first_name if last and last.actor else _("Somebody")
    said = _("%(who)s moved it first") if moves else _("%(who)s changed it first")
    return said % {"who": name}


def where(task: Task) -> str:
    """Say where a task is, for a sentence."""
    if task.archived_at:
        return _("the archive")
    if task.sprint is None:
        return _("the backlog")
    if task.sprint.is_active:
        return task.column.name
    return _("sprint %(number)s") % {"number": task.sprint.number}
