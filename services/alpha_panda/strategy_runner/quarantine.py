"""Which strategies are quarantined, and from when: the facts on `control.quarantine` as one task sees them. Pure.

The instance that did it is called no more from that very event on. The whole generation of the strategy follows,
on all instruments: in a replay with the second epoch after, which is the first one that every partition's
task, in whatever process, is certain to know the fact in (the feed sends it only after it has read every fact of
the epoch); otherwise as soon as the fact is read. So the number of partitions changes no trade.
A fact holds for one generation of one resource: a changed Strategy is another one, and starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import StrategyConfigured, StrategyQuarantined
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import quarantine_id
from alpha_panda.strategy_runner.verdicts import Party, Verdict

EPOCHS_LATER: Final = 2
"""Paper trading closes k + 1 after risk closed k, which is after every runner closed k; then the feed sends k + 2."""


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """A fact and the epoch with which the whole strategy stops; None where there are no epochs: at once."""

    fact: StrategyQuarantined
    from_epoch: int | None


class Quarantines:
    """The facts that may still matter."""

    def __init__(self) -> None:
        """Know of none."""
        self._sentences: dict[tuple[str, str, int], Sentence] = {}
        self._reached: int | None = None
        self._next: int | None = None

    @property
    def reached(self) -> int | None:
        """The last epoch that was seen."""
        return self._reached

    def snapshot(self) -> list[Sentence]:
        """All of them."""
        return [self._sentences[key] for key in sorted(self._sentences)]

    def restore(self, sentences: Iterable[Sentence], reached: int | None) -> None:
        """Go on from what `snapshot` and `reached` gave."""
        self._sentences = {_key(each.fact): each for each in sentences}
        self._reached = reached
        self._find_next()

    def learn(self, fact: StrategyQuarantined, epoch: int | None) -> None:
        """Take in a fact of `epoch`; of several about one generation the earliest counts."""
        new = Sentence(fact=fact, from_epoch=None if epoch is None else epoch + EPOCHS_LATER)
        known = self._sentences.get(_key(fact))
        if known is None or (known.from_epoch or 0) > (new.from_epoch or 0):
            self._sentences[_key(fact)] = new
        self._find_next()

    def reach(self, epoch: int | None) -> bool:
        """Time has come to an event of `epoch`; whether a sentence takes effect with it."""
        if epoch is not None and (self._reached is None or epoch > self._reached):
            self._reached = epoch
        if self._next is None or (self._reached is not None and self._reached < self._next):
            return False
        self._find_next()
        return True

    def on(self, configured: StrategyConfigured) -> StrategyQuarantined | None:
        """The fact that stops this generation now."""
        sentence = self._sentences.get((configured.name, configured.uid, configured.generation))
        return sentence.fact if sentence is not None and self._is_due(sentence) else None

    def superseded(self, configured: StrategyConfigured) -> None:
        """Forget what earlier generations of the resource did."""
        for name, uid, generation in list(self._sentences):
            if (name, uid) == (configured.name, configured.uid) and generation < configured.generation:
                del self._sentences[name, uid, generation]
        self._find_next()

    def _is_due(self, sentence: Sentence) -> bool:
        return sentence.from_epoch is None or (self._reached is not None and sentence.from_epoch <= self._reached)

    def _find_next(self) -> None:
        waiting = (each.from_epoch for each in self._sentences.values() if not self._is_due(each))
        self._next = min((each for each in waiting if each is not None), default=None)


def fact_event(party: Party, found: Verdict, at: datetime, cause: AnyEvent | None) -> Event[StrategyQuarantined]:
    """The fact of a verdict, told at `at` because of `cause`."""
    fact = StrategyQuarantined(
        strategy=party.strategy,
        uid=party.uid,
        generation=party.generation,
        kind=found.kind,
        call=found.call,
        instrument_token=party.instrument_token,
        reason=found.reason,
        evidence=found.evidence,
    )
    identity = quarantine_id(at, fact, found.cause)
    return Event(
        id=identity,
        event_time=at,
        data=fact,
        key=party.strategy,
        correlation_id=identity if cause is None else cause.correlation_id,
        causation_id=found.cause,
        epoch=None if cause is None else cause.epoch,
    )


def _key(fact: StrategyQuarantined) -> tuple[str, str, int]:
    return fact.strategy, fact.uid, fact.generation
