"""Records that come twice, and records that nobody can process."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections.abc import Sequence

from aiokafka import TopicPartition
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka import TopicPartition as GroupPartition
from confluent_kafka.admin import AdminClient
from tests.chaos import administrator
from tests.chaos.arena import Arena
from tests.chaos.faults.fault import Fault, MissedError
from tests.integration.bad_input.hostile import YESBANK, Hostile, unreadable, wrong_ticks

from alpha_panda.events.ids import partition_of
from alpha_panda.events.topics import (
    BARS,
    BROKER_EPOCHS,
    CONTROL_BROKERS,
    CONTROL_STRATEGIES,
    MARKET_EPOCHS,
    ORDERS_FILLED,
    ORDERS_SUBMITTED,
    SIGNALS_RAW,
    SIGNALS_VALIDATED,
    TICKS,
    Scope,
    Topic,
)
from alpha_panda.local.kafka import ADMIN, client_settings
from alpha_panda.local.log_reader import log_consumer, read_records
from alpha_panda.local.ports import HOST, Ports

BROKER = "paper"
HISTORY = "history"
PARTITIONS = 1
LATE = 300
"""An epoch that is to come: an event of one that is over would be a duplicate, whoever's it is."""
_SETTLE_SECONDS = 0.3
"""A statement that was sent before its sender stood still has been executed by then."""
_DOUBLED = (
    *(TICKS, BARS, MARKET_EPOCHS, BROKER_EPOCHS, SIGNALS_RAW, SIGNALS_VALIDATED),
    *(ORDERS_SUBMITTED, ORDERS_FILLED, CONTROL_BROKERS, CONTROL_STRATEGIES),
)
_POISONED = (
    *(TICKS, BARS, MARKET_EPOCHS, BROKER_EPOCHS, SIGNALS_RAW, SIGNALS_VALIDATED, ORDERS_FILLED),
    *(CONTROL_BROKERS, CONTROL_STRATEGIES),
)


def name_of(topic: Topic) -> str:
    """Its name in the arena, which has one Broker and no prefix."""
    return topic.full_name(BROKER if topic.scope is Scope.BROKER else None)


class Double(Fault):
    """The last records of a topic are written once more, with the same keys, bytes and ids."""

    kind = "duplicates"

    def __init__(self, topics: Sequence[Topic] = _DOUBLED, last: int = 20) -> None:
        self._topics = topics
        self._last = last
        self.name = f"the last {last} records of {', '.join(each.name for each in topics)} twice"

    async def inject(self, arena: Arena) -> str:
        count = 0
        async with administrator.producer(arena) as producer:
            for topic in self._topics:
                name = name_of(topic)
                for key, value in await tail(arena, name, self._last):
                    written = await producer.send_and_wait(name, value, key=key, partition=0)
                    arena.injected.add((name, 0, written.offset))
                    count += 1
        if not count:
            raise MissedError("there was nothing to double")
        return f"{count} records were written again"


async def tail(arena: Arena, topic: str, last: int) -> list[tuple[bytes | None, bytes | None]]:
    """Key and value of the last records of a topic, without those that the harness wrote to be refused."""
    async with log_consumer(arena.layout) as consumer:
        records = [each async for each in read_records(consumer, [TopicPartition(topic, 0)])]
    return [(each.key, each.value) for each in records if each.place not in arena.poison][-last:]


class Poison(Fault):
    """Records that nobody can process, on topics that everybody reads."""

    kind = "poison"

    def __init__(self, chance: random.Random, count: int = 12) -> None:
        self._picks = [self._pick(chance) for _ in range(count)]
        self.name = ", ".join(sorted({f"{record.name} on {topic.name}" for topic, record in self._picks}))

    async def inject(self, arena: Arena) -> str:
        async with administrator.producer(arena) as producer:
            for topic, record in self._picks:
                name = name_of(topic)
                written = await producer.send_and_wait(name, record.value, key=record.key, partition=record.partition)
                arena.poison[name, record.partition, written.offset] = record.reason
        return f"{len(self._picks)} records were written"

    @staticmethod
    def _pick(chance: random.Random) -> tuple[Topic, Hostile]:
        topic = chance.choice(_POISONED)
        records = list(unreadable())
        if topic is TICKS:
            records += wrong_ticks(PARTITIONS, partition_of(YESBANK, PARTITIONS))
        return topic, chance.choice(records)


