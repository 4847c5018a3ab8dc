"""A replay by epochs: minute bars of 100 instruments through all services in step, to its end.

Each epoch waits for the one before in every task, so this measures the protocol as much as the work. The
clock runs from the first tick to the last marker, by the time stamps that Kafka's clients give records.
"""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random
from typing import Final

from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.instrument_table import InstrumentTable, format_instruments
from alpha_panda.events.market import Timeframe
from alpha_panda.events.topics import BROKER_EPOCHS
from benchmarks.flow import FLOWS, TICKS_TOPIC, TOPICS, Traffic, bare_rate, name_of
from benchmarks.load import FIRST_DAY, broker, crossing, instruments
from benchmarks.result import Benchmark, Options, Result, Row
from benchmarks.stage import Stage, staged

MINUTES: Final = 125
"""A third of a session."""
_STEP: Final = 0.001
_SEED: Final = 7
_EPOCHS: Final = name_of(BROKER_EPOCHS)


def measure(options: Options) -> Result:
    """Replay the day, each time on a platform of its own, and then send its bytes through bare hops."""
    market, table = options.folder / "market", options.folder / "instruments.csv"
    market.mkdir(parents=True)
    _write_market(market)
    table.write_text(format_instruments(InstrumentTable(list(instruments()), "the load")), encoding="utf-8")
    feed = ("--replay", str(market), "--instruments", str(table), "--wait")
    rates, floors, epochs = list[float](), list[float](), 0
    for turn in range(options.repetitions):
        with staged(options.folder / f"run-{turn}", broker(), crossing(), feed=feed) as stage:
            ran = Traffic(records=stage.ends(TOPICS), sizes=stage.sizes(TOPICS))
            ticks = ran.records[TICKS_TOPIC]
            rates.append(ticks / _seconds(stage))
            floors.append(bare_rate(stage, ran, "bare.", ticks))
            epochs = stage.ends((_EPOCHS,))[_EPOCHS] // len(_MARKING)
        options.say(f"replay {turn + 1}: {rates[-1]:,.0f} ticks/s, bare hops {floors[-1]:,.0f} ticks/s")
    return _result(rates, floors, epochs)


_MARKING: Final = tuple(name for name in FLOWS if name not in ("bar-builder", "history"))
"""The services that mark each epoch in the Broker's topic."""


def _seconds(stage: Stage) -> float:
    """From the first tick to the last marker."""
    return stage.written(_EPOCHS)[1] - stage.written(TICKS_TOPIC)[0]


def _write_market(folder: Path) -> None:
    """A file of minute bars for each instrument, from the open of the load's first session."""
    session = default_calendar().session_of(FIRST_DAY)
    if session is None:
        raise ValueError(f"{FIRST_DAY} is no day of trading")
    rng = Random(_SEED)  # noqa: S311 — a market, not a secret
    minute = Timeframe.M1.duration
    for instrument in instruments():
        grid, price = instrument.tick_size_paise, rng.uniform(10_000, 200_000)
        with (folder / f"{instrument.symbol}.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("timestamp", "open", "high", "low", "close", "volume"))
            for index in range(MINUTES):
                path = [price := price * (1 + rng.gauss(0, _STEP)) for _ in range(4)]
                paise = [round(each / grid) * grid for each in path]
                at = (session.open + index * minute).astimezone(IST).isoformat()
                prices = (paise[0], max(paise), min(paise), paise[-1])
                rows.writerow((at, *(f"{each / 100:.2f}" for each in prices), rng.randint(1_000, 50_000)))


def _result(rates: list[float], floors: list[float], epochs: int) -> Result:
    return Result(
        rows=(
            Row(
                what="replay by epochs, 100 instruments",
                unit="ticks/s",
                samples=tuple(rates),
                floor=tuple(floors),
                floor_is="seven bare loops moving the same bytes, not in step",
            ),
        ),
        compared=(
            f"{MINUTES} minute bars of each of 100 made-up instruments (four ticks a bar) are replayed at full speed: "
            f"{epochs} epochs, each of which every task closes before the feed sends the next. The floor moves the "
            "same bytes through as many bare processes that wait for nobody."
        ),
    )


BENCHMARK = Benchmark(name="replay", title="Replay by epochs", run=measure, order=15)
