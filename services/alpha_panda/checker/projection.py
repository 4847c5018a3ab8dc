"""What runs are compared by: ids, times, sides, quantities, prices, paise, in an order that no partition decides."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from alpha_panda.checker.reading import Fact, Facts, instrument_of
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.registry import KIND_RANK
from alpha_panda.events.signals import SignalRaised
from alpha_panda.events.topics import Scope

MARKET = "market"
"""The projection of what all Brokers share; no Broker may have this name."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One event; a field that its type does not have is None.

    `price_paise` is the fill's, the tick's, the bar's close, or the signal's reference; `paise` the
    fill's charges, or the equity of the account.
    """

    time: str
    rank: int
    instrument: int
    sequence: int
    id: str
    kind: str
    strategy: str | None
    side: str | None
    quantity: int | None
    price_paise: int | None
    paise: int | None


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """One Broker's events, or the market's. Equal digests: equal rows."""

    owner: str
    digest: str
    rows: tuple[Row, ...]


def project(facts: Facts) -> tuple[Projection, ...]:
    """The market's projection and each Broker's, by name."""
    owned: dict[str, list[Row]] = {}
    for fact in facts.all:
        if fact.topic.scope in (Scope.MARKET, Scope.BROKER) and not isinstance(fact.event.data, EpochClosed):
            owned.setdefault(fact.broker or MARKET, []).append(_row(fact))
    return tuple(_projection(owner, sorted(rows, key=_order)) for owner, rows in sorted(owned.items()))


def _projection(owner: str, rows: list[Row]) -> Projection:
    digest = sha256(b"\n".join(map(msgspec.json.encode, rows))).hexdigest()
    return Projection(owner=owner, digest=digest, rows=tuple(rows))


def _order(row: Row) -> tuple[object, ...]:
    return row.time, row.rank, row.instrument, row.sequence, row.id


def _row(fact: Fact) -> Row:
    event, data = fact.event, fact.event.data
    signal = data if isinstance(data, SignalRaised) else getattr(data, "signal", None)
    terms = signal or getattr(data, "order", None)
    side = getattr(terms, "side", None)
    return Row(
        time=event.event_time.isoformat(),
        rank=KIND_RANK[type(data).__name__],
        instrument=instrument_of(data) or 0,
        sequence=event.sequence,
        id=event.id,
        kind=type(data).__name__,
        strategy=getattr(terms, "strategy", None),
        side=None if side is None else str(side),
        quantity=_quantity(data),
        price_paise=_price_paise(data, signal),
        paise=_paise(data),
    )


def _quantity(data: Any) -> int | None:  # noqa: ANN401 — any event's data
    if isinstance(data, Tick | Bar):
        return data.volume
    if isinstance(data, PnlSnapshot):
        return data.fills
    quantity = getattr(data, "quantity", None)
    order = getattr(data, "order", None)
    return quantity if quantity is not None or order is None else order.quantity


def _price_paise(data: Any, signal: SignalRaised | None) -> int | None:  # noqa: ANN401 — any event's data
    if isinstance(data, Bar):
        return data.close_paise
    if isinstance(data, Tick | OrderFilled):
        return data.price_paise
    return None if signal is None else signal.reference_price_paise


def _paise(data: Any) -> int | None:  # noqa: ANN401 — any event's data
    if isinstance(data, OrderFilled):
        return data.charges.total_paise
    return data.equity_paise if isinstance(data, PnlSnapshot) else None
