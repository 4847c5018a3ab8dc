"""The stage of a benchmark: a whole platform in its own data directory, whose services can be paused one by one.

What is paused takes no time from what is measured: partitions are assigned by hand, so nobody is missed.
The platform's own feed is always paused, since the load comes from `feeder`.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from alpha_panda.local.kafka import ADMIN, client_settings
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.status_file import ServiceStatus
from benchmarks.clients import Access
from benchmarks.load import BROKER, INSTRUMENTS, documents
from benchmarks.worker import ROOT, WorkerError

BAR_BUILDER, RUNNER, HISTORY = "bar-builder", "strategy-runner", "history"
RISK, PAPER, PORTFOLIO = (f"{BROKER}.{name}" for name in ("risk-manager", "paper-trading", "portfolio"))
API = "api"
PIPELINE = (BAR_BUILDER, RUNNER, RISK, PAPER, PORTFOLIO, HISTORY)
"""The services that a tick comes by, the feed apart."""
NO_FEED = ("--synthetic", str(INSTRUMENTS), "--rate", "1")
"""As near to none as there is, so that the run is not one by epochs."""
_PATIENCE_SECONDS = 240.0
_RECORDS = re.compile(r'^panda_records_total\{.*topic="(?P<topic>[^"]+)".*\} (?P<count>\S+)$', re.MULTILINE)
_TICKS_OF_CPU = os.sysconf("SC_CLK_TCK")


class Stage:
    """A running platform."""

    def __init__(self, folder: Path) -> None:
        """The platform of a data directory that `staged` has started."""
        self.layout = Layout(folder)
        self._platform = Platform(self.layout)
        self._http = httpx.Client(timeout=10)
        self._reader: Consumer | None = None

    @property
    def access(self) -> Access:
        """The administrator's way to its Kafka."""
        bootstrap = f"{HOST}:{Ports(self.layout).known('kafka')}"
        return Access(bootstrap=bootstrap, username=ADMIN, password=self.layout.secret("kafka-admin"))

    @property
    def api(self) -> str:
        """Where its API is."""
        return f"http://{HOST}:{self._platform.require_running().api_port}"

    def service(self, name: str) -> ServiceStatus:
        """What the supervisor says of a service."""
        return next(each for each in self._platform.require_running().services if each.name == name)

    def pid(self, name: str) -> int:
        """The service's process."""
        if (pid := self.service(name).pid) is None:
            raise WorkerError(f"{name} does not run: {self.service(name).reason}")
        return pid

    def pids(self) -> dict[str, int]:
        """The process of every service that runs."""
        services = self._platform.require_running().services
        return {each.name: each.pid for each in services if each.pid is not None}

    @contextmanager
    def only(self, *names: str) -> Iterator[None]:
        """Let these services run and pause all others; afterwards all but the feed run."""
        every = self.pids()
        try:
            for name, pid in every.items():
                send(pid, signal.SIGCONT if name in names else signal.SIGSTOP)
            yield
        finally:
            for name, pid in self.pids().items():
                if name != "market-feed":
                    send(pid, signal.SIGCONT)

    def is_ready(self) -> bool:
        """Whether every service of the pipeline is at work, and the API."""
        states = {each.name: each.state for each in asyncio.run(self._platform.services())}
        return all(states.get(name) == "Ready" for name in (*PIPELINE, API))

    def cpu(self, name: str) -> float:
        """Seconds of processor time that the service has used."""
        return cpu_seconds(self.pid(name))

    def read(self, name: str) -> dict[str, int]:
        """How many records of each topic the service has dealt with since it started; none where it does not answer.

        Raises WorkerError where it was started again: it has counted anew since.
        """
        service = self.service(name)
        if service.restarts:
            raise WorkerError(f"{name} was started again: {service.reason}")
        try:
            text = self._http.get(f"http://{HOST}:{service.port}/metrics").text
        except httpx.HTTPError:
            return {}
        found: dict[str, int] = {}
        for match in _RECORDS.finditer(text):
            found[match["topic"]] = found.get(match["topic"], 0) + int(float(match["count"]))
        return found

    def ends(self, topics: Iterable[str]) -> dict[str, int]:
        """The end offset of each topic, all of which have one partition here."""
        return {topic: self._client.get_watermark_offsets(Place(topic, 0), timeout=10)[1] for topic in topics}

    def sizes(self, topics: Iterable[str]) -> dict[str, int]:
        """The mean size in bytes of the last records of each topic; 0 where it has none."""
        found = {}
        for topic in topics:
            low, high = self._client.get_watermark_offsets(Place(topic, 0), timeout=10)
            self._client.assign([Place(topic, 0, max(low, high - 200))])
            records = self._client.consume(min(high - low, 200), timeout=10) if high > low else []
            values = [len(each.value() or b"") for each in records if each.error() is None]
            found[topic] = sum(values) // len(values) if values else 0
        self._client.unassign()
        return found

    def written(self, topic: str) -> tuple[float, float]:
        """The times at which the first and the last record of a topic were written."""
        low, high = self._client.get_watermark_offsets(Place(topic, 0), timeout=10)
        times = []
        for offset in (low, high - 1):
            self._client.assign([Place(topic, 0, offset)])
            (record,) = self._client.consume(1, timeout=10)
            times.append(record.timestamp()[1] / 1000)
        self._client.unassign()
        return times[0], times[1]

    def make_topics(self, names: Iterable[str]) -> None:
        """Topics for the floor, with one partition."""
        admin = AdminClient(self._admin())
        for each in admin.create_topics([NewTopic(name, 1, 1) for name in names]).values():
            each.result()

    def wait(self, done: Callable[[], bool], what: str, every: float = 0.1) -> None:
        """Look until it is so; raises WorkerError where it never is."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise WorkerError(f"not within {_PATIENCE_SECONDS:g} s: {what}")
            time.sleep(every)

    @property
    def _client(self) -> Consumer:
        if self._reader is None:
            self._reader = Consumer({**self._admin(), "group.id": "benchmark", "enable.auto.commit": False})
        return self._reader

    def close(self) -> None:
        """Let go of its clients."""
        self._http.close()
        if self._reader is not None:
            self._reader.close()

    def _admin(self) -> dict[str, str | int | float | bool]:
        return {**client_settings(self.access.bootstrap, self.access.username, self.access.password)}


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_OF_CPU


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def staged(folder: Path, *resources: dict[str, object], feed: tuple[str, ...] = NO_FEED) -> Iterator[Stage]:
    """A platform with these resources and its feed paused; it is gone at the end of the block.

    `feed` are options of `panda up`: one of a replay that is to be waited for comes back when it has ended.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file, data = folder / "resources.yaml", folder / "data"
    file.write_text(documents(*resources))
    stage: Stage | None = None
    try:
        run_panda(data, "up", "-f", str(file), *feed)
        stage = Stage(data)
        os.kill(stage.pid("market-feed"), signal.SIGSTOP)
        stage.wait(stage.is_ready, "the services are ready")
        yield stage
    finally:
        if stage is not None:
            stage.close()
        if data.exists():
            for pid in _running(data):
                send(pid, signal.SIGCONT)
            run_panda(data, "reset", "-y")


def send(pid: int, number: signal.Signals) -> None:
    """Send it to a process that may have ended meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _running(data: Path) -> list[int]:
    status = Platform(Layout(data)).status()
    return [] if status is None else [each.pid for each in status.services if each.pid is not None]


def panda_command(data: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """`panda` of this tree on a data directory, and its environment."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("services", "strategies", "."))
    command = [sys.executable, "-m", "alpha_panda", *arguments, "--data-dir", str(data)]
    return command, {**os.environ, "PYTHONPATH": path}


def run_panda(data: Path, *arguments: str) -> None:
    """Run `panda` of this tree on a data directory; raises WorkerError with what it said where it fails."""
    command, environment = panda_command(data, *arguments)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise WorkerError(f"panda {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")
