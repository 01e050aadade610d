"""What people may talk about: each app says it of its own things.

A higher app registers a kind of thing in its `AppConfig.ready()`:

    register(Kind("task", Task, find=find, counted=actions.count_comments))

So this app keeps comments on things that it knows nothing about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from activity.changes import Change
from people.models import Membership, Workspace


class Subject(Protocol):
    """What a thing tells of itself: its name, as people say it, and its page."""

    pk: Any
    title: Any
    workspace: Any
    _meta: ClassVar[Any]

    @property
    def key(self) -> str:
        """The name people say: NW-42."""

    def get_absolute_url(self) -> str:
        """Return the address of its page."""


def _not_counted(record: Change, subject: Any, number: int) -> None:
    """Keep no number: this kind of thing shows none."""


def _nobody(subject: Any, author: Membership) -> list[Membership]:
    return []


def _nobody_attaches(member: Membership, subject: Any) -> bool:
    return False


def _no_followers(subject: Any) -> set[int]:
    return set()


@dataclass(frozen=True)
class Kind:
    """One kind of thing that people talk about.

    `name` stands in addresses. `find` returns the thing that has this key, or None where there is
    none that the member may read. `counted` keeps the number of its comments, `files_counted` that
    of its files, inside the change that changed it. `hearers` names those who wait for what this
    author said, `followers` the numbers of the members whose thing it is: they hear of all that is
    said, as those do who spoke.
    `may_attach` says who may hang files on it.
    """

    name: str
    model: type[models.Model]
    find: Callable[[str, Membership], Subject | None]
    counted: Callable[[Change, Any, int], None] = _not_counted
    files_counted: Callable[[Change, Any, int], None] = _not_counted
    hearers: Callable[[Any, Membership], list[Membership]] = _nobody
    followers: Callable[[Any], set[int]] = _no_followers
    may_attach: Callable[[Membership, Any], bool] = _nobody_attaches

    @property
    def label(self) -> str:
        """How rows name it: backlog.task."""
        return self.model._meta.label_lower


_by_name: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Let people talk about a kind of thing. Raises RuntimeError when the name is taken."""
    if _by_name.setdefault(kind.name, kind) is not kind:
        raise RuntimeError(f"Two kinds of things called {kind.name}.")


def kind_named(name: str) -> Kind | None:
    """Return the kind that addresses call by this name."""
    return _by_name.get(name)


def kind_of(subject: Subject) -> Kind:
    """Return what kind of thing this is. Raises LookupError for what nobody talks about."""
    return kind_labelled(subject._meta.label_lower)


def kind_labelled(label: str) -> Kind:
    """Return the kind that rows name so. Raises LookupError."""
    for kind in _by_name.values():
        if kind.label == label:
            return kind
    raise LookupError(f"Nobody talks about {label}.")


def subject_of(workspace: Workspace, label: str, pk: int) -> Subject | None:
    """Return the thing that a row names, whoever may read it; None when it is gone."""
    model: Any = kind_labelled(label).model
    mine = model._default_manager.select_related("workspace").filter(workspace=workspace)
    found: Subject | None = mine.filter(pk=pk).first()
    return found


def subjects_of(
    workspace: Workspace, named: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], Subject]:
    """Return many things that rows name; a query for each kind, and nothing for what is gone."""
    by_label: dict[str, list[int]] = {}
    for label, pk in named:
        by_label.setdefault(label, []).append(pk)
    found: dict[tuple[str, int], Subject] = {}
    for label, pks in by_label.items():
        model: Any = kind_labelled(label).model
        for subject in model._default_manager.filter(workspace=workspace, pk__in=pks):
            subject.workspace = workspace
            found[label, subject.pk] = subject
    return found


def subject_named(kind: str, key: str, member: Membership) -> Subject | None:
    """Return the thing of an address; None for one that is foreign, like one that never was."""
    known = kind_named(kind)
    return known.find(key, member) if known else None


def unknown() -> ValidationError:
    """Return the no for what was taken away meanwhile."""
    return ValidationError(_("This is not here any more."), code="unknown")


def fresh_subject(record: Change, subject: Subject, reader: Membership | None) -> Subject:
    """Read a thing again, as this member may. Raises ValidationError `unknown`."""
    there = subject_of(record.workspace, subject._meta.label_lower, subject.pk)
    found = kind_of(there).find(there.key, reader) if there and reader else None
    if found is None:
        raise unknown()
    return found


def subject_there(record: Change, label: str, pk: int) -> Subject:
    """Return the thing that a row names, whoever reads it. Raises ValidationError `unknown`."""
    found = subject_of(record.workspace, label, pk)
    if found is None:
        raise unknown()
    return found
