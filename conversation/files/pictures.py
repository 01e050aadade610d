"""Small pictures of files, drawn by a process of its own: what an image does to it stays there.

`draw` starts it; the part below runs in it, without Django, without secrets in its environment,
with little memory and time. An image is opened, not decoded, before its pixels are counted.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

MOST_PIXELS: Final = 25_000_000
SIDE: Final = 480
SECONDS: Final = 10
MEMORY: Final = 768 * 1024 * 1024
FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")
_TOO_LARGE, _BROKEN = 3, 4
_PROGRAM: Final = str(Path(__file__).resolve())


class NoPicture(Exception):
    """It could not be drawn, and trying again would not help."""


class TooLarge(NoPicture):
    """It has more pixels than we decode."""


def draw(source: Path, target: Path) -> tuple[int, int]:
    """Draw the small picture of a file; return its width and height. Raises NoPicture."""
    command = [sys.executable, "-I", _PROGRAM, str(source), str(target)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program and paths, and no shell
            command,
            env={"LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoPicture(f"It took more than {SECONDS} seconds.") from None
    if done.returncode == _TOO_LARGE:
        raise TooLarge("It has too many pixels.")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoPicture(said[-1] if said else f"The process ended with {done.returncode}.")
    with suppress(ValueError):
        width, height = map(int, done.stdout.split())
        return width, height
    raise NoPicture("The process said nothing.")


# In a process of its own ----------------------------------------------------------------------


def limit() -> None:
    """Give this process what a picture of 25 million pixels needs, and no more."""
    import resource  # noqa: PLC0415 - not on every system, and only needed there

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def shrink(source: Path, target: Path) -> tuple[int, int] | None:
    """Write a small picture without anything that came with the large one; None: too large."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - only the drawing process loads it

    Image.MAX_IMAGE_PIXELS = None  # the next line is our own limit, before anything is decoded
    with Image.open(source, formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            return None
        image.draft("RGB", (2 * SIDE, 2 * SIDE))
        image.thumbnail((2 * SIDE, 2 * SIDE))
        turned = ImageOps.exif_transpose(image)
        has_alpha = turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info
        pixels = turned.convert("RGBA" if has_alpha else "RGB")
        pixels.thumbnail((SIDE, SIDE))
        bare = Image.new(pixels.mode, pixels.size)
        bare.paste(pixels)
        bare.save(target, "WEBP", quality=80, exif=b"", xmp=b"", icc_profile=b"")
        return bare.size


def main(source: str, target: str) -> int:
    """Draw, say the size, and return the exit code."""
    limit()
    try:
        size = shrink(Path(source), Path(target))
    except Exception as error:  # noqa: BLE001 - whatever an image does, it is no picture
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return _BROKEN
    if size is None:
        return _TOO_LARGE
    sys.stdout.write(f"{size[0]} {size[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
