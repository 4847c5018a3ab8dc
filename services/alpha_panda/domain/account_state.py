"""The state of an account: whether it may enter, only reduce, or was halted. Exits and cancellations always pass."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from alpha_panda.domain.kill_switch import Halts, halt_key
from alpha_panda.domain.locks import Locks
from alpha_panda.events.control import HaltScope, TradingHalted


class AccountState(StrEnum):
    """What an account may do."""

    ACTIVE = "Active"
    REDUCING = "Reducing"
    """A breaker or a pause of the whole account is in force: only exits."""
    HALTED = "Halted"
    """People halted it, or all trading: only exits."""


def account_state(
    broker: str, *, halted: bool, sources: tuple[Halts, ...], locks: Locks, now: datetime | None
) -> AccountState:
    """The state at a moment of event time. `halted` is what the Broker's resource says, `sources` the others."""
    if halted or any(_covers_all(broker, halts) for halts in sources):
        return AccountState.HALTED
    if now is not None and any(locks.of_account(now)):
        return AccountState.REDUCING
    return AccountState.ACTIVE


def _covers_all(broker: str, halts: Mapping[str, TradingHalted]) -> bool:
    return halt_key(HaltScope.ALL, "") in halts or halt_key(HaltScope.BROKER, broker) in halts
