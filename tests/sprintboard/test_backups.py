"""Backups: what is damaged, foreign or newer is refused before anything is replaced."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.models import Mark
from conversation.files import store
from conversation.files.actions import remove_file
from conversation.models import Attachment
from notifications.actions import is_paused
from sprintboard import backups
from sprintboard.backups import databases, restoring, writing
from sprintboard.backups.manifest import NAME
from tests.factories import World, hang_picture, make_task

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
Parts = dict[str, bytes]


class Toy:
    """A database of one file, so that a test inside a transaction can be backed up."""

    file_name = databases.SQLite.file_name

    def dump(self, to: Path) -> databases.Tables:
        with sqlite3.connect(to) as line:
            line.execute("CREATE TABLE task (id INTEGER PRIMARY KEY, title TEXT)")
            line.execute("INSERT INTO task VALUES (1, 'Brief')")
        tables = databases.sqlite_tables(line)
        line.close()
        return tables

    def load(self, source: Path) -> None:
        raise AssertionError("nothing may be replaced")

    def tables(self) -> databases.Tables:
        return {}

    def in_use(self) -> str:
        return ""


@pytest.fixture
def backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "media" / "a").mkdir(parents=True)
    (tmp_path / "media" / "a" / "brief.txt").write_text("words")
    monkeypatch.setattr(databases, "here", Toy)
    folder = tmp_path / "backups"
    folder.mkdir()
    return backups.write(folder)


def rewritten(path: Path, change: Callable[[Parts], object]) -> Path:
    """Return a copy of a backup with other parts inside."""
    with tarfile.open(path) as archive:
        parts = {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]
    change(parts)
    other = path.with_name("other.tar")
    with tarfile.open(other, "w") as archive:
        for name, data in parts.items():
            told = tarfile.TarInfo(name)
            told.size = len(data)
            archive.addfile(told, io.BytesIO(data))
    return other


def listed(parts: Parts, **changes: object) -> None:
    parts[NAME] = json.dumps({**json.loads(parts[NAME]), **changes}).encode()


def test_a_backup_is_whole_and_private_and_leaves_a_mark(backup: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0
    held = backups.verify(backup)
    assert held.tables["task"].rows == 1
    assert set(held.files) == {"database.sqlite3", "media/a/brief.txt"}
    assert [path.name for path in backup.parent.iterdir()] == [backup.name], "no draft is left"
    assert Mark.objects.named(Mark.BACKUP).exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda parts: parts.update({"media/a/brief.txt": b"other"}), "brief.txt is damaged"),
        (lambda parts: parts.update({"database.sqlite3": b""}), "database.sqlite3 is damaged"),
        (lambda parts: parts.pop("media/a/brief.txt"), "parts are missing"),
        (lambda parts: parts.update({"more": b"x"}), "one too many"),
        (lambda parts: parts.pop(NAME), "no backup of Sprintboard"),
        (lambda parts: parts.update({NAME: b"{"}), "cannot be read"),
        (lambda parts: listed(parts, format=2), "has format 2"),
        (
            lambda parts: listed(parts, tables={"task": {"rows": 2, "sha256": "x"}}),
            "not as they were: task",
        ),
    ],
)
def test_what_is_damaged_is_refused(
    backup: Path, change: Callable[[Parts], object], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        backups.restore(rewritten(backup, change), force=True)


def test_half_a_file_is_refused(backup: Path) -> None:
    other = backup.with_name("half.tar")
    other.write_bytes(backup.read_bytes()[: backup.stat().st_size // 3])
    with pytest.raises(CommandError):
        backups.verify(other)


def test_a_backup_of_a_newer_program_is_refused(backup: Path) -> None:
    other = rewritten(
        backup, lambda parts: listed(parts, migrations=[["backlog", "0999_tomorrow"]])
    )
    with pytest.raises(CommandError, match="newer program, which knows 0999_tomorrow"):
        backups.restore(other, force=True)


def test_a_backup_of_the_other_database_is_refused(backup: Path) -> None:
    other = rewritten(backup, lambda parts: listed(parts, engine="another"))
    with pytest.raises(CommandError, match=f"a backup of another; .* name {connection.vendor}"):
        backups.restore(other, force=True)


def test_where_people_are_nothing_is_replaced(backup: Path, northwind: Any) -> None:
    with pytest.raises(CommandError, match="There are people in this database"):
        backups.restore(backup)


def test_what_others_use_is_not_replaced(backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Toy, "in_use", lambda self: "3 other connections use the database.")
    with pytest.raises(CommandError, match=r"3 other connections .* Stop web, worker and beat"):
        backups.restore(backup)


def test_a_part_that_leads_out_of_its_folder_is_not_unpacked(backup: Path, tmp_path: Path) -> None:
    other = rewritten(backup, lambda parts: parts.update({"../out": b"x"}))
    with tarfile.open(other) as archive, pytest.raises(tarfile.OutsideDestinationError):
        restoring.extract(archive, "../out", tmp_path / "in")
    assert not (tmp_path / "out").exists()


def test_a_part_that_would_be_put_beside_the_media_is_refused(backup: Path) -> None:
    def smuggle(parts: Parts) -> None:
        held = json.loads(parts[NAME])["files"]
        parts["media/../secret_key"] = b"known"
        told = {"bytes": 5, "sha256": hashlib.sha256(b"known").hexdigest()}
        listed(parts, files={**held, "media/../secret_key": told})

    with pytest.raises(CommandError, match="leads out of its folder"):
        backups.verify(rewritten(backup, smuggle))


def test_no_table_is_dropped_before_the_dump_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases.shutil, "which", lambda program: None)
    with CaptureQueriesContext(connection) as asked, pytest.raises(CommandError, match="not here"):
        databases.PostgreSQL().load(tmp_path / "database.dump")
    assert [query["sql"] for query in asked.captured_queries] == []


def test_what_was_restored_sends_nothing_even_when_the_restore_breaks_off(
    backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Toy, "load", lambda self, source: None)
    with pytest.raises(CommandError, match="not as it was: task"):
        backups.restore(backup, force=True)
    assert is_paused()


def kept(world: World) -> Attachment:
    return hang_picture(make_task(world.workspace), world.lena)


def written(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    monkeypatch.setattr(databases, "here", Toy)
    folder.mkdir()
    return backups.write(folder)


def test_files_and_their_small_pictures_are_in_a_backup(
    northwind: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = kept(northwind)
    store.draft_path().write_bytes(b"half")
    held = backups.verify(written(monkeypatch, tmp_path / "backups"))
    place = f"media/files/{file.storage.hex[:2]}/{file.storage}"
    assert set(held.files) == {"database.sqlite3", place, f"{place}.webp"}
    assert held.missing == []


def test_a_row_without_its_file_is_told_by_backup_verify_and_restore(
    northwind: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, removed = kept(northwind), kept(northwind)
    remove_file(removed, by=northwind.lena)
    for one in (file, removed):
        store.throw_away(one.storage)
    path = written(monkeypatch, tmp_path / "backups")
    place = f"media/files/{file.storage.hex[:2]}/{file.storage}"
    assert backups.verify(path).missing == [place], "what people removed is no loss"
    call_command("verify_backup", path)
    assert "1 files that rows name are not there" in capsys.readouterr().out
    assert backups.files.lost() == [place]
    monkeypatch.setattr(backups, "write", lambda folder: path)
    call_command("backup", tmp_path)
    monkeypatch.setattr(backups, "restore", lambda file, force: backups.verify(file))
    call_command("restore", path)
    assert capsys.readouterr().out.count(place) == 2


def test_a_file_that_is_thrown_away_meanwhile_does_not_stop_a_backup(
    northwind: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = kept(northwind)
    link = writing.os.link

    def late(source: str, target: str) -> None:
        store.throw_away(file.storage)
        link(source, target)

    monkeypatch.setattr(writing.os, "link", late)
    assert set(backups.verify(written(monkeypatch, tmp_path / "backups")).files) == {
        "database.sqlite3"
    }


def test_a_backup_of_before_there_were_files_is_read(backup: Path) -> None:
    def older(parts: Parts) -> None:
        told = json.loads(parts[NAME])
        del told["missing"]
        parts[NAME] = json.dumps(told).encode()

    assert backups.verify(rewritten(backup, older)).missing == []
