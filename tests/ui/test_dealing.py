"""What a trader does to a market that goes on: closing positions, and giving dead letters a second chance."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.integration.bad_input.hostile import unreadable, write
from tests.integration.panda_command import Panda
from tests.support.waiting import until
from tests.ui.conftest import PATIENCE_MILLISECONDS, Site, Window, open_site

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.topics import TICKS, dead_letter_topic

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]
expect.set_options(timeout=PATIENCE_MILLISECONDS)
FIRST, SECOND = (each.name for each in islice(load_instruments(), 2))
LETTERS = dead_letter_topic(TICKS.name)


def resources() -> str:
    listed = "\n".join(
        f"    - {{exchange: {exchange}, symbol: {symbol}}}"
        for exchange, _, symbol in (name.partition(":") for name in (FIRST, SECOND))
    )
    return f"""\
apiVersion: alphapanda.io/v1alpha1
kind: Broker
metadata: {{name: paper}}
spec:
  type: Paper
  paper: {{startingCash: "100000000", charges: {{asOf: 2026-04-01}}}}
---
apiVersion: alphapanda.io/v1alpha1
kind: Strategy
metadata: {{name: keeper}}
spec:
  strategy: keeper:Keeper
  instruments:
{listed}
  timeframes: [1m]
  product: CNC
  sizing: {{method: FixedRisk, riskPercent: "0.01"}}
  levels: {{stopLossPercent: "20"}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A platform with a made-up market, in which a strategy holds two positions and exits from none."""
    folder = tmp_path_factory.mktemp("dealing")
    (folder / "desk.yaml").write_text(resources())
    panda = Panda(folder / "data", (Path(__file__).parent,))
    try:
        yield open_site(panda, "up", "-f", str(folder / "desk.yaml"), "--synthetic", "2", "--rate", "20")
    finally:
        panda.reset()


def signals(site: Site) -> dict[str, dict[str, Any]]:
    """The newest signal of each reason."""
    found = site.panda.json("signals", "paper", "--strategy", "keeper")
    return {each["reason"]: each for each in reversed(found)}


def exits(site: Site, instrument: str) -> list[str]:
    """What became of the orders that exit from an instrument."""
    found = site.panda.json("orders", "paper", "--instrument", instrument)
    return [each["status"] for each in found if each["leg"] == "exit"]


def test_a_position_is_closed_after_one_is_asked_and_a_price_that_would_have_to_wait_is_refused(
    site: Site, window: Window
) -> None:
    page = window.open("/brokers/paper")
    page.get_by_role("button", name=f"Close {FIRST} of keeper").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{FIRST} (CNC) of keeper")
    dialog.get_by_label("Worst price").fill("9000000")
    dialog.get_by_label("Why").fill("enough of it")
    dialog.get_by_role("button", name="Close it").click()
    expect(dialog.get_by_role("status")).to_contain_text("is not the worst price of a SELL now")
    window.wrong.clear()  # a browser notes every answer that refuses
    dialog.get_by_label("Worst price").fill("")
    dialog.get_by_role("button", name="Close it").click()
    expect(page.locator("#said")).to_contain_text(f"{FIRST} of keeper")
    expect(page.get_by_role("button", name=f"Close {FIRST} of keeper")).to_have_count(0)
    expect(page.get_by_role("button", name=f"Close {SECOND} of keeper")).to_have_count(1)
    until(lambda: exits(site, FIRST) == ["filled"], "the exit is filled")
    assert signals(site)["closed by ana: enough of it"]["verdict"]["verdict"] == "validated"
    page = window.open("/brokers/paper/strategies/keeper")
    expect(page.locator("table.signals")).to_contain_text("closed by ana: enough of it")
    assert window.wrong == []
    entries = site.panda.json("audit")
    assert [each["actor"] for each in entries if each["action"] == "close"] == ["ana"]


def test_the_command_closes_too_while_trading_is_halted_and_only_what_is_there(site: Site) -> None:
    site.panda.run("halt", "--reason", "drill")
    said = site.panda.run("close", "paper", SECOND, "--reason", "drill", "--price", "0.05", "--yes").stdout
    assert "asked to close" in said
    until(lambda: exits(site, SECOND) == ["filled"], "the exit is filled")
    site.panda.run("resume", "--reason", "the drill is over")
    until(lambda: site.panda.json("portfolio", "paper")[0]["positions"] == [], "nothing is open")
    nothing = site.panda.run("close", "paper", SECOND, "--reason", "again", "--yes", check=False)
    assert nothing.returncode == 2
    assert f"no position in {SECOND} on paper; open: nothing" in nothing.stderr


def test_dead_letters_have_a_second_chance_from_the_page_and_each_only_one(site: Site, window: Window) -> None:
    [record] = unreadable()[:1]
    with ThreadPoolExecutor(1) as beside:  # the browser's own loop runs on this thread
        beside.submit(asyncio.run, write(site.panda.data_dir, TICKS.name, (record,))).result(60)
    page = window.open("/brokers/paper/services")
    button = page.get_by_role("button", name=f"Replay the dead letters of {LETTERS}")
    button.click()
    expect(page.locator("#said")).to_contain_text(f"{LETTERS}: 1 written back")
    button.click()
    expect(page.locator("#said")).to_contain_text(f"{LETTERS}: 0 written back, 1 already replayed")
    assert window.wrong == []
    entries = site.panda.json("audit")
    assert [each["subject"] for each in entries if each["action"] == "replay"] == [LETTERS, LETTERS]
