"""The curves of an account: equity, how far below its peak it stood, and how its trades spread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from alpha_panda.backtest.page.scales import MarketTime, round_ticks, thinned
from alpha_panda.backtest.page.svg import Chart
from alpha_panda.backtest.report import AccountReport
from alpha_panda.domain.analytics.drawdowns import underwater

_MINUTE: Final = timedelta(minutes=1)
_POINTS: Final = 480
_LABELS: Final = 9
_BINS: Final = 24


def equity_curve(account: AccountReport, scale: MarketTime) -> str:
    """What the account was worth, in rupees, beside what it began with."""
    start = account.summary.start_paise / 100
    points = [(scale.share(moment), worth / 100) for moment, worth in _held(account)]
    points.append((1.0, account.summary.end_paise / 100))
    values = [value for _, value in points]
    chart = Chart("Equity in rupees", 280, round_ticks(min(values), max(values)), lambda value: f"{value:,.0f}")
    chart.across(scale.ticks(_LABELS))
    shown = thinned(points, _POINTS)
    chart.level(0, 1, start, "start")
    chart.line(shown, "equity")
    return str(chart)


def drawdown_curve(account: AccountReport, scale: MarketTime) -> str:
    """The fall from the highest equity so far, in percent."""
    points = [(scale.share(moment), -depth * 100) for moment, depth in underwater(_held(account))]
    points.append((1.0, points[-1][1]))
    lowest = min(value for _, value in points)
    ticks = [tick for tick in round_ticks(min(lowest, -0.1), 0, 4) if tick <= 0]
    chart = Chart("Drawdown in percent", 160, ticks, lambda value: f"{value:.2f} %")
    chart.across(scale.ticks(_LABELS))
    shown = thinned(points, _POINTS)
    chart.area(shown, 0, "under")
    chart.line(shown, "loss-line")
    return str(chart)


def distribution(account: AccountReport) -> tuple[str, str]:
    """Title and chart of how many trades came to which result: in multiples of the risk, or in rupees."""
    multiples = [each.r_multiple for each in account.trades if each.r_multiple is not None]
    in_r = len(multiples) * 2 > len(account.trades)
    results = multiples if in_r else [each.net_paise / 100 for each in account.trades]
    title = "Trades by result in R" if in_r else "Trades by result in rupees"
    if not results:
        return title, ""
    edges = _edges(results)
    counts = [0] * (len(edges) - 1)
    for each in results:
        counts[_bin(each, edges)] += 1
    chart = Chart(title, 200, _whole(round_ticks(0, max(counts), 4)), lambda value: f"{value:.0f}")
    width = 1 / len(counts)
    unit = "R" if in_r else "rupees"
    for index, count in enumerate(counts):
        low, high = edges[index], edges[index + 1]
        if count:
            told = f"{count} from {low:,.2f} to {high:,.2f} {unit}"
            kind = "gain" if low >= 0 else "loss"
            chart.bar(width * (index + 0.08), width * (index + 0.92), count, kind, told)
    every = max(len(edges) // 8, 1)
    chart.across([(width * index, f"{edge:,.10g}") for index, edge in enumerate(edges) if index % every == 0])
    return title, str(chart)


def _held(account: AccountReport) -> list[tuple[datetime, int]]:
    """The equity with a point before each change: it is said when it changes, and stays as it is until then."""
    points: list[tuple[datetime, int]] = []
    for moment, worth in account.equity:
        if points and moment - points[-1][0] > _MINUTE:
            points.append((moment - _MINUTE, points[-1][1]))
        points.append((moment, worth))
    return points


def _edges(results: Sequence[float]) -> list[float]:
    """Round borders with one at zero, so that no bar mixes gains with losses."""
    ticks = round_ticks(min(results), max(results), _BINS)
    step = ticks[1] - ticks[0]
    return ticks if max(results) < ticks[-1] else [*ticks, ticks[-1] + step]


def _bin(value: float, edges: Sequence[float]) -> int:
    return next(index for index in range(len(edges) - 1) if value < edges[index + 1] or index == len(edges) - 2)


def _whole(ticks: Sequence[float]) -> list[float]:
    """Counts have no fractions."""
    whole = [tick for tick in ticks if float(tick).is_integer()]
    return whole if len(whole) > 1 else [0, 1]
