"""A paused owner that wakes up after a takeover does no harm and ends; nothing that it wrote then counts."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from tests.integration.determinism.conftest import Outcome, outcome_of
from tests.integration.kill_switch import eager
from tests.integration.kill_switch.desk import INSTRUMENTS, resources
from tests.integration.one_writer.second_copy import PATIENCE_SECONDS, TwoCopies, wait_for
from tests.integration.panda_command import ROOT, Panda

from alpha_panda.checker.reading import Facts
from alpha_panda.events.envelope import Envelope
from alpha_panda.events.topics import ORDERS_FILLED
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import read_log, read_topic
from alpha_panda.local.platform import Platform
from alpha_panda.local.status_file import load_status

pytestmark = [pytest.mark.operations, pytest.mark.timeout(600)]
RESOURCES = ROOT / "tests" / "fixtures" / "resources" / "one-broker"
SERVICES = ("paper.risk-manager", "paper.paper-trading", "paper.portfolio")
MINUTES = 60
ENDS_WITHIN_SECONDS = 10.0
QUIET_SECONDS = 4.0
"""Without lag for so long, the loop from orders to risk has come round and each service has kept its state."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour of eleven instruments."""
    folder = tmp_path_factory.mktemp("hour")
    for source in sorted((ROOT / "tests" / "fixtures" / "market" / "many").glob("*.csv")):
        lines = source.read_text().splitlines(keepends=True)
        (folder / source.name).write_text("".join(lines[: MINUTES + 1]))
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, market: Path) -> Outcome:
    """The hour with one copy of everything."""
    with platform(tmp_path_factory.mktemp("undisturbed")) as (panda, _):
        panda.replay(RESOURCES, market)
        return outcome_of(panda)


@contextmanager
def platform(folder: Path, *strategies: Path) -> Iterator[tuple[Panda, Path]]:
    """A data directory that is stopped in the end, and the folder of its fail-points."""
    panda = Panda(folder / "data", strategies)
    try:
        yield panda, folder / "fail-points"
    finally:
        panda.down()


def settings(folder: Path) -> Path:
    """A file of settings that turns fail-points on."""
    (folder / "fail-points").mkdir()
    path = folder / "settings.yaml"
    path.write_text(yaml.safe_dump({"run": {"fail_points": str(folder / "fail-points")}}))
    return path


def test_a_replay_with_an_owner_of_each_service_replaced_while_it_sleeps_ends_as_undisturbed(
    tmp_path: Path, market: Path, undisturbed: Outcome
):
    with platform(tmp_path) as (panda, fail_points):
        words = ("--replay", str(market), "--config", str(settings(tmp_path)))
        panda.json("up", "-f", str(RESOURCES), *words, "--speed", "60")
        for name in SERVICES:
            epoch_after(panda, 1)
            replaced_while_asleep(TwoCopies(Layout(panda.data_dir), name, fail_points))
        panda.json("up", *words, "--wait")
        found = outcome_of(panda)
        facts = Facts(asyncio.run(read_log(Layout(panda.data_dir))))
    assert found.contradicted == {}
    assert found.digests == undisturbed.digests
    writers = {fact.envelope.source for fact in facts.fenced}
    assert writers <= set(SERVICES)
    assert {"paper.risk-manager", "paper.paper-trading"} & writers, "nobody wrote after its successor's claim"
    assert all(named(fact.envelope) for fact in facts.all if fact.envelope.source in SERVICES)


@pytest.mark.long
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("paper.risk-manager", "paper.portfolio"), id="risk and portfolio"),
        pytest.param(("paper.paper-trading",), id="paper trading"),
    ],
)
def test_a_live_market_goes_on_with_owners_replaced_while_they_sleep(tmp_path: Path, names: tuple[str, ...]):
    (tmp_path / "desk.yaml").write_text(resources())
    market = ("--synthetic", str(INSTRUMENTS), "--rate", str(10 * INSTRUMENTS), "--config", str(settings(tmp_path)))
    with platform(tmp_path, Path(eager.__file__).parent) as (panda, fail_points):
        panda.run("up", "-f", str(tmp_path / "desk.yaml"), *market)
        layout = Layout(panda.data_dir)
        for name in names:
            wait_for_trades(layout)
            replaced_while_asleep(TwoCopies(layout, name, fail_points))
        wait_for_trades(layout)
        with standing_still(layout):
            contradicted = outcome_of(panda).contradicted
    assert contradicted == {}


def wait_for_trades(layout: Layout) -> None:
    before = fills(layout)
    wait_for(lambda: fills(layout) > before, "trades")


@contextmanager
def standing_still(layout: Layout) -> Iterator[None]:
    """The feed is paused and everything that it wrote is processed: books and log are of one moment."""
    status = load_status(layout)
    assert status is not None
    feed = next(each.pid for each in status.services if each.name == "market-feed")
    assert feed is not None
    os.kill(feed, signal.SIGSTOP)
    try:
        quiet_since = time.monotonic()

        def is_quiet() -> bool:
            nonlocal quiet_since
            if any(each.lag for each in asyncio.run(Platform(layout).services())):
                quiet_since = time.monotonic()
            return time.monotonic() - quiet_since > QUIET_SECONDS

        wait_for(is_quiet, "everything to be processed")
        yield
    finally:
        os.kill(feed, signal.SIGCONT)


def replaced_while_asleep(copies: TwoCopies) -> None:
    """Pause the service, let a copy take over, wake it up; in the end the copy is stopped and the first one is back."""
    try:
        copies.pause()
        copies.start_copy()
        assert copies.wake() <= ENDS_WITHIN_SECONDS
        wait_for(lambda: "another copy of it has taken over" in copies.supervised.reason, "the reason of its end")
        (said,) = copies.said(copies.first_log, "service ends: another copy has taken over")
        assert copies.name in str(said["reason"])
        wait_for(lambda: bool(copies.said(copies.first_log, "standing by: two copies run")), "the restart to stand by")
        assert copies.copy is not None
        assert copies.copy.poll() is None, "the copy goes on"
        taken = len(copies.said(copies.first_log, "ownership taken"))
        assert copies.stop_copy() == 0
        wait_for(lambda: len(copies.said(copies.first_log, "ownership taken")) > taken, "the restart to take over")
    finally:
        copies.clean_up()


def epoch_after(panda: Panda, epochs: int) -> None:
    """Wait until so many more epochs are out."""
    beginning = epoch(panda)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while epoch(panda) < beginning + epochs:
        assert time.monotonic() < deadline, f"the market stands at epoch {beginning}"
        time.sleep(0.1)


def epoch(panda: Panda) -> int:
    services = asyncio.run(Platform(Layout(panda.data_dir)).services())
    return next(each for each in services if each.name == "market-feed").epoch or 0


def fills(layout: Layout) -> int:
    return len(asyncio.run(read_topic(layout, ORDERS_FILLED.full_name("paper"), 100_000, newest=False)))


def named(envelope: Envelope) -> bool:
    """Whether an event says by whom, which code and which settings it was written."""
    return None not in (envelope.fence, envelope.code, envelope.config)
