"""What a live task has read and not decided on yet, and the turns that decide on it.

One turn takes everything that has come, in an order that follows from the log: by phase, then topic by topic
and partition by partition. What `control.*` or a gate holds back waits, uncommitted, for a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from alpha_panda.events.topics import Scope
from alpha_panda.runtime.decider import Decider
from alpha_panda.runtime.gate import Partition
from alpha_panda.runtime.inbox import Item
from alpha_panda.runtime.live_gate import Answer, hold_back, read_again, sort_out, told
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.turns import Turn, Turns
from alpha_panda.runtime.wiring import Wiring


class Arrivals:
    """The waiting room of a live task, and what leaves it."""

    def __init__(self, wiring: Wiring, decider: Decider, publisher: Publisher, metrics: Metrics) -> None:
        """Nothing has come."""
        self._gate = wiring.live_gate
        self._retraces = wiring.retraces
        self._control_alone = wiring.prepares is not None
        self._ranks = {name: rank for rank, name in enumerate(wiring.inputs)}
        self._control = frozenset(name for name, each in wiring.inputs.items() if each.topic.scope is Scope.CONTROL)
        self._decider = decider
        self._publisher = publisher
        self._metrics = metrics
        self._items: list[Item] = []
        self._turns = Turns()
        self.knows_control = False
        """Whether `control.*` was read to its ends at the start: what is news is not decided on before."""
        self.watermark: datetime | None = None

    def begin(self, positions: Mapping[Partition, int]) -> None:
        """Go on from `positions`, and first take again the turns that the publisher has found on the log."""
        self._turns.begin(positions, self._publisher.former if self._retraces else ())

    def add(self, item: Item) -> None:
        """Take what was read and is not known."""
        self._items.append(item)

    @property
    def behind(self) -> bool:
        """Whether it still decides what a former life had decided; its state is then between two turns of that."""
        return self._turns.behind

    @property
    def waiting(self) -> int:
        """How much has not been decided on."""
        return len(self._items)

    def oldest(self) -> Iterator[tuple[Partition, int]]:
        """Where what waits lies on the log."""
        return (((item.record.topic, item.record.partition), item.record.offset) for item in self._items)

    def give_up(self, ends: Mapping[Partition, int]) -> str:
        """Do without former turns whose inputs are gone from the log; what is to be said of it."""
        return self._turns.give_up(ends)

    async def turn(self, positions: Mapping[Partition, int]) -> int:
        """Decide on all that can be decided now, where reading has come to `positions`; how many records."""
        done = 0
        while (turn := self._turns.again(positions)) is not None:
            done += await self._take_again(turn)
        return done if self._turns.behind else done + await self._take_news(positions)

    async def _take_again(self, turn: Turn) -> int:
        """What came before the turn left nothing on the log, so its entries were held; the turn decides as it did."""
        before = [item for item in self._items if turn.is_before(item)]
        quiet, held = hold_back(self._gate, before)
        done = await self._decide(quiet, turn)
        self.watermark = turn.watermark or self.watermark
        own = [item for item in self._items if turn.takes(item) and not turn.is_before(item)]
        self._items = [item for item in self._items if not turn.takes(item)]
        heard = None if self._gate is None else read_again(self._gate, turn.heard)
        items = self._sift(held + own, heard)
        return done + await self._decide(items, turn)

    async def _take_news(self, positions: Mapping[Partition, int]) -> int:
        items, self._items = self._items, []
        if not self.knows_control or (self._control_alone and self._has_control(items)):
            self._items = [item for item in items if item.record.topic not in self._control]
            items = [item for item in items if item.record.topic in self._control]
            positions = {where: end for where, end in positions.items() if where[0] in self._control}
        if not items:
            return 0
        gate, answer = self._gate, None
        if gate is not None and any(gate.concerns(item.event) for item in items):
            answer = await gate.ask()
        turn = self._turns.next(positions, self.watermark, told(answer)) if self._retraces else None
        return await self._decide(self._sift(items, answer), turn)

    def _has_control(self, items: list[Item]) -> bool:
        """What comes with control changes waits for the next turn: between the two a service may be prepared."""
        return any(item.record.topic in self._control for item in items)

    def _sift(self, items: list[Item], answer: Answer | None) -> list[Item]:
        """The items to decide on, in their order; the processor learns the answer, and what it holds back waits."""
        items = sorted(items, key=self._order)
        if self._gate is None:
            return items
        if answer is None:
            now, held = hold_back(self._gate, items)
        else:
            self._decider.heed(answer.fact)
            now, held = sort_out(self._gate, items, answer, self.watermark)
        self._items = held + self._items
        return now

    async def _decide(self, items: list[Item], turn: Turn | None) -> int:
        if not items:
            return 0
        outputs, times = [], []
        for item in items:
            produced = self._decider.decide_one(item)
            if produced is None:
                continue  # what is refused tells nothing, not even the time
            outputs += produced
            if item.record.topic not in self._control:
                times.append(item.event.event_time)
        if times:
            # Also where time stood still: what came late is told, too.
            self.watermark = max(times if self.watermark is None else (*times, self.watermark))
            outputs += self._decider.reach(self.watermark)
        with self._metrics.batch_seconds.time():
            await self._publisher.publish(outputs, None, turn)
        return len(items)

    def _order(self, item: Item) -> tuple[int, int, int, int]:
        record = item.record
        return item.input.phase, self._ranks[record.topic], record.partition, record.offset
