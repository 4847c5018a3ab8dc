"""What the market said: ticks from the feed, bars from the bar builder."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

Paise = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
Volume = Annotated[int, msgspec.Meta(ge=0)]
Token = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class Timeframe(StrEnum):
    """The lengths of bars that are built. A daily bar is its session's."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    H1 = "1h"
    D1 = "1d"

    @property
    def duration(self) -> timedelta:
        """The length; of a daily bar the calendar day that holds its session."""
        return _DURATIONS[self]


_DURATIONS = {
    Timeframe.M1: timedelta(minutes=1),
    Timeframe.M5: timedelta(minutes=5),
    Timeframe.M15: timedelta(minutes=15),
    Timeframe.H1: timedelta(hours=1),
    Timeframe.D1: timedelta(days=1),
}


class Tick(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trade price at an exchange time (the envelope's event time).

    `volume` is what was traded since the previous tick, in shares; None where the source does not say.
    `from_paise` is stated where the price is known to have come from there through every price between, as inside a bar
    that stands for its trades; without it nothing is known of what lies between two ticks.
    `filled_in` is true of a tick that was made afterwards, of the exchange's history, for an interruption of the feed:
    it is part of bars, and nothing is traded or decided on it.
    `delayed` is true of a tick of a source that tells prices late: no order that moves money follows from it.
    """

    instrument_token: Token
    price_paise: Paise
    volume: Volume | None = None
    from_paise: Paise | msgspec.UnsetType = msgspec.UNSET
    filled_in: bool | msgspec.UnsetType = msgspec.UNSET
    delayed: bool | msgspec.UnsetType = msgspec.UNSET


class Bar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A closed bar over [start, end); the envelope's event time is its end."""

    instrument_token: Token
    timeframe: Timeframe
    start: datetime
    end: datetime
    open_paise: Paise
    high_paise: Paise
    low_paise: Paise
    close_paise: Paise
    volume: Volume
    last_of_session: bool = False
    """True where the bar ends with its session: a signal on it is dated at the next session's open."""
    filled_in: bool | msgspec.UnsetType = msgspec.UNSET
    """True where a part of it was filled in afterwards (see `Tick`)."""

    def __post_init__(self) -> None:
        """Refuse a bar whose prices contradict each other; msgspec reports it as a shape error."""
        if not self.low_paise <= min(self.open_paise, self.close_paise):
            raise ValueError(f"low {self.low_paise} is above open or close")
        if not self.high_paise >= max(self.open_paise, self.close_paise):
            raise ValueError(f"high {self.high_paise} is below open or close")
        if not self.start < self.end:
            raise ValueError(f"start {self.start} is not before end {self.end}")
