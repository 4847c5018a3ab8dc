"""What Yahoo calls an instrument of India."""

from __future__ import annotations

from typing import Final

from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.errors import InputError

_SUFFIX: Final = {Exchange.NSE: "NS", Exchange.BSE: "BO"}
_INDICES: Final = {
    "NSE:NIFTY 50": "^NSEI",
    "NSE:NIFTY BANK": "^NSEBANK",
    "NSE:INDIA VIX": "^INDIAVIX",
    "BSE:SENSEX": "^BSESN",
}


def symbol_of(instrument: Instrument) -> str:
    """Yahoo's name.

    Raises:
        InputError: Yahoo has no derivatives of India, and we know few of its indices.
    """
    if instrument.segment is Segment.EQUITY:
        return f"{instrument.symbol}.{_SUFFIX[instrument.exchange]}"
    symbol = _INDICES.get(instrument.name)
    if symbol is None:
        raise InputError(
            f"{instrument.name} is not at Yahoo: it has shares of NSE and BSE, and {', '.join(_INDICES)}",
            remedy="take it from Kite Connect, or leave it out",
        )
    return symbol
