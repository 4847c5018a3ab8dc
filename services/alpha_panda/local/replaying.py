"""A second chance for dead letters, for the command line and for whoever asks the supervisor."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
import structlog

from alpha_panda.errors import InputError, PandaError
from alpha_panda.local.layout import Layout
from alpha_panda.local.letter_box import one_at_a_time, read_letters, read_marks, require_replayable, write_back
from alpha_panda.local.letters import Decision, Step, plan_replay
from alpha_panda.local.progress import Progress
from alpha_panda.operations.errands import Errand, Told, answer, take

_LOOK_SECONDS = 0.3


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which letters, and what is to be done with them."""

    topic: str
    reason: str | None = None
    """Only letters whose reason contains this."""
    returned: bool = False
    limit: int | None = None
    dry_run: bool = False


def replay_letters(layout: Layout, wanted: Wanted, progress: Progress) -> tuple[tuple[Step, ...], int]:
    """What is decided on each record that was set aside, and how many were written back.

    Raises:
        InputError: there is no such topic, or its letters cannot be replayed.
        UnavailableError: Kafka does not answer.
    """
    with one_at_a_time(layout, progress):
        steps = asyncio.run(_planned(layout, wanted))
        due = [step for step in steps if step.decision is Decision.REPLAY]
        left_out = {step.letter.source for step in due[wanted.limit :]} if wanted.limit is not None else set()
        steps = tuple(step for step in steps if step.letter.source not in left_out)
        return steps, 0 if wanted.dry_run else asyncio.run(write_back(layout, steps))


async def run_errands(layout: Layout) -> None:
    """Do what the API asks for, until it is cancelled; nothing that fails here is any service's business."""
    log = structlog.get_logger()
    while True:
        try:
            for errand in await asyncio.to_thread(take, layout.root):
                told = await asyncio.to_thread(_done, layout, errand)
                await asyncio.to_thread(answer, layout.root, errand, told)
                log.info("dead letters replayed", topic=errand.topic, written=told.written, problem=told.problem)
        except (OSError, msgspec.DecodeError) as error:
            log.warning("an errand was not done", reason=str(error))
        await asyncio.sleep(_LOOK_SECONDS)


def _done(layout: Layout, errand: Errand) -> Told:
    wanted = Wanted(topic=errand.topic, returned=errand.returned)
    try:
        steps, written = replay_letters(layout, wanted, lambda _: None)
    except PandaError as error:
        return Told(
            problem=f"{error}; {error.remedy}" if error.remedy else str(error), wrong=isinstance(error, InputError)
        )
    return Told(written=written, counts=dict(Counter(step.decision.value for step in steps)))


async def _planned(layout: Layout, wanted: Wanted) -> tuple[Step, ...]:
    letters = await read_letters(layout, wanted.topic)
    if wanted.reason is not None:
        letters = [letter for letter in letters if wanted.reason.lower() in letter.reason.lower()]
    require_replayable(layout, letters)
    return plan_replay(letters, await read_marks(layout, letters), returned=wanted.returned)
