"""Sectors: how much of an account's equity is in shares that rise and fall together.

The sector is a column of the instrument table. Instruments whose sector it does not say count as one
sector, so that leaving the column empty never allows more.
"""

from __future__ import annotations

from alpha_panda.domain.exposure import Exposure
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable

UNKNOWN = "unknown sector"


def sector_of(instrument: Instrument | None) -> str:
    """The sector as the table has it, or the one of all that it does not say."""
    return UNKNOWN if instrument is None or instrument.sector is None else instrument.sector


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
