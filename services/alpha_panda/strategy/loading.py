"""From what a resource says (`strategy`, `params`, `timeframes`) to a class and its configuration.

A name is looked up in the table of shipped strategies (where capitals and hyphens make no difference),
then among the entry points that installed packages offer; `package.module:Class` is imported as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Final

from alpha_panda.events.market import Timeframe
from alpha_panda.strategy.base import Context, Strategy
from alpha_panda.strategy.config import StrategyChoiceError, StrategyConfig, read_config

ENTRY_POINTS: Final = "alpha_panda.strategies"
"""The entry-point group by which an installed package offers strategies under names of its own."""
BUILT_IN: Final[Mapping[str, str]] = {
    "breakout": "alpha_panda_strategies.breakout:Breakout",
    "ema_cross": "alpha_panda_strategies.ema_cross:EmaCross",
    "mean_reversion": "alpha_panda_strategies.mean_reversion:MeanReversion",
    "ml_model": "alpha_panda_strategies.ml_model:MlModel",
    "momentum": "alpha_panda_strategies.momentum:Momentum",
    "multi_indicator": "alpha_panda_strategies.multi_indicator:MultiIndicator",
}
"""The strategies that are shipped; no installed package can take one of these names."""


@dataclass(frozen=True)
class LoadedStrategy:
    """A strategy's class with its checked configuration."""

    strategy: type[Strategy[Any]]
    config: StrategyConfig

    def instance(self, context: Context) -> Strategy[Any]:
        """A fresh instance for one instrument."""
        return self.strategy(self.config, context)


def load_strategy(name: str, params: Mapping[str, Any], timeframes: Sequence[Timeframe]) -> LoadedStrategy:
    """The strategy of that name (or `package.module:Class`) with its parameters.

    Raises:
        StrategyChoiceError: an unknown name, a module or class that is not there or is no strategy, wrong
            parameters, or more timeframes than the strategy can tell apart.
    """
    found = find_strategy(name)
    if found.one_timeframe and len(timeframes) > 1:
        given = ", ".join(timeframes)
        raise StrategyChoiceError(
            name,
            [(("timeframes",), f"{given}: it works on the bars of one timeframe")],
            remedy="make one Strategy for each timeframe",
        )
    return LoadedStrategy(found, read_config(found.Config, dict(params), name))


def known_strategies() -> dict[str, str]:
    """Every registered name and its `package.module:Class`, in order of name."""
    offered = {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}
    return dict(sorted({**offered, **BUILT_IN}.items()))


def is_built_in(name: str) -> bool:
    """Whether the name is that of a shipped strategy, however it is spelt."""
    return name.lower().replace("-", "_") in BUILT_IN


def find_strategy(name: str) -> type[Strategy[Any]]:
    """The class of that name, or at that `package.module:Class`.

    Raises:
        StrategyChoiceError: there is none, or it is no strategy.
    """
    if ":" in name:
        return _import(name, name)
    known = known_strategies()
    key = name.lower().replace("-", "_")
    target = known.get(name) or known.get(key)
    if target is None:
        close = get_close_matches(key, known, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        raise _no_strategy(
            name,
            f"there is none of this name{hint}; known: {', '.join(known)}",
            "use one of these, or package.module:Class of an installed package",
        )
    return _import(target, name)


def _import(target: str, name: str) -> type[Strategy[Any]]:
    module_name, _, class_name = target.partition(":")
    try:
        module = import_module(module_name)
    except Exception as error:  # a user's module may fail in any way while it is imported
        raise _no_strategy(
            name,
            f"module {module_name} cannot be imported: {type(error).__name__}: {error}",
            "install the package where the strategy runs, or give the Strategy an image that has it",
        ) from error
    found = getattr(module, class_name, None)
    if found is None:
        raise _no_strategy(name, f"module {module_name} has no {class_name}")
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        raise _no_strategy(name, f"{target} is no subclass of alpha_panda.strategy.Strategy")
    if not issubclass(getattr(found, "Config", object), StrategyConfig):
        raise _no_strategy(name, f"{target}.Config must be a subclass of alpha_panda.strategy.StrategyConfig")
    return found


def _no_strategy(name: str, text: str, remedy: str | None = None) -> StrategyChoiceError:
    return StrategyChoiceError(name, [(("strategy",), text)], remedy=remedy)
