"""What a strategy is written with: a configuration, a class, and the intents that it returns.

A strategy is one class and its configuration, in any importable module:

    class Breakout(Strategy[BreakoutConfig]):
        Config = BreakoutConfig

        def on_bar(self, bar: Bar) -> Iterable[Enter | Exit]: ...

A `Strategy` resource names it (`momentum`, or `package.module:Class`). One instance exists for each
strategy and instrument; it is given closed bars in their order and nothing else, so it cannot see the
future, and it neither knows nor needs the clock, the account or the broker.
"""

from alpha_panda.strategy.base import Context, Strategy, listens_to_ticks
from alpha_panda.strategy.bracketed import BracketConfig, Bracketed, Opinion
from alpha_panda.strategy.config import StrategyConfig
from alpha_panda.strategy.directional import Direction, Directional, DirectionalConfig
from alpha_panda.strategy.intents import Enter, Exit, Wish
from alpha_panda.strategy.loading import BUILT_IN, ENTRY_POINTS, LoadedStrategy, load_strategy
from alpha_panda.strategy.lookahead import decisions, lookahead
from alpha_panda.strategy.voting import Voting, VotingConfig

__all__ = [
    "BUILT_IN",
    "ENTRY_POINTS",
    "BracketConfig",
    "Bracketed",
    "Context",
    "Direction",
    "Directional",
    "DirectionalConfig",
    "Enter",
    "Exit",
    "LoadedStrategy",
    "Opinion",
    "Strategy",
    "StrategyConfig",
    "Voting",
    "VotingConfig",
    "Wish",
    "decisions",
    "listens_to_ticks",
    "load_strategy",
    "lookahead",
]
