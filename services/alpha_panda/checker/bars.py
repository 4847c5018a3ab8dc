"""Bars, built again from the ticks on the log."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from alpha_panda.checker.model import Examination, Finding
from alpha_panda.checker.reading import Fact, Facts
from alpha_panda.domain.calendar import HorizonError, Session, SessionCalendar
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.market import Bar, Tick, Timeframe
from alpha_panda.events.topics import TICKS

BUILDER = "bar-builder"
Key = tuple[int, Timeframe, datetime]
"""Instrument token, timeframe and start."""


def bars(facts: Facts, calendar: SessionCalendar) -> Finding:
    """Each bar on the log is what its ticks give, and each closed stretch with ticks has its bar."""
    look = Examination("bars", "bars are what the ticks give")
    if not facts.log.is_whole(TICKS.full_name(prefix=facts.log.prefix)):
        look.note("instruments whose first ticks retention has deleted")
        return look.finding()
    disordered, ticks = _ticks(facts)
    if disordered:
        look.note("instruments with disordered ticks, left out", len(disordered))
    given = _given(ticks, calendar)
    until = max((f.event.event_time for f, m in facts.of(EpochClosed) if m.task.startswith(BUILDER)), default=None)
    seen: set[Key] = set()
    for fact, bar in facts.of(Bar):
        key = (bar.instrument_token, bar.timeframe, bar.start)
        seen.add(key)
        if bar.instrument_token in disordered:
            continue
        look.look()
        expected = given.get(key)
        if expected != bar:
            name = f"{bar.timeframe} bar of {bar.instrument_token} at {bar.start.isoformat()}"
            look.fail(fact.at, f"{name}: {bar}; ticks give {expected}")
    for (token, timeframe, start), expected in sorted(given.items()):
        if until is not None and expected.end <= until and (token, timeframe, start) not in seen:
            look.look()
            name = f"{timeframe} bar of {token} at {start.isoformat()}"
            look.fail(name, f"the {name} is missing")
    return look.finding()


def _ticks(facts: Facts) -> tuple[set[int], dict[int, list[tuple[datetime, Tick]]]]:
    """Instruments whose ticks are not in order of time and sequence, and the ticks of the others."""
    found: dict[int, list[tuple[datetime, Tick]]] = defaultdict(list)
    disordered: set[int] = set()
    last: dict[int, Fact] = {}
    for fact, tick in facts.of(Tick):
        before = last.get(tick.instrument_token)
        if before is not None and (
            fact.event.event_time < before.event.event_time or fact.event.sequence <= before.event.sequence
        ):
            disordered.add(tick.instrument_token)
        last[tick.instrument_token] = fact
        found[tick.instrument_token].append((fact.event.event_time, tick))
    return disordered, {token: ticks for token, ticks in found.items() if token not in disordered}


def _given(ticks: dict[int, list[tuple[datetime, Tick]]], calendar: SessionCalendar) -> dict[Key, Bar]:
    """Every bar that the ticks give, open ones at the end included."""
    parts: dict[Key, tuple[Session, list[Tick]]] = {}
    for token, found in ticks.items():
        for moment, tick in found:
            session = _session(moment, calendar)
            if session is None:
                continue
            for timeframe in Timeframe:
                start = session.open + (moment - session.open) // timeframe.duration * timeframe.duration
                parts.setdefault((token, timeframe, start), (session, []))[1].append(tick)
    return {key: _bar(key, session, inside) for key, (session, inside) in parts.items()}


def _bar(key: Key, session: Session, ticks: list[Tick]) -> Bar:
    token, timeframe, start = key
    prices = [tick.price_paise for tick in ticks]
    end = min(start + timeframe.duration, session.close)
    return Bar(
        instrument_token=token,
        timeframe=timeframe,
        start=start,
        end=end,
        open_paise=prices[0],
        high_paise=max(prices),
        low_paise=min(prices),
        close_paise=prices[-1],
        volume=sum(tick.volume or 0 for tick in ticks),
        last_of_session=end == session.close,
    )


def _session(moment: datetime, calendar: SessionCalendar) -> Session | None:
    try:
        return calendar.session_at(moment)
    except HorizonError:
        return None  # the bar builder sets such a tick aside
