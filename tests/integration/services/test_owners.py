"""Owners, snapshots and claims in a real PostgreSQL: whoever is not the owner any more changes nothing there."""

from __future__ import annotations

import asyncio

import asyncpg
import msgspec
import pytest
from tests.unit.runtime.counting import tick

from alpha_panda.events.envelope import Origin, decode_header, encode
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.topics import BARS
from alpha_panda.runtime.claims import PostgresClaims
from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.owners import PostgresOwners, owned
from alpha_panda.runtime.snapshots import PostgresSnapshots, Snapshot

pytestmark = pytest.mark.integration
Pool = asyncpg.Pool
SERVICE = TASK = "paper.risk-manager"
SNAPSHOT = Snapshot(
    epoch=3, offsets={"in": {0: 7}}, outputs={"out": {0: 9}}, state=b"{}", fences={"in": {0: {TASK: [(5, 1)]}}}, fence=1
)


async def take(pool: Pool, owner: str = "a", at_least: int = 1) -> int:
    return await PostgresOwners(pool, "paper").take(SERVICE, TASK, owner, at_least)


async def test_fences_rise_and_never_below_what_is_asked_for(pool: Pool):
    assert [await take(pool), await take(pool), await take(pool, at_least=9), await take(pool)] == [1, 2, 9, 10]


async def test_fences_of_owners_that_come_at_once_differ(pool: Pool):
    fences = await asyncio.gather(*(take(pool, f"owner {n}") for n in range(20)))
    assert sorted(fences) == list(range(1, 21))


async def test_the_owner_is_told_from_those_before_it(pool: Pool):
    owners = PostgresOwners(pool, "paper")
    first = await take(pool)
    assert await owners.renew(SERVICE, {TASK: first}) == frozenset()
    second = await take(pool, "b")
    assert await owners.renew(SERVICE, {TASK: first}) == {TASK}
    await owners.contest(SERVICE, {TASK: first})
    held = await owners.held(SERVICE, TASK)
    assert held is not None
    assert (held.owner, held.fence, held.fresh, held.contested) == ("b", second, True, True)
    await owners.release(SERVICE, {TASK: first})
    assert (await owners.held(SERVICE, TASK)) == held
    await owners.release(SERVICE, {TASK: second})
    assert (await owners.held(SERVICE, TASK)) == msgspec.structs.replace(held, fresh=False)


async def test_only_the_owner_replaces_the_snapshot(pool: Pool):
    snapshots = PostgresSnapshots(pool, "paper")
    await take(pool)
    await snapshots.save(SERVICE, TASK, SNAPSHOT)
    await take(pool, "b")
    with pytest.raises(FencedError, match="another owner"):
        await snapshots.save(SERVICE, TASK, msgspec.structs.replace(SNAPSHOT, epoch=4))
    with pytest.raises(FencedError, match="another owner"):
        await snapshots.save(SERVICE, TASK, msgspec.structs.replace(SNAPSHOT, epoch=4, fence=None))
    kept = await snapshots.load(SERVICE, TASK)
    assert kept == msgspec.structs.replace(SNAPSHOT, fence=None)


async def test_a_takeover_waits_for_a_write_that_has_begun_and_a_write_for_a_takeover(pool: Pool):
    fence = await take(pool)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert await connection.fetchval(owned("paper", "$1", "$2", "$3"), SERVICE, TASK, fence) == 1
        taking = asyncio.create_task(take(pool, "b"))
        done, _ = await asyncio.wait({taking}, timeout=0.2)
        assert not done
        await transaction.rollback()
    assert await taking == fence + 1
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        sql = 'UPDATE "paper".owners SET fence = fence + 1'
        await connection.execute(sql)
        saving = asyncio.create_task(
            PostgresSnapshots(pool, "paper").save(SERVICE, TASK, msgspec.structs.replace(SNAPSHOT, fence=fence + 1))
        )
        done, _ = await asyncio.wait({saving}, timeout=0.2)
        assert not done
        await transaction.commit()
    with pytest.raises(FencedError):
        await saving
    assert await PostgresSnapshots(pool, "paper").load(SERVICE, TASK) is None


async def test_the_claims_that_a_sink_has_met_are_there_at_its_next_start(pool: Pool):
    claims = PostgresClaims(pool, "market")
    place = (BARS.full_name(), 0, 10)
    for _ in range(2):
        await claims.keep([(place, OwnershipTaken(task=TASK, fence=2, owner="a"))])
    fences = await claims.load()
    zombie = decode_header(encode(tick(1), Origin(source=TASK, fence=1)))
    assert fences.is_fenced((BARS.full_name(), 0, 11), zombie)
    assert not fences.is_fenced((BARS.full_name(), 0, 9), zombie)
