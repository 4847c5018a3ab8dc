"""The Kite simulator beside a run (`panda up --rehearse`): Zerodha's side of recorded days, for the whole platform.

It holds its recording until `panda up` has logged in and everything that trades listens. What it knows is gone with it,
so it is not started anew while a run goes on: the books of an exchange that forgets would be wrong, not merely old.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Final

import msgspec

from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.process import ServerProcess, inherited
from alpha_panda.local.run_file import Rehearsal, Run

PORT: Final = "kite-simulator"
POSTBACKS: Final = "postbacks"
API_KEY: Final = "simulator"
API_SECRET: Final = "rehearsal"  # noqa: S105 - of a simulator that listens on this machine alone


class SimulatorPorts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the simulator listens, and where it posts updates of orders to."""

    simulator: int
    postbacks: int


class Simulator:
    """The simulator of one data directory."""

    def __init__(self, layout: Layout, ports: Ports) -> None:
        """Nothing runs yet."""
        self._layout, self._ports = layout, ports
        self._taken: SimulatorPorts | None = None
        self._journal = layout.root / "kite-simulator.jsonl"
        self.process = ServerProcess(
            name="Kite simulator",
            log=layout.logs / "kite-simulator.log",
            pid_file=layout.run / "kite-simulator.json",
            marker=str(self._journal),
        )
        self._started = False

    def ports(self, run: Run) -> SimulatorPorts | None:
        """Its ports, the same ones for as long as the supervisor runs; None where nothing is rehearsed."""
        if run.rehearsal is None:
            return None
        if self._taken is None:
            self._taken = SimulatorPorts(
                simulator=self._ports.take(PORT, "the Kite simulator"),
                postbacks=self._ports.take(POSTBACKS, "postbacks"),
            )
        return self._taken

    async def tend(self, run: Run) -> None:
        """Start it, once, where the run rehearses."""
        ports = self.ports(run)
        if ports is None or run.rehearsal is None or self._started:
            return
        self._started = True
        await self.process.stop_leftover()
        self.process.start(self._command(run, run.rehearsal, ports), cwd=self._layout.root, env=inherited())

    def _command(self, run: Run, rehearsal: Rehearsal, ports: SimulatorPorts) -> list[str]:
        words = {
            "port": ports.simulator,
            "host": HOST,
            "user": account_of(rehearsal.broker),
            "api-key": API_KEY,
            "api-secret": API_SECRET,
            "replay": rehearsal.path,
            "speed": rehearsal.speed,
            "journal": self._journal,
            "postback": f"http://{HOST}:{ports.postbacks}/",
        }
        if run.instruments is not None:
            words["instruments"] = run.instruments
        options = [word for name, value in words.items() for word in (f"--{name}", str(value))]
        return [sys.executable, "-m", "alpha_panda", "kite-simulator", *options, "--hold"]


def account_of(broker: str) -> str:
    """The simulated account's id, another for each Broker."""
    digest = hashlib.sha256(broker.encode()).digest()
    return f"RH{int.from_bytes(digest[:4], 'big') % 10_000:04d}"


def addresses(port: int) -> dict[str, str]:
    """The settings `zerodha.…` of whoever speaks to the simulator at this port."""
    return {
        "root": f"http://{HOST}:{port}",
        "ticker_root": f"ws://{HOST}:{port}",
        "login_root": f"http://{HOST}:{port}/connect/login",
    }
