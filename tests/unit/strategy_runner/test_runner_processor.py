"""The runner gives each strategy what it asked for, and turns what it wants into signals for its Brokers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.strategies.market_days import START, TOKEN, bar, bars
from tests.unit.strategy_runner.scripted import (
    HDFCBANK,
    HDFCBANK_TOKEN,
    MODULE,
    YESBANK,
    bar_event,
    broker,
    configured,
    feed,
    partition,
    runner,
    spec,
    tick_event,
)

from alpha_panda.domain.processor import RefusedEventError
from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import signal_id
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.signals import Intent, Product, Side
from alpha_panda.events.topics import ORDERS_FILLED
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor


def trading(wanted: dict[str, Any], *names: str) -> StrategyRunnerProcessor:
    processor = runner()
    feed(processor, *(broker(name) for name in names or ("paper",)), configured("s", wanted))
    return processor


def closes(*values: int) -> list[Event[Bar]]:
    return [bar_event(each) for each in bars(list(values))]


def test_a_wish_becomes_a_signal_with_all_that_is_known_of_it():
    levels = {"stopLossPercent": "1", "rewardRisk": "2"}
    processor = trading(spec(params={"enterAt": 10_000}, levels=levels, signalTimeToLiveSeconds=30))
    [cause] = closes(10_000)
    [signal] = feed(processor, cause)
    end = START + timedelta(minutes=1)
    assert signal.event_time == end
    assert signal.id == signal_id(end, "paper", "s", TOKEN, cause.id, 0)
    assert (signal.key, signal.key_instrument, signal.sequence) == (f"s:{TOKEN}", TOKEN, 0)
    assert (signal.broker, signal.causation_id, signal.correlation_id) == ("paper", cause.id, cause.correlation_id)
    assert (signal.data.intent, signal.data.side, signal.data.product) == (Intent.ENTER, Side.BUY, Product.MIS)
    assert (signal.data.reference_price_paise, signal.data.stop_loss_paise, signal.data.target_paise) == (
        10_000,
        9_900,
        10_200,
    )
    assert signal.data.expires_at == end + timedelta(seconds=30)
    assert signal.data.reason == "bar 1"


def test_each_broker_of_the_strategy_that_exists_gets_its_own_signal():
    processor = trading(spec(params={"exitAt": 10_000}, brokers=["b", "nowhere", "a"]), "a", "b", "c")
    found = feed(processor, *closes(10_000))
    assert [signal.broker for signal in found] == ["b", "a"]
    assert len({signal.id for signal in found}) == 2
    assert {signal.data.intent for signal in found} == {Intent.EXIT}
    assert processor.brokers == ("a", "b", "c")


def test_wishes_of_one_bar_are_counted_in_their_ids():
    processor = trading(spec(params={"enterAt": 10_000, "exitAt": 10_000}))
    [cause] = closes(10_000)
    expected = [signal_id(START + timedelta(minutes=1), "paper", "s", TOKEN, cause.id, n) for n in (0, 1)]
    assert [signal.id for signal in feed(processor, cause)] == expected


def test_a_paper_strategy_never_reaches_a_live_broker():
    processor = runner()
    wanted = spec(params={"enterAt": 10_000}, brokers=["paper", "kite"])
    feed(processor, broker(), broker("kite", live=True), configured("s", wanted))
    assert [signal.broker for signal in feed(processor, *closes(10_000))] == ["paper"]
    assert processor.diagnostics()["live_withheld"] == 1
    feed(processor, configured("s", {**wanted, "mode": "Live", "acknowledgeLive": "s"}))
    assert [signal.broker for signal in feed(processor, *closes(10_000))] == ["paper", "kite"]


def test_a_deleted_broker_gets_no_signals_and_no_markers():
    processor = trading(spec(params={"enterAt": 10_000}), "paper", "other")
    feed(processor, broker("paper", gone=True))
    assert feed(processor, *closes(10_000)) == []
    assert processor.brokers == ("other",)


def test_a_signal_on_the_last_bar_of_a_session_is_dated_at_the_next_open():
    processor = trading(spec(params={"enterAt": 10_000}))
    friday = datetime(2026, 1, 9, 9, 59, tzinfo=UTC)
    [signal] = feed(processor, bar_event(bar(10_000, friday, last_of_session=True)))
    monday = datetime(2026, 1, 12, 3, 45, tzinfo=UTC)
    assert signal.event_time == monday
    assert signal.data.expires_at == monday + timedelta(seconds=60)


def test_only_bars_of_the_asked_timeframes_and_instruments_are_delivered():
    processor = trading(spec(params={"enterAt": 10_000}, timeframes=["5m"]))
    assert feed(processor, *closes(10_000)) == []
    assert feed(processor, bar_event(bar(10_000, timeframe=Timeframe.M5, instrument_token=HDFCBANK_TOKEN))) == []
    assert len(feed(processor, bar_event(bar(10_000, timeframe=Timeframe.M5)))) == 1


def test_ticks_are_delivered_to_strategies_that_ask_for_them():
    processor = trading(spec("TickScript", params={"enterAt": 10_000}))
    feed(processor, configured("deaf", spec(params={"enterAt": 10_000})))
    [signal] = feed(processor, tick_event(9_900, 1), tick_event(10_000, 2))
    assert signal.data.reason == "tick at 03:45:02"
    assert signal.event_time == START + timedelta(seconds=2)


def test_a_paused_strategy_follows_the_market_and_leaves_but_enters_nothing():
    processor = trading(spec(params={"enterAt": 10_000, "exitAt": 9_000}, state="Paused"))
    [signal] = feed(processor, *closes(10_000, 9_000))
    assert (signal.data.intent, signal.data.reason) == (Intent.EXIT, "bar 2")
    assert processor.diagnostics()["entries_withheld"] == 1


@pytest.mark.parametrize("change", [{"state": "Stopped"}, None])
def test_a_stopped_or_deleted_strategy_is_not_run(change: dict[str, Any] | None):
    wanted = spec(params={"enterAt": 10_000})
    processor = trading(wanted)
    feed(processor, configured("s", None if change is None else {**wanted, **change}))
    assert feed(processor, *closes(10_000)) == []
    assert processor.diagnostics()["instances"] == 0


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"signalTimeToLiveSeconds": 5}, 3),
        ({"levels": {"stopLossPercent": "2"}}, 3),
        ({"instruments": [HDFCBANK, YESBANK]}, 3),
        ({"params": {"enterAt": 10_000, "exitAt": 1}}, 1),
        ({"timeframes": ["1m", "5m"]}, 1),
        ({"strategy": f"{MODULE}:TickScript"}, 1),
    ],
)
def test_a_change_rebuilds_what_it_changes_and_nothing_else(change: dict[str, Any], seen: int):
    wanted = spec(params={"enterAt": 10_000})
    processor = trading(wanted)
    feed(processor, *closes(9_000, 9_000), configured("s", {**wanted, **change}))
    [signal] = feed(processor, bar_event(bar(10_000, START + timedelta(minutes=2))))
    assert signal.data.reason == f"bar {seen}"


def test_a_strategy_of_the_same_name_made_anew_starts_anew():
    wanted = spec(params={"enterAt": 10_000})
    processor = trading(wanted)
    feed(processor, *closes(9_000), configured("s", wanted, uid="u2"))
    [signal] = feed(processor, bar_event(bar(10_000, START + timedelta(minutes=1))))
    assert signal.data.reason == "bar 1"


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (spec("Missing"), "has no Missing"),
        (spec(params={"enterAt": "x"}), "params.enterAt"),
        (spec(instruments=[{"exchange": "NSE", "symbol": "NOSUCH"}]), "instrument NSE:NOSUCH is not one of"),
    ],
)
def test_a_strategy_that_cannot_run_says_why(wanted: dict[str, Any], told: str):
    processor = trading(wanted)
    [problem] = processor.report()["s"]["problems"]
    assert told in problem
    assert [notice.message for notice in processor.drain_notices()] == [problem]
    assert processor.diagnostics()["strategies_with_problems"] == 1


def test_a_spec_that_is_none_and_an_event_that_is_not_for_it_are_refused_without_a_trace():
    processor = trading(spec())
    before = processor.snapshot()
    with pytest.raises(RefusedEventError, match="strategy s"):
        feed(processor, configured("s", {"strategy": "momentum"}))
    with pytest.raises(RefusedEventError, match="broker paper"):
        feed(processor, Event(**{**_fields(broker()), "data": _bad_broker()}))
    with pytest.raises(RefusedEventError, match="takes no str"):
        processor.on_event(Event(**{**_fields(broker()), "data": "nonsense"}), ORDERS_FILLED)
    assert processor.snapshot() == before


def _fields(event: Event[Any]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in Event.__struct_fields__}


def _bad_broker() -> BrokerConfigured:
    return BrokerConfigured(name="paper", uid="x", generation=2, spec={"type": "Casino"})


def test_a_runner_of_ones_own_runs_its_strategy_only_and_the_pool_all_without_an_image():
    own, pool = runner(own="s"), runner()
    pictured = spec(params={"enterAt": 10_000}, image="example.org/team/strategy:1")
    events = (
        broker(),
        broker("other"),
        configured("s", pictured),
        configured("plain", spec(params={"enterAt": 10_000})),
    )
    feed(own, *events)
    feed(pool, *events)
    assert [signal.data.strategy for signal in feed(own, *closes(10_000))] == ["s"]
    assert [signal.data.strategy for signal in feed(pool, *closes(10_000))] == ["plain"]
    assert (own.brokers, pool.brokers) == (("paper",), ("other", "paper"))


def test_each_task_runs_the_instruments_of_its_partitions():
    count = next(n for n in range(2, 50) if partition(TOKEN, n) != partition(HDFCBANK_TOKEN, n))
    processor = runner((partition(TOKEN, count),), count)
    feed(processor, broker(), configured("s", spec(params={"enterAt": 10_000}, instruments=[YESBANK, HDFCBANK])))
    assert feed(processor, bar_event(bar(10_000, instrument_token=HDFCBANK_TOKEN))) == []
    assert len(feed(processor, *closes(10_000))) == 1


def test_bars_of_the_past_warm_an_instance_that_has_seen_none():
    processor = trading(spec(params={"enterAt": 10_000}))
    processor.warm("s", bars([9_000, 10_000]))
    assert processor.diagnostics()["instances_warm"] == 1
    [signal] = feed(processor, bar_event(bar(10_000, START + timedelta(minutes=2))))
    assert signal.data.reason == "bar 3"
    processor.warm("s", bars([9_000]))
    assert processor.report()["s"]["warm"] == 1


@settings(max_examples=25, deadline=None)
@given(
    before=st.lists(st.sampled_from([8_000, 9_000, 10_000]), max_size=8),
    after=st.lists(st.sampled_from([8_000, 9_000, 10_000]), max_size=8),
)
def test_a_restored_runner_goes_on_exactly(before: list[int], after: list[int]):
    processor = trading(spec(params={"enterAt": 10_000, "exitAt": 9_000, "raiseAt": 8_000, "nan": True}), "a", "paper")
    feed(processor, configured("paused", spec(params={"enterAt": 10_000}, state="Paused")))
    feed(processor, *closes(*before))
    other = runner()
    other.restore(processor.snapshot())
    assert other.snapshot() == processor.snapshot()
    assert other.report() == processor.report()
    later = [bar_event(each) for each in bars(after, START + timedelta(hours=1))]
    assert feed(other, *later) == feed(processor, *later)
    assert other.brokers == processor.brokers
