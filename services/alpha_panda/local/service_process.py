"""A service's process under the supervisor: started, watched, restarted with growing pauses, stopped."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

from alpha_panda.errors import PandaError
from alpha_panda.local.answer_watch import AnswerWatch
from alpha_panda.local.launch import Launch
from alpha_panda.local.layout import Layout
from alpha_panda.local.process import ServerProcess
from alpha_panda.local.status_file import ServiceState, ServiceStatus
from alpha_panda.runtime.errors import EXIT_AUTHENTICATION, EXIT_FENCED, EXIT_SETTINGS

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
STEADY_SECONDS = 30.0
"""After running this long a service's next failure counts as its first."""
_MEANINGS = {
    EXIT_FENCED: "another copy of it has taken over",
    EXIT_SETTINGS: "its settings are wrong",
    EXIT_AUTHENTICATION: "its credentials or permissions were refused",
}


class ServiceProcess:
    """One service, from its launch until it is stopped for good."""

    def __init__(self, launch: Launch, layout: Layout, take_port: Callable[[], int]) -> None:
        """Nothing runs yet. `take_port` gives the service's port, or a new one where another program has it."""
        self.launch = launch
        self._take_port = take_port
        self._cwd = layout.root
        self._log = layout.logs / f"{launch.name}.log"
        self._process = ServerProcess(
            name=launch.name, log=self._log, pid_file=layout.run / f"{launch.name}.json", marker="alpha_panda"
        )
        self._state = ServiceState.STARTING
        self._restarts = 0
        self._reason = ""
        self._answers = AnswerWatch()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @property
    def status(self) -> ServiceStatus:
        """What is known now."""
        return ServiceStatus(
            name=self.launch.name,
            state=self._state,
            pid=self._process.pid,
            restarts=self._restarts,
            port=self.launch.port,
            reason=self._reason,
            silent_since=self._answers.silent_since,
        )

    async def start(self) -> None:
        """Start it and keep it running."""
        await self._process.stop_leftover()
        self._spawn()
        asking = self._answers.ask_on(lambda: self.launch.port)
        self._tasks = (asyncio.create_task(self._keep()), asyncio.create_task(asking))

    async def stop(self) -> None:
        """Stop it for good: SIGTERM, and SIGKILL after ten seconds."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._process.stop()
        self._state = ServiceState.STOPPED

    def _spawn(self) -> None:
        if (port := self._take_port()) != self.launch.port:
            self.launch = self.launch.on_port(port)
        self._process.start(self.launch.argv, cwd=self._cwd, env=self.launch.env)
        self._answers.begin()
        self._state = ServiceState.RUNNING
        self._started = time.monotonic()

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            code = await self._process.ended()
            if time.monotonic() - self._started >= STEADY_SECONDS:
                pause = FIRST_PAUSE
            self._reason = f"{ended(code)}: {_last_reason(self._log)}"
            self._state = ServiceState.BACK_OFF
            while True:
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
                self._restarts += 1
                try:
                    self._spawn()
                except PandaError as error:
                    self._reason = str(error)
                else:
                    break


def ended(code: int) -> str:
    """An exit code in words."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    meaning = _MEANINGS.get(code)
    return f"exit code {code}" if meaning is None else f"exit code {code}, {meaning}"


def _last_reason(log: Path) -> str:
    """The reason that the service gave in its last words, or its last line."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-20:]
    except OSError:
        return "it left no log"
    for line in reversed(lines):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(entry, dict) and entry.get("level") in ("critical", "error"):
            remedy = entry.get("remedy")
            return f"{entry.get('reason') or entry.get('event')}" + (f"; remedy: {remedy}" if remedy else "")
    return lines[-1] if lines else "it logged nothing"
