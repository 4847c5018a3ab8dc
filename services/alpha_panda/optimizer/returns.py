"""Daily returns side by side: of instruments from their closes, of strategies from a backtest's report. Pure.

Only days that all have count, so that each row is one day for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Final

import msgspec

from alpha_panda.domain.calendar import trading_date
from alpha_panda.errors import InputError
from alpha_panda.events.market import Bar

LEAST_DAYS: Final = 60
"""Returns: of fewer, a covariance says more about chance than about the market."""
MOST: Final = 100
_SPLIT: Final = 1.4
"""A day that multiplies or divides a price by this much: exchanges stop a share's day at 20 %."""


class ReturnsError(InputError):
    """Data from which no weights can be suggested."""


class Returns(msgspec.Struct, frozen=True, kw_only=True):
    """A column for each name, a row for each day."""

    names: tuple[str, ...]
    days: tuple[date, ...]
    rows: tuple[tuple[float, ...], ...]
    notes: tuple[str, ...] = ()
    """What looks wrong with them."""


class _Trade(msgspec.Struct):
    """What is read of a trade in a report."""

    strategy: str
    left_at: datetime
    net_paise: int


class _Summary(msgspec.Struct):
    broker: str
    start_paise: int


class _Account(msgspec.Struct):
    summary: _Summary
    trades: tuple[_Trade, ...]
    closes: tuple[tuple[date, int], ...]


class _Report(msgspec.Struct):
    accounts: tuple[_Account, ...]


def daily_closes(bars: Sequence[Bar]) -> dict[date, int]:
    """The last close of each day; bars are in the order of time."""
    return {trading_date(bar.start): bar.close_paise for bar in bars}


def of_closes(closes: Mapping[str, Mapping[date, int]]) -> Returns:
    """The returns of instruments between the days that all of them have.

    Raises:
        ReturnsError: too few or too many instruments, too few days, or one whose price never moves.
    """
    names = tuple(sorted(closes))
    if not names:
        raise ReturnsError("there is no instrument", remedy="give bars of two or more")
    days = sorted(set.intersection(*(set(closes[name]) for name in names)))
    rows = tuple(
        tuple(closes[name][day] / closes[name][before] - 1 for name in names) for before, day in pairwise(days)
    )
    notes = [_jump(name, days[place + 1], row[at]) for place, row in enumerate(rows) for at, name in enumerate(names)]
    dropped = max(len(closes[name]) for name in names) - len(days)
    if dropped:
        fewest = min(names, key=lambda name: len(closes[name]))
        notes.append(f"{dropped} days are left out, since not all have them; {fewest} has {len(closes[fewest])}")
    return _checked(Returns(names=names, days=tuple(days[1:]), rows=rows, notes=tuple(filter(None, notes))))


def of_report(document: bytes) -> Returns:
    """The returns of strategies from what `panda backtest --json` wrote: a day's closed trades over the starting cash.

    Raises:
        ReturnsError: it is no such report; else as `of_closes`.
    """
    try:
        accounts = msgspec.json.decode(document, type=_Report).accounts
    except msgspec.DecodeError as error:
        message = f"the report cannot be read: {error}"
        raise ReturnsError(message, remedy="write one with `panda backtest --json FILE`") from error
    columns: dict[str, dict[date, float]] = {}
    for account in accounts:
        prefix = f"{account.summary.broker}/" if len(accounts) > 1 else ""
        days = [day for day, _ in account.closes]
        for trade in account.trades:
            column = columns.setdefault(prefix + trade.strategy, dict.fromkeys(days, 0.0))
            column[trading_date(trade.left_at)] += trade.net_paise / account.summary.start_paise
    if not columns:
        raise ReturnsError("the report has no trades", remedy="backtest strategies that trade, or over more days")
    names = tuple(sorted(columns))
    common = sorted(set.intersection(*map(set, columns.values())))
    rows = tuple(tuple(columns[name][day] for name in names) for day in common)
    return _checked(Returns(names=names, days=tuple(common), rows=rows))


def _jump(name: str, day: date, change: float) -> str:
    if 1 / _SPLIT < 1 + change < _SPLIT:
        return ""
    return (
        f"{name}: {day} closes at {1 + change:.3g} times the close before: a split or bonus that is not adjusted for?"
    )


def _checked(found: Returns) -> Returns:
    count = len(found.names)
    if not 2 <= count <= MOST:  # noqa: PLR2004 — one has nothing to be divided with
        what = f"only {found.names[0]} is there to give capital to" if count == 1 else f"there are {count} instruments"
        raise ReturnsError(what, remedy=f"give 2 to {MOST}")
    if len(found.rows) < LEAST_DAYS:
        message = f"{', '.join(found.names[:5])}: {len(found.rows)} daily returns in common; {LEAST_DAYS} are needed"
        raise ReturnsError(message, remedy="give more days, or leave out the one with the fewest")
    for place, name in enumerate(found.names):
        column = {row[place] for row in found.rows}
        if len(column) == 1:
            what = "never moves" if column == {0.0} else "moves by the same every day"
            raise ReturnsError(f"{name} {what}: it has no risk that could be measured", remedy="leave it out")
    return found
