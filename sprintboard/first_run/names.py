"""Names that can be told from other names: of a team, a key, an address."""

from __future__ import annotations

import re
import unicodedata

from django.utils.text import slugify
from django.utils.translation import gettext as _

from people.models import User, Workspace

# What stands behind the @ of these says nothing about where somebody works
_MAILBOXES = frozenset(
    {
        "aol", "fastmail", "gmail", "gmx", "googlemail", "hey", "hotmail", "icloud", "live", "mac",
        "mail", "me", "msn", "outlook", "pm", "posteo", "proton", "protonmail", "qq", "t-online",
        "web", "yahoo", "yandex", "zoho",
    }
)  # fmt: skip
# Second levels under which companies have their names: example.co.uk
_SHELVES = frozenset({"ac", "co", "com", "edu", "gov", "net", "or", "org"})


# Letters that no accent was added to, so that taking accents away leaves them as they are
_PLAIN = str.maketrans(
    {"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ß": "ss", "ł": "l",
     "Ł": "L", "đ": "d", "Đ": "D", "þ": "th", "Þ": "Th", "’": "", "'": ""}
)  # fmt: skip


def team_name_of(user: User) -> str:
    """Guess a company's name from its address: Northwind for mia@northwind.example."""
    labels = user.email.rpartition("@")[2].split(".")[:-1]
    if len(labels) > 1 and labels[-1] in _SHELVES:
        labels.pop()
    label = labels[-1] if labels else ""
    if label and label not in _MAILBOXES:
        return " ".join(word.capitalize() for word in label.split("-") if word)[:80]
    first = user.name.split(" ", 1)[0]
    return _("%(name)s’s team") % {"name": first} if first else _("Marketing")


def key_of(name: str) -> str:
    """Return a key of a name: NI for Northwind Instruments, FJ for Fjord."""
    plain = unicodedata.normalize("NFKD", name.translate(_PLAIN))
    words = re.findall(r"[A-Z][A-Z0-9]*", plain.encode("ascii", "ignore").decode().upper())
    letters = "".join(word[0] for word in words) if len(words) > 1 else "".join(words)[:2]
    return letters[:4] or "SB"


def free_slug(name: str) -> str:
    """Return an address made of a name that no workspace has yet."""
    wanted = slugify(name.translate(_PLAIN))[:34].strip("-") or "team"
    taken = set(Workspace.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    candidates = (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3)))
    return next(slug for slug in candidates if slug not in taken)
