"""The Celery application: doorbells between the web process and the worker.

Rows in the database are the truth; a task says "look now". So nothing here needs a result, a
countdown or a retry, and a lost, doubled or late task changes nothing (docs/running.md).
"""

import os
import time
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.beat import Scheduler
from celery.signals import celeryd_init, setup_logging, task_postrun
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.dispatch import receiver
from django_structlog.celery import signals as log_signals
from django_structlog.celery.receivers import CeleryReceiver
from structlog.contextvars import bind_contextvars

from sprintboard.server.probe import mark

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprintboard.settings")

app = Celery("sprintboard")
# by name, so that importing this module (sprintboard/__init__.py does) needs no settings yet
app.config_from_object("sprintboard.celeryconfig")
app.autodiscover_tasks(related_name="jobs")

EMBEDDED_WORKER = [
    "--quiet",
    "worker",
    "--pool=threads",
    "--concurrency=2",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
    "--loglevel=WARNING",
]
EMBEDDED_BEAT = ["--quiet", "beat", "--pidfile=", "--loglevel=WARNING"]


class MemoryScheduler(Scheduler):
    """Beat with its schedule in memory: there is no file to corrupt or to be out of date.

    It looks at once after a start, not at the next full minute: what fell due meanwhile is late.
    """

    def setup_schedule(self) -> None:
        """Take the entries from the configuration, each due now."""
        self.merge_inplace(self.app.conf.beat_schedule)
        for entry in self.schedule.values():
            entry.last_run_at = entry.default_now() - timedelta(minutes=2)


@celeryd_init.connect
def wait_longer_for_the_broker(conf: Any, **kwargs: Any) -> None:
    """A worker may wait for Redis; a web request that rings may not."""
    if "socket_timeout" in conf.broker_transport_options:
        conf.broker_transport_options = {
            **conf.broker_transport_options,
            "socket_timeout": 10,
            "retry_on_timeout": True,
        }


@task_postrun.connect
def mark_life(**kwargs: Any) -> None:
    """Tell the container's health check, and the rows that all processes read, that it works."""
    mark(settings.HOME).touch()
    life.note()


class Life:
    """Notes in the database that this worker works, not more often than anybody looks."""

    every = timedelta(seconds=20)

    def __init__(self) -> None:
        self._noted = -self.every.total_seconds()

    def note(self) -> None:
        """Set the mark; a database that is away will hear of it later."""
        from activity.actions import set_mark  # noqa: PLC0415 - models, once they are loaded
        from activity.models import Mark  # noqa: PLC0415

        if time.monotonic() - self._noted < self.every.total_seconds():
            return
        try:
            set_mark(Mark.WORKER)
        except (DatabaseError, InterfaceError):
            return
        self._noted = time.monotonic()


life = Life()

# What the log says of jobs ------------------------------------------------------------------------
job_log = CeleryReceiver()  # kept by this name: signals hold their receivers weakly
job_log.connect_worker_signals()


@setup_logging.connect
def leave_logging_alone(**kwargs: Any) -> None:
    """Celery adds no handlers where somebody answers this: the settings have set up the log."""


@receiver(log_signals.modify_context_before_task_publish)
def hand_on_the_request_only(context: dict[str, Any], **kwargs: Any) -> None:
    """A message carries the id of the request that caused it, and nothing else of its context."""
    request_id = context.get("request_id")
    context.clear()
    if request_id:
        context["request_id"] = request_id


@receiver(log_signals.bind_extra_task_metadata)
def name_the_job(task: Any, **kwargs: Any) -> None:
    """Each line that a job logs names it, and the row that it is about."""
    bind_contextvars(job=task.name)
    row = next(iter(task.request.args or ()), None)
    if isinstance(row, int):
        bind_contextvars(**{"outbox_id" if task.name == DELIVER else "row_id": row})


DELIVER = "notifications.jobs.deliver"
