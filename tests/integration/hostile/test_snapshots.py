"""Snapshots that somebody damaged: said, and rebuilt from the log to the same paisa."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.hostile.conftest import Besieged
from tests.integration.panda_command import ROOT, Panda

pytestmark = [pytest.mark.operations, pytest.mark.timeout(600)]

MINUTES = 90
FLIPPED = "set_byte(state, length(state) / 2, (get_byte(state, length(state) / 2) + 1) % 256)"
DAMAGES = {
    "paper.portfolio": FLIPPED,
    "paper.risk-manager": "substring(state from 1 for length(state) / 2)",
    "paper.paper-trading": "convert_to('panda-snapshot-9' || chr(10), 'UTF8') || state",
    "bar-builder": FLIPPED,
}
"""What is done to the snapshot of each: a flipped byte, the end cut off, another release's."""


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """The first ninety minutes of a real day, to their end."""
    folder: Path = tmp_path_factory.mktemp("snapshots")
    market = folder / "market" / "YESBANK.csv"
    market.parent.mkdir()
    rows = (ROOT / "examples" / "market" / "YESBANK.csv").read_text().splitlines(keepends=True)
    market.write_text("".join(rows[: MINUTES + 1]))
    panda = Panda(folder / "data")
    try:
        panda.replay(ROOT / "examples", market)
        yield Besieged(panda)
    finally:
        panda.reset()


def digests(replayed: Besieged) -> dict[str, str]:
    return {each["owner"]: each["digest"] for each in replayed.panda.json("verify", "--projection")}


def test_damaged_snapshots_are_rebuilt_from_the_log_to_the_same_paisa(replayed: Besieged) -> None:
    before, books = digests(replayed), "SELECT * FROM paper.ledger ORDER BY 1, 2, 3"
    ledger = replayed.sql(books)
    assert len(ledger) > 10, "nothing was traded"
    replayed.sql(
        *(
            f"UPDATE {'market' if '.' not in name else 'paper'}.snapshots SET state = {damage} WHERE service = '{name}'"  # noqa: S608 - ours
            for name, damage in DAMAGES.items()
        )
    )
    replayed.kill(*DAMAGES)
    found = replayed.wait_for(
        lambda now: all(now[name].restarts and now[name].state == "Ready" and now[name].finished for name in DAMAGES),
        "all rebuilt and at the end of the day again",
    )
    for name in DAMAGES:
        (note,) = found[name].detail["notes"]
        assert "cannot be read, it is rebuilt from the log" in note
    assert "begins with b'panda-snapshot-9" in found["paper.paper-trading"].detail["notes"][0]
    assert (
        f"note: paper.portfolio: {found['paper.portfolio'].detail['notes'][0]}" in replayed.panda.run("status").stdout
    )
    log = (replayed.layout.logs / "paper.portfolio.log").read_text()
    assert "snapshot not readable: rebuilt from the log" in log

    assert replayed.sql(books) == ledger
    assert digests(replayed) == before
    verdicts = json.loads(replayed.panda.run("verify", "-o", "json", check=False).stdout)
    assert [each for each in verdicts if each["verdict"] == "FAIL"] == []
