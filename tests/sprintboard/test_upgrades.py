"""Migrations run while the program of before still serves: it has to be able to go on writing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, CreateModel
from django.db.models import NOT_PROVIDED

from tests.test_house import APPS


def columns_added_later() -> Iterator[tuple[str, models.Field[Any, Any]]]:
    """Yield what was added to a table that was there before, as it is now."""
    for (app, _name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if app not in APPS:
            continue
        made = {one.name.lower() for one in migration.operations if isinstance(one, CreateModel)}
        for operation in migration.operations:
            if isinstance(operation, AddField) and operation.model_name not in made:
                label = f"{app}.{operation.model_name}.{operation.name}"
                model = apps.get_model(app, operation.model_name)
                yield label, model._meta.get_field(operation.name)


def test_a_column_that_was_added_has_a_value_when_the_program_of_before_names_none() -> None:
    added = dict(columns_added_later())
    assert "notifications.outboxitem.address" in added, "the test looks where it should"
    bare = [
        label
        for label, field in added.items()
        if not field.null and field.db_default is NOT_PROVIDED
    ]
    assert bare == []
