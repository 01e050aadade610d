"""The container files name only what exists. Nothing here builds an image: there is no engine."""

import importlib.util
import os
import re
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
DEPLOY = ROOT / "deploy"
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])((?:[^${}]|\$\{[^}]*\})*))?\}")


def commands() -> list[tuple[str, list[str]]]:
    """Return each command that runs our image, health checks too."""
    found = [(f"{name} runs", it["command"]) for name, it in OURS.items()]
    found += [
        (f"{name} is checked by", it["healthcheck"]["test"][1:])
        for name, it in OURS.items()
        if "test" in it.get("healthcheck", {})
    ]
    found += [
        (f"image: {line}", yaml.safe_load(line.removeprefix("CMD ")))
        for line in DOCKERFILE.splitlines()
        if line.startswith("CMD ")
    ]
    found += [
        (f"image is checked by: {line}", yaml.safe_load(line.removeprefix("    CMD ")))
        for line in DOCKERFILE.splitlines()
        if line.startswith("    CMD ")
    ]
    found += [
        (path.name, started.removeprefix("/opt/sprintboard/.venv/bin/").split())
        for path in sorted((DEPLOY / "systemd").glob("*.service"))
        for started in re.findall(r"^ExecStart=(.*)$", path.read_text(), re.MULTILINE)
    ]
    return found


def exists(command: list[str]) -> bool:
    match command:
        case ["python", "-m", module, *_]:
            return importlib.util.find_spec(module) is not None
        case ["python", "manage.py", name, *_]:
            return name in get_commands()
        case ["celery", "-A", "sprintboard", "--quiet", part, *arguments]:
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
        ["celery", "-A", "sprintboard", "--quiet", "worker", "--nothing"],
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
    lines = (DEPLOY / "example.env").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    return {name: value or "chosen-by-somebody" for name, value in pairs}


