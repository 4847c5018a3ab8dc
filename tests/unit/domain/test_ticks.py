from datetime import timedelta

import msgspec
import pytest
from tests.support.market import YESBANK, at, minute_bar

from alpha_panda.domain.ticks import ticks_of_bar
from alpha_panda.events.ids import tick_id


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ((100, 110, 95, 105), (100, 95, 110, 105)),
        ((100, 104, 90, 95), (100, 104, 90, 95)),
        ((100, 110, 90, 100), (100, 90, 110, 100)),
        ((100, 100, 100, 100), (100, 100, 100, 100)),
        ((100, 120, 100, 120), (100, 100, 120, 120)),
    ],
    ids=["low is nearer", "high is nearer", "a tie takes the low first", "flat", "open is the low"],
)
def test_a_bar_visits_its_nearer_extreme_first(prices: tuple[int, int, int, int], expected: tuple[int, ...]):
    ticks = ticks_of_bar(minute_bar("09:15", prices, 100), 1)
    assert tuple(tick.data.price_paise for tick in ticks) == expected


def test_a_minute_speaks_at_seconds_1_20_40_and_59():
    ticks = ticks_of_bar(minute_bar("09:15", (1, 1, 1, 1), 4), 9)
    assert [tick.event_time for tick in ticks] == [at(f"09:15:{second}") for second in ("01", "20", "40", "59")]
    assert [tick.sequence for tick in ticks] == [9, 10, 11, 12]


@pytest.mark.parametrize(("volume", "expected"), [(0, [0, 0, 0, 0]), (3, [0, 0, 0, 3]), (103, [25, 25, 25, 28])])
def test_the_last_tick_carries_the_rest_of_the_volume(volume: int, expected: list[int]):
    ticks = ticks_of_bar(minute_bar("09:15", (1, 1, 1, 1), volume), 1)
    assert [tick.data.volume for tick in ticks] == expected


def test_a_longer_bar_speaks_at_the_same_fractions_of_its_length():
    bar = msgspec.structs.replace(minute_bar("09:15", (1, 1, 1, 1), 4), end=at("09:20"))
    offsets = [tick.event_time - bar.start for tick in ticks_of_bar(bar, 1)]
    assert offsets == [timedelta(seconds=seconds) for seconds in (5, 100, 200, 295)]


def test_a_tick_is_named_by_what_it_is_and_begins_its_own_chain():
    first = ticks_of_bar(minute_bar("09:15", (1, 1, 1, 1), 4), 1)[0]
    assert first.id == tick_id(YESBANK, at("09:15:01"), 1)
    assert (first.correlation_id, first.causation_id) == (first.id, None)
    assert (first.key, first.key_instrument) == (str(YESBANK), YESBANK)


def test_the_price_goes_through_every_price_between_the_ticks_of_a_bar_and_may_jump_to_its_open():
    ticks = ticks_of_bar(minute_bar("09:15", (100, 130, 90, 110), 4), 1)
    assert [tick.data.price_paise for tick in ticks] == [100, 90, 130, 110]
    assert [tick.data.from_paise for tick in ticks] == [msgspec.UNSET, 100, 90, 130]
