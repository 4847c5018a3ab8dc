"""How a service's tasks are wired: what they read, write and mark, and what makes their processors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from alpha_panda.domain.processor import Processor
from alpha_panda.events.topics import BROKER_EPOCHS, MARKET_EPOCHS, Topic
from alpha_panda.runtime.inbox import Input
from alpha_panda.runtime.live_gate import LiveGate
from alpha_panda.runtime.ownership import Tenure

EPOCH_TOPICS = (MARKET_EPOCHS, BROKER_EPOCHS)
Effects = Callable[[Processor, Tenure], Awaitable[None]]
"""What a service does with its processor's values outside Kafka, before each snapshot (a ledger, a read model).

It is given who the task's owner is and raises FencedError where that is another by now.
"""
Prepare = Callable[[Processor], Awaitable[bool]]
"""What a service tells its processor between two turns of a live run; whether it told it anything.

A snapshot is kept right after, before anything is decided by it: so a restart need not be told the same again.
"""


class Wiring(msgspec.Struct, frozen=True, kw_only=True):
    """What a service says of itself; the same for all its tasks."""

    service: str
    inputs: dict[str, Input]
    """By full topic name; epoch and control topics included."""
    own_topics: tuple[tuple[Topic, str], ...]
    """What it writes: row of the table and full name; dead-letter topics included under their source's row."""
    marks: tuple[Topic, ...]
    brokers: Callable[[Processor], Sequence[str]]
    """The Brokers in whose epoch topic it marks."""
    make: Callable[[], Processor]
    effects: Effects | None
    epochs: bool
    """True in a replay; False where records are handled as they arrive."""
    starts_with: str
    """Full name of the epoch topic whose first marker is where a task without a snapshot begins."""
    retraces: bool = False
    """Without epochs, outputs tell of their turn, and a restart takes these turns again (see `turns`)."""
    prepares: Prepare | None = None
    live_gate: LiveGate | None = None
    """What is asked before decisions of a run without epochs."""
