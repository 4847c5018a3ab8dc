"""Bars from ticks: one-minute bars from the ticks, longer bars from the one-minute bars.

Ticks come from the feed; the bars go to strategies and history. A bar is aligned to its session's open
and never crosses its close, so the last bar of an hour may be shorter; a daily bar is its session's.
Bars close on the watermark alone: what comes for a closed bar is late and dropped, a closed bar never
reopens, and a minute without ticks has no bar.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from alpha_panda.domain.calendar import Session, SessionCalendar
from alpha_panda.domain.partial_bar import PartialBar, bar_event, begin_with_bar, begin_with_tick
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick, Timeframe

LONGER = (Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.D1)
_MINUTE = Timeframe.M1.duration


class Drop(StrEnum):
    """Why a tick is in no bar."""

    OUTSIDE_SESSION = "outside_session"
    """Its event time is in no session."""
    DUPLICATE = "duplicate"
    """Its sequence is not above the instrument's last: delivered again, or overtaken."""
    LATE = "late"
    """Its minute is closed."""
    OUT_OF_ORDER = "out_of_order"
    """Its minute is open, but its event time is before the instrument's last."""


class _Line(msgspec.Struct):
    """One instrument: the last tick taken, its open minutes in order, and its longer bars."""

    sequence: int
    moment: datetime
    minutes: list[PartialBar] = msgspec.field(default_factory=list)
    longer: dict[Timeframe, PartialBar] = msgspec.field(default_factory=dict)


class _State(msgspec.Struct):
    """All that a builder knows."""

    watermark: datetime | None = None
    lines: dict[int, _Line] = msgspec.field(default_factory=dict)
    said: dict[str, Bar] = msgspec.field(default_factory=dict)
    ticks: int = 0
    bars: int = 0
    dropped: dict[Drop, int] = msgspec.field(default_factory=lambda: dict.fromkeys(Drop, 0))


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_State)


class BarBuilder:
    """Builds every timeframe of every instrument that it is given ticks of."""

    def __init__(self, calendar: SessionCalendar) -> None:
        """Start without ticks; `calendar` says when sessions are."""
        self._calendar = calendar
        self._state = _State()
        self._session: Session | None = None
        self._next_end: datetime | None = None

    def take(self, tick: Event[Tick]) -> Drop | None:
        """Put the tick into its minute; return why not, where it is dropped.

        Raises:
            HorizonError: its event time is outside the session table; the builder is as it was.
        """
        reason = self._place(tick)
        if reason is None:
            self._state.ticks += 1
        else:
            self._state.dropped[reason] += 1
        return reason

    def advance(self, watermark: datetime) -> list[Event[Bar]]:
        """Close what ends at or before the watermark; return it by (end, instrument, sequence, id).

        A watermark that is not above the last one closes nothing.
        """
        state = self._state
        if state.watermark is not None and watermark <= state.watermark:
            return []
        state.watermark = watermark
        if self._next_end is None or watermark < self._next_end:
            return []
        closed = [bar for token, line in state.lines.items() for bar in self._close(token, line, watermark)]
        state.said = {name: bar for name, bar in state.said.items() if bar.end > watermark}
        state.bars += len(closed)
        self._next_end = self._earliest_end()
        return sorted(closed, key=lambda bar: (bar.event_time, bar.data.instrument_token, bar.sequence, bar.id))

    def remember(self, bar: Event[Bar]) -> None:
        """Keep to a bar that was published before a restart: it will be said again as it was, whatever is seen now."""
        self._state.said[bar.id] = bar.data

    @property
    def counters(self) -> dict[str, int]:
        """Ticks taken, bars closed, and ticks dropped by reason, since the first start."""
        dropped = {str(reason): count for reason, count in self._state.dropped.items()}
        return {"ticks": self._state.ticks, "bars": self._state.bars} | dropped

    def snapshot(self) -> bytes:
        """The whole state; equal states give equal bytes."""
        lines = {
            token: msgspec.structs.replace(line, longer=dict(sorted(line.longer.items())))
            for token, line in sorted(self._state.lines.items())
        }
        said = dict(sorted(self._state.said.items()))
        return _ENCODER.encode(msgspec.structs.replace(self._state, lines=lines, said=said))

    def restore(self, state: bytes) -> None:
        """Take over a state that `snapshot` wrote.

        Raises:
            msgspec.DecodeError: the bytes are no such state.
        """
        self._state = _DECODER.decode(state)
        self._session = None
        self._next_end = self._earliest_end()

    def _place(self, tick: Event[Tick]) -> Drop | None:
        moment = tick.event_time
        session = self._session_at(moment)
        if session is None:
            return Drop.OUTSIDE_SESSION
        token = tick.data.instrument_token
        line = self._state.lines.get(token)
        if line is not None and tick.sequence <= line.sequence:
            return Drop.DUPLICATE
        if line is not None and line.minutes and line.minutes[-1].start <= moment < line.minutes[-1].end:
            if moment < line.moment:
                return Drop.OUT_OF_ORDER
            line.minutes[-1].add_tick(tick.data, tick.id)
        else:
            minute = begin_with_tick(session, moment, _MINUTE, tick.data, tick.id)
            if self._state.watermark is not None and minute.end <= self._state.watermark:
                return Drop.LATE
            if line is None:
                line = self._state.lines[token] = _Line(sequence=tick.sequence, moment=moment)
            elif moment < line.moment:
                return Drop.OUT_OF_ORDER
            line.minutes.append(minute)
            if self._next_end is None or minute.end < self._next_end:
                self._next_end = minute.end
        line.sequence = tick.sequence
        line.moment = moment
        return None

    def _session_at(self, moment: datetime) -> Session | None:
        session = self._session
        if session is None or not session.open <= moment < session.close:
            session = self._calendar.session_at(moment)
            if session is not None:
                self._session = session
        return session

    def _close(self, token: int, line: _Line, watermark: datetime) -> Iterator[Event[Bar]]:
        """Every bar of one instrument that ends by the watermark, minutes folded into the longer bars in order."""
        while line.minutes and line.minutes[0].end <= watermark:
            minute = line.minutes.pop(0)
            yield from self._close_longer(token, line, minute.start)
            closed = self._closed(token, Timeframe.M1, minute)
            yield closed
            for timeframe in LONGER:
                if timeframe in line.longer:
                    line.longer[timeframe].add_bar(closed.data, closed.id)
                else:
                    line.longer[timeframe] = begin_with_bar(minute.session, timeframe.duration, closed.data, closed.id)
        yield from self._close_longer(token, line, watermark)

    def _close_longer(self, token: int, line: _Line, watermark: datetime) -> Iterator[Event[Bar]]:
        for timeframe in LONGER:
            if timeframe in line.longer and line.longer[timeframe].end <= watermark:
                yield self._closed(token, timeframe, line.longer.pop(timeframe))

    def _closed(self, token: int, timeframe: Timeframe, partial: PartialBar) -> Event[Bar]:
        """The event of a closed bar, as it was said before a restart where it was."""
        event = bar_event(partial.closed(timeframe, token), partial.session, partial.cause)
        said = self._state.said.get(event.id)
        return event if said is None else msgspec.structs.replace(event, data=said)

    def _earliest_end(self) -> datetime | None:
        ends = [
            partial.end for line in self._state.lines.values() for partial in (*line.minutes, *line.longer.values())
        ]
        return min(ends, default=None)
