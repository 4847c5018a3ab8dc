"""The page's tables: the account in tiles, statistics by group, months, the journal, refused signals."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Final

from alpha_panda.backtest.report import AccountReport, Summary
from alpha_panda.domain.analytics.trades import TradeStatistics
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.money import rupees

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOTHING: Final = "-"
_STRONG: Final = 0.05
"""A month's return that has the full colour."""
_JOURNAL: Final = 2_000
"""Trades on the page, the latest; a browser shows more of them badly."""


def tiles(told: Summary) -> str:
    """The account in large numbers."""
    trades = told.trades
    deepest = None if told.drawdown is None else told.drawdown.depth
    shown = (
        ("Return", percent(told.total_return), f"{rupees(told.start_paise)} to {rupees(told.end_paise)}"),
        ("CAGR", percent(told.growth_rate), "by the calendar; not given for less than 90 days"),
        ("Max drawdown", percent(deepest), "of the peak before it"),
        ("Sharpe", ratio(told.sharpe), "daily returns, 252 days a year"),
        ("Sortino", ratio(told.sortino), "daily returns, 252 days a year"),
        ("Calmar", ratio(told.calmar), "CAGR over max drawdown"),
        ("Win rate", percent(trades.win_rate), f"{trades.wins} of {trades.trades} trades"),
        ("Profit factor", ratio(trades.profit_factor), "profits over losses"),
        ("Expectancy", _mean(trades.expectancy_rupees), f"{ratio(trades.expectancy_r)} R a trade"),
        ("Exposure", percent(told.exposure), "of the open hours"),
        ("Charges", rupees(told.charges_paise), f"slippage {rupees(trades.slippage_paise)}"),
        ("Signals", f"{told.raised}", f"{told.validated} validated, {told.rejected} rejected"),
    )
    cells = "".join(
        f'<div class="tile"><span>{escape(name)}</span><b>{escape(value)}</b><small>{escape(note)}</small></div>'
        for name, value, note in shown
    )
    return f'<div class="tiles">{cells}</div>'


def groups(title: str, found: dict[str, TradeStatistics]) -> str:
    """Statistics of each strategy or instrument."""
    header = (title, "Trades", "Won", "Win rate", "Profit factor", "Expectancy", "R", "Charges", "Slippage", "Net")
    rows = [
        (
            name,
            str(each.trades),
            str(each.wins),
            percent(each.win_rate),
            ratio(each.profit_factor),
            _mean(each.expectancy_rupees),
            ratio(each.expectancy_r),
            rupees(each.charges_paise),
            rupees(each.slippage_paise),
            rupees(each.net_paise),
        )
        for name, each in found.items()
    ]
    return table(header, rows, range(1, len(header)))


def months(account: AccountReport) -> str:
    """The return of each month, a row for each year."""
    found = account.monthly_returns
    rows = []
    for year in sorted({month[:4] for month in found}):
        cells, grown = [f"<th>{year}</th>"], 1.0
        for number in range(1, 13):
            value = found.get(f"{year}-{number:02}")
            grown *= 1 + (value or 0)
            cells.append(_month(value))
        cells.append(_month(grown - 1))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    header = "".join(f"<th>{each}</th>" for each in ("", *_MONTHS, "Year"))
    return f'<div class="scroll"><table class="months"><tr>{header}</tr>{"".join(rows)}</table></div>'


def _month(value: float | None) -> str:
    if value is None:
        return "<td></td>"
    strength = min(abs(value) / _STRONG, 1) * 0.55
    kind = "gain" if value >= 0 else "loss"
    return f'<td class="shade {kind}" style="--strength:{strength:.2f}">{value:.2%}</td>'


def journal(account: AccountReport) -> str:
    """Every round trip, the latest of very many."""
    shown = account.trades[-_JOURNAL:]
    header = (
        *("Entered (IST)", "Left (IST)", "Strategy", "Instrument", "Side", "Leg", "Quantity", "Entry", "Exit", "Net"),
        *("R", "Charges", "Slippage", "Stop", "Target", "Entry reason", "Exit reason"),
    )
    rows = [
        (
            *(_moment(each.entered_at), _moment(each.left_at), each.strategy, each.instrument, each.side),
            *(each.exit_leg, str(each.quantity), f"{each.entry_price:,.2f}", f"{each.exit_price:,.2f}"),
            *(rupees(each.net_paise), ratio(each.r_multiple), rupees(each.charges_paise)),
            *(rupees(each.slippage_paise), _level(each.stop_loss_paise), _level(each.target_paise)),
            *(each.entry_reason, each.exit_reason),
        )
        for each in shown
    ]
    left = len(account.trades) - len(shown)
    note = f"<p>The latest {len(shown)} of {len(account.trades)} trades; --csv writes all.</p>" if left else ""
    return note + table(header, rows, range(6, 15))


def rejections(account: AccountReport) -> str:
    """Why signals were refused."""
    rows = [(each.strategy, each.instrument, each.code, str(each.count), each.example) for each in account.rejections]
    return table(("Strategy", "Instrument", "Reason", "Count", "For example"), rows, (3,))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: Container[int]) -> str:
    """A table whose columns with these indices are `numbers`, and whose others are words."""
    kinds = [' class="number"' if index in numbers else "" for index in range(len(header))]
    top = "".join(f"<th{kind}>{escape(each)}</th>" for kind, each in zip(kinds, header, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def percent(value: float | None) -> str:
    """A share as a percentage."""
    return _NOTHING if value is None else f"{value:.2%}"


def ratio(value: float | None) -> str:
    """A number of two decimals."""
    return _NOTHING if value is None else f"{value:.2f}"


def _mean(value: float | None) -> str:
    return _NOTHING if value is None else rupees(round(value * 100))


def _level(paise: int | None) -> str:
    return _NOTHING if paise is None else rupees(paise, "")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(IST):%Y-%m-%d %H:%M:%S}"
