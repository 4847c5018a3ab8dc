"""A trading desk for tests: resources, signals and ticks in, verdicts and order events out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from tests.support.market import at, tick

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument import Exchange, Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import BrokerConfigured, HaltScope, StrategyConfigured, TradingHalted, TradingResumed
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id, signal_id, verdict_id
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import Leg, Order, OrderCancelled, OrderFailed, OrderFilled
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.signals import (
    Intent,
    Product,
    Side,
    SignalRaised,
    SignalRejected,
    SignalValidated,
)
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.risk_manager.processor import RiskManagerProcessor

TRADING_DAY = date(2026, 6, 2)
NEXT_DAY = date(2026, 6, 3)
ACME, BOLT, LOTS = 257, 513, 769
INSTRUMENTS = InstrumentTable(
    [
        Instrument(token=ACME, exchange=Exchange.NSE, symbol="ACME", tick_size_paise=5),
        Instrument(token=BOLT, exchange=Exchange.NSE, symbol="BOLT", tick_size_paise=5, freeze_quantity=1_000),
        Instrument(token=LOTS, exchange=Exchange.BSE, symbol="LOTS", tick_size_paise=5, lot_size=50),
    ],
    "tests",
)
BROKER = "paper"
GENEROUS = {
    "maxPositionPercent": "100",
    "maxRiskPercent": "100",
    "maxSectorPercent": "100",
    "maxOpenPositions": 1000,
    "maxSwingPositions": 1000,
    "maxIntradayPositions": 1000,
    "minCashReserve": "0",
    "minRewardRisk": "0",
    "maxDailyLossPercent": "100",
    "maxWeeklyLossPercent": "100",
    "maxMonthlyLossPercent": "100",
    "drawdownPercent": "100",
    "maxPriceDeviationPercent": "100",
    "maxDataAgeSeconds": 0,
}
"""Limits of an account that get in the way of no test which is not about them."""


def moment(clock: str, day: date = TRADING_DAY) -> datetime:
    return at(clock, day)


def price(
    clock: str | datetime, paise: int, *, volume: int | None = None, token: int = ACME, sequence: int = 1
) -> Event[Tick]:
    when = moment(clock) if isinstance(clock, str) else clock
    return tick(when, paise, sequence, token, volume)


def broker_spec(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 — a resource's values are JSON
    paper = {"slippageBps": "0", "latencyMilliseconds": 0, "participationPercent": "10", **fields.pop("paper", {})}
    account = {**GENEROUS, **fields.pop("account", {})}
    return {"type": "Paper", "paper": paper, "account": account, **fields}


def strategy_spec(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 — a resource's values are JSON
    symbols = (("NSE", "ACME"), ("NSE", "BOLT"), ("BSE", "LOTS"))
    instruments = [{"exchange": exchange, "symbol": symbol} for exchange, symbol in symbols]
    return {"strategy": "momentum", "instruments": instruments, **fields}


def control(data: msgspec.Struct) -> AnyEvent:
    when = moment("09:00:00")
    return Event(id=event_id(when, repr(data)), event_time=when, data=data, key="any", correlation_id="control")


def broker(spec: dict[str, Any] | None, name: str = BROKER) -> AnyEvent:
    return control(BrokerConfigured(name=name, uid="b", generation=1, spec=spec))


def strategy(name: str, spec: dict[str, Any] | None) -> AnyEvent:
    return control(StrategyConfigured(name=name, uid="s", generation=1, spec=spec))


def halt(scope: HaltScope, subject: str = "") -> AnyEvent:
    return control(TradingHalted(scope=scope, subject=subject, actor="ana", reason="news"))


def resume(scope: HaltScope, subject: str = "") -> AnyEvent:
    return control(TradingResumed(scope=scope, subject=subject, actor="ana", reason="calm"))


def signal(clock: str | datetime, *, n: int = 0, **fields: Any) -> Event[SignalRaised]:  # noqa: ANN401 — any field
    """A raw signal; without further fields an MIS entry to buy ACME at 100.00 with a stop at 95.00."""
    when = moment(clock) if isinstance(clock, str) else clock
    values: dict[str, Any] = {
        "strategy": "mo",
        "instrument_token": ACME,
        "intent": Intent.ENTER,
        "side": Side.BUY,
        "product": Product.MIS,
        "reference_price_paise": 10_000,
        "stop_loss_paise": 9_500,
        "reason": "a test",
        "expires_at": when + timedelta(seconds=60),
        **fields,
    }
    if values["intent"] is Intent.EXIT and "stop_loss_paise" not in fields:
        values["stop_loss_paise"] = None
    data = SignalRaised(**values)
    return Event(
        id=signal_id(when, BROKER, data.strategy, data.instrument_token, "test", n),
        event_time=when,
        data=data,
        key=f"{data.strategy}:{data.instrument_token}",
        key_instrument=data.instrument_token,
        correlation_id=f"story-{when.isoformat()}-{n}",
        broker=BROKER,
    )


def validated(raw: Event[SignalRaised], quantity: int) -> Event[SignalValidated]:
    data = SignalValidated(signal_id=raw.id, signal=raw.data, quantity=quantity, binding_constraint="test")
    return msgspec.structs.replace(raw, id=verdict_id(raw.event_time, raw.id), data=data, causation_id=raw.id)  # type: ignore[arg-type] # replace keeps the type parameter of the raw signal


def entry(clock: str | datetime, quantity: int, *, n: int = 0, **fields: Any) -> Event[SignalValidated]:  # noqa: ANN401 — any field
    return validated(signal(clock, n=n, **fields), quantity)


def exit_of(clock: str | datetime, quantity: int, *, n: int = 0, **fields: Any) -> Event[SignalValidated]:  # noqa: ANN401 — any field
    return validated(signal(clock, n=n, **{"intent": Intent.EXIT, "side": Side.SELL, **fields}), quantity)


def feed(processor: PaperTradingProcessor | RiskManagerProcessor, *events: AnyEvent) -> list[AnyEvent]:
    """All that follows from the events, in order."""
    return [out for event in events for out in processor.on_event(event, EVENT_TOPICS[type(event.data)])]


def recall(processor: RiskManagerProcessor, events: Iterable[AnyEvent]) -> None:
    for event in events:
        processor.recall(event, EVENT_TOPICS[type(event.data)])


def paper(spec: dict[str, Any] | None = None) -> PaperTradingProcessor:
    """A paper market whose Broker is applied."""
    processor = PaperTradingProcessor(BROKER, INSTRUMENTS, default_calendar())
    assert not feed(processor, broker(spec or broker_spec()))
    return processor


def risk(
    account: dict[str, Any] | None = None, strategies: dict[str, dict[str, Any]] | None = None
) -> RiskManagerProcessor:
    """A risk manager whose Broker and strategies are applied; `mo` runs with 1 % at risk."""
    processor = RiskManagerProcessor(BROKER, INSTRUMENTS, default_calendar())
    applied = strategies if strategies is not None else {"mo": strategy_spec()}
    changes = [strategy(name, spec) for name, spec in applied.items()]
    assert not feed(processor, broker(account or broker_spec()), *changes)
    return processor


def order_of(event: AnyEvent) -> Order:
    order = event.data.order
    assert isinstance(order, Order)
    return order


def legs(events: Iterable[AnyEvent]) -> list[tuple[str, Leg, int]]:
    """Each order event as (what happened, leg, the order's quantity or the fill's)."""
    shown = []
    for event in events:
        data = event.data
        quantity = data.quantity if isinstance(data, OrderFilled) else order_of(event).quantity
        shown.append((type(data).__name__.removeprefix("Order"), order_of(event).leg, quantity))
    return shown


def fills(events: Iterable[AnyEvent]) -> list[tuple[Leg, int, int]]:
    """Each fill as (leg, quantity, price)."""
    return [
        (order_of(event).leg, event.data.quantity, event.data.price_paise)
        for event in events
        if isinstance(event.data, OrderFilled)
    ]


def ends(events: Iterable[AnyEvent]) -> list[tuple[Leg, str]]:
    """Each cancellation and failure as (leg, code)."""
    return [
        (order_of(event).leg, event.data.code)
        for event in events
        if isinstance(event.data, OrderCancelled | OrderFailed)
    ]


def verdicts(events: Iterable[AnyEvent]) -> list[str | int]:
    """Each verdict: the quantity where the signal was validated, the code where it was rejected."""
    shown: list[str | int] = []
    for event in events:
        assert isinstance(event.data, SignalValidated | SignalRejected)
        shown.append(event.data.quantity if isinstance(event.data, SignalValidated) else event.data.code)
    return shown


def only(events: Iterable[AnyEvent]) -> AnyEvent:
    (event,) = events
    return event
