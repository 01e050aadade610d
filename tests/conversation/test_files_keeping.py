"""Bytes and rows: whole or not at all, and what nobody needs goes away."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

from activity import clock
from backlog.models import Task
from conversation import jobs
from conversation.files import actions, pictures, store
from conversation.models import Attachment, Preview
from tests.arranging import arranging
from tests.factories import PNG, hang_file, hang_picture, make_task

DAY = timedelta(hours=25)


def age(path, by=DAY):
    when = (clock.now() - by).timestamp()
    os.utime(path, (when, when))


def lying():
    return sorted(path.name for path in store.root().rglob("*") if path.is_file())


def test_a_file_that_breaks_off_leaves_nothing(db):
    def chunks():
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.write(uuid4(), chunks())
    assert lying() == []


def test_a_file_is_on_the_disk_before_it_has_its_name(monkeypatch):
    order = []
    monkeypatch.setattr(store.os, "fsync", lambda handle: order.append("fsync"))
    put = store.put_in_place
    monkeypatch.setattr(
        store, "put_in_place", lambda draft, final: (order.append("name"), put(draft, final))
    )
    store.write(uuid4(), [b"words"])
    assert order == ["fsync", "name", "fsync"]


def test_a_full_disk_leaves_neither_row_nor_file(northwind, task, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        hang_file(task, northwind.lena)
    assert lying() == []
    assert not Attachment.objects.exists()


def test_after_an_unknown_fault_the_file_stays_for_the_sweep_to_judge(northwind, task, monkeypatch):
    """The commit may have come through before the line broke: a row without a file is worse."""

    def broken(*args):
        raise ConnectionError

    monkeypatch.setattr(actions, "_record", broken)
    with pytest.raises(ConnectionError):
        hang_file(task, northwind.lena)
    [orphan] = lying()
    assert not Attachment.objects.exists()
    folder, path = int(orphan[:2], 16), store.root() / orphan[:2] / orphan
    assert actions.throw_orphans_away(folder, clock.now() - actions.KEPT) == 0, "it is too young"
    age(path)
    assert actions.throw_orphans_away(folder, clock.now() - actions.KEPT) == 1
    assert lying() == []


@pytest.mark.both_databases
def test_the_number_on_the_card_is_the_number_of_files(northwind, task):
    other = make_task(northwind.workspace)
    files = [hang_file(task, northwind.lena, name=f"{number}.txt") for number in range(3)]
    hang_file(other, northwind.mia)
    for file in files[:2]:
        actions.remove_file(file, by=northwind.lena)
    actions.restore_file(files[0], by=northwind.lena)
    with pytest.raises(ValidationError):
        actions.add_file(task, by=northwind.lena, name="no.txt", content=ContentFile(b""))
    for found in Task.objects.all():
        assert found.file_count == Attachment.objects.on(found).standing().count()
    task.refresh_from_db()
    assert (task.file_count, task.version) == (2, 1)
    # those of before were counted once
    with arranging():
        Task.objects.update(file_count=0)
        count = import_module("backlog.migrations.0010_file_count").count
        count(apps, None)
    assert sorted(Task.objects.values_list("file_count", flat=True)) == [1, 2]


def test_the_sweep_leaves_alone_what_has_a_row(northwind, task):
    made = hang_picture(task, northwind.lena)
    for path in (store.path_of(made.storage), store.picture_of(made.storage)):
        age(path)
    folder = int(made.storage.hex[:2], 16)
    assert actions.throw_orphans_away(folder, clock.now() - actions.KEPT) == 0
    assert len(lying()) == 2


def test_the_sweep_throws_away_what_was_removed_a_day_ago(northwind, task):
    old, young, standing = (hang_picture(task, northwind.lena) for _ in range(3))
    for file in (old, young):
        actions.remove_file(file, by=northwind.lena)
    with arranging():
        Attachment.objects.filter(pk=old.pk).update(removed_at=clock.now() - DAY)
    draft = store.draft_path()
    draft.write_bytes(b"begun")
    age(draft)
    jobs.sweep()
    assert set(Attachment.objects.all()) == {young, standing}
    assert len(lying()) == 4, "two files and their pictures"
    jobs.sweep()


def test_a_file_brought_back_at_the_last_moment_is_not_thrown_away(northwind, task, monkeypatch):
    file = hang_file(task, northwind.lena)
    actions.remove_file(file, by=northwind.lena)
    with arranging():
        Attachment.objects.filter(pk=file.pk).update(removed_at=clock.now() - DAY)
    change = actions.change

    def late(workspace, *, by):
        if by is actions.SYSTEM:  # the sweep has found it and does not hold the lock yet
            actions.restore_file(file, by=northwind.lena)
        return change(workspace, by=by)

    monkeypatch.setattr(actions, "change", late)
    jobs.sweep()
    assert Attachment.objects.standing().get() == file
    assert store.path_of(file.storage).is_file()


def test_each_folder_comes_up_within_a_few_hours():
    looked = {minute % store.FOLDERS for minute in range(24 * 60)}
    assert len(looked) == 256


def test_the_sweep_rings_for_pictures_whose_bell_was_lost(northwind, task, monkeypatch):
    rung = []
    monkeypatch.setattr(actions, "ring", lambda job, pk: rung.append(pk))
    young, old = (hang_file(task, northwind.lena, "x.png", PNG) for _ in range(2))
    rung.clear()
    with arranging():
        Attachment.objects.filter(pk=old.pk).update(uploaded_at=clock.now() - timedelta(minutes=2))
    jobs.sweep()
    assert rung == [old.pk]
    assert young.preview == Preview.WAITING


def test_a_picture_that_kills_its_worker_is_given_up(northwind, task, monkeypatch):
    """The try is counted before it is made."""

    def killed(source, target):
        raise SystemExit

    monkeypatch.setattr(pictures, "draw", killed)
    made = hang_file(task, northwind.lena, "x.png", PNG)
    for _ in range(actions.MOST_TRIES):
        with pytest.raises(SystemExit):
            jobs.make_preview(made.pk)
    jobs.make_preview(made.pk)
    made.refresh_from_db()
    assert (made.preview, made.preview_tries) == (Preview.FAILED, actions.MOST_TRIES)


def test_a_picture_of_a_file_that_is_gone_is_no_fault(db):
    jobs.make_preview(999_999)
