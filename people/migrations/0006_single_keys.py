from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0005_impediment_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="single_keys",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
    ]
