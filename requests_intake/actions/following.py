"""The verb of the job that follows the work: say when it is delivered, and when promises move."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from activity.changes import SYSTEM, Change, change
from activity.models import Activity, Cursor
from notifications.models import OutboxItem
from people.models import Workspace
from requests_intake.models import Request, RequestQuerySet, RequestState
from requests_intake.tracker import Promise, Work

from .telling import call_back, tell

logger = logging.getLogger(__name__)

# A slip of the mouse tells nobody: news about the work wait so long before they leave
SETTLING = timedelta(minutes=10)
FOLLOWER = "requests_intake.follow"
FOLLOWED = ("backlog.task", "backlog.sprint")


def follow_work() -> int:
    """Catch up with the work of every workspace where something happened; return how many."""
    seen = Cursor.objects.filter(workspace=OuterRef("pk"), reader=FOLLOWER).values("seq")
    behind = Workspace.objects.annotate(seen=Coalesce(Subquery(seen), 0)).filter(seq__gt=F("seen"))
    workspaces = list(behind)
    for workspace in workspaces:
        try:
            follow_workspace(workspace)
        except Exception:  # one workspace's trouble is not the next one's
            logger.exception("Could not follow the work of workspace %s.", workspace.pk)
    return len(workspaces)


def follow_workspace(workspace: Workspace) -> None:
    """Draw the consequences of what happened to tasks and sprints since the last look.

    The log says whether anything happened; what is true now is read from the tasks. So a job that
    runs twice, late or after a crash says each thing once. The look is taken without the lock, and
    what it finds is looked at again under it: a move on the board does not wait for all requests.
    """
    seq = Workspace.objects.values_list("seq", flat=True).get(pk=workspace.pk)
    cursor = Cursor.objects.filter(workspace=workspace, reader=FOLLOWER).first()
    news = Activity.objects.filter(
        workspace=workspace, seq__gt=cursor.seq if cursor else 0, subject_type__in=FOLLOWED
    )
    found = _look(workspace) if news.exists() else []
    with change(workspace, by=SYSTEM) as record:
        _draw_consequences(record, found)
        Cursor.objects.update_or_create(workspace=workspace, reader=FOLLOWER, defaults={"seq": seq})


def _look(workspace: Workspace) -> list[int]:
    """Return the requests about which something is to be said."""
    said_yes = Request.objects.filter(workspace=workspace).said_yes_to()
    moved = [request.pk for request in _promised(said_yes).tracked() if _has_moved(request)]
    changed = said_yes.filter(pk__in=_done(said_yes).values("pk")) | said_yes.filter(
        pk__in=_open_again(said_yes).values("pk")
    )
    return [*moved, *changed.values_list("pk", flat=True)]


def _draw_consequences(record: Change, found: list[int]) -> None:
    requests = Request.objects.filter(workspace=record.workspace, pk__in=found).said_yes_to()
    for request in _done(requests).tracked():
        _each(record, request, _deliver)
    for request in _open_again(requests).tracked():
        _each(record, request, _take_back)
    for request in _promised(requests).tracked():
        if _has_moved(request):
            _each(record, request, _tell)


def _each(record: Change, request: Request, verb: Callable[[Change, Request], None]) -> None:
    """Run a verb on one request; one that fails is logged and looked at again with other news."""
    try:
        with change(record.workspace, by=SYSTEM):
            verb(record, request)
    except Exception:
        logger.exception("Could not follow the work of request %s.", request.pk)


def _done(requests: RequestQuerySet) -> RequestQuerySet:
    return requests.filter(delivered_at=None).with_all_done()


def _open_again(requests: RequestQuerySet) -> RequestQuerySet:
    return requests.exclude(delivered_at=None).with_open_work()


def _promised(requests: RequestQuerySet) -> RequestQuerySet:
    return requests.filter(state=RequestState.PLANNED, delivered_at=None)


def _deliver(record: Change, request: Request) -> None:
    request.delivered_at = Work(request).delivered_at or record.at
    request.taken_back_at = None
    cancel_notice(record, request)
    notice = _queue_notice(record, request, "intake.delivered", {})
    request.save()
    record("request_delivered", request, key=request.key, notice=notice.pk)


def _take_back(record: Change, request: Request) -> None:
    back = Work(request).open[0]
    cancel_notice(record, request)
    request.delivered_at = None
    request.taken_back_at = back.entered_column_at
    request.save()
    record("request_taken_back", request, key=request.key, task=back.key)


def _has_moved(request: Request) -> bool:
    """Tell whether a promise is another one than its rep was last told."""
    work = Work(request)
    told = (request.told_sprint_id, request.told_until)
    return not work.is_delivered and _as_told(work.promise) != told


def _as_told(promise: Promise | None) -> tuple[int | None, date | None]:
    return (promise.sprint.pk, promise.until) if promise else (None, None)


def _tell(record: Change, request: Request) -> None:
    """Queue the news that a promise moved; what moved and came back while it waited is no news."""
    promise = Work(request).promise
    waiting = cancel_notice(record, request)
    was = _told_before(waiting) if waiting else (request.told_sprint_id, request.told_until)
    request.told_sprint_id, request.told_until = _as_told(promise)
    if _as_told(promise) != was:
        payload = {"was_sprint": was[0], "was_until": was[1]}
        _queue_notice(record, request, "intake.moved", payload)
        record(
            "request_promise_moved",
            request,
            key=request.key,
            sprint=promise.sprint.number if promise else None,
        )
    request.save()


def _told_before(waiting: OutboxItem) -> tuple[int | None, date | None]:
    until = waiting.payload["was_until"]
    return waiting.payload["was_sprint"], date.fromisoformat(until) if until else None


def _notice_key(request: Request) -> str:
    return f"intake.notice:{request.pk}:{request.notices}"


def _queue_notice(
    record: Change, request: Request, kind: str, payload: dict[str, Any]
) -> OutboxItem:
    request.notices += 1
    return tell(
        record,
        request,
        kind=kind,
        key=_notice_key(request),
        payload={"request": request.pk, **payload},
        not_before=record.at + SETTLING,
    )


def cancel_notice(record: Change, request: Request) -> OutboxItem | None:
    """Call back the last notice about a request, if it is still here; return it."""
    return call_back(record, _notice_key(request))
