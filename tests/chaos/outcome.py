"""What a run came to, in a form that two runs can be compared by: events, books, history and read model."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime

import msgspec
from tests.chaos import administrator
from tests.chaos.arena import Arena, ArenaError

from alpha_panda.checker.check import check
from alpha_panda.checker.dead_letters import letters_for_malformed, true_letters
from alpha_panda.checker.model import Finding, Log, Place
from alpha_panda.checker.projection import project
from alpha_panda.checker.reading import Facts
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.local.log_reader import read_log
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

    def was_trading(self, moment: datetime) -> bool:
        """Whether the day was going on."""
        return self.began <= moment <= self.ended


async def outcome_of(arena: Arena) -> Outcome:
    """Read everything that a drained run has left; records that the harness wrote are no part of it."""
    whole = await read_log(arena.layout)
    facts = await asyncio.to_thread(Facts, without(whole, frozenset({*arena.injected, *arena.poison})))
    projections = project(facts)
    parts = {f"events of {each.owner}": tuple(_text(row) for row in each.rows) for each in projections}
    parts |= await _tables(arena)
    parts |= await read_model(arena)
    written = [fact.envelope.timestamp for fact, marker in facts.of(EpochClosed) if marker.task == _FEED]
    if not written:
        raise ArenaError("the feed has not marked a single epoch")
    return Outcome(
        parts=parts,
        findings=await asyncio.to_thread(_findings, whole, facts),
        log=whole,
        began=min(written),
        ended=max(written),
    )


def _findings(whole: Log, facts: Facts) -> tuple[Finding, ...]:
    """Every invariant; those of dead letters on the whole log, since letters are about what the harness wrote."""
    everything = Facts(whole)
    letters = (letters_for_malformed(everything), true_letters(everything))
    names = {each.invariant for each in letters}
    return (*(each for each in check(facts) if each.invariant not in names), *letters)


def without(log: Log, injected: frozenset[Place]) -> Log:
    """The log without records that the harness wrote."""
    return msgspec.structs.replace(log, records=tuple(each for each in log.records if each.place not in injected))


async def read_model(arena: Arena) -> dict[str, tuple[str, ...]]:
    """What Redis shows of the account, without when it was written."""
    async with administrator.redis(arena) as redis:
        found = {part: await redis.get(f"{BROKER}:portfolio:{part}") for part in PARTS}
    return {
        f"read model: {part}": () if text is None else (json.dumps(json.loads(text)["data"], sort_keys=True),)
        for part, text in found.items()
    }


async def _tables(arena: Arena) -> dict[str, tuple[str, ...]]:
    async with administrator.database(arena) as database:
        return {
            f"table {name}": tuple(row["row"] for row in await database.fetch(question))
            for name, question in _TABLES.items()
        }


def _text(row: object) -> str:
    return msgspec.json.encode(row).decode()
