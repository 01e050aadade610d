"""What hangs on a task, as pages show it: what blocks it, what it waits for, who waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db.models import Q

from activity import clock
from people.models import Membership, Workspace

from . import policy
from .blocking_forms import BlockForm, ResolveForm, WaitForm
from .models import Impediment, SprintState, Task, Wait

LATELY: Final = timedelta(days=14)
MOST_LATELY: Final = 20
# More than any team has; the page says when there are more
MOST_ROWS: Final = 200
MOST_OFFERED: Final = 60


@dataclass(frozen=True)
class Hanging:
    """What blocks a task and what it waits for, with the forms that are open."""

    task: Task
    impediment: Impediment | None
    waits: list[Wait]
    waited_by: list[Wait]
    can_edit: bool
    can_settle: bool
    block_form: BlockForm | None = None
    resolve_form: ResolveForm = field(default_factory=ResolveForm)
    wait_form: WaitForm | None = None
    offered: list[Task] = field(default_factory=list)
    leads_to: str = ""

    @property
    def is_nothing(self) -> bool:
        """Tell whether nothing is to be shown: nothing hangs on it, and nothing may be added."""
        return not (self.can_edit or self.impediment or self.waits or self.waited_by)


def hanging(
    task: Task,
    reader: Membership,
    *,
    block_form: BlockForm | None = None,
    resolve_form: ResolveForm | None = None,
    wait_form: WaitForm | None = None,
    leads_to: str = "",
) -> Hanging:
    """Read what hangs on a task, in two queries; `leads_to` is where its forms lead afterwards."""
    impediment = None
    if task.is_blocked:
        impediment = Impediment.objects.for_rows().filter(task=task).open().first()
    standing = Wait.objects.standing().filter(Q(task=task) | Q(other=task)).for_rows()
    waits: list[Wait] = []
    waited_by: list[Wait] = []
    for wait in standing:
        wait.workspace = wait.task.workspace = task.workspace
        if wait.other is not None:
            wait.other.workspace = task.workspace
        (waits if wait.task_id == task.pk else waited_by).append(wait)
    can_edit = policy.can_edit_tasks(reader, task) and task.archived_at is None
    return Hanging(
        task=task,
        impediment=impediment,
        waits=waits,
        waited_by=[wait for wait in waited_by if not wait.task.is_done],
        can_edit=can_edit,
        can_settle=impediment is not None and policy.can_settle_impediment(reader, impediment),
        block_form=block_form,
        resolve_form=resolve_form or ResolveForm(),
        wait_form=wait_form,
        offered=[] if wait_form is None else _offered(task),
        leads_to=leads_to,
    )


def _offered(task: Task) -> list[Task]:
    """Return what a task may want to wait for: what else is open in the running sprint."""
    rows = Task.objects.current().open().filter(workspace=task.workspace_id)
    rows = rows.filter(sprint__state=SprintState.ACTIVE).exclude(pk=task.pk).ranked()
    found = list(rows.only("number", "title", "workspace")[:MOST_OFFERED])
    for other in found:
        other.workspace = task.workspace
    return found


@dataclass(frozen=True)
class ImpedimentRow:
    """An impediment of the list, and what the reader may do about it."""

    impediment: Impediment
    can_settle: bool
    is_mine: bool
    resolve_form: ResolveForm


@dataclass(frozen=True)
class ImpedimentList:
    """All that blocks anything now, and what was resolved lately."""

    rows: list[ImpedimentRow]
    resolved: list[Impediment]

    @property
    def mine(self) -> int:
        """How many of them wait for the reader."""
        return sum(row.is_mine for row in self.rows)

    @property
    def escalated(self) -> int:
        """How many are there for too long."""
        return sum(row.impediment.is_escalated for row in self.rows)

    @property
    def points(self) -> int:
        """The points that are blocked."""
        return sum(row.impediment.task.points or 0 for row in self.rows)

    @property
    def value(self) -> int:
        """The deals that hang on what is blocked."""
        return sum(row.impediment.task.origin_value for row in self.rows)

    @property
    def is_full(self) -> bool:
        """Tell whether there may be more than is shown."""
        return len(self.rows) >= MOST_ROWS


def impediments(
    reader: Membership, typed: Mapping[int, ResolveForm] | None = None
) -> ImpedimentList:
    """Read the list for a member, his own first; `typed` has the forms that came back."""
    typed = typed or {}
    all_of_them = Impediment.objects.visible_to(reader)
    found = all_of_them.open().for_list(reader)[:MOST_ROWS]
    since = clock.now() - LATELY
    lately = all_of_them.for_rows().resolved().filter(resolved_at__gte=since)
    return ImpedimentList(
        rows=[
            ImpedimentRow(
                impediment=one,
                can_settle=policy.can_settle_impediment(reader, one),
                is_mine=one.owner_id == reader.pk,
                resolve_form=typed.get(one.pk) or resolve_form(one),
            )
            for one in found
        ],
        resolved=list(lately[:MOST_LATELY]),
    )


def resolve_form(impediment: Impediment, data: object = None) -> ResolveForm:
    """Return the form that resolves an impediment; its fields have names of their own."""
    return ResolveForm(data, auto_id=f"solve-{impediment.pk}-%s")  # type: ignore[arg-type]


def blocked_tasks(workspace: Workspace) -> int:
    """Return how many tasks are blocked now."""
    return Impediment.objects.filter(workspace=workspace).open().count()
