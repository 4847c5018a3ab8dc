"""What ends a position in the eyes of its strategy: resting levels, a trail, a time."""

import json
from fractions import Fraction

import pytest
from tests.unit.strategies.market_days import bar

from alpha_panda.events.market import Bar
from alpha_panda.events.signals import Side
from alpha_panda.strategy.holding import Exits, Fate, Holding, hold, kept, restored
from alpha_panda.strategy.levels import AtrStop, Entry, Levels, PercentStop

ONE_PERCENT = Exits(trail=PercentStop(Fraction(1)))


def held(side: Side = Side.BUY, stop: int = 9_800, target: int = 10_600) -> Holding:
    entry = Entry(side=side, price_paise=10_000, tick_paise=5)
    return hold(entry, Levels(stop_loss_paise=stop, target_paise=target))


def prices(first: int, high: int, low: int, close: int) -> Bar:
    return bar(close, open_paise=first, high_paise=high, low_paise=low)


def fates(holding: Holding, bars: list[Bar], exits: Exits, atr: float | None = None) -> list[Fate]:
    return [holding.follow(each, exits, 5, atr)[0] for each in bars]


@pytest.mark.parametrize(
    ("reached", "fate"),
    [
        (prices(10_000, 10_100, 9_805, 10_050), Fate.HELD),
        (prices(10_000, 10_100, 9_800, 10_050), Fate.CLOSED),
        (prices(10_000, 10_600, 9_900, 10_050), Fate.CLOSED),
        (prices(9_700, 9_750, 9_600, 9_700), Fate.CLOSED),
        (prices(10_700, 10_800, 10_650, 10_700), Fate.CLOSED),
        (prices(10_000, 10_700, 9_700, 10_000), Fate.CLOSED),
    ],
    ids=["between", "stop touched", "target touched", "gap through the stop", "gap over the target", "both"],
)
def test_resting_levels_close_without_a_word(reached: Bar, fate: Fate):
    assert held().follow(reached, Exits(), 5, None) == (fate, "")


def test_a_short_has_its_levels_the_other_way():
    short = held(Side.SELL, stop=10_200, target=9_400)
    assert fates(short, [prices(10_000, 10_195, 9_405, 10_000), bar(10_200)], Exits()) == [Fate.HELD, Fate.CLOSED]


def test_a_trail_follows_the_best_price_and_never_goes_back():
    holding = held()
    trails = []
    for each in (bar(10_000), bar(10_203), bar(10_150)):
        holding.follow(each, ONE_PERCENT, 5, None)
        trails.append(holding.trail_paise)
    assert trails == [9_900, 10_100, 10_100]
    assert holding.follow(bar(10_100), ONE_PERCENT, 5, None) == (Fate.SPENT, "trailing stop 101.00 reached")


def test_the_trail_of_a_short_follows_downward():
    holding = held(Side.SELL, stop=10_200, target=9_400)
    assert fates(holding, [bar(9_800), bar(9_850), bar(9_900)], ONE_PERCENT) == [Fate.HELD, Fate.HELD, Fate.SPENT]
    assert holding.trail_paise == 9_900


def test_a_bar_is_held_against_the_trail_that_stood_before_it():
    holding = held()
    holding.follow(bar(10_000), ONE_PERCENT, 5, None)
    # Its low is below where its own high puts the trail, but nobody knows which came first; the close decides.
    assert holding.follow(prices(10_000, 10_300, 10_000, 10_250), ONE_PERCENT, 5, None)[0] is Fate.HELD
    assert holding.trail_paise == 10_195


def test_a_close_that_fell_behind_the_trail_of_its_own_bar_ends_it():
    fate, why = held().follow(prices(10_000, 10_500, 10_000, 10_300), ONE_PERCENT, 5, None)
    assert (fate, why) == (Fate.SPENT, "trailing stop 103.95 reached")


def test_a_trail_whose_range_is_nothing_stays_where_it_is():
    exits = Exits(trail=AtrStop(Fraction(2)))
    holding = held()
    assert fates(holding, [bar(10_100)], exits, atr=None) == [Fate.HELD]
    assert holding.trail_paise is None
    fates(holding, [bar(10_200)], exits, atr=50.0)
    fates(holding, [bar(10_300)], exits, atr=0.0)
    assert (holding.trail_paise, holding.best_paise) == (10_100, 10_300)


@pytest.mark.parametrize(("side", "trail"), [(Side.BUY, 9_900), (Side.SELL, 10_100)])
def test_a_range_that_grows_does_not_loosen_a_trail(side: Side, trail: int):
    exits = Exits(trail=AtrStop(Fraction(2)))
    holding = held(side, *((9_000, 11_000) if side is Side.BUY else (11_000, 9_000)))
    assert fates(holding, [bar(10_000)], exits, atr=50.0) == [Fate.HELD]
    assert fates(holding, [bar(10_000)], exits, atr=200.0) == [Fate.HELD]
    assert holding.trail_paise == trail


def test_it_leaves_after_so_many_bars():
    holding = held()
    bars = [bar(10_000)] * 3
    assert fates(holding, bars, Exits(most_bars=3)) == [Fate.HELD, Fate.HELD, Fate.SPENT]
    assert held().follow(bar(10_000), Exits(most_bars=1), 5, None) == (Fate.SPENT, "held for 1 bar")


def test_a_kept_holding_comes_back_equal():
    holding = held()
    holding.follow(bar(10_200), ONE_PERCENT, 5, None)
    assert restored(json.loads(json.dumps(kept(holding)))) == holding
    assert restored(kept(None)) is None
