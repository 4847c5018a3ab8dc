"""The results that the `panda` command prints: tables without borders, JSON and text, as kubectl does.

They go to standard output; messages to a person are in `messages`. A table is as wide as its
cells: nothing is cut or wrapped, so that `awk` and `grep` get whole lines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Final

import msgspec
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

NONE: Final = "<none>"
"""What stands for a value that there is not, as in kubectl."""
_GAP: Final = 3
_WIDEST: Final = 100_000


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print `rows` under `columns`; each row has one cell per column.

    A cell is None (`<none>`), a bool (`true`, `false`), a rich `Text` where colour helps, or anything
    with a `str`. A column of whole numbers is aligned to the right. Colours are left out of a pipe.

    Raises:
        ValueError: a row has more or fewer cells than there are columns.
    """
    cells = [list(row) for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=True, header_style="bold")
    for index, column in enumerate(columns):
        justify = "right" if _counts([row[index] for row in cells if len(row) > index]) else "left"
        table.add_column(_text(column), justify=justify, no_wrap=True)  # type: ignore[arg-type] # one of two literals
    for row in cells:
        if len(row) != len(columns):
            msg = f"a row has {len(row)} cells for {len(columns)} columns: {row!r}"
            raise ValueError(msg)
        table.add_row(*map(_text, row))
    _print_table(table)


def print_json(value: object) -> None:
    """Print `value` as JSON, indented by two: dicts, lists, structs, dataclasses, datetimes, enums, paths."""
    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain), indent=2).decode()
    sys.stdout.write(f"{text}\n")


def print_text(text: str) -> None:
    """Print lines of a result as they are, with one line end."""
    sys.stdout.write(f"{text.rstrip()}\n")


def _print_table(table: Table) -> None:
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    needed = Measurement.get(console, console.options.update(width=_WIDEST), table).maximum
    options = console.options.update(width=needed)
    for line in console.render_lines(table, options, pad=False):
        text = Text.assemble(*((segment.text, segment.style or "") for segment in line if not segment.control))
        text.rstrip()
        console.print(text, soft_wrap=True)


def _text(cell: object) -> Text:
    """The cell on one line, without characters that would steer the terminal."""
    if isinstance(cell, Text):
        return cell
    said = NONE if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)
    return Text("".join(each if each.isprintable() else " " for each in said))


def _counts(cells: Sequence[object]) -> bool:
    return bool(cells) and all(type(cell) is int for cell in cells)


def _plain(value: object) -> object:
    if isinstance(value, PurePath):
        return str(value)
    msg = f"{type(value).__name__} cannot be printed as JSON"
    raise NotImplementedError(msg)
