"""How many files hang on a task, for its card; counted once for those that are there."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Count


def count(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Write on each task how many files hang on it."""
    files = apps.get_model("conversation", "Attachment").objects.filter(
        subject_type="backlog.task", removed_at=None
    )
    tasks = apps.get_model("backlog", "Task").objects
    by_task = files.order_by().values_list("subject_id").annotate(number=Count("pk"))
    for pk, number in by_task.iterator():
        tasks.filter(pk=pk).update(file_count=number)


class Migration(migrations.Migration):
    dependencies = [
        ("backlog", "0009_impediment_owner_left"),
        ("conversation", "0002_attachment"),
    ]

    operations = [
        migrations.AddField(
            model_name="task",
            name="file_count",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
