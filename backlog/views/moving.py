"""Saying that one holds a card, to those who look at the same board; nothing is written."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backlog import policy
from backlog.models import Task
from live import presence
from people.access import MemberRequest, member_required


@require_POST
@member_required
def task_moving(request: MemberRequest, key: str) -> HttpResponse:
    """Take "held" when a card is lifted, and again while it is in the air, "free" when it lies."""
    member = request.member
    if not policy.can_move_task(member, member.workspace):
        raise PermissionDenied
    task = Task.objects.named(key, member.workspace).values_list("pk", flat=True).first()
    if task is None:
        raise Http404
    state = request.POST.get("state")
    if state not in {"held", "free"}:
        return HttpResponse(_("Say whether the card is held or free."), status=422)
    if not presence.patience.allows(member.pk):
        return HttpResponse(status=429, headers={"Retry-After": "10"})
    presence.tell_held(member, task if state == "held" else None)
    return HttpResponse(status=204)
