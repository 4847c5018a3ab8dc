"""Write the many-instrument test fixture: minute bars made up from real daily bars.

    python scripts/synthesise_minutes.py           write tests/fixtures/market/many/
    python scripts/synthesise_minutes.py --check   exit 1 where the committed files are not what this would write

Open, high, low, close and volume of each day are real (tests/fixtures/market/daily.csv); the path between
them is a seeded random bridge in whole ticks, and the day is dated DATE, so that it is the same session as the
real minute bars of YESBANK beside it. Whole-number arithmetic only: every machine writes the same files.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple

from alpha_panda.domain.calendar import IST, REGULAR_OPEN

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures" / "market"
DATE = date(2019, 7, 9)
MINUTES = 375
TICK_PAISE = 5


class Day(NamedTuple):
    """A daily bar; prices in ticks."""

    symbol: str
    open: int
    high: int
    low: int
    close: int
    volume: int


def days(text: str) -> Iterator[Day]:
    """The daily bars in CSV text."""
    for row in csv.DictReader(text.splitlines()):
        first, high, low, close = (
            int(Decimal(row[name]) * 100) // TICK_PAISE for name in ("open", "high", "low", "close")
        )
        yield Day(row["symbol"], first, high, low, close, int(row["volume"]))


def path(day: Day, rng: Random) -> tuple[list[int], int, int]:
    """The price at the end of each minute, in ticks, and the minutes that make the day's high and low."""
    high_at, low_at = rng.sample(range(1, MINUTES - 1), 2)
    anchors = sorted({0: day.open, high_at: day.high, low_at: day.low, MINUTES - 1: day.close}.items())
    amplitude = max(1, (day.high - day.low) // 24)
    prices = [day.open]
    for (begin, first), (end, last) in itertools.pairwise(anchors):
        span = end - begin
        walk = list(itertools.accumulate(rng.randint(-amplitude, amplitude) for _ in range(span)))
        bridge = (
            first + (last - first) * step // span + walk[step - 1] - walk[-1] * step // span
            for step in range(1, span + 1)
        )
        prices.extend(min(max(price, day.low), day.high) for price in bridge)
    return prices, high_at, low_at


def bars(day: Day) -> Iterator[tuple[int, int, int, int, int]]:
    """Open, high, low, close in ticks and volume of each minute."""
    rng = Random(f"{day.symbol} {day.open} {day.close}")  # noqa: S311 — a fixture, not a secret
    prices, high_at, low_at = path(day, rng)
    # Trading is heavy near the open and the close: a parabola with its foot at noon, plus noise.
    weights = [40_000 + (2 * minute - MINUTES) ** 2 + rng.randint(0, 40_000) for minute in range(MINUTES)]
    shares = [day.volume * weight // sum(weights) for weight in weights]
    shares[-1] += day.volume - sum(shares)
    reach = max(1, (day.high - day.low) // 60)
    for minute, close in enumerate(prices):
        begin = day.open if minute == 0 else prices[minute - 1]
        high = min(max(begin, close) + rng.randint(0, reach), day.high)
        low = max(min(begin, close) - rng.randint(0, reach), day.low)
        yield (
            begin,
            (day.high if minute == high_at else high),
            (day.low if minute == low_at else low),
            close,
            shares[minute],
        )


def text_of(day: Day) -> str:
    """The minute file of a day."""
    start = datetime.combine(DATE, REGULAR_OPEN, IST)
    lines = ["timestamp,open,high,low,close,volume"]
    for minute, (*prices, volume) in enumerate(bars(day)):
        shown = ",".join(f"{price * TICK_PAISE // 100}.{price * TICK_PAISE % 100:02}" for price in prices)
        lines.append(f"{(start + timedelta(minutes=minute)).isoformat()},{shown},{volume}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or check the files; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    check = parser.parse_args().check
    stale = []
    for day in days((FIXTURES / "daily.csv").read_text(encoding="utf-8")):
        file = FIXTURES / "many" / f"{day.symbol}.csv"
        if not check:
            file.write_text(text_of(day), encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text_of(day):
            stale.append(str(file.relative_to(ROOT)))
    if stale:
        sys.stderr.write(f"not up to date: {', '.join(stale)}; run: python scripts/synthesise_minutes.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
