import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0004_defaults_for_the_program_of_before"),
    ]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="impediment_days",
            field=models.PositiveSmallIntegerField(
                db_default=2,
                default=2,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(20),
                ],
                verbose_name="working days until an impediment is escalated",
            ),
        ),
    ]
