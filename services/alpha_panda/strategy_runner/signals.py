"""From what a strategy wants to the signals of its Brokers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import signal_id
from alpha_panda.events.signals import Intent, Product, SignalRaised
from alpha_panda.strategy import Context, Enter, Wish
from alpha_panda.strategy_runner.levels import entry_prices
from alpha_panda.strategy_runner.roster import Enlisted


def signal_data(strategy: Enlisted, context: Context, wish: Wish, price_paise: int, at: datetime) -> SignalRaised:
    """The signal, the same for every Broker, of a wish at `at` when the price was `price_paise`.

    Raises:
        ValueError: the strategy's own levels are on the wrong side of the entry.
    """
    spec = strategy.spec
    common: dict[str, Any] = {
        "strategy": strategy.name,
        "instrument_token": context.instrument_token,
        "side": wish.side,
        "product": Product(spec.product.value),
        "reference_price_paise": price_paise,
        "reason": wish.reason,
        "expires_at": at + timedelta(seconds=spec.signal_time_to_live_seconds),
    }
    if not isinstance(wish, Enter):
        return SignalRaised(intent=Intent.EXIT, **common)
    prices = entry_prices(wish, price_paise, spec.levels, context.tick_size_paise)
    return SignalRaised(
        intent=Intent.ENTER,
        order_type=wish.order_type,
        limit_price_paise=prices.limit_price_paise,
        trigger_price_paise=prices.trigger_price_paise,
        stop_loss_paise=prices.stop_loss_paise,
        target_paise=prices.target_paise,
        confidence=wish.confidence,
        votes=wish.votes or msgspec.UNSET,
        atr_paise=wish.atr_paise,
        bar_volume=wish.bar_volume,
        **common,
    )


def signals(
    data: SignalRaised, cause: Event[Any], at: datetime, n: int, brokers: tuple[str, ...]
) -> Iterator[Event[SignalRaised]]:
    """An event for each Broker; `n` counts what the strategy wanted because of `cause` on this instrument."""
    for broker in brokers:
        yield Event(
            id=signal_id(at, broker, data.strategy, data.instrument_token, cause.id, n),
            event_time=at,
            data=data,
            key=f"{data.strategy}:{data.instrument_token}",
            key_instrument=data.instrument_token,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            broker=broker,
        )
