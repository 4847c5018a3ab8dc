"""`panda charges`: what a trade costs beside its price, line by line, to hold beside a contract note."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Final

import typer

from alpha_panda.cli.options import TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.domain.calendar import trading_date
from alpha_panda.domain.charge_rates import add
from alpha_panda.domain.charges import NoChargesError, charges_table
from alpha_panda.domain.contract_note import ContractNote, RoundTrip, breakeven_paise, contract_note
from alpha_panda.domain.instrument import Exchange
from alpha_panda.domain.money import paise_of_rupees, rupees
from alpha_panda.errors import InputError
from alpha_panda.events.orders import ChargeSegment

_NAMES: Final = {
    "brokerage_paise": "brokerage",
    "stt_paise": "securities transaction tax",
    "exchange_paise": "exchange transaction charge",
    "sebi_paise": "SEBI turnover fee",
    "stamp_paise": "stamp duty",
    "gst_paise": "GST",
}
_CURRENCY: Final = frozenset({"currency", "cds", "bcd"})
_MOST_UNITS: Final = 10**9
_MOST_PAISE: Final = 10**12
"""As for any price on the log."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("charges")(charges)


def charges(  # noqa: PLR0913 — each is an option
    *,
    segment: Annotated[str, typer.Option(help="delivery, intraday, futures or options.")],
    quantity: Annotated[int, typer.Option(help="Units: shares, or lots times the lot size.")],
    buy: Annotated[str | None, typer.Option(help="Price of the purchase in rupees; of an option its premium.")] = None,
    sell: Annotated[str | None, typer.Option(help="Price of the sale in rupees.")] = None,
    on: Annotated[str | None, typer.Option("--date", help="Day of the trade, YYYY-MM-DD; today unless given.")] = None,
    exchange: Annotated[str, typer.Option(help="NSE or BSE.")] = "NSE",
    output: Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")] = TextOutput.TEXT,
) -> None:
    """Print each charge of a trade, as a contract note does; one order for each side, all on one day."""
    trip = RoundTrip(
        segment=_segment(segment),
        exchange=_exchange(exchange),
        charges_day=_table_of(trading_date(datetime.now(UTC)) if on is None else _day(on)),
        quantity=_quantity(quantity),
        buy_paise=_price("--buy", buy),
        sell_paise=_price("--sell", sell),
    )
    if trip.buy_paise is None and trip.sell_paise is None:
        raise InputError("neither --buy nor --sell says a price", remedy="give one of them, or both for a round trip")
    note = contract_note(trip)
    if output is TextOutput.JSON:
        print_json({"trade": trip, "note": note, "total_paise": note.total_paise, "net_paise": note.net_paise})
        return
    _print(trip, note)


def _print(trip: RoundTrip, note: ContractNote) -> None:
    table = charges_table()
    print_text(f"{trip.segment} at {trip.exchange}, {trip.quantity} units, table of {trip.charges_day} (rupees)")
    both = add(note.bought, note.sold)
    rows = [
        (name, *(_amount(getattr(each, field)) for each in (note.bought, note.sold, both)))
        for field, name in _NAMES.items()
    ]
    rows.append(("rounding of the day's STT", "", "", _amount(note.stt_rounding_paise)))
    totals = (note.bought.total_paise, note.sold.total_paise, note.total_paise)
    rows.append(("charges", *map(_amount, totals)))
    print_table(("LINE", "BUY", "SELL", "BOTH"), rows)
    print_text(f"\nturnover {_amount(note.turnover_paise)}")
    if note.gross_paise is not None and note.net_paise is not None:
        print_text(f"profit before charges {_amount(note.gross_paise)}, after {_amount(note.net_paise)}")
    print_text(f"earned back by {_amount(breakeven_paise(note, trip.quantity))} a unit\n\nsources")
    for kind, source in table.sources(trip.charges_day).items():
        print_text(f"  {kind}: {source}")


def _amount(paise: int) -> str:
    return rupees(paise, sign="")


def _segment(text: str) -> ChargeSegment:
    known = ", ".join(ChargeSegment)
    if text.lower() in _CURRENCY:
        message = f"--segment {text}: currency derivatives are not supported, their prices are no whole paise"
        raise InputError(message, remedy=f"allowed: {known}")
    try:
        return ChargeSegment(text.lower())
    except ValueError:
        raise InputError(f"--segment {text!r} is unknown", remedy=f"allowed: {known}") from None


def _exchange(text: str) -> Exchange:
    try:
        return Exchange(text.upper())
    except ValueError:
        raise InputError(f"--exchange {text!r} is unknown", remedy=f"allowed: {', '.join(Exchange)}") from None


def _table_of(day: date) -> date:
    try:
        return charges_table().day(day)
    except NoChargesError as error:
        raise InputError(str(error), remedy=f"give a --date from {charges_table().days[0]} on") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--date {text!r} is no date", remedy="write it as 2026-04-01") from None


def _quantity(quantity: int) -> int:
    if not 1 <= quantity <= _MOST_UNITS:
        raise InputError(
            f"--quantity {quantity} cannot be traded", remedy=f"allowed: a whole number from 1 to {_MOST_UNITS}"
        )
    return quantity


def _price(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    remedy = "allowed: rupees with at most two decimals, more than 0, such as 1000 or 18.45"
    whole, _, rest = text.partition(".")
    if not (whole + rest).isdecimal() or not whole.isascii() or not rest.isascii():
        raise InputError(f"{option} {text!r} is no price", remedy=remedy)
    try:
        paise = paise_of_rupees(text)
    except ValueError:
        raise InputError(f"{option} {text!r} is no price", remedy=remedy) from None
    if not 1 <= paise <= _MOST_PAISE:
        raise InputError(f"{option} {text!r} is no price", remedy=remedy)
    return paise
