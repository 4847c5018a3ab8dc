"""`panda parity`: does a backtest of a replayed day say what the services said of it?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from alpha_panda.backtest.engine import Engine
from alpha_panda.backtest.parity import Comparison, compare
from alpha_panda.backtest.run import Selection, source_of
from alpha_panda.backtest.setup import Setup, make_setup
from alpha_panda.checker.model import Log
from alpha_panda.checker.reading import Facts
from alpha_panda.cli.history_data import opened
from alpha_panda.cli.messages import print_notice, print_warning
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, Files, Recursive, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import InstrumentTable, load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import InputError
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import read_log
from alpha_panda.local.run_file import load_run

_SHOWN = 50
Data = Annotated[
    str | None,
    typer.Option(
        metavar="PATH|history", help="The data that were replayed; those of the run unless given; or what it has kept."
    ),
]
Report = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]


ReadLog = Callable[[Layout], Coroutine[Any, Any, Log]]
"""Reads the whole log of a data directory."""


def register(app: typer.Typer, read: ReadLog = read_log) -> None:
    """Add the command, which compares with the log that `read` gives."""

    @app.command("parity", help=parity.__doc__)
    def command(
        filename: Files,
        *,
        data: Data = None,
        recursive: Recursive = False,
        output: Report = TextOutput.TEXT,
        data_dir: DataDir = DEFAULT_DATA_DIR,
    ) -> None:
        layout = Layout(data_dir)
        said = _backtest(filename, data, layout, recursive=recursive)
        parity(said, asyncio.run(read(layout)), output)


def parity(said: list[AnyEvent], log: Log, output: TextOutput) -> None:
    """Backtest what this platform has replayed, and compare every event with its log, id by id; 1 if any differs.

    Give the resources as they were when the replay began. Compared are ticks, bars, signals, verdicts, orders, fills
    and accounts with all their fields, but for who wrote an event and when.
    """
    found = compare(said, [fact.event for fact in Facts(log).all])
    if output is TextOutput.JSON:
        print_json({"agrees": found.agrees, **{name: getattr(found, name) for name in found.__struct_fields__}})
    else:
        _print(found)
    if not found.agrees:
        raise typer.Exit(1)


def _backtest(files: list[str], data: str | None, layout: Layout, *, recursive: bool) -> list[AnyEvent]:
    run = load_run(layout)
    if run is None:
        raise InputError(f"{layout.root} holds no run", remedy="panda up -f FILE --replay PATH --wait, then compare")
    wanted = data or run.feed.path
    if wanted is None:
        raise InputError(
            f"the run in {layout.root} was fed by no replay", remedy="replay a day: panda up --again --replay PATH"
        )
    setup = make_setup([each.resource for each in read_resources(files, recursive=recursive)])
    for note in setup.notes:
        print_warning(note)
    instruments = load_instruments(Path(run.instruments) if run.instruments else None)
    with opened(str(wanted), None, instruments, layout.root) as place:
        selection = Selection(
            path=place.path,
            timezone=run.feed.timezone,
            interval_minutes=run.feed.interval_minutes,
            called=place.called,
        )
        return _said(setup, selection, instruments)


def _said(setup: Setup, selection: Selection, instruments: InstrumentTable) -> list[AnyEvent]:
    calendar = default_calendar()
    source = source_of(selection, instruments, calendar)
    source.check()
    print_notice(source.description)
    engine = Engine(setup.names, setup.configured(), instruments, calendar)
    said: list[AnyEvent] = []
    engine.run(source.epochs(), said.append, said.append)
    return said


def _print(found: Comparison) -> None:
    print_table(("KIND", "EQUAL"), list(found.equal.items()))
    if found.agrees:
        print_text(f"\nbacktest and services agree: {sum(found.equal.values())} events are equal in every field")
        return
    if not found.differences:
        print_text("\nthere is nothing to compare: neither side says anything")
        return
    print_text(f"\n{len(found.differences)} differences")
    print_table(
        ("TIME", "FAULT", "KIND", "BROKER", "ID", "FIELD", "BACKTEST", "SERVICES"),
        [
            (each.time, each.fault, each.kind, each.broker, each.id, each.field or None, each.backtest, each.services)
            for each in found.differences[:_SHOWN]
        ],
    )
    if len(found.differences) > _SHOWN:
        print_text(f"and {len(found.differences) - _SHOWN} more: -o json has all")
