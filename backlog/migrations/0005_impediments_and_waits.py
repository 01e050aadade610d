import django.db.models.deletion
from django.db import migrations, models

import activity.bounds
import activity.clock


class Migration(migrations.Migration):
    dependencies = [
        ("backlog", "0004_defaults_for_the_program_of_before"),
        ("campaigns", "0002_days_of_this_century"),
        ("people", "0005_impediment_days"),
    ]

    operations = [
        migrations.CreateModel(
            name="Impediment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="what blocks it")),
                ("raised_at", models.DateTimeField(default=activity.clock.now, editable=False)),
                ("escalates_at", models.DateTimeField()),
                ("escalated_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("solved", "solved"),
                            ("done", "the task is done"),
                            ("archived", "the task was archived"),
                        ],
                        max_length=10,
                    ),
                ),
                ("how", models.CharField(blank=True, max_length=200, verbose_name="what helped")),
                ("handovers", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="Wait",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("thing", models.CharField(blank=True, max_length=120, verbose_name="what")),
                (
                    "until",
                    models.DateField(
                        blank=True,
                        null=True,
                        validators=[activity.bounds.validate_day],
                        verbose_name="expected",
                    ),
                ),
                ("added_at", models.DateTimeField(default=activity.clock.now, editable=False)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="task",
            name="blocked_on",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="task",
            name="blocked_owner",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.membership",
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="blocked_reason",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=200
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="is_escalated",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="task",
            name="wait_count",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="task",
            name="wait_number",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="task",
            name="wait_until",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("blocked_reason", ""), ("blocked_on__isnull", False), _connector="XOR"
                ),
                name="backlog_blocked_says_why",
            ),
        ),
        migrations.AddField(
            model_name="impediment",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="impediments",
                to="people.membership",
            ),
        ),
        migrations.AddField(
            model_name="impediment",
            name="raised_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.membership",
            ),
        ),
        migrations.AddField(
            model_name="impediment",
            name="resolved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.membership",
            ),
        ),
        migrations.AddField(
            model_name="impediment",
            name="task",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="impediments",
                to="backlog.task",
            ),
        ),
        migrations.AddField(
            model_name="impediment",
            name="workspace",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.workspace"
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="added_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.membership",
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.membership",
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="other",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="waited_for_by",
                to="backlog.task",
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="task",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="waits", to="backlog.task"
            ),
        ),
        migrations.AddField(
            model_name="wait",
            name="workspace",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.workspace"
            ),
        ),
        migrations.AddIndex(
            model_name="impediment",
            index=models.Index(
                condition=models.Q(("escalated_at", None), ("resolved_at", None)),
                fields=["escalates_at"],
                name="backlog_impediment_due",
            ),
        ),
        migrations.AddIndex(
            model_name="impediment",
            index=models.Index(fields=["workspace", "resolved_at"], name="backlog_impediments"),
        ),
        migrations.AddConstraint(
            model_name="impediment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at", None)),
                fields=("task",),
                name="backlog_one_open_impediment",
            ),
        ),
        migrations.AddConstraint(
            model_name="impediment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ending", ""), ("resolved_at__isnull", False), _connector="XOR"
                ),
                name="backlog_impediment_ending",
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("other__isnull", False), ("thing", ""), ("until", None)),
                    models.Q(
                        ("other", None),
                        ("until__isnull", False),
                        models.Q(("thing", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="backlog_wait_for_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("task", "other"),
                name="backlog_wait_once",
            ),
        ),
    ]
