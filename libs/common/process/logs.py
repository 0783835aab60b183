"""Structured logs: one line an occurrence, with its request, correlation and actor."""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

from libs.common.process import context

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
# A trace shows no local variables: they may contain tokens and people's names.
_TRACES = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
_SECRET_NAMES = frozenset({"authorization", "token", "access_token", "password", "secret", "database_url"})


def configure(*, level: str = "info", style: str = "json") -> None:
    """Send our logs and those of the libraries to standard error: `json` for machines, `text` for people."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_origin,
        _without_secrets,
    ]
    last: list[Any] = (
        [structlog.processors.ExceptionRenderer(_TRACES), structlog.processors.JSONRenderer()]
        if style == "json"
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(formatter)
    _requests.output = output if style == "json" and level in ("debug", "info") else None
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(_LEVELS[level])
    for chatty in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class _Requests:
    """The stream for request lines written directly; None if they go through the loggers.

    They also go through the loggers once the root logger has another handler, such as a file.
    """

    output: logging.StreamHandler[Any] | None = None


_requests = _Requests()
_access = structlog.stdlib.get_logger("libs.common.access")


def request_answered(*, method: str, path: str, status: int, ms: float) -> None:
    """Log one answered request: the same line as a logger writes, at a fifth of the cost."""
    output = _requests.output
    if output is None or output not in logging.getLogger().handlers:
        _access.info("request", method=method, path=path, status=status, ms=ms)
        return
    named = _named(context.origin())
    line = {
        "method": method,
        "path": path,
        "status": status,
        "ms": ms,
        "event": "request",
        "logger": "libs.common.access",
        "level": "info",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        **{name: value for name, value in named.items() if value},
    }
    output.stream.write(f"{json.dumps(line)}\n")
    output.flush()


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def _named(origin: context.Origin) -> dict[str, str]:
    return {
        "correlation": origin.correlation,
        "request": origin.causation,
        "client_request_id": origin.client_request,
        "actor": origin.actor,
    }


def _with_origin(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in _named(context.origin()).items():
        if value:
            event.setdefault(name, value)
    return event


def _without_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _SECRET_NAMES.intersection(event):
        event[name] = "(not shown)"
    return event
