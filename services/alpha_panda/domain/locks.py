"""Locks: why entries of an account, a strategy or an instrument are refused until a moment, once for all to see.

Breakers and protections make them from fills and prices. A lock that was made stands until its time,
whatever happens to the limit behind it meanwhile, and over restarts: it is part of the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from alpha_panda.domain.calendar import IST

ACCOUNT = ""
"""The subject of a lock on the whole account."""


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of a subject are refused from `since` until before `until`; code, value and limit are the refusal's."""

    code: str
    subject: str
    value: str
    limit: str
    reason: str
    since: datetime
    until: datetime

    @property
    def message(self) -> str:
        """A sentence for a trader."""
        return f"{self.reason}; entries again from {self.until.astimezone(IST):%Y-%m-%d %H:%M} IST"


class Locks(msgspec.Struct, kw_only=True):
    """The locks in force, by code and subject."""

    held: dict[str, Lock] = msgspec.field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.held)

    def add(self, lock: Lock) -> bool:
        """Take a lock in; one that is there already stays as it is unless the new one lasts longer."""
        key = f"{lock.code}|{lock.subject}"
        known = self.held.get(key)
        if known is not None and known.until >= lock.until:
            return False
        self.held[key] = lock
        return True

    def release(self, now: datetime) -> None:
        """Drop those whose time has come."""
        if self.held:
            self.held = {key: lock for key, lock in self.held.items() if now < lock.until}

    @property
    def next_release(self) -> datetime | None:
        """When the first of them ends; None where there is none."""
        return min((lock.until for lock in self.held.values()), default=None)

    def find(self, code: str, subject: str, now: datetime) -> Lock | None:
        """The lock of a subject that is in force, None where there is none."""
        lock = self.held.get(f"{code}|{subject}")
        return lock if lock is not None and now < lock.until else None

    def of_account(self, now: datetime) -> Iterator[Lock]:
        """Those in force on the whole account."""
        return (lock for lock in self.held.values() if lock.subject == ACCOUNT and now < lock.until)


def of_strategy(strategy: str) -> str:
    """The subject of a lock on a strategy."""
    return f"strategy:{strategy}"


def of_instrument(instrument_token: int) -> str:
    """The subject of a lock on an instrument, for everybody."""
    return f"instrument:{instrument_token}"


def of_pair(strategy: str, instrument_token: int) -> str:
    """The subject of a lock on a strategy in one instrument."""
    return f"{strategy}|{instrument_token}"


def subject_of(subject: str) -> tuple[str | None, int | None]:
    """The strategy and the instrument that a subject names; None for any."""
    kind, colon, name = subject.partition(":")
    strategy, bar, token = subject.partition("|")
    if bar:
        return strategy, int(token)
    if colon and kind == "instrument":
        return None, int(name)
    return (name if colon else None), None
