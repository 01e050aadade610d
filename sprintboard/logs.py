"""What the log looks like: one JSON object a line in production, plain lines in a terminal.

Everything ends here, whoever logs: our own modules, Django, Celery and uvicorn. Each line passes
the scrubber last, so that no later step can add what it took out (docs/operating.md, "Logs").
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from sprintboard.scrubbing import Scrubber, on_one_line

# These name ids that look like tokens and are none, or were checked where they came in
OUR_OWN = frozenset({"time", "level", "logger", "request_id", "task_id", "route"})
REQUESTS = "sprintboard.requests"
# They repeat what our own lines say, or log what people typed
QUIET = {
    "celery.app.trace": "CRITICAL",
    "celery.worker.strategy": "WARNING",
    "celery.beat": "WARNING",
    "django.db.backends": "WARNING",
    "django.template": "WARNING",
    "urllib3": "WARNING",
}


def configuration(
    *, style: str, level: str, known_secrets: Iterable[str], salt: str
) -> dict[str, Any]:
    """Return Django's LOGGING. `style` is “json” or “plain”."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "sprintboard.logs.make_formatter",
                "style": style,
                "scrubber": Scrubber(known_secrets, salt),
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        # Django gives its own loggers a handler that mails admins; here everything goes one way
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            **{name: {"level": quieter(level, least)} for name, least in QUIET.items()},
        },
    }


def quieter(level: str, least: str) -> str:
    """Return the level of the two that says less."""
    levels = logging.getLevelNamesMapping()
    return level if levels.get(level, 0) > levels[least] else least


def make_formatter(style: str, scrubber: Scrubber) -> logging.Formatter:
    """Return the formatter of every line; also tells structlog to go through logging."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _without_raw_path,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            Scrub(scrubber),
            structlog.processors.JSONRenderer() if style == "json" else plain,
        ],
    )


class Scrub:
    """The last step before a line is written."""

    def __init__(self, scrubber: Scrubber) -> None:
        self.scrubber = scrubber

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        """Return the line without secrets; its own ids stay as they are."""
        return {
            key: on_one_line(str(value)) if key in OUR_OWN else self.scrubber.value(value, key)
            for key, value in event.items()
        }


def _without_raw_path(
    logger: WrappedLogger, name: str, event: EventDict
) -> MutableMapping[str, Any]:
    """Name the route where Django writes the path: a path may be the key to a shared page."""
    record = event.get("_record")
    request: Any = getattr(record, "request", None)
    path = getattr(request, "path", "")
    if request is not None and len(path) > 1:
        route = route_of(request)
        text = str(event.get("event", ""))
        event["event"] = text.replace(request.get_full_path(), route).replace(path, route)
    return event


def route_of(request: Any) -> str:
    """Return the name of the address that answers, never the address itself."""
    match = getattr(request, "resolver_match", None)
    return (match.view_name or match.route) if match else "none"


def plain(logger: WrappedLogger, name: str, event: EventDict) -> str:
    """Render a line for people: time, level, what, and the rest as name=value."""
    rest = dict(event)
    time, level = rest.pop("time", ""), rest.pop("level", "")
    where, what = rest.pop("logger", ""), rest.pop("event", "")
    trace = rest.pop("exception", "")
    words = [f"{key}={on_one_line(str(value))}" for key, value in rest.items() if value is not None]
    line = f"{time} {level:<7} {where} {on_one_line(str(what))} {' '.join(words)}".rstrip()
    # set in, so that no line of a message passes for a line of the log
    return "\n".join([line, *(f"    {on_one_line(one)}" for one in str(trace).splitlines())])


def default_style(production: bool) -> str:
    """Return how lines look when nobody says: for machines in production, else for people."""
    return "json" if production and not sys.stderr.isatty() else "plain"
