"""`change()`: every change to a workspace is one verb in one transaction, one writer at a time.

The workspace's row is locked before anything is read, so that rules see true values, nothing
deadlocks, and the numbers that activities take appear in the order in which they commit
(docs/decisions/0001-one-writer-per-workspace.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, models, transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from . import clock
from .compiled import Compiled
from .models import Activity, Audience

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from people.models import Membership, Workspace

# Sent after commit with `workspace_id`, `seq` and the set of `verbs`: a doorbell, never the truth.
committed = Signal()


class System:
    """The actor of jobs: nobody in particular, allowed what the job's verb does."""

    def __repr__(self) -> str:
        return "SYSTEM"


SYSTEM: Final = System()


class Busy(Exception):
    """The workspace stayed locked for too long. Nothing was saved; trying again is safe."""


class Stale(Exception):
    """Somebody changed it first. Carries the object as it now is; nothing was saved."""

    def __init__(self, current: models.Model) -> None:
        super().__init__(_("Somebody changed this first. Nothing was saved."))
        self.current = current


class Change:
    """One open change: who acts, when, and what is recorded. Call it to record an activity."""

    def __init__(self, workspace: Workspace, actor: Membership | None) -> None:
        self.workspace = workspace
        self.actor = actor
        self.at = clock.now()
        self._recorded: list[Activity] = []
        self._vouched = 0

    def __call__(
        self,
        verb: str,
        subject: models.Model,
        *,
        audience: Audience = Audience.EVERYONE,
        **data: object,
    ) -> Activity:
        """Record that the actor did this to the subject; written when the change ends.

        `data` holds what a reader needs beside the subject, as JSON values.
        """
        self.workspace.seq += 1
        activity = Activity(
            workspace=self.workspace,
            seq=self.workspace.seq,
            actor=self.actor,
            verb=verb,
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            data=data,
            audience=audience,
            at=self.at,
        )
        self._recorded.append(activity)
        return activity

    @property
    def by_system(self) -> bool:
        """Tell whether a job acts, not a person."""
        return self.actor is None

    def require(self, rule: Callable[..., bool], *objects: object) -> None:
        """Ask a policy for the actor; jobs may do what their verb does.

        So may a verb that a higher one calls with `by=SYSTEM` inside its own change: the policy of
        the higher verb has spoken, and the person stays on record. Raises PermissionDenied.
        """
        if self.actor is None or self._vouched:
            return
        if not rule(self.actor, *objects):
            raise PermissionDenied

    def _mark(self) -> tuple[int, int]:
        return self.workspace.seq, len(self._recorded)

    def _forget_since(self, mark: tuple[int, int]) -> None:
        self.workspace.seq, count = mark
        del self._recorded[count:]

    def _write(self) -> None:
        if not self._recorded:
            return
        Activity.objects.bulk_create(self._recorded)
        type(self.workspace)._default_manager.filter(pk=self.workspace.pk).update(
            seq=self.workspace.seq
        )
        verbs = frozenset(activity.verb for activity in self._recorded)
        workspace_id, seq = self.workspace.pk, self.workspace.seq
        transaction.on_commit(
            lambda: committed.send_robust(Change, workspace_id=workspace_id, seq=seq, verbs=verbs),
            robust=True,
        )


_current: ContextVar[Change | None] = ContextVar("current_change", default=None)


def in_change() -> bool:
    """Tell whether a change is open in this thread."""
    return _current.get() is not None


@contextmanager
def change(workspace: Workspace, *, by: Membership | System) -> Iterator[Change]:
    """Open a change to a workspace, or join the one that is open.

    Yields the `Change`: call it to record, read `.actor`, `.at` and the locked `.workspace`.
    Raises Busy when the lock cannot be had in time, PermissionDenied when the member was
    deactivated meanwhile, RuntimeError when a change of another workspace is open.
    """
    outer = _current.get()
    if outer is not None:
        yield from _joined(outer, workspace, by)
        return
    with _transaction(workspace.pk) as locked:
        # also for who is refused: what he is shown now holds what he was too late for
        workspace.seq = locked.seq
        record = Change(locked, _reread(by, locked))
        token = _current.set(record)
        try:
            yield record
            record._write()
        finally:
            _current.reset(token)
    workspace.seq = locked.seq


def _joined(outer: Change, workspace: Workspace, by: Membership | System) -> Iterator[Change]:
    if outer.workspace.pk != workspace.pk:
        raise RuntimeError("A change of one workspace may not change another.")
    mark = outer._mark()
    vouched = isinstance(by, System)
    outer._vouched += vouched
    try:
        with transaction.atomic():
            yield outer
    except BaseException:
        outer._forget_since(mark)
        raise
    finally:
        outer._vouched -= vouched


@contextmanager
def _transaction(workspace_id: int) -> Iterator[Workspace]:
    with ExitStack() as stack:
        with _busy_when_locked():
            stack.enter_context(transaction.atomic())
            locked = _lock(workspace_id)
        clock.admit(locked.pk, locked.seq)
        yield locked


@contextmanager
def _busy_when_locked() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        # 55P03 is PostgreSQL's lock_not_available; SQLite has no code for it, only words
        if getattr(error.__cause__, "pgcode", None) == "55P03" or "locked" in str(error):
            raise Busy(_("Somebody else is changing this workspace. Nothing was saved.")) from error
        raise


def _workspaces(pk: int) -> QuerySet[Workspace]:
    model: type[Workspace] = apps.get_model("people.Workspace")
    # no_key: a plain FOR UPDATE would wait for, and deadlock with, foreign-key checks
    return model._default_manager.select_for_update(no_key=True).filter(pk=pk)


def _members(pk: int, workspace: int) -> QuerySet[Membership]:
    model: type[Membership] = apps.get_model("people.Membership")
    return model._default_manager.select_related("user").filter(
        pk=pk, workspace=workspace, is_active=True, user__is_active=True
    )


_locked = Compiled(_workspaces, pk=int)
_still_member = Compiled(_members, pk=int, workspace=int)


def _lock(workspace_id: int) -> Workspace:
    found = _locked.first(pk=workspace_id)
    if found is None:
        raise apps.get_model("people.Workspace").DoesNotExist
    return found


def _reread(by: Membership | System, workspace: Workspace) -> Membership | None:
    if isinstance(by, System):
        return None
    actor = _still_member.first(pk=by.pk, workspace=workspace.pk)
    if actor is None:
        raise PermissionDenied(_("You are no longer a member of this workspace."))
    actor.workspace = workspace
    return actor
