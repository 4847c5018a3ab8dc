"""Where a sink keeps the claims that it has met: its restart goes on behind them and needs them to read on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import asyncpg

from alpha_panda.events.fences import Fences, Place
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.runtime.store_errors import postgres_errors

Met = tuple[Place, OwnershipTaken]


class Claims(Protocol):
    """Where claims are kept."""

    async def load(self) -> Fences:
        """All that were kept."""

    async def keep(self, met: Sequence[Met]) -> None:
        """Keep them before anything behind them counts as read; those that are kept already stay."""


class ForgottenClaims:
    """Keeps nothing: for a reader that starts from the beginning each time."""

    async def load(self) -> Fences:
        """None."""
        return Fences()

    async def keep(self, met: Sequence[Met]) -> None:
        """They are read again."""


class PostgresClaims:
    """The table `claims` of a schema."""

    def __init__(self, pool: asyncpg.Pool[Any], schema: str) -> None:
        """Use `schema`.claims over `pool`."""
        self._pool = pool
        self._table = f'"{schema}".claims'

    async def load(self) -> Fences:
        """All that were kept; raises TransientError where PostgreSQL does not answer, as `keep` does."""
        sql = f"SELECT topic, partition, at_offset, task, fence FROM {self._table} ORDER BY at_offset"  # noqa: S608 — the table is ours
        with postgres_errors():
            rows = await self._pool.fetch(sql)
        fences = Fences()
        for topic, partition, offset, task, fence in rows:
            fences.learn((topic, partition, offset), OwnershipTaken(task=task, fence=fence, owner=""))
        return fences

    async def keep(self, met: Sequence[Met]) -> None:
        """Keep them in one statement."""
        sql = (
            f"INSERT INTO {self._table} (topic, partition, at_offset, task, fence) SELECT * FROM "  # noqa: S608
            "unnest($1::text[], $2::integer[], $3::bigint[], $4::text[], $5::bigint[]) ON CONFLICT DO NOTHING"
        )
        columns = zip(*((*place, claim.task, claim.fence) for place, claim in met), strict=True)
        with postgres_errors():
            await self._pool.execute(sql, *columns)