def make_secrets(folder: Path) -> str:
    """Run the script that an operator runs; return what it said."""
    done = subprocess.run(
        ["sh", str(DEPLOY / "make-secrets.sh"), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def secret_files(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    make_secrets(folder)
    address = folder / "email_url"
    address.chmod(0o640)
    address.write_text("smtp+tls://user:password@smtp.example.com:587\n")
    address.chmod(0o440)
    return folder


def test_secrets_are_made_once_and_for_few_eyes(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    said = make_secrets(folder)
    assert "fill in" in said
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(made) == set(COMPOSE["secrets"])
    assert len(made["secret_key"]) >= 60
    assert min(len(made[name]) for name in ("postgres_password", "metrics_token")) >= 20
    assert all(path.stat().st_mode & 0o337 == 0 for path in folder.iterdir())
    assert folder.stat().st_mode & 0o027 == 0
    make_secrets(folder)
    assert made == {path.name: path.read_text() for path in folder.iterdir()}
    assert len({*made.values()}) == len(made), "each is another one"


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_settings_load_with_the_environment_of_each_part(
    name: str, tmp_path: Path, secret_files: Path
) -> None:
    environment = {
        variable: filled_in(value, example()).replace("/run/secrets", str(secret_files))
        for variable, value in OURS[name]["environment"].items()
    }
    assert {path.name for path in secret_files.iterdir()} == set(OURS[name]["secrets"])
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment, "SPRINTBOARD_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_a_mail_address_that_was_forgotten_is_refused_by_name(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")
    values = {**OURS["web"]["environment"], "SPRINTBOARD_HOME": str(tmp_path)}
    checked = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            **{
                name: filled_in(value, example()).replace("/run", str(tmp_path))
                for name, value in values.items()
            },
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "EMAIL_URL_FILE: " in checked.stderr
    assert "is empty" in checked.stderr


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


@pytest.mark.parametrize("name", ["caddy", "web", "worker", "postgres", "redis"])
def test_what_others_wait_for_has_a_health_check(name: str) -> None:
    assert COMPOSE["services"][name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_every_part_runs_with_as_little_as_it_can(name: str) -> None:
    it = COMPOSE["services"][name]
    assert it["read_only"] is True
    assert it["cap_drop"] == ["ALL"]
    assert it["security_opt"] == ["no-new-privileges:true"]
    assert it["restart"] == ("no" if name in {"migrate", "backup"} else "unless-stopped")
    if name in OURS:
        assert "cap_add" not in it


@pytest.mark.parametrize("name", ["web", "worker", "beat", "postgres", "redis"])
def test_every_part_gets_time_to_end(name: str) -> None:
    assert int(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")) >= 30


def test_the_worker_gives_back_what_it_cannot_finish() -> None:
    assert OURS["worker"]["environment"]["REMAP_SIGTERM"] == "SIGQUIT"
    assert "REMAP_SIGTERM=SIGQUIT" in (DEPLOY / "systemd/sprintboard-worker.service").read_text()


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_is_written_lies_in_a_volume(name: str) -> None:
    targets = {volume.split(":")[1] for volume in OURS[name]["volumes"]}
    targets |= {it.split(":")[0] for it in OURS[name]["tmpfs"]}
    written = {*re.findall(r"(?:SPRINTBOARD_HOME|RUNTIME_DIRECTORY)=(\S+)", DOCKERFILE)}
    written -= {"/tmp/build"}  # noqa: S108 - while the image is made
    written |= {part for part in OURS[name]["command"] if part.startswith("/")}
    assert "/var/lib/sprintboard" in written
    assert written <= targets


def test_no_secret_stands_in_the_image_or_in_the_compose_file() -> None:
    assert not re.findall(r"^(?:ARG|ENV)\b.*(?:SECRET|PASSWORD|TOKEN)", DOCKERFILE, re.MULTILINE)
    for it in COMPOSE["services"].values():
        for variable, value in it.get("environment", {}).items():
            if re.search("SECRET|PASSWORD|TOKEN|EMAIL_URL", variable):
                assert variable.endswith("_FILE")
                assert str(value).startswith("/run/secrets/")
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"deploy/secrets/", ".env"} <= set(ignored)


def test_every_image_has_a_pinned_tag() -> None:
    named = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    named += [it["image"] for it in COMPOSE["services"].values() if it["image"] != "sprintboard"]
    assert len(named) >= 6
    assert all(re.search(r":\d+(\.\d+)?", name) for name in named)


def test_dump_and_server_are_of_the_same_postgresql() -> None:
    (client,) = re.findall(r"postgresql-client-(\d+)", DOCKERFILE)
    assert COMPOSE["services"]["postgres"]["image"].startswith(f"postgres:{client}-")


def test_volumes_and_secrets_are_declared() -> None:
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists()
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    used = [set(it.get("secrets", [])) for it in COMPOSE["services"].values()]
    assert set(COMPOSE["secrets"]) == set().union(*used)


@pytest.mark.parametrize("proxy", ["Caddyfile", "nginx.conf"])
def test_a_proxy_replaces_who_the_visitor_claims_to_be_and_keeps_numbers_inside(proxy: str) -> None:
    text = (DEPLOY / proxy).read_text()
    assert "/metrics" in text
    if proxy == "nginx.conf":
        addresses = re.findall(r"X-Forwarded-For (\S+);", text)
        assert addresses
        assert set(addresses) == {"$remote_addr"}


def test_services_write_only_where_systemd_lets_them() -> None:
    units = sorted((DEPLOY / "systemd").glob("*.service"))
    assert [unit.name for unit in units] == [
        f"sprintboard-{part}.service" for part in ("beat", "web", "worker")
    ]
    for unit in units:
        text = unit.read_text()
        assert "ProtectSystem=strict" in text
        assert "StateDirectory=sprintboard" in text
        assert f"RuntimeDirectory={unit.stem}" in text
        assert "TimeoutStopSec=30" in text


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
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    let_in = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in packages} <= set(let_in)


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert users == ["sprintboard"]
