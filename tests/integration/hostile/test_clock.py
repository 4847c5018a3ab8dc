"""One service's clock is an hour wrong, either way: it trades on, nothing expires, and a replay gives the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.hostile.clock import sitecustomize as clock
from tests.integration.hostile.conftest import Besieged, in_loop
from tests.integration.live_changes.conftest import EAGER, broker, strategy
from tests.integration.panda_command import ROOT, Panda

from alpha_panda.events.envelope import decode_header
from alpha_panda.events.topics import ORDERS_SUBMITTED, SIGNALS_REJECTED, SIGNALS_VALIDATED
from alpha_panda.local.log_reader import read_topic

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
HOUR = timedelta(hours=1)
SHIFTS = {"+3660": HOUR, "-3660": -HOUR}
"""A minute more than an hour: what is refused from an hour on must show."""
WRITES = {
    "paper.risk-manager": SIGNALS_VALIDATED.full_name("paper"),
    "paper.paper-trading": ORDERS_SUBMITTED.full_name("paper"),
}
NEAR = timedelta(minutes=5)
MINUTES = 45

pytestmark = [
    pytest.mark.operations,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not LIBRARY.exists(), reason="needs libfaketime: apt-get install libfaketime"),
]


@pytest.fixture
def clocks(tmp_path: Path) -> Path:
    """A folder for the path of Python, with no clock wrong yet."""
    folder = tmp_path / "clock"
    folder.mkdir()
    shutil.copy(clock.__file__, folder / "sitecustomize.py")
    return folder


def set_clock(clocks: Path, **shifts: str) -> None:
    (clocks / "clocks.json").write_text(json.dumps(shifts))


@pytest.fixture
def besieged(tmp_path: Path, clocks: Path) -> Iterator[Besieged]:
    """A made-up market that is traded all the time."""
    resources = tmp_path / "resources.yaml"
    resources.write_text("\n---\n".join(map(json.dumps, (broker("paper"), strategy("eager")))))
    panda = Panda(tmp_path / "data", (EAGER, clocks))
    try:
        panda.run("up", "-f", str(resources), "--synthetic", "10", "--rate", "50")
        made = Besieged(panda)
        made.wait_ready()
        yield made
    finally:
        panda.reset()


def newest(besieged: Besieged, topic: str) -> timedelta | None:
    """How far the time that the last writer put on the topic's newest event is from now; None for an empty one."""
    found = in_loop(read_topic(besieged.layout, topic, 1, newest=True))
    return decode_header(found[0].value).timestamp - datetime.now(UTC) if found else None


def test_a_service_whose_clock_is_an_hour_wrong_trades_on_and_nothing_expires(besieged: Besieged, clocks: Path) -> None:
    for shift, off in SHIFTS.items():
        for name, topic in WRITES.items():
            set_clock(clocks, **{name: shift})
            besieged.kill(name)
            besieged.wait_for(
                lambda _, topic=topic, off=off: (at := newest(besieged, topic)) is not None and abs(at - off) < NEAR,
                f"{name} writes with its wrong clock ({shift})",
            )
            set_clock(clocks)
            besieged.kill(name)
            besieged.wait_for(
                lambda _, topic=topic: (at := newest(besieged, topic)) is not None and abs(at) < NEAR,
                f"{name} writes with the right clock again",
            )
    besieged.wait_ready()
    rejected = in_loop(read_topic(besieged.layout, SIGNALS_REJECTED.full_name("paper"), 10_000, newest=True))
    codes = {json.loads(bytes(decode_header(each.value).data))["code"] for each in rejected}
    assert "signal_expired" not in codes


def test_a_replay_under_wrong_clocks_gives_the_same(tmp_path: Path, clocks: Path) -> None:
    market = tmp_path / "market" / "YESBANK.csv"
    market.parent.mkdir()
    rows = (ROOT / "examples" / "market" / "YESBANK.csv").read_text().splitlines(keepends=True)
    market.write_text("".join(rows[: MINUTES + 1]))
    found = []
    for number, shifts in enumerate(({}, {"paper.risk-manager": "+3660", "market-feed": "-3660"})):
        set_clock(clocks, **shifts)
        panda = Panda(tmp_path / f"data{number}", (clocks,))
        try:
            panda.replay(ROOT / "examples", market)
            found.append({each["owner"]: each["digest"] for each in panda.json("verify", "--projection")})
        finally:
            panda.reset()
    assert found[0] == found[1]
