"""Which Brokers a backtest trades on, and what it says where it takes other ones than were named."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.backtest.made_up import BROKER, YESBANK

from alpha_panda.backtest.setup import make_setup
from alpha_panda.errors import InputError
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.strategy import Mode, Strategy

ZERODHA = {
    "metadata": {"name": "kite"},
    "spec": {"type": "Zerodha", "live": True, "credentialsSecretRef": {"name": "kite"}},
}


def strategy(**spec: Any) -> Strategy:  # noqa: ANN401 — any field of a Strategy
    fields = {"strategy": "momentum", "instruments": [YESBANK], **spec}
    return Strategy.model_validate({"metadata": {"name": "mo"}, "spec": fields})


def broker(document: dict[str, Any] = BROKER) -> Broker:
    return Broker.model_validate(document)


def test_a_strategy_alone_trades_on_a_broker_with_the_defaults():
    made = make_setup([strategy()])
    assert made.names == ("paper",)
    assert made.notes == ("Broker paper is not given: it is simulated with a Paper Broker's defaults",)


def test_of_several_brokers_those_that_are_not_given_are_left_out():
    made = make_setup([strategy(brokers=["paper", "second"]), broker()])
    assert made.names == ("paper",)
    assert "Broker second is not among the resources and is left out" in made.notes[0]


def test_a_live_strategy_is_traded_on_paper_where_a_broker_is_given_for_it():
    live = strategy(brokers=["kite"], mode="Live", acknowledgeLive="mo")
    with pytest.raises(InputError, match="no strategy trades on a Paper Broker"):
        make_setup([live, broker(ZERODHA)])
    made = make_setup([live, broker(ZERODHA)], broker=broker())
    (moved,) = made.strategies
    assert (moved.spec.brokers, moved.spec.mode) == (("paper",), Mode.PAPER)
    assert made.names == ("paper",)


def test_only_paper_fills_a_backtest():
    with pytest.raises(InputError, match="Broker kite is of type Zerodha, and a backtest fills on paper"):
        make_setup([strategy()], broker=broker(ZERODHA))


def test_there_must_be_a_strategy():
    with pytest.raises(InputError, match="no Strategy is given"):
        make_setup([broker()])


def test_brokers_are_told_of_before_strategies():
    made = make_setup([strategy(), broker()], capital="123456.50")
    told = [(type(each.data).__name__, each.data.spec) for each in made.configured()]
    assert [name for name, _ in told] == ["BrokerConfigured", "StrategyConfigured"]
    assert told[0][1]["paper"]["startingCash"] == "123456.50"
