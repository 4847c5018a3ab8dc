"""A made-up market: as many instruments and ticks a second as asked for, the same for the same seed.

For load and for trying things out, not for judging strategies: prices are geometric random walks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count as counting
from itertools import islice
from random import Random

import msgspec

from alpha_panda.domain.calendar import IST, SessionCalendar
from alpha_panda.domain.instrument import Exchange, Instrument, Rounding
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.ticks import tick_event
from alpha_panda.errors import InputError
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.market_feed.sources.port import PacedSource, RejectedRow, SourceReport

INVENTED_TOKENS = range(9_000_000_001, 9_000_100_001)
"""Tokens of invented instruments: above 2**32, so that no exchange's token can be one of them."""
INVENTED_TICK_PAISE = 5
LOWEST_START_PAISE = 5_000
HIGHEST_START_PAISE = 500_000
LARGEST_VOLUME = 500
YEARLY_VOLATILITY = 0.25
_SESSION_SECONDS = 22_500
_SESSIONS_A_YEAR = 250


class SyntheticOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The size of the made-up market."""

    seed: int
    instruments: int
    rate: int
    """Ticks a second of all instruments together."""
    start: date
    """The first date; trading begins with the first session on or after it."""


def synthetic_table(table: InstrumentTable, count: int) -> InstrumentTable:
    """The first `count` instruments of the table by token, filled up with invented ones, NSE:SYN00001 and so on.

    Raises:
        InputError: fewer than 1, or more than can be invented.
    """
    largest = len(table) + len(INVENTED_TOKENS)
    if not 1 <= count <= largest:
        raise InputError(f"{count} synthetic instruments; allowed: 1 to {largest}", remedy="state such a number")
    invented = (
        Instrument(token=token, exchange=Exchange.NSE, symbol=f"SYN{index:05}", tick_size_paise=INVENTED_TICK_PAISE)
        for index, token in enumerate(INVENTED_TOKENS, start=1)
    )
    known = list(islice(table, count))
    return InstrumentTable([*known, *islice(invented, count - len(known))], f"{table.source} and invented instruments")


class SyntheticSource(PacedSource):
    """Ticks of the instruments in turn, through session after session."""

    def __init__(self, options: SyntheticOptions, instruments: InstrumentTable, calendar: SessionCalendar) -> None:
        """Make nothing yet."""
        self._options = options
        self._table = instruments
        self._calendar = calendar
        self.report = SourceReport()

    @property
    def description(self) -> str:
        """The size of the market, and its seed."""
        asked = self._options
        return f"synthetic market: {asked.instruments} instruments, {asked.rate} ticks a second, seed {asked.seed}"

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments, by token; raises as `check`."""
        return tuple(synthetic_table(self._table, self._options.instruments))

    def check(self) -> None:
        """See that the numbers are usable.

        Raises:
            InputError: the number of instruments or the rate is not.
            HorizonError: the start is outside the session table.
        """
        if self._options.rate < 1:
            raise InputError(f"rate {self._options.rate} ticks a second; allowed: at least 1", remedy="state a rate")
        _ = self.instruments
        next(self._moments())

    def ticks(self, count: int | None = None) -> Iterator[Event[Tick]]:
        """The first `count` ticks, or all that the session table has room for, the same at every call.

        Raises as `check`.
        """
        self.check()
        self.report = SourceReport()
        return self._ticks(count)

    def drain_rejected(self) -> tuple[RejectedRow, ...]:
        """Nothing made up is ever rejected."""
        return ()

    def _ticks(self, count: int | None) -> Iterator[Event[Tick]]:
        instruments = self.instruments
        rng = Random(self._options.seed)  # noqa: S311 — a market, not a secret
        # Walks are floats and only their rounding to the tick grid is a price; see `_step` for their size.
        lowest, highest = math.log(LOWEST_START_PAISE), math.log(HIGHEST_START_PAISE)
        walks = [rng.uniform(lowest, highest) for _ in instruments]
        step = _step(self._options.rate / len(instruments))
        for index, moment in enumerate(islice(self._moments(), count)):
            place = index % len(instruments)
            instrument = instruments[place]
            walks[place] += rng.gauss(-step * step / 2, step)
            price = instrument.round_price(round(math.exp(walks[place])), Rounding.NEAREST)
            self.report.ticks += 1
            yield tick_event(
                instrument.token,
                moment,
                max(price, instrument.tick_size_paise),
                rng.randint(1, LARGEST_VOLUME),
                index // len(instruments) + 1,
            )

    def _moments(self) -> Iterator[datetime]:
        """Evenly spaced times inside sessions: `rate` a second, the first at the open."""
        midnight = datetime.combine(self._options.start, time(), IST)
        session = self._calendar.session_of(self._options.start) or self._calendar.next_session(midnight)
        while True:
            for index in counting():
                moment = session.open + timedelta(microseconds=index * 1_000_000 // self._options.rate)
                if moment >= session.close:
                    break
                yield moment
            session = self._calendar.next_session(session.close)


def _step(ticks_a_second: float) -> float:
    """The deviation of one logarithmic step that gives YEARLY_VOLATILITY at this many ticks a second."""
    return YEARLY_VOLATILITY / math.sqrt(_SESSIONS_A_YEAR * _SESSION_SECONDS * ticks_a_second)
