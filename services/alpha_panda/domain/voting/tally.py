"""Votes counted: the side that wins, and with how much confidence. Pure.

The score is the sum of weight * strength over the votes, SELL counted negative; confidence is the share that
it has of the weight of everybody who voted, in whole percent, rounded down. Who holds is counted and so
lowers it. Who abstains, because it is not defined yet, is not counted at all: confidence then is that of those
who could speak, and `coverage` tells how much of all weight they have.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import msgspec

from alpha_panda.domain.voting.voices import FULL, Voice
from alpha_panda.domain.voting.weights import DEFAULT_WEIGHTS
from alpha_panda.events.market import Timeframe
from alpha_panda.events.signals import Side, Vote, VoteAction

_PLACES: Final = {name: place for place, name in enumerate(DEFAULT_WEIGHTS)}
_ABSTAINS: Final = "not defined yet"


class Ballot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A voice with its weight, a whole number; None where the indicator is not defined yet."""

    indicator: str
    timeframe: Timeframe
    weight: int
    voice: Voice | None


class Tally(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The result: an action, confidence from 0 to 100, and what it was counted from.

    `coverage` is the share of all weight that was counted, in whole percent.
    """

    action: VoteAction
    confidence: int
    coverage: int
    ballots: tuple[Ballot, ...]

    @property
    def side(self) -> Side | None:
        """How an entry by this result would trade; None where it speaks for neither."""
        return Side(self.action.value) if self.action in (VoteAction.BUY, VoteAction.SELL) else None

    @property
    def votes(self) -> tuple[Vote, ...]:
        """Each vote in words, the shortest timeframe first and the indicators in the order of their weights."""
        total = sum(each.weight for each in self.ballots)
        return tuple(_vote(each, total) for each in sorted(self.ballots, key=_place))

    @property
    def says(self) -> str:
        """How the votes fell: `7 of 12 votes for it, 2 against`."""
        actions = [_action(each.voice.lean) for each in self.ballots if each.voice is not None]
        others = [each for each in actions if each not in (self.action, VoteAction.HOLD)]
        return f"{actions.count(self.action)} of {len(self.ballots)} votes for it, {len(others)} against"


def tally(ballots: Iterable[Ballot]) -> Tally:
    """The ballots counted; their order does not matter."""
    given = tuple(ballots)
    total = counted = score = 0
    for each in given:
        total += each.weight
        if each.voice is not None:
            counted += each.weight
            score += each.weight * each.voice.lean
    return Tally(
        action=_action(score),
        confidence=100 * abs(score) // (FULL * counted) if counted else 0,
        coverage=100 * counted // total if total else 0,
        ballots=given,
    )


def _place(ballot: Ballot) -> tuple[timedelta, int]:
    return ballot.timeframe.duration, _PLACES.get(ballot.indicator, len(_PLACES))


def _vote(ballot: Ballot, total: int) -> Vote:
    voice = ballot.voice
    return Vote(
        indicator=ballot.indicator,
        timeframe=ballot.timeframe,
        action=VoteAction.ABSTAIN if voice is None else _action(voice.lean),
        strength=0.0 if voice is None else abs(voice.lean) / FULL,
        weight=round(ballot.weight / total, 4) if total else 0.0,
        value=_ABSTAINS if voice is None else voice.says,
    )


def _action(lean: int) -> VoteAction:
    if lean == 0:
        return VoteAction.HOLD
    return VoteAction.BUY if lean > 0 else VoteAction.SELL
