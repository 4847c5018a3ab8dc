"""`panda indicators`: the indicators of a file of bars, to be compared with a charting tool; and what there are."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from alpha_panda.cli.bar_file import read_bars
from alpha_panda.cli.messages import print_warning
from alpha_panda.cli.options import TextOutput
from alpha_panda.cli.output import print_json, print_text
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.indicators.about import REMEDY, Output, Unit
from alpha_panda.domain.indicators.catalogue import Entry, entries
from alpha_panda.domain.indicators.indicator import Indicator, outputs
from alpha_panda.domain.indicators.registry import indicator
from alpha_panda.errors import InputError
from alpha_panda.events.market import Bar
from alpha_panda.market_feed.sources.replay import named_zone

_TOLD: Final = 10
"""Rows that were left out and are told one by one."""

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="BARS INDICATOR...", help="A CSV or Parquet file, then what to calculate: rsi:14 macd."),
]
Listed = Annotated[bool, typer.Option("--list", help="Say what indicators there are (or only those that are named).")]
Instrument = Annotated[
    str | None, typer.Option("--instrument", metavar="SYMBOL", help="Which one, where the file holds several.")
]
Zone = Annotated[
    str | None, typer.Option("--timezone", metavar="NAME", help="Of times without an offset; India's unless given.")
]
Format = Annotated[TextOutput, typer.Option("--output", "-o", help="Of --list: text, or json for programs.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("indicators")(indicators)


def indicators(
    words: Words = None,
    *,
    listed: Listed = False,
    instrument: Instrument = None,
    timezone: Zone = None,
    output: Format = TextOutput.TEXT,
) -> None:
    """Print indicators of a file of bars as CSV: one line for each bar, empty where one is not defined yet.

    Prices are in rupees, times those at which the bars begin.
    """
    given = words or []
    if listed:
        _print_entries(entries(given), output)
        return
    if not given:
        raise InputError("no file of bars is given", remedy="panda indicators BARS.csv rsi:14 macd:12,26,9")
    path, wanted = Path(given[0]), _indicators(given[1:])
    series = read_bars(path, instrument=instrument, zone=named_zone(timezone))
    for note in series.notes[:_TOLD]:
        print_warning(f"left out: {note}")
    if len(series.notes) > _TOLD:
        print_warning(f"left out: {len(series.notes) - _TOLD} more")
    _print_values(series.bars, wanted)


def _indicators(texts: Sequence[str]) -> list[Indicator[Any]]:
    if not texts:
        raise InputError("no indicator is given", remedy=f"name some after the file, such as rsi:14; {REMEDY}")
    made = {each.label: each for each in map(indicator, texts)}
    return list(made.values())


def _print_values(bars: Sequence[Bar], wanted: Sequence[Indicator[Any]]) -> None:
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(["time", *(_column(each, output) for each in wanted for output in each.about.outputs)])
    for bar in bars:
        cells = [cell for each in wanted for cell in _cells(each, bar)]
        lines.writerow([bar.start.astimezone(IST).isoformat(), *cells])


def _column(made: Indicator[Any], output: Output) -> str:
    name = made.label.replace(":", "_").replace(",", "_")
    return name if len(made.about.outputs) == 1 else f"{name}_{output.name}"


def _cells(made: Indicator[Any], bar: Bar) -> list[str]:
    about = made.about
    values = outputs(made.update(bar), len(about.outputs))
    return [_said(value, output.unit) for value, output in zip(values, about.outputs, strict=True)]


def _said(value: float | None, unit: Unit) -> str:
    """Twelve digits: more than two programs can agree on, and no tail of binary fractions."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return f"{value / 100 if unit is Unit.PRICE else value:.12g}"


def _print_entries(found: Sequence[Entry], output: TextOutput) -> None:
    if output is TextOutput.JSON:
        print_json(found)
        return
    for entry in found:
        print_text(f"{entry.usage}  {entry.title}")
        for name, said in msgspec.structs.asdict(entry).items():
            if name in Entry.DETAILS:
                print_text(f"    {name.replace('_', '-'):<12}{'; '.join(said) if isinstance(said, tuple) else said}")
