"""A message that a person asks for to see whether a channel works: put out for the notifier, and waited for."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from alpha_panda.domain.channels import TEST, DeliveryState
from alpha_panda.events.ids import event_id
from alpha_panda.runtime.store_errors import postgres_errors

_POLL_SECONDS: Final = 0.2
_TRIES: Final = 1
_ALERT: Final = """
INSERT INTO platform.alerts (id, key, kind, priority, title, text, state, count, level, raised_at, last_at, last_cause,
    resolved_at, written_at)
VALUES ($1, $2, 'test', 'low', $3, $4, 'resolved', 1, 0, $5, $5, '', $5, clock_timestamp())
"""
_DELIVERY: Final = """
INSERT INTO platform.deliveries (alert_id, occasion, channel, state, due_at, changed_at)
VALUES ($1, $2, $3, 'pending', now(), now())
"""
_OUTCOME: Final = """
SELECT state, attempts, reason FROM platform.deliveries WHERE alert_id = $1 AND occasion = $2 AND channel = $3
"""


async def test_of(connection: Any, channel: str, actor: str) -> UUID:  # noqa: ANN401 - asyncpg has no usable type
    """Put a test of the channel out; its id."""
    now = datetime.now(UTC)
    identity = UUID(event_id(now, "test", channel, actor))
    text = f"asked for by {actor}"
    with postgres_errors():
        async with connection.transaction():
            title = f"Alpha Panda: a test of channel {channel}"
            await connection.execute(_ALERT, identity, f"test:{identity}", title, text, now)
            await connection.execute(_DELIVERY, identity, TEST, channel)
    return identity


async def wait_for_test(connection: Any, channel: str, identity: UUID, seconds: float) -> str:  # noqa: ANN401 - as above
    """Empty when it was sent; otherwise why not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with postgres_errors():
            row = await connection.fetchrow(_OUTCOME, identity, TEST, channel)
        if row is None:
            return "the channel was removed meanwhile"
        if row["state"] == DeliveryState.SENT.value:
            return ""
        if row["state"] != DeliveryState.SENDING.value and row["attempts"] >= _TRIES:
            return str(row["reason"] or row["state"])
        await asyncio.sleep(_POLL_SECONDS)
    return f"the notifier has not sent it within {seconds:g} s: see `panda status` and `panda logs notifier`"
