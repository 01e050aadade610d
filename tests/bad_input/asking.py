"""Finding every field of every form, sending odd values, and seeing what was stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.core.cache import cache as kept
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from people.models import User, Workspace
from tests.access_rules import Scene
from tests.calls import once_more
from tests.test_access import Form, Forms, all_forms, signed_in

# What a form needs beside what its page fills in, so that the field that is tried is the only wrong
ANSWERS = {"words": "Yes, gladly.", "reason": "other", "title": "A new flyer", "lines": "One"}
# The rows of these come and go with the asking itself
NOT_STORED = {
    *("sessions.Session", "people.Bucket", "people.Tally", "people.RepeatableAnswer"),
}
READING = ("SELECT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
HTMX = {"HX-Request": "true"}


def stored() -> dict[str, int]:
    """Return how many rows each table has, and the numbers that every change takes."""
    with connection.cursor() as cursor:
        cursor.execute(_how_many())
        return dict(cursor.fetchall())


@cache
def _how_many() -> str:
    """Return one query for all of it: it is asked twice for each thing that is sent."""
    tables = {
        model._meta.label: connection.ops.quote_name(model._meta.db_table)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label not in NOT_STORED and model._meta.managed
    }
    counts = [f"SELECT '{label}', COUNT(*) FROM {table}" for label, table in tables.items()]  # noqa: S608  our own names
    numbers = f"SELECT 'seq', COALESCE(SUM(seq), 0) FROM {Workspace._meta.db_table}"  # noqa: S608
    return " UNION ALL ".join([*counts, numbers])


@contextmanager
def bound_forms() -> Iterator[list[forms.BaseForm]]:
    """Collect each form that is checked meanwhile."""
    seen: list[forms.BaseForm] = []
    theirs = forms.BaseForm.full_clean

    def watched(form: forms.BaseForm) -> None:
        theirs(form)
        if form.is_bound:
            seen.append(form)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms.BaseForm, "full_clean", watched)
        yield seen


@contextmanager
def writes() -> Iterator[list[str]]:
    """Collect each statement that may change a row."""
    found: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip(" (").upper().startswith(READING):
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


@dataclass(frozen=True)
class Answer:
    """What came back, what was stored meanwhile, and the forms that were checked."""

    page: HttpResponse
    changed: dict[str, tuple[int, int]]
    forms: list[forms.BaseForm]

    @property
    def status(self) -> int:
        return int(self.page.status_code)

    def errors(self, name: str) -> list[str]:
        """Return what was said about a field."""
        return [
            str(error)
            for form in self.forms
            for field, found in form.errors.items()
            if field == name or (field in form.fields and form.add_prefix(field) == name)
            for error in found
        ]


def send(
    client: Client,
    method: str,
    url: str,
    data: Any = None,
    *,
    look: Callable[[], None] = lambda: None,
    **kwargs: Any,
) -> Answer:
    """Send one request whose changes are looked at (`look`: also by the test) and forgotten."""
    kept.clear()  # allauth's limits
    fresh, after = once_more(client), None
    with transaction.atomic():
        with bound_forms() as seen, writes() as written:
            page = getattr(fresh, method.lower())(url, data, **kwargs)
        if written and not connection.needs_rollback:
            after = stored()
            look()
        transaction.set_rollback(True)
    # counted when it is as before again: most requests write nothing, and counting costs as much
    before = stored() if after else {}
    changed = {name: (was, after[name]) for name, was in before.items() if after[name] != was}
    return Answer(page, changed, seen)


@dataclass(frozen=True)
class Target:
    """One field of one form, and a good request that it is part of."""

    form: Form
    kind: str
    field: str
    checks: forms.Field

    @property
    def name(self) -> str:
        return f"{self.form.name} {self.kind}.{self.field}"

    @property
    def is_text(self) -> bool:
        """Tell whether people type words into it."""
        plain = isinstance(self.checks, forms.CharField) and not isinstance(
            self.checks, forms.URLField | forms.EmailField | forms.UUIDField | forms.SlugField
        )
        hidden = self.checks.widget.is_hidden or isinstance(self.checks.widget, forms.PasswordInput)
        return plain and not hidden

    def data(self, value: Any) -> dict[str, Any]:
        return {**self.form.fields, self.field: value}

    def send(self, client: Client, value: Any, **kwargs: Any) -> Answer:
        return send(client, self.form.method, self.form.target, self.data(value), **kwargs)


def filled(form: Form) -> Form:
    """Fill in what its page leaves to the person."""
    typed = {name: value or ANSWERS.get(name, "") for name, value in form.fields.items()}
    return Form(form.name, form.method, form.target, typed)


def targets_of(user: User, scene: Scene) -> list[Target]:
    """Return every field that the forms on this person's pages are checked by."""
    client = signed_in(user)
    found: dict[tuple[str, str, str], Target] = {}
    for form in map(filled, all_forms(client, scene)):
        if form.method != "post":
            continue
        for bound in send(client, "post", form.target, form.fields).forms:
            for field, checks in bound.fields.items():
                kind = type(bound).__name__
                target = Target(form, kind, bound.add_prefix(field), checks)
                key = (form.name, kind, target.field)
                # the page that shows the field beats another form with the same address
                if key not in found or (
                    target.field in form.fields and target.field not in found[key].form.fields
                ):
                    found[key] = target
    return list(found.values())


class TypedForms(Forms):
    """Reads forms with what stands in their text areas."""

    def __init__(self) -> None:
        super().__init__()
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "textarea":
            self._area = dict(attrs).get("name") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self.found:
            # browsers leave out the line break behind the tag
            text = data.removeprefix("\r\n").removeprefix("\n")
            self.found[-1][2][self._area] = text


def forms_on(page: HttpResponse) -> list[tuple[str, str, dict[str, str]]]:
    parser = TypedForms()
    parser.feed(page.content.decode())
    return parser.found


def typed_again(answer: Answer, target: Target) -> dict[str, str]:
    """Return what stands in the form that came back, if it came back."""
    for action, method, fields in forms_on(answer.page):
        where = (action or target.form.target).partition("?")[0]
        if method == "post" and where == target.form.target and target.field in fields:
            return fields
    return {}
