"""Small pictures: drawn in a process of their own, without what came with the large one."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from conversation import jobs
from conversation.files import pictures, store
from conversation.models import Preview
from tests.factories import PNG, hang_file

GPS = 0x8825


def drawn(folder: Path, image: bytes) -> Image.Image:
    source, target = folder / "source", folder / "target"
    source.write_bytes(image)
    size = pictures.draw(source, target)
    with Image.open(target) as found:
        found.load()
    assert found.size == size
    return found


def saved(folder: Path, kind: str, size: tuple[int, int], mode: str = "RGB", **more) -> bytes:
    path = folder / "made"
    Image.new(mode, size, 128).save(path, kind, **more)
    return path.read_bytes()


def bomb(width: int, height: int) -> bytes:
    """Return a PNG that says it is this large, in a few bytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", b"x"), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def test_row_72_a_picture_loses_what_the_camera_wrote(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    exif.get_ifd(GPS)[1] = "N"
    image = saved(tmp_path, "JPEG", (900, 600), exif=exif)
    assert b"Exif" in image
    small = drawn(tmp_path, image)
    assert small.size == (320, 480), "it stands upright, and is small"
    assert not small.getexif()
    assert b"EXIF" not in (tmp_path / "target").read_bytes()
    assert set(small.info) <= {"loop", "background", "timestamp", "duration"}


@pytest.mark.parametrize(("kind", "mode"), [("GIF", "P"), ("WEBP", "RGBA")])
def test_each_kind_of_picture_becomes_a_small_one(tmp_path, kind, mode):
    assert drawn(tmp_path, saved(tmp_path, kind, (1000, 10), mode)).size == (480, 5)


def test_row_71_a_bomb_is_not_decoded(tmp_path):
    with pytest.raises(pictures.TooLarge):
        drawn(tmp_path, bomb(50_000, 50_000))


def test_a_broken_picture_is_told_from_a_large_one(tmp_path):
    with pytest.raises(pictures.NoPicture) as raised:
        drawn(tmp_path, bomb(10, 10))
    assert raised.type is pictures.NoPicture


def test_the_drawing_process_has_little_memory_and_no_secrets(tmp_path, monkeypatch):
    """The same program, with another picture library that tells what it may have."""
    fake = tmp_path / "PIL"
    fake.mkdir()
    (fake / "__init__.py").write_text(
        "import os, resource, sys\n"
        "sys.stderr.write(f'{resource.getrlimit(resource.RLIMIT_AS)[0]} '\n"
        "  f'{resource.getrlimit(resource.RLIMIT_CPU)[0]} {sorted(os.environ)}')\n"
        "sys.exit(9)\n"
    )
    program = tmp_path / "program.py"
    source = Path(pictures.__file__).read_text()
    program.write_text(
        source.replace("import sys\n", f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n")
    )
    monkeypatch.setattr(pictures, "_PROGRAM", str(program))
    monkeypatch.setenv("SECRET_KEY", "not for pictures")
    with pytest.raises(pictures.NoPicture, match=rf"{pictures.MEMORY} 10 \['LANG'") as raised:
        pictures.draw(tmp_path / "x", tmp_path / "y")
    assert "SECRET_KEY" not in str(raised.value)


def test_a_picture_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    program.write_text("import time; time.sleep(20)")
    monkeypatch.setattr(pictures, "_PROGRAM", str(program))
    monkeypatch.setattr(pictures, "SECONDS", 0.2)
    with pytest.raises(pictures.NoPicture, match=r"more than 0\.2 seconds"):
        pictures.draw(tmp_path / "x", tmp_path / "y")


def test_the_job_makes_the_picture_and_the_original_stays(northwind, task):
    made = hang_file(task, northwind.lena, "dot.png", PNG)
    assert made.preview == Preview.WAITING
    jobs.make_preview(made.pk)
    made.refresh_from_db()
    assert (made.preview, made.preview_width, made.preview_height) == (Preview.MADE, 1, 1)
    assert store.picture_of(made.storage).read_bytes()[8:12] == b"WEBP"
    assert store.path_of(made.storage).read_bytes() == PNG
    jobs.make_preview(made.pk)
    made.refresh_from_db()
    assert made.preview_tries == 1


@pytest.mark.parametrize(
    ("image", "preview"), [(bomb(50_000, 50_000), "too_large"), (bomb(5, 5), "failed")]
)
def test_a_picture_that_cannot_be_drawn_is_a_file_without_one(northwind, task, image, preview):
    made = hang_file(task, northwind.lena, "x.png", image)
    jobs.make_preview(made.pk)
    made.refresh_from_db()
    assert made.preview == preview
    assert list((store.root() / "drafts").iterdir()) == []
