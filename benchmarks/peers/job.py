"""What a peer is told, what it tells, and how both go over the pipe; nothing but the standard library and pandas."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

Trade = tuple[int, int]
"""What was paid at the entry and got at the exit, in paise; all trades are long."""


class Job(NamedTuple):
    """The bars, and the lengths of the two averages."""

    path: Path
    fast: int
    slow: int


def answer(trade: Callable[[Job, Any], list[Trade]]) -> None:
    """Read the bars, trade them, and print the seconds of processor time and the trades."""
    path, fast, slow = sys.argv[1:]
    job = Job(Path(path), int(fast), int(slow))
    begun = time.process_time()
    bars = read(job.path)
    read_seconds = time.process_time() - begun
    begun = time.process_time()
    trades = trade(job, bars)
    seconds = time.process_time() - begun
    print(json.dumps({"bars": len(bars), "read_seconds": read_seconds, "seconds": seconds, "trades": trades}))


def read(path: Path) -> Any:  # noqa: ANN401 — pandas is not there where types are checked
    """The bars as a frame, by time."""
    import pandas as pd  # noqa: PLC0415 — as above

    return pd.read_csv(path, parse_dates=["timestamp"], index_col="timestamp")


def average(closes: Any, size: int) -> Any:  # noqa: ANN401 — as above
    """The exponential average of a series, seeded by the mean of its first closes."""
    seeded = closes.astype(float).copy()
    seeded.iloc[: size - 1] = float("nan")
    seeded.iloc[size - 1] = closes.iloc[:size].mean()
    return seeded.ewm(span=size, adjust=False, ignore_na=True).mean()


def paise(rupees: float) -> int:
    """Whole paise."""
    return round(float(rupees) * 100)
