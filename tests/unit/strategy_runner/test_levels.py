"""Stops and targets are whole ticks, on their own side of the entry, and never nearer than they were asked."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_panda.events.signals import OrderType, Side
from alpha_panda.resources.strategy import Levels
from alpha_panda.strategy import Enter
from alpha_panda.strategy_runner.levels import entry_prices

PERCENTS = st.decimals("0.01", "20", places=2).map(str)


def entry(side: Side = Side.BUY, **fields: object) -> Enter:
    return Enter(side=side, reason="tested", **fields)


def test_a_long_has_its_stop_below_and_its_target_above_in_multiples_of_the_stop():
    prices = entry_prices(entry(), 10_003, Levels(stop_loss_percent="1", reward_risk="2"), 5)
    assert prices.stop_loss_paise == 9_900
    assert prices.target_paise == 10_210


def test_a_short_is_the_mirror_of_a_long():
    prices = entry_prices(entry(Side.SELL), 10_003, Levels(stop_loss_percent="1", target_percent="2"), 5)
    assert prices.stop_loss_paise == 10_105
    assert prices.target_paise == 9_800


def test_without_levels_there_are_none():
    prices = entry_prices(entry(), 10_000, Levels(), 5)
    assert (prices.stop_loss_paise, prices.target_paise) == (None, None)


def test_the_strategys_own_levels_come_first():
    asked = entry(stop_loss_paise=9_511, target_paise=10_511)
    prices = entry_prices(asked, 10_000, Levels(stop_loss_percent="1", target_percent="1"), 5)
    assert (prices.stop_loss_paise, prices.target_paise) == (9_510, 10_515)


def test_levels_are_measured_from_the_limit_of_a_limit_order_which_is_never_worse():
    asked = entry(order_type=OrderType.LIMIT, limit_price_paise=9_004)
    prices = entry_prices(asked, 10_000, Levels(stop_loss_percent="10"), 5)
    assert (prices.limit_price_paise, prices.stop_loss_paise) == (9_000, 8_100)


@pytest.mark.parametrize("wrong", [{"stop_loss_paise": 10_100}, {"target_paise": 9_900}])
def test_a_level_on_the_wrong_side_is_refused(wrong: dict[str, int]):
    with pytest.raises(ValueError, match="wrong side of 10000 for BUY"):
        entry_prices(entry(**wrong), 10_000, Levels(), 5)


def test_no_level_is_lower_than_one_tick():
    prices = entry_prices(entry(), 10_000, Levels(stop_loss_percent="100"), 5)
    assert prices.stop_loss_paise == 5


@settings(max_examples=60, deadline=None)
@given(
    side=st.sampled_from(Side),
    steps=st.integers(200, 1_000_000),
    tick=st.sampled_from([1, 5, 10, 50]),
    stop=PERCENTS,
    reward=st.decimals("0.5", "5", places=1).map(str),
)
def test_levels_are_on_the_grid_and_at_least_as_far_as_asked(side: Side, steps: int, tick: int, stop: str, reward: str):
    at = steps * tick
    prices = entry_prices(entry(side), at, Levels(stop_loss_percent=stop, reward_risk=reward), tick)
    assert prices.stop_loss_paise is not None
    assert prices.target_paise is not None
    assert prices.stop_loss_paise % tick == prices.target_paise % tick == 0
    risk = (at - prices.stop_loss_paise) * side.sign
    assert risk >= Decimal(at) * Decimal(stop) / 100
    if prices.target_paise > tick:
        assert (prices.target_paise - at) * side.sign >= risk * Decimal(reward)
