"""Whatever the price, the range and the tick: levels are on the grid, on their sides, and worth their risk."""

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alpha_panda.domain.instrument import on_grid
from alpha_panda.events.signals import Side
from alpha_panda.strategy.levels import MIN_REWARD_RISK, Entry, Levels, NoLevels, Plan, stop_of

MANY = settings(max_examples=300, deadline=None)
ENTRIES = st.builds(
    Entry,
    side=st.sampled_from(Side),
    price_paise=st.integers(1, 10**8),
    tick_paise=st.sampled_from((1, 5, 10, 50, 100)),
    atr=st.none() | st.floats(0, 10**7),
)
DISTANCES = st.none() | st.integers(1, 5_000).map(lambda number: number / 100)
REWARDS = st.integers(150, 1_000).map(lambda number: Fraction(number, 100))


def gaps(entry: Entry, levels: Levels) -> tuple[int, int]:
    sign = entry.side.sign
    return sign * (entry.price_paise - levels.stop_loss_paise), sign * (levels.target_paise - entry.price_paise)


@MANY
@given(entry=ENTRIES, percent=DISTANCES, ranges=DISTANCES, reward=REWARDS)
def test_levels_are_on_the_grid_on_their_sides_and_win_at_least_one_and_a_half_times_the_risk(
    entry: Entry, percent: float | None, ranges: float | None, reward: Fraction
):
    found = Plan(stop=stop_of(percent, ranges), reward_risk=reward).levels(entry)
    if isinstance(found, NoLevels):
        assert found.reason
        return
    assert on_grid(found.stop_loss_paise, entry.tick_paise)
    assert on_grid(found.target_paise, entry.tick_paise)
    risk, gain = gaps(entry, found)
    assert risk > 0
    assert gain >= risk * MIN_REWARD_RISK
    asked = stop_of(percent, ranges).distance(entry)
    assert asked is not None
    assert asked <= risk < asked + entry.tick_paise + 1


@MANY
@given(entry=ENTRIES, percent=DISTANCES, ranges=DISTANCES)
def test_a_second_stop_never_makes_the_first_nearer(entry: Entry, percent: float | None, ranges: float | None):
    both, first = (stop_of(*each).distance(entry) for each in ((percent, ranges), (percent, None)))
    assert first is None or (both is not None and both >= first)


@MANY
@given(
    price=st.integers(1_000, 10**6),
    tick=st.sampled_from((1, 5)),
    percent=st.integers(1, 1_000),
    reward=REWARDS,
)
def test_on_the_grid_a_long_and_a_short_are_mirror_images(price: int, tick: int, percent: int, reward: Fraction):
    on_tick = price * tick
    plan = Plan(stop=stop_of(percent / 100, None), reward_risk=reward)
    found = [plan.levels(Entry(side=side, price_paise=on_tick, tick_paise=tick)) for side in Side]
    assume(all(isinstance(each, Levels) for each in found))
    long, short = found
    assume(short.target_paise > tick)  # below one tick there is no price to mirror
    assert on_tick - long.stop_loss_paise == short.stop_loss_paise - on_tick
    assert long.target_paise - on_tick == on_tick - short.target_paise
