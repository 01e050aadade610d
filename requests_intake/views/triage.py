"""Triage: the queue, one request, and the answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelChoiceField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from activity import clock
from activity.changes import Stale
from backlog.models import Task
from people.access import MemberRequest, member_required
from people.models import Membership
from requests_intake import actions, metrics, policy, reading
from requests_intake.forms import (
    AcceptForm,
    AnswerForm,
    AskForm,
    DeclineForm,
    MergeForm,
    PlanForm,
)
from requests_intake.models import Decision, DecisionKind, Request
from requests_intake.suggestions import Suggestion, suggestions

from .lookup import named_by

FORMS: dict[str, type[AnswerForm]] = {
    DecisionKind.PLAN.value: PlanForm,
    DecisionKind.ACCEPT.value: AcceptForm,
    DecisionKind.DECLINE.value: DeclineForm,
    DecisionKind.ASK.value: AskForm,
    DecisionKind.MERGE.value: MergeForm,
}
# A no and a question are not put into anybody's mouth
BEGUN_BY_HAND = (DecisionKind.DECLINE, DecisionKind.ASK)
QUEUE = 200
TASKS_OFFERED = 50
JUDGED = timedelta(days=90)


@require_safe
@member_required
def triage(request: MemberRequest) -> HttpResponse:
    """Open the queue at what is due first."""
    _let_in(request)
    return _triage_page(request, None)


@require_safe
@member_required
def triage_request(request: MemberRequest, key: str) -> HttpResponse:
    """Show one request without an answer, with those that can be given."""
    _let_in(request)
    chosen = named_by(key, request.member, Request.objects.select_related("requester__user"))
    if not chosen.is_undecided:
        return redirect(chosen)
    return _triage_page(request, chosen)


@require_safe
@member_required
def triage_context(request: MemberRequest, key: str) -> HttpResponse:
    """Show what was said about a request, and what looks like it."""
    _let_in(request)
    chosen = named_by(key, request.member, Request.objects.tracked())
    return render(
        request,
        "requests_intake/context.html",
        {
            "asked": chosen,
            "question": chosen.question,
            "comments": reading.said_since(chosen, chosen.question),
            "similar": reading.similar(request.member.workspace, chosen.title, but=chosen),
            "can_merge": policy.can_answer(request.member, chosen),
        },
    )


@require_POST
@member_required
def request_accept(request: MemberRequest, key: str) -> HttpResponse:
    """Accept a request to the backlog."""
    return _answer(request, key, AcceptForm, DecisionKind.ACCEPT)


@require_POST
@member_required
def request_plan(request: MemberRequest, key: str) -> HttpResponse:
    """Plan a request for a sprint."""
    return _answer(request, key, PlanForm, DecisionKind.PLAN)


@require_POST
@member_required
def request_decline(request: MemberRequest, key: str) -> HttpResponse:
    """Decline a request with a reason."""
    return _answer(request, key, DeclineForm, DecisionKind.DECLINE)


@require_POST
@member_required
def request_ask(request: MemberRequest, key: str) -> HttpResponse:
    """Ask the rep something first."""
    return _answer(request, key, AskForm, DecisionKind.ASK)


@require_POST
@member_required
def request_merge(request: MemberRequest, key: str) -> HttpResponse:
    """Merge a request into another."""
    return _answer(request, key, MergeForm, DecisionKind.MERGE)


@require_POST
@member_required
def decision_undo(request: MemberRequest, key: str) -> HttpResponse:
    """Take an answer back while its mail has not left."""
    _let_in(request)
    chosen = named_by(key, request.member)
    slug = request.member.workspace.slug
    decision = chosen.decision or (chosen.question if chosen.is_asked else None)
    if decision is None:
        return redirect("triage_request", slug, chosen.key)
    try:
        actions.undo_decision(decision, by=request.member)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect(chosen)
    messages.success(
        request, _("Taken back. %(key)s waits for an answer again.") % {"key": chosen.key}
    )
    return redirect("triage_request", slug, chosen.key)


def _let_in(request: MemberRequest) -> None:
    if not policy.can_read_triage(request.member):
        raise PermissionDenied


def _answer(
    request: MemberRequest, key: str, form_class: type[AnswerForm], kind: DecisionKind
) -> HttpResponse:
    _let_in(request)
    chosen = named_by(key, request.member, Request.objects.select_related("requester__user"))
    if chosen.is_undecided and not policy.can_answer(request.member, chosen):
        raise PermissionDenied
    form = form_class(request.POST, member=request.member, auto_id=f"{kind}-%s")
    if not form.is_valid():
        return _not_yet(request, chosen, form, kind)
    try:
        decision = _decide(chosen, kind, request, form.cleaned_data)
    except Stale:
        return _somebody_was_first(request, chosen, form)
    except ValidationError as error:
        _add_errors(form, error)
        return _not_yet(request, chosen, form, kind)
    messages.success(
        request,
        _said(decision),
        extra_tags="undo:"
        + reverse("decision_undo", args=[request.member.workspace.slug, chosen.key]),
    )
    return redirect(_next_address(request, chosen))


def _decide(
    chosen: Request, kind: DecisionKind, request: MemberRequest, data: dict[str, Any]
) -> Decision:
    verbs: dict[DecisionKind, Callable[..., Decision]] = {
        DecisionKind.ACCEPT: actions.accept_request,
        DecisionKind.PLAN: actions.plan_request,
        DecisionKind.DECLINE: actions.decline_request,
        DecisionKind.ASK: actions.ask_back,
        DecisionKind.MERGE: actions.merge_request,
    }
    return verbs[kind](chosen, by=request.member, **data)


def _not_yet(
    request: MemberRequest, chosen: Request, form: AnswerForm, kind: DecisionKind
) -> HttpResponse:
    if not chosen.is_undecided:
        return _somebody_was_first(request, chosen, form)
    return _triage_page(request, chosen, bound=form, open_answer=kind.value, status=422)


def _somebody_was_first(request: MemberRequest, chosen: Request, form: AnswerForm) -> HttpResponse:
    """Tell who answered or what changed, and keep what was written."""
    current = named_by(chosen.key, request.member, Request.objects.tracked())
    return render(
        request,
        "requests_intake/answered_first.html",
        {
            "asked": current,
            "decision": current.decision,
            "words": form.cleaned_data.get("words") or form.data.get("words", ""),
        },
        status=409,
    )


def _add_errors(form: AnswerForm, error: ValidationError) -> None:
    """Put a rule's no beside the field that it is about, if the form has it."""
    beside = {"reason_needed": "reason", "over_allowance": "over_reason", "unknown": "swap_out"}
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, errors)
        return
    field = beside.get(error.code or "")
    form.add_error(field if field in form.fields else None, error)


