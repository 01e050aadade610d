"""What Celery is told. Why each line stands here: docs/running.md, "The queue"."""

from typing import Any

from celery.schedules import crontab
from django.conf import settings

from sprintboard.broker import SCHEME

# The broker: Redis where there is one, else a folder of files ------------------------------------
if settings.REDIS_URL:
    broker_url = settings.REDIS_URL
    visibility_timeout = 900
    broker_transport_options: dict[str, Any] = {
        "visibility_timeout": visibility_timeout,
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
    }
else:
    broker_url = f"{SCHEME}://localhost//"
    broker_transport_options = {
        "folder": str(settings.HOME / "queue"),
        "polling_interval": 0.2,
    }
broker_connection_timeout = 1
broker_connection_max_retries = None
broker_connection_retry_on_startup = True

# Ringing never delays who rings ------------------------------------------------------------------
# One try: a frozen Redis costs socket_timeout once, where the second try makes it three times that.
# (A connection that was merely cut is opened again by redis-py itself.) The sweep finds the rest.
task_publish_retry = False

# A task may run twice, never be lost half-way ----------------------------------------------------
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
task_time_limit = 300
task_soft_time_limit = 240
task_ignore_result = True
result_backend = None
accept_content = ["json"]
task_serializer = "json"

# The worker --------------------------------------------------------------------------------------
worker_max_tasks_per_child = 500
worker_max_memory_per_child = 300_000
worker_soft_shutdown_timeout = 8
worker_cancel_long_running_tasks_on_connection_loss = True
worker_send_task_events = False
worker_enable_remote_control = False
worker_hijack_root_logger = False

# Beat only says "look now": jobs find their work by the state of the rows ------------------------
timezone = "UTC"
beat_scheduler = "sprintboard.celery:MemoryScheduler"
beat_cron_starting_deadline = 3600
SWEEPS = (
    "people.jobs.sweep",
    "conversation.jobs.sweep",
    "backlog.jobs.sweep",
    "backlog.jobs.escalate",
    "requests_intake.jobs.sweep",
    "reviews.jobs.sweep",
    "notifications.jobs.sweep",
    "notifications.inbox.jobs.sweep",
)
beat_schedule = {
    name: {"task": name, "schedule": crontab(), "options": {"expires": 50}} for name in SWEEPS
}
