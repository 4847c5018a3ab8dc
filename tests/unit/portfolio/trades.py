"""Fills, ticks and Brokers to keep an account with."""

from datetime import UTC, datetime, timedelta
from typing import Any

from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id, tick_id
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import Charges, Leg, Order, OrderFilled
from alpha_panda.events.signals import OrderType, Product, Side
from alpha_panda.events.topics import CONTROL_BROKERS, ORDERS_FILLED, TICKS
from alpha_panda.portfolio.processor import PortfolioProcessor

TOKEN = 3050241
START = datetime(2026, 1, 5, 3, 45, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def fill(  # noqa: PLR0913 — what a test may want to say of a trade
    side: Side,
    quantity: int,
    price: int,
    seconds: int = 0,
    *,
    charges: int = 0,
    strategy: str = "s",
    token: int = TOKEN,
    name: str = "",
) -> Event[OrderFilled]:
    order_id = event_id(at(seconds), "order", name, side, quantity, price, strategy, token)
    order = Order(
        order_id=order_id,
        signal_id=event_id(at(seconds), "signal", order_id),
        strategy=strategy,
        instrument_token=token,
        leg=Leg.ENTRY,
        side=side,
        quantity=quantity,
        product=Product.MIS,
        order_type=OrderType.MARKET,
    )
    data = OrderFilled(
        order=order,
        order_sequence=2,
        quantity=quantity,
        price_paise=price,
        filled_quantity=quantity,
        charges=Charges(brokerage_paise=charges // 2, stt_paise=charges - charges // 2),
        charges_as_of="2026-04-01",
    )
    identity = event_id(at(seconds), "fill", order_id)
    return Event(id=identity, event_time=at(seconds), data=data, key=str(token), correlation_id="its tick")


def tick(price: int, seconds: int = 0, token: int = TOKEN) -> Event[Tick]:
    data = Tick(instrument_token=token, price_paise=price)
    identity = tick_id(token, at(seconds), seconds)
    return Event(id=identity, event_time=at(seconds), data=data, key=str(token), correlation_id=identity)


def broker(cash: str = "50000", name: str = "paper", **changes: object) -> Event[BrokerConfigured]:
    wanted = {"type": "Paper", "paper": {"startingCash": cash}, **changes}
    data = BrokerConfigured(name=name, uid=name, generation=1, spec=wanted)
    identity = event_id(START, "broker", name, cash)
    return Event(id=identity, event_time=START, data=data, key=name, correlation_id=identity)


def feed(processor: PortfolioProcessor, *events: Event[Any]) -> None:
    topics = {BrokerConfigured: CONTROL_BROKERS, OrderFilled: ORDERS_FILLED, Tick: TICKS}
    for event in events:
        assert list(processor.on_event(event, topics[type(event.data)])) == []


def account(*events: Event[Any], cash: str = "50000") -> PortfolioProcessor:
    processor = PortfolioProcessor("paper")
    feed(processor, broker(cash), *events)
    return processor
