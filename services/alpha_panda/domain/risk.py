"""The checks that a signal passes before it is sized, in their order: the first refusal is the verdict.

Each check is a small pure function from an `Inquiry` to a refusal or nothing. Entries are held to the
halts, the strategy's state and the limits; exits only to what an exit needs, so that risk can always be reduced.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

import msgspec

from alpha_panda.domain.exposure import Exposure
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.kill_switch import Halts, SwitchReading, Target, refuse_entry
from alpha_panda.domain.money import rupees
from alpha_panda.domain.order_terms import Refusal, entry_price_paise, refuse_prices
from alpha_panda.events.signals import Intent, Product, Side, SignalRaised


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a strategy or an account; None does not limit. `where` is the setting's place in its resource."""

    where: str
    max_position_quantity: int | None = None
    max_position_value_paise: int | None = None
    max_order_value_paise: int | None = None
    max_open_positions: int | None = None
    max_orders_per_minute: int | None = None


class StrategyTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the resources say about a strategy on this Broker."""

    state: str
    """`Running`, or why it may not enter: another state, the wrong mode, not on this Broker."""
    instruments: frozenset[str]
    """EXCHANGE:SYMBOL."""
    risk: Fraction
    limits: Limits


class AccountTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the Broker's resource says about the account."""

    halted: bool
    limits: Limits


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """A raw signal and all that a check may know."""

    broker: str
    signal: SignalRaised
    event_time: datetime
    watermark: datetime | None
    instrument: Instrument | None
    strategy: StrategyTerms | None
    account: AccountTerms | Refusal
    closed: str | None
    """Why the market is not open at the signal's event time; None where it is."""
    halts: Halts
    """What `control.trading` says."""
    switch: SwitchReading
    """What the switch in Redis says."""
    exposure: Exposure

    @property
    def enters(self) -> bool:
        """Whether the signal would open a position."""
        return self.signal.intent is Intent.ENTER

    @property
    def held(self) -> int:
        """Units of the strategy's own position; negative when short."""
        signal = self.signal
        return self.exposure.account.quantity(signal.strategy, signal.instrument_token, signal.product)


Check = Callable[[Inquiry], Refusal | None]


def refuse(inquiry: Inquiry) -> Refusal | None:
    """The first refusal of the chain, or None where the signal may be sized."""
    for check in CHECKS:
        refusal = check(inquiry)
        if refusal is not None:
            return refusal
    return None


def _unknown_instrument(inquiry: Inquiry) -> Refusal | None:
    if inquiry.instrument is not None:
        return None
    token = inquiry.signal.instrument_token
    return _refusal("unknown_instrument", token, "a token of the instrument table", f"instrument {token} is unknown")


def _broker_missing(inquiry: Inquiry) -> Refusal | None:
    return inquiry.account if isinstance(inquiry.account, Refusal) else None


def _strategy_not_running(inquiry: Inquiry) -> Refusal | None:
    if not inquiry.enters:
        return None
    name, terms, instrument = inquiry.signal.strategy, inquiry.strategy, inquiry.instrument
    state = "absent" if terms is None else terms.state
    if state != "Running":
        says = f"strategy {name} is {state} on {inquiry.broker} (state, mode, brokers)"
        return _refusal("strategy_not_running", state, "Running", says)
    if terms is not None and instrument is not None and instrument.name not in terms.instruments:
        says = f"{instrument.name} is not among the instruments of {name} (instruments)"
        return _refusal("not_its_instrument", instrument.name, ", ".join(sorted(terms.instruments)), says)
    return None


def _trading_halted(inquiry: Inquiry) -> Refusal | None:
    """Also where nobody knows whether trading is halted: an entry that could wait no longer is refused."""
    if not inquiry.enters:
        return None
    instrument = "" if inquiry.instrument is None else inquiry.instrument.name
    target = Target(broker=inquiry.broker, strategy=inquiry.signal.strategy, instrument=instrument)
    halted = isinstance(inquiry.account, AccountTerms) and inquiry.account.halted
    found = refuse_entry(target, broker_halted=halted, halts=inquiry.halts, switch=inquiry.switch)
    return None if found is None else _refusal(found.code, found.value, found.limit, found.message)


def _signal_expired(inquiry: Inquiry) -> Refusal | None:
    expires, watermark = inquiry.signal.expires_at, inquiry.watermark
    if watermark is None or watermark <= expires:
        return None
    says = f"the signal expired at {expires.isoformat()}, it is {watermark.isoformat()} (signalTimeToLiveSeconds)"
    return _refusal("signal_expired", watermark.isoformat(), expires.isoformat(), says)


def _market_closed(inquiry: Inquiry) -> Refusal | None:
    if inquiry.closed is None:
        return None
    return _refusal("market_closed", inquiry.event_time.isoformat(), "a session of the market", inquiry.closed)


