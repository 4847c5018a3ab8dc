"""What makes the terms of an order impossible, whoever looks: its prices, its size, its instrument's rules.

The risk manager asks before it lets a signal pass, and the paper market again before it takes the order.
"""

from __future__ import annotations

import msgspec

from alpha_panda.domain.instrument import Instrument, on_grid
from alpha_panda.domain.money import rupees
from alpha_panda.events.signals import OrderType, Side, SignalRaised


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why something may not trade: a stable code, what was found, what is allowed, a sentence for a trader."""

    code: str
    value: str
    limit: str
    message: str


_NEEDS_LIMIT = (OrderType.LIMIT, OrderType.SL)
_NEEDS_TRIGGER = (OrderType.SL, OrderType.SL_M)


def refuse_prices(signal: SignalRaised, instrument: Instrument) -> Refusal | None:
    """The refusal of prices that are missing, too many or off the instrument's tick grid."""
    return _refuse_missing_prices(signal) or _refuse_off_grid(signal, instrument)


def refuse_quantity(quantity: int, instrument: Instrument) -> Refusal | None:
    """The refusal of a quantity that is no whole number of lots or above the exchange's freeze quantity."""
    if quantity % instrument.lot_size:
        return Refusal(
            code="lot_size",
            value=str(quantity),
            limit=f"multiples of {instrument.lot_size}",
            message=f"quantity {quantity} is not a multiple of the lot of {instrument.lot_size} of {instrument.symbol}",
        )
    freeze = instrument.freeze_quantity
    if freeze is not None and quantity > freeze:
        return Refusal(
            code="freeze_quantity",
            value=str(quantity),
            limit=str(freeze),
            message=f"quantity {quantity} > freeze quantity {freeze} of {instrument.symbol}: the exchange refuses it",
        )
    return None


def entry_price_paise(signal: SignalRaised) -> int:
    """What an order is reckoned at before it trades: its limit, else its trigger, else the reference price.

    A stop whose trigger the price has passed already trades at once, at the market and not at its trigger.
    """
    if signal.order_type in _NEEDS_LIMIT and signal.limit_price_paise is not None:
        return signal.limit_price_paise
    if signal.order_type is OrderType.SL_M and signal.trigger_price_paise is not None:
        later = max if signal.side is Side.BUY else min
        return later(signal.trigger_price_paise, signal.reference_price_paise)
    return signal.reference_price_paise


def _refuse_missing_prices(signal: SignalRaised) -> Refusal | None:
    kind = signal.order_type
    if kind is OrderType.MARKET and signal.limit_price_paise is None and signal.trigger_price_paise is None:
        return None
    for name, price_paise, needed in (
        ("limit price", signal.limit_price_paise, kind in _NEEDS_LIMIT),
        ("trigger price", signal.trigger_price_paise, kind in _NEEDS_TRIGGER),
    ):
        if (price_paise is not None) == needed:
            continue
        found = "none" if price_paise is None else rupees(price_paise)
        wanted = "one" if needed else "none"
        return Refusal(
            code="bad_prices",
            value=found,
            limit=wanted,
            message=f"a {kind} order takes {wanted} as its {name}; the signal has {found}",
        )
    return None


def _refuse_off_grid(signal: SignalRaised, instrument: Instrument) -> Refusal | None:
    tick_paise = instrument.tick_size_paise
    for name, price_paise in (
        ("limit price", signal.limit_price_paise),
        ("trigger price", signal.trigger_price_paise),
        ("stop loss", signal.stop_loss_paise),
        ("target", signal.target_paise),
    ):
        if price_paise is None or on_grid(price_paise, tick_paise):
            continue
        tick = rupees(tick_paise)
        return Refusal(
            code="off_tick_grid",
            value=rupees(price_paise),
            limit=f"multiples of {tick}",
            message=f"{name} {rupees(price_paise)} of {instrument.symbol} is not a multiple of its tick of {tick}",
        )
    return None
