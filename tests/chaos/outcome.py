"""What a run came to, in a form that two runs can be compared by: events, books, history and read model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
import msgspec
from redis.asyncio import Redis
from tests.chaos.arena import Arena, ArenaError

from alpha_panda.checker.check import check
from alpha_panda.checker.model import Finding, Log, Place
from alpha_panda.checker.projection import project
from alpha_panda.checker.reading import Facts
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.local.log_reader import read_log
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.postgres import ADMIN, DATABASE
from alpha_panda.portfolio.read_model import PARTS

BROKER = "paper"
_LEDGER = """
SELECT CASE WHEN description LIKE 'starting cash%' THEN (entry, account, amount_paise)::text ELSE each::text END AS row
FROM paper.ledger AS each ORDER BY 1
"""
"""Starting cash is booked when the Broker is applied: its time and ids are the wall clock's."""
_TABLES = {
    "paper.ledger": _LEDGER,
    **{
        f"{schema}.{table}": f"SELECT each::text AS row FROM {schema}.{table} AS each ORDER BY 1"  # noqa: S608 - ours
        for schema, tables in (("market", ("ticks", "bars")), (BROKER, ("signals", "orders", "fills")))
        for table in tables
    },
}
_FEED = "market-feed"


@dataclass(frozen=True)
class Outcome:
    """A run at its end. Equal `parts`: the same day, to the last id and paisa."""

    parts: dict[str, tuple[str, ...]]
    """Rows by name: the projection of each owner, each table, each part of the read model."""
    findings: tuple[Finding, ...]
    log: Log
    began: datetime
    ended: datetime
    """When the feed's first and final epochs went out, by the wall clock."""
    digests: dict[str, str] = field(default_factory=dict)

    def was_trading(self, moment: datetime) -> bool:
        """Whether the day was going on."""
        return self.began <= moment <= self.ended


async def outcome_of(arena: Arena, injected: Iterable[Place] = ()) -> Outcome:
    """Read everything that a drained run has left; `injected` are records that the harness wrote itself."""
    whole = await read_log(arena.layout)
    log = without(whole, frozenset(injected))
    facts = await asyncio.to_thread(Facts, log)
    projections = project(facts)
    parts = {f"events of {each.owner}": tuple(_text(row) for row in each.rows) for each in projections}
    parts |= await _tables(arena)
    parts |= await read_model(arena)
    written = [
        (fact.envelope.epoch, fact.envelope.timestamp) for fact, marker in facts.of(EpochClosed) if marker.task == _FEED
    ]
    if not written:
        raise ArenaError("the feed has not marked a single epoch")
    return Outcome(
        parts=parts,
        findings=await asyncio.to_thread(check, facts),
        log=whole,
        began=min(written)[1],
        ended=max(written)[1],
        digests={each.owner: each.digest for each in projections},
    )


def without(log: Log, injected: frozenset[Place]) -> Log:
    """The log without records that the harness wrote; what was set aside stays, for its dead letters to be checked."""
    if not injected:
        return log
    return msgspec.structs.replace(log, records=tuple(each for each in log.records if each.place not in injected))


async def read_model(arena: Arena) -> dict[str, tuple[str, ...]]:
    """What Redis shows of the account, without when it was written."""
    redis = Redis(
        host=HOST,
        port=Ports(arena.layout).known("redis"),
        username=ADMIN,
        password=arena.layout.secret("redis-admin"),
        decode_responses=True,
    )
    try:
        found = {part: await redis.get(f"{BROKER}:portfolio:{part}") for part in PARTS}
    finally:
        await redis.aclose()
    return {
        f"read model: {part}": () if text is None else (json.dumps(json.loads(text)["data"], sort_keys=True),)
        for part, text in found.items()
    }


async def _tables(arena: Arena) -> dict[str, tuple[str, ...]]:
    connection = await asyncpg.connect(
        host=HOST,
        port=Ports(arena.layout).known("postgres"),
        user=ADMIN,
        password=arena.layout.secret("postgres-admin"),
        database=DATABASE,
    )
    try:
        return {
            f"table {name}": tuple(row["row"] for row in await connection.fetch(question))
            for name, question in _TABLES.items()
        }
    finally:
        await connection.close()


def _text(row: object) -> str:
    return msgspec.json.encode(row).decode()
