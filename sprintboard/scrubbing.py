"""What a log line may hold: no secret, no address of a person, no line break of somebody's making.

Three nets, since none is whole: values we know to be secret, values that stand beside a word such
as “password”, and values that look like a token. A traceback shows code, never variables.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

REMOVED = "[removed]"
_WORDS = r"authori[sz]ation|cookie|token|secret|passw(?:or)?d|passphrase|csrf|credential|dsn"
# “key” alone would take KeyError and foreign keys with it
_NAME = rf"[\w-]*(?:{_WORDS})[\w-]*|(?:[\w-]*[_-])?(?:api|private|secret|signing)?key"
_SECRET_NAME = re.compile(rf"^(?:{_NAME})$", re.IGNORECASE)
_WHOLE_HEADER = re.compile(
    r"\b((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE
)
_BESIDE_A_NAME = re.compile(
    rf"(?<![\w-])({_NAME})(['\"\])]*\s*(?:=>|[:=])\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&'\")}}\]]+)",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/@'\"]*(?:/[^\s/@'\"]*)?@", re.IGNORECASE)
_MAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LIKE_A_TOKEN = re.compile(
    r"(?<![\w-])(?:sb_[\w-]{8,}|[0-9a-f]{40,}|(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{24,})"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
SHORTEST_KNOWN = 6


class Scrubber:
    """Takes out of text, and of whatever holds text, what nobody may read in a log."""

    def __init__(self, known: Iterable[str], salt: str) -> None:
        """Take the secrets that are known, and a salt for hashes of mail addresses."""
        found = sorted({one for one in known if len(one) >= SHORTEST_KNOWN}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, found))) if found else None
        self._salt = salt.encode()

    def text(self, text: str) -> str:
        """Return a text without secrets; its line breaks stay."""
        if self._known:
            text = self._known.sub(REMOVED, text)
        text = _IN_ADDRESS.sub(rf"\1{REMOVED}@", text)
        text = _WHOLE_HEADER.sub(rf"\1\2{REMOVED}", text)
        text = _BESIDE_A_NAME.sub(rf"\1\2{REMOVED}", text)
        text = _LIKE_A_TOKEN.sub(REMOVED, text)
        return _MAIL_ADDRESS.sub(lambda found: self.person(found[0]), text)

    def person(self, address: str) -> str:
        """Return the same short word for the same address, from which nobody gets back to it."""
        digest = hmac.new(self._salt, address.lower().encode(), hashlib.sha256)
        return f"mail:{digest.hexdigest()[:12]}"

    def value(self, value: object, name: str = "") -> Any:
        """Return any value without secrets, as something that JSON can say."""
        if name and _SECRET_NAME.match(name):
            return REMOVED
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            held = cast(Mapping[object, object], value)
            return {str(key): self.value(one, str(key)) for key, one in held.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(one) for one in cast(Iterable[object], value)]
        return self.text(value if isinstance(value, str) else repr(value))


def on_one_line(text: str) -> str:
    """Return text with its line breaks and control characters written out: no line is forged."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
