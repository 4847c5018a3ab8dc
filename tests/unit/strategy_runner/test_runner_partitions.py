"""How many partitions there are is no fact of the market: the same signals come out."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.strategies.market_days import START, TOKEN, bar
from tests.unit.strategy_runner.scripted import (
    HDFCBANK,
    HDFCBANK_TOKEN,
    YESBANK,
    bar_event,
    broker,
    configured,
    feed,
    runner,
    spec,
)


@settings(max_examples=20, deadline=None)
@given(
    closes_of=st.fixed_dictionaries(
        {token: st.lists(st.sampled_from([8_000, 9_000, 10_000]), max_size=8) for token in (TOKEN, HDFCBANK_TOKEN)}
    ),
    count=st.integers(2, 8),
)
def test_the_number_of_partitions_changes_no_signal(closes_of: dict[int, list[int]], count: int):
    resources = (
        broker(),
        configured("s", spec(params={"enterAt": 10_000, "exitAt": 8_000}, instruments=[YESBANK, HDFCBANK])),
        configured("t", spec(params={"enterAt": 9_000, "exitAt": 10_000}, instruments=[HDFCBANK, YESBANK])),
    )
    whole = runner()
    parts = [runner((number,), count) for number in range(count)]
    for each in (whole, *parts):
        feed(each, *resources)
    events = [
        bar_event(bar(close, START + timedelta(minutes=n), instrument_token=token))
        for token, values in closes_of.items()
        for n, close in enumerate(values)
    ]
    split = [signal for part in parts for signal in feed(part, *events)]
    assert sorted(split, key=lambda signal: signal.id) == sorted(feed(whole, *events), key=lambda signal: signal.id)
