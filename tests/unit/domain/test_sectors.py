"""An instrument's sector is the table's, that of a known share, or the one that all others have in common."""

import pytest

from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.domain.instrument_table import InstrumentTable, load_instruments
from alpha_panda.domain.sectors import UNKNOWN, Sectors, known_sectors


def listed(symbol: str, sector: str | None = None, segment: Segment = Segment.EQUITY, token: int = 1) -> Instrument:
    exchange = Exchange.NSE if segment is Segment.EQUITY else Exchange.NFO
    return Instrument(token=token, exchange=exchange, symbol=symbol, segment=segment, tick_size_paise=5, sector=sector)


def sector_of(*instruments: Instrument) -> str:
    """Of the first."""
    return Sectors(InstrumentTable(instruments, "a table")).of(1)


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        (listed("TCS"), "Information Technology"),
        (listed("TCS", "Software"), "Software"),
        (listed("YESBANK"), UNKNOWN),
        (listed("TCS26NOVFUT", segment=Segment.FUTURES), "Information Technology"),
        (listed("M&M26NOV3000CE", segment=Segment.OPTIONS), "Automobile and Auto Components"),
        (listed("BAJAJ-AUTO26NOV9512.5PE", segment=Segment.OPTIONS), "Automobile and Auto Components"),
        (listed("TCS26NOVFUT", "Of its own", Segment.FUTURES), "Of its own"),
        (listed("TCS", segment=Segment.FUTURES), UNKNOWN),
        (listed("NIFTY26NOVFUT", segment=Segment.FUTURES), UNKNOWN),
        (listed("NIFTY2611325000CE", segment=Segment.OPTIONS), UNKNOWN),
    ],
)
def test_the_table_wins_over_what_is_known_and_a_derivative_counts_with_its_underlying(
    instrument: Instrument, expected: str
):
    assert sector_of(instrument) == expected


def test_the_sector_of_the_underlying_is_that_of_its_row():
    future = listed("NIFTYNXT5026NOVFUT", segment=Segment.FUTURES)
    assert sector_of(future, listed("NIFTYNXT50", "Indices", token=2)) == "Indices"


def test_an_instrument_that_is_not_in_the_table_counts_with_all_the_rest():
    assert sector_of(listed("TCS", token=2)) == UNKNOWN


def test_the_shipped_table_and_the_known_sectors_agree():
    known = known_sectors()
    for each in load_instruments():
        assert each.sector is not None
        assert known.get(each.symbol, each.sector) == each.sector


def test_a_whole_index_is_known():
    assert len(known_sectors()) >= 50
    assert all(sector.strip() for sector in known_sectors().values())
