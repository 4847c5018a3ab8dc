"""A whole platform to do harm to: real stores, real services under the supervisor, the real day.

Each arena is a data directory of its own. It is told how fast the day goes by, so that faults fall into
trading; whatever was done to it, `drained` waits until every service is past the last epoch, or says which is not.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

import httpx
import yaml
from tests.chaos.small_disk import mount, unmount
from tests.chaos.tcp_proxy import TcpProxy
from tests.integration.panda_command import ROOT

from alpha_panda.checker.model import Place
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.cli.start import StartOptions, start
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform, ServiceDetail
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.status_file import PlatformStatus, ServiceState, load_status

RESOURCES = ROOT / "examples"
MARKET = ROOT / "examples" / "market"
STORES = ("kafka", "redis", "postgres")
PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.05
_REQUEST_MILLISECONDS = 5000
"""Half of what services wait for Kafka otherwise, so that a stop of six seconds is longer than they wait."""


class ArenaError(Exception):
    """The platform did not do what the harness needs; nothing is proven by such a run."""


class Arena:
    """One run; make it with `arena()`, which closes it."""

    def __init__(self, folder: Path, disk: Path | None = None) -> None:
        """Nothing runs yet; the data directory is on `disk`, where that is another one."""
        self.disk = disk or folder
        self.data_dir = self.disk / "data"
        self.layout = Layout(self.data_dir)
        self.platform = Platform(self.layout)
        self.fail_points = folder / "fail-points"
        self.journal = folder / "journal"
        self.doors: dict[str, TcpProxy] = {}
        """The proxies before the stores, where there are any."""
        self.injected: set[Place] = set()
        """Copies of records that the harness wrote."""
        self.poison: dict[Place, str] = {}
        """Records that nobody can process, and words of the reason that their dead letters must give."""
        self._settings = folder / "settings.yaml"
        self._client = httpx.AsyncClient(timeout=0.5)
        for made in (self.fail_points, self.journal):
            made.mkdir(parents=True)

    async def open(self, speed: str, *, doors: bool = False) -> None:
        """Start everything and the day, with `doors` before the stores; returns when the feed is told to begin."""
        run = {"fail_points": str(self.fail_points), "snapshot_seconds": 0.5}
        profile = {"request_timeout_milliseconds": _REQUEST_MILLISECONDS}
        kafka = {"journal": str(self.journal), "profile": profile}
        self._settings.write_text(yaml.safe_dump({"run": run, "kafka": kafka}))
        options = StartOptions(
            replay=MARKET,
            synthetic=None,
            rate=100,
            seed=1,
            speed=speed,
            timezone=None,
            interval_minutes=None,
            partitions=None,
            instruments=None,
            config=self._settings,
            api_port=None,
            again=False,
            wait=False,
        )
        if doors:
            await self._open_doors()
        await asyncio.to_thread(start, self.platform, options, read_resources([str(RESOURCES)]))

    async def close(self) -> None:
        """Stop everything and forget it."""
        await self._client.aclose()
        await asyncio.to_thread(self.platform.stop)
        await asyncio.gather(*(door.close() for door in self.doors.values()))
        self.layout.remove()

    def status(self) -> PlatformStatus:
        """What the supervisor says."""
        status = load_status(self.layout)
        if status is None or not status.alive:
            raise ArenaError(f"the supervisor of {self.data_dir} has ended:\n{self.tail('supervisor')}")
        return status

    def pid(self, name: str) -> int | None:
        """The process of a service or store; None while it has none."""
        status = self.status()
        return next((each.pid for each in (*status.services, *status.stores) if each.name == name), None)

    async def living(self, name: str) -> int:
        """The process of a service or store, as soon as it has one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (pid := self.pid(name)) is None:
            if time.monotonic() > deadline:
                raise ArenaError(f"{name} has no process after {PATIENCE_SECONDS:g} s:\n{self.tail(name)}")
            await asyncio.sleep(_POLL_SECONDS)
        return pid

    async def replaced(self, name: str, pid: int) -> None:
        """Wait until a service or store has another process than `pid`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while await self.living(name) == pid:
            if time.monotonic() > deadline:
                raise ArenaError(f"{name} still has process {pid} after {PATIENCE_SECONDS:g} s")
            await asyncio.sleep(_POLL_SECONDS)

    async def epoch(self) -> int:
        """The epoch that is out, as the feed says, or while it is away the first service that trades."""
        told = await asyncio.gather(*(self._told(name) for name in ("market-feed", "paper.paper-trading")))
        return max(int(each.get("epoch") or 0) for each in told)

    async def past(self, epoch: int, deadline: float) -> int:
        """Wait until an epoch is out; the one that is."""
        while (now := await self.epoch()) < epoch:
            if time.monotonic() > deadline:
                raise ArenaError(f"the market did not come to epoch {epoch}; it stands at {now}\n{self._standing()}")
            await asyncio.sleep(_POLL_SECONDS)
        return now

    async def drained(self, deadline: float) -> None:
        """Wait until every service is past the last epoch and the stores are back."""
        waiting: Sequence[str] = ()
        while time.monotonic() < deadline:
            services = await self.platform.services()
            waiting = [each.name for each in services if not _drained(each)]
            waiting += [each.name for each in self.status().stores if each.state is not ServiceState.RUNNING]
            if services and not waiting:
                return
            await asyncio.sleep(4 * _POLL_SECONDS)
        raise ArenaError(f"not drained in time: {', '.join(waiting)}\n{self._standing()}")

    def lines(self, name: str) -> list[dict[str, object]]:
        """The log of a service, as far as it is JSON."""
        path = self.layout.logs / f"{name}.log"
        if not path.exists():
            return []
        found = []
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                try:
                    found.append(json.loads(line))
                except json.JSONDecodeError:
                    continue  # a line that a kill cut off
        return found

    def tail(self, name: str, lines: int = 8) -> str:
        """The end of a log, for a person."""
        path = self.layout.logs / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else "(no log)"

    async def _open_doors(self) -> None:
        for store in STORES:
            self.doors[store] = TcpProxy(partial(self._port_of, store))
            await self.doors[store].open()
        ports = {f"{store}-door": door.port for store, door in self.doors.items()}
        await asyncio.to_thread(self.platform.start, ports=ports)

    def _port_of(self, store: str) -> int:
        return Ports(self.layout).known(store)

    def _standing(self) -> str:
        status = self.status()
        return "\n".join(
            f"{each.name}: {each.state}, {each.restarts} restarts {each.reason}"
            for each in (*status.services, *status.stores)
        )

    async def _told(self, name: str) -> dict[str, object]:
        service = next((each for each in self.status().services if each.name == name), None)
        if service is None or service.state is not ServiceState.RUNNING:
            return {}
        try:
            return dict((await self._client.get(f"http://{HOST}:{service.port}/status")).json())
        except (httpx.HTTPError, ValueError):
            return {}


@asynccontextmanager
async def arena(folder: Path, speed: str, *, doors: bool = False, small_disk: bool = False) -> AsyncIterator[Arena]:
    """A platform that trades the day, until the end of the block."""
    with _disk(folder / "disk") if small_disk else nullcontext() as disk:
        made = Arena(folder, disk)
        try:
            await made.open(speed, doors=doors)
            yield made
        finally:
            await made.close()


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    """A small file system of memory."""
    mount(folder)
    try:
        yield folder
    finally:
        unmount(folder)


def _drained(service: ServiceDetail) -> bool:
    if service.state != "Ready":
        return False
    return service.finished or (service.epoch is None and service.lag == 0)
