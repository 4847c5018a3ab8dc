"""What people see of an account outlives a Redis that forgets, also when nothing happens any more."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis.asyncio import Redis
from tests.unit.portfolio.trades import account, at, fill

from alpha_panda.events.signals import Side
from alpha_panda.portfolio.display import Display
from alpha_panda.portfolio.read_model import PARTS, ReadModelWriter
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.ownership import Tenure

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 10.0
KEYS = [f"paper:portfolio:{part}" for part in PARTS]


async def test_a_read_model_that_is_lost_is_shown_again_though_nothing_happens(redis: Redis):
    processor = account(fill(Side.BUY, 100, 9_500, 1))
    list(processor.on_watermark(at(3)))
    model = processor.read_model()
    assert model is not None
    display = Display(ReadModelWriter(redis, "paper"), Metrics("portfolio", "paper"), seconds=0.05)
    await display.show(model, Tenure("paper.portfolio", "paper.portfolio"))
    await redis.delete(*KEYS)
    keeping = asyncio.create_task(display.keep())
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while await redis.exists(*KEYS) < len(KEYS):
            assert time.monotonic() < deadline, "the read model is not shown again"
            await asyncio.sleep(0.02)
    finally:
        keeping.cancel()


async def test_nothing_is_shown_before_there_is_an_account(redis: Redis):
    display = Display(ReadModelWriter(redis, "paper"), Metrics("portfolio", "paper"), seconds=0.01)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(display.keep(), 0.3)
    assert await redis.exists(*KEYS) == 0
