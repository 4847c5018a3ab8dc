from datetime import date, timedelta
from itertools import islice

import pytest
from tests.support.market import at, session

from alpha_panda.domain.calendar import HorizonError, default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.errors import InputError
from alpha_panda.market_feed.sources.synthetic import (
    INVENTED_TOKENS,
    SyntheticOptions,
    SyntheticSource,
    synthetic_table,
)

START = date(2024, 1, 20)


def market(seed: int = 1, instruments: int = 20, rate: int = 100, start: date = START) -> SyntheticSource:
    options = SyntheticOptions(seed=seed, instruments=instruments, rate=rate, start=start)
    return SyntheticSource(options, load_instruments(), default_calendar())


def test_the_same_seed_makes_the_same_ticks_and_another_seed_others():
    assert list(market().ticks(500)) == list(market().ticks(500))
    assert list(market().ticks(500)) != list(market(seed=2).ticks(500))


def test_fewer_ticks_are_the_beginning_of_more():
    assert list(market().ticks(100)) == list(islice(market().ticks(), 100))


def test_ticks_are_evenly_spaced_from_the_open_and_each_instrument_counts_its_own():
    found = list(market(instruments=2, rate=4).ticks(6))
    assert [tick.event_time - at("09:15", START) for tick in found] == [
        timedelta(milliseconds=250 * index) for index in range(6)
    ]
    assert [tick.sequence for tick in found] == [1, 1, 2, 2, 3, 3]
    assert len({tick.data.instrument_token for tick in found}) == 2


def test_prices_walk_on_the_tick_grid_in_small_steps():
    table = synthetic_table(load_instruments(), 20)
    last: dict[int, int] = {}
    for tick in market().ticks(5_000):
        token, price = tick.data.instrument_token, tick.data.price_paise
        assert price % table.require(token).tick_size_paise == 0
        assert abs(price - last.setdefault(token, price)) <= max(10, price // 200)
        last[token] = price
    assert len(last) == 20


def test_time_goes_on_with_the_next_session_after_the_close():
    evening = date(2023, 11, 10)
    per_session = 22_500
    found = list(market(instruments=1, rate=1, start=evening).ticks(per_session + 1))
    assert found[-2].event_time == session(evening).close - timedelta(seconds=1)
    assert found[-1].event_time == session(date(2023, 11, 12)).open


def test_a_start_without_a_session_begins_with_the_next_one():
    assert next(market(start=date(2024, 1, 21)).ticks(1)).event_time == at("09:15", date(2024, 1, 23))


def test_instruments_beyond_the_table_are_invented_from_a_range_of_their_own():
    table = synthetic_table(load_instruments(), 13)
    invented = [each for each in table if each.token in INVENTED_TOKENS]
    assert [each.name for each in invented] == ["NSE:SYN00001", "NSE:SYN00002"]
    assert min(INVENTED_TOKENS) > 2**32
    assert [each.symbol for each in synthetic_table(load_instruments(), 2)] == ["HDFCBANK", "INFY"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"instruments": 0}, "0 synthetic instruments; allowed: 1 to 100011"),
        ({"instruments": 100_012}, "100012 synthetic instruments; allowed: 1 to 100011"),
        ({"rate": 0}, "rate 0 ticks a second; allowed: at least 1"),
    ],
)
def test_a_market_of_impossible_size_is_refused(options: dict[str, int], message: str):
    with pytest.raises(InputError, match=message):
        market(**options).check()


def test_a_start_outside_the_session_table_is_refused():
    with pytest.raises(HorizonError, match="2031-01-01 is outside the session table"):
        market(start=date(2031, 1, 1)).check()


def test_a_made_up_market_says_what_it_is_and_rejects_nothing():
    source = market()
    assert source.description == "synthetic market: 20 instruments, 100 ticks a second, seed 1"
    assert len(list(source.ticks(7))) == source.report.ticks == 7
    assert source.drain_rejected() == ()
