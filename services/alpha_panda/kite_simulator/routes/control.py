"""`/simulator/`: what a test or a person tells the simulator itself; nothing of it is Kite Connect's.

| Call | What |
|---|---|
| GET, PUT `/simulator/faults` | the list of faults that are switched on |
| POST `/simulator/prices` | trades of others: a list of {instrument, price, quantity} |
| POST `/simulator/session` | {"action": "login"} gives a request token; "expire" ends all tokens |
| POST `/simulator/clock` | {"now": ISO time} sets the time |
| POST `/simulator/stream` | {"action": "drop"} breaks all connections of the ticker |
| POST `/simulator/holdings` | {instrument, quantity, price}: shares from earlier days |
| POST `/simulator/day` | ends the day: what rests is cancelled, the book is emptied |
| POST `/simulator/replay` | begins a recording that is held |
| POST `/simulator/open` | the market opens: orders from after hours go in |
| GET `/simulator/state`, `/simulator/journal` | what it knows |
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from alpha_panda.domain.money import paise_of_rupees
from alpha_panda.kite_simulator.exchange import Exchange
from alpha_panda.kite_simulator.faults import Fault
from alpha_panda.kite_simulator.positions import Holding
from alpha_panda.kite_simulator.quotes import Quote
from alpha_panda.kite_simulator.refusals import KiteRefusal
from alpha_panda.kite_simulator.stream import Stream


class Traded(msgspec.Struct, forbid_unknown_fields=True):
    """A trade of others, or shares that are held; the price in rupees, as text or number."""

    instrument: str
    price: float | str
    quantity: int = 100


class Control:
    """The control doors of one simulator."""

    def __init__(self, exchange: Exchange, stream: Stream) -> None:
        """Control these."""
        self._exchange = exchange
        self._stream = stream

    def routes(self) -> list[web.RouteDef]:
        """The doors."""
        return [
            web.get("/simulator/faults", self._faults),
            web.put("/simulator/faults", self._set_faults),
            web.post("/simulator/prices", self._prices),
            web.post("/simulator/session", self._session),
            web.post("/simulator/clock", self._clock),
            web.post("/simulator/stream", self._streams),
            web.post("/simulator/holdings", self._holdings),
            web.post("/simulator/day", self._day),
            web.post("/simulator/replay", self._replay),
            web.post("/simulator/open", self._open),
            web.get("/simulator/state", self._state),
            web.get("/simulator/journal", self._journal),
        ]

    async def _faults(self, _: web.Request) -> web.Response:
        return _said(self._exchange.faults.active)

    async def _set_faults(self, request: web.Request) -> web.Response:
        faults = _decoded(await request.read(), list[Fault])
        self._exchange.faults.switch(faults)
        self._exchange.journal.note("faults", faults=[each.kind for each in faults])
        return _said(faults)

    async def _prices(self, request: web.Request) -> web.Response:
        trades = _decoded(await request.read(), list[Traded])
        for each in trades:
            quote = self._quote(each.instrument)
            self._exchange.trade(quote.instrument.token, _paise(each.price), each.quantity)
        return _said({"trades": len(trades)})

    async def _session(self, request: web.Request) -> web.Response:
        action = _action(await request.read())
        if action == "login":
            try:
                token = self._exchange.sessions.log_in(self._exchange.options.keys.api_key)
            except KiteRefusal as refusal:
                raise web.HTTPBadRequest(text=refusal.message) from None
            return _said({"request_token": token})
        if action != "expire":
            raise web.HTTPBadRequest(text="action: login or expire")
        self._exchange.sessions.end()
        self._exchange.journal.note("session ended")
        return _said({})

    async def _clock(self, request: web.Request) -> web.Response:
        said = _decoded(await request.read(), dict[str, datetime])
        if "now" not in said:
            raise web.HTTPBadRequest(text='say {"now": "2026-11-20T09:15:00+05:30"}')
        self._exchange.clock.set(said["now"])
        return _said({})

    async def _streams(self, request: web.Request) -> web.Response:
        if _action(await request.read()) != "drop":
            raise web.HTTPBadRequest(text="action: drop")
        await self._stream.drop()
        return _said({})

    async def _holdings(self, request: web.Request) -> web.Response:
        held = _decoded(await request.read(), Traded)
        instrument = self._quote(held.instrument).instrument
        holding = Holding(instrument=instrument, quantity=held.quantity, average_paise=_paise(held.price))
        self._exchange.portfolio.holdings[instrument.token] = holding
        return _said({})

    async def _day(self, _: web.Request) -> web.Response:
        self._exchange.book.end_of_day()
        return _said({})

    async def _replay(self, _: web.Request) -> web.Response:
        self._exchange.recording.begin()
        return _said({})

    async def _open(self, _: web.Request) -> web.Response:
        self._exchange.book.open_after_market()
        return _said({})

    async def _state(self, _: web.Request) -> web.Response:
        connections = self._stream.connections
        followed = {token for each in connections for token in each.modes}
        said = {"ticker_connections": len(connections), "instruments_followed": len(followed)}
        return _said({**self._exchange.state(), **said})

    async def _journal(self, _: web.Request) -> web.Response:
        return _said(self._exchange.journal.lines)

    def _quote(self, name: str) -> Quote:
        quote = self._exchange.by_name.get(name)
        if quote is None:
            raise web.HTTPBadRequest(text=f"{name}: no such instrument")
        return quote


def _decoded(body: bytes, kind: Any) -> Any:  # noqa: ANN401 - what is asked for
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise web.HTTPBadRequest(text=str(error)) from None


def _action(body: bytes) -> str:
    return str(_decoded(body, dict[str, str]).get("action", ""))


def _paise(price: float | str) -> int:
    try:
        paise = paise_of_rupees(str(price))
    except (ValueError, ArithmeticError):
        raise web.HTTPBadRequest(text=f"price {price!r}: rupees with at most two decimals") from None
    if paise < 1:
        raise web.HTTPBadRequest(text=f"price {price!r}: above 0")
    return paise


def _said(data: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(data), content_type="application/json")
