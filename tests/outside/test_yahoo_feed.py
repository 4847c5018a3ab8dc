"""The delayed source against a fake of Yahoo, through the unmodified yfinance."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta

import pytest
from tests.support.waiting import WAIT_SECONDS
from tests.support.yahoo import Yahoo
from yfinance.data import YfData

from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.market_feed.sources.port import LiveBatch
from alpha_panda.market_feed.sources.yahoo.source import YahooSource
from alpha_panda.runtime.yahoo_settings import YahooSettings
from alpha_panda.yahoo.client import YahooClient

OPEN = datetime(2026, 11, 20, 9, 15, tzinfo=IST)
SHARES = [
    Instrument(token=1000 + index, exchange=Exchange.NSE, symbol=f"SHARE{index}", tick_size_paise=5)
    for index in range(60)
]
FUTURE = Instrument(
    token=7, exchange=Exchange.NFO, symbol="NIFTY26NOVFUT", segment=Segment.FUTURES, tick_size_paise=5, lot_size=65
)


class Feed:
    """A source on a fake Yahoo whose quotes come a quarter of an hour late, and all that it said."""

    def __init__(self, yahoo: Yahoo, settings: YahooSettings) -> None:
        self.yahoo = yahoo
        self.minute = 0
        table = InstrumentTable([*SHARES, FUTURE], "tests")
        client = YahooClient(settings)
        self.source = YahooSource(settings, client, table, default_calendar(), lambda: self.now)
        self.ticks: list[Event[Tick]] = []
        self.last = LiveBatch()

    @property
    def now(self) -> datetime:
        return OPEN + timedelta(minutes=self.minute + 15)

    def trade(self, minutes: int) -> None:
        """All shares trade for so many minutes, of which Yahoo then tells."""
        for index in range(len(SHARES)):
            begin = OPEN + timedelta(minutes=self.minute)
            self.yahoo.minutes(f"SHARE{index}.NS", begin, [100.0 + index] * minutes)
        self.minute += minutes
        YfData.cache_get.cache_clear()

    @property
    def rounds(self) -> int:
        return int(str(self.last.detail.get("rounds", 0)))

    async def until(self, batches: AsyncIterator[LiveBatch], holds: Callable[[], bool], what: str) -> None:
        """Take batches until something holds; fails where it never does."""
        deadline = time.monotonic() + WAIT_SECONDS
        async for batch in batches:
            self.last = batch
            self.ticks += batch.ticks
            if holds():
                return
            assert time.monotonic() < deadline, f"not so: {what}; {batch.blocked}; {batch.detail}"

    async def rounds_more(self, batches: AsyncIterator[LiveBatch], number: int) -> None:
        wanted = self.rounds + number
        await self.until(batches, lambda: self.rounds >= wanted, f"{number} more rounds")


@pytest.fixture
def feed(served: tuple[Yahoo, Callable[..., YahooSettings]]) -> Feed:
    yahoo, settings = served
    yahoo.forget()
    return Feed(yahoo, settings(poll_seconds=1))


async def test_sixty_shares_are_followed_at_once_and_their_ticks_say_that_they_are_delayed(feed: Feed) -> None:
    feed.source.follow(frozenset(each.name for each in SHARES))
    feed.trade(3)
    async with aclosing(feed.source.batches()) as batches:
        await feed.rounds_more(batches, 2)
        feed.trade(2)
        await feed.rounds_more(batches, 3)
        assert {each.data.instrument_token for each in feed.ticks} == {each.token for each in SHARES}
        assert {each.data.delayed for each in feed.ticks} == {True}
        assert feed.last.detail["answered_last_round"] == len(SHARES)
        assert feed.last.blocked is None


async def test_without_answers_nothing_is_made_up_and_it_is_said_why_and_then_it_goes_on(feed: Feed) -> None:
    feed.source.follow(frozenset({SHARES[0].name}))
    feed.trade(3)
    async with aclosing(feed.source.batches()) as batches:
        await feed.rounds_more(batches, 2)
        feed.yahoo.broken = 10**6
        YfData.cache_get.cache_clear()
        await feed.until(batches, lambda: feed.last.blocked is not None, "it is said")
        assert "Yahoo has not answered" in str(feed.last.blocked)
        published = len(feed.ticks)
        feed.trade(3)
        feed.yahoo.broken = 0
        await feed.until(batches, lambda: len(feed.ticks) > published, "it goes on")
        assert feed.last.blocked is None


async def test_what_yahoo_does_not_have_is_told_and_the_others_are_followed(feed: Feed) -> None:
    feed.source.follow(frozenset({FUTURE.name, SHARES[0].name}))
    feed.trade(3)
    async with aclosing(feed.source.batches()) as batches:
        await feed.rounds_more(batches, 1)
        assert list(feed.last.detail["not_there"]) == [FUTURE.name]  # type: ignore[call-overload] # a mapping
        assert feed.last.detail["answered_last_round"] == 1


async def test_a_closed_market_is_not_asked_for(feed: Feed) -> None:
    feed.source.follow(frozenset({SHARES[0].name}))
    feed.minute = 60 * 12
    async with aclosing(feed.source.batches()) as batches:
        for _ in range(4):
            feed.last = await anext(batches)
    assert (feed.rounds, feed.yahoo.questions, feed.last.blocked) == (0, [], None)
