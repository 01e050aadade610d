"""The API of tasks and sprints: the same verbs as the pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from people.api.pagination import Order, PageQuery
from people.api.schema import documented
from people.api.views import MemberView

from . import actions, listing, policy
from .models import (
    Channel,
    Column,
    Deliverable,
    Impediment,
    ImpedimentQuerySet,
    Sprint,
    SprintState,
    Task,
    TaskQuerySet,
    Wait,
)
from .serializers import (
    BlockNew,
    ColumnShown,
    DeliverableNew,
    DeliverableShown,
    ImpedimentEdit,
    ImpedimentQuery,
    ImpedimentShown,
    JustVersion,
    Named,
    Nothing,
    SprintEdit,
    SprintQuery,
    SprintShown,
    TaskDetail,
    TaskEdit,
    TaskItem,
    TaskMove,
    TaskNew,
    TaskPull,
    TaskQuery,
    TaskRank,
    TaskReturn,
    Unblock,
    WaitNew,
    WaitShown,
)

ORDERS = {
    "rank": Order(("position", "pk")),
    "number": Order(("number",)),
    "-number": Order(("number",), descending=True),
}
# What a filter compares, by the name of its parameter
COLUMNS = {
    "sprint": "sprint__number",
    "promised_sprint": "promised_sprint__number",
    "column": "column",
    "category": "column__category",
    "channel": "channel",
    "campaign": "campaign",
    "assignee": "assignee",
    "is_unplanned": "is_unplanned",
}


class Columns(MemberView):
    """The stages of the board."""

    tag: ClassVar[str] = "Board"

    @documented("list_columns", "List the board's columns", query=PageQuery, page=ColumnShown)
    def get(self, request: Request, slug: str) -> Response:
        """From left to right."""
        rows = Column.objects.filter(workspace=self.workspace)
        return self.show_page(rows, Order(("position", "pk")), ColumnShown)


class Channels(MemberView):
    """Where marketing reaches people."""

    tag: ClassVar[str] = "Board"

    @documented("list_channels", "List the channels", query=PageQuery, page=Named)
    def get(self, request: Request, slug: str) -> Response:
        """In the workspace's order."""
        rows = Channel.objects.filter(workspace=self.workspace)
        return self.show_page(rows, Order(("position", "pk")), Named)


# Tasks ----------------------------------------------------------------------------------------


class TaskView(MemberView):
    """What the addresses of tasks share."""

    tag: ClassVar[str] = "Tasks"
    output = TaskDetail

    def rows(self) -> TaskQuerySet:
        """Return tasks with what is shown of them."""
        return Task.objects.visible_to(self.member).select_related(
            "workspace",
            "column",
            "sprint",
            "promised_sprint",
            "assignee",
            "blocked_owner",
            "campaign",
            "channel",
            "created_by",
        )

    def task(self, key: str) -> Task:
        """Return the task that people call by this key. Raises Http404."""
        found = self.rows().named(key, self.workspace).first()
        if found is None:
            raise Http404
        return found

    def to_change(self, key: str) -> Task:
        """Return a task for a verb. Raises Http404, PermissionDenied."""
        found = self.task(key)
        self.require(policy.can_edit_tasks, found)
        return found

    def show_saved(self, task: Task, **more: Any) -> Response:
        """Answer with a task as it now is."""
        return self.show(self.rows().get(pk=task.pk), **more)


class Tasks(TaskView):
    """The tasks of a workspace."""

    @documented("list_tasks", "List tasks", query=TaskQuery, page=TaskItem)
    def get(self, request: Request, slug: str) -> Response:
        """Backlog and sprints, by rank; archived ones when asked for."""
        rows = self.rows().defer("description", "description_html").prefetch_related("labels")
        rows = self.found(rows)
        return self.show_page(rows, ORDERS[self.asked.get("ordering", "rank")], TaskItem)

    def found(self, rows: TaskQuerySet) -> TaskQuerySet:
        """Keep what was asked for."""
        asked = self.asked
        where = {COLUMNS[name]: value for name, value in asked.items() if name in COLUMNS}
        rows = rows.filter(**where, archived_at__isnull=not asked.get("archived", False))
        if "where" in asked:
            rows = rows.filter(sprint__isnull=asked["where"] == "backlog")
        if "from_sales" in asked:
            from_sales = rows.exclude(origin_name="")
            rows = from_sales if asked["from_sales"] else rows.filter(origin_name="")
        if asked.get("search"):
            rows = listing.searched(self.member, rows, asked["search"])
        return rows

    @documented(
        "create_task",
        "Make a task",
        body=TaskNew,
        gives=TaskDetail,
        status=201,
        example={"title": "One-page flyer for the Analytica fair", "points": 3, "labels": ["fair"]},
    )
    def post(self, request: Request, slug: str) -> Response:
        """At the end of the backlog, or in a sprint; the running one asks why."""
        self.require(policy.can_edit_tasks, self.workspace)
        made = actions.create_task(self.workspace, by=self.member, **self.read(TaskNew))
        location = reverse("api_task", args=[slug, made.key])
        return self.show_saved(made, status=201, location=location)


