"""Checks of the account: halts, breakers and pauses, positions and rates, and what an exit needs.

Each is a pure function from an `Inquiry` to a refusal or nothing. What concerns the market and the
signal's own prices is in `market_checks`.
"""

from __future__ import annotations

from alpha_panda.domain.inquiry import Inquiry, over, refusal
from alpha_panda.domain.kill_switch import Target, refuse_entry
from alpha_panda.domain.locks import ACCOUNT, of_instrument, of_pair, of_strategy
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.signals import Product, Side


def broker_missing(inquiry: Inquiry) -> Refusal | None:
    """Nothing trades on a Broker that is unknown, deleted or cannot be read."""
    return inquiry.missing


def strategy_not_running(inquiry: Inquiry) -> Refusal | None:
    """A strategy enters while it runs, in its mode, on its Brokers, in its instruments."""
    name, terms, instrument = inquiry.signal.strategy, inquiry.strategy, inquiry.instrument
    state = "absent" if terms is None else terms.state
    if state != "Running":
        says = f"strategy {name} is {state} on {inquiry.broker} (state, mode, brokers)"
        return refusal("strategy_not_running", state, "Running", says)
    if terms is not None and instrument is not None and instrument.name not in terms.instruments:
        says = f"{instrument.name} is not among the instruments of {name} (instruments)"
        return refusal("not_its_instrument", instrument.name, ", ".join(sorted(terms.instruments)), says)
    return None


def trading_halted(inquiry: Inquiry) -> Refusal | None:
    """Also where nobody knows whether trading is halted: an entry that could wait no longer is refused."""
    halted = inquiry.terms is not None and inquiry.terms.halted
    switch = inquiry.switch
    if not (halted or inquiry.halts or switch.halts or switch.unreadable):
        return None
    instrument = "" if inquiry.instrument is None else inquiry.instrument.name
    target = Target(broker=inquiry.broker, strategy=inquiry.signal.strategy, instrument=instrument)
    found = refuse_entry(target, broker_halted=halted, halts=inquiry.halts, switch=switch)
    return None if found is None else refusal(found.code, found.value, found.limit, found.message)


class Locked:
    """The check of one kind of lock, over all subjects that a signal belongs to."""

    def __init__(self, code: str) -> None:
        """`code` is the lock's and the refusal's."""
        self._code = code

    def __call__(self, inquiry: Inquiry) -> Refusal | None:
        """The refusal of the widest lock in force."""
        strategy, token = inquiry.signal.strategy, inquiry.signal.instrument_token
        for subject in (ACCOUNT, of_strategy(strategy), of_instrument(token), of_pair(strategy, token)):
            lock = inquiry.locks.find(self._code, subject, inquiry.event_time)
            if lock is not None:
                return refusal(lock.code, lock.value, lock.limit, lock.message)
        return None


def duplicate_position(inquiry: Inquiry) -> Refusal | None:
    """The account has one position in an instrument at most, whichever strategy's."""
    owner = inquiry.exposure.owner(inquiry.signal.instrument_token)
    if owner is None:
        return None
    says = f"{owner} has a position or a pending entry in this instrument on {inquiry.broker}"
    return refusal("duplicate_position", owner, "no position of the account", says)


def max_open_positions(inquiry: Inquiry) -> Refusal | None:
    """Positions are counted with those that pending entries may open."""
    terms = inquiry.terms
    if terms is None or terms.limits.max_open_positions is None:
        return None
    found, most = inquiry.exposure.positions, terms.limits.max_open_positions
    if found < most:
        return None
    return over("max_open_positions", found + 1, most, f"{terms.limits.where}.maxOpenPositions")


def max_product_positions(inquiry: Inquiry) -> Refusal | None:
    """Positions within the day and over days have limits of their own."""
    terms, product = inquiry.terms, inquiry.signal.product
    if terms is None:
        return None
    swing = product is Product.CNC
    most = terms.max_swing_positions if swing else terms.max_intraday_positions
    if most is None:
        return None
    found = inquiry.exposure.positions_held_as(product)
    if found < most:
        return None
    code, setting = (
        ("max_swing_positions", "maxSwingPositions") if swing else ("max_intraday_positions", "maxIntradayPositions")
    )
    return over(code, found + 1, most, f"{terms.limits.where}.{setting}")


def max_orders_per_minute(inquiry: Inquiry) -> Refusal | None:
    """Entries are limited in a sliding minute; exits count and are never refused."""
    if inquiry.strategy is None or inquiry.terms is None:
        return None
    for limits, strategy in ((inquiry.strategy.limits, inquiry.signal.strategy), (inquiry.terms.limits, None)):
        if limits.max_orders_per_minute is None:
            continue
        sent = inquiry.exposure.sent_since(inquiry.event_time, strategy)
        if sent >= limits.max_orders_per_minute:
            where = f"{limits.where}.maxOrdersPerMinute"
            return over("max_orders_per_minute", sent + 1, limits.max_orders_per_minute, where)
    return None


def no_position(inquiry: Inquiry) -> Refusal | None:
    """An exit closes a position that is there, and never adds to it."""
    held, side = inquiry.held, inquiry.signal.side
    if held == 0:
        says = f"{inquiry.signal.strategy} has no {inquiry.signal.product} position to exit"
        return refusal("no_position", 0, "an open position", says)
    if (held > 0) == (side is Side.BUY):
        says = f"an exit by {side} would add to the position of {held}"
        return refusal("wrong_side", side, side.opposite, says)
    return None


def exit_pending(inquiry: Inquiry) -> Refusal | None:
    """A position is closed once."""
    signal = inquiry.signal
    if not inquiry.exposure.has_exit(signal.strategy, signal.instrument_token, signal.product):
        return None
    return refusal("exit_pending", "1", "0", f"an exit of {signal.strategy} from this position is under way")
