"""One replay that is left alone and one that strangers write into, of a clean file and of one with bad rows."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.bad_input.hostile import (
    YESBANK,
    Hostile,
    replay_ticks,
    unreadable,
    write,
    wrong_specs,
    wrong_ticks,
)
from tests.integration.panda_command import ROOT, Panda

from alpha_panda.events.ids import partition_of
from alpha_panda.events.topics import (
    BARS,
    BROKER_EPOCHS,
    CONTROL_BROKERS,
    CONTROL_STRATEGIES,
    CONTROL_TRADING,
    MARKET_EPOCHS,
    ORDERS_FILLED,
    SIGNALS_RAW,
    SIGNALS_VALIDATED,
    TICKS,
)

PARTITIONS = 2
DAY = ROOT / "examples" / "market" / "YESBANK.csv"
SPEED = "1500"
"""Slow enough that the strangers write while epochs go out: the day takes 15 s."""
BAD_ROWS = {
    "2019-07-09T09:40:00+05:30,NaN,95,94,95,10": "NaN",
    "2019-07-09T09:41:00+05:30,95,95,94,-95,10": "-95",
    "2019-07-09T09:42:00+05:30,0,95,94,95,10": "0",
    "2019-07-09T09:43:00+05:30,95,94,95,95,10": "high",
    "2019-07-09T09:44:00+05:30,95.001,96,94,95,10": "95.001",
    "2019-07-09T09:45:00+05:30,95,96,94,95,-1": "-1",
    "yesterday,95,96,94,95,10": "yesterday",
    "2019-07-09T09:46:00+05:30,95,96": "cells",
    "1999-07-09T09:46:00+05:30,95,96,94,95,10": "1999-07-09",
}
"""Rows that no bar can be made of, and a word of the reason that their dead letter must give."""


@dataclass(frozen=True)
class Undisturbed:
    """A replay's report and what runs are compared by."""

    day: dict[str, Any]
    projection: dict[str, Any]


@dataclass(frozen=True)
class Disturbed:
    """A replay that was written into: the platform, its report, and where each hostile record is, by topic and name."""

    panda: Panda
    report: dict[str, Any]
    written: dict[str, dict[str, tuple[Hostile, int, int]]]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The example day, replayed in peace."""
    panda = Panda(tmp_path_factory.mktemp("undisturbed") / "data")
    try:
        report = panda.replay(ROOT / "examples", DAY, "--partitions", str(PARTITIONS))
        return Undisturbed(day=report["brokers"][0], projection=projection_of(panda))
    finally:
        panda.run("reset", "-y", check=False)


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    """The same day with bad rows between the good ones, while hostile records are written to every topic."""
    folder = tmp_path_factory.mktemp("disturbed")
    market = folder / "market" / "YESBANK.csv"
    market.parent.mkdir()
    market.write_bytes(with_bad_rows(DAY))
    panda = Panda(folder / "data")
    words = ("-f", str(ROOT / "examples"), "--replay", str(market), "--partitions", str(PARTITIONS), "--speed", SPEED)
    try:
        panda.run("up", *words)
        written = asyncio.run(_attack(panda.data_dir))
        report = panda.json("up", "--replay", str(market), "--speed", SPEED, "--wait")
        yield Disturbed(panda=panda, report=report, written=written)
    finally:
        panda.run("reset", "-y", check=False)


def with_bad_rows(clean: Path) -> bytes:
    """The file with a byte order mark, Windows line ends, the bad rows after row 25, and row 26 twice."""
    header, *rows = clean.read_text().splitlines()
    lines = [header, *rows[:25], *BAD_ROWS, *rows[25:27], rows[26], *rows[27:]]
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode()


def projection_of(panda: Panda) -> dict[str, Any]:
    """The Broker's part of what runs are compared by."""
    return next(each for each in panda.json("verify", "--projection") if each["owner"] == "paper")


async def _attack(data_dir: Path) -> dict[str, dict[str, tuple[Hostile, int, int]]]:
    right = partition_of(YESBANK, PARTITIONS)
    targets = {
        TICKS.name: (*unreadable(), *wrong_ticks(PARTITIONS, right), *replay_ticks(PARTITIONS)),
        BARS.name: unreadable(),
        SIGNALS_RAW.full_name("paper"): unreadable(),
        SIGNALS_VALIDATED.full_name("paper"): unreadable(),
        ORDERS_FILLED.full_name("paper"): unreadable(),
        MARKET_EPOCHS.name: unreadable(),
        BROKER_EPOCHS.full_name("paper"): unreadable(),
        CONTROL_BROKERS.name: unreadable(),
        CONTROL_STRATEGIES.name: (*unreadable(), *wrong_specs()),
        CONTROL_TRADING.name: unreadable(),
    }
    written = {}
    for topic, records in targets.items():
        places = await write(data_dir, topic, records)
        written[topic] = {each.name: (each, *places[each.name]) for each in records}
    return written
