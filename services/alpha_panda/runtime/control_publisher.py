"""From resources to `control.*`: the executor of the plan tells the services what people want, each change once.

What has been told is on the log itself: at its start the publisher reads the control topics and goes on
from there, so a change that was stored just before a crash is told after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.events.envelope import Event, Origin
from alpha_panda.events.ids import event_id
from alpha_panda.resources.stored import StoredResource
from alpha_panda.runtime.control_reader import ControlReader
from alpha_panda.runtime.kafka import make_producer, start_client
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.settings import ServiceSettings

_SHAPES: dict[str, type[BrokerConfigured | StrategyConfigured]] = {
    "Broker": BrokerConfigured,
    "Strategy": StrategyConfigured,
}
_ORDER = {"Broker": 0, "Strategy": 1}

Told = dict[tuple[str, str], tuple[str, int, bool]]
"""By kind and name: the uid, the generation, and whether it exists."""


class ControlPublisher:
    """Publishes the difference between what is wanted and what the log says."""

    def __init__(self, settings: ServiceSettings, source: str) -> None:
        """`settings` hold the administrator's credentials; `source` is who tells: the supervisor or the operator."""
        self._settings = settings
        self._producer = make_producer(settings.kafka)
        self._publisher = Publisher(
            self._producer,
            Metrics(source, None),
            Origin(source=source),
            source,
            settings.platform.prefix,
            settings.platform.partitions,
        )
        self._told: Told = {}

    async def start(self) -> None:
        """Read what the services were told so far, and connect."""
        await self.read_again()
        await start_client(self._producer, self._settings.kafka)

    async def read_again(self) -> None:
        """Believe the log alone: its topics may have been made anew, without what was told on them."""
        self._told = {}
        reader = ControlReader(self._settings)
        try:
            for event, _ in await reader.start():
                self._note(event)
        finally:
            await reader.stop()

    async def stop(self) -> None:
        """Disconnect."""
        await self._producer.stop()

    async def publish_deletions(self, resources: Iterable[StoredResource]) -> None:
        """Tell of everything that is gone."""
        present = {(each.kind, each.name): each.uid for each in resources}
        now = datetime.now(UTC)
        events = []
        for (kind, name), (uid, generation, exists) in sorted(self._told.items()):
            if exists and present.get((kind, name)) != uid:
                events.append(_event(kind, name, uid, generation + 1, None, now))
        await self._tell(events)

    async def publish_changes(self, resources: Iterable[StoredResource]) -> None:
        """Tell of everything that is new or changed, Brokers before the Strategies that name them."""
        events = []
        for each in sorted(resources, key=lambda each: (_ORDER[each.kind], each.name)):
            told = self._told.get((each.kind, each.name))
            if told != (each.uid, each.generation, True):
                spec = each.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
                events.append(_event(each.kind, each.name, each.uid, each.generation, spec, each.changed_at))
        await self._tell(events)

    async def _tell(self, events: list[AnyEvent]) -> None:
        await self._publisher.publish(events, None)
        for event in events:
            self._note(event)

    def _note(self, event: AnyEvent) -> None:
        change = event.data
        if isinstance(change, BrokerConfigured | StrategyConfigured):
            kind = next(kind for kind, shape in _SHAPES.items() if isinstance(change, shape))
            self._told[kind, change.name] = (change.uid, change.generation, change.spec is not None)


def _event(  # noqa: PLR0913, PLR0917 - the parts of one change
    kind: str, name: str, uid: str, generation: int, spec: dict[str, object] | None, moment: datetime
) -> AnyEvent:
    identity = event_id(moment, "control", kind, name, uid, generation)
    return Event(
        id=identity,
        event_time=moment,
        data=_SHAPES[kind](name=name, uid=uid, generation=generation, spec=spec),
        key=name,
        correlation_id=identity,
    )
