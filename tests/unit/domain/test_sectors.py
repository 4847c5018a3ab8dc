"""An instrument's sector is the table's, that of a known share, or the one that all others have in common."""

import pytest

from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.sectors import UNKNOWN, known_sectors, sector_of


def share(symbol: str, sector: str | None = None, segment: Segment = Segment.EQUITY) -> Instrument:
    exchange = Exchange.NSE if segment is Segment.EQUITY else Exchange.NFO
    return Instrument(token=1, exchange=exchange, symbol=symbol, segment=segment, tick_size_paise=5, sector=sector)


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        (share("TCS"), "Information Technology"),
        (share("TCS", "Software"), "Software"),
        (share("YESBANK"), UNKNOWN),
        (share("TCS", segment=Segment.FUTURES), UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_the_table_wins_over_what_is_known(instrument: Instrument | None, expected: str):
    assert sector_of(instrument) == expected


def test_the_shipped_table_and_the_known_sectors_agree():
    known = known_sectors()
    for each in load_instruments():
        assert each.sector is not None
        assert known.get(each.symbol, each.sector) == each.sector


def test_a_whole_index_is_known():
    assert len(known_sectors()) >= 50
    assert all(sector.strip() for sector in known_sectors().values())
