"""Text as people may store it: one form, nothing invisible in it that deceives a reader."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Embedding, override and isolate characters turn the reading order of what follows them
_TURNS_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Whatever some program takes for the end of a line
_BREAKS = re.compile("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
# More accents on one letter than any language needs spill over the lines around it
_PILED_MARKS = 4


def clean_line(text: str) -> str:
    """Return one line: NFC, every run of spaces and line breaks made one space.

    Raises ValidationError `control`, `direction` or `invisible`.
    """
    return " ".join(_clean(text).split())


def one_line(text: str) -> str:
    """Return one line as `clean_line` does; line breaks are refused instead of mended.

    Raises ValidationError `one_line` too: nobody can type a break where one line is asked for.
    """
    if _BREAKS.search(text):
        raise ValidationError(_("One line, please."), code="one_line")
    return clean_line(text)


def clean_text(text: str) -> str:
    """Return text of several lines: NFC, line ends as \\n, no blank edges.

    Raises ValidationError `control`, `direction` or `invisible`.
    """
    return _clean(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _clean(text: str) -> str:
    if any(_is_control(character) for character in text):
        raise ValidationError(
            _("There is a control character in this text. Please type it again."), code="control"
        )
    if _TURNS_AROUND.search(text):
        raise ValidationError(
            _("There is a character in this text that turns its direction. Please leave it out."),
            code="direction",
        )
    composed = _without_piles(unicodedata.normalize("NFC", text))
    if composed.strip() and not any(_is_visible(character) for character in composed):
        raise ValidationError(_("Nobody could read this text."), code="invisible")
    return composed


def _is_control(character: str) -> bool:
    # Cs: half of a surrogate pair, which no database can store
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t"


def _is_visible(character: str) -> bool:
    # Z: spaces, C: controls and formats, M: marks, which need a letter to sit on
    return unicodedata.category(character)[0] not in "ZCM" and character not in "\u115f\u1160\u3164"


def _without_piles(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= _PILED_MARKS:
            kept.append(character)
    return "".join(kept)
