import pytest

from alpha_panda.domain.instrument import Exchange, Instrument, Rounding, round_to_tick


@pytest.mark.parametrize(
    ("price", "rounding", "expected"),
    [
        (10_003, Rounding.DOWN, 10_000),
        (10_003, Rounding.UP, 10_005),
        (10_002, Rounding.NEAREST, 10_000),
        (10_003, Rounding.NEAREST, 10_005),
        (10_005, Rounding.DOWN, 10_005),
        (10_005, Rounding.UP, 10_005),
        (4, Rounding.DOWN, 0),
    ],
)
def test_a_price_moves_to_the_tick_grid(price: int, rounding: Rounding, expected: int):
    assert round_to_tick(price, 5, rounding) == expected


def test_halfway_between_two_ticks_nearest_goes_up():
    assert round_to_tick(10_005, 10, Rounding.NEAREST) == 10_010


def test_a_tick_size_of_nothing_is_refused():
    with pytest.raises(ValueError, match="tick size 0 paise; allowed: at least 1"):
        round_to_tick(100, 0, Rounding.UP)


def test_an_instrument_is_named_by_exchange_and_symbol():
    instrument = Instrument(token=1, exchange=Exchange.NSE, symbol="M&M", tick_size_paise=5)
    assert instrument.name == "NSE:M&M"
    assert instrument.round_price(101, Rounding.UP) == 105
