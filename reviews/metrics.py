"""The numbers and lists of a sprint, gathered once, as it closes; and when morning comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from backlog.actions import EndedSprint
from backlog.metrics import allowance
from backlog.models import Deliverable, Sprint, Task
from requests_intake.metrics import answered_in_time
from requests_intake.models import Decision, Request, RequestTask

from . import facts as f
from .models import Review

MORNING = time(8)
SPRINTS_IN_AVERAGE = 3


def gather(sprint: Sprint, ended: EndedSprint, *, to_next: bool) -> f.Facts:
    """Return what happened in a sprint that just ended, in a fixed number of queries.

    `ended` holds its tasks as they stood when it ended; `to_next` tells where unfinished ones went.
    """
    closed_at = sprint.closed_at
    assert closed_at is not None  # noqa: S101  end_sprint sets it
    earlier = _facts_before(sprint)
    since = earlier[0].closed_at if earlier else (sprint.started_at or closed_at)
    in_time = answered_in_time(sprint.workspace, since, closed_at)
    links = _links(ended.done)
    requesters = _requesters(ended.unfinished)
    target = ended.next_sprint if to_next else None
    return f.Facts(
        number=sprint.number,
        starts_on=sprint.starts_on,
        ends_on=sprint.ends_on,
        started_at=sprint.started_at,
        closed_at=closed_at,
        goal=f.Goal(sprint.goal, sprint.goal_measure, sprint.goal_target, sprint.goal_actual),
        points=_points(sprint, ended),
        tasks_done=len(ended.done),
        groups=_groups(ended.done, links),
        asked=_asked(ended.done, links),
        carried=tuple(_carried(task, target, requesters) for task in ended.unfinished),
        answers=_answers(sprint, since, closed_at),
        answered=f.Answers(in_time.in_time, in_time.total, sprint.workspace.answer_days),
        before=_before(earlier),
        next=_next(ended.next_sprint),
    )


def next_morning(zone: ZoneInfo, after: datetime) -> datetime:
    """Return the next instant when it is 08:00 in this zone, in UTC."""
    there = after.astimezone(zone)
    day = there.date() if there.time() < MORNING else there.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, tzinfo=zone).astimezone(UTC)


def _sum(tasks: Iterable[Task]) -> int:
    return sum(task.points or 0 for task in tasks)


def _points(sprint: Sprint, ended: EndedSprint) -> f.Points:
    everything = [*ended.done, *ended.unfinished]
    return f.Points(
        committed=sprint.committed_points or 0,
        done=_sum(ended.done),
        done_of_committed=_sum(task for task in ended.done if not task.is_unplanned),
        unplanned=_sum(task for task in everything if task.is_unplanned),
        unplanned_done=_sum(task for task in ended.done if task.is_unplanned),
        allowance=allowance(sprint),
        carried=_sum(ended.unfinished),
    )


def _links(tasks: list[Task]) -> dict[int, tuple[f.Link, ...]]:
    found: dict[int, list[f.Link]] = defaultdict(list)
    for made in Deliverable.objects.filter(task__in=[task.pk for task in tasks]):
        found[made.task_id].append(f.Link(made.label, made.url))
    return {task_id: tuple(links) for task_id, links in found.items()}


def _groups(done: list[Task], links: dict[int, tuple[f.Link, ...]]) -> tuple[f.Group, ...]:
    """Return finished tasks by campaign: the most points first, what has no campaign last."""
    rows = (
        Task.objects.filter(pk__in=[task.pk for task in done])
        .select_related("workspace", "campaign", "channel", "assignee")
        .ranked()
    )
    tasks: dict[tuple[str, int | None], list[Task]] = defaultdict(list)
    for task in rows:
        campaign = task.campaign
        tasks[(campaign.name, campaign.hue) if campaign else ("", None)].append(task)
    total = _sum(done)
    groups = [
        f.Group(
            name=name,
            hue=hue,
            points=_sum(members),
            share=round(100 * _sum(members) / total) if total else 0,
            tasks=tuple(_done(task, links.get(task.pk, ())) for task in members),
        )
        for (name, hue), members in tasks.items()
    ]
    return tuple(sorted(groups, key=lambda group: (group.name == "", -group.points, group.name)))


def _done(task: Task, links: tuple[f.Link, ...]) -> f.Done:
    return f.Done(
        key=task.key,
        title=task.title,
        points=task.points,
        assignee=task.assignee.shown_name if task.assignee else "",
        channel=task.channel.name if task.channel else "",
        unplanned=task.is_unplanned,
        links=links,
    )


def _asked(done: list[Task], links: dict[int, tuple[f.Link, ...]]) -> tuple[f.Asked, ...]:
    """Return the requests whose last task was finished in this sprint."""
    by_id = {task.pk: task for task in done}
    requests = list(Request.objects.delivered_by_tasks(by_id))
    served: dict[int, list[Task]] = defaultdict(list)
    pairs = RequestTask.objects.filter(request__in=requests, task__in=by_id).order_by("pk")
    for request_id, task_id in pairs.values_list("request_id", "task_id"):
        served[request_id].append(by_id[task_id])
    return tuple(
        f.Asked(
            key=request.key,
            title=request.title,
            requester=request.requester.shown_name,
            requester_id=request.requester_id,
            tasks=tuple(task.key for task in served[request.pk]),
            links=tuple(link for task in served[request.pk] for link in links.get(task.pk, ())),
        )
        for request in requests
    )


def _requesters(tasks: list[Task]) -> dict[int, list[tuple[int, str]]]:
    """Return who waits for each of these tasks."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    pairs = (
        RequestTask.objects.filter(task__in=[task.pk for task in tasks])
        .order_by("pk")
        .values_list("task_id", "request__requester_id", "request__requester__shown_name")
    )
    for task_id, member_id, name in pairs:
        if (member_id, name) not in found[task_id]:
            found[task_id].append((member_id, name))
    return found