def _said(decision: Decision) -> str:
    values = {"key": decision.request.key, "name": decision.request.requester.first_name}
    if decision.kind == DecisionKind.DECLINE:
        return _("%(key)s declined. %(name)s reads why in a minute.") % values
    if decision.kind == DecisionKind.ASK:
        return _("%(key)s waits for %(name)s, who reads your question in a minute.") % values
    if decision.target:
        values["target"] = decision.target.key
        return _("%(key)s merged into %(target)s. %(name)s reads it in a minute.") % values
    if decision.sprint:
        values["n"] = str(decision.sprint.number)
        return _("%(key)s planned for sprint %(n)s. %(name)s reads it in a minute.") % values
    return _("%(key)s accepted. %(name)s reads it in a minute.") % values


def _next_address(request: MemberRequest, answered: Request) -> str:
    """Return where the queue goes on: behind what was answered, else at its top."""
    member = request.member
    if answered.explained_at:  # such a one stood on top
        return reverse("triage", args=[member.workspace.slug])
    behind = Q(answer_due_at__gt=answered.answer_due_at) | Q(
        answer_due_at=answered.answer_due_at, number__gt=answered.number
    )
    following = Request.objects.visible_to(member).waiting().filter(behind).first()
    if following is None:
        return reverse("triage", args=[member.workspace.slug])
    return reverse("triage_request", args=[member.workspace.slug, following.key])


