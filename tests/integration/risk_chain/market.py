"""A made-up market of bars, two short stretches of each day: the test needs days, weeks and a month to go by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from alpha_panda.domain.calendar import IST, default_calendar

FIRST, LAST = date(2026, 8, 24), date(2026, 11, 27)
"""Days with a closing auction; the first month ends a few sessions after the first of them."""
_MORNING = range(25)
"""Minutes from the open."""
_AFTERNOON = range(346, 363)
"""15:01 to 15:17: past the time when intraday positions are closed (15:05) and into the auction (15:15)."""
_PRICE_PAISE = 200_000
_DIP_PAISE = 194_000
_VOLUME = 1_000_000


class Share(NamedTuple):
    """A made-up share; `sparse` trades only in the first of five minutes, `dips` falls now and then for a moment."""

    symbol: str
    sparse: bool = False
    dips: bool = False
    late: bool = False
    """Has futures, so a closing auction, and trades in the afternoon, too."""
    lot: int = 1
    freeze: str = ""
    band: str = ""


def write_table(path: Path, shares: Sequence[Share]) -> None:
    """The instrument table."""
    rows = ["token,exchange,symbol,segment,tick_size_paise,lot_size,freeze_quantity,derivatives,band_percent"]
    for token, each in enumerate(shares, start=1):
        futures = "yes" if each.late else "no"
        rows.append(f"{token},NSE,{each.symbol},EQUITY,5,{each.lot},{each.freeze},{futures},{each.band}")
    path.write_text("\n".join(rows) + "\n")


def write_bars(path: Path, shares: Sequence[Share]) -> None:
    """Bars of a minute of all shares."""
    lines = ["timestamp,symbol,open,high,low,close,volume"]
    for start, minute in _minutes():
        for each in shares:
            if (each.sparse and minute % 5) or (minute in _AFTERNOON and not each.late):
                continue
            low = _DIP_PAISE if each.dips and minute % 4 == 3 else _PRICE_PAISE - 100
            prices = (_PRICE_PAISE, _PRICE_PAISE + 100, low, _PRICE_PAISE + 5 * (minute % 2))
            cells = ",".join(f"{paise / 100:.2f}" for paise in prices)
            lines.append(f"{start:%Y-%m-%dT%H:%M:%S+05:30},{each.symbol},{cells},{_VOLUME}")
    path.write_text("\n".join(lines) + "\n")


def _minutes() -> Iterator[tuple[datetime, int]]:
    for session in default_calendar():
        if FIRST <= session.date <= LAST:
            for minute in (*_MORNING, *_AFTERNOON):
                yield session.open.astimezone(IST) + timedelta(minutes=minute), minute
