"""The container files name only what exists. Nothing here builds an image: there is no engine."""

import importlib.util
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from celery.bin.base import CLIContext
from celery.bin.celery import celery
from django.core.management import get_commands

from sprintboard import celery_app

ROOT = Path(__file__).parents[2]
CLI = CLIContext(app=celery_app, no_color=True, workdir=None)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: it for name, it in COMPOSE["services"].items() if it["image"] == "sprintboard"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])((?:[^${}]|\$\{[^}]*\})*))?\}")


def commands() -> list[tuple[str, list[str]]]:
    """Return each command that runs our image, health checks too."""
    found = [(f"{name} runs", it["command"]) for name, it in OURS.items()]
    found += [
        (f"{name} is checked by", it["healthcheck"]["test"][1:])
        for name, it in OURS.items()
        if "healthcheck" in it
    ]
    found += [
        (f"image: {line}", yaml.safe_load(line.removeprefix("CMD ")))
        for line in DOCKERFILE.splitlines()
        if line.startswith("CMD ")
    ]
    return found


def exists(command: list[str]) -> bool:
    match command:
        case ["python", "-m", module, *_]:
            return importlib.util.find_spec(module) is not None
        case ["python", "manage.py", name, *_]:
            return name in get_commands()
        case ["celery", "-A", "sprintboard", part, *arguments]:
            try:
                celery.commands[part].make_context(part, arguments, obj=CLI)
            except click.UsageError:
                return False
            return True
    return False


@pytest.mark.parametrize("command", [pytest.param(it, id=name) for name, it in commands()])
def test_every_command_exists(command: list[str]) -> None:
    assert exists(command)


@pytest.mark.parametrize(
    "command",
    [
        ["python", "-m", "sprintboard.nothing"],
        ["python", "manage.py", "nothing"],
        ["celery", "-A", "sprintboard", "worker", "--nothing"],
        ["nothing"],
    ],
)
def test_a_command_that_does_not_exist_would_be_noticed(command: list[str]) -> None:
    assert not exists(command)


def filled_in(text: str, values: dict[str, str]) -> str:
    """Return a value as compose fills it in: ${NAME}, ${NAME:-default}, ${NAME:?why}."""

    def one(match: re.Match[str]) -> str:
        name, how, rest = match.groups()
        if values.get(name):
            return values[name]
        assert how != "?", f"{name} has to be in deploy/example.env"
        return filled_in(rest or "", values)

    return VARIABLE.sub(one, text)


def example() -> dict[str, str]:
    """Return deploy/example.env as somebody would fill it in."""
    lines = (ROOT / "deploy" / "example.env").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    return {name: value or "chosen-by-somebody" for name, value in pairs}


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_settings_load_with_the_environment_of_each_part(name: str, tmp_path: Path) -> None:
    key = tmp_path / "secret_key"
    key.write_text(secrets.token_urlsafe(64))
    environment = {
        variable: filled_in(value, example())
        for variable, value in OURS[name]["environment"].items()
    }
    assert environment["SECRET_KEY_FILE"] == "/run/secrets/secret_key"
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            **environment,
            "SECRET_KEY_FILE": str(key),
            "SPRINTBOARD_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_production_does_not_start_without_what_it_needs(tmp_path: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SPRINTBOARD_MODE": "production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode != 0
    assert "Production needs SECRET_KEY (or SECRET_KEY_FILE)." in checked.stderr


def test_every_part_is_named_that_architecture_and_docs_promise() -> None:
    assert {"caddy", "web", "worker", "beat", "postgres", "redis"} <= set(COMPOSE["services"])


@pytest.mark.parametrize("name", ["web", "worker", "postgres", "redis"])
def test_what_others_wait_for_has_a_health_check(name: str) -> None:
    assert COMPOSE["services"][name]["healthcheck"]["test"]


def test_volumes_and_secrets_are_declared() -> None:
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists()
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_the_image_copies_only_what_exists_and_is_let_in() -> None:
    let_in = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert all((ROOT / name).exists() for name in let_in)
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        for source in line.split():
            assert source == "." or source.split("/")[0] in let_in


def test_the_image_holds_every_app() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    let_in = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in packages} <= set(let_in)


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert users == ["sprintboard"]
