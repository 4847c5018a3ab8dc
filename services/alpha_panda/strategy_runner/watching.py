"""From a runner's settings to the watch over its calls, for as long as it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from alpha_panda.runtime.settings import BudgetSettings
from alpha_panda.strategy_runner.call_notes import CallNotes
from alpha_panda.strategy_runner.tick_watch import TickWatch
from alpha_panda.strategy_runner.warden import Warden
from alpha_panda.strategy_runner.watch import Limits

_MEBIBYTE: Final = 1024 * 1024


def _limits(budget: BudgetSettings) -> Limits:
    """The budget in the runner's own terms."""
    return Limits(
        milliseconds=budget.call_milliseconds,
        growth_bytes=budget.call_megabytes * _MEBIBYTE,
        state_bytes=budget.state_megabytes * _MEBIBYTE,
        wishes=budget.wishes,
    )


@contextmanager
def watched(budget: BudgetSettings, runner: str) -> Iterator[Callable[[], Warden]]:
    """What makes the warden of a task, with the verdicts that former lives left; to be used in the main thread."""
    with TemporaryDirectory(prefix="alpha-panda-") as scratch:
        notes = CallNotes(budget.notes or Path(scratch), runner)
        limits = _limits(budget)
        watch = TickWatch(limits, notes)
        try:
            yield lambda: Warden(limits, watch, notes.docket, notes.fatal)
        finally:
            watch.close()
            notes.close()
