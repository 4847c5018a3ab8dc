"""Real bars of NSE for the tests of strategies, with the longer bars that the bar builder would have made."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from tests.support.onnx_models import trend_model

from alpha_panda.domain.calendar import IST
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.strategy import Context, Strategy, load_strategy

TOKEN = 3_050_241
MARKET = Path(__file__).parents[1] / "fixtures" / "market"
_OPEN = timedelta(hours=3, minutes=45)
"""09:15 in India, after midnight UTC."""


def made(name: str, params: dict[str, Any] | None = None, *timeframes: Timeframe) -> Strategy[Any]:
    """A fresh instance of a strategy."""
    wanted = timeframes or (Timeframe.M1,)
    context = Context(strategy="tested", instrument_token=TOKEN, tick_size_paise=5, timeframes=wanted)
    return load_strategy(name, {**needed(name), **(params or {})}, wanted).instance(context)


def needed(name: str) -> dict[str, Any]:
    """The parameters that a shipped strategy has no default for."""
    return {"model": str(trend_model())} if name == "ml_model" else {}


@cache
def minutes() -> tuple[Bar, ...]:
    """Three days of YESBANK's minutes."""
    return tuple(_read(MARKET / "yesbank" / "YESBANK.csv", Timeframe.M1))


@cache
def days(symbol: str = "RELIANCE") -> tuple[Bar, ...]:
    """Five years of daily bars."""
    return tuple(_read(MARKET / "daily" / f"{symbol}.csv", Timeframe.D1))


def with_longer(bars: Sequence[Bar], *timeframes: Timeframe) -> list[Bar]:
    """The minutes and the longer bars made of them, in the order of the log: by end, a longer one first."""
    found = list(bars)
    for timeframe in timeframes:
        groups: dict[datetime, list[Bar]] = {}
        for bar in bars:
            groups.setdefault(_start(bar.start, timeframe), []).append(bar)
        found += [_folded(group, start, timeframe) for start, group in groups.items()]
    return sorted(found, key=lambda bar: (bar.end, -bar.timeframe.duration))


def mirrored(bars: Iterable[Bar], sum_paise: int) -> list[Bar]:
    """The same market upside down: each price is what is missing to the sum."""
    return [
        msgspec.structs.replace(
            bar,
            open_paise=sum_paise - bar.open_paise,
            high_paise=sum_paise - bar.low_paise,
            low_paise=sum_paise - bar.high_paise,
            close_paise=sum_paise - bar.close_paise,
        )
        for bar in bars
    ]


def _start(moment: datetime, timeframe: Timeframe) -> datetime:
    opens = datetime.combine(moment.date(), datetime.min.time(), UTC) + _OPEN
    return opens + (moment - opens) // timeframe.duration * timeframe.duration


def _folded(group: Sequence[Bar], start: datetime, timeframe: Timeframe) -> Bar:
    return msgspec.structs.replace(
        group[-1],
        timeframe=timeframe,
        start=start,
        open_paise=group[0].open_paise,
        high_paise=max(bar.high_paise for bar in group),
        low_paise=min(bar.low_paise for bar in group),
        volume=sum(bar.volume for bar in group),
    )


def _read(path: Path, timeframe: Timeframe) -> Iterable[Bar]:
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            moment = datetime.fromisoformat(row["timestamp"])
            start = (moment if moment.tzinfo else moment.replace(tzinfo=IST)).astimezone(UTC)
            prices = {f"{name}_paise": round(float(row[name]) * 100) for name in ("open", "high", "low", "close")}
            yield Bar(
                instrument_token=TOKEN,
                timeframe=timeframe,
                start=start,
                end=start + timeframe.duration,
                volume=int(float(row["volume"])),
                **prices,
            )
