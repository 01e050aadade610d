"""`manage.py check --deploy`: what starts, and still should not go live like this."""

from __future__ import annotations

import os
import stat
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

# Where a key may have been copied from: everybody can read it there
PRINTED_IN = ("README.md", "CONTRIBUTING.md", "docs", "deploy", "docker-compose.yml", "tests")
READABLE = {".md", ".yml", ".env", ".service", ".conf", ".py", ".sh"}
SECRET_FILES = (
    "SECRET_KEY_FILE",
    "DATABASE_URL_FILE",
    "DATABASE_PASSWORD_FILE",
    "REDIS_URL_FILE",
    "EMAIL_URL_FILE",
    "METRICS_TOKEN_FILE",
)


@register(Tags.security, deploy=True)
def hosts_are_named(**kwargs: Any) -> list[CheckMessage]:
    """A wildcard host lets anybody's Host header into what we build of it."""
    wild = [host for host in settings.ALLOWED_HOSTS if "*" in host or host.startswith(".")]
    return [
        Error(f"ALLOWED_HOSTS trusts any host: {host}.", id="sprintboard.E001") for host in wild
    ]


@register(Tags.security, deploy=True)
def mails_come_from_somewhere(**kwargs: Any) -> list[CheckMessage]:
    """A made-up sender is refused, or takes the blame for others' mail."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    if host == "localhost" or host.endswith((".invalid", ".local", ".localhost")):
        return [
            Error(
                f"Mails would come from {host}, where nobody is.",
                hint="Set MAIL_FROM to an address of a domain of yours.",
                id="sprintboard.E002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def no_key_was_printed(**kwargs: Any) -> list[CheckMessage]:
    """A key that stands in the documentation is everybody's."""
    found = [path for path in _printed() if settings.SECRET_KEY in path.read_text(errors="replace")]
    return [
        Error(f"SECRET_KEY stands in {path.name}: make one of your own.", id="sprintboard.E003")
        for path in found
    ]


@register(Tags.security, deploy=True)
def secrets_are_private(**kwargs: Any) -> list[CheckMessage]:
    """A secret in a file that every account can read is none."""
    paths = {name: Path(os.environ[name]) for name in SECRET_FILES if os.environ.get(name)}
    return [
        checks.Warning(
            f"{name}: everybody on this machine can read {path}.",
            hint="chmod o-rwx it, and let the program's own group read it.",
            id="sprintboard.W004",
        )
        for name, path in paths.items()
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & stat.S_IROTH
    ]


@register(Tags.security, deploy=True)
def what_is_written_can_be(**kwargs: Any) -> list[CheckMessage]:
    """The folder for state has to be there and writable, and so has that of files once it is."""
    folders = {"SPRINTBOARD_HOME": Path(settings.HOME), "Files": Path(settings.MEDIA_ROOT)}
    return [
        Error(f"{name}: {path} cannot be written.", id="sprintboard.E005")
        for name, path in folders.items()
        if (name == "SPRINTBOARD_HOME" or path.exists()) and not os.access(path, os.W_OK | os.X_OK)
    ]


def _printed() -> list[Path]:
    roots = [settings.BASE_DIR / name for name in PRINTED_IN]
    files = [root for root in roots if root.is_file()]
    folders = [root for root in roots if root.is_dir()]
    files += [path for root in folders for path in root.rglob("*") if path.suffix in READABLE]
    return [path for path in files if path.is_file()]
