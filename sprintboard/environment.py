"""Reading the environment: every wrong or missing value is one sentence that names it.

settings.py says what is read; here is how. Nothing half configured starts in production.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off", ""}
SHORTEST_KEY, SHORTEST_TOKEN = 50, 20
# What people type until they have a key; a real one of that length has dozens of characters
FEWEST_CHARACTERS = 12
PLACEHOLDERS = ("django-insecure-", "change", "example", "secret", "your-", "replace", "todo")
NOWHERE = {"consolemail", "dummymail", "memorymail", "filemail"}
# Each provider: what the address's user, password and host are called in anymail's settings
PROVIDERS = {
    "brevo": ("brevo", ("API_KEY", None, None)),
    "mailersend": ("mailersend", ("API_TOKEN", None, None)),
    "mailgun": ("mailgun", ("API_KEY", None, "SENDER_DOMAIN")),
    "mailjet": ("mailjet", ("API_KEY", "SECRET_KEY", None)),
    "mailtrap": ("mailtrap", ("API_TOKEN", None, None)),
    "mandrill": ("mandrill", ("API_KEY", None, None)),
    "postmark": ("postmark", ("SERVER_TOKEN", None, None)),
    "resend": ("resend", ("API_KEY", None, None)),
    "scaleway": ("scaleway", ("SECRET_KEY", "PROJECT_ID", None)),
    "sparkpost": ("sparkpost", ("API_KEY", None, None)),
}


def value(name: str) -> str | None:
    """Return NAME, or what stands in the file that NAME_FILE names; None when neither is set.

    Raises ImproperlyConfigured when both are set, or the file is empty or cannot be read.
    """
    given, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if given and path:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; which one is meant?")
    if not path:
        return given or None
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE: {path} cannot be read.") from error
    if not text:
        raise ImproperlyConfigured(f"{name}_FILE: {path} is empty.")
    return text


def required(name: str) -> str:
    """Return a value that production cannot start without."""
    if found := value(name):
        return found
    raise ImproperlyConfigured(f"Production needs {name} (or {name}_FILE).")


def flag(name: str, *, default: bool) -> bool:
    """Return whether a switch is on."""
    given = os.environ.get(name)
    if given is None:
        return default
    if given.strip().lower() not in YES | NO:
        raise ImproperlyConfigured(f"{name} is either 1 or 0, not “{given}”.")
    return given.strip().lower() in YES


def number(name: str, *, default: int, most: int = 10**9) -> int:
    """Return a whole number from 0."""
    given = os.environ.get(name, "").strip()
    if not given:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", given) or int(given) > most:
        raise ImproperlyConfigured(f"{name} is a number from 0 to {most}, not “{given}”.")
    return int(given)


def choice(name: str, choices: Collection[str], *, default: str) -> str:
    """Return one of a few words."""
    given = os.environ.get(name) or default
    if given not in choices:
        words = " or ".join(f"“{one}”" for one in choices)
        raise ImproperlyConfigured(f"{name} is {words}, not “{given}”.")
    return given


def words(name: str, *, default: Collection[str] = ()) -> list[str]:
    """Return a list that was separated by commas."""
    given = value(name)
    return [one.strip() for one in given.split(",") if one.strip()] if given else list(default)


def checked_key(name: str, key: str) -> str:
    """Return a signing key, unless it is short or one that somebody could guess."""
    if len(key) < SHORTEST_KEY:
        raise ImproperlyConfigured(f"{name} is too short: at least {SHORTEST_KEY} characters.")
    if len(set(key)) < FEWEST_CHARACTERS or key.lower().startswith(PLACEHOLDERS):
        raise ImproperlyConfigured(
            f"{name} is a placeholder. Make one: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(64))"'
        )
    return key


def site_url(given: str, *, production: bool, insecure: bool) -> str:
    """Return the address of the site, without a slash at its end."""
    try:
        parts = urlsplit(given)
        _port = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured("SITE_URL must look like https://board.example.com")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ImproperlyConfigured("SITE_URL is a host alone, like https://board.example.com")
    if production and parts.scheme != "https" and not insecure:
        raise ImproperlyConfigured(
            "SITE_URL must be https, or SPRINTBOARD_INSECURE=1 must be meant."
        )
    return given.rstrip("/")


def checked_proxies(*, trusted: int, addresses: str, https: bool) -> None:
    """See that the proxies, their addresses and TLS fit together, in production."""
    if "*" in addresses:
        raise ImproperlyConfigured(
            "FORWARDED_ALLOW_IPS must name the proxies; “*” would let anybody pose as one."
        )
    if https and not trusted:
        raise ImproperlyConfigured(
            "SITE_URL is https, so a proxy ends TLS in front: set TRUSTED_PROXIES=1 and "
            "FORWARDED_ALLOW_IPS, or every page leads to itself for ever."
        )
    if trusted and not addresses:
        raise ImproperlyConfigured(
            "TRUSTED_PROXIES is set and FORWARDED_ALLOW_IPS is not: name the proxies' addresses."
        )
    if addresses and not trusted:
        raise ImproperlyConfigured(
            "FORWARDED_ALLOW_IPS is set and TRUSTED_PROXIES is 0: say how many proxies there are."
        )


def database(url: str, *, password: str | None, production: bool) -> dict[str, Any]:
    """Return what Django is told of the database."""
    try:
        found: dict[str, Any] = environ.Env.db_url_config(url)
    except (ImproperlyConfigured, ValueError):
        found = {}
    engine = str(found.get("ENGINE", ""))
    if not engine.endswith(("postgresql", "sqlite3")):
        raise ImproperlyConfigured("DATABASE_URL must look like postgres://user@host/name")
    if production and not engine.endswith("postgresql"):
        raise ImproperlyConfigured("Production needs PostgreSQL: DATABASE_URL names SQLite.")
    if engine.endswith("postgresql") and not found.get("NAME"):
        raise ImproperlyConfigured("DATABASE_URL names no database: postgres://user@host/name")
    if password and found.get("PASSWORD"):
        raise ImproperlyConfigured("DATABASE_URL and DATABASE_PASSWORD both hold a password.")
    return {**found, "PASSWORD": password} if password else found


def redis_url(url: str | None) -> str | None:
    """Return the broker's address."""
    if url and urlsplit(url).scheme not in {"redis", "rediss"}:
        raise ImproperlyConfigured("REDIS_URL must look like redis://host:6379/0")
    return url


