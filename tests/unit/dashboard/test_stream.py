"""An open page hears of a halt when it is pressed, and not with the next look into the stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.unit.api.fakes import World

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.dashboard import stream
from alpha_panda.dashboard.stream import News, Pulses
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.operations.halt_door import Door, Standing
from alpha_panda.operations.halting import press

HALT = TradingHalted(scope=HaltScope.BROKER, subject="paper", actor="ana", reason="drill")


async def admitted() -> None:
    """Whoever watches may."""


@pytest.fixture
async def dependencies() -> Dependencies:
    kept: list[Dependencies] = []

    def keep(made: Dependencies) -> tuple[()]:
        kept.append(made)
        return ()

    await World(keep).write_account()
    return kept[0]


async def following(news: AsyncIterator[News]) -> News:
    return await asyncio.wait_for(anext(news), 60)


async def test_a_halt_is_told_at_once(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(stream, "SILENCE_SECONDS", 3600.0)
    news = Pulses(dependencies).of("paper").watch(admitted)
    first, looked = await following(news), await following(news)
    dependencies.control.press(HALT)
    dependencies.hub.publish("halts", {"scope": "broker"})
    assert first.change < looked.change < (await following(news)).change
    await news.aclose()  # type: ignore[attr-defined] # a generator


def test_what_a_door_holds_is_in_force_before_the_log_tells_of_it_and_until_it_is_released() -> None:
    control = World().control
    control.press(HALT)
    assert control.halts("paper") == (HALT,)
    assert control.halts("new") == ()
    control.release(HaltScope.BROKER, "paper")
    assert control.halts("paper") == ()


class Slow(Door):
    """A door that holds a halt only when it is let."""

    name = "slow"

    def __init__(self) -> None:
        self.let = asyncio.Event()

    async def read(self) -> tuple[Standing, ...]:
        return ()

    async def press(self, halt: TradingHalted) -> str:
        _ = halt
        await self.let.wait()
        return "held at last"

    async def release(self, resumed: TradingResumed) -> str:
        _ = resumed
        return "let go"


class Quick(Slow):
    """A door that holds it at once."""

    name = "quick"

    async def press(self, halt: TradingHalted) -> str:
        _ = halt
        return "held"


async def test_who_presses_is_told_of_the_first_door_that_holds_while_another_one_takes_its_time() -> None:
    slow, held, told = Slow(), asyncio.Event(), 0

    def hear() -> None:
        nonlocal told
        told += 1
        held.set()

    pressing = asyncio.create_task(press([slow, Quick()], HALT, hear))
    await asyncio.wait_for(held.wait(), 60)
    assert not pressing.done()
    slow.let.set()
    assert [each.done for each in await pressing] == [True, True]
    assert told == 1
