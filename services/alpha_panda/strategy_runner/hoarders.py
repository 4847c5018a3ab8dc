"""Strategies that keep too much memory between calls, found when a snapshot is taken."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from alpha_panda.events.control import QuarantineKind
from alpha_panda.strategy_runner.memory_size import kept_by
from alpha_panda.strategy_runner.roster import Enlisted
from alpha_panda.strategy_runner.verdicts import Case, verdict
from alpha_panda.strategy_runner.warden import Warden
from alpha_panda.strategy_runner.watch import SIZE

_MEBIBYTE: Final = 1024 * 1024


def condemn_hoarders(strategies: Iterable[Enlisted], warden: Warden) -> bool:
    """Condemn an instance of each strategy that keeps too much; whether there was any.

    What their snapshots have is known. What they keep beside it is looked for only when the process has
    grown, since looking takes time.
    """
    grown = warden.watch.has_grown()
    return sum(_condemned(strategy, warden, look=grown) for strategy in strategies) > 0


def _condemned(strategy: Enlisted, warden: Warden, *, look: bool) -> bool:
    most = warden.limits.state_bytes
    slots = [slot for _, slot in sorted(strategy.slots.items()) if slot.instance is not None]
    kept = sum(slot.state_bytes for slot in slots)
    if kept <= most and look and slots:
        instances = [slot.instance for slot in slots]
        kept = warden.call(strategy.party, SIZE, partial(kept_by, instances, most))[0] or 0
    if kept <= most:
        return False
    biggest = max(slots, key=lambda slot: slot.state_bytes)
    reason = f"it keeps more than {most} bytes ({most // _MEBIBYTE} MiB) between calls"
    case = Case(biggest.party, "snapshot", None)
    biggest.fail(verdict(case, QuarantineKind.MEMORY, reason, f"{kept} bytes were counted"))
    return True
