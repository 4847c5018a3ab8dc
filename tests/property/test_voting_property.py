"""However votes fall, their count keeps its bounds and knows no order, no unit and no preferred side."""

import json
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.indicator_bars import bar_at, series
from tests.support.strategy_bars import minutes, mirrored

from alpha_panda.domain.indicators import AdxLines, Bands, MacdLines, StochasticLines
from alpha_panda.domain.voting import (
    DEFAULT_WEIGHTS,
    Ballot,
    Panels,
    Periods,
    Reading,
    Tally,
    Voice,
    indicator_weights,
    tally,
    timeframe_weights,
    voices,
)
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.signals import VoteAction

SOME = settings(max_examples=60, deadline=None)
SHORT = Periods(rsi=3, macd=(2, 4, 3), bollinger=4, adx=3, stochastic=(4, 2, 2), atr=3)
OPPOSITE = {
    VoteAction.BUY: VoteAction.SELL,
    VoteAction.SELL: VoteAction.BUY,
    VoteAction.HOLD: VoteAction.HOLD,
    VoteAction.ABSTAIN: VoteAction.ABSTAIN,
}
CLEAR = (Reading.TREND, Reading.REVERSION)
VOICES = st.none() | st.builds(Voice, st.integers(-1000, 1000), st.just("seen"))
SEATS = [(name, timeframe) for timeframe in Timeframe for name in DEFAULT_WEIGHTS]
WEIGHTS = st.dictionaries(st.sampled_from(list(DEFAULT_WEIGHTS)), st.integers(0, 1000), min_size=1).filter(
    lambda weights: any(weights.values())
)
GRID = st.integers(-100 * 64, 100 * 64).map(lambda number: number / 64)
"""Numbers that binary fractions hold exactly, and their mirror images too."""


@st.composite
def elections(draw: st.DrawFn) -> list[Ballot]:
    seats = draw(st.lists(st.sampled_from(SEATS), unique=True, max_size=len(SEATS)))
    return [
        Ballot(indicator=name, timeframe=timeframe, weight=draw(st.integers(0, 100)), voice=draw(VOICES))
        for name, timeframe in seats
    ]


def counted(bars: list[Bar], weights: dict[str, float], reading: Reading = Reading.REGIME) -> list[Tally]:
    panels = Panels((Timeframe.M1,), SHORT, indicator_weights(weights), timeframe_weights({}))
    found = []
    for bar in bars:
        panels.update(bar)
        found.append(panels.tally(reading))
    return found


@SOME
@given(ballots=elections())
def test_a_count_keeps_its_bounds_and_a_side_is_there_exactly_with_its_action(ballots: list[Ballot]):
    result = tally(ballots)
    assert 0 <= result.confidence <= 100
    assert 0 <= result.coverage <= 100
    assert (result.side is None) == (result.action is VoteAction.HOLD)
    assert len(result.votes) == len(ballots)
    assert sum(vote.weight for vote in result.votes) == pytest.approx(1, abs=0.002) or not any(
        each.weight for each in ballots
    )
    for vote in result.votes:
        assert 0 <= vote.strength <= 1
        assert (vote.strength == 0) == (vote.action in (VoteAction.HOLD, VoteAction.ABSTAIN))


@SOME
@given(ballots=elections(), chance=st.randoms(use_true_random=False))
def test_the_order_of_the_votes_changes_nothing(ballots: list[Ballot], chance: Random):
    shuffled = list(ballots)
    chance.shuffle(shuffled)
    one, other = tally(ballots), tally(shuffled)
    assert (one.action, one.confidence, one.coverage, one.votes) == (
        other.action,
        other.confidence,
        other.coverage,
        other.votes,
    )


@SOME
@given(ballots=elections())
def test_opposite_votes_give_the_opposite_action_with_the_same_confidence(ballots: list[Ballot]):
    turned = [
        msgspec.structs.replace(each, voice=None if each.voice is None else Voice(-each.voice.lean, "seen"))
        for each in ballots
    ]
    one, other = tally(ballots), tally(turned)
    assert other.action is OPPOSITE[one.action]
    assert (other.confidence, other.coverage) == (one.confidence, one.coverage)


@SOME
@given(ballots=elections())
def test_one_more_voice_for_the_side_that_wins_never_makes_it_lose(ballots: list[Ballot]):
    one = tally(ballots)
    if one.side is None:
        return
    full = Voice(1000 * one.side.sign, "seen")
    more = tally([*ballots, Ballot(indicator="more", timeframe=Timeframe.M1, weight=10, voice=full)])
    assert more.action is one.action
    assert more.confidence >= one.confidence


