"""What an administrator may read of a Broker at an exchange: how its login stands, and its service's last word.

The token is not read; only the services that use it can open it.
"""

from __future__ import annotations

import json
from typing import Final

import asyncpg

from alpha_panda.errors import UnavailableError
from alpha_panda.provision.postgres import connect
from alpha_panda.provision.sql import identifier
from alpha_panda.resources.standing import ExchangeStanding

_STANDING: Final = """
SELECT login.user_id, login.expires_at, login.refused_at, word.written_at, word.data
FROM (SELECT 1) AS one
LEFT JOIN {schema}.kite_session AS login ON true
LEFT JOIN {schema}.exchange_standing AS word ON true
ORDER BY word.written_at DESC NULLS LAST LIMIT 1
"""


async def read_standing(dsn: str, broker: str) -> ExchangeStanding:
    """How a Broker at an exchange stands; raises UnavailableError where the database does not tell."""
    connection = await connect(dsn)
    try:
        row = await connection.fetchrow(_STANDING.format(schema=identifier(broker)))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise UnavailableError(f"how Broker {broker} stands cannot be read: {error}") from error
    finally:
        await connection.close()
    said = json.loads(row["data"]) if row["data"] is not None else {}
    return ExchangeStanding(
        user_id=row["user_id"],
        expires_at=row["expires_at"],
        refused_at=row["refused_at"],
        told_at=row["written_at"],
        trading=bool(said.get("trading")),
        why_not=str(said.get("why_not", "")),
        live=bool(said.get("live")),
    )
