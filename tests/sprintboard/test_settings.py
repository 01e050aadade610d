"""Nothing half configured starts: each wrong or missing value is one sentence that names it."""

from __future__ import annotations

import runpy
import secrets
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from sprintboard import checks as ours
from sprintboard import environment

SETTINGS = Path(__file__).parents[2] / "sprintboard" / "settings.py"
KEY = secrets.token_urlsafe(64)
WHOLE = {
    "SPRINTBOARD_MODE": "production",
    "SECRET_KEY": KEY,
    "SITE_URL": "https://board.example.com",
    "DATABASE_URL": "postgres://sprintboard@db.example.com/sprintboard",
    "REDIS_URL": "redis://redis.example.com:6379/0",
    "EMAIL_URL": "smtp+tls://user:word@smtp.example.com:587",
    "TRUSTED_PROXIES": "1",
    "FORWARDED_ALLOW_IPS": "10.0.0.1",
}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that loads the settings as a new process would."""

    def loaded(**changes: str | None) -> dict[str, Any]:
        for name in (*WHOLE, "DATABASE_PASSWORD", "SPRINTBOARD_INSECURE", "LOG_LEVEL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("SPRINTBOARD_HOME", str(tmp_path))
        for name, value in {**WHOLE, **changes}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return loaded


def test_a_whole_configuration_loads(load: Any) -> None:
    found = load()
    assert found["ALLOWED_HOSTS"] == ["board.example.com"]
    assert found["SESSION_COOKIE_SECURE"] is True
    assert not (Path(found["HOME"]) / "secret_key").exists(), "production makes no key of its own"


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "SITE_URL", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"]
)
@pytest.mark.parametrize("value", [None, ""])
def test_production_needs_each_of_these(load: Any, name: str, value: str | None) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"Production needs {name} "):
        load(**{name: value})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"SPRINTBOARD_MODE": "prod"},
            "SPRINTBOARD_MODE is “embedded” or “production”",
        ),
        ({"DEBUG": "1"}, "DEBUG=1 would show"),
        ({"DEBUG": "perhaps"}, "DEBUG is either 1 or 0, not “perhaps”."),
        ({"SECRET_KEY": "x" * 49}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY is a placeholder"),
        ({"SECRET_KEY": f"django-insecure-{KEY}"}, "SECRET_KEY is a placeholder"),
        ({"SECRET_KEY": f"change-me-{KEY}"}, "SECRET_KEY is a placeholder"),
        ({"SECRET_KEY_FALLBACKS": "short"}, "SECRET_KEY_FALLBACKS is too short"),
        ({"SECRET_KEY_FILE": "/somewhere"}, "SECRET_KEY and SECRET_KEY_FILE are both set"),
        ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nowhere/key"}, "/nowhere/key cannot be read"),
        (
            {"SECRET_KEY": None, "SECRET_KEY_FILE": "/dev/null"},
            "/dev/null is empty",
        ),
        ({"SITE_URL": "board.example.com"}, "SITE_URL must look like"),
        ({"SITE_URL": "https://board.example.com:port"}, "SITE_URL must look like"),
        ({"SITE_URL": "https://example.com/board"}, "SITE_URL is a host alone"),
        ({"SITE_URL": "http://board.example.com"}, "SITE_URL must be https"),
        ({"EXTRA_HOSTS": "*"}, "EXTRA_HOSTS must name hosts"),
        ({"EXTRA_HOSTS": "*.example.com"}, "EXTRA_HOSTS must name hosts"),
        ({"TRUSTED_PROXIES": "many"}, "TRUSTED_PROXIES is a number"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES is a number"),
        ({"TRUSTED_PROXIES": "0"}, "set TRUSTED_PROXIES=1"),
        ({"FORWARDED_ALLOW_IPS": "*"}, "FORWARDED_ALLOW_IPS must name the proxies"),
        ({"FORWARDED_ALLOW_IPS": None}, "FORWARDED_ALLOW_IPS is not"),
        (
            {
                "TRUSTED_PROXIES": None,
                "SITE_URL": "http://board.example.com",
                "SPRINTBOARD_INSECURE": "1",
            },
            "TRUSTED_PROXIES is 0",
        ),
        ({"DATABASE_URL": "sqlite:////data/db.sqlite3"}, "Production needs PostgreSQL"),
        ({"DATABASE_URL": "mysql://root@db/sprintboard"}, "DATABASE_URL must look like"),
        ({"DATABASE_URL": "postgres://user@host:port/name"}, "DATABASE_URL must look like"),
        ({"DATABASE_URL": "postgres://user@host"}, "DATABASE_URL names no database"),
        (
            {"DATABASE_URL": "postgres://user:word@host/name", "DATABASE_PASSWORD": "word"},
            "DATABASE_URL and DATABASE_PASSWORD both",
        ),
        ({"CONN_MAX_AGE": "a minute"}, "CONN_MAX_AGE is a number"),
        ({"REDIS_URL": "http://redis:6379"}, "REDIS_URL must look like"),
        ({"EMAIL_URL": "consolemail://"}, "EMAIL_URL: consolemail leads nowhere"),
        ({"EMAIL_URL": "filemail:///tmp/mail"}, "EMAIL_URL: filemail leads nowhere"),
        ({"EMAIL_URL": "pigeon://coop"}, "EMAIL_URL must look like"),
        ({"EMAIL_URL": "smtp://"}, "EMAIL_URL must look like"),
        ({"EMAIL_URL": "postmark://"}, "EMAIL_URL: postmark needs SERVER_TOKEN."),
        ({"EMAIL_URL": "mailgun://key@"}, "EMAIL_URL: mailgun needs SENDER_DOMAIN."),
        ({"MAIL_FROM": "Sprintboard"}, "MAIL_FROM must look like"),
        ({"MAIL_FROM": "board@exa mple.com"}, "MAIL_FROM must look like"),
        ({"EMAIL_VERIFICATION": "maybe"}, "EMAIL_VERIFICATION is"),
        ({"SPRINTBOARD_OUTBOX": "stopped"}, "SPRINTBOARD_OUTBOX is “running” or “paused”"),
        ({"METRICS_TOKEN": "guess"}, "METRICS_TOKEN is too short"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT is"),
        ({"HSTS_SECONDS": "a year"}, "HSTS_SECONDS is a number"),
        ({"PORT": "99999"}, "PORT is a number"),
    ],
    ids=lambda it: "-".join(it) if isinstance(it, dict) else "",
)
def test_a_wrong_value_is_refused_in_a_sentence(
    load: Any, changes: dict[str, str | None], sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        load(**changes)
    assert sentence in str(refused.value)
    assert KEY not in str(refused.value)


def test_secrets_come_from_files_too(load: Any, tmp_path: Path) -> None:
    for name, text in {
        "SECRET_KEY": KEY,
        "DATABASE_PASSWORD": "word",
        "EMAIL_URL": WHOLE["EMAIL_URL"],
    }.items():
        (tmp_path / name).write_text(f"{text}\n")
    found = load(
        SECRET_KEY=None,
        SECRET_KEY_FILE=str(tmp_path / "SECRET_KEY"),
        DATABASE_PASSWORD_FILE=str(tmp_path / "DATABASE_PASSWORD"),
        EMAIL_URL=None,
        EMAIL_URL_FILE=str(tmp_path / "EMAIL_URL"),
    )
    assert found["SECRET_KEY"] == KEY
    assert found["DATABASES"]["default"]["PASSWORD"] == "word"
    assert found["EMAIL_HOST"] == "smtp.example.com"


def test_an_older_key_still_opens_what_it_signed(load: Any) -> None:
    older = secrets.token_urlsafe(64)
    assert load(SECRET_KEY_FALLBACKS=older)["SECRET_KEY_FALLBACKS"] == [older]


@pytest.mark.parametrize("provider", sorted(environment.PROVIDERS))
def test_every_mail_provider_can_be_configured(provider: str, settings: Any, load: Any) -> None:
    found = load(EMAIL_URL=f"{provider}://first%2Fkey:second@mg.example.com")
    settings.EMAIL_BACKEND, settings.ANYMAIL = found["EMAIL_BACKEND"], found["ANYMAIL"]
    connection = get_connection()
    assert type(connection).__module__ == f"anymail.backends.{environment.PROVIDERS[provider][0]}"
    assert "first/key" in found["ANYMAIL"].values()
    assert "first/key" in found["KNOWN_SECRETS"]


@pytest.mark.parametrize("provider", sorted(environment.PROVIDERS))
def test_the_log_knows_a_providers_secret(provider: str, load: Any) -> None:
    found = load(EMAIL_URL=f"{provider}://first-first:second-second@mg.example.com")
    hidden = {"first-first", "second-second"} if provider == "mailjet" else {"first-first"}
    assert hidden <= set(found["KNOWN_SECRETS"])


def test_a_providers_other_settings_follow_as_a_query(load: Any) -> None:
    found = load(EMAIL_URL="mailgun://key@mg.example.com?api_url=https://api.eu.mailgun.net/v3")
    assert found["ANYMAIL"]["MAILGUN_API_URL"] == "https://api.eu.mailgun.net/v3"
    assert found["ANYMAIL"]["MAILGUN_SENDER_DOMAIN"] == "mg.example.com"


# manage.py check --deploy ------------------------------------------------------------------------


def complaints() -> set[str]:
    found = checks.run_checks(include_deployment_checks=True)
    return {str(one.id) for one in found if str(one.id).startswith("sprintboard.")}


def test_nothing_is_complained_of_here(settings: Any, tmp_path: Path) -> None:
    settings.HOME, settings.SECRET_KEY = tmp_path, KEY
    settings.ALLOWED_HOSTS = ["board.example.com"]
    settings.DEFAULT_FROM_EMAIL = "Sprintboard <board@example.com>"
    assert complaints() == set()


@pytest.mark.parametrize("host", ["*", ".example.com"])
def test_a_wild_host_is_complained_of(settings: Any, host: str) -> None:
    settings.ALLOWED_HOSTS = ["board.example.com", host]
    assert "sprintboard.E001" in complaints()


@pytest.mark.parametrize("address", ["board@localhost", "Board <board@printer.local>"])
def test_a_sender_that_is_nobody_is_complained_of(settings: Any, address: str) -> None:
    settings.DEFAULT_FROM_EMAIL = address
    assert "sprintboard.E002" in complaints()


def test_a_key_from_the_documentation_is_complained_of(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR, settings.SECRET_KEY = tmp_path, KEY
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "example.md").write_text(f"SECRET_KEY={KEY}")
    assert "sprintboard.E003" in complaints()


def test_the_documentation_that_we_ship_is_looked_at() -> None:
    names = {path.name for path in ours._printed()}
    assert {"README.md", "running.md", "docker-compose.yml", "example.env"} <= names


@pytest.mark.parametrize(("mode", "complains"), [(0o644, True), (0o440, False), (0o400, False)])
def test_a_secret_that_everybody_reads_is_complained_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, complains: bool
) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(mode)
    monkeypatch.setenv("SECRET_KEY_FILE", str(key))
    assert ("sprintboard.W004" in complaints()) == complains


def test_a_folder_that_is_not_there_is_complained_of(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path / "nothing"
    assert "sprintboard.E005" in complaints()
