"""The stream runtime: every service that consumes is assembled with `StreamService`.

    await (
        StreamService(settings)
        .reads(SIGNALS_VALIDATED, lag=1)
        .reads(TICKS, phase=1)
        .marks(BROKER_EPOCHS)
        .processes(lambda task: PaperTradingProcessor(...))
        .run()
    )

One consumer and one producer serve all tasks of the process. Partitions are assigned by hand from the plan, so
there is no rebalance; of two processes that were given one task the later owns it and the other ends (`ownership`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Self

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.processor import Processor
from alpha_panda.events.topics import (
    BROKER_EPOCHS,
    MARKET_EPOCHS,
    Scope,
    Topic,
    dead_letter_topic,
    parse_name,
)
from alpha_panda.runtime.assignment import TopicWatch, assign
from alpha_panda.runtime.checkpoints import Checkpoints
from alpha_panda.runtime.dead_letters import Coordinates
from alpha_panda.runtime.digests import origin_of
from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.fail_points import FailPoint
from alpha_panda.runtime.gate import EpochGate, Partition, Upstream
from alpha_panda.runtime.inbox import Inbox, Input
from alpha_panda.runtime.kafka import make_consumer, make_producer, recovery_reader, retried, start_client, translate
from alpha_panda.runtime.live_gate import LiveGate
from alpha_panda.runtime.observer import Observer
from alpha_panda.runtime.overtaking import worth_reading
from alpha_panda.runtime.ownership import Ownership, Tenure
from alpha_panda.runtime.process import FEED_TASK, Process
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.settings import ServiceSettings, TaskSettings
from alpha_panda.runtime.showing import Showing
from alpha_panda.runtime.snapshots import OwnedSnapshots
from alpha_panda.runtime.task import Task
from alpha_panda.runtime.wiring import Effects, Prepare, Wiring


class StreamService:
    """A consume-decide-produce service, assembled by naming its parts."""

    def __init__(self, process: Process, knows_instrument: Callable[[int], bool]) -> None:
        """`process` carries settings, metrics, health and logs; `knows_instrument` refuses foreign tokens."""
        self._process = process
        self._settings: ServiceSettings = process.settings
        self._live = self._settings.run.pacing == "arrival"
        self._knows = knows_instrument
        self._inputs: dict[str, Input] = {}
        self._marks: tuple[Topic, ...] = ()
        self._brokers: Callable[[Processor], Sequence[str]] = self._own_broker
        self._make: Callable[[TaskSettings], Processor] | None = None
        self._effects: Effects | None = None
        self._show: Effects | None = None
        self._gate: LiveGate | None = None
        self._retraces = False
        self._prepares: Prepare | None = None
        self._unread: dict[TopicPartition, int] = {}
        self._snapshots: OwnedSnapshots | None = None
        self._topics = TopicWatch(())
        self._log = structlog.get_logger()

    def reads(self, topic: Topic, *, phase: int = 0, lag: int = 0, in_sequence: bool = True) -> Self:
        """Consume a topic; a Broker's topic is that of this service's Broker."""
        broker = self._settings.service.broker if topic.scope is Scope.BROKER else None
        name = topic.full_name(broker, self._settings.platform.prefix)
        self._inputs[name] = Input(topic=topic, phase=phase, lag=lag, in_sequence=in_sequence)
        return self

    def marks(self, *topics: Topic, brokers: Callable[[Processor], Sequence[str]] | None = None) -> Self:
        """Mark closed epochs in these epoch topics, for one's own Broker or for those that `brokers` names."""
        self._marks = topics
        if brokers is not None:
            self._brokers = brokers
        return self

    def processes(self, make: Callable[[TaskSettings], Processor]) -> Self:
        """The pure core; `make` gives a task a fresh one without state."""
        self._make = make
        return self

    def keeps(self, snapshots: OwnedSnapshots) -> Self:
        """Where the tasks' snapshots and owners are."""
        self._snapshots = snapshots
        return self

    def effects(self, effects: Effects) -> Self:
        """What happens outside Kafka before each snapshot."""
        self._effects = effects
        return self

    def shows(self, show: Effects) -> Self:
        """What people are shown now and then, beside the loop: nothing is decided by it."""
        self._show = show
        return self

    def retraces(self, prepares: Prepare | None = None) -> Self:
        """Without epochs: what it decides depends on which input came first, so a restart takes the same turns."""
        self._retraces, self._prepares = True, prepares
        return self

    def asks(self, gate: LiveGate) -> Self:
        """What is asked beside the log before decisions of a run without epochs; a replay never asks."""
        self._gate = gate
        return self

    async def run(self) -> None:
        """Take over, recover, then consume until told to stop; every way out leaves log and snapshots consistent."""
        if self._snapshots is None:
            raise ValueError("a stream service needs keeps(…)")
        ownership = Ownership(self._snapshots.owners, self._settings.service.name)
        try:
            tenures = await self._take(ownership)
            if len(tenures) == len(self._settings.service.tasks):
                await self._run(ownership, tenures)
                await ownership.release()
        except FencedError:
            await ownership.leave_word()
            raise
        finally:
            await ownership.close()

    async def _take(self, ownership: Ownership) -> list[Tenure]:
        """Become the owner of the tasks; of fewer where this was told to stop while it stood by."""

        def turn() -> bool:
            self._process.health.turn()
            return not self._process.stopping.is_set()

        taken = [await ownership.take(task.name, turn) for task in self._settings.service.tasks]
        return [tenure for tenure in taken if tenure is not None]

    async def _run(self, ownership: Ownership, tenures: list[Tenure]) -> None:
        settings, group = self._settings.kafka, self._settings.service.group
        consumer = make_consumer(settings, group, gathers=self._live)
        producer = make_producer(settings)
        await retried(lambda: start_client(producer, settings))
        await retried(lambda: start_client(consumer, settings))
        try:
            letters: set[Coordinates] = set()
            tasks = [
                self._task(task, self._publisher(producer, letters, tenure))
                for task, tenure in zip(self._settings.service.tasks, tenures, strict=True)
            ]
            self._topics = TopicWatch(n for t in tasks for n in (*self._outputs_of(t), *(p[0] for p in t.partitions)))
            await self._topics.require(consumer)
            async with recovery_reader(settings) as reader:
                for task in tasks:
                    await task.start(reader, self._outputs_of(task))
            lost = await self._assign(consumer, tasks)
            self._process.health.notes = [*(task.note for task in tasks if task.note), *lost]
            await self._consume(consumer, tasks, ownership)
        finally:
            await consumer.stop()
            await producer.stop()

    def _own_broker(self, _: Processor) -> Sequence[str]:
        broker = self._settings.service.broker
        return () if broker is None else (broker,)

    def _publisher(self, producer: AIOKafkaProducer, letters: set[Coordinates], tenure: Tenure) -> Publisher:
        group, platform = self._settings.service.group, self._settings.platform
        metrics, points = self._process.metrics, self._process.fail_points
        origin = origin_of(self._settings, tenure.task)
        return Publisher(
            producer, metrics, origin, group, platform.prefix, platform.partitions, letters, points, tenure
        )

    def _task(self, task: TaskSettings, publisher: Publisher) -> Task:
        if self._make is None or self._snapshots is None:
            raise ValueError("a stream service needs processes(…) and keeps(…)")
        prefix = self._settings.platform.prefix
        broker = self._settings.service.broker
        epoch_topics = (MARKET_EPOCHS, BROKER_EPOCHS) if broker is not None else (MARKET_EPOCHS,)
        inputs = dict(self._inputs)
        for topic in epoch_topics:
            inputs[topic.full_name(broker if topic.scope is Scope.BROKER else None, prefix)] = Input(topic=topic)
        partitions = tuple(
            (name, p) for name, source in inputs.items() for p in ((0,) if source.topic.single else task.partitions)
        )
        own = tuple((parse_name(name, prefix)[0], name) for name in self._settings.service.writes)
        starts_with = epoch_topics[-1]
        wiring = Wiring(
            service=self._settings.service.name,
            inputs=inputs,
            own_topics=own,
            marks=self._marks,
            brokers=self._brokers,
            make=partial(self._make, task),
            effects=self._effects,
            epochs=not self._live,
            live_gate=self._gate,
            retraces=self._retraces,
            prepares=self._prepares,
            starts_with=starts_with.full_name(broker if starts_with.scope is Scope.BROKER else None, prefix),
        )
        upstream = Upstream(current=task.upstream, previous=task.upstream_previous)
        readable = frozenset(partitions)
        return Task(
            task.name,
            partitions,
            wiring,
            lambda last: EpochGate(upstream, FEED_TASK, readable, last),
            Inbox(
                self._knows, self._settings.platform.partitions, None if wiring.epochs else partial(datetime.now, UTC)
            ),
            publisher,
            self._snapshots,
            self._process.metrics,
            self._process.fail_points,
        )

    def _outputs_of(self, task: Task) -> dict[str, tuple[int, ...]]:
        """What the task wrote in former lives: its outputs and its dead letters."""
        prefix = self._settings.platform.prefix
        pipeline = next((t.partitions for t in self._settings.service.tasks if t.name == task.name), ())
        topics = {
            name: ((0,) if parse_name(name, prefix)[0].single else pipeline) for name in self._settings.service.writes
        }
        for name, _ in task.partitions:
            topics[dead_letter_topic(name, self._settings.service.broker, prefix)] = (0,)
        return topics

    async def _assign(self, consumer: AIOKafkaConsumer, tasks: list[Task]) -> list[str]:
        """Read from where the tasks are; what is gone from there."""
        wanted = {where: [each for each in tasks if where in each.partitions] for t in tasks for where in t.partitions}
        lost = await assign(consumer, {TopicPartition(*p): [t.positions for t in by] for p, by in wanted.items()})
        assigned, prefix = consumer.assignment(), self._settings.platform.prefix
        control = [each for each in assigned if parse_name(each.topic, prefix)[0].scope is Scope.CONTROL]
        ends = dict(await consumer.end_offsets(assigned))
        self._unread = {partition: ends[partition] for partition in control}
        by_name = {(partition.topic, partition.partition): end for partition, end in ends.items()}
        return lost + [said for task in tasks if (said := task.give_up(by_name))]

    async def _learn_control(self, consumer: AIOKafkaConsumer, tasks: list[Task]) -> None:
        """Let tasks decide once they know what was wanted before the start, such as a halt while this was down."""
        for partition, end in list(self._unread.items()):
            if await consumer.position(partition) >= end:
                del self._unread[partition]
        for task in tasks:
            task.knows_control(known=not self._unread)

    async def _consume(self, consumer: AIOKafkaConsumer, tasks: list[Task], ownership: Ownership) -> None:
        takers: dict[Partition, list[Task]] = {}
        for task in tasks:
            for where in task.partitions:
                takers.setdefault(where, []).append(task)
        health, stopping = self._process.health, self._process.stopping
        observer = Observer(self._process, Showing(self._show, self._process.metrics))
        beside = self._live and self._effects is None
        health.ready = True
        async with Checkpoints(self._process, consumer, tasks, beside=beside) as checkpoints:
            while not stopping.is_set():
                health.turn()
                await ownership.assure()
                await self._read(consumer, takers)
                self._topics.look(consumer)
                await self._learn_control(consumer, tasks)
                if any(
                    [await tasks[0].turn()] if len(tasks) == 1 else await asyncio.gather(*(t.turn() for t in tasks))
                ):
                    health.saw_event()
                await checkpoints.turn()
                observer.observe(consumer, tasks)
            health.ready = False
            await checkpoints.finish()

    async def _read(self, consumer: AIOKafkaConsumer, takers: dict[Partition, list[Task]]) -> None:
        profile = self._settings.kafka.profile
        try:
            batches = await consumer.getmany(timeout_ms=profile.poll_milliseconds, max_records=profile.poll_records)
        except kafka_errors.KafkaError as error:
            raise translate(error) from error
        for where, records in batches.items():
            for task in takers[where.topic, where.partition]:
                needed = worth_reading(records, task.needs_every, self._process.metrics) if self._live else records
                for record in needed:
                    task.accept(record)
        if batches:
            self._process.fail_points.reached(FailPoint.AFTER_CONSUME)
