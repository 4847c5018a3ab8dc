"""A raw signal and all that a check may know, and how a check says no."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.calendar import Session
from alpha_panda.domain.exposure import Exposure
from alpha_panda.domain.freshness import Freshness
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.intraday import EntryHours
from alpha_panda.domain.kill_switch import Halts, SwitchReading
from alpha_panda.domain.limits import AccountTerms, StrategyTerms
from alpha_panda.domain.locks import Locks
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.signals import SignalRaised


class Inquiry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A raw signal and all that a check may know."""

    broker: str
    signal: SignalRaised
    event_time: datetime
    watermark: datetime | None
    instrument: Instrument | None
    strategy: StrategyTerms | None
    terms: AccountTerms | None
    """What the Broker's resource says; None where it cannot be traded on, which `missing` tells why."""
    missing: Refusal | None = None
    session: Session | None
    """The session at the signal's event time; None while the market is closed or where nobody knows."""
    closed: str | None
    """Why there is none; None where there is one."""
    hours: EntryHours
    halts: Halts
    """What `control.trading` says."""
    switch: SwitchReading
    """What the switch in Redis says."""
    exposure: Exposure
    locks: Locks
    freshness: Freshness
    delayed: bool = False
    """Whether real money is at stake and the prices come late."""

    @property
    def held(self) -> int:
        """Units of the strategy's own position; negative when short."""
        signal = self.signal
        return self.exposure.account.quantity(signal.strategy, signal.instrument_token, signal.product)


def refusal(code: str, value: object, limit: object, message: str) -> Refusal:
    """A no, as a trader reads it."""
    return Refusal(code=code, value=str(value), limit=str(limit), message=f"rejected: {code}: {message}")


def over(code: str, found: int, limit: int, where: str) -> Refusal:
    """A no because a count would be over its limit, which is set at `where`."""
    return Refusal(
        code=code, value=str(found), limit=str(limit), message=f"rejected: {code} {found} > limit {limit} ({where})"
    )


def rejected(found: Refusal | None) -> Refusal | None:
    """What a rule outside the chain says, in the chain's words."""
    return None if found is None else refusal(found.code, found.value, found.limit, found.message)
