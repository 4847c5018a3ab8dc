"""`panda backtest`: what strategies would have made of recorded data, decided and filled by the services' own code."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from alpha_panda.backtest.data import Examination, examine
from alpha_panda.backtest.files import as_json, write_csv, write_text
from alpha_panda.backtest.page import page
from alpha_panda.backtest.report import AccountReport, account_reports
from alpha_panda.backtest.run import Result, Selection, run_backtest, source_of
from alpha_panda.backtest.setup import Setup, make_setup
from alpha_panda.backtest.sweep import Job
from alpha_panda.cli.backtest_studies import asked, print_studies, study
from alpha_panda.cli.backtest_tables import print_account, print_data
from alpha_panda.cli.messages import print_notice, print_warning
from alpha_panda.cli.options import Files, Recursive, TextOutput
from alpha_panda.cli.output import print_json
from alpha_panda.cli.progress import progress
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import InstrumentTable, load_instruments
from alpha_panda.errors import InputError
from alpha_panda.resources.broker import Broker

_MOST_RUPEES = Decimal(10) ** 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(  # noqa: PLR0913 — each is an option
    filename: Files,
    data: Annotated[Path, typer.Option(help="Bars or ticks: a CSV or Parquet file, or a folder of them.")],
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
) -> None:
    """Trade recorded data with the services' own strategies, risk, sizing, charges and paper market, without Kafka."""
    table = load_instruments(instruments)
    setup = _setup(filename, broker, capital, recursive=recursive)
    selection = Selection(
        path=data, first=_day("--from", first), last=_day("--to", last), timezone=timezone, interval_minutes=interval
    )
    if selection.first is not None and selection.last is not None and selection.last < selection.first:
        raise InputError(f"--to {last} is before --from {first}", remedy="give the earlier day with --from")
    wanted = asked(setup, sweep or [], walk_forward, monte_carlo, seed)
    found = _examine(selection, table)
    for note in setup.notes:
        print_warning(note)
    result = _run(setup, selection, table, found)
    accounts = account_reports(result)
    job = Job(setup=setup, selection=selection, instruments=table)
    studies = study(wanted, job, result.sessions, accounts)
    document = {"data": _about_data(result, found), "accounts": accounts, "studies": studies}
    _write(document, accounts, json_file, csv_folder)
    if html_file is not None:
        write_text(html_file, page(accounts, result, studies, [str(each) for each in found.problems]))
        print_notice(f"wrote {html_file}")
    if output is TextOutput.JSON:
        print_json(document)
        return
    print_data(result.source.lines(), found)
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
    return examine(selection.path, table, calendar, source.interval, selection.timezone)


def _run(setup: Setup, selection: Selection, table: InstrumentTable, found: Examination) -> Result:
    ticks = found.rows * (1 if found.are_ticks else 4)
    with progress("trading", ticks) as advance:
        return run_backtest(setup, selection, table, advance)


def _about_data(result: Result, found: Examination) -> dict[str, Any]:
    return {
        "source": result.source,
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
