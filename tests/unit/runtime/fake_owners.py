"""Owners in memory, as PostgreSQL keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.owners import STALE_SECONDS, Held


@dataclass
class Row:
    fence: int
    owner: str
    seen_at: float
    contested: bool = False


@dataclass
class MemoryOwners:
    """A row a task; `clock` is the database's. It does not answer while `down`."""

    clock: Callable[[], float] = lambda: 0.0
    rows: dict[str, Row] = field(default_factory=dict)
    down: bool = False
    asked: int = 0

    async def held(self, service: str, task: str) -> Held | None:
        self._answer(service)
        row = self.rows.get(task)
        if row is None:
            return None
        fresh = self.clock() - row.seen_at < STALE_SECONDS
        return Held(fence=row.fence, owner=row.owner, fresh=fresh, contested=row.contested)

    async def take(self, service: str, task: str, owner: str, at_least: int) -> int:
        self._answer(service)
        before = self.rows.get(task)
        fence = max(at_least, before.fence + 1 if before else 1)
        self.rows[task] = Row(fence=fence, owner=owner, seen_at=self.clock())
        return fence

    async def renew(self, service: str, fences: Mapping[str, int]) -> frozenset[str]:
        self.asked += 1
        self._answer(service)
        mine = {task for task, fence in fences.items() if self.rows[task].fence == fence}
        for task in mine:
            self.rows[task].seen_at = self.clock()
        return frozenset(fences) - mine

    async def contest(self, service: str, fences: Mapping[str, int]) -> None:
        self._answer(service)
        for task, fence in fences.items():
            self.rows[task].contested |= self.rows[task].fence > fence

    async def release(self, service: str, fences: Mapping[str, int]) -> None:
        self._answer(service)
        for task, fence in fences.items():
            if self.rows[task].fence == fence:
                self.rows[task].seen_at = float("-inf")

    def _answer(self, service: str) -> None:
        assert service
        if self.down:
            raise TransientError("PostgreSQL does not answer")
