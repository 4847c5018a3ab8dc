"""The size of an entry that passed the checks: its method's, held down by limits, liquidity and cash.

An entry's cost, which is what it must find in cash and reserves, is its notional at the price it is
reckoned at; for one that trades at the market more: the slippage, and `MARKET_MOVE` for what the price
moves until it trades; and the charges of the order. A short is backed in full, like a long.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import msgspec

from alpha_panda.domain.charge_rates import Rates
from alpha_panda.domain.day_taxes import MOST_ROUNDING_PAISE
from alpha_panda.domain.exposure import Exposure
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.limits import AccountTerms, Limits, SizingTerms
from alpha_panda.domain.money import rupees
from alpha_panda.domain.order_terms import Refusal, entry_price_paise
from alpha_panda.domain.size_caps import account_caps, limit_caps, liquidity_caps, method_cap
from alpha_panda.domain.sizing import Cap, Sized, affordable_quantity, size
from alpha_panda.events.orders import Charges
from alpha_panda.events.signals import OrderType, SignalRaised

MARKET_MOVE = Fraction(1, 100)
"""Of the price, kept in cash for what a market order may pay beyond its reference and slippage."""
ROUNDING_PAISE = len(Charges.__struct_fields__) + MOST_ROUNDING_PAISE
"""Each component of the charges may round by a paisa between the parts of an order, and the day's tax to rupees."""
_AT_MARKET = (OrderType.MARKET, OrderType.SL_M)


class EntryTerms(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What sizes an entry beside the signal itself."""

    instrument: Instrument
    sizing: SizingTerms
    account: AccountTerms
    limits: tuple[Limits, ...]
    """The strategy's, then the account's."""
    worst: Fraction
    """What an order at the market may pay, as a multiple of the price it is reckoned at: see `worst_multiple`."""
    rates: Rates
    charges_day: date
    """Of which the rates are."""


def worst_multiple(slippage: Fraction) -> Fraction:
    """What an order at the market may pay, of the price that it is reckoned at."""
    return 1 + slippage + MARKET_MOVE


def cost_paise(quantity: int, signal: SignalRaised, terms: EntryTerms) -> int:
    """Cash that an entry of `quantity` units may take."""
    if quantity == 0:
        return 0
    notional_paise = quantity * entry_price_paise(signal)
    if signal.order_type in _AT_MARKET:
        notional_paise = -(-notional_paise * terms.worst.numerator // terms.worst.denominator)
    return notional_paise + terms.rates.of(notional_paise).total_paise + ROUNDING_PAISE


def size_entry(
    signal: SignalRaised, stop_loss_paise: int, terms: EntryTerms, exposure: Exposure, sector: tuple[str, int]
) -> Sized | Refusal:
    """The quantity of an entry in whole lots, 0 where none fits, and the rule that binds; or why it has no size.

    `sector` is the instrument's, and what the account has in it.
    """
    equity_paise = exposure.equity_paise
    asked = method_cap(signal, stop_loss_paise, terms.sizing, exposure.trades, equity_paise)
    if isinstance(asked, Refusal):
        return asked
    caps = [asked, *limit_caps(entry_price_paise(signal), terms.limits, terms.instrument)]
    caps += account_caps(signal, stop_loss_paise, terms.account, equity_paise, sector)
    caps += liquidity_caps(signal, terms.sizing)
    most = min([cap.quantity for cap in caps])
    caps.append(_cash_cap(signal, terms, exposure, most))
    return size(caps, terms.instrument.lot_size)


def refuse_size(sized: Sized, instrument: Instrument) -> Refusal:
    """Why nothing can be traded."""
    cap, lot = sized.binding, instrument.lot_size
    limit = cap.limit()
    return Refusal(
        code=cap.code,
        value=str(cap.quantity),
        limit=limit,
        message=f"rejected: {cap.code} allows {cap.quantity} < lot {lot}, limit {limit} ({cap.setting})",
    )


def _cash_cap(signal: SignalRaised, terms: EntryTerms, exposure: Exposure, most: int) -> Cap:
    reserve_paise = terms.account.reserve_paise
    available_paise = exposure.available_paise - reserve_paise
    return Cap(
        code="cash",
        quantity=affordable_quantity(available_paise, lambda units: cost_paise(units, signal, terms), most),
        limit=lambda: f"{rupees(max(available_paise, 0))} free beyond the reserve of {rupees(reserve_paise)}",
        setting="paper.startingCash, account.minCashReserve",
    )
