"""Runs that the tests compare: each is replayed once, one after the other, on data directories of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.panda_command import ROOT, Panda

from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform, ServiceDetail

FIXTURES = ROOT / "tests" / "fixtures"
ONE_BROKER = FIXTURES / "resources" / "one-broker"
TWO_BROKERS = FIXTURES / "resources" / "two-brokers"
MINUTES = 60
_PATIENCE_SECONDS = 90.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Outcome:
    """A run at its end: digests and rows of each Broker and of the market, what `panda verify` and `parity` found."""

    digests: dict[str, str]
    rows: dict[str, list[dict[str, Any]]]
    findings: dict[str, dict[str, Any]]
    parity: dict[str, Any]

    @property
    def contradicted(self) -> dict[str, str]:
        """Each invariant that fails, with its witness and what it says."""
        return {
            name: f"{each['witness']}: {each['message']}"
            for name, each in self.findings.items()
            if each["verdict"] == "FAIL"
        }

    def count(self, owner: str, kind: str) -> int:
        """Events of a type."""
        return sum(row["kind"] == kind for row in self.rows[owner])


def outcome_of(panda: Panda, resources: Path | None = None) -> Outcome:
    """What a run came to; with the resources of a replay also what a backtest of its day says otherwise."""
    projections = panda.json("verify", "--projection")
    findings = panda.json("verify", check=False)
    parity = {} if resources is None else panda.json("parity", "-f", str(resources), check=False)
    return Outcome(
        digests={each["owner"]: each["digest"] for each in projections},
        rows={each["owner"]: each["rows"] for each in projections},
        findings={each["invariant"]: each for each in findings},
        parity=parity,
    )


@pytest.fixture(scope="session")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first hour of the many-instrument day: eleven instruments."""
    folder = tmp_path_factory.mktemp("hour")
    for source in sorted((FIXTURES / "market" / "many").glob("*.csv")):
        lines = source.read_text().splitlines(keepends=True)
        (folder / source.name).write_text("".join(lines[: MINUTES + 1]))
    return folder


@pytest.fixture(scope="session")
def first_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panda]:
    """A data directory that is gone in the end, with what was archived of it."""
    panda = Panda(tmp_path_factory.mktemp("determinism") / "first")
    yield panda
    panda.reset()


@pytest.fixture(scope="session")
def reference(first_dir: Panda, hour: Path) -> Outcome:
    """One Broker, four partitions, as fast as it goes."""
    first_dir.replay(ONE_BROKER, hour, "--partitions", "4")
    return outcome_of(first_dir, ONE_BROKER)


@pytest.fixture(scope="session")
def anew(first_dir: Panda, reference: Outcome, hour: Path) -> Outcome:
    """The same again in the same data directory, with the resources that it has."""
    _ = reference
    first_dir.json("up", "--replay", str(hour), "--partitions", "4", "--again", "--wait")
    found = outcome_of(first_dir, ONE_BROKER)
    first_dir.down()
    return found


@pytest.fixture(scope="session")
def slow(tmp_path_factory: pytest.TempPathFactory, hour: Path) -> Outcome:
    """Two Brokers, one partition, six hundred times the market's speed."""
    panda = Panda(tmp_path_factory.mktemp("determinism") / "slow")
    try:
        panda.replay(TWO_BROKERS, hour, "--speed", "600")
        return outcome_of(panda, TWO_BROKERS)
    finally:
        panda.reset()


@pytest.fixture(scope="session")
def killed(tmp_path_factory: pytest.TempPathFactory, hour: Path) -> tuple[Outcome, dict[str, int]]:
    """Two Brokers, four partitions, kill -9 for each service in turn while the market moves; and their restarts."""
    panda = Panda(tmp_path_factory.mktemp("determinism") / "killed")
    market = ("--replay", str(hour), "--partitions", "4", "--speed", "90")
    try:
        panda.json("up", "-f", str(TWO_BROKERS), *market)
        _kill_each(panda)
        panda.json("up", *market, "--wait")
        restarts = {each.name: each.restarts for each in _services(panda)}
        return outcome_of(panda, TWO_BROKERS), restarts
    finally:
        panda.reset()


def _kill_each(panda: Panda) -> None:
    """Kill every service but the API once, each as soon as the market has moved on since the one before."""
    epoch = 0
    for name in sorted(each.name for each in _services(panda) if each.name != "api"):
        epoch = _epoch_after(panda, epoch)
        victim = next(each for each in _services(panda) if each.name == name)
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
    assert epoch < MINUTES, "the market closed before the last service was killed"


def _epoch_after(panda: Panda, epoch: int) -> int:
    """The feed's epoch as soon as it is later than `epoch`; a restarted feed that has not begun has none."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        feed = next(each for each in _services(panda) if each.name == "market-feed")
        if (feed.epoch or 0) > epoch:
            return feed.epoch or 0
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"the market did not move past epoch {epoch} within {_PATIENCE_SECONDS:g} s")


def _services(panda: Panda) -> tuple[ServiceDetail, ...]:
    """What `panda status` shows, without the start of a process, which would take longer than an epoch."""
    return asyncio.run(Platform(Layout(panda.data_dir)).services())
