import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("backlog", "0006_title_words"),
        ("people", "0005_impediment_days"),
    ]

    operations = [
        migrations.CreateModel(
            name="BoardView",
            fields=[
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="board_view",
                        serialize=False,
                        to="people.membership",
                    ),
                ),
                (
                    "lanes",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("assignee", "Lanes by person"),
                            ("campaign", "Lanes by campaign"),
                            ("channel", "Lanes by channel"),
                            ("origin", "Lanes by origin"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("is_compact", models.BooleanField(default=False)),
            ],
        ),
    ]
