"""Which alerts events become. Pure: an event in, changes out; the notifier applies them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from alpha_panda.domain.alerts import Change, Kind, Priority, Raised, Resolved
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.money import rupees
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import (
    BrokerConfigured,
    HaltScope,
    StrategyConfigured,
    StrategyQuarantined,
    TradingHalted,
    TradingResumed,
)
from alpha_panda.events.orders import Leg, OrderAcknowledged, OrderFailed, OrderFilled, OrderUnknown
from alpha_panda.events.signals import SignalRejected

_FORCED: Final = {Leg.STOP: Priority.HIGH}
"""Fills that tell of more than a strategy's wish."""


class AlertRules:
    """The rules of one installation."""

    def __init__(self, instruments: InstrumentTable) -> None:
        """`instruments` give names to tokens."""
        self._instruments = instruments
        self._rules: dict[type, Callable[[AnyEvent, Any, str | None], tuple[Change, ...]]] = {
            OrderFilled: self._filled,
            OrderFailed: self._failed,
            OrderUnknown: self._unknown,
            OrderAcknowledged: _acknowledged,
            SignalRejected: self._rejected,
            TradingHalted: _halted,
            TradingResumed: _resumed,
            BrokerConfigured: _broker,
            StrategyConfigured: _strategy,
            StrategyQuarantined: _quarantined,
        }

    def changes(self, event: AnyEvent, broker: str | None) -> tuple[Change, ...]:
        """What an event that was read from a topic of `broker` (None: a shared one) changes; often nothing."""
        rule = self._rules.get(type(event.data))
        return () if rule is None else rule(event, event.data, broker)

    def _filled(self, event: AnyEvent, fill: OrderFilled, broker: str | None) -> tuple[Change, ...]:
        order = fill.order
        what = f"{order.side} {fill.filled_quantity}/{order.quantity} {self._name(order.instrument_token)}"
        return (
            Raised(
                key=f"fill:{broker}:{order.order_id}",
                kind=Kind.FILL,
                priority=_FORCED.get(order.leg, Priority.NORMAL),
                title=f"{broker}: {what} at {rupees(fill.price_paise)}",
                text=f"{order.strategy}, {order.leg}; charges {rupees(fill.charges.total_paise)}",
                at=event.event_time,
                cause=event.id,
                broker=broker,
                strategy=order.strategy,
                notice=True,
            ),
        )

    def _failed(self, event: AnyEvent, failed: OrderFailed, broker: str | None) -> tuple[Change, ...]:
        order = failed.order
        what = f"{order.side} {order.quantity} {self._name(order.instrument_token)}"
        return (
            Raised(
                key=f"order_failed:{broker}:{order.order_id}",
                kind=Kind.ORDER_FAILED,
                priority=Priority.HIGH,
                title=f"{broker}: order refused: {what}",
                text=f"{order.strategy}, {order.leg}: {failed.code}: {failed.message}",
                at=event.event_time,
                cause=event.id,
                broker=broker,
                strategy=order.strategy,
                notice=True,
            ),
        )

    def _unknown(self, event: AnyEvent, unknown: OrderUnknown, broker: str | None) -> tuple[Change, ...]:
        order = unknown.order
        what = f"{order.side} {order.quantity} {self._name(order.instrument_token)}"
        found = (
            "it was not found: parked, never sent again" if unknown.given_up else "it is looked for, never sent again"
        )
        return (
            Raised(
                key=_key_of_unknown(broker, order.order_id),
                kind=Kind.ORDER_UNKNOWN,
                priority=Priority.CRITICAL,
                title=f"{broker}: nobody knows whether the exchange has: {what}",
                text=f"{order.strategy}, {order.leg}: {unknown.message}; {found}; look: panda zerodha reconcile",
                at=event.event_time,
                cause=event.id,
                broker=broker,
                strategy=order.strategy,
                # Both events of one order have its own time: only a level tells what is read again from what is new.
                level=2 if unknown.given_up else 1,
            ),
        )

    def _rejected(self, event: AnyEvent, rejected: SignalRejected, broker: str | None) -> tuple[Change, ...]:
        """One notice a day, strategy, instrument and reason: a strategy may want the same thing every minute."""
        signal = rejected.signal
        name = self._name(signal.instrument_token)
        day = f"{event.event_time.astimezone(IST):%Y-%m-%d}"
        return (
            Raised(
                key=f"rejection:{broker}:{signal.strategy}:{signal.instrument_token}:{rejected.code}:{day}",
                kind=Kind.REJECTION,
                priority=Priority.LOW,
                title=f"{broker}: {signal.strategy} may not {signal.intent} {signal.side} {name}: {rejected.code}",
                text=rejected.message,
                at=event.event_time,
                cause=event.id,
                broker=broker,
                strategy=signal.strategy,
                notice=True,
            ),
        )

    def _name(self, token: int) -> str:
        found = self._instruments.get(token)
        return f"instrument {token}" if found is None else found.name


