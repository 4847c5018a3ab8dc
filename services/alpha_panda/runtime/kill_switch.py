"""The kill switch in Redis: what people write there, and how a live service asks for it.

The key `alpha_panda:ops:trading_enabled` halts all trading; the hash `alpha_panda:ops:halts` has a field for
each halt of a narrower scope (`strategy:momentum`). A value is `false:` and the halt as JSON. What is absent
says nothing, and nothing here can release a halt that another source holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from alpha_panda.domain.kill_switch import Halts, SwitchReading, halt_key
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import PandaError
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.events.signals import Intent, SignalRaised, SignalValidated
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.live_gate import Answer, LiveGate
from alpha_panda.runtime.store_errors import redis_store_errors
from alpha_panda.topology.names import halts_key, trading_switch

_HALTED: Final = "false:"
_ENABLED: Final = "true"
"""What a person may write by hand; it says nothing, as if the key were absent."""
_WRONG_TYPE: Final = "WRONGTYPE"
_HALT: Final = msgspec.json.Decoder(TradingHalted)
ANSWER_SECONDS: Final = 0.5
"""For a client's socket, so that a Redis that hangs does not hold up exits."""
_PAUSE_SECONDS: Final = 0.25
"""Between two questions to a Redis that does not answer: a service has exits to decide on meanwhile."""
_FRESH_SECONDS: Final = 0.1
"""What took longer to be said may no longer be so, and the log may have told of a halt that nobody has read yet."""


class KillSwitch:
    """The switch of one installation, over a client that the caller closes."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        """`redis` decodes responses; `prefix` is the installation's."""
        self._redis = redis
        self._key = trading_switch(prefix)
        self._hash = halts_key(prefix)

    async def read(self) -> Halts:
        """The halts in force here; raises TransientError or AuthenticationError where they cannot be read."""
        with redis_store_errors():
            try:
                async with self._redis.pipeline(transaction=False) as both:
                    both.get(self._key)
                    both.hgetall(self._hash)
                    everything, narrower = await both.execute()
            except ResponseError as error:
                if _WRONG_TYPE not in str(error):
                    raise
                raise TransientError(f"Redis has something else under {self._key} or {self._hash}: {error}") from error
        halts: Halts = {}
        if everything is not None and not everything.startswith(_ENABLED):
            halts[halt_key(HaltScope.ALL, "")] = _understood(everything, HaltScope.ALL, "")
        for key, value in sorted(narrower.items()):
            scope, _, subject = key.partition(":")
            if scope in tuple(HaltScope):
                halts[key] = _understood(value, HaltScope(scope), subject)
        return halts

    async def press(self, halt: TradingHalted) -> None:
        """Halt; raises as `read` does."""
        value = _HALTED + msgspec.json.encode(halt).decode()
        with redis_store_errors():
            if halt.scope is HaltScope.ALL:
                await self._redis.set(self._key, value)
            else:
                await self._redis.hset(self._hash, halt_key(halt.scope, halt.subject), value)

    async def release(self, resumed: TradingResumed) -> None:
        """Take this switch's own statement back; raises as `read` does."""
        with redis_store_errors():
            if resumed.scope is HaltScope.ALL:
                await self._redis.delete(self._key)
            else:
                await self._redis.hdel(self._hash, halt_key(resumed.scope, resumed.subject))


def _understood(value: str, scope: HaltScope, subject: str) -> TradingHalted:
    """The halt; whatever else stands there was not written by `panda`, and halts too."""
    try:
        halt = _HALT.decode(value.removeprefix(_HALTED))
    except msgspec.DecodeError:
        return TradingHalted(scope=scope, subject=subject, actor="unknown", reason=f"Redis says {value[:200]!r}")
    return TradingHalted(scope=scope, subject=subject, actor=halt.actor, reason=halt.reason)


class KillSwitchGate(LiveGate):
    """Asks the switch before entries are decided on; exits are never asked about and never wait."""

    def __init__(self, switch: KillSwitch, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` is monotonic seconds."""
        self._switch = switch
        self._clock = clock
        self._failed: tuple[float, str] | None = None
        self._was_late = False
        self._said = ""
        self._log = structlog.get_logger()

    def concerns(self, event: AnyEvent) -> bool:
        """An entry, raw or validated."""
        signal = _signal(event)
        return signal is not None and signal.intent is Intent.ENTER

    def may_wait(self, event: AnyEvent, watermark: datetime | None) -> bool:
        """Until its time to live ends, in event time."""
        signal = _signal(event)
        return watermark is None or (signal is not None and watermark <= signal.expires_at)

    def read(self, fact: msgspec.Raw) -> SwitchReading:
        """What the switch said at an earlier time."""
        return msgspec.json.decode(fact, type=SwitchReading)

    async def ask(self) -> Answer:
        """What the switch says now. A Redis that failed is left alone for a moment.

        After an answer that was late entries wait for one turn more, in which the log is read; the next answer counts.
        """
        if self._failed is not None and self._clock() < self._failed[0] + _PAUSE_SECONDS:
            return _unknown(self._failed[1])
        begun = self._clock()
        try:
            halts = await self._switch.read()
        except PandaError as error:
            reason = str(error)
        else:
            self._failed = None
            self._was_late = self._clock() - begun > _FRESH_SECONDS and not self._was_late
            if self._was_late:
                return _unknown("Redis answered late; it is asked again")
            self._say(" ".join(sorted(halts)) or "no statement")
            return Answer(fact=SwitchReading(halts=halts), known=True)
        self._failed = (self._clock(), reason)
        self._say(f"unreadable: {reason}")
        return _unknown(reason)

    def _say(self, what: str) -> None:
        """Log what has changed, once."""
        if what != (self._said or "no statement"):
            self._log.warning("kill switch in Redis", says=what)
        self._said = what


def _signal(event: AnyEvent) -> SignalRaised | None:
    data = event.data.signal if isinstance(event.data, SignalValidated) else event.data
    return data if isinstance(data, SignalRaised) else None


def _unknown(reason: str) -> Answer:
    return Answer(fact=SwitchReading(unreadable=reason), known=False)