def _bad_prices(inquiry: Inquiry) -> Refusal | None:
    return None if inquiry.instrument is None else refuse_prices(inquiry.signal, inquiry.instrument)


def _bad_levels(inquiry: Inquiry) -> Refusal | None:
    if not inquiry.enters:
        return None
    signal = inquiry.signal
    if signal.stop_loss_paise is None:
        says = "an entry needs a stop loss to be sized (levels.stopLossPercent)"
        return _refusal("no_stop", "none", "a stop loss", says)
    sign = signal.side.sign
    for name, price_paise in (("reference", signal.reference_price_paise), ("entry", entry_price_paise(signal))):
        if sign * (price_paise - signal.stop_loss_paise) <= 0:
            return _level("stop loss", signal.stop_loss_paise, "below" if sign > 0 else "above", name, price_paise)
        if signal.target_paise is not None and sign * (signal.target_paise - price_paise) <= 0:
            return _level("target", signal.target_paise, "above" if sign > 0 else "below", name, price_paise)
    return None


def _short_needs_mis(inquiry: Inquiry) -> Refusal | None:
    signal = inquiry.signal
    if not inquiry.enters or signal.side is Side.BUY or signal.product is Product.MIS:
        return None
    return _refusal("short_needs_mis", signal.product, Product.MIS, "a short sale must be MIS (product)")


def _duplicate_position(inquiry: Inquiry) -> Refusal | None:
    owner = inquiry.exposure.owner(inquiry.signal.instrument_token) if inquiry.enters else None
    if owner is None:
        return None
    says = f"{owner} has a position or a pending entry in this instrument on {inquiry.broker}"
    return _refusal("duplicate_position", owner, "no position of the account", says)


def _no_position(inquiry: Inquiry) -> Refusal | None:
    if inquiry.enters:
        return None
    held, side = inquiry.held, inquiry.signal.side
    if held == 0:
        says = f"{inquiry.signal.strategy} has no {inquiry.signal.product} position to exit"
        return _refusal("no_position", 0, "an open position", says)
    if (held > 0) == (side is Side.BUY):
        says = f"an exit by {side} would add to the position of {held}"
        return _refusal("wrong_side", side, side.opposite, says)
    return None


def _exit_pending(inquiry: Inquiry) -> Refusal | None:
    signal = inquiry.signal
    if inquiry.enters or not inquiry.exposure.has_exit(signal.strategy, signal.instrument_token, signal.product):
        return None
    return _refusal("exit_pending", "1", "0", f"an exit of {signal.strategy} from this position is under way")


def _max_open_positions(inquiry: Inquiry) -> Refusal | None:
    if not inquiry.enters or not isinstance(inquiry.account, AccountTerms):
        return None
    limits, found = inquiry.account.limits, inquiry.exposure.positions
    if limits.max_open_positions is None or found < limits.max_open_positions:
        return None
    where = f"{limits.where}.maxOpenPositions"
    return _over("max_open_positions", found + 1, limits.max_open_positions, where)


def _max_orders_per_minute(inquiry: Inquiry) -> Refusal | None:
    if not inquiry.enters or inquiry.strategy is None or not isinstance(inquiry.account, AccountTerms):
        return None
    for limits, strategy in ((inquiry.strategy.limits, inquiry.signal.strategy), (inquiry.account.limits, None)):
        sent = inquiry.exposure.sent_since(inquiry.event_time, strategy)
        if limits.max_orders_per_minute is not None and sent >= limits.max_orders_per_minute:
            where = f"{limits.where}.maxOrdersPerMinute"
            return _over("max_orders_per_minute", sent + 1, limits.max_orders_per_minute, where)
    return None


CHECKS: tuple[Check, ...] = (
    _unknown_instrument,
    _broker_missing,
    _strategy_not_running,
    _trading_halted,
    _signal_expired,
    _market_closed,
    _bad_prices,
    _bad_levels,
    _short_needs_mis,
    _duplicate_position,
    _no_position,
    _exit_pending,
    _max_open_positions,
    _max_orders_per_minute,
)


def _refusal(code: str, value: object, limit: object, message: str) -> Refusal:
    return Refusal(code=code, value=str(value), limit=str(limit), message=f"rejected: {code}: {message}")


def _over(code: str, found: int, limit: int, where: str) -> Refusal:
    return Refusal(
        code=code, value=str(found), limit=str(limit), message=f"rejected: {code} {found} > limit {limit} ({where})"
    )


def _level(what: str, level_paise: int, should: str, of: str, price_paise: int) -> Refusal:
    says = f"the {what} {rupees(level_paise)} is not {should} the {of} price {rupees(price_paise)}"
    return _refusal("bad_levels", rupees(level_paise), f"{should} {rupees(price_paise)}", says)
