"""/metrics for Prometheus: what this process counted, and what the rows of all processes say."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from activity import clock
from activity.models import Mark
from notifications.models import OutboxItem

AGES = {
    Mark.WORKER: ("sprintboard_worker_heartbeat_age_seconds", "Since a worker finished a job"),
    Mark.BACKUP: ("sprintboard_backup_age_seconds", "Since a backup was written"),
}


@require_safe
@never_cache
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer who brings the token; to everybody else there is no such page."""
    expected = settings.METRICS_TOKEN
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    told = given.strip() if scheme.lower() == "bearer" else ""
    if not expected or not hmac.compare_digest(told.encode(), expected.encode()):
        raise Http404
    shared = CollectorRegistry()
    shared.register(Rows())
    body = generate_latest(REGISTRY) + generate_latest(shared)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


class MetricsDoorMiddleware:
    """Who scrapes each replica by its number has no name of the site to call it by; he has a token.

    The page builds nothing of the host that it was called by.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let /metrics through the check of the Host header."""
        if request.path == "/metrics":
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0]
        return self.get_response(request)


class Rows(Collector):
    """Numbers that every process reads alike: take one of them, do not add them up."""

    def collect(self) -> Iterator[Metric]:
        """Read the rows; without a database say so, and let the other numbers be seen."""
        up = GaugeMetricFamily("sprintboard_database_up", "1 when the database answered")
        try:
            found = [*_outbox(), *_marks()]
        except (DatabaseError, InterfaceError):
            found = []
        up.add_metric([], float(bool(found)))
        yield up
        yield from found


def _outbox() -> Iterator[Metric]:
    items = GaugeMetricFamily(
        "sprintboard_outbox_items",
        "Messages by kind and state: deliveries and their results",
        labels=["kind", "state"],
    )
    counted = OutboxItem.objects.order_by().values_list("kind", "state").annotate(n=Count("pk"))
    for kind, state, amount in counted:
        items.add_metric([kind, state], amount)
    yield items
    now = clock.now()
    due = OutboxItem.objects.due(now).values_list("not_before", flat=True).first()
    yield GaugeMetricFamily(
        "sprintboard_outbox_oldest_due_seconds",
        "How long the message has been due that waits longest",
        value=(now - due).total_seconds() if due else 0,
    )


def _marks() -> Iterator[Metric]:
    now, marks = clock.now(), Mark.objects.by_name()
    yield GaugeMetricFamily(
        "sprintboard_outbox_paused",
        "1 while nothing may leave",
        value=float(settings.OUTBOX_PAUSED or Mark.OUTBOX_PAUSED in marks),
    )
    rescues = marks.get(Mark.RESCUES)
    yield CounterMetricFamily(
        "sprintboard_sweeper_rescues",
        "Messages that only the sweep found: lost rings and dead senders",
        value=rescues.amount if rescues else 0,
    )
    for name, (metric, about) in AGES.items():
        age = GaugeMetricFamily(metric, about)
        if mark := marks.get(name):  # what never happened has no age: alarms ask for absent()
            age.add_metric([], (now - mark.at).total_seconds())
        yield age
