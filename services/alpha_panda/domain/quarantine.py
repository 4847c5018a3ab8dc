"""Which strategies are quarantined, for those who show it: facts in, the one that holds for a generation out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import QuarantineKind, StrategyQuarantined

QUARANTINED = "Quarantined"
"""The state of such a strategy, beside those that its resource may ask for."""


class Quarantine(msgspec.Struct, frozen=True, kw_only=True):
    """Why a strategy is called no more."""

    kind: QuarantineKind
    reason: str
    evidence: str
    call: str
    instrument_token: int | None
    cause: str | None
    """The id of the event that it happened at."""
    since: datetime
    """Event time: the market's."""


Quarantines = dict[tuple[str, str, int], Quarantine]
"""By strategy, uid and generation."""


def note_quarantine(known: Quarantines, event: AnyEvent) -> None:
    """Take in an event of `control.quarantine`; of several about one generation the first counts."""
    fact = event.data
    if isinstance(fact, StrategyQuarantined):
        known.setdefault(
            (fact.strategy, fact.uid, fact.generation),
            Quarantine(
                kind=fact.kind,
                reason=fact.reason,
                evidence=fact.evidence,
                call=fact.call,
                instrument_token=fact.instrument_token,
                cause=event.causation_id,
                since=event.event_time,
            ),
        )


def quarantines_among(events: Iterable[AnyEvent]) -> Quarantines:
    """What the events say together."""
    known: Quarantines = {}
    for event in events:
        note_quarantine(known, event)
    return known
