"""What a rep reads by mail: the answer, a question, that it is delivered, that its date moved.

Everybody who backs a request gets the same, and is told that it is because of that.
"""

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
    """Bring Marketing's answer: yes, yes in this sprint, no and why, or merged into another."""
    decision = _decision(item)
    request = decision.request
    target = decision.target
    button = (
        _button(target, _("See %(key)s") % {"key": target.key})
        if target
        else _button(request, _("See your request"))
    )
    return from_templates(
        "requests_intake/answer",
        item,
        subject=_answer_subject(decision),
        preheader=decision.words[:150],
        context={
            "decision": decision,
            "request": request,
            "sprint": decision.sprint,
            "target": target,
            "declined": decision.kind == DecisionKind.DECLINE,
            "backs": _backs(item, request),
            **button,
        },
    )


@mail_kind("intake.asked", _lazy("Question about a request"))
def asked(item: OutboxItem) -> Mail:
    """Bring what Marketing wants to know before it answers."""
    question = _decision(item)
    request = question.request
    return from_templates(
        "requests_intake/asked",
        item,
        subject=_("A question about %(title)s") % {"title": request.title},
        preheader=question.words[:150],
        context={
            "question": question,
            "request": request,
            **_button(request, _("Answer the question")),
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
        preheader=_("%(key)s is ready to use.") % {"key": request.key},
        context={
            "request": request,
            "links": links,
            "backs": _backs(item, request),
            **_button(request, _("See what was made")),
        },
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
            "backs": _backs(item, request),
            "was_sprint": Sprint.objects.filter(
                workspace=item.workspace, pk=item.payload["was_sprint"]
            ).first(),
            "was_until": date.fromisoformat(was_until) if was_until else None,
            **_button(request, _("See where it stands")),
        },
    )


def _decision(item: OutboxItem) -> Decision:
    return Decision.objects.select_related(
        "request__workspace", "request__requester", "decided_by", "sprint", "target__workspace"
    ).get(workspace=item.workspace, pk=item.payload["decision"])


def _backs(item: OutboxItem, request: Request) -> bool:
    """Tell whether this reader backs the request of another."""
    return item.recipient_id != request.requester_id


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
    if decision.target:
        return _("Together with %(key)s: %(title)s") % {"key": decision.target.key, "title": title}
    if decision.sprint:
        return _("Yes, in sprint %(n)s: %(title)s") % {"n": decision.sprint.number, "title": title}
    return _("Yes: %(title)s") % {"title": title}


def _button(request: Request, text: str) -> dict[str, Any]:
    return {"button_url": absolute(request.get_absolute_url()), "button_text": text}
