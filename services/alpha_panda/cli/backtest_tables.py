"""A backtest's report on the terminal."""

from __future__ import annotations

from datetime import datetime, timedelta

from alpha_panda.backtest.data import Examination
from alpha_panda.backtest.report import AccountReport, Summary
from alpha_panda.cli.messages import print_warning
from alpha_panda.cli.output import print_table, print_text
from alpha_panda.domain.analytics.trades import TradeStatistics
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.money import rupees
from alpha_panda.market_feed.sources.port import counted

_SHOWN = 40
"""Trades of the journal that are printed; all of them are in --csv and --json."""
_NOTHING = "-"


def print_data(lines: list[str], found: Examination) -> None:
    """What was read, and what is wrong with it."""
    for line in lines:
        print_text(f"data: {line}")
    for problem in found.problems:
        print_warning(str(problem))
    left = sum(found.counts.values()) - len(found.problems)
    if left:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found.counts.items()))
        print_warning(f"and {left} more of these kinds: {kinds}")


def print_account(account: AccountReport) -> None:
    """One Broker's tables."""
    print_text(f"\nBroker {account.summary.broker}")
    print_table(("WHAT", "VALUE"), _summary(account.summary))
    _print_groups("STRATEGY", account.by_strategy)
    _print_groups("INSTRUMENT", account.by_instrument)
    _print_trades(account)
    if account.open:
        print_text("\nStill open at the end (their worth is in the equity)")
        print_table(
            ("STRATEGY", "INSTRUMENT", "PRODUCT", "SIDE", "QUANTITY", "SINCE (IST)", "PRICE"),
            [
                (
                    e.strategy,
                    e.instrument,
                    e.product,
                    e.side,
                    e.quantity,
                    _moment(e.entered_at),
                    f"{e.entry_price:,.2f}",
                )
                for e in account.open
            ],
        )
    if account.rejections:
        print_text("\nRejected signals")
        print_table(
            ("STRATEGY", "INSTRUMENT", "REASON", "COUNT", "FOR EXAMPLE"),
            [(e.strategy, e.instrument, e.code, e.count, e.example) for e in account.rejections],
        )


def _summary(told: Summary) -> list[tuple[str, str]]:
    fall = told.drawdown
    deepest = _NOTHING
    if fall is not None:
        back = "not recovered" if fall.recovered_at is None else f"recovered {_moment(fall.recovered_at)}"
        spans = f"{_moment(fall.peak_at)} to {_moment(fall.trough_at)}, {back}"
        deepest = f"{percent(fall.depth)} ({rupees(fall.depth_paise)}), {spans}"
    trades = told.trades
    growth = percent(told.growth_rate) if told.growth_rate is not None else "not given for less than 90 days"
    return [
        ("days", f"{told.first} to {told.last}, {counted(told.sessions, 'session')}"),
        ("began with", rupees(told.start_paise)),
        ("ended with", rupees(told.end_paise)),
        ("return", percent(told.total_return)),
        ("CAGR", growth),
        ("max drawdown", deepest),
        ("longest drawdown", _length(told.longest_drawdown)),
        ("volatility a year", percent(told.volatility)),
        ("Sharpe / Sortino / Calmar", " / ".join(map(ratio, (told.sharpe, told.sortino, told.calmar)))),
        ("trades", f"{trades.trades}: {trades.wins} won, {trades.losses} lost"),
        ("win rate", percent(trades.win_rate)),
        ("profit factor", ratio(trades.profit_factor)),
        ("expectancy a trade", f"{_amount(trades.expectancy_rupees)}, {ratio(trades.expectancy_r)} R"),
        ("exposure", percent(told.exposure)),
        ("charges", rupees(told.charges_paise)),
        ("slippage", rupees(trades.slippage_paise)),
        ("signals", f"{told.raised} raised, {told.validated} validated, {told.rejected} rejected"),
    ]


def _print_groups(title: str, groups: dict[str, TradeStatistics]) -> None:
    if not groups:
        return
    print_text("")
    print_table(
        (title, "TRADES", "WON", "WIN RATE", "PROFIT FACTOR", "EXPECTANCY", "R", "CHARGES", "SLIPPAGE", "NET"),
        [
            (
                name,
                each.trades,
                each.wins,
                percent(each.win_rate),
                ratio(each.profit_factor),
                _amount(each.expectancy_rupees),
                ratio(each.expectancy_r),
                rupees(each.charges_paise, ""),
                rupees(each.slippage_paise, ""),
                rupees(each.net_paise, ""),
            )
            for name, each in groups.items()
        ],
    )


def _print_trades(account: AccountReport) -> None:
    if not account.trades:
        print_text("\nNo trades.")
        return
    shown = account.trades[-_SHOWN:]
    print_text("\nTrades" if len(shown) == len(account.trades) else f"\nTrades (the last {len(shown)})")
    columns = ("ENTERED (IST)", "STRATEGY", "INSTRUMENT", "SIDE", "QUANTITY", "ENTRY", "LEFT (IST)", "EXIT", "LEG")
    print_table(
        (*columns, "R", "CHARGES", "SLIPPAGE", "NET", "REASON"),
        [
            (
                _moment(each.entered_at),
                each.strategy,
                each.instrument,
                each.side,
                each.quantity,
                f"{each.entry_price:,.2f}",
                _moment(each.left_at),
                f"{each.exit_price:,.2f}",
                each.exit_leg,
                ratio(each.r_multiple),
                rupees(each.charges_paise, ""),
                rupees(each.slippage_paise, ""),
                rupees(each.net_paise, ""),
                each.exit_reason,
            )
            for each in shown
        ],
    )


def percent(value: float | None) -> str:
    """A share as a percentage."""
    return _NOTHING if value is None else f"{value:.2%}"


def ratio(value: float | None) -> str:
    """A number of two decimals."""
    return _NOTHING if value is None else f"{value:.2f}"


def _amount(value: float | None) -> str:
    return _NOTHING if value is None else rupees(round(value * 100))


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(IST):%Y-%m-%d %H:%M:%S}"


def _length(span: timedelta) -> str:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{span.days} days" if span.days else f"{hours} h {minutes} min"
