"""The strategies that vote: when they enter and with what, when they leave, and what they refuse."""

from itertools import pairwise
from statistics import fmean, pstdev
from typing import Any

import msgspec
import pytest
from tests.support.strategy_bars import days, made, minutes, with_longer

from alpha_panda.errors import InputError
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.signals import Side, VoteAction
from alpha_panda.strategy import Enter, Exit
from alpha_panda.strategy.lookahead import Decision, decisions

NAMES = ("breakout", "mean_reversion", "multi_indicator")
each_strategy = pytest.mark.parametrize("name", NAMES)
REAL = {"minutes": (minutes(), Timeframe.M1), "days": (days(), Timeframe.D1)}
each_market = pytest.mark.parametrize("market", REAL)


def entries(found: list[Decision]) -> list[tuple[int, Enter]]:
    return [(each.bar, each.wish) for each in found if isinstance(each.wish, Enter)]


def real(name: str, market: str, **params: object) -> tuple[list[tuple[int, Enter]], tuple[Bar, ...]]:
    bars, timeframe = REAL[market]
    return entries(decisions(made(name, {"allowShort": True, **params}, timeframe), bars)), bars


@each_market
@pytest.mark.parametrize(
    ("name", "percent", "multiple"), [("breakout", 3, 4), ("mean_reversion", 1.5, 1.5), ("multi_indicator", 2, 3)]
)
def test_an_entry_has_a_stop_no_nearer_than_its_percentage_and_a_target_of_its_multiple(
    market: str, name: str, percent: float, multiple: float
):
    found, bars = real(name, market)
    assert len(found) >= 5
    for place, entry in found:
        close, sign = bars[place].close_paise, entry.side.sign
        risk, gain = sign * (close - entry.stop_loss_paise), sign * (entry.target_paise - close)
        assert risk >= close * percent / 100
        assert multiple * risk <= gain < multiple * risk + 5
        assert entry.stop_loss_paise % 5 == entry.target_paise % 5 == 0


def test_on_volatile_days_the_range_makes_the_stop_wider_than_the_percentage():
    found, bars = real("multi_indicator", "days")
    wider = 0
    for place, entry in found:
        risk = abs(bars[place].close_paise - entry.stop_loss_paise)
        at_least = 1.5 * (entry.atr_paise - 1)
        assert risk >= at_least
        wider += risk > 0.021 * bars[place].close_paise
    assert wider > 5


@each_market
@pytest.mark.parametrize(("name", "least"), [("breakout", 70), ("mean_reversion", 50), ("multi_indicator", 60)])
def test_an_entry_is_as_sure_as_it_must_be_and_carries_the_votes_that_say_so(market: str, name: str, least: int):
    found, _ = real(name, market)
    assert found
    for _, entry in found:
        assert least <= entry.confidence <= 100
        assert entry.votes
        score = sum(
            {VoteAction.BUY: 1, VoteAction.SELL: -1}.get(vote.action, 0) * vote.weight * vote.strength
            for vote in entry.votes
        )
        assert score * entry.side.sign * 100 == pytest.approx(entry.confidence, abs=1.1)
        assert entry.reason.startswith(f"{entry.side} with {entry.confidence} % confidence: ")


@each_market
def test_mean_reversion_buys_what_is_oversold_below_the_band_and_sells_the_opposite(market: str):
    found, bars = real("mean_reversion", market)
    assert {entry.side for _, entry in found} == set(Side)
    for place, entry in found:
        [rsi] = [vote.value for vote in entry.votes if vote.indicator == "rsi"]
        value = float(rsi.split()[1].rstrip(","))
        assert value <= 30 if entry.side is Side.BUY else value >= 70
        closes = [bar.close_paise for bar in bars[place - 19 : place + 1]]
        mean, width = fmean(closes), 2 * pstdev(closes)
        assert closes[-1] <= mean - width if entry.side is Side.BUY else closes[-1] >= mean + width


@each_market
def test_breakout_enters_beyond_the_channel_on_volume_in_a_trend(market: str):
    found, bars = real("breakout", market, channel="donchian")
    assert len(found) >= 5
    for place, entry in found:
        before, bar = bars[place - 20 : place], bars[place]
        if entry.side is Side.BUY:
            assert bar.close_paise > max(each.high_paise for each in before)
        else:
            assert bar.close_paise < min(each.low_paise for each in before)
        assert bar.volume >= 1.5 * sum(each.volume for each in bars[place - 19 : place + 1]) / 20
        [adx] = [vote.value for vote in entry.votes if vote.indicator == "adx"]
        assert float(adx.split()[1].rstrip(",")) >= 25


def test_a_market_without_volume_breaks_nothing_out_unless_any_volume_will_do():
    silent = [msgspec.structs.replace(each, volume=0) for each in minutes()]
    assert decisions(made("breakout", {}), silent) == []
    assert decisions(made("breakout", {"minVolumeRatio": 0}), silent)


