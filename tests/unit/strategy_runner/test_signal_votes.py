"""What an entry was decided by goes out with its signal, and what explains nothing is refused."""

from typing import Any

import msgspec
import pytest
from tests.support.strategy_bars import minutes
from tests.unit.strategies.market_days import bar
from tests.unit.strategy_runner.scripted import bar_event, broker, configured, feed, runner, spec

from alpha_panda.events.market import Timeframe
from alpha_panda.events.signals import Intent, Side, SignalRaised, Vote, VoteAction
from alpha_panda.strategy import Enter
from alpha_panda.strategy_runner.verdicts import NonsenseError
from alpha_panda.strategy_runner.wishes import checked

VOTE = Vote(
    indicator="rsi", timeframe=Timeframe.M5, action=VoteAction.BUY, strength=0.75, weight=0.25, value="RSI 25.0"
)


def entry(**changes: object) -> Enter:
    return Enter(**{"side": Side.BUY, "reason": "because", **changes})


def test_a_signal_without_votes_is_written_as_it_was_before_there_were_any():
    processor = runner()
    feed(processor, broker(), configured("s", spec(params={"enterAt": 10_000})))
    [signal] = feed(processor, bar_event(bar(10_000)))
    assert b"votes" not in msgspec.json.encode(signal.data)
    assert msgspec.json.decode(msgspec.json.encode(signal.data), type=SignalRaised) == signal.data


def test_a_signal_carries_the_votes_range_and_volume_of_its_entry():
    wanted = spec("Returns", params={"code": "[Enter(side=Side.BUY, reason='x', atr_paise=12, bar_volume=500)]"})
    processor = runner()
    feed(processor, broker(), configured("s", wanted))
    [signal] = feed(processor, bar_event(bar(10_000)))
    assert (signal.data.atr_paise, signal.data.bar_volume) == (12, 500)
    with_votes = msgspec.structs.replace(signal.data, votes=(VOTE,))
    assert msgspec.json.decode(msgspec.json.encode(with_votes), type=SignalRaised).votes == (VOTE,)


def test_a_voting_strategy_explains_itself_on_the_log_and_goes_on_from_a_snapshot():
    wanted = {**spec(), "strategy": "multi_indicator", "params": {"allowShort": True}}
    events = [bar_event(each) for each in minutes()[:400]]
    whole, first, second = runner(), runner(), runner()
    for processor in (whole, first):
        feed(processor, broker(), configured("s", wanted))
    found = feed(whole, *events)
    before = feed(first, *events[:137])
    second.restore(first.snapshot())
    assert before + feed(second, *events[137:]) == found
    entries = [each.data for each in found if each.data.intent is Intent.ENTER]
    assert len(entries) >= 3
    for data in entries:
        assert [vote.indicator for vote in data.votes] == ["rsi", "macd", "bollinger", "adx", "stochastic", "atr"]
        assert data.atr_paise > 0
        assert data.bar_volume > 0
        assert msgspec.json.decode(msgspec.json.encode(data), type=SignalRaised) == data


def test_good_votes_pass():
    assert checked([entry(votes=(VOTE,) * 30)], 5)[0].votes == (VOTE,) * 30


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"votes": [VOTE]}, "votes is .* of type list; allowed: tuple"),
        ({"votes": (VOTE,) * 101}, "votes are 101; allowed: 100"),
        ({"votes": ("BUY",)}, "of type str; allowed: Vote"),
        ({"votes": (msgspec.structs.replace(VOTE, strength=1.5),)}, "Expected `float` <= 1.0"),
        ({"votes": (msgspec.structs.replace(VOTE, strength=float("nan")),)}, "a vote is"),
        ({"votes": (msgspec.structs.replace(VOTE, timeframe="2m"),)}, "Invalid enum value '2m'"),
        ({"votes": (msgspec.structs.replace(VOTE, value="x\x1b[2J"),)}, "allowed is printable text"),
        ({"atr_paise": 0}, "atr_paise is 0; allowed: 1 to"),
        ({"bar_volume": -1}, "bar_volume is -1; allowed: 0 or more"),
        ({"bar_volume": 1.5}, "bar_volume is 1.5 of type float; allowed: int"),
    ],
)
def test_what_no_log_should_hold_is_refused_before_it_is_one(changes: dict[str, Any], told: str):
    with pytest.raises(NonsenseError, match=told):
        checked([entry(**changes)], 5)
