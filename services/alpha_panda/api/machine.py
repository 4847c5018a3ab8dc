"""What this machine knows of the platform on it: the supervisor's status file, the services' own words, the logs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from prometheus_client.parser import text_string_to_metric_families
from starlette.exceptions import HTTPException

from alpha_panda.errors import UnavailableError
from alpha_panda.operations.errands import Errand, Told, ask
from alpha_panda.runtime.api_settings import OperationsSettings

_SECONDS: Final = 1.0
_ERRAND_SECONDS: Final = 15.0
_TAIL_BYTES: Final = 512 * 1024
"""Of each log, from its end: older lines are for whoever opens the file."""
_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_FIRST: Final = ("timestamp", "level", "event", "service")
_GAUGES: Final = {
    "panda_log_queue_lines": "queue",
    "panda_log_queue_capacity_lines": "capacity",
    "panda_log_dropped_lines": "dropped",
}


class _Process(msgspec.Struct, frozen=True):
    """A process as the supervisor tells it."""

    name: str
    state: str
    restarts: int
    port: int = 0
    reason: str = ""


class _Status(msgspec.Struct, frozen=True):
    stores: tuple[_Process, ...] = ()
    services: tuple[_Process, ...] = ()


class Machine:
    """Asks it."""

    def __init__(self, settings: OperationsSettings, pacing: str, clock: Callable[[], datetime]) -> None:
        """`settings` say where the files are; on Kubernetes there are none."""
        self._settings = settings
        self._clock = clock
        self.pacing = pacing

    async def services(self) -> tuple[float, list[dict[str, Any]]]:
        """The age of the supervisor's word in seconds, and every service and store."""
        age, status = self._status()
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            told = await asyncio.gather(*(_ask(client, each) for each in status.services))
        stores = [
            _shown(each, "store", "Ready" if each.state == "Running" else each.state, {}) for each in status.stores
        ]
        return age, [*told, *stores]

    def require_supervisor(self) -> Path:
        """The folder of those who ask it; raises HTTPException (404) where there is none."""
        if self._settings.folder is None or self._settings.status is None:
            raise _elsewhere("panda dlq replay, on a machine that may write to every topic")
        return self._settings.folder

    async def run(self, errand: Errand) -> Told:
        """Let the supervisor do it; raises UnavailableError where it does not."""
        return await ask(self.require_supervisor(), errand, _ERRAND_SECONDS)

    async def log_statistics(self) -> list[dict[str, Any]]:
        """What each service says of its log."""
        _, status = self._status()
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            told = await asyncio.gather(*(_log_figures(client, each) for each in status.services))
        return [each for each in told if each is not None]

    async def logs(self, service: str | None, level: str, search: str | None, lines: int) -> list[dict[str, Any]]:
        """The newest lines, oldest first."""
        folder = self._settings.logs
        if folder is None:
            raise _elsewhere("kubectl logs -l app.kubernetes.io/part-of=alpha-panda")
        files = [path for path in sorted(folder.glob("*.log")) if service is None or service in path.stem]
        return await asyncio.to_thread(_newest, files, level, search, lines)

    def _status(self) -> tuple[float, _Status]:
        path = self._settings.status
        if path is None:
            raise _elsewhere("kubectl get deployments -l app.kubernetes.io/part-of=alpha-panda")
        try:
            written = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
            status = msgspec.json.decode(path.read_bytes(), type=_Status)
        except (OSError, msgspec.DecodeError) as error:
            raise UnavailableError(f"the supervisor's status cannot be read: {error}") from error
        return round((self._clock() - written).total_seconds(), 3), status


async def _ask(client: httpx.AsyncClient, service: _Process) -> dict[str, Any]:
    if service.state != "Running":
        return _shown(service, "service", service.state, {})
    try:
        told = (await client.get(f"http://127.0.0.1:{service.port}/status")).json()
    except (httpx.HTTPError, ValueError):
        return _shown(service, "service", "NotReady", {}, "it does not answer")
    ready = told.get("ready") and told.get("alive")
    return _shown(service, "service", "Ready" if ready else "NotReady", told)


def _shown(service: _Process, kind: str, state: str, told: dict[str, Any], reason: str = "") -> dict[str, Any]:
    return {
        "name": service.name,
        "kind": kind,
        "state": state,
        "restarts": service.restarts,
        "lag": told.get("lag"),
        "event_age_seconds": told.get("event_age_seconds"),
        "finished": bool(told.get("finished", False)),
        "reason": service.reason or reason,
        "findings": [
            {"code": str(each.get("code")), "message": str(each.get("message"))} for each in told.get("findings", ())
        ],
    }


async def _log_figures(client: httpx.AsyncClient, service: _Process) -> dict[str, Any] | None:
    try:
        text = (await client.get(f"http://127.0.0.1:{service.port}/metrics")).text
    except httpx.HTTPError:
        return None
    found: dict[str, Any] = {"service": service.name, "queue": 0, "capacity": 0, "dropped": 0}
    for family in text_string_to_metric_families(text):
        name = _GAUGES.get(family.name)
        if name is not None and family.samples:
            found[name] = int(family.samples[0].value)
    return found


def _newest(files: Iterable[Path], level: str, search: str | None, count: int) -> list[dict[str, Any]]:
    wanted, floor = (search or "").lower(), _LEVELS.index(level)
    found = [
        line
        for path in files
        for text in _tail(path)
        if wanted in text.lower() and (line := _line(path.stem, text)) is not None and _rank(line["level"]) >= floor
    ]
    found.sort(key=lambda each: each["at"])
    return found[-count:]


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - _TAIL_BYTES))
            text = log.read().decode(errors="replace")
    except OSError:
        return []  # it was put aside just now
    return text.splitlines()[1 if size > _TAIL_BYTES else 0 :]


def _line(name: str, text: str) -> dict[str, Any] | None:
    """A line as written by our services; what stores and libraries write in other forms has only its text."""
    try:
        entry = json.loads(text)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        return {"at": "", "level": "info", "service": name, "message": text, "fields": {}} if text else None
    rest = {key: value for key, value in entry.items() if key not in _FIRST}
    return {
        "at": str(entry.get("timestamp", "")),
        "level": str(entry.get("level", "info")),
        "service": name,
        "message": str(entry.get("event", "")),
        "fields": rest,
    }


def _rank(level: str) -> int:
    return _LEVELS.index(level) if level in _LEVELS else 1


def _elsewhere(command: str) -> HTTPException:
    return HTTPException(HTTPStatus.NOT_FOUND, f"the cluster knows this, and the API may not ask it: {command}")
