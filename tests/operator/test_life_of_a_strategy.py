"""From `kubectl apply` to Ready, and what becomes of it: the operator as a process under its own Role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from tests.support.operators import Installed

PAPER = {"type": "Paper"}
MOMENTUM = {"strategy": "momentum", "instruments": [{"exchange": "NSE", "symbol": "RELIANCE"}]}


@pytest_asyncio.fixture(loop_scope="session")
async def running(installed: Installed) -> AsyncIterator[Installed]:
    """With an operator at work, and pods that run."""
    installed.start()
    pods = asyncio.create_task(installed.keep_pods_running())
    try:
        yield installed
    finally:
        pods.cancel()
        await asyncio.gather(pods, return_exceptions=True)


async def test_a_strategy_becomes_ready_and_nothing_was_denied(running: Installed):
    running.apply("Broker", "paper", PAPER)
    running.apply("Strategy", "momentum", MOMENTUM)
    await asyncio.to_thread(running.await_condition, "Strategy", "momentum")
    await asyncio.to_thread(running.await_condition, "Broker", "paper")
    assert running.names("deployments") == {
        *("panda-api", "panda-bar-builder", "panda-history", "panda-strategy-runner"),
        *("panda-paper-paper-trading", "panda-paper-portfolio", "panda-paper-risk-manager"),
    }
    assert running.denied() == []
