"""The Celery application: doorbells between the web process and the worker.

Rows in the database are the truth; a task says "look now". So nothing here needs a result, a
countdown or a retry, and a lost, doubled or late task changes nothing (docs/running.md).
"""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.beat import Scheduler
from celery.signals import celeryd_init, task_postrun
from django.conf import settings

from sprintboard.server.probe import MARK

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
    """Leave the mark by which a health check tells a worker that works from one that hangs."""
    (settings.HOME / MARK).touch()
