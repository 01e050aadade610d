# ruff: noqa: E402 - Django has to be set up before its models are imported
"""What the fault tests let other processes do: `python -m tests.faults.hands <name>`.

Each hand works on the database that its environment names, takes its arguments as JSON from
standard input and prints what it found as its last line. What is `unsafe_` is a control: the same
work without the safeguard, to show that the race is there to be lost.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import AsyncResult
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprintboard.settings")

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, connections, transaction
from django.db.models import Max

from activity import clock
from activity.changes import SYSTEM, Stale, change
from activity.models import Activity
from backlog import actions as backlog
from backlog.models import Category, Column, Sprint, SprintState, Task
from backlog.ordering import GAP
from live.reader import LOOK_SECONDS
from notifications import actions as notifications
from notifications.models import OutboxItem
from people.actions import add_member, create_person, deactivate_member
from people.models import Membership, Role, User, Workspace
from requests_intake.models import Request
from reviews import actions as reviews
from reviews.models import Review
from reviews.reading import recipients
from sprintboard.actions import found_workspace
from sprintboard.sessions import SessionStore

PEOPLE = {
    "lena": ("Lena Okafor", Role.MARKETER),
    "sam": ("Sam Whitfield", Role.SALES),
    "chiara": ("Chiara Bianchi", Role.SALES),
    "grace": ("Grace Adeyemi", Role.MANAGER),
}
WRITERS = 8
WORK_SECONDS = 0.25  # what a busy machine does between looking and writing
PATIENCE = 150  # seconds; a thread that is still there then hangs


# The scene ------------------------------------------------------------------------------------


def found() -> dict[str, Any]:
    """Found Northwind with a running sprint and a task in it; everybody is signed in."""
    mia = found_workspace(
        owner=_person("mia", "Mia Lindqvist"),
        name="Northwind Instruments",
        key="NW",
        slug="northwind",
        time_zone="Europe/Stockholm",
        first_sprint_on=clock.now().date(),
    )
    people = {"mia": mia}
    for first, (name, role) in PEOPLE.items():
        people[first] = add_member(mia.workspace, by=mia, user=_person(first, name), role=role)
    sprint = Sprint.objects.get(workspace=mia.workspace, number=1)
    task = backlog.create_task(mia.workspace, by=mia, title="One-page flyer", sprint=sprint)
    sprint = backlog.start_sprint(sprint, by=mia, version=sprint.version)
    return {
        "sprint_version": sprint.version,
        "sessions": {first: _signed_in(member.user) for first, member in people.items()},
        "task": task.pk,
        **{first: member.pk for first, member in people.items()},
    }


def _person(first: str, name: str) -> User:
    return create_person(
        email=f"{first}@northwind.example", name=name, time_zone="UTC", password="sprintboard"
    )


def _signed_in(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _workspace() -> Workspace:
    return Workspace.objects.get(slug="northwind")


def _member(first: str) -> Membership:
    return Membership.objects.select_related("workspace", "user").get(
        workspace__slug="northwind", user__email=f"{first}@northwind.example"
    )


def at_once(count: int, act: Callable[[int], str]) -> dict[str, Any]:
    """Let so many threads, each with its connection open, do one thing at the same moment."""
    start = threading.Barrier(count)
    outcomes: list[tuple[str, float]] = []

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE)
            began = time.monotonic()
            try:
                outcome = act(number)
            except Exception as error:  # noqa: BLE001 - what it was is the finding
                outcome = type(error).__name__
            outcomes.append((outcome, time.monotonic() - began))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[n], daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return {
        "outcomes": Counter(outcome for outcome, _seconds in outcomes),
        "slowest": max(seconds for _outcome, seconds in outcomes),
    }


# One card, a hundred hands --------------------------------------------------------------------


def move_the_same_task(task: int, threads: int) -> dict[str, Any]:
    """Move one task from the same version, from so many threads, by the action."""
    mia, doing = _member("mia"), Column.objects.get(category=Category.DOING)
    seen = Task.objects.select_related("workspace").get(pk=task)

    def act(number: int) -> str:
        mine = Task.objects.select_related("workspace").get(pk=task)
        backlog.move_task(mine, by=mia, version=seen.version, column=doing)
        return "moved"

    return {**at_once(threads, act), **_moves(task, seen.version)}


def unsafe_move_the_same_task(task: int, threads: int) -> dict[str, Any]:
    """Read, check the version, save: what anybody would write first."""
    doing = Column.objects.get(category=Category.DOING)
    version = Task.objects.get(pk=task).version

    def act(number: int) -> str:
        mine = Task.objects.get(pk=task)
        if mine.version != version:
            raise Stale(mine)
        time.sleep(WORK_SECONDS)
        mine.column, mine.version = doing, version + 1
        mine.save()
        return "moved"

    return {**at_once(threads, act), **_moves(task, version)}


def _moves(task: int, version: int) -> dict[str, int]:
    return {
        "versions": Task.objects.get(pk=task).version - version,
        "events": Activity.objects.filter(verb="task_moved", subject_id=task).count(),
    }


# A hundred cards, one place -------------------------------------------------------------------


def move_into_one_place(threads: int) -> dict[str, Any]:
    """Move as many tasks as there are threads directly before one and the same card."""
    mia, anchor, doing, tasks = _cards(threads)

    def act(number: int) -> str:
        mine = Task.objects.select_related("workspace").get(pk=tasks[number].pk)
        backlog.move_task(mine, by=mia, version=mine.version, column=doing, before=anchor)
        return "moved"

    return _in_order(lambda: at_once(threads, act), [*tasks, anchor])


def unsafe_move_into_one_place(threads: int) -> dict[str, Any]:
    """Read the gap, choose a number in it, save: what anybody would write first."""
    _mia, anchor, doing, tasks = _cards(threads)

    def act(number: int) -> str:
        rows = Task.objects.exclude(pk=tasks[number].pk)
        high = rows.get(pk=anchor.pk).position
        low = rows.filter(position__lt=high).aggregate(low=Max("position"))["low"]
        time.sleep(WORK_SECONDS)
        place = high - GAP if low is None else (low + high) // 2
        Task.objects.filter(pk=tasks[number].pk).update(column=doing, position=place)
        return "moved"

    return _in_order(lambda: at_once(threads, act), [*tasks, anchor])


def _cards(count: int) -> tuple[Membership, Task, Column, list[Task]]:
    mia, doing = _member("mia"), Column.objects.get(category=Category.DOING)
    sprint = Sprint.objects.get(state=SprintState.ACTIVE)
    anchor = Task.objects.select_related("workspace").earliest("pk")
    anchor = backlog.move_task(anchor, by=mia, version=anchor.version, column=doing, to_end=True)
    tasks = list(Task.objects.filter(title__startswith="Card "))
    tasks += [
        backlog.create_task(
            mia.workspace, by=mia, title=f"Card {n}", sprint=sprint, reason="For the race"
        )
        for n in range(count - len(tasks))
    ]
    return mia, anchor, doing, tasks


def _in_order(move: Callable[[], dict[str, Any]], tasks: list[Task]) -> dict[str, Any]:
    """Move, and say how they then lie, the last one where it was, and what was told of it."""
    anchor = tasks[-1]
    began = _workspace().seq
    found = move()
    told = Activity.objects.filter(verb="task_moved", seq__gt=began).order_by("seq")
    numbers = list(told.values_list("seq", flat=True))
    ids = [task.pk for task in tasks]
    column = Task.objects.filter(column=anchor.column, pk__in=ids).order_by("position", "pk")
    order = list(column.values_list("pk", "position"))
    return {
        **found,
        "landed": len(order) - 1,
        "places": len({position for _pk, position in order}) - 1,
        "anchor_is_last": order[-1][0] == anchor.pk,
        "as_told": [pk for pk, _position in order[:-1]]
        == list(told.values_list("subject_id", flat=True)),
        "gapless": numbers == list(range(began + 1, began + 1 + len(numbers))),
        "events": len(numbers),
    }


# Streams --------------------------------------------------------------------------------------


def invite(count: int) -> dict[str, Any]:
    """Let more people in; return their sessions."""
    mia, known = _member("mia"), User.objects.count()
    users = [
        create_person(email=f"rep{n}@northwind.example", name=f"Rep {n}", time_zone="UTC")
        for n in range(known, known + count)
    ]
    for user in users:
        add_member(mia.workspace, by=mia, user=user, role=Role.SALES)
    return {"sessions": [_signed_in(user) for user in users]}


def move_to_and_fro(times: int, pause: float) -> dict[str, Any]:
    """Move one card again and again, so often and with such pauses; return the last number."""
    mia, columns = _member("mia"), list(Column.objects.order_by("position"))[:2]
    task = Task.objects.select_related("workspace").earliest("pk")
    for n in range(times):
        column = columns[(n + 1) % 2]
        task = backlog.move_task(task, by=mia, version=task.version, column=column)
        time.sleep(pause)
    return {"seq": _workspace().seq}


def write_at_length(times: int, batch: int, size: int) -> dict[str, Any]:
    """Record so many batches of activities, each of so many characters; return the last number."""
    workspace = _workspace()
    for _ in range(times):
        with change(workspace, by=SYSTEM) as record:
            for _ in range(batch):
                record("raced", workspace, filler="x" * size)
        time.sleep(LOOK_SECONDS * 1.2)  # so that a reader without Redis finds each by itself
    return {"seq": _workspace().seq}


def remove_and_go_on(first: str) -> dict[str, Any]:
    """Take somebody's membership, and go on; return the last number."""
    mia = _member("mia")
    deactivate_member(_member(first), by=mia)
    backlog.create_task(mia.workspace, by=mia, title="Not for those who left")
    return {"seq": _workspace().seq}


