"""The automaton of an order, and how reports are joined whatever order they come in. Pure.

    WAITING -> DENIED | SENDING -> NOT_SENT | REJECTED | UNKNOWN -> ACKED | UNKNOWN_ABSENT
                                 | ACKED -> FILLED | CANCELLED | EXPIRED | REJECTED

Reports of one order come with each look at the book, twice and in any order. The join of two is the further one:
an end before anything open, more filled before less, a later status before an earlier. It is commutative,
associative and idempotent, so duplicates and disorder change nothing.
"""

from __future__ import annotations

from typing import Final

from alpha_panda.errors import PandaError
from alpha_panda.zerodha_trading.state import ExchangeOrder, Part, State

COMPLETE: Final = "COMPLETE"
CANCELLED: Final = "CANCELLED"
REJECTED: Final = "REJECTED"
ENDS: Final = frozenset({COMPLETE, CANCELLED, REJECTED})
_RANKS: Final = {
    "PUT ORDER REQ RECEIVED": 0,
    "AMO REQ RECEIVED": 0,
    "VALIDATION PENDING": 1,
    "OPEN PENDING": 2,
    "TRIGGER PENDING": 3,
    "MODIFY VALIDATION PENDING": 3,
    "MODIFY PENDING": 3,
    "MODIFIED": 3,
    "CANCEL PENDING": 3,
    "OPEN": 4,
    "UPDATE": 4,
    CANCELLED: 5,
    REJECTED: 5,
    COMPLETE: 6,
}

MOVES: Final[dict[State, frozenset[State]]] = {
    State.WAITING: frozenset({State.DENIED, State.SENDING}),
    State.DENIED: frozenset(),
    State.SENDING: frozenset({State.DENIED, State.NOT_SENT, State.REJECTED, State.UNKNOWN, State.ACKED}),
    State.NOT_SENT: frozenset(),
    State.REJECTED: frozenset(),
    State.UNKNOWN: frozenset({State.ACKED, State.UNKNOWN_ABSENT}),
    State.UNKNOWN_ABSENT: frozenset({State.ACKED, State.EXPIRED}),
    State.ACKED: frozenset({State.FILLED, State.CANCELLED, State.EXPIRED, State.REJECTED}),
    State.FILLED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}
"""Where each state may go. SENDING may be DENIED only before a byte was written, by who claimed it.

UNKNOWN_ABSENT may still turn up: an order at the exchange is a fact, however late it is seen.
"""


class WrongMoveError(PandaError):
    """A change of state that the automaton does not have: a fault of this program."""


def move(record: ExchangeOrder, to: State) -> None:
    """Let the order be in another state; raises WrongMoveError where it cannot."""
    if to not in MOVES[record.state]:
        raise WrongMoveError(f"order {record.order.order_id} cannot go from {record.state} to {to}")
    record.state = to


def is_end(part: Part) -> bool:
    """Whether the exchange is done with it."""
    return part.status in ENDS


def join(known: Part | None, heard: Part) -> Part:
    """What is known after a report was heard; an unknown status is one of something open."""
    if known is None:
        return heard
    return max(known, heard, key=_reach)


def _reach(part: Part) -> tuple[int, int, int, float, int, str, str]:
    at = 0.0 if part.at is None else part.at.timestamp()
    rank = _RANKS.get(part.status, 4)
    return (int(is_end(part)), part.filled, rank, at, part.quantity, part.status, part.message)


def settled(record: ExchangeOrder) -> State | None:
    """How the order has ended at the exchange; None while a part is open or a trade of it was not booked."""
    parts = record.parts.values()
    if not parts or not all(map(is_end, parts)) or sum(part.filled for part in parts) != record.filled:
        return None
    if record.filled >= record.order.quantity:
        return State.FILLED
    if not record.filled and all(part.status == REJECTED for part in parts):
        return State.REJECTED
    return State.CANCELLED


def reason_of(record: ExchangeOrder) -> str:
    """What the exchange said of the order's end."""
    return next((part.message for part in record.parts.values() if part.message), "")
