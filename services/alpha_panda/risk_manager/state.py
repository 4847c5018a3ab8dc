"""All that the risk manager remembers of a Broker. It is plain data: a snapshot is its JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from alpha_panda.domain.breakers import Breakers
from alpha_panda.domain.exposure import Exposure
from alpha_panda.domain.freshness import Freshness
from alpha_panda.domain.kill_switch import Halts, SwitchReading
from alpha_panda.domain.locks import Locks
from alpha_panda.domain.memory import Memory
from alpha_panda.events.signals import SignalValidated


class RiskState(msgspec.Struct, kw_only=True):
    """The resources, the halts, what is at stake and what is decided."""

    configured: bool = False
    spec: dict[str, Any] | None = None
    strategies: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    halts: Halts = msgspec.field(default_factory=dict)
    """What `control.trading` says."""
    switch: SwitchReading = SwitchReading()
    """What the switch in Redis said last. It is asked again before each entry that it could stop."""
    exposure: Exposure = msgspec.field(default_factory=Exposure)
    breakers: Breakers = msgspec.field(default_factory=Breakers)
    locks: Locks = msgspec.field(default_factory=Locks)
    """Breakers that tripped and pauses under way."""
    freshness: Freshness = msgspec.field(default_factory=Freshness)
    decided: Memory = msgspec.field(default_factory=Memory)
    """Raw signals that have their verdict."""
    recalled: list[tuple[datetime, SignalValidated]] = msgspec.field(default_factory=list)
    """Verdicts on the log that wait for the Broker's resource, to know what they reserve."""
    delayed: bool = False
    """Whether the last price was of a source that tells prices late."""
    watermark: datetime | None = None
    heard: datetime | None = None
    """Live: the time of the latest tick. A turn that catches up decides on signals before time passes for it."""

    @property
    def now(self) -> datetime | None:
        """What entries expire by; exits are given the time that has passed."""
        return max((each for each in (self.watermark, self.heard) if each is not None), default=None)
