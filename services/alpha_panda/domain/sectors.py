"""Sectors: how much of an account's equity is in shares that rise and fall together.

The sector is a column of the instrument table; where that is empty, `data/sectors.csv` knows the shares of the
NIFTY 50. Instruments whose sector nobody says count as one sector, so that not knowing never allows more.
"""

from __future__ import annotations

import csv
import functools
from importlib import resources

from alpha_panda.domain.exposure import Exposure
from alpha_panda.domain.instrument import Instrument, Segment
from alpha_panda.domain.instrument_table import InstrumentTable

UNKNOWN = "unknown sector"


def sector_of(instrument: Instrument | None) -> str:
    """The sector as the instrument table has it, or that of a known share, or the one of all the rest."""
    if instrument is None:
        return UNKNOWN
    if instrument.sector is not None:
        return instrument.sector
    known = known_sectors().get(instrument.symbol) if instrument.segment is Segment.EQUITY else None
    return known or UNKNOWN


def sector_value_paise(sector: str, exposure: Exposure, instruments: InstrumentTable) -> int:
    """Notional of all positions in the sector at the last prices, and what pending entries there may still take."""
    total_paise = 0
    for holding in exposure.account.holdings.values():
        token = holding.instrument_token
        if sector_of(instruments.get(token)) == sector:
            total_paise += exposure.notional_paise(holding)
    for reservation in exposure.reservations.values():
        if sector_of(instruments.get(reservation.instrument_token)) == sector:
            total_paise += reservation.open_paise
    return total_paise


@functools.cache
def known_sectors() -> dict[str, str]:
    """The sectors that the package ships, by the exchange's symbol of a share."""
    text = resources.files("alpha_panda.domain").joinpath("data/sectors.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["symbol"]: row["sector"] for row in rows}
