"""The plots, as SVG. The same figures give the same bytes."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.result import Plot


def draw(plot: Plot, folder: Path) -> Path:
    """Write the plot; its file."""
    path = folder / f"{plot.file}.svg"
    with mpl.rc_context({"svg.hashsalt": "alpha-panda", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        axes = figure.subplots()
        for line in plot.lines:
            if plot.steps:
                axes.step(line.x, line.y, where="post", label=line.name)
            else:
                axes.plot(line.x, line.y, label=line.name)
        if plot.x_log:
            axes.set_xscale("log")
        axes.set_title(plot.title)
        axes.set_xlabel(plot.x_label)
        axes.set_ylabel(plot.y_label)
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")
    return path
