"""Bars as ticks: what a replay of bars publishes instead of the trades that it does not have."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import tick_id
from alpha_panda.events.market import Bar, Tick

OFFSETS = (1, 20, 40, 59)
"""Sixtieths of the bar: for a minute, its seconds 1, 20, 40 and 59."""


def ticks_of_bar(bar: Bar, first_sequence: int) -> tuple[Event[Tick], ...]:
    """Four ticks that rebuild the bar: open, the extreme nearer to the open (tie: low), the other extreme, close.

    The price goes from one to the next through every price between; to the open it may have jumped.
    Each carries a quarter of the volume rounded down, the last one also the rest. In a bar that is not a
    minute the ticks lie at the same fractions of its length. Sequences count up from `first_sequence`.
    """
    extremes = (bar.low_paise, bar.high_paise)
    if bar.high_paise - bar.open_paise < bar.open_paise - bar.low_paise:
        extremes = (bar.high_paise, bar.low_paise)
    quarter = bar.volume // 4
    volumes = (quarter, quarter, quarter, bar.volume - 3 * quarter)
    prices = (bar.open_paise, *extremes, bar.close_paise)
    length = bar.end - bar.start
    before = (msgspec.UNSET, *prices)
    return tuple(
        tick_event(
            bar.instrument_token, bar.start + length * offset / 60, price, volume, first_sequence + index, before[index]
        )
        for index, (offset, price, volume) in enumerate(zip(OFFSETS, prices, volumes, strict=True))
    )


def tick_event(  # noqa: PLR0913, PLR0917 - what a tick says
    token: int,
    moment: datetime,
    price_paise: int,
    volume: int | None,
    sequence: int,
    from_paise: int | msgspec.UnsetType = msgspec.UNSET,
) -> Event[Tick]:
    """The event of a tick: its id says what it is, and it begins its own chain of causes."""
    name = tick_id(token, moment, sequence)
    return Event(
        id=name,
        event_time=moment,
        data=Tick(instrument_token=token, price_paise=price_paise, volume=volume, from_paise=from_paise),
        key=str(token),
        key_instrument=token,
        correlation_id=name,
        sequence=sequence,
    )
