"""What surrounds every page inside a workspace: the places, the other workspaces, the reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from activity.compiled import Compiled
from activity.models import Mark
from backlog.models import Sprint
from notifications.models import Notice, OutboxItem
from notifications.policy import can_see_outbox
from people.models import Membership, Workspace
from people.policy import may_sign_up
from requests_intake.models import Request
from sprintboard.first_run.first_steps import FirstStep, first_steps

#: The first part of an address inside a workspace, and the place that it belongs to.
SECTIONS = {
    "": "home",
    "now": "now",
    "my-work": "my-work",
    "board": "board",
    "tasks": "board",
    "backlog": "backlog",
    "impediments": "impediments",
    "requests": "requests",
    "triage": "requests",
    "campaigns": "campaigns",
    "sprints": "sprints",
    "reviews": "reviews",
    "members": "members",
    "invitations": "members",
    "settings": "settings",
    "outbox": "outbox",
    "inbox": "inbox",
}


@dataclass(frozen=True)
class Place:
    """An entry of the side bar or the bottom bar."""

    key: str
    label: str
    icon: str
    url: str
    count: int = 0
    current: bool = False


class Numbers(NamedTuple):
    """What the frame counts: waiting requests, mails stuck or held, the reader's new notices."""

    waiting: int
    next_sprint: int | None
    stuck: int
    is_paused: bool
    unread: int


def _amount(rows: QuerySet[Any], of: str) -> Coalesce:
    """Count rows in a subquery, which all have the same value in one column."""
    counted = rows.order_by().values(of).annotate(amount=Count("pk")).values("amount")
    return Coalesce(Subquery(counted), 0)


_numbers = Compiled(
    lambda workspace, member: Workspace.objects.filter(pk=workspace).values_list(
        _amount(Request.objects.waiting().filter(workspace=OuterRef("pk")), "workspace"),
        Subquery(Sprint.objects.planned().filter(workspace=OuterRef("pk")).values("number")[:1]),
        _amount(OutboxItem.objects.unsettled().filter(workspace=OuterRef("pk")), "workspace"),
        Exists(Mark.objects.named(Mark.OUTBOX_PAUSED)),
        _amount(Notice.objects.filter(recipient=member).unread(), "recipient"),
    ),
    workspace=int,
    member=int,
)
# one more than is shown: the workspace that is open may be among them
_places_of = Compiled(
    lambda user: Workspace.objects.of(user).values_list("slug", "name")[:21], user=int
)


