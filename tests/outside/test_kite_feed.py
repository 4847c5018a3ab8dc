"""The live source against the simulator, through the official client and its ticker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.support.kite import API_KEY, API_SECRET, RunningSimulator, running_simulator
from tests.support.waiting import WAIT_SECONDS

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.market_feed.sources.kite.edges import source_of
from alpha_panda.market_feed.sources.kite.source import KiteSource
from alpha_panda.market_feed.sources.port import LiveBatch
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.client import log_in
from alpha_panda.zerodha.session import Session

INFY = 408065
NAMES = frozenset({"NSE:INFY"})


class Kept:
    """The login, in memory."""

    def __init__(self) -> None:
        self.session: Session | None = None

    async def load(self) -> Session | None:
        return self.session

    async def refused(self, session: Session, at: datetime) -> Session:
        self.session = msgspec.structs.replace(session, refused_at=at)
        return self.session


class Feed:
    """A source on a simulator, and all that it said."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self.simulator = simulator
        self.settings = ZerodhaSettings(
            root=simulator.root,
            ticker_root=simulator.ticker_root,
            broker="zerodha",
            silent_seconds=3,
            gap_seconds=1,
            fill_seconds=60,
            timeout_seconds=60,
        )
        self.kept = Kept()
        self.source: KiteSource = source_of(self.settings, self.kept, load_instruments())
        self.source.follow(NAMES)
        self.prices: list[int] = []
        self.filled_in: list[int] = []
        self.last = LiveBatch()

    async def log_in(self) -> None:
        token = self.simulator.request_token()
        self.kept.session = await asyncio.to_thread(
            log_in, self.settings, API_KEY, API_SECRET, token, datetime.now(UTC)
        )

    async def until(self, batches: AsyncIterator[LiveBatch], holds: Callable[[], bool], what: str) -> None:
        """Take batches until something holds; fails where it never does."""
        deadline = time.monotonic() + WAIT_SECONDS
        async for batch in batches:
            self.last = batch
            filled = [tick.data.price_paise for tick in batch.ticks if tick.data.filled_in is True]
            self.filled_in += filled
            self.prices += [tick.data.price_paise for tick in batch.ticks if tick.data.filled_in is not True]
            if holds():
                return
            assert time.monotonic() < deadline, f"not so: {what}; {batch.blocked}; {batch.detail}"

    @property
    def connected(self) -> bool:
        return self.last.detail.get("connections") == 1


@pytest.fixture
def feed() -> Iterator[Feed]:
    with running_simulator() as simulator:
        yield Feed(simulator)


async def test_without_a_login_nothing_comes_and_the_way_to_one_is_said_then_it_goes_on_by_itself(feed: Feed) -> None:
    async with aclosing(feed.source.batches()) as batches:
        await feed.until(batches, lambda: feed.last.blocked is not None, "it is said why")
        assert "panda zerodha login" in str(feed.last.blocked)
        assert feed.simulator.lines("ticker connected") == []
        await feed.log_in()
        await feed.until(batches, lambda: feed.connected, "it connects")
        feed.simulator.price("NSE:INFY", 1500_05)
        feed.simulator.price("NSE:TCS", 3000_00)
        await feed.until(batches, lambda: bool(feed.prices), "a tick comes")
        assert set(feed.prices) == {1500_05}
        assert feed.last.blocked is None


async def test_a_refused_login_ends_the_feed_at_once_and_a_new_one_begins_it_again(feed: Feed) -> None:
    await feed.log_in()
    async with aclosing(feed.source.batches()) as batches:
        await feed.until(batches, lambda: feed.connected, "it connects")
        feed.simulator.call(feed.simulator.exchange.sessions.end)
        feed.simulator.run(feed.simulator.server.stream.drop())
        await feed.until(batches, lambda: feed.last.blocked is not None, "the refusal is seen")
        assert "refused" in str(feed.last.blocked)
        assert feed.kept.session is not None
        assert feed.kept.session.refused_at is not None
        await feed.log_in()
        await feed.until(batches, lambda: feed.connected, "it connects again")


async def test_a_connection_that_says_nothing_is_made_anew(feed: Feed) -> None:
    await feed.log_in()
    async with aclosing(feed.source.batches()) as batches:
        await feed.until(batches, lambda: feed.connected, "it connects")
        feed.simulator.faults(Fault(kind=Kind.DEAD))
        await feed.until(batches, lambda: len(feed.simulator.lines("ticker connected")) > 1, "it connects anew")
        feed.simulator.faults()
        feed.simulator.price("NSE:INFY", 1499_95)
        await feed.until(batches, lambda: 1499_95 in feed.prices, "ticks come again")


@pytest.mark.parametrize("kind", [Kind.INSTRUMENTS_MALFORMED, Kind.INSTRUMENTS_STALE, Kind.INSTRUMENTS_EMPTY])
async def test_a_list_of_instruments_that_is_not_todays_is_refused_with_the_reason(feed: Feed, kind: Kind) -> None:
    await feed.log_in()
    feed.simulator.faults(Fault(kind=kind))
    async with aclosing(feed.source.batches()) as batches:
        await feed.until(batches, lambda: feed.last.blocked is not None, "it is said why")
        assert "list of instruments" in str(feed.last.blocked)
        assert feed.simulator.lines("ticker connected") == []


async def test_ticks_that_come_twice_in_disorder_or_cut_change_nothing(feed: Feed) -> None:
    await feed.log_in()
    async with aclosing(feed.source.batches()) as batches:
        await feed.until(batches, lambda: feed.connected, "it connects")
        feed.simulator.faults(Fault(kind=Kind.TICKS_TWICE))
        feed.simulator.price("NSE:INFY", 1500_00)
        await feed.until(batches, lambda: bool(feed.last.detail.get("unchanged")), "the second copy is seen")
        assert feed.prices == [1500_00]
        feed.simulator.faults(Fault(kind=Kind.TICKS_GARBLED, count=1))
        feed.simulator.price("NSE:INFY", 1501_00)
        await feed.until(batches, lambda: bool(feed.last.detail.get("broken_frames")), "the cut frame is refused")
        feed.simulator.faults()
        feed.simulator.price("NSE:INFY", 1502_00)
        await feed.until(batches, lambda: 1502_00 in feed.prices, "the next frame is read")
        assert feed.prices == [1500_00, 1502_00]


async def test_minutes_that_an_interruption_missed_are_filled_in_and_marked_before_live_ticks_go_on(feed: Feed) -> None:
    await feed.log_in()
    exchange, now = feed.simulator.exchange, datetime.now(UTC)
    async with aclosing(feed.source.batches()) as batches:
        await feed.until(batches, lambda: feed.connected, "it connects")
        feed.simulator.call(exchange.trade, INFY, 1500_00, 100, now - timedelta(minutes=5))
        await feed.until(batches, lambda: 1500_00 in feed.prices, "a tick comes before the interruption")
        feed.simulator.faults(Fault(kind=Kind.DEAD))
        for minutes, paise in ((3, 1490_00), (2, 1480_00)):
            feed.simulator.call(exchange.candles.trade, INFY, paise, 100, now - timedelta(minutes=minutes))
        await feed.until(batches, lambda: not feed.connected, "the interruption is seen")
        feed.simulator.faults()
        feed.simulator.price("NSE:INFY", 1470_00)
        await feed.until(batches, lambda: 1470_00 in feed.prices, "live ticks go on")
        assert feed.filled_in == [1490_00] * 4 + [1480_00] * 4
        assert feed.last.detail["minutes_filled_in"] == 2
