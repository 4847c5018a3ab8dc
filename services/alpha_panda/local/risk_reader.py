"""How the accounts stand and what was refused last, read from each Broker's schema with the administrator's rights."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from alpha_panda.domain.standing import Standing
from alpha_panda.events.signals import SignalRejected
from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout

_BROKERS: Final = """
SELECT name FROM platform.resources WHERE kind = 'Broker' AND to_regclass(quote_ident(name) || '.standing') IS NOT NULL
ORDER BY name
"""
"""Those that hold their name: one whose name another resource has got, or that is no name, has no schema."""
_STANDING: Final = 'SELECT data::text AS data FROM "{schema}".standing'
_REFUSED: Final = """
SELECT event_time, data::text AS data FROM "{schema}".signals WHERE stage = 'rejected'
ORDER BY event_time DESC, id DESC LIMIT $1
"""


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A signal that was refused, and when in the market's time."""

    at: datetime
    verdict: SignalRejected


class BrokerRisk(msgspec.Struct, frozen=True, kw_only=True):
    """A Broker's account; `standing` is None until its risk manager has heard of the market."""

    broker: str
    standing: Standing | None
    refused: tuple[Refused, ...]
    """The latest first."""


async def read_risk(layout: Layout, refusals: int) -> tuple[BrokerRisk, ...]:
    """Each Broker by name, with so many of its last refusals.

    Raises:
        UnavailableError: PostgreSQL does not answer.
    """
    async with database(layout) as connection:
        names = [row["name"] for row in await connection.fetch(_BROKERS)]
        return tuple([await _read(connection, name, refusals) for name in names])


async def _read(connection: Any, broker: str, refusals: int) -> BrokerRisk:  # noqa: ANN401 — asyncpg has no types
    text = await connection.fetchval(_STANDING.format(schema=broker))
    rows = await connection.fetch(_REFUSED.format(schema=broker), refusals)
    return BrokerRisk(
        broker=broker,
        standing=None if text is None else msgspec.json.decode(text, type=Standing),
        refused=tuple(
            Refused(at=row["event_time"], verdict=msgspec.json.decode(row["data"], type=SignalRejected)) for row in rows
        ),
    )
