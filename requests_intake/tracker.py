"""Where a request stands, computed from its answer and its tasks; nothing here is stored.

Works on a request loaded by `Request.objects.tracked()` without asking the database again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backlog.models import Category, Sprint, Task

from .models import Decision, DecisionKind, DeclineReason, Request

if TYPE_CHECKING:
    from people.models import Membership

State = Literal["done", "now", "no", ""]
STEPS = ("submitted", "answered", "planned", "in_progress", "delivered")


@dataclass(frozen=True)
class Step:
    """One step: its stable key, its name, what happened at it, and whether it is reached."""

    key: str
    name: str
    note: str
    state: State
    at: datetime | None = None


@dataclass(frozen=True)
class Promise:
    """When a request's work is planned for: a sprint and its last day."""

    sprint: Sprint
    until: date


class Work:
    """What the tasks of a request add up to. Archived tasks count only when they were done."""

    def __init__(self, request: Request) -> None:
        found: list[Task] | None = getattr(request, "tracked_tasks", None)
        if found is None:
            found = list(
                request.tasks.select_related(
                    "workspace", "column", "sprint", "promised_sprint", "assignee"
                ).order_by("number")
            )
        self.tasks = [task for task in found if _is_done(task) or task.archived_at is None]
        self.done = [task for task in self.tasks if _is_done(task)]
        self.open = [task for task in self.tasks if not _is_done(task)]
        self.busy = [task for task in self.open if _is_busy(task)]

    @property
    def is_delivered(self) -> bool:
        """Everything that was to be done is done."""
        return bool(self.done) and not self.open

    @property
    def has_begun(self) -> bool:
        """Somebody works on it, or a part of it is done."""
        return bool(self.busy or self.done)

    @property
    def delivered_at(self) -> datetime | None:
        """When the last task was done."""
        times = [task.done_at for task in self.done if task.done_at]
        return max(times) if self.is_delivered and times else None

    @property
    def promise(self) -> Promise | None:
        """The sprint that all open tasks are planned for, the latest of them; None without one.

        A sprint that ended without the task promises nothing any more.
        """
        sprints = [task.sprint or task.promised_sprint for task in self.open]
        planned = [sprint for sprint in sprints if sprint and not sprint.is_closed]
        if not planned or len(planned) < len(sprints):
            return None
        last = max(planned, key=lambda sprint: sprint.number)
        return Promise(last, last.ends_on)


def _is_done(task: Task) -> bool:
    return task.column.category == Category.DONE


def _is_busy(task: Task) -> bool:
    """Somebody has begun, in a sprint that runs or in one that ended before it was done."""
    return task.sprint is not None and task.column.category in {Category.DOING, Category.REVIEW}


def tracker(request: Request, reader: Membership | None = None) -> list[Step]:
    """Return the steps of a request: five, or two when the answer was no or it was merged.

    Notes name days in the active zone, and say “you” to the reader.
    """
    decision = request.decision
    submitted = Step(
        "submitted",
        _("Submitted"),
        _("%(day)s, by %(who)s")
        % {"day": _day(request.submitted_at), "who": _who(request.requester, reader)},
        "done",
        request.submitted_at,
    )
    if decision and decision.kind == DecisionKind.DECLINE:
        return [submitted, _declined(decision)]
    if decision and decision.kind == DecisionKind.MERGE:
        return [submitted, _merged(request, decision)]
    work = Work(request)
    notes = {
        "submitted": submitted.note,
        "answered": _answered_note(request, decision, reader),
        "planned": _planned_note(work, decision),
        "in_progress": _progress_note(request, work),
        "delivered": _delivered_note(request, work),
    }
    times = {
        "submitted": request.submitted_at,
        "answered": request.answered_at,
        "delivered": work.delivered_at,
    }
    reached = STEPS.index(stage(request, work))
    return [
        Step(key, _names()[key], notes[key], _state(place, reached), times.get(key))
        for place, key in enumerate(STEPS)
    ]


def stage(request: Request, work: Work | None = None) -> str:
    """Return the key of the last step that a request has reached."""
    decision = request.decision
    work = work or Work(request)
    if decision is None:
        return "submitted"
    if work.is_delivered:
        return "delivered"
    if work.has_begun:
        return "in_progress"
    return "planned" if work.promise else "answered"


def status_line(request: Request, reader: Membership | None = None) -> str:
    """Return in a few words where a request stands, for a row; “you” is the reader."""
    decision = request.decision
    if decision is None:
        return _undecided_line(request, reader)
    if decision.kind == DecisionKind.DECLINE:
        if decision.reason == DeclineReason.OTHER:
            return _("Declined")
        return _("Declined: %(reason)s") % {"reason": decision.get_reason_display().lower()}
    if decision.kind == DecisionKind.MERGE:
        return _("Merged into %(key)s") % {"key": _merged_into(request)}
    return _work_line(request)


def _undecided_line(request: Request, reader: Membership | None) -> str:
    if request.is_asked:
        if reader is not None and reader.pk == request.requester_id:
            return _("Marketing asks you something")
        return _("Marketing asks %(name)s something") % {"name": request.requester.first_name}
    return _("Answer due %(when)s") % {"when": _day_and_time(request.answer_due_at)}


