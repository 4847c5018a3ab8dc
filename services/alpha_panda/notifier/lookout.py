"""The notifier's own look at the platform, for what is on no topic: breakers, findings, processes, dead letters.

Each source is asked by itself; one that does not answer leaves its conditions as they were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.alert_watch import ConditionWatch, of_finding, of_letters, of_process, of_standing
from alpha_panda.domain.alerts import Change, Raised
from alpha_panda.domain.pipeline_watch import Finding
from alpha_panda.domain.standing import Standing
from alpha_panda.errors import PandaError
from alpha_panda.events.topics import DLQ_SUFFIX
from alpha_panda.runtime.alert_store import AlertStore
from alpha_panda.runtime.store_errors import postgres_errors

_HOST: Final = "127.0.0.1"
_RUNS: Final = ("Running", "Starting")
_ANSWER_SECONDS: Final = 2.0


class _Seen(msgspec.Struct, frozen=True):
    """What the supervisor's status tells of a process; it tells more."""

    name: str
    state: str
    port: int | None = None
    reason: str = ""
    silent_since: datetime | None = None


class _Status(msgspec.Struct, frozen=True):
    """What of the supervisor's status is needed here."""

    services: tuple[_Seen, ...] = ()
    stores: tuple[_Seen, ...] = ()


Look = Callable[[datetime], Awaitable[Sequence[Raised]]]


class Lookout:
    """Looks every few seconds and tells the alerts what begins and what is over."""

    def __init__(self, alerts: AlertStore, looks: dict[str, Look], letters: Look, seconds: float) -> None:
        """`looks` by the prefixes of the keys that they see; `letters` count and are never over by themselves."""
        self._alerts = alerts
        self._looks = {prefix: (ConditionWatch(prefix), look) for prefix, look in looks.items()}
        self._letters = letters
        self._seconds = seconds
        self._log = structlog.get_logger()

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop."""
        while not stopping.is_set():
            try:
                await self.look()
            except PandaError as error:
                self._log.warning("the notifier cannot look at the platform", reason=str(error))
            try:
                await asyncio.wait_for(stopping.wait(), self._seconds)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Look once."""
        now = datetime.now(UTC)
        known = [alert.key for alert in await self._alerts.going_on()]
        changes: list[Change] = []
        for watch, look in self._looks.values():
            seen = await self._asked(look, now)
            if seen is not None:
                changes += watch.look(seen, now, known)
        changes += await self._asked(self._letters, now) or ()
        await self._alerts.apply(changes)

    async def _asked(self, look: Look, now: datetime) -> Sequence[Raised] | None:
        try:
            return await look(now)
        except PandaError as error:
            self._log.warning("a source of alerts does not answer", reason=str(error))
            return None


def breakers(pool: asyncpg.Pool[Any], brokers: Callable[[], Sequence[str]]) -> Look:
    """The breakers of every Broker's account."""

    async def look(now: datetime) -> Sequence[Raised]:
        found: list[Raised] = []
        for broker in brokers():
            with postgres_errors():
                row = await pool.fetchrow(f'SELECT data FROM "{broker}".standing')  # noqa: S608 - a DNS label
            if row is not None:
                found += of_standing(broker, msgspec.json.decode(row["data"], type=Standing), now)
        return found

    return look


def processes(status: Path | None) -> Look:
    """Services and stores that do not run; on Kubernetes, where no supervisor tells, Prometheus' rules see that."""

    async def look(now: datetime) -> Sequence[Raised]:
        told = await asyncio.to_thread(_read, status)
        return [
            of_process(each.name, each.state, each.reason, now)
            for each in (*told.services, *told.stores)
            if each.state not in _RUNS
        ]

    return look


def findings(status: Path | None, client: httpx.AsyncClient) -> Look:
    """What each service's own watch finds wrong."""

    async def look(now: datetime) -> Sequence[Raised]:
        told = await asyncio.to_thread(_read, status)
        asked = [_findings(client, each) for each in told.services if each.state == "Running" and each.port]
        return [of_finding(finding, now) for found in await asyncio.gather(*asked) for finding in found]

    return look


def letters(consumer: AIOKafkaConsumer) -> Look:
    """How many dead letters there are, by topic."""

    async def look(now: datetime) -> Sequence[Raised]:
        try:
            names = sorted(name for name in await consumer.topics() if name.endswith(DLQ_SUFFIX))
            ends = await consumer.end_offsets([TopicPartition(name, 0) for name in names]) if names else {}
        except kafka_errors.KafkaError as error:
            raise PandaError(f"Kafka does not tell of dead letters: {error}") from error
        return [of_letters(where.topic, end, now) for where, end in sorted(ends.items()) if end]

    return look


async def _findings(client: httpx.AsyncClient, service: _Seen) -> list[Finding]:
    try:
        answer = await client.get(f"http://{_HOST}:{service.port}/status", timeout=_ANSWER_SECONDS)
        return msgspec.convert(answer.json().get("findings", []), list[Finding])
    except (httpx.HTTPError, ValueError):
        return []  # that it does not answer is the supervisor's to tell: `silent_since`


def _read(status: Path | None) -> _Status:
    if status is None or not status.exists():
        return _Status()
    try:
        return msgspec.json.decode(status.read_bytes(), type=_Status)
    except (OSError, msgspec.DecodeError) as error:
        raise PandaError(f"the supervisor's status {status} cannot be read: {error}") from error
