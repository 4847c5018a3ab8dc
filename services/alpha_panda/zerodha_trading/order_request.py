"""An order in Zerodha's words: the parameters of its request. Pure."""

from __future__ import annotations

from typing import Any, Final

from alpha_panda.domain.instrument import Instrument
from alpha_panda.events.orders import Order
from alpha_panda.events.signals import OrderType
from alpha_panda.zerodha_trading.terms import ZerodhaTerms

VARIETY: Final = "regular"
VALIDITY: Final = "DAY"
MOST_SLICES: Final = 10
_AT_MARKET: Final = (OrderType.MARKET, OrderType.SL_M)


def order_request(
    order: Order, instrument: Instrument, tag: str, terms: ZerodhaTerms, algo_id: str = ""
) -> dict[str, Any]:
    """What is posted for an order; prices are rupees here and nowhere else."""
    request: dict[str, Any] = {
        "variety": VARIETY,
        "exchange": instrument.exchange.value,
        "tradingsymbol": instrument.symbol,
        "transaction_type": order.side.value,
        "quantity": order.quantity,
        "product": order.product.value,
        "order_type": order.order_type.value,
        "validity": VALIDITY,
        "tag": tag,
    }
    if order.limit_price_paise is not None:
        request["price"] = _rupees(order.limit_price_paise)
    if order.trigger_price_paise is not None:
        request["trigger_price"] = _rupees(order.trigger_price_paise)
    if order.order_type in _AT_MARKET:
        request["market_protection"] = terms.market_protection
    if algo_id:
        request["algo_id"] = algo_id
    return request


def slices(order: Order, instrument: Instrument) -> int:
    """How many orders the exchange makes of it."""
    freeze = instrument.freeze_quantity
    return 1 if freeze is None else -(-order.quantity // freeze)


def margin_request(request: dict[str, Any]) -> dict[str, Any]:
    """The same order as the question what margin it would take."""
    names = ("exchange", "tradingsymbol", "transaction_type", "variety", "product", "order_type", "quantity")
    return {
        **{name: request[name] for name in names},
        "price": request.get("price", 0),
        "trigger_price": request.get("trigger_price", 0),
    }


def _rupees(price_paise: int) -> float:
    """The nearest float to a price of whole paise prints as that price."""
    return price_paise / 100
