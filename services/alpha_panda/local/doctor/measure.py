"""Measures the machine and the run's files; needs no store and no running platform."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psutil

from alpha_panda.domain.calendar import default_calendar, trading_date
from alpha_panda.local.cache import ENVIRONMENT
from alpha_panda.local.doctor.findings import Finding
from alpha_panda.local.doctor.machine import (
    ClockFacts,
    PortFacts,
    Space,
    judge_calendar,
    judge_disk,
    judge_memory,
    judge_ports,
)
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import is_free

STORE_PORTS = ("kafka", "redis", "postgres", "api")
"""Those of services come and go with them, and are checked by asking the services."""


class Stopwatch:
    """Both clocks, read when it is made and when it is asked."""

    def __init__(self) -> None:
        """Begin."""
        self._wall = time.time()
        self._monotonic = time.monotonic()

    def facts(self, layout: Layout) -> ClockFacts:
        """How far both clocks went since."""
        wall, monotonic = time.time() - self._wall, time.monotonic() - self._monotonic
        now = datetime.now(UTC)
        offset = now.astimezone().utcoffset()
        return ClockFacts(
            wall=timedelta(seconds=wall),
            monotonic=timedelta(seconds=monotonic),
            now=now,
            utc_offset=offset if offset is not None else timedelta(),
            newest_file=_newest(layout),
        )


def examine_machine(layout: Layout, *, running: bool) -> list[Finding]:
    """Calendar, disk, memory and ports."""
    today = trading_date(datetime.now(UTC))
    return [
        judge_calendar(default_calendar().last, today),
        *(judge_disk(space) for space in spaces(layout)),
        judge_memory(int(psutil.virtual_memory().available)),
        *judge_ports(ports(layout), running=running),
    ]


def spaces(layout: Layout) -> list[Space]:
    """What is written to: the run, PostgreSQL where it lies elsewhere, the cache; each disk once."""
    base = os.environ.get(ENVIRONMENT)
    cache = Path(base).expanduser() if base else Path.home() / ".cache" / "alpha-panda"
    folders = [("the run", layout.root), ("PostgreSQL", layout.postgres), ("the cache", cache)]
    found: dict[int, Space] = {}
    for what, folder in folders:
        place = _existing(folder)
        found.setdefault(place.stat().st_dev, Space(what=what, path=str(place), free=shutil.disk_usage(place).free))
    return list(found.values())


def ports(layout: Layout) -> tuple[PortFacts, ...]:
    """The remembered ports of the stores and the API; none before the first start."""
    if not layout.ports.is_file():
        return ()
    known = msgspec.json.decode(layout.ports.read_bytes(), type=dict[str, int])
    return tuple(
        PortFacts(name=name, port=known[name], taken=not is_free(known[name])) for name in STORE_PORTS if name in known
    )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above that exists."""
    place = folder.resolve()
    while not place.exists():
        place = place.parent
    return place


def _newest(layout: Layout) -> datetime | None:
    """When the newest file of the run's own folder and logs was written."""
    times = [
        entry.stat().st_mtime
        for folder in (layout.root, layout.logs, layout.run)
        if folder.is_dir()
        for entry in folder.iterdir()
        if entry.is_file()
    ]
    return datetime.fromtimestamp(max(times), UTC) if times else None
