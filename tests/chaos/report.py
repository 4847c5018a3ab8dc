"""What a run is told as: its verdict, what hit, and the invariants by the names that the specification gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from tests.chaos.verdict import Ruling

from alpha_panda.checker.model import Finding, Verdict

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "K1 what was acknowledged is on the log": ("acknowledged_is_kept",),
    "K2 nothing is on its topic twice": ("unique_ids",),
    "K3 all readers see the same": ("same_for_all_readers",),
    "K4 readers never go back unasked": ("readers_go_forward",),
    "K5 nothing that failed is on the log": ("failed_is_not_there",),
    "I3 every signal and order comes to one end": (
        *("one_verdict", "one_order", "order_sequences", "order_automaton", "order_terms"),
    ),
    "I4 fills": ("fills", "order_ids", "deterministic_ids"),
    "I5 positions": ("positions",),
    "I6 cash": ("accounting", "ledger"),
    "I7 rebuilt from the log": ("rebuilt_from_the_log",),
    "one position or entry in an instrument": ("one_owner",),
    "one writer": ("one_writer",),
    "I11 nothing silent": (
        *("letters_for_malformed", "true_letters", "poison_is_set_aside", "causes", "right_topics"),
    ),
    "I12 dead letters written back twice": ("second_replay_changes_nothing",),
    "the cache comes back": ("cache_comes_back",),
    "I13 order": ("epochs_in_order", "markers", "same_watermarks", "marked_offsets", "bars"),
}
"""By the name of an invariant: the findings that say whether it holds."""


def told(ruling: Ruling) -> str:
    """A run that did not pass, for a person: why, then what was done to it."""
    strikes = [f"epoch {each.epoch}: {each.name} ({each.evidence})" for each in ruling.strikes]
    return "\n  ".join([str(ruling.judgement), *ruling.reasons, "what happened:", *strikes])


def invariants(findings: Iterable[Finding]) -> list[str]:
    """A line for each named invariant: how often it was looked at and whether it held, over all runs."""
    examined: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for each in findings:
        examined[each.invariant] += each.examined
        failed[each.invariant] += each.verdict is Verdict.FAIL
    lines = []
    for name, parts in NAMES.items():
        count, wrong = sum(examined[part] for part in parts), sum(failed[part] for part in parts)
        verdict = "FAIL" if wrong else "PASS" if count else "VACUOUS"
        lines.append(f"{verdict:8}{name}: {count} examined")
    return lines
