"""What is tried on a platform after its day: everything is rebuilt from the log, dead letters are written back twice.

Each gives a finding, like the invariants of the log's checker.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Final

from tests.chaos import administrator
from tests.chaos.arena import Arena
from tests.chaos.outcome import BROKER, Outcome, outcome_of, read_model
from tests.chaos.verdict import differences

from alpha_panda.checker.model import Examination, Finding, place_text
from alpha_panda.events.topics import DLQ_SUFFIX, parse_name
from alpha_panda.local.letter_box import read_letters, read_marks, write_back
from alpha_panda.local.letters import Decision, Kind, Letter, Step, plan_replay

REBUILT = ("bar-builder", "strategy-runner", *(f"{BROKER}.{name}" for name in ("risk-manager", "paper-trading")))
_PORTFOLIO = f"{BROKER}.portfolio"
_SETTLE_SECONDS = 0.3
_POLL_SECONDS = 0.2
CACHE_SECONDS = 10.0
"""By then Redis must show the account again."""


async def poison_is_set_aside(arena: Arena) -> Finding:
    """Each record that nobody can process has a dead letter with the reason."""
    look = Examination("poison_is_set_aside", "each record that nobody can process is set aside with the reason")
    reasons: dict[tuple[str, int, int], list[str]] = defaultdict(list)
    for letter in await read_letters(arena.layout):
        reasons[letter.source].append(letter.reason)
    for place, word in sorted(arena.poison.items()):
        look.look()
        if not any(word in reason for reason in reasons[place]):
            look.fail(place_text(place), f"no dead letter says {word!r}, only {reasons[place]}")
    return look.finding()


async def rebuilt_from_the_log(arena: Arena, before: Outcome, deadline: float) -> Finding:
    """With snapshots, books and read model gone, the log alone gives the same again, and nothing is written twice."""
    look = Examination("rebuilt_from_the_log", "without snapshots, books and read model the log gives the same again")
    names = (*REBUILT, _PORTFOLIO)
    pids = [await arena.living(name) for name in names]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(_SETTLE_SECONDS)
    async with administrator.database(arena) as database:
        await database.execute("SET session_replication_role = replica")  # the books are append-only otherwise
        for table in ("market.snapshots", f"{BROKER}.snapshots", f"{BROKER}.ledger"):
            await database.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
    async with administrator.redis(arena) as redis:
        await redis.flushall()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    await asyncio.gather(*(arena.replaced(name, pid) for name, pid in zip(names, pids, strict=True)))
    await arena.drained(deadline)
    after = await outcome_of(arena)
    look.look(sum(map(len, after.parts.values())))
    for difference in differences(before, after):
        look.fail(difference.partition(":")[0], difference)
    return look.finding()


async def second_replay_changes_nothing(arena: Arena, before: Outcome, deadline: float) -> Finding:
    """Dead letters are written back; a second time there is nothing to write, and the day is what it was."""
    look = Examination("second_replay_changes_nothing", "dead letters written back twice change nothing")
    written = await write_back(arena.layout, await _due(arena))
    look.look(written)
    await arena.drained(deadline)
    for step in await _due(arena):
        look.fail(place_text(step.letter.source), "it would be written back a second time")
    after = await outcome_of(arena)
    for difference in differences(before, after):
        look.fail(difference.partition(":")[0], difference)
    return look.finding()


async def cache_comes_back(arena: Arena, before: Outcome, _deadline: float) -> Finding:
    """Redis loses everything when nothing happens any more, and shows the account again within seconds."""
    look = Examination("cache_comes_back", "a flushed Redis shows the account again")
    async with administrator.redis(arena) as redis:
        await redis.flushall()
    wanted = {name: rows for name, rows in before.parts.items() if name.startswith("read model")}
    deadline = time.monotonic() + CACHE_SECONDS
    while (found := await read_model(arena)) != wanted:
        if time.monotonic() > deadline:
            missing = ", ".join(sorted(name for name, rows in found.items() if rows != wanted[name]))
            look.fail("Redis", f"not shown again after {CACHE_SECONDS:g} s: {missing}")
            break
        await asyncio.sleep(_POLL_SECONDS)
    look.look(len(wanted))
    return look.finding()


async def _due(arena: Arena) -> tuple[Step, ...]:
    """What a replay of every partitioned topic's dead letters would write back now."""
    letters = [letter for letter in await read_letters(arena.layout) if _may_go_back(letter)]
    steps = plan_replay(letters, await read_marks(arena.layout, letters), returned=False)
    return tuple(step for step in steps if step.decision is Decision.REPLAY)


def _may_go_back(letter: Letter) -> bool:
    """Topics of one partition hold states and protocols, whose old records would overrule newer ones."""
    return letter.kind is Kind.RECORD and not parse_name(letter.topic.removesuffix(DLQ_SUFFIX))[0].single


AFTERMATHS: Final[dict[str, Callable[[Arena, Outcome, float], Awaitable[Finding]]]] = {
    "rebuild": rebuilt_from_the_log,
    "letters": second_replay_changes_nothing,
    "cache": cache_comes_back,
}
"""By name: what may be tried after the day."""
