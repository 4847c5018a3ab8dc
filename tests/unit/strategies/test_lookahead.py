"""A strategy that decides by what comes later is found; that none of the shipped ones does is a property test."""

from typing import Any, ClassVar

from tests.support.strategy_bars import made, minutes

from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.signals import Side
from alpha_panda.strategy import BUILT_IN, Context, Enter, Strategy, StrategyConfig
from alpha_panda.strategy.lookahead import decisions, lookahead


class Cheat(Strategy[StrategyConfig]):
    """Buys below the highest close that any instance has ever seen."""

    Config: ClassVar[type[StrategyConfig]] = StrategyConfig
    warm_up_bars = 0
    highest: ClassVar[list[int]] = []

    def on_bar(self, bar: Bar):
        self.highest.append(bar.close_paise)
        return (Enter(side=Side.BUY, reason="it will rise"),) if bar.close_paise < max(self.highest) else ()

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        assert state == {}


def test_a_strategy_that_shares_what_it_saw_between_instances_is_found():
    Cheat.highest.clear()
    context = Context(strategy="cheat", instrument_token=1, tick_size_paise=5, timeframes=(Timeframe.M1,))
    found = lookahead(lambda: Cheat(StrategyConfig(), context), minutes()[:200], cuts=(50, 150))
    assert found is not None
    assert found.cut == 50
    assert found.with_the_future is not None
    assert found.with_the_future != found.without


def test_the_real_bars_make_every_strategy_decide_something():
    for name in BUILT_IN:
        assert decisions(made(name, {"allowShort": True}), minutes()), name
