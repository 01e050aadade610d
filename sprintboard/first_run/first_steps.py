"""What to do first in a new workspace: four steps that tick themselves by what is so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from activity import clock
from activity.memory import Memory
from backlog.models import Sprint, Task
from people.models import Invitation, Membership, Role, Workspace

# After that whoever has not done it does not want to
NEW_FOR: Final = timedelta(weeks=6)

Facts = tuple[bool, bool, bool, bool, int | None]
_known: Memory[Facts] = Memory(256)


@dataclass(frozen=True)
class FirstStep:
    """One step: what, why, where, and whether it is done."""

    text: str
    note: str
    url: str
    action: str
    is_done: bool


def first_steps(member: Membership) -> list[FirstStep]:
    """Return the steps for a marketer of a new workspace; none once all are done. One query."""
    workspace = member.workspace
    if member.first_steps_hidden or not member.is_marketer:
        return []
    if workspace.created_at < clock.now() - NEW_FOR:
        return []
    has_tasks, has_plan, has_sales, has_started, next_number = _known.recall(
        workspace, workspace.today(), lambda: _facts(workspace)
    )
    if has_tasks and has_plan and has_sales and has_started:
        return []
    number = next_number or 1
    return [
        _paste(workspace, is_done=has_tasks),
        _plan(workspace, number, is_done=has_plan),
        _invite(member, is_done=has_sales),
        _start(workspace, number, is_done=has_started),
    ]


def _facts(workspace: Workspace) -> Facts:
    own = {"workspace": OuterRef("pk")}
    row = (
        Workspace.objects.filter(pk=workspace.pk)
        .values_list(
            Exists(Task.objects.filter(**own)),
            Exists(Task.objects.filter(**own, sprint__isnull=False)),
            Exists(Membership.objects.active().filter(**own, role=Role.SALES)),
            Exists(Invitation.objects.unanswered().filter(**own, role=Role.SALES)),
            Exists(Sprint.objects.filter(**own, started_at__isnull=False)),
            Subquery(Sprint.objects.planned().filter(**own).values("number")[:1]),
        )
        .get()
    )
    has_tasks, has_plan, sales_are_here, sales_are_invited, has_started, next_number = row
    return has_tasks, has_plan, sales_are_here or sales_are_invited, has_started, next_number


def _paste(workspace: Workspace, *, is_done: bool) -> FirstStep:
    return FirstStep(
        _("Paste your ideas into the backlog"),
        _("Each line becomes a task. The most important on top."),
        reverse("backlog", args=[workspace.slug]),
        _("Open the backlog"),
        is_done,
    )


def _plan(workspace: Workspace, number: int, *, is_done: bool) -> FirstStep:
    return FirstStep(
        _("Plan sprint %(n)s") % {"n": number},
        _("Say what should be different when it ends, and pull the tasks that do it."),
        reverse("plan_sprint", args=[workspace.slug, number]),
        _("Plan"),
        is_done,
    )


def _invite(member: Membership, *, is_done: bool) -> FirstStep:
    if member.is_admin:
        return FirstStep(
            _("Invite Sales"),
            _("They see the board, and send in what they need through one form."),
            reverse("members_invite", args=[member.workspace.slug]),
            _("Invite"),
            is_done,
        )
    return FirstStep(
        _("Show Sales the request form"),
        _("An admin invites them; what they need comes through one form."),
        reverse("request_new", args=[member.workspace.slug]),
        _("See the form"),
        is_done,
    )


def _start(workspace: Workspace, number: int, *, is_done: bool) -> FirstStep:
    return FirstStep(
        _("Start sprint %(n)s") % {"n": number},
        _("From then on everybody sees the work, and the review is drafted when it ends."),
        reverse("sprint_start", args=[workspace.slug, number]),
        _("Start"),
        is_done,
    )
