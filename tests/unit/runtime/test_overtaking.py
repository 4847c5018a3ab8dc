from __future__ import annotations

from collections.abc import Iterable

import pytest
from tests.support.memory_log import MemoryLog

from alpha_panda.domain.processor import AnyEvent, Processor
from alpha_panda.events.topics import BARS, TICKS, Topic, parse_name
from alpha_panda.portfolio.processor import PortfolioProcessor
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.overtaking import worth_reading


class Marks(Processor):
    """Needs the last tick of each instrument only."""

    def needs_every(self, topic: Topic) -> bool:
        return topic is not TICKS

    def needs_all(self, name: str) -> bool:
        return self.needs_every(parse_name(name, "")[0])

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterable[AnyEvent]:
        _ = (event, topic)
        return ()

    def snapshot(self) -> bytes:
        return b""

    def restore(self, state: bytes) -> None:
        _ = state


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("paper.portfolio", "paper")


def records(*keys: bytes | None, topic: Topic = TICKS) -> MemoryLog:
    log = MemoryLog()
    for key in keys:
        log.append(topic.full_name(), b"{}", key=key)
    return log


def test_of_ticks_that_only_mark_the_last_of_each_instrument_is_read_in_order(metrics: Metrics) -> None:
    batch = records(b"1", b"2", b"1", b"3", b"2").records(TICKS.full_name())

    kept = worth_reading(batch, Marks().needs_all, metrics)

    assert [each.offset for each in kept] == [2, 3, 4]
    assert metrics.outcomes == {"overtaken": 2}


def test_a_topic_of_which_everything_counts_is_read_whole(metrics: Metrics) -> None:
    batch = records(b"1", b"1", topic=BARS).records(BARS.full_name())

    assert worth_reading(batch, Marks().needs_all, metrics) == batch
    assert metrics.outcomes == {}


def test_a_record_without_a_key_or_that_was_written_back_is_never_overtaken(metrics: Metrics) -> None:
    log = records(None, None)
    log.append(TICKS.full_name(), b"{}", key=b"1", headers=[("panda-replay-of", b"x")])
    log.append(TICKS.full_name(), b"{}", key=b"1")

    kept = worth_reading(log.records(TICKS.full_name()), Marks().needs_all, metrics)

    assert [each.offset for each in kept] == [0, 1, 2, 3]


def test_the_portfolio_only_marks_with_ticks_and_needs_all_else() -> None:
    portfolio = PortfolioProcessor("paper")

    assert not portfolio.needs_every(TICKS)
    assert portfolio.needs_every(BARS)
