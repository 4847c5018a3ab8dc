"""All invariants of a log, one finding each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from alpha_panda.checker import causes, dead_letters, epochs, identity, limits, money, orders, owners, signals
from alpha_panda.checker.bars import bars
from alpha_panda.checker.model import Finding
from alpha_panda.checker.reading import Facts
from alpha_panda.domain.calendar import SessionCalendar, default_calendar

INVARIANTS: Final[tuple[Callable[[Facts], Finding], ...]] = (
    money.accounting,
    money.positions,
    money.ledger,
    orders.fills,
    orders.order_sequences,
    orders.order_automaton,
    orders.order_terms,
    signals.one_verdict,
    signals.one_order,
    limits.one_owner,
    identity.unique_ids,
    identity.deterministic_ids,
    identity.order_ids,
    causes.right_topics,
    causes.causes,
    owners.one_writer,
    epochs.markers,
    epochs.same_watermarks,
    epochs.epochs_in_order,
    epochs.marked_offsets,
    dead_letters.letters_for_malformed,
    dead_letters.true_letters,
)


def check(facts: Facts, calendar: SessionCalendar | None = None) -> tuple[Finding, ...]:
    """Every finding, in a fixed order; `calendar` says when sessions are (the package's own by default)."""
    return (*(invariant(facts) for invariant in INVARIANTS), bars(facts, calendar or default_calendar()))
