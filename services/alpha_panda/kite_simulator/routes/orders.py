"""Orders, trades, positions and what they would cost."""

from __future__ import annotations

import asyncio
from typing import Any

from alpha_panda.domain.charges import NoChargesError, charges_table
from alpha_panda.events.signals import Product, Side
from alpha_panda.kite_simulator.intake import read_terms
from alpha_panda.kite_simulator.orders import Terms, shown_trade
from alpha_panda.kite_simulator.quotes import rupees
from alpha_panda.kite_simulator.refusals import bad_input
from alpha_panda.kite_simulator.routes.call import Call, Door


def place(call: Call) -> dict[str, Any]:
    """Place an order; also what a fault does later."""
    exchange = call.exchange
    exchange.limits.count_placement()
    terms = read_terms(call.path["variety"], call.form, exchange.by_name)
    if call.form.get("autoslice") == "true":
        return exchange.book.slices(terms, call.number)
    stuck = call.stuck_seconds
    order = exchange.book.place(terms, call.number, stuck=stuck is not None)
    if stuck is not None:
        asyncio.get_running_loop().call_later(stuck, exchange.book.release, order.order_id)
    return {"order_id": order.order_id}


def _modify(call: Call) -> dict[str, Any]:
    return {"order_id": call.exchange.book.modify(call.path["order_id"], call.form).order_id}


def _cancel(call: Call) -> dict[str, Any]:
    return {"order_id": call.exchange.book.cancel(call.path["order_id"]).order_id}


def _orders(call: Call) -> list[dict[str, Any]]:
    return [order.shown() for order in call.exchange.book.orders.values()]


def _history(call: Call) -> list[dict[str, Any]]:
    order = call.exchange.book.orders.get(call.path["order_id"])
    if order is None:
        raise bad_input("Couldn't find that `order_id`.")
    return order.history


def _trades(call: Call) -> list[dict[str, Any]]:
    wanted = call.path.get("order_id")
    orders = call.exchange.book.orders.values()
    return [shown_trade(order, trade) for order in orders if wanted in (None, order.order_id) for trade in order.trades]


def _positions(call: Call) -> dict[str, Any]:
    return call.exchange.portfolio.shown_positions()


def _holdings(call: Call) -> list[dict[str, Any]]:
    return call.exchange.portfolio.shown_holdings()


def _nothing(_: Call) -> list[Any]:
    return []


def _not_simulated(_: Call) -> None:
    raise bad_input("The simulator does not convert positions and has no orders that wait for triggers of their own.")


def _margins(call: Call) -> list[dict[str, Any]]:
    return [_margin(call, terms) for terms in _listed(call)]


def _basket(call: Call) -> dict[str, Any]:
    rows = _margins(call)
    total = {"total": sum(row["total"] for row in rows)}
    return {"initial": total, "final": total, "orders": rows}


def _margin(call: Call, terms: Terms) -> dict[str, Any]:
    total = rupees(call.exchange.portfolio.margin_paise(terms))
    zero = dict.fromkeys(("span", "exposure", "option_premium", "additional", "bo", "cash"), 0)
    return {
        "type": "equity",
        "tradingsymbol": terms.instrument.symbol,
        "exchange": terms.instrument.exchange.value,
        **zero,
        "var": total,
        "pnl": {"realised": 0, "unrealised": 0},
        "leverage": 5 if terms.product == "MIS" else 1,
        "charges": _charges(call, terms, rupees(terms.price_paise)),
        "total": total,
    }


def _contract_note(call: Call) -> list[dict[str, Any]]:
    if not isinstance(call.json, list):
        raise bad_input("Invalid JSON.")
    rows = []
    for each in call.json:
        fields = {name: str(value) for name, value in each.items()}
        price = float(fields.get("average_price", "0"))
        asked = {**fields, "order_type": "MARKET", "market_protection": "-1"}
        terms = read_terms(fields.get("variety", "regular"), asked, call.exchange.by_name)
        said = {name: each.get(name) for name in ("transaction_type", "tradingsymbol", "exchange", "product")}
        whole = {**said, "variety": terms.variety, "order_type": each.get("order_type"), "quantity": terms.quantity}
        rows.append({**whole, "price": price, "charges": _charges(call, terms, price)})
    return rows


