"""Bars to test strategies with: the real day of the examples, and made-up ones."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.strategy import Context

TOKEN = 3050241
EXAMPLES = Path(__file__).parents[3] / "examples"
START = datetime(2026, 1, 5, 3, 45, tzinfo=UTC)
"""09:15 in India."""


def context(*timeframes: Timeframe, strategy: str = "tested") -> Context:
    return Context(
        strategy=strategy, instrument_token=TOKEN, tick_size_paise=5, timeframes=timeframes or (Timeframe.M1,)
    )


def bar(close: int, start: datetime = START, timeframe: Timeframe = Timeframe.M1, **changes: object) -> Bar:
    fields = {
        "instrument_token": TOKEN,
        "timeframe": timeframe,
        "start": start,
        "end": start + timeframe.duration,
        "open_paise": close,
        "high_paise": close,
        "low_paise": close,
        "close_paise": close,
        "volume": 1000,
    }
    return Bar(**{**fields, **changes})


def bars(closes: list[int], start: datetime = START) -> list[Bar]:
    return [bar(close, start + timedelta(minutes=n)) for n, close in enumerate(closes)]


def real_bars() -> list[Bar]:
    """The minute bars of YESBANK on 9 July 2019."""
    with (EXAMPLES / "market" / "YESBANK.csv").open(encoding="utf-8") as file:
        return [_real_bar(row) for row in csv.DictReader(file)]


def _real_bar(row: dict[str, str]) -> Bar:
    start = datetime.fromisoformat(row["timestamp"]).astimezone(UTC)
    prices = {f"{name}_paise": round(float(row[name]) * 100) for name in ("open", "high", "low", "close")}
    return bar(0, start, **prices, volume=int(row["volume"]))


def in_fives(minutes: list[Bar]) -> list[Bar]:
    """The five-minute bars of minute bars."""
    groups: dict[datetime, list[Bar]] = {}
    for each in minutes:
        groups.setdefault(each.start - timedelta(minutes=each.start.minute % 5), []).append(each)
    return [
        bar(
            group[-1].close_paise,
            start,
            Timeframe.M5,
            open_paise=group[0].open_paise,
            high_paise=max(each.high_paise for each in group),
            low_paise=min(each.low_paise for each in group),
            volume=sum(each.volume for each in group),
        )
        for start, group in groups.items()
    ]
