"""What a benchmark is and what it finds: the interface between the programs and the report.

A module of this package that has a `BENCHMARK` is run by `make bench`. It prints nothing, and what it
starts it ends: the folder that it is given is deleted afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from statistics import median

import msgspec


class Better(StrEnum):
    """Which way is better."""

    MORE = "more"
    LESS = "less"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a benchmark is to run."""

    folder: Path
    """Its own, empty; for data directories and logs."""
    say: Callable[[str], None]
    """Progress for a person, one short line at a time."""
    long: bool = False
    """The long variant, where there is one."""
    repetitions: int = 3


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table: what was measured, beside the floor of the same run.

    `floor` has the floor's sample of the same repetition at the same place, or is empty.
    """

    what: str
    unit: str
    samples: tuple[float, ...]
    better: Better = Better.MORE
    floor: tuple[float, ...] = ()
    floor_is: str = ""
    """What the floor is, in a few words."""
    reach: float | None = None
    beyond: float | None = None
    reach_ratio: float | None = None
    """Where not the value but its ratio to the floor is to be reached."""
    beyond_ratio: float | None = None
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the samples."""
        return median(self.samples)

    @property
    def floor_value(self) -> float | None:
        """The median of the floor's samples."""
        return median(self.floor) if self.floor else None

    @property
    def ratio(self) -> float | None:
        """The median over the repetitions of sample ÷ floor; None where there is no floor."""
        pairs = zip(self.samples, self.floor, strict=bool(self.floor))
        ratios = [sample / floor for sample, floor in pairs if floor]
        return median(ratios) if ratios else None

    @property
    def reached(self) -> bool | None:
        """Whether the median is as good as what was to be reached; None where nothing was."""
        if self.reach_ratio is not None and self.ratio is not None:
            return self.ratio >= self.reach_ratio if self.better is Better.MORE else self.ratio <= self.reach_ratio
        if self.reach is None:
            return None
        return self.value >= self.reach if self.better is Better.MORE else self.value <= self.reach


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Points of a plot under one name."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """A picture: lines over numbers, or with `steps` a histogram whose `x` are the left edges."""

    file: str
    """Without its ending, unique among all benchmarks."""
    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    steps: bool = False
    x_log: bool = False


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All that a benchmark found."""

    rows: tuple[Row, ...]
    plots: tuple[Plot, ...] = ()
    compared: str
    """What was compared with what, and how, in a few sentences for `docs/benchmarks.md`."""
    facts: dict[str, str] = {}
    """Sizes and counts that belong to the figures, such as `records` or `stages`."""


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """One program. `run` measures; it raises where it could not, and never gives figures of a run that went wrong."""

    name: str
    """As it is chosen with `make bench ARGS=name`: small letters and hyphens."""
    title: str
    run: Callable[[Options], Result]
    order: int = 100
    """Where it stands in the report."""
