"""A task: a processor with its inbox, its gate, its outputs and its snapshots. The stream loop turns it.

The order of one turn is what makes a crash harmless: decide, write and wait for the acknowledgements,
mark the epoch, then (now and then) snapshot and commit. Whatever is lost in between is decided again,
identically, and found on the log by its id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from alpha_panda.domain.processor import AnyEvent, Processor
from alpha_panda.events.envelope import Envelope, MalformedEventError, decode, decode_header
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.fences import Fences
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.topics import Scope
from alpha_panda.runtime.arrivals import Arrivals
from alpha_panda.runtime.decider import Decider
from alpha_panda.runtime.fail_points import NO_FAIL_POINTS, FailPoint, FailPoints
from alpha_panda.runtime.fencing import pass_over
from alpha_panda.runtime.gate import Closing, EpochGate, Partition
from alpha_panda.runtime.inbox import Inbox, Outcome, Refused
from alpha_panda.runtime.kafka import retried
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.refusals import Refusals
from alpha_panda.runtime.snapshots import Snapshot, SnapshotStore, by_topic, earliest, lowest, restore_last
from alpha_panda.runtime.wiring import EPOCH_TOPICS, Wiring


class Task:
    """One task of the plan, in this process."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a task, put together in one place
        self,
        name: str,
        partitions: tuple[Partition, ...],
        wiring: Wiring,
        gate: Callable[[int | None], EpochGate],
        inbox: Inbox,
        publisher: Publisher,
        snapshots: SnapshotStore,
        metrics: Metrics,
        fail_points: FailPoints = NO_FAIL_POINTS,
    ) -> None:
        """Only remember; `start` does the work."""
        self.name = name
        self.partitions = partitions
        self._wiring = wiring
        self._make_gate = gate
        self._gate = gate(None)
        self._inbox = inbox
        self._publisher = publisher
        self._snapshots = snapshots
        self._metrics = metrics
        self._fail_points = fail_points
        self._log = structlog.get_logger().bind(task=name)
        self._refusals = Refusals(publisher, metrics, self._log)
        self._decider = Decider(wiring.make, self._refusals, metrics, self._log)
        self._markers: dict[tuple[str, int], tuple[Partition, int]] = {}
        self._arrivals = Arrivals(wiring, self._decider, publisher, metrics)
        self._saved_at = time.monotonic()
        self._dirty = wiring.effects is not None  # what they keep outside may be gone by now
        self.note = ""  # what a person should know of its start
        self.positions: dict[Partition, int] = {}
        self.saved: dict[Partition, int] = {}
        self.epoch: int | None = None
        self.finished = False
        self._closed_at: datetime | None = None

    @property
    def watermark(self) -> datetime | None:
        """The event time that it has come to; None before the first."""
        return self._closed_at if self._wiring.epochs else self._arrivals.watermark

    @property
    def processor(self) -> Processor:
        """The core, for its diagnostics."""
        return self._decider.processor

    @property
    def tenure(self) -> Tenure:
        """Who owns it."""
        return self._publisher.tenure

    async def start(self, reader: AIOKafkaConsumer, topics: dict[str, tuple[int, ...]]) -> None:
        """Restore the last snapshot, claim one's outputs and read them from there to their end."""
        restoring = restore_last(self._snapshots, self._wiring.service, self.name, self._decider.restore)
        snapshot, self.note = await restoring
        if snapshot is not None:
            self._gate = self._make_gate(snapshot.epoch)
            self.epoch = snapshot.epoch
            self.finished = snapshot.finished
            self.positions = snapshot.positions
            self._publisher.fences = Fences(snapshot.fences)
        found = await self._publisher.take_over(reader, topics, snapshot.outputs if snapshot else {})
        rows = {full: row for row, full in self._wiring.own_topics}
        # At one time as they lie on the log: a sequence counts within one order and says nothing of two.
        for topic, envelope in sorted(found, key=lambda pair: pair[1].event_time):
            # A replay decides the same again, and so does a task that retraces its turns, but for what only a
            # clock could tell: verdicts on strategies.
            repeats = self._wiring.epochs or self._wiring.retraces
            if rows[topic].scope is Scope.CONTROL or not (repeats or rows[topic] in EPOCH_TOPICS):
                self._decider.recall(topic, envelope, rows[topic])
        self._arrivals.begin(self.positions)
        self._log.info("task started", epoch=self.epoch, own_outputs_found=len(found), restored=snapshot is not None)

    def accept(self, record: ConsumerRecord) -> None:
        """Take a record that was read; it is decided on later."""
        where = (record.topic, record.partition)
        if record.offset < self.positions.get(where, 0):
            return
        self.positions[where] = record.offset + 1
        source = self._wiring.inputs[record.topic]
        try:
            header = decode_header(record.value)
            if source.topic.scope is not Scope.CONTROL and self._passes_over(record, header):
                return
            if source.topic in EPOCH_TOPICS:
                self._accept_marker(record, decode(header))
                return
        except MalformedEventError as error:
            self._refusals.refuse(record, str(error))
            return
        item = self._inbox.understand(record, source, header)
        outcome: Outcome | Refused | None
        if isinstance(item, Refused):
            outcome = item
        elif source.topic.scope is not Scope.CONTROL and self._publisher.has_set_aside((*where, record.offset)):
            outcome = Refused(record=record, reason="a former life has set it aside, and that stands")
        elif not self._wiring.epochs:
            outcome = self._inbox.admit(item)
            if outcome is None:
                self._arrivals.add(item)
        elif source.topic.scope is Scope.CONTROL:
            self._inbox.hold_control(item)
            outcome = None
        else:
            outcome = self._inbox.hold(item, self._gate.next_epoch)
        self._refusals.settle(record, outcome)

    def _passes_over(self, record: ConsumerRecord, header: Envelope) -> bool:
        """Whether it is a claim or stands behind a later one; raises FencedError for a claim of a later owner here."""
        passed = pass_over(record, header, self._publisher.fences, self._metrics, self._log)
        if isinstance(passed, OwnershipTaken):
            self._publisher.tenure.heard(passed)
        return passed is not None

    def _accept_marker(self, record: ConsumerRecord, event: AnyEvent) -> None:
        marker = event.data
        if not isinstance(marker, EpochClosed):
            self._refusals.refuse(record, f"{type(marker).__name__} is no marker")
            return
        if record.topic == self._wiring.starts_with and self._gate.next_epoch is None:
            self._gate.begin(marker.epoch)
            early = self._inbox.discard_before(marker.epoch)
            if early:
                self._metrics.record(record.topic, Outcome.BEFORE_START, early)
        if self._gate.saw_marker(marker, event.event_time):
            self._markers[marker.task, marker.epoch] = ((record.topic, record.partition), record.offset)

    async def turn(self) -> int:
        """Decide on all that can be decided now; returns how many records were processed."""
        if self.finished:
            self._refuse_rest()
        self._dirty |= await self._refusals.bury()
        if self._wiring.epochs:
            return await self._turn_epochs()
        done = await self._arrivals.turn(self.positions)
        self._dirty |= done > 0
        self._dirty |= await self._refusals.bury()
        await self._prepare()
        return done

    async def _prepare(self) -> None:
        """What a service tells its processor beside the log stands in a snapshot before it decides by it."""
        prepares = self._wiring.prepares
        if prepares is not None and not self._arrivals.behind and await prepares(self.processor):
            self._dirty = True
            await retried(self.checkpoint)

    def needs_every(self, name: str) -> bool:
        """Whether every record of the topic of that name counts (see `Processor.needs_every`).

        A turn of a former life is taken with all that it had read: what was overtaken then need not be now.
        """
        return self._arrivals.behind or self.processor.needs_every(self._wiring.inputs[name].topic)

    def knows_control(self, *, known: bool) -> None:
        """Whether `control.*` was read to its ends at the start; live, what is news is not decided on before."""
        self._arrivals.knows_control = known

    def give_up(self, ends: Mapping[Partition, int]) -> str:
        """See which inputs of former turns are gone from the log, which now ends at `ends`; what is to be said."""
        return self._arrivals.give_up(ends)

    async def _turn_epochs(self) -> int:
        done = 0
        while (closing := self._gate.closing(self.positions)) is not None:
            items, late = self._inbox.take(closing.epoch, closing.control, closing.ends)
            for item in late:
                self._refusals.settle(item.record, Outcome.DUPLICATE)
            outputs = self._decider.decide(items)
            outputs += self._decider.reach(closing.watermark)
            with self._metrics.batch_seconds.time():
                await self._publisher.publish(outputs, closing.epoch)
                await self._mark(closing)
            self._close(closing)
            if self.finished:
                self._refuse_rest()
            self._dirty |= await self._refusals.bury()
            done += len(items)
        return done

    def _refuse_rest(self) -> None:
        for refused in self._inbox.rest():
            news = refused.replay is None or self._refusals.has(refused.replay)
            self._refusals.settle(refused.record, refused if news else Outcome.DUPLICATE)

    async def _mark(self, closing: Closing) -> None:
        brokers = tuple(self._wiring.brokers(self.processor))
        await self._publisher.mark(
            self._wiring.marks,
            brokers,
            self.name,
            closing.epoch,
            closing.watermark,
            control=closing.control,
            final=closing.final,
        )

    def _close(self, closing: Closing) -> None:
        self._gate.closed(closing.epoch)
        self._markers = {key: value for key, value in self._markers.items() if key[1] >= closing.epoch}
        self.epoch = closing.epoch
        self._closed_at = closing.watermark
        self.finished = closing.final
        self._dirty = True
        self._metrics.epoch.set(closing.epoch)

    @property
    def waiting(self) -> int:
        """Records that were read and are not decided on."""
        return self._inbox.size + self._arrivals.waiting

    @property
    def waits_for(self) -> tuple[str, ...]:
        """In a replay: the upstream tasks whose markers are missing."""
        return self._gate.waits_for if self._wiring.epochs and not self.finished else ()

    def due(self, seconds: float) -> bool:
        """Is it time for a snapshot?"""
        late = self.finished or time.monotonic() - self._saved_at >= seconds
        return late and self._dirty and not self._arrivals.behind

    async def checkpoint(self) -> None:
        """Effects, then the snapshot with the offsets that it is exact for."""
        if not self._dirty or self._arrivals.behind:
            return
        self._fail_points.reached(FailPoint.BEFORE_SNAPSHOT)
        if self._wiring.effects is not None:
            await self._wiring.effects(self.processor, self._publisher.tenure)
            self._fail_points.reached(FailPoint.AFTER_EFFECTS)
        state = self._decider.snapshot()
        offsets = self.committable()
        outputs = self._publisher.ends_for(self.epoch, self.watermark)
        snapshot = Snapshot(
            epoch=self.epoch,
            offsets=by_topic(offsets),
            outputs=outputs,
            state=state,
            finished=self.finished,
            fences=self._publisher.fences.kept(earliest(offsets, outputs)),
            fence=self._publisher.tenure.fence,
        )
        self._dirty = False  # what changes while this is saved is due again
        try:
            with self._metrics.snapshot_seconds.time():
                await self._snapshots.save(self._wiring.service, self.name, snapshot)
        except BaseException:
            self._dirty = True
            raise
        self._fail_points.reached(FailPoint.AFTER_SNAPSHOT)
        self._metrics.snapshot_bytes.set(len(state))
        self.saved = offsets
        self._saved_at = time.monotonic()

    def committable(self) -> dict[Partition, int]:
        """The offsets from which a restart must read: what waits is read again, and so are markers still needed."""
        if self.finished:
            return dict(self.positions)
        return lowest(self.positions, self._inbox.oldest().items(), self._arrivals.oldest(), self._markers.values())
