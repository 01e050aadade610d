"""F19: the disk of an embedded program is full; what was saved stays, and people are told."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.worlds import Templates, World

pytestmark = [pytest.mark.faults, pytest.mark.faults_quick]

NEW, BOARD = "/w/northwind/requests/new/", "/w/northwind/board/"
PAGE = 4096


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of 5 MB, of which a founded workspace takes 2; None where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_f19_a_full_disk_is_said_and_loses_nothing(
    templates: Templates, small_disk: Path | None, tmp_path: Path, figures
):
    line = figures("F19", "an embedded program on a disk of 5 MB, written full")
    with templates.world("sqlite", small_disk or tmp_path / "world") as world:
        size = (world.folder / "db.sqlite3").stat().st_size
        pages = str(size // PAGE + 100)
        seams = [] if small_disk else ["tests.faults.unsafe.with_few_pages"]
        stack = world.web(*seams, TEST_PAGES=pages, TMPDIR=str(tmp_path))
        sam = world.visitor(stack, "sam")
        acknowledged, refused = [], []

        def ask() -> int:
            form = {
                "title": "Slides for dairies",
                "heard": "word " * 700,
                "submission_id": uuid.uuid4(),
                "requester": world.scene["sam"],
            }
            answer = sam.post(NEW, **form)
            if answer.status == 302:
                acknowledged.append(str(form["submission_id"]))
            else:
                refused.append(answer)
            return answer.status

        while ask() == 302:
            assert len(acknowledged) < 3_000, "this disk never fills"
        assert {ask() for _ in range(10)} == {507}
        for answer in refused:
            assert "The storage is full, nothing was saved" in answer.text
        assert sam.get(BOARD).status == 200, "what is there can still be read"
        if small_disk:
            assert '"disk": "full"' in sam.get("/readyz").text
        stack.kill()

        with _more_room(world, small_disk, tmp_path) as roomy:
            rows = roomy.play("count_rows")
            assert rows["integrity"] == "ok"
            assert Counter(rows["submissions"]) == Counter(acknowledged)
            stack = roomy.web()
            sam = roomy.visitor(stack, "sam")
            assert ask() == 302, "with room again it goes on"
    line.tried = len(acknowledged)
    line.remarks = (
        f"507 from the {len(acknowledged)}th on, “The storage is full, nothing was saved”; "
        "integrity_check ok, rows = acknowledged, and it goes on once there is room"
    )


@contextlib.contextmanager
def _more_room(world: World, small_disk: Path | None, folder: Path) -> Iterator[World]:
    """Yield the same database, with its journal, where there is room: a disk was made larger."""
    if small_disk is None:
        yield world
        return
    moved = folder / "larger"
    shutil.copytree(world.folder, moved)
    roomy = World(
        "sqlite", f"sqlite:///{moved / 'db.sqlite3'}", moved, world.scene, world.environment
    )
    try:
        yield roomy
    finally:
        roomy.close()
