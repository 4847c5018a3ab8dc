"""One run under faults, from its start to its ruling."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.chaos.aftermath import poison_is_set_aside
from tests.chaos.arena import ArenaError, arena
from tests.chaos.journals import Journals
from tests.chaos.nemesis import Appointment, Nemesis
from tests.chaos.outcome import Outcome, outcome_of
from tests.chaos.verdict import Judgement, Ruling, judge

DEADLINE_SECONDS = 240.0
"""By then a disturbed day must have drained; an undisturbed one takes twenty seconds."""
_SPEED = "750"
"""The day takes 30 s, so that faults fall into trading."""


async def undisturbed() -> Outcome:
    """The day as nobody disturbs it."""
    folder = Path(tempfile.mkdtemp(prefix="panda-chaos-"))
    try:
        async with arena(folder, "max") as found:
            await found.drained(time.monotonic() + DEADLINE_SECONDS)
            return await outcome_of(found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def trial(
    reference: Outcome,
    lanes: Sequence[Sequence[Appointment]],
    *,
    speed: str = _SPEED,
    patience: float = DEADLINE_SECONDS,
    keep: Path | None = None,
) -> Ruling:
    """Trade the day under these faults, for at most `patience` seconds; a run that does not pass has its logs kept."""
    folder = Path(tempfile.mkdtemp(prefix="panda-chaos-"))
    begun = time.monotonic()
    try:
        doors = any(each.fault.needs_doors for lane in lanes for each in lane)
        async with arena(folder, speed, doors=doors) as found:
            ruling = await _ruling(reference, Nemesis(found, lanes), time.monotonic() + patience)
            if ruling.judgement is not Judgement.PASS and keep is not None:
                shutil.copytree(found.layout.logs, keep, dirs_exist_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return replace(ruling, seconds=time.monotonic() - begun)


async def _ruling(reference: Outcome, nemesis: Nemesis, deadline: float) -> Ruling:
    try:
        await nemesis.act(deadline)
        await nemesis.arena.drained(deadline)
    except ArenaError as error:
        return Ruling(Judgement.FAIL, (str(error),), tuple(nemesis.strikes))
    found = await outcome_of(nemesis.arena)
    expected = {"acknowledged_is_kept", "same_for_all_readers", "readers_go_forward"}
    extra = list(await asyncio.to_thread(Journals(nemesis.arena.journal, found.log).findings))
    if nemesis.arena.poison:
        extra.append(await poison_is_set_aside(nemesis.arena))
        expected |= {"poison_is_set_aside", "true_letters", "letters_for_malformed"}
    return judge(reference, found, nemesis.strikes, nemesis.missed, extra=extra, expected=frozenset(expected))