def _acknowledged(event: AnyEvent, told: OrderAcknowledged, broker: str | None) -> tuple[Change, ...]:
    """What was found is acknowledged, and nothing else ends it, see `OrderUnknown`."""
    return (Resolved(prefix=_key_of_unknown(broker, told.order.order_id), at=event.event_time, exact=True),)


def _key_of_unknown(broker: str | None, order_id: str) -> str:
    return f"order_unknown:{broker}:{order_id}"


def _halted(event: AnyEvent, halt: TradingHalted, _: str | None) -> tuple[Change, ...]:
    where = f"{halt.scope} {halt.subject}".strip()
    return (
        Raised(
            key=f"halt:{halt.scope}:{halt.subject}",
            kind=Kind.HALT,
            priority=Priority.CRITICAL,
            title=f"Trading is halted: {where}",
            text=f"by {halt.actor}: {halt.reason}; exits and cancellations go on",
            at=event.event_time,
            cause=event.id,
            broker=halt.subject if halt.scope is HaltScope.BROKER else None,
            strategy=halt.subject if halt.scope is HaltScope.STRATEGY else None,
        ),
    )


def _resumed(event: AnyEvent, resumed: TradingResumed, _: str | None) -> tuple[Change, ...]:
    return (Resolved(prefix=f"halt:{resumed.scope}:{resumed.subject}", at=event.event_time, exact=True),)


def _broker(event: AnyEvent, told: BrokerConfigured, _: str | None) -> tuple[Change, ...]:
    key = f"halted_broker:{told.name}"
    if told.spec is None or not told.spec.get("halted"):
        return (Resolved(prefix=key, at=event.event_time, exact=True),)
    return (
        Raised(
            key=key,
            kind=Kind.HALT,
            priority=Priority.NORMAL,
            title=f"Broker {told.name} is halted by its resource",
            text="spec.halted is true: it enters no new position until that is taken back",
            at=event.event_time,
            cause=event.id,
            broker=told.name,
        ),
    )


def _strategy(event: AnyEvent, told: StrategyConfigured, _: str | None) -> tuple[Change, ...]:
    """A changed or deleted strategy is quarantined no more, see `domain.quarantine`."""
    still = f"{told.uid}:{told.generation}" if told.spec is not None else ""
    prefix = f"quarantine:{told.name}:"
    return (Resolved(prefix=prefix, at=event.event_time, but=f"{prefix}{still}"),)


def _quarantined(event: AnyEvent, told: StrategyQuarantined, _: str | None) -> tuple[Change, ...]:
    return (
        Raised(
            key=f"quarantine:{told.strategy}:{told.uid}:{told.generation}",
            kind=Kind.QUARANTINE,
            priority=Priority.CRITICAL,
            title=f"Strategy {told.strategy} is quarantined: {told.kind}",
            text=f"{told.call}: {told.reason}; it is called no more until it is changed, its stops go on",
            at=event.event_time,
            cause=event.id,
            strategy=told.strategy,
        ),
    )