class Shell:
    """The frame of one page. Reads the database only where a template shows what was read."""

    def __init__(self, request: HttpRequest, member: Membership) -> None:
        self.member = member
        self.workspace: Workspace = member.workspace
        self._path = request.path

    @property
    def first_word(self) -> str:
        """The part of the workspace's name that is read first: “Northwind”."""
        return self.workspace.name.split(" ", 1)[0]

    @property
    def other_words(self) -> str:
        """The rest of the workspace's name: “Instruments”."""
        return self.workspace.name.partition(" ")[2]

    @cached_property
    def section(self) -> str:
        """The place that the page belongs to."""
        rest = self._path.removeprefix(f"/w/{self.workspace.slug}/")
        first = rest.split("/", 1)[0]
        if first == "sprints" and "/plan/" in rest:
            return "planning"
        return SECTIONS.get(first, "")

    @cached_property
    def _numbers(self) -> Numbers:
        """What the frame counts: one query."""
        [row] = _numbers.all(workspace=self.workspace.pk, member=self.member.pk)
        return Numbers._make(row)

    @property
    def next_sprint(self) -> int | None:
        """The number of the sprint to plan, if one is planned."""
        return self._numbers.next_sprint

    @property
    def unread(self) -> int:
        """How many notices the reader has not looked at."""
        return self._numbers.unread

    @cached_property
    def outbox_is_paused(self) -> bool:
        """Whether to tell this reader that nothing is mailed: admins can have it mended."""
        return self.member.is_admin and (settings.OUTBOX_PAUSED or self._numbers.is_paused)

    @cached_property
    def others(self) -> tuple[tuple[str, str], ...]:
        """Address and name of the reader's other workspaces, by name."""
        mine = _places_of.all(user=self.member.user_id)
        return tuple((slug, name) for slug, name in mine if slug != self.workspace.slug)

    def _place(
        self, key: str, label: str, icon: str, name: str, *args: object, count: int = 0
    ) -> list[Place]:
        try:
            url = _address(name, self.workspace.slug, *args)
        except NoReverseMatch:  # a page that does not exist has no way to it
            return []
        return [Place(key, label, icon, url, count, current=key == self.section)]

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every place of the workspace, for this role."""
        marketer = self.member.is_marketer
        sees_outbox = can_see_outbox(self.member)
        waiting, planned = self._numbers[:2] if marketer else (0, None)
        stuck = self._numbers.stuck if sees_outbox else 0
        requests = "triage" if marketer else "requests"
        return (
            *self._place("home", _("Home"), "house", "home"),
            *self._place("my-work", _("My work"), "list-checks", "my_work"),
            *self._place("now", _("Now"), "presentation", "now"),
            *self._place("board", _("Board"), "square-kanban", "board"),
            *(
                self._place("planning", _("Planning"), "calendar-range", "plan_sprint", planned)
                if planned
                else []
            ),
            *self._place("backlog", _("Backlog"), "layers", "backlog"),
            *self._place("impediments", _("Impediments"), "octagon-alert", "impediments"),
            *self._place("requests", _("Requests"), "inbox", requests, count=waiting),
            *self._place("campaigns", _("Campaigns"), "megaphone", "campaigns"),
            *self._place("sprints", _("Sprints"), "repeat", "sprints"),
            *self._place("reviews", _("Reviews"), "newspaper", "reviews"),
            *self._place("members", _("Members"), "users", "members"),
            *(
                self._place("settings", _("Settings"), "sliders-horizontal", "settings")
                if self.member.is_admin
                else []
            ),
            *(
                self._place("outbox", _("Mail"), "mail-warning", "outbox", count=stuck)
                if sees_outbox and (stuck or self.section == "outbox")
                else []
            ),
        )

    @cached_property
    def main_action(self) -> Place | None:
        """What this role does most often: the middle of the bottom bar."""
        if self.member.is_marketer:
            found = self._place("new", _("Task"), "plus", "new_task")
        elif self.member.is_sales:
            found = self._place("new", _("Idea"), "plus", "request_new")
        else:
            found = []
        return found[0] if found else None

    @cached_property
    def tabs(self) -> tuple[Place, ...]:
        """The places in the bottom bar of a phone; the others are behind “More”."""
        if self.member.is_marketer:
            keys = ["home", "board", "requests"]
        else:  # who does not work on the board sees from afar what is on it
            keys = ["home", "now", "requests" if self.main_action else "reviews"]
        return tuple(place for place in self.places if place.key in keys)

    @cached_property
    def more(self) -> tuple[Place, ...]:
        """The places that the bottom bar has no room for."""
        return tuple(place for place in self.places if place not in self.tabs)

    @cached_property
    def first_steps(self) -> list[FirstStep]:
        """What to do first in a new workspace: a query on the pages that show it."""
        return first_steps(self.member)

    @property
    def next_step(self) -> FirstStep | None:
        """The first of them that is not done."""
        return next((step for step in self.first_steps if not step.is_done), None)

    @property
    def steps_done(self) -> int:
        """How many of them are done."""
        return sum(step.is_done for step in self.first_steps)

    @cached_property
    def new_workspace_url(self) -> str:
        """Where a new workspace is made, if there may be another one."""
        return "" if settings.SPRINTBOARD_SINGLE_TEAM else _or_nothing("workspace_new")

    @cached_property
    def profile_url(self) -> str:
        """Where the reader's own name, zone and initials are, if that page exists."""
        return _or_nothing("profile")


@lru_cache(maxsize=4096)
def _address(name: str, *args: object) -> str:
    return reverse(name, args=args)


def _or_nothing(name: str) -> str:
    try:
        return _address(name)
    except NoReverseMatch:
        return ""


def shell(request: HttpRequest) -> dict[str, Shell | Callable[[], bool] | None]:
    """Give the templates of a workspace's pages their frame; outside of one there is none."""
    member = getattr(request, "member", None)
    return {
        "shell": Shell(request, member) if member else None,
        "signup_open": may_sign_up,  # called where a template asks
    }
