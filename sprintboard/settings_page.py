"""The settings of a workspace: one page, and a form for each topic on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backlog import actions as backlog
from backlog.column_forms import ColumnsForm, typed_columns
from people import actions as people
from people import policy
from people.access import MemberRequest, member_required

from .settings_forms import TOPICS, TopicForm


@require_safe
@member_required
def settings(request: MemberRequest) -> HttpResponse:
    """Show how the workspace works."""
    _admins_only(request)
    return _page(request)


@require_POST
@member_required
def settings_save(request: MemberRequest, topic: str) -> HttpResponse:
    """Change one topic."""
    _admins_only(request)
    title, form_class = TOPICS[topic]
    form = form_class(request.member.workspace, request.POST)
    if not form.is_valid():
        return _page(request, status=422, came_back={topic: form})
    try:
        changed = people.edit_workspace(
            request.member.workspace, by=request.member, **form.cleaned_data
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, status=422, came_back={topic: form})
    said = _("%(topic)s: saved.") if changed else _("%(topic)s: nothing was different.")
    messages.success(request, said % {"topic": title})
    return redirect(reverse("settings", args=[request.member.workspace.slug]) + f"#{topic}")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def settings_columns(request: MemberRequest) -> HttpResponse:
    """Show the columns of the board, and change them."""
    _admins_only(request)
    workspace = request.member.workspace
    if request.method != "POST":
        now = [
            backlog.ColumnPlan(column.name, column.category, column.wip_limit, column.pk)
            for column in workspace.columns.all()
        ]
        return _columns_page(request, ColumnsForm.of(now))
    rows = typed_columns(request.POST)
    if do := request.POST.get("do", ""):  # nothing is stored until somebody saves
        return _columns_page(request, ColumnsForm(rows).after(do))
    form = ColumnsForm(rows, check=True)
    if not form.is_valid():
        return _columns_page(request, form, status=422)
    try:
        backlog.edit_columns(workspace, by=request.member, columns=form.plans())
    except ValidationError as error:
        form.errors = [str(message) for message in error.messages]
        return _columns_page(request, form, status=422)
    messages.success(request, _("The board has these columns now."))
    return redirect("settings", workspace.slug)


def _admins_only(request: MemberRequest) -> None:
    if not policy.can_edit_settings(request.member):
        raise PermissionDenied


def _page(
    request: MemberRequest, *, status: int = 200, came_back: dict[str, TopicForm] | None = None
) -> HttpResponse:
    workspace = request.member.workspace
    forms = {name: form_class(workspace) for name, (_title, form_class) in TOPICS.items()}
    forms |= came_back or {}
    context: dict[str, Any] = {
        "workspace": workspace,
        "topics": [
            (name, title, forms[name], reverse(f"settings_{name}", args=[workspace.slug]))
            for name, (title, _form_class) in TOPICS.items()
        ],
        "columns": list(workspace.columns.all()),
    }
    return render(request, "people/settings.html", context, status=status)


def _columns_page(request: MemberRequest, columns: ColumnsForm, status: int = 200) -> HttpResponse:
    context = {"workspace": request.member.workspace, "columns": columns}
    return render(request, "backlog/columns.html", context, status=status)
