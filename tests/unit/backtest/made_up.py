"""Small markets and strategies that do what a test says, for backtests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.market_feed.replays import BARS, bar_line, write
from tests.unit.strategy_runner.scripted import MODULE

from alpha_panda.backtest.run import Result, Selection, run_backtest
from alpha_panda.backtest.setup import Setup, make_setup
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.strategy import Strategy

YESBANK = {"exchange": "NSE", "symbol": "YESBANK"}
BROKER = {
    "metadata": {"name": "paper"},
    "spec": {
        "type": "Paper",
        "paper": {
            "startingCash": "100000",
            "slippageBps": "0",
            "latencyMilliseconds": 0,
            "participationPercent": "100",
            "charges": {"asOf": "2026-04-01"},
        },
    },
}


def setup(cls: str, params: dict[str, Any], **spec: Any) -> Setup:  # noqa: ANN401 — any field of a Strategy
    """One strategy of the scripted ones on one generous account."""
    strategy = {
        "metadata": {"name": "script"},
        "spec": {"strategy": f"{MODULE}:{cls}", "params": params, "instruments": [YESBANK], **spec},
    }
    return make_setup([Broker.model_validate(BROKER), Strategy.model_validate(strategy)])


def market(folder: Path, *bars: str) -> Path:
    """Minutes from 09:15 on, each as `open,high,low,close`."""
    lines = (bar_line(f"09:{15 + index}", prices, "100000") for index, prices in enumerate(bars))
    return write(folder, BARS + "".join(lines))


def run(made: Setup, path: Path) -> Result:
    return run_backtest(made, Selection(path=path), load_instruments(None))
