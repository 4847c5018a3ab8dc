"""How many one-minute bars a second one strategy is backtested on, against a plain loop with the same rule."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from alpha_panda.backtest.engine import Engine
from alpha_panda.backtest.run import Selection, run_backtest, source_of
from alpha_panda.backtest.setup import Setup, make_setup
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.indicators.averages import exponential
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.orders import Leg
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.strategy import Strategy
from benchmarks.result import Benchmark, Options, Result, Row

SESSIONS: Final = 60
YEAR: Final = 2025
FAST, SLOW = 12, 26
TARGET, BEYOND = 300_000, 600_000
_FLOOR: Final = "a plain loop over the same bars: two averages, trades at the next open"


class Prices(NamedTuple):
    """A bar in paise; the plain loop needs no more."""

    first: int
    close: int


def measure(options: Options) -> Result:
    """Bars a second of processor time on one core, from files and from ticks that are made already."""
    options.folder.mkdir(parents=True)
    bars = write_market(options.folder / "YESBANK.csv")
    selection = Selection(path=options.folder)
    setup, table, calendar = resources(), load_instruments(None), default_calendar()
    batches = list(source_of(selection, table, calendar).epochs())
    whole: list[float] = []
    engine: list[float] = []
    floor: list[float] = []
    entries = trades = 0
    for turn in range(options.repetitions):
        options.say(f"backtest: {turn + 1} of {options.repetitions}, {len(bars):,} bars")
        begun = time.process_time()
        result = run_backtest(setup, selection, table)
        whole.append(len(bars) / (time.process_time() - begun))
        begun = time.process_time()
        Engine(setup.names, setup.configured(), table, calendar).run(batches, lambda _: None)
        engine.append(len(bars) / (time.process_time() - begun))
        begun = time.process_time()
        trades = plain(bars)
        floor.append(len(bars) / (time.process_time() - begun))
        closed = result.recorder.accounts["paper"].journal.closed
        entries = sum(trade.exit_leg is Leg.EXIT for trade in closed)
        if result.set_aside or result.problems or not closed:
            raise RuntimeError(
                f"the backtest went wrong: {result.problems}, {result.set_aside[:1]}, {len(closed)} trades"
            )
    return Result(
        rows=(
            Row(
                what="the whole backtest: files read, bars, risk, charges, fills, books",
                unit="bars/s",
                samples=tuple(whole),
                floor=tuple(floor),
                floor_is=_FLOOR,
                reach=TARGET,
                beyond=BEYOND,
            ),
            Row(what="the same without reading files", unit="bars/s", samples=tuple(engine), floor=tuple(floor)),
        ),
        compared=(
            f"One strategy (a crossing of averages over {FAST} and {SLOW} bars, long only) on {len(bars):,} one-minute "
            "bars of one instrument, in processor time of one core. The backtest runs the cores of five services: it "
            "makes four ticks of a bar and bars of five lengths of these, gives every event its id, checks risk, "
            "fills, charges and keeps books. The floor calculates two averages and a profit."
        ),
        facts={"bars": f"{len(bars):,}", "trades that the rule ended": f"{entries}", "trades of the loop": f"{trades}"},
    )


def resources() -> Setup:
    """One strategy on one account without limits that matter."""
    broker = {
        "metadata": {"name": "paper"},
        "spec": {
            "type": "Paper",
            "account": {"maxDailyLossPercent": "100", "drawdownPercent": "100"},
            "paper": {"startingCash": "10000000", "charges": {"asOf": "2026-04-01"}},
        },
    }
    strategy = {
        "metadata": {"name": "crossing"},
        "spec": {
            "strategy": "ema_cross",
            "params": {"fast": FAST, "slow": SLOW, "allowShort": False},
            "instruments": [{"exchange": "NSE", "symbol": "YESBANK"}],
            "levels": {"stopLossPercent": "20", "rewardRisk": "3"},
        },
    }
    return make_setup([Broker.model_validate(broker), Strategy.model_validate(strategy)])


def write_market(path: Path) -> list[Prices]:
    """A seeded random walk over real sessions, as a file and as it is."""
    chance = random.Random(YEAR)  # noqa: S311 — any walk will do
    sessions = [each for each in default_calendar() if each.date.year == YEAR][:SESSIONS]
    close, bars, lines = 10_000, list[Prices](), ["timestamp,open,high,low,close,volume"]
    for session in sessions:
        for minute in range((session.close - session.open) // timedelta(minutes=1)):
            first = close
            close = max(first + 5 * chance.randint(-3, 3), 5_000)
            high, low = max(first, close) + 5 * chance.randint(0, 2), min(first, close) - 5 * chance.randint(0, 2)
            bars.append(Prices(first, close))
            said = ",".join(f"{each / 100:.2f}" for each in (first, high, low, close))
            start = session.open + timedelta(minutes=minute)
            lines.append(f"{start.isoformat()},{said},{chance.randint(1_000, 90_000)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return bars


def plain(bars: Sequence[Prices]) -> int:
    """The rule without anything around it; how many trades it ended."""
    fast, slow = exponential(FAST), exponential(SLOW)
    above: bool | None = None
    wanted, held, trades, profit, entered = False, False, 0, 0, 0
    for bar in bars:
        if wanted != held:
            if held:
                trades += 1
                profit += bar.first - entered
            else:
                entered = bar.first
            held = wanted
        quick, calm = fast.push(bar.close), slow.push(bar.close)
        if quick is None or calm is None:
            continue
        now = quick > calm
        if above is not None and now != above:
            wanted = now
        above = now
    return trades


BENCHMARK = Benchmark(name="backtest", title="Backtest", run=measure, order=70)
