"""What a run proves: PASS, FAIL with the smallest witness, VACUOUS or INVALID."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from tests.chaos.faults.fault import Strike
from tests.chaos.outcome import Outcome

from alpha_panda.checker.model import Finding, Verdict

FEWEST_FILLS = 10
"""A day with fewer trades proves little."""
_SHOWN = 300


class Judgement(StrEnum):
    """The answer for a run."""

    PASS = "PASS"
    FAIL = "FAIL"
    VACUOUS = "VACUOUS"
    INVALID = "INVALID"


@dataclass(frozen=True)
class Ruling:
    """A judgement, its reasons with the smallest witness first, and what the run exercised."""

    judgement: Judgement
    reasons: tuple[str, ...] = ()
    strikes: tuple[Strike, ...] = ()
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0

    @property
    def counts(self) -> Counter[str]:
        """How many faults of each kind hit."""
        return Counter(strike.kind for strike in self.strikes)


def judge(  # noqa: PLR0913 - everything that is known of a run
    reference: Outcome,
    found: Outcome,
    strikes: Sequence[Strike],
    missed: Sequence[str],
    *,
    extra: Sequence[Finding] = (),
    expected: frozenset[str] = frozenset(),
) -> Ruling:
    """Compare with the undisturbed run; `expected` names invariants that the faults gave something to examine."""
    findings = (*found.findings, *extra)
    failures = sorted(
        f"{each.invariant}: {each.witness}: {each.message}" for each in findings if each.verdict is Verdict.FAIL
    )
    failures += differences(reference, found)
    vacuous = _vacuous(reference, findings, expected)
    unproven = [*missed, *_outside(found, strikes)]
    if not _traded(reference):
        unproven.append(f"the undisturbed day has fewer than {FEWEST_FILLS} fills")
    for judgement, reasons in (
        (Judgement.FAIL, failures),
        (Judgement.INVALID, unproven),
        (Judgement.VACUOUS, vacuous),
    ):
        if reasons:
            return Ruling(judgement, tuple(reasons), tuple(strikes), findings)
    return Ruling(Judgement.PASS, (), tuple(strikes), findings)


def differences(reference: Outcome, found: Outcome) -> list[str]:
    """Where the run parts from the undisturbed one: of each part the first row."""
    told = []
    for name in sorted({*reference.parts, *found.parts}):
        ours, theirs = found.parts.get(name, ()), reference.parts.get(name, ())
        if ours == theirs:
            continue
        number, mine, other = next(
            (number, mine, other) for number, (mine, other) in enumerate(zip_longest(ours, theirs)) if mine != other
        )
        told.append(
            f"{name}: {len(ours)} rows, undisturbed {len(theirs)}; row {number} is {_short(mine)}, "
            f"undisturbed {_short(other)}"
        )
    return told


def _vacuous(reference: Outcome, findings: Sequence[Finding], expected: frozenset[str]) -> list[str]:
    """Invariants that had nothing to examine although the undisturbed run, or a fault, gives them something."""
    wanted = expected | {each.invariant for each in reference.findings if each.verdict is not Verdict.VACUOUS}
    looked = {each.invariant for each in findings if each.verdict is not Verdict.VACUOUS}
    return [f"{name} had nothing to examine" for name in sorted(wanted - looked)]


def _outside(found: Outcome, strikes: Sequence[Strike]) -> list[str]:
    return [
        f"{strike.name} came at {strike.at.isoformat()}, when the day was not going on"
        for strike in strikes
        if not found.was_trading(strike.at)
    ]


def _traded(reference: Outcome) -> bool:
    return len(reference.parts["table paper.fills"]) >= FEWEST_FILLS


def _short(row: str | None) -> str:
    if row is None:
        return "missing"
    return row if len(row) <= _SHOWN else f"{row[:_SHOWN]}…"
