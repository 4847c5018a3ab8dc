"""A restored market goes on as the one that was kept."""

import pytest
from tests.support.trading import entry, exit_of, feed, paper, price

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.paper_trading.processor import PaperTradingProcessor

STORY: list[AnyEvent] = [
    entry("10:00:00", 100, stop_loss_paise=9_500, target_paise=11_000),
    price("10:00:01", 10_000, volume=300),
    price("10:00:02", 10_005, volume=200),
    price("10:00:03", 9_400, volume=400),
    exit_of("10:00:03", 60),
    price("10:00:04", 10_100),
]


def restarted(before: int) -> tuple[PaperTradingProcessor, list[AnyEvent], list[AnyEvent]]:
    """A market restored from a snapshot after `before` events, what it said until then, and what it says after."""
    market = paper()
    said = feed(market, *STORY[:before])
    restored = paper()
    restored.restore(market.snapshot())
    return restored, said, feed(market, *STORY[before:])


@pytest.mark.parametrize("before", range(len(STORY) + 1))
def test_a_restored_market_has_the_same_future(before: int) -> None:
    restored, _, future = restarted(before)
    assert feed(restored, *STORY[before:]) == future


def test_a_snapshot_says_the_same_twice() -> None:
    market = paper()
    feed(market, *STORY[:4])
    restored = paper()
    restored.restore(market.snapshot())
    assert restored.snapshot() == market.snapshot()
    assert restored.state == market.state
