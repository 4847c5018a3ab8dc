"""A full disk: the data directory lies on a small file system of memory, which is filled to the last byte."""

from __future__ import annotations

import os
from pathlib import Path

from tests.chaos.arena import Arena
from tests.chaos.faults.fault import Fault, MissedError

_BALLAST = "ballast"
_PIECE = 1024 * 1024


class FullDisk(Fault):
    """Nothing more fits on the disk of the data directory; PostgreSQL's is elsewhere where root runs it."""

    kind = "full disk"
    needs_small_disk = True

    def __init__(self, seconds: float) -> None:
        self.hold = seconds
        self.name = f"the disk is full for {seconds:g} s"

    async def inject(self, arena: Arena) -> str:
        self._fill(arena.disk / _BALLAST)
        free = os.statvfs(arena.disk).f_bavail
        if free:
            raise MissedError(f"{free} blocks are still free")
        return "no block is free"

    async def heal(self, arena: Arena) -> None:
        (arena.disk / _BALLAST).unlink(missing_ok=True)

    @staticmethod
    def _fill(ballast: Path) -> None:
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * _PIECE)
            except OSError:
                return