def _charges(call: Call, terms: Terms, price: float) -> dict[str, Any]:
    """By the dated table, in rupees and not rounded, as the real reply has them."""
    table = charges_table()
    product = Product(terms.product)
    try:
        day = table.day(call.exchange.clock.now().date())
    except NoChargesError:
        day = table.days[0]
    rates = table.rates(day, terms.instrument, product, Side(terms.side))
    turnover = price * terms.quantity
    share = float(rates.brokerage) * turnover
    most = rates.brokerage_most_paise / 100
    brokerage = rates.brokerage_flat_paise / 100 or (min(share, most) if most else share)
    parts = {
        "brokerage": brokerage,
        "exchange": float(rates.exchange) * turnover,
        "sebi": float(rates.sebi) * turnover,
        "stt": float(rates.stt) * turnover,
        "stamp": float(rates.stamp) * turnover,
    }
    gst = float(rates.gst) * sum(parts[name] for name in rates.gst_on)
    return {
        "transaction_tax": parts["stt"],
        "transaction_tax_type": "stt",
        "exchange_turnover_charge": parts["exchange"],
        "sebi_turnover_charge": parts["sebi"],
        "brokerage": brokerage,
        "stamp_duty": parts["stamp"],
        "gst": {"igst": gst, "cgst": 0, "sgst": 0, "total": gst},
        "total": sum(parts.values()) + gst,
    }


def _listed(call: Call) -> list[Terms]:
    if not isinstance(call.json, list) or not all(isinstance(each, dict) for each in call.json):
        raise bad_input("Invalid JSON.")
    rows = []
    for each in call.json:
        fields = {name: str(value) for name, value in each.items() if value is not None}
        fields.setdefault("market_protection", "-1")
        if fields.get("order_type") == "MARKET":
            fields.pop("price", None)
        rows.append(read_terms(fields.get("variety", "regular"), fields, call.exchange.by_name))
    return rows


DOORS = (
    Door(method="POST", path="/orders/{variety}", name="place", limit="order", serve=place),
    Door(method="PUT", path="/orders/{variety}/{order_id}", name="modify", limit="order", serve=_modify),
    Door(method="DELETE", path="/orders/{variety}/{order_id}", name="cancel", limit="order", serve=_cancel),
    Door(method="GET", path="/orders", name="orders", limit="other", serve=_orders),
    Door(method="GET", path="/orders/{order_id}", name="history", limit="other", serve=_history),
    Door(method="GET", path="/orders/{order_id}/trades", name="trades", limit="other", serve=_trades),
    Door(method="GET", path="/trades", name="trades", limit="other", serve=_trades),
    Door(method="GET", path="/portfolio/positions", name="positions", limit="other", serve=_positions),
    Door(method="PUT", path="/portfolio/positions", name="convert", limit="other", serve=_not_simulated),
    Door(method="GET", path="/portfolio/holdings", name="holdings", limit="other", serve=_holdings),
    Door(method="GET", path="/portfolio/holdings/auctions", name="auctions", limit="other", serve=_nothing),
    Door(method="GET", path="/gtt/triggers", name="triggers", limit="other", serve=_nothing),
    Door(method="POST", path="/gtt/triggers", name="triggers", limit="other", serve=_not_simulated),
    Door(method="POST", path="/margins/orders", name="order-margins", limit="other", serve=_margins),
    Door(method="POST", path="/margins/basket", name="order-margins", limit="other", serve=_basket),
    Door(method="POST", path="/charges/orders", name="charges", limit="other", serve=_contract_note),
)
