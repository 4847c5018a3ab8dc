"""The size of an entry that passed the checks: fixed risk, held down by limits and cash.

An entry's cost, which is what it must find in cash and reserves, is its notional at the price it is
reckoned at; for one that trades at the market more: the slippage, and `MARKET_MOVE` for what the price
moves until it trades; and the charges of the order. A short is backed in full, like a long.
"""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

import msgspec

from alpha_panda.domain.charges import charges_table
from alpha_panda.domain.day_taxes import MOST_ROUNDING_PAISE
from alpha_panda.domain.exposure import Exposure
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.money import rupees
from alpha_panda.domain.order_terms import Refusal, entry_price_paise
from alpha_panda.domain.risk import Limits
from alpha_panda.domain.sizing import (
    Cap,
    Sized,
    affordable_quantity,
    fixed_risk_quantity,
    size,
    value_quantity,
)
from alpha_panda.events.orders import Charges
from alpha_panda.events.signals import OrderType, SignalRaised

MARKET_MOVE = Fraction(1, 100)
"""Of the price, kept in cash for what a market order may pay beyond its reference and slippage."""
ROUNDING_PAISE = len(Charges.__struct_fields__) + MOST_ROUNDING_PAISE
"""Each component of the charges may round by a paisa between the parts of an order, and the day's tax to rupees."""
_AT_MARKET = (OrderType.MARKET, OrderType.SL_M)


class EntryTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What sizes an entry beside the signal itself."""

    instrument: Instrument
    risk: Fraction
    slippage: Fraction
    charges_day: date
    limits: tuple[Limits, ...]
    """The strategy's, then the account's."""


def cost_paise(quantity: int, signal: SignalRaised, terms: EntryTerms) -> int:
    """Cash that an entry of `quantity` units may take."""
    if quantity == 0:
        return 0
    worst = Fraction(quantity * entry_price_paise(signal))
    if signal.order_type in _AT_MARKET:
        worst *= 1 + terms.slippage + MARKET_MOVE
    notional_paise = math.ceil(worst)
    rates = charges_table().rates(terms.charges_day, terms.instrument, signal.product, signal.side)
    return notional_paise + rates.of(notional_paise).total_paise + ROUNDING_PAISE


def size_entry(signal: SignalRaised, stop_loss_paise: int, terms: EntryTerms, exposure: Exposure) -> Sized:
    """The quantity of an entry in whole lots, 0 where none fits, and the rule that binds."""
    caps = [_risk_cap(signal, stop_loss_paise, terms, exposure), *_limit_caps(signal, terms)]
    most = min(cap.quantity for cap in caps)
    caps.append(_cash_cap(signal, terms, exposure, most))
    return size(caps, terms.instrument.lot_size)


def refuse_size(sized: Sized, instrument: Instrument) -> Refusal:
    """Why nothing can be traded."""
    cap, lot = sized.binding, instrument.lot_size
    return Refusal(
        code=cap.code,
        value=str(cap.quantity),
        limit=cap.limit,
        message=f"rejected: {cap.code} allows {cap.quantity} < lot {lot}, limit {cap.limit} ({cap.setting})",
    )


def _risk_cap(signal: SignalRaised, stop_loss_paise: int, terms: EntryTerms, exposure: Exposure) -> Cap:
    distance_paise = abs(signal.reference_price_paise - stop_loss_paise)
    equity_paise = exposure.equity_paise
    return Cap(
        code="risk_per_trade",
        quantity=fixed_risk_quantity(equity_paise, terms.risk, distance_paise),
        limit=f"{float(terms.risk * 100):g} % of {rupees(equity_paise)} at {rupees(distance_paise)} a unit",
        setting="sizing.riskPercent",
    )


def _limit_caps(signal: SignalRaised, terms: EntryTerms) -> list[Cap]:
    price_paise = entry_price_paise(signal)
    caps = []
    for limits in terms.limits:
        if limits.max_position_quantity is not None:
            most = limits.max_position_quantity
            where = f"{limits.where}.maxPositionQuantity"
            caps.append(Cap(code="max_position", quantity=most, limit=str(most), setting=where))
        for code, name, value_paise in (
            ("max_position", "maxPositionValue", limits.max_position_value_paise),
            ("max_order_value", "maxOrderValue", limits.max_order_value_paise),
        ):
            if value_paise is not None:
                most = value_quantity(value_paise, price_paise)
                setting = f"{limits.where}.{name}"
                caps.append(Cap(code=code, quantity=most, limit=rupees(value_paise), setting=setting))
    freeze = terms.instrument.freeze_quantity
    if freeze is not None:
        setting = f"the exchange's limit for {terms.instrument.symbol}"
        caps.append(Cap(code="freeze_quantity", quantity=freeze, limit=str(freeze), setting=setting))
    return caps


def _cash_cap(signal: SignalRaised, terms: EntryTerms, exposure: Exposure, most: int) -> Cap:
    available_paise = exposure.available_paise
    quantity = affordable_quantity(available_paise, lambda units: cost_paise(units, signal, terms), most)
    return Cap(
        code="cash",
        quantity=quantity,
        limit=rupees(available_paise),
        setting="paper.startingCash and what is free of it",
    )