class OneTask(TaskView):
    """One task."""

    @documented("read_task", "Read a task", gives=TaskDetail)
    def get(self, request: Request, slug: str, key: str) -> Response:
        """With its description and its deliverables."""
        return self.show(self.task(key))

    @documented(
        "edit_task",
        "Edit a task",
        body=TaskEdit,
        gives=TaskDetail,
        example={"version": 3, "title": "Two-page flyer", "points": 5},
    )
    def patch(self, request: Request, slug: str, key: str) -> Response:
        """What is left out stays; null clears."""
        task = self.to_change(key)
        version, changes = self.read_edit(TaskEdit)
        actions.edit_task(task, by=self.member, version=version, **changes)
        return self.show_saved(task)


class MoveTask(TaskView):
    """A card on the board of the running sprint."""

    @documented(
        "move_task",
        "Move a card",
        body=TaskMove,
        gives=TaskDetail,
        example={"version": 3, "column": 4, "place": "top"},
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        """To a column, and to a place in it."""
        task = self.to_change(key)
        version, place = self.read_edit(TaskMove)
        column, end = place.pop("column"), place.pop("place", "")
        if end:
            first, last = listing.ends_of(task, column)
            place = {"before": first} if end == "top" else {"after": last}
        actions.move_task(task, by=self.member, version=version, column=column, **place)
        return self.show_saved(task)


class RankTask(TaskView):
    """A task's place in its list."""

    @documented(
        "rank_task",
        "Rank a task",
        body=TaskRank,
        gives=TaskDetail,
        example={"version": 3, "before": "NW-42"},
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        """Beside another task of its list, or at an end of it."""
        task = self.to_change(key)
        version, place = self.read_edit(TaskRank)
        if end := place.pop("place", ""):
            place = {end: True}
        actions.rank_task(task, by=self.member, version=version, **place)
        return self.show_saved(task)


class PullTask(TaskView):
    """A task's way into a sprint."""

    @documented(
        "pull_task",
        "Pull a task into a sprint",
        body=TaskPull,
        gives=TaskDetail,
        example={"version": 3, "sprint": 13},
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        """The running sprint asks why, and past its allowance what goes out for it."""
        task = self.to_change(key)
        version, pull = self.read_edit(TaskPull)
        actions.pull_task(task, by=self.member, version=version, **pull)
        return self.show_saved(task)


class ReturnTask(TaskView):
    """A task's way back."""

    @documented("return_task", "Return a task", body=TaskReturn, gives=TaskDetail)
    def post(self, request: Request, slug: str, key: str) -> Response:
        """To the top of the backlog."""
        task = self.to_change(key)
        version, why = self.read_edit(TaskReturn)
        actions.return_task(task, by=self.member, version=version, **why)
        return self.show_saved(task)


class ArchiveTask(TaskView):
    """Putting a task away."""

    @documented("archive_task", "Archive a task", body=JustVersion, gives=TaskDetail)
    def post(self, request: Request, slug: str, key: str) -> Response:
        """Out of its list, kept with its history."""
        task = self.to_change(key)
        version, _nothing = self.read_edit(JustVersion)
        actions.archive_task(task, by=self.member, version=version)
        return self.show_saved(task)


class RestoreTask(TaskView):
    """Bringing a task back."""

    @documented("restore_task", "Restore a task", body=Nothing, gives=TaskDetail)
    def post(self, request: Request, slug: str, key: str) -> Response:
        """On top of the backlog."""
        task = self.to_change(key)
        self.read(Nothing)
        actions.restore_task(task, by=self.member)
        return self.show_saved(task)


class Deliverables(TaskView):
    """What a task made."""

    output = DeliverableShown  # type: ignore[assignment]

    @documented("list_deliverables", "List deliverables", query=PageQuery, page=DeliverableShown)
    def get(self, request: Request, slug: str, key: str) -> Response:
        """In the order in which they were linked."""
        rows = Deliverable.objects.filter(workspace=self.workspace, task=self.task(key))
        return self.show_page(rows, Order(("pk",)))

    @documented(
        "add_deliverable",
        "Link a deliverable",
        body=DeliverableNew,
        gives=DeliverableShown,
        status=201,
        example={"label": "The flyer", "url": "https://example.org/flyer.pdf"},
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        """A task has at most 30."""
        task = self.to_change(key)
        made = actions.add_deliverable(task, by=self.member, **self.read(DeliverableNew))
        return self.show(made, status=201)


class OneDeliverable(TaskView):
    """One link."""

    @documented("remove_deliverable", "Remove a deliverable", status=204)
    def delete(self, request: Request, slug: str, key: str, pk: int) -> Response:
        """The link only: what it leads to is not ours."""
        task = self.to_change(key)
        if pk >= 2**63:
            raise Http404
        found = self.find(Deliverable.objects.select_related("workspace"), task=task, pk=pk)
        actions.remove_deliverable(found, by=self.member)
        return Response(status=204)


# What hangs on a task ------------------------------------------------------------------------


class ImpedimentView(TaskView):
    """What the addresses of impediments share."""

    tag: ClassVar[str] = "Impediments"
    output = ImpedimentShown  # type: ignore[assignment]

    def impediments(self) -> ImpedimentQuerySet:
        """Return impediments with what is shown of them."""
        return Impediment.objects.visible_to(self.member).for_rows()

    def show_impediment(self, impediment: Impediment, **more: Any) -> Response:
        """Answer with an impediment as it now is."""
        return self.show(self.impediments().get(pk=impediment.pk), **more)


class Impediments(ImpedimentView):
    """What blocks tasks, or did."""

    @documented("list_impediments", "List impediments", query=ImpedimentQuery, page=ImpedimentShown)
    def get(self, request: Request, slug: str) -> Response:
        """The newest first; everybody sees them."""
        rows = self.impediments()
        if "state" in self.asked:
            rows = rows.filter(resolved_at__isnull=self.asked["state"] == "open")
        if "owner" in self.asked:
            rows = rows.filter(owner=self.asked["owner"])
        return self.show_page(rows, Order(("raised_at", "pk"), descending=True))


class OneImpediment(ImpedimentView):
    """One impediment."""

    def impediment(self, pk: int) -> Impediment:
        """Return the impediment with this id. Raises Http404."""
        if pk >= 2**63:
            raise Http404
        return self.find(self.impediments(), pk=pk)

    @documented("read_impediment", "Read an impediment", gives=ImpedimentShown)
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """With who raised it, who removes it, and what helped."""
        return self.show(self.impediment(pk))

    @documented(
        "edit_impediment",
        "Edit an impediment, or hand it over",
        body=ImpedimentEdit,
        gives=ImpedimentShown,
        example={"version": 1, "owner": 7},
    )
    def patch(self, request: Request, slug: str, pk: int) -> Response:
        """Marketers, managers and its owner may. A new owner is told by mail in a minute."""
        found = self.impediment(pk)
        self.require(policy.can_settle_impediment, found)
        version, changes = self.read_edit(ImpedimentEdit)
        saved = actions.edit_impediment(found, by=self.member, version=version, **changes)
        return self.show_impediment(saved)


class BlockTask(ImpedimentView):
    """That something blocks a task."""

    @documented(
        "block_task",
        "Block a task",
        body=BlockNew,
        gives=ImpedimentShown,
        status=201,
        example={"reason": "CRM must send the account list"},
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        """A task is blocked by one thing at a time (`already_blocked`)."""
        task = self.to_change(key)
        made = actions.block_task(task, by=self.member, **self.read(BlockNew))
        location = reverse("api_impediment", args=[slug, made.pk])
        return self.show_impediment(made, status=201, location=location)


class UnblockTask(ImpedimentView):
    """That nothing blocks a task any more."""

    @documented(
        "unblock_task",
        "Unblock a task",
        body=Unblock,
        gives=ImpedimentShown,
        example={"how": "Called the CRM team"},
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        """Marketers, managers and its owner may; moving the task to done does it too."""
        task = self.task(key)
        found = self.impediments().filter(task=task).open().first()
        self.require(policy.can_settle_impediment, found or task)
        asked = self.read(Unblock)
        if found is None:
            raise ValidationError(_("Nothing blocks this task."), code="not_blocked")
        return self.show_impediment(
            actions.resolve_impediment(found, by=self.member, **asked),
        )


class Waits(TaskView):
    """What a task waits for."""

    output = WaitShown  # type: ignore[assignment]

    @documented("list_waits", "List what a task waits for", query=PageQuery, page=WaitShown)
    def get(self, request: Request, slug: str, key: str) -> Response:
        """What is over too."""
        rows = Wait.objects.filter(workspace=self.workspace, task=self.task(key))
        rows = rows.select_related("other__workspace", "other__column", "added_by")
        return self.show_page(rows, Order(("pk",)))

    @documented(
        "add_wait",
        "Let a task wait",
        body=WaitNew,
        gives=WaitShown,
        status=201,
        example={"thing": "The printer", "until": "2026-12-03"},
    )
    def post(self, request: Request, slug: str, key: str) -> Response:
        """For another task (no circles: `cycle`), or for a thing from outside."""
        task = self.to_change(key)
        asked = self.read(WaitNew)
        other = asked.pop("task", None)
        made = actions.add_wait(task, by=self.member, other=other, **asked)
        return self.show(made, status=201)


class OneWait(TaskView):
    """One thing that a task waits for."""

    @documented("end_wait", "Let a task wait no longer", status=204)
    def delete(self, request: Request, slug: str, key: str, pk: int) -> Response:
        """It is here, or is not needed."""
        task = self.to_change(key)
        if pk >= 2**63:
            raise Http404
        found = self.find(Wait.objects.select_related("workspace"), task=task, pk=pk)
        actions.end_wait(found, by=self.member)
        return Response(status=204)


# Sprints --------------------------------------------------------------------------------------


class SprintView(MemberView):
    """What the addresses of sprints share."""

    tag: ClassVar[str] = "Sprints"
    output = SprintShown

    def sprint(self, number: int) -> Sprint:
        """Return the sprint of this number. Raises Http404."""
        if number >= 2**31:
            raise Http404
        return self.find(Sprint.objects.select_related("workspace"), number=number)


class Sprints(SprintView):
    """The sprints of a workspace."""

    @documented("list_sprints", "List sprints", query=SprintQuery, page=SprintShown)
    def get(self, request: Request, slug: str) -> Response:
        """Planned, running and closed."""
        rows = Sprint.objects.visible_to(self.member)
        if "state" in self.asked:
            rows = rows.filter(state=SprintState(self.asked["state"]))
        return self.show_page(rows, ORDERS[self.asked.get("ordering", "number")])


class OneSprint(SprintView):
    """One sprint."""

    @documented("read_sprint", "Read a sprint", gives=SprintShown)
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Its goal, its dates, what it was committed to."""
        return self.show(self.sprint(number))

    @documented(
        "edit_sprint",
        "Edit a sprint",
        body=SprintEdit,
        gives=SprintShown,
        example={"version": 2, "goal": "Make the fair count", "goal_target": 40},
    )
    def patch(self, request: Request, slug: str, number: int) -> Response:
        """Its goal, its measure or its dates."""
        sprint = self.sprint(number)
        self.require(policy.can_plan, sprint)
        version, changes = self.read_edit(SprintEdit)
        return self.show(actions.edit_sprint(sprint, by=self.member, version=version, **changes))


class StartSprint(SprintView):
    """The start of a sprint."""

    @documented("start_sprint", "Start a sprint", body=JustVersion, gives=SprintShown)
    def post(self, request: Request, slug: str, number: int) -> Response:
        """From here on its commitment is frozen and what is added is unplanned."""
        sprint = self.sprint(number)
        self.require(policy.can_start_sprint, sprint)
        version, _nothing = self.read_edit(JustVersion)
        return self.show(actions.start_sprint(sprint, by=self.member, version=version))


urlpatterns = [
    path("columns/", Columns.as_view(), name="api_columns"),
    path("channels/", Channels.as_view(), name="api_channels"),
    path("tasks/", Tasks.as_view(), name="api_tasks"),
    path("tasks/<str:key>/", OneTask.as_view(), name="api_task"),
    path("tasks/<str:key>/move/", MoveTask.as_view(), name="api_task_move"),
    path("tasks/<str:key>/rank/", RankTask.as_view(), name="api_task_rank"),
    path("tasks/<str:key>/pull/", PullTask.as_view(), name="api_task_pull"),
    path("tasks/<str:key>/return/", ReturnTask.as_view(), name="api_task_return"),
    path("tasks/<str:key>/archive/", ArchiveTask.as_view(), name="api_task_archive"),
    path("tasks/<str:key>/restore/", RestoreTask.as_view(), name="api_task_restore"),
    path("tasks/<str:key>/deliverables/", Deliverables.as_view(), name="api_deliverables"),
    path(
        "tasks/<str:key>/deliverables/<int:pk>/",
        OneDeliverable.as_view(),
        name="api_deliverable",
    ),
    path("tasks/<str:key>/block/", BlockTask.as_view(), name="api_task_block"),
    path("tasks/<str:key>/unblock/", UnblockTask.as_view(), name="api_task_unblock"),
    path("tasks/<str:key>/waits/", Waits.as_view(), name="api_waits"),
    path("tasks/<str:key>/waits/<int:pk>/", OneWait.as_view(), name="api_wait"),
    path("impediments/", Impediments.as_view(), name="api_impediments"),
    path("impediments/<int:pk>/", OneImpediment.as_view(), name="api_impediment"),
    path("sprints/", Sprints.as_view(), name="api_sprints"),
    path("sprints/<int:number>/", OneSprint.as_view(), name="api_sprint"),
    path("sprints/<int:number>/start/", StartSprint.as_view(), name="api_sprint_start"),
]
