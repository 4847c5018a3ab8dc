"""What the simulator does wrong, when it is told to: to how large a share of which calls, and how often.

`PUT /simulator/faults` sets the list; the first fault that meets a call is played. What a fault does to orders
updates, ticks and postbacks is asked by those who send them.
"""

from __future__ import annotations

from enum import StrEnum
from random import Random
from typing import Annotated

import msgspec


class Kind(StrEnum):
    """What goes wrong."""

    # Replies. The call is done, then:
    HANG = "hang"
    """nothing is answered."""
    RESET = "reset"
    """the connection breaks."""
    HTML_502 = "html-502"
    """a gateway's page is answered, with status 502."""
    TIMED_OUT_400 = "timed-out-400"
    """status 400 says that it timed out, although it did not."""
    GATEWAY_504 = "gateway-504"
    HUGE = "huge"
    """64 MiB are answered."""
    TRUNCATED = "truncated"
    """half of the reply comes."""
    WRONG_TYPE = "wrong-type"
    """the reply says that it is HTML."""
    NO_TYPE = "no-type"
    """the reply does not say what it is."""
    REDIRECT = "redirect"
    """status 307 sends the caller to the same place again."""
    SLOW = "slow"
    """the reply comes after `seconds`."""
    SKEW = "skew"
    """the reply's Date is `seconds` off."""
    # The call is not done:
    LOST = "lost"
    """nothing is answered and nothing was done."""
    REFUSED_502 = "refused-502"
    UNAVAILABLE_503 = "unavailable-503"
    TOO_MANY_429 = "too-many-429"
    TOKEN_403 = "token-403"  # noqa: S105 - a name
    ERROR_500 = "error-500"
    # Orders:
    LATE = "late"
    """the reply is lost, and the order appears after `seconds`."""
    LATE_400 = "late-400"
    """likewise, and status 400 says that it timed out."""
    STUCK = "stuck"
    """the order stays received for `seconds` before it reaches the exchange."""
    PARTIAL = "partial"
    """half of the open quantity trades at each price."""
    REJECT = "reject"
    """the order is accepted and then rejected by the exchange."""
    # Order updates and postbacks:
    UPDATES_LOST = "updates-lost"
    UPDATES_TWICE = "updates-twice"
    UPDATES_SHUFFLED = "updates-shuffled"
    POSTBACK_LOST = "postback-lost"
    POSTBACK_TWICE = "postback-twice"
    POSTBACK_FORGED = "postback-forged"
    """its checksum is wrong."""
    # The ticker:
    SILENT = "silent"
    """connections stay open, with heartbeats, and no tick comes."""
    DEAD = "dead"
    """connections stay open and nothing comes, not even an answer to a ping."""
    REFUSED = "refused"
    """connections are refused with status 403."""
    TICKS_TWICE = "ticks-twice"
    TICKS_SHUFFLED = "ticks-shuffled"
    TICKS_GARBLED = "ticks-garbled"
    """frames are cut in the middle of a packet."""
    # The list of instruments:
    INSTRUMENTS_MALFORMED = "instruments-malformed"
    INSTRUMENTS_STALE = "instruments-stale"
    """the list is of a day long ago."""
    INSTRUMENTS_EMPTY = "instruments-empty"


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong."""

    kind: Kind
    on: str = "place"
    """The call that it befalls (see `calls`), or `any`; what is not about replies ignores it."""
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    count: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """How often it happens still; without end unless set."""
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0


REPLIES = frozenset(
    {
        *(Kind.HANG, Kind.RESET, Kind.HTML_502, Kind.TIMED_OUT_400, Kind.GATEWAY_504, Kind.HUGE, Kind.TRUNCATED),
        *(Kind.WRONG_TYPE, Kind.NO_TYPE, Kind.REDIRECT, Kind.SLOW, Kind.SKEW),
    }
)
REFUSALS = frozenset(
    {Kind.LOST, Kind.REFUSED_502, Kind.UNAVAILABLE_503, Kind.TOO_MANY_429, Kind.TOKEN_403, Kind.ERROR_500}
)
LATENESS = frozenset({Kind.LATE, Kind.LATE_400})


class Faults:
    """The faults that are switched on."""

    def __init__(self, seed: int = 1) -> None:
        """None is."""
        self._random = Random(seed)  # noqa: S311 - which calls suffer is no secret
        self.active: list[Fault] = []
        self.played: dict[str, int] = {}

    def switch(self, faults: list[Fault]) -> None:
        """These and no others."""
        self.active = list(faults)

    def meet(self, kinds: frozenset[Kind], call: str | None = None) -> Fault | None:
        """The first fault of these kinds that befalls a call now, or None; it counts as played."""
        for fault in self.active:
            if fault.kind not in kinds or not (call is None or fault.on in (call, "any")):
                continue
            if fault.count == 0 or (fault.share < 1 and self._random.random() >= fault.share):
                continue
            if fault.count is not None:
                fault.count -= 1
            self.played[fault.kind] = self.played.get(fault.kind, 0) + 1
            return fault
        return None

    def on(self, kind: Kind) -> Fault | None:
        """Shorthand of `meet` for one kind that is not about a call."""
        return self.meet(frozenset({kind}))

    def shuffle(self, things: list[object]) -> None:
        """Bring things into disorder, by the seed."""
        self._random.shuffle(things)
