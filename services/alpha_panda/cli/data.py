"""`panda data`: history from others into the history database, where backtests and new strategies find it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from alpha_panda.cli.history_data import NAME, URLS
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_text
from alpha_panda.cli.progress import progress
from alpha_panda.domain.calendar import default_calendar, trading_date
from alpha_panda.domain.instrument import Exchange, Instrument
from alpha_panda.domain.instrument_table import InstrumentTable, load_instruments
from alpha_panda.downloads.fetch import Download, Downloader
from alpha_panda.downloads.port import Asked
from alpha_panda.downloads.report import Fetched, lines
from alpha_panda.downloads.shelf import HistoryShelf
from alpha_panda.downloads.spans import sessions_of
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.market import Timeframe
from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout
from alpha_panda.local.run_file import run_section
from alpha_panda.local.zerodha_session import chosen, session_store, settings_of, zerodha_brokers
from alpha_panda.runtime.recorded_bars import connected
from alpha_panda.runtime.yahoo_settings import YahooSettings

ALL: Final = "all"


class From(StrEnum):
    """Who is asked."""

    KITE = "kite"
    YAHOO = "yahoo"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    data = typer.Typer(help="Market data of other days.", no_args_is_help=True, rich_markup_mode=None)
    data.callback()(_group)
    data.command("fetch")(fetch)
    app.add_typer(data, name="data")


def _group() -> None:
    """Without this a group of one command would be that command."""


def fetch(  # noqa: PLR0913 — each is an option
    instruments: Annotated[
        list[str], typer.Argument(metavar="INSTRUMENT…|all", help="NSE:INFY, or INFY alone for NSE; all of the table.")
    ],
    *,
    source: Annotated[From, typer.Option(help="Kite Connect by a Broker's login, or Yahoo without an account.")],
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="First day, YYYY-MM-DD.")],
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day; today unless given.")] = None,
    timeframe: Annotated[Timeframe, typer.Option(help="Of the bars.")] = Timeframe.M1,
    into: Annotated[
        str,
        typer.Option(metavar="history|URL", help="The history of the platform of --data-dir, or a postgresql:// URL."),
    ] = NAME,
    broker: Annotated[str | None, typer.Option(metavar="NAME", help="Whose login asks Kite Connect.")] = None,
    table: Annotated[Path | None, typer.Option("--instruments", help="Another instrument table (CSV).")] = None,
    output: Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")] = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Fetch bars of other days into the history database; what is there already is not asked for again.

    It can be interrupted and begun again. Rows that no market can have made are refused and told, and so are the
    sessions that are still without bars. Exit code 1 where not all could be asked.
    """
    calendar, now = default_calendar(), datetime.now(UTC)
    wanted = Download(
        instruments=_chosen(instruments, load_instruments(table)),
        timeframe=timeframe,
        sessions=sessions_of(
            calendar, _day("--from", first), trading_date(now) if last is None else _day("--to", last), now
        ),
    )
    layout = Layout(data_dir)

    async def work() -> tuple[Fetched, ...]:
        asked = await _asked(source, layout, broker, wanted.instruments)
        async with _place(into, layout) as connection:
            with progress(f"asking {asked.name}", len(wanted.instruments)) as advance:
                return await Downloader(asked, HistoryShelf(connection), calendar).fetch(wanted, advance)

    found = asyncio.run(work())
    if output is TextOutput.JSON:
        print_json(found)
    else:
        for each in found:
            for line in lines(each):
                print_text(line)
    if any(each.failed is not None for each in found):
        raise typer.Exit(1)


def _chosen(names: Sequence[str], table: InstrumentTable) -> tuple[Instrument, ...]:
    if list(names) == [ALL]:
        return tuple(table)
    pairs = (name.strip().upper().rpartition(":") for name in names)
    found = [table.require_name(exchange or Exchange.NSE, symbol) for exchange, _, symbol in pairs]
    return tuple(dict.fromkeys(found))


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option} {text!r} is no date", remedy="write it as YYYY-MM-DD") from None


def _place(into: str, layout: Layout) -> AbstractAsyncContextManager[Any]:
    if into.startswith(URLS):
        return connected(into)
    if into != NAME:
        raise InputError(f"--into {into} is no place for bars", remedy=f"allowed: {NAME}, or a postgresql:// URL")
    return database(layout)


async def _asked(source: From, layout: Layout, broker: str | None, instruments: Sequence[Instrument]) -> Asked:
    try:
        if source is From.YAHOO:
            return _yahoo(layout, instruments)
        return await _kite(layout, chosen(await zerodha_brokers(layout), broker))
    except ModuleNotFoundError as error:
        extra = "zerodha" if source is From.KITE else "yahoo"
        raise PandaError(f"{error.name} is not installed", remedy=f"pip install 'alpha-panda[{extra}]'") from error


def _yahoo(layout: Layout, instruments: Sequence[Instrument]) -> Asked:
    from alpha_panda.downloads.yahoo import YahooHistory  # noqa: PLC0415 - an extra that not everybody has
    from alpha_panda.yahoo.names import symbol_of  # noqa: PLC0415 - likewise

    for each in instruments:
        symbol_of(each)
    return YahooHistory(YahooSettings.model_validate(run_section(layout, "yahoo")))


async def _kite(layout: Layout, broker: str) -> Asked:
    from alpha_panda.downloads.kite import KiteHistory  # noqa: PLC0415 - an extra that not everybody has
    from alpha_panda.zerodha.errors import SessionMissingError  # noqa: PLC0415 - likewise
    from alpha_panda.zerodha.session import LOG_IN, judge  # noqa: PLC0415 - likewise

    async with session_store(layout, broker) as store:
        session = await store.load()
    verdict = judge(session, datetime.now(UTC))
    if session is None or not verdict.state.is_valid:
        raise SessionMissingError(f"Broker {broker}: {verdict.message}", remedy=f"run `{LOG_IN}`")
    return KiteHistory(settings_of(layout), session)