@each_strategy
def test_a_warmed_strategy_has_the_indicators_of_one_that_traded_and_enters_nothing_late(name: str):
    bars, timeframe = REAL["days"]
    traded = made(name, {"allowShort": True}, timeframe)
    [first, *_] = entries(decisions(traded, bars))
    warmed = made(name, {"allowShort": True}, timeframe)
    for bar in bars[: first[0] + 1]:
        warmed.warm(bar)
    assert warmed.stands == 0
    fresh = made(name, {"allowShort": True}, timeframe)
    decisions(fresh, bars[: first[0] + 1])
    assert warmed.indicators() == fresh.indicators()
    assert not entries(decisions(warmed, bars[first[0] + 1 : first[0] + 2]))


@each_strategy
def test_a_withheld_entry_is_neither_left_nor_wanted_again_at_once(name: str):
    bars, timeframe = REAL["days"]
    strategy = made(name, {"allowShort": True}, timeframe)
    for place, bar in enumerate(bars):
        for wish in strategy.on_bar(bar):
            if isinstance(wish, Enter):
                strategy.entry_withheld(wish)
                assert strategy.stands == 0
                assert not list(strategy.on_bar(bars[place + 1]))
                return
    pytest.fail("it never entered")


def test_it_is_flat_by_its_hour_and_enters_nothing_after():
    found = decisions(made("multi_indicator", {"allowShort": True, "flatBy": "11:00"}), minutes())
    ends = [minutes()[each.bar].end.hour * 60 + minutes()[each.bar].end.minute for each in found]
    assert all(
        end < 5 * 60 + 30 for end, each in zip(ends, found, strict=True) if isinstance(each.wish, Enter)
    )  # 11:00 in India
    assert any(isinstance(each.wish, Exit) and each.wish.reason == "flat by 11:00" for each in found)


def test_after_so_many_bars_it_leaves():
    found = decisions(made("mean_reversion", {"mostBars": 5}), minutes())
    pairs = [(one.bar, other) for one, other in pairwise(found) if isinstance(one.wish, Enter)]
    left = [other for bar, other in pairs if isinstance(other.wish, Exit) and other.bar == bar + 5]
    assert {each.wish.reason for each in left} == {"held for 5 bars"}


def test_longer_timeframes_vote_as_of_their_last_closed_bar_and_weigh_what_they_are_given():
    wanted = (Timeframe.M1, Timeframe.M5)
    bars = with_longer(minutes(), Timeframe.M5)
    found = entries(decisions(made("multi_indicator", {"allowShort": True}, *wanted), bars))
    assert found
    for place, entry in found:
        assert bars[place].timeframe is Timeframe.M1
        by_timeframe = {
            timeframe: sum(vote.weight for vote in entry.votes if vote.timeframe is timeframe) for timeframe in wanted
        }
        assert by_timeframe == pytest.approx({Timeframe.M1: 1 / 3, Timeframe.M5: 2 / 3}, abs=0.001)
    heavy = {"allowShort": True, "timeframeWeights": {"1m": 9, "5m": 1}}
    assert entries(decisions(made("multi_indicator", heavy, *wanted), bars)) != found


def test_it_waits_until_enough_of_the_weight_is_defined():
    wanted = (Timeframe.M1, Timeframe.H1)
    bars = with_longer(minutes(), Timeframe.H1)
    assert decisions(made("multi_indicator", {"allowShort": True}, *wanted), bars) == []
    assert decisions(made("multi_indicator", {"allowShort": True, "minCoverage": 20}, *wanted), bars)


@pytest.mark.parametrize(
    ("name", "params", "told"),
    [
        ("multi_indicator", {"weights": {"rsi": -1}}, "weight of indicator rsi is -1.0; allowed: a number from 0"),
        ("multi_indicator", {"weights": {"rsi": 0}}, "no indicator has a weight: all of rsi are 0"),
        ("multi_indicator", {"weights": {"rsy": 5}}, "there is no such indicator; did you mean rsi?"),
        ("multi_indicator", {"weights": {"rsi": True}}, "rsi is true or false where a number is meant"),
        ("multi_indicator", {"timeframeWeights": {"1m": 0}}, "weight of timeframe 1m is 0.0; allowed: a number above"),
        (
            "multi_indicator",
            {"rewardRisk": 1.4},
            "params.rewardRisk: 1.4: input should be greater than or equal to 1.5",
        ),
        ("multi_indicator", {"stopPercent": None, "stopAtr": None}, "an entry needs a stop"),
        ("multi_indicator", {"macdFast": 26}, "macdFast 26 must be less than macdSlow 26"),
        ("multi_indicator", {"reading": "mood"}, "params.reading"),
        ("multi_indicator", {"minConfidence": 0}, "params.minConfidence: 0"),
        ("mean_reversion", {"oversold": 70}, "oversold 70.0 must be less than overbought 70.0"),
        ("breakout", {"channel": "keltner"}, "params.channel"),
        ("breakout", {"stopPercent": 51}, "params.stopPercent: 51: input should be less than or equal to 50"),
    ],
)
def test_a_mistake_in_the_parameters_is_told(name: str, params: dict[str, Any], told: str):
    with pytest.raises(InputError) as caught:
        made(name, params)
    assert told in str(caught.value)
