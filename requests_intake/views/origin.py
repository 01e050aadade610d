"""Where a task came from: who asked, who needs it too, and what deals hang on it.

A task knows of its requests only what its card shows. Its page and the drawer fetch this part.
"""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from backlog.models import Task
from people.access import MemberRequest, member_required
from requests_intake import policy, reading

# The others are on the page of the request
MOST_BACKERS = 12


@require_safe
@member_required
def task_origin(request: MemberRequest, key: str) -> HttpResponse:
    """Show the requests that a task serves: in its drawer for htmx, else on a page."""
    member = request.member
    found = Task.objects.named(key, member.workspace).first()
    if found is None:
        raise Http404
    found.workspace = member.workspace
    context = {
        "task": found,
        "workspace": member.workspace,
        "origin": reading.origin_of(found, member),
        "can_back": policy.can_back(member),
        "most_backers": MOST_BACKERS,
    }
    page = "requests_intake/_origin.html" if request.htmx else "requests_intake/origin.html"
    return render(request, page, context)
