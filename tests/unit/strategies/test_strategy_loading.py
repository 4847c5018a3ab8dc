"""A strategy is found by its name or its class, and every mistake in its parameters is told."""

from typing import Any

import pytest
from tests.support.strategy_bars import needed

from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe
from alpha_panda.strategy import BUILT_IN, load_strategy
from alpha_panda.strategy.loading import known_strategies
from alpha_panda_strategies.ema_cross import EmaCross
from alpha_panda_strategies.momentum import Momentum

ONE = (Timeframe.M1,)


@pytest.mark.parametrize("name", ["ema_cross", "ema-cross", "EMA_CROSS", "alpha_panda_strategies.ema_cross:EmaCross"])
def test_a_shipped_strategy_has_its_name_in_any_spelling_and_its_class(name: str):
    assert load_strategy(name, {}, ONE).strategy is EmaCross


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_shipped_strategy_can_be_loaded_with_no_more_than_it_needs(name: str):
    assert load_strategy(name, needed(name), ONE).config is not None


def test_the_shipped_strategies_are_known():
    assert set(BUILT_IN) <= set(known_strategies())


def test_parameters_are_written_in_camel_case():
    loaded = load_strategy("momentum", {"lookback": 15, "entryPercent": "0.8", "flatBy": "15:10"}, ONE)
    assert loaded.strategy is Momentum
    assert loaded.config.model_dump()["entry_percent"] == 0.8


@pytest.mark.parametrize(
    ("name", "params", "timeframes", "told"),
    [
        ("momentm", {}, ONE, 'did you mean "momentum"?; known: breakout, ema_cross, mean_reversion, '),
        ("momentum", {"lookback": 0}, ONE, "params.lookback: 0: input should be greater than or equal to 1"),
        ("momentum", {"lookback": True}, ONE, "params.lookback: true: is true or false where another"),
        ("momentum", {"entryPercnt": 1}, ONE, 'params.entryPercnt: unknown parameter; did you mean "entryPercent"?'),
        ("momentum", {"entry_percent": 1}, ONE, "params.entry_percent: unknown parameter"),
        ("momentum", {"entryPercent": float("nan")}, ONE, "params.entryPercent: NaN"),
        ("momentum", {"entryPercent": 0.5, "exitPercent": 0.5}, ONE, "exitPercent 0.5 must be less than entryPercent"),
        ("ema_cross", {"fast": 21}, ONE, "fast 21 must be less than slow 21"),
        ("ema_cross", {"flatBy": 910}, ONE, 'write it in quotes, such as "15:10"'),
        ("ema_cross", {"flatBy": "15:10+05:30"}, ONE, "India time without an offset"),
        ("ema_cross", {}, (Timeframe.M1, Timeframe.M5), "timeframes: 1m, 5m: it works on the bars of one timeframe"),
        ("no.such:Thing", {}, ONE, "module no.such cannot be imported: ModuleNotFoundError"),
        ("alpha_panda.errors:Nothing", {}, ONE, "module alpha_panda.errors has no Nothing"),
        ("alpha_panda.errors:InputError", {}, ONE, "is no subclass of alpha_panda.strategy.Strategy"),
        ("alpha_panda.strategy:Strategy", {}, ONE, "Config must be a subclass"),
    ],
)
def test_a_mistake_is_told_with_the_field_the_value_and_what_is_allowed(
    name: str, params: dict[str, Any], timeframes: tuple[Timeframe, ...], told: str
):
    with pytest.raises(InputError) as caught:
        load_strategy(name, params, timeframes)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"strategy {name}: ")


def test_all_wrong_parameters_are_told_at_once_and_the_right_ones_listed():
    with pytest.raises(InputError) as caught:
        load_strategy("momentum", {"lookback": 0, "wrong": 1}, ONE)
    assert len(str(caught.value).splitlines()) == 2
    assert "lookback (default 10)" in str(caught.value.remedy)
