"""Two runs of one hour, with and without neighbours that do what none may do; and a market that goes on for ever."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.determinism.conftest import Outcome, outcome_of
from tests.integration.panda_command import ROOT, Panda

FIXTURES = ROOT / "tests" / "fixtures"
RESOURCES = FIXTURES / "resources" / "one-broker"
HERE = Path(__file__).parent
MINUTES = 60
PATIENCE_SECONDS = 90.0
POLL_SECONDS = 0.5
BUDGET = "budget: {call_milliseconds: 1000}\n"
"""More time than a slow machine takes to use up the memory that a call may have."""
KINDS = {
    "raises": "raised",
    "wrong-type": "nonsense",
    "not-a-number": "nonsense",
    "negative-price": "nonsense",
    "too-many": "nonsense",
    "loops": "time",
    "loops-and-swallows": "time",
    "allocates": "memory",
    "ends-the-process": "crash",
}
"""Each of the ways of `Unruly`, as a strategy's name, and the kind that it is found guilty of."""


def unruly(name: str) -> str:
    """A Strategy that is `name`, on two instruments."""
    return f"""\
apiVersion: alphapanda.io/v1alpha1
kind: Strategy
metadata: {{name: {name}}}
spec:
  strategy: unruly:Unruly
  params: {{how: {name.replace("-", "_")}}}
  instruments: [{{exchange: NSE, symbol: RELIANCE}}, {{exchange: NSE, symbol: INFY}}]
  timeframes: [1m]
"""


def shown(panda: Panda) -> dict[str, dict[str, Any]]:
    """The status of each Strategy by name, as `panda get` tells it."""
    items = panda.json("get", "strategies")["items"]
    return {each["metadata"]["name"]: each.get("status", {}) for each in items}


def wait_for(panda: Panda, is_there: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, dict[str, Any]]:
    """Ask until it is; fails the test with what was shown last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = shown(panda)
        if is_there(found):
            return found
        time.sleep(POLL_SECONDS)
    raise AssertionError(json.dumps(found, indent=1))


@dataclass(frozen=True)
class Finished:
    """A replay at its end, while its platform still answers."""

    panda: Panda
    outcome: Outcome


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hour")
    for source in sorted((FIXTURES / "market" / "many").glob("*.csv")):
        lines = source.read_text().splitlines(keepends=True)
        (folder / source.name).write_text("".join(lines[: MINUTES + 1]))
    return folder


def budget(folder: Path) -> str:
    """A file of settings with the tests' budget."""
    path = folder / "settings.yaml"
    path.write_text(BUDGET)
    return str(path)


def replayed(folder: Path, hour: Path, resources: Path) -> Iterator[Finished]:
    panda = Panda(folder / "data", (HERE,))
    try:
        panda.replay(resources, hour, "--partitions", "2", "--config", budget(folder))
        yield Finished(panda, outcome_of(panda))
    finally:
        panda.down()
        panda.run("reset", "-y", check=False)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, hour: Path) -> Outcome:
    """The healthy strategies by themselves."""
    runs = replayed(tmp_path_factory.mktemp("alone"), hour, RESOURCES)
    outcome = next(runs).outcome
    runs.close()  # type: ignore[attr-defined] # a generator
    return outcome


@pytest.fixture(scope="module")
def crowded(alone: Outcome, tmp_path_factory: pytest.TempPathFactory, hour: Path) -> Iterator[Finished]:
    """The same beside every unruly one."""
    _ = alone
    folder = tmp_path_factory.mktemp("crowded")
    resources = folder / "resources"
    resources.mkdir()
    for each in RESOURCES.iterdir():
        (resources / each.name).write_text(each.read_text())
    (resources / "unruly.yaml").write_text("---\n".join(unruly(name) for name in KINDS))
    yield from replayed(folder, hour, resources)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panda]:
    """A synthetic market with one healthy strategy."""
    folder = tmp_path_factory.mktemp("desk")
    panda = Panda(folder / "data", (HERE,))
    try:
        panda.run("up", "-f", str(RESOURCES), "--synthetic", "10", "--rate", "100", "--config", budget(folder))
        yield panda
    finally:
        panda.down()
        panda.run("reset", "-y", check=False)
