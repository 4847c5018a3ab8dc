"""The report: a table on the terminal, JSON, plots, and the page `docs/benchmarks.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.plots import draw
from benchmarks.result import Benchmark, Result, Row
from benchmarks.worker import ROOT

FOLDER: Final = ROOT / "docs" / "benchmarks"
PAGE: Final = ROOT / "docs" / "benchmarks.md"
RESULTS: Final = FOLDER / "results.json"
_BEGIN, _END = "<!-- figures: written by `make bench` -->", "<!-- end of figures -->"
_COLUMNS: Final = ("", "measured", "spread", "floor", "ratio", "reach", "beyond")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark's part: what it found, and the machine that it ran on."""

    title: str
    order: int
    machine: dict[str, str]
    result: Result


def show(benchmark: Benchmark, result: Result, console: Console) -> None:
    """The table of one benchmark."""
    table = Table(title=benchmark.title, title_justify="left")
    for index, column in enumerate(_COLUMNS):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in result.rows:
        style = {True: "green", False: "yellow", None: ""}[row.reached]
        table.add_row(*_cells(row), style=style)
    console.print(table)


def write(found: dict[str, Report]) -> list[Path]:
    """Put what was found in place of what an earlier run found of the same benchmarks; the files written."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    known = msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, Report]) if RESULTS.exists() else {}
    reports = dict(sorted({**known, **found}.items(), key=lambda item: item[1].order))
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(reports)) + b"\n")
    plots = [draw(plot, FOLDER) for report in found.values() for plot in report.result.plots]
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(f"{before}{_BEGIN}\n{_figures(reports.values())}\n{_END}{after}")
    return [RESULTS, PAGE, *plots]


def _figures(reports: Iterable[Report]) -> str:
    return "\n".join(_section(report) for report in reports)


def _section(report: Report) -> str:
    result = report.result
    lines = [f"\n## {report.title}\n", _wrapped(result.compared), ""]
    lines.append("| " + " | ".join(_COLUMNS) + " |")
    lines.append("|---" + "|---:" * (len(_COLUMNS) - 1) + "|")
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in result.rows]
    notes = [f"- {row.what}: {row.note}" for row in result.rows if row.note]
    facts = [f"- {name}: {value}" for name, value in result.facts.items()]
    if notes or facts:
        lines += ["", *notes, *facts]
    lines += [f"\n![{plot.title}](benchmarks/{plot.file}.svg)" for plot in result.plots]
    lines += ["", _wrapped("On " + ", ".join(f"{name} {value}" for name, value in report.machine.items()) + ".")]
    return "\n".join(lines)


def _cells(row: Row) -> Sequence[str]:
    floor = "" if row.floor_value is None else _number(row.floor_value)
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    spread = f"{_number(min(row.samples))} … {_number(max(row.samples))}" if len(row.samples) > 1 else ""
    reach, beyond = _goal(row.reach, row.reach_ratio), _goal(row.beyond, row.beyond_ratio)
    mark = {True: " ✓", False: " ✗", None: ""}[row.reached]
    return (row.what, f"{_number(row.value)} {row.unit}", spread, floor, ratio, f"{reach}{mark}", beyond)


def _goal(value: float | None, ratio: float | None) -> str:
    if ratio is not None:
        return f"ratio {ratio:.2f}"
    return "" if value is None else _number(value)


def _number(value: float) -> str:
    if abs(value) >= 1000:  # noqa: PLR2004 — from here on digits behind the point say nothing
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}"  # noqa: PLR2004 — likewise


def _wrapped(text: str, width: int = 120) -> str:
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) + 1 > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])