def mail(url: str, *, production: bool) -> dict[str, Any]:
    """Return Django's and anymail's settings for an address such as smtp+tls://… or postmark://…"""
    parts = urlsplit(url)
    if parts.scheme in PROVIDERS:
        return _provider(url)
    if production and parts.scheme in NOWHERE:
        raise ImproperlyConfigured(f"EMAIL_URL: {parts.scheme} leads nowhere outside.")
    try:
        found: dict[str, Any] = environ.Env.email_url_config(url)
    except (ImproperlyConfigured, ValueError):
        found = {}
    if not found or (parts.scheme.startswith("smtp") and not parts.hostname):
        known = ", ".join(sorted(PROVIDERS))
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp+tls://user:password@host:587, "
            f"or begin with one of {known} (docs/operating.md)."
        )
    return found


def _provider(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    name, (user, password, host) = PROVIDERS[parts.scheme]
    given = {user: parts.username, password: parts.password, host: parts.hostname}
    found = {key: unquote(text) for key, text in given.items() if key and text}
    missing = [key for key in (user, password, host) if key and key not in found]
    if missing:
        raise ImproperlyConfigured(f"EMAIL_URL: {parts.scheme} needs {' and '.join(missing)}.")
    options = {key.upper(): text for key, text in parse_qsl(parts.query)}
    prefix = name.upper()
    return {
        "EMAIL_BACKEND": f"anymail.backends.{name}.EmailBackend",
        "ANYMAIL": {
            **{f"{prefix}_{key}": text for key, text in {**found, **options}.items()},
            # below the deadline of our own SMTP client, and far below the lease of a row
            "REQUESTS_TIMEOUT": (5, 20),
        },
    }


def secrets_of(provider: Mapping[str, Any]) -> list[str]:
    """Return what of a mail provider's settings nobody may read in a log."""
    return [
        text
        for name, text in provider.items()
        if name.endswith(("_KEY", "_SECRET", "_TOKEN")) and isinstance(text, str)
    ]


def sender(given: str) -> str:
    """Return who mails come from."""
    _name, address = parseaddr(given)
    local, _at, host = address.rpartition("@")
    whole = given.strip() == address or given.strip().endswith(f"<{address}>")
    if not whole or not local or not re.fullmatch(r"[\w.-]+|\[[\w.:]+\]", host):
        raise ImproperlyConfigured(
            f"MAIL_FROM must look like Sprintboard <board@example.com>, not “{given}”."
        )
    return given


def token(name: str) -> str | None:
    """Return a token that opens a door, or None when the door is shut."""
    found = value(name)
    if found and len(found) < SHORTEST_TOKEN:
        raise ImproperlyConfigured(f"{name} is too short: at least {SHORTEST_TOKEN} characters.")
    return found
