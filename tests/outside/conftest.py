"""The outside world as it is played: one simulator of Kite for each test, one Yahoo for those of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from kiteconnect import KiteConnect
from tests.support.kite import RunningSimulator, running_simulator
from tests.support.yahoo import Yahoo, running_yahoo

from alpha_panda.runtime.yahoo_settings import YahooSettings


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    """With one price known."""
    with running_simulator() as running:
        running.price("NSE:INFY", 1500_00)
        yield running


@pytest.fixture
def kite(simulator: RunningSimulator) -> KiteConnect:
    return simulator.client()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Yahoo, Callable[..., YahooSettings]]]:
    """Yahoo, and the settings with which it is asked; a test makes it forget the one before."""
    with running_yahoo(tmp_path_factory.mktemp("yahoo")) as both:
        yield both
