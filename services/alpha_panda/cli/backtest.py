"""`panda backtest`: what strategies would have made of recorded data, decided and filled by the services' own code."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from alpha_panda.backtest.data import Examination, examine
from alpha_panda.backtest.files import as_json, write_csv, write_text
from alpha_panda.backtest.page import page
from alpha_panda.backtest.report import AccountReport, account_reports
from alpha_panda.backtest.run import Result, Selection, run_backtest, source_of
from alpha_panda.backtest.setup import Setup, make_setup
from alpha_panda.backtest.sweep import Job
from alpha_panda.cli.backtest_studies import Asked, asked, print_studies, study
from alpha_panda.cli.backtest_tables import print_account, print_data
from alpha_panda.cli.history_data import opened
from alpha_panda.cli.messages import print_notice, print_warning
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, Files, Recursive, TextOutput
from alpha_panda.cli.output import print_json
from alpha_panda.cli.progress import progress
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import InstrumentTable, load_instruments
from alpha_panda.errors import InputError
from alpha_panda.market_feed.sources.files import table_files
from alpha_panda.resources.broker import Broker

_MOST_RUPEES = Decimal(10) ** 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(  # noqa: PLR0913 — each is an option
    filename: Files,
    data: Annotated[
        str,
        typer.Option(
            metavar="PATH|history[:TIMEFRAME]|URL",
            help="Bars or ticks: a CSV or Parquet file, or a folder of them; history: the bars (1m unless said) that "
            "the platform of --data-dir has kept; or the postgresql:// URL of another's history.",
        ),
    ],
    *,
    recursive: Recursive = False,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, YYYY-MM-DD.")] = None,
    capital: Annotated[str | None, typer.Option(metavar="RUPEES", help="What each account begins with.")] = None,
    broker: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A Paper Broker that all strategies trade on, whatever they name."),
    ] = None,
    instruments: Annotated[Path | None, typer.Option(help="Another instrument table (CSV).")] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone of times without an offset (default: India).")] = None,
    interval: Annotated[int | None, typer.Option(help="Minutes of the bars, where the data does not tell.")] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(metavar="[STRATEGY.]PARAM=A,B", help="Try every combination; may be given several times."),
    ] = None,
    walk_forward: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Choose on each of N spans of days, and report on the span after it."),
    ] = None,
    monte_carlo: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=100_000, help="Draw the trades again N times, to see what was chance."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of --monte-carlo.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON.")] = None,
    csv_folder: Annotated[Path | None, typer.Option("--csv", metavar="DIR", help="Write its tables as CSV.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as one page.")] = None,
    output: Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")] = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Trade recorded data with the services' own strategies, risk, sizing, charges and paper market, without Kafka."""
    table = load_instruments(instruments)
    setup = _setup(filename, broker, capital, recursive=recursive)
    days = _day("--from", first), _day("--to", last)
    if days[0] is not None and days[1] is not None and days[1] < days[0]:
        raise InputError(f"--to {last} is before --from {first}", remedy="give the earlier day with --from")
    wanted = asked(setup, sweep or [], walk_forward, monte_carlo, seed)
    outputs = Outputs(json_file, csv_folder, html_file, output)
    with opened(data, days[1], table, data_dir) as place:
        selection = Selection(
            path=place.path,
            first=days[0],
            last=days[1],
            timezone=timezone,
            interval_minutes=interval,
            called=place.called,
        )
        _trade(setup, selection, table, wanted, outputs)


class Outputs(NamedTuple):
    """Where a report goes."""

    json_file: Path | None
    csv_folder: Path | None
    html_file: Path | None
    output: TextOutput


def _trade(setup: Setup, selection: Selection, table: InstrumentTable, wanted: Asked, outputs: Outputs) -> None:
    found = _examine(selection, table)
    for note in setup.notes:
        print_warning(note)
    result = _run(setup, selection, table, found)
    accounts = account_reports(result)
    job = Job(setup=setup, selection=selection, instruments=table)
    studies = study(wanted, job, result.sessions, accounts)
    document = {"data": _about_data(result, found), "accounts": accounts, "studies": studies}
    _write(document, accounts, outputs.json_file, outputs.csv_folder)
    if outputs.html_file is not None:
        write_text(outputs.html_file, page(accounts, result, studies, [str(each) for each in found.problems]))
        print_notice(f"wrote {outputs.html_file}")
    if outputs.output is TextOutput.JSON:
        print_json(document)
        return
    warmed = [] if result.warm_up is None else [result.warm_up.says]
    print_data([*result.source.lines(), *warmed], found)
    for account in accounts:
        print_account(account)
    print_studies(studies)
    for line in _troubles(result):
        print_warning(line)


def _setup(files: list[str], broker: Path | None, capital: str | None, *, recursive: bool) -> Setup:
    resources = [each.resource for each in read_resources(files, recursive=recursive)]
    return make_setup(
        resources,
        broker=None if broker is None else _broker(broker),
        capital=None if capital is None else _capital(capital),
    )


def _broker(path: Path) -> Broker:
    brokers = [each.resource for each in read_resources([str(path)]) if isinstance(each.resource, Broker)]
    if len(brokers) != 1:
        raise InputError(f"--broker {path}: holds {len(brokers)} Brokers", remedy="give a file with exactly one")
    return brokers[0]


def _capital(text: str) -> str:
    try:
        amount = Decimal(text)
        good = amount.is_finite() and 0 < amount <= _MOST_RUPEES and amount == round(amount, 2)
    except InvalidOperation:
        good = False
    if not good:
        raise InputError(
            f"--capital {text!r} is no amount of rupees", remedy="allowed: more than 0, at most two decimals: 100000"
        )
    return text


def _day(option: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option} {text!r} is no date", remedy="write it as YYYY-MM-DD") from None


def _examine(selection: Selection, table: InstrumentTable) -> Examination:
    calendar = default_calendar()
    source = source_of(selection, table, calendar)
    source.check()
    print_notice(source.description)
    return examine(table_files(selection.path, selection.called), table, calendar, source.interval, selection.timezone)


def _run(setup: Setup, selection: Selection, table: InstrumentTable, found: Examination) -> Result:
    ticks = found.rows * (1 if found.are_ticks else 4)
    with progress("trading", ticks) as advance:
        return run_backtest(setup, selection, table, advance)


def _about_data(result: Result, found: Examination) -> dict[str, Any]:
    return {
        "source": result.source,
        "warm_up": result.warm_up,
        "problems": found.problems,
        "counts": found.counts,
        "troubles": _troubles(result),
        "notes": result.setup.notes,
    }


def _troubles(result: Result) -> list[str]:
    aside = [f"{each.service} could not take {each.event_id}: {each.reason}" for each in result.set_aside]
    return [*result.problems, *aside]


def _write(
    document: dict[str, Any], accounts: tuple[AccountReport, ...], json_file: Path | None, csv_folder: Path | None
) -> None:
    written: list[Path] = []
    if json_file is not None:
        write_text(json_file, as_json(document))
        written.append(json_file)
    if csv_folder is not None:
        written += write_csv(csv_folder, accounts)
    for path in written:
        print_notice(f"wrote {path}")