@SOME
@given(weights=WEIGHTS, factor=st.integers(1, 1000))
def test_the_unit_of_the_weights_changes_nothing(weights: dict[str, int], factor: int):
    whole = indicator_weights(weights)
    assert indicator_weights({name: weight * factor for name, weight in weights.items()}) == whole
    assert indicator_weights({name: weight / 64 for name, weight in weights.items()}) == whole
    assert list(whole) == [name for name in DEFAULT_WEIGHTS if name in weights]


@SOME
@given(bars=series(), factor=st.integers(1, 1000))
def test_neither_does_it_change_any_count_on_a_market(bars: list[Bar], factor: int):
    weights = {name: weight * factor for name, weight in DEFAULT_WEIGHTS.items()}
    assert [(each.action, each.confidence) for each in counted(bars, weights)] == [
        (each.action, each.confidence) for each in counted(bars, dict(DEFAULT_WEIGHTS))
    ]


@pytest.mark.parametrize("reading", CLEAR)
@SOME
@given(number=GRID.filter(lambda number: abs(number) <= 50), others=st.integers(-5, 5))
def test_the_mirrored_value_has_the_opposite_voice(reading: Reading, number: float, others: int):
    assert voices.rsi(50 + number, reading).lean == -voices.rsi(50 - number, reading).lean
    up, down = StochasticLines(50 + number, 50.0), StochasticLines(50 - number, 50.0)
    assert voices.stochastic(up, reading).lean == -voices.stochastic(down, reading).lean
    bands, close = Bands(1_064.0, 1_000.0, 936.0), round(number)
    up_close, down_close = (voices.bollinger(bands, 1_000 + sign * close, reading).lean for sign in (1, -1))
    assert up_close == -down_close
    rising, falling = MacdLines(number, 0.0, number), MacdLines(-number, 0.0, -number)
    assert voices.macd(rising).lean == -voices.macd(falling).lean
    bulls, bears = AdxLines(abs(number), 20, 10), AdxLines(abs(number), 10, 20)
    assert voices.adx(bulls).lean == -voices.adx(bears).lean
    assert voices.atr(abs(number), 20.0, others).lean == -voices.atr(abs(number), 20.0, -others).lean


def test_the_real_market_upside_down_gives_the_opposite_votes_on_every_bar():
    upright = list(minutes())
    turned = mirrored(upright, 2 * 9_000)
    acted = 0
    for one, other in zip(counted(upright, dict(DEFAULT_WEIGHTS)), counted(turned, dict(DEFAULT_WEIGHTS)), strict=True):
        assert [vote.action for vote in other.votes] == [OPPOSITE[vote.action] for vote in one.votes]
        assert other.action is OPPOSITE[one.action]
        assert other.confidence == pytest.approx(one.confidence, abs=1)
        acted += one.side is not None
    assert acted > 1_000


def test_the_range_votes_with_the_weighted_side_of_all_others_of_its_timeframe():
    sides = {VoteAction.BUY: 1, VoteAction.SELL: -1, VoteAction.HOLD: 0}
    seen = set()
    for result in counted(list(minutes()), dict(DEFAULT_WEIGHTS)):
        *others, atr = result.votes
        if VoteAction.ABSTAIN in [vote.action for vote in result.votes]:
            continue
        weights = [DEFAULT_WEIGHTS[vote.indicator] for vote in others]
        score = sum(sides[vote.action] * vote.strength * weight for vote, weight in zip(others, weights, strict=True))
        if atr.action is VoteAction.HOLD:
            continue
        assert sides[atr.action] * score > 0
        seen.add(atr.action)
    assert seen == {VoteAction.BUY, VoteAction.SELL}


@SOME
@given(bars=series(), cut=st.integers(0, 60))
def test_restored_panels_go_on_as_if_they_had_never_stopped(bars: list[Bar], cut: int):
    def fresh() -> Panels:
        return Panels((Timeframe.M1,), SHORT, indicator_weights(DEFAULT_WEIGHTS), timeframe_weights({}))

    one, other = fresh(), fresh()
    for bar in bars[:cut]:
        one.update(bar)
    other.restore(json.loads(json.dumps(one.snapshot())))
    for bar in bars[cut:]:
        one.update(bar)
        other.update(bar)
        assert one.tally(Reading.REGIME) == other.tally(Reading.REGIME)
    assert one.snapshot() == other.snapshot()


def test_a_market_that_does_not_move_has_no_side():
    flat = [bar_at(index, (10_000,) * 4) for index in range(60)]
    assert {each.action for each in counted(flat, dict(DEFAULT_WEIGHTS))} == {VoteAction.HOLD}
    assert counted(flat, dict(DEFAULT_WEIGHTS))[-1].coverage == 100