# Many writers ---------------------------------------------------------------------------------


@contextmanager
def in_processes(act: Callable[[int], Any]) -> Iterator[AsyncResult[Any]]:
    """Begin one thing in eight processes; `.get()` returns what each of them found.

    Processes and the pool's own threads are gone at the end of the block: a thread that flushes
    what is printed while the interpreter ends would take it down.
    """
    connections.close_all()  # a connection belongs to one process
    with get_context("fork").Pool(WRITERS) as pool:
        yield pool.map_async(act, range(WRITERS), chunksize=1)
        pool.close()
        pool.join()


def write_tasks(each: int) -> dict[str, Any]:
    """Make tasks from eight processes; say which errors there were, and the longest wait."""
    with in_processes(partial(_write_tasks, each)) as writing:
        found = writing.get(PATIENCE)
    return {
        "errors": sum((errors for errors, _slowest in found), Counter()),
        "slowest": max(slowest for _errors, slowest in found),
    }


def _write_tasks(each: int, writer: int) -> tuple[Counter[str], float]:
    mia, errors, slowest = _member("mia"), Counter[str](), 0.0
    for n in range(each):
        began = time.monotonic()
        try:
            backlog.create_task(mia.workspace, by=mia, title=f"Task {n} of process {writer}")
        except Exception as error:  # noqa: BLE001 - counted
            errors[f"{type(error).__name__}: {error}"] += 1
        slowest = max(slowest, time.monotonic() - began)
    return errors, slowest


