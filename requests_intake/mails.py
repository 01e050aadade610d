"""What a rep reads by mail: the answer, that it is delivered, that its date moved."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from backlog.models import Sprint
from notifications.mails import Mail, absolute, from_templates, mail_kind
from notifications.models import OutboxItem

from .models import Decision, DecisionKind, Request
from .tracker import Work


@mail_kind("intake.answer", _lazy("Answer to a request"))
def answer(item: OutboxItem) -> Mail:
    """Bring Marketing's answer: yes, yes in this sprint, or no and why."""
    decision = Decision.objects.select_related(
        "request__workspace", "request__requester", "decided_by", "sprint"
    ).get(workspace=item.workspace, pk=item.payload["decision"])
    request = decision.request
    return from_templates(
        "requests_intake/answer",
        item,
        subject=_answer_subject(decision),
        preheader=decision.words[:150],
        context={
            "decision": decision,
            "request": request,
            "sprint": decision.sprint,
            "declined": decision.kind == DecisionKind.DECLINE,
            **_button(request, _("See your request")),
        },
    )


@mail_kind("intake.delivered", _lazy("News that a request is delivered"))
def delivered(item: OutboxItem) -> Mail:
    """Bring what was made: the links to it."""
    request = _request(item)
    links = [link for task in Work(request).done for link in task.deliverables.all()]
    return from_templates(
        "requests_intake/delivered",
        item,
        subject=_("It is done: %(title)s") % {"title": request.title},
        preheader=_("What you asked for in %(key)s is ready to use.") % {"key": request.key},
        context={"request": request, "links": links, **_button(request, _("See what was made"))},
    )


@mail_kind("intake.moved", _lazy("A new date for a request"))
def moved(item: OutboxItem) -> Mail:
    """Say that a promise moved: when it was to come, and when it comes now."""
    request = _request(item)
    promise = Work(request).promise
    was_until = item.payload["was_until"]
    if promise:
        subject = _("New date for %(title)s") % {"title": request.title}
    else:
        subject = _("No date any more for %(title)s") % {"title": request.title}
    return from_templates(
        "requests_intake/moved",
        item,
        subject=subject,
        context={
            "request": request,
            "promise": promise,
            "was_sprint": Sprint.objects.filter(
                workspace=item.workspace, pk=item.payload["was_sprint"]
            ).first(),
            "was_until": date.fromisoformat(was_until) if was_until else None,
            **_button(request, _("See where it stands")),
        },
    )


def _request(item: OutboxItem) -> Request:
    return (
        Request.objects.tracked_with_results()
        .filter(workspace=item.workspace)
        .get(pk=item.payload["request"])
    )


def _answer_subject(decision: Decision) -> str:
    title = decision.request.title
    if decision.kind == DecisionKind.DECLINE:
        return _("Not this time: %(title)s") % {"title": title}
    if decision.sprint:
        return _("Yes, in sprint %(n)s: %(title)s") % {"n": decision.sprint.number, "title": title}
    return _("Yes: %(title)s") % {"title": title}


def _button(request: Request, text: str) -> dict[str, Any]:
    return {"button_url": absolute(request.get_absolute_url()), "button_text": text}
