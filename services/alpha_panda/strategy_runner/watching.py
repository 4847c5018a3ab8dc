"""From a runner's settings to the watch over its calls, for as long as it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from alpha_panda.runtime.settings import BudgetSettings
from alpha_panda.strategy_runner.call_notes import CallNotes
from alpha_panda.strategy_runner.tick_watch import TickWatch
from alpha_panda.strategy_runner.verdicts import Docket
from alpha_panda.strategy_runner.watch import Limits, Watch

_MEBIBYTE: Final = 1024 * 1024


def limits_of(budget: BudgetSettings) -> Limits:
    """The budget in the runner's own terms."""
    return Limits(
        milliseconds=budget.call_milliseconds,
        growth_bytes=budget.call_megabytes * _MEBIBYTE,
        state_bytes=budget.state_megabytes * _MEBIBYTE,
        wishes=budget.wishes,
    )


@contextmanager
def watched(budget: BudgetSettings, runner: str) -> Iterator[tuple[Watch, Docket]]:
    """The watch, and the verdicts that former lives left; call it in the main thread."""
    with TemporaryDirectory(prefix="alpha-panda-") as scratch:
        notes = CallNotes(budget.notes or Path(scratch), runner)
        watch = TickWatch(limits_of(budget), notes)
        try:
            yield watch, notes.docket
        finally:
            watch.close()
            notes.close()
