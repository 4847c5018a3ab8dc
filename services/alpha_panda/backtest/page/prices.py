"""An instrument's price with what was traded in it: where trades began and ended, their stops and targets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from alpha_panda.backtest.page.scales import MarketTime, round_ticks
from alpha_panda.backtest.page.svg import Chart
from alpha_panda.backtest.report import TradeRow
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.money import rupees
from alpha_panda.events.market import Bar

_CANDLES: Final = 420
"""More bars than these are a line of their closes: a candle needs two pixels."""
_LABELS: Final = 9


def price_chart(name: str, bars: Sequence[Bar], trades: Sequence[TradeRow], scale: MarketTime) -> str:
    """The chart of one instrument; empty without bars."""
    if not bars:
        return ""
    chart = Chart(
        f"Price of {name} in rupees", 340, _ticks(bars, trades), lambda value: f"{value:,.2f}".rstrip("0").rstrip(".")
    )
    chart.across(scale.ticks(_LABELS))
    if len(bars) <= _CANDLES:
        width = 1 / max(len(bars), 60)
        chart.candles([(_middle(bar, scale), *_prices(bar)) for bar in bars], width)
    else:
        chart.line([(scale.share(bar.end), bar.close_paise / 100) for bar in bars], "price")
    for trade in trades:
        _draw(chart, trade, scale)
    return str(chart)


def _draw(chart: Chart, trade: TradeRow, scale: MarketTime) -> None:
    begin, end = scale.share(trade.entered_at), scale.share(trade.left_at)
    if trade.stop_loss_paise is not None:
        chart.level(begin, end, trade.stop_loss_paise / 100, "stop")
    if trade.target_paise is not None:
        chart.level(begin, end, trade.target_paise / 100, "target")
    result = "gain" if trade.net_paise > 0 else "loss"
    chart.joined((begin, trade.entry_price), (end, trade.exit_price), f"trade {result}-line")
    entered = f"{trade.strategy}: {trade.side} {trade.quantity} at {trade.entry_price:,.2f}, {_said(trade.entered_at)}"
    chart.marker(begin, trade.entry_price, _side(trade.side), f"{entered}\n{trade.entry_reason}")
    left = f"{trade.strategy}: {trade.exit_leg} at {trade.exit_price:,.2f}, {_said(trade.left_at)}"
    other = "SELL" if trade.side == "BUY" else "BUY"
    told = f"{left}: {rupees(trade.net_paise)} after charges\n{trade.exit_reason}"
    chart.marker(end, trade.exit_price, f"{_side(other)} leaving", told)


def _ticks(bars: Sequence[Bar], trades: Sequence[TradeRow]) -> list[float]:
    """Of the prices that were traded; a stop or target far away is drawn where it is, or not seen."""
    values = [each / 100 for bar in bars for each in (bar.low_paise, bar.high_paise)]
    for trade in trades:
        levels = (trade.stop_loss_paise, trade.target_paise)
        values += [each / 100 for each in levels if each is not None]
        values += [trade.entry_price, trade.exit_price]
    return round_ticks(min(values), max(values))


def _middle(bar: Bar, scale: MarketTime) -> float:
    return (scale.share(bar.start) + scale.share(bar.end)) / 2


def _prices(bar: Bar) -> tuple[float, float, float, float]:
    return bar.open_paise / 100, bar.high_paise / 100, bar.low_paise / 100, bar.close_paise / 100


def _side(side: str) -> str:
    return "buy" if side == "BUY" else "sell"


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(IST):%Y-%m-%d %H:%M:%S}"
