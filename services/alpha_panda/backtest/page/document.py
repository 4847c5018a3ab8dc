"""The page put together: for each account its tiles, curves, charts and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources

from alpha_panda.backtest.page.curves import distribution, drawdown_curve, equity_curve
from alpha_panda.backtest.page.prices import price_chart
from alpha_panda.backtest.page.scales import MarketTime
from alpha_panda.backtest.page.studies import studies_section
from alpha_panda.backtest.page.tables import groups, journal, months, rejections, tiles
from alpha_panda.backtest.report import AccountReport
from alpha_panda.backtest.run import Result
from alpha_panda.backtest.studies import Studies
from alpha_panda.market_feed.sources.port import counted

_KEY = (
    '<p class="key"><i class="buy"></i> bought <i class="sell"></i> sold (hollow: left) '
    '<i class="line stop"></i> stop <i class="line target"></i> target '
    '<i class="line gain-line"></i> gain <i class="line loss-line"></i> loss; point at a marker to read it</p>'
)


def page(
    accounts: Sequence[AccountReport], result: Result, studies: Studies | None = None, problems: Sequence[str] = ()
) -> str:
    """The whole document; `problems` are those of the data."""
    style = resources.files("alpha_panda.backtest.page").joinpath("page.css").read_text(encoding="utf-8")
    scale = MarketTime(result.sessions)
    first, last = result.sessions[0].date, result.sessions[-1].date
    days = f"{first}" if first == last else f"{first} to {last}"
    names = ", ".join(each.metadata.name for each in result.setup.strategies)
    body = "".join(part for account in accounts for part in _account(account, result, scale))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Backtest of {escape(names)}, {days}</title><style>{style}</style></head><body><main>"
        f"<h1>Backtest of {escape(names)}</h1><p>{days}, {counted(len(result.sessions), 'session')}. Filled on paper "
        "by the services&#39; own risk, sizing, charges and matching code; all results are after charges.</p>"
        f"{body}{studies_section(studies or Studies())}{_data(result, problems)}</main></body></html>\n"
    )


def _account(account: AccountReport, result: Result, scale: MarketTime) -> Iterator[str]:
    yield f"<section><h2>Broker {escape(account.summary.broker)}</h2>{tiles(account.summary)}"
    yield _figure("Equity", equity_curve(account, scale))
    yield _figure("Drawdown", drawdown_curve(account, scale))
    yield f"<h3>Monthly returns</h3>{months(account)}"
    yield f"<h3>By strategy</h3>{groups('Strategy', account.by_strategy)}"
    yield f"<h3>By instrument</h3>{groups('Instrument', account.by_instrument)}"
    title, spread = distribution(account)
    if spread:
        yield _figure(title, spread)
    yield from _prices(account, result, scale)
    if account.rejections:
        yield f"<h3>Rejected signals</h3>{rejections(account)}"
    yield f"<h3>Trades</h3>{journal(account)}</section>"


def _prices(account: AccountReport, result: Result, scale: MarketTime) -> Iterator[str]:
    traded = {trade.instrument_token: trade.instrument for trade in account.trades}
    for token, name in sorted(traded.items(), key=lambda pair: pair[1]):
        trades = [each for each in account.trades if each.instrument_token == token]
        chart = price_chart(name, result.recorder.bars[token], trades, scale)
        yield _figure(f"{name}, {result.recorder.timeframe} bars", chart, _KEY)


def _figure(title: str, chart: str, note: str = "") -> str:
    return f'<h3>{escape(title)}</h3><figure class="scroll">{chart}</figure>{note}'


def _data(result: Result, problems: Sequence[str]) -> str:
    lines = [*result.source.lines(), *problems, *result.setup.notes, *result.problems]
    return "<section><h2>Data</h2><ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul></section>"
