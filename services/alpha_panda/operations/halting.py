"""Halt and resume trading through all doors at once: what each store said, however many of them answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from alpha_panda.domain.kill_switch import halt_key
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.operations.halt_door import Door, Standing
from alpha_panda.runtime.patience import within

_HEAD_START_SECONDS: Final = 0.05


class DoorReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one door."""

    door: str
    done: bool
    says: str


class Standings(msgspec.Struct, frozen=True, kw_only=True):
    """The halts in force, and the doors that could not be read."""

    halts: tuple[Standing, ...]
    unreadable: tuple[DoorReport, ...]

    def held_by(self, scope: HaltScope, subject: str) -> tuple[str, ...]:
        """The doors that hold a halt of exactly this scope and subject."""
        key = halt_key(scope, subject)
        return tuple(dict.fromkeys(each.door for each in self.halts if halt_key(each.scope, each.subject) == key))


async def read_halts(doors: Sequence[Door]) -> Standings:
    """What each door says."""
    found: list[Standing] = []

    async def read(door: Door) -> str:
        halts = await door.read()
        found.extend(halts)
        return f"{len(halts)}"

    asked = [door for door in doors if any(door.serves(scope) for scope in HaltScope)]
    reports = await asyncio.gather(*(_attempt(door, read) for door in asked))
    order = {door.name: rank for rank, door in enumerate(doors)}
    ranks = {scope: rank for rank, scope in enumerate(HaltScope)}
    halts = sorted(found, key=lambda each: (ranks[each.scope], each.subject, order[each.door], each.reason))
    return Standings(halts=tuple(halts), unreadable=tuple(each for each in reports if not each.done))


async def press(
    doors: Sequence[Door], halt: TradingHalted, held: Callable[[], None] = lambda: None
) -> tuple[DoorReport, ...]:
    """Press every door that serves the halt's scope, side by side; trading is halted when one of them holds.

    Prompt doors have a head start: to make the clients of the others takes longer than such a press. `held` is
    called once, as soon as a door holds it.
    """
    holding: list[str] = []

    async def push(door: Door) -> DoorReport:
        report = await _attempt(door, lambda each: each.press(halt))
        if report.done:
            holding.append(door.name)
            if len(holding) == 1:
                held()
        return report

    serving = [door for door in doors if door.serves(halt.scope)]
    pressed: dict[str, asyncio.Task[DoorReport]] = {}
    for prompt in (True, False):
        begun = [door for door in serving if door.prompt is prompt]
        pressed |= {door.name: asyncio.create_task(push(door)) for door in begun}
        if prompt and begun:
            await asyncio.wait(pressed.values(), timeout=_HEAD_START_SECONDS)
    return tuple([await pressed[door.name] for door in serving])


async def release(doors: Sequence[Door], resumed: TradingResumed, standing: Standings) -> tuple[DoorReport, ...]:
    """Release the doors that hold exactly this halt; those that could not be read may hold it too, and are named.

    Raises:
        InputError: none that could be read holds it; the message names what is halted.
    """
    holding = standing.held_by(resumed.scope, resumed.subject)
    if not holding:
        raise _not_halted(resumed, standing)
    released = [door for door in doors if door.name in holding]
    done = await asyncio.gather(*(_attempt(door, lambda each: each.release(resumed)) for door in released))
    missed = [door.name for door in doors if door.serves(resumed.scope)]
    return (*done, *(each for each in standing.unreadable if each.door in missed))


def _not_halted(resumed: TradingResumed, standing: Standings) -> InputError:
    where = f"{resumed.scope} {resumed.subject}".strip()
    halted = sorted({each.where for each in standing.halts})
    said = f"trading is not halted for {where}; halted: {', '.join(halted) or 'nothing'}"
    for each in standing.unreadable:
        said += f"\n{each.door} could not be read: {each.says}"
    return InputError(said, remedy="resume exactly what was halted; `panda halts` shows it")


async def _attempt(door: Door, action: Callable[[Door], Awaitable[str]]) -> DoorReport:
    try:
        says = await within(door.seconds, action(door))
    except TimeoutError:
        return DoorReport(door=door.name, done=False, says=f"no answer within {door.seconds:g} s")
    except (PandaError, OSError) as error:
        return DoorReport(door=door.name, done=False, says=str(error) or type(error).__name__)
    return DoorReport(door=door.name, done=True, says=says)
