"""What an order must be before it is taken: the form's fields as terms, or the refusal that the real thing gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from alpha_panda.domain.instrument import Instrument, Segment, on_grid
from alpha_panda.domain.money import paise_of_rupees
from alpha_panda.kite_simulator.orders import Terms
from alpha_panda.kite_simulator.quotes import Quote, rupees
from alpha_panda.kite_simulator.refusals import KiteRefusal, bad_input

VARIETIES: Final = ("regular", "amo", "iceberg")
PRODUCTS: Final = ("MIS", "CNC", "NRML")
TYPES: Final = ("MARKET", "LIMIT", "SL", "SL-M")
VALIDITIES: Final = ("DAY", "IOC", "TTL")
TAG_LENGTH: Final = 20
LARGEST_QUANTITY: Final = 100_000
"""Of one order in the cash segment."""
NO_PROTECTION: Final = (
    "Market orders without market protection are not allowed via API. Please set market protection or use limit orders."
)
_NUMBER = re.compile(r"\d{1,12}")


def read_terms(variety: str, form: Mapping[str, str], quotes: Mapping[str, Quote]) -> Terms:
    """The terms of a new order.

    Raises:
        KiteRefusal: a field is missing or wrong, or the exchange would not take the order.
    """
    quote = quotes.get(f"{form.get('exchange', '')}:{form.get('tradingsymbol', '')}")
    if quote is None or quote.instrument.segment is Segment.INDEX:
        raise bad_input("The instrument you are placing an order for has either expired or does not exist.")
    tag = form.get("tag")
    if tag is not None and len(tag) > TAG_LENGTH:
        raise bad_input(f"Invalid `tag`. It can have at most {TAG_LENGTH} characters.")
    terms = Terms(
        variety=_one_of("variety", variety, VARIETIES),
        instrument=quote.instrument,
        side=_one_of("transaction_type", form.get("transaction_type", ""), ("BUY", "SELL")),
        quantity=_quantity(form.get("quantity", "")),
        product=_one_of("product", form.get("product", ""), PRODUCTS),
        order_type=_one_of("order_type", form.get("order_type", ""), TYPES),
        price_paise=_price("price", form.get("price")),
        trigger_paise=_price("trigger_price", form.get("trigger_price")),
        validity=_one_of("validity", form.get("validity", "DAY"), VALIDITIES),
        validity_ttl=int(form.get("validity_ttl", "0")) if _NUMBER.fullmatch(form.get("validity_ttl", "0")) else 0,
        disclosed_quantity=_quantity(form.get("disclosed_quantity") or "0"),
        tag=tag,
        algo_id=form.get("algo_id"),
        market_protection=_protection(form.get("market_protection")),
    )
    check_terms(terms, quote)
    return terms


def changed_terms(terms: Terms, form: Mapping[str, str], quote: Quote, filled: int) -> Terms:
    """The terms of an order that is to be modified; raises KiteRefusal as `read_terms`."""
    quantity = _quantity(form["quantity"]) if "quantity" in form else terms.quantity
    if quantity <= filled:
        raise bad_input("Order quantity cannot be less than or equal to the quantity already traded.")
    changed = Terms(
        variety=terms.variety,
        instrument=terms.instrument,
        side=terms.side,
        quantity=quantity,
        product=terms.product,
        order_type=_one_of("order_type", form.get("order_type", terms.order_type), TYPES),
        price_paise=_price("price", form["price"]) if "price" in form else terms.price_paise,
        trigger_paise=_price("trigger_price", form["trigger_price"])
        if "trigger_price" in form
        else terms.trigger_paise,
        validity=_one_of("validity", form.get("validity", terms.validity), VALIDITIES),
        validity_ttl=terms.validity_ttl,
        disclosed_quantity=terms.disclosed_quantity,
        tag=terms.tag,
        algo_id=terms.algo_id,
        market_protection=_protection(form.get("market_protection")) or terms.market_protection,
    )
    check_terms(changed, quote, may_slice="autoslice" in form)
    return changed


def check_terms(terms: Terms, quote: Quote, *, may_slice: bool = True) -> None:
    """Refuse what never reaches the exchange; the freeze quantity is the caller's where slices are allowed."""
    instrument = terms.instrument
    if terms.quantity < 1 or terms.quantity % instrument.lot_size:
        raise bad_input(f"Quantity should be a multiple of lot size ({instrument.lot_size}).")
    if instrument.segment is Segment.EQUITY and terms.quantity > LARGEST_QUANTITY:
        raise bad_input(f"Order quantity is more than the allowed {LARGEST_QUANTITY}.")
    if not may_slice:
        check_freeze(instrument, terms.quantity)
    if terms.order_type in ("MARKET", "SL-M") and not terms.market_protection:
        raise bad_input(NO_PROTECTION)
    if terms.order_type in ("LIMIT", "SL"):
        _check_price("price", terms.price_paise, quote)
    if terms.order_type in ("SL", "SL-M"):
        _check_price("trigger price", terms.trigger_paise, quote)
        _check_trigger(terms, quote)


def check_freeze(instrument: Instrument, quantity: int) -> None:
    """Refuse more than the exchange takes in one order."""
    most = instrument.freeze_quantity
    if most is not None and quantity > most:
        raise bad_input(f"Order quantity is above the freeze quantity ({most}). Split it into smaller orders.")


def _check_price(name: str, paise: int, quote: Quote) -> None:
    step = quote.instrument.tick_size_paise
    if paise < 1:
        raise bad_input(f"Invalid {name}.")
    if not on_grid(paise, step):
        raise bad_input(
            f"Tick size for this script is {rupees(step):.2f}. Kindly enter {name} in the multiple of tick size."
        )
    lowest, highest = quote.circuit_paise
    if highest and not lowest <= paise <= highest:
        side = "higher than the upper" if paise > highest else "lower than the lower"
        raise bad_input(f"Your order {name} is {side} circuit limit {rupees(highest if paise > highest else lowest)}.")


def _check_trigger(terms: Terms, quote: Quote) -> None:
    if not quote.last_paise:
        return
    if (terms.trigger_paise - quote.last_paise) * terms.sign < 0:
        side, than = ("buy", "higher") if terms.sign > 0 else ("sell", "lower")
        raise bad_input(f"Trigger price for stoploss {side} orders should be {than} than the last traded price.")
    if terms.order_type == "SL" and (terms.price_paise - terms.trigger_paise) * terms.sign < 0:
        raise bad_input("Trigger price cannot lie beyond the limit price of a stoploss order.")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise bad_input(f"Invalid `{name}`.")
    return value


def _quantity(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise bad_input("Invalid `quantity`.")
    return int(text)


def _price(name: str, text: str | None) -> int:
    if text is None:
        return 0
    try:
        return paise_of_rupees(text)
    except (ValueError, InvalidOperation, OverflowError):
        raise bad_input(f"Invalid `{name}`.") from None


def _protection(text: str | None) -> float:
    """As given: -1 (automatic) or a percentage; 0 where there is none."""
    try:
        value = float(Decimal(text or "0"))
    except (InvalidOperation, ValueError):
        raise bad_input("Invalid `market_protection`.") from None
    if value != -1 and not 0 <= value <= 100:  # noqa: PLR2004 - a percentage
        raise KiteRefusal(bad_input("").error_type, "Invalid `market_protection`: -1, or above 0 and up to 100.")
    return value
