"""What this process counts for /metrics. The lowest app holds it, so that every app may count.

Numbers live in the process that counts them: each web process is scraped by itself. What several
kinds of process share (deliveries, the worker's life, backups) is read from rows instead.
"""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("sprintboard_http_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "sprintboard_http_request_seconds",
    "How long requests took, from the first middleware to the answer",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
QUERIES = Counter("sprintboard_http_request_queries", "SQL statements of requests", ["route"])
RING_FAILURES = Counter(
    "sprintboard_ring_failures", "Doorbells that the broker did not take", ["job"]
)
THROTTLED = Counter("sprintboard_throttled", "Requests refused by a rate limit", ["scope"])


def count_request(*, method: str, route: str, status: int, seconds: float, queries: int) -> None:
    """Count one answered request. `route` is a name of ours, never what somebody typed."""
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    QUERIES.labels(route).inc(queries)


def count_ring_failure(job: str) -> None:
    """Count a ring that did not reach the broker."""
    RING_FAILURES.labels(job).inc()


def count_throttled(scope: str) -> None:
    """Count a request that a rate limit refused."""
    THROTTLED.labels(scope).inc()
