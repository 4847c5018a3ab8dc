"""Hearing of changed resources: PostgreSQL's notifications, and a look at everything after each reconnection.

A connection that was lost may have lost notifications with it, so every new one counts as a change.
"""

from __future__ import annotations

import asyncio

import asyncpg
import structlog

from alpha_panda.operations.resource_store import CHANNEL

_RECONNECT_SECONDS = 1.0


async def watch_changes(dsn: str, changed: asyncio.Event) -> None:
    """Set `changed` whenever a resource may have changed, until cancelled."""
    log = structlog.get_logger()
    while True:
        lost = asyncio.Event()
        try:
            connection = await asyncpg.connect(dsn, timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            log.warning("resources cannot be watched and are tried again", reason=str(error) or type(error).__name__)
            await asyncio.sleep(_RECONNECT_SECONDS)
            continue
        try:
            connection.add_termination_listener(lambda _, lost=lost: lost.set())
            await connection.add_listener(CHANNEL, lambda *_: changed.set())
            changed.set()
            await lost.wait()
        finally:
            connection.terminate()
