"""A server as a child process: started into its own log, found again after a crash, and stopped.

A child gets its stop signal from the kernel when the process that started it dies, even by kill -9.
What outlives that (or a kernel without it) is found at the next start by its file in `run/`: process
id, start time since boot and command line, so that a process id used again is never mistaken for it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from alpha_panda.errors import UnavailableError
from alpha_panda.local.identity import Identity, identify
from alpha_panda.local.layout import unwritable, write_private
from alpha_panda.local.system_user import SystemUser

GRACE_SECONDS = 10.0
"""How long a server may take to stop by itself before it is killed."""
_POLL_SECONDS = 0.02
_UNLESS_ORPHANED = ("/bin/sh", "-c", 'test "$PPID" = "$0" || exit 1; exec "$@"')
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")
_LOG_LIMIT = 16 * 1024 * 1024
_LOG_TAIL = 12


@dataclass
class ServerProcess:
    """One server program of a run.

    `marker` is a text in its command line that no other run's server has. `start()` must be called
    from a thread that lives as long as the server may: the kernel ties the child to that thread.
    """

    name: str
    log: Path
    pid_file: Path
    marker: str
    stop_signal: signal.Signals = signal.SIGTERM
    user: SystemUser | None = None
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        """Start the program with exactly `env`; raises UnavailableError where that is not possible."""
        with self._open_log() as log:
            try:
                self._child = subprocess.Popen(  # noqa: S603 - the program is ours, the arguments are no one's input
                    _tied(argv, self.stop_signal),
                    cwd=cwd,
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **(self.user.popen_arguments() if self.user else {}),
                )
            except OSError as error:
                msg = f"{self.name} cannot be started: {argv[0]}: {error.strerror}"
                raise UnavailableError(msg) from error
        self._record(self._child)

    def _record(self, child: subprocess.Popen[bytes]) -> None:
        """Keep who it is for the next start; one that could not be found again must not run."""
        identity = identify(child.pid)
        if identity is None:
            return
        try:
            write_private(self.pid_file, msgspec.json.encode(identity).decode())
        except UnavailableError:
            child.kill()
            child.wait()
            raise

    def _open_log(self) -> BinaryIO:
        try:
            _keep_log_small(self.log)
            return self.log.open("ab")
        except OSError as error:
            raise unwritable(self.log, error) from error

    def require_running(self) -> None:
        """Raise UnavailableError, with the end of the log, where the server has ended by itself."""
        if self._child is None:
            msg = f"{self.name} was not started"
            raise UnavailableError(msg)
        code = self._child.poll()
        if code is None:
            return
        msg = f"{self.name} ended with code {code}; the end of {self.log}:\n{self.last_lines()}"
        raise UnavailableError(msg)

    def last_lines(self) -> str:
        """The end of the log, for an error message."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_TAIL:])

    async def ended(self) -> int:
        """Wait until the server ends, for whatever reason; its exit code (negative: the signal)."""
        if self._child is None:
            msg = f"{self.name} was not started"
            raise UnavailableError(msg)
        while (code := self._child.poll()) is None:  # noqa: ASYNC110 - nothing tells of another process' end
            await asyncio.sleep(_POLL_SECONDS)
        return code

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Ask the server to stop, kill it after `grace` seconds; without effect where it is not running."""
        child = self._child
        if child is not None:
            await _stop(child.pid, self.stop_signal, grace, alive=lambda: child.poll() is None)
            self._child = None
        self.pid_file.unlink(missing_ok=True)

    async def stop_leftover(self, grace: float = GRACE_SECONDS) -> int | None:
        """Stop the server that an earlier, crashed start left running; its process id if there was one."""
        recorded = _read(self.pid_file)
        if recorded is None:
            return None
        if not self._is_ours(recorded):
            self.pid_file.unlink(missing_ok=True)
            return None
        await _stop(recorded.pid, self.stop_signal, grace, alive=lambda: identify(recorded.pid) == recorded)
        self.pid_file.unlink(missing_ok=True)
        return recorded.pid

    def _is_ours(self, recorded: Identity) -> bool:
        if identify(recorded.pid) != recorded:
            return False
        try:
            command = Path(f"/proc/{recorded.pid}/cmdline").read_bytes()
        except OSError:
            return False
        return self.marker.encode() in command


def inherited() -> dict[str, str]:
    """What programs of ours get of this process' environment."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def _tied(argv: Sequence[str], stop_signal: signal.Signals) -> list[str]:
    """The command that gets `stop_signal` when its starter dies (prctl(2), PR_SET_PDEATHSIG).

    `setpriv` of util-linux asks for it after the change of user, which would clear the request. Where
    the starter died before that, the shell finds another parent and ends. On a system without setpriv
    the next start finds what was left.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return [*argv]
    return [setpriv, "--pdeathsig", stop_signal.name.removeprefix("SIG"), *_UNLESS_ORPHANED, str(os.getpid()), *argv]


async def _stop(pid: int, stop_signal: signal.Signals, grace: float, *, alive: Callable[[], bool]) -> None:
    if not alive():
        return
    with suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
    deadline = time.monotonic() + grace
    while alive() and time.monotonic() < deadline:  # noqa: ASYNC110 - as above
        await asyncio.sleep(_POLL_SECONDS)
    if not alive():
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    while alive():  # noqa: ASYNC110 - as above
        await asyncio.sleep(_POLL_SECONDS)


def _read(path: Path) -> Identity | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Identity)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        msg = f"{path} is damaged: {error}"
        raise UnavailableError(msg, remedy="make sure nothing of this run is running, then delete that file") from error


def _keep_log_small(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