def _work_line(request: Request) -> str:
    work = Work(request)
    if work.delivered_at:
        return _("Delivered %(day)s") % {"day": _day(work.delivered_at)}
    if work.has_begun:
        return _progress_note(request, work)
    if work.promise:
        return _("Planned for sprint %(n)s, until %(day)s") % {
            "n": work.promise.sprint.number,
            "day": _day(work.promise.until),
        }
    return _("Accepted, no date yet")


def _names() -> dict[str, str]:
    return {
        "submitted": _("Submitted"),
        "answered": _("Answered"),
        "planned": _("Planned"),
        "in_progress": _("In progress"),
        "delivered": _("Delivered"),
    }


def _state(place: int, reached: int) -> State:
    if place < reached or reached == len(STEPS) - 1:
        return "done"
    return "now" if place == reached else ""


def _declined(decision: Decision) -> Step:
    note = _("%(day)s, %(reason)s") % {
        "day": _day(decision.decided_at),
        "reason": decision.get_reason_display().lower(),
    }
    return Step("declined", _("Declined"), note, "no", decision.decided_at)


def _merged(request: Request, decision: Decision) -> Step:
    note = _("%(day)s, into %(key)s") % {
        "day": _day(decision.decided_at),
        "key": _merged_into(request),
    }
    return Step("merged", _("Merged"), note, "done", decision.decided_at)


def _merged_into(request: Request) -> str:
    return request.merged_into.key if request.merged_into else ""


def _answered_note(request: Request, decision: Decision | None, reader: Membership | None) -> str:
    if request.is_asked and request.question:
        return _("%(day)s, a question by %(who)s") % {
            "who": _who(request.question.decided_by, reader),
            "day": _day(request.question.decided_at),
        }
    if decision is None:
        return _("due %(when)s") % {"when": _day_and_time(request.answer_due_at)}
    return _("%(day)s, by %(who)s") % {
        "day": _day(decision.decided_at),
        "who": _who(decision.decided_by, reader),
    }


def _planned_note(work: Work, decision: Decision | None) -> str:
    if decision is None:
        return ""
    if work.is_delivered:
        last = max((task.sprint.number for task in work.done if task.sprint), default=None)
        return _("Sprint %(n)s") % {"n": last} if last else ""
    if work.promise is None:
        return _("no date yet")
    carried = max((task.carried for task in work.open), default=0)
    if carried:
        return ngettext(
            "Sprint %(n)s, until %(day)s; moved on once",
            "Sprint %(n)s, until %(day)s; moved on %(times)s times",
            carried,
        ) % {
            "n": work.promise.sprint.number,
            "day": _day(work.promise.until),
            "times": carried,
        }
    return _("Sprint %(n)s, until %(day)s") % {
        "n": work.promise.sprint.number,
        "day": _day(work.promise.until),
    }


def _progress_note(request: Request, work: Work) -> str:
    if work.is_delivered:
        names = dict.fromkeys(task.assignee.first_name for task in work.done if task.assignee)
        return ", ".join(names)
    if not work.has_begun:
        return ""
    back = [task for task in work.open if request.taken_back_at and task.done_at is None]
    if request.taken_back_at and back:
        return _("%(key)s is back in %(column)s since %(day)s") % {
            "key": back[0].key,
            "column": back[0].column.name,
            "day": _day(request.taken_back_at),
        }
    if len(work.tasks) > 1 or not work.busy:
        return _("%(done)s of %(all)s tasks done") % {
            "done": len(work.done),
            "all": len(work.tasks),
        }
    task = work.busy[0]
    since = _day(task.entered_column_at)
    if task.assignee is None:
        return _("%(column)s, since %(day)s") % {"column": task.column.name, "day": since}
    return _("%(who)s, since %(day)s") % {"who": task.assignee.first_name, "day": since}


def _delivered_note(request: Request, work: Work) -> str:
    if work.delivered_at:
        return _against_promise(work.delivered_at, request)
    if work.promise:
        return _("planned until %(day)s") % {"day": _day(work.promise.until)}
    return ""


def _against_promise(delivered_at: datetime, request: Request) -> str:
    """Return the day, and how it compares with the one that the answer had named."""
    sprint = request.decision.sprint if request.decision else None
    day = _day(delivered_at)
    if sprint is None:
        return day
    late = (delivered_at.astimezone(request.workspace.zone).date() - sprint.ends_on).days
    if not late:
        return _("%(day)s, as promised") % {"day": day}
    words = (
        ngettext("%(day)s, %(n)s day late", "%(day)s, %(n)s days late", late)
        if late > 0
        else ngettext("%(day)s, %(n)s day early", "%(day)s, %(n)s days early", -late)
    )
    return words % {"day": day, "n": abs(late)}


def _who(member: Membership, reader: Membership | None) -> str:
    return _("you") if reader and member.pk == reader.pk else member.first_name


def _day(value: date | datetime) -> str:
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return date_format(value, "j M")


def _day_and_time(value: datetime) -> str:
    return date_format(timezone.localtime(value), "D j M, H:i")
