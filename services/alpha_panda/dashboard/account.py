"""What the pages know of an account: the portfolio's read model, its day, and how old all of it is."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Any

import msgspec

from alpha_panda.api.cache import Cached
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.domain.calendar import HorizonError, default_calendar, trading_date
from alpha_panda.domain.sectors import Sectors

Curve = list[tuple[datetime, int]]
"""Moments and the equity then, in paise."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account as the portfolio service wrote it last."""

    summary: dict[str, Any]
    positions: list[dict[str, Any]]
    strategies: list[dict[str, Any]]
    fills: list[dict[str, Any]]
    curve: Curve
    as_of: datetime
    written_at: datetime
    open_market: bool
    """Whether a session was open at `as_of`; where none was, figures that no longer change are not stale."""

    @property
    def equity_paise(self) -> int:
        """What it is worth."""
        return int(self.summary["equity_paise"])

    @property
    def day(self) -> date:
        """The trading day of the figures, in India."""
        return trading_date(self.as_of)

    @property
    def day_curve(self) -> Curve:
        """The part of the curve that is of that day."""
        return [point for point in self.curve if trading_date(point[0]) == self.day]

    @property
    def opening_paise(self) -> int:
        """The equity that the day began with."""
        before = [equity for at, equity in self.curve if trading_date(at) < self.day]
        return before[-1] if before else int(self.summary["starting_cash_paise"])

    @property
    def peak_paise(self) -> int:
        """The highest equity of the day."""
        return max(self.opening_paise, self.equity_paise, *(equity for _, equity in self.day_curve))

    @property
    def day_profit_paise(self) -> int:
        """What the day has made or lost so far."""
        return self.equity_paise - self.opening_paise

    @property
    def exposure_paise(self) -> int:
        """The notional of all positions at their last prices."""
        return sum(value_paise(position) for position in self.positions)

    @property
    def exposure_share(self) -> float:
        """That as a share of the equity."""
        return self.exposure_paise / self.equity_paise if self.equity_paise > 0 else 0.0


def value_paise(position: dict[str, Any]) -> int:
    """The notional of a position at its last price."""
    return abs(int(position["quantity"]) * int(position["price_paise"]))


async def read_account(dependencies: Dependencies, broker: str) -> Account | None:
    """The account, None before its portfolio service wrote for the first time; raises TransientError without Redis."""
    parts = await dependencies.cache.read(broker, "summary", "positions", "strategies", "fills", "equity")
    summary = parts.get("summary")
    if summary is None:
        return None
    named = partial(_named, dependencies, Sectors(dependencies.instruments))
    return Account(
        summary=summary.data,
        positions=[named(each) for each in _rows(parts, "positions")],
        strategies=_rows(parts, "strategies"),
        fills=[named(each) for each in _rows(parts, "fills")],
        curve=[(datetime.fromisoformat(each["at"]), each["equity_paise"]) for each in _rows(parts, "equity")],
        as_of=summary.as_of,
        written_at=summary.written_at,
        open_market=is_open(summary.as_of),
    )


def is_open(moment: datetime) -> bool:
    """Whether the market trades at a moment; outside of the session table nobody says that it does not."""
    try:
        return default_calendar().session_at(moment) is not None
    except HorizonError:
        return True


def _rows(parts: dict[str, Cached], part: str) -> list[dict[str, Any]]:
    return list(parts[part].data) if part in parts else []


def _named(dependencies: Dependencies, sectors: Sectors, row: dict[str, Any]) -> dict[str, Any]:
    token = row["instrument_token"]
    instrument = dependencies.instruments.get(token)
    name = str(token) if instrument is None else instrument.name
    return {**row, "instrument": name, "sector": sectors.of(token)}
