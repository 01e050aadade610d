"""The verbs of a task's checklist: add steps, tick them, put them right."""

from __future__ import annotations

import re
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change, System, change
from activity.text import clean_line
from backlog import policy
from backlog.models import ChecklistItem, Task
from people.models import Membership

from .rows import check, current_task, unknown

MOST_STEPS: Final = 100
# What lists begin their lines with where people copy them from
_BULLET = re.compile(r"^\s*(?:[-*+•]\s+)?(?:\[[ xX]?\]\s+)?")


def add_checklist(task: Task, *, by: Membership | System, lines: list[str]) -> list[ChecklistItem]:
    """Make a step of each line, at the list's end; empty lines are left out.

    Raises PermissionDenied, ValidationError `required`, `too_many`, `archived` or by field.
    """
    texts = [text for line in lines if (text := _cleaned("lines", _BULLET.sub("", line)))]
    if not texts:
        raise ValidationError({"lines": ValidationError(_("Write a step."), code="required")})
    with change(task.workspace, by=by) as record:
        task = _editable(record, task)
        steps = list(task.checklist.all())
        if len(steps) + len(texts) > MOST_STEPS:
            raise _too_many()
        last = steps[-1].position if steps else 0
        made = [
            ChecklistItem(workspace=record.workspace, task=task, text=text, position=position)
            for position, text in enumerate(texts, start=last + 1)
        ]
        for item in made:
            _check(item, "lines")
        ChecklistItem.objects.bulk_create(made)
        _record(record, "checklist_added", task, steps=[item.pk for item in made], texts=texts)
    return made


def tick(item: ChecklistItem, *, by: Membership | System, done: bool) -> ChecklistItem:
    """Say that a step is done, or that it is not after all.

    Raises PermissionDenied, ValidationError `unknown` or `archived`.
    """
    with change(item.workspace, by=by) as record:
        item, task = _fresh(record, item)
        if item.done != done:
            item.done = done
            item.done_by = record.actor if done else None
            item.done_at = record.at if done else None
            item.save()
            verb = "checklist_ticked" if done else "checklist_unticked"
            _record(record, verb, task, step=item.pk, text=item.text)
    return item


def rename_step(item: ChecklistItem, *, by: Membership | System, text: str) -> ChecklistItem:
    """Say a step in other words.

    Raises PermissionDenied, ValidationError `unknown`, `archived` or by field.
    """
    text = _cleaned("text", text)
    with change(item.workspace, by=by) as record:
        item, task = _fresh(record, item)
        was, item.text = item.text, text
        _check(item, "text")
        if was != text:
            item.save()
            _record(record, "checklist_renamed", task, step=item.pk, text=text, was=was)
    return item


def move_step(item: ChecklistItem, *, by: Membership | System, up: bool) -> ChecklistItem:
    """Let a step change places with its neighbour; at the end of the list it stays.

    Raises PermissionDenied, ValidationError `unknown` or `archived`.
    """
    with change(item.workspace, by=by) as record:
        item, task = _fresh(record, item)
        steps = list(task.checklist.all())
        place = [step.pk for step in steps].index(item.pk)
        other = place - 1 if up else place + 1
        if 0 <= other < len(steps):
            steps[place], steps[other] = steps[other], steps[place]
            for position, step in enumerate(steps, start=1):
                step.position = position
            ChecklistItem.objects.bulk_update(steps, ["position"])
            _record(record, "checklist_moved", task, order=[step.pk for step in steps])
            item = steps[other]
    return item


def remove_step(item: ChecklistItem, *, by: Membership | System) -> None:
    """Take a step off the list. Raises PermissionDenied, ValidationError `unknown`, `archived`."""
    with change(item.workspace, by=by) as record:
        item, task = _fresh(record, item)
        told: dict[str, Any] = {"step": item.pk, "text": item.text}
        item.delete()
        _record(record, "checklist_removed", task, **told)


def _cleaned(field: str, text: str) -> str:
    try:
        return clean_line(text)
    except ValidationError as error:
        raise ValidationError({field: error}) from error


def _check(item: ChecklistItem, field: str) -> None:
    try:
        check(item, "text")
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from error


def _editable(record: Change, task: Task) -> Task:
    found = current_task(record, task)
    record.require(policy.can_edit_tasks, found)
    return found


def _fresh(record: Change, item: ChecklistItem) -> tuple[ChecklistItem, Task]:
    """Read a step and its task again under the lock, for somebody who may edit them."""
    found = ChecklistItem.objects.filter(workspace=record.workspace, pk=item.pk).first()
    if found is None:
        raise unknown("step")
    return found, _editable(record, Task(pk=found.task_id))


def _record(record: Change, verb: str, task: Task, **data: Any) -> None:
    """Count the steps for the card, and say what happened."""
    done = list(task.checklist.values_list("done", flat=True))
    task.checklist_total, task.checklist_done = len(done), sum(done)
    task.save(update_fields=["checklist_total", "checklist_done"])
    record(verb, task, key=task.key, total=len(done), done=sum(done), **data)


def _too_many() -> ValidationError:
    return ValidationError(
        {
            "lines": ValidationError(
                _("A checklist has at most %(most)s steps."), "too_many", {"most": MOST_STEPS}
            )
        }
    )
