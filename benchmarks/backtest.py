"""How many one-minute bars a second one strategy is backtested on: beside a plain loop and other backtesters."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from alpha_panda.backtest.minutes import MinuteEngine
from alpha_panda.backtest.recorder import Recorder
from alpha_panda.backtest.run import Selection, run_backtest, source_of
from alpha_panda.backtest.setup import Setup, make_setup
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.epochs import BarDay
from alpha_panda.domain.indicators.averages import exponential
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.market import Timeframe
from alpha_panda.events.orders import Leg
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.strategy import Strategy
from benchmarks.peer_runs import INSTALL, PEERS, Found, agreement, are_installed, run_peer
from benchmarks.result import Benchmark, Options, Result, Row

SESSIONS: Final = 60
YEAR: Final = 2025
REAL: Final = Path(__file__).resolve().parents[1] / "examples" / "market" / "YESBANK.csv"
AVERAGES: Final = ((12, 26), (50, 200))
"""A rule that trades every half hour, and one that does every few hours."""
TARGET, BEYOND = 300_000, 600_000
_FLOOR: Final = "a plain loop over the same bars: two averages, a profit"

Trades = list[tuple[int, int]]
"""The prices of entry and exit, in paise."""


class Prices(NamedTuple):
    """A bar in paise; the plain loop needs no more."""

    first: int
    close: int


class Loop(NamedTuple):
    """What the plain loop has traded, at the opens after its decisions and at the closes of these."""

    at_open: Trades
    at_close: Trades


def measure(options: Options) -> Result:
    """Bars a second of processor time on one core, for each rule; then the trades of the real minutes."""
    options.folder.mkdir(parents=True)
    path = options.folder / "YESBANK.csv"
    bars = write_market(path)
    rows: list[Row] = []
    facts: dict[str, str] = {"bars": f"{len(bars):,}"}
    if not are_installed():
        facts["peers"] = f"not installed, so not measured: {INSTALL} installs them"
        options.say(f"backtest: peers are {facts['peers']}")
    for fast, slow in AVERAGES:
        rule = f"EMA {fast}/{slow}"
        options.say(f"backtest: {rule}, {len(bars):,} bars, {options.repetitions} times")
        rows += _rows(options, path, bars, (fast, slow), facts)
    facts["real minutes of three days, EMA 12/26"] = _real()
    return Result(rows=tuple(rows), compared=_compared(len(bars)), facts=facts)


def _rows(
    options: Options, path: Path, bars: Sequence[Prices], averages: tuple[int, int], facts: dict[str, str]
) -> list[Row]:
    """The rows of one rule; what its trades say goes to the facts."""
    fast, slow = averages
    rule = f"EMA {fast}/{slow}"
    own = _Own(path, fast, slow)
    loop = plain(bars, fast, slow)
    samples: dict[str, list[float]] = {}
    for _ in range(options.repetitions):
        floor = _rate(len(bars), lambda: plain(bars, fast, slow))
        samples.setdefault("floor", []).append(floor)
        samples.setdefault("in memory", []).append(_rate(len(bars), own.in_memory))
        samples.setdefault("whole", []).append(_rate(len(bars), own.whole))
        for peer in PEERS if are_installed() else ():
            found = run_peer(peer, path, fast, slow)
            samples.setdefault(peer.name, []).append(found.bars / found.seconds)
            facts[f"{rule}: {peer.name} and the loop"] = _told(found, loop, at_close=peer.at_close)
    facts[f"{rule}: this and the loop"] = agreement(own.trades, loop.at_open)
    floors = tuple(samples.pop("floor"))
    in_memory, whole = tuple(samples.pop("in memory")), tuple(samples.pop("whole"))
    ours = f"{rule}: signals, risk, orders, charges, fills, books; bars in memory"
    return [
        Row(what=ours, unit="bars/s", samples=in_memory, floor=floors, floor_is=_FLOOR, reach=TARGET, beyond=BEYOND),
        Row(what=f"{rule}: the same with reading and checking the file", unit="bars/s", samples=whole, floor=floors),
        *(
            Row(what=f"{rule}: {name}, bars in memory", unit="bars/s", samples=tuple(each), floor=floors)
            for name, each in samples.items()
        ),
    ]


class _Own:
    """Our backtest of one rule."""

    def __init__(self, path: Path, fast: int, slow: int) -> None:
        """Read the bars once."""
        self._selection = Selection(path=path)
        self._setup, self._table, self._calendar = resources(fast, slow), load_instruments(None), default_calendar()
        self.days: list[BarDay] = list(source_of(self._selection, self._table, self._calendar).bar_days())
        self.trades: Trades = []

    def in_memory(self) -> None:
        """From bars that are read."""
        engine = MinuteEngine(self._setup.names, self._setup.configured(), self._table, self._calendar)
        recorder = Recorder(Timeframe.M15)
        engine.run(self.days, recorder)
        if engine.set_aside or engine.problems:
            raise RuntimeError(f"the backtest went wrong: {engine.problems}, {engine.set_aside[:1]}")
        self.trades = trades_of(recorder)

    def whole(self) -> None:
        """From the file."""
        run_backtest(self._setup, self._selection, self._table)


def trades_of(recorder: Recorder) -> Trades:
    """The trades that the rule ended."""
    closed = recorder.accounts["paper"].journal.closed
    return [
        (each.entry_turnover_paise // each.quantity, each.exit_turnover_paise // each.quantity)
        for each in closed
        if each.exit_leg is Leg.EXIT
    ]


def _rate(bars: int, do: Callable[[], object]) -> float:
    begun = time.process_time()
    do()
    return bars / (time.process_time() - begun)


def _real() -> str:
    """The real minutes, traded by all."""
    fast, slow = AVERAGES[0]
    own = _Own(REAL, fast, slow)
    own.in_memory()
    loop = plain(read_market(own), fast, slow)
    said = [f"this: {agreement(own.trades, loop.at_open)}"]
    said += [
        f"{peer.name}: {_told(run_peer(peer, REAL, fast, slow), loop, at_close=peer.at_close)}"
        for peer in (PEERS if are_installed() else ())
    ]
    return "; ".join(said)


def _told(found: Found, loop: Loop, *, at_close: bool) -> str:
    said = agreement(found.trades, loop.at_close if at_close else loop.at_open)
    return f"{said} (it fills at the close that decides)" if at_close else said


def _compared(bars: int) -> str:
    return (
        f"One strategy, long while a fast average is above a slow one, on {bars:,} one-minute bars of one instrument, "
        "in processor time of one core. Ours checks risk, sizes, charges to the paisa, fills as the services do and "
        "keeps books, and says each event with the id that it has on the log; the peers trade a fixed number of "
        "shares without charges. Their average is the same: seeded by the mean of its first closes. The floor "
        "calculates two averages and a profit."
    )


def resources(fast: int, slow: int) -> Setup:
    """One strategy on one account without limits that matter, and so that each order fills at one price."""
    broker = {
        "metadata": {"name": "paper"},
        "spec": {
            "type": "Paper",
            "account": {"maxDailyLossPercent": "100", "drawdownPercent": "100"},
            "paper": {
                "startingCash": "1000000",
                "slippageBps": "0",
                "latencyMilliseconds": 0,
                "participationPercent": "100",
                "charges": {"asOf": "2026-04-01"},
            },
        },
    }
    strategy = {
        "metadata": {"name": "crossing"},
        "spec": {
            "strategy": "ema_cross",
            "params": {"fast": fast, "slow": slow, "allowShort": False},
            "instruments": [{"exchange": "NSE", "symbol": "YESBANK"}],
            "product": "CNC",
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
            lines.append(f"{start.isoformat()},{said},{chance.randint(20_000, 90_000)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return bars


def read_market(own: _Own) -> list[Prices]:
    """The bars that ours read."""
    return [Prices(each.bar.open_paise, each.bar.close_paise) for day in own.days for each in day.bars]


def plain(bars: Sequence[Prices], fast: int, slow: int) -> Loop:
    """The rule without anything around it."""
    quick, calm = exponential(fast), exponential(slow)
    above: bool | None = None
    wanted, held, profit, entered, decided, bought = False, False, 0, 0, 0, 0
    found = Loop([], [])
    for bar in bars:
        if wanted != held:
            if held:
                profit += bar.first - entered
                found.at_open.append((entered, bar.first))
                found.at_close.append((bought, decided))
            else:
                entered, bought = bar.first, decided
            held = wanted
        fast_average, slow_average = quick.push(bar.close), calm.push(bar.close)
        if fast_average is None or slow_average is None:
            continue
        now = fast_average > slow_average
        if above is not None and now != above:
            wanted, decided = now, bar.close
        above = now
    return found


BENCHMARK = Benchmark(name="backtest", title="Backtest", run=measure, order=70)
