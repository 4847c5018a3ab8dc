"""Examines strategies in a process of their own: a stranger's class may loop, eat memory or end the process.

What cannot be examined is said and not refused: such a class is what the strategy runner watches and sets aside.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from alpha_panda.events.market import Timeframe
from alpha_panda.strategy.examination import examine

PROCESSOR_SECONDS = "3"
"""Of one examination, which takes some tenths of a second."""
_MOST_SECONDS: Final = 60.0
"""By the clock, of all: a machine may be busy."""
_MOST_BYTES: Final = 4 * 1024**3
_MODULE: Final = "alpha_panda.cli.examining"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy as a resource names it."""

    strategy: str
    params: str
    """JSON."""
    timeframes: tuple[Timeframe, ...]


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: a finding refuses the strategy; where it could not be examined, `failure` says why."""

    finding: str | None = None
    failure: str | None = None


def examine_all(asked: Sequence[Asked]) -> list[Examined]:
    """Each of them, in order; one that ends the process does not keep the others from being examined."""
    found: list[Examined] = []
    while len(found) < len(asked):
        answers, why = _ask(asked[len(found) :])
        found += answers
        if len(found) < len(asked):
            found.append(Examined(failure=why))
    return found


def _ask(asked: Sequence[Asked]) -> tuple[list[Examined], str]:
    """The answers of one process, and why it gave no more."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)}
    command = [sys.executable, "-m", _MODULE, PROCESSOR_SECONDS]
    piped = subprocess.PIPE
    with subprocess.Popen(command, stdin=piped, stdout=piped, env=environment) as process:  # noqa: S603 - our own program
        try:
            said, _ = process.communicate(msgspec.json.encode(asked), timeout=_MOST_SECONDS)
            why = f"its process ended with {process.returncode}"
            if process.returncode == -signal.SIGVTALRM:
                why = f"it takes more than {PROCESSOR_SECONDS} s of processor time"
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
            why = f"it gave no answer within {_MOST_SECONDS:g} s"
    return [msgspec.json.decode(line, type=Examined) for line in said.splitlines()], why


def _answer(seconds: float) -> None:
    """Be that process: a line for each strategy that is named on standard input."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Asked, ...])
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what strategies print is no answer
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    for each in asked:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        answers.write(msgspec.json.encode(_examined(each)) + b"\n")


def _examined(asked: Asked) -> Examined:
    try:
        return Examined(finding=examine(asked.strategy, msgspec.json.decode(asked.params), asked.timeframes))
    except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything; it is told
        return Examined(failure=f"it raises {type(error).__name__}: {error}")


if __name__ == "__main__":
    _answer(float(sys.argv[1]))
