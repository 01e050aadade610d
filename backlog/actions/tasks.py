"""The verbs of a task: make it, edit it, archive it, bring it back, and say what it made."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _

from activity.changes import Change, System, change
from activity.text import clean_line, clean_text
from backlog import policy
from backlog.models import Column, Deliverable, Ending, Label, Sprint, Task
from conversation import markdown
from people.models import Membership, Workspace

from . import guard
from .blocking import SHOWN, block_again, free
from .order import positions_at_end, positions_at_top
from .rows import check, current_task, first_column, fresh_sprint, fresh_task, own, unknown

FIELDS: Final = frozenset(
    {
        "title", "description", "channel", "points", "impact", "effort", "assignee", "campaign",
        "due_on", "cost", "labels",
    }
)  # fmt: skip
BULK_FIELDS: Final = FIELDS - {"title", "description", "labels"}
MOST_AT_ONCE: Final = 100
MOST_IN_BULK: Final = 5_000
MOST_LABELS: Final = 10
MOST_DELIVERABLES: Final = 30


def create_task(
    workspace: Workspace,
    *,
    by: Membership | System,
    title: str,
    sprint: Sprint | None = None,
    column: Column | None = None,
    reason: str = "",
    swap_out: Task | None = None,
    over_reason: str = "",
    at_top: bool = False,
    **fields: Any,
) -> Task:
    """Make a task in the backlog, or in a sprint; in the running one by its scope guard.

    Raises PermissionDenied, and ValidationError by field or with the codes of `pull_task`.
    """
    task, labels = _drafted(title=title, **fields)
    with change(workspace, by=by) as record:
        record.require(policy.can_edit_tasks, record.workspace)
        [task.position] = (positions_at_top if at_top else positions_at_end)(record, 1)
        _make(record, [task])
        if sprint is not None:
            _enter_sprint(
                record, task, sprint, column, reason=reason, swap_out=swap_out, over=over_reason
            )
        task.save()
        _set_labels(record, task, labels)
        record("task_created", task, **_told(task), reason=task.unplanned_reason)
    return task


def create_tasks(
    workspace: Workspace,
    *,
    by: Membership | System,
    titles: list[str],
    at_top: bool = False,
    **fields: Any,
) -> list[Task]:
    """Make a backlog task of each line, in their order; empty lines are left out.

    Raises PermissionDenied, ValidationError `required`, `too_many` or by field.
    """
    lines = [title for title in titles if title.strip()]
    if not lines:
        raise ValidationError(_("Write at least one title."), code="required")
    if len(lines) > MOST_AT_ONCE:
        raise ValidationError(
            _("At most %(most)s tasks at once."), "too_many", {"most": MOST_AT_ONCE}
        )
    drafts = [_drafted(title=line, **fields) for line in lines]
    tasks = [task for task, _labels in drafts]
    with change(workspace, by=by) as record:
        record.require(policy.can_edit_tasks, record.workspace)
        places = (positions_at_top if at_top else positions_at_end)(record, len(tasks))
        for task, position in zip(tasks, places, strict=True):
            task.position = position
        _make(record, tasks)
        Task.objects.bulk_create(tasks)
        for task, labels in drafts:
            _set_labels(record, task, labels)
        record(
            "tasks_created",
            tasks[0],
            key=tasks[0].key,
            keys=[task.key for task in tasks],
            ids=[task.pk for task in tasks],
        )
    return tasks


def edit_task(task: Task, *, by: Membership | System, version: int, **changes: Any) -> Task:
    """Change what a task says. A description is rendered when it is saved.

    Raises Stale, PermissionDenied, and ValidationError by field, `archived`, `closed_sprint`.
    """
    wanted, labels = _cleaned(changes)
    with change(task.workspace, by=by) as record:
        task = current_task(record, task, version)
        record.require(policy.can_edit_tasks, task)
        changed = _apply(record, task, wanted)
        if labels is not None and _set_labels(record, task, labels):
            changed["labels"] = labels
        if changed:
            task.version += 1
            task.save()
            record("task_edited", task, **_told(task), changed=sorted(changed), was=_was(changed))
    return task


def bulk_edit(
    workspace: Workspace, *, by: Membership | System, task_ids: Collection[int], **changes: Any
) -> list[Task]:
    """Change the same fields of many tasks in one step, recorded as one.

    Raises PermissionDenied, ValidationError `unknown`, `too_many`, `archived` or by field.
    """
    if not changes or not set(changes) <= BULK_FIELDS:
        raise TypeError(f"Not in bulk: {sorted(set(changes) - BULK_FIELDS)}")
    wanted, _labels = _cleaned(changes)
    with change(workspace, by=by) as record:
        record.require(policy.can_edit_tasks, record.workspace)
        edited = []
        for task in _chosen(record, task_ids):
            if _apply(record, task, wanted):
                task.version += 1
                edited.append(task)
        if edited:
            Task.objects.bulk_update(edited, [*changes, "version"], batch_size=200)
            given = {"points": changes["points"]} if "points" in changes else {}
            told = {**_listed(edited), **given}
            record("tasks_edited", edited[0], **told, changed=sorted(changes))
    return edited


def bulk_archive(
    workspace: Workspace, *, by: Membership | System, task_ids: Collection[int]
) -> list[Task]:
    """Put many tasks away in one step, recorded as one.

    Raises PermissionDenied, ValidationError `unknown`, `too_many`, `archived` or `done_in_sprint`.
    """
    with change(workspace, by=by) as record:
        record.require(policy.can_edit_tasks, record.workspace)
        tasks = _chosen(record, task_ids)
        column = first_column(record)
        for task in tasks:
            _put_away(record, task, column)
        if tasks:
            names = [*_PUT_AWAY, *SHOWN, "version"]
            Task.objects.bulk_update(tasks, names, batch_size=200)
            record("tasks_archived", tasks[0], **_listed(tasks))
    return tasks


def archive_task(task: Task, *, by: Membership | System, version: int) -> Task:
    """Put a task away: out of its list, kept with its history.

    Raises Stale, PermissionDenied, ValidationError `archived` or `done_in_sprint`.
    """
    with change(task.workspace, by=by) as record:
        task = current_task(record, task, version)
        record.require(policy.can_edit_tasks, task)
        told = _told(task)
        _put_away(record, task, first_column(record))
        task.save()
        record("task_archived", task, **told)
    return task


def restore_task(task: Task, *, by: Membership | System) -> Task:
    """Bring an archived task back, on top of the backlog, with what blocked it.

    Raises PermissionDenied, ValidationError `unknown` or `not_archived`.
    """
    with change(task.workspace, by=by) as record:
        task = fresh_task(record, task)
        record.require(policy.can_edit_tasks, task)
        if task.archived_at is None:
            raise ValidationError(_("This task is not archived."), code="not_archived")
        block_again(record, task, Ending.ARCHIVED, task.archived_at)
        task.archived_at = None
        if task.sprint is None:
            [task.position] = positions_at_top(record, 1)
        task.version += 1
        task.save()
        record("task_restored", task, **_told(task))
    return task


def add_deliverable(task: Task, *, by: Membership | System, label: str, url: str) -> Deliverable:
    """Link what a task made.

    Raises PermissionDenied, ValidationError `archived`, `too_many` or by field.
    """
    made = Deliverable(label=clean_line(label), url=clean_line(url))
    with change(task.workspace, by=by) as record:
        task = current_task(record, task)
        record.require(policy.can_edit_tasks, task)
        made.workspace, made.task, made.added_at = record.workspace, task, record.at
        check(made, "label", "url")
        if task.deliverables.count() >= MOST_DELIVERABLES:
            raise ValidationError(
                _("A task has at most %(most)s links."), "too_many", {"most": MOST_DELIVERABLES}
            )
        made.save()
        record("deliverable_added", task, key=task.key, label=made.label, url=made.url)
    return made


def remove_deliverable(deliverable: Deliverable, *, by: Membership | System) -> None:
    """Take a link away. Raises PermissionDenied, ValidationError `unknown`."""
    with change(deliverable.workspace, by=by) as record:
        found = (
            Deliverable.objects.filter(workspace=record.workspace, pk=deliverable.pk)
            .select_related("task")
            .first()
        )
        if found is None:
            raise unknown("deliverable")
        task = current_task(record, found.task)
        record.require(policy.can_edit_tasks, task)
        record("deliverable_removed", task, key=task.key, label=found.label, url=found.url)
        found.delete()


def set_origin(task: Task, *, by: Membership | System, name: str, backers: int, value: int) -> Task:
    """Say from whom in Sales a task came, for the card.

    The app that knows the requests calls it in a verb of its own, whose policy has spoken: whoever
    backs a request changes this too.
    """
    with change(task.workspace, by=by) as record:
        task = fresh_task(record, task)
        origin = (clean_line(name)[:120], backers, value)
        if origin != (task.origin_name, task.origin_backers, task.origin_value):
            task.origin_name, task.origin_backers, task.origin_value = origin
            task.save(update_fields=["origin_name", "origin_backers", "origin_value"])
            record("origin_set", task, key=task.key, name=origin[0], backers=backers, value=value)
    return task


def count_comments(record: Change, task: Task, comments: int) -> None:
    """Keep the number of a task's comments, for the card: in the change that changed it."""
    Task.objects.filter(workspace=record.workspace, pk=task.pk).update(comment_count=comments)


