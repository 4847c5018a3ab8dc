"""What a call into a strategy was found guilty of, and the evidence. Pure.

A case names one call for good: the same event gives it the same name in every life of the runner, so that a
verdict which is on the log (or which a former life left behind) is found again instead of a second trial.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from alpha_panda.events.control import QuarantineKind, StrategyQuarantined

_OURS: Final = Path(__file__).parent
_FRAMES: Final = 3
"""The innermost lines of code that evidence shows."""
_LONGEST: Final = 1000
"""Characters of a reason, and of evidence: what a strategy says may be of any length."""


class NonsenseError(Exception):
    """A strategy returned something that is no wish; the message says what and what is allowed."""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Whose call it is: a generation of a strategy, on an instrument or (while it is loaded) on none."""

    strategy: str
    uid: str
    generation: int
    instrument_token: int | None = None


class Case(NamedTuple):
    """One call: whose, which, and the id of the event that it is about (None: no event)."""

    party: Party
    call: str
    cause: str | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Why a strategy is quarantined."""

    kind: QuarantineKind
    call: str
    cause: str | None
    reason: str
    evidence: str


Docket = dict[Case, Verdict]
"""Verdicts that stand whatever a second look would say."""
Generation = tuple[str, str, int]
"""A strategy's name, uid and generation."""
Fatal = dict[Generation, Verdict]
"""Verdicts on calls that ended the process."""


def generation_of(party: Party) -> Generation:
    """Whose instance it is."""
    return party.strategy, party.uid, party.generation


def verdict(case: Case, kind: QuarantineKind, reason: str, evidence: str) -> Verdict:
    """A verdict on `case` of bounded length, in characters that every store can keep."""
    return Verdict(kind=kind, call=case.call, cause=case.cause, reason=bounded(reason), evidence=bounded(evidence))


def case_of(fact: StrategyQuarantined, cause: str | None) -> Case:
    """The case that a fact on the log is about; `cause` is that of its envelope."""
    party = Party(
        strategy=fact.strategy, uid=fact.uid, generation=fact.generation, instrument_token=fact.instrument_token
    )
    return Case(party, fact.call, cause)


def told_by(fact: StrategyQuarantined, cause: str | None) -> Verdict:
    """The verdict that a fact on the log tells of."""
    return Verdict(kind=fact.kind, call=fact.call, cause=cause, reason=fact.reason, evidence=fact.evidence)


def bounded(text: str) -> str:
    """The text without U+0000 and lone surrogates, cut where it is too long."""
    clean = text.replace("\0", "\ufffd").encode(errors="replace").decode()
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]}…"


def last_frames(error: BaseException) -> str:
    """The innermost lines of code of an exception, the outer ones first: `momentum.py:12 in on_bar: raise …`."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).parent != _OURS]
    return "\n".join(
        f"{Path(each.filename).name}:{each.lineno} in {each.name}: {each.line}" for each in frames[-_FRAMES:]
    )
