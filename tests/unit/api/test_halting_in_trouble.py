"""Who halts waits for nobody: not for a log that does not answer, nor for those who write to it."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alpha_panda.api.desk import Desk
from alpha_panda.api.security.principal import Principal, Role
from alpha_panda.domain.audit import Deed
from alpha_panda.events.audit import Action
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.operations.audit import AuditLog
from alpha_panda.operations.halt_door import Door, Standing
from alpha_panda.operations.halting import press
from alpha_panda.runtime.file_lock import FileLock
from alpha_panda.runtime.settings import ServiceSettings

HALT = TradingHalted(scope=HaltScope.ALL, subject="", actor="ana", reason="drill")
ANA = Principal(name="ana", role=Role.TRADER)


class OpenDoor(Door):
    """Takes whatever is asked."""

    name = "open"

    async def read(self) -> tuple[Standing, ...]:
        return ()

    async def press(self, halt: TradingHalted) -> str:
        return halt.reason

    async def release(self, resumed: TradingResumed) -> str:
        return resumed.reason


class StuckDoor(OpenDoor):
    """Does not answer, and does not end when it is told to."""

    name = "stuck"
    seconds = 0.05

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def press(self, halt: TradingHalted) -> str:
        _ = halt
        try:
            await asyncio.Event().wait()
        finally:
            await self.free.wait()
        return ""


class SlowLog(AuditLog):
    """Whose log takes what waits only when it may."""

    def __init__(self, folder: Path) -> None:
        super().__init__(ServiceSettings, folder)
        self.free = threading.Event()
        self.begun = 0

    def record(self, *deeds: Deed) -> str | None:
        assert not deeds
        self.begun += 1
        self.free.wait()
        return None


async def test_a_door_that_hangs_is_named_and_the_others_hold() -> None:
    stuck = StuckDoor()
    reports = await press([OpenDoor(), stuck], HALT)
    assert [(each.door, each.done) for each in reports] == [("open", True), ("stuck", False)]
    assert reports[1].says == "no answer within 0.05 s"
    stuck.free.set()


def test_a_deed_is_noted_while_another_process_writes_to_the_log(tmp_path: Path) -> None:
    deed = Deed(at=datetime.now(UTC), actor="ana", action=Action.HALT, subject="all", reason="drill")
    writing = FileLock(tmp_path / "audit.lock")
    writing.acquire()
    AuditLog(ServiceSettings, tmp_path).keep(deed)
    assert b"drill" in (tmp_path / "audit-waiting.jsonl").read_bytes()
    writing.release()


async def test_many_halts_in_a_row_are_pressed_while_one_thread_writes_of_them(tmp_path: Path) -> None:
    log = SlowLog(tmp_path)
    desk = Desk([OpenDoor()], log, _none, None, _nothing)
    for _ in range(100):
        assert all(each.done for each in await desk.press(ANA, HALT))
    assert log.begun == 1
    assert (tmp_path / "audit-waiting.jsonl").read_bytes().count(b"\n") == 100
    log.free.set()


async def _none() -> list[Any]:
    return []


async def _nothing(_: object) -> str:
    return ""
