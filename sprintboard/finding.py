"""What a few typed words find in a workspace: tasks, requests, campaigns, reviews, people.

One bounded query for each kind, newest first; a key or a number finds its thing whatever its
title.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Case, F, OrderBy, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _

from backlog.models import Task
from backlog.searching import titled, words_of
from campaigns.models import Campaign
from people.models import Membership
from people.policy import can_manage_people
from requests_intake.models import Request
from reviews.models import Review

# One letter finds half the workspace; nobody means that
SHORTEST, LONGEST = 2, 100
MOST = 12
# Of each kind at most so many, so that tasks leave room for what is called the same
TASKS, REQUESTS, OTHERS = 6, 4, 3


@dataclass(frozen=True)
class Found:
    """One thing that answers to the words."""

    icon: str
    url: str
    title: str
    key: str = ""
    note: str = ""
    from_sales: bool = False
    is_task: bool = False


def find(member: Membership, typed: str) -> list[Found]:
    """Return what a member may see and probably means: at most twelve things, five queries."""
    words = words_of(typed)
    prefix, number = _number(typed)
    if len("".join(words)) < SHORTEST and number is None:
        return []
    found = [
        *_tasks(member, words, number if prefix in ("", member.workspace.key) else None),
        *_requests(member, words, number if prefix in ("", "REQ") else None),
        *_campaigns(member, words),
        *_reviews(member, words, None if prefix else number),
        *_people(member, words),
    ]
    return found[:MOST]


def _number(typed: str) -> tuple[str, int | None]:
    """Read `NW-42`, `req-7` or `42`."""
    prefix, _dash, digits = typed.strip().rpartition("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= 9:
        return prefix.upper(), int(digits)
    return "", None


def _each(field: str, words: Iterable[str]) -> Q:
    every = Q()
    for word in words:
        every &= Q(**{f"{field}__icontains": word})
    return every


def _or_numbered(condition: Q, number: int | None, field: str = "number") -> Q:
    return condition if number is None else condition | Q(**{field: number})


def _newest(number: int | None, field: str = "number") -> list[Case | OrderBy]:
    """Order by number, but the one that was named comes first.

    A sum is in no index: PostgreSQL would rather walk all tasks in order, looking into each title,
    than ask the index of words and sort what it finds.
    """
    newest = (F(field) + 0).desc()
    if number is None:
        return [newest]
    return [Case(When(**{field: number}, then=Value(0)), default=Value(1)), newest]


def _tasks(member: Membership, words: list[str], number: int | None) -> Iterator[Found]:
    """Find tasks; an archived one only by its key."""
    wanted = _or_numbered(Q(archived_at=None) & titled(words), number)
    # what is shown of them is read for the few that are left
    best = Task.objects.visible_to(member).filter(wanted).order_by(*_newest(number))
    tasks = Task.objects.filter(pk__in=best.values("pk")[:TASKS]).order_by(*_newest(number))
    for task in tasks.select_related("sprint", "column"):
        task.workspace = member.workspace
        yield Found(
            icon="square-kanban" if task.sprint_id else "layers",
            url=task.get_absolute_url(),
            title=task.title,
            key=task.key,
            note=_place(task),
            from_sales=bool(task.origin_name),
            is_task=True,
        )


def _place(task: Task) -> str:
    if task.archived_at:
        return _("Archived")
    if task.sprint is None:
        return _("Backlog")
    if task.sprint.is_active:
        return task.column.name
    return _("Sprint %(number)s") % {"number": task.sprint.number}


def _requests(member: Membership, words: list[str], number: int | None) -> Iterator[Found]:
    wanted = _or_numbered(_each("title", words), number)
    requests = Request.objects.visible_to(member).filter(wanted)
    for one in requests.order_by(*_newest(number))[:REQUESTS]:
        one.workspace = member.workspace
        url, state = one.get_absolute_url(), one.get_state_display()
        yield Found("inbox", url, one.title, key=one.key, note=state, from_sales=True)


def _campaigns(member: Membership, words: list[str]) -> Iterator[Found]:
    campaigns = Campaign.objects.visible_to(member).filter(_each("name", words)).by_date()
    for one in campaigns[:OTHERS]:
        url = reverse("campaign", args=[member.workspace.slug, one.pk])
        yield Found("megaphone", url, one.name, note=_("Campaign"))


def _reviews(member: Membership, words: list[str], number: int | None) -> Iterator[Found]:
    wanted = _or_numbered(
        _each("subject", words) | _each("sprint__goal", words), number, "sprint__number"
    )
    reviews = Review.objects.visible_to(member).filter(wanted).select_related("sprint")
    for one in reviews.order_by(*_newest(number, "sprint__number"))[:OTHERS]:
        name = _("Review of sprint %(number)s") % {"number": one.sprint.number}
        url = reverse("review", args=[member.workspace.slug, one.sprint.number])
        yield Found("newspaper", url, one.subject or name, note=name if one.subject else "")


def _people(member: Membership, words: list[str]) -> Iterator[Found]:
    here = Membership.objects.visible_to(member).active().filter(_each("shown_name", words))
    may_change = can_manage_people(member)
    for one in here.by_name()[:OTHERS]:
        url = (
            reverse("member_edit", args=[member.workspace.slug, one.pk])
            if may_change
            else reverse("members", args=[member.workspace.slug])
        )
        yield Found("user", url, one.shown_name, note=str(one.get_role_display()))
