"""How verbs of what hangs on a task answer, wherever they are asked for.

The board gets its cards, the drawer and the page their part of the task (the template that the
caller names), a plain form the page it came from.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from backlog.hanging import hanging
from backlog.models import Task
from people.access import MemberRequest

from .answers import find_task, next_address, say, with_toast
from .board import fragment
from .task_page import show


def target_of(request: MemberRequest) -> str:
    """Return the id of the element that the answer goes into; empty for a plain request."""
    return (request.htmx.target or "").rpartition("#")[2] if request.htmx else ""


def changed(
    request: MemberRequest, found: Task, template: str, text: str, undo: str = ""
) -> HttpResponse:
    """Say what was done, with the way back. What is taken back is not offered again."""
    undo = "" if "undo" in request.GET else undo
    if target_of(request) == "board-live":
        return with_toast(fragment(request), text, undo)
    if request.htmx:
        again = find_task(request.member, found.key)
        return with_toast(part(request, again, template), text, undo)
    say(request, text, undo)
    return redirect(next_address(request, found.get_absolute_url()))


def refused(
    request: MemberRequest, found: Task, template: str, text: str, status: int = 422
) -> HttpResponse:
    """Say why not, over what is there now."""
    if target_of(request) == "board-live":
        return with_toast(fragment(request, status=status), text)
    again = find_task(request.member, found.key)
    if request.htmx:
        return with_toast(part(request, again, template, status=status), text)
    return show(request, again, status=status, refused=text)


def part(
    request: MemberRequest, found: Task, template: str, status: int = 200, **forms: Any
) -> HttpResponse:
    """Show one part of what hangs on a task, with the forms that are open; else its page."""
    leads_to = next_address(request, "")
    hangs = hanging(found, request.member, leads_to=leads_to, **forms)
    if not request.htmx:
        return show(request, found, status=status, hangs=hangs)
    context = {"hangs": hangs, "task": found, "workspace": found.workspace}
    return render(request, template, context, status=status)
