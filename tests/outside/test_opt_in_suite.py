"""The suite that asks the real Kite Connect, against the simulator: it passes there, and without a login it says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.kite.conftest import missing
from tests.support.kite import API_KEY, running_simulator

ROOT = Path(__file__).parents[2]


def suite(**environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KITE_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "tests/kite", "-m", "kite", "-p", "no:cacheprovider"]
    return subprocess.run(  # noqa: S603 - our own suite
        command, cwd=ROOT, env={**kept, **environment}, capture_output=True, text=True, check=False, timeout=300
    )


def test_without_a_login_it_fails_at_once_with_what_is_missing() -> None:
    found = suite()
    assert found.returncode == 1
    assert "KITE_API_KEY" in found.stdout + found.stderr
    assert "KITE_REQUEST_TOKEN" in found.stdout + found.stderr
    assert "passed" not in found.stdout


def test_a_token_or_what_it_is_exchanged_for_is_enough() -> None:
    assert missing({"KITE_API_KEY": "key", "KITE_ACCESS_TOKEN": "token"}) is None
    assert missing({"KITE_API_KEY": "key", "KITE_API_SECRET": "secret", "KITE_REQUEST_TOKEN": "token"}) is None
    assert "not set: KITE_ACCESS_TOKEN, or else KITE_REQUEST_TOKEN." in str(
        missing({"KITE_API_KEY": "key", "KITE_API_SECRET": "secret"})
    )


def test_with_a_login_it_asks_and_never_orders() -> None:
    with running_simulator() as simulator:
        simulator.price("NSE:INFY", 1500_00)
        token = simulator.client().access_token
        found = suite(
            KITE_API_KEY=API_KEY,
            KITE_ACCESS_TOKEN=token,
            KITE_ROOT=simulator.root,
            KITE_TICKER_ROOT=simulator.ticker_root,
        )
        assert found.returncode == 0, found.stdout + found.stderr
        calls = {line["call"] for line in simulator.lines("request")}
    assert {"profile", "instruments", "quote", "historical", "margins", "order-margins"} <= calls
    assert not calls & {"place", "modify", "cancel"}
