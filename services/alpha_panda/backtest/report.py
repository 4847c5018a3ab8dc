"""The report of a run as plain values: what tables, JSON, CSV and the page are made of. Pure.

Money is whole paise, times are aware, ratios are None where the run does not define them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from alpha_panda.backtest.recorder import AccountRecord
from alpha_panda.backtest.run import Result
from alpha_panda.domain.analytics.drawdowns import Drawdown, deepest, longest
from alpha_panda.domain.analytics.exposure import exposure
from alpha_panda.domain.analytics.journal import OpenTrade
from alpha_panda.domain.analytics.returns import (
    calmar,
    daily_returns,
    growth_rate,
    monthly_returns,
    sharpe,
    sortino,
    total_return,
    volatility,
)
from alpha_panda.domain.analytics.trades import Trade, TradeStatistics, statistics
from alpha_panda.domain.calendar import Session, trading_date
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.resources.fields import paise


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One account over the whole run."""

    broker: str
    first: date
    last: date
    sessions: int
    start_paise: int
    end_paise: int
    """Cash and the worth of what is still held, after charges."""
    total_return: float | None
    growth_rate: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    drawdown: Drawdown | None
    longest_drawdown: timedelta
    exposure: float | None
    charges_paise: int
    """Those of all fills, and what made each day's tax whole rupees."""
    raised: int
    validated: int
    rejected: int
    trades: TradeStatistics


class TradeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A round trip in the journal. Prices are rupees, averages over the fills."""

    strategy: str
    instrument: str
    product: str
    side: str
    quantity: int
    entered_at: datetime
    entry_price: float
    entry_reason: str
    left_at: datetime
    exit_price: float
    exit_leg: str
    exit_reason: str
    stop_loss_paise: int | None
    target_paise: int | None
    gross_paise: int
    charges_paise: int
    net_paise: int
    slippage_paise: int
    r_multiple: float | None
    instrument_token: int
    signal_id: str


class RejectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Signals refused for one reason."""

    strategy: str
    instrument: str
    code: str
    count: int
    example: str


class OpenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A position that the run ended with; its worth is in the equity."""

    strategy: str
    instrument: str
    product: str
    side: str
    quantity: int
    entered_at: datetime
    entry_price: float


class AccountReport(msgspec.Struct, frozen=True, kw_only=True):
    """One Broker's report."""

    summary: Summary
    by_strategy: dict[str, TradeStatistics]
    by_instrument: dict[str, TradeStatistics]
    trades: tuple[TradeRow, ...]
    open: tuple[OpenRow, ...]
    rejections: tuple[RejectionRow, ...]
    monthly_returns: dict[str, float]
    closes: tuple[tuple[date, int], ...]
    """Equity at the close of each session, in paise."""
    equity: tuple[tuple[datetime, int], ...]
    """Whenever it changed, at most once a minute beside fills."""


def account_reports(result: Result) -> tuple[AccountReport, ...]:
    """A report for each Broker of the run, by name."""
    reports = []
    for broker in result.setup.brokers:
        record = result.recorder.accounts[broker.metadata.name]
        start_paise = paise(broker.spec.paper_settings().starting_cash)
        reports.append(_report(broker.metadata.name, start_paise, record, result.sessions, result.instruments))
    return tuple(reports)


def _report(
    name: str, start_paise: int, record: AccountRecord, sessions: Sequence[Session], table: InstrumentTable
) -> AccountReport:
    equity = [(sessions[0].open, start_paise), *record.equity]
    closes = _closes(record.equity, sessions, start_paise)
    trades = record.journal.closed
    return AccountReport(
        summary=_summary(name, start_paise, record, sessions, closes),
        by_strategy=_grouped(trades, lambda trade: trade.strategy),
        by_instrument=_grouped(trades, lambda trade: table.require(trade.instrument_token).name),
        trades=tuple(_trade_row(each, table) for each in trades),
        open=tuple(_open_row(each, table) for each in record.journal.open),
        rejections=_rejections(record, table),
        monthly_returns=monthly_returns(closes, start_paise),
        closes=tuple(closes),
        equity=tuple(equity),
    )


