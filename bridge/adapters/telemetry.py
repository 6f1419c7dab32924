"""What a process says of itself: JSON lines without secrets, and metrics. Nothing here is global."""

import re
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

import orjson
import structlog
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from bridge.adapters.redaction import hosts_only

_SECRET_NAMES: Final = re.compile(r"password|passphrase|secret|private|api_?key|authorization|mnemonic", re.IGNORECASE)
_REDACTED: Final = "[redacted]"
_SAFE_INTEGER: Final = 2**53
"""Larger ones lose digits in readers of JSON."""


def open_log(level: str = "info", stream: TextIO | None = None, **context: object) -> FilteringBoundLogger:
    """Return a log that writes one JSON object a line, each with `context`. Secrets do not get through.

    `level` is debug, info, warning, error or critical.
    """
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    return logger.bind(**context)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank what its name says is secret, cut addresses down to their host, and show bytes as 0x-hex."""
    return {name: _clean(name, value) for name, value in event.items()}


class Metrics:
    """The metrics of one process. Memory and processor time of the process itself are always among them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)

    def render(self) -> bytes:
        """Return them as Prometheus reads them."""
        return generate_latest(self.registry)


def _clean(name: object, value: object) -> object:
    if isinstance(name, str) and _SECRET_NAMES.search(name):
        return _REDACTED
    match value:
        case str():
            return hosts_only(value)
        case bytes():
            return "0x" + value.hex()
        case Mapping():
            return {str(key): _clean(key, inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(None, inner) for inner in value]
        case int() if abs(value) > _SAFE_INTEGER:
            return str(value)
        case None | bool() | int() | float():
            return value
        case _:
            return _clean(name, repr(value))


def _line(event: EventDict, **_: Any) -> str:  # noqa: ANN401 - structlog hands over the arguments of json.dumps
    return orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS).decode()
