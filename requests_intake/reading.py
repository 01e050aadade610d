"""What the homes and other pages show of the intake: few queries, however full it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F

from activity import clock
from conversation.models import Comment

from .demand import Account, Deal, accounts
from .likeness import alike
from .models import UNDECIDED, Decision, Request, RequestQuerySet, RequestState
from .tracker import Step, stage, status_line, tracker

if TYPE_CHECKING:
    from backlog.models import Task
    from people.models import Membership, Workspace

SHOWN = 20
SHOWN_ALIKE = 4
# A task serves one request, or a few
SHOWN_OF_TASK = 10
SHOWN_ACCOUNTS = 8
# Of the newest requests: what is older is found by looking for it
LOOKED_AT = 500
_PREFIXES = ("", "REQ")


@dataclass(frozen=True)
class TrackedRequest:
    """A request with where it stands: the steps, the last one reached, and a few words."""

    request: Request
    steps: list[Step]
    stage: str
    line: str

    @property
    def is_late(self) -> bool:
        """Tell whether its answer is overdue."""
        return self.request.is_late(clock.now())


def track(request: Request, reader: Membership | None = None) -> TrackedRequest:
    """Compute where a request stands, from what `tracked()` loaded."""
    return TrackedRequest(
        request, tracker(request, reader), stage(request), status_line(request, reader)
    )


@dataclass(frozen=True)
class Origin:
    """The requests that a task serves, and the deals that hang on them all together."""

    requests: list[TrackedRequest]
    accounts: list[Account]
    more: bool

    @property
    def named(self) -> list[Account]:
        """The largest of the accounts that have a name."""
        return [account for account in self.accounts if account.name][:SHOWN_ACCOUNTS]

    @property
    def worth(self) -> int:
        """What the deals are worth, each account counted once."""
        return sum(account.value for account in self.accounts)

    @property
    def rest(self) -> int:
        """What the other deals are worth, and those of which nobody said whose they are."""
        return self.worth - sum(account.value for account in self.named)


def origin_of(task: Task, reader: Membership) -> Origin:
    """Return where a task came from, the first request first; four queries."""
    serving = Request.objects.visible_to(reader).filter(request_tasks__task=task)
    found = list(serving.tracked().with_demand().order_by("number")[: SHOWN_OF_TASK + 1])
    deals: list[Deal] = []
    for request in found:
        deals += [request, *request.backers]
    return Origin(
        requests=[track(request, reader) for request in found[:SHOWN_OF_TASK]],
        accounts=accounts(deals),
        more=len(found) > SHOWN_OF_TASK,
    )


def my_requests(member: Membership, limit: int = 5) -> list[TrackedRequest]:
    """Return a rep's requests with their trackers, questions to him on top; three queries."""
    mine = Request.objects.visible_to(member).asked_by(member).questions_first()
    return [track(request, member) for request in mine.tracked()[:limit]]


def waiting(workspace: Workspace, limit: int = 50) -> list[Request]:
    """Return what waits for an answer, the one due first on top; one query."""
    queue = Request.objects.filter(workspace=workspace).waiting()
    return list(queue.select_related("requester", "workspace")[:limit])


def overdue(workspace: Workspace, limit: int = 50) -> list[Request]:
    """Return what should have been answered by now, the longest due first; one query."""
    late = Request.objects.filter(workspace=workspace).overdue(clock.now())
    return list(late.select_related("requester", "workspace")[:limit])


def triage_queue(workspace: Workspace, limit: int) -> tuple[list[Request], list[Request]]:
    """Return what waits for Marketing, and what waits for a rep, with who needs it; two queries."""
    undecided = Request.objects.filter(workspace=workspace, state__in=UNDECIDED)
    rows = (
        undecided.order_by(
            F("asked_at").asc(nulls_first=True),
            F("explained_at").asc(nulls_last=True),
            "answer_due_at",
            "number",
        )
        .select_related("requester__user")
        .with_demand()[:limit]
    )
    waiting: list[Request] = []
    asked: list[Request] = []
    for row in rows:
        row.workspace = workspace
        (asked if row.is_asked else waiting).append(row)
    return waiting, asked


def said_since(request: Request, question: Decision | None) -> list[Comment]:
    """Return what was said about a request since a question about it; one query."""
    if question is None:
        return []
    said = Comment.objects.standing().filter(workspace=request.workspace_id).about(request)
    since = said.filter(written_at__gte=question.decided_at).select_related("author")
    return list(since.order_by("pk")[:SHOWN])


def searched(requests: RequestQuerySet, words: str) -> RequestQuerySet:
    """Find a key as people write it (REQ-17, 17), or each word in the title."""
    prefix, _dash, number = words.strip().rpartition("-")
    if number.isascii() and number.isdigit() and len(number) <= 9 and prefix.upper() in _PREFIXES:
        return requests.filter(number=int(number))
    for word in words.split():
        requests = requests.filter(title__icontains=word)
    return requests


def similar(workspace: Workspace, title: str, *, but: Request | None = None) -> list[Request]:
    """Return requests whose title looks like this one, the most alike first; three queries."""
    recent = Request.objects.filter(workspace=workspace).exclude(state=RequestState.MERGED)
    if but is not None:
        recent = recent.exclude(pk=but.pk)
    titles = dict(recent.order_by("-number").values_list("pk", "title")[:LOOKED_AT])
    best = alike(title, titles)[:SHOWN_ALIKE]
    found = Request.objects.select_related("requester").with_demand().in_bulk(best) if best else {}
    for one in found.values():
        one.workspace = workspace
    return [found[pk] for pk in best]
