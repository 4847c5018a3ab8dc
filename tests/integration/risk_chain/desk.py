"""A replaying platform as the risk chain's test uses it: `panda apply`, and verdicts by the epoch that they are of."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from tests.integration.panda_command import Panda
from tests.integration.risk_chain.cases import Fields

from alpha_panda.cli.main import main
from alpha_panda.errors import UnavailableError
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.events.envelope import Envelope, decode, decode_header
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.signals import Intent, Reason, SignalRejected, SignalValidated
from alpha_panda.events.topics import (
    CONTROL_BROKERS,
    CONTROL_STRATEGIES,
    MARKET_EPOCHS,
    SIGNALS_REJECTED,
    SIGNALS_VALIDATED,
)
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import log_consumer
from alpha_panda.local.platform import Platform
from alpha_panda.local.ports import HOST

PATIENCE_SECONDS = 90.0
_VERDICTS = frozenset({SignalValidated.__name__, SignalRejected.__name__})
_CONTROL = {"Broker": CONTROL_BROKERS.full_name(), "Strategy": CONTROL_STRATEGIES.full_name()}


class Verdict(NamedTuple):
    """What the risk manager said to a signal; no reasons where it let it pass."""

    epoch: int
    at: datetime
    strategy: str
    token: int
    intent: Intent
    reasons: tuple[Reason, ...]

    @property
    def codes(self) -> frozenset[str]:
        """Of all reasons."""
        return frozenset(each.code for each in self.reasons)

    def reason(self, code: str) -> Reason:
        """The one of a code that is there."""
        return next(each for each in self.reasons if each.code == code)


class Log:
    """Everything that was written to the topics that are asked for; each is read on from where it was."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._known: dict[TopicPartition, list[tuple[int, Envelope]]] = {}

    def read(self, *topics: str) -> list[tuple[int, Envelope]]:
        """Offset and event of each record, topic by topic."""
        partitions = [TopicPartition(topic, 0) for topic in topics]
        wait_for(lambda: self._is_read(partitions), lambda: f"an answer of Kafka about {topics}")
        return [each for partition in partitions for each in self._known[partition]]

    def _is_read(self, partitions: list[TopicPartition]) -> bool:
        """False where Kafka did not answer in time, as it may not on a machine that is busy."""
        try:
            asyncio.run(self._read_on(partitions))
        except (UnavailableError, KafkaError):
            return False
        return True

    async def _read_on(self, partitions: list[TopicPartition]) -> None:
        async with log_consumer(self._layout) as consumer:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            for partition in partitions:
                known = self._known.setdefault(partition, [])
                consumer.seek(partition, known[-1][0] + 1 if known else 0)
            while any([await consumer.position(each) < ends[each] for each in partitions]):
                for partition, records in (await consumer.getmany(timeout_ms=100)).items():
                    self._known[partition] += [(each.offset, decode_header(each.value)) for each in records]


@dataclass(frozen=True)
class Desk:
    """The platform, and a folder for what is applied."""

    panda: Panda
    folder: Path
    log: Log
    _applied: list[Path] = field(default_factory=list)

    def apply(self, *resources: Fields) -> dict[str, int]:
        """`panda apply`; by name of a resource, the epoch from which on the change holds for every service."""
        before = {topic: len(self.log.read(topic)) for topic in _CONTROL.values()}
        path = self.folder / f"{len(self._applied)}.yaml"
        self._applied.append(path)
        path.write_text("\n---\n".join(map(json.dumps, resources)))
        assert main(["apply", "-f", str(path), "--data-dir", str(self.panda.data_dir)]) == 0
        wanted = {(each["kind"], each["metadata"]["name"]) for each in resources}
        found: dict[str, int] = {}

        def in_force() -> bool:
            found.update(self._in_force(wanted, before))
            return len(found) == len(wanted)

        wait_for(in_force, lambda: f"a marker of the feed after the change of {sorted(wanted)}; there are: {found}")
        return found

    def api(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """What the API answers."""
        layout = Layout(self.panda.data_dir)
        url = f"http://{HOST}:{Platform(layout).require_running().api_port}{path}"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {layout.secret('api-token')}"}, timeout=10)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    def verdicts(self, strategy: str, since: int, broker: str = "paper") -> list[Verdict]:
        """What was said to the signals of a strategy from an epoch on, in the order of epochs."""
        found = []
        topics = (each.full_name(broker) for each in (SIGNALS_VALIDATED, SIGNALS_REJECTED))
        for _, header in self.log.read(*topics):
            if header.type not in _VERDICTS or header.epoch is None or header.epoch < since:
                continue
            data = decode(header).data
            if data.signal.strategy == strategy:
                reasons = data.reasons if isinstance(data, SignalRejected) else ()
                token, intent = data.signal.instrument_token, data.signal.intent
                found.append(Verdict(header.epoch, header.event_time, strategy, token, intent, reasons))
        return sorted(found, key=lambda each: (each.epoch, each.at, each.token))

    def first(
        self, strategy: str, since: int, matches: Callable[[Verdict], bool], what: str, broker: str = "paper"
    ) -> Verdict:
        """The first verdict since an epoch that matches, which is waited for."""
        found: list[Verdict] = []

        def there() -> bool:
            found[:] = self.verdicts(strategy, since, broker)
            return any(map(matches, found))

        wait_for(there, lambda: f"{what} of {strategy} on {broker} from epoch {since} on; there are: {found[-3:]}")
        return next(filter(matches, found))

    def _in_force(self, wanted: Iterable[tuple[str, str]], before: dict[str, int]) -> dict[str, int]:
        """By name: the first epoch whose marker covers the newest record of a resource."""
        places: dict[tuple[str, str], int] = {}
        for kind, topic in _CONTROL.items():
            for offset, header in self.log.read(topic)[before[topic] :]:
                data = decode(header).data
                if isinstance(data, BrokerConfigured | StrategyConfigured):
                    places[kind, data.name] = offset
        markers = [
            (data.epoch, data.control)
            for _, header in self.log.read(MARKET_EPOCHS.full_name())
            if isinstance(data := decode(header).data, EpochClosed) and data.control
        ]
        found = {}
        for kind, name in wanted:
            written = places.get((kind, name))
            if written is None:
                continue
            if epochs := [epoch for epoch, ends in markers if ends[_CONTROL[kind]] > written]:
                found[name] = min(epochs)
        return found


def wait_for(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    """Look again until it is so; fails, with what is missing, where it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:g} s: {what()}"
        time.sleep(0.1)
