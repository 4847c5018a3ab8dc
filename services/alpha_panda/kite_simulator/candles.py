"""Minutes of the market as the historical API shows them: recorded ones, and those that the simulator saw itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from alpha_panda.domain.calendar import IST
from alpha_panda.kite_simulator.quotes import rupees
from alpha_panda.kite_simulator.refusals import bad_input

MINUTES: Final = {
    "minute": 1,
    "3minute": 3,
    "5minute": 5,
    "10minute": 10,
    "15minute": 15,
    "30minute": 30,
    "60minute": 60,
    "day": 1440,
}
MOST_DAYS: Final = {
    "minute": 60,
    "3minute": 100,
    "5minute": 100,
    "10minute": 100,
    "15minute": 200,
    "30minute": 200,
    "60minute": 400,
    "day": 2000,
}
_OPEN: Final = timedelta(hours=9, minutes=15)


class Minute(msgspec.Struct):
    """The trades of one minute."""

    open_paise: int
    high_paise: int
    low_paise: int
    close_paise: int
    volume: int

    def add(self, high_paise: int, low_paise: int, close_paise: int, volume: int) -> None:
        """What came after."""
        self.high_paise, self.low_paise = max(self.high_paise, high_paise), min(self.low_paise, low_paise)
        self.close_paise = close_paise
        self.volume += volume


class Candles:
    """Minutes by instrument and start."""

    def __init__(self) -> None:
        """Know of none."""
        self._minutes: dict[int, dict[datetime, Minute]] = {}

    def trade(self, token: int, price_paise: int, quantity: int, moment: datetime) -> None:
        """A trade happened."""
        start = moment.astimezone(UTC).replace(second=0, microsecond=0)
        known = self._minutes.setdefault(token, {})
        if (minute := known.get(start)) is None:
            known[start] = Minute(price_paise, price_paise, price_paise, price_paise, quantity)
        else:
            minute.add(price_paise, price_paise, price_paise, quantity)

    def rows(self, token: int, interval: str, begin: datetime, end: datetime) -> list[list[object]]:
        """Candles that start within [begin, end], as the API writes them.

        Raises:
            KiteRefusal: the interval is none, or the span is longer than it allows.
        """
        if interval not in MINUTES:
            raise bad_input("Invalid `interval`.")
        if end - begin > timedelta(days=MOST_DAYS[interval]):
            raise bad_input(f"interval exceeds max limit: {MOST_DAYS[interval]} days")
        return [
            [
                start.astimezone(IST).strftime("%Y-%m-%dT%H:%M:%S%z"),
                rupees(each.open_paise),
                rupees(each.high_paise),
                rupees(each.low_paise),
                rupees(each.close_paise),
                each.volume,
            ]
            for start, each in self._joined(token, MINUTES[interval])
            if begin <= start <= end
        ]

    def _joined(self, token: int, minutes: int) -> Iterator[tuple[datetime, Minute]]:
        joined: dict[datetime, Minute] = {}
        for moment, each in sorted(self._minutes.get(token, {}).items()):
            start = _start(moment, minutes)
            if start in joined:
                joined[start].add(each.high_paise, each.low_paise, each.close_paise, each.volume)
            else:
                joined[start] = msgspec.structs.replace(each)
        return iter(sorted(joined.items()))


def _start(moment: datetime, minutes: int) -> datetime:
    """Where the candle of a minute begins: counted from the open, days from midnight in India."""
    midnight = moment.astimezone(IST).replace(hour=0, minute=0)
    if minutes == MINUTES["day"]:
        return midnight
    opening = midnight + _OPEN
    step = timedelta(minutes=minutes)
    return opening + (moment - opening) // step * step
