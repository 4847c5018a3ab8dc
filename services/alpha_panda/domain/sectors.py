"""Sectors: how much of an account's equity is in shares that rise and fall together.

The sector is a column of the instrument table; where that is empty, a future or an option has that of its
underlying, and `data/sectors.csv` knows the shares of the NIFTY 50. Instruments whose sector nobody says count as
one sector, so that not knowing never allows more.
"""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources
from typing import Final

from alpha_panda.domain.exposure import Exposure
from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.domain.instrument_table import InstrumentTable

UNKNOWN: Final = "unknown sector (the instrument table says none; all such instruments count as one)"
_CASH: Final = {Exchange.NFO: Exchange.NSE, Exchange.BFO: Exchange.BSE}
"""Where the underlying of a derivative is listed."""
_MONTH: Final = r"[0-9]{2}(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
_DERIVATIVE: Final = re.compile(rf"(.+){_MONTH}(?:FUT|[0-9.]+(?:CE|PE))")
"""Kite's symbols, such as RELIANCE26NOVFUT and RELIANCE26NOV3000CE. Options of a week are of indices, of no sector."""


class Sectors:
    """The sectors of an instrument table's instruments, each looked up once."""

    def __init__(self, instruments: InstrumentTable) -> None:
        """Look up nothing yet."""
        self._instruments = instruments
        self._known: dict[int, str] = {}

    def of(self, token: int) -> str:
        """The sector of an instrument; of one that is not in the table, the one of all the rest."""
        found = self._known.get(token)
        if found is None:
            found = self._known[token] = self._look_up(self._instruments.get(token))
        return found

    def value_paise(self, sector: str, exposure: Exposure) -> int:
        """Notional of all positions in it at the last prices, and what pending entries there may still take."""
        total_paise = 0
        for holding in exposure.account.holdings.values():
            if self.of(holding.instrument_token) == sector:
                total_paise += exposure.notional_paise(holding)
        for reservation in exposure.reservations.values():
            if self.of(reservation.instrument_token) == sector:
                total_paise += reservation.open_paise
        return total_paise

    def _look_up(self, instrument: Instrument | None) -> str:
        if instrument is None:
            return UNKNOWN
        if instrument.sector is not None:
            return instrument.sector
        if instrument.segment is Segment.EQUITY:
            return known_sectors().get(instrument.symbol, UNKNOWN)
        symbol = underlying_of(instrument)
        if symbol is None:
            return UNKNOWN
        share = self._instruments.find(_CASH[instrument.exchange], symbol)
        return known_sectors().get(symbol, UNKNOWN) if share is None else self._look_up(share)


def underlying_of(instrument: Instrument) -> str | None:
    """The symbol of what a future or an option is on, as its own symbol says; None where it says none."""
    if instrument.exchange not in _CASH:
        return None
    match = _DERIVATIVE.fullmatch(instrument.symbol)
    return None if match is None else match[1]


@functools.cache
def known_sectors() -> dict[str, str]:
    """The sectors that the package ships, by the exchange's symbol of a share."""
    text = resources.files("alpha_panda.domain").joinpath("data/sectors.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["symbol"]: row["sector"] for row in rows}
