"""The load: a made-up market of 100 instruments, the same at every run, and the resources that trade it.

Its event time runs as fast as it is published, with ten ticks to an instrument's minute.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, Final

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.ticks import tick_event
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.market_feed.sources.synthetic import synthetic_table

INSTRUMENTS: Final = 100
BROKER: Final = "paper"
TICKS_A_MINUTE: Final = 10
"""Of each instrument."""
FIRST_DAY: Final = date(2026, 2, 2)
_FIRST_SEQUENCE: Final = 1_000_000
"""Above those of the platform's own feed, which has sent a tick or two before it is paused."""
_STEP: Final = 0.0006
_SEED: Final = 4


def instruments() -> tuple[Instrument, ...]:
    """The instruments of the load, by token."""
    return tuple(synthetic_table(load_instruments(), INSTRUMENTS))


def ticks(count: int, skip: int = 0) -> list[Event[Tick]]:
    """The ticks of the load from number `skip` on."""
    return list(islice(_ticks(), skip, skip + count))


def _ticks() -> Iterator[Event[Tick]]:
    listed = instruments()
    rng = Random(_SEED)  # noqa: S311 — a market, not a secret
    prices = [rng.uniform(10_000, 200_000) for _ in listed]
    for index, moment in enumerate(_moments()):
        place = index % len(listed)
        prices[place] *= 1 + rng.gauss(0, _STEP)
        grid = listed[place].tick_size_paise
        price = round(prices[place] / grid) * grid
        sequence = _FIRST_SEQUENCE + index // len(listed)
        yield tick_event(listed[place].token, moment, price, rng.randint(1_000, 50_000), sequence)


def _moments() -> Iterator[datetime]:
    """Evenly spaced in event time, session after session."""
    gap = timedelta(minutes=1) / (INSTRUMENTS * TICKS_A_MINUTE)
    for session in default_calendar():
        moment = session.open
        while session.date >= FIRST_DAY and moment < session.close:
            yield moment
            moment += gap


def broker() -> dict[str, Any]:
    """A Paper Broker with money enough that no limit ends the load."""
    paper = {
        "startingCash": "1000000000",
        "charges": {"asOf": "2026-04-01"},
        "participationPercent": "100",
        "latencyMilliseconds": 0,
    }
    losses = ("maxDailyLossPercent", "maxWeeklyLossPercent", "maxMonthlyLossPercent", "drawdownPercent")
    account = {"maxOpenPositions": INSTRUMENTS, "maxIntradayPositions": INSTRUMENTS, **dict.fromkeys(losses, "99")}
    return _resource("Broker", BROKER, {"type": "Paper", "paper": paper, "account": account})


def crossing() -> dict[str, Any]:
    """The EMA crossing of the strategies that ship, on every instrument: a signal for about one tick in twenty."""
    return _strategy("crossing", {"strategy": "ema_cross", "params": {"fast": 1, "slow": 2, "allowShort": True}})


def on_ticks() -> dict[str, Any]:
    """A strategy that decides on every tick and wants something on one in twenty."""
    return _strategy("on-ticks", {"strategy": "benchmarks.strategies:EveryTwentieth", "params": {}})


def _strategy(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    listed = [{"exchange": str(each.exchange), "symbol": each.symbol} for each in instruments()]
    common = {
        "instruments": listed,
        "timeframes": ["1m"],
        "brokers": [BROKER],
        "sizing": {"method": "FixedRisk", "riskPercent": "0.0001"},
        "levels": {"stopLossPercent": "5"},
        "signalTimeToLiveSeconds": 86_400,
    }
    return _resource("Strategy", name, {**common, **spec})


def _resource(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "alphapanda.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def documents(*resources: dict[str, Any]) -> str:
    """The resources as a YAML stream."""
    return "\n---\n".join(map(json.dumps, resources))
