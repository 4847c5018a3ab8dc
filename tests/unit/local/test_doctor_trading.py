"""What the doctor says of a Broker that trades at an exchange, or does not."""

from __future__ import annotations

from typing import Any

from alpha_panda.local.doctor.findings import Level
from alpha_panda.local.doctor.trading import judge_trading

WELL: dict[str, Any] = {"trading": True, "why_not": "", "live": True, "findings": [], "age_seconds": 0.4}


def test_a_broker_that_does_not_trade_fails_with_the_reason_in_one_line() -> None:
    why = "the outcome of orders is not known: LRX63YLKICHYQS2LLXBO"
    found = judge_trading("zerodha", {**WELL, "trading": False, "why_not": why})
    assert (found.level, found.message) == (Level.FAILED, f"zerodha: no entry is sent: {why}")
    assert found.remedy == "panda zerodha reconcile"


def test_a_service_that_says_nothing_is_no_service_that_trades() -> None:
    for standing in (None, {**WELL, "age_seconds": 31.0}):
        assert judge_trading("zerodha", standing).level is Level.FAILED


def test_a_dry_run_is_named_and_what_the_exchange_says_in_vain_is_a_warning() -> None:
    assert "dry run" in judge_trading("zerodha", {**WELL, "live": False}).message
    assert judge_trading("zerodha", WELL).message == "zerodha: entries go"
    assert judge_trading("zerodha", {**WELL, "findings": ["a trade has no time"]}).level is Level.WARNING
