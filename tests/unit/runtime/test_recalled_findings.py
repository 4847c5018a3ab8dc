"""In a replay a task decides again what it decided, but for what only a clock could tell: that it reads back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.unit.runtime.counting import Counting
from tests.unit.runtime.replay_desk import Desk, MemoryReader, record_of

from alpha_panda.events.control import QuarantineKind, StrategyQuarantined
from alpha_panda.events.envelope import Event, Origin, encode
from alpha_panda.events.ids import quarantine_id
from alpha_panda.events.topics import CONTROL_QUARANTINE

NAME = CONTROL_QUARANTINE.full_name()
WHEN = datetime(2026, 1, 5, 3, 46, tzinfo=UTC)
FACT = StrategyQuarantined(
    strategy="s",
    uid="u",
    generation=1,
    kind=QuarantineKind.TIME,
    call="on_bar",
    instrument_token=1,
    reason="late",
    evidence="mine.py:1",
)


@pytest.mark.parametrize("epochs", [True, False])
@pytest.mark.parametrize("source", ["counting", "another"])
async def test_ones_own_findings_are_recalled_with_and_without_epochs(source: str, *, epochs: bool) -> None:
    desk = Desk(epochs=epochs)
    event = Event(
        id=quarantine_id(WHEN, FACT, "bar"),
        event_time=WHEN,
        data=FACT,
        key="s",
        correlation_id="tick",
        causation_id="bar",
    )
    record = record_of(NAME, 0, encode(event, Origin(source=source), 3 if epochs else None), (), b"s")
    await desk.task.start(MemoryReader([record]), {NAME: (0,)})  # type: ignore[arg-type] # a fake
    processor = desk.task.processor
    assert isinstance(processor, Counting)
    assert processor.recalled == ([event.id] if source == "counting" else [])
