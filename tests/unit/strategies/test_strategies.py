"""The shipped strategies: what they want and when, and that they cannot want it because of the future."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.strategies.market_days import EXAMPLES, START, bar, bars, context, in_fives, real_bars

from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.signals import OrderType, Side
from alpha_panda.resources.documents import read_documents
from alpha_panda.strategy import Directional, Enter, Exit, load_strategy

FEW = settings(max_examples=25, deadline=None)
CLOSES = st.lists(st.integers(9_000, 11_000), min_size=1, max_size=120)
CASES = [
    ("momentum", {"lookback": 3, "entryPercent": 1, "exitPercent": 0, "allowShort": True}),
    ("momentum", {"lookback": 5, "entryPercent": 0.5, "flatBy": "09:45"}),
    ("ema_cross", {"fast": 2, "slow": 4, "allowShort": True, "flatBy": "10:00"}),
    ("ema_cross", {"fast": 3, "slow": 8}),
]


def made(name: str, params: dict[str, Any]):
    return load_strategy(name, params, (Timeframe.M1,)).instance(context())


def decisions(strategy: Directional[Any], given_bars: list[Bar]):
    return [(each.end, wish) for each in given_bars for wish in strategy.on_bar(each)]


@pytest.mark.parametrize(("name", "params"), CASES)
@FEW
@given(closes=CLOSES, cut=st.integers(0, 120))
def test_what_a_strategy_wants_does_not_depend_on_bars_to_come(
    name: str, params: dict[str, Any], closes: list[int], cut: int
):
    whole = bars(closes)
    prefix = whole[:cut]
    expected = [each for each in decisions(made(name, params), whole) if prefix and each[0] <= prefix[-1].end]
    assert decisions(made(name, params), prefix) == expected


@pytest.mark.parametrize(("name", "params"), CASES)
@FEW
@given(closes=CLOSES, cut=st.integers(0, 120))
def test_a_restored_strategy_goes_on_as_if_it_had_never_stopped(
    name: str, params: dict[str, Any], closes: list[int], cut: int
):
    whole = bars(closes)
    one, other = made(name, params), made(name, params)
    decisions(one, whole[:cut])
    other.restore(json.loads(json.dumps(one.snapshot())))
    assert decisions(other, whole[cut:]) == decisions(one, whole[cut:])


@pytest.mark.parametrize(("name", "params"), CASES)
@FEW
@given(closes=CLOSES)
def test_entries_and_exits_alternate_and_an_exit_undoes_its_entry(name: str, params: dict[str, Any], closes: list[int]):
    wishes = [wish for _, wish in decisions(made(name, params), bars(closes))]
    for earlier, later in zip([None, *wishes], wishes, strict=False):
        assert isinstance(later, Enter) != isinstance(earlier, Enter)
        if isinstance(later, Exit):
            assert later.side is earlier.side.opposite


@pytest.mark.parametrize(("name", "params"), CASES)
@FEW
@given(closes=CLOSES)
def test_a_warmed_strategy_has_the_indicators_of_one_that_traded_and_wants_nothing(
    name: str, params: dict[str, Any], closes: list[int]
):
    warmed, traded = made(name, params), made(name, params)
    for each in bars(closes):
        warmed.warm(each)
    decisions(traded, bars(closes))
    assert warmed.indicators() == traded.indicators()
    assert warmed.stands == warmed.wants == 0


@pytest.mark.parametrize(("name", "params"), CASES)
@FEW
@given(closes=CLOSES)
def test_nothing_is_wanted_before_the_declared_warm_up(name: str, params: dict[str, Any], closes: list[int]):
    strategy = made(name, params)
    assert decisions(strategy, bars(closes)[: strategy.warm_up_bars - 1]) == []


def test_momentum_enters_with_the_move_once_and_leaves_when_it_is_spent():
    strategy = made("momentum", {"lookback": 2, "entryPercent": 1, "exitPercent": 0})
    found = decisions(strategy, bars([10_000, 10_000, 10_100, 10_200, 10_300, 10_300, 10_200]))
    assert [(wish.side, type(wish)) for _, wish in found] == [(Side.BUY, Enter), (Side.SELL, Exit)]
    assert [at for at, _ in found] == [START + timedelta(minutes=3), START + timedelta(minutes=7)]
    assert found[0][1].reason == "momentum: +1.00 % in 2 bars"


def test_momentum_goes_short_only_where_that_is_allowed():
    falling = bars([10_000, 9_900, 9_800, 9_700])
    params = {"lookback": 1, "entryPercent": 1}
    assert decisions(made("momentum", params), falling) == []
    assert decisions(made("momentum", {**params, "allowShort": True}), falling)[0][1].side is Side.SELL


def test_a_reversal_leaves_first_and_enters_on_the_next_bar():
    strategy = made("ema_cross", {"fast": 1, "slow": 3, "allowShort": True})
    found = decisions(strategy, bars([100, 100, 100, 90, 120, 130, 80, 70]))
    kinds = [(at.minute, type(wish).__name__, wish.side.value) for at, wish in found]
    assert kinds == [
        (50, "Enter", "BUY"),
        (52, "Exit", "SELL"),
        (53, "Enter", "SELL"),
    ]


def test_which_average_is_higher_at_first_is_no_crossing():
    strategy = made("ema_cross", {"fast": 1, "slow": 3})
    assert decisions(strategy, bars([100, 110, 120, 130, 140])) == []


def test_a_day_strategy_is_flat_by_its_hour_and_enters_nothing_after():
    strategy = made("momentum", {"lookback": 1, "entryPercent": 1, "flatBy": "09:18"})
    found = decisions(strategy, bars([10_000, 10_200, 10_400, 10_600, 10_800]))
    assert [type(wish) for _, wish in found] == [Enter, Exit]
    assert found[1][1].reason == "flat by 09:18"


def test_a_withheld_entry_is_not_left_later():
    strategy = made("momentum", {"lookback": 1, "entryPercent": 1})
    entry = decisions(strategy, bars([10_000, 10_200]))[0][1]
    strategy.entry_withheld(entry)
    assert decisions(strategy, [bar(10_000, START + timedelta(minutes=2))]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"confidence": 101},
        {"order_type": OrderType.LIMIT},
        {"limit_price_paise": 100},
        {"order_type": OrderType.SL_M},
        {"order_type": OrderType.SL, "limit_price_paise": 100},
    ],
)
def test_an_entry_that_no_broker_could_take_is_refused_where_it_is_made(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=r"."):
        Enter(**{"side": Side.BUY, "reason": "because", **wrong})


def test_the_examples_are_valid_and_trade_the_real_day_with_measure():
    text = (EXAMPLES / "strategies.yaml").read_text(encoding="utf-8")
    counts = {}
    for document in read_documents(text, "strategies.yaml"):
        spec = document.resource.spec
        timeframes = tuple(Timeframe(each.value) for each in spec.timeframes)
        strategy = load_strategy(spec.strategy, spec.params, timeframes).instance(context(*timeframes))
        days = real_bars() if timeframes == (Timeframe.M1,) else in_fives(real_bars())
        wishes = [wish for _, wish in decisions(strategy, days)]
        counts[document.resource.metadata.name] = (
            sum(isinstance(wish, Enter) for wish in wishes),
            sum(isinstance(wish, Exit) for wish in wishes),
        )
    assert counts == {"momentum": (9, 9), "ema-cross-1m": (7, 7), "ema-cross-5m": (2, 2)}


def test_the_example_broker_is_valid():
    path = Path(EXAMPLES / "broker.yaml")
    [document] = read_documents(path.read_text(encoding="utf-8"), path.name)
    assert document.resource.spec.paper_settings().charges.as_of == datetime(2026, 4, 1, tzinfo=UTC).date()


@pytest.mark.parametrize(("name", "params"), [CASES[0], CASES[3]])
def test_an_entry_says_what_usually_trades_once_enough_bars_were_seen(name: str, params: dict[str, Any]) -> None:
    waves = [10_000 + 500 * (place % 10 < 5) for place in range(80)]
    numbered = [msgspec.structs.replace(each, volume=place) for place, each in enumerate(bars(waves))]
    strategy = made(name, params)
    entries = [
        (place, wish.bar_volume)
        for place, each in enumerate(numbered)
        for wish in strategy.on_bar(each)
        if isinstance(wish, Enter)
    ]
    assert entries[-1][0] > 40
    for place, usual in entries:
        newest = range(place - 19, place + 1)
        assert usual == (sum(newest) // 20 if place >= 19 else None)
