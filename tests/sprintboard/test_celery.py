"""The queue: what beat rings exists, nobody waits long for a broker, nothing waits inside it."""

import importlib.util
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from celery.app.defaults import NAMESPACES, flatten
from django_structlog.celery import signals as log_signals
from structlog.contextvars import bound_contextvars, clear_contextvars, get_contextvars

from activity.models import Mark
from sprintboard import celery_app, celeryconfig
from sprintboard.celery import Life, MemoryScheduler, mark_life, wait_longer_for_the_broker
from sprintboard.server.probe import works

REDIS = "redis://127.0.0.1:1/0"


def configured(settings: Any, redis_url: str | None) -> ModuleType:
    """Return the configuration as it would be with this Redis, or with none."""
    settings.REDIS_URL = redis_url
    spec = importlib.util.spec_from_file_location("configured", celeryconfig.__file__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("entry", celeryconfig.beat_schedule.values(), ids=lambda it: it["task"])
def test_what_beat_rings_is_a_job(entry: dict[str, Any]) -> None:
    celery_app.loader.import_default_modules()
    assert entry["task"] in celery_app.tasks
    assert entry["options"]["expires"] < 60, "a ring that nobody heard is not kept for the next"


def test_every_sweep_is_rung() -> None:
    celery_app.loader.import_default_modules()
    sweeps = {name for name in celery_app.tasks if name.endswith((".jobs.sweep", ".jobs.escalate"))}
    assert sweeps == {entry["task"] for entry in celeryconfig.beat_schedule.values()}


def test_beat_rings_at_its_start_and_keeps_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scheduler = MemoryScheduler(celery_app)
    assert set(scheduler.schedule) == set(celeryconfig.beat_schedule)
    assert all(entry.is_due().is_due for entry in scheduler.schedule.values())
    assert not list(tmp_path.iterdir())


def test_a_ring_waits_two_seconds_at_most_and_a_worker_longer(settings: Any) -> None:
    options = configured(settings, REDIS).broker_transport_options
    assert options["socket_connect_timeout"] + options["socket_timeout"] <= 3
    assert not options["retry_on_timeout"]
    conf = SimpleNamespace(broker_transport_options=options)
    wait_longer_for_the_broker(conf=conf)
    assert conf.broker_transport_options["socket_timeout"] == 10
    assert conf.broker_transport_options["retry_on_timeout"]
    assert options["socket_timeout"] == 2, "the web process keeps its own"


def test_no_job_runs_longer_than_redis_hides_it(settings: Any) -> None:
    config = configured(settings, REDIS)
    assert config.task_soft_time_limit < config.task_time_limit < config.visibility_timeout
    assert config.broker_transport_options["visibility_timeout"] == config.visibility_timeout


def test_without_redis_the_queue_is_a_folder_of_this_installation(settings: Any) -> None:
    config = configured(settings, None)
    assert config.broker_url.startswith("sprintboardfs://")
    assert config.broker_transport_options["folder"] == str(settings.HOME / "queue")


def test_nothing_is_kept_in_the_broker_or_in_a_result(settings: Any) -> None:
    config = configured(settings, REDIS)
    assert config.result_backend is None
    assert config.task_ignore_result
    assert config.accept_content == ["json"], "a message can never run code"


@pytest.mark.django_db
def test_a_finished_job_is_a_sign_of_life(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sprintboard.celery.life", Life())
    settings.HOME = tmp_path
    assert not works(tmp_path)
    mark_life()
    assert Mark.objects.named(Mark.WORKER).exists()
    assert works(tmp_path)


# Each was tried against the faults it is for (docs/reliability.md); none changes unnoticed
PROVEN: dict[str, Any] = {
    "broker_transport_options": {
        "visibility_timeout": 900,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 1,
        "socket_timeout": 2,
        "retry_on_timeout": False,
        "health_check_interval": 10,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    "visibility_timeout": 900,
    "broker_connection_timeout": 1,
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "task_publish_retry": False,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_time_limit": 300,
    "task_soft_time_limit": 240,
    "task_ignore_result": True,
    "result_backend": None,
    "accept_content": ["json"],
    "task_serializer": "json",
    "worker_max_tasks_per_child": 500,
    "worker_max_memory_per_child": 300_000,
    "worker_soft_shutdown_timeout": 8,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "worker_send_task_events": False,
    "beat_cron_starting_deadline": 3600,
}
# Celery's guide names it beside the transport option; the list of its defaults lacks it
NOT_AMONG_THE_DEFAULTS = {"visibility_timeout"}


@pytest.mark.parametrize("name", PROVEN)
def test_a_proven_setting_is_as_it_was_tried(settings: Any, name: str) -> None:
    assert getattr(configured(settings, REDIS), name) == PROVEN[name]


def test_celery_knows_every_setting_by_its_name(settings: Any) -> None:
    known = {name for name, _ in flatten(NAMESPACES)} | NOT_AMONG_THE_DEFAULTS
    module = configured(settings, REDIS)
    ours = {name for name in vars(module) if name.islower() and not name.startswith("_")}
    imported = {"settings", "crontab"}
    assert ours - imported - known == set(), "Celery ignores unknown names in silence"


def test_a_message_carries_the_request_and_nothing_else_of_its_context() -> None:
    context = {"request_id": "abcdefgh", "user_id": 7}
    log_signals.modify_context_before_task_publish.send(sender=None, context=context)
    assert context == {"request_id": "abcdefgh"}


@pytest.mark.parametrize(
    ("name", "bound"), [("notifications.jobs.deliver", "outbox_id"), ("other.jobs.one", "row_id")]
)
def test_what_a_job_logs_names_it_and_its_row(name: str, bound: str) -> None:
    task = SimpleNamespace(name=name, request=SimpleNamespace(args=[17]))
    with bound_contextvars():
        log_signals.bind_extra_task_metadata.send(sender=None, task=task, logger=None)
        held = get_contextvars()
        assert (held["job"], held[bound]) == (name, 17)
    clear_contextvars()
