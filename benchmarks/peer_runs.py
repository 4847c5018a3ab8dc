"""Runs the peers of the backtest, each in a process of its own, and holds their trades against ours."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from benchmarks.worker import WorkerError

ROOT: Final = Path(__file__).resolve().parents[1]
PYTHON: Final = ROOT / ".venv-peers" / "bin" / "python"
INSTALL: Final = "make peers"
_PATIENCE_SECONDS: Final = 900


class Peer(NamedTuple):
    """Another backtester: its name, its program, and whether it fills at the close that decides, not the next open."""

    name: str
    program: str
    at_close: bool = False


PEERS: Final = (
    Peer("backtesting.py", "backtesting_py"),
    Peer("backtrader", "backtrader_py"),
    Peer("nautilus_trader", "nautilus", at_close=True),
)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer tells; seconds of processor time."""

    bars: int
    read_seconds: float
    seconds: float
    trades: list[tuple[int, int]]


def are_installed() -> bool:
    """Whether there is an environment of peers."""
    return PYTHON.is_file()


def run_peer(peer: Peer, path: Path, fast: int, slow: int) -> Found:
    """Let a peer trade the bars.

    Raises:
        WorkerError: it did not.
    """
    command = [str(PYTHON), "-m", f"benchmarks.peers.{peer.program}", str(path), str(fast), str(slow)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=_PATIENCE_SECONDS, check=False)  # noqa: S603 — our own programs
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise WorkerError(f"{peer.name} ended with {done.returncode}: {''.join(last)}; install it anew: {INSTALL}")
    return msgspec.json.decode(done.stdout, type=Found)


def agreement(theirs: Sequence[tuple[int, int]], ours: Sequence[tuple[int, int]]) -> str:
    """How many trades are the same in both prices, for a person."""
    same = sum(left == right for left, right in zip(theirs, ours, strict=False))
    return f"{same:,} of {max(len(theirs), len(ours)):,} trades the same, to the paisa"
