"""Votes are cast as the indicators say and counted as the weights say; weights that cannot count are refused."""

from typing import Any

import pytest

from alpha_panda.domain.indicators import AdxLines, Bands, MacdLines, StochasticLines
from alpha_panda.domain.voting import (
    DEFAULT_WEIGHTS,
    Ballot,
    Reading,
    Voice,
    WeightError,
    indicator_weights,
    tally,
    timeframe_weights,
    voices,
)
from alpha_panda.events.market import Timeframe
from alpha_panda.events.signals import Side, VoteAction

TREND, REVERSION = Reading.TREND, Reading.REVERSION
BANDS = Bands(upper=11_000.0, middle=10_000.0, lower=9_000.0)


def ballot(indicator: str, lean: int | None, weight: int = 1, timeframe: Timeframe = Timeframe.M1) -> Ballot:
    voice = None if lean is None else Voice(lean, "seen")
    return Ballot(indicator=indicator, timeframe=timeframe, weight=weight, voice=voice)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"rsi": -1}, "weight of indicator rsi is -1; allowed: a number from 0 to 1000000"),
        ({"rsi": float("nan")}, "weight of indicator rsi is nan"),
        ({"rsi": float("inf")}, "weight of indicator rsi is inf"),
        ({"rsi": True}, "weight of indicator rsi is True"),
        ({"rsi": 2e6}, "allowed: a number from 0 to 1000000"),
        ({"rsi": 0, "macd": 0}, "no indicator has a weight: all of rsi, macd are 0"),
        ({}, "no indicator has a weight"),
        ({"rsx": 1}, "weight of rsx: there is no such indicator; did you mean rsi?"),
        ({"volume": 1}, "no such indicator; allowed: rsi, macd, bollinger, adx, stochastic, atr"),
        ({"bb": 1, "Bollinger": 2}, "weight of bollinger is given twice"),
    ],
)
def test_weights_that_cannot_count_are_refused_with_what_is_allowed(given: dict[str, Any], told: str):
    with pytest.raises(WeightError) as caught:
        indicator_weights(given)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"1m": 0}, "weight of timeframe 1m is 0; allowed: a number above 0"),
        ({"2m": 1}, "weight of 2m: there is no such timeframe"),
        ({"1d": -5}, "weight of timeframe 1d is -5"),
    ],
)
def test_weights_of_timeframes_are_above_nothing(given: dict[str, Any], told: str):
    with pytest.raises(WeightError) as caught:
        timeframe_weights(given)
    assert told in str(caught.value)


def test_weights_are_kept_as_the_smallest_whole_numbers_of_the_same_proportions():
    assert indicator_weights(DEFAULT_WEIGHTS) == {
        "rsi": 5,
        "macd": 5,
        "bollinger": 4,
        "adx": 3,
        "stochastic": 2,
        "atr": 1,
    }
    assert indicator_weights({"STOCH": 0.1, "bb": 0.3, "rsi": 0}) == {"rsi": 0, "bollinger": 3, "stochastic": 1}
    assert timeframe_weights({"1d": 2.5})[Timeframe.D1] == 5
    assert timeframe_weights({"1d": 2.5})[Timeframe.M1] == 2


@pytest.mark.parametrize(
    ("voice", "lean"),
    [
        (voices.rsi(30, REVERSION), 500),
        (voices.rsi(20, REVERSION), 1000),
        (voices.rsi(75, REVERSION), -750),
        (voices.rsi(31, REVERSION), 0),
        (voices.rsi(70, TREND), 1000),
        (voices.rsi(40, TREND), -500),
        (voices.rsi(54, TREND), 0),
        (voices.bollinger(BANDS, 9_000, REVERSION), 500),
        (voices.bollinger(BANDS, 8_000, REVERSION), 1000),
        (voices.bollinger(BANDS, 9_100, REVERSION), 0),
        (voices.bollinger(BANDS, 10_500, TREND), 500),
        (voices.bollinger(Bands(10_000.0, 10_000.0, 10_000.0), 10_000, TREND), 0),
        (voices.stochastic(StochasticLines(k=0, d=5), REVERSION), 1000),
        (voices.stochastic(StochasticLines(k=80, d=70), REVERSION), -500),
        (voices.stochastic(StochasticLines(k=80, d=70), TREND), 1000),
        (voices.macd(MacdLines(line=5, signal=3, histogram=2)), 1000),
        (voices.macd(MacdLines(line=-5, signal=-7, histogram=2)), 500),
        (voices.macd(MacdLines(line=-5, signal=-3, histogram=-2)), -1000),
        (voices.macd(MacdLines(line=5, signal=5, histogram=0)), 0),
        (voices.adx(AdxLines(adx=20, plus=30, minus=10)), 500),
        (voices.adx(AdxLines(adx=60, plus=10, minus=30)), -1000),
        (voices.adx(AdxLines(adx=19, plus=30, minus=10)), 0),
        (voices.adx(AdxLines(adx=30, plus=10, minus=10)), 0),
        (voices.atr(100, 100, others=7), 1000),
        (voices.atr(50, 100, others=-7), -1000),
        (voices.atr(150, 100, others=7), 500),
        (voices.atr(250, 100, others=7), 0),
        (voices.atr(100, 100, others=0), 0),
        (voices.atr(0, 0, others=7), 0),
    ],
)
def test_a_value_leans_as_far_as_its_reading_says(voice: Voice, lean: int):
    assert voice.lean == lean
    assert voice.says


