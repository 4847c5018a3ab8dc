"""How an account stands: what it may do now, and which breakers and pauses keep it from more.

Made by the risk manager from its state, written to PostgreSQL, and read by the API and `panda`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.account_state import AccountState
from alpha_panda.domain.locks import Lock, Locks


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a moment of event time; `locks` are those in force, the one that ends last first."""

    state: AccountState
    as_of: datetime
    locks: tuple[Lock, ...]


def standing(state: AccountState, locks: Locks, now: datetime) -> Standing:
    """The account as it stands at `now`."""
    held = (lock for lock in locks.held.values() if now < lock.until)
    return Standing(state=state, as_of=now, locks=tuple(sorted(held, key=_latest_first)))


def _latest_first(lock: Lock) -> tuple[float, str, str]:
    return -lock.until.timestamp(), lock.code, lock.subject
