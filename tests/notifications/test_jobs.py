"""The bells of the outbox."""

from __future__ import annotations

from activity.changes import SYSTEM, change
from notifications import actions, jobs
from notifications.mails import Mail, mail_kind
from notifications.models import OutboxItem, OutboxState


@mail_kind("tests.bell")
def _letter(item):
    return Mail(subject="Ding", text="Dong", html="<p>Dong</p>")


def queue(world, key="bell"):
    with change(world.workspace, by=SYSTEM) as record:
        return actions.queue_mail(
            record, kind="tests.bell", recipient=world.sam, dedupe_key=key, payload={}
        )


def test_bells_ring_jobs_that_exist():
    assert actions.DELIVER.name == jobs.deliver.name


def test_a_mail_rings_after_commit(northwind, monkeypatch, django_capture_on_commit_callbacks):
    rung: list[tuple[object, ...]] = []
    monkeypatch.setattr(type(actions.DELIVER), "delay", lambda self, *args: rung.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        item = queue(northwind)
        assert rung == []
    assert rung == [(item.pk,)]


def test_a_stale_ring_is_dropped_and_the_sweep_rings_again():
    assert 0 < actions.DELIVER.options["expires"] < 60


def test_ringing_twice_or_for_nothing_does_no_harm(northwind, mailoutbox):
    item = queue(northwind)
    for item_id in (item.pk, item.pk, item.pk + 1):
        jobs.deliver(item_id)
    assert len(mailoutbox) == 1
    assert OutboxItem.objects.get().state == OutboxState.SENT


def test_the_sweep_finds_what_a_lost_ring_left(northwind, monkeypatch):
    items = [queue(northwind, f"{n}") for n in range(3)]
    rung: list[int] = []
    monkeypatch.setattr(actions, "ring", lambda job, *args: rung.append(*args))
    jobs.sweep()
    assert rung == [item.pk for item in items]
