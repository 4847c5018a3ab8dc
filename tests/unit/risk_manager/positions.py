"""Fills and prices that an account is made of, for tests of what the risk manager makes of them."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from tests.support.trading import ACME, INSTRUMENTS, broker, broker_spec, feed, moment, price, strategy, strategy_spec

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id
from alpha_panda.events.orders import Charges, Leg, Order, OrderFilled
from alpha_panda.events.signals import OrderType, Product, Side, SignalRejected
from alpha_panda.risk_manager.processor import RiskManagerProcessor

_NUMBERS = count(1)


def fill(  # noqa: PLR0913 — the facts of a trade
    clock: str | datetime,
    side: Side,
    quantity: int,
    paise: int,
    *,
    leg: Leg = Leg.ENTRY,
    who: str = "mo",
    token: int = ACME,
    product: Product = Product.MIS,
) -> Event[OrderFilled]:
    """A trade of an order that is filled by it, without charges."""
    when = moment(clock) if isinstance(clock, str) else clock
    name = event_id(when, f"fill {next(_NUMBERS)}")
    order = Order(
        order_id=name,
        signal_id=name,
        strategy=who,
        instrument_token=token,
        leg=leg,
        side=side,
        quantity=quantity,
        product=product,
        order_type=OrderType.MARKET,
    )
    data = OrderFilled(
        order=order,
        order_sequence=1,
        quantity=quantity,
        price_paise=paise,
        filled_quantity=quantity,
        charges=Charges(),
        charges_as_of="2026-04-01",
    )
    return Event(id=name, event_time=when, data=data, key=str(token), key_instrument=token, correlation_id=name)


def trade(opened: str, closed: str, profit_paise: int, *, leg: Leg = Leg.EXIT, **fields: Any) -> list[AnyEvent]:  # noqa: ANN401 — any field
    """A long trade of 10 units that made so much; it is closed by `leg`."""
    bought = fill(opened, Side.BUY, 10, 10_000, **fields)
    return [bought, fill(closed, Side.SELL, 10, 10_000 + profit_paise // 10, leg=leg, **fields)]


def account(
    limits: dict[str, Any] | None = None,
    strategies: dict[str, dict[str, Any]] | None = None,
    *,
    cash: str = "50000",
    table: InstrumentTable = INSTRUMENTS,
) -> RiskManagerProcessor:
    """A risk manager over an account with so much cash, and no other limits than these; `mo` and `re` run."""
    desk = RiskManagerProcessor("paper", table, default_calendar())
    both = {"mo": strategy_spec(), "re": strategy_spec(), **(strategies or {})}
    spec = broker_spec(account=limits or {}, paper={"startingCash": cash})
    feed(desk, broker(spec), *(strategy(name, each) for name, each in both.items()))
    return desk


def quoted(clock: str | datetime, paise: int = 10_000, *tokens: int) -> list[AnyEvent]:
    """Prices of these instruments, of ACME where none is named."""
    return [price(clock, paise, token=token) for token in tokens or (ACME,)]


def refused(desk: RiskManagerProcessor, raw: AnyEvent) -> SignalRejected:
    """The rejection of a signal."""
    (verdict,) = feed(desk, raw)
    assert isinstance(verdict.data, SignalRejected)
    return verdict.data


def sized(desk: RiskManagerProcessor, raw: AnyEvent) -> tuple[int, str]:
    """Quantity and binding constraint of a signal that passes."""
    (verdict,) = feed(desk, raw)
    return verdict.data.quantity, verdict.data.binding_constraint