def _summary(
    name: str,
    start_paise: int,
    record: AccountRecord,
    sessions: Sequence[Session],
    closes: Sequence[tuple[date, int]],
) -> Summary:
    end_paise = closes[-1][1]
    first, last = sessions[0].date, sessions[-1].date
    returns = daily_returns([start_paise, *(equity for _, equity in closes)])
    points = [(sessions[0].open, start_paise), *record.equity]
    worst = deepest(points)
    growth = growth_rate(start_paise, end_paise, first, last)
    still = [(each.entered_at, sessions[-1].close) for each in record.journal.open]
    held = [(each.entered_at, each.left_at) for each in record.journal.closed]
    return Summary(
        broker=name,
        first=first,
        last=last,
        sessions=len(sessions),
        start_paise=start_paise,
        end_paise=end_paise,
        total_return=total_return(start_paise, end_paise),
        growth_rate=growth,
        volatility=volatility(returns),
        sharpe=sharpe(returns),
        sortino=sortino(returns),
        calmar=calmar(growth, 0.0 if worst is None else worst.depth),
        drawdown=worst,
        longest_drawdown=longest([*points, (sessions[-1].close, end_paise)]),
        exposure=exposure(held + still, sessions),
        charges_paise=0 if record.last is None else record.last.charges_paise,
        raised=record.raised.total(),
        validated=record.validated.total(),
        rejected=sum(each.count for each in record.rejections.values()),
        trades=statistics(record.journal.closed),
    )


def _closes(
    equity: Sequence[tuple[datetime, int]], sessions: Sequence[Session], start_paise: int
) -> list[tuple[date, int]]:
    """What the account was worth when each session was over: the last that was said up to then."""
    closes, at, now_paise = [], 0, start_paise
    for session in sessions:
        while at < len(equity) and trading_date(equity[at][0]) <= session.date:
            now_paise = equity[at][1]
            at += 1
        closes.append((session.date, now_paise))
    return closes


def _grouped(trades: Iterable[Trade], key: Callable[[Trade], str]) -> dict[str, TradeStatistics]:
    groups: dict[str, list[Trade]] = defaultdict(list)
    for trade in trades:
        groups[key(trade)].append(trade)
    return {name: statistics(groups[name]) for name in sorted(groups)}


def _trade_row(trade: Trade, table: InstrumentTable) -> TradeRow:
    return TradeRow(
        strategy=trade.strategy,
        instrument=table.require(trade.instrument_token).name,
        product=trade.product.value,
        side=trade.side.value,
        quantity=trade.quantity,
        entered_at=trade.entered_at,
        entry_price=_average(trade.entry_turnover_paise, trade.quantity),
        entry_reason=trade.entry_reason,
        left_at=trade.left_at,
        exit_price=_average(trade.exit_turnover_paise, trade.quantity),
        exit_leg=trade.exit_leg.value,
        exit_reason=trade.exit_reason,
        stop_loss_paise=trade.stop_loss_paise,
        target_paise=trade.target_paise,
        gross_paise=trade.gross_paise,
        charges_paise=trade.charges_paise,
        net_paise=trade.net_paise,
        slippage_paise=trade.slippage_paise,
        r_multiple=trade.r_multiple,
        instrument_token=trade.instrument_token,
        signal_id=trade.signal_id,
    )


def _open_row(trade: OpenTrade, table: InstrumentTable) -> OpenRow:
    return OpenRow(
        strategy=trade.strategy,
        instrument=table.require(trade.instrument_token).name,
        product=trade.product.value,
        side=trade.side.value,
        quantity=trade.quantity,
        entered_at=trade.entered_at,
        entry_price=_average(trade.entry_turnover_paise, trade.entered),
    )


def _average(turnover_paise: int, quantity: int) -> float:
    return round(turnover_paise / quantity / 100, 4)


def _rejections(record: AccountRecord, table: InstrumentTable) -> tuple[RejectionRow, ...]:
    rows = []
    for each in record.rejections.values():
        known = table.get(each.instrument_token)
        rows.append(
            RejectionRow(
                strategy=each.strategy,
                instrument=str(each.instrument_token) if known is None else known.name,
                code=each.code,
                count=each.count,
                example=each.example,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.count, row.strategy, row.instrument, row.code)))
