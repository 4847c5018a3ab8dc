"""Whether a strategy may be registered: on a made-up market, does it decide by what it was given so far alone?

Asked by `panda apply` and `panda strategy check` before anything trades. Pure, but for what the strategy itself does:
whoever asks about a stranger's class does so in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from math import exp, sin
from random import Random
from typing import Any, Final

from alpha_panda.domain.bars import BarBuilder
from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.ticks import tick_event
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick, Timeframe
from alpha_panda.strategy.base import Context, listens_to_ticks
from alpha_panda.strategy.intents import Enter
from alpha_panda.strategy.loading import load_strategy
from alpha_panda.strategy.lookahead import Decision, Given, lookahead

BARS: Final = 400
"""So many of the shortest timeframe, about."""
_FIRST: Final = date(2024, 1, 1)
_TOKEN: Final = 1
_TICK_PAISE: Final = 5
_TICKS_A_BAR: Final = 4
_START_PAISE: Final = 100_000


def examine(name: str, params: Mapping[str, Any], timeframes: Sequence[Timeframe]) -> str | None:
    """Why the strategy looks ahead, with the first bar at which it does; None where it does not.

    Raises:
        InputError: it cannot be loaded.
        Exception: whatever its own code raises.
    """
    loaded = load_strategy(name, params, timeframes)
    context = Context(strategy=name, instrument_token=_TOKEN, tick_size_paise=_TICK_PAISE, timeframes=tuple(timeframes))
    market = [each for each in made_up_market(timeframes) if isinstance(each, Bar) or listens_to_ticks(loaded.strategy)]
    found = lookahead(lambda: loaded.instance(context), market)
    if found is None:
        return None
    places = [each.bar for each in (found.with_the_future, found.without) if each is not None]
    first = min(places)
    goes_on, ends = (_told(each, first) for each in (found.with_the_future, found.without))
    return (
        f"it decides by what it cannot know yet: at {_named(market[first])} of a made-up market it wants {goes_on} "
        f"where more follows, and {ends} where the market ends soon after; its instances share what they saw, or it "
        "asks a clock, random numbers or a file"
    )


def made_up_market(timeframes: Sequence[Timeframe]) -> Iterator[Given]:
    """Ticks and closed bars of one instrument, the same ones each time, each bar before the tick that closes it."""
    builder = BarBuilder(default_calendar())
    for tick in _ticks(min(timeframes, key=lambda each: each.duration)):
        yield from (bar.data for bar in builder.advance(tick.event_time) if bar.data.timeframe in timeframes)
        builder.take(tick)
        yield tick


def _ticks(shortest: Timeframe) -> Iterator[Event[Tick]]:
    """Waves with some noise, so that averages cross, bands are left and trends begin and end."""
    rng = Random(1)  # noqa: S311 — a market, not a secret
    for index, moment in enumerate(_moments(shortest)):
        wave = 0.06 * sin(index / 170) + 0.02 * sin(index / 31) + rng.gauss(0, 0.001)
        price = round(_START_PAISE * exp(wave) / _TICK_PAISE) * _TICK_PAISE
        yield tick_event(_TOKEN, moment, price, rng.randint(1, 1_000), index + 1)


def _moments(shortest: Timeframe) -> Iterator[datetime]:
    """Four of each bar of that length, session after session."""
    count = 0
    for session in default_calendar():
        if session.date < _FIRST:
            continue
        length = min(shortest.duration, session.close - session.open)
        moment = session.open
        while moment < session.close:
            if count == BARS * _TICKS_A_BAR:
                return
            yield moment
            count += 1
            moment += length / _TICKS_A_BAR


def _told(decision: Decision | None, first: int) -> str:
    """What was wanted at the first place of the two."""
    if decision is None or decision.bar != first:
        return "nothing"
    kind = "to enter by" if isinstance(decision.wish, Enter) else "to exit by"
    return f'{kind} {decision.wish.side} ("{decision.wish.reason}")'


def _named(given: Given) -> str:
    if isinstance(given, Bar):
        return f"the {given.timeframe} bar that ends at {given.end.astimezone(IST):%Y-%m-%d %H:%M} IST"
    return f"the tick of {given.event_time.astimezone(IST):%Y-%m-%d %H:%M:%S} IST"