def _carried(
    task: Task, target: Sprint | None, requesters: dict[int, list[tuple[int, str]]]
) -> f.Carried:
    waiting = requesters.get(task.pk, [])
    return f.Carried(
        key=task.key,
        title=task.title,
        points=task.points,
        to_sprint=target.number if target else None,
        asked_by=tuple(name for _id, name in waiting),
        asked_by_ids=tuple(member_id for member_id, _name in waiting),
    )


def _answers(sprint: Sprint, since: datetime, until: datetime) -> tuple[f.Answer, ...]:
    decisions = Decision.objects.standing().answers().between(sprint.workspace, since, until)
    return tuple(
        f.Answer(
            key=decision.request.key,
            title=decision.request.title,
            requester=decision.request.requester.shown_name,
            requester_id=decision.request.requester_id,
            kind=decision.kind,
            words=decision.words,
            reason=decision.reason,
            sprint=decision.sprint.number if decision.sprint else None,
            merged_into=decision.target.key if decision.target else "",
            decided_by=decision.decided_by.shown_name,
        )
        for decision in decisions
    )


def _facts_before(sprint: Sprint) -> list[f.Facts]:
    """Return the facts of the sprints before this one, the latest first."""
    reviews = Review.objects.filter(
        workspace=sprint.workspace_id, sprint__number__lt=sprint.number
    ).order_by("-sprint__number")[:SPRINTS_IN_AVERAGE]
    return [review.frozen for review in reviews]


def _before(earlier: list[f.Facts]) -> f.Before:
    shares = [facts.done_share for facts in earlier if facts.done_share is not None]
    return f.Before(
        sprints=len(earlier),
        average_done=round(fmean(facts.points.done for facts in earlier)) if earlier else 0,
        average_share=round(fmean(shares)) if shares else None,
        delivered=len(earlier[0].asked) if earlier else None,
    )


def _next(sprint: Sprint | None) -> f.Next | None:
    if sprint is None:
        return None
    return f.Next(sprint.number, sprint.goal, sprint.starts_on, sprint.ends_on)
