"""A connection to the platform's database with the administrator's rights, for commands that look at everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.postgres import ADMIN, DATABASE
from alpha_panda.runtime.store_errors import postgres_errors


@asynccontextmanager
async def database(layout: Layout) -> AsyncIterator[Any]:
    """A connection of asyncpg, which has no usable types.

    Raises:
        UnavailableError: PostgreSQL of this data directory does not answer, also while the connection is used.
    """
    with postgres_errors():
        connection = await asyncpg.connect(
            host=HOST,
            port=Ports(layout).known("postgres"),
            user=ADMIN,
            password=layout.secret("postgres-admin"),
            database=DATABASE,
        )
        try:
            yield connection
        finally:
            await connection.close()
