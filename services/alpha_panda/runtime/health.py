"""A service's own small HTTP face: `/healthz`, `/readyz`, `/status` and `/metrics`, on a thread of its own.

It answers from values that the loop leaves behind, so a question never waits for the loop nor the loop
for a question; a loop that has stopped turning is seen by the age of its last turn.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any, Protocol, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import msgspec
from prometheus_client import CollectorRegistry, make_wsgi_app

from alpha_panda.domain.pipeline_watch import Finding
from alpha_panda.errors import UnavailableError

STALLED_AFTER_SECONDS = 30.0
_POLL_SECONDS = 0.1
_Start = Callable[[str, list[tuple[str, str]]], object]


class Exposed(Protocol):
    """What has metrics."""

    @property
    def registry(self) -> CollectorRegistry:
        """Where they are."""


class Health:
    """What the loop says of itself."""

    def __init__(self, findings: Callable[[], Sequence[Finding]] = tuple) -> None:
        """Start as alive, not ready; `findings` tells what the watch finds wrong."""
        self.ready = False
        self._findings = findings
        self.detail: dict[str, Any] = {}
        self.notes: list[str] = []
        """What a person should know of this start: what was rebuilt, what is gone."""
        self._turned = time.monotonic()
        self._event_at: float | None = None

    def turn(self) -> None:
        """The loop went round."""
        self._turned = time.monotonic()

    def saw_event(self) -> None:
        """A record was processed."""
        self._event_at = time.monotonic()

    def hangs(self, seconds: float) -> bool:
        """Whether a loop that had begun has not gone round for so long."""
        return self.ready and time.monotonic() - self._turned >= seconds

    @property
    def alive(self) -> bool:
        """The loop went round not long ago."""
        return time.monotonic() - self._turned < STALLED_AFTER_SECONDS

    def status(self) -> dict[str, Any]:
        """Everything, for `panda status` and the API."""
        now = time.monotonic()
        return {
            "ready": self.ready,
            "alive": self.alive,
            "loop_age_seconds": round(now - self._turned, 3),
            "event_age_seconds": None if self._event_at is None else round(now - self._event_at, 3),
            **self.detail,
            "notes": self.notes,
            "findings": msgspec.to_builtins(self._findings()),
        }


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    allow_reuse_address = True


class _Quiet(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base class names it
        """Requests are not logged: probes come each second."""


@contextmanager
def serve_health(host: str, port: int, health: Health, metrics: Exposed) -> Iterator[int]:
    """Answer on the port that is yielded, until the end of the block."""
    exposition = make_wsgi_app(metrics.registry)

    def answer(environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return cast("Iterable[bytes]", exposition(environ, start_response))
        if path == "/healthz":
            return _json(start_response, {"alive": health.alive}, ok=health.alive)
        if path == "/readyz":
            return _json(start_response, {"ready": health.ready}, ok=health.ready and health.alive)
        if path == "/status":
            return _json(start_response, health.status(), ok=True)
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"/healthz /readyz /status /metrics\n"]

    try:
        server = make_server(host, port, answer, server_class=_Server, handler_class=_Quiet)
    except OSError as error:
        raise UnavailableError(
            f"port {port} on {host} is in use, so health and metrics cannot be served",
            remedy="set http.port to a free port, or 0 to take any",
        ) from error
    threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="health", daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _json(start_response: _Start, body: dict[str, Any], *, ok: bool) -> Iterable[bytes]:
    start_response("200 OK" if ok else "503 Service Unavailable", [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]