def count_rows() -> dict[str, Any]:
    """Count what the others wrote."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA integrity_check")
            whole = cursor.fetchone()[0]
        else:
            whole = "ok"
    return {
        "tasks": Task.objects.count(),
        "seq": _workspace().seq,
        "activities": Activity.objects.count(),
        "submissions": [
            str(one) for one in Request.objects.values_list("submission_id", flat=True)
        ],
        "reviews": Review.objects.count(),
        "mails": Counter(OutboxItem.objects.values_list("dedupe_key", flat=True)),
        "integrity": whole,
    }


# A reader behind eight writers ----------------------------------------------------------------


def follow_numbers(each: int) -> dict[str, Any]:
    """Read what is newer than the last number seen, while eight processes write by `change()`."""
    return _follow("seq", partial(_write_changes, each))


def unsafe_follow_ids(each: int) -> dict[str, Any]:
    """The same by the database's own ids: they are taken at INSERT and seen at COMMIT."""
    return _follow("id", partial(_write_without_lock, each))


def _write_changes(each: int, writer: int) -> None:
    workspace = _workspace()
    for n in range(each):
        with change(workspace, by=SYSTEM) as record:
            record("raced", workspace, writer=writer, n=n)


def _write_without_lock(each: int, writer: int) -> None:
    workspace = _workspace()
    for n in range(each):
        with transaction.atomic():
            Activity.objects.create(
                workspace=workspace,
                seq=1_000_000 * (writer + 1) + n,
                verb="raced",
                subject_type="people.workspace",
                subject_id=workspace.pk,
                at=clock.now(),
            )
            time.sleep(0.001 * (writer % 4))