def test_what_was_seen_is_told_in_figures_of_a_trader():
    assert voices.rsi(71.234, TREND).says == "RSI 71.2, with the trend"
    assert voices.bollinger(BANDS, 9_000, REVERSION).says == "close 90.00 at -1.00 of the bands, against the extreme"
    assert voices.stochastic(StochasticLines(k=12, d=15), REVERSION).says == "%K 12.0, %D 15.0, against the extreme"
    assert voices.macd(MacdLines(line=5, signal=3, histogram=2)).says == "histogram +0.02, line +0.05"


def test_by_regime_oscillators_are_read_with_the_trend_from_an_adx_of_25_on():
    assert voices.reading_of(Reading.REGIME, AdxLines(adx=25, plus=1, minus=0)) is TREND
    assert voices.reading_of(Reading.REGIME, AdxLines(adx=24.9, plus=1, minus=0)) is REVERSION
    assert voices.reading_of(Reading.REGIME, None) is REVERSION
    assert voices.reading_of(REVERSION, AdxLines(adx=60, plus=1, minus=0)) is REVERSION


def test_confidence_is_the_share_of_the_weight_that_speaks_for_the_side_that_wins():
    result = tally([ballot("rsi", 1000, 25), ballot("macd", 500, 25), ballot("adx", -1000, 15), ballot("atr", 0, 5)])
    assert (result.action, result.side) == (VoteAction.BUY, Side.BUY)
    assert result.confidence == 32  # (25 + 12.5 - 15) / 70 is 32.1 %
    assert result.says == "2 of 4 votes for it, 1 against"
    assert [(vote.indicator, vote.action, vote.strength, vote.weight) for vote in result.votes] == [
        ("rsi", VoteAction.BUY, 1.0, 0.3571),
        ("macd", VoteAction.BUY, 0.5, 0.3571),
        ("adx", VoteAction.SELL, 1.0, 0.2143),
        ("atr", VoteAction.HOLD, 0.0, 0.0714),
    ]


def test_confidence_is_rounded_down_so_that_a_least_one_is_really_reached():
    assert tally([ballot("rsi", 1000, 599), ballot("macd", 0, 401)]).confidence == 59


def test_who_is_not_defined_yet_abstains_and_is_not_counted_but_shown():
    result = tally([ballot("rsi", -800, 30), ballot("macd", None, 70)])
    assert (result.action, result.confidence, result.coverage) == (VoteAction.SELL, 80, 30)
    assert result.votes[1].action is VoteAction.ABSTAIN
    assert result.votes[1].value == "not defined yet"


@pytest.mark.parametrize(
    "ballots",
    [[], [ballot("rsi", None)], [ballot("rsi", 0)], [ballot("rsi", 700), ballot("macd", -700)]],
)
def test_without_a_side_that_wins_the_vote_holds_with_no_confidence(ballots: list[Ballot]):
    result = tally(ballots)
    assert (result.action, result.side, result.confidence) == (VoteAction.HOLD, None, 0)


def test_votes_are_shown_by_timeframe_then_in_the_order_of_their_weights():
    given = [ballot("atr", 1, 1, Timeframe.D1), ballot("atr", 1), ballot("rsi", 1), ballot("macd", 1, 1, Timeframe.M5)]
    shown = [(vote.timeframe.value, vote.indicator) for vote in tally(given).votes]
    assert shown == [("1m", "rsi"), ("1m", "atr"), ("5m", "macd"), ("1d", "atr")]