def count_files(record: Change, task: Task, files: int) -> None:
    """Keep the number of a task's files, for the card: in the change that changed it."""
    Task.objects.filter(workspace=record.workspace, pk=task.pk).update(file_count=files)


def promise_task(task: Task, *, by: Membership | System, sprint: Sprint | None) -> Task:
    """Say for which sprint a task was promised to Sales, or for none.

    The app that knows the requests calls it in a verb of its own, whose policy has spoken.
    Raises ValidationError `unknown`, `archived` or `closed_sprint`.
    """
    with change(task.workspace, by=by) as record:
        task = current_task(record, task)
        promised = None if sprint is None else fresh_sprint(record, sprint)
        if promised is not None and promised.is_closed:
            raise guard.sprint_is_closed()
        if task.promised_sprint_id != (promised.pk if promised else None):
            task.promised_sprint = promised
            task.save(update_fields=["promised_sprint"])
            number = promised.number if promised else None
            record("task_promised", task, key=task.key, sprint=number)
    return task


def _drafted(**fields: Any) -> tuple[Task, list[str]]:
    """Return an unsaved task of these fields. Outside the lock: rendering takes its time."""
    cleaned, labels = _cleaned(fields)
    task = Task()
    for name, value in cleaned.items():
        setattr(task, name, value)
    check(task, *(set(cleaned) - {"description_html", "rendered_by"}), "title")
    return task, labels or []


