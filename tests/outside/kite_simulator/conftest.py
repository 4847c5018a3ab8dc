"""One simulator for each test, with one price known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kiteconnect import KiteConnect
from tests.support.kite import RunningSimulator, running_simulator


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        running.price("NSE:INFY", 1500_00)
        yield running


@pytest.fixture
def kite(simulator: RunningSimulator) -> KiteConnect:
    return simulator.client()