def _triage_page(
    request: MemberRequest,
    chosen: Request | None,
    *,
    bound: AnswerForm | None = None,
    open_answer: str = "",
    status: int = 200,
) -> HttpResponse:
    member = request.member
    workspace = member.workspace
    queue, asked_back = reading.triage_queue(workspace, QUEUE)
    now = clock.now()
    if chosen is None and queue:
        chosen = queue[0]
    elif chosen is not None:
        chosen = next((row for row in (*queue, *asked_back) if row == chosen), chosen)
    context: dict[str, Any] = {
        "workspace": workspace,
        "queue": queue,
        "asked_back": asked_back,
        "chosen": chosen,
        "in_time": metrics.answered_in_time(workspace, now - JUDGED, now),
    }
    if chosen is None:
        context["nothing_asked_yet"] = not Request.objects.visible_to(member).exists()
    else:
        chosen.workspace = workspace
        context |= _around(queue, chosen)
        context["can_answer"] = policy.can_answer(member, chosen)
        if context["can_answer"]:
            context |= _answers(request, chosen, bound, open_answer)
    return render(request, "requests_intake/triage.html", context, status=status)


def _around(queue: list[Request], chosen: Request) -> dict[str, Any]:
    """Return the place of a request in the queue, and its neighbours."""
    keys = [row.pk for row in queue]
    if chosen.pk not in keys:
        return {"place": None, "previous": None, "following": queue[0] if queue else None}
    place = keys.index(chosen.pk)
    return {
        "place": place + 1,
        "previous": queue[place - 1] if place else None,
        "following": queue[place + 1] if place + 1 < len(queue) else None,
    }


def _answers(
    request: MemberRequest, chosen: Request, bound: AnswerForm | None, open_answer: str
) -> dict[str, Any]:
    rooms = metrics.room_in_sprints(request.member.workspace)
    planned = [room.sprint for room in rooms if room.sprint.is_planned]
    said = suggestions(chosen, planned)
    open_answer = open_answer or request.GET.get("answer", "")
    if open_answer not in FORMS:
        open_answer = (DecisionKind.PLAN if planned else DecisionKind.ACCEPT).value
    if chosen.is_asked and open_answer == DecisionKind.ASK and bound is None:
        open_answer = DecisionKind.ACCEPT.value
    forms = {kind: _unbound(request, chosen, kind, said[kind]) for kind in FORMS}
    if bound is not None:
        forms[open_answer] = bound
    tasks = _tasks_to_choose(request.member)
    _offer(forms["plan"], tasks)
    return {
        "rooms": rooms,
        "running": next((room for room in rooms if room.sprint.is_active), None),
        "next_sprint": planned[0] if planned else None,
        "open_answer": open_answer,
        "plan": forms["plan"],
        "accept": forms["accept"],
        "decline": forms["decline"],
        "ask": forms["ask"],
        "merge": forms["merge"],
        "said": said,
        "tasks": tasks[:TASKS_OFFERED],
    }


def _tasks_to_choose(member: Membership) -> list[Task]:
    """Return the newest open tasks, and all of the running sprint; one query for both lists."""
    open_tasks = Task.objects.visible_to(member).current().open().order_by("-number")
    oldest = open_tasks.values("number")[TASKS_OFFERED - 1 : TASKS_OFFERED]
    return list(
        open_tasks.filter(
            Q(sprint__state="active") | Q(number__gte=Coalesce(Subquery(oldest), 0))
        ).select_related("workspace", "sprint")
    )


def _offer(form: AnswerForm, tasks: list[Task]) -> None:
    """Let the form of a plan name what could go out, without asking the database again."""
    field = form.fields["swap_out"]
    assert isinstance(field, ModelChoiceField)  # noqa: S101  told to the type checker
    running = [task for task in tasks if task.sprint and task.sprint.is_active]
    running.sort(key=lambda task: task.position)
    field.widget.choices = [
        ("", field.empty_label),
        *((task.pk, field.label_from_instance(task)) for task in running),
    ]


def _unbound(
    request: MemberRequest, chosen: Request, kind: str, said: list[Suggestion]
) -> AnswerForm:
    """Return a form that begins with a suggestion: the first, or the one that the address names."""
    initial: dict[str, Any] = {"version": chosen.version}
    wanted = request.GET.get("say", "") if request.GET.get("answer") == kind else ""
    place = int(wanted) if wanted.isdecimal() and len(wanted) < 3 else 0
    if said and (wanted or kind not in BEGUN_BY_HAND):
        suggestion = said[min(place, len(said) - 1)]
        initial["words"] = suggestion.words
        initial["sprint" if kind == DecisionKind.PLAN else "reason"] = suggestion.choice
    if kind == DecisionKind.MERGE:
        initial["target"] = request.GET.get("target", "")[:20]
    return FORMS[kind](initial=initial, member=request.member, auto_id=f"{kind}-%s")
