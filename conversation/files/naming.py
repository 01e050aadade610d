"""The name that people see of a file, out of whatever a browser or a program called it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from conversation.models import LONGEST_NAME

# Windows opens these as devices, whatever stands behind the dot
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST_EXTENSION: Final = 12


def clean_name(raw: str) -> str:
    """Return a name of one line without its path: nothing invisible, no leading dot.

    It never becomes part of a path of ours; it is cleaned for those who read it and save it.
    """
    last = re.split(r"[/\\]", raw)[-1]
    readable = "".join(character for character in last if _is_seen(character))
    name = " ".join(unicodedata.normalize("NFC", readable).split()).strip(". ")
    if _DEVICES.match(name):
        name = f"_{name}"
    return _shortened(name or "file")


def extension_of(name: str) -> str:
    """Return what stands behind the last dot, in small letters, or nothing."""
    stem, dot, extension = name.rpartition(".")
    is_one = dot and stem and 0 < len(extension) <= _LONGEST_EXTENSION and extension.isalnum()
    return extension.lower() if is_one else ""


def human(size: int) -> str:
    """Return a size as people say it: 340 KB, 25 MB, 1.5 GB."""
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"


def _is_seen(character: str) -> bool:
    # C: controls, formats (they turn the reading order around), halves, private ones
    return character in "\t\n\r" or unicodedata.category(character)[0] != "C"


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    extension = extension_of(name)
    ending = f".{extension}" if extension else ""
    return name[: LONGEST_NAME - len(ending)].rstrip(". ") + ending