def _cleaned(fields: dict[str, Any]) -> tuple[dict[str, Any], list[str] | None]:
    """Clean what people typed; labels apart. Raises TypeError for what is no field of a task."""
    if not set(fields) <= FIELDS:
        raise TypeError(f"Not fields of a task: {sorted(set(fields) - FIELDS)}")
    cleaned = {name: value for name, value in fields.items() if name != "labels"}
    if "title" in cleaned:
        cleaned["title"] = _by_field("title", clean_line, cleaned["title"])
    if "description" in cleaned:
        text = _by_field("description", clean_text, cleaned["description"])
        cleaned["description"] = text
        cleaned["description_html"] = _by_field("description", markdown.render, text)
        cleaned["rendered_by"] = markdown.RENDERER
    labels = fields.get("labels")
    return cleaned, None if labels is None else _cleaned_labels(labels)


def _by_field(name: str, clean: Any, value: str) -> str:
    try:
        return str(clean(value))
    except ValidationError as error:
        raise ValidationError({name: error}) from error


def _cleaned_labels(labels: Iterable[str]) -> list[str]:
    by_name: dict[str, str] = {}
    for label in labels:
        if name := _by_field("labels", clean_line, label):
            by_name.setdefault(name.casefold(), name)
    if len(by_name) > MOST_LABELS or any(len(name) > 40 for name in by_name.values()):
        raise ValidationError({"labels": _("At most ten labels of at most 40 characters each.")})
    return list(by_name.values())


def _make(record: Change, tasks: list[Task]) -> None:
    """Give new tasks their numbers, their column and their maker."""
    last = Task.objects.filter(workspace=record.workspace).aggregate(last=Max("number"))["last"]
    column = first_column(record)
    for number, task in enumerate(tasks, start=(last or 0) + 1):
        _own_all(record, task)
        task.workspace, task.number, task.column = record.workspace, number, column
        task.created_by = record.actor
        task.created_at = task.entered_column_at = record.at


