"""What was studied beyond one run, as plain values: for tables, JSON and the page."""

from __future__ import annotations

import msgspec

from alpha_panda.backtest.sweep import Trial, Values
from alpha_panda.backtest.walk import WalkForward
from alpha_panda.domain.analytics.resampling import Resampled

IN_SAMPLE = "in-sample: chosen on these very days, so expect less; --walk-forward shows what a choice is worth"


class Studies(msgspec.Struct, frozen=True, kw_only=True):
    """What the studies came to; what was not asked for is None."""

    in_sample: tuple[Trial, ...] | None = None
    """All trials of a sweep, the best first: in-sample, whatever they promise."""
    out_of_sample: WalkForward | None = None
    monte_carlo: dict[str, Resampled | None] | None = None
    """By Broker; None where there are too few trades."""


def said(values: Values) -> str:
    """A combination for people."""
    return ", ".join(f"{name}={value}" for name, value in values.items()) or "as given"
