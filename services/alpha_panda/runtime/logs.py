"""JSON log lines on stderr, written by a thread of their own so that no event waits for a disk.

The queue between is bounded: when it is full a line is dropped and counted, never waited for. Secrets
are masked by the name of their key, whoever logs them.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_SECRET = ("password", "secret", "token", "authorization", "api_key")
_NOT_SECRET = ("instrument_token",)
_MASK = "***"
_STOP = None


class LogQueue:
    """The bounded way from the loop to stderr."""

    def __init__(self, capacity: int) -> None:
        """Hold at most `capacity` lines."""
        self.capacity = capacity
        self.dropped = 0
        self._lines: queue.Queue[str | None] = queue.Queue(capacity)
        self._writer = threading.Thread(target=self._write, name="log-writer", daemon=True)
        self._writer.start()

    @property
    def size(self) -> int:
        """Lines that wait."""
        return self._lines.qsize()

    def put(self, line: str) -> None:
        """Hand a line over without ever waiting."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what waits, then stop."""
        try:
            self._lines.put(_STOP, timeout=1)
        except queue.Full:
            return
        self._writer.join(timeout=2)

    def _write(self) -> None:
        while (line := self._lines.get()) is not _STOP:
            try:
                sys.stderr.write(line + "\n")
                if self._lines.empty():
                    sys.stderr.flush()
            except OSError:
                self.dropped += 1  # a full disk or a closed pipe stops no trade


class _QueueLogger:
    """What structlog writes to."""

    def __init__(self, lines: LogQueue) -> None:
        self._lines = lines

    def msg(self, message: str) -> None:
        self._lines.put(message)

    debug = info = warning = error = critical = msg


class _Forward(logging.Handler):
    """Brings the libraries' standard log records into the same queue and format."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger(record.name)
        event = record.getMessage()
        detail = {"exception": logging.Formatter().formatException(record.exc_info)} if record.exc_info else {}
        logger.log(record.levelno, event, **detail)


def mask_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every key whose name says that it is secret, however deep it is."""
    for key, value in event.items():
        event[key] = _MASK if _is_secret(key) else _masked(value)
    return event


def _is_secret(key: object) -> bool:
    name = str(key).lower()
    return name not in _NOT_SECRET and any(word in name for word in _SECRET)


def _masked(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _MASK if _is_secret(key) else _masked(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(part) for part in value]
    return value


def configure_logs(service: str, broker: str | None, level: str, capacity: int) -> LogQueue:
    """Set up structlog and the standard library's logging for this process; returns the queue for its metrics."""
    lines = LogQueue(capacity)
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask_secrets,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: _QueueLogger(lines),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service, **({"broker": broker} if broker else {}))
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(max(threshold, logging.WARNING))
    return lines
