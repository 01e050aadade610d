"""The verbs of a board's columns: which there are, in which order, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change, System, change
from activity.text import clean_line
from backlog import policy
from backlog.models import Category, Column
from people.models import Membership, Workspace

FEWEST_COLUMNS: Final = 2
MOST_COLUMNS: Final = 12
MOST_CHANNELS: Final = 30
# WIP limits of a team of five; each workspace may set its own
_USUAL: Final = (
    (Category.TODO, None), (Category.DOING, 5), (Category.REVIEW, 3), (Category.DONE, None),
)  # fmt: skip


class ColumnPlan(NamedTuple):
    """A column as somebody wants it; `pk` is that of the column that it is now, if any."""

    name: str
    category: str
    wip_limit: int | None = None
    pk: int | None = None


def usual_columns() -> list[ColumnPlan]:
    """Return the columns that a board has unless somebody says otherwise."""
    return [ColumnPlan(str(category.label), category, limit) for category, limit in _USUAL]


def usual_channels() -> list[str]:
    """Return the channels that a workspace has unless somebody says otherwise."""
    return [
        _("Content"), _("E-mail"), _("Events"), _("Paid"), _("Web"), _("Social"), _("PR"),
        _("Design"), _("Product marketing"),
    ]  # fmt: skip


def check_columns(plans: Sequence[ColumnPlan]) -> list[ColumnPlan]:
    """Return the columns with clean names, if a board can work with them.

    Raises ValidationError `few_columns`, `many_columns`, `no_name`, `name_twice` or `no_ends`.
    """
    if not FEWEST_COLUMNS <= len(plans) <= MOST_COLUMNS:
        raise ValidationError(
            _("A board has between %(fewest)s and %(most)s columns."),
            "few_columns" if len(plans) < FEWEST_COLUMNS else "many_columns",
            {"fewest": FEWEST_COLUMNS, "most": MOST_COLUMNS},
        )
    plans = [plan._replace(name=clean_line(plan.name)) for plan in plans]
    if not all(plan.name for plan in plans):
        raise ValidationError(_("Each column needs a name."), "no_name")
    for plan in plans:
        Column(name=plan.name, category=plan.category, wip_limit=plan.wip_limit).clean_fields(
            exclude={"workspace", "position"}
        )
    if len({plan.name.casefold() for plan in plans}) < len(plans):
        raise ValidationError(_("Two columns have the same name."), "name_twice")
    if plans[0].category != Category.TODO or plans[-1].category != Category.DONE:
        raise ValidationError(
            _("The first column holds what is to do, and the last one what is done."), "no_ends"
        )
    return plans


def make_columns(record: Change, plans: Sequence[ColumnPlan]) -> None:
    """Give a new board its columns. Raises what `check_columns` raises."""
    Column.objects.bulk_create(
        Column(
            workspace=record.workspace,
            name=plan.name,
            category=plan.category,
            position=place,
            wip_limit=plan.wip_limit,
        )
        for place, plan in enumerate(check_columns(plans))
    )


def edit_columns(
    workspace: Workspace, *, by: Membership | System, columns: Sequence[ColumnPlan]
) -> None:
    """Add, rename, order and remove columns, in one go; a column that is not named goes.

    Raises PermissionDenied, ValidationError `unknown`, `in_use` for a column with tasks that would
    vanish or mean something else, and what `check_columns` raises.
    """
    with change(workspace, by=by) as record:
        record.require(policy.can_edit_columns, record.workspace)
        plans = check_columns(columns)
        now = {column.pk: column for column in Column.objects.filter(workspace=record.workspace)}
        kept = [plan.pk for plan in plans if plan.pk is not None]
        if len(set(kept)) < len(kept) or not set(kept) <= set(now):
            raise ValidationError(
                _("Somebody changed the columns meanwhile. Look at them again."), "unknown"
            )
        if [_plan_of(column) for column in now.values()] == plans:
            return
        _check_use(now, plans)
        Column.objects.filter(workspace=record.workspace).exclude(pk__in=kept).delete()
        _write(record, now, plans)
        record("columns_edited", record.workspace, columns=[plan.name for plan in plans])


def _plan_of(column: Column) -> ColumnPlan:
    return ColumnPlan(column.name, column.category, column.wip_limit, column.pk)


def _check_use(now: dict[int, Column], plans: Sequence[ColumnPlan]) -> None:
    """Raise ValidationError `in_use` when tasks would lose their column, or its meaning."""
    meant = {plan.pk: plan.category for plan in plans}
    for column in now.values():
        if meant.get(column.pk) == column.category or not column.tasks.exists():
            continue
        if column.pk in meant:
            message = _("There are tasks in %(name)s: what it means cannot change under them.")
        else:
            message = _("There are tasks in %(name)s. Move them first, the finished ones too.")
        raise ValidationError(message, "in_use", {"name": column.name})


def _write(record: Change, now: dict[int, Column], plans: Sequence[ColumnPlan]) -> None:
    # two columns may change names with each other, and at no moment may two have the same
    for pk in now:
        Column.objects.filter(pk=pk).update(name=f"\x7f{pk}")
    for place, plan in enumerate(plans):
        column = now[plan.pk] if plan.pk else Column(workspace=record.workspace)
        column.name, column.category = plan.name, plan.category
        column.wip_limit, column.position = plan.wip_limit, place
        column.save()
