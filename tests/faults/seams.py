"""What TEST_SEAMS may put into a process of the program: places to stop at, and mistakes.

Each function is called once, when Django is ready. A mistake is the positive control of a test: the
unsafe way of doing the thing, which has to lose, or else the test could not see the fault.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any


def pause(place: str, key: object) -> None:
    """Stop here, once, if the test planned it; the note that it was met holds the process's id."""
    folder = Path(os.environ["TEST_PAUSES"])
    try:
        # one rename decides: a job that runs again passes
        met = folder / "met" / f"{place}:{key}"
        (folder / "planned" / met.name).rename(met)
    except FileNotFoundError:
        return
    seconds = float(met.read_text())
    note = folder / f".{place}:{key}"
    note.write_text(str(os.getpid()))
    note.rename(folder / "waiting" / f"{place}:{key}")
    time.sleep(seconds)


def stops_in_delivery() -> None:
    """Let a delivery stop before and after its claim, after sending, and before its last commit."""
    from django.db import transaction

    from notifications import actions

    claim, attempt, finish = actions._claim, actions._attempt, actions._finish

    def slow_claim(item: Any) -> Any:
        pause("before claim", item.pk)
        token = claim(item)
        if token is not None:
            pause("after claim", item.pk)
        return token

    def slow_attempt(item: Any, send: Any) -> Any:
        values = attempt(item, send)
        pause("after send", item.pk)
        return values

    def slow_finish(item: Any, token: Any, values: Any) -> Any:
        with transaction.atomic():
            state = finish(item, token, values)
            pause("before commit", item.pk)
        return state

    actions._claim, actions._attempt, actions._finish = slow_claim, slow_attempt, slow_finish


def stops_in_drafting() -> None:
    """Let the drafting of a review stop before it begins, with all written, and after it."""
    from reviews import actions

    draft, save = actions.draft_words, actions._save

    def slow_save(review: Any) -> None:
        save(review)
        pause("before commit", review.pk)

    def slow_draft(review: Any) -> Any:
        pause("before claim", review.pk)
        drafted = draft(review)
        pause("after commit", review.pk)
        return drafted

    actions.draft_words, actions._save = slow_draft, slow_save


def notes_sweeps() -> None:
    """Write down each time that a sweep of mails or reviews runs."""
    import notifications.actions
    import reviews.actions

    for actions in (notifications.actions, reviews.actions):
        actions.sweep = _noted(actions.sweep, actions.__package__)


def _noted(sweep: Any, app: str) -> Any:
    def noted() -> Any:
        with (Path(os.environ["TEST_PAUSES"]) / "sweeps").open("a") as notes:
            notes.write(f"{app}\n")
        return sweep()

    return noted


def looks_by_the_tick() -> None:
    """Mistake: close only the sprints that ended since the last tick, one minute ago."""
    from reviews import actions

    ended = actions._ended_sprints

    def just_ended(now: Any) -> Any:
        return [sprint for sprint in ended(now) if sprint.ends_at > now - timedelta(minutes=1)]

    actions._ended_sprints = just_ended


def knows_a_newer_kind() -> None:
    """The next version of the program: it can write a kind of mail that this one cannot."""
    from notifications.mails import Mail, mail_kind

    @mail_kind("newer.kind")
    def newer(item: Any) -> Mail:
        return Mail(subject="Newer", text="News.", html="<p>News.</p>")


def acknowledges_early() -> None:
    """Mistake: tell the queue that a job is done before it has begun, as Celery does by default."""
    from celery.signals import celeryd_after_setup

    @celeryd_after_setup.connect(weak=False)
    def forget(instance: Any, **kwargs: Any) -> None:
        for task in instance.app.tasks.values():
            task.acks_late = task.reject_on_worker_lost = False


def sends_without_claim() -> None:
    """Mistake: read that a message is due, send it, and only then write that it was sent."""
    from notifications import actions
    from notifications.models import OutboxItem, OutboxState

    def careless(item: Any, *, send: Any = actions.send_mail) -> OutboxState:
        item = OutboxItem.objects.with_recipient().get(pk=item.pk)
        if item.state == OutboxState.QUEUED:
            values = actions._attempt(item, send)
            pause("after send", item.pk)
            time.sleep(0.1)  # a mail server further away than this machine
            OutboxItem.objects.filter(pk=item.pk).update(**values)
        return OutboxState.SENT

    actions.deliver = careless
