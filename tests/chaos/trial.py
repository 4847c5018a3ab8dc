"""One run under faults, from its start to its ruling."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.chaos.aftermath import AFTERMATHS, poison_is_set_aside
from tests.chaos.arena import ArenaError, arena
from tests.chaos.journals import Journals
from tests.chaos.nemesis import Appointment, Nemesis
from tests.chaos.outcome import Outcome, outcome_of
from tests.chaos.verdict import Judgement, Ruling, judge

DEADLINE_SECONDS = 400.0
"""By then a disturbed day must have drained, also on a busy machine; an undisturbed one takes twenty seconds."""
_SPEED = "1500"
"""The day takes 15 s, and longer by each fault; at full speed it would be over before faults could fall into it."""


async def undisturbed() -> Outcome:
    """The day as nobody disturbs it."""
    folder = Path(tempfile.mkdtemp(prefix="panda-chaos-"))
    try:
        async with arena(folder, "max") as found:
            await found.drained(time.monotonic() + DEADLINE_SECONDS)
            return await outcome_of(found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def trial(  # noqa: PLR0913 - each is one choice of a run
    reference: Outcome,
    lanes: Sequence[Sequence[Appointment]],
    *,
    aftermath: str = "",
    speed: str = _SPEED,
    patience: float = DEADLINE_SECONDS,
    keep: Path | None = None,
) -> Ruling:
    """Trade the day under these faults, for at most `patience` seconds; a run that does not pass has its logs kept."""
    folder = Path(tempfile.mkdtemp(prefix="panda-chaos-"))
    begun = time.monotonic()
    faults = [each.fault for lane in lanes for each in lane]
    doors, small_disk = any(each.needs_doors for each in faults), any(each.needs_small_disk for each in faults)
    try:
        async with arena(folder, speed, doors=doors, small_disk=small_disk) as found:
            ruling = await _ruling(reference, Nemesis(found, lanes), time.monotonic() + patience, aftermath)
            if ruling.judgement is not Judgement.PASS and keep is not None:
                shutil.copytree(found.layout.logs, keep, dirs_exist_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return replace(ruling, seconds=time.monotonic() - begun)


async def _ruling(reference: Outcome, nemesis: Nemesis, deadline: float, aftermath: str) -> Ruling:
    place = nemesis.arena
    expected = {"acknowledged_is_kept", "same_for_all_readers", "readers_go_forward"}
    try:
        await nemesis.act(deadline)
        await place.drained(deadline)
        found = await outcome_of(place)
        extra = list(await asyncio.to_thread(Journals(place.journal, found.log).findings))
        if place.poison:
            extra.append(await poison_is_set_aside(place))
            expected |= {"poison_is_set_aside", "true_letters"}
        if aftermath in AFTERMATHS:
            extra.append(await AFTERMATHS[aftermath](place, found, deadline))
            expected.add(extra[-1].invariant)
    except ArenaError as error:
        return Ruling(Judgement.FAIL, (str(error),), tuple(nemesis.strikes))
    return judge(reference, found, nemesis.strikes, nemesis.missed, extra=extra, expected=frozenset(expected))
