"""A program of a benchmark in a process of its own: told what to do, started on a word, asked what it found.

The order goes in by standard input, since it holds a password; so does the word to begin.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, TypeVar

import msgspec

ROOT = Path(__file__).resolve().parents[1]
READY = "ready"
GO = "go"
_END_SECONDS = 20.0
OrderT = TypeVar("OrderT", bound=msgspec.Struct)


class WorkerError(Exception):
    """A program of a benchmark that did not do what it was told."""


class Worker:
    """One program, from its start to its end."""

    def __init__(self, module: str, order: msgspec.Struct) -> None:
        """Start the module and give it its order; `wait_ready` returns when it can begin."""
        self.module = module
        self._process = subprocess.Popen(  # noqa: S603 — our own programs
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        self._tell(msgspec.json.encode(order).decode())

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Wait until it can begin at once."""
        if (said := self._line()) != READY:
            raise WorkerError(f"{self.module} said {said!r} instead of {READY!r}")

    def go(self) -> None:
        """Let it begin."""
        self._tell(GO)

    def result(self) -> dict[str, Any]:
        """Wait for what it found."""
        found: dict[str, Any] = msgspec.json.decode(self._line())
        self._process.wait(_END_SECONDS)
        return found

    def stop(self) -> None:
        """End it, whatever it does; without effect where it has ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(_END_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _tell(self, line: str) -> None:
        if self._process.stdin is None:
            raise WorkerError(f"{self.module} takes no orders")
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise WorkerError(f"{self.module} ended without a word; its complaint is above")
        return line.rstrip("\n")


def read_order(shape: type[OrderT]) -> OrderT:
    """In the program: what it is to do."""
    return msgspec.json.decode(sys.stdin.readline(), type=shape)


def say_ready() -> None:
    """In the program: say that it can begin, and wait for the word."""
    print(READY, flush=True)  # noqa: T201 — how it speaks
    if sys.stdin.readline().strip() != GO:
        raise WorkerError("told to end before it began")


def say_result(found: dict[str, Any]) -> None:
    """In the program: what was found."""
    print(msgspec.json.encode(found).decode(), flush=True)  # noqa: T201 — how it speaks
