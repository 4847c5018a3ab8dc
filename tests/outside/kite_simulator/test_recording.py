"""A recording that is held begins when it is told to, and its end is seen."""

from __future__ import annotations

from pathlib import Path

import httpx
from tests.support.kite import running_simulator
from tests.support.waiting import until

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.kite_simulator.prices import replay
from alpha_panda.market_feed.sources.replay import ReplayOptions, ReplaySource

HEAD = "timestamp,open,high,low,close,volume\n"
ROWS = "".join(f"2019-07-09T09:{minute}:00+05:30,95.00,95.50,94.50,95.10,1000\n" for minute in range(15, 19))
NAME = "NSE:YESBANK"


def test_a_held_recording_waits_for_its_word(tmp_path: Path):
    (tmp_path / "YESBANK.csv").write_text(HEAD + ROWS)
    table = load_instruments()
    source = ReplaySource(ReplayOptions(path=tmp_path), table, default_calendar())
    source.check()
    with running_simulator(table, SimulatedClock()) as simulator:

        def said() -> str:
            return str(httpx.get(f"{simulator.root}/simulator/state", trust_env=False).json()["recording"])

        assert said() == "none"
        playing = simulator.start(replay(simulator.exchange, source, speed=600, held=True))
        until(lambda: said() == "waits", "it waits")
        assert simulator.exchange.by_name[NAME].last_paise == 0
        httpx.post(f"{simulator.root}/simulator/replay", trust_env=False).raise_for_status()
        until(lambda: said() == "ended", "it ends")
        assert simulator.exchange.by_name[NAME].last_paise == 9510
        playing.result(30)
