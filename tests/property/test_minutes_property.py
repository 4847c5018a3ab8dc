"""The quick backtest of minute bars says what the whole one says, event for event, whatever market and resources."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.support.gambler import MODULE

from alpha_panda.backtest.engine import Engine
from alpha_panda.backtest.minutes import MinuteEngine
from alpha_panda.backtest.recorder import Recorder
from alpha_panda.backtest.setup import Setup, make_setup
from alpha_panda.domain.calendar import Session, default_calendar
from alpha_panda.domain.epochs import BarDay, NumberedBar, bar_watermarks, epochs, market_day
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.signals import SignalRaised, SignalRejected
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.strategy import Strategy

CALENDAR, TABLE = default_calendar(), load_instruments(None)
SYMBOLS = {"YESBANK": 3050241, "INFY": 408065, "SBIN": 779521}
STARTS = (date(2026, 7, 30), date(2025, 10, 20), date(2026, 8, 13))
"""The end of a month, an evening session of one hour, days with a closing auction."""


class Kept(Recorder):
    """Keeps every event too."""

    def __init__(self, timeframe: Timeframe) -> None:
        super().__init__(timeframe)
        self.events: list[AnyEvent] = []

    def record(self, event: AnyEvent) -> None:
        super().record(event)
        if not isinstance(event.data, Bar):
            self.events.append(event)


def sessions(start: date, days: int) -> list[Session]:
    return [each for each in CALENDAR if each.date >= start][:days]


class Walk(NamedTuple):
    """A market; `minutes` at each end of a day, `wild` is how far one of them goes, in ticks."""

    seed: int
    symbols: int
    minutes: int
    wild: int


def market(walk: Walk, days: list[Session]) -> Iterator[BarDay]:
    """The first and the last minutes of each day, with holes."""
    chance, minutes = random.Random(walk.seed), walk.minutes  # noqa: S311 — any walk will do
    prices = dict.fromkeys(list(SYMBOLS.values())[: walk.symbols], 10_000)
    sequences = dict.fromkeys(prices, 0)
    for session in days:
        count = (session.close - session.open) // timedelta(minutes=1)
        bars: list[NumberedBar] = []
        for minute in [*range(min(minutes, count)), *range(max(count - minutes, minutes), count)]:
            for token in sorted(prices):
                bar = _bar(chance, session.open + timedelta(minutes=minute), token, prices[token], walk.wild)
                prices[token] = bar.close_paise
                if chance.random() < 0.93:
                    bar = msgspec.structs.replace(bar, last_of_session=bar.end == session.close)
                    bars.append(NumberedBar(bar, sequences[token] + 1))
                    sequences[token] += 4
        if bars:
            ends = bar_watermarks(session, (each.bar.end for each in bars))
            yield BarDay(session=session, bars=tuple(bars), watermarks=ends)


def _bar(chance: random.Random, start: datetime, token: int, before: int, wild: int) -> Bar:
    jump = chance.randint(-20, 20) if chance.random() < 0.03 else 0
    first = max(before + 5 * jump, 2_000)
    close = max(first + 5 * chance.randint(-wild, wild), 2_000)
    return Bar(
        instrument_token=token,
        timeframe=Timeframe.M1,
        start=start,
        end=start + timedelta(minutes=1),
        open_paise=first,
        high_paise=max(first, close) + 5 * chance.randint(0, wild),
        low_paise=min(first, close) - 5 * chance.randint(0, wild),
        close_paise=close,
        volume=chance.choice((0, 40, 2_000, 90_000)),
    )


def strategy(draw: st.DrawFn, number: int) -> Strategy:
    choose = lambda *values: draw(st.sampled_from(values))  # noqa: E731 — for short
    product = choose("MIS", "CNC")
    spec: dict[str, Any] = {
        "strategy": f"{MODULE}:Gambler",
        "params": {
            "seed": draw(st.integers(0, 9_999)),
            "eager": choose(3, 10, 40),
            "distancePaise": choose(25, 100, 400),
            "short": product == "MIS",
            "faulty": choose(0, 0, 0, 30),
        },
        "instruments": [{"exchange": "NSE", "symbol": each} for each in list(SYMBOLS)[: choose(1, 2, 3)]],
        "timeframes": choose(["1m"], ["1m"], ["5m"], ["1m", "5m", "15m", "1h", "1d"]),
        "product": product,
        "signalTimeToLiveSeconds": choose(30, 300),
        "brokers": choose(["paper"], ["paper", "other"]),
        "risk": choose({}, {"maxDailyLoss": "150"}, {"protections": {"cooldownMinutes": 3}}),
    }
    return Strategy.model_validate({"metadata": {"name": f"gambler-{number}"}, "spec": spec})


def broker(draw: st.DrawFn, name: str) -> Broker:
    choose = lambda *values: draw(st.sampled_from(values))  # noqa: E731 — for short
    account = choose(
        {},
        {"maxDailyLossPercent": "0.3", "drawdownPercent": "0.4"},
        {"maxWeeklyLossPercent": "0.5", "maxOpenPositions": 1, "maxSectorPercent": "90"},
        {"maxDataGapSeconds": 90},
        {"drawdownPercent": "0.1", "maxDailyLoss": "100"},
    )
    paper = {
        "startingCash": choose("20000", "1000000"),
        "latencyMilliseconds": choose(0, 500, 45_000),
        "participationPercent": choose("1", "100"),
        "slippageBps": choose("0", "5"),
        "charges": {"asOf": "2026-04-01"},
    }
    spec = {"type": "Paper", "account": account, "paper": paper}
    return Broker.model_validate({"metadata": {"name": name}, "spec": spec})


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    strategies = [strategy(draw, number) for number in range(draw(st.integers(1, 3)))]
    return make_setup([broker(draw, "paper"), broker(draw, "other"), *strategies])


@st.composite
def markets(draw: st.DrawFn) -> list[BarDay]:
    days = sessions(draw(st.sampled_from(STARTS)), draw(st.integers(1, 4)))
    seeds, symbols = st.integers(0, 99_999), st.integers(1, 3)
    minutes, wild = st.sampled_from((20, 45)), st.sampled_from((1, 4, 12))
    return list(market(Walk(draw(seeds), draw(symbols), draw(minutes), draw(wild)), days))


def whole(setup: Setup, days: list[BarDay], timeframe: Timeframe) -> tuple[Kept, Engine]:
    kept = Kept(timeframe)
    engine = Engine(setup.names, setup.configured(), TABLE, CALENDAR)
    engine.run(epochs(map(market_day, days)), kept.record)
    return kept, engine


def quick(setup: Setup, days: list[BarDay], timeframe: Timeframe) -> tuple[Kept, MinuteEngine]:
    kept = Kept(timeframe)
    engine = MinuteEngine(setup.names, setup.configured(), TABLE, CALENDAR)
    engine.run(days, kept)
    return kept, engine


def decisions(kept: Kept) -> dict[str | None, list[dict[str, Any]]]:
    """By Broker, each in its order: Brokers do not wait for each other."""
    found = defaultdict(list)
    for each in kept.events:
        if not isinstance(each.data, PnlSnapshot):
            found[each.broker].append(msgspec.to_builtins(each))
    return found


def snapshots(kept: Kept) -> dict[str, Any]:
    return {each.id: msgspec.to_builtins(each) for each in kept.events if isinstance(each.data, PnlSnapshot)}


@settings(max_examples=50, deadline=None)
@given(setups(), markets(), st.sampled_from(Timeframe))
def test_the_quick_backtest_says_what_the_whole_one_says(setup: Setup, days: list[BarDay], shown: Timeframe) -> None:
    kept, engine = whole(setup, days, shown)
    also, other = quick(setup, days, shown)
    assert decisions(also) == decisions(kept)
    assert snapshots(also).items() <= snapshots(kept).items()
    assert other.set_aside == engine.set_aside
    assert other.problems == engine.problems
    assert also.bars == kept.bars
    for name, account in kept.accounts.items():
        assert also.accounts[name].equity == account.equity
        assert also.accounts[name].journal.closed == account.journal.closed
        assert also.accounts[name].last == account.last
    fills = sum(isinstance(each.data, OrderFilled) for each in kept.events)
    event("fills" if fills > 10 else "few fills" if fills else "no fill")
    for code in {each.data.code for each in kept.events if isinstance(each.data, SignalRejected)}:
        event(code)
    assert {each.data.strategy for each in kept.events if isinstance(each.data, SignalRaised)} or not fills