def _own_all(record: Change, task: Task) -> None:
    for thing in (task.channel, task.campaign):
        if thing is not None:
            own(record, thing)
    if task.assignee is not None and not own(record, task.assignee).is_active:
        raise ValidationError({"assignee": unknown("membership")})


def _enter_sprint(
    record: Change,
    task: Task,
    sprint: Sprint,
    column: Column | None,
    *,
    reason: str,
    swap_out: Task | None,
    over: str,
) -> None:
    sprint = fresh_sprint(record, sprint)
    guard.admit(record, task, sprint, reason=reason, swap_out=swap_out, over_reason=over)
    if column is not None:
        guard.enter_column(record, task, own(record, column))


def _apply(record: Change, task: Task, wanted: dict[str, Any]) -> dict[str, Any]:
    """Put new values on a task; return the old ones of what really changed."""
    old = {name: getattr(task, name) for name in wanted}
    changed = {name: value for name, value in old.items() if value != wanted[name]}
    for name in changed:
        setattr(task, name, wanted[name])
    if "points" in changed and task.sprint is not None and task.sprint.is_closed:
        raise guard.sprint_is_closed()
    check(task, *(set(changed) - {"description_html", "rendered_by"}))
    for name in {"channel", "campaign"} & set(changed):
        if (thing := getattr(task, name)) is not None:
            own(record, thing)
    if "assignee" in changed and task.assignee is not None:
        _own_all(record, task)
    return changed


def _set_labels(record: Change, task: Task, names: list[str]) -> bool:
    """Give a task these labels; return whether that changed anything."""
    before = {label.name.casefold() for label in task.labels.all()} if task.pk else set()
    if before == {name.casefold() for name in names}:
        return False
    known = {
        label.name.casefold(): label for label in Label.objects.filter(workspace=record.workspace)
    }
    for name in names:
        if name.casefold() not in known:
            known[name.casefold()] = Label.objects.create(workspace=record.workspace, name=name)
    task.labels.set([known[name.casefold()] for name in names])
    return True


def _chosen(record: Change, task_ids: Collection[int]) -> list[Task]:
    """Read many tasks under the lock. Raises ValidationError unless each is there."""
    wanted = set(task_ids)
    if len(wanted) > MOST_IN_BULK:
        raise ValidationError(
            _("At most %(most)s tasks at once."), "too_many", {"most": MOST_IN_BULK}
        )
    tasks = list(
        Task.objects.current()
        .filter(workspace=record.workspace, pk__in=wanted)
        .select_related("column", "sprint", "channel", "campaign", "assignee")
        .order_by("position")
    )
    if len(tasks) != len(wanted):
        raise unknown("task")
    for task in tasks:
        task.workspace = record.workspace
    return tasks


_PUT_AWAY: Final = (
    "archived_at", "sprint", "column", "is_unplanned", "unplanned_reason", "entered_column_at",
    "done_at",
)  # fmt: skip


def _put_away(record: Change, task: Task, column: Column) -> None:
    sprint = task.sprint
    if sprint is not None and not sprint.is_closed:
        if task.is_done:
            raise ValidationError(
                _("%(key)s is done and counts in sprint %(number)s. Archive it when that is over."),
                "done_in_sprint",
                {"key": task.key, "number": sprint.number},
            )
        guard.leave_sprint(record, task, column)
    free(record, task, Ending.ARCHIVED)
    task.archived_at = record.at
    task.version += 1


def _told(task: Task) -> dict[str, Any]:
    """Return what an activity says of a task: the numbers are counted from it."""
    return {
        "key": task.key,
        "title": task.title,
        "points": task.points,
        "sprint": task.sprint.number if task.sprint else None,
        "sprint_id": task.sprint_id,
        "column": task.column_id,
        "category": task.column.category,
        "unplanned": task.is_unplanned,
    }


def _listed(tasks: list[Task]) -> dict[str, Any]:
    return {
        "key": tasks[0].key,
        "keys": [task.key for task in tasks],
        "ids": [task.pk for task in tasks],
    }


def _was(changed: dict[str, Any]) -> dict[str, Any]:
    """Return the old values that a reader of the log can use; long text stays out of it."""
    kept = {name: value for name, value in changed.items() if not name.startswith("description")}
    kept.pop("rendered_by", None)
    kept.pop("labels", None)
    return {
        name: value if value is None or isinstance(value, int) else str(value)
        for name, value in kept.items()
    }