def _follow(by: str, write: Callable[[int], None]) -> dict[str, Any]:
    began = last = Activity.objects.aggregate(last=Max(by))["last"]
    newer = Activity.objects.filter(**{f"{by}__gt": began}).order_by(by)
    seen = []
    with in_processes(write) as writing:
        while True:
            is_last = writing.ready()  # asked before the look, so that the last look misses nothing
            for number in newer.filter(**{f"{by}__gt": last}).values_list(by, flat=True):
                seen.append(number)
                last = number
            if is_last:
                break
            time.sleep(0.001)
        writing.get()
    return {
        "seen": len(seen),
        "written": newer.count(),
        "gapless": seen == list(range(began + 1, began + 1 + len(seen))),
    }


# Twice the same -------------------------------------------------------------------------------


def unsafe_submit(threads: int) -> dict[str, Any]:
    """Look whether the submission is there, then write it: without the lock and the constraint."""
    sam, submission = _member("sam"), uuid.uuid4()
    [once] = [one for one in Request._meta.constraints if one.name == "intake_submitted_once"]
    Request._meta.constraints.remove(once)
    with connection.schema_editor() as editor:
        editor.remove_constraint(Request, once)

    def act(number: int) -> str:
        if Request.objects.filter(submission_id=submission).exists():
            return "known"
        time.sleep(WORK_SECONDS)
        Request.objects.create(
            workspace=sam.workspace,
            number=1000 + number,
            submission_id=submission,
            title="Slides for dairies",
            requester=sam,
            entered_by=sam,
            submitted_at=clock.now(),
            answer_due_at=clock.now(),
        )
        return "written"

    return at_once(threads, act)


def unsafe_close(threads: int) -> dict[str, Any]:
    """Look whether the sprint runs, then end it: without the lock. The next sprint, that is."""
    running = Sprint.objects.filter(state=SprintState.PLANNED).earliest("number")
    backlog.start_sprint(running, by=_member("mia"), version=running.version)

    def act(number: int) -> str:
        sprint = Sprint.objects.get(pk=running.pk)
        if not sprint.is_active:
            return "already closed"
        time.sleep(WORK_SECONDS)
        sprint.state, sprint.closed_at = SprintState.CLOSED, clock.now()
        sprint.save()
        return "closed"

    return at_once(threads, act)


def draft() -> dict[str, Any]:
    """Let the job write a review's first words."""
    reviews.sweep()
    review = Review.objects.get()
    return {"version": review.version, "drafted": review.is_drafted}


# Mail -----------------------------------------------------------------------------------------


def send_again(item: int) -> dict[str, Any]:
    """Let a person decide that a mail is sent once more."""
    row = OutboxItem.objects.select_related("workspace").get(pk=item)
    notifications.send_again(row, by=_member("mia"))
    return {}


def publish_to_many(readers: int) -> dict[str, Any]:
    """Publish the drafted review of sprint 1 to so many readers."""
    mia = _member("mia")
    review = Review.objects.select_related("workspace", "sprint").get(
        workspace=mia.workspace, sprint__number=1
    )
    for n in range(readers - len(recipients(review))):
        user = _person(f"rep{n}", f"Rep {n}")
        add_member(mia.workspace, by=mia, user=user, role=Role.SALES)
    reviews.publish_review(review, by=mia, version=review.version)
    items = OutboxItem.objects.filter(kind="reviews.published")
    return {
        "items": list(items.values_list("pk", flat=True)),
        "session": _signed_in(mia.user),
    }


if __name__ == "__main__":
    chosen = globals()[sys.argv[1]]
    print(json.dumps(chosen(**json.loads(sys.argv[2]))))
