"""A restart continues from what is on the log, whatever of it was written."""

import itertools

import pytest
from tests.support.trading import entry, exit_of, feed, fills, paper, price, recall

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.orders import OrderCancelled, OrderFailed, OrderFilled, OrderSubmitted
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


@pytest.mark.parametrize("before", range(len(STORY)))
def test_what_is_on_the_log_is_not_said_again_and_what_is_missing_is(before: int) -> None:
    _, _, future = restarted(before)
    for written in range(len(future) + 1):
        restored, _, _ = restarted(before)
        recall(restored, future[:written])
        assert feed(restored, *STORY[before:]) == future[written:]


def test_topics_may_have_been_written_to_different_points() -> None:
    _, _, future = restarted(0)
    kinds = (OrderFilled, OrderCancelled, OrderSubmitted)
    for kept in itertools.product((True, False), repeat=len(kinds)):
        chosen = {kind for kind, keep in zip(kinds, kept, strict=True) if keep}
        written = [event for event in future if type(event.data) in chosen]
        restored, _, _ = restarted(0)
        recall(restored, written)
        again = feed(restored, *STORY)
        assert again == [event for event in future if event not in written]


def test_a_fill_on_the_log_stands_where_the_tick_comes_before_the_signal_this_time() -> None:
    _, _, future = restarted(0)
    signal, *ticks = STORY[:3]
    market = paper()
    recall(market, future)
    assert not fills(feed(market, *ticks, signal))
    late = feed(market, price("10:00:02.500", 10_000, volume=10_000))
    assert not fills(late)
    (book,) = market.state.books.values()
    assert book.trades[0].open == 50


def test_an_order_that_failed_stays_failed() -> None:
    market = paper()
    expired = entry("10:00:00", 10)
    list(market.on_watermark(expired.data.signal.expires_at.replace(hour=5)))
    (failed,) = feed(market, expired)
    assert isinstance(failed.data, OrderFailed)
    again = paper()
    recall(again, [failed])
    assert not feed(again, expired)
    assert not fills(feed(again, price("10:00:05", 10_000)))


def test_a_snapshot_says_the_same_twice() -> None:
    market = paper()
    feed(market, *STORY[:4])
    restored = paper()
    restored.restore(market.snapshot())
    assert restored.snapshot() == market.snapshot()
    assert restored.state == market.state
