"""A day of minute bars as a backtest reads it: by epoch, by instrument, and as the longer bars they come to. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from alpha_panda.domain.epochs import BarDay, NumberedBar
from alpha_panda.domain.partial_bar import bar_event, folded, index_of
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Timeframe


class Line(NamedTuple):
    """The bars of an instrument, and the epoch that closes each, from 0."""

    bars: list[Bar]
    epochs: list[int]

    def last_before(self, epoch: int) -> Bar | None:
        """The last bar of an earlier epoch."""
        place = bisect_left(self.epochs, epoch)
        return self.bars[place - 1] if place else None


class MinuteDay:
    """One session; `first` is the number of its first epoch, and within it epochs count from 0."""

    def __init__(self, day: BarDay, first: int, traded: Collection[int]) -> None:
        """Put the bars of instruments that somebody trades in order."""
        self.session = day.session
        self.watermarks = day.watermarks
        self.first = first
        self.epochs: list[list[Bar]] = [[] for _ in day.watermarks]
        """The bars of each."""
        self.lines: dict[int, Line] = {token: Line([], []) for token in traded}
        self._day = day
        epoch = 0
        for each in day.bars:
            bar = each.bar
            while day.watermarks[epoch] < bar.end:
                epoch += 1
            line = self.lines.get(bar.instrument_token)
            if line is not None:
                line.bars.append(bar)
                line.epochs.append(epoch)
                self.epochs[epoch].append(bar)

    def epoch_of(self, moment: datetime) -> int:
        """The first epoch that ends then or later."""
        return bisect_left(self.watermarks, moment)

    def numbered(self, epoch: int, tokens: Collection[int]) -> list[NumberedBar]:
        """The bars of these instruments in an epoch, with the numbers of their ticks."""
        numbers = self._sequences
        return [
            NumberedBar(bar, numbers[bar.instrument_token, bar.end])
            for bar in self.epochs[epoch]
            if bar.instrument_token in tokens
        ]

    def event(self, bar: Bar) -> Event[Bar]:
        """The event of a bar of this day."""
        return bar_event(bar, self.session, epoch=self.first + self.epoch_of(bar.end))

    def heard(self, token: int, timeframes: Sequence[Timeframe]) -> Sequence[Bar]:
        """The bars of these lengths of an instrument, as an epoch after the other gives them."""
        bars = self.lines[token].bars
        if len(timeframes) == 1:
            return bars if timeframes[0] is Timeframe.M1 else list(folded(self.session, timeframes[0], bars))
        found = [
            bar
            for timeframe in timeframes
            for bar in (bars if timeframe is Timeframe.M1 else folded(self.session, timeframe, bars))
        ]
        found.sort(key=lambda bar: (bar.end, index_of(bar, self.session), self.event(bar).id))
        return found

    def charted(self, timeframe: Timeframe) -> Iterator[Bar]:
        """The bars of one length of all instruments, whoever trades them."""
        bars: dict[int, list[Bar]] = defaultdict(list)
        for each in self._day.bars:
            bars[each.bar.instrument_token].append(each.bar)
        for found in bars.values():
            yield from found if timeframe is Timeframe.M1 else folded(self.session, timeframe, found)

    @cached_property
    def _sequences(self) -> dict[tuple[int, datetime], int]:
        return {(each.bar.instrument_token, each.bar.end): each.sequence for each in self._day.bars}
