"""Limits under concurrency: what the risk manager may not let happen however close together signals come."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from alpha_panda.checker.model import Examination, Finding
from alpha_panda.checker.reading import Fact, Facts, instrument_of
from alpha_panda.events.orders import Leg, OrderCancelled, OrderFailed, OrderFilled
from alpha_panda.events.signals import Intent, Side, SignalValidated

_ORDERS_FIRST: dict[object, int] = {OrderFilled: 0, OrderCancelled: 0, OrderFailed: 0, SignalValidated: 1}
"""Within an epoch risk decides after it has seen what became of orders."""


class _Stake:
    """One account in one instrument: entries that may still trade, and positions by strategy and product."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.units: Counter[tuple[str, str]] = Counter()

    def owner(self) -> str | None:
        """The strategy that has a position or a working entry."""
        held = sorted(strategy for (strategy, _), units in self.units.items() if units)
        return next(iter([*held, *sorted(self.entries.values())]), None)

    def take(self, data: OrderFilled | OrderCancelled | OrderFailed) -> None:
        """What became of an order."""
        order = data.order
        if isinstance(data, OrderFilled):
            sign = 1 if order.side is Side.BUY else -1
            self.units[order.strategy, order.product.value] += sign * data.quantity
        if order.leg is Leg.ENTRY and (not isinstance(data, OrderFilled) or data.complete):
            self.entries.pop(order.signal_id, None)


def one_owner(facts: Facts) -> Finding:
    """No entry passes while the account has a position or a working entry in its instrument."""
    look = Examination("one_owner", "an account has one position or working entry in an instrument at most")
    stakes: dict[tuple[str | None, int | None], _Stake] = defaultdict(_Stake)
    for fact in sorted((fact for fact in facts.all if type(fact.event.data) in _ORDERS_FIRST), key=_moment):
        data = fact.event.data
        stake = stakes[fact.broker, instrument_of(data)]
        if not isinstance(data, SignalValidated):
            stake.take(data)
        elif data.signal.intent is Intent.ENTER:
            look.look()
            if (owner := stake.owner()) is not None:
                says = f"{data.signal.strategy} may enter {data.signal.instrument_token}, which {owner} has a stake in"
                look.fail(fact.at, says)
            stake.entries[data.signal_id] = data.signal.strategy
    return look.finding()


def _moment(fact: Fact) -> tuple[int, int, datetime, int]:
    """When something counts: by epochs in a replay, else as it was written."""
    data: Any = fact.event.data
    epoch = fact.envelope.epoch
    phase = 0 if epoch is None else _ORDERS_FIRST[type(data)]
    return epoch or 0, phase, fact.envelope.timestamp, getattr(data, "order_sequence", 0)
