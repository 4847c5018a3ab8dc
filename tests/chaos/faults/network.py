"""Bad connections between the services and a store; the arena must have doors (see `Arena.open`)."""

from __future__ import annotations

from tests.chaos.arena import Arena
from tests.chaos.faults.fault import Fault, MissedError
from tests.chaos.tcp_proxy import TcpProxy


class BadLink(Fault):
    """What slow, cut and silent connections have in common."""

    kind = "network"
    needs_doors = True

    def __init__(self, store: str, seconds: float, how: str) -> None:
        self._store = store
        self.hold = seconds
        self.name = f"connections to {store} {how} for {seconds:g} s"
        self._before = 0

    async def inject(self, arena: Arena) -> str:
        proxy = arena.doors[self._store]
        self._before = proxy.disturbed
        self._spoil(proxy)
        return f"{self._store}'s door is not what it was"

    async def heal(self, arena: Arena) -> None:
        proxy = arena.doors[self._store]
        proxy.delay, proxy.refusing, proxy.silent = 0.0, False, False
        if proxy.disturbed == self._before:
            raise MissedError(f"nothing passed the door of {self._store} meanwhile")

    def _spoil(self, proxy: TcpProxy) -> None:
        raise NotImplementedError


class Slow(BadLink):
    """Every piece waits."""

    def __init__(self, store: str, seconds: float, delay: float) -> None:
        super().__init__(store, seconds, f"slow by {delay * 1000:g} ms")
        self._delay = delay

    def _spoil(self, proxy: TcpProxy) -> None:
        proxy.delay = self._delay


class Cut(BadLink):
    """Every connection is reset and no new one accepted."""

    def __init__(self, store: str, seconds: float) -> None:
        super().__init__(store, seconds, "cut")

    def _spoil(self, proxy: TcpProxy) -> None:
        proxy.refusing = True
        proxy.cut()


class Silent(BadLink):
    """Connections stay and nothing passes, as when a cable is pulled."""

    def __init__(self, store: str, seconds: float) -> None:
        super().__init__(store, seconds, "silent")

    def _spoil(self, proxy: TcpProxy) -> None:
        proxy.silent = True
