"""Ticks, sessions and small market data files, as the tests of the market write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from alpha_panda.domain.calendar import Session, default_calendar
from alpha_panda.domain.ticks import tick_event
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick, Timeframe

DAY = date(2019, 7, 9)
YESBANK = 3_050_241
RELIANCE = 738_561


def session(day: date = DAY) -> Session:
    found = default_calendar().session_of(day)
    assert found is not None
    return found


def at(clock: str, day: date = DAY) -> datetime:
    """A time of the day in India, in UTC."""
    return datetime.fromisoformat(f"{day}T{clock}+05:30").astimezone(UTC)


def tick(
    clock: str | datetime, price_paise: int = 10_000, sequence: int = 1, token: int = YESBANK, volume: int | None = 10
) -> Event[Tick]:
    moment = at(clock) if isinstance(clock, str) else clock
    return tick_event(token, moment, price_paise, volume, sequence)


def minute_bar(clock: str, prices: tuple[int, int, int, int], volume: int, token: int = YESBANK) -> Bar:
    start = at(clock)
    return Bar(
        instrument_token=token,
        timeframe=Timeframe.M1,
        start=start,
        end=start + timedelta(minutes=1),
        open_paise=prices[0],
        high_paise=prices[1],
        low_paise=prices[2],
        close_paise=prices[3],
        volume=volume,
    )


def shown(bar: Event[Bar]) -> tuple[str, str, int, int, int, int, int]:
    """A bar as timeframe, start in India, open, high, low, close, volume."""
    data = bar.data
    start = (data.start + timedelta(hours=5, minutes=30)).strftime("%H:%M")
    return (
        str(data.timeframe),
        start,
        data.open_paise,
        data.high_paise,
        data.low_paise,
        data.close_paise,
        data.volume,
    )
