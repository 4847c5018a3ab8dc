"""Stops and targets of strategies: how far, on which tick, and when there are none."""

from fractions import Fraction

import pytest

from alpha_panda.events.signals import Side
from alpha_panda.strategy.levels import AtrStop, Entry, Levels, NoLevels, PercentStop, Plan, Wider, away, stop_of


def entry(side: Side = Side.BUY, price: int = 10_000, atr: float | None = None, tick: int = 5) -> Entry:
    return Entry(side=side, price_paise=price, tick_paise=tick, atr=atr)


def plan(percent: float | None = 2.0, ranges: float | None = None, reward: str = "3") -> Plan:
    return Plan(stop=stop_of(percent, ranges), reward_risk=Fraction(reward))


@pytest.mark.parametrize(("side", "stop", "target"), [(Side.BUY, 9_800, 10_600), (Side.SELL, 10_200, 9_400)])
def test_a_stop_in_percent_and_a_target_in_multiples_of_it(side: Side, stop: int, target: int):
    assert plan().levels(entry(side)) == Levels(stop_loss_paise=stop, target_paise=target)


@pytest.mark.parametrize(
    ("atr", "stop"),
    [(100.0, 9_800), (200.0, 9_700), (None, 9_800), (0.0, 9_800)],
    ids=["the percentage is wider", "the range is wider", "no range yet", "no range at all"],
)
def test_of_two_stops_the_wider_counts(atr: float | None, stop: int):
    found = plan(2.0, 1.5).levels(entry(atr=atr))
    assert isinstance(found, Levels)
    assert found.stop_loss_paise == stop


@pytest.mark.parametrize(("side", "stop", "target"), [(Side.BUY, 9_850, 10_235), (Side.SELL, 10_155, 9_775)])
def test_both_are_rounded_away_from_the_entry_and_the_target_is_measured_from_the_rounded_stop(
    side: Side, stop: int, target: int
):
    # 1.5 % of 100.03 is 1.50045: the stop is put a tick farther, the target at 1.5 times that or farther.
    found = plan(1.5, None, "1.5").levels(entry(side, price=10_003))
    assert found == Levels(stop_loss_paise=stop, target_paise=target)


def test_decimals_are_what_was_written():
    # 0.1 % of 100.00 is exactly 10 paise; as a binary fraction it would be a little more, and a tick farther.
    found = plan(0.1, None, "1.5").levels(entry())
    assert found == Levels(stop_loss_paise=9_990, target_paise=10_015)


@pytest.mark.parametrize("atr", [None, 0.0])
def test_without_a_range_and_a_percentage_there_is_no_stop_and_so_no_entry(atr: float | None):
    found = plan(None, 2.0).levels(entry(atr=atr))
    assert isinstance(found, NoLevels)
    assert "no stop" in found.reason


def test_a_stop_at_or_below_nothing_is_none():
    found = plan(None, 1.0).levels(entry(price=100, atr=96.0))
    assert isinstance(found, NoLevels)
    assert found.reason == "the stop would be 0.96 below a price of 1.00"


def test_a_short_whose_target_would_be_below_nothing_is_not_worth_its_risk():
    found = plan(None, 1.0, "3").levels(entry(Side.SELL, price=100, atr=90.0))
    assert isinstance(found, NoLevels)
    assert found.reason == "reward 0.95 for a risk of 0.90: less than 1.5 times"


@pytest.mark.parametrize("reward", ["1.49", "0", "-2"])
def test_a_plan_below_the_least_reward_is_refused(reward: str):
    with pytest.raises(ValueError, match=r"is below 1\.5"):
        plan(reward=reward)


def test_the_least_distance_is_a_tick():
    found = plan(0.0001, None, "1.5").levels(entry(price=100))
    assert found == Levels(stop_loss_paise=95, target_paise=110)


def test_policies_can_be_put_together_in_any_depth():
    stop = Wider((PercentStop(Fraction(1)), Wider((AtrStop(Fraction(1)), AtrStop(Fraction(3))))))
    assert stop.distance(entry(atr=40.0)) == 120
    assert Wider(()).distance(entry(atr=40.0)) is None


def test_a_price_moves_to_the_grid_on_the_side_that_is_asked():
    assert [away(10_001, 5, Side.BUY), away(10_004, 5, Side.SELL), away(10_000, 5, Side.SELL)] == [
        10_005,
        10_000,
        10_000,
    ]
    assert away(-50, 5, Side.SELL) == 5
