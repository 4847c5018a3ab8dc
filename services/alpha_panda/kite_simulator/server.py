"""The simulator as a server: one port for REST, the login page, the ticker and `/simulator/`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from alpha_panda.errors import UnavailableError
from alpha_panda.kite_simulator.exchange import Exchange
from alpha_panda.kite_simulator.faults import LATENESS, REFUSALS, REPLIES, Fault, Kind
from alpha_panda.kite_simulator.journal import without_secrets
from alpha_panda.kite_simulator.postbacks import Postbacks
from alpha_panda.kite_simulator.refusals import KiteRefusal
from alpha_panda.kite_simulator.replies import WITHHELD, Reply, good, instead, refused, send
from alpha_panda.kite_simulator.routes import market, orders, session
from alpha_panda.kite_simulator.routes.call import Call, Door
from alpha_panda.kite_simulator.routes.control import Control
from alpha_panda.kite_simulator.stream import Stream

DOORS: Final = (*session.DOORS, *orders.DOORS, *market.DOORS)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Serves one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        """Listen nowhere yet."""
        self.exchange = exchange
        self.stream = Stream(exchange)
        self._postbacks = Postbacks(exchange)
        exchange.book.say = self._order_changed
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port, a free one for 0.

        Raises:
            UnavailableError: the port is taken.
        """
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.add_routes([web.get("/", self.stream.serve), web.get("/connect/login", self._login)])
        app.add_routes([web.route(door.method, door.path, self._serve(door)) for door in DOORS])
        app.add_routes(Control(self.exchange, self.stream).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise UnavailableError(f"{host}:{port} cannot be listened at: {error}", remedy="choose another") from error
        self._tasks = [asyncio.create_task(self.stream.run()), asyncio.create_task(self._postbacks.run())]
        listening: int = self._runner.addresses[0][1]
        return listening

    async def stop(self) -> None:
        """Close everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.stream.drop()
        if self._runner is not None:
            await self._runner.cleanup()
        self.exchange.journal.close()

    def _order_changed(self, order: dict[str, Any]) -> None:
        self.stream.order_changed(order)
        self._postbacks.order_changed(order)

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """The person logs in by opening the page; the browser goes back to the app with a request token."""
        try:
            token = self.exchange.sessions.log_in(request.query.get("api_key", ""))
        except KiteRefusal as refusal:
            return refused(refusal).response()
        told = urlencode({"action": "login", "type": "login", "status": "success", "request_token": token})
        if self.exchange.options.redirect_url is None:
            return web.Response(text=f"Logged in. request_token={token}\n")
        joint = "&" if "?" in self.exchange.options.redirect_url else "?"
        more = request.query.get("redirect_params")
        extra = f"&{more}" if more else ""
        raise web.HTTPFound(f"{self.exchange.options.redirect_url}{joint}{told}{extra}")

    def _serve(self, door: Door) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            call = await self._read(request, door)
            refusing = self.exchange.faults.meet(REFUSALS, door.name)
            if refusing is not None:
                return await self._answer(request, call, instead(refusing), refusing)
            reply = self._done(door, call)
            fault = call.late or self.exchange.faults.meet(REPLIES, door.name)
            return await self._answer(request, call, reply, fault)

        return handler

    def _done(self, door: Door, call: Call) -> Reply:
        """Do what the call asks for, now or, by a fault, later."""
        exchange = self.exchange
        try:
            if not door.open:
                exchange.sessions.require(call.authorization)
            exchange.limits.count(door.limit)
            call.late = exchange.faults.meet(LATENESS, door.name) if door.name == "place" else None
            if call.late is not None:
                asyncio.get_running_loop().call_later(call.late.seconds, self._place_late, call)
                return good(None)
            stuck = exchange.faults.meet(frozenset({Kind.STUCK}), door.name)
            call.stuck_seconds = None if stuck is None else stuck.seconds
            return good(door.serve(call))
        except KiteRefusal as refusal:
            return refused(refusal)

    def _place_late(self, call: Call) -> None:
        try:
            orders.place(call)
        except KiteRefusal as refusal:
            self.exchange.journal.note("late order refused", request=call.number, reason=refusal.message)

    async def _answer(self, request: web.Request, call: Call, reply: Reply, fault: Fault | None) -> web.StreamResponse:
        self.exchange.journal.note(
            "reply",
            request=call.number,
            status=reply.status,
            fault=None if fault is None else fault.kind,
            withheld=fault is not None and fault.kind in WITHHELD,
        )
        refusing = fault is not None and fault.kind in REFUSALS and fault.kind is not Kind.LOST
        return await send(request, reply, None if refusing else fault)

    async def _read(self, request: web.Request, door: Door) -> Call:
        form = {name: str(value) for name, value in request.query.items()}
        said: Any = None
        if request.content_type == "application/json":
            try:
                said = await request.json()
            except ValueError:
                said = None
        elif request.can_read_body:
            form.update({name: str(value) for name, value in (await request.post()).items()})
        number = self.exchange.journal.note(
            "request",
            call=door.name,
            method=request.method,
            path=request.path,
            params=without_secrets(form),
            epoch=request.headers.get("X-AP-Epoch"),
        )
        return Call(
            exchange=self.exchange,
            path=dict(request.match_info),
            form=form,
            names=request.query.getall("i", []),
            json=said,
            authorization=request.headers.get("Authorization"),
            number=number,
        )
