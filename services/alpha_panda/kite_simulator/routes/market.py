"""Instruments, quotes and history."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from alpha_panda.domain.calendar import IST
from alpha_panda.kite_simulator.quotes import full_quote, short_quote
from alpha_panda.kite_simulator.refusals import bad_input
from alpha_panda.kite_simulator.routes.call import Call, Csv, Door

MOST: Final = {"quote": 500, "ohlc": 1000, "ltp": 1000}
"""Instruments of one call."""


def _instruments(call: Call) -> Csv:
    return Csv(call.exchange.instruments_csv(call.path.get("exchange")))


def _quotes(call: Call, kind: str) -> dict[str, Any]:
    if len(call.names) > MOST[kind]:
        raise bad_input(f"At most {MOST[kind]} instruments can be asked for.")
    exchange = call.exchange
    found = {name: exchange.by_name[name] for name in call.names if name in exchange.by_name}
    if kind == "quote":
        return {name: full_quote(quote, exchange.clock.now()) for name, quote in found.items()}
    return {name: short_quote(quote, with_ohlc=kind == "ohlc") for name, quote in found.items()}


def _quote(call: Call) -> dict[str, Any]:
    return _quotes(call, "quote")


def _ohlc(call: Call) -> dict[str, Any]:
    return _quotes(call, "ohlc")


def _ltp(call: Call) -> dict[str, Any]:
    return _quotes(call, "ltp")


def _historical(call: Call) -> dict[str, Any]:
    token = call.path["token"]
    if not token.isdigit() or int(token) not in call.exchange.quotes:
        raise bad_input("Invalid `instrument_token`.")
    begin, end = _moment(call.form.get("from", "")), _moment(call.form.get("to", ""))
    return {"candles": call.exchange.candles.rows(int(token), call.path["interval"], begin, end)}


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=IST)
    except ValueError:
        raise bad_input("Invalid `from` or `to` date.") from None


DOORS = (
    Door(method="GET", path="/instruments", name="instruments", limit="other", serve=_instruments),
    Door(method="GET", path="/instruments/{exchange}", name="instruments", limit="other", serve=_instruments),
    Door(
        method="GET",
        path="/instruments/historical/{token}/{interval}",
        name="historical",
        limit="historical",
        serve=_historical,
    ),
    Door(method="GET", path="/quote", name="quote", limit="quote", serve=_quote),
    Door(method="GET", path="/quote/ohlc", name="quote", limit="quote", serve=_ohlc),
    Door(method="GET", path="/quote/ltp", name="quote", limit="quote", serve=_ltp),
)
