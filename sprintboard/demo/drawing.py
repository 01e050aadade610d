"""What the people of the demo hang on their tasks: a drawing and words, made here, of no source."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Final

WIDTH, HEIGHT = 640, 400
# A wall of three panels with a band of colour, and the floor
_PAPER, _BAND, _PANEL, _FLOOR = (244, 240, 232), (201, 74, 43), (38, 84, 92), (205, 197, 184)
_PANELS: Final = ((40, 220), (230, 410), (420, 600))


def booth_wall() -> bytes:
    """Return a picture of a booth's wall, as a PNG."""
    rows = b"".join(b"\0" + _row(y) for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _row(y: int) -> bytes:
    if y > HEIGHT - 70:
        return bytes(_FLOOR) * WIDTH
    row = [_PAPER] * WIDTH
    if 40 < y < HEIGHT - 70:
        for begin, end in _PANELS:
            row[begin:end] = [_BAND if 120 < y < 170 else _PANEL] * (end - begin)
    return b"".join(bytes(colour) for colour in row)


FILES: Final[dict[str, Callable[[], bytes]]] = {
    "booth-wall.png": booth_wall,
    "print-specification.md": lambda: (
        b"# Print files\n\n- three panels, 100 x 250 cm each\n- PDF/X-4, 10 mm bleed\n"
        b"- upload at the stand builder's by noon\n"
    ),
}
