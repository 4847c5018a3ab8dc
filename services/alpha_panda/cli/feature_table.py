"""`panda strategy features`: the table that a model is trained on, by the code that shows it the market later."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from alpha_panda.cli.bar_file import read_bars
from alpha_panda.cli.messages import print_warning
from alpha_panda.cli.output import print_table
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.features import FEATURES, examples
from alpha_panda.errors import InputError
from alpha_panda.market_feed.sources.replay import named_zone

_TOLD: Final = 10
"""Rows that were left out and are told one by one."""

Bars = Annotated[Path | None, typer.Argument(metavar="BARS", help="A CSV or Parquet file of one timeframe's bars.")]
Names = Annotated[
    list[str] | None, typer.Option("--feature", metavar="NAME", help="Only this one; may be given several times.")
]
Horizon = Annotated[int, typer.Option(metavar="BARS", help="How many bars later the change is taken that is learnt.")]
Listed = Annotated[bool, typer.Option("--list", help="Say what features there are.")]
Instrument = Annotated[
    str | None, typer.Option("--instrument", metavar="SYMBOL", help="Which one, where the file holds several.")
]
Zone = Annotated[
    str | None, typer.Option("--timezone", metavar="NAME", help="Of times without an offset; India's unless given.")
]


def features(  # noqa: PLR0913 — each is an option
    bars: Bars = None,
    *,
    feature: Names = None,
    horizon: Horizon = 10,
    listed: Listed = False,
    instrument: Instrument = None,
    timezone: Zone = None,
) -> None:
    """Print what a model is trained on as CSV: the features after each bar, and how the price changed afterwards.

    The last column, `forward_percent`, is of the future: it is what is to be learnt, and no input.
    """
    if listed:
        print_table(("FEATURE", "OF", "WHAT"), [(name, each.indicator, each.about) for name, each in FEATURES.items()])
        return
    if bars is None:
        raise InputError("no file of bars is given", remedy="panda strategy features BARS.csv > table.csv")
    series = read_bars(bars, instrument=instrument, zone=named_zone(timezone))
    names = tuple(feature or FEATURES)
    rows = examples(series.bars, names, horizon=horizon)
    for note in series.notes[:_TOLD]:
        print_warning(f"left out: {note}")
    if len(series.notes) > _TOLD:
        print_warning(f"left out: {len(series.notes) - _TOLD} more")
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(["time", *names, "forward_percent"])
    for row in rows:
        figures = (repr(each) for each in (*row.values, row.forward_percent))
        lines.writerow([row.bar.start.astimezone(IST).isoformat(), *figures])
