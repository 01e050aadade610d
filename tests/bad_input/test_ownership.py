"""Rows 14 and 15 on the forms of the pages: nothing foreign is taken, nothing extra is written.

Which fields name a row is found by looking at the forms; so a new field is tried with an id of
another workspace as soon as a page shows its form.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db import models
from django.test import Client

from backlog.models import Channel, Task
from people.models import Membership, User
from tests.access_rules import Scene, make_scene
from tests.arranging import arranging
from tests.bad_input.asking import Answer, Target, send, targets_of
from tests.test_access import Form, crossings, signed_in

pytestmark = pytest.mark.both_databases

NEVER = 99_999_999
# What no form here asks for, so that its value anywhere in the tables was smuggled in
SMUGGLED: list[tuple[type[models.Field], str]] = [
    (models.BooleanField, "on"),
    (models.DateTimeField, "2042-02-02 02:02"),
    (models.DateField, "2042-02-02"),
    (models.IntegerField, "424242"),
    (models.CharField, "smuggled"),
    (models.TextField, "smuggled"),
]


@pytest.fixture
def foreign(fjord) -> Scene:
    with arranging():
        Channel.objects.create(workspace=fjord.workspace, name="Events", position=1)
    return make_scene(fjord, 500)


@pytest.fixture
def mia(scene) -> Client:
    return signed_in(scene.world.mia.user)


@pytest.fixture(scope="module")
def targets(kept) -> list[Target]:
    with kept.at_work():
        return targets_of(kept.scene.world.mia.user, kept.scene)


def names_a_row(target: Target) -> bool:
    return isinstance(target.checks, forms.ModelChoiceField)


def theirs(target: Target, foreign: Scene) -> models.Model | None:
    """Return a row of the other workspace that the field could name."""
    model = target.checks.queryset.model  # type: ignore[attr-defined]
    rows = model._base_manager.filter(workspace=foreign.world.workspace)
    found: models.Model | None = rows.order_by("pk").last()
    return found


def name_of(target: Target, row: models.Model) -> Any:
    return getattr(row, getattr(target.checks, "to_field_name", None) or "pk")


def said(answer: Answer, target: Target) -> list[str]:
    return answer.errors(target.field)


def without(page: bytes, *values: object) -> str:
    """Return a page without its tokens and the values that it shows again."""
    text = re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', r"\1", page.decode())
    for value in sorted(map(str, values), key=len, reverse=True):
        text = text.replace(value, "")
    return text


def test_row_15_a_foreign_id_is_answered_as_one_that_never_was(mia, targets, foreign):
    wrong, tried = [], 0
    for target in filter(names_a_row, targets):
        row = theirs(target, foreign)
        assert row is not None, f"{target.name}: the other scene has nothing to name"
        answers = [target.send(mia, value) for value in (name_of(target, row), NEVER)]
        other, none = answers
        tried += 1
        if [answer.status for answer in answers] != [422, 422]:
            wrong.append(f"{target.name}: {other.status} and {none.status}")
        elif not said(other, target) or said(other, target) != said(none, target):
            wrong.append(f"{target.name}: {said(other, target)}, not {said(none, target)}")
        elif other.changed or none.changed:
            wrong.append(f"{target.name}: stored {other.changed or none.changed}")
    assert tried > 15
    assert not wrong, "\n" + "\n".join(wrong)


def test_row_15_a_foreign_key_in_words_is_answered_as_one_that_never_was(mia, targets, foreign):
    """The forms of the board name neighbours and tasks as people do: NW-42."""
    by_key = [
        target
        for target in targets
        if target.field.rpartition("-")[2] in {"before", "after", "task"}
        and not names_a_row(target)
        and isinstance(target.checks, forms.CharField)
    ]
    assert len(by_key) >= 3
    wrong = []
    for target in by_key:
        key = foreign.task.key
        never = key.rpartition("-")[0] + "-999999"
        other, none = (target.send(mia, value) for value in (key, never))
        pages = [without(answer.page.content, key, never) for answer in (other, none)]
        if other.status != none.status or other.changed != none.changed or pages[0] != pages[1]:
            wrong.append(f"{target.name}: {other.status} {other.changed}, not {none.status}")
    assert not wrong, "\n" + "\n".join(wrong)


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if not model.__module__.startswith("django.")]


def smuggled_values(foreign: Scene) -> dict[str, str]:
    """Return a value for every field of every model, by its name."""
    values: dict[str, str] = {}
    for model in ours():
        for field in model._meta.fields:
            if field.is_relation:
                rows = field.related_model._base_manager.all()
                names = {one.name for one in field.related_model._meta.fields}
                if "workspace" in names:
                    rows = rows.filter(workspace=foreign.world.workspace)
                row = foreign.world.workspace if field.name == "workspace" else rows.last()
                values |= dict.fromkeys((field.name, field.attname), str(row.pk if row else 1))
            for kind, value in SMUGGLED:
                if isinstance(field, kind):
                    values.setdefault(field.name, value)
                    break
    return values


def smuggled_rows() -> list[str]:
    """Return where one of the values stands in a table."""
    found = crossings()
    for model in ours():
        for field in model._meta.fields:
            for kind, value in SMUGGLED:
                if isinstance(field, kind) and not field.is_relation and value != "on":
                    known = field.choices is None and not isinstance(field, models.DateTimeField)
                    if known and model._base_manager.filter(**{field.name: value}).exists():
                        found.append(f"{model._meta.label}.{field.name}")
    admins = Membership.objects.filter(is_admin=True, workspace__slug__in=("northwind", "fjord"))
    staff = User.objects.filter(is_staff=True)
    return [*found, f"{admins.count()} admins, {staff.count()} of the staff"]


def test_what_is_smuggled_in_would_be_seen(scene, foreign):
    assert len(smuggled_rows()) == 1
    with arranging():
        Task.objects.filter(pk=scene.task.pk).update(origin_name="smuggled", campaign=None)
        Membership.objects.filter(pk=scene.world.sam.pk).update(is_admin=True)
    assert "backlog.Task.origin_name" in smuggled_rows()
    assert smuggled_rows()[-1].startswith("3 admins")


def test_row_14_what_a_form_does_not_ask_for_changes_nothing(mia, targets, foreign):
    wrong, tried = [], 0
    values, before = smuggled_values(foreign), smuggled_rows()
    after: list[str] = []
    looked = 0

    def look() -> None:
        nonlocal looked
        looked += 1
        after[:] = smuggled_rows()

    posted: dict[tuple[str, ...], Form] = {}
    asked: dict[str, set[str]] = {}
    for target in targets:
        posted.setdefault((target.form.name, *sorted(target.form.fields)), target.form)
        asked.setdefault(target.form.name, set()).add(target.field)
    for form in posted.values():
        extra = {name: value for name, value in values.items() if name not in asked[form.name]}
        plain = send(mia, form.method, form.target, form.fields).status
        after[:] = before
        status = send(mia, form.method, form.target, {**extra, **form.fields}, look=look).status
        tried += 1
        if status != plain:
            wrong.append(f"{form.name}: {status}, not {plain}")
        if after != before:
            wrong.append(f"{form.name}: {set(after) ^ set(before)}")
    assert tried > 15
    assert looked > 10
    assert not wrong, "\n" + "\n".join(wrong)
