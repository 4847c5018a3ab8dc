"""From packets to ticks: what is new of each instrument, in the exchange's time. Pure; the caller has the clocks.

A tick is a trade: a packet that says the same day volume and the same trade time again says nothing new. A packet
that is older than the last one is late and is dropped, so that bars never reopen. The sequence of a tick is its day
and the day's volume at it, so that it always grows, and two feeds give one trade one id.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from alpha_panda.domain.ticks import tick_event, ticks_of_bar
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick
from alpha_panda.market_feed.sources.kite.packets import UNSTATED, Packet

_DAY, _INDIA = 86_400, 19_800
"""Seconds of a day, and by how many India is ahead of UTC."""
_ROOM = 10**10
"""Sequences of a day: more than any day's volume, which has 32 bits."""
_A_SECOND = 10_000


class Counts(msgspec.Struct, kw_only=True):
    """What became of packets."""

    ticks: int = 0
    unchanged: int = 0
    """They told of no new trade."""
    late: int = 0
    """They were older than what had come of the instrument."""
    unwanted: int = 0
    """Of instruments that nobody subscribed to."""


class _Last(NamedTuple):
    at: int
    volume: int
    price_paise: int
    sequence: int


class Arrivals:
    """The last trade of each instrument."""

    def __init__(self) -> None:
        """Nothing has come."""
        self._last: dict[int, _Last] = {}
        self._heard_at: dict[int, float] = {}
        self.wanted: frozenset[int] = frozenset()
        self.counts = Counts()

    def heard_at(self, token: int) -> float | None:
        """When anything was last heard of an instrument, by the caller's clock."""
        return self._heard_at.get(token)

    def forget_volumes(self) -> None:
        """After an interruption: what was traded meanwhile belongs to no tick that comes."""
        self._last = {token: last._replace(volume=UNSTATED) for token, last in self._last.items()}

    @property
    def last_at(self) -> int | None:
        """The time of the latest trade of all, in seconds since 1970; None before the first."""
        return max((last.at for last in self._last.values()), default=None)

    def fill(self, bars: Iterable[Bar]) -> list[Event[Tick]]:
        """Bars of an interruption as marked ticks, in the order of their times; later ones than anything that came."""
        found: list[Event[Tick]] = []
        for bar in bars:
            token = bar.instrument_token
            last = self._last.get(token)
            ticks = ticks_of_bar(bar, 0 if last is None else last.sequence + 1)
            if token not in self.wanted or (last is not None and ticks[0].event_time.timestamp() <= last.at):
                continue
            found += [
                msgspec.structs.replace(tick, data=msgspec.structs.replace(tick.data, filled_in=True)) for tick in ticks
            ]
            closing = ticks[-1]
            at = int(closing.event_time.timestamp())
            self._last[token] = _Last(at, UNSTATED, bar.close_paise, closing.sequence)
        return sorted(found, key=lambda tick: (tick.event_time, tick.data.instrument_token, tick.sequence))

    def ticks(self, packets: Iterable[Packet], now: datetime, clock: float) -> list[Event[Tick]]:
        """The ticks in packets that came at `now`; `clock` is the same moment on a clock that only goes on."""
        found: list[Event[Tick]] = []
        counts, wanted, heard = self.counts, self.wanted, self._heard_at
        received = int(now.timestamp())
        for packet in packets:
            if packet.token not in wanted:
                counts.unwanted += 1
                continue
            heard[packet.token] = clock
            event = self._tick(packet, received)
            if event is not None:
                found.append(event)
        counts.ticks += len(found)
        return found

    def _tick(self, packet: Packet, received: int) -> Event[Tick] | None:
        last = self._last.get(packet.token)
        at = packet.traded_at or packet.told_at or received
        if last is not None:
            if at < last.at or (at == last.at and UNSTATED < packet.volume < last.volume):
                self.counts.late += 1
                return None
            same = packet.volume == last.volume and packet.price_paise == last.price_paise
            if same and (packet.volume != UNSTATED or at == last.at):
                self.counts.unchanged += 1
                return None
        sequence = max(_sequence(packet, at), 0 if last is None else last.sequence + 1)
        self._last[packet.token] = _Last(at, packet.volume, packet.price_paise, sequence)
        moment = datetime.fromtimestamp(at, UTC)
        return tick_event(packet.token, moment, packet.price_paise, _traded(last, packet), sequence)


def _sequence(packet: Packet, at: int) -> int:
    """Where a tick stands among those of its instrument; where no volume is stated, by its second."""
    day, second = divmod(at + _INDIA, _DAY)
    return day * _ROOM + (packet.volume if packet.volume != UNSTATED else second * _A_SECOND)


def _traded(last: _Last | None, packet: Packet) -> int | None:
    """What was traded since the last tick; None where that cannot be told. A day's volume begins again at nothing."""
    if packet.volume == UNSTATED or last is None or last.volume == UNSTATED:
        return None
    return packet.volume - last.volume if packet.volume >= last.volume else packet.volume
