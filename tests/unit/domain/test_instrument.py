import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_panda.domain.instrument import Exchange, Instrument, Rounding, on_grid, round_to_tick


@pytest.mark.parametrize(
    ("price", "rounding", "expected"),
    [
        (10_003, Rounding.DOWN, 10_000),
        (10_003, Rounding.UP, 10_005),
        (10_002, Rounding.NEAREST, 10_000),
        (10_003, Rounding.NEAREST, 10_005),
        (10_005, Rounding.DOWN, 10_005),
        (10_005, Rounding.UP, 10_005),
        (4, Rounding.DOWN, 5),
    ],
)
def test_a_price_moves_to_the_tick_grid(price: int, rounding: Rounding, expected: int):
    assert round_to_tick(price, 5, rounding) == expected


@given(price=st.integers(1, 10**9), tick=st.integers(1, 500))
def test_the_grid_encloses_every_price(price: int, tick: int):
    below, nearest, above = (
        round_to_tick(price, tick, each) for each in (Rounding.DOWN, Rounding.NEAREST, Rounding.UP)
    )
    assert all(on_grid(each, tick) and each >= tick for each in (below, nearest, above))
    assert below <= max(price, tick)
    assert price <= above < price + tick
    assert 2 * abs(nearest - price) <= tick or nearest == tick


def test_halfway_between_two_ticks_nearest_goes_up():
    assert round_to_tick(10_005, 10, Rounding.NEAREST) == 10_010


def test_a_tick_size_of_nothing_is_refused():
    with pytest.raises(ValueError, match="tick size 0 paise; allowed: at least 1"):
        round_to_tick(100, 0, Rounding.UP)


def test_an_instrument_is_named_by_exchange_and_symbol():
    instrument = Instrument(token=1, exchange=Exchange.NSE, symbol="M&M", tick_size_paise=5)
    assert instrument.name == "NSE:M&M"
    assert instrument.round_price(101, Rounding.UP) == 105
