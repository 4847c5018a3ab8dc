"""The feed's two ways of publishing: by epochs, in step with paper trading, or as ticks come.

Its state is on the log: its last marker says which epoch is out, and ticks after it are found by their
ids, so a feed that was killed goes on with the epoch that it was in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing
from datetime import datetime

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.epochs import EpochBatch
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import MalformedEventError, decode, decode_header
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.fences import Fences, claim_of
from alpha_panda.events.topics import BROKER_EPOCHS, MARKET_EPOCHS, TICKS
from alpha_panda.market_feed.paper_gate import PaperGate
from alpha_panda.market_feed.sources.port import EpochSource, LiveSource, RejectedRow
from alpha_panda.market_feed.wanted import WantedInstruments
from alpha_panda.runtime.control_reader import ControlReader
from alpha_panda.runtime.kafka import translate
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.snapshots import Offsets

TRADING_SERVICE = "paper-trading"
_WAIT_MILLISECONDS = 50


class MarkerWatch:
    """Reads the epoch topics of the Paper Brokers, whose number may change."""

    def __init__(self, consumer: AIOKafkaConsumer, prefix: str) -> None:
        """Read with `consumer`, which nobody else uses."""
        self._consumer = consumer
        self._prefix = prefix
        self._brokers: tuple[str, ...] = ()
        self._positions: dict[TopicPartition, int] = {}
        self._fences = Fences()

    async def poll(self, gate: PaperGate, milliseconds: int) -> None:
        """Tell the gate what the trading tasks have closed."""
        self._follow(gate.brokers)
        if not self._brokers:
            return
        tasks = {f"{broker}.{TRADING_SERVICE}": broker for broker in self._brokers}
        try:
            batches = await self._consumer.getmany(timeout_ms=milliseconds)
        except kafka_errors.KafkaError as error:
            raise translate(error) from error
        for where, records in batches.items():
            for record in records:
                self._positions[where] = record.offset + 1
                try:
                    header = decode_header(record.value)
                    marker = decode(header).data
                    claim = claim_of(header)
                except MalformedEventError:
                    continue  # its stream readers set it aside
                place = (record.topic, record.partition, record.offset)
                if claim is not None:
                    self._fences.learn(place, claim)
                elif isinstance(marker, EpochClosed) and not self._fences.is_fenced(place, header):
                    gate.saw_marker(marker, tasks)

    def _follow(self, brokers: tuple[str, ...]) -> None:
        if brokers == self._brokers:
            return
        self._brokers = brokers
        partitions = [TopicPartition(BROKER_EPOCHS.full_name(broker, self._prefix), 0) for broker in brokers]
        self._consumer.assign(partitions)
        for partition in partitions:
            self._consumer.seek(partition, self._positions.get(partition, 0))


class Feed:
    """One run's feed. `own` are the topics that it writes, for recovery."""

    def __init__(self, process: Process, publisher: Publisher, control: ControlReader, task: str) -> None:
        """Publish through `publisher`, marking as `task`."""
        self._process = process
        self._publisher = publisher
        self._control = control
        self._task = task
        self._gate = PaperGate()
        self._log = structlog.get_logger()

    async def recover(self, reader: AIOKafkaConsumer, topics: dict[str, tuple[int, ...]]) -> int:
        """The last epoch that went out (0 for none); what went out after it will not go out twice."""
        last = 0
        since: Offsets = {}
        for _, envelope in await self._publisher.recover(reader, topics, since):
            if envelope.type == EpochClosed.__name__:
                last = max(last, decode(envelope).data.epoch)
        return last

    async def replay(self, source: EpochSource, last: int, speed: float | None, watch: MarkerWatch) -> None:
        """Publish the epochs after `last`, each when Paper trading has closed the one before and its time has come."""
        for event, _ in await self._control.start():
            self._gate.saw_control(event, last + 1)
        pace = Pace(speed)
        for batch in source.epochs():
            await self._set_aside(source.drain_rejected())
            if batch.number <= last:
                continue
            await self._wait_for_paper(batch.number - 1, watch)
            await self._wait_for_time(pace, batch.watermark)
            if self._process.stopping.is_set():
                return
            for event, _ in await self._control.poll():
                self._gate.saw_control(event, batch.number)
            await self._publisher.publish(batch.ticks, batch.number)
            await self._publisher.mark(
                (MARKET_EPOCHS,),
                (),
                self._task,
                batch.number,
                batch.watermark,
                control=dict(self._control.ends),
                final=batch.final,
            )
            self._note(batch)
        await self._set_aside(source.drain_rejected())
        self._process.health.detail = {
            **self._process.health.detail,
            "finished": True,
            "lag": 0,
            "source": source.report.lines(),
        }
        self._log.info("replay ended", source=source.report.lines())

    async def rest(self) -> None:
        """Nothing more to publish: stay until told to stop, so that the end is visible."""
        self._process.watch.ended()
        while not self._process.stopping.is_set():
            self._process.health.turn()
            self._process.watch.observe(0, 0)
            await self._sleep(1.0)

    async def _set_aside(self, rows: tuple[RejectedRow, ...]) -> None:
        for row in rows:
            await self._publisher.set_aside_row(TICKS, row.file, row.line, row.raw, row.reason)

    async def stream(self, batches: Iterable[tuple[AnyEvent, ...]], rate: int) -> None:
        """Publish ticks at `rate` a second, without epochs, until told to stop.

        What a former life has published is passed over at once: a market that repeats it would be silent as long.
        """
        started, sent = time.monotonic(), 0
        for ticks in batches:
            written = await self._publisher.publish(ticks, None)
            self._process.health.turn()
            if not written:
                started = time.monotonic()
                await asyncio.sleep(0)
                continue
            sent += written
            self._process.health.saw_event()
            self._process.health.detail = {"ticks": sent}
            self._process.watch.observe(0, sent)
            self._process.watch.heard(ticks[-1].event_time, [tick.data.instrument_token for tick in ticks])
            ahead = sent / rate - (time.monotonic() - started)
            if ahead > 0:
                await self._sleep(ahead)
            if self._process.stopping.is_set():
                return

    async def live(self, source: LiveSource) -> None:
        """Publish what a live market says, for the instruments of the strategies, until told to stop."""
        wanted = WantedInstruments()
        for event, _ in await self._control.start():
            wanted.saw_control(event)
        health, watch = self._process.health, self._process.watch
        async with aclosing(source.batches()) as batches:
            source.follow(wanted.names)
            async for batch in batches:
                if batch.ticks:
                    await self._publisher.publish(batch.ticks, None)
                    health.saw_event()
                    watch.heard(batch.ticks[-1].event_time, {tick.data.instrument_token for tick in batch.ticks})
                health.turn()
                health.ready = batch.blocked is None
                health.notes = [] if batch.blocked is None else [batch.blocked]
                health.detail = batch.detail
                watch.observe(0, source.report.ticks)
                if self._process.stopping.is_set():
                    return
                for event, _ in await self._control.poll():
                    wanted.saw_control(event)
                source.follow(wanted.names)

    async def _wait_for_paper(self, epoch: int, watch: MarkerWatch) -> None:
        while not self._process.stopping.is_set():
            self._process.health.turn()
            await watch.poll(self._gate, 0)
            if not self._gate.waits_for(epoch):
                await self._read_promised(epoch + 1)
                return
            waits_for = self._gate.waits_for(epoch)
            self._process.health.detail = {**self._process.health.detail, "waits_for": list(waits_for)}
            self._process.watch.nothing_due()
            self._process.watch.observe(1, epoch, tuple(f"{broker}.{TRADING_SERVICE}" for broker in waits_for))
            await watch.poll(self._gate, _WAIT_MILLISECONDS)
            for event, _ in await self._control.poll():
                self._gate.saw_control(event, epoch + 1)

    async def _read_promised(self, next_epoch: int) -> None:
        """Read the control topics as far as the markers say that there is something."""
        while self._gate.misses(self._control.ends) and not self._process.stopping.is_set():
            self._process.health.turn()
            for event, _ in await self._control.poll(_WAIT_MILLISECONDS):
                self._gate.saw_control(event, next_epoch)

    async def _wait_for_time(self, pace: Pace, watermark: datetime) -> None:
        while (seconds := pace.seconds_until(watermark)) > 0 and not self._process.stopping.is_set():
            self._process.health.turn()
            self._process.watch.nothing_due()
            self._process.watch.observe(0, 0)
            await self._sleep(min(seconds, 1.0))

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but wake when told to stop."""
        try:
            await asyncio.wait_for(self._process.stopping.wait(), seconds)
        except TimeoutError:
            return

    def _note(self, batch: EpochBatch) -> None:
        self._process.health.saw_event()
        self._process.watch.heard(batch.watermark)
        self._process.watch.observe(0, batch.number)
        self._process.metrics.epoch.set(batch.number)
        self._process.health.detail = {
            "epoch": batch.number,
            "event_time": batch.watermark.isoformat(),
            "finished": batch.final,
            "lag": 0,
        }


class Pace:
    """Maps event time to wall time by a factor; the clock starts with the first epoch that is asked for."""

    def __init__(self, speed: float | None) -> None:
        """`speed` 60 shows an hour in a minute; None never waits."""
        self._speed = speed
        self._start: tuple[datetime, float] | None = None

    def seconds_until(self, moment: datetime) -> float:
        """How long to wait until `moment` is due; gaps of more than an hour (a night) are skipped."""
        now = time.monotonic()
        if self._speed is None:
            return 0.0
        if self._start is None:
            self._start = (moment, now)
            return 0.0
        begun, at = self._start
        due = at + (moment - begun).total_seconds() / self._speed
        if (moment - begun).total_seconds() > 0 and due - now > 3600 / self._speed:
            self._start = (moment, now)
            return 0.0
        return due - now
