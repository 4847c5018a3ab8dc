"""What is known of a run at a real exchange after it: the exchange's own journal, the log, the records.

The journal is what an exchange (a simulator) has written down of each request before it answered: lines of
`request`, `accepted`, `traded`, `order` and `reply`. The checks are in `exchange_orders`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from alpha_panda.domain.processor import AnyEvent

Line = Mapping[str, Any]


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """An order request that arrived."""

    number: int
    arrived_ns: int
    tag: str
    params: Mapping[str, Any]
    fence: int
    answered: bool
    """False where the reply was withheld or garbled."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An order's record."""

    tag: str
    order_id: str
    signal_id: str
    leg: str
    state: str
    filled: int
    quantity: int
    parts: tuple[str, ...]


class ExchangeRun(msgspec.Struct, frozen=True, kw_only=True):
    """The three stories of one run."""

    journal: Sequence[Line]
    orders: Sequence[AnyEvent]
    """Events of the order topics, as they count."""
    validated: Sequence[AnyEvent]
    rows: Sequence[Row]
    kills: int = 0
    fencings: int = 0
    silences: int = 0
    """Sockets that said nothing and were left for others."""
    faults: Mapping[str, int] = {}
    """How often the exchange did what wrong."""

    @property
    def posts(self) -> list[Post]:
        """Every order request, as it arrived."""
        replies = {line["request"]: line for line in self.journal if line["what"] == "reply"}
        return [
            Post(
                number=line["sequence"],
                arrived_ns=line["mono_ns"],
                tag=str(line["params"].get("tag", "")),
                params=line["params"],
                fence=int(line.get("epoch") or 0),
                answered=_is_plain(replies.get(line["sequence"])),
            )
            for line in self.journal
            if line["what"] == "request" and line["call"] == "place"
        ]

    @property
    def accepted(self) -> dict[str, str]:
        """By the exchange's name: the tag of each order that it took."""
        return {line["order_id"]: str(line["tag"]) for line in self.journal if line["what"] == "accepted"}

    @property
    def traded(self) -> dict[str, Line]:
        """By its id: each trade."""
        return {line["trade_id"]: line for line in self.journal if line["what"] == "traded"}


def _is_plain(reply: Line | None) -> bool:
    return reply is not None and not reply.get("withheld")
