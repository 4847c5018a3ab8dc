"""The table `owners` of a schema: one row a task, its fence raised by every takeover, in one statement each.

A statement is all or nothing even where its sender is paused in the middle. A transaction of several is not: a
paused process would hold its lock, and nobody could take over from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import asyncpg
import msgspec

from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.store_errors import postgres_errors

STALE_SECONDS: Final = 10
"""An owner that has said nothing for so long is not waited for."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns a task now."""

    fence: int
    owner: str
    fresh: bool
    """It said not long ago that it is alive."""
    contested: bool
    """The owner before it was alive when it was replaced: two copies run."""


class Owners(Protocol):
    """Where fences come from."""

    async def held(self, service: str, task: str) -> Held | None:
        """Who owns the task."""

    async def take(self, service: str, task: str, owner: str, at_least: int) -> int:
        """Become the owner; returns the new fence, which is higher than any before and not below `at_least`."""

    async def renew(self, service: str, fences: Mapping[str, int]) -> frozenset[str]:
        """Say that the owner of these tasks under these fences is alive; returns those that are another's by now."""

    async def contest(self, service: str, fences: Mapping[str, int]) -> None:
        """Leave word that the owner under these fences was alive when it was replaced."""

    async def release(self, service: str, fences: Mapping[str, int]) -> None:
        """Say that the owner under these fences has ended, so that nobody waits for it."""


class PostgresOwners:
    """The owners of a schema's tasks."""

    def __init__(self, pool: asyncpg.Pool[Any], schema: str) -> None:
        """Use `schema`.owners over `pool`."""
        self._pool = pool
        self._table = f'"{schema}".owners'

    async def held(self, service: str, task: str) -> Held | None:
        """Who owns the task; raises TransientError where PostgreSQL does not answer, as all of these do."""
        sql = (
            f"SELECT fence, owner, contested, seen_at > now() - make_interval(secs => {STALE_SECONDS}) AS fresh "  # noqa: S608 — the table is ours
            f"FROM {self._table} WHERE service = $1 AND task = $2"
        )
        with postgres_errors():
            row = await self._pool.fetchrow(sql, service, task)
        return None if row is None else Held(**dict(row))

    async def take(self, service: str, task: str, owner: str, at_least: int) -> int:
        """Become the owner."""
        sql = (
            f"INSERT INTO {self._table} AS held (service, task, fence, owner, taken_at, seen_at) "  # noqa: S608
            "VALUES ($1, $2, $4, $3, now(), now()) ON CONFLICT (service, task) DO UPDATE SET "
            "fence = greatest(held.fence + 1, $4), owner = $3, taken_at = now(), seen_at = now(), contested = false "
            "RETURNING fence"
        )
        with postgres_errors():
            return int(await self._pool.fetchval(sql, service, task, owner, at_least))

    async def renew(self, service: str, fences: Mapping[str, int]) -> frozenset[str]:
        """Say that one is alive."""
        with postgres_errors():
            rows = await self._pool.fetch(self._mine("seen_at = now()", "="), service, *_columns(fences))
        return frozenset(fences) - {row["task"] for row in rows}

    async def contest(self, service: str, fences: Mapping[str, int]) -> None:
        """Leave word."""
        with postgres_errors():
            await self._pool.execute(self._mine("contested = true", ">"), service, *_columns(fences))

    async def release(self, service: str, fences: Mapping[str, int]) -> None:
        """Say that one has ended."""
        with postgres_errors():
            await self._pool.execute(self._mine("seen_at = '-infinity'", "="), service, *_columns(fences))

    def _mine(self, change: str, relation: str) -> str:
        return (
            f"UPDATE {self._table} AS held SET {change} FROM unnest($2::text[], $3::bigint[]) AS mine (task, fence) "  # noqa: S608
            f"WHERE held.service = $1 AND held.task = mine.task AND held.fence {relation} mine.fence "
            "RETURNING held.task"
        )


def owned(schema: str, service: str, task: str, fence: str) -> str:
    """A query of one row while the task is owned under the fence, none else; the arguments are SQL but the schema.

    As part of a statement that writes it keeps any takeover waiting until that is done, and waits for one.
    """
    return f'SELECT 1 FROM "{schema}".owners WHERE service = {service} AND task = {task} AND fence = {fence} FOR SHARE'  # noqa: S608


def require_owned(count: int, task: str, fence: int) -> None:
    """Raise FencedError where `owned` gave no row."""
    if not count:
        raise FencedError(
            f"{task} has another owner; what this one knew under fence {fence} was not kept",
            remedy="see that only one copy of the service runs",
        )


def _columns(fences: Mapping[str, int]) -> tuple[list[str], list[int]]:
    return list(fences), list(fences.values())