class Stray(Fault):
    """Whole events on a Broker's topics that carry no Broker, or another's."""

    kind = "poison"
    name = "events of no Broker and of another one"

    async def inject(self, arena: Arena) -> str:
        count = 0
        async with administrator.producer(arena) as producer:
            for topic in (SIGNALS_RAW, SIGNALS_VALIDATED, ORDERS_FILLED):
                name = name_of(topic)
                for key, value in await tail(arena, name, 1):
                    for broker in (None, "second"):
                        stray = json.dumps({**json.loads(value or b"{}"), "broker": broker, "epoch": LATE}).encode()
                        written = await producer.send_and_wait(name, stray, key=key, partition=0)
                        arena.poison[name, 0, written.offset] = f"broker {broker!r}"
                        count += 1
        if not count:
            raise MissedError("there was no event to copy")
        return f"{count} records were written"


class RewindSnapshot(Fault):
    """A task's offsets are set back while its state is not, so all of these records come to it again."""

    kind = "rewind"

    def __init__(self, service: str, records: int = 200) -> None:
        self._service = service
        self._records = records
        self.name = f"{service} reads its last {records} records again"

    async def inject(self, arena: Arena) -> str:
        pid = await arena.living(self._service)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(_SETTLE_SECONDS)
            return await self._rewind(arena)
        finally:
            os.kill(pid, signal.SIGKILL)

    async def _rewind(self, arena: Arena) -> str:
        schema = BROKER if self._service.startswith(f"{BROKER}.") else "market"
        async with administrator.database(arena) as database:
            question = f"SELECT task, offsets FROM {schema}.snapshots WHERE service = $1"  # noqa: S608 - ours
            rows = await database.fetch(question, self._service)
            back = 0
            for row in rows:
                offsets = json.loads(row["offsets"])
                earlier = {
                    topic: {partition: max(0, end - self._records) for partition, end in ends.items()}
                    for topic, ends in offsets.items()
                }
                back += sum(offsets[topic][p] - end for topic, ends in earlier.items() for p, end in ends.items())
                await database.execute(
                    f"UPDATE {schema}.snapshots SET offsets = $3 WHERE service = $1 AND task = $2",  # noqa: S608 - ours
                    *(self._service, row["task"], json.dumps(earlier)),
                )
        if not back:
            raise MissedError(f"{self._service} had no snapshot with anything behind it")
        return f"{back} records were to be read again"


class RewindHistory(Fault):
    """The committed offsets of the history are set back, so it stores everything twice."""

    kind = "rewind"
    name = "history stores everything again"

    async def inject(self, arena: Arena) -> str:
        pid = await arena.living(HISTORY)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(_SETTLE_SECONDS)
            return await asyncio.to_thread(self._rewind, arena)
        finally:
            os.kill(pid, signal.SIGKILL)

    def _rewind(self, arena: Arena) -> str:
        bootstrap = f"{HOST}:{Ports(arena.layout).known('kafka')}"
        client = AdminClient(dict(client_settings(bootstrap, ADMIN, arena.layout.secret("kafka-admin"))))
        group = f"alpha-panda.{HISTORY}"
        asked = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
        committed = [each for each in asked[group].result().topic_partitions if each.offset > 0]
        if not committed:
            raise MissedError("history has committed nothing yet")
        earlier = [GroupPartition(each.topic, each.partition, 0) for each in committed]
        client.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, earlier)])[group].result()
        return f"{sum(each.offset for each in committed)} records were to be read again"
